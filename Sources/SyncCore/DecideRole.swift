/// Step 5 of a decision: in which role an author's change counts.
///
/// The open grant counts where it lets its site write. Otherwise the author had a part in the case
/// that has ended, and what it *knew* decides first, the clock second (DESIGN.md section 10,
/// DOMAIN.md section 4): *aware* means that its base is at or above the entry that ended the part,
/// *before* that the change was written before that took effect for people, 00:00 of a hand-over's
/// date.
///
/// | open grant            | knew of the end   | written | the change counts                      |
/// |-----------------------|-------------------|---------|----------------------------------------|
/// | lead                  | –                 | –       | as lead's                              |
/// | contributor           | led, unaware      | before  | as lead's then                         |
/// | contributor           | all else          | –       | as contributor's                       |
/// | former lead, reader, none | unaware       | before  | (a) in the role of then                |
/// | likewise              | unaware           | after   | (b) proposal `handed_over`             |
/// | likewise              | aware             | after   | (c) refused `handed_over`              |
/// | likewise              | aware             | before  | (d) in the role of then                |
/// | reader, none          | never had a part  | –       | refused `not_granted`                  |
///
/// A change whose columns were edited at different times counts column by column:
/// `DecideParts.swift`.
///
/// A clock that was set in between is no witness: then a change counts as written after. It can
/// move an unaware edit between applied and proposal, and never lose it.
enum Standing: Hashable {
  case acts(Role)
  case proposes
  case refused(Rule)

  /// - Parameters:
  ///   - open: the role of the author's open grant on the case.
  ///   - periods: all its grants there, oldest first, where one has ended.
  ///   - base: what the author had seen when it wrote.
  ///   - writtenAt: by the author's clock, corrected; nil where that is no witness.
  init(open: Role?, periods: [GrantPeriod], base: Int64, writtenAt: Milliseconds?) {
    if open == .lead {
      self = .acts(.lead)
      return
    }
    let parts = periods.filter { $0.role.mayWrite && $0.untilSeq != nil }
    // The part that the author believed to have. One that writes before it has heard of its first
    // grant opened the case itself.
    let believed = parts.first { $0.untilSeq! > base }
    func isInTime(_ part: GrantPeriod) -> Bool { writtenAt.map { $0 < part.endedAt } ?? false }
    if open?.mayWrite == true {
      let actsAsLead = believed.map { $0.role == .lead && isInTime($0) } ?? false
      self = .acts(actsAsLead ? .lead : open!)
    } else if let believed {
      self = isInTime(believed) ? .acts(believed.role) : .proposes
    } else if let last = parts.last {
      self = isInTime(last) ? .acts(last.role) : .refused(.handedOver)
    } else {
      self = .refused(.notGranted)
    }
  }
}

extension Decision {
  func standing(of change: Change) -> Standing {
    if context.author.site == .hub { return .acts(.lead) }
    return Standing(
      open: draft.view.roles[change.caseID], periods: draft.view.periods[change.caseID] ?? [],
      base: change.oldestBase,
      writtenAt: context.author.isClockSteady ? draft.corrected(change.editedAt) : nil)
  }

  /// Case (b): nothing of it is dropped, and nothing of it is done.
  mutating func proposal(of change: Change, in table: Table) -> Answer {
    let attempt = Attempt(change: change, table: table, role: .formerLead)
    let standing = draft.view.rows[change.row]
    if change.kind != .delete, let standing, standing.isAlive, standing.caseID == change.caseID,
      attempt.positions.allSatisfy({ standing.values[$0.0] == $0.1 })
    {
      return Answer(id: change.id, verdict: .applied)
    }
    let existing =
      standing
      ?? StoredRow(
        key: change.row, caseID: change.caseID, isAlive: false, writer: context.author.site,
        values: table.columns.map { _ in .null },
        versions: table.columns.map { _ in .unwritten }, lastSeq: 0)
    return draft.propose(attempt, existing: existing, rule: .handedOver)
  }
}
