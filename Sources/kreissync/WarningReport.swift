import Caseload
import SyncCore

/// The warnings of a caseload as `site status` and `hub status` show them: counts and ids, never a
/// value. They block nothing and change no state.
struct WarningReport: Sendable {
  private let warnings: [CaseloadWarning]

  /// Nothing to look at.
  static let none = WarningReport(warnings: [])

  private init(warnings: [CaseloadWarning]) {
    self.warnings = warnings
  }

  /// Looks through a replica or a county's database as it is today.
  init(path: String) throws {
    warnings = try CaseloadFile(path: path).warnings(asOf: Surroundings.today())
  }

  var json: JSONValue {
    .list(
      warnings.map { warning in
        [
          "code": .text(warning.code), "label": .text(warning.label),
          "table": .text(warning.table), "count": .integer(Int64(warning.count)),
          "rows": .list(warning.rows.map { .text($0.id.string) }),
          "cases": .list(warning.rows.compactMap { $0.caseID.map { .text($0.string) } }),
        ]
      })
  }

  /// A table behind an empty line, or nothing where there is nothing to look at.
  var text: String {
    guard !warnings.isEmpty else { return "" }
    let table = TextTable(
      header: ["warning", "rows", "table", "meaning"],
      rows: warnings.map { [$0.code, String($0.count), $0.table, $0.label] })
    return "\n\n" + table.text
  }
}

extension CommandFailure {
  /// Why a caseload could not be looked through.
  init(_ error: CaseloadFileError) {
    switch error {
    case .busy:
      self.init(
        .deferred, "replica_locked", "another program keeps the caseload's file locked",
        hint: "repeat when it has finished")
    case .unreadable(let code):
      self.init(
        .failed, "caseload_unreadable", "the caseload's file cannot be looked through: \(code)",
        hint: "check the file and its permissions")
    }
  }
}
