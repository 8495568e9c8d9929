import GRDB
import ReplicaStorage
import SyncCore
import Synchronization
import Testing

/// Log and outbox lose only what a verified backup of the hub holds and what is 35 days old, by the
/// hub's clock; what anybody can still need stays.
@Suite("Pruning")
struct PruningTests {
  private static let day: Milliseconds = 86_400_000
  /// The hub's clock at the first session.
  private static let start: Milliseconds = 1_795_608_000_000

  private let replica: ReplicaFixture

  init() throws {
    replica = try ReplicaFixture()
  }

  /// The end of a session at a day of the hub's clock, which then says it is secured up to `seq` by
  /// a backup of the hour before.
  private func endSession(
    onDay day: Int64, secured seq: Int64? = nil, backedUpOn backupDay: Int64? = nil
  ) throws {
    let clock = Self.start + day * Self.day
    let begunAt = backupDay.map { Self.start + $0 * Self.day } ?? clock - 3_600_000
    try replica.file.prune(
      by: SecuredWord(
        secured: seq.map { SecuredWord.Secured(seq: $0, begunAt: begunAt) }, clock: clock,
        clockAtEnd: clock + 2_000))
  }

  /// One edit that is sent and answered; the replica then stands at `seq`.
  private func edit(_ phone: String, of id: String = "p1", at seq: Int64) throws {
    try replica.client.run("UPDATE person SET phone = '\(phone)' WHERE id = '\(id)'")
    try replica.settle(at: seq)
  }

  private func numbers(of table: String, _ column: String) throws -> [String] {
    try replica.client.rows("SELECT \(column) FROM \(table) ORDER BY 1").map { $0[0] }
  }

  private func entries() throws -> [String] { try numbers(of: "kreissync_log", "n") }
  private func batches() throws -> [String] { try numbers(of: "kreissync_outbox", "number") }

  @Test("what is secured and 35 days old goes; the last batch and the newest entry stay")
  func goes() throws {
    for number in 1...5 { try edit("a\(number)", at: 10 + Int64(number)) }
    try endSession(onDay: 0, secured: 3)
    let before = try entries()
    #expect(try batches() == ["1", "2", "3", "4", "5"])
    try endSession(onDay: 36, secured: 15, backedUpOn: 1)
    #expect(try batches() == ["5"])
    #expect(try entries() == [before.last!])
    #expect(try replica.file.secured() == 15)
    // What was pruned changes nothing of what is sent next.
    try edit("again", at: 30)
    let batch = try #require(try replica.outbox().last)
    #expect(batch.number == 6 && batch.changes.map(\.row) == [person("p1")])
    #expect(batch.previous != .zero && batch.changes.first?.base == 15)
  }

  @Test(
    "not before it is secured, not before 35 days, and not by a backup that was begun before",
    arguments: [
      (day: 36, secured: nil, backup: 1), (day: 36, secured: 14, backup: 1),
      (day: 34, secured: 15, backup: 1), (day: 36, secured: 15, backup: -1),
      (day: 35, secured: 15, backup: 1),
    ] as [(day: Int64, secured: Int64?, backup: Int64)])
  func stays(day: Int64, secured: Int64?, backup: Int64) throws {
    for number in 1...5 { try edit("a\(number)", at: 10 + Int64(number)) }
    // The watermark is set two seconds into day 0: day 35 is two seconds short.
    try endSession(onDay: 0)
    let before = (try entries(), try batches())
    try endSession(onDay: day, secured: secured, backedUpOn: backup)
    #expect(try entries() == before.0)
    #expect(try batches() == before.1)
  }

  @Test("the site's own clock says nothing: entries of ten years ago and ten years ahead stay")
  func ownClock() throws {
    try replica.client.run(
      """
      UPDATE person SET phone = 'x' WHERE id = 'p1';
      UPDATE kreissync_log SET at = CASE n % 2 WHEN 0 THEN 1 ELSE 4102444800000 END
      """)
    try replica.settle(at: 20)
    let before = try entries()
    for day in 0..<35 as Range<Int64> {
      try endSession(onDay: day, secured: 100)
      #expect(try entries() == before)
    }
  }

  @Test("numbers go on where they were, also when all but the newest entry went")
  func numbering() throws {
    for number in 1...4 { try edit("a\(number)", at: 10 + Int64(number)) }
    let last = try #require(try entries().last.flatMap(Int64.init))
    try endSession(onDay: 0)
    try endSession(onDay: 40, secured: 14, backedUpOn: 1)
    #expect(try entries() == ["\(last)"])
    try replica.reopen()
    try replica.client.run("UPDATE person SET phone = 'new' WHERE id = 'p2'")
    #expect(try entries() == ["\(last)", "\(last + 1)"])
    try replica.build()
    #expect(try replica.lastChanges().map(\.id.n) == [last + 1])
  }

  @Test("what a batch without an answer holds stays, and so does everything of that time")
  func unanswered() throws {
    try edit("a", at: 11)
    try endSession(onDay: 0)
    try replica.client.run("UPDATE person SET phone = 'waits' WHERE id = 'p2'")
    try replica.build()
    let waiting = try #require(try replica.outbox().last)
    // Sessions that end with it waiting set no mark.
    for day in [1, 2, 60, 120] as [Int64] { try endSession(onDay: day, secured: 11) }
    #expect(try batches() == ["2"])
    #expect(try entries().contains("\(waiting.changes[0].id.n)"))
    try replica.answer()
    try endSession(onDay: 121, secured: 40)
    try endSession(onDay: 150, secured: 40)
    #expect(try entries().contains("\(waiting.changes[0].id.n)"))
  }

  @Test("a parked entry and what stands behind it stay until it is mended and old")
  func parked() throws {
    try edit("a", at: 11)
    try replica.client.run(
      "UPDATE person SET email = CAST(x'ff41' AS TEXT) WHERE id = 'p1'")
    try edit("b", of: "p3", at: 12)
    let parked = try #require(try numbers(of: "kreissync_parked", "n").first.flatMap(Int64.init))
    try endSession(onDay: 0)
    try endSession(onDay: 100, secured: 12, backedUpOn: 99)
    let left = try entries().compactMap(Int64.init)
    #expect(left.first == parked, "what stands before it went, it did not: \(left)")
    #expect(left.count > 2)
    #expect(try replica.build().parked == 1)

    try replica.client.run("UPDATE person SET email = 'mended' WHERE id = 'p1'")
    try replica.settle(at: 13)
    try endSession(onDay: 101, secured: 12)
    #expect(try entries().contains("\(parked)"))
    try endSession(onDay: 137, secured: 13, backedUpOn: 102)
    #expect(try entries().count == 1)
  }

  @Test("what only local columns were written for goes, too: no batch ever holds it")
  func withheld() throws {
    try edit("a", at: 11)
    for number in 1...30 {
      try replica.client.run("UPDATE person SET memo = 'm\(number)' WHERE id = 'p1'")
    }
    #expect(try replica.build().captured == 30)
    try endSession(onDay: 0)
    #expect(try replica.logCount() == 31)
    try endSession(onDay: 36, secured: 11, backedUpOn: 1)
    #expect(try replica.logCount() == 1)
  }

  @Test("an answer under another history or incarnation counts for nothing")
  func otherHistory() throws {
    for number in 1...3 { try edit("a\(number)", at: 10 + Int64(number)) }
    try endSession(onDay: 0)
    try replica.client.run("UPDATE kreissync_watermark SET history = 'before the restore'")
    try endSession(onDay: 36, secured: 13, backedUpOn: 1)
    #expect(try batches().count == 3)
    try replica.client.run("UPDATE kreissync_watermark SET incarnation = 'of a clone'")
    try endSession(onDay: 80, secured: 13, backedUpOn: 79)
    #expect(try batches().count == 3)
    #expect(try replica.count("kreissync_watermark") == 1)
  }

  @Test("a quiet replica writes nothing, and one mark a day is kept")
  func quiet() throws {
    try edit("a", at: 11)
    for minute in 0..<5 as Range<Int64> {
      let clock = Self.start + minute * 60_000
      try replica.file.prune(by: SecuredWord(secured: nil, clock: clock, clockAtEnd: clock))
    }
    let version = try replica.client.rows("PRAGMA data_version")
    try endSession(onDay: 1)
    try endSession(onDay: 2)
    #expect(try replica.client.rows("PRAGMA data_version") == version)
    for number in 3...60 as ClosedRange<Int64> {
      try edit("b\(number)", at: 20 + number)
      try endSession(onDay: number, secured: 19 + number)
    }
    #expect(try replica.count("kreissync_watermark") <= 37)
    #expect(try batches().count < 40)
  }

  @Test("much goes in short steps, between which a neighbour may write")
  func shortSteps() throws {
    try replica.client.run(
      """
      WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000)
      INSERT INTO person (id, case_id, family_name) SELECT 'x' || i, 'c1', 'X' FROM c
      """)
    try replica.settle(at: 20)
    try endSession(onDay: 0)
    let before = try replica.logCount()
    #expect(before == 3_000)
    let queue = try #require(
      Mirror(reflecting: replica.file).descendant("queue") as? DatabaseQueue)
    let steps = Mutex<[Int64]>([])
    queue.inDatabase { database in
      database.trace { event in
        let step = event.expandedDescription.wholeMatch(
          of: /DELETE FROM kreissync_log WHERE n <= ([0-9]+)/)
        if let through = step.flatMap({ Int64($0.1) }) { steps.withLock { $0.append(through) } }
      }
    }
    try endSession(onDay: 36, secured: 20, backedUpOn: 1)
    let through = steps.withLock { $0 }
    #expect(through.count >= 6)
    #expect(zip(through, through.dropFirst()).allSatisfy { $1 - $0 <= 500 && $1 > $0 })
    #expect(try replica.logCount() <= 1)
  }
}
