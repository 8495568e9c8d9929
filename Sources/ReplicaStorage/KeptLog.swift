package import SyncCore

/// How far a replica's log had come, as it is kept outside the file.
package struct KeptLog: Sendable, Equatable {
  package let incarnation: IncarnationID
  package let history: HistoryID
  package let batchNumber: Int64
  package let batchHash: Hash256?
  package let batchedThrough: Int64
  /// The session number that the hub gave last.
  package let session: Int64

  package init(
    incarnation: IncarnationID, history: HistoryID, batchNumber: Int64, batchHash: Hash256?,
    batchedThrough: Int64, session: Int64
  ) {
    self.session = session
    self.incarnation = incarnation
    self.history = history
    self.batchNumber = batchNumber
    self.batchHash = batchHash
    self.batchedThrough = batchedThrough
  }
}
