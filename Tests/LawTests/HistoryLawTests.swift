import HubService
import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncSimulator
import Testing

/// Random histories of three sites with a bad line between them and their hub, then calm: the laws
/// that hold whatever happened.
@Suite("Laws of whole histories")
struct HistoryLawTests {
  @Test(arguments: 0..<20)
  func `any history ends in equal replicas, and loses nothing`(shard: Int) throws {
    for seed in 0..<50 {
      var history = try RandomHistory(seed: UInt64(100_000 + shard * 50 + seed))
      try history.storm()
      try history.calm()
      try history.checkLaw1Convergence()
      try history.checkLaw2NothingLost()
      try history.checkLaw3NoEcho()
      try history.checkLaw5TheDeadStayDead()
      try history.checkLaw9TheLogIsSound()
    }
  }
}

/// One history, with what its clients wrote.
private struct RandomHistory {
  let seed: UInt64
  let county: LocalCounty
  var generator: SeededGenerator
  /// Every text that a client wrote into a cell, unique, with the cell's policy.
  var written: [(text: String, column: String, site: String)] = []
  var nextText = 0

  init(seed: UInt64) throws {
    self.seed = seed
    generator = SeededGenerator(seed: seed)
    county = try LocalCounty(seed: seed)
    try county.addSite("town", kind: .municipality)
    try county.addSite("county", kind: .county)
    try county.addSite("association", kind: .association)
  }

  mutating func storm() throws {
    for site in county.sites { site.faultPercent = Int.random(in: 0...40, using: &generator) }
    for _ in 0..<Int.random(in: 12...30, using: &generator) {
      let site = county.sites.randomElement(using: &generator)!
      if generator.chance(35) {
        _ = try site.trySync()
      } else {
        for _ in 0..<Int.random(in: 1...4, using: &generator) { try write(at: site) }
      }
    }
  }

  /// The line heals; everybody syncs until nothing moves.
  mutating func calm() throws {
    for site in county.sites { site.faultPercent = 0 }
    for _ in 0..<3 { for site in county.sites { try site.sync() } }
  }

  // MARK: Writing

  private mutating func freshText(_ column: String, _ site: LocalSite) -> String {
    nextText += 1
    // Ends in a mark, so that no text is part of another, nor of an id.
    let text = "t\(nextText);"
    written.append((text, column, site.name))
    return text
  }

  private mutating func write(at site: LocalSite) throws {
    let cases = try site.client.rows("SELECT id FROM case_file ORDER BY id").compactMap {
      $0[0].text
    }
    guard let caseID = cases.randomElement(using: &generator), !generator.chance(8) else {
      let id = "case\(nextText)"
      nextText += 1
      try site.client.run("INSERT INTO case_file (id, opened_on) VALUES ('\(id)', '2025-01-01')")
      return
    }
    let rows = try site.client.rows("SELECT id FROM sample ORDER BY id").compactMap { $0[0].text }
    let column = ["by_lead", "by_latest", "by_county", "by_manual", "by_once"]
      .randomElement(using: &generator)!
    switch Int.random(in: 0..<10, using: &generator) {
    case 0, 1:
      let text = freshText(column, site)
      try site.client.run(
        """
        INSERT INTO sample (id, case_id, \(column))
          VALUES ('r\(nextText)', '\(caseID)', '\(text)')
        """
      )
    case 2:
      let text = freshText("text", site)
      try site.client.run(
        "INSERT INTO entry (id, case_id, text) VALUES ('e\(nextText)', '\(caseID)', '\(text)')")
    case 3:
      guard let row = rows.randomElement(using: &generator) else { return }
      try site.client.run("DELETE FROM sample WHERE id = '\(row)'")
    case 4:
      guard let row = rows.randomElement(using: &generator) else { return }
      let text = freshText(column, site)
      try site.client.run(
        """
        INSERT OR REPLACE INTO sample (id, case_id, \(column), by_max)
        SELECT id, case_id, '\(text)', by_max FROM sample WHERE id = '\(row)'
        """)
    case 5:
      guard let row = rows.randomElement(using: &generator) else { return }
      try site.client.run("UPDATE sample SET kept_here = 'local' WHERE id = '\(row)'")
    default:
      guard let row = rows.randomElement(using: &generator) else { return }
      try site.client.run(
        "UPDATE sample SET \(column) = '\(freshText(column, site))' WHERE id = '\(row)'")
    }
  }

  // MARK: Laws

  /// Law 1: every replica holds what the hub holds of its scope, told by plain SQL.
  func checkLaw1Convergence() throws {
    let hub = try county.hubClient()
    let cases = Set(try hub.rows("SELECT id FROM case_file").compactMap { $0[0].text })
    for site in county.sites {
      let differences = try PlainComparison.differences(
        hub: hub, replica: site.client, schema: county.schema, cases: cases)
      #expect(differences == [], "seed \(seed), \(site.name)")
      #expect(try site.file.pendingCount() == 0, "seed \(seed), \(site.name)")
      #expect(try site.file.refreshList(limit: 10) == [], "seed \(seed), \(site.name)")
    }
  }

  /// Law 2: each written text stands at the hub, in its ledger, among its proposals, in a notice of
  /// its author, or was replaced by a later change whose author had seen it.
  func checkLaw2NothingLost() throws {
    let hub = try county.hubClient()
    var known: Set<String> = []
    for sql in [
      "SELECT by_lead, by_latest, by_county, by_manual, by_once FROM sample",
      "SELECT text FROM entry", "SELECT kept_value, lost_value FROM kreissync_ledger",
      "SELECT kept_value, proposed_value FROM kreissync_proposal",
    ] {
      for row in try hub.rows(sql) { known.formUnion(row.compactMap(\.text)) }
    }
    // What stood at the hub once stands in the log for ever; whoever replaced it had seen it, or it
    // is in the ledger as well.
    let log = try county.hub.read { try $0.log(from: 1, limit: 100_000) }
    for entry in log {
      let payload = String(decoding: entry.payload ?? [], as: UTF8.self)
      for item in written where payload.contains(item.text) { known.insert(item.text) }
    }
    for site in county.sites {
      for row in try site.client.rows("SELECT your_value FROM kreissync_notice") {
        known.formUnion(row.compactMap(\.text))
      }
    }
    // What its own author replaced or deleted before it was ever sent is in no change but a
    // deletion.
    let sent = try sentTexts()
    let lost = written.filter { !known.contains($0.text) && sent.contains($0.text) }
    #expect(lost.map(\.text) == [], "seed \(seed)")
  }

  private func sentTexts() throws -> Set<String> {
    var texts: Set<String> = []
    for site in county.sites {
      for row in try site.client.rows("SELECT hex(bytes) FROM kreissync_outbox") {
        let digits = Array((row[0].text ?? "").utf8)
        let bytes = stride(from: 0, to: digits.count, by: 2).map { position in
          UInt8(String(decoding: digits[position..<position + 2], as: UTF8.self), radix: 16)!
        }
        let batch = try Batch(decoding: bytes, changeCountMax: .max)
        for change in batch.changes where change.kind != .delete {
          texts.formUnion(change.cells.values.compactMap(\.text))
        }
      }
    }
    return texts
  }

  /// Law 3: what is applied is never captured; a session without edits sends nothing.
  func checkLaw3NoEcho() throws {
    let before = try county.hub.read { try $0.counter.seq }
    for site in county.sites {
      let report = try site.sync()
      #expect(report.captured == 0 && report.digestEqual, "seed \(seed), \(site.name)")
    }
    #expect(try county.hub.read { try $0.counter.seq } == before, "seed \(seed)")
  }

  /// Law 5: a row whose last word in the log is its deletion stands nowhere.
  func checkLaw5TheDeadStayDead() throws {
    let hub = try county.hubClient()
    let dead = try hub.rows(
      """
      SELECT id FROM kreissync_row AS r WHERE NOT alive AND NOT EXISTS (
        SELECT 1 FROM kreissync_row AS other
        WHERE other.t = r.t AND other.id = r.id AND other.alive)
      """
    ).compactMap { $0[0].text }
    for site in county.sites {
      let living = Set(
        try site.client.rows("SELECT id FROM sample UNION ALL SELECT id FROM entry")
          .compactMap { $0[0].text })
      #expect(living.isDisjoint(with: dead), "seed \(seed), \(site.name)")
    }
  }

  /// Law 9: the log is dense and adds up to its tree.
  func checkLaw9TheLogIsSound() throws {
    let result = try county.hub.read { try LogVerification.run(on: $0) }
    #expect(result.isSound, "seed \(seed): \(result.problem ?? "")")
  }
}
