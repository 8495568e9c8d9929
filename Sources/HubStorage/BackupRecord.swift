package import SyncCore

/// What a county knows of its own backups. It stands in its database, and so in each backup as it
/// was before that one.
package struct BackupRecord: Sendable, Equatable {
  /// How far verified backups reach. *Secured* is what no loss of the hub takes away.
  package struct Secured: Sendable, Equatable {
    /// The last entry of the log that the newest verified backup holds.
    package let seq: Int64
    /// The hub's clock before that backup was begun: what was written earlier is in it.
    package let begunAt: Milliseconds

    package init(seq: Int64, begunAt: Milliseconds) {
      self.seq = seq
      self.begunAt = begunAt
    }
  }

  /// A nightly backup that could not be made.
  package struct Failure: Sendable, Equatable {
    /// A stable code.
    package let code: String
    package let at: Milliseconds

    package init(code: String, at: Milliseconds) {
      self.code = code
      self.at = at
    }
  }

  /// Nil before the first backup.
  package var secured: Secured?
  /// What failed since the last good one; nil for nothing.
  package var failure: Failure?

  package init(secured: Secured? = nil, failure: Failure? = nil) {
    self.secured = secured
    self.failure = failure
  }
}
