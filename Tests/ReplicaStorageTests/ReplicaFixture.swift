import CaseloadSchema
import Foundation
import GRDB
import ReplicaStorage
import SyncCore
import Testing

/// A replica that has synchronised once, at seq 10, with another program on it.
///
/// Case `c1` has the persons `p1` (Muster, phone 1) and `p2` (Probe, phone 2), case `c2` has `p3`
/// (Dritte). ``hub`` holds the same rows.
final class ReplicaFixture {
  private(set) var file: ReplicaFile
  let client: Client
  let path: String
  var hub: HubScope
  private let folder: ReplicaFolder

  init(_ setting: ClientSetting = ClientSetting()) throws {
    folder = try ReplicaFolder()
    path = folder.path(of: "caseload.sqlite")
    try ReplicaFile.create(at: path, origin: Self.origin)
    // The journal mode can only change while nobody else has the file open.
    client = try Client(path: path, setting: setting)
    file = try ReplicaFile.open(at: path)
    hub = HubScope(schema: file.schema)
    hub.put(caseFile("c1"), in: "c1", ["2025-01-15"])
    hub.put(caseFile("c2"), in: "c2", ["2025-01-16"])
    hub.put(person("p1"), in: "c1", ["Muster", "1"])
    hub.put(person("p2"), in: "c1", ["Probe", "2"])
    hub.put(person("p3"), in: "c2", ["Dritte"])
    let outcome = try apply(hub.scope(at: 10, whole: ["c1", "c2"]))
    #expect(outcome.isEqual)
  }

  /// Opens the file once more, as after a crash.
  func reopen() throws {
    file = try ReplicaFile.open(at: path)
  }

  // MARK: The steps of a session

  static let limit = BatchLimit(changeCount: 1_000, byteCount: 1 << 20)

  @discardableResult
  func build(_ limit: BatchLimit = limit) throws -> CaptureTally {
    let (tally, reachesEnd) = try file.buildBatches(limit)
    #expect(reachesEnd)
    return tally
  }

  /// Every batch in the outbox, as it will be sent.
  func outbox() throws -> [Batch] {
    try client.rows("SELECT lower(hex(bytes)) FROM kreissync_outbox ORDER BY number").map {
      try Batch(decoding: try #require(Hexadecimal.bytes($0[0])), changeCountMax: .max)
    }
  }

  /// The changes of the last batch.
  func lastChanges() throws -> [Change] { try outbox().last?.changes ?? [] }

  /// Answers every waiting batch; what `exceptions` does not name was applied.
  @discardableResult
  func answer(_ exceptions: [RowKey: Answer] = [:], at now: Milliseconds = 5_000) throws
    -> VerdictTally
  {
    var tally = VerdictTally()
    while let waiting = try file.nextWaitingBatch() {
      let batch = try Batch(decoding: waiting.bytes, changeCountMax: .max)
      var named: [Int64: Answer] = [:]
      for change in batch.changes { named[change.id.n] = exceptions[change.row] }
      tally += try file.record(
        BatchAnswer(number: waiting.number, bytes: [1], exceptions: named), at: now)
    }
    return tally
  }

  @discardableResult
  func apply(_ scope: PulledScope, at now: Milliseconds = 6_000) throws -> ApplyOutcome {
    try file.apply(scope, at: now)
  }

  /// Sends everything, has it applied as it is, and pulls what the hub then holds.
  @discardableResult
  func settle(at seq: Int64) throws -> ApplyOutcome {
    try build()
    for change in try outbox().flatMap(\.changes) { hub.take(change) }
    try answer()
    let asked = try file.refreshList(limit: 1_000)
    return try apply(hub.scope(at: seq, items: asked.map(hub.whole)))
  }

  /// Writes as a program whose triggers do not fire: nothing of it is captured.
  func writeUnseen(_ sql: String) throws {
    let queue = try #require(Mirror(reflecting: file).descendant("queue") as? DatabaseQueue)
    try queue.write { try $0.execute(sql: sql) }
  }

  /// No case counts as proved any more, as behind a repair: the next pull reads what it names.
  func forgetProofs() throws {
    try writeUnseen("UPDATE kreissync_case_state SET digest = NULL")
  }

  // MARK: What stands where

  /// One text column of one row; nil where the row is gone.
  func value(_ column: String, of key: RowKey) throws -> String? {
    let table = try #require(file.schema.table(number: key.table))
    return try client.rows("SELECT \(column) FROM \(table.name) WHERE id = '\(key.id)'").first?[0]
  }

  func count(_ table: String) throws -> Int {
    try client.count("SELECT count(*) FROM \(table)")
  }

  /// Entries of the log that are no markers.
  func logCount() throws -> Int {
    try client.count("SELECT count(*) FROM kreissync_log WHERE t <> 0")
  }

  func refreshList() throws -> [RowKey] { try file.refreshList(limit: 1_000) }

  /// The pinned bases of a row, by column.
  func pins(of key: RowKey) throws -> [Int: Int64] {
    let rows = try client.rows(
      "SELECT column_number, base FROM kreissync_pin WHERE t = \(key.table) AND id = '\(key.id)'")
    return Dictionary(uniqueKeysWithValues: rows.map { (Int($0[0])!, Int64($0[1])!) })
  }

  static let origin = ReplicaOrigin(
    county: CountyKey("08118"), countyName: "Landkreis", site: SiteID("here"), siteName: "Hier",
    schemaText: schemaText, digestKey: Array(0..<16), history: HistoryID("h1"),
    incarnation: IncarnationID("i1"))

  static let schemaText = """
    version = 1

    [tables.site]
    number = 1
    label = "Stelle"
    scope = "global"
    hub_only = true
    tier = "header"
    policy = "county"

    [tables.site.columns]
    name = { number = 1, label = "Name", type = "text" }

    [tables.case_file]
    number = 2
    label = "Fall"
    scope = "case_root"
    retention_months = 120
    tier = "header"
    policy = "lead"

    [tables.case_file.columns]
    opened_on = { number = 1, label = "Eröffnet am", type = "date" }
    restricted_since = { number = 2, label = "Eingeschränkt", type = "date", restricts = true }

    [tables.person]
    number = 3
    label = "Person"
    scope = "case"
    retention_months = 24
    tier = "header"
    policy = "lead"

    [tables.person.columns]
    family_name = { number = 1, label = "Familienname", type = "text" }
    phone = { number = 2, label = "Telefon", type = "text" }
    email = { number = 3, label = "E-Mail", type = "text", tier = "personal" }
    born_on = { number = 4, label = "Geboren am", type = "text", group = "birth" }
    born_about = { number = 5, label = "Ungefähr", type = "boolean", group = "birth" }
    memo = { number = 6, label = "Merkzettel", type = "text", tier = "local" }
    children = { number = 7, label = "Kinder", type = "integer" }

    [tables.consent]
    number = 4
    label = "Einwilligung"
    scope = "case"
    append = true
    retention_months = 36
    tier = "header"
    policy = "lead"

    [tables.consent.columns]
    event = { number = 1, label = "Vorgang", type = "text", required = true }

    [tables.health]
    number = 6
    label = "Gesundheit"
    scope = "case"
    retention_months = 36
    tier = "special"
    policy = "lead"

    [tables.health.columns]
    need = { number = 1, label = "Bedarf", type = "text" }
    """
}

func person(_ id: String) -> RowKey { RowKey(table: 3, id: RowID(id)) }
func caseFile(_ id: String) -> RowKey { RowKey(table: 2, id: RowID(id)) }

extension CaseID: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self.init(text) }
}

/// What the hub holds of the site's scope: the double from which its answers come.
struct HubScope {
  struct Row {
    let caseID: CaseID
    var values: [Value]
  }

  private(set) var schema: Schema
  var rows: [RowKey: Row] = [:]
  private let digestKey = SipHash128Key(bytes: ReplicaFixture.origin.digestKey)!

  init(schema: Schema) {
    self.schema = schema
  }

  /// Puts a row whose first columns have these texts.
  mutating func put(_ key: RowKey, in caseID: String, _ texts: [String]) {
    let count = schema.table(number: key.table)!.columns.count
    rows[key] = Row(
      caseID: CaseID(caseID),
      values: texts.map(Value.text) + Array(repeating: .null, count: count - texts.count))
  }

  /// Takes a newer schema over: nobody has written its columns in rows that stand.
  mutating func grow(to newer: Schema) {
    schema = newer
    for (key, row) in rows {
      let added = schema.table(number: key.table)!.columns[row.values.count...]
      rows[key]!.values += added.map(\.valueOfOlderRows)
    }
  }

  mutating func set(_ column: Int, of key: RowKey, to value: Value) {
    let position = schema.table(number: key.table)!.position(ofColumn: column)!
    rows[key]!.values[position] = value
  }

  /// Applies a change as it is.
  mutating func take(_ change: Change) {
    guard change.kind != .delete else {
      rows[change.row] = nil
      return
    }
    let columns = schema.table(number: change.row.table)!.columns
    let old = rows[change.row]?.values ?? columns.map(\.valueOfOlderRows)
    rows[change.row] = Row(
      caseID: change.caseID,
      values: zip(columns, old).map { column, value in change.cells[column.number] ?? value })
  }

  func digest(of caseID: CaseID) -> Digest128 {
    var digester = RowDigester(key: digestKey)
    var sum = Digest128.zero
    for (key, row) in rows where row.caseID == caseID {
      sum += digester.digest(
        of: key, caseID: caseID, row: row.values, in: schema.table(number: key.table)!)
    }
    return sum
  }

  /// A row as it stands, or gone.
  func whole(_ key: RowKey) -> PulledScope.Item {
    guard let row = rows[key], let table = schema.table(number: key.table) else {
      return .gone(key, nil)
    }
    let cells = Cells(travelling: row.values, in: table, mask: table.travellingColumns)
    return .whole(RowImage(key: key, caseID: row.caseID, cells: cells))
  }

  func part(_ key: RowKey, _ columns: Int...) -> PulledScope.Item {
    let row = rows[key]!
    let table = schema.table(number: key.table)!
    let cells = Cells(travelling: row.values, in: table, mask: ColumnMask(columns))
    return .part(RowImage(key: key, caseID: row.caseID, cells: cells))
  }

  /// What a pull brings: the items, whole cases, and the digests of everything.
  func scope(
    at seq: Int64, items: [PulledScope.Item] = [], whole cases: [String] = []
  ) -> PulledScope {
    let ids = Set(rows.values.map(\.caseID)).union([.none]).sorted()
    var page = PulledScope.Page(items: items, digests: ids.map { ($0, digest(of: $0)) })
    for id in cases.map({ CaseID($0) }) {
      page.cases.append(
        PulledScope.CaseState(
          caseID: id, lead: SiteID("here"), terms: GrantTerms(.lead), epoch: 1,
          isDeliveredWhole: true))
      page.items += rows.keys.filter { rows[$0]!.caseID == id }.sorted().map(self.whole)
    }
    return PulledScope(
      checkpoint: Position(
        history: HistoryID("h1"), seq: seq,
        treeHead: TreeHead(size: seq, root: Hash256(sha256Of: [UInt8(seq % 251)]))),
      scopeDigest: ids.reduce(.zero) { $0 + digest(of: $1) }, pages: [page])
  }
}

extension PulledScope {
  /// What stands on its pages, on one.
  func onPage() throws -> Page {
    var all = Page()
    try pages.forEach {
      all.cases += $0.cases
      all.items += $0.items
      all.digests += $0.digests
    }
    return all
  }
}

/// A directory in memory where there is one, removed with its last user.
final class ReplicaFolder {
  let url: URL

  init() throws {
    let memory = URL(filePath: "/dev/shm", directoryHint: .isDirectory)
    let isThere = FileManager.default.fileExists(atPath: memory.path)
    url = (isThere ? memory : FileManager.default.temporaryDirectory)
      .appending(path: "kreissync-replica-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  func path(of name: String) -> String { url.appending(path: name).path }
}
