import GRDB
import SQLiteAccess
import SyncCore

/// A replica or a county's database, opened to be read: both hold the domain tables under the same
/// names. Nothing is ever written to it.
package struct CaseloadFile: Sendable {
  private let queue: DatabaseQueue

  /// As long as a session's apply may hold the file.
  private static let busyMilliseconds = 5_000

  /// - Throws: ``CaseloadFileError``.
  package init(path: String) throws {
    var configuration = Connection.configuration(
      synchronous: "FULL", busyMilliseconds: Self.busyMilliseconds, firesTriggers: false)
    configuration.readonly = true
    queue = try Self.translatingErrors {
      try DatabaseQueue(path: path, configuration: configuration)
    }
  }

  /// Every warning that is due on a day, as one state of the file shows it; in the order of the
  /// definitions, and only those that concern a row.
  ///
  /// - Throws: ``CaseloadFileError``.
  package func warnings(asOf day: CalendarDay) throws -> [CaseloadWarning] {
    try Self.translatingErrors { try queue.read { try Self.warnings(asOf: day, in: $0) } }
  }

  private static func warnings(asOf day: CalendarDay, in database: Database) throws
    -> [CaseloadWarning]
  {
    let columns = try columns(of: database)
    func isReadable(_ definition: WarningDefinition) -> Bool {
      definition.reads.allSatisfy(columns.contains)
    }
    let plain = CaseWarnings.all + FundingWarnings.all + PersonWarnings.all
    var due = try plain.filter(isReadable).map { definition in
      CaseloadWarning(
        definition,
        rows: try Query(database, definition.sql).all(.text(day.description), body: row))
    }
    if isReadable(PossibleDuplicates.definition) {
      due.append(try duplicates(in: database, asOf: day))
    }
    return due.filter { $0.count > 0 }
  }

  /// The figures of a report over the cases that this replica's site leads, as one state of the
  /// file shows them.
  ///
  /// - Parameters:
  ///   - from: the first day of the period.
  ///   - to: its last day, which is the cut-off date.
  /// - Throws: ``CaseloadFileError``.
  package func counts(
    of report: CountedReport, from: CalendarDay, to: CalendarDay
  ) throws -> Counts {
    try Self.translatingErrors {
      try queue.read { database in
        var counts = Counts()
        for section in report.sections {
          let cells = try Query(database, section.sql).all(
            .text(from.description), .text(to.description)
          ) { ($0.text(0), Int($0.integer(1))) }
          for (key, count) in cells {
            counts.add(count, to: Counts.Place(section: section.code, key: key))
          }
        }
        return counts
      }
    }
  }

  private static func translatingErrors<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as DatabaseError {
      switch error.resultCode {
      case .SQLITE_BUSY, .SQLITE_LOCKED: throw CaseloadFileError.busy
      default: throw CaseloadFileError.unreadable("\(error.resultCode)")
      }
    }
  }

  private static func duplicates(in database: Database, asOf day: CalendarDay) throws
    -> CaseloadWarning
  {
    let definition = PossibleDuplicates.definition
    let people = try Query(database, definition.sql).all(.text(day.description)) { row in
      PossibleDuplicates.Person(
        row: Self.row(row),
        likeness: PossibleDuplicates.Likeness(
          birthDate: row.text(2), familyName: row.text(3), givenNames: row.text(4)),
        origin: row.text(5))
    }
    return CaseloadWarning(definition, rows: PossibleDuplicates.rows(among: people))
  }

  private static func row(_ row: ResultRow) -> CaseloadWarning.Row {
    CaseloadWarning.Row(id: row.identifier(0), caseID: row.isNull(1) ? nil : row.identifier(1))
  }

  /// Every column there is, as `table.column`.
  private static func columns(of database: Database) throws -> Set<String> {
    let sql = """
      SELECT t.name || '.' || c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
      WHERE t.type = 'table'
      """
    return Set(try Query(database, sql).all { $0.text(0) })
  }
}

/// Why a caseload cannot be looked through.
package enum CaseloadFileError: Error, Equatable, Sendable {
  /// Another program kept the file locked.
  case busy
  /// SQLite's code.
  case unreadable(String)
}
