import Foundation
import SyncCore
import SyncProtocol
import Testing

/// The documents under `schemas/` say what the code does, in every place where they can be
/// compared.
@Suite("The specification")
struct SpecificationTests {
  // MARK: Examples

  @Test("every example in hexadecimal is the golden vector whose name it bears")
  func hexadecimalExamples() throws {
    let examples = try examples(of: "hex")
    #expect(examples.count > 20)
    for example in examples {
      let digits = example.lines.map { $0.prefix { $0 != "#" } }.joined()
        .filter { !$0.isWhitespace }
      #expect(Hexadecimal.bytes(digits) == (try Vectors.bytes(example.name)), "\(example.name)")
    }
  }

  @Test("every example in JSON says what the golden vector says whose name it bears")
  func jsonExamples() throws {
    let examples = try examples(of: "json")
    #expect(examples.count >= 9)
    for example in examples {
      let shown = try canonical(Array(example.lines.joined(separator: "\n").utf8))
      #expect(shown == (try canonical(try Vectors.bytes(example.name))), "\(example.name)")
    }
  }

  @Test(
    "every layout has an example",
    arguments: [
      "row.case_file", "batch.first", "push.body", "page.last", "log.grant", "log.decision",
      "log.commitment.2",
      "tree.leaf.0", "tree.head.3", "tree.proof.1.3", "digest.case_file", "digest.scope",
      "join.bytes",
    ])
  func layouts(name: String) throws {
    #expect(try examples(of: "hex").contains { $0.name == name })
  }

  // MARK: Words

  @Test("every code of an error stands in both documents with its status")
  func errorCodes() throws {
    let openAPI = try Folder.text("openapi.yaml")
    let readme = try Folder.text("README.md")
    for code in ProtocolError.Code.allCases {
      let status = ProtocolError(code, "", hint: "").status
      #expect(openAPI.contains("- `\(code.rawValue)`: \(status)\n"))
      #expect(openAPI.contains("        - \(code.rawValue)\n"))
      #expect(readme.contains("| `\(code.rawValue)` | \(status)"))
      #expect(openAPI.contains("\"\(status)\": { $ref: \"#/components/responses/"))
    }
  }

  @Test("every answer that may be given again later is described with its Retry-After")
  func retriedStatuses() throws {
    let openAPI = try Folder.text("openapi.yaml")
    for status in [429, 503, 507] {
      #expect(openAPI.contains("\"\(status)\": { $ref: \"#/components/responses/Later\" }"))
      #expect(!openAPI.contains("\"\(status)\": { $ref: \"#/components/responses/Refused\" }"))
    }
  }

  @Test(
    "every path stands in the description, and no other",
    arguments: [
      [
        ProtocolPath.incarnation, ProtocolPath.history, ProtocolPath.returned, ProtocolPath.hello,
        ProtocolPath.push, ProtocolPath.pull, ProtocolPath.bye,
        ProtocolPath.schema, ProtocolPath.snapshot, ProtocolPath.snapshotPart, ProtocolPath.join,
        ProtocolPath.renew, ProtocolPath.compare, ProtocolPath.handover, ProtocolPath.proposals,
        ProtocolPath.decide,
      ]
    ])
  func paths(paths: [String]) throws {
    let described = try Folder.text("openapi.yaml").split(separator: "\n")
      .filter { $0.hasPrefix("  /") }.map { String($0.dropFirst(2).dropLast()) }
    #expect(described.sorted() == paths.sorted())
  }

  @Test("every content type stands in both documents")
  func contentTypes() throws {
    for type in [ContentType.json, .rows, .snapshot] {
      #expect(try Folder.text("openapi.yaml").contains("\(type.rawValue):"))
      #expect(try Folder.text("README.md").contains("`\(type.rawValue)`"))
    }
  }

  @Test("every verdict, rule and role is explained")
  func words() throws {
    let openAPI = try Folder.text("openapi.yaml")
    let readme = try Folder.text("README.md")
    let verdicts = Verdict.allCases.map(\.rawValue)
    #expect(openAPI.contains("enum: [\(verdicts.joined(separator: ", "))]"))
    for verdict in verdicts { #expect(readme.contains("\n| `\(verdict)` | ")) }
    for rule in Rule.allCases.map(\.rawValue) {
      #expect(openAPI.contains("        - \(rule)\n"))
      #expect(readme.contains("\n| `\(rule)` | "))
    }
    for role in Role.allCases { #expect(readme.contains("`\(role.rawValue)`")) }
    for policy in Policy.allCases { #expect(readme.contains("\n| `\(policy.rawValue)` | ")) }
    for tier in Tier.allCases { #expect(readme.contains("`\(tier.rawValue)`")) }
  }

  @Test(
    "every key that is written is described",
    arguments: [
      ("json.hello_request", "HelloRequest"), ("json.hello_response", "HelloResponse"),
      ("json.incarnation_request", "IncarnationRequest"),
      ("json.history_request", "HistoryRequest"), ("json.history_response", "HistoryResponse"),
      ("json.return_response", "ReturnResponse"),
      ("json.incarnation_response", "IncarnationResponse"),
      ("json.push_response", "PushResponse"), ("json.pull_request.next", "PullRequest"),
      ("json.bye_request", "ByeRequest"), ("json.bye_response", "ByeResponse"),
      ("json.snapshot_request.reload", "SnapshotRequest"),
      ("json.snapshot_response", "SnapshotResponse"),
      ("json.snapshot_part_request", "SnapshotPartRequest"),
      ("json.schema_request", "SchemaRequest"), ("json.schema_response", "SchemaResponse"),
      ("json.join_request", "JoinRequest"), ("json.join_response", "JoinResponse"),
      ("json.renew_request", "RenewRequest"), ("json.renew_response", "RenewResponse"),
      ("json.compare_request.cases json.compare_request.rows", "CompareRequest"),
      (
        "json.compare_response json.compare_response.cases json.compare_response.rows",
        "CompareResponse"
      ),
      ("json.handover_request.accept", "HandoverRequest"),
      ("json.handover_response", "HandoverResponse"),
      ("json.proposals_request", "ProposalsRequest"),
      ("json.proposals_response", "ProposalsResponse"),
      ("json.decide_request", "DecideRequest"), ("json.decide_response", "DecideResponse"),
      ("json.error", "Error"),
    ])
  func keys(vectors: String, schema: String) throws {
    let described = try propertyNames(of: schema)
    var keys: Set<String> = []
    for vector in vectors.split(separator: " ") {
      let object = try JSONSerialization.jsonObject(
        with: Data(try Vectors.bytes(String(vector))))
      keys.formUnion(try #require(object as? [String: Any]).keys)
    }
    #expect(keys == described)
  }

  @Test(
    "limits are the ones of the code",
    arguments: [
      ("a push's body, and any answer's, inflated", ProtocolLimit.bodyByteCountMax, "bytes"),
      ("a control message's body, inflated", ProtocolLimit.controlByteCountMax, "bytes"),
      ("a join request's body, inflated", JoinRequest.bodyByteCountMax, "bytes"),
      ("a certificate request", JoinRequest.csrByteCountMax, "bytes"),
      ("the text of a schema", ProtocolLimit.schemaByteCountMax, "bytes"),
      ("a header block", ProtocolLimit.headerByteCountMax, "bytes"),
      (
        "one request, from its first byte to its last", ProtocolLimit.requestSecondsMax,
        "seconds"
      ),
      ("a batch is closed above", ProtocolLimit.batchByteCountTarget, "bytes"),
      ("one text cell", RowLimit.textByteCountMax, "bytes"),
      ("the texts of one row", RowLimit.rowByteCountMax, "bytes"),
      (
        "an identifier (row, case, site, incarnation, history)",
        RowLimit.identifierByteCountMax, "bytes"
      ),
      ("a part of a snapshot", SnapshotOffer.partByteCountMax, "bytes"),
      ("a snapshot", Int(SnapshotOffer.byteCountMax), "bytes"),
      ("a join string", JoinString.characterCountMax, "characters"),
      ("changes of a batch", ProtocolLimit.batchChangeCountMax, ""),
      ("rows and cases to refresh in one pull", PullRequest.refreshCountMax, ""),
      ("pins in one hello", ProtocolLimit.pinCountMax, ""),
      ("earlier histories of which a replica knows", HistoryRequest.earlierCountMax, ""),
      ("incarnations of which a replica keeps batches", HistoryRequest.logCountMax, ""),
      ("entries in one request for an incarnation", IncarnationRequest.entryCountMax, ""),
      ("the name of a machine", ProtocolLimit.machineByteCountMax, "bytes"),
      ("cases whose rows one comparison asks for", CompareRequest.caseCountMax, ""),
      ("cases or rows in one answer to it", CompareRequest.itemCountMax, ""),
      ("proposals in one answer", ProposalsRequest.itemCountMax, ""),
      (
        "an answer with proposals is closed above", ProposalsRequest.textByteCountTarget, "bytes"
      ),
      ("decisions in one pull", WireDecision.countMax, ""),
      ("replaced values in one pull", WireReplacement.countMax, ""),
      ("the texts of replaced values in one pull", WireReplacement.textByteCountMax, "bytes"),
      ("instructions in one hello", ProtocolLimit.instructionCountMax, ""),
    ])
  func limits(what: String, limit: Int, unit: String) throws {
    let row = "| \(what) | \(grouped(limit))\(unit.isEmpty ? "" : " " + unit) |"
    #expect(try Folder.text("README.md").contains(row), "\(row)")
  }

  @Test("the version of the protocol is the path's")
  func version() {
    #expect(ProtocolPath.hello == "/v\(protocolVersion)/hello")
  }

  // MARK: Reading documents

  private struct Example {
    let name: String
    let lines: [Substring]
  }

  /// The code blocks of the document whose first line names the language and a vector.
  private func examples(of language: String) throws -> [Example] {
    var examples: [Example] = []
    var open: (name: String, lines: [Substring])?
    let readme = try Folder.text("README.md")
    for line in readme.split(separator: "\n", omittingEmptySubsequences: false) {
      if let current = open {
        if line == "```" {
          examples.append(Example(name: current.name, lines: current.lines))
          open = nil
        } else {
          open = (current.name, current.lines + [line])
        }
      } else if line.hasPrefix("```\(language) ") {
        open = (String(line.dropFirst(language.count + 4)), [])
      }
    }
    return examples
  }

  private func canonical(_ json: [UInt8]) throws -> String {
    let object = try JSONSerialization.jsonObject(with: Data(json))
    let bytes = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The keys under `properties` of one schema, at its own indentation only.
  private func propertyNames(of schema: String) throws -> Set<String> {
    let lines = try Folder.text("openapi.yaml").split(separator: "\n")
    let start = try #require(lines.firstIndex(of: "    \(schema):"))
    let body = lines[(start + 1)...].prefix { $0.hasPrefix("      ") }
    let properties = try #require(body.firstIndex(of: "      properties:"))
    return Set(
      body[(properties + 1)...].prefix { $0.hasPrefix("        ") }
        .filter { !$0.hasPrefix("         ") }
        .map { String($0.dropFirst(8).prefix { $0 != ":" }) })
  }

  private func grouped(_ number: Int) -> String {
    var text = String(number)
    var place = text.count - 3
    while place > 0 {
      text.insert(",", at: text.index(text.startIndex, offsetBy: place))
      place -= 3
    }
    return text
  }
}
