import HubStorage
import SyncCore

/// The log with its tree, and what decisions leave beside the rows. It only grows, so a place in it
/// is a set of counts.
struct LogMemory: Sendable {
  private(set) var counter = Counter(seq: 0, tree: .empty)
  /// Entry `seq` stands at `seq - 1`.
  private var entries: [StoredLogEntry] = []
  /// By leaf.
  private var transactions: [StoredTransaction] = []
  /// By level and index: complete subtrees become complete in the order of their indexes.
  private var nodes: [[Hash256]] = []
  private var appender = MerkleAppender()
  private var ledger: [StoredLedgerEntry] = []
  private var proposals: [StoredProposal] = []

  /// Where the log ended at one moment.
  struct Mark {
    fileprivate let counter: Counter
    fileprivate let appender: MerkleAppender
    fileprivate let ledgerCount: Int
    fileprivate let proposalCount: Int
  }

  var mark: Mark {
    Mark(
      counter: counter, appender: appender, ledgerCount: ledger.count,
      proposalCount: proposals.count)
  }

  /// Forgets everything behind the mark.
  mutating func truncate(to mark: Mark) {
    counter = mark.counter
    appender = mark.appender
    entries.removeLast(entries.count - Int(counter.seq))
    transactions.removeLast(transactions.count - Int(counter.tree.size))
    for level in nodes.indices {
      nodes[level].removeLast(nodes[level].count - Int(counter.tree.size >> Int64(level)))
    }
    ledger.removeLast(ledger.count - mark.ledgerCount)
    proposals.removeLast(proposals.count - mark.proposalCount)
  }

  // MARK: Appending

  mutating func append(
    _ entry: LedgerEntry, replacedSeq: Int64?, at now: Milliseconds, random: (Int) -> [UInt8]
  ) {
    let id = UUIDv7.text(milliseconds: now, random: random(UUIDv7.randomByteCount))
    ledger.append(
      StoredLedgerEntry(id: id, recordedAt: now, entry: entry, replacedSeq: replacedSeq))
  }

  mutating func append(_ proposal: Proposal, at now: Milliseconds, random: (Int) -> [UInt8]) {
    let id = UUIDv7.text(milliseconds: now, random: random(UUIDv7.randomByteCount))
    proposals.append(StoredProposal(id: id, recordedAt: now, proposal: proposal))
  }

  /// Notes a decision.
  ///
  /// - Returns: where it is, to be taken back; nil if there is nothing open of this id.
  mutating func decide(_ decided: DecidedProposal) -> Int? {
    let place = proposals.firstIndex { $0.id == decided.id && $0.decision == nil }
    if let place { replaceDecision(at: place, by: decided) }
    return place
  }

  mutating func takeBackDecision(at place: Int) { replaceDecision(at: place, by: nil) }

  private mutating func replaceDecision(at place: Int, by decision: DecidedProposal?) {
    let before = proposals[place]
    proposals[place] = StoredProposal(
      id: before.id, recordedAt: before.recordedAt, proposal: before.proposal, decision: decision)
  }

  /// Strips the payloads and salts of entries, and removes ledger and proposals, that are meant.
  ///
  /// - Returns: how many entries, and how many of the others.
  mutating func forget(
    entries isForgotten: (StoredLogEntry) throws -> Bool,
    contests concerns: (CaseID, RowKey, Int?) -> Bool
  ) rethrows -> (entries: Int, contests: Int) {
    var count = 0
    for place in entries.indices where try isForgotten(entries[place]) {
      entries[place] = entries[place].erased
      count += 1
    }
    let before = ledger.count + proposals.count
    ledger.removeAll { concerns($0.entry.caseID, $0.entry.row, $0.entry.column) }
    proposals.removeAll {
      concerns($0.proposal.caseID, $0.proposal.row, $0.proposal.column)
    }
    return (count, before - ledger.count - proposals.count)
  }

  func decisions(onProposalsOf site: SiteID, above seq: Int64, limit: Int) -> [StoredProposal] {
    let all = proposals.filter {
      $0.proposal.proposed.site == site && ($0.decision?.seq ?? 0) > seq
    }
    return all.sorted { $0.decision!.seq < $1.decision!.seq }.suffix(limit)
  }

  /// Appends one transaction: its entries, its leaf, the tree's new nodes, the counter's new head.
  mutating func append(_ log: [LogEntry], random: (Int) -> [UInt8]) {
    guard let first = log.first, let last = log.last else { return }
    precondition(first.seq == counter.seq + 1 && last.seq == counter.seq + Int64(log.count))
    let leaf = counter.tree.size
    var commitments: [Hash256] = []
    commitments.reserveCapacity(log.count)
    for entry in log {
      let payload = entry.encodedPayload()
      let salt = random(LogCommitment.saltByteCount)
      let commitment = LogCommitment.commitment(payload: payload, salt: salt)
      commitments.append(commitment)
      entries.append(
        StoredLogEntry(
          seq: entry.seq, leaf: leaf, kind: entry.content.name, caseID: entry.caseID,
          site: entry.site, recordedAt: entry.recordedAt, payload: payload, salt: salt,
          commitment: commitment))
    }
    let hash = LogCommitment.leafHash(firstSeq: first.seq, commitments: commitments)
    transactions.append(
      StoredTransaction(leaf: leaf, firstSeq: first.seq, lastSeq: last.seq, hash: hash))
    for node in appender.append(leafHash: hash) {
      if node.id.level == nodes.count { nodes.append([]) }
      nodes[node.id.level].append(node.hash)
    }
    counter = Counter(seq: last.seq, tree: appender.head)
  }

  // MARK: Reading back

  func lastSeq(ofSize treeSize: Int64) -> Int64 {
    guard treeSize > 0, treeSize <= transactions.count else { return 0 }
    return transactions[Int(treeSize - 1)].lastSeq
  }

  func node(_ id: MerkleNodeID) throws -> Hash256 {
    guard nodes.indices.contains(id.level), id.index >= 0, id.index < nodes[id.level].count else {
      throw HubStoreError.unusable("the log's tree lacks node \(id.level)/\(id.index)")
    }
    return nodes[id.level][Int(id.index)]
  }

  func entries(from seq: Int64, limit: Int) -> [StoredLogEntry] {
    guard seq <= counter.seq else { return [] }
    return Array(entries[Int(max(seq, 1) - 1)...].prefix(limit))
  }

  func transactions(from leaf: Int64, limit: Int) -> [StoredTransaction] {
    guard leaf < counter.tree.size else { return [] }
    return Array(transactions[Int(max(leaf, 0))...].prefix(limit))
  }

  /// Those that the filter names, ordered by time and id.
  func ledger(_ filter: LedgerFilter) -> [StoredLedgerEntry] {
    let id = filter.id.map(ByteText.init)
    return
      ledger
      .filter { id == nil || ByteText($0.id) == id }
      .filter { filter.caseID == nil || $0.entry.caseID == filter.caseID }
      .sorted { ($0.recordedAt, ByteText($0.id)) < ($1.recordedAt, ByteText($1.id)) }
  }

  func replacedValues(of site: SiteID, above seq: Int64, limit: Int) -> [StoredLedgerEntry] {
    let all = ledger.filter { $0.entry.lost.site == site && ($0.replacedSeq ?? 0) > seq }
    return all.sorted {
      ($0.replacedSeq!, $0.entry.column) < ($1.replacedSeq!, $1.entry.column)
    }.suffix(limit)
  }

  /// Ordered by time and id.
  var sortedProposals: [StoredProposal] {
    proposals.sorted { ($0.recordedAt, ByteText($0.id)) < ($1.recordedAt, ByteText($1.id)) }
  }
}

/// What the transaction tells of it.
extension InMemoryHubTransaction {
  func ledger(_ filter: LedgerFilter) -> [StoredLedgerEntry] { memory.log.ledger(filter) }
  func replacedValues(of site: SiteID, above seq: Int64, limit: Int) -> [StoredLedgerEntry] {
    memory.log.replacedValues(of: site, above: seq, limit: limit)
  }
  func proposals(_ filter: ProposalFilter) -> [StoredProposal] {
    memory.log.sortedProposals.filter { stored in
      (filter.id.map { ByteText($0) == ByteText(stored.id) } ?? true)
        && (filter.caseID.map { $0 == stored.proposal.caseID } ?? true)
        && (filter.row.map { $0 == stored.proposal.row } ?? true)
        && (filter.state.map { $0 == stored.state } ?? true)
        && (filter.lead.map { memory.scope.stored(stored.proposal.caseID)?.lead == $0 } ?? true)
    }
  }

  func decisions(onProposalsOf site: SiteID, above seq: Int64, limit: Int) -> [StoredProposal] {
    memory.log.decisions(onProposalsOf: site, above: seq, limit: limit)
  }

  func log(from seq: Int64, limit: Int) -> [StoredLogEntry] {
    memory.log.entries(from: seq, limit: limit)
  }

  func transactions(from leaf: Int64, limit: Int) -> [StoredTransaction] {
    memory.log.transactions(from: leaf, limit: limit)
  }
}
