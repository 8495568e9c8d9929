package import SyncCore

/// The order to erase a case, as the county keeps it for ever: ids, and who gave it. It outlives
/// the data, and is carried out again wherever they come back.
package struct StoredErasure: Sendable, Equatable {
  package let id: String
  package let caseID: CaseID
  /// Why, in the words of whoever ordered it; empty where a restored hub has only the ids.
  package let reason: String
  package let orderedBy: String
  /// Who agreed to it; empty where nobody had to.
  package let second: String
  package let orderedAt: Milliseconds
  /// The entry of the log that ended the last grant; the head where there was none.
  package let seq: Int64
  /// When nothing of it stood any more in the hub's files; nil as long as something may.
  package var clearedAt: Milliseconds?

  package init(
    id: String, caseID: CaseID, reason: String, orderedBy: String, second: String,
    orderedAt: Milliseconds, seq: Int64, clearedAt: Milliseconds? = nil
  ) {
    self.id = id
    self.caseID = caseID
    self.reason = reason
    self.orderedBy = orderedBy
    self.second = second
    self.orderedAt = orderedAt
    self.seq = seq
    self.clearedAt = clearedAt
  }
}

/// Purges by retention rest until a person resumes them.
package struct RetentionPause: Sendable, Equatable {
  package let since: Milliseconds
  package let by: String
  package let reason: String

  package init(since: Milliseconds, by: String, reason: String) {
    self.since = since
    self.by = by
    self.reason = reason
  }
}

/// How much was forgotten.
package struct ForgottenCounts: Sendable, Equatable {
  /// Rows that went or lost values.
  package var rows = 0
  /// Entries of the log whose payload and salt went.
  package var logEntries = 0
  /// Entries of the ledger, and proposals.
  package var contests = 0
  /// Stored answers that lost values, and waiting batches that lost changes.
  package var batches = 0

  package init() {}
}

/// What a person may do at the hub, in ascending order.
package enum UserRole: String, Sendable, CaseIterable, Comparable {
  /// Look at what holds no personal value.
  case read
  /// Run the hub: sites, backups, comparisons.
  case operate
  /// Decide about cases: hand over, settle, erase; and see values where the county's gate is open.
  case decide

  package static func < (left: UserRole, right: UserRole) -> Bool {
    allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
  }
}

/// A person who administers a county.
package struct HubUser: Sendable, Equatable {
  package let name: String
  package let role: UserRole

  package init(name: String, role: UserRole) {
    self.name = name
    self.role = role
  }
}

/// What a person did or looked at, without any value.
package struct AuditEvent: Sendable, Hashable {
  package let at: Milliseconds
  package let actor: String
  /// Who agreed; empty where nobody had to.
  package let second: String
  /// A stable code: ``AuditAction``.
  package let action: String
  /// Ids of what it was about: a case, a proposal, a site.
  package let subject: String
  /// Codes and reasons, in the words of the person; never a value of a case.
  package let detail: String

  package init(
    at: Milliseconds, actor: String, second: String = "", action: String, subject: String,
    detail: String = ""
  ) {
    self.at = at
    self.actor = actor
    self.second = second
    self.action = action
    self.subject = subject
    self.detail = detail
  }

  /// The hash of this event behind the chain that ends with `previous`: `schemas/README.md`, "The
  /// audit record".
  package func hash(after previous: Hash256) -> Hash256 {
    var writer = ByteWriter(capacity: 256)
    writer.raw(previous.bytes)
    writer.signed(at)
    for text in [actor, second, action, subject, detail] { writer.text(ByteText(text)) }
    return Hash256(sha256Of: writer.bytes)
  }
}

/// An event in its place in the chain.
package struct StoredAuditEvent: Sendable, Equatable {
  /// Dense from 1.
  package let number: Int64
  package let event: AuditEvent
  package let hash: Hash256

  package init(number: Int64, event: AuditEvent, hash: Hash256) {
    self.number = number
    self.event = event
    self.hash = hash
  }
}
