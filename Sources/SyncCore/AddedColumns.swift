/// Columns that were added to a table whose rows stand, at replicas that do not have them yet.
///
/// Problem: a required column's default stands in every older row as soon as the column is there,
/// at the hub on one day and at each replica on another, and nobody ever wrote it. Counted as a
/// value, it would make every replica unequal that has not grown yet, and every row would have to
/// be sent once more. So the default of a required column *is* its emptiness: digests leave it out,
/// and pages carry it as an empty cell, which such a column cannot hold otherwise. A replica that
/// does not know the column keeps nothing, one that knows it writes the default.
extension Column {
  /// What a row holds that was written when the column was not there, or where it is not.
  package var valueOfOlderRows: Value { isRequired ? defaultValue : .null }

  /// The cell as pages carry it and digests count it.
  package func travelling(_ value: Value) -> Value {
    isRequired && value == defaultValue ? .null : value
  }

  /// The cell as it stands in a table, from what a page carries.
  package func standing(_ value: Value) -> Value {
    value.isNull ? valueOfOlderRows : value
  }
}

extension Cells {
  /// The cells of a whole row as pages carry them, restricted to some columns.
  package init(travelling row: [Value], in table: Table, mask: ColumnMask) {
    var values: [Value] = []
    values.reserveCapacity(mask.count)
    for (position, column) in table.columns.enumerated() where mask.contains(column.number) {
      values.append(column.travelling(row[position]))
    }
    self.init(mask: mask, values: values)
  }

  /// The cells as they stand in the table; of columns that it does not have, as they came.
  package func standing(in table: Table) -> Cells {
    Cells(
      mask: mask,
      values: zip(mask.numbers, values).map { number, value in
        table.column(number: number)?.standing(value) ?? value
      })
  }

  /// These cells, and those of `newer` in their place.
  package func overlaid(by newer: Cells) -> Cells {
    let all = mask.union(newer.mask)
    return Cells(mask: all, values: all.numbers.map { newer[$0] ?? self[$0]! })
  }

  /// Those that hold something.
  package var withoutEmpty: Cells {
    restricted(
      to: ColumnMask(zip(mask.numbers, values).lazy.filter { !$0.1.isNull }.map { $0.0 }))
  }
}

extension ColumnVersion {
  /// The version of a cell that nobody has written: no base lies below it.
  package static let unwritten = ColumnVersion(
    seq: 0, site: .hub, incarnation: IncarnationID(""), isDirect: false, editedAt: 0)
}
