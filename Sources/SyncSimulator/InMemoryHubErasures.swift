import HubStorage
import SyncCore

extension HubMemory {
  var erasedCases: Set<CaseID> {
    Set(erasures.map(\.caseID).filter { $0.isCase && scope.stored($0) != nil })
  }
}

/// Orders to erase, people, the audit record, and forgetting, in memory.
extension InMemoryHubTransaction {
  var erasures: [StoredErasure] {
    memory.erasures.sorted { ($0.orderedAt, ByteText($0.id)) < ($1.orderedAt, ByteText($1.id)) }
  }

  func erased(among cases: [CaseID]) -> Set<CaseID> {
    Set(cases).intersection(memory.erasures.map(\.caseID))
  }

  func everHolders(of caseID: CaseID) -> [SiteID] { memory.scope.everHolders(of: caseID) }
  func sitesOwingPurge(of caseID: CaseID) -> [SiteID] { memory.scope.sitesOwingPurge(of: caseID) }

  var retentionPause: RetentionPause? { memory.retentionPause }
  var users: [HubUser] { memory.users }
  var lastAudit: StoredAuditEvent? { memory.audit.last }

  func audit(from number: Int64, limit: Int) -> [StoredAuditEvent] {
    Array(memory.audit.drop { $0.number < number }.prefix(limit))
  }

  func put(_ erasure: StoredErasure) {
    noteEverything()
    memory.erasures.removeAll { $0.id == erasure.id }
    memory.erasures.append(erasure)
  }

  func put(_ pause: RetentionPause?) {
    noteEverything()
    memory.retentionPause = pause
  }

  func put(_ user: HubUser) {
    removeUser(named: user.name)
    memory.users.append(user)
    memory.users.sort { ByteText($0.name) < ByteText($1.name) }
  }

  func removeUser(named name: String) {
    noteEverything()
    memory.users.removeAll { $0.name == name }
  }

  func append(_ event: AuditEvent) {
    noteEverything()
    let last = memory.audit.last
    memory.audit.append(
      StoredAuditEvent(
        number: (last?.number ?? 0) + 1, event: event, hash: event.hash(after: last?.hash ?? .zero))
    )
  }

  func forget(
    _ forgetting: Forgetting, stripping strip: ([UInt8]) throws -> [UInt8]
  ) throws -> ForgottenCounts {
    noteEverything()
    var counts = ForgottenCounts()
    guard let number = memory.scope.knownNumber(of: forgetting.caseID) else { return counts }
    let strays = straysByCase(from: number)
    try forgetRows(forgetting, number, &counts)
    func isMeant(_ caseID: CaseID, _ key: RowKey) -> Bool {
      caseID == forgetting.caseID || strays[caseID]?.contains(key) ?? false
    }
    let forgotten = try memory.log.forget(
      entries: { entry in
        guard let payload = entry.payload, let logged = try LoggedRow(decoding: payload) else {
          return false
        }
        return isMeant(entry.caseID, logged.image.key) && forgetting.concerns(logged)
      },
      contests: { isMeant($0, $1) && forgetting.concerns($1, column: $2) })
    counts.logEntries = forgotten.entries
    counts.contests = forgotten.contests
    for (id, waiting) in memory.awaiting {
      let left = try waiting.remainder(after: forgetting)
      guard left != waiting else { continue }
      memory.awaiting[id] = left
      counts.batches += 1
    }
    for site in memory.scope.everHolders(of: forgetting.caseID) {
      counts.batches += try memory.batches.replaceAnswers(to: site, by: strip)
    }
    return counts
  }

  private func straysByCase(from number: Int) -> [CaseID: Set<RowKey>] {
    var strays: [CaseID: Set<RowKey>] = [:]
    for (other, keys) in memory.rows.strays(from: number) {
      strays[memory.scope.id(ofCase: other)] = keys
    }
    return strays
  }

  private func forgetRows(
    _ forgetting: Forgetting, _ number: Int, _ counts: inout ForgottenCounts
  ) throws {
    let schema = memory.schema
    var digester = RowDigester(key: try county.digester)
    var digests = TierDigests.zero
    var count = 0
    memory.rows.replace(inCase: number) { row in
      guard let table = schema.table(number: row.key.table) else { return row }
      let left = forgetting.remainder(of: row, in: table)
      if left != row { count += 1 }
      if let left, left.isAlive {
        digests += digester.digests(
          of: left.key, caseID: left.caseID, row: left.values, in: table)
      }
      return left
    }
    counts.rows = count
    guard var stored = memory.scope.stored(forgetting.caseID) else { return }
    stored.digests = digests
    _ = memory.scope.put(stored, at: memory.log.counter.seq)
  }
}
