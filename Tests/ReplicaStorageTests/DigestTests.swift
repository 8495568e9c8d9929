import ReplicaStorage
import SyncCore
import Testing

/// Whether the replica is what the hub says it is.
@Suite("Digests")
struct DigestTests {
  @Test("equal digests are recorded as such")
  func equal() throws {
    let replica = try ReplicaFixture()
    let outcome = try replica.apply(replica.hub.scope(at: 20))
    #expect(outcome.isEqual && outcome.replicaDigest == outcome.hubDigest)
    #expect(outcome.hubDigest != .zero)
    let record = try replica.file.record()
    #expect(record.digestEqual == true && record.scopeDigest == outcome.hubDigest)
  }

  @Test(
    "a case that differs is named, alone, until it comes whole",
    arguments: [
      "UPDATE person SET phone = 'x' WHERE id = 'p1'", "DELETE FROM person WHERE id = 'p1'",
      "UPDATE case_file SET opened_on = NULL WHERE id = 'c1'",
      "UPDATE person SET phone = '' WHERE id = 'p1'",
    ])
  func unequal(_ sql: String) throws {
    let replica = try ReplicaFixture()
    try replica.writeUnseen(sql)
    let outcome = try replica.apply(replica.hub.scope(at: 20))
    #expect(outcome.unequalCases == ["c1"] && !outcome.isEqual)
    #expect(try replica.file.record().digestEqual == false)
    let mended = try replica.apply(replica.hub.scope(at: 20, whole: ["c1"]))
    #expect(mended.isEqual)
    #expect(try replica.file.record().digestEqual == true)
  }

  @Test("where thousands are touched, what nobody touches in a case is the scrub's to read")
  func unseenBesideTheTouched() throws {
    let replica = try ReplicaFixture()
    replica.file.readCaseCountMax = 0
    try replica.writeUnseen("UPDATE person SET phone = 'x' WHERE id = 'p2'")
    replica.hub.set(2, of: person("p1"), to: .text("99"))
    #expect(
      try replica.apply(replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 2)]))
        .isEqual)
    // A comparison of the whole scope reads all the same.
    var all = replica.hub.scope(at: 30)
    all.tellsAllDigests = true
    #expect(try replica.apply(all).unequalCases == ["c1"])
    #expect(try replica.file.scrub(at: 1) == 1)
  }

  @Test("a pull that brings a part of a row that was written unseen has its whole case read")
  func unseenUnderAPart() throws {
    let replica = try ReplicaFixture()
    replica.file.readCaseCountMax = 0
    try replica.writeUnseen("UPDATE person SET family_name = 'x' WHERE id = 'p1'")
    replica.hub.set(2, of: person("p1"), to: .text("99"))
    let outcome = try replica.apply(
      replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 2)]))
    #expect(outcome.unequalCases == ["c1"])
    #expect(try replica.file.scrub(at: 1) == 1)
  }

  @Test(
    "text beyond ASCII, and empty text, is digested from its bytes as from its value",
    arguments: ["Öz–Şahin 🙂", "e\u{301}", "", "\u{0}x", String(repeating: "ß", count: 500)])
  func bytes(_ text: String) throws {
    let replica = try ReplicaFixture()
    replica.hub.set(2, of: person("p1"), to: .text(ByteText(text)))
    let outcome = try replica.apply(
      replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 2)]))
    #expect(outcome.isEqual)
    let sums = try replica.file.caseSums(.everything)
    #expect(sums.digests.values.reduce(.zero, +) == outcome.hubDigest)
  }

  @Test("a pull that brings nothing to a replica at rest writes nothing")
  func nothing() throws {
    let replica = try ReplicaFixture()
    let first = try replica.apply(replica.hub.scope(at: 20))
    var same = replica.hub.scope(at: 20)
    same.pages = [PulledScope.Page]()
    try replica.build()
    let before = try replica.client.rows("PRAGMA data_version")
    let second = try replica.apply(same)
    #expect(second.isEqual && second.replicaDigest == first.replicaDigest)
    #expect(try replica.build().captured == 0)
    #expect(try replica.client.rows("PRAGMA data_version") == before)
    // What is under way is looked at.
    try replica.forgetProofs()
    try replica.writeUnseen("UPDATE person SET phone = 'x' WHERE id = 'p1'")
    #expect(try replica.apply(same).unequalCases == ["c1"])
  }

  @Test("a hub whose scope is not the sum of its cases is not equal")
  func scope() throws {
    let replica = try ReplicaFixture()
    var scope = replica.hub.scope(at: 20)
    scope.scopeDigest += Digest128(high: 0, low: 1)
    let outcome = try replica.apply(scope)
    #expect(outcome.unequalCases.isEmpty && !outcome.isEqual)
  }

  @Test("a case is compared with the last digest that came, also when nothing happened in it")
  func remembered() throws {
    let replica = try ReplicaFixture()
    replica.hub.set(2, of: person("p1"), to: .text("99"))
    var scope = replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 2)])
    var page = try scope.onPage()
    page.digests = page.digests.filter { $0.caseID == "c1" }
    scope.pages = [page]
    #expect(try replica.apply(scope).isEqual)
  }

  @Test("columns that do not travel are not compared")
  func localColumns() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET memo = 'mine'")
    try replica.build()
    #expect(try replica.apply(replica.hub.scope(at: 20)).isEqual)
  }

  @Test("a case with unsent work is left out on both sides, and compared when it is clean")
  func unsent() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    // What else differs in the case shows later, not now.
    try replica.writeUnseen("UPDATE person SET phone = 'unseen' WHERE id = 'p2'")
    #expect(try replica.apply(replica.hub.scope(at: 20)).isEqual)
    try replica.build()
    #expect(try replica.apply(replica.hub.scope(at: 30)).isEqual)
    replica.hub.take(try #require(replica.lastChanges().first))
    try replica.answer()
    let outcome = try replica.apply(replica.hub.scope(at: 40))
    #expect(outcome.unequalCases == ["c1"])
  }

  @Test("a clean case that differs is found beside one with unsent work")
  func besideUnsent() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    try replica.writeUnseen("UPDATE person SET phone = 'unseen' WHERE id = 'p3'")
    #expect(try replica.apply(replica.hub.scope(at: 20)).unequalCases == ["c2"])
  }

  @Test("a case that waits for a row is left out until the row came")
  func awaited() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    try replica.build()
    try replica.answer([
      person("p1"): Answer(id: EntryID(n: 0, tag: 0), verdict: .refused, rule: .notGranted)
    ])
    #expect(try replica.apply(replica.hub.scope(at: 20)).isEqual)
    #expect(try replica.refreshList() == [person("p1")])
    #expect(
      try replica.apply(replica.hub.scope(at: 30, items: [replica.hub.whole(person("p1"))]))
        .isEqual)
    try replica.writeUnseen("UPDATE person SET phone = 'unseen' WHERE id = 'p1'")
    #expect(try replica.apply(replica.hub.scope(at: 40)).unequalCases == ["c1"])
  }
}
