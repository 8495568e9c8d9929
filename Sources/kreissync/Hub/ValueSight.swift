import HubService
import HubStorage
import SyncCore

/// Which values of a case a person at the hub is shown: those of header columns always, all others
/// to whoever may decide, unless the case is restricted (Art. 18 GDPR): then to its lead alone.
/// Each look at others is recorded before anything is printed.
struct ValueSight: Sendable {
  let role: UserRole
  /// The cases that are restricted, of those that are looked at.
  var restricted: Set<CaseID> = []

  static let everything = ValueSight(role: .decide)

  /// What stands behind a case's id.
  func remark(on caseID: CaseID) -> String {
    restricted.contains(caseID) ? ", eingeschränkt (Art. 18 DSGVO)" : ""
  }

  func shows(
    _ row: RowKey, column number: Int?, of caseID: CaseID, in schema: Schema
  ) -> Bool {
    guard role < .decide || restricted.contains(caseID), let number else { return true }
    return schema.table(number: row.table)?.column(number: number)?.tier == .header
  }
}

extension CountyOptions {
  /// Finds out what a person may be shown, and records the look. Where the county has users and
  /// nobody is named, values stay hidden and nothing is recorded.
  ///
  /// - Parameters:
  ///   - subject: what is looked at; nil where nothing with a value is.
  ///   - cases: whose values.
  func sight(
    of actor: ActorOptions, _ action: AuditAction, at subject: String?, in cases: Set<CaseID>
  ) throws -> ValueSight {
    let administration = try directory.administration(key())
    let restricted = try administration.restricted(among: cases.sorted())
    guard try actor.name != nil || administration.users().isEmpty else {
      return ValueSight(role: .read, restricted: restricted)
    }
    let person = try actor.authorize(administration, needs: .read)
    if let subject, person.role == .decide {
      try administration.record(action, subject, by: person)
    }
    return ValueSight(role: person.role, restricted: restricted)
  }

  /// Lets a person make one change that needs the role `decide`, or another, and records it in the
  /// transaction that makes it.
  func deciding<Result>(
    _ actor: ActorOptions, _ action: AuditAction, about subject: String, detail: String = "",
    needs role: UserRole = .decide, _ body: (CountyAdministration) throws -> Result
  ) throws -> Result {
    let administration = try directory.administration(key())
    let person = try actor.authorize(administration, needs: role)
    return try body(administration.recording(action, subject, by: person, detail: detail))
  }
}
