import SyncCore
import Testing

/// A row that was replaced, or deleted and inserted again, was edited in the columns in which it
/// differs, each time in those.
@Suite("Coalescing: replaced rows")
struct ReplacementTests {
  private static let replaced: [String: Value] = CaptureSample.new

  @Test("a replaced row is edited in what differs, and later edits have their own base")
  func bases() {
    let changes = CaptureSample("e:name i #60 u:worker").coalesced(now: ["p": .there()]).changes
    #expect(
      changes.map(\.summary) == ["update name=new,worker=w @case-a base 50 worker<60 n 3"])
  }

  @Test("a deletion carries what a replacement edited, not the whole row")
  func deleted() {
    for replacing in ["e:name i", "d i", "e:name d i"] {
      var log = CaptureSample(replacing)
      log.add("d", old: Self.replaced)
      let changes = log.coalesced().changes
      #expect(
        changes.map(\.summary) == ["delete name=new @case-a base 50 n \(log.entries.count)"])
    }
  }

  @Test("an old edit does not take the time of a later replacement of other columns")
  func times() {
    let changes = CaptureSample("u:worker e:name i").coalesced(now: ["p": .there()]).changes
    let worker = CountySample.person.number("worker")
    #expect(changes.map(\.editedAt) == [30])
    #expect(changes.first?.columnTimes == [ColumnTime(column: worker, editedAt: 10)])
  }

  @Test("a value that went and came back was edited")
  func thereAndBack() {
    for replacing in ["e i", "d i", "e d i"] {
      var log = CaptureSample(replacing)
      log.add("#60 " + replacing, old: Self.replaced)
      let changes = log.coalesced(now: ["p": .there(CaptureSample.old)]).changes
      #expect(
        changes.map(\.summary) == ["update name=old @case-a base 50 n \(log.entries.count)"])
    }
  }

  @Test("what an update wrote behind a replacement is the update's")
  func updatedBehind() {
    var log = CaptureSample("d i #60 u:worker")
    log.add("#70 d i", old: ["name": "new", "worker": "v", "from": "2025", "to": "2026"])
    let changes = log.coalesced(now: ["p": .there()]).changes
    #expect(
      changes.map(\.summary) == ["update name=new,worker=w @case-a base 50 worker<60 n 5"])
  }

  @Test("a row that is offered whole is an insertion, also behind a replacement")
  func offered() {
    let changes = CaptureSample("e i i").coalesced(now: ["p": .there()]).changes
    #expect(changes.map(\.summary) == ["insert whole @case-a base 50 n 3"])
  }

  // MARK: What an apply does before it writes to the row

  @Test("behind a settlement the hub's values are no edits, and edits of them are")
  func settled() {
    for replacing in ["e:name i", "d i", "e:name d i"] {
      // A pull brings another worker.
      let theirs = Self.replaced.merging(["worker": "theirs"]) { $1 }
      var log = CaptureSample(replacing)
      log.settle(now: ["p": .there()])
      #expect(
        log.coalesced(now: ["p": .there(theirs)]).changes.map { $0.cells.mask.numbers } == [[1]])
      log.add("#60 " + replacing, old: theirs)
      let changes = log.coalesced(now: ["p": .there()]).changes
      let n = log.entries.last!.id.n
      #expect(
        changes.map(\.summary)
          == ["update name=new,worker=w @case-a base 50 worker<60 n \(n)"])
    }
  }

  @Test("a settlement takes notes of nothing away, and leaves rows alone that are wholly unsent")
  func settlements() {
    let key = CountySample.person.key("p")
    func settlement(_ log: String, _ now: LocalRowLookup = .there()) -> Coalescing.Settlement? {
      CaptureSample(log).coalesced(now: ["p": now]).settlements[key]
    }
    #expect(settlement("e")?.void.map(\.n) == [1])
    #expect(settlement("e d i")?.void.map(\.n) == [1])
    #expect(settlement("u:name") == nil)
    for log in ["i", "i d i", "e i i"] { #expect(settlement(log) == nil) }
    #expect(settlement("d i", .there(in: CountySample.caseB)) == nil)
    #expect(settlement("d", .gone) == nil)
  }
}
