import Caseload
import CaseloadSchema
import SyncCore
import Testing

/// A county for the hard rules: what stands at the hub, and what becomes of one change. The
/// decision sees only the rows that the rules ask for.
struct RuleBench {
  static let schema = try! CaseloadSchema.read(toml: CaseloadSchema.shipped, file: "shipped")
  static let author = SiteID("site-a")
  static let caseID = CaseID("k")
  private static let sites: Set = [author, SiteID("awo"), SiteID("drk"), SiteID("stadt")]

  private var rows: [StoredRow] = []
  private let rules = CaseloadRules()

  /// - Parameter inCase: the place of rows of a case.
  mutating func put(
    _ name: String, _ id: String, _ values: [String: Value], by writer: SiteID = author,
    inCase caseID: CaseID = caseID
  ) {
    let table = Self.schema.table(named: name)!
    let version = ColumnVersion(
      seq: 1, site: writer, incarnation: IncarnationID("i"), isDirect: true, editedAt: 1)
    rows.append(
      StoredRow(
        key: RowKey(table: table.number, id: RowID(id)),
        caseID: table.place(of: RowID(id), stored: caseID), isAlive: true, writer: writer,
        values: table.columns.map { values[$0.name] ?? .null },
        versions: table.columns.map { _ in version }, lastSeq: 1))
  }

  /// What the hub answers to one change of a row; nil stands for applied.
  func verdict(
    _ kind: ChangeKind, _ name: String, _ id: String, _ values: [String: Value] = [:],
    by author: SiteID = author
  ) -> Rule? {
    verdicts([change(kind, name, id, values)], by: author)[0]
  }

  /// What the hub answers to several changes of one batch.
  func verdicts(_ changes: [Change], by author: SiteID = author) -> [Rule?] {
    var context = DecisionContext(
      schema: Self.schema,
      author: Author(site: author, incarnation: IncarnationID("j"), ancestors: [], clockSkew: 0),
      headSeq: 5, now: 10, sites: Self.sites, countySites: [], viewersOfNewCases: [:], rules: rules)
    // Gates are told by tests of their own.
    context.gates = nil
    let plan = Decision.decide(
      changes, view: view(for: changes, by: author), context: context,
      digestKey: SipHash128Key(bytes: Array(0..<16))!)
    for answer in plan.answers {
      #expect([.applied, .refused].contains(answer.verdict), "\(answer)")
    }
    return plan.answers.map(\.rule)
  }

  func change(
    _ kind: ChangeKind, _ name: String, _ id: String, _ values: [String: Value] = [:]
  ) -> Change {
    let table = Self.schema.table(named: name)!
    let whole = table.columns.map { values[$0.name] ?? $0.defaultValue }
    let mask =
      kind == .insert
      ? table.travellingColumns : ColumnMask(values.keys.map { table.column(named: $0)!.number })
    return Change(
      id: EntryID(n: 1, tag: 1), kind: kind, row: RowKey(table: table.number, id: RowID(id)),
      caseID: table.place(of: RowID(id), stored: Self.caseID),
      cells: Cells(of: whole, in: table, mask: kind == .delete ? .empty : mask), base: 2,
      editedAt: 3)
  }

  private func view(for changes: [Change], by author: SiteID) -> HubView {
    var view = HubView()
    for key in changes.map(\.row) { view.rows[key] = stored(key) }
    for caseID in rows.map(\.caseID) + [.none, Self.caseID] {
      view.cases[caseID] = StoredCase(
        id: caseID, lead: author, epoch: 1, epochSince: 0, digests: .zero)
      view.roles[caseID] = .lead
    }
    var frontier = changes.flatMap { images(of: $0.row, changes, by: author) }
    for _ in 0..<2 {
      var next: [RowState] = []
      for link in frontier.flatMap({ rules.links(of: $0, in: Self.schema) }) {
        switch link {
        case .row(let key):
          view.rows[key] = stored(key)
          next += images(of: key, changes, by: author)
        case .group(let group):
          let members = rows.filter {
            $0.key.table == group.table && $0.caseID == group.caseID
          }
          for row in members { view.rows[row.key] = row }
          view.groups[group] = members.map(\.key)
        }
      }
      frontier = next
    }
    return view
  }

  private func stored(_ key: RowKey) -> StoredRow? {
    rows.last { $0.key == key }
  }

  private func images(of key: RowKey, _ changes: [Change], by author: SiteID) -> [RowState] {
    let table = Self.schema.table(number: key.table)!
    let stored = stored(key)
    let made = changes.filter { $0.row == key }.map { change in
      table.columns.indices.map {
        change.cells[table.columns[$0].number] ?? stored?.values[$0] ?? .null
      }
    }
    return ([stored?.values].compactMap(\.self) + made).map {
      RowState(
        table: table, id: key.id, caseID: table.place(of: key.id, stored: Self.caseID),
        writer: stored?.writer ?? author, values: $0)
    }
  }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  public init(stringLiteral value: String) { self = .text(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
}
