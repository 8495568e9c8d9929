package import SyncCore

/// Additive growth: what sites one and two versions behind rely on.
extension CaseloadSchema {
  /// Checks that the newer schema only adds to the older one.
  ///
  /// Every table and column stands in both with the same number, name and meaning; what is new is
  /// a table, a column that may be empty or has a default, or a code. Free to change are labels,
  /// retention, and the policies, which the hub alone applies. Defaults, references and NOT NULL
  /// are not: SQLite cannot change them in a table that stands.
  ///
  /// - Parameter name: the newer schema's file, for the messages.
  /// - Throws: every difference that is not an addition, with its place and cure.
  package static func check(
    _ newer: Schema, extends older: Schema, file name: String
  ) throws(SchemaError) {
    var mistakes = Mistakes()
    if newer.version <= older.version && newer != older {
      mistakes.add(
        at: "key version", "\(newer.version) is not above \(older.version), the version in use",
        cure: "use \(older.version + 1)")
    }
    for table in older.tables {
      let place = "table \(table.name)"
      guard let successor = newer.table(number: table.number), successor.name == table.name else {
        mistakes.add(
          at: place, "number \(table.number) does not name it any more", cure: "restore the table")
        continue
      }
      compare(table, successor, at: place, &mistakes)
    }
    try mistakes.check(file: name)
  }

  private static func compare(
    _ older: Table, _ newer: Table, at place: String, _ mistakes: inout Mistakes
  ) {
    let isSame = [
      ("scope", older.scope == newer.scope), ("append", older.isAppendOnly == newer.isAppendOnly),
      ("hub_only", older.isHubOnly == newer.isHubOnly),
    ]
    refuseChanges(isSame, at: place, &mistakes)
    for column in older.columns {
      let place = "\(place), column \(column.name)"
      guard let successor = newer.column(number: column.number), successor.name == column.name
      else {
        mistakes.add(
          at: place, "number \(column.number) does not name it any more", cure: "restore the column"
        )
        continue
      }
      compare(column, successor, at: place, &mistakes)
    }
    let highest = older.columns.last?.number ?? 0
    for column in newer.columns where older.column(number: column.number) == nil {
      if column.number < highest {
        mistakes.add(
          at: "\(place), column \(column.name), key number",
          "\(column.number) is below \(highest), which is in use",
          cure: "use a higher one: columns are added behind those that stand")
      }
      if column.isRequired && column.defaultValue.isNull {
        mistakes.add(
          at: "\(place), column \(column.name), key required",
          "rows that stand have no value for a new column", cure: "give it a default")
      }
    }
  }

  private static func compare(
    _ older: Column, _ newer: Column, at place: String, _ mistakes: inout Mistakes
  ) {
    let isSame = [
      ("type", older.type == newer.type), ("tier", older.tier == newer.tier),
      ("group", older.group == newer.group), ("required", older.isRequired == newer.isRequired),
      ("default", older.defaultValue == newer.defaultValue),
      ("references", older.references == newer.references),
      ("follows", older.follows == newer.follows), ("mentions", older.mentions == newer.mentions),
      ("observes", older.observes == newer.observes),
      ("restricts", older.restricts == newer.restricts),
      ("mentioned", older.isMentioned == newer.isMentioned),
    ]
    refuseChanges(isSame, at: place, &mistakes)
    let kept = newer.codes.filter(older.codes.contains)
    if kept != older.codes || (older.codes.isEmpty && !newer.codes.isEmpty) {
      mistakes.add(
        at: "\(place), key codes", "a code is gone or stands in another order",
        cure: "keep the codes in their order and add to them")
    }
    if !older.terminalCodes.allSatisfy(newer.terminalCodes.contains) {
      mistakes.add(
        at: "\(place), key terminal", "a final state is not final any more", cure: "restore it")
    }
  }

  private static func refuseChanges(
    _ isSame: [(key: String, isSame: Bool)], at place: String, _ mistakes: inout Mistakes
  ) {
    for (key, isSame) in isSame where !isSame {
      mistakes.add(
        at: "\(place), key \(key)", "differs from the version in use",
        cure: "restore it; what must change needs a new column")
    }
  }
}
