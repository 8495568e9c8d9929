import HubService
import HubStorage
import SyncCore
import SyncSimulator
import Synchronization
import Testing

/// A decision and its event in the audit record are there together, or neither.
@Suite("Audit in one transaction")
struct AuditTransactionTests {
  /// A store that ends with its first write: what would be a second transaction never happens.
  private final class OneWriteStore: HubStore {
    struct Ended: Error {}

    private let base: any HubStore
    private let isSpent = Mutex(false)

    init(_ base: any HubStore) {
      self.base = base
    }

    func read<Result: Sendable>(_ body: (any HubReader) throws -> Result) throws -> Result {
      try base.read(body)
    }

    func write<Result: Sendable>(_ body: (any HubWriter) throws -> Result) throws -> Result {
      let isFirst = isSpent.withLock { isSpent in
        defer { isSpent = true }
        return !isSpent
      }
      guard isFirst else { throw Ended() }
      return try base.write(body)
    }
  }

  private let county: LocalCounty
  private let town: LocalSite
  private let carrier: LocalSite
  private let anna = Operator(name: "anna")

  init() throws {
    county = try LocalCounty(seed: 4)
    town = try county.addSite("town", kind: .municipality)
    carrier = try county.addSite("carrier", kind: .carrier)
    try town.client.run("INSERT INTO case_file (id, opened_on) VALUES ('c', '2025-01-15')")
    try town.sync()
  }

  private func administration() -> CountyAdministration {
    CountyAdministration(
      store: OneWriteStore(county.hub),
      environment: HubEnvironment(now: { 1_000 }, random: { Array(repeating: 7, count: $0) }))
  }

  private func events() throws -> [AuditEvent] {
    try county.hub.read { try $0.audit(from: 1, limit: 10).map(\.event) }
  }

  @Test("what is decided is recorded by the same commit")
  func together() throws {
    _ = try administration().recording(.participate, "c", by: anna, detail: "reader")
      .participate(carrier.id, in: CaseID("c"), as: .reader)
    #expect(
      try events() == [
        AuditEvent(at: 1_000, actor: "anna", action: .participate, subject: "c", detail: "reader")
      ])
    #expect(
      try county.hub.read { try $0.roles(of: carrier.id, in: [CaseID("c")]) } == [
        CaseID("c"): .reader
      ])
    #expect(try county.administration.verifyAudit().firstBad == nil)
  }

  @Test("what is refused leaves nothing")
  func neither() throws {
    #expect(throws: ParticipationRefusal.leads(CaseID("c"))) {
      try administration().recording(.participate, "c", by: anna)
        .participate(town.id, in: CaseID("c"), as: .reader)
    }
    #expect(try events().isEmpty)
  }
}
