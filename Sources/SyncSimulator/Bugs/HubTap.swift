import HubStorage
import SyncCore

/// One transaction of the hub's store as the service sees it: everything goes through, unless a
/// variant overrides it.
///
/// A class with a required initializer, so that a variant is named by its type and needs no state:
/// what it remembers lives as long as its transaction.
class HubTap: HubWriter {
  private let reader: any HubReader
  /// nil where the service only reads.
  private let writer: (any HubWriter)?

  required init(_ reader: any HubReader, writer: (any HubWriter)?) {
    self.reader = reader
    self.writer = writer
  }

  var isWriting: Bool { writer != nil }

  var county: CountyRecord { get throws { try reader.county } }
  var schema: Schema { reader.schema }
  var counter: Counter { get throws { try reader.counter } }
  func lastSeq(ofSize treeSize: Int64) throws -> Int64 { try reader.lastSeq(ofSize: treeSize) }
  func treeNode(_ id: MerkleNodeID) throws -> Hash256 { try reader.treeNode(id) }

  func site(_ id: SiteID) throws -> SiteRecord? { try reader.site(id) }
  func site(keyHash: [UInt8]) throws -> SiteRecord? { try reader.site(keyHash: keyHash) }
  func site(tokenHash: [UInt8]) throws -> SiteRecord? { try reader.site(tokenHash: tokenHash) }
  var sites: [SiteRecord] { get throws { try reader.sites } }
  var formerHistories: [StoredHistory] { get throws { try reader.formerHistories } }
  var awaiting: [AwaitingBatch] { get throws { try reader.awaiting } }
  func incarnations(of site: SiteID) throws -> [StoredIncarnation] {
    try reader.incarnations(of: site)
  }
  func answeredEntries(of site: SiteID, tags: [Int64]) throws -> [StoredEntry] {
    try reader.answeredEntries(of: site, tags: tags)
  }
  func handovers(in states: [Handover.State]) throws -> [Handover] {
    try reader.handovers(in: states)
  }
  func handover(_ id: HandoverID) throws -> Handover? { try reader.handover(id) }
  func cases(of handover: HandoverID) throws -> [HandoverCase] { try reader.cases(of: handover) }
  func instructions(of site: SiteID, doneLimit: Int) throws -> [StoredInstruction] {
    try reader.instructions(of: site, doneLimit: doneLimit)
  }

  func rows(_ keys: [RowKey]) throws -> [RowKey: StoredRow] { try reader.rows(keys) }
  func livingRows(of table: Table, in cases: [CaseID]) throws -> [CaseID: [StoredRow]] {
    try reader.livingRows(of: table, in: cases)
  }
  func rows(ofTableBehind key: RowKey, limit: Int) throws -> [StoredRow] {
    try reader.rows(ofTableBehind: key, limit: limit)
  }
  func cases(_ ids: [CaseID]) throws -> [CaseID: StoredCase] { try reader.cases(ids) }
  func roles(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: Role] {
    try terms(of: site, in: cases).mapValues(\.role)
  }
  func terms(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: GrantTerms] {
    try reader.terms(of: site, in: cases)
  }
  func periods(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: [GrantPeriod]] {
    try reader.periods(of: site, in: cases)
  }
  func unpurged(at site: SiteID) throws -> [CaseID] { try reader.unpurged(at: site) }
  var caseCount: Int { get throws { try reader.caseCount } }
  func holders(of cases: [CaseID]) throws -> [CaseID: [SiteID: Role]] {
    try reader.holders(of: cases)
  }
  func mentionedUnits(of site: SiteID) throws -> [CaseID] { try reader.mentionedUnits(of: site) }
  func cases(mentioning row: RowKey) throws -> [CaseID] { try reader.cases(mentioning: row) }
  func caseIDs(ledBy leads: [SiteID]?) throws -> [CaseID] { try reader.caseIDs(ledBy: leads) }

  func grants(
    of site: SiteID, openedIn range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [GrantedCase] {
    try reader.grants(of: site, openedIn: range, heldAt: heldAt, limit: limit)
  }
  func rows(of caseID: CaseID, after: RowKey?, limit: Int) throws -> [StoredRow] {
    try reader.rows(of: caseID, after: after, limit: limit)
  }
  func changedRows(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [StoredRow] {
    try reader.changedRows(for: site, in: range, heldAt: heldAt, limit: limit)
  }
  func caseDigests(for site: SiteID, above seq: Int64) throws -> [CaseDigest] {
    try reader.caseDigests(for: site, above: seq)
  }
  func scopeDigest(for site: SiteID) throws -> Digest128 { try reader.scopeDigest(for: site) }

  func answeredBatch(_ id: BatchID) throws -> AnsweredBatch? { try reader.answeredBatch(id) }
  func lastBatch(of site: SiteID, incarnation: IncarnationID) throws -> AnsweredBatch? {
    try reader.lastBatch(of: site, incarnation: incarnation)
  }

  func ledger(_ filter: LedgerFilter) throws -> [StoredLedgerEntry] { try reader.ledger(filter) }
  func proposals(_ filter: ProposalFilter) throws -> [StoredProposal] {
    try reader.proposals(filter)
  }
  func decisions(onProposalsOf site: SiteID, above seq: Int64, limit: Int) throws
    -> [StoredProposal]
  { try reader.decisions(onProposalsOf: site, above: seq, limit: limit) }
  func replacedValues(of site: SiteID, above seq: Int64, limit: Int) throws
    -> [StoredLedgerEntry]
  { try reader.replacedValues(of: site, above: seq, limit: limit) }
  func log(from seq: Int64, limit: Int) throws -> [StoredLogEntry] {
    try reader.log(from: seq, limit: limit)
  }
  func transactions(from leaf: Int64, limit: Int) throws -> [StoredTransaction] {
    try reader.transactions(from: leaf, limit: limit)
  }
  var backups: BackupRecord { get throws { try reader.backups } }
  var erasures: [StoredErasure] { get throws { try reader.erasures } }
  func erased(among cases: [CaseID]) throws -> Set<CaseID> { try reader.erased(among: cases) }
  func everHolders(of caseID: CaseID) throws -> [SiteID] {
    try reader.everHolders(of: caseID)
  }
  func sitesOwingPurge(of caseID: CaseID) throws -> [SiteID] {
    try reader.sitesOwingPurge(of: caseID)
  }
  var retentionPause: RetentionPause? { get throws { try reader.retentionPause } }
  var users: [HubUser] { get throws { try reader.users } }
  func audit(from number: Int64, limit: Int) throws -> [StoredAuditEvent] {
    try reader.audit(from: number, limit: limit)
  }
  var lastAudit: StoredAuditEvent? { get throws { try reader.lastAudit } }

  // MARK: Writing

  func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    try writer!.write(plan, at: now, random: random)
  }

  func store(_ batch: AnsweredBatch, verdicts: [(EntryID, Verdict)]) throws {
    try writer!.store(batch, verdicts: verdicts)
  }

  func recordReceipt(
    of site: SiteID, through seq: Int64, except pending: [CaseID], at now: Milliseconds
  ) throws {
    try writer!.recordReceipt(of: site, through: seq, except: pending, at: now)
  }

  func grow(to newer: Schema, text: String) throws { try writer!.grow(to: newer, text: text) }
  func begin(_ history: HistoryID, at now: Milliseconds) throws {
    try writer!.begin(history, at: now)
  }
  func put(_ awaiting: AwaitingBatch) throws { try writer!.put(awaiting) }
  func removeAwaiting(_ id: BatchID) throws { try writer!.removeAwaiting(id) }
  func put(_ incarnation: StoredIncarnation) throws { try writer!.put(incarnation) }
  func put(_ site: SiteRecord) throws { try writer!.put(site) }
  func put(_ instruction: StoredInstruction) throws { try writer!.put(instruction) }
  func put(_ handover: Handover) throws { try writer!.put(handover) }
  func put(_ cases: [HandoverCase], of handover: HandoverID) throws {
    try writer!.put(cases, of: handover)
  }
  func put(_ backups: BackupRecord) throws { try writer!.put(backups) }
  func put(_ erasure: StoredErasure) throws { try writer!.put(erasure) }
  func put(_ pause: RetentionPause?) throws { try writer!.put(pause) }
  func put(_ user: HubUser) throws { try writer!.put(user) }
  func removeUser(named name: String) throws { try writer!.removeUser(named: name) }
  func append(_ event: AuditEvent) throws { try writer!.append(event) }
  func forget(
    _ forgetting: Forgetting, stripping strip: ([UInt8]) throws -> [UInt8]
  ) throws -> ForgottenCounts { try writer!.forget(forgetting, stripping: strip) }
}

/// A hub's store whose transactions are all tapped.
struct TappedStore: HubStore {
  let engine: any HubStore
  let tap: @Sendable (any HubReader, (any HubWriter)?) -> HubTap

  init(_ engine: any HubStore, _ tap: HubTap.Type) {
    self.engine = engine
    self.tap = { tap.init($0, writer: $1) }
  }

  func read<Result: Sendable>(_ body: (any HubReader) throws -> Result) throws -> Result {
    try engine.read { try body(tap($0, nil)) }
  }

  func write<Result: Sendable>(_ body: (any HubWriter) throws -> Result) throws -> Result {
    try engine.write { try body(tap($0, $0)) }
  }
}

/// Shows a decision other rows than there are, and writes back what it did not touch as it was.
class DisguisedRows: HubTap {
  private var originals: [RowKey: StoredRow] = [:]
  private var shown: [RowKey: StoredRow] = [:]
  /// The site whose batch is decided.
  private(set) var author = SiteID.hub

  /// The row as the decision sees it.
  func disguise(_ row: StoredRow) throws -> StoredRow { row }

  override func answeredBatch(_ id: BatchID) throws -> AnsweredBatch? {
    author = id.site
    return try super.answeredBatch(id)
  }

  override func rows(_ keys: [RowKey]) throws -> [RowKey: StoredRow] {
    guard isWriting else { return try super.rows(keys) }
    originals = try super.rows(keys)
    shown = try originals.mapValues(disguise)
    return shown
  }

  override func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    var plan = plan
    for (place, row) in plan.rows.enumerated() {
      guard let original = originals[row.key], let disguised = shown[row.key] else { continue }
      if row.writer == disguised.writer { plan.rows[place].writer = original.writer }
      for position in row.versions.indices
      where row.versions[position] == disguised.versions[position] {
        plan.rows[place].versions[position] = original.versions[position]
      }
    }
    try super.write(plan, at: now, random: random)
  }
}

extension StoredRow {
  func mappingVersions(_ change: (ColumnVersion) -> ColumnVersion) -> StoredRow {
    var row = self
    row.versions = versions.map(change)
    return row
  }
}

extension ColumnVersion {
  func with(seq: Int64? = nil, isDirect: Bool? = nil, editedAt: Milliseconds? = nil)
    -> ColumnVersion
  {
    ColumnVersion(
      seq: seq ?? self.seq, site: site, incarnation: incarnation,
      isDirect: isDirect ?? self.isDirect, editedAt: editedAt ?? self.editedAt)
  }
}
