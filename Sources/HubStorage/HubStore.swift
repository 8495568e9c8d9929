package import SyncCore

/// The hub's storage port: one county's log, rows, decisions and sites.
///
/// The hub reads, decides, writes. An engine owes three things: a write runs alone and holds the
/// county's counter from before its first read until its commit, so sequence numbers become visible
/// in commit order; a commit is durable when ``write(_:)`` returns; a body that throws leaves
/// nothing behind. Nothing of an engine (SQL, row ids, error types) crosses this port.
package protocol HubStore: Sendable {
  /// Runs `body` over one consistent state.
  func read<Result: Sendable>(_ body: (any HubReader) throws -> Result) throws -> Result

  /// Runs `body` in one transaction with the counter locked; commits durably, or not at all.
  func write<Result: Sendable>(_ body: (any HubWriter) throws -> Result) throws -> Result

  /// As ``write(_:)`` for what may be forgotten: every reader sees it when this returns, and it is
  /// durable with the next ``write(_:)`` at the latest. A power cut before that takes it back as a
  /// whole, and nothing of what was written before.
  func writeUnsynced<Result: Sendable>(
    _ body: (any HubWriter) throws -> Result
  ) throws -> Result
}

extension HubStore {
  /// An engine that has nothing to gain by it writes durably.
  package func writeUnsynced<Result: Sendable>(
    _ body: (any HubWriter) throws -> Result
  ) throws -> Result {
    try write(body)
  }
}

extension HubReader {
  /// For an engine that has its records at hand.
  package var siteOutlines: [SiteOutline] {
    get throws {
      try sites.map { SiteOutline(id: $0.id, kind: $0.kind, areas: $0.areas, state: $0.state) }
    }
  }
}

/// What can be read of a county at one moment.
package protocol HubReader {
  var county: CountyRecord { get throws }
  /// The county's schema as it is in this transaction.
  var schema: Schema { get }
  /// The head of the log and of its tree.
  var counter: Counter { get throws }
  /// The last entry that a tree of so many leaves covers; 0 for none.
  func lastSeq(ofSize treeSize: Int64) throws -> Int64
  /// A node of a complete subtree of the log's tree.
  func treeNode(_ id: MerkleNodeID) throws -> Hash256

  func site(_ id: SiteID) throws -> SiteRecord?
  /// The site whose certificate key, present or next, has this hash, whatever its state.
  func site(keyHash: [UInt8]) throws -> SiteRecord?
  /// The site whose join token has this hash, whatever its state.
  func site(tokenHash: [UInt8]) throws -> SiteRecord?
  /// In order of their names.
  var sites: [SiteRecord] { get throws }
  /// As ``sites``, with no more than a decision asks of each.
  var siteOutlines: [SiteOutline] { get throws }

  /// The histories before the present one, oldest first.
  var formerHistories: [StoredHistory] { get throws }
  /// What came back too early, in the order of the former numbers.
  var awaiting: [AwaitingBatch] { get throws }

  /// The ended logs of a site's replicas and those that restored files began, oldest first.
  func incarnations(of site: SiteID) throws -> [StoredIncarnation]
  /// The site's answered entries that have one of these tags, under whatever incarnation.
  func answeredEntries(of site: SiteID, tags: [Int64]) throws -> [StoredEntry]

  /// What was asked of a site: the open ones and, newest first, at most `doneLimit` of those that
  /// are done; all in the order in which they were issued.
  func instructions(of site: SiteID, doneLimit: Int) throws -> [StoredInstruction]

  /// The hand-overs in one of these states, in the order in which they were proposed.
  func handovers(in states: [Handover.State]) throws -> [Handover]
  func handover(_ id: HandoverID) throws -> Handover?
  /// The cases of a hand-over in ascending order; none for one that is unknown.
  func cases(of handover: HandoverID) throws -> [HandoverCase]

  /// For each key the living row, or else the last deleted one; unknown keys are left out.
  func rows(_ keys: [RowKey]) throws -> [RowKey: StoredRow]
  /// The living rows of one table in each of these cases, in order of their ids; cases without any
  /// are left out.
  func livingRows(of table: SyncCore.Table, in cases: [CaseID]) throws
    -> [CaseID: [StoredRow]]
  /// The living rows of one table behind a key, in order of their ids.
  func rows(ofTableBehind key: RowKey, limit: Int) throws -> [StoredRow]
  func cases(_ ids: [CaseID]) throws -> [CaseID: StoredCase]
  /// The roles of the site's open grants on these cases and units.
  func roles(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: Role]
  /// The terms of the site's open grants on these cases and units.
  func terms(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: GrantTerms]
  /// The site's grants on those of these cases in which one of its grants has ended, oldest first.
  func periods(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: [GrantPeriod]]
  /// The cases of which the site was told to purge something, and has not said that it did.
  func unpurged(at site: SiteID) throws -> [CaseID]
  /// All sites with an open grant on these cases and units, each with its latest.
  func holders(of cases: [CaseID]) throws -> [CaseID: [SiteID: Role]]
  /// The units that the site sees by a mention only, in ascending order.
  func mentionedUnits(of site: SiteID) throws -> [CaseID]
  /// The cases whose root names this row in a column that mentions its table, in ascending order.
  func cases(mentioning row: RowKey) throws -> [CaseID]
  var caseCount: Int { get throws }
  /// The cases that one of these sites leads, or all, in ascending order; without units.
  func caseIDs(ledBy leads: [SiteID]?) throws -> [CaseID]

  /// The site's grants that opened in `range` and are open, and those that ended in it with none in
  /// their place, ordered by those numbers.
  ///
  /// - Parameter heldAt: the site's cursor. A grant counts as held already where it has covered the
  ///   same tiers since then, or the site opened the case; one that ended is left out where the
  ///   site held nothing of the case then.
  func grants(
    of site: SiteID, openedIn range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [GrantedCase]
  /// The rows of a case behind `after`, living and deleted, in order of their keys.
  func rows(of caseID: CaseID, after: RowKey?, limit: Int) throws -> [StoredRow]
  /// The rows, living and deleted, whose last change is in `range` and whose case the site held at
  /// `heldAt`; ordered by that change. Each entry changes one row, so the order is total.
  func changedRows(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [StoredRow]
  /// The cases granted to the site in which something happened above `seq`, or all for 0.
  func caseDigests(for site: SiteID, above seq: Int64) throws -> [CaseDigest]
  /// The sum of the digests of all cases granted to the site.
  func scopeDigest(for site: SiteID) throws -> Digest128

  /// The stored answer to a batch, if it was ever answered.
  func answeredBatch(_ id: BatchID) throws -> AnsweredBatch?
  /// The last batch answered to this incarnation.
  func lastBatch(of site: SiteID, incarnation: IncarnationID) throws -> AnsweredBatch?

  func ledger(_ filter: LedgerFilter) throws -> [StoredLedgerEntry]
  /// Oldest first.
  func proposals(_ filter: ProposalFilter) throws -> [StoredProposal]
  /// The decisions on a site's own proposals above an entry of the log, in the log's order; the
  /// latest `limit` of them.
  func decisions(onProposalsOf site: SiteID, above seq: Int64, limit: Int) throws
    -> [StoredProposal]
  /// Values of a site's edits that stood and were replaced above an entry of the log, as
  /// ``Plan/replacement(of:)`` says, in the log's order; the latest `limit` of them.
  func replacedValues(of site: SiteID, above seq: Int64, limit: Int) throws
    -> [StoredLedgerEntry]
  /// Log entries from `seq` on, in order.
  func log(from seq: Int64, limit: Int) throws -> [StoredLogEntry]
  /// The transactions of the log from this leaf of the tree on, in order.
  func transactions(from leaf: Int64, limit: Int) throws -> [StoredTransaction]

  /// What the county knows of its backups.
  var backups: BackupRecord { get throws }

  /// The orders to erase cases, oldest first; they stay for ever.
  var erasures: [StoredErasure] { get throws }
  /// Those of these cases that an order to erase names.
  func erased(among cases: [CaseID]) throws -> Set<CaseID>
  /// The sites that were ever granted the case; in ascending order.
  func everHolders(of caseID: CaseID) throws -> [SiteID]
  /// The sites that were told to purge something of the case, and have not said that they did; in
  /// ascending order.
  func sitesOwingPurge(of caseID: CaseID) throws -> [SiteID]

  /// Nil while retention goes on.
  var retentionPause: RetentionPause? { get throws }

  /// In order of their names.
  var users: [HubUser] { get throws }
  /// What people did and looked at, from a number on, in order.
  func audit(from number: Int64, limit: Int) throws -> [StoredAuditEvent]
  /// The last of it; nil for none.
  var lastAudit: StoredAuditEvent? { get throws }
}

/// What can be written. Every call is part of the surrounding transaction.
package protocol HubWriter: HubReader {
  /// Writes a plan: rows in the domain tables, versions, cases, grants, ledger, proposals and the
  /// decisions on them, and the log with its transaction's leaf.
  ///
  /// - Parameters:
  ///   - plan: its log is dense from the counter's head; an empty log appends no leaf.
  ///   - random: so many random bytes: salts of commitments, ids of ledger entries and proposals.
  func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws

  /// Stores the hub's answer with the identity of every entry of the batch.
  ///
  /// - Throws: ``HubStoreError/entryKnown(_:)`` if one of the entries' numbers was answered before.
  func store(_ batch: AnsweredBatch, verdicts: [(EntryID, Verdict)]) throws

  /// Adds the tables, columns and indexes of a newer schema and keeps its text. Rows that stand
  /// hold ``Column/valueOfOlderRows`` in the new columns, which nobody has written.
  ///
  /// It holds from the next transaction on, also in other processes that have the county open.
  ///
  /// - Precondition: `newer` is what `text` says, and extends the schema in use.
  func grow(to newer: Schema, text: String) throws

  /// Notes that the site has purged what it was told to, up to an entry, but for some cases.
  func recordReceipt(
    of site: SiteID, through seq: Int64, except pending: [CaseID], at now: Milliseconds) throws

  /// Inserts or replaces a site's record.
  ///
  /// - Throws: ``HubStoreError/unusable(_:)`` if another site has one of its keys, as its present
  ///   or its next one, or its token; that one stays.
  func put(_ site: SiteRecord) throws

  /// Ends the present history where the log stands, and begins another.
  func begin(_ history: HistoryID, at now: Milliseconds) throws
  /// Inserts or replaces changes that wait.
  func put(_ awaiting: AwaitingBatch) throws
  /// Forgets changes that wait no more.
  func removeAwaiting(_ id: BatchID) throws

  /// Inserts or replaces what is known of a replica's log.
  func put(_ incarnation: StoredIncarnation) throws

  /// Inserts or replaces an instruction.
  func put(_ instruction: StoredInstruction) throws

  /// Inserts or replaces a hand-over.
  func put(_ handover: Handover) throws
  /// Inserts or replaces cases of a hand-over; others of it stay.
  func put(_ cases: [HandoverCase], of handover: HandoverID) throws

  /// Replaces what the county knows of its backups.
  func put(_ backups: BackupRecord) throws

  /// Forgets values for good, and corrects the case's digests. The log's tree verifies as before.
  ///
  /// What is forgotten may stand in the engine's files until it is told to clear them.
  ///
  /// - Parameter strip: a stored answer without the values that it repeats; asked of every answer
  ///   to a site that was ever granted the case.
  func forget(
    _ forgetting: Forgetting, stripping strip: ([UInt8]) throws -> [UInt8]
  ) throws -> ForgottenCounts
  /// Inserts or replaces an order to erase. The case counts as erased from then on: it is neither
  /// counted nor listed.
  func put(_ erasure: StoredErasure) throws

  /// Pauses retention, or with nil lets it go on.
  func put(_ pause: RetentionPause?) throws

  /// Inserts or replaces a person.
  func put(_ user: HubUser) throws
  func removeUser(named name: String) throws
  /// Appends to the audit record.
  func append(_ event: AuditEvent) throws
}
