/// Columns of one change that count in the same standing.
private struct Part {
  var standing: Standing
  var columns: ColumnMask
}

/// Step 5 for a change whose columns were edited at different times: an edit from before a
/// hand-over keeps its standing when the same row is edited again afterwards.
///
/// Each column, with its group, is judged by its own base and its own time. What counts is decided
/// first, as a change of its own; the rest follows. An insertion is parted only where what counts
/// makes a whole row.
extension Decision {
  mutating func answer(toEditOf change: Change, in table: Table) -> Answer {
    let parts = parts(of: change, in: table)
    guard parts.count > 1 else {
      return answer(to: change, parts.first?.standing ?? standing(of: change), in: table)
    }
    var answers: [Answer] = []
    for (index, part) in parts.enumerated() {
      let kind: ChangeKind = index == 0 ? change.kind : .update
      let own = change.part(part.columns, as: kind)
      answers.append(spelledOut(answer(to: own, part.standing, in: table), of: own, in: table))
    }
    let worst = answers.max { $0.verdict < $1.verdict }!
    return Answer(
      id: change.id, verdict: worst.verdict, rule: worst.rule,
      columns: answers.flatMap(\.columns).sorted { $0.column < $1.column })
  }

  /// What counts first; empty where the change is judged as a whole.
  private func parts(of change: Change, in table: Table) -> [Part] {
    let isPlain = change.columnTimes.isEmpty && change.columnBases.isEmpty
    let hasEnded = (draft.view.periods[change.caseID] ?? []).contains { $0.untilSeq != nil }
    guard hasEnded, !isPlain, context.author.site != .hub else { return [] }
    var parts: [Part] = []
    for number in change.cells.mask.numbers
    where !parts.contains(where: { $0.columns.contains(number) }) {
      let group = table.widenedToGroups(ColumnMask([number])).intersection(change.cells.mask)
      let standing = standing(of: change.part(group, as: change.kind))
      if let index = parts.firstIndex(where: { $0.standing == standing }) {
        parts[index].columns = parts[index].columns.union(group)
      } else {
        parts.append(Part(standing: standing, columns: group))
      }
    }
    let counts = parts.filter(\.standing.acts)
    if change.kind == .insert {
      guard let first = counts.first, table.isWhole(first.columns) else { return [] }
    }
    return counts + parts.filter { !$0.standing.acts }
  }

  /// The answer to a part names its columns, because it is not the answer to the whole row.
  private func spelledOut(_ answer: Answer, of change: Change, in table: Table) -> Answer {
    guard answer.verdict != .applied, let rule = answer.rule, answer.columns.isEmpty else {
      return answer
    }
    let row = draft.view.rows[change.row].flatMap { $0.caseID == change.caseID ? $0 : nil }
    let outcomes = change.cells.mask.numbers.map { number in
      let position = table.position(ofColumn: number)!
      let isShown = draft.view.isVisible(table.columns[position], in: change.caseID)
      return ColumnOutcome(
        column: number, verdict: answer.verdict, rule: rule,
        kept: isShown ? row?.values[position] ?? .null : .null)
    }
    return Answer(id: answer.id, verdict: answer.verdict, rule: rule, columns: outcomes)
  }
}

extension Standing {
  fileprivate var acts: Bool {
    if case .acts = self { true } else { false }
  }
}

extension Table {
  /// Whether these columns make a row that nobody would refuse as incomplete.
  fileprivate func isWhole(_ mask: ColumnMask) -> Bool {
    columns.allSatisfy {
      !$0.isRequired || mask.contains($0.number) || !$0.defaultValue.isNull
    }
  }
}

extension Change {
  /// Some of its columns as a change of its own, with their bases and times.
  fileprivate func part(_ columns: ColumnMask, as kind: ChangeKind) -> Change {
    let cells = cells.restricted(to: columns)
    let times = columns.numbers.map { editedAt(ofColumn: $0) }
    let bases = columns.numbers.map { base(ofColumn: $0) }
    let (latest, newest) = (times.max() ?? editedAt, bases.max() ?? base)
    return Change(
      id: id, kind: kind, row: row, caseID: caseID, cells: cells, base: newest,
      columnBases: zip(columns.numbers, bases).filter { $0.1 != newest }.map {
        ColumnBase(column: $0.0, base: $0.1)
      },
      editedAt: latest,
      columnTimes: zip(columns.numbers, times).filter { $0.1 != latest }.map {
        ColumnTime(column: $0.0, editedAt: $0.1)
      })
  }
}
