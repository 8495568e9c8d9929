import SyncCore

/// What the people at a site do with their program: statements of every kind that SQL has for
/// changing rows, each with its effects in plain words.
struct LocalProgram {
  /// What a statement did to one row, if it was committed.
  enum Effect {
    case inserted(table: String, id: String, caseID: String, values: [String: Value])
    case updated(table: String, id: String, values: [String: Value])
    case deleted(table: String, id: String)
    /// A sample got another id; whatever had that id is gone.
    case renamed(String, to: String)
    /// A sample went to another case.
    case moved(String, from: String, to: String)
  }

  struct Statement {
    let sql: String
    let effects: [Effect]
    /// For the trace.
    let what: String
  }

  /// A text that somebody wrote, unique in its run.
  struct Written {
    let text: String
    let site: Int
  }

  let site: SimulatedSite
  private let contention: Int
  private let isCrowd: Bool
  private let staffWrites: Int
  private let imports: Int
  /// Rows of an import: in small batches a large one takes the whole night.
  private let importRowCountMax: Int
  private let columns: [String]
  var random: SeededGenerator
  /// Shared by all programs of a run, so that every text is unique.
  let counter: TextCounter

  init(site: SimulatedSite, swarm: Swarm, seed: UInt64, counter: TextCounter) {
    self.site = site
    staffWrites = swarm.staffWrites
    imports = swarm.imports
    importRowCountMax = min(60, 8 * swarm.batchChangeCount)
    let columns = Self.clockless + (swarm.ignoresClocks ? [] : Self.clocked)
    let grown = site.schema.version > 1 ? Self.grown : []
    contention = swarm.contention
    isCrowd = swarm.isCrowd
    self.counter = counter
    random = SeededGenerator(seed: seed)
    // The same few in all programs of a run.
    self.columns =
      isCrowd
      ? (0..<3).map { columns[(swarm.firstCrowdedColumn + 4 * $0) % columns.count] }
      : grown + columns
  }

  /// The next statement, from what stands in the replica now.
  mutating func next(_ connection: PlainClient) throws -> Statement {
    if staffWrites > 0 && random.number(0...999) < staffWrites {
      return try staffStatement(connection)
    }
    guard let caseID = try pickCase(connection), !random.chance(4) else { return openCase() }
    if imports > 0 && random.number(0...999) < imports { return importRows(into: caseID) }
    if site.schema.version > 1 && random.chance(10) { return insertVisit(in: caseID) }
    guard random.number(0...999) < contention, let row = try pickSample(connection) else {
      return random.chance(70) ? insertSample(in: caseID) : insertEntry(in: caseID)
    }
    if isCrowd && random.chance(60) { return update(row) }
    switch random.number(0...99) {
    case ..<48: return update(row)
    case ..<56: return delete(row)
    case ..<62: return replace(row)
    case ..<66: return rename(row)
    case ..<70: return try evict(row, connection)
    case ..<74: return deleteAndInsert(row)
    case ..<77: return upsert(row)
    case ..<80: return ignored(row)
    case ..<83: return writeLocally(row)
    case ..<85: return rolledBack(row)
    case ..<88: return move(row, to: caseID)
    case ..<92: return try changeEntry(connection) ?? update(row)
    case ..<95: return updateCase(caseID)
    default: return several(row, in: caseID)
    }
  }

  // MARK: Choosing

  private struct Row {
    let table: String
    let id: String
    let caseID: String
  }

  mutating func pickCase(_ connection: PlainClient) throws -> String? {
    try pick("SELECT id, id FROM case_file", connection)?.id
  }

  private mutating func pickSample(_ connection: PlainClient) throws -> Row? {
    try pick("SELECT id, case_id FROM sample", connection, "sample")
  }

  /// A row at or behind a random place: mostly one of few, because conflicts need company.
  private mutating func pick(
    _ sql: String, _ connection: PlainClient, _ table: String = "case_file"
  ) throws -> Row? {
    let isFirst = isCrowd && random.chance(80)
    let place =
      isFirst ? 0 : random.chance(70) ? random.number(0...2) * 5 : random.number(0...15)
    let pivot = String(place, radix: 16)
    let found =
      try connection.rows("\(sql) WHERE id >= ? ORDER BY id LIMIT 1", pivot).first
      ?? connection.rows("\(sql) ORDER BY id LIMIT 1").first
    // An id that is no text is poison: its own program leaves it alone.
    guard let id = found?[0].text, let caseID = found?[1].text, !id.contains("\u{FFFD}") else {
      return nil
    }
    return Row(table: table, id: id, caseID: caseID)
  }

  /// Begins with a hexadecimal digit, by which rows are picked, and holds its case, by which the
  /// wire tap knows whom it may reach.
  private mutating func newID(_ caseID: String?) -> String {
    let place = String(random.number(0...15), radix: 16)
    let number = counter.next()
    return "\(place)\(number)@\(caseID.map(Self.mark) ?? "c\(number)");"
  }

  /// What names a case inside texts and ids.
  private static func mark(_ caseID: String) -> String {
    String(caseID.drop { $0 != "@" }.dropFirst().prefix { $0 != ";" })
  }

  private mutating func text(_ caseID: String) -> String {
    let text = "t\(counter.next())@\(Self.mark(caseID));"
    counter.written.append(Written(text: text, site: site.index))
    return text
  }

  private mutating func value(_ column: String, _ caseID: String) -> Value {
    if column != "added_state" && random.chance(10) { return .null }
    switch column {
    case "by_max", "by_min", "added_max": return .integer(Int64(random.number(0...9)))
    case "added_state": return .text("s\(random.number(0...2))")
    case "by_restrict": return .text("c\(random.number(0...3))")
    case "by_state": return .text("s\(random.number(0...3))")
    case "by_union":
      let members = ["a", "b", "c", "d", "e"].filter { _ in random.chance(40) }
      return members.isEmpty ? .null : .text(members.joined(separator: ","))
    default: return .text(text(caseID))
    }
  }

  private mutating func values(_ caseID: String, _ count: Int) -> [String: Value] {
    var values: [String: Value] = [:]
    for _ in 0..<count {
      let column = random.pick(columns)
      values[column] = value(column, caseID)
    }
    return values
  }

  private static let clockless = [
    "by_lead", "by_county", "by_restrict", "by_union", "by_max", "by_min", "by_once", "by_state",
    "by_manual",
  ]
  /// Of the schema's second version.
  private static let grown = ["added_max", "added_text", "added_state"]
  /// Of policy `latest`.
  private static let clocked = ["by_latest", "pair_from", "pair_to"]

  // MARK: Statements

  private mutating func openCase() -> Statement {
    let id = newID(nil)
    let day = "2025-0\(random.number(1...9))-01"
    return Statement(
      sql: "INSERT INTO case_file (id, opened_on) VALUES ('\(id)', '\(day)')",
      effects: [
        .inserted(
          table: "case_file", id: id, caseID: id, values: ["opened_on": .text(day)])
      ], what: "opens case \(id)")
  }

  private mutating func updateCase(_ id: String) -> Statement {
    let day = "2025-0\(random.number(1...9))-01"
    return Statement(
      sql: "UPDATE case_file SET opened_on = '\(day)' WHERE id = '\(id)'",
      effects: [
        .updated(table: "case_file", id: id, values: ["opened_on": .text(day)])
      ], what: "updates case \(id)")
  }

  private mutating func insertSample(in caseID: String) -> Statement {
    insert(newID(caseID), in: caseID, values(caseID, random.number(0...5)), "INSERT")
  }

  private func insert(
    _ id: String, in caseID: String, _ values: [String: Value], _ verb: String
  ) -> Statement {
    Statement(
      sql: Self.insertion(verb, "sample", id, caseID, values),
      effects: [.inserted(table: "sample", id: id, caseID: caseID, values: values)],
      what: "\(verb == "INSERT" ? "inserts" : "replaces") \(id)")
  }

  private static func insertion(
    _ verb: String, _ table: String, _ id: String, _ caseID: String, _ values: [String: Value]
  ) -> String {
    let sorted = values.sorted { $0.key < $1.key }
    let names = ["id", "case_id"] + sorted.map(\.key)
    let literals = ["'\(id)'", "'\(caseID)'"] + sorted.map(\.value.sql)
    return "\(verb) INTO \(table) (\(names.joined(separator: ", "))) "
      + "VALUES (\(literals.joined(separator: ", ")))"
  }

  private mutating func insertEntry(in caseID: String) -> Statement {
    let id = newID(caseID)
    let values = ["text": Value.text(text(caseID))]
    return Statement(
      sql: Self.insertion("INSERT", "entry", id, caseID, values),
      effects: [.inserted(table: "entry", id: id, caseID: caseID, values: values)],
      what: "inserts entry \(id)")
  }

  /// Of a table that only the schema's second version has.
  private mutating func insertVisit(in caseID: String) -> Statement {
    let id = newID(caseID)
    let values = ["text": Value.text(text(caseID))]
    return Statement(
      sql: Self.insertion("INSERT", "visit", id, caseID, values),
      effects: [.inserted(table: "visit", id: id, caseID: caseID, values: values)],
      what: "inserts visit \(id)")
  }

  private static func assignments(_ values: [String: Value]) -> String {
    values.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value.sql)" }
      .joined(separator: ", ")
  }

  private mutating func update(_ row: Row) -> Statement {
    let values = values(row.caseID, random.number(1...3))
    return Statement(
      sql: "UPDATE sample SET \(Self.assignments(values)) WHERE id = '\(row.id)'",
      effects: [.updated(table: "sample", id: row.id, values: values)],
      what: "updates \(row.id) \(values.keys.sorted().joined(separator: ","))")
  }

  private mutating func changeEntry(_ connection: PlainClient) throws -> Statement? {
    guard let row = try pick("SELECT id, case_id FROM entry", connection, "entry") else {
      return nil
    }
    if random.chance(30) {
      return Statement(
        sql: "DELETE FROM entry WHERE id = '\(row.id)'",
        effects: [.deleted(table: "entry", id: row.id)], what: "deletes entry \(row.id)")
    }
    let values = ["text": Value.text(text(row.caseID))]
    return Statement(
      sql: "UPDATE entry SET \(Self.assignments(values)) WHERE id = '\(row.id)'",
      effects: [.updated(table: "entry", id: row.id, values: values)],
      what: "updates entry \(row.id)")
  }

  private func delete(_ row: Row) -> Statement {
    Statement(
      sql: "DELETE FROM sample WHERE id = '\(row.id)'",
      effects: [.deleted(table: "sample", id: row.id)], what: "deletes \(row.id)")
  }

  private mutating func replace(_ row: Row) -> Statement {
    insert(row.id, in: row.caseID, values(row.caseID, random.number(0...4)), "INSERT OR REPLACE")
  }

  /// A changed id is a deletion and an insertion.
  private mutating func rename(_ row: Row) -> Statement {
    let id = newID(row.caseID)
    return Statement(
      sql: "UPDATE sample SET id = '\(id)' WHERE id = '\(row.id)'",
      effects: [.renamed(row.id, to: id)], what: "renames \(row.id) to \(id)")
  }

  /// UPDATE OR REPLACE to a taken id evicts its row, and no delete trigger fires.
  private mutating func evict(_ row: Row, _ connection: PlainClient) throws -> Statement {
    guard let other = try pickSample(connection), other.id != row.id, other.caseID == row.caseID
    else { return update(row) }
    return Statement(
      sql: "UPDATE OR REPLACE sample SET id = '\(other.id)' WHERE id = '\(row.id)'",
      effects: [.renamed(row.id, to: other.id)], what: "\(row.id) evicts \(other.id)")
  }

  private mutating func deleteAndInsert(_ row: Row) -> Statement {
    let values = values(row.caseID, random.number(0...4))
    return Statement(
      sql: "BEGIN; DELETE FROM sample WHERE id = '\(row.id)'; "
        + Self.insertion("INSERT", "sample", row.id, row.caseID, values) + "; COMMIT",
      effects: [
        .deleted(table: "sample", id: row.id),
        .inserted(table: "sample", id: row.id, caseID: row.caseID, values: values),
      ], what: "deletes and inserts \(row.id)")
  }

  private mutating func upsert(_ row: Row) -> Statement {
    let values = values(row.caseID, 1)
    return Statement(
      sql: Self.insertion("INSERT", "sample", row.id, row.caseID, values)
        + " ON CONFLICT (id) DO UPDATE SET \(Self.assignments(values))",
      effects: [.updated(table: "sample", id: row.id, values: values)], what: "upserts \(row.id)")
  }

  private mutating func ignored(_ row: Row) -> Statement {
    Statement(
      sql: Self.insertion(
        "INSERT OR IGNORE", "sample", row.id, row.caseID, ["by_max": .integer(1)]),
      effects: [], what: "inserts \(row.id) in vain")
  }

  private mutating func writeLocally(_ row: Row) -> Statement {
    let values = ["kept_here": Value.text("here\(counter.next())")]
    return Statement(
      sql: "UPDATE sample SET \(Self.assignments(values)) WHERE id = '\(row.id)'",
      effects: [.updated(table: "sample", id: row.id, values: values)],
      what: "writes at \(row.id) what stays here")
  }

  private mutating func rolledBack(_ row: Row) -> Statement {
    Statement(
      sql: "BEGIN; UPDATE sample SET by_max = 77 WHERE id = '\(row.id)'; "
        + "DELETE FROM sample WHERE id = '\(row.id)'; ROLLBACK",
      effects: [], what: "rolls back what it did to \(row.id)")
  }

  /// Only between cases that the same sites hold, so that a mark in a text stays true.
  private mutating func move(_ row: Row, to caseID: String) -> Statement {
    guard caseID != row.caseID, counter.isSameScope(caseID, row.caseID) else { return update(row) }
    return Statement(
      sql: "UPDATE sample SET case_id = '\(caseID)' WHERE id = '\(row.id)'",
      effects: [.moved(row.id, from: row.caseID, to: caseID)], what: "moves \(row.id) to \(caseID)")
  }

  /// Writes into a case that nobody has opened.
  mutating func intruding() -> Statement {
    let caseID = "0@nowhere;"
    let values = ["text": Value.text(text(caseID))]
    let id = newID(caseID)
    return Statement(
      sql: Self.insertion("INSERT", "entry", id, caseID, values),
      effects: [.inserted(table: "entry", id: id, caseID: caseID, values: values)],
      what: "writes \(id) into a case that is not")
  }

  private mutating func importRows(into caseID: String) -> Statement {
    let rowCount = random.number(4...importRowCountMax)
    var tuples: [String] = []
    let effects = (0..<rowCount).map { _ in
      let id = newID(caseID)
      let text = Value.text(text(caseID))
      tuples.append("('\(id)', '\(caseID)', \(text.sql))")
      return Effect.inserted(table: "entry", id: id, caseID: caseID, values: ["text": text])
    }
    return Statement(
      sql: "INSERT INTO entry (id, case_id, text) VALUES " + tuples.joined(separator: ", "),
      effects: effects, what: "imports \(rowCount) entries into \(caseID)")
  }

  private mutating func several(_ row: Row, in caseID: String) -> Statement {
    let parts = [update(row), insertSample(in: caseID), insertEntry(in: caseID)]
    return Statement(
      sql: "BEGIN; " + parts.map(\.sql).joined(separator: "; ") + "; COMMIT",
      effects: parts.flatMap(\.effects),
      what: parts.map(\.what).joined(separator: " and "))
  }
}

/// Numbers the texts and ids of a run, and keeps who wrote which text.
final class TextCounter {
  private var count = 0
  var written: [LocalProgram.Written] = []
  /// Whether two cases are held by the same sites.
  var isSameScope: (String, String) -> Bool = { _, _ in false }

  func next() -> Int {
    count += 1
    return count
  }
}
