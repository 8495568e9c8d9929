import SyncCore

/// A county's hand-overs in memory.
struct HandoverMemory: Sendable {
  private var byID: [HandoverID: Handover] = [:]
  private var casesByID: [HandoverID: [CaseID: HandoverCase]] = [:]

  subscript(id: HandoverID) -> Handover? { byID[id] }

  func all(in states: [Handover.State]) -> [Handover] {
    byID.values.filter { states.contains($0.state) }.sorted {
      ($0.proposedAt, $0.id) < ($1.proposedAt, $1.id)
    }
  }

  func cases(of handover: HandoverID) -> [HandoverCase] {
    (casesByID[handover] ?? [:]).values.sorted { $0.caseID < $1.caseID }
  }

  mutating func put(_ handover: Handover) {
    byID[handover.id] = handover
  }

  mutating func put(_ cases: [HandoverCase], of handover: HandoverID) {
    for entry in cases { casesByID[handover, default: [:]][entry.caseID] = entry }
  }
}

extension InMemoryHubTransaction {
  func handovers(in states: [Handover.State]) -> [Handover] { memory.handovers.all(in: states) }
  func handover(_ id: HandoverID) -> Handover? { memory.handovers[id] }
  func cases(of handover: HandoverID) -> [HandoverCase] { memory.handovers.cases(of: handover) }
}
