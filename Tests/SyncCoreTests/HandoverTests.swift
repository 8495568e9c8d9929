import SyncCore
import Testing

/// The states of a hand-over: each cell of the table in ``Handover``'s documentation.
@Suite("Hand-over: its states")
struct HandoverTests {
  private static let a = SiteID("a")
  private static let b = SiteID("b")
  private static let county = SiteID("county")
  private static let midnight: Milliseconds = 1_000

  private static func handover(
    kind: Handover.Kind = .handover, decision: String? = nil
  ) throws -> Handover {
    try Handover(
      HandoverID("h"),
      Handover.Terms(
        to: county, kind: kind, effectiveOn: "2025-01-01", effectiveAt: midnight,
        decision: decision),
      cases: cases, at: 10)
  }

  private static let cases = [
    HandoverCase(caseID: CaseID("c1"), from: a, epoch: 1),
    HandoverCase(caseID: CaseID("c2"), from: b, epoch: 4),
  ]

  private static var moved: [HandoverCase] {
    cases.map {
      var entry = $0
      entry.fate = .moved(isPseudonymous: false)
      return entry
    }
  }

  /// A hand-over that has come as far as that.
  private static func handover(_ state: Handover.State) throws -> Handover {
    var handover = try handover()
    var cases = cases
    switch state {
    case .proposed: break
    case .declined: _ = try handover.decline(by: .hub, answer: nil, cases: &cases, at: 20)
    case .withdrawn: _ = try handover.withdraw(answer: nil, at: 20)
    case .accepted, .effective, .closed:
      _ = try handover.accept(by: county, answer: "GR 1", at: 20)
      guard state != .accepted else { break }
      handover.takeEffect(moved, seq: 50, at: midnight)
      guard state != .effective else { break }
      handover.confirm(orderedBy: 60, at: 2_000)
      handover.closeIfPurged(
        moved.map {
          var entry = $0
          entry.purgedAt = 3_000
          return entry
        }, at: 3_000)
    }
    #expect(handover.state == state)
    return handover
  }

  @Test
  func `what is proposed names who gives, and begins accepted only by order`() throws {
    let proposed = try Self.handover()
    #expect(proposed.state == .proposed && proposed.givers == [Self.a, Self.b])
    #expect(proposed.caseCount == 2 && proposed.progress.answeredBy == nil)
    let ordered = try Self.handover(kind: .byOrder, decision: "KT 3")
    #expect(ordered.state == .accepted && ordered.progress.answeredBy == .hub)
    #expect(ordered.progress.answer == "KT 3")
    for decision in [nil, ""] {
      #expect(throws: HandoverRefusal.decisionNeeded) {
        try Self.handover(kind: .byOrder, decision: decision)
      }
    }
  }

  @Test
  func `no cases, too many, the receiver's own and long texts are refused`() throws {
    func propose(_ cases: [HandoverCase], decision: String? = nil) throws {
      _ = try Handover(
        HandoverID("h"),
        Handover.Terms(
          to: Self.county, kind: .handover, effectiveOn: "2025-01-01", effectiveAt: 0,
          decision: decision),
        cases: cases, at: 0)
    }
    #expect(throws: HandoverRefusal.noCases) { try propose([]) }
    let many = (0...Handover.caseCountMax).map {
      HandoverCase(caseID: CaseID("c\($0)"), from: Self.a, epoch: 1)
    }
    #expect(throws: HandoverRefusal.tooManyCases) { try propose(many) }
    #expect(throws: Never.self) { try propose(Array(many.dropLast())) }
    let own = HandoverCase(caseID: CaseID("own"), from: Self.county, epoch: 1)
    #expect(throws: HandoverRefusal.leadsAlready(own.caseID)) { try propose(Self.cases + [own]) }
    let text = String(repeating: "ü", count: Handover.textByteCountMax / 2)
    #expect(throws: Never.self) { try propose(Self.cases, decision: text) }
    #expect(throws: HandoverRefusal.textTooLong) { try propose(Self.cases, decision: text + "x") }
  }

  @Test
  func `accept, decline and withdraw do in each state what the table says`() throws {
    enum Outcome: Equatable {
      case becomes(Handover.State)
      case stays
      case refused(HandoverRefusal)
    }
    func outcome(
      _ state: Handover.State, _ answer: (inout Handover) throws -> Bool
    ) throws -> Outcome {
      var handover = try Self.handover(state)
      do {
        guard try answer(&handover) else { return .stays }
        return .becomes(handover.state)
      } catch let refusal as HandoverRefusal {
        #expect(try Self.handover(state) == handover, "what is refused changes nothing")
        return .refused(refusal)
      }
    }
    let accepts: [Handover.State: Outcome] = [
      .proposed: .becomes(.accepted), .accepted: .stays, .effective: .stays, .closed: .stays,
      .declined: .refused(.over(.declined)), .withdrawn: .refused(.over(.withdrawn)),
    ]
    let declines: [Handover.State: Outcome] = [
      .proposed: .becomes(.declined), .declined: .stays, .accepted: .refused(.accepted),
      .effective: .refused(.accepted), .closed: .refused(.accepted),
      .withdrawn: .refused(.over(.withdrawn)),
    ]
    let withdraws: [Handover.State: Outcome] = [
      .proposed: .becomes(.withdrawn), .withdrawn: .stays, .accepted: .refused(.accepted),
      .effective: .refused(.effective), .closed: .refused(.effective),
      .declined: .refused(.over(.declined)),
    ]
    for state in Handover.State.allCases {
      #expect(
        try outcome(state) { try $0.accept(by: .hub, answer: nil, at: 99) } == accepts[state])
      #expect(
        try outcome(state) { handover in
          var cases = Self.cases
          return try handover.decline(by: .hub, answer: nil, cases: &cases, at: 99)
        } == declines[state])
      #expect(try outcome(state) { try $0.withdraw(answer: nil, at: 99) } == withdraws[state])
    }
    #expect(
      try outcome(.accepted) { try $0.withdraw(answer: "KT 4", at: 99) } == .becomes(.withdrawn))
  }

  @Test
  func `the receiver accepts, the parties decline, others do nothing`() throws {
    var handover = try Self.handover()
    var cases = Self.cases
    #expect(throws: HandoverRefusal.onlyTheReceiver) {
      try handover.accept(by: Self.a, answer: nil, at: 20)
    }
    #expect(throws: HandoverRefusal.onlyParties) {
      try handover.decline(by: SiteID("other"), answer: nil, cases: &cases, at: 20)
    }
    #expect(try handover.accept(by: Self.county, answer: "GR 1", at: 20))
    #expect(handover.progress.answeredBy == Self.county && handover.progress.answer == "GR 1")
    handover = try Self.handover()
    #expect(try handover.decline(by: Self.county, answer: "GR 2", cases: &cases, at: 20))
    #expect(handover.state == .declined && handover.progress.answer == "GR 2")
  }

  @Test
  func `a giving site that declines keeps its own cases, the last one ends it`() throws {
    var handover = try Self.handover()
    var cases = Self.cases
    #expect(try handover.decline(by: Self.a, answer: "GR 2", cases: &cases, at: 20))
    #expect(handover.state == .proposed)
    #expect(cases.map(\.fate) == [.leftOut(.declined), .waiting])
    #expect(cases.map(\.answer) == ["GR 2", nil])
    #expect(try !handover.decline(by: Self.a, answer: "again", cases: &cases, at: 21))
    #expect(cases[0].answer == "GR 2")
    #expect(try handover.decline(by: Self.b, answer: "GR 3", cases: &cases, at: 22))
    #expect(handover.state == .declined && handover.progress.answeredBy == Self.b)
  }

  @Test
  func `only an accepted one is due, and from its very date on`() throws {
    for state in Handover.State.allCases {
      let handover = try Self.handover(state)
      #expect(handover.isDue(at: Self.midnight) == (state == .accepted))
      #expect(!handover.isDue(at: Self.midnight - 1))
    }
  }

  @Test
  func `it closes behind the last receipt, or at once where nothing moved`() throws {
    var handover = try Self.handover(.effective)
    #expect(!handover.isConfirmed(by: Self.county, cursor: 49))
    #expect(!handover.isConfirmed(by: Self.a, cursor: 50))
    #expect(handover.isConfirmed(by: Self.county, cursor: 50))
    handover.closeIfPurged(Self.moved, at: 55)
    #expect(handover.state == .effective)
    handover.confirm(orderedBy: 60, at: 56)
    #expect(!handover.isConfirmed(by: Self.county, cursor: 61), "once is enough")
    var cases = Self.moved
    cases[0].purgedAt = 57
    handover.closeIfPurged(cases, at: 58)
    #expect(handover.state == .effective)
    cases[1].fate = .leftOut(.epochMoved)
    handover.closeIfPurged(cases, at: 59)
    #expect(handover.state == .closed && handover.progress.closedAt == 59)

    var empty = try Self.handover(.accepted)
    empty.takeEffect(Self.cases, seq: 50, at: 1_234)
    #expect(empty.state == .closed && empty.progress.closedAt == 1_234)
  }

  // MARK: The effect

  private static func stored(
    _ id: String, lead: SiteID = a, epoch: Int64 = 1
  ) -> StoredCase {
    StoredCase(id: CaseID(id), lead: lead, epoch: epoch, epochSince: 0, digests: .zero)
  }

  private static func effect(
    on stored: StoredCase?, fate: HandoverCase.Fate = .waiting, isReceiverThere: Bool = true,
    mayBeKnown: Bool = true, rowEpoch: Int64 = 0
  ) -> HandoverEffect {
    var named = HandoverCase(caseID: CaseID("c1"), from: a, epoch: 1)
    named.fate = fate
    return HandoverEffect(
      on: [named], stored: stored.map { [named.caseID: $0] } ?? [:],
      isReceiverThere: isReceiverThere
    ) { _ in
      HandoverEffect.Circumstances(mayBeKnown: mayBeKnown, rowEpoch: rowEpoch)
    }
  }

  @Test
  func `each case moves or is left out with the reason that the table names`() {
    let present = Self.stored("c1")
    func fate(_ effect: HandoverEffect) -> HandoverCase.Fate {
      #expect(effect.moving.isEmpty != effect.cases[0].isMoved)
      return effect.cases[0].fate
    }
    #expect(fate(Self.effect(on: present)) == .moved(isPseudonymous: false))
    let pseudonymous = Self.effect(on: present, mayBeKnown: false)
    #expect(fate(pseudonymous) == .moved(isPseudonymous: true))
    #expect(pseudonymous.pseudonymous == [present.id])
    #expect(fate(Self.effect(on: nil)) == .leftOut(.unknownCase))
    #expect(fate(Self.effect(on: Self.stored("c1", epoch: 2))) == .leftOut(.epochMoved))
    #expect(fate(Self.effect(on: Self.stored("c1", lead: Self.b))) == .leftOut(.leadChanged))
    #expect(fate(Self.effect(on: present, isReceiverThere: false)) == .leftOut(.receiverGone))
    #expect(fate(Self.effect(on: present, rowEpoch: 2)) == .leftOut(.rowsDisagree))
    #expect(fate(Self.effect(on: present, rowEpoch: 1)) == .moved(isPseudonymous: false))
    #expect(fate(Self.effect(on: present, fate: .leftOut(.declined))) == .leftOut(.declined))
  }
}
