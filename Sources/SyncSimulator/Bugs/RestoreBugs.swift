import HubStorage
import ReplicaStorage
import SyncCore

// What went back in time, or is there twice, is taken for what it is not.

/// A restored hub goes on in the history that it had.
final class HistoryNotBegun: HubTap {
  override func begin(_ history: HistoryID, at now: Milliseconds) {}
}

/// What comes back to a restored hub, or is entered in a rebuilt one, counts as written today.
final class FormerOrderForgotten: HubTap {
  override func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    var plan = plan
    plan.rows = plan.rows.map { row in row.mappingVersions { $0.with() } }
    try super.write(plan, at: now, random: random)
  }
}

/// A site keeps to itself what the hub has forgotten.
final class ForgottenNotReturned: ReplicaTap {
  override func nextForgottenBatch() -> ForgottenBatch? { nil }
}

/// A site takes everything for returned with the first batch.
final class ReturnCutShort: ReplicaTap {
  override func returned(_ number: Int64) throws {
    try super.returned(number)
    try updateRecord { $0.returnAfter = nil }
  }
}

/// No log has ever ended: a second copy of a replica counts as a stranger.
final class EndedLogsForgotten: HubTap {
  override func incarnations(of site: SiteID) throws -> [StoredIncarnation] {
    try super.incarnations(of: site).map { known in
      var known = known
      known.endedAt = nil
      return known
    }
  }
}
