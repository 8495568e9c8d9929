/// How the hub writes what a person decided: as an edit of its own, made in knowledge of all that
/// stands there, of which nothing waits for a person again.
///
/// The value is the hub's and nobody's own (``ColumnVersion/isDirect`` is false): whoever proposed
/// or lost it has not seen it stand.
package struct Settlement: Hashable, Sendable {
  /// Whose row it is that this brings, or brings back: in an append table only this site may
  /// change it later.
  package let writer: SiteID
  /// The county decided, and not the site that leads the case: some hard rules let only the county
  /// pass.
  package let isByCounty: Bool

  package init(writer: SiteID, isByCounty: Bool) {
    self.writer = writer
    self.isByCounty = isByCounty
  }
}

/// Why a person's decision cannot be carried out. Nothing is written then.
package enum SettlementObstacle: Error, Hashable, Sendable {
  /// A case is erased in another way.
  case caseErasure
  /// The row lives in another case by now.
  case rowElsewhere
  /// The row is gone, and only whoever says so brings it back.
  case rowGone
  /// The row is gone, what stood in it is not known any more, and these required columns are not
  /// among the values that would bring it back.
  case incomplete([String])
  /// The value stands there already.
  case standsAlready
}

/// Who decided, and when, by the hub's count.
package struct SettlementMoment: Sendable {
  /// The site that leads the case, or the hub for its administrators.
  package let decider: SiteID
  /// The head of the log before the decision.
  package let headSeq: Int64
  package let now: Milliseconds
  /// The case's.
  package let epoch: Int64

  package init(decider: SiteID, headSeq: Int64, now: Milliseconds, epoch: Int64) {
    self.decider = decider
    self.headSeq = headSeq
    self.now = now
    self.epoch = epoch
  }
}

/// The row that a decision is about, as the hub holds it.
package struct SettledRow: Sendable {
  package let table: Table
  package let key: RowKey
  /// The case in which the decision is made.
  package let caseID: CaseID
  /// The living row, or else its last deleted one; nil where there never was one.
  package let stored: StoredRow?
  /// What a deleted row held before it was deleted, one value for each of the table's columns; nil
  /// where the log does not tell.
  package let former: [Value]?

  package init(
    table: Table, key: RowKey, caseID: CaseID, stored: StoredRow?, former: [Value]? = nil
  ) {
    self.table = table
    self.key = key
    self.caseID = caseID
    self.stored = stored
    self.former = former
  }

  /// The row where it is alive in this case.
  package var living: StoredRow? {
    stored.flatMap { $0.isAlive && $0.caseID == caseID ? $0 : nil }
  }

  /// It lives, and in another case.
  package var isElsewhere: Bool { stored.map { $0.isAlive && $0.caseID != caseID } ?? false }

  /// What stands in a column, with whose it is; an empty cell where the row is not there. What
  /// stands in another case is not for this one's lead to see.
  package func standing(inColumn number: Int) -> Contender {
    guard let stored, stored.caseID == caseID, let position = table.position(ofColumn: number)
    else { return Contender(value: .null, site: .hub, editedAt: 0) }
    let version = stored.versions[position]
    return Contender(
      value: stored.values[position], site: version.site, editedAt: version.editedAt)
  }

  /// The sequence number at which that stands.
  func standingSeq(inColumn number: Int) -> Int64 {
    guard let stored, let position = table.position(ofColumn: number) else { return 0 }
    return stored.isAlive ? stored.versions[position].seq : stored.lastSeq
  }

  /// The edit of the hub that puts values into the row: an update where it is there; else it comes
  /// back as it was before it was deleted, with these values in their place.
  func edit(putting values: [Int: Value], at moment: SettlementMoment) throws(SettlementObstacle)
    -> Change
  {
    guard !isElsewhere else { throw .rowElsewhere }
    if living != nil {
      let mask = ColumnMask(values.keys)
      return change(
        .update, Cells(mask: mask, values: mask.numbers.map { values[$0]! }), at: moment)
    }
    let whole = table.columns.enumerated().map { position, column in
      values[column.number] ?? former?[position] ?? column.defaultValue
    }
    let missing = zip(table.columns, whole).filter { $0.isRequired && $1.isNull }
    guard missing.isEmpty else { throw .incomplete(missing.map(\.0.name)) }
    return change(
      .insert, Cells(of: whole, in: table, mask: table.travellingColumns), at: moment)
  }

  func change(_ kind: ChangeKind, _ cells: Cells, at moment: SettlementMoment) -> Change {
    Change(
      id: EntryID(n: 0, tag: 0), kind: kind, row: key, caseID: caseID, cells: cells,
      base: moment.headSeq, editedAt: moment.now)
  }

  /// Whose row it is once it is there again.
  func writer(else other: SiteID) -> SiteID {
    stored.flatMap { $0.caseID == caseID ? $0.writer : nil } ?? other
  }
}

extension Plan {
  /// The number that its edit of a row took; nil where nothing was to be written.
  func seq(ofEditOf key: RowKey) -> Int64? {
    log.first {
      if case .row(_, let image) = $0.content { image.key == key } else { false }
    }?.seq
  }
}
