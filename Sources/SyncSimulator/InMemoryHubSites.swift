import HubStorage
package import SyncCore

/// The county's sites.
struct SiteMemory: Sendable {
  /// In order of their names, then of their ids.
  private(set) var records: [SiteRecord] = []
  private var positions: [SiteID: Int] = [:]

  subscript(id: SiteID) -> SiteRecord? {
    positions[id].map { records[$0] }
  }

  /// Whether no other site has the record's key or token.
  func mayPut(_ site: SiteRecord) -> Bool {
    let known = self[site.id]
    if known?.keyHash == site.keyHash && known?.nextKeyHash == site.nextKeyHash
      && known?.tokenHash == site.tokenHash
    {
      return true
    }
    return !records.contains { other in
      other.id != site.id
        && (!site.keyHashes.isDisjoint(with: other.keyHashes)
          || site.tokenHash != nil && other.tokenHash == site.tokenHash)
    }
  }

  /// Inserts, replaces or, with nil, removes the site's record; returns what it had before.
  @discardableResult
  mutating func set(_ id: SiteID, to record: SiteRecord?) -> SiteRecord? {
    let position = positions[id]
    let before = position.map { records[$0] }
    // Nearly every call: a session's contact moves no site in the order of names.
    if let position, let record, record.place == before?.place {
      records[position] = record
      return before
    }
    if let position { records.remove(at: position) }
    if let record {
      let place = records.firstIndex { record.place < $0.place } ?? records.count
      records.insert(record, at: place)
    }
    positions = [:]
    for (position, record) in records.enumerated() { positions[record.id] = position }
    return before
  }
}

extension SiteRecord {
  /// The keys by which the site may call, present and next.
  var keyHashes: Set<[UInt8]> { Set([keyHash, nextKeyHash].compactMap { $0 }) }

  /// Where the record stands among the others.
  fileprivate var place: Place { Place(name: ByteText(name), id: id) }

  fileprivate struct Place: Comparable {
    let name: ByteText
    let id: SiteID

    static func < (left: Place, right: Place) -> Bool {
      (left.name, left.id) < (right.name, right.id)
    }
  }
}

/// What the county asked of its sites.
struct InstructionMemory: Sendable {
  private var byID: [String: StoredInstruction] = [:]

  /// Inserts, replaces or, with nil, removes an instruction; returns what stood there.
  mutating func set(_ id: String, to instruction: StoredInstruction?) -> StoredInstruction? {
    defer { byID[id] = instruction }
    return byID[id]
  }

  func all(of site: SiteID, doneLimit: Int) -> [StoredInstruction] {
    let mine = byID.values.filter { $0.site == site }.sorted {
      ($0.issuedAt, ByteText($0.id)) < ($1.issuedAt, ByteText($1.id))
    }
    var doneLeft = mine.count { $0.doneAt != nil } - doneLimit
    return mine.filter { instruction in
      guard instruction.doneAt != nil else { return true }
      doneLeft -= 1
      return doneLeft < 0
    }
  }
}

/// Names a replica's change log: numbers of batches and entries count within it.
struct ReplicaLogID: Hashable, Sendable {
  let site: SiteID
  let incarnation: IncarnationID

  init(site: SiteID, incarnation: IncarnationID) {
    self.site = site
    self.incarnation = incarnation
  }

  init(of batch: BatchID) {
    self.init(site: batch.site, incarnation: batch.incarnation)
  }
}

/// An entry of a replica's change log that was answered.
package struct AnsweredEntry: Hashable, Sendable {
  package let id: EntryID
  package let verdict: Verdict
  /// The number of the batch whose answer has it.
  let batch: Int64
}

/// The answers that batches and their entries got.
struct BatchMemory: Sendable {
  private var logs: [ReplicaLogID: ReplicaLog] = [:]

  private struct ReplicaLog: Sendable {
    /// In order of their numbers.
    var batches: [AnsweredBatch] = []
    /// By their numbers.
    var entries: [Int64: AnsweredEntry] = [:]

    mutating func add(_ verdicts: [(EntryID, Verdict)], of batch: Int64) -> Int {
      for (count, (entry, verdict)) in verdicts.enumerated() {
        guard entries[entry.n] == nil else { return count }
        entries[entry.n] = AnsweredEntry(id: entry, verdict: verdict, batch: batch)
      }
      return verdicts.count
    }

    mutating func add(_ batch: AnsweredBatch) {
      let before = batches.lastIndex { $0.id.number <= batch.id.number }
      precondition(
        before.map { batches[$0].id != batch.id } ?? true, "a batch is answered twice")
      batches.insert(batch, at: before.map { $0 + 1 } ?? 0)
    }
  }

  /// Keeps the entries, in their order, up to the first whose number was answered before.
  ///
  /// - Returns: how many were kept.
  mutating func add(_ entries: [(EntryID, Verdict)], of batch: BatchID) -> Int {
    logs[ReplicaLogID(of: batch), default: ReplicaLog()].add(entries, of: batch.number)
  }

  /// Takes back entries that were added.
  mutating func remove(_ entries: [EntryID], of log: ReplicaLogID) {
    for entry in entries { logs[log]?.entries[entry.n] = nil }
  }

  /// - Precondition: the batch was not answered before.
  mutating func add(_ batch: AnsweredBatch) {
    logs[ReplicaLogID(of: batch.id), default: ReplicaLog()].add(batch)
  }

  /// Takes back a batch that was added.
  mutating func remove(_ id: BatchID) {
    logs[ReplicaLogID(of: id)]?.batches.removeAll { $0.id == id }
  }

  /// Replaces the answers to a site's batches.
  ///
  /// - Returns: how many changed.
  mutating func replaceAnswers(
    to site: SiteID, by changed: ([UInt8]) throws -> [UInt8]
  ) rethrows -> Int {
    var count = 0
    for id in logs.keys.filter({ $0.site == site }) {
      var log = logs[id]!
      for place in log.batches.indices {
        let batch = log.batches[place]
        let answer = try changed(batch.answer)
        guard answer != batch.answer else { continue }
        count += 1
        log.batches[place] = AnsweredBatch(
          id: batch.id, hash: batch.hash, answer: answer, receivedAt: batch.receivedAt)
      }
      logs[id] = log
    }
    return count
  }

  subscript(id: BatchID) -> AnsweredBatch? {
    logs[ReplicaLogID(of: id)]?.batches.last { $0.id.number == id.number }
  }

  func last(of log: ReplicaLogID) -> AnsweredBatch? {
    logs[log]?.batches.last
  }

  /// The entries of a site's logs that have one of these tags, in the order of the tags.
  func entries(of site: SiteID, tags: [Int64]) -> [StoredEntry] {
    var byTag: [Int64: [StoredEntry]] = [:]
    for (id, log) in logs where id.site == site {
      for entry in log.entries.values {
        let batch = BatchID(site: site, incarnation: id.incarnation, number: entry.batch)
        byTag[entry.id.tag, default: []].append(
          StoredEntry(id: entry.id, batch: batch, verdict: entry.verdict))
      }
    }
    return tags.flatMap { byTag[$0] ?? [] }
  }

  /// The answered entries of a replica's log, in order of their numbers.
  func entries(of log: ReplicaLogID) -> [AnsweredEntry] {
    (logs[log].map { Array($0.entries.values) } ?? []).sorted { $0.id.n < $1.id.n }
  }
}
