import Caseload
import CaseloadSchema
import Foundation
import HubService
import HubStorage
import ReplicaStorage
import SyncCore
import SyncProtocol
import SyncSimulator
import Testing

/// I9, non-interference by twin runs: the same county runs twice, once with the data of one case
/// replaced by noise. Whoever holds nothing of that case receives the same bytes both times,
/// whatever happens to it and whatever is asked.
///
/// What must differ is taken out first: the root of the log's tree, which is salted, the proofs to
/// it, and the hash of the stranger's own batch. The tree's size and all numbers stay.
@Suite("Twin runs")
struct TwinRunTests {
  /// The secret data: ids and texts; numbers of rows and edits are no part of it.
  private struct Secret {
    let id: String
    let text: String

    static let told = Secret(id: "geheim", text: "kanarie")

    static func noise(_ seed: UInt64) -> Secret {
      var numbers = SeededGenerator(seed: seed)
      func word(_ lengths: ClosedRange<Int>) -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyzäöüß")
        return String(
          (0..<Int.random(in: lengths, using: &numbers)).map { _ in
            letters.randomElement(using: &numbers)!
          })
      }
      return Secret(id: word(4...40), text: word(1...3_000))
    }
  }

  @Test("Nothing that a stranger to a case receives depends on it", arguments: [1, 2, 3, 4, 5])
  func ungranted(seed: UInt64) throws {
    let told = try run(Secret.told)
    let noise = try run(Secret.noise(seed))
    for name in told.keys.sorted() {
      let (one, other) = (try #require(told[name]), try #require(noise[name]))
      #expect(one.count == other.count && one.count > 30, "\(name)")
      for (left, right) in zip(one, other) where left != right {
        Issue.record("\(name) was told, at \(left.path):\n\(left.answer)\n\(right.answer)")
        return
      }
    }
  }

  @Test("The comparison is not blind: who holds the case receives other bytes")
  func granted() throws {
    let (told, noise) = (
      try run(Secret.told, watched: ["office"]), try run(.noise(1), watched: ["office"])
    )
    #expect(told["office"] != noise["office"])
  }

  /// A county's weeks: a town and the county work on the secret case in every way, while another
  /// town and a carrier work on cases of their own.
  private func run(
    _ secret: Secret, watched names: [String] = ["other", "carrier"]
  ) throws -> [String: [CarriedAnswer]] {
    let county = try LocalCounty(
      seed: 9, schemaText: CaseloadSchema.shipped, rules: CaseloadRules())
    county.stopClock(at: 1_760_000_000_000)
    let office = try county.addSite("office", kind: .county, areas: [])
    let town = try county.addSite("town", kind: .municipality, areas: ["08118027"])
    let other = try county.addSite("other", kind: .municipality, areas: ["08118001"])
    let carrier = try county.addSite("carrier", kind: .carrier, areas: [])
    let lines = Lines()
    for site in county.sites where names.contains(site.name) {
      site.observeAnswers { request, response in lines.add(site.name, request, response) }
    }
    func everybody() throws {
      for site in [town, office, other, carrier, town, office] { try site.sync() }
    }
    for (site, id) in [(other, "fall-o"), (carrier, "fall-c")] {
      try open(id, text: "eigen", at: site)
    }
    try open(secret.id, text: secret.text, at: town)
    try everybody()
    // A conflict, a refusal, a proposal, a deletion.
    try town.client.run(
      "UPDATE person SET phone = '\(secret.text)1' WHERE case_id = '\(secret.id)'")
    try office.client.run(
      """
      UPDATE person SET phone = '\(secret.text)2', family_name = '\(secret.text)2'
        WHERE case_id = '\(secret.id)';
      INSERT INTO residence (id, case_id, ags)
        VALUES ('r-\(secret.id)', '\(secret.id)', '99999999');
      """)
    try other.client.run("UPDATE person SET phone = '1' WHERE case_id = 'fall-o'")
    try everybody()
    try office.client.run("DELETE FROM case_file WHERE id = '\(secret.id)'")
    try town.client.run("DELETE FROM plan_goal WHERE case_id = '\(secret.id)'")
    try everybody()
    // It is restricted, handed over, revoked, and erased.
    try town.client.run(
      "UPDATE case_file SET restricted_since = '2025-02-01' WHERE id = '\(secret.id)'")
    try everybody()
    try town.client.run(
      "UPDATE case_file SET restricted_since = NULL WHERE id = '\(secret.id)'")
    try everybody()
    let handover = try county.administration.propose(
      Handover.Terms(
        to: office.id, kind: .handover, effectiveOn: "2025-01-01", effectiveAt: 1_735_686_000_000,
        decision: nil), .cases([CaseID(secret.id)])
    ).handover.id
    try probe(county, [other, carrier], handover, lines)
    _ = try county.administration.accept(handover, by: office.id)
    try everybody()
    try office.client.run(
      """
      INSERT INTO consent (id, case_id, purpose, event)
        VALUES ('w-\(secret.id)', '\(secret.id)', 'casework', 'revoked')
      """)
    try everybody()
    try probe(county, [other, carrier], handover, lines)
    _ = try county.administration.erase(
      ErasureOrder(
        id: "loeschung", caseID: CaseID(secret.id), reason: secret.text, actor: "anna"))
    try everybody()
    try probe(county, [other, carrier], handover, lines)
    return lines.all
  }

  private func open(_ id: String, text: String, at site: LocalSite) throws {
    try site.client.run(
      """
      INSERT INTO case_file (id, opened_on) VALUES ('\(id)', '2024-05-02');
      INSERT INTO consent (id, case_id, purpose, event, text_version)
        VALUES ('k-\(id)', '\(id)', 'casework', 'given', '\(text)');
      INSERT INTO person (id, case_id, family_name, given_names, phone)
        VALUES ('p-\(id)', '\(id)', '\(text)', '\(text)', '\(text)');
      INSERT INTO consultation (id, case_id, on_date, note)
        VALUES ('t-\(id)', '\(id)', '2024-05-02', '\(text)');
      INSERT INTO plan (id, case_id) VALUES ('v-\(id)', '\(id)');
      INSERT INTO plan_goal (id, case_id, plan_id, text)
        VALUES ('g-\(id)', '\(id)', 'v-\(id)', '\(text)');
      """)
  }

  /// Strangers ask for what they may not have, by the names that it has in the first run: in the
  /// second nothing is called so.
  private func probe(
    _ county: LocalCounty, _ strangers: [LocalSite], _ handover: HandoverID, _ lines: Lines
  ) throws {
    let name = Secret.told.id
    for site in strangers {
      let record = try site.file.record()
      let session = try #require(
        try county.hub.read { try $0.site(site.id)?.contact.sessionUsed })
      let rows = [(3, "p-"), (5, "t-"), (6, "v-")].map { table, prefix in
        RowKey(table: table, id: RowID(prefix + name))
      }
      let questions: [(String, any Encodable)] = [
        (
          ProtocolPath.pull,
          PullRequest(
            session: session, since: record.position, continuation: nil, refreshRows: rows,
            refreshCases: [CaseID(name)], comparesAll: true)
        ),
        (
          ProtocolPath.compare,
          CompareRequest(session: session, since: record.position, cases: [CaseID(name)])
        ),
        (ProtocolPath.compare, CompareRequest(session: session, since: record.position)),
        (ProtocolPath.proposals, ProposalsRequest(session: session)),
        (ProtocolPath.handover, HandoverRequest(session: session, action: .list)),
        (
          ProtocolPath.handover,
          HandoverRequest(session: session, action: .accept, handover: handover)
        ),
      ]
      for (path, question) in questions {
        let request = ProtocolRequest(
          path: path, contentType: .json, body: try WireJSON.encode(question))
        lines.add(site.name, request, county.answer(request, from: site.id))
      }
    }
  }
}

/// What one answer said, in words that two runs share.
struct CarriedAnswer: Equatable {
  let path: String
  let answer: String
}

/// What left the hub on some lines.
private final class Lines {
  private(set) var all: [String: [CarriedAnswer]] = [:]

  func add(_ name: String, _ request: ProtocolRequest, _ response: ProtocolResponse) {
    let answer = "\(response.status) " + Self.words(response)
    all[name, default: []].append(CarriedAnswer(path: request.path, answer: answer))
  }

  private static func words(_ response: ProtocolResponse) -> String {
    if let page = try? PullPage(decoding: response.body) {
      let head = (try? WireJSON.encode(page.head)).map(rootless) ?? ""
      return "\(head) \(page.cases) \(page.rows) \(page.digests)"
    }
    return rootless(response.body)
  }

  /// JSON without hashes that differ anyway, and with the number of hashes in place of a proof.
  private static func rootless(_ body: [UInt8]) -> String {
    func strip(_ value: Any) -> Any {
      if let list = value as? [Any] { return list.map(strip) }
      guard let object = value as? [String: Any] else { return value }
      return object.reduce(into: [String: Any]()) { left, field in
        switch field.key {
        case "tree_root": left[field.key] = "root"
        // The site's own: what it sends bears random tags.
        case "batch_hash": left[field.key] = "own"
        case "consistency": left[field.key] = (field.value as? [Any])?.count ?? -1
        default: left[field.key] = strip(field.value)
        }
      }
    }
    guard let document = try? JSONSerialization.jsonObject(with: Data(body)),
      let plain = try? JSONSerialization.data(
        withJSONObject: strip(document), options: [.sortedKeys])
    else { return Hexadecimal.text(body) }
    return String(decoding: plain, as: UTF8.self)
  }
}
