import ArgumentParser
import Glibc
import ReplicaAgent
import ReplicaStorage
import SyncCore

/// `site status`: may one trust what one sees?
struct SiteStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Shows whether the replica is up to date and proved equal.")

  @OptionGroup var options: SiteOptions
  @OptionGroup var output: OutputOptions

  /// Longer than a program's own transactions: a lock that outlasts it is one that a session meets.
  private static let busyMilliseconds = 2_000

  func run() throws {
    if try FirstLoadRecord.read(from: options.directory.path) != nil,
      access(options.directory.replicaPath, F_OK) != 0
    {
      throw CommandFailure(
        .deferred, "first_load_unfinished", "the first load of this site has not ended yet",
        hint: "`kreissync site sync` goes on with it where it stopped")
    }
    let file = try ReplicaFile.open(
      at: options.directory.replicaPath, busyMilliseconds: Self.busyMilliseconds)
    let record = try file.record()
    let nextRun = try nextRun()
    let isDamaged =
      try ReplicaCheckFile(directory: options.directory.path).read()?.isDamaged == true
    let light = StatusLight(
      record: record, schemaVersion: file.schema.version, pending: try file.pendingCount(),
      parked: try file.parkedCount(), proposals: try file.waitingProposalCount(),
      heldPurges: try file.heldPurgeCount(), isLocked: try file.isLocked(),
      isDamaged: isDamaged,
      proof: record.lastError == "history_rewritten"
        ? try HistoryProof.latest(in: options.directory.path) : nil,
      now: Surroundings.now())
    let warnings =
      try isDamaged ? WarningReport.none : WarningReport(path: options.directory.replicaPath)
    if output.json {
      printJSON([
        "site": .text(record.site.string), "state": .text(light.state.rawValue),
        "reasons": .list(light.reasons.map { .text($0) }), "pending": .integer(light.pending),
        "cursor": .integer(record.position.seq), "head": .integer(record.head),
        "secured": JSONValue(try file.secured()),
        "parked": .integer(light.parked), "proposals": .integer(light.proposals),
        "last_success": JSONValue(time: record.lastSuccess), "next_run": JSONValue(time: nextRun),
        "warnings": warnings.json,
      ])
    } else {
      print(
        """
        \(record.siteName) (\(record.site)): \(light.state.rawValue)
          reasons       \(light.reasons.isEmpty ? "none" : light.reasons.joined(separator: ", "))
          pending       \(light.pending)
          cursor        \(record.position.seq) of \(record.head)
          parked        \(light.parked)
          proposals     \(light.proposals)
          last success  \(record.lastSuccess.map(rfc3339) ?? "never")
          next run      \(nextRun.map(rfc3339) ?? "by hand: no daemon runs")\(warnings.text)
        """)
    }
  }

  /// When the daemon calls next; nil while none runs.
  private func nextRun() throws -> Milliseconds? {
    guard ProcessLock.isHeld(options.directory.daemonLockPath) else { return nil }
    return try RunRecordFile(directory: options.directory.path).read()?.nextRun
  }
}

/// What green means: nothing pending, at the head of the last session, digests equal, nothing
/// parked, a success within 36 hours.
struct StatusLight: Equatable {
  let state: Light
  let reasons: [String]
  let pending: Int64
  let parked: Int64
  /// Those that wait for this site's decision.
  let proposals: Int64

  init(
    record: ReplicaRecord, schemaVersion: Int, pending: Int64, parked: Int64, proposals: Int64,
    heldPurges: Int64, isLocked: Bool, isDamaged: Bool, proof: String?, now: Milliseconds
  ) {
    self.pending = pending
    self.parked = parked
    self.proposals = proposals
    var yellow: [String] = []
    var red: [String] = []
    if pending > 0 { yellow.append("pending") }
    if record.position.seq < record.head { yellow.append("behind") }
    if parked > 0 { yellow.append("parked") }
    if heldPurges > 0 { yellow.append("purge_held") }
    if proposals > 0 { yellow.append("proposals_open") }
    // A session that met the lock could not write that it did.
    if isLocked { yellow.append(ReplicaError.locked.code) }
    if record.hubSchemaVersion > schemaVersion {
      yellow.append(record.schemaProblem?.rawValue ?? "schema_behind")
    }
    if let age = Sign.ofAge(lastSuccess: record.lastSuccess, at: now) {
      if age.light == .red { red.append(age.reason) } else { yellow.append(age.reason) }
    }
    if isDamaged { red.append(ReplicaError.corrupt.code) }
    if let proof { red.append("proof:\(proof)") }
    if record.digestEqual == false { red.append("digests_unequal") }
    if let error = record.lastError {
      if isDamaged && error == ReplicaError.corrupt.code {
        // Said already.
      } else if ["fork", "cloned", "held", "history_rewritten"].contains(error) {
        red.append(error)
      } else {
        yellow.append(error)
      }
    }
    let isRestored = record.restoredAt.map { now - $0 < Sign.restoreShownFor } ?? false
    state = red.isEmpty ? (yellow.isEmpty ? .green : .yellow) : .red
    // To be known, and nothing to be done.
    reasons = red + yellow + (isRestored ? [SessionEvent.restored.rawValue] : [])
  }
}

/// `site notices`: what became of one's own edits.
struct SiteNotices: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notices", abstract: "Lists what became of edits that were not simply applied.")

  @OptionGroup var options: SiteOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let notices = try ReplicaFile.open(at: options.directory.replicaPath).notices()
    if output.json {
      printJSON(
        .list(
          notices.map {
            [
              "table": .text($0.table), "row": .text($0.row),
              "column": $0.column.map { .text($0) } ?? .null, "verdict": .text($0.verdict),
              "reason": .text($0.reason), "your_value": JSONValue(cell: $0.yourValue),
              "kept_value": JSONValue(cell: $0.keptValue), "at": .text($0.at),
            ]
          }))
    } else {
      print(
        TextTable(
          header: ["at", "table", "row", "column", "verdict", "reason"],
          rows: notices.map {
            [$0.at, $0.table, $0.row, $0.column ?? "–", $0.verdict, $0.reason]
          }
        ).text)
    }
  }
}
