import Caseload
import ReplicaAgent
import SyncCore
import SyncProtocol

extension SiteInstructions {
  /// Counts what the county asks for, over the cases that this site leads.
  ///
  /// - Returns: nil for a report that this program does not know, or where another program keeps
  ///   the file locked: then the hub asks again.
  func count(_ asked: AskedInstruction) throws -> WireInstructionResult? {
    guard let task = asked.count, let report = CountedReport(rawValue: task.report),
      let from = CalendarDay(parsing: task.from), let to = CalendarDay(parsing: task.to)
    else { return nil }
    do {
      let file = try CaseloadFile(path: contact.directory.replicaPath)
      let counts = try file.counts(of: report, from: from, to: to)
      return WireInstructionResult(
        id: asked.id, result: Instruction.resultOfCount, counts: counts.wire)
    } catch CaseloadFileError.busy {
      return nil
    } catch let error as CaseloadFileError {
      throw CommandFailure(error)
    }
  }
}
