package import HubStorage
package import SyncCore
import SyncProtocol

/// How far a county's count is: what sites have answered, and who has not.
package struct CountProgress: Sendable {
  /// What one site counted.
  package struct Answer: Sendable {
    package let site: SiteRecord
    /// When its figures arrived, which is what they know of the period.
    package let at: Milliseconds
    package let cells: [CountCell]
  }

  package var answers: [Answer] = []
  /// Joined and paused sites without an answer.
  package var missing: [SiteRecord] = []
}

extension CountyAdministration {
  /// Asks every site to count at its next contact, and returns what is known by now. Who was asked
  /// before is not asked twice.
  ///
  /// - Parameter isAnew: whether sites that have answered are to count again; until they have,
  ///   their last answer stands.
  package func count(_ task: CountTask, isAnew: Bool) throws -> CountProgress {
    try store.write { writer in
      var progress = CountProgress()
      for site in try writer.sites where site.state == .joined || site.state == .paused {
        let asked = try writer.instructions(of: site.id, doneLimit: Self.countingMemoryMax)
          .filter { $0.kind == Instruction.count.rawValue && $0.count == task }
        let answer = asked.last { $0.counts != nil }
        let isOpen = asked.contains { $0.doneAt == nil }
        if !isOpen && (answer == nil || isAnew) {
          try writer.put(
            StoredInstruction(
              id: environment.uuid(), site: site.id, kind: Instruction.count.rawValue,
              issuedAt: environment.now(), count: task))
        }
        if let cells = answer?.counts, let at = answer?.doneAt {
          progress.answers.append(CountProgress.Answer(site: site, at: at, cells: cells))
        } else {
          progress.missing.append(site)
        }
      }
      return progress
    }
  }

  /// Instructions of a site that are looked through for an answer: ten reports a week for two
  /// years.
  private static let countingMemoryMax = 1_000
}
