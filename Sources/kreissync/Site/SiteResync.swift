import Foundation
import Glibc
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

/// What a comparison, a repair or a reload ended in: the contract's document.
struct ResyncOutcome {
  var rowsCompared: Int
  /// Those that are left, or, where nothing was to be changed, those that were found.
  var differences: [RowDifference]
  var repaired = 0
  /// Rows that differed before anything was done.
  var found: Int
  var events: [String] = []
  /// Where a damaged file was moved to, and the parts of it that could not be saved.
  var rescue: Rescue.Outcome?

  var isEqual: Bool { differences.isEmpty }
  var exit: CommandExit { isEqual ? .done : .differences }

  init(_ report: VerificationReport) {
    rowsCompared = report.rowsCompared
    differences = report.differences
    found = report.differences.count
  }
}

/// Verify, repair and reload, each behind a usual session: what waits to be sent and what is news
/// is no difference.
struct SiteResync {
  let contact: SiteContact
  let selection: RowSelection
  /// A session has just gone through: no other one is needed before the comparison.
  var isSynced = false

  private var file: ReplicaFile { contact.file }

  private func compare() throws -> VerificationReport {
    let progress = ProgressLine("compared")
    defer { progress.end() }
    return try ScopeVerification(
      file: file, link: contact.link, session: contact.sessionNumber,
      progress: { progress.show($0) }
    ).run(selection)
  }

  /// Compares. `isDeep` captures first what no trigger saw, and reads every page of the file.
  func verify(isDeep: Bool) throws -> ResyncOutcome {
    var events: [String] = []
    if isDeep {
      try file.quickCheck()
      if try file.scrub(at: Surroundings.now()) > 0 {
        events.append(ReplicaEvent.scrubFound.rawValue)
      }
    }
    events += try syncFirst()
    var outcome = ResyncOutcome(try known(compare()))
    outcome.events = events
    return outcome
  }

  /// Compares, and mends the rows that differ.
  ///
  /// - Parameter isUnlimited: a person has decided that more than ``RepairLimit`` may be mended.
  /// - Throws: a failure `repair_too_large`, and nothing is changed.
  func repair(isDryRun: Bool, isUnlimited: Bool) throws -> ResyncOutcome {
    var events = try syncFirst()
    var outcome = ResyncOutcome(try known(compare()))
    outcome.events = events
    guard !isDryRun, !outcome.isEqual else { return outcome }
    try requireWholeHub()
    let rows = try file.rowCount()
    guard isUnlimited || RepairLimit.allows(differing: outcome.found, ofRows: rows) else {
      throw CommandFailure.repairTooLarge(outcome.found)
    }
    let before = try file.mend(outcome.differences, at: Surroundings.now())
    events += try contact.sync().events
    try file.tellMended(before, at: Surroundings.now())
    return try left(of: outcome, events)
  }

  /// Writes the rows of the selection anew from a snapshot of the hub's, in one transaction.
  func reload(isDryRun: Bool) throws -> ResyncOutcome {
    var events = try syncFirst()
    var outcome = ResyncOutcome(try known(compare()))
    outcome.events = events
    guard !isDryRun else { return outcome }
    try requireWholeHub()
    let reload = Reload(
      directory: contact.directory.path, link: contact.link, software: Surroundings.software)
    let path = try reload.fetch(notBefore: try file.record().position.seq)
    let tally = try file.reload(from: path, selection, at: Surroundings.now())
    try reload.finish()
    events.append(ReplicaEvent.reloaded.rawValue)
    events += try contact.sync(comparesAll: true).events
    var left = try left(of: outcome, events)
    left.repaired = max(left.repaired, tally.rowsWritten + tally.rowsRemoved)
    return left
  }

  /// What a restored hub does not have yet must not be taken away here.
  private func requireWholeHub() throws {
    guard contact.greeting?.isRecovering == true else { return }
    throw CommandFailure(
      .deferred, "hub_recovering",
      "the hub was restored and waits for what its sites return; nothing was changed",
      hint: "repeat it when all sites have called, or the county has ended the wait")
  }

  private func syncFirst() throws -> [String] {
    try isSynced ? [] : contact.sync().events
  }

  /// What is left to differ of what was found, after all was done.
  private func left(of found: ResyncOutcome, _ events: [String]) throws -> ResyncOutcome {
    let report = try compare()
    var outcome = ResyncOutcome(report)
    outcome.found = found.found
    let keys = Set(report.differences.map(\.key))
    outcome.repaired = found.differences.count { !keys.contains($0.key) }
    outcome.events = events.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    return outcome
  }

  /// - Throws: a failure where the named case is nobody's.
  private func known(_ report: VerificationReport) throws -> VerificationReport {
    guard report.isUnknown, let caseID = selection.caseID else { return report }
    throw CommandFailure(
      .failed, "unknown_case",
      "neither this replica nor the hub, for this site, has case \(caseID)",
      hint: "check --case; a case is the id of its case_file row")
  }
}

extension CommandFailure {
  static func repairTooLarge(_ count: Int) -> CommandFailure {
    CommandFailure(
      .needsPerson, "repair_too_large",
      "\(count) rows differ, more than a site mends by itself; nothing was changed",
      hint: "look at them with `kreissync site verify`; `kreissync site reload` writes all rows "
        + "anew from the hub, `kreissync site repair --beyond-limit` mends these")
  }
}

/// What the county has asked for is carried out behind a session, and the hub is told what came of
/// it. What fails stays open there, and comes with the next hello.
struct SiteInstructions {
  let contact: SiteContact

  /// - Returns: what was found and done, as events of the session.
  func carryOut() throws -> [String] {
    guard let greeting = contact.greeting else { return [] }
    var results: [WireInstructionResult] = []
    var events: [String] = []
    for asked in greeting.instructions {
      guard let result = try carryOut(asked, &events) else { continue }
      results.append(result)
    }
    guard !results.isEmpty else { return events }
    try contact.report(results)
    return events
  }

  private func carryOut(
    _ asked: AskedInstruction, _ events: inout [String]
  ) throws -> WireInstructionResult? {
    if asked.kind == .count { return try count(asked) }
    let resync = SiteResync(contact: contact, selection: asked.selection, isSynced: true)
    let outcome: ResyncOutcome
    let success: VerifyResult
    do {
      switch asked.kind {
      case .renewCertificate, .release, .count: return nil
      case .verify:
        outcome = try resync.verify(isDeep: false)
        success = .repaired
      case .repair:
        outcome = try resync.repair(isDryRun: asked.isDryRun, isUnlimited: false)
        success = .repaired
      case .reload:
        outcome = try resync.reload(isDryRun: asked.isDryRun)
        success = .reloaded
      }
    } catch let failure as CommandFailure where failure.code == VerifyResult.tooLarge.rawValue {
      return WireInstructionResult(id: asked.id, result: VerifyResult.tooLarge.rawValue)
    } catch let failure as CommandFailure where failure.exit == .deferred {
      return nil
    }
    events += outcome.events.filter { !events.contains($0) }
    let isChanged =
      outcome.repaired > 0 || asked.kind == .reload && !asked.isDryRun
      || asked.kind == .verify && contact.hasRepaired
    let result: VerifyResult = outcome.isEqual ? (isChanged ? success : .equal) : .unequal
    return WireInstructionResult(
      id: asked.id, result: result.rawValue, differences: Int64(outcome.found),
      repaired: Int64(outcome.repaired))
  }
}

/// A line on a terminal that says how far something is; nothing elsewhere.
final class ProgressLine {
  private let words: String
  private let isShown = isatty(STDERR_FILENO) != 0
  private var isOpen = false

  init(_ words: String) {
    self.words = words
  }

  func show(_ count: Int) {
    guard isShown else { return }
    isOpen = true
    FileHandle.standardError.write(Data("\r\(count) rows \(words)".utf8))
  }

  func end() {
    if isOpen { FileHandle.standardError.write(Data("\n".utf8)) }
    isOpen = false
  }
}
