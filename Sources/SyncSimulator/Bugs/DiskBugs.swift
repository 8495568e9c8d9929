import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore

// What should be durable is not.

/// A batch leaves before it is durable at its site.
final class NoBarrier: ReplicaTap {
  override func buildBatches(
    _ limit: BatchLimit
  ) throws -> (tally: CaptureTally, reachesEnd: Bool) {
    try disk.ignoringSyncs { try super.buildBatches(limit) }
  }
}

/// What a pull brought is not durable when the sidecar says so.
final class ApplyNotSynced: ReplicaTap {
  override func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    try disk.ignoringSyncs { try super.apply(scope, at: now) }
  }
}

/// The hub answers what is not durable yet.
final class HubDoesNotSync: Seams {
  override func store(_ engine: any HubStore, on disk: SimulatedDisk?) -> any HubStore {
    disk.map { UnsyncedStore(engine: engine, disk: Unshared(disk: $0)) } ?? engine
  }
}

private struct UnsyncedStore: HubStore {
  let engine: any HubStore
  let disk: Unshared

  func read<Result: Sendable>(_ body: (any HubReader) throws -> Result) throws -> Result {
    try engine.read(body)
  }

  func write<Result: Sendable>(_ body: (any HubWriter) throws -> Result) throws -> Result {
    try disk.disk.ignoringSyncs { try engine.write(body) }
  }
}

/// A disk in a type that may cross threads.
///
/// Unchecked: a run, its disks and all that stands between its parts live in one thread.
private struct Unshared: @unchecked Sendable {
  let disk: SimulatedDisk
}

/// Nobody looks at the sidecar: a file that went back in time does not show.
final class SidecarNotRead: Seams {
  override func sidecars(_ sidecars: any SidecarStore) -> any SidecarStore {
    UnreadSidecar(store: sidecars)
  }
}

private struct UnreadSidecar: SidecarStore {
  let store: any SidecarStore

  func read() -> Sidecar? { nil }
  func write(_ sidecar: Sidecar) throws { try store.write(sidecar) }
}

extension SimulatedDisk {
  /// Meanwhile the disk says that it synced, and has not.
  fileprivate func ignoringSyncs<Result>(_ body: () throws -> Result) rethrows -> Result {
    faults.ignoresSync = true
    defer { faults.ignoresSync = false }
    return try body()
  }
}
