import HubService
import HubStorage
import SyncCore
import SyncProtocol

/// A site that has joined and lies: it may say what it likes, and nothing at the hub moves (F25).
extension SimulatedCounty {
  func lie(_ site: SimulatedSite) throws {
    guard !isCalm else { return }
    agenda.plan(.lie(site: site.index), at: clock + delay(3 * Int(Self.hour)))
    guard hub.isUp else { return }
    hub.advance(to: clock)
    // What is due happens at whoever calls first.
    _ = try hub.administration(of: hub.engine).takeDueEffects()
    let before = try hub.engine.read { try $0.counter }
    let request = try makeLie(by: site, head: before)
    guard try !claimsToBeAhead(request, before, of: site) else { return }
    let response = hub.service.answer(request, from: site.id)
    note(site.name, "lies", "\(request.path) \(request.body.count) bytes: \(response.status)")
    tally.met(25, at: .receive)
    tally.met(25, at: .validate)
    tally.checked(.noInvention)
    let (counter, moved) = try hub.engine.read {
      (try $0.counter, try $0.log(from: before.seq + 1, limit: 5))
    }
    if counter != before {
      let entries = moved.map { "\($0.kind) of \($0.caseID)" }
      fail(
        Violation(
          breaking: .noInvention, "a lie of \(site.name) moved the log: \(entries)"))
    }
    if let found = witness.tap(
      response, to: request, of: site.index, tally: &tally)
    {
      fail(found)
    }
  }

  /// Whether a hello says that the hub's file was put back. That is believed, once for each start
  /// of the hub, and a new history begins: it costs each site a request and moves the log by
  /// design.
  private func claimsToBeAhead(
    _ request: ProtocolRequest, _ head: Counter, of site: SimulatedSite
  ) throws -> Bool {
    guard request.path == ProtocolPath.hello else { return false }
    let hello: HelloRequest
    do {
      hello = try WireJSON.decode(request.body)
    } catch {
      return false
    }
    let (history, contact) = try hub.engine.read {
      (try $0.county.history, try $0.site(site.id)?.contact)
    }
    guard let position = hello.position.position, let contact else { return false }
    return position.history == history && position.seq > head.seq
      && hello.lastSession ?? 0 > contact.sessionIssued
  }

  private func makeLie(by site: SimulatedSite, head: Counter) throws -> ProtocolRequest {
    let overheard = witness.overheard
    switch random.number(0...7) {
    case 0:
      return rows(ProtocolPath.push, random.bytes(random.number(0...200)))
    case 1:
      let paths = [ProtocolPath.hello, ProtocolPath.pull, ProtocolPath.bye, "/v1/else"]
      return ProtocolRequest(
        path: random.pick(paths), contentType: .json, body: random.bytes(random.number(0...80)))
    case 2 where !overheard.isEmpty:
      // Another site's request under its own name.
      return random.pick(overheard)
    case 3 where !overheard.isEmpty:
      var request = random.pick(overheard)
      var body = request.body
      if !body.isEmpty {
        body[random.number(0...body.count - 1)] ^= UInt8(1 << random.number(0...7))
      }
      request = ProtocolRequest(path: request.path, contentType: request.contentType, body: body)
      return request
    case 4:
      return try json(
        ProtocolPath.pull,
        PullRequest(
          session: Int64(random.number(0...3)), since: position(head),
          continuation: nil, refreshRows: foreignRows(),
          refreshCases: foreignCases().map { CaseID($0) }))
    case 5:
      return try json(
        ProtocolPath.hello,
        HelloRequest(
          software: "liar", schemaVersion: 1, nonce: "n\(random.number(0...9))",
          incarnation: IncarnationID("liar-\(random.number(0...1))"), position: position(head),
          clock: Milliseconds(random.number(0...1_000_000)), lastBatchNumber: 0,
          lastBatchHash: nil))
    default:
      return try forgedBatch(head)
    }
  }

  private func rows(_ path: String, _ body: [UInt8]) -> ProtocolRequest {
    ProtocolRequest(path: path, contentType: .rows, body: body)
  }

  private func json(_ path: String, _ message: some Encodable) throws -> ProtocolRequest {
    ProtocolRequest(path: path, contentType: .json, body: try WireJSON.encode(message))
  }

  private func position(_ head: Counter) -> Position {
    Position(
      history: HistoryID(random.chance(90) ? "history-1" : "history-2"), seq: head.seq,
      treeHead: head.tree)
  }

  private func foreignCases() -> [String] {
    (0..<random.number(0...3)).map { _ in "\(random.number(0...9))\(random.number(1...40))@c1;" }
      + witness.caseIDs.prefix(2)
  }

  private func foreignRows() -> [RowKey] {
    witness.rowIDs.prefix(3).map { RowKey(table: 3, id: RowID($0)) }
  }

  /// Changes that it may not make: in cases that it does not hold, to tables that the hub alone
  /// writes, with bases that nobody has seen, with numbers that it has used before (F14).
  private func forgedBatch(_ head: Counter) throws -> ProtocolRequest {
    let caseID = CaseID(witness.caseID(notHeldBy: sites.count - 1) ?? "9999@none;")
    let isHubTable = random.chance(25)
    let change = Change(
      id: EntryID(n: Int64(random.number(1...3)), tag: Int64(random.number(0...1_000))),
      kind: random.pick([.insert, .update, .delete]),
      row: RowKey(
        table: isHubTable ? 1 : 3, id: RowID(witness.rowIDs.first ?? "1@c1;")),
      caseID: isHubTable ? .none : caseID,
      cells: Cells(
        mask: ColumnMask([isHubTable ? 2 : 1]), values: [.text("forged")]),
      base: random.chance(20) ? head.seq + 1_000 : head.seq, editedAt: clock)
    let isFirst = random.chance(70)
    if !isFirst {
      tally.met(14, at: .receive)
      tally.met(14, at: .validate)
    }
    let batch = Batch(
      incarnation: IncarnationID("liar-\(random.number(0...1))"), number: isFirst ? 1 : 2,
      history: HistoryID("history-1"), previous: .zero, coalesced: [], changes: [change])
    return rows(
      ProtocolPath.push,
      PushBody.encode(session: Int64(random.number(0...9)), batch: batch.encoded()))
  }
}
