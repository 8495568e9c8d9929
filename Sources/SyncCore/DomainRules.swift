/// What a domain refuses although table, columns, values and role allow it: its hard rules.
///
/// The core knows no domain. A composition root brings one, and ``Decision`` asks it before a row
/// is written; without one nothing is refused here. A rule judges what a change alters: a row that
/// broke it already may be changed elsewhere. It sees other rows as the earlier changes of the
/// batch leave them, but only those that ``links(of:in:)`` named, which the hub loads before.
package protocol DomainRules: TierGates {
  /// What else has to be at hand to judge this row, one step away. Named from single columns, so
  /// that a row which ends as a mixture of two finds all of it, too.
  func links(of row: RowState, in schema: Schema) -> [RowLink]

  /// The rule that the edit breaks, if it breaks one.
  func objection(to edit: RowEdit, in view: DomainView) -> Rule?
}

/// A row at one moment, its columns by name: a domain knows names, numbers are the wire's.
package struct RowState: Sendable {
  package let table: Table
  package let id: RowID
  package let caseID: CaseID
  /// The site that inserted it.
  package let writer: SiteID
  package let values: [Value]

  /// - Parameter values: one for each of the table's columns, in order.
  package init(table: Table, id: RowID, caseID: CaseID, writer: SiteID, values: [Value]) {
    precondition(values.count == table.columns.count, "a value for each column")
    self.table = table
    self.id = id
    self.caseID = caseID
    self.writer = writer
    self.values = values
  }

  /// The value of a column; empty where the schema has none of this name.
  package subscript(_ column: String) -> Value {
    table.columns.firstIndex { $0.name == column }.map { values[$0] } ?? .null
  }
}

/// What a change is about to do to one row.
package struct RowEdit: Sendable {
  /// nil for a row that is new, or comes back.
  package let before: RowState?
  /// nil for a deletion.
  package let after: RowState?
  /// The county itself writes.
  package let isByHub: Bool

  /// - Precondition: one of the two is there.
  package init(before: RowState?, after: RowState?, isByHub: Bool) {
    precondition(before != nil || after != nil, "an edit has a row")
    self.before = before
    self.after = after
    self.isByHub = isByHub
  }

  package var table: Table { (after ?? before)!.table }

  /// Whether one of these columns gets another value.
  package func alters(_ columns: String...) -> Bool {
    columns.contains { (before?[$0] ?? .null) != (after?[$0] ?? .null) }
  }
}

/// Other rows that judging one takes.
package enum RowLink: Hashable, Sendable {
  case row(RowKey)
  case group(RowGroup)
}

/// The rows of one table in one case, or in none.
package struct RowGroup: Hashable, Sendable {
  package let table: Int
  package let caseID: CaseID

  package init(table: Int, caseID: CaseID) {
    self.table = table
    self.caseID = caseID
  }
}

/// The rows that a domain's rule may look at, by the names of their tables.
package struct DomainView {
  package let schema: Schema
  private let view: HubView

  package init(schema: Schema, view: HubView) {
    self.schema = schema
    self.view = view
  }

  /// The living row whose id a column holds.
  package func row(_ table: String, _ id: Value) -> RowState? {
    guard let table = schema.table(named: table), let id = id.text else { return nil }
    return living(RowKey(table: table.number, id: RowID(id)), of: table)
  }

  /// The living rows of a table in a case; ``CaseID/none`` for those that go to all sites.
  package func rows(_ table: String, in caseID: CaseID) -> [RowState] {
    guard let table = schema.table(named: table) else { return [] }
    let keys = view.groups[RowGroup(table: table.number, caseID: caseID)] ?? []
    return keys.compactMap { living($0, of: table) }.filter { $0.caseID == caseID }
  }

  private func living(_ key: RowKey, of table: Table) -> RowState? {
    guard let stored = view.rows[key], stored.isAlive else { return nil }
    return RowState(
      table: table, id: key.id, caseID: stored.caseID, writer: stored.writer,
      values: stored.values)
  }
}
