import Foundation
import Glibc
import Logging
import Replica
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

/// The daemon's work on one site's directory: waits, runs a session, waits again.
///
///     outside ─(the directory's lock)→ waiting ─(due)→ session ─→ waiting …
///
/// Nothing that one directory does reaches another: what fails here is logged, kept in
/// `agent.json`, and tried again as ``RunPlan`` says.
final class SiteAgent: Sendable {
  private let directory: SiteDirectory
  private let stop: StopSignal
  private let logger: Logger

  /// The wall clock is looked at this often: it may be set, and machines sleep.
  private static let lookMilliseconds: Milliseconds = 60_000
  /// A look at the replica is no session: a program that holds it is not waited for.
  private static let lookBusyMilliseconds = 500

  init(_ directory: SiteDirectory, until stop: StopSignal, logger: Logger) {
    self.directory = directory
    self.stop = stop
    self.logger = logger
  }

  /// Returns when the daemon is to end.
  func run() {
    guard let lock = waitForLock() else { return }
    defer { withExtendedLifetime(lock) {} }
    var state = begin()
    while !stop.isSet {
      let now = Surroundings.now()
      look(&state, at: now)
      let next = state.plan.nextRun(by: state.schedule, for: state.site, at: now)
      if next <= now {
        runSession(&state)
      } else {
        keep(&state, next: next)
        stop.wait(atMost: min(next - now, Self.lookMilliseconds))
      }
    }
  }

  /// What the agent knows between two looks.
  private struct State {
    var plan: RunPlan
    var schedule: SiteSchedule = .nightly
    /// Only spreads the times of calling: before the replica was ever read, the path does.
    var site: SiteID
    var lastFailure: String?
    /// What a person does to mend a failure changes one of these files.
    var mendMarks: [FileMark] = []
    /// What stands in `agent.json`.
    var kept: RunRecord?
    var isAnnounced = false
  }

  /// Another daemon on the same directory is waited for.
  private func waitForLock() -> ProcessLock? {
    var isReported = false
    while !stop.isSet {
      do {
        if let lock = try ProcessLock(directory.daemonLockPath) { return lock }
        if !isReported { logger.warning("another_daemon_runs") }
      } catch {
        // It may be a disk that is not mounted yet.
        if !isReported { logger.error("directory_unusable", metadata: Self.fields(of: error)) }
      }
      isReported = true
      stop.wait(atMost: Self.lookMilliseconds / 4)
    }
    return nil
  }

  private func begin() -> State {
    var record: RunRecord?
    do {
      record = try RunRecordFile(directory: directory.path).read()
    } catch {
      // It only says when to call next: now.
      logger.warning("run_record_unreadable", metadata: Self.fields(of: error))
    }
    return State(
      plan: record?.plan ?? RunPlan(), site: SiteID(directory.path),
      lastFailure: record?.lastFailure, mendMarks: marks(), kept: record)
  }

  /// Takes in what changed outside: settings, a session by hand, a repair.
  private func look(_ state: inout State, at now: Milliseconds) {
    var lastSuccess: Milliseconds?
    do {
      state.schedule = try directory.configuration().schedule
      let replica = try ReplicaFile.open(
        at: directory.replicaPath, busyMilliseconds: Self.lookBusyMilliseconds
      ).record()
      state.site = replica.site
      lastSuccess = replica.lastSuccess
    } catch {
      // The session that is due says what is wrong; until then the last known stands.
      logger.debug("look_failed", metadata: Self.fields(of: error))
    }
    state.plan.look(at: now, lastSuccess: lastSuccess, by: state.schedule)
    let marks = marks()
    if marks != state.mendMarks, state.lastFailure != nil {
      state.plan = RunPlan()
      logger.notice("directory_changed")
    }
    state.mendMarks = marks
  }

  private func runSession(_ state: inout State) {
    let start = Surroundings.now()
    logger.info("session_started", metadata: ["site": .string(state.site.string)])
    var fields: Logger.Metadata = [:]
    let outcome: RunPlan.Outcome
    do {
      let end = try directory.alone {
        try SiteSession(in: directory, until: { [stop] in stop.isSet }).run()
      }
      report(end.renewal, hasRecovered: end.hasRecovered, at: state.site)
      fields["bytes_sent"] = .stringConvertible(end.byteCountSent)
      fields["bytes_received"] = .stringConvertible(end.byteCountReceived)
      switch end.outcome {
      case .success(let report):
        fields.merge(report.logFields) { $1 }
        outcome = .succeeded
        state.lastFailure = nil
      case .failure(SessionError.stopped):
        return
      case .failure(let error):
        outcome = RunPlan.Outcome(error, retryAfterSeconds: end.retryAfterSeconds)
        take(error, &state, &fields)
      }
    } catch let failure as CommandFailure {
      outcome = failure.exit == .deferred ? .failedForNow(retryAfter: nil) : .failedUntilMended
      take(failure, &state, &fields)
    } catch {
      outcome = RunPlan.Outcome(error, retryAfterSeconds: nil)
      take(error, &state, &fields)
    }
    let now = Surroundings.now()
    state.plan.end(outcome, at: now, draw: Surroundings.draw)
    let next = state.plan.nextRun(by: state.schedule, for: state.site, at: now)
    fields["site"] = .string(state.site.string)
    fields["milliseconds"] = .stringConvertible(now - start)
    fields["next_run"] = .string(rfc3339(next))
    if let retry = state.plan.retry { fields["failures"] = .stringConvertible(retry.failureCount) }
    if state.lastFailure == nil {
      logger.notice("session_ended", metadata: fields)
    } else {
      logger.warning("session_failed", metadata: fields)
    }
    keep(&state, next: next)
  }

  private func report(
    _ renewal: Result<Void, EnrolmentError>?, hasRecovered: Bool, at site: SiteID
  ) {
    if hasRecovered {
      logger.notice("certificate_recovered", metadata: ["site": .string(site.string)])
    }
    switch renewal {
    case nil: break
    case .success: logger.notice("certificate_renewed", metadata: ["site": .string(site.string)])
    case .failure(let error):
      // The next session tries again; ten days of tries are left.
      logger.warning("certificate_not_renewed", metadata: Self.fields(of: error))
    }
  }

  private func take(_ error: any Error, _ state: inout State, _ fields: inout Logger.Metadata) {
    fields.merge(Self.fields(of: error)) { $1 }
    state.lastFailure = CommandFailure(translating: error).code
    state.mendMarks = marks()
  }

  /// Durable, so that a restart goes on where this one stopped.
  private func keep(_ state: inout State, next: Milliseconds) {
    let record = RunRecord(plan: state.plan, nextRun: next, lastFailure: state.lastFailure)
    if next != state.kept?.nextRun || !state.isAnnounced {
      logger.info("waiting", metadata: ["next_run": .string(rfc3339(next))])
      state.isAnnounced = true
    }
    guard record != state.kept else { return }
    do {
      try RunRecordFile(directory: directory.path).write(record)
      state.kept = record
    } catch {
      // A full disk: the plan goes on in memory.
      logger.debug("run_record_not_kept", metadata: Self.fields(of: error))
    }
  }

  private func marks() -> [FileMark] {
    [directory.configurationPath, directory.path + "/site.crt"].map(FileMark.init)
  }

  /// Code and message of a failure: neither ever has a value.
  private static func fields(of error: any Error) -> Logger.Metadata {
    let failure = CommandFailure(translating: error)
    return ["code": .string(failure.code), "message": .string(failure.message)]
  }
}

/// Which version of a file stands at a path.
private struct FileMark: Equatable {
  private let node: UInt64
  private let seconds: Int
  private let nanoseconds: Int

  init(_ path: String) {
    var status = stat()
    let isThere = stat(path, &status) == 0
    node = isThere ? UInt64(status.st_ino) : 0
    seconds = isThere ? Int(status.st_mtim.tv_sec) : 0
    nanoseconds = isThere ? Int(status.st_mtim.tv_nsec) : 0
  }
}

extension SessionReport {
  /// The sums of the contract, for the log.
  fileprivate var logFields: Logger.Metadata {
    var fields: Logger.Metadata = [
      "captured": .stringConvertible(captured), "coalesced": .stringConvertible(coalesced),
      "withheld": .stringConvertible(withheld), "parked": .stringConvertible(parked),
      "rows_pulled": .stringConvertible(rowsPulled),
      "cases_granted": .stringConvertible(casesGranted),
      "cases_purged": .stringConvertible(casesPurged), "seq": .stringConvertible(position.seq),
      "digest_equal": .stringConvertible(digestEqual), "blocked": .stringConvertible(blocked),
    ]
    for verdict in Verdict.allCases {
      fields[verdict.rawValue] = .stringConvertible(verdicts[verdict] ?? 0)
    }
    if !events.isEmpty { fields["events"] = .array(events.map { .string($0) }) }
    return fields
  }
}
