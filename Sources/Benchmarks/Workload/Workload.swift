import SyncCore

/// The tables of the workload, in the order in which rows are written.
enum WorkTable: Int, CaseIterable {
  case caseFile, consent, person, consultation, goal

  var name: String {
    switch self {
    case .caseFile: "case_file"
    case .consent: "consent"
    case .person: "person"
    case .consultation: "consultation"
    case .goal: "plan_goal"
    }
  }

  /// Rows of one municipality.
  var countEach: Int {
    switch self {
    case .caseFile, .person: Workload.personCount
    // To the county, for its casework and for the notes: gates close both otherwise.
    case .consent: 2 * Workload.personCount
    case .consultation: 6_000
    case .goal: 1_500
    }
  }

  /// Whether its rows are counted. A case file and two consents beside each person are not: they
  /// are what lets the rows of a case stand, at the baseline as at the candidate.
  var isCounted: Bool { self != .caseFile && self != .consent }

  /// Every column that the workload fills, behind `id` and `case_id`.
  var columns: [String] {
    switch self {
    case .caseFile: ["opened_on", "phase"]
    case .consent: ["purpose", "event", "on_date"]
    case .person:
      [
        "family_name", "given_names", "birth_date", "birth_date_precision", "sex", "nationality",
        "languages", "phone", "email", "household_id", "household_role",
      ]
    case .consultation: ["on_date", "kind", "mode", "language", "topics", "minutes", "note"]
    case .goal: ["area", "text", "target_date", "state", "step_owner"]
    }
  }

  var insertSQL: String {
    let names = (self == .caseFile ? ["id"] : ["id", "case_id"]) + columns
    let marks = Array(repeating: "?", count: names.count).joined(separator: ", ")
    return "INSERT INTO \(name) (\(names.joined(separator: ", "))) VALUES (\(marks))"
  }

  func updateSQL(_ columns: [String]) -> String {
    "UPDATE \(name) SET \(columns.map { "\($0) = ?" }.joined(separator: ", ")) WHERE id = ?"
  }

  var deleteSQL: String { "DELETE FROM \(name) WHERE id = ?" }
}

/// The synthetic caseloads of the benchmarks, the same from the same seed.
///
/// A municipality has 300 persons of some 300 bytes, 6,000 consultations of 400 and 1,500 goals of
/// 150: 7,800 rows, beside 300 case files with two consents each. All is computed from a row's
/// number, so that a caseload of a million rows is never in memory.
package struct Workload: Sendable {
  package let municipalityCount: Int
  /// Each municipality has one of so many parts of its rows.
  private let share: Int
  private let seed: UInt64

  static let personCount = 300

  /// - Precondition: `share` divides the persons of a municipality.
  package init(municipalityCount: Int, share: Int = 1, seed: UInt64 = 8_118) {
    precondition(Self.personCount.isMultiple(of: share))
    self.municipalityCount = municipalityCount
    self.share = share
    self.seed = seed
  }

  /// Persons, consultations and goals.
  package var rowCount: Int {
    WorkTable.allCases.filter(\.isCounted).reduce(0) { $0 + count(of: $1) }
  }

  func count(of table: WorkTable) -> Int { countEach(of: table) * municipalityCount }

  private func countEach(of table: WorkTable) -> Int { table.countEach / share }

  /// The rows of one municipality as inserts: counted ones and the files of their cases.
  ///
  /// - Precondition: there is such a municipality.
  package func rows(ofMunicipality number: Int) -> OperationList {
    precondition((0..<municipalityCount).contains(number))
    let list = OperationList()
    for table in WorkTable.allCases {
      let first = number * countEach(of: table)
      for row in first..<first + countEach(of: table) { insert(row, into: table, list) }
    }
    return list
  }

  func insert(_ row: Int, into table: WorkTable, _ list: OperationList) {
    var texts = WorkTexts(seed: seed, table: table, row: row, arena: list.arena)
    var cells = [list.arena.keep(id(row, of: table))]
    if table != .caseFile {
      cells.append(list.arena.keep(id(caseNumber(ofRow: row, of: table), of: .caseFile)))
    }
    for column in table.columns { cells.append(texts.cell(of: column)) }
    list.append(table.insertSQL, cells)
  }

  /// A row's id: a UUIDv7 whose time follows the rows' numbers, as ids do that are made in order.
  func id(_ row: Int, of table: WorkTable) -> String {
    var generator = SeededGenerator(
      seed: seed &+ UInt64(table.rawValue) &* 0x1_0000_0001 &+ UInt64(row) &* 31)
    let (high, low) = (generator.next(), generator.next())
    let random = (0..<UUIDv7.randomByteCount).map { place in
      UInt8(truncatingIfNeeded: place < 8 ? high >> UInt64(8 * place) : low >> UInt64(place))
    }
    return UUIDv7.text(milliseconds: 1_700_000_000_000 + Milliseconds(row), random: random)
  }

  /// Rows behind the caseload's own, which deltas insert, go through the cases once more.
  func caseNumber(ofRow row: Int, of table: WorkTable) -> Int {
    let each = table.countEach / Self.personCount
    return row / each % count(of: .caseFile)
  }
}

/// Invented values of one row.
struct WorkTexts {
  private var generator: SeededGenerator
  private let arena: TextArena
  private let row: Int

  init(seed: UInt64, table: WorkTable, row: Int, arena: TextArena) {
    generator = SeededGenerator(
      seed: seed ^ UInt64(table.rawValue + 1) &* 0x9E37_79B9 &+ UInt64(row) &* 0x85EB_CA6B)
    self.arena = arena
    self.row = row
  }

  /// For another version of a row.
  init(seed: UInt64, arena: TextArena) {
    generator = SeededGenerator(seed: seed)
    self.arena = arena
    row = 0
  }

  /// A value that the column's type accepts; another one each time.
  mutating func cell(of column: String) -> Cell {
    switch column {
    case "minutes": .integer(Int64(generator.number(5...240)))
    default: arena.keep(text(of: column))
    }
  }

  private mutating func text(of column: String) -> String {
    switch column {
    case "phase": "open"
    case "purpose": row.isMultiple(of: 2) ? "casework" : "notes_release"
    case "event": "given"
    case "birth_date_precision": "day"
    case "state": "open"
    case "opened_on", "on_date": day(in: 2024...2025)
    case "target_date": day(in: 2026...2029)
    case "birth_date": day(in: 1950...2015)
    case "family_name": words(2)
    case "given_names": words(3)
    case "sex": generator.pick(["female", "male", "diverse", "not_stated"])
    case "nationality": generator.pick(["AFG", "ERI", "IRQ", "SYR", "UKR"])
    case "languages": generator.pick(["ar,de", "de,fa", "de,ti", "de,uk"])
    case "language": generator.pick(["ar", "de", "fa", "ti", "uk"])
    case "phone": "+49 7150 \(generator.number(100_000...9_999_999))"
    case "email": "\(words(1).lowercased())\(generator.number(1...99_999))@example.org"
    case "household_id": "household-\(generator.number(1...999_999))"
    case "household_role": generator.pick(["head", "partner", "child", "parent"])
    case "kind": generator.pick(["first", "follow_up", "plan_review", "accompaniment"])
    case "mode": generator.pick(["in_person", "home_visit", "phone", "video"])
    case "topics": generator.pick(["a,b,language", "c,housing", "health,labour", "d,school"])
    case "area": generator.pick(["language", "labour", "housing", "school", "health"])
    case "text": words(7)
    case "note": words(generator.number(24...36))
    case "step_owner": words(2)
    default: preconditionFailure("the workload has no values for \(column)")
    }
  }

  private mutating func day(in years: ClosedRange<Int>) -> String {
    let month = generator.number(101...112) - 100
    let day = generator.number(101...128) - 100
    return "\(generator.number(years))-\(month < 10 ? "0" : "")\(month)"
      + "-\(day < 10 ? "0" : "")\(day)"
  }

  private mutating func words(_ count: Int) -> String {
    (0..<count).map { _ in generator.pick(Self.vocabulary) }.joined(separator: " ")
  }

  private static let vocabulary = [
    "Termin", "Wohnung", "Antrag", "Schule", "Kita", "Ausweis", "Gespräch", "Behörde", "Arzt",
    "Deutschkurs", "Prüfung", "Praktikum", "Bescheid", "Unterlagen", "Frist", "Vermieter",
    "vereinbart", "besprochen", "eingereicht", "abgesagt", "verlängert", "geprüft", "begleitet",
    "nächste", "Woche", "Familie", "Tochter", "Sohn", "dringend", "später", "telefonisch",
    "gemeinsam", "Übersetzung", "fehlt", "liegt", "vor", "und", "mit", "für", "nach", "zum", "der",
  ]
}
