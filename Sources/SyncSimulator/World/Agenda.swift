import HeapModule
import SyncCore
import SyncProtocol

/// What is going to happen when, in a total order: two happenings of one moment keep the order in
/// which they were planned.
struct Agenda {
  private var heap = Heap<Entry>()
  private var plannedCount = 0

  private struct Entry: Comparable {
    let time: Milliseconds
    let order: Int
    let happening: Happening

    static func < (left: Entry, right: Entry) -> Bool {
      (left.time, left.order) < (right.time, right.order)
    }

    static func == (left: Entry, right: Entry) -> Bool { left.order == right.order }
  }

  mutating func plan(_ happening: Happening, at time: Milliseconds) {
    plannedCount += 1
    heap.insert(Entry(time: time, order: plannedCount, happening: happening))
  }

  mutating func next() -> (time: Milliseconds, happening: Happening)? {
    heap.popMin().map { ($0.time, $0.happening) }
  }
}

/// One thing that happens in a simulated county. Sites are named by their place in the list.
enum Happening {
  /// Midnight: the site's day is planned.
  case day(site: Int)
  /// The hub's day: its clock may jump.
  case hubDay
  /// The local program runs a statement.
  case statement(site: Int)
  /// It ends the transaction that it held open.
  case release(site: Int)
  /// It ends a long read.
  case readerLeaves(site: Int)
  case session(site: Int)
  /// The next step of the session with this number, if that one still runs.
  case step(site: Int, run: Int)
  case request(Message)
  case answer(Message, Delivery)
  /// Patience ends for this request.
  case timeout(site: Int, ticket: Int)
  case siteRestarts(site: Int)
  case hubRestarts
  case lineHeals(site: Int)
  case siteReturns(site: Int)
  case diskHeals(machine: Int)
  case lie(site: Int)
}

/// A request on its way.
struct Message {
  let site: Int
  /// Names the request within the run; its answers carry it back.
  let ticket: Int
  let request: ProtocolRequest
}

/// What came of a message at the site's end of the line.
enum Delivery {
  case response(ProtocolResponse)
  case refusedConnection
}
