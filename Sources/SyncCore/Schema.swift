/// The tables and columns that one county synchronises, as data.
///
/// Everything that depends on a table reads it from here: DDL, capture triggers, row encoding,
/// decisions, digests. Numbers are stable for ever, as Protobuf's field numbers are: a number names
/// a table or column on the wire, in the log and in the digest, so it is never given to another.
package struct Schema: Sendable, Equatable {
  /// Grows with each published change; a newer schema only adds.
  package let version: Int
  /// In order of their numbers.
  package let tables: [Table]

  private let positionByNumber: [Int: Int]
  private let positionByName: [String: Int]

  /// - Precondition: table numbers and names are unique; the reader of `caseload.toml` checks it.
  package init(version: Int, tables: [Table]) {
    self.version = version
    self.tables = tables.sorted { $0.number < $1.number }
    var byNumber: [Int: Int] = [:]
    var byName: [String: Int] = [:]
    for (position, table) in self.tables.enumerated() {
      precondition(byNumber.updateValue(position, forKey: table.number) == nil)
      precondition(byName.updateValue(position, forKey: table.name) == nil)
    }
    positionByNumber = byNumber
    positionByName = byName
  }

  package func table(number: Int) -> Table? {
    positionByNumber[number].map { tables[$0] }
  }

  package func table(named name: String) -> Table? {
    positionByName[name].map { tables[$0] }
  }

  /// The row that is this unit; nil for a case, and for a unit of no table of this schema.
  package func row(ofUnit unit: CaseID) -> RowKey? {
    guard unit.isUnit else { return nil }
    for table in tables {
      if let id = table.row(ofUnit: unit) { return RowKey(table: table.number, id: id) }
    }
    return nil
  }

  /// The table whose rows are the roots of cases.
  package var caseRoot: Table? {
    tables.first { $0.scope == .caseRoot }
  }
}

/// Which rows a table's rows travel with.
package enum TableScope: String, Sendable, CaseIterable {
  /// The row is a case: its `id` is the case's id (`case_file`).
  case caseRoot = "case_root"
  /// The row belongs to the case in its `case_id`.
  case ofCase = "case"
  /// The row belongs to no case and goes to every site of the county.
  case global
  /// The row belongs to no case and goes to the sites that it names, and to the hub: a unit of its
  /// own, see ``Table/unit(of:)``.
  case ofSite = "site"
}

/// One table as the schema declares it.
package struct Table: Sendable, Equatable {
  /// 1 or more; stable.
  package let number: Int
  package let name: String
  /// German, for reports and the console.
  package let label: String
  package let scope: TableScope
  /// Only the site that wrote a row may change it; anyone else's UPDATE or DELETE is a proposal.
  package let isAppendOnly: Bool
  /// The hub alone writes it; a replica refuses local writes.
  package let isHubOnly: Bool
  /// Months after its case's closing until the row is due for erasure; nil while it belongs to no
  /// case.
  package let retentionMonths: Int?
  /// In order of their numbers; without `id` and `case_id`, which every table has by its scope.
  package let columns: [Column]

  /// All columns that may leave a site: every tier but `local`.
  package let travellingColumns: ColumnMask
  /// All columns that exist.
  package let allColumns: ColumnMask

  private let positionByNumber: [Int8]

  package init(
    number: Int, name: String, label: String, scope: TableScope, isAppendOnly: Bool,
    isHubOnly: Bool, retentionMonths: Int?, columns: [Column]
  ) {
    self.number = number
    self.name = name
    self.label = label
    self.scope = scope
    self.isAppendOnly = isAppendOnly
    self.isHubOnly = isHubOnly
    self.retentionMonths = retentionMonths
    self.columns = columns.sorted { $0.number < $1.number }
    var positions = [Int8](repeating: -1, count: Column.numberMax + 1)
    for (position, column) in self.columns.enumerated() {
      precondition((1...Column.numberMax).contains(column.number))
      positions[column.number] = Int8(position)
    }
    positionByNumber = positions
    allColumns = ColumnMask(columns.lazy.map(\.number))
    travellingColumns = ColumnMask(columns.lazy.filter { $0.tier != .local }.map(\.number))
  }

  package func position(ofColumn number: Int) -> Int? {
    guard (1...Column.numberMax).contains(number), positionByNumber[number] >= 0 else { return nil }
    return Int(positionByNumber[number])
  }

  package func column(number: Int) -> Column? {
    position(ofColumn: number).map { columns[$0] }
  }

  package func column(named name: String) -> Column? {
    columns.first { $0.name == name }
  }

  /// The column of a root of cases that restricts them; nil where none does.
  package var restrictingColumn: Column? { columns.first(where: \.restricts) }

  /// The unit of scope that a row of a table of scope `site` is: it is granted, counted and
  /// compared by itself, as a case is, under an id that its key gives.
  package func unit(of id: RowID) -> CaseID {
    CaseID("\(CaseID.unitMark)\(number)/\(id)")
  }

  /// The row of this table that is the unit; nil for units of other tables and for cases.
  package func row(ofUnit unit: CaseID) -> RowID? {
    let mark = ByteText("\(CaseID.unitMark)\(number)/").string.utf8
    guard scope == .ofSite, unit.string.utf8.starts(with: mark) else { return nil }
    return RowID(String(unit.string.utf8.dropFirst(mark.count))!)
  }

  /// The unit that a row belongs to.
  ///
  /// - Parameter stored: what the row's `case_id` says; asked only where there is one.
  package func place(of id: RowID, stored: @autoclosure () -> CaseID) -> CaseID {
    switch scope {
    case .caseRoot: CaseID(text: id.text)
    case .ofCase: stored()
    case .global: .none
    case .ofSite: unit(of: id)
    }
  }

  /// The given columns and those of every group that one of them belongs to: columns of a group
  /// are captured, sent and decided as one.
  package func widenedToGroups(_ mask: ColumnMask) -> ColumnMask {
    var widened = mask
    for column in columns where mask.contains(column.number) {
      guard let group = column.group else { continue }
      for other in columns where other.group == group { widened.insert(other.number) }
    }
    return widened
  }
}

/// How far a column may travel.
package enum Tier: String, Sendable, CaseIterable {
  case local
  case header
  case personal
  case special
  case notes
}

/// Who wins for a column that two sites changed without knowing of each other.
package enum Policy: String, Sendable, CaseIterable {
  case lead
  case county
  case latest
  case restrict
  case union
  case max
  case min
  case once
  case state
  case manual
}

/// One column as the schema declares it.
///
/// A class, because every row's way leads over its table's columns: of a struct with a dozen
/// references each step would retain them all.
package final class Column: Sendable, Equatable {
  /// SQLite's integers have 64 bits; two are kept for row kinds in the change log.
  package static let numberMax = 62

  /// 1...62; stable.
  package let number: Int
  package let name: String
  /// German, for reports and the console.
  package let label: String
  package let type: ColumnType
  package let tier: Tier
  package let policy: Policy
  /// The values of a `code` or `set` column. For `restrict` and `state` the order is the declared
  /// one: least restrictive, or earliest, first.
  package let codes: [String]
  /// States that absorb: nothing later replaces them.
  package let terminalCodes: [String]
  /// Columns with the same group name belong together (from and to, amount and unit).
  package let group: String?
  package let isRequired: Bool
  /// The value of a row whose author named none.
  package let defaultValue: Value
  /// The table of the same case whose row's `id` the column holds.
  package let references: String?
  /// Where a row of a table of scope `site` goes.
  package let follows: Followed?
  /// The table of scope `site` whose row goes, as far as it is mentioned, to all who hold the case.
  package let mentions: String?
  /// Whoever holds a case that mentions the row sees this column of it.
  package let isMentioned: Bool
  /// The code column whose restrictions it names: in a new row that has the first of its codes the
  /// ids of the rows of the case that have another stand here, separated by spaces.
  package let observes: String?
  /// While the root of a case holds something here, processing of the case is restricted: others
  /// than its lead are sent the header only, and only the lead sets or clears it.
  package let restricts: Bool

  /// What a column holds that says where its row goes.
  package enum Followed: Hashable, Sendable {
    /// A site's id.
    case site
    /// The id of a row of this table: where that one goes, this one goes.
    case row(ofTable: String)
  }

  package init(
    number: Int, name: String, label: String, type: ColumnType, tier: Tier, policy: Policy,
    codes: [String] = [], terminalCodes: [String] = [], group: String? = nil,
    isRequired: Bool = false, defaultValue: Value = .null, references: String? = nil,
    follows: Followed? = nil, mentions: String? = nil, isMentioned: Bool = false,
    observes: String? = nil, restricts: Bool = false
  ) {
    self.observes = observes
    self.restricts = restricts
    self.number = number
    self.name = name
    self.label = label
    self.type = type
    self.tier = tier
    self.policy = policy
    self.codes = codes
    self.terminalCodes = terminalCodes
    self.group = group
    self.isRequired = isRequired
    self.defaultValue = defaultValue
    self.references = references
    self.follows = follows
    self.mentions = mentions
    self.isMentioned = isMentioned
  }

  package static func == (left: Column, right: Column) -> Bool {
    left === right
      || (left.number, left.name, left.label, left.type, left.tier, left.policy)
        == (right.number, right.name, right.label, right.type, right.tier, right.policy)
        && (left.codes, left.terminalCodes, left.group, left.isRequired, left.defaultValue)
          == (right.codes, right.terminalCodes, right.group, right.isRequired, right.defaultValue)
        && (left.references, left.follows, left.mentions, left.isMentioned, left.restricts)
          == (right.references, right.follows, right.mentions, right.isMentioned, right.restricts)
  }
}

/// A set of column numbers: bit `number - 1` of one integer, as the capture triggers compute it.
package struct ColumnMask: Hashable, Sendable {
  package var bits: UInt64

  package init(bits: UInt64) {
    self.bits = bits
  }

  package init(_ numbers: some Sequence<Int>) {
    bits = numbers.reduce(0) { $0 | 1 << UInt64($1 - 1) }
  }

  package static let empty = ColumnMask(bits: 0)

  package var isEmpty: Bool { bits == 0 }
  package var count: Int { bits.nonzeroBitCount }

  package func contains(_ number: Int) -> Bool {
    bits & (1 << UInt64(number - 1)) != 0
  }

  package mutating func insert(_ number: Int) {
    bits |= 1 << UInt64(number - 1)
  }

  package mutating func remove(_ number: Int) {
    bits &= ~(1 << UInt64(number - 1))
  }

  package func union(_ other: ColumnMask) -> ColumnMask { ColumnMask(bits: bits | other.bits) }
  package func intersection(_ other: ColumnMask) -> ColumnMask {
    ColumnMask(bits: bits & other.bits)
  }
  package func subtracting(_ other: ColumnMask) -> ColumnMask {
    ColumnMask(bits: bits & ~other.bits)
  }

  /// The numbers in ascending order.
  package var numbers: [Int] {
    var rest = bits
    var numbers: [Int] = []
    numbers.reserveCapacity(count)
    while rest != 0 {
      numbers.append(rest.trailingZeroBitCount + 1)
      rest &= rest - 1
    }
    return numbers
  }
}
