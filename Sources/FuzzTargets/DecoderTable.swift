import CaseloadSchema
import HubStorage
import ReplicaAgent
import SyncCore
import SyncProtocol

/// Every decoder that reads the network or a file that others can write.
///
/// A test looks through the sources for what decodes: what stands neither here nor in
/// ``exemptions`` makes it fail.
package enum DecoderTable {
  package static let all: [FuzzedDecoder] = blocks + messages + texts + typed

  package static func decoder(named name: String) -> FuzzedDecoder? {
    all.first { $0.name == name }
  }

  /// Bytes in the canonical encoding, or around it.
  private static let blocks = [
    FuzzedDecoder(
      "batch", reads: "the changes of a replica", from: "any enrolled site, by POST /v1/push",
      covers: [
        "SyncCore/BatchEncoding.swift init(decoding", "SyncCore/BatchEncoding.swift init(from",
      ],
      check: BlockLaws.batch),
    FuzzedDecoder(
      "push", reads: "a session's number and a batch", from: "any enrolled site",
      covers: ["SyncProtocol/PullPage.swift func decode"], check: BlockLaws.push),
    FuzzedDecoder(
      "page", reads: "one page of a pull", from: "the hub, or who holds its key",
      covers: [
        "SyncProtocol/PullPage.swift init(decoding", "SyncProtocol/PullPage.swift struct Head",
        "SyncProtocol/EditNewsMessages.swift struct WireDecision",
        "SyncProtocol/EditNewsMessages.swift struct WireReplacement",
      ],
      check: BlockLaws.page),
    FuzzedDecoder(
      "row", reads: "one row in the canonical encoding",
      from: "sites, the hub, and the log's payloads",
      covers: ["SyncCore/RowImage.swift init(from"], check: BlockLaws.row),
    FuzzedDecoder(
      "log-payload", reads: "the payload of a log's entry", from: "the hub's file",
      covers: ["SyncCore/LoggedRow.swift init?(decoding"], check: BlockLaws.logPayload),
    FuzzedDecoder(
      "versions", reads: "the versions of a row's columns", from: "the hub's file",
      covers: ["HubStorage/VersionEncoding.swift func decode"], check: BlockLaws.versions),
    FuzzedDecoder(
      "zstd", reads: "one compressed body", from: "any peer, before its body is judged",
      covers: ["SyncProtocol/Compression.swift func inflate"], byteCountMax: 16 << 10,
      check: BlockLaws.inflated),
    FuzzedDecoder(
      "proof", reads: "two heads, an index and the hashes of a Merkle proof", from: "the hub",
      covers: [
        "SyncCore/Hash256.swift init?(bytes", "SyncCore/MerkleProof.swift func verifyConsistency",
        "SyncCore/MerkleProof.swift func verifyInclusion",
      ],
      check: ProofLaws.proof),
  ]

  /// JSON by ``WireJSON``. Every message stands alone, so that each has its own corpus.
  private static let messages = [
    FuzzedDecoder(
      "hello-request", reads: "JSON", from: "any enrolled site",
      covers: message("HelloRequest") + message("WirePosition") + [
        "SyncProtocol/WireJSON.swift func decode", "SyncProtocol/WireJSON.swift JSONDecoder(",
      ],
      check: MessageLaws.helloRequest),
    FuzzedDecoder(
      "hello-response", reads: "JSON", from: "the hub",
      covers: message("HelloResponse") + message("WireInstruction")
        + ["SyncProtocol/CountMessages.swift struct WireCountTask"],
      check: MessageLaws.helloResponse),
    FuzzedDecoder(
      "push-response", reads: "JSON", from: "the hub",
      covers: message("PushResponse") + message("WireAnswer") + message("WireOutcome")
        + message("WireValue") + [
          "SyncProtocol/Messages.swift init(from", "SyncCore/Verdict.swift enum Verdict",
          "SyncCore/Verdict.swift enum Rule",
        ],
      check: MessageLaws.pushResponse),
    FuzzedDecoder(
      "pull-request", reads: "JSON", from: "any enrolled site",
      covers: message("PullRequest") + message("PullContinuation") + message("WireRowKey"),
      check: MessageLaws.pullRequest),
    FuzzedDecoder(
      "bye-request", reads: "JSON", from: "any enrolled site",
      covers: message("ByeRequest") + message("WireInstructionResult")
        + ["SyncProtocol/CountMessages.swift struct WireCount"],
      check: MessageLaws.byeRequest),
    FuzzedDecoder(
      "bye-response", reads: "JSON", from: "the hub", covers: message("ByeResponse"),
      check: MessageLaws.byeResponse),
    FuzzedDecoder(
      "snapshot-request", reads: "JSON", from: "any enrolled site",
      covers: snapshotMessage("SnapshotRequest"), check: MessageLaws.snapshotRequest),
    FuzzedDecoder(
      "snapshot-response", reads: "JSON", from: "the hub",
      covers: snapshotMessage("SnapshotResponse") + snapshotMessage("SnapshotOffer"),
      check: MessageLaws.snapshotResponse),
    FuzzedDecoder(
      "snapshot-part-request", reads: "JSON", from: "any enrolled site",
      covers: snapshotMessage("SnapshotPartRequest"), check: MessageLaws.snapshotPartRequest),
    FuzzedDecoder(
      "compare-request", reads: "JSON", from: "any enrolled site",
      covers: compareMessage("CompareRequest") + compareMessage("CompareContinuation"),
      check: MessageLaws.compareRequest),
    FuzzedDecoder(
      "compare-response", reads: "JSON", from: "the hub",
      covers: compareMessage("CompareResponse") + compareMessage("WireCaseDigest")
        + compareMessage("WireRowDigest"),
      check: MessageLaws.compareResponse),
    FuzzedDecoder(
      "handover-request", reads: "JSON", from: "any enrolled site",
      covers: handoverMessage("struct HandoverRequest") + handoverMessage("enum Action"),
      check: MessageLaws.handoverRequest),
    FuzzedDecoder(
      "handover-response", reads: "JSON", from: "the hub",
      covers: handoverMessage("struct HandoverResponse") + handoverMessage("struct WireHandover")
        + handoverMessage("enum Part"),
      check: MessageLaws.handoverResponse),
    FuzzedDecoder(
      "proposals-request", reads: "JSON", from: "any enrolled site",
      covers: proposalMessage("ProposalsRequest"), check: MessageLaws.proposalsRequest),
    FuzzedDecoder(
      "proposals-response", reads: "JSON", from: "the hub",
      covers: proposalMessage("ProposalsResponse") + proposalMessage("WireProposal")
        + proposalMessage("WireContender"),
      check: MessageLaws.proposalsResponse),
    FuzzedDecoder(
      "decide-request", reads: "JSON", from: "any enrolled site",
      covers: proposalMessage("DecideRequest") + [
        "SyncCore/DecideProposal.swift enum ProposalState"
      ],
      check: MessageLaws.decideRequest),
    FuzzedDecoder(
      "decide-response", reads: "JSON", from: "the hub", covers: proposalMessage("DecideResponse"),
      check: MessageLaws.decideResponse),
    FuzzedDecoder(
      "reload-record", reads: "JSON of `reload.json`",
      from: "whoever writes the site's directory",
      covers: [
        "ReplicaAgent/Reload.swift struct ReloadRecord", "ReplicaAgent/Reload.swift func read",
      ],
      check: MessageLaws.reloadRecord),
    FuzzedDecoder(
      "replica-check", reads: "JSON of `check.json`", from: "whoever writes the site's directory",
      covers: [
        "ReplicaAgent/ReplicaCheck.swift struct ReplicaCheck",
        "ReplicaAgent/ReplicaCheck.swift func read",
      ],
      check: MessageLaws.replicaCheck),
    FuzzedDecoder(
      "first-load", reads: "JSON of `first-load.json`",
      from: "whoever writes the site's directory",
      covers: [
        "ReplicaAgent/FirstLoadRecord.swift struct FirstLoadRecord",
        "ReplicaAgent/FirstLoadRecord.swift func read",
      ],
      check: MessageLaws.firstLoad),
    FuzzedDecoder(
      "incarnation-request", reads: "JSON", from: "any enrolled site",
      covers: [
        "SyncProtocol/IncarnationExchange.swift struct IncarnationRequest",
        "SyncProtocol/IncarnationExchange.swift struct WireEntry",
      ],
      check: MessageLaws.incarnationRequest),
    FuzzedDecoder(
      "incarnation-response", reads: "JSON", from: "the hub",
      covers: ["SyncProtocol/IncarnationExchange.swift struct IncarnationResponse"],
      check: MessageLaws.incarnationResponse),
    FuzzedDecoder(
      "history-request", reads: "JSON", from: "any enrolled site",
      covers: ["SyncProtocol/HistoryExchange.swift struct HistoryRequest"],
      check: MessageLaws.historyRequest),
    FuzzedDecoder(
      "history-response", reads: "JSON", from: "the hub",
      covers: [
        "SyncProtocol/HistoryExchange.swift struct HistoryResponse",
        "SyncProtocol/HistoryExchange.swift struct WireLogEnd",
      ],
      check: MessageLaws.historyResponse),
    FuzzedDecoder(
      "return", reads: "the body of a returned batch", from: "any enrolled site",
      covers: ["SyncProtocol/HistoryExchange.swift func decode"], check: MessageLaws.returned),
    FuzzedDecoder(
      "return-response", reads: "JSON", from: "the hub",
      covers: ["SyncProtocol/HistoryExchange.swift struct ReturnResponse"],
      check: MessageLaws.returnResponse),
    FuzzedDecoder(
      "schema-request", reads: "JSON", from: "any enrolled site",
      covers: ["SyncProtocol/SchemaExchange.swift struct SchemaRequest"],
      check: MessageLaws.schemaRequest),
    FuzzedDecoder(
      "schema-response", reads: "JSON", from: "the hub",
      covers: ["SyncProtocol/SchemaExchange.swift struct SchemaResponse"],
      check: MessageLaws.schemaResponse),
    FuzzedDecoder(
      "join-request", reads: "JSON", from: "strangers, on the join listener",
      covers: ["SyncProtocol/JoinExchange.swift struct JoinRequest"],
      check: MessageLaws.joinRequest),
    FuzzedDecoder(
      "join-response", reads: "JSON", from: "the hub",
      covers: [
        "SyncProtocol/JoinExchange.swift struct JoinResponse",
        "SyncCore/SipHash128.swift init?(bytes",
      ],
      check: MessageLaws.joinResponse),
    FuzzedDecoder(
      "renew-request", reads: "JSON", from: "any enrolled site",
      covers: ["SyncProtocol/RenewExchange.swift struct RenewRequest"],
      check: MessageLaws.renewRequest),
    FuzzedDecoder(
      "renew-response", reads: "JSON", from: "the hub",
      covers: ["SyncProtocol/RenewExchange.swift struct RenewResponse"],
      check: MessageLaws.renewResponse),
    FuzzedDecoder(
      "refusal", reads: "JSON of any status but 200", from: "the hub, or a proxy before it",
      covers: [
        "SyncProtocol/ProtocolError.swift struct ProtocolError",
        "SyncProtocol/ProtocolError.swift struct Detail",
        "SyncProtocol/ProtocolError.swift struct Lenient",
        "SyncProtocol/ProtocolError.swift enum Code",
      ],
      check: MessageLaws.refusal),
    FuzzedDecoder(
      "sidecar", reads: "JSON of `identity.json`", from: "whoever writes the site's directory",
      covers: [
        "ReplicaAgent/Sidecar.swift struct Sidecar", "ReplicaAgent/Sidecar.swift func read",
      ],
      check: MessageLaws.sidecar),
    FuzzedDecoder(
      "hub-pins", reads: "JSON of `pins.json`", from: "whoever writes the site's directory",
      covers: [
        "ReplicaAgent/HubPins.swift struct HubPins", "ReplicaAgent/HubPins.swift func read",
      ],
      check: MessageLaws.hubPins),
    FuzzedDecoder(
      "run-record", reads: "JSON of `agent.json`", from: "whoever writes the site's directory",
      covers: [
        "ReplicaAgent/RunRecord.swift struct RunRecord",
        "ReplicaAgent/RunRecord.swift func read",
      ],
      check: MessageLaws.runRecord),
  ]

  private static let texts = [
    FuzzedDecoder(
      "hash", reads: "a hash or digest in hexadecimal", from: "the hub and sites, in JSON",
      covers: [
        "SyncCore/Hash256.swift init?(text", "SyncCore/Digest128.swift init?(text",
        "SyncCore/Digest128.swift init?(bytes", "SyncCore/Hexadecimal.swift func bytes",
      ],
      byteCountMax: 256, check: TextLaws.hash),
    FuzzedDecoder(
      "base64url", reads: "bytes as text", from: "strangers, in JSON and join strings",
      covers: ["SyncProtocol/Base64URL.swift func decode"], byteCountMax: 512,
      check: TextLaws.base64URL),
    FuzzedDecoder(
      "hub-url", reads: "an address", from: "join strings, `site.toml` and the environment",
      covers: ["SyncProtocol/HubURL.swift init(parsing"], byteCountMax: 512,
      check: TextLaws.hubURL),
    FuzzedDecoder(
      "join-string", reads: "a join string", from: "mail, paper and clipboards",
      covers: ["SyncProtocol/JoinString.swift init(parsing"], byteCountMax: 2 << 10,
      check: TextLaws.joinString),
    FuzzedDecoder(
      "join-fields", reads: "the bytes inside a join string, with the right check sum put behind",
      from: "who makes one up", covers: ["SyncProtocol/JoinString.swift func take"],
      byteCountMax: 1 << 10, check: TextLaws.joinFields),
    FuzzedDecoder(
      "captured-values", reads: "a row's old values as SQL literals",
      from: "every program that writes the replica",
      covers: ["CaseloadSchema/CapturedValues.swift func read"], check: TextLaws.capturedValues),
    FuzzedDecoder(
      "schema", reads: "the text of a `caseload.toml`", from: "the hub, and files of the county",
      covers: [
        "CaseloadSchema/CaseloadSchema.swift func read",
        "CaseloadSchema/CaseloadSchema.swift func parse",
        "CaseloadSchema/CaseloadSchema.swift TOMLTable(",
        "CaseloadSchema/TOMLText.swift init(bytes",
      ],
      byteCountMax: 8 << 10, check: TextLaws.schema),
  ]

  private static let typed = [
    FuzzedDecoder(
      "day", reads: "a day, ISO or German", from: "command lines and spreadsheets of the county",
      covers: ["Caseload/CalendarDay.swift init?(parsing"], byteCountMax: 32,
      check: CaseloadLaws.day),
    FuzzedDecoder(
      "delimited-text", reads: "a table exported from a spreadsheet", from: "files of the county",
      covers: ["Caseload/DelimitedText.swift init(decoding"], check: CaseloadLaws.table),
  ]

  private static func snapshotMessage(_ type: String) -> [String] {
    ["SyncProtocol/SnapshotMessages.swift struct \(type)"]
  }

  private static func compareMessage(_ type: String) -> [String] {
    ["SyncProtocol/CompareMessages.swift struct \(type)"]
  }

  private static func handoverMessage(_ declaration: String) -> [String] {
    ["SyncProtocol/HandoverMessages.swift \(declaration)"]
  }

  private static func proposalMessage(_ type: String) -> [String] {
    ["SyncProtocol/ProposalExchange.swift struct \(type)"]
  }

  private static func message(_ type: String) -> [String] {
    ["SyncProtocol/Messages.swift struct \(type)"]
  }
}
