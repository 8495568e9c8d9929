/// One thing that the doctor looked at.
struct DoctorFinding: Equatable {
  enum State: String {
    case ok
    /// Works, or waits for something else; somebody should look when there is time.
    case warning
    /// A sync fails, or is not to be trusted, until it is mended.
    case error
  }

  /// A stable name.
  let check: String
  let state: State
  /// Names, counts and codes, never a value.
  let found: String
  /// What to do; empty where nothing is to be done.
  let cure: String

  static func ok(_ check: String, _ found: String) -> DoctorFinding {
    DoctorFinding(check: check, state: .ok, found: found, cure: "")
  }

  static func warning(_ check: String, _ found: String, cure: String) -> DoctorFinding {
    DoctorFinding(check: check, state: .warning, found: found, cure: cure)
  }

  static func error(_ check: String, _ found: String, cure: String) -> DoctorFinding {
    DoctorFinding(check: check, state: .error, found: found, cure: cure)
  }

  /// What cannot be looked at because of something else, which has a finding of its own.
  static func skipped(_ check: String, because reason: String) -> DoctorFinding {
    .warning(check, "not looked at: \(reason)", cure: "mend that first, then look again")
  }

  var json: JSONValue {
    [
      "name": .text(check), "state": .text(state.rawValue), "found": .text(found),
      "cure": .text(cure),
    ]
  }

  /// At most so many names in a line.
  static func list(_ names: [String]) -> String {
    let shown = names.prefix(8).joined(separator: ", ")
    return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
  }
}
