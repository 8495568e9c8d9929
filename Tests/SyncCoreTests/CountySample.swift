import SyncCore

/// A small county for the tests of decisions: a schema in which every policy stands once, three
/// sites, and short ways to write rows, versions and changes.
enum CountySample {
  static let lead = SiteID("stuttgart")
  static let contributor = SiteID("caritas")
  static let county = SiteID("landkreis")
  static let reader = SiteID("leser")
  static let caseA = CaseID("case-a")
  static let caseB = CaseID("case-b")
  static let incarnation = IncarnationID("now")
  static let ancestor = IncarnationID("before")
  static func ancestor(through seq: Int64) -> Ancestor {
    Ancestor(incarnation: ancestor, throughSeq: seq)
  }
  static let key = SipHash128Key(bytes: Array(0..<16))!
  /// The head of the hub's log before every decision.
  static let headSeq: Int64 = 100
  static let now: Milliseconds = 1_000_000

  static let caseFile = table(
    1, "case_file", .caseRoot,
    [
      column(1, "opened_on", .date, .min, isRequired: true),
      column(2, "phase", .code, .state, codes: ["open", "closed"], terminal: ["closed"]),
      column(3, "desk", .text, .lead, tier: .local),
      Column(
        number: 4, name: "restricted_since", label: "restricted_since", type: .date, tier: .header,
        policy: .lead, restricts: true),
    ])
  static let person = table(
    2, "person", .ofCase,
    [
      column(1, "name", .text, .latest, isRequired: true),
      column(2, "worker", .text, .lead),
      column(3, "area", .text, .county),
      column(4, "level", .code, .restrict, codes: ["free", "limited", "barred"]),
      column(5, "languages", .set, .union),
      column(6, "minutes", .integer, .max),
      column(7, "since", .date, .min),
      column(8, "sex", .text, .once),
      column(9, "state", .code, .state, codes: ["open", "done", "gone"], terminal: ["done"]),
      column(10, "goal", .text, .manual),
      column(11, "from", .text, .lead, group: "stay"),
      column(12, "to", .text, .lead, group: "stay"),
      column(13, "born", .text, .once, group: "birth"),
      column(14, "precision", .text, .once, group: "birth"),
      column(15, "desk", .text, .lead, tier: .local),
    ])
  static let talk = table(
    3, "talk", .ofCase,
    [column(1, "on_date", .date, .lead), column(2, "note", .text, .lead)], isAppendOnly: true)
  static let site = table(4, "site", .global, [column(1, "name", .text, .county)], isHubOnly: true)
  static let worker = table(5, "worker", .global, [column(1, "name", .text, .latest)])
  static let schema = Schema(version: 1, tables: [caseFile, person, talk, site, worker])

  static func context(
    _ author: SiteID, ancestors: [Ancestor] = [], clockSkew: Milliseconds = 0,
    isClockSteady: Bool = true, headSeq: Int64 = headSeq, schema: Schema = schema
  ) -> DecisionContext {
    DecisionContext(
      schema: schema,
      author: Author(
        site: author, incarnation: author == .hub ? IncarnationID("") : incarnation,
        ancestors: ancestors, clockSkew: clockSkew, isClockSteady: isClockSteady),
      headSeq: headSeq, now: now, sites: [lead, contributor, county, reader],
      countySites: [county], viewersOfNewCases: [county: .contributor, contributor: .contributor])
  }

  // MARK: Schema

  private static func table(
    _ number: Int, _ name: String, _ scope: TableScope, _ columns: [Column],
    isAppendOnly: Bool = false, isHubOnly: Bool = false
  ) -> Table {
    Table(
      number: number, name: name, label: name, scope: scope, isAppendOnly: isAppendOnly,
      isHubOnly: isHubOnly, retentionMonths: nil, columns: columns)
  }

  private static func column(
    _ number: Int, _ name: String, _ type: ColumnType, _ policy: Policy, tier: Tier = .header,
    codes: [String] = [], terminal: [String] = [], group: String? = nil, isRequired: Bool = false
  ) -> Column {
    Column(
      number: number, name: name, label: name, type: type, tier: tier, policy: policy,
      codes: codes, terminalCodes: terminal, group: group, isRequired: isRequired)
  }
}

extension Table {
  func number(_ name: String) -> Int { column(named: name)!.number }

  func row(_ values: [String: Value]) -> [Value] { columns.map { values[$0.name] ?? .null } }

  func cells(_ values: [String: Value]) -> Cells {
    Cells(of: row(values), in: self, mask: ColumnMask(values.keys.map(number)))
  }

  func key(_ id: String) -> RowKey { RowKey(table: number, id: RowID(id)) }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  public init(stringLiteral value: String) { self = .text(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
}

extension ColumnVersion {
  /// A version that its author's hub applied at once.
  static func by(
    _ site: SiteID, _ seq: Int64, incarnation: IncarnationID = CountySample.incarnation,
    isDirect: Bool = true, at: Milliseconds = 0
  ) -> ColumnVersion {
    ColumnVersion(
      seq: seq, site: site, incarnation: incarnation, isDirect: isDirect, editedAt: at)
  }
}

extension Change {
  /// A change with the tag of its number.
  static func of(
    _ kind: ChangeKind, _ row: RowKey, _ values: [String: Value] = [:], n: Int64 = 1,
    in caseID: CaseID = CountySample.caseA, base: Int64 = 50, bases: [String: Int64] = [:],
    at: Milliseconds = 500, times: [String: Milliseconds] = [:]
  ) -> Change {
    let table = CountySample.schema.table(number: row.table)!
    let exceptions = bases.map { ColumnBase(column: table.number($0.key), base: $0.value) }
    let earlier = times.map { ColumnTime(column: table.number($0.key), editedAt: $0.value) }
    return Change(
      id: EntryID(n: n, tag: n), kind: kind, row: row, caseID: caseID, cells: table.cells(values),
      base: base, columnBases: exceptions.sorted { $0.column < $1.column }, editedAt: at,
      columnTimes: earlier.sorted { $0.column < $1.column })
  }
}

/// What the hub holds before a decision: rows with digests that fit.
struct HubSample {
  var view = HubView()

  init(leadOf cases: [CaseID] = [CountySample.caseA]) {
    for caseID in cases + [.none] {
      view.cases[caseID] = StoredCase(
        id: caseID, lead: CountySample.lead, epoch: 3, epochSince: 20, digests: .zero)
    }
  }

  /// - Parameter versions: of single columns; all others were written by the lead at 10.
  mutating func put(
    _ key: RowKey, _ values: [String: Value], in caseID: CaseID = CountySample.caseA,
    versions: [String: ColumnVersion] = [:], writer: SiteID = CountySample.lead,
    isAlive: Bool = true
  ) {
    let table = CountySample.schema.table(number: key.table)!
    let row = StoredRow(
      key: key, caseID: caseID, isAlive: isAlive, writer: writer,
      values: isAlive ? table.row(values) : table.row([:]),
      versions: table.columns.map { versions[$0.name] ?? .by(CountySample.lead, 10) },
      lastSeq: versions.values.reduce(10) { max($0, $1.seq) })
    view.rows[key] = row
    guard isAlive else { return }
    var digester = RowDigester(key: CountySample.key)
    view.cases[caseID]!.digests += digester.digests(
      of: key, caseID: caseID, row: row.values, in: table)
  }

  /// The rows of a table are at hand as a whole; it has none yet.
  mutating func askFor(_ table: String, in caseID: CaseID = CountySample.caseA) {
    let number = CountySample.schema.table(named: table)!.number
    view.groups[RowGroup(table: number, caseID: caseID)] = []
  }

  /// A row of whatever table, as it is.
  mutating func put(_ row: StoredRow) {
    view.rows[row.key] = row
  }

  func decide(
    _ changes: [Change], by author: SiteID, as role: Role? = .contributor,
    in context: DecisionContext? = nil, formerly periods: [GrantPeriod] = [],
    seeing tiers: TierSet? = nil
  ) -> Plan {
    var view = view
    for caseID in view.cases.keys {
      view.roles[caseID] = role
      view.periods[caseID] = periods.isEmpty ? nil : periods
      view.tiers[caseID] = tiers
    }
    return Decision.decide(
      changes, view: view, context: context ?? CountySample.context(author),
      digestKey: CountySample.key)
  }
}

extension Plan {
  /// The values of a row that the plan writes.
  func values(_ key: RowKey) -> [Value]? {
    rows.first { $0.key == key && $0.isAlive }?.values
  }

  func value(_ name: String, of key: RowKey) -> Value? {
    let table = CountySample.schema.table(number: key.table)!
    return values(key).map { $0[table.position(ofColumn: table.number(name))!] }
  }

  var hasNoEffect: Bool { log.isEmpty && rows.isEmpty && grants.isEmpty && cases.isEmpty }

  /// Everything that it says, for comparing two plans.
  var everything: [AnyHashable] {
    [answers, log, rows, ledger, proposals, decidedProposals, grants, cases] as [AnyHashable]
  }
}
