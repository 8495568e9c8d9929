package import SyncCore

/// A replica as a session uses it: the port between the session's steps and the file.
///
/// Each call is one transaction: when it returns, what it wrote is durable; when it throws, nothing
/// was written. Between two calls nothing is locked.
package protocol ReplicaStore {
  /// The county's schema as the replica has it.
  var schema: Schema { get }

  /// Where the replica stands.
  func record() throws -> ReplicaRecord
  /// Changes the record in a transaction of its own.
  func updateRecord(_ change: (inout ReplicaRecord) -> Void) throws

  /// Repairs the capture triggers; says what it found.
  func installCapture(at now: Milliseconds) throws -> [ReplicaEvent]
  /// The entries of whose answer the file knows nothing, in no order: in waiting batches, parked,
  /// and behind the batched ones; with the last batch that was answered, 0 for none.
  func unanswered() throws -> (entries: [EntryID], lastAnswered: Int64)
  /// Goes on under a new incarnation: what waits is built anew, but for what was answered before.
  ///
  /// - Parameters:
  ///   - session: the number that the hub gave last.
  ///   - answers: by the entries' numbers.
  /// - Returns: how many entries that were.
  func begin(
    _ incarnation: IncarnationID, session: Int64, answers: [Int64: Answer], at now: Milliseconds
  ) throws -> Int64
  /// The incarnations of the batches that are kept, the present one included, and the number of the
  /// last batch before its first.
  func logs() throws -> (incarnations: [IncarnationID], batchStart: Int64)
  /// Stands in a restored hub's new history: the cursor goes back to what both know, and what the
  /// hub has forgotten is noted to be returned.
  func adopt(_ history: AdoptedHistory, at now: Milliseconds) throws
  /// The oldest answered batch that the hub has forgotten.
  func nextForgottenBatch() throws -> ForgottenBatch?
  /// The hub has this batch, and those before it, again.
  func returned(_ number: Int64) throws
  /// Makes a newer schema of the county the replica's own.
  ///
  /// - Returns: why not, where the replica keeps the one that it has.
  func grow(toSchema text: String, at now: Milliseconds) throws -> SchemaProblem?
  /// Turns the next stretch of the change log into batches in the outbox: the barrier.
  func buildBatches(_ limit: BatchLimit) throws -> (tally: CaptureTally, reachesEnd: Bool)
  /// The oldest batch without an answer, as the bytes that every send repeats.
  func nextWaitingBatch() throws -> WaitingBatch?
  /// Keeps the hub's answer to the oldest waiting batch. It changes no domain row.
  func record(_ answer: BatchAnswer, at now: Milliseconds) throws -> VerdictTally
  /// The rows that the next pull has to return whole.
  func refreshList(limit: Int) throws -> [RowKey]
  /// Applies a pull: rows, cursor and digests move together, unsent work stays on top.
  func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome
  /// Captures writes that no trigger saw; how many it found.
  func scrub(at now: Milliseconds) throws -> Int
  /// Whether a session may pull so many unequal cases whole without a person.
  func mayMend(_ cases: [CaseID]) throws -> Bool
  /// How much waits to be sent or answered.
  func pendingCount() throws -> Int64
  /// Keeps what the hub said of its backups, and removes what nobody can need any more of log and
  /// outbox. Many short transactions: the one exception to the rule above.
  func prune(by word: SecuredWord) throws
  /// Moves the WAL into the file, as far as other programs' readers allow.
  func checkpoint() throws
  /// What the hub may be told of purges; nil while what was purged may still stand in the file or
  /// its WAL, because another program reads or writes, or no room is left to write the file anew.
  ///
  /// - Parameter strip: the hub's answer to a batch without what it says of these entries' values.
  func purgeReceipt(stripping strip: @escaping ([UInt8], Set<Int64>) throws -> [UInt8]) throws
    -> PurgeReceipt?
  /// Lets purges go that waited for a person: the next apply carries them out.
  func releasePurges() throws
}
