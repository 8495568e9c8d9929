import Hub
import HubService
import SyncCore
import Testing

@Suite("Admission")
struct AdmissionTests {
  private static let county = CountyKey("08118")

  private static func site(_ name: String, in county: CountyKey = county) -> Admission.Party {
    .site(Caller(county: county, site: SiteID(name)))
  }

  /// A hub with one thread, so that the order of service shows.
  private static var oneThread: AdmissionLimits {
    var limits = AdmissionLimits()
    limits.workCountMax = 1
    limits.countyWorkCountMax = 1
    limits.partyRequestCountMax = 100
    return limits
  }

  /// A request that has its whole body and waits.
  private func queue(
    _ party: Admission.Party, for work: Admission.Work = .write, at admission: inout Admission
  ) throws -> Admission.Ticket {
    let ticket = try admission.arrive(party, for: work).get()
    admission.wait(ticket)
    return ticket
  }

  @Test("A site with many requests alternates with the others instead of going before them")
  func greedy() throws {
    var admission = Admission(limits: Self.oneThread)
    var names: [Admission.Ticket: String] = [:]
    for _ in 0..<4 { names[try queue(Self.site("greedy"), at: &admission)] = "greedy" }
    for name in ["a", "b", "c"] { names[try queue(Self.site(name), at: &admission)] = name }
    var served: [String] = []
    while let ticket = admission.next().first {
      served.append(names[ticket]!)
      admission.leave(ticket)
    }
    #expect(served == ["greedy", "a", "b", "c", "greedy", "greedy", "greedy"])
  }

  @Test("Nobody starves: a waiting request is served although others come back for ever")
  func starvation() throws {
    var admission = Admission(limits: Self.oneThread)
    let first = try queue(Self.site("busy"), at: &admission)
    #expect(admission.next() == [first])
    let patient = try queue(Self.site("patient"), at: &admission)
    var running = first
    for round in 0..<10 {
      // Nine others ask anew the moment they are served.
      for other in 0..<9 { _ = try queue(Self.site("other \(round) \(other)"), at: &admission) }
      admission.leave(running)
      running = try #require(admission.next().first)
      if running == patient { return }
    }
    Issue.record("the patient site was never served")
  }

  @Test("Who was sent away keeps its place for the next try")
  func place() throws {
    var admission = Admission(limits: Self.oneThread)
    let first = try queue(Self.site("first"), at: &admission)
    #expect(admission.next() == [first])
    let late = try queue(Self.site("late"), at: &admission)
    for number in 0..<5 { _ = try queue(Self.site("crowd \(number)"), at: &admission) }
    guard case .busy(let seconds) = admission.expire(late) else {
      Issue.record("it was not sent away")
      return
    }
    #expect(seconds >= 1)
    // Two of the crowd are served meanwhile, and the crowd grows.
    admission.leave(first)
    let second = try #require(admission.next().first)
    for number in 5..<9 { _ = try queue(Self.site("crowd \(number)"), at: &admission) }
    let again = try queue(Self.site("late"), at: &admission)
    admission.leave(second)
    #expect(admission.next() == [again])
  }

  @Test("A site's share bounds its requests and its bytes, and nobody else's")
  func share() throws {
    var limits = AdmissionLimits()
    limits.partyBodyByteCountMax = 100
    var admission = Admission(limits: limits)
    var tickets: [Admission.Ticket] = []
    for _ in 0..<4 { tickets.append(try admission.arrive(Self.site("a"), for: .write).get()) }
    guard case .failure(.ownShare) = admission.arrive(Self.site("a"), for: .write) else {
      Issue.record("a fifth request was admitted")
      return
    }
    #expect(admission.take(60, for: tickets[0]) == nil)
    #expect(admission.take(40, for: tickets[1]) == nil)
    guard case .ownShare = admission.take(1, for: tickets[2]) else {
      Issue.record("more bytes than the share were taken")
      return
    }
    let other = try admission.arrive(Self.site("b"), for: .write).get()
    #expect(admission.take(100, for: other) == nil)
    // What leaves makes room.
    admission.leave(tickets[0])
    #expect(admission.take(60, for: tickets[2]) == nil)
    #expect(throws: Never.self) { try admission.arrive(Self.site("a"), for: .write).get() }
  }

  @Test("A full hub sends away, each a little later, and takes again when somebody leaves")
  func full() throws {
    var limits = AdmissionLimits()
    limits.requestCountMax = 2
    limits.bodyByteCountMax = 10
    var admission = Admission(limits: limits)
    let first = try admission.arrive(Self.site("a"), for: .write).get()
    let second = try admission.arrive(Self.site("b"), for: .write).get()
    var seconds: Set<Int> = []
    for number in 0..<4 {
      guard case .failure(.busy(let retry)) = admission.arrive(Self.site("\(number)"), for: .write)
      else {
        Issue.record("a third request was admitted")
        return
      }
      seconds.insert(retry)
    }
    #expect(seconds.count == 4)
    #expect(admission.take(10, for: first) == nil)
    guard case .busy = admission.take(1, for: second) else {
      Issue.record("more bytes than there is room for were taken")
      return
    }
    admission.leave(first)
    admission.leave(first)
    #expect(admission.requestCount == 1)
    #expect(admission.take(10, for: second) == nil)
  }

  @Test("A county whose writer is busy holds up neither its readers nor another county")
  func counties() throws {
    var limits = AdmissionLimits()
    limits.partyRequestCountMax = 100
    limits.countyWriteCountMax = 1
    limits.countyWorkCountMax = 3
    limits.workCountMax = 4
    limits.answerByteCount = 1
    limits.readWorkCountMax = 4
    var admission = Admission(limits: limits)
    var begun: [Admission.Ticket] = []
    for number in 0..<9 { _ = try queue(Self.site("w\(number)"), at: &admission) }
    begun += admission.next()
    #expect(begun.count == 1)
    for number in 0..<9 { _ = try queue(Self.site("r\(number)"), for: .read, at: &admission) }
    begun += admission.next()
    #expect(begun.count == 3)
    let neighbour = try queue(Self.site("x", in: CountyKey("08226")), at: &admission)
    #expect(admission.next() == [neighbour])
  }

  @Test("The next thread goes to the county that has the fewest")
  func fairCounties() throws {
    var limits = AdmissionLimits()
    limits.workCountMax = 4
    limits.countyWorkCountMax = 4
    limits.countyWriteCountMax = 4
    limits.partyRequestCountMax = 100
    var admission = Admission(limits: limits)
    let other = CountyKey("08226")
    for number in 0..<8 { _ = try queue(Self.site("a\(number)"), at: &admission) }
    var theirs: Set<Admission.Ticket> = []
    for number in 0..<8 {
      theirs.insert(try queue(Self.site("b\(number)", in: other), at: &admission))
    }
    #expect(admission.next().count { theirs.contains($0) } == 2)
  }

  @Test("A read begins only when there is room for its answer, and holds it until it is written")
  func answers() throws {
    var limits = AdmissionLimits()
    limits.answerByteCount = 10
    limits.answerByteCountMax = 20
    limits.partyAnswerByteCountMax = 10
    var admission = Admission(limits: limits)
    let first = try queue(Self.site("a"), for: .read, at: &admission)
    let second = try queue(Self.site("a"), for: .read, at: &admission)
    let third = try queue(Self.site("b"), for: .read, at: &admission)
    let fourth = try queue(Self.site("c"), for: .read, at: &admission)
    #expect(admission.next() == [first, third])
    // A short answer gives its room back at once, a long one when it has been written.
    admission.finish(third, answerByteCount: 0)
    #expect(admission.next() == [fourth])
    admission.finish(first, answerByteCount: 8)
    #expect(admission.next() == [])
    admission.leave(first)
    #expect(admission.next() == [second])
  }

  @Test("Whatever happens in whatever order, what left holds nothing")
  func accounts() throws {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<200 {
      var limits = AdmissionLimits()
      limits.requestCountMax = 6
      limits.workCountMax = 2
      limits.bodyByteCountMax = 100
      limits.partyBodyByteCountMax = 50
      limits.answerByteCount = 5
      limits.answerByteCountMax = 12
      limits.partyAnswerByteCountMax = 9
      var admission = Admission(limits: limits)
      var there: [Admission.Ticket] = []
      for _ in 0..<300 {
        let party = Self.site("\(Int.random(in: 0..<3, using: &generator))")
        let some = there.randomElement(using: &generator)
        switch Int.random(in: 0..<7, using: &generator) {
        case 0, 1:
          let work: Admission.Work = Bool.random(using: &generator) ? .read : .write
          if case .success(let ticket) = admission.arrive(party, for: work) { there.append(ticket) }
        case 2: _ = some.map { admission.take(Int.random(in: 1...20, using: &generator), for: $0) }
        case 3: _ = some.map { admission.wait($0) }
        case 4: _ = some.map { admission.finish($0, answerByteCount: 3) }
        case 5:
          if let some, admission.expire(some) != nil { there.removeAll { $0 == some } }
        default:
          if let some {
            admission.leave(some)
            there.removeAll { $0 == some }
          }
        }
        _ = admission.next()
        #expect(admission.requestCount == there.count)
      }
      for ticket in there { admission.leave(ticket) }
      #expect(admission.isEmpty)
    }
  }
}

@Suite("Connections")
struct ConnectionTableTests {
  private static func site(_ name: String) -> Caller {
    Caller(county: CountyKey("08118"), site: SiteID(name))
  }

  @Test("When all places are taken, whoever holds the most makes room for who holds less")
  func full() {
    var table = ConnectionTable<Int>(countMax: 5)
    for id in 1...4 { #expect(table.open(id, from: "10.0.0.1") == .stays) }
    #expect(table.open(5, from: "10.0.0.2") == .stays)
    #expect(table.open(6, from: "10.0.0.3") == .staysInsteadOf(1))
    #expect(table.open(7, from: "10.0.0.1") == .isClosed)
    table.close(5)
    #expect(table.open(8, from: "10.0.0.1") == .stays)
    #expect(table.count == 5)
  }

  @Test("Where everybody holds one, the newcomer goes and nobody is disturbed")
  func allEqual() {
    var table = ConnectionTable<Int>(countMax: 3)
    for id in 1...3 { #expect(table.open(id, from: "10.0.0.\(id)") == .stays) }
    #expect(table.open(4, from: "10.0.0.4") == .isClosed)
  }

  @Test("A site's fifth connection ends its first, and counts no more for the address")
  func ofSite() {
    var table = ConnectionTable<Int>(countMax: 6)
    for id in 1...5 {
      #expect(table.open(id, from: "10.0.0.1") == .stays)
      #expect(table.name(id, as: Self.site("a")) == (id == 5 ? 1 : nil))
      #expect(table.name(id, as: Self.site("a")) == nil)
    }
    #expect(table.count == 4)
    // Two of that address without a name: less than the site has.
    #expect(table.open(6, from: "10.0.0.1") == .stays)
    #expect(table.open(7, from: "10.0.0.1") == .stays)
    #expect(table.open(8, from: "10.0.0.1") == .staysInsteadOf(2))
    // One connection may serve several sites, one after the other: the last one counts.
    #expect(table.name(3, as: Self.site("b")) == nil)
  }
}
