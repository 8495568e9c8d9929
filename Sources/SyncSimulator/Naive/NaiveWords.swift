/// What a cell holds. Text is compared by its bytes: "é" in one code point is not "é" in two.
package enum NaiveValue: Hashable, Sendable {
  case null
  case integer(Int64)
  case text(String)

  package static func == (left: NaiveValue, right: NaiveValue) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.integer(let left), .integer(let right)): left == right
    case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
    default: false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .integer(let number): hasher.combine(number)
    case .text(let text): hasher.combine(text)
    }
  }
}

/// One column of a ``NaiveTable``.
package struct NaiveColumn: Sendable {
  package let name: String
  /// Who wins: one of the ten policies, by name.
  package let policy: String
  /// The declared order of codes, and those that absorb.
  package let codes: [String]
  package let terminal: [String]
  /// Columns of one group decide as one.
  package let group: String?
  /// False for a column that never leaves its site.
  package let travels: Bool
  /// Who holds a case that mentions the row sees this column of it.
  let isMentioned: Bool
  /// Who once led a case goes on seeing this column.
  let isHeader: Bool
  /// The table of which this column names a row.
  let mentions: String?

  package init(
    name: String, policy: String, codes: [String] = [], terminal: [String] = [],
    group: String? = nil, travels: Bool = true, isMentioned: Bool = false, isHeader: Bool = false,
    mentions: String? = nil
  ) {
    self.name = name
    self.policy = policy
    self.codes = codes
    self.terminal = terminal
    self.group = group
    self.travels = travels
    self.isMentioned = isMentioned
    self.isHeader = isHeader
    self.mentions = mentions
  }
}

/// One table. Every row has an id; a row of the case root is itself a case.
package struct NaiveTable: Sendable {
  package let name: String
  package let isCaseRoot: Bool
  package let isAppend: Bool
  package let isHubOnly: Bool
  /// Every row belongs to no case and is held by itself.
  let isUnit: Bool
  package let columns: [NaiveColumn]
  /// What decides as one: the columns of a group together, every other column alone.
  let units: [[NaiveColumn]]
  let travelling: Set<String>

  package init(
    name: String, isCaseRoot: Bool = false, isAppend: Bool = false, isHubOnly: Bool = false,
    isUnit: Bool = false, columns: [NaiveColumn]
  ) {
    self.name = name
    self.isCaseRoot = isCaseRoot
    self.isAppend = isAppend
    self.isHubOnly = isHubOnly
    self.isUnit = isUnit
    self.columns = columns
    travelling = Set(columns.filter(\.travels).map(\.name))
    var units: [[NaiveColumn]] = []
    for column in columns {
      let unit = units.firstIndex { column.group != nil && $0[0].group == column.group }
      if let unit { units[unit].append(column) } else { units.append([column]) }
    }
    self.units = units
  }
}

/// Names a row by its table and its id.
package struct NaiveRow: Hashable, Comparable, Sendable {
  package let table: String
  package let id: String

  package init(table: String, id: String) {
    self.table = table
    self.id = id
  }

  package static func < (left: NaiveRow, right: NaiveRow) -> Bool {
    (left.table, left.id) < (right.table, right.id)
  }
}

/// A row as somebody holds it: its case (empty for rows of no case) and a value for every column.
package struct NaiveContent: Hashable, Sendable {
  package var caseID: String
  package var values: [String: NaiveValue]
}

/// What became of one change.
package struct NaiveVerdict: Hashable, Sendable {
  /// What became of one column that was not simply applied.
  package struct Column: Hashable, Sendable {
    package let name: String
    package let verdict: String
    package let rule: String
    /// What stands at the hub after the decision.
    package let kept: NaiveValue
  }

  package let row: NaiveRow
  /// `applied`, `merged`, `overridden`, `proposal` or `refused`; `unknown` where the model knows of
  /// no such change.
  package let verdict: String
  /// Why, unless it was applied: of several columns, the first that fared worst.
  package var rule: String?
  /// In the table's order; empty where one rule met the whole row.
  package var columns: [Column] = []

  /// In order of severity; a change whose columns fared differently has the last that applies.
  var severity: Int {
    ["applied", "merged", "overridden", "proposal", "refused"].firstIndex(of: verdict) ?? 0
  }
}

/// A value that lost, as the ledger keeps it.
package struct NaiveLoss: Hashable, Sendable {
  package let row: NaiveRow
  package let caseID: String
  package let column: String
  package let kept: NaiveValue
  package let keptBy: String
  package let lost: NaiveValue
  package let lostBy: String
  package let rule: String
}

/// An edit that waits for a person; without a column it proposes to delete the row.
package struct NaiveProposal: Hashable, Sendable {
  package let row: NaiveRow
  package let caseID: String
  package let column: String?
  package let kept: NaiveValue
  package let proposed: NaiveValue
  package let proposedBy: String
  package let rule: String
}
