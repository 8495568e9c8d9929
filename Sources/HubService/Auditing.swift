package import HubStorage
package import SyncCore

/// What of all that people do at the hub is recorded: the stable codes of the audit record.
package enum AuditAction: String, Sendable, CaseIterable {
  case backup
  case caseLink = "case_link"
  case erase
  case handoverPropose = "handover_propose"
  case handoverAnswer = "handover_answer"
  case participate
  case conflictShow = "conflict_show"
  case conflictRestore = "conflict_restore"
  case proposalShow = "proposal_show"
  case proposalDecide = "proposal_decide"
  case keysRotate = "keys_rotate"
  case rebuild
  case release
  case restore
  case rowDelete = "row_delete"
  case rowList = "row_list"
  case rowPut = "row_put"
  case schemaUpdate = "schema_update"
  case siteAdd = "site_add"
  case siteInstruct = "site_instruct"
  case sitePause = "site_pause"
  case siteResume = "site_resume"
  case siteRevoke = "site_revoke"
  case siteRejoin = "site_rejoin"
  case userAdd = "user_add"
  case userRemove = "user_remove"
  case retentionPurge = "retention_purge"
  case retentionPause = "retention_pause"
  case retentionResume = "retention_resume"
  case export
}

extension AuditEvent {
  package init(
    at: Milliseconds, actor: String, second: String = "", action: AuditAction, subject: String,
    detail: String = ""
  ) {
    self.init(
      at: at, actor: actor, second: second, action: action.rawValue, subject: subject,
      detail: detail)
  }
}

/// Who acts, found out before anything is done.
package struct Operator: Sendable, Equatable {
  package let name: String
  package let second: String
  package let role: UserRole

  package init(name: String, second: String = "", role: UserRole = .decide) {
    self.name = name
    self.second = second
    self.role = role
  }
}

/// Why a person may not do what was asked.
package enum AuthorityRefusal: Error, Equatable, Sendable {
  /// The county has users, and nobody was named.
  case nobodyNamed
  case unknownUser(String)
  case roleTooLow(String, needed: UserRole)
  /// Erasure needs two persons where there are users.
  case secondNeeded
  case secondIsFirst(String)
}

/// People of a county, what they may do, and the record of what they did.
extension CountyAdministration {
  /// Finds out who acts, and whether that person may.
  ///
  /// In a county without users everybody who may run commands on the hub may do everything, and the
  /// account's name is recorded. With users each command names one, whose role must suffice.
  ///
  /// - Parameters:
  ///   - needsTwo: whether another person must agree where there are users.
  ///   - account: the operating system's name of who runs the command.
  package func authorize(
    _ name: String?, second: String? = nil, needs role: UserRole, needsTwo: Bool = false,
    account: String
  ) throws -> Operator {
    let users = try store.read { try $0.users }
    guard !users.isEmpty else {
      if let second, second == name ?? account { throw AuthorityRefusal.secondIsFirst(second) }
      return Operator(name: name ?? account, second: second ?? "")
    }
    guard let name else { throw AuthorityRefusal.nobodyNamed }
    let roles = Dictionary(uniqueKeysWithValues: users.map { ($0.name, $0.role) })
    for person in [name, second].compactMap(\.self) {
      guard let known = roles[person] else { throw AuthorityRefusal.unknownUser(person) }
      guard known >= role else { throw AuthorityRefusal.roleTooLow(person, needed: role) }
    }
    if needsTwo && second == nil { throw AuthorityRefusal.secondNeeded }
    if second == name { throw AuthorityRefusal.secondIsFirst(name) }
    return Operator(name: name, second: second ?? "", role: roles[name]!)
  }

  /// Appends to the audit record; durable when it returns.
  package func record(
    _ action: AuditAction, _ subject: String, by actor: Operator, detail: String = ""
  ) throws {
    try store.write { writer in
      try writer.append(
        AuditEvent(
          at: environment.now(), actor: actor.name, second: actor.second, action: action,
          subject: subject, detail: detail))
    }
  }

  /// The same county, whose next change is recorded in the transaction that makes it: neither is
  /// there without the other. For calls that make one change; one that makes none records nothing.
  package func recording(
    _ action: AuditAction, _ subject: String, by actor: Operator, detail: String = ""
  ) -> CountyAdministration {
    let store = AuditedStore(
      store,
      recording: AuditEvent(
        at: environment.now(), actor: actor.name, second: actor.second, action: action,
        subject: subject, detail: detail))
    return CountyAdministration(store: store, environment: environment, rules: rules)
  }

  /// In order of their names.
  package func users() throws -> [HubUser] { try store.read { try $0.users } }

  /// Adds a person, or gives one another role.
  ///
  /// - Throws: ``UserRefusal``.
  package func put(_ user: HubUser, by actor: Operator) throws {
    guard (1...Self.userNameByteCountMax).contains(user.name.utf8.count),
      user.name.allSatisfy({ !$0.isNewline })
    else { throw UserRefusal.name }
    try store.write { writer in
      let others = try writer.users.filter { $0.name != user.name }
      // The last one who may decide could not be followed by another.
      guard user.role == .decide || others.contains(where: { $0.role == .decide }) else {
        throw UserRefusal.lastToDecide
      }
      try writer.put(user)
      try writer.append(
        AuditEvent(
          at: environment.now(), actor: actor.name, action: .userAdd, subject: user.name,
          detail: user.role.rawValue))
    }
  }

  /// A name fits a line.
  static var userNameByteCountMax: Int { 100 }

  /// - Throws: ``UserRefusal``.
  package func removeUser(named name: String, by actor: Operator) throws {
    try store.write { writer in
      let users = try writer.users
      guard users.contains(where: { $0.name == name }) else { throw UserRefusal.unknown(name) }
      let left = users.filter { $0.name != name }
      guard left.isEmpty || left.contains(where: { $0.role == .decide }) else {
        throw UserRefusal.lastToDecide
      }
      try writer.removeUser(named: name)
      try writer.append(
        AuditEvent(
          at: environment.now(), actor: actor.name, action: .userRemove, subject: name))
    }
  }

  // MARK: The record

  /// From a number on, in order.
  package func audit(from number: Int64, limit: Int) throws -> [StoredAuditEvent] {
    try store.read { try $0.audit(from: number, limit: limit) }
  }

  /// Appends what another state of this county recorded and this one does not know: its file is to
  /// be replaced by this one, which is older. What both know stays as it is; where they went apart,
  /// the other's events follow under new numbers. Durable when it returns.
  ///
  /// - Parameter events: the other's whole record, in order.
  /// - Returns: how many were appended.
  package func carryOver(_ events: [StoredAuditEvent]) throws -> Int {
    try store.write { writer in
      var shared = 0
      while shared < events.count {
        let known = try writer.audit(from: events[shared].number, limit: 1).first
        guard known?.hash == events[shared].hash else { break }
        shared += 1
      }
      for stored in events[shared...] { try writer.append(stored.event) }
      return events.count - shared
    }
  }

  /// Proves the chain of the audit record.
  package func verifyAudit() throws -> AuditVerification {
    try store.read { try AuditVerification.run(on: $0) }
  }
}

/// A county's store that appends an event to the audit record in each transaction that commits.
package struct AuditedStore: HubStore {
  private let base: any HubStore
  private let event: AuditEvent

  package init(_ base: any HubStore, recording event: AuditEvent) {
    self.base = base
    self.event = event
  }

  package func read<Result: Sendable>(
    _ body: (any HubReader) throws -> Result
  ) throws -> Result {
    try base.read(body)
  }

  package func write<Result: Sendable>(
    _ body: (any HubWriter) throws -> Result
  ) throws -> Result {
    try base.write { writer in
      let result = try body(writer)
      try writer.append(event)
      return result
    }
  }
}

/// Why people are not changed.
package enum UserRefusal: Error, Equatable, Sendable {
  case name
  case unknown(String)
  /// Where there are users, one must be able to decide.
  case lastToDecide
}

/// Whether the audit record is one unbroken chain.
package struct AuditVerification: Sendable, Equatable {
  package let count: Int64
  /// The hash of the last event; zero without one. Written down elsewhere it shows whether the end
  /// was cut off.
  package let head: Hash256
  /// The first event that is not what its hash says, or is missing; nil where all are there.
  package let firstBad: Int64?

  /// Events read at a time.
  private static let readCount = 1_000

  /// Reads the whole record, in one state of the store.
  package static func run(on reader: any HubReader) throws -> AuditVerification {
    var head = Hash256.zero
    var next: Int64 = 1
    while true {
      let events = try reader.audit(from: next, limit: readCount)
      for stored in events {
        guard stored.number == next, stored.event.hash(after: head) == stored.hash else {
          return AuditVerification(count: next - 1, head: head, firstBad: next)
        }
        head = stored.hash
        next += 1
      }
      guard !events.isEmpty else {
        return AuditVerification(count: next - 1, head: head, firstBad: nil)
      }
    }
  }
}
