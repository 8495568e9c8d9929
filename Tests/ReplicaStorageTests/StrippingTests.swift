import Foundation
import ReplicaStorage
import SyncCore
import Testing

/// What a replica keeps of its own past loses the values of what was purged; hashes, numbers, tags
/// and verdicts stay.
@Suite("Stripping")
struct StrippingTests {
  private func pull(
    _ replica: ReplicaFixture, at seq: Int64, _ terms: GrantTerms, isErased: Bool = false
  ) throws -> ApplyOutcome {
    var scope = replica.hub.scope(at: seq)
    var page = try scope.onPage()
    page.cases = [
      PulledScope.CaseState(
        caseID: "c1", lead: SiteID("there"), terms: terms, epoch: 2, isDeliveredWhole: false,
        isHandedOver: true, isErased: isErased)
    ]
    page.items = try replica.refreshList().map { .gone($0, nil) }
    page.digests.removeAll { $0.0 == "c1" }
    scope.pages = [page]
    return try replica.apply(scope)
  }

  /// The last file bytes that hold a text: the database and its WAL.
  private func holds(_ replica: ReplicaFixture, _ text: String) throws -> Bool {
    try ["", "-wal"].contains { suffix in
      let url = URL(fileURLWithPath: replica.path + suffix)
      guard FileManager.default.fileExists(atPath: url.path) else { return false }
      return try Data(contentsOf: url).range(of: Data(text.utf8)) != nil
    }
  }

  private func strip(_ answer: [UInt8], _ entries: Set<Int64>) -> [UInt8] {
    answer + entries.sorted().map { UInt8($0) }
  }

  /// Two batches were answered: edits of `p1`, one deleted row, and one of another case.
  private func busy() throws -> ReplicaFixture {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      UPDATE person SET phone = 'STRIPME-phone', email = 'STRIPME-email' WHERE id = 'p1';
      UPDATE person SET phone = 'keep' WHERE id = 'p3';
      """)
    try replica.build()
    try replica.answer([
      person("p1"): Answer(
        id: EntryID(n: 1, tag: 1), verdict: .overridden, rule: .leadWins,
        columns: [
          ColumnOutcome(
            column: 2, verdict: .overridden, rule: .leadWins, kept: .text("STRIPME-kept"))
        ])
    ])
    try replica.client.run("DELETE FROM person WHERE id = 'p1'")
    try replica.build()
    try replica.answer()
    return replica
  }

  @Test("a case that was erased loses its values in outbox, log and notices, and keeps its hashes")
  func stripped() throws {
    let replica = try busy()
    let hashes = try replica.client.rows("SELECT hex(hash) FROM kreissync_outbox")
    let before = try replica.outbox()
    #expect(try pull(replica, at: 20, .ended, isErased: true).casesPurged == 1)
    // Killed here, the next session goes on.
    try replica.reopen()
    #expect(try replica.file.purgeReceipt(stripping: strip)?.waiting == [])
    let after = try replica.outbox()
    #expect(try replica.client.rows("SELECT hex(hash) FROM kreissync_outbox") == hashes)
    #expect(after.map(\.number) == before.map(\.number))
    #expect(after[0].changes.map(\.row) == [person("p3")])
    #expect(after[1].changes.isEmpty)
    for (old, new) in zip(before, after) {
      #expect(
        Set(new.changes.map(\.id) + new.coalesced) == Set(old.changes.map(\.id) + old.coalesced))
    }
    #expect(
      try replica.client.rows("SELECT length(answer) > 1 FROM kreissync_outbox")
        == [["1"], ["1"]])
    #expect(
      try replica.client.count("SELECT count(*) FROM kreissync_log WHERE v IS NOT NULL") == 0)
    let notices = try replica.file.notices(about: "c1")
    #expect(!notices.isEmpty)
    #expect(notices.allSatisfy { $0.yourValue == .null && $0.keptValue == .null })
    #expect(try replica.count("kreissync_stripping") == 0)
    #expect(try !holds(replica, "STRIPME"))
  }

  @Test("a case that only left the scope keeps what a restored hub may ask for")
  func ended() throws {
    let replica = try busy()
    let before = try replica.outbox()
    #expect(try pull(replica, at: 20, .ended).casesPurged == 1)
    #expect(try replica.file.purgeReceipt(stripping: strip)?.waiting == [])
    #expect(try replica.outbox() == before)
  }

  @Test(
    "a case whose consent was revoked loses the values of the tiers that are gone, and no others")
  func narrowed() throws {
    let replica = try busy()
    #expect(
      try pull(replica, at: 20, GrantTerms(.formerLead, .header), isErased: true).casesPurged == 1)
    #expect(try replica.file.purgeReceipt(stripping: strip) != nil)
    let change = try #require(try replica.outbox()[0].changes.first { $0.row == person("p1") })
    #expect(change.cells.mask.contains(2) && !change.cells.mask.contains(3))
    #expect(
      try replica.file.notices(about: "c1").contains { $0.yourValue == .text("STRIPME-phone") })
    #expect(try !holds(replica, "STRIPME-email"))
  }

  @Test("an erased case leaves nothing in free pages that another program filled")
  func erased() throws {
    let replica = try ReplicaFixture()
    // A program that does not overwrite what it deletes.
    try replica.client.run(
      """
      PRAGMA secure_delete = OFF;
      UPDATE person SET family_name = 'STRIPME-' || hex(randomblob(3000)) WHERE case_id = 'c1';
      UPDATE person SET family_name = 'short' WHERE case_id = 'c1';
      """)
    try replica.build()
    try replica.answer()
    #expect(try pull(replica, at: 20, .ended, isErased: true).casesPurged == 1)
    #expect(try replica.file.purgeReceipt(stripping: strip) != nil)
    #expect(try !holds(replica, "STRIPME"))
    #expect(try replica.client.count("SELECT purge_unproved FROM kreissync_replica") == 0)
    // What stands still stands, and the log goes on.
    #expect(try replica.value("phone", of: person("p3")) == "")
    try replica.client.run("UPDATE person SET phone = '3' WHERE id = 'p3'")
    try replica.build()
    #expect(try replica.lastChanges().map(\.row) == [person("p3")])
  }

  @Test("no receipt is given while another program keeps the file, and none is lost")
  func kept() throws {
    let replica = try busy()
    #expect(try pull(replica, at: 20, .ended, isErased: true).casesPurged == 1)
    try replica.client.run("BEGIN; SELECT count(*) FROM person;")
    _ = try replica.client.rows("SELECT count(*) FROM person")
    #expect(try replica.file.purgeReceipt(stripping: strip) == nil)
    try replica.client.run("COMMIT")
    #expect(try replica.file.purgeReceipt(stripping: strip)?.waiting == [])
    #expect(try !holds(replica, "STRIPME"))
  }
}
