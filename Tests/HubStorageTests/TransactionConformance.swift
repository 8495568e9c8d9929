import Foundation
import HubStorage
import SyncCore
import Testing

/// What every engine owes for reads and writes as such.
@Suite("Hub store: transactions")
struct TransactionConformance {
  @Test(
    "writes are alone: two threads that count never count one number twice",
    arguments: HubEngine.all)
  func serialWrites(_ engine: HubEngine) throws {
    let county = try engine.make()
    let other = try county.openAgain()
    let perThread = 40
    let failures = Failures()
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      let store: any HubStore = thread % 2 == 0 ? county : other
      for turn in 0..<perThread {
        failures.note {
          try store.commit { plan in _ = plan.person("p\(thread)-\(turn)", in: "c1") }
        }
      }
    }
    #expect(failures.all.isEmpty)
    try county.read { reader throws in
      let total = Int64(4 * perThread)
      #expect(try reader.counter.seq == total)
      #expect(try reader.counter.tree.size == total)
      #expect(try reader.log(from: 1, limit: 1_000).map(\.seq) == Array(1...total))
      #expect(try reader.transactions(from: 0, limit: 1_000).map(\.firstSeq) == Array(1...total))
      #expect(try reader.rows(of: "c1", after: nil, limit: 1_000).count == Int(total))
    }
  }

  @Test(
    "a body that throws leaves nothing, and its error arrives unchanged",
    arguments: HubEngine.all)
  func throwingBody(_ engine: HubEngine) throws {
    struct Change: Error, Equatable { let reason: String }
    let county = try engine.make()
    try county.fill()
    let before = try county.read { try Everything($0) }
    #expect(throws: Change(reason: "of mind")) {
      try county.write { writer throws in
        var builder = PlanBuilder(after: try writer.counter.seq)
        builder.person("p1", in: "c1", "Overwritten")
        builder.row(TestCounty.person, "p2", in: "c1", nil)
        builder.putCase("c1", lead: "b", epoch: 9, digest: 99)
        builder.putCase("c9", lead: "b", digest: 9)
        builder.grant("c9", to: "b", as: .lead)
        builder.lose(.sample(in: "c9"))
        builder.propose(.sample(in: "c9"))
        try writer.write(builder.plan, at: 1, random: randomBytes)
        try writer.put(.sample("z"))
        try writer.store(
          .sample(site: "a", number: 9), verdicts: [(EntryID(n: 90, tag: 1), .applied)])
        throw Change(reason: "of mind")
      }
    }
    #expect(try county.read { try Everything($0) } == before)
    // The numbers that were taken back are given again.
    let seq = try county.commit { $0.person("p9", in: "c1").lastSeq }
    #expect(seq == before.counter.seq + 1)
    try county.write {
      try $0.store(.sample(site: "a", number: 9), verdicts: [(EntryID(n: 90, tag: 1), .applied)])
    }
  }

  @Test("a read sees one state while writes commit", arguments: HubEngine.all)
  func readSeesOneState(_ engine: HubEngine) throws {
    let county = try engine.make()
    try county.fill()
    try county.read { reader throws in
      let before = try Everything(reader)
      let failures = Failures()
      let isWritten = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        failures.note {
          try county.commit { plan in
            plan.person("p1", in: "c1", "New")
            plan.putCase("c1", lead: "b", epoch: 2, digest: 77)
            plan.grant("c1", to: "c")
            plan.lose(.sample(in: "c1"))
          }
          try county.write { try $0.put(.sample("new site")) }
        }
        isWritten.signal()
      }
      isWritten.wait()
      #expect(failures.all.isEmpty)
      #expect(try Everything(reader) == before)
    }
    try county.read { reader throws in
      #expect(try reader.rows([person("p1")])[person("p1")]?.values.first == .text("New"))
      #expect(try reader.site("new site") != nil)
    }
  }

  @Test("a write sees its own effects", arguments: HubEngine.all)
  func writeSeesItself(_ engine: HubEngine) throws {
    let county = try engine.make()
    try county.write { writer throws in
      var builder = PlanBuilder(after: try writer.counter.seq)
      let row = builder.person("p1", in: "c1")
      builder.putCase("c1", lead: "a", digest: 1)
      try writer.write(builder.plan, at: 1, random: randomBytes)
      #expect(try writer.rows([row.key]) == [row.key: row])
      #expect(try writer.counter.seq == 1)
      var next = PlanBuilder(after: try writer.counter.seq)
      next.person("p2", in: "c1")
      try writer.write(next.plan, at: 2, random: randomBytes)
      let expected = Counter(seq: 2, tree: try writer.naiveHead())
      #expect(try writer.counter == expected)
    }
  }

  @Test("another process sees a commit as soon as the write returns", arguments: HubEngine.all)
  func otherProcess(_ engine: HubEngine) throws {
    let county = try engine.make()
    let other = try county.openAgain()
    for round in 1...5 {
      try county.commit { $0.person("p\(round)", in: "c1") }
      #expect(try other.read { try $0.counter.seq } == Int64(2 * round - 1))
      try other.commit { $0.row(TestCounty.person, "p\(round)", in: "c1", nil) }
      #expect(try county.read { try $0.counter.seq } == Int64(2 * round))
      let row = try county.read { try $0.rows([person("p\(round)")]).values.first }
      #expect(row?.isAlive == false)
    }
  }

  @Test(
    "what nobody waits for the disk with is seen at once, between other writes",
    arguments: HubEngine.all)
  func unsynced(_ engine: HubEngine) throws {
    var county = try engine.make()
    let other = try county.openAgain()
    try county.fill()
    func pending(in store: some HubStore) throws -> Int64? {
      try store.read { try $0.site("a")?.contact.pending }
    }
    for round in 1...3 {
      try county.writeUnsynced { writer throws in
        var site = try #require(try writer.site("a"))
        site.contact.pending = Int64(round)
        try writer.put(site)
      }
      #expect(try pending(in: other) == Int64(round))
      try county.commit { $0.person("q\(round)", in: "c1") }
    }
    struct Thrown: Error {}
    #expect(throws: Thrown.self) {
      try county.writeUnsynced { writer throws in
        var site = try #require(try writer.site("a"))
        site.contact.pending = 9
        try writer.put(site)
        throw Thrown()
      }
    }
    try county.restart()
    #expect(try pending(in: county) == 3)
  }

  @Test("a restart keeps everything", arguments: HubEngine.all)
  func restart(_ engine: HubEngine) throws {
    var county = try engine.make()
    try county.fill()
    let before = try county.read { try Everything($0) }
    try county.restart()
    #expect(try county.read { try Everything($0) } == before)
    #expect(before.rows.count >= 5 && before.log.count >= 8 && !before.proposals.isEmpty)
    try county.commit { $0.person("p9", in: "c1") }
    #expect(try county.read { try $0.counter.tree == $0.naiveHead() })
  }
}

/// Errors of threads that no test watches.
final class Failures: @unchecked Sendable {
  // Every access holds the lock.
  private let lock = NSLock()
  private var errors: [any Error] = []

  var all: [any Error] { lock.withLock { errors } }

  func note(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      lock.withLock { errors.append(error) }
    }
  }
}
