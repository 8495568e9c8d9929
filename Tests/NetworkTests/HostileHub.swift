import CaseloadSchema
import Foundation
import class GRDB.DatabaseQueue
import Hub
import HubService
import HubStorage
import Replica
import ReplicaAgent
import SyncCore
import SyncProtocol
import Synchronization
import Testing

/// A real county behind real TLS, with one honest site that has a case, and one that means harm and
/// has a case of its own.
final class HostileHub: Sendable {
  private let server: TestHub
  private let store: SQLiteHub
  private let certificate: ClientCertificate
  private let honest: SiteID
  private let hostile: SiteID
  private let service: CountyService
  private let schema: Schema
  /// The last batch of each site that the hub took.
  private let lastBatches = Mutex<[SiteID: (number: Int64, hash: Hash256)]>([:])
  private static let digestKey = [UInt8](0..<16)
  private static let secret = "what only the honest site may read"
  private static let history = HistoryID("history-1")

  /// The name of the hostile site's log.
  private var incarnation: IncarnationID { IncarnationID("incarnation-of-\(hostile)") }

  static func run(_ body: @escaping @Sendable (HostileHub) throws -> Void) async throws {
    try await TestHub.run { server in try body(try HostileHub(server)) }
  }

  private init(_ server: TestHub) throws {
    self.server = server
    let county = CountyRecord(
      key: TestHub.county, name: "Landkreis", history: Self.history, digestKey: Self.digestKey,
      schemaText: CaseloadSchema.shipped)
    store = try SQLiteHub.create(
      at: "\(server.directory)/08118.sqlite", county: county, now: systemTime())
    schema = try CaseloadSchema.read(toml: CaseloadSchema.shipped, file: "caseload.toml")
    let environment = HubEnvironment(
      now: systemTime, random: { count in (0..<count).map { _ in .random(in: 0...255) } })
    let service = CountyService(store: store, environment: environment)
    self.service = service
    let administration = CountyAdministration(
      store: store, environment: environment)
    let sites = try [("Honest", "08118027"), ("Mean", "08118073")].map { name, area in
      let added = try administration.add(
        CountyAdministration.NewSite(
          name: name, kind: .municipality, areas: [area], url: "https://127.0.0.1:1",
          joinURL: "https://127.0.0.1:1"))
      _ = try service.redeem(
        tokenHash: JoinToken.hash(added.token),
        keyHash: Array(repeating: UInt8(name.count), count: 32), certificateExpiresAt: .max)
      return added.site.id
    }
    (honest, hostile) = (sites[0], sites[1])
    certificate = try server.admitted(hostile.string)
    server.requests.serve { service.answer($0, from: $1.site) }
    try openCase("c-other", with: Self.secret, row: "k-other", by: honest)
    try openCase("c-own", with: "mine", row: "k-own", by: hostile)
  }

  /// A case with one consultation, opened by its site over no line at all.
  private func openCase(_ caseID: String, with text: String, row: String, by site: SiteID) throws {
    let incarnation = IncarnationID("incarnation-of-\(site)")
    func send<Answer: Decodable>(_ path: String, _ type: ContentType, _ body: [UInt8]) throws
      -> Answer
    {
      let response = service.answer(
        ProtocolRequest(path: path, contentType: type, body: body), from: site)
      guard response.status == 200 else { throw TestFailure("the case was not opened") }
      return try WireJSON.decode(response.body)
    }
    let hello = HelloRequest(
      software: "honest", schemaVersion: 1, nonce: "n", incarnation: incarnation, position: start,
      clock: systemTime(), lastBatchNumber: 0, lastBatchHash: nil)
    let greeting: HelloResponse = try send(
      ProtocolPath.hello, .json, try WireJSON.encode(hello))
    let changes = [
      opening(1, caseID), consultation(2, row: row, in: caseID, ["note": .text(text)]),
    ]
    let batch = Batch(
      incarnation: incarnation, number: 1, history: Self.history, previous: .zero, coalesced: [],
      changes: changes)
    let answer: PushResponse = try send(
      ProtocolPath.push, .rows,
      PushBody.encode(session: greeting.session, batch: batch.encoded()))
    guard answer.verdicts.isEmpty else { throw TestFailure("the case was not opened") }
    lastBatches.withLock { $0[site] = (1, Hash256(sha256Of: batch.encoded())) }
  }

  /// A person has looked at the site that was held.
  func letGo() throws {
    try store.write { writer in
      guard var site = try writer.site(hostile) else { return }
      site.state = .joined
      site.heldBecause = nil
      try writer.put(site)
    }
  }

  private func table(_ name: String) -> SyncCore.Table {
    schema.tables.first { $0.name == name }!
  }

  func key(_ table: String, _ row: String) -> RowKey {
    RowKey(table: self.table(table).number, id: RowID(row))
  }

  func number(_ column: String, in name: String) -> Int {
    table(name).columns.first { $0.name == column }!.number
  }

  /// Every required column with a value of its type, and these.
  private func cells(_ name: String, _ values: [String: Value] = [:]) -> Cells {
    let columns = table(name).columns.filter { $0.isRequired || values[$0.name] != nil }
    return Cells(
      mask: ColumnMask(columns.map(\.number)),
      values: columns.map { column in
        values[column.name]
          ?? (column.type.admits(.integer(0)) ? .integer(0) : .text("2025-01-15"))
      })
  }

  func opening(_ n: Int64, _ caseID: String) -> Change {
    Change(
      id: EntryID(n: n, tag: n), kind: .insert, row: key("case_file", caseID),
      caseID: CaseID(caseID), cells: cells("case_file"), base: 0, editedAt: 0)
  }

  func consultation(_ n: Int64, row: String, in caseID: String, _ values: [String: Value]) -> Change
  {
    Change(
      id: EntryID(n: n, tag: n), kind: .insert, row: key("consultation", row),
      caseID: CaseID(caseID), cells: cells("consultation", values), base: 0, editedAt: 0)
  }

  // MARK: Sending

  /// The status of a request that libcurl sends as it is told.
  func send(_ path: String, _ headers: [String], _ body: [UInt8]) -> Int? {
    RawClient(
      url: "https://127.0.0.1:\(server.sitePort)\(path)",
      certificatePath: certificate.certificatePath, keyPath: certificate.keyPath,
      headers: headers, body: body
    ).status()
  }

  func exchange(_ path: String, _ message: some Encodable) throws -> ProtocolResponse {
    try server.link(certificate).exchange(
      ProtocolRequest(path: path, contentType: .json, body: try WireJSON.encode(message)))
  }

  func post(_ path: String, _ message: some Encodable) throws -> Int {
    try exchange(path, message).status
  }

  /// The beginning of the log.
  var start: Position { Position(history: Self.history, seq: 0, treeHead: .empty) }

  var head: Position {
    get throws {
      try store.read { reader in
        let counter = try reader.counter
        return Position(history: Self.history, seq: counter.seq, treeHead: counter.tree)
      }
    }
  }

  func hello(nonce: String) -> HelloRequest {
    let last = lastBatch(of: hostile)
    return HelloRequest(
      software: "hostile", schemaVersion: 1, nonce: nonce, incarnation: incarnation,
      position: start, clock: systemTime(), lastBatchNumber: last.number, lastBatchHash: last.hash)
  }

  /// The number of a session of the hostile site's own.
  func session() throws -> Int64 {
    let response = try exchange(ProtocolPath.hello, hello(nonce: UUID().uuidString))
    let answer: HelloResponse = try WireJSON.decode(response.body)
    return answer.session
  }

  // MARK: Batches

  func note(_ n: Int64, _ text: String, in caseID: String = "c-own") -> Change {
    consultation(n, row: "k-\(n)", in: caseID, ["note": .text(text)])
  }

  private func lastBatch(of site: SiteID) -> (number: Int64, hash: Hash256) {
    lastBatches.withLock { $0[site]! }
  }

  /// The batch behind the last one that the hub took, or a forgery of it.
  func batch(
    _ changes: [Change], skipping count: Int64 = 0, previous: Hash256? = nil,
    incarnation: IncarnationID? = nil, history: HistoryID = HostileHub.history
  ) -> Batch {
    let last = lastBatch(of: hostile)
    return Batch(
      incarnation: incarnation ?? self.incarnation, number: last.number + 1 + count,
      history: history, previous: previous ?? last.hash, coalesced: [], changes: changes)
  }

  /// The answer to a batch in a session of its own.
  func pushResponse(_ bytes: [UInt8]) throws -> ProtocolResponse {
    try server.link(certificate).exchange(
      ProtocolRequest(
        path: ProtocolPath.push, contentType: .rows,
        body: PushBody.encode(session: try session(), batch: bytes)))
  }

  /// Pushes bytes that the hub takes; the next batch stands behind them.
  func push(_ bytes: [UInt8]) throws -> PushResponse {
    let response = try pushResponse(bytes)
    guard response.status == 200 else {
      throw TestFailure("the push was refused: \(String(decoding: response.body, as: UTF8.self))")
    }
    let answer: PushResponse = try WireJSON.decode(response.body)
    lastBatches.withLock { $0[hostile] = (answer.batchNumber, Hash256(sha256Of: bytes)) }
    return answer
  }

  func push(_ changes: [Change]) throws -> PushResponse {
    try push(batch(changes).encoded())
  }

  // MARK: Looking

  /// What an administrator with an SQLite shell does to the county's database.
  func execute(_ sql: String) throws {
    let queue = try DatabaseQueue(path: "\(server.directory)/08118.sqlite")
    try queue.inDatabase { try $0.execute(sql: sql) }
  }

  /// The notes of the hostile site's case, in order.
  func notes() throws -> [String] {
    try store.read { try $0.rows(of: CaseID("c-own"), after: nil, limit: 100) }
      .filter { $0.isAlive && $0.key.table == key("consultation", "").table }
      .compactMap { row in row.values.compactMap(\.text).first { $0.hasPrefix("note ") } }
      .sorted()
  }

  private func honestHello() -> HelloRequest {
    HelloRequest(
      software: "honest", schemaVersion: 1, nonce: UUID().uuidString,
      incarnation: IncarnationID("incarnation-of-\(honest)"), position: start,
      clock: systemTime(), lastBatchNumber: 1,
      lastBatchHash: lastBatch(of: honest).hash)
  }

  /// Nothing of the other site's case stands in an answer.
  func expectNothingForeign(
    _ response: ProtocolResponse, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      !response.body.contains(Array(Self.secret.utf8)), sourceLocation: sourceLocation)
  }

  /// The hub serves the honest site, whose case is as it was.
  func expectUnharmed(sourceLocation: SourceLocation = #_sourceLocation) {
    do {
      let rows = try store.read { try $0.rows(of: CaseID("c-other"), after: nil, limit: 100) }
      #expect(
        rows.contains { $0.isAlive && $0.values.contains(.text(Self.secret)) } && rows.count == 2,
        sourceLocation: sourceLocation)
      let answer: HelloResponse = try WireJSON.decode(
        server.link(try server.admitted(honest.string)).exchange(
          ProtocolRequest(
            path: ProtocolPath.hello, contentType: .json,
            body: try WireJSON.encode(honestHello()))
        ).body)
      #expect(answer.session > 0, sourceLocation: sourceLocation)
      #expect(
        try store.read { try LogVerification.run(on: $0) }.isSound, sourceLocation: sourceLocation)
    } catch {
      Issue.record("\(error)", sourceLocation: sourceLocation)
    }
  }
}
