import HubStorage
import SyncCore

/// Builds plans as a decision does: one log entry for each row or grant, dense from the head.
struct PlanBuilder {
  private(set) var plan = Plan()
  private var seq: Int64
  private let schema: Schema

  init(after head: Int64, schema: Schema = TestCounty.schema) {
    seq = head
    self.schema = schema
  }

  /// A row as it stands after this plan; nil `values` leave a deleted one.
  @discardableResult
  mutating func row(
    _ table: Int, _ id: String, in caseID: CaseID, _ values: [Value]?, by site: SiteID = "a"
  ) -> StoredRow {
    seq += 1
    let columns = schema.table(number: table)!.columns
    let stored = StoredRow(
      key: RowKey(table: table, id: RowID(id)), caseID: caseID, isAlive: values != nil,
      writer: site, values: values ?? columns.map { _ in .null },
      versions: columns.enumerated().map { position, _ in
        ColumnVersion(
          seq: max(seq - Int64(position), 0), site: site, incarnation: IncarnationID("i-\(site)"),
          isDirect: position % 2 == 0, editedAt: 5_000 - Int64(position))
      }, lastSeq: seq)
    plan.rows.append(stored)
    let mask = values == nil ? ColumnMask.empty : ColumnMask(columns.map(\.number))
    append(
      .row(
        values == nil ? .delete : .insert,
        RowImage(
          key: stored.key, caseID: caseID,
          cells: Cells(mask: mask, values: values ?? []))),
      by: site)
    return stored
  }

  @discardableResult
  mutating func person(_ id: String, in caseID: CaseID, _ name: String = "Muster") -> StoredRow {
    row(TestCounty.person, id, in: caseID, [.text(name), .integer(2), .null])
  }

  @discardableResult
  mutating func grant(
    _ caseID: CaseID, to site: SiteID, as role: Role = .contributor, tiers: TierSet? = nil,
    isHeldAlready: Bool = false, handover: String? = nil
  ) -> Grant {
    seq += 1
    let grant = Grant(
      caseID: caseID, site: site, role: role, tiers: tiers, fromSeq: seq,
      isHeldAlready: isHeldAlready, effectiveAt: 5_000 + seq, handover: handover)
    plan.grants.append(grant)
    append(.grant(caseID, site, grant.terms), by: .hub)
    return grant
  }

  @discardableResult
  mutating func end(_ caseID: CaseID, of site: SiteID, handover: String? = nil) -> GrantEnd {
    seq += 1
    let end = GrantEnd(
      caseID: caseID, site: site, seq: seq, effectiveAt: 5_000 + seq, handover: handover)
    plan.ends.append(end)
    append(.end(caseID, site), by: .hub)
    return end
  }

  @discardableResult
  mutating func putCase(_ id: CaseID, lead: SiteID, epoch: Int64 = 1, digest: UInt64) -> StoredCase
  {
    let stored = StoredCase(
      id: id, lead: lead, epoch: epoch, epochSince: epoch - 1,
      digests: TierDigests { tiers in
        switch tiers {
        case .all: Digest128(high: digest << 32, low: digest)
        case .header: Digest128(high: digest, low: digest << 8)
        default: Digest128(high: digest, low: digest << UInt64(8 + tiers.rawValue))
        }
      })
    plan.cases.append(stored)
    return stored
  }

  mutating func lose(_ entry: LedgerEntry) { plan.ledger.append(entry) }
  mutating func propose(_ proposal: Proposal) { plan.proposals.append(proposal) }

  /// A decision with its entry in the log.
  @discardableResult
  mutating func decide(
    _ id: String, in caseID: CaseID, _ state: ProposalState, by site: SiteID = .hub,
    at now: Milliseconds = 9_500
  ) -> DecidedProposal {
    seq += 1
    append(.decision(caseID, proposal: id, state), by: site)
    let decided = DecidedProposal(id: id, state: state, decider: site, decidedAt: now, seq: seq)
    plan.decidedProposals.append(decided)
    return decided
  }

  private mutating func append(_ content: LogEntry.Content, by site: SiteID) {
    plan.log.append(
      LogEntry(
        seq: seq, content: content, site: site, incarnation: IncarnationID("i-\(site)"),
        origin: EntryID(n: seq, tag: -seq), base: seq - 1, editedAt: 4_000 + seq,
        recordedAt: 9_000 + seq))
  }
}

extension HubStore {
  /// Commits one plan on top of the head.
  @discardableResult
  func commit<Result: Sendable>(
    at now: Milliseconds = 7_000, _ fill: (inout PlanBuilder) throws -> Result
  ) throws -> Result {
    try write { writer throws in
      var builder = PlanBuilder(after: try writer.counter.seq)
      let result = try fill(&builder)
      try writer.write(builder.plan, at: now, random: randomBytes)
      return result
    }
  }
}

func randomBytes(_ count: Int) -> [UInt8] {
  (0..<count).map { _ in .random(in: .min ... .max) }
}

extension SiteID: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self.init(text) }
}

extension CaseID: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self.init(text) }
}

/// An id that is text in the tests' own words.
func person(_ id: String) -> RowKey {
  RowKey(table: TestCounty.person, id: RowID(id))
}

/// What a county's readers can tell, all of it, to compare two moments or two processes.
struct Everything: Sendable, Equatable {
  let county: CountyRecord
  let counter: Counter
  let sites: [SiteRecord]
  let cases: [CaseID: StoredCase]
  let rows: [StoredRow]
  let grants: [GrantedCase]
  let scopes: [Digest128]
  let batches: [AnsweredBatch?]
  let ledger: [StoredLedgerEntry]
  let proposals: [StoredProposal]
  let log: [StoredLogEntry]
  let transactions: [StoredTransaction]
  let backups: BackupRecord

  init(_ reader: any HubReader) throws {
    county = try reader.county
    counter = try reader.counter
    sites = try reader.sites
    let ids = [CaseID.none] + (try reader.caseIDs(ledBy: nil))
    cases = try reader.cases(ids)
    rows = try ids.flatMap { try reader.rows(of: $0, after: nil, limit: 1_000) }
    let names: [SiteID] = ["a", "b", "c"]
    grants = try names.flatMap {
      try reader.grants(of: $0, openedIn: 0...1_000_000, heldAt: 0, limit: 1_000)
    }
    scopes = try names.map(reader.scopeDigest)
    batches = try names.map {
      try reader.lastBatch(of: $0, incarnation: IncarnationID("i-\($0)"))
    }
    ledger = try reader.ledger(LedgerFilter())
    proposals = try reader.proposals()
    log = try reader.log(from: 0, limit: 1_000)
    transactions = try reader.transactions(from: 0, limit: 1_000)
    backups = try reader.backups
  }
}
