/// What a grant lets a site do with a case. The lead of a case is one of its grants, exactly one.
package enum Role: String, Sendable, CaseIterable, Codable {
  /// Responsible: wins conflicts of policy `lead`, decides proposals.
  case lead
  /// Was responsible: keeps header rows.
  case formerLead = "former_lead"
  case contributor
  /// Sees header columns.
  case reader
  /// Holds a case that names the row: sees what ``Column/isMentioned`` says, and nothing else.
  case mention

  /// Whether the hub accepts changes from a site of this role at all.
  package var mayWrite: Bool { self == .lead || self == .contributor }
}

/// Who wrote the value that stands in one column, and when, by the hub's count.
package struct ColumnVersion: Hashable, Sendable {
  package let seq: Int64
  package let site: SiteID
  package let incarnation: IncarnationID
  /// The column holds exactly the value that its author sent, and it was applied at once. Merged
  /// values and accepted proposals are the hub's: their author has not seen them.
  package let isDirect: Bool
  /// The author's clock, corrected by the measured skew.
  package let editedAt: Milliseconds
  /// The number that the write had in an earlier history, where it came back to a restored hub; nil
  /// for what was written in the history of `seq`. It orders values, and nothing else.
  package let formerSeq: Int64?

  package init(
    seq: Int64, site: SiteID, incarnation: IncarnationID, isDirect: Bool, editedAt: Milliseconds,
    formerSeq: Int64? = nil
  ) {
    self.formerSeq = formerSeq
    self.seq = seq
    self.site = site
    self.incarnation = incarnation
    self.isDirect = isDirect
    self.editedAt = editedAt
  }
}

/// A row as the hub holds it: its values with their versions, or what is left after its deletion.
///
/// A row that moved to another case leaves a deleted one behind in the case it left, so that a site
/// which sees only that case learns that it is gone.
package struct StoredRow: Hashable, Sendable {
  package let key: RowKey
  package let caseID: CaseID
  package var isAlive: Bool
  /// The site that inserted it: in an append table only this site may change it.
  package var writer: SiteID
  /// One for each of the table's columns, in order; all empty once deleted.
  package var values: [Value]
  package var versions: [ColumnVersion]
  /// The sequence number of the last entry that touched it.
  package var lastSeq: Int64

  package init(
    key: RowKey, caseID: CaseID, isAlive: Bool, writer: SiteID, values: [Value],
    versions: [ColumnVersion], lastSeq: Int64
  ) {
    self.key = key
    self.caseID = caseID
    self.isAlive = isAlive
    self.writer = writer
    self.values = values
    self.versions = versions
    self.lastSeq = lastSeq
  }
}

/// A case as the hub holds it.
package struct StoredCase: Hashable, Sendable {
  package let id: CaseID
  package var lead: SiteID
  /// Number of its responsibility; strictly increasing.
  package var epoch: Int64
  /// The sequence number of the event that began this epoch; 0 for a case's first.
  package var epochSince: Int64
  /// The sums of its rows' digests.
  package var digests: TierDigests

  package init(id: CaseID, lead: SiteID, epoch: Int64, epochSince: Int64, digests: TierDigests) {
    self.id = id
    self.lead = lead
    self.epoch = epoch
    self.epochSince = epochSince
    self.digests = digests
  }
}

/// What a decision reads: the rows and cases that one batch touches, loaded in a few bulk reads.
package struct HubView: Sendable {
  /// For each key the living row, or else its latest deleted one.
  package var rows: [RowKey: StoredRow]
  package var cases: [CaseID: StoredCase]
  /// The author's open grants on `cases`.
  package var roles: [CaseID: Role]
  /// What the author may see of cases in which it may see less, or more, than its role has by
  /// itself.
  package var tiers: [CaseID: TierSet] = [:]
  /// The author's grants on cases in which an earlier one ended, oldest first.
  package var periods: [CaseID: [GrantPeriod]] = [:]
  /// Who holds a case or unit, as far as a change says where rows go or mentions one.
  package var holders: [CaseID: [SiteID: Role]]
  /// The cases that mention a unit, in ascending order, as far as a change may open one.
  package var mentions: [CaseID: [CaseID]]
  /// Those of `cases`, and of cases that nobody has, that an order to erase names.
  package var erased: Set<CaseID> = []
  /// The keys of all rows of some tables in some cases: those that a rule of the domain asks for.
  package var groups: [RowGroup: [RowKey]] = [:]

  package init(
    rows: [RowKey: StoredRow] = [:], cases: [CaseID: StoredCase] = [:],
    roles: [CaseID: Role] = [:], holders: [CaseID: [SiteID: Role]] = [:],
    mentions: [CaseID: [CaseID]] = [:]
  ) {
    self.rows = rows
    self.cases = cases
    self.roles = roles
    self.holders = holders
    self.mentions = mentions
  }

  /// Whether the author may be told a column's value.
  func isVisible(_ column: Column, in caseID: CaseID) -> Bool {
    guard caseID.isCase else { return true }
    return (tiers[caseID] ?? roles[caseID]?.tiers ?? .nothing).contains(column.tier)
  }

  /// Puts a row as a change leaves it, so that later changes of the batch find it, also in its
  /// group.
  mutating func put(_ row: StoredRow) {
    rows[row.key] = row
    let group = RowGroup(table: row.key.table, caseID: row.caseID)
    if let keys = groups[group], !keys.contains(row.key) { groups[group] = keys + [row.key] }
  }
}

/// An earlier incarnation of a replica whose file was restored, as far as that file knows it.
package struct Ancestor: Hashable, Sendable {
  package let incarnation: IncarnationID
  /// The head of the log when the last batch that the file knows was answered: what the ancestor
  /// wrote later is news to the file.
  package let throughSeq: Int64

  package init(incarnation: IncarnationID, throughSeq: Int64) {
    self.incarnation = incarnation
    self.throughSeq = throughSeq
  }
}

/// Who sent the changes, as the hub knows it: never from the batch itself.
package struct Author: Sendable {
  package let site: SiteID
  package let incarnation: IncarnationID
  /// Earlier incarnations of the same replica: the edits that it knows are its own.
  package let ancestors: [Ancestor]
  /// The site's clock minus the hub's, measured at this session's hello.
  package let clockSkew: Milliseconds
  /// Whether the clock went as the hub's since the session before: what it says of edits in between
  /// counts as evidence of when they were made.
  package let isClockSteady: Bool

  package init(
    site: SiteID, incarnation: IncarnationID, ancestors: [Ancestor], clockSkew: Milliseconds,
    isClockSteady: Bool = true
  ) {
    self.isClockSteady = isClockSteady
    self.site = site
    self.incarnation = incarnation
    self.ancestors = ancestors
    self.clockSkew = clockSkew
  }
}

/// A batch that an earlier history of the hub had answered and that the restored hub has forgotten.
/// It comes back with its verdicts: old numbers order its values, not policy.
package struct ReturnedBatch: Sendable {
  /// The head of the earlier history's log when the batch was answered.
  package let formerSeq: Int64
  /// The last entry that both histories have.
  package let sharedSeq: Int64

  package init(formerSeq: Int64, sharedSeq: Int64) {
    self.formerSeq = formerSeq
    self.sharedSeq = sharedSeq
  }

  /// Whether something was written behind the batch: later in the earlier history, or in this one.
  func isBefore(_ version: ColumnVersion) -> Bool {
    version.formerSeq.map { $0 > formerSeq } ?? (version.seq > sharedSeq)
  }

  /// Whether a deleted row died behind the batch.
  func isBefore(deletionOf row: StoredRow) -> Bool {
    guard row.lastSeq > sharedSeq else { return false }
    return returnedDeath(of: row).map(isBefore) ?? true
  }

  /// A deletion that came back has left its number in the row's versions.
  func returnedDeath(of row: StoredRow) -> ColumnVersion? {
    row.versions.first { $0.seq == row.lastSeq && $0.formerSeq != nil }
  }
}

/// Everything else that a decision depends on.
package struct DecisionContext: Sendable {
  package let schema: Schema
  package let author: Author
  /// The head of the log before this transaction.
  package let headSeq: Int64
  package let now: Milliseconds
  /// The sites that a row may name.
  package let sites: Set<SiteID>
  /// The sites of kind county: one side where policy `county` asks for sides.
  package let countySites: [SiteID]
  /// The sites that see a case which the author opens, each in its role: the county's, and those
  /// that share its area and are no carriers, which never see each other's cases.
  package let viewersOfNewCases: [SiteID: Role]
  /// The domain's hard rules; nil where nothing is refused but by the core's own.
  package let rules: (any DomainRules)?
  /// Which tiers the hub may hold; nil where all of a case may pass.
  package var gates: (any TierGates)?
  /// Set while a batch comes back to a restored hub.
  package var returned: ReturnedBatch?
  /// Whether sites may still return what a restored hub has forgotten: the deletion of a row that
  /// the hub does not have is kept, so that the row stays dead when it comes.
  package var awaitsReturns = false
  /// Set while the hub writes what a person decided.
  package var settlement: Settlement?

  package init(
    schema: Schema, author: Author, headSeq: Int64, now: Milliseconds, sites: Set<SiteID>,
    countySites: [SiteID], viewersOfNewCases: [SiteID: Role], rules: (any DomainRules)? = nil
  ) {
    self.schema = schema
    self.author = author
    self.headSeq = headSeq
    self.now = now
    self.sites = sites
    self.countySites = countySites
    self.viewersOfNewCases = viewersOfNewCases
    self.rules = rules
    gates = rules
  }
}
