import Glibc
import ReplicaAgent
import SyncCore
import SyncProtocol

/// Changes on their whole way: the municipality's session captures, folds, sends; the hub decides,
/// logs, proves; the office's session brings them into its replica. The baseline writes the same
/// rows into one plain file, in one durable transaction sorted by table and key.
extension Scenario {
  static let changes = Scenario(
    id: "B6", title: "10,000 changes of 312,000 rows, from replica to replica",
    baseline: "raw apply of the same operations"
  ) { stage in
    let changes = try [(false, 1.6), (true, 2.0)].map { isServed, target in
      let county = try stage.county(of: 40, isServed: isServed)
      return Measurement(
        isServed ? "over HTTPS" : "in process",
        .times(try county.compareDelta(.changes(10_000)).times), target: target)
    }
    // No target: the extension neither captures beside other programs nor decides nor proves.
    let county = try stage.county(of: 40)
    return changes + [
      Measurement(
        "in process, to the session extension's apply",
        .times(try county.compareChangesets(.changes(10_000))), target: .infinity)
    ]
  }

  static let caseloadSize = Scenario(
    id: "B8", title: "2,028 changes in small and large caseloads",
    baseline: "the ratio to raw apply at 78,000 rows"
  ) { stage in
    let small = try stage.county(of: 10).compareDelta(.changes(2_028)).times
    return try [40, 160].map { count in
      let county = try stage.county(of: count)
      return Measurement(
        "at \(county.workload.rowCount) rows",
        .growth(from: small, to: try county.compareDelta(.changes(2_028)).times), target: 1.25)
    }
  }

  static let deltaSize = Scenario(
    id: "B9", title: "1,000, 10,000 and 100,000 changes of 312,000 rows",
    baseline: "raw apply of the same operations"
  ) { stage in
    let county = try stage.county(of: 40)
    var middle: Int64 = 0
    return try [(1_000, 2.5), (10_000, 1.6), (100_000, 1.4)].map { count, target in
      let measured = try county.compareDelta(.changes(count))
      var measurement = Measurement("\(count) changes", .times(measured.times), target: target)
      measurement.peakByteCount = measured.peakByteCount
      if count == 10_000 { middle = measured.peakByteCount }
      if count == 100_000 {
        measurement.limits = [
          Measurement.Limit(
            name: "resident_bytes", value: Double(measured.peakByteCount),
            most: Double(middle) * 1.25)
        ]
      }
      return measurement
    }
  }

  static let conflicts = Scenario(
    id: "B14", title: "5,000 updates that all conflict",
    baseline: "the same session where the other site wrote another column"
  ) { stage in
    let county = try stage.county(of: 10)
    return [
      Measurement(
        "the lead's session", .times(try county.compareConflicts(5_000)), target: 1.5)
    ]
  }

  static let deltaBytes = Scenario(
    id: "B11", title: "bytes of a night of 312,000 rows", baseline: "changed cells, zstd -3"
  ) { stage in
    let county = try stage.county(of: 40)
    let size = DeltaSize.nightly(of: county.workload.rowCount)
    let (sent, cells) = try county.lineBytes(size)
    return [
      Measurement("both ways", .bytes(candidate: sent, baseline: cells), target: 1.15)
    ]
  }
}

extension MeasuredCounty {
  /// A delta from replica to replica against its raw apply, and the most memory that it took: of
  /// the hub and two sites in one process.
  func compareDelta(_ size: DeltaSize) throws -> (times: Comparison, peakByteCount: Int64) {
    let plain = try RawDatabase(plainPath)
    return try compareDelta(size) { list in
      let statements = try list.prepare(on: plain)
      let cost = try Stopwatch().measure { try list.runAsOne(on: plain, statements) }
      try plain.checkpoint()
      return cost
    }
  }

  /// The same against the session extension: it applies to a copy of the plain file what it has
  /// recorded while the plain file was written. Only the apply is measured.
  func compareChangesets(_ size: DeltaSize) throws -> Comparison {
    let plain = try RawDatabase(plainPath)
    let copyPath = "\(directory)/changesets.sqlite"
    try plain.execute("VACUUM INTO '\(copyPath)'")
    defer { for suffix in ["", "-wal", "-shm"] { unlink(copyPath + suffix) } }
    let copy = try RawDatabase(copyPath)
    return try compareDelta(size) { list in
      let changeset = try plain.changeset {
        try list.runAsOne(on: plain, try list.prepare(on: plain))
      }
      let cost = try Stopwatch().measure { try copy.apply(changeset) }
      for database in [plain, copy] { try database.checkpoint() }
      return cost
    }.times
  }

  private func compareDelta(
    _ size: DeltaSize, baseline: (OperationList) throws -> Cost
  ) throws -> (times: Comparison, peakByteCount: Int64) {
    var peak: Int64 = 0
    let comparison = try stage.compare("\(size.count) changes of \(workload.rowCount) rows") { _ in
      let list = edits.next(size)
      return (list: list, captured: try municipality.write(list))
    } baseline: { work in
      try baseline(work.list)
    } candidate: { work in
      let memory = PeakMemory()
      try memory.reset()
      let cost = try Stopwatch(with: founding.hubProcess).measure {
        let sent = try municipality.sync()
        let received = try office.sync()
        guard sent.captured == work.captured, received.rowsPulled == work.captured,
          received.digestEqual
        else { throw BenchmarkError("not every change went through: nothing was measured") }
      }
      peak = max(peak, try memory.read())
      return cost
    }
    return (comparison, peak)
  }

  /// The lead's session behind another site's edits: of the same column of the same rows, or of
  /// another one.
  func compareConflicts(_ count: Int) throws -> Comparison {
    func session(behind column: String) throws -> Cost {
      try settle()
      let theirs = edits.goals(count, column: column)
      let ours = edits.goals(count, column: "target_date")
      let captured = try municipality.write(ours)
      try office.write(theirs)
      try office.sync()
      return try Stopwatch().measure {
        let report = try municipality.sync()
        guard report.captured == captured, report.digestEqual else {
          throw BenchmarkError("not every change went through: nothing was measured")
        }
      }
    }
    return try stage.compare("\(count) conflicts") { _ in
    } baseline: {
      try session(behind: "step_owner")
    } candidate: {
      try session(behind: "target_date")
    }
  }

  /// What a night takes on a compressed line, beside its changed cells alone.
  func lineBytes(_ size: DeltaSize) throws -> (sent: Int64, cells: Int64) {
    let list = edits.next(size)
    try municipality.write(list)
    let plain = try RawDatabase(plainPath)
    try list.runAsOne(on: plain, try list.prepare(on: plain))
    municipality.link.reset()
    municipality.link.countsBytes = true
    defer { municipality.link.countsBytes = false }
    try municipality.sync()
    return (municipality.link.byteCount, Int64(try Zstd.compress(list.changedCells()).count))
  }
}
