package import HubService
import SyncCore

/// Who may work now, who waits and who is sent away: a machine without clock, randomness or I/O.
///
///     arrive ─→ reading ──→ waiting ──→ working ──→ answering ─→ left
///       │          │           │
///       └── 429 ───┴── 503 ────┘
///
/// A request is counted from its head to the last byte of its answer. What it holds of the process
/// is bounded at each step: bytes of its body while they come, a thread while it works, room for
/// its answer from before the work until the answer is written.
///
/// **Fair** is start-time fair queueing: a waiting request has a turn, one behind the last turn of
/// the same party, always behind the turn that is being served. So a party with many requests
/// alternates with the others instead of going before them, and nobody waits for ever: turns only
/// grow. Who is sent away keeps its place for the next try. Counties go before turns: the next
/// thread goes to the county that has the fewest.
package struct Admission {
  /// Whose share a request counts against.
  package enum Party: Hashable, Sendable {
    case site(Caller)
    /// Somebody without a name yet, by address.
    case stranger(String)

    var county: CountyKey? {
      if case .site(let caller) = self { caller.county } else { nil }
    }
  }

  /// What a request needs.
  package enum Work: Hashable, Sendable {
    /// The county's one writer.
    case write
    /// Room for a long answer.
    case read
  }

  /// Names a request while it is there.
  package struct Ticket: Hashable, Sendable {
    fileprivate let number: Int64
  }

  /// Why a request is not served now. Nothing was done: it may be sent again.
  package enum TurnedAway: Error, Hashable, Sendable {
    /// The party's own share is used up.
    case ownShare(retrySeconds: Int)
    /// The hub is full.
    case busy(retrySeconds: Int)
  }

  private enum Stage: Hashable {
    case reading
    case waiting
    case working
    case answering
  }

  /// Where a request stands in line.
  private struct Place: Comparable {
    let turn: Int64
    /// Among those whose turn it is, who came first.
    let arrival: Int64

    static func < (left: Place, right: Place) -> Bool {
      (left.turn, left.arrival) < (right.turn, right.arrival)
    }
  }

  private struct Entry {
    let party: Party
    let work: Work
    var stage = Stage.reading
    /// Valid from ``Stage/waiting`` on.
    var place = Place(turn: 0, arrival: 0)
    var bodyByteCount = 0
    var answerByteCount = 0
  }

  private struct Share {
    var requestCount = 0
    var bodyByteCount = 0
    var answerByteCount = 0
    var lastTurn: Int64 = 0
  }

  let limits: AdmissionLimits
  private var entries: [Ticket: Entry] = [:]
  private var shares: [Party: Share] = [:]
  /// Places of those who were sent away.
  private var keptPlaces: [Party: Place] = [:]
  /// The latest turn that was served.
  private var servedTurn: Int64 = 0
  private var ticketCount: Int64 = 0
  private var turnedAwayCount = 0
  private var bodyByteCount = 0
  private var answerByteCount = 0

  package init(limits: AdmissionLimits) {
    self.limits = limits
  }

  /// Requests that are there, at whatever stage.
  package var requestCount: Int { entries.count }
  /// Nobody is there, and nothing is held.
  package var isEmpty: Bool {
    entries.isEmpty && shares.isEmpty && bodyByteCount == 0 && answerByteCount == 0
  }

  // MARK: Events

  /// A request's head is there and its sender known.
  package mutating func arrive(_ party: Party, for work: Work) -> Result<Ticket, TurnedAway> {
    guard shares[party, default: Share()].requestCount < limits.partyRequestCountMax else {
      return .failure(.ownShare(retrySeconds: nextRetrySeconds()))
    }
    guard entries.count < limits.requestCountMax else {
      return .failure(turnAway(party, from: nextPlace))
    }
    ticketCount += 1
    let ticket = Ticket(number: ticketCount)
    entries[ticket] = Entry(party: party, work: work)
    shares[party, default: Share()].requestCount += 1
    return .success(ticket)
  }

  /// So many more bytes of a body are there. Returns why there is no room for them.
  package mutating func take(_ byteCount: Int, for ticket: Ticket) -> TurnedAway? {
    guard let party = entries[ticket]?.party else { return nil }
    let share = shares[party]!.bodyByteCount + byteCount
    guard share <= limits.partyBodyByteCountMax else {
      return .ownShare(retrySeconds: nextRetrySeconds())
    }
    guard bodyByteCount + byteCount <= limits.bodyByteCountMax else {
      return turnAway(party, from: nextPlace)
    }
    shares[party]!.bodyByteCount = share
    bodyByteCount += byteCount
    entries[ticket]!.bodyByteCount += byteCount
    return nil
  }

  /// The body is whole: the request waits for its turn.
  package mutating func wait(_ ticket: Ticket) {
    guard var entry = entries[ticket], entry.stage == .reading else { return }
    var place = Place(
      turn: max(servedTurn, shares[entry.party]!.lastTurn) + 1, arrival: ticket.number)
    if let kept = keptPlaces.removeValue(forKey: entry.party) { place = min(place, kept) }
    shares[entry.party]!.lastTurn = max(place.turn, shares[entry.party]!.lastTurn)
    entry.place = place
    entry.stage = .waiting
    entries[ticket] = entry
  }

  /// Whose turn has come; they work from now on.
  package mutating func next() -> [Ticket] {
    var begun: [Ticket] = []
    var load = Load(entries.values)
    while load.count < limits.workCountMax, let ticket = firstInLine(beside: load) {
      let entry = entries[ticket]!
      entries[ticket]!.stage = .working
      servedTurn = max(servedTurn, entry.place.turn)
      if entry.work == .read { reserve(limits.answerByteCount, for: ticket) }
      load.add(entry)
      begun.append(ticket)
    }
    return begun
  }

  /// The request has waited as long as it may. Nil if its turn has come meanwhile.
  package mutating func expire(_ ticket: Ticket) -> TurnedAway? {
    guard let entry = entries[ticket], entry.stage == .waiting else { return nil }
    let reason = turnAway(entry.party, from: entry.place)
    leave(ticket)
    return reason
  }

  /// The work is done; the answer, so long, has to be written.
  package mutating func finish(_ ticket: Ticket, answerByteCount: Int) {
    guard let entry = entries[ticket], entry.stage == .working else { return }
    entries[ticket]!.stage = .answering
    release(bodyOf: ticket)
    reserve(answerByteCount - entry.answerByteCount, for: ticket)
  }

  /// The request is over, however it ended. Once is enough, more does not hurt.
  package mutating func leave(_ ticket: Ticket) {
    guard let entry = entries[ticket] else { return }
    release(bodyOf: ticket)
    reserve(-entry.answerByteCount, for: ticket)
    entries[ticket] = nil
    shares[entry.party]!.requestCount -= 1
    // Without requests a party's last turn was served, or it went away: it starts anew.
    if shares[entry.party]!.requestCount == 0 { shares[entry.party] = nil }
  }

  // MARK: Turns

  /// What is in work.
  private struct Load {
    private(set) var count = 0
    private var ofCounty: [CountyKey?: Int] = [:]
    private var writersOfCounty: [CountyKey?: Int] = [:]
    private(set) var readCount = 0

    init(_ entries: some Sequence<Entry>) {
      for entry in entries where entry.stage == .working { add(entry) }
    }

    mutating func add(_ entry: Entry) {
      count += 1
      ofCounty[entry.party.county, default: 0] += 1
      switch entry.work {
      case .write: writersOfCounty[entry.party.county, default: 0] += 1
      case .read: readCount += 1
      }
    }

    func count(of county: CountyKey?) -> Int { ofCounty[county] ?? 0 }
    func writerCount(of county: CountyKey?) -> Int { writersOfCounty[county] ?? 0 }
  }

  private func firstInLine(beside load: Load) -> Ticket? {
    entries.lazy.filter { $0.value.stage == .waiting && mayBegin($0.value, beside: load) }
      .min { rank($0, load) < rank($1, load) }?.key
  }

  private func rank(_ line: (key: Ticket, value: Entry), _ load: Load) -> (Int, Place) {
    (load.count(of: line.value.party.county), line.value.place)
  }

  /// Where somebody would stand who came now.
  private var nextPlace: Place { Place(turn: servedTurn + 1, arrival: ticketCount) }

  private func mayBegin(_ entry: Entry, beside load: Load) -> Bool {
    let county = entry.party.county
    guard load.count(of: county) < limits.countyWorkCountMax else { return false }
    switch entry.work {
    case .write:
      return load.writerCount(of: county) < limits.countyWriteCountMax
    case .read:
      return load.readCount < limits.readWorkCountMax
        && answerByteCount + limits.answerByteCount <= limits.answerByteCountMax
        && shares[entry.party]!.answerByteCount + limits.answerByteCount
          <= limits.partyAnswerByteCountMax
    }
  }

  // MARK: Accounts

  private mutating func release(bodyOf ticket: Ticket) {
    guard let entry = entries[ticket] else { return }
    bodyByteCount -= entry.bodyByteCount
    shares[entry.party]!.bodyByteCount -= entry.bodyByteCount
    entries[ticket]!.bodyByteCount = 0
  }

  private mutating func reserve(_ byteCount: Int, for ticket: Ticket) {
    guard let entry = entries[ticket] else { return }
    answerByteCount += byteCount
    shares[entry.party]!.answerByteCount += byteCount
    entries[ticket]!.answerByteCount += byteCount
  }

  private mutating func turnAway(_ party: Party, from place: Place) -> TurnedAway {
    if case .site = party, keptPlaces.count < limits.keptPlaceCountMax {
      keptPlaces[party] = keptPlaces[party].map { min($0, place) } ?? place
    }
    return .busy(retrySeconds: nextRetrySeconds())
  }

  /// One after the other gets another second, so that they do not come back all at once.
  private mutating func nextRetrySeconds() -> Int {
    turnedAwayCount &+= 1
    let spread = min(max(limits.retrySpreadSecondsMin, entries.count / 8), 60)
    return limits.retrySecondsMin + turnedAwayCount % spread
  }
}
