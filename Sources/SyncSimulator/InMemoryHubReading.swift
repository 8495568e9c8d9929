import HubStorage
import SyncCore

/// What a transaction of the engine in memory answers.
extension InMemoryHubTransaction {
  var county: CountyRecord { memory.county }
  var schema: Schema { memory.schema }
  var counter: Counter { memory.log.counter }

  func lastSeq(ofSize treeSize: Int64) -> Int64 { memory.log.lastSeq(ofSize: treeSize) }
  func treeNode(_ id: MerkleNodeID) throws -> Hash256 { try memory.log.node(id) }

  func site(_ id: SiteID) -> SiteRecord? { memory.sites[id] }
  func site(keyHash: [UInt8]) -> SiteRecord? {
    memory.sites.records.first { $0.keyHashes.contains(keyHash) }
  }
  func site(tokenHash: [UInt8]) -> SiteRecord? {
    memory.sites.records.first { $0.tokenHash == tokenHash }
  }
  var sites: [SiteRecord] { memory.sites.records }
  var backups: BackupRecord { memory.backups }
  func instructions(of site: SiteID, doneLimit: Int) -> [StoredInstruction] {
    memory.instructions.all(of: site, doneLimit: doneLimit)
  }

  func rows(_ keys: [RowKey]) -> [RowKey: StoredRow] {
    var found: [RowKey: StoredRow] = [:]
    for key in keys { found[key] = memory.rows.latest(key) }
    return found
  }

  func rows(ofTableBehind key: RowKey, limit: Int) -> [StoredRow] {
    memory.rows.living(behind: key, limit: limit)
  }

  func rows(of caseID: CaseID, after: RowKey?, limit: Int) -> [StoredRow] {
    guard let number = memory.scope.knownNumber(of: caseID) else { return [] }
    return memory.rows.rows(ofCase: number, after: after, limit: limit)
  }

  func livingRows(of table: Table, in cases: [CaseID]) -> [CaseID: [StoredRow]] {
    var found: [CaseID: [StoredRow]] = [:]
    for caseID in cases {
      // No row has an empty id: behind it begin the rows of the table.
      let rows = rows(
        of: caseID, after: RowKey(table: table.number, id: RowID("")), limit: .max
      ).prefix { $0.key.table == table.number }.filter(\.isAlive)
      if !rows.isEmpty { found[caseID] = rows }
    }
    return found
  }

  func changedRows(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) -> [StoredRow] {
    let scope = memory.scope
    let holder = scope.knownNumber(of: site)
    // Two ways to the same rows: through the log or through the scope, whichever is shorter.
    let length = memory.rows.entryCount(in: range)
    if length <= scope.grantCount(of: holder) {
      return memory.rows.changed(in: range, limit: limit) {
        scope.isHeld($0, by: holder, at: heldAt)
      }
    }
    return memory.rows.changed(
      in: range, inCases: scope.heldCases(of: holder, at: heldAt), limit: limit)
  }

  func cases(_ ids: [CaseID]) -> [CaseID: StoredCase] {
    var found: [CaseID: StoredCase] = [:]
    for id in ids { found[id] = memory.scope.stored(id) }
    return found
  }

  func roles(of site: SiteID, in cases: [CaseID]) -> [CaseID: Role] {
    terms(of: site, in: cases).mapValues(\.role)
  }

  func terms(of site: SiteID, in cases: [CaseID]) -> [CaseID: GrantTerms] {
    guard let holder = memory.scope.knownNumber(of: site) else { return [:] }
    var found: [CaseID: GrantTerms] = [:]
    for id in cases { found[id] = memory.scope.terms(of: holder, in: id) }
    return found
  }

  func periods(of site: SiteID, in cases: [CaseID]) -> [CaseID: [GrantPeriod]] {
    guard let holder = memory.scope.knownNumber(of: site) else { return [:] }
    var found: [CaseID: [GrantPeriod]] = [:]
    for id in cases { found[id] = memory.scope.periods(of: holder, in: id) }
    return found
  }

  func unpurged(at site: SiteID) -> [CaseID] { memory.scope.unpurged(at: site) }

  func holders(of cases: [CaseID]) throws -> [CaseID: [SiteID: Role]] {
    var holders: [CaseID: [SiteID: Role]] = [:]
    for id in cases where !memory.scope.holders(of: id).isEmpty {
      holders[id] = memory.scope.holders(of: id)
    }
    return holders
  }

  func mentionedUnits(of site: SiteID) throws -> [CaseID] {
    memory.scope.cases(heldBy: site, as: .mention)
  }

  func cases(mentioning row: RowKey) throws -> [CaseID] {
    let schema = memory.schema
    guard let root = schema.caseRoot, let table = schema.table(number: row.table) else { return [] }
    return memory.scope.all.map(\.id).filter(\.isCase).filter { id in
      let key = RowKey(table: root.number, id: RowID(text: id.text))
      guard let stored = rows([key])[key], stored.isAlive else { return false }
      return zip(root.columns, stored.values).contains { column, value in
        column.mentions == table.name && value.text.map { RowID($0) } == row.id
      }
    }
  }

  var caseCount: Int { memory.scope.caseCount - memory.erasedCases.count }

  func caseIDs(ledBy leads: [SiteID]?) -> [CaseID] {
    let erased = memory.erasedCases
    return memory.scope.caseIDs(ledBy: leads).filter { !erased.contains($0) }
  }

  func grants(
    of site: SiteID, openedIn range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) -> [GrantedCase] {
    memory.scope.grants(of: site, openedIn: range, heldAt: heldAt, limit: limit)
  }

  func caseDigests(for site: SiteID, above seq: Int64) -> [CaseDigest] {
    memory.scope.digests(for: site, above: seq)
  }

  func scopeDigest(for site: SiteID) -> Digest128 { memory.scope.digest(for: site) }

  var formerHistories: [StoredHistory] { memory.histories }

  var awaiting: [AwaitingBatch] {
    memory.awaiting.values.sorted {
      ($0.formerSeq, $0.id.site, $0.id.incarnation.text, $0.id.number)
        < ($1.formerSeq, $1.id.site, $1.id.incarnation.text, $1.id.number)
    }
  }

  func incarnations(of site: SiteID) -> [StoredIncarnation] {
    memory.incarnations.values.filter { $0.site == site }.sorted {
      ($0.beganAt, $0.id.text) < ($1.beganAt, $1.id.text)
    }
  }

  func answeredEntries(of site: SiteID, tags: [Int64]) -> [StoredEntry] {
    memory.batches.entries(of: site, tags: tags)
  }

  func answeredBatch(_ id: BatchID) -> AnsweredBatch? { memory.batches[id] }

  func lastBatch(of site: SiteID, incarnation: IncarnationID) -> AnsweredBatch? {
    memory.batches.last(of: ReplicaLogID(site: site, incarnation: incarnation))
  }
}
