import HubStorage
import SyncCore
import Testing

/// Hand-overs and their cases, as stores keep them.
@Suite("Hub store: hand-overs")
struct HandoverConformance {
  private static func handover(
    _ id: String, state: Handover.State = .proposed, kind: Handover.Kind = .handover,
    proposedAt: Milliseconds = 1_000
  ) -> Handover {
    Handover(
      stored: HandoverID(id),
      Handover.Terms(
        to: "county", kind: kind, effectiveOn: "2025-01-01", effectiveAt: 1_735_686_000_000),
      givers: ["a", "b"], caseCount: 2, proposedAt: proposedAt, progress: .init(state))
  }

  private static var cases: [HandoverCase] {
    ["c1", "c2"].map { HandoverCase(caseID: $0, from: "a", epoch: 3) }
  }

  @Test("a hand-over comes back with all that the county knows of it", arguments: HubEngine.all)
  func roundTrip(_ engine: HubEngine) throws {
    var store = try engine.make()
    var progress = Handover.Progress(.closed)
    progress.answeredBy = "county"
    progress.answeredAt = 2
    progress.answer = "GR 17/2024"
    progress.effectSeq = 3
    progress.tookEffectAt = 4
    progress.confirmedAt = 5
    progress.purgeSeq = 6
    progress.closedAt = 7
    let full = Handover(
      stored: HandoverID("full"),
      Handover.Terms(
        to: "county", kind: .byOrder, effectiveOn: "2025-01-01", effectiveAt: 1_735_686_000_000,
        decision: "KT 3/2024", legalGround: "§ 3 Abs. 2"),
      givers: ["a", "b"], caseCount: 2, proposedAt: 1, progress: progress)
    var moved = HandoverCase(caseID: "c1", from: "a", epoch: 9)
    moved.fate = .moved(isPseudonymous: true)
    moved.row = RowID("r1")
    moved.purgedAt = 8
    var declined = HandoverCase(caseID: "c2", from: "b", epoch: 1)
    declined.fate = .leftOut(.declined)
    declined.answer = "GR 18/2024"
    try store.write { writer throws in
      try writer.put(full)
      try writer.put([declined, moved], of: full.id)
    }
    try store.restart()
    try store.read { reader throws in
      #expect(try reader.handover(full.id) == full)
      #expect(try reader.cases(of: full.id) == [moved, declined], "in the order of their ids")
      #expect(try reader.handover(HandoverID("other")) == nil)
      #expect(try reader.cases(of: HandoverID("other")).isEmpty)
    }
  }

  @Test("every state, kind and fate can be kept", arguments: HubEngine.all)
  func words(_ engine: HubEngine) throws {
    let store = try engine.make()
    for state in Handover.State.allCases {
      for kind in Handover.Kind.allCases {
        let handover = Self.handover("h", state: state, kind: kind)
        try store.write { try $0.put(handover) }
        #expect(try store.read { try $0.handover(handover.id) } == handover)
      }
    }
    let fates =
      [.waiting, .moved(isPseudonymous: false), .moved(isPseudonymous: true)]
      + HandoverCase.Reason.allCases.map { HandoverCase.Fate.leftOut($0) }
    for fate in fates {
      var entry = Self.cases[0]
      entry.fate = fate
      try store.write { [entry] in try $0.put([entry], of: HandoverID("h")) }
      #expect(try store.read { try $0.cases(of: HandoverID("h")) } == [entry])
    }
  }

  @Test(
    "hand-overs are found by their states, in the order in which they were proposed",
    arguments: HubEngine.all)
  func byState(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.write { writer throws in
      try writer.put(Self.handover("z", state: .accepted, proposedAt: 1))
      try writer.put(Self.handover("y", state: .effective, proposedAt: 2))
      try writer.put(Self.handover("x", state: .accepted, proposedAt: 3))
      try writer.put(Self.handover("w", state: .accepted, proposedAt: 3))
    }
    func found(_ states: [Handover.State]) throws -> [String] {
      try store.read { try $0.handovers(in: states).map(\.id.string) }
    }
    #expect(try found([.accepted]) == ["z", "w", "x"])
    #expect(try found([.effective, .accepted]) == ["z", "y", "w", "x"])
    #expect(try found([.closed]).isEmpty)
    #expect(try found([]).isEmpty)
  }

  @Test("a case that is put again replaces itself alone", arguments: HubEngine.all)
  func replacing(_ engine: HubEngine) throws {
    let store = try engine.make()
    let (one, other) = (HandoverID("h1"), HandoverID("h2"))
    try store.write { writer throws in
      for id in [one, other] { try writer.put(Self.cases, of: id) }
    }
    var changed = Self.cases[1]
    changed.fate = .leftOut(.epochMoved)
    try store.write { [changed] in try $0.put([changed], of: one) }
    #expect(try store.read { try $0.cases(of: one) } == [Self.cases[0], changed])
    #expect(try store.read { try $0.cases(of: other) } == Self.cases)
  }

  @Test("a transaction that fails leaves hand-overs as they were", arguments: HubEngine.all)
  func rollback(_ engine: HubEngine) throws {
    struct Failure: Error {}
    let store = try engine.make()
    let handover = Self.handover("h")
    try store.write { writer throws in
      try writer.put(handover)
      try writer.put(Self.cases, of: handover.id)
    }
    var moved = Self.cases
    moved[0].fate = .moved(isPseudonymous: false)
    #expect(throws: Failure.self) {
      try store.write { [moved] writer throws in
        try writer.put(Self.handover("h", state: .effective))
        try writer.put(Self.handover("new"))
        try writer.put(moved, of: handover.id)
        throw Failure()
      }
    }
    try store.read { reader throws in
      #expect(try reader.handovers(in: Handover.State.allCases) == [handover])
      #expect(try reader.cases(of: handover.id) == Self.cases)
    }
  }
}
