import ReplicaStorage
import SyncCore
import Testing

/// What leaves the site's scope leaves its files.
@Suite("Purges")
struct ScopePurgeTests {
  private func pull(
    _ replica: ReplicaFixture, at seq: Int64, _ terms: [(CaseID, GrantTerms)],
    isHandedOver: Bool = false
  ) throws -> ApplyOutcome {
    var scope = replica.hub.scope(at: seq)
    var page = try scope.onPage()
    page.cases = terms.map {
      PulledScope.CaseState(
        caseID: $0.0, lead: SiteID("there"), terms: $0.1, epoch: 2, isDeliveredWhole: false,
        isHandedOver: isHandedOver)
    }
    let gone = Set(terms.filter { $0.1 == .ended }.map(\.0))
    page.digests.removeAll { gone.contains($0.0) }
    for caseID in gone { scope.scopeDigest -= replica.hub.digest(of: caseID) }
    scope.pages = [page]
    return try replica.apply(scope)
  }

  private func counts(_ replica: ReplicaFixture, _ caseID: String) throws -> [Int] {
    try ["case_file WHERE id", "person WHERE case_id", "health WHERE case_id"].map {
      try replica.client.count("SELECT count(*) FROM \($0) = '\(caseID)'")
    }
  }

  @Test("a grant that ended takes the case whole, with local columns, and leaves the others")
  func ended() throws {
    let replica = try ReplicaFixture()
    try replica.writeUnseen("UPDATE person SET memo = 'mine' WHERE id = 'p1'")
    let outcome = try pull(replica, at: 20, [("c1", .ended)])
    #expect(outcome.casesPurged == 1 && outcome.heldPurgeCount == 0)
    #expect(try counts(replica, "c1") == [0, 0, 0])
    #expect(try counts(replica, "c2") == [1, 1, 0])
    #expect(try replica.logCount() == 0)
    #expect(
      try replica.client.count("SELECT count(*) FROM kreissync_case WHERE case_id = 'c1'") == 0)
    #expect(
      try replica.file.purgeReceipt(stripping: { answer, _ in answer })
        == PurgeReceipt(waiting: [], heldCount: 0))
    // Once more is the same as once.
    #expect(try pull(replica, at: 21, [("c1", .ended)]).casesPurged == 0)
  }

  @Test("a narrowed grant empties columns and rows of the tiers that are gone")
  func narrowed() throws {
    let replica = try ReplicaFixture()
    try replica.writeUnseen("UPDATE person SET email = 'p@x', phone = '1' WHERE id = 'p1'")
    try replica.writeUnseen("INSERT INTO health (id, case_id, need) VALUES ('e1', 'c1', 'x')")
    let outcome = try pull(replica, at: 20, [("c1", GrantTerms(.formerLead, .header))])
    #expect(outcome.casesPurged == 1)
    #expect(try counts(replica, "c1") == [1, 2, 0])
    #expect(try replica.value("email", of: person("p1")) == "")
    #expect(try replica.value("phone", of: person("p1")) == "1")
    #expect(
      try replica.client.rows("SELECT own_role, tiers FROM kreissync_case WHERE case_id = 'c1'")
        == [["former_lead", "header"]])
  }

  @Test("what was taken from a site in a part that came and went between two pulls goes, too")
  func partBetweenPulls() throws {
    let replica = try ReplicaFixture()
    let header = GrantTerms(.formerLead, .header)
    #expect(try pull(replica, at: 20, [("c1", header)]).casesPurged == 1)
    // Led again when this arrived, it was applied; and handed over once more before the next pull.
    try replica.client.run("INSERT INTO health (id, case_id, need) VALUES ('e1', 'c1', 'x')")
    try replica.build()
    try replica.answer()
    #expect(try pull(replica, at: 30, [("c1", header)]).casesPurged == 1)
    #expect(try replica.client.count("SELECT count(*) FROM health") == 0)
  }

  @Test("what is written where only the header is left goes when it is answered")
  func writtenBehindPurge() throws {
    let replica = try ReplicaFixture()
    let header = GrantTerms(.formerLead, .header)
    #expect(try pull(replica, at: 20, [("c1", header)]).casesPurged == 1)
    try replica.client.run("INSERT INTO health (id, case_id, need) VALUES ('e1', 'c1', 'x')")
    #expect(try replica.apply(replica.hub.scope(at: 21)).casesPurged == 0)
    try replica.build()
    try replica.answer()
    #expect(try replica.client.count("SELECT count(*) FROM health") == 1)
    #expect(try replica.apply(replica.hub.scope(at: 22)).casesPurged == 1)
    #expect(try replica.client.count("SELECT count(*) FROM health") == 0)
    #expect(try replica.apply(replica.hub.scope(at: 23)).casesPurged == 0)
  }

  @Test(
    "a case that this site opened goes, too, if it was handed over before any pull named it",
    arguments: [GrantTerms.ended, GrantTerms(.formerLead, .header)])
  func openedHere(terms: GrantTerms) throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      INSERT INTO case_file (id, opened_on) VALUES ('c9', '2025-01-17');
      INSERT INTO person (id, case_id, email) VALUES ('p9', 'c9', 'p@x');
      """)
    try replica.build()
    try replica.answer()
    let outcome = try pull(replica, at: 20, [("c9", terms)], isHandedOver: true)
    #expect(outcome.casesPurged == 1)
    #expect(try counts(replica, "c9") == (terms == .ended ? [0, 0, 0] : [1, 1, 0]))
    #expect(try replica.client.count("SELECT count(*) FROM person WHERE email IS NOT NULL") == 0)
    #expect(
      try replica.file.purgeReceipt(stripping: { answer, _ in answer })
        == PurgeReceipt(waiting: [], heldCount: 0))
  }

  @Test("an unsent edit waits for its answer, and is sent, before its case goes")
  func unsent() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = '99' WHERE id = 'p1'")
    #expect(try pull(replica, at: 20, [("c1", .ended)]).casesPurged == 0)
    #expect(try counts(replica, "c1") == [1, 1, 0])
    #expect(try replica.value("phone", of: person("p1")) == "99")
    #expect(try replica.file.purgeReceipt(stripping: { answer, _ in answer })?.waiting == ["c1"])
    try replica.build()
    #expect(try replica.lastChanges().map(\.row) == [person("p1")])
    try replica.answer([
      person("p1"): Answer(id: EntryID(n: 1, tag: 1), verdict: .proposal, rule: .handedOver)
    ])
    let gone = try replica.refreshList().map { PulledScope.Item.gone($0, nil) }
    var scope = replica.hub.scope(at: 21, items: gone)
    scope.pages = [PulledScope.Page(items: gone, digests: [])]
    let outcome = try replica.apply(scope)
    #expect(outcome.casesPurged == 1)
    #expect(try counts(replica, "c1") == [0, 0, 0])
    #expect(try replica.file.purgeReceipt(stripping: { answer, _ in answer })?.waiting == [])
  }

  /// - Returns: a replica with 60 cases more.
  private func large() throws -> (ReplicaFixture, [CaseID]) {
    let replica = try ReplicaFixture()
    let names = (10..<70).map { "w\($0)" }
    for name in names { replica.hub.put(caseFile(name), in: name, ["2025-03-01"]) }
    try replica.apply(replica.hub.scope(at: 15, whole: names))
    return (replica, names.map { CaseID($0) })
  }

  @Test("a wave of more than 50 cases waits until it is released")
  func wave() throws {
    let (replica, cases) = try large()
    let wave = Array(cases.prefix(51))
    let held = try pull(replica, at: 20, wave.map { ($0, .ended) })
    #expect(held.casesPurged == 0 && held.heldPurgeCount == 51)
    // The hub counts them no more, and neither does the proof.
    #expect(held.isEqual)
    #expect(try counts(replica, "w10") == [1, 0, 0])
    #expect(
      try replica.file.purgeReceipt(stripping: { answer, _ in answer })
        == PurgeReceipt(waiting: wave, heldCount: 51))
    // An ordinary pull does not let it go.
    #expect(try replica.apply(replica.hub.scope(at: 21)).casesPurged == 0)
    try replica.file.releasePurges()
    let released = try replica.apply(replica.hub.scope(at: 22))
    #expect(released.casesPurged == 51 && released.heldPurgeCount == 0)
    #expect(try replica.count("case_file") == 2 + 9)
    #expect(
      try replica.file.purgeReceipt(stripping: { answer, _ in answer })
        == PurgeReceipt(waiting: [], heldCount: 0))
  }

  @Test("50 cases go at once, and of any number those that a hand-over names")
  func smallWave() throws {
    let (replica, cases) = try large()
    #expect(try pull(replica, at: 20, cases.prefix(50).map { ($0, .ended) }).casesPurged == 50)
    let (other, same) = try large()
    let outcome = try pull(other, at: 20, same.map { ($0, .ended) }, isHandedOver: true)
    #expect(outcome.casesPurged == 60 && outcome.heldPurgeCount == 0)
  }

  @Test("a grant that is whole again makes a held purge void")
  func void() throws {
    let (replica, cases) = try large()
    #expect(try pull(replica, at: 20, cases.map { ($0, .ended) }).heldPurgeCount == 60)
    let back = cases.map { ($0, GrantTerms(.contributor)) }
    #expect(try pull(replica, at: 21, back).heldPurgeCount == 0)
    try replica.file.releasePurges()
    #expect(try replica.apply(replica.hub.scope(at: 22)).casesPurged == 0)
    #expect(try replica.count("case_file") == 62)
  }

  @Test("no receipt while another program reads what the write-ahead log still holds")
  func receiptWaits() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("BEGIN")
    _ = try replica.count("person")
    #expect(try pull(replica, at: 20, [("c1", .ended)]).casesPurged == 1)
    #expect(try replica.file.purgeReceipt(stripping: { answer, _ in answer }) == nil)
    try replica.client.run("COMMIT")
    #expect(
      try replica.file.purgeReceipt(stripping: { answer, _ in answer })
        == PurgeReceipt(waiting: [], heldCount: 0))
  }
}
