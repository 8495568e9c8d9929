import HubService
import HubStorage
import SyncCore

/// Which values of a case a person at the hub is shown: those of header columns always, all others
/// to whoever may decide. Each look at others is recorded before anything is printed.
struct ValueSight: Sendable {
  let role: UserRole

  static let everything = ValueSight(role: .decide)

  func shows(_ row: RowKey, column number: Int?, in schema: Schema) -> Bool {
    guard role < .decide, let number else { return true }
    return schema.table(number: row.table)?.column(number: number)?.tier == .header
  }
}

extension CountyOptions {
  /// Finds out what a person may be shown, and records the look. Where the county has users and
  /// nobody is named, values stay hidden and nothing is recorded.
  ///
  /// - Parameter subject: what is looked at; nil where nothing with a value is.
  func sight(
    of actor: ActorOptions, _ action: AuditAction, at subject: String?
  ) throws -> ValueSight {
    let administration = try directory.administration(key())
    guard try actor.name != nil || administration.users().isEmpty else {
      return ValueSight(role: .read)
    }
    let person = try actor.authorize(administration, needs: .read)
    if let subject, person.role == .decide {
      try administration.record(action, subject, by: person)
    }
    return ValueSight(role: person.role)
  }

  /// Lets a person do what needs the role `decide`, and records it when it is done.
  func deciding<Result>(
    _ actor: ActorOptions, _ action: AuditAction, about subject: String, detail: String = "",
    needs role: UserRole = .decide, _ body: (CountyAdministration) throws -> Result
  ) throws -> Result {
    let administration = try directory.administration(key())
    let person = try actor.authorize(administration, needs: role)
    let result = try body(administration)
    try administration.record(action, subject, by: person, detail: detail)
    return result
  }
}
