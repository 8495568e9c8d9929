import HubService
import HubStorage
import SyncCore
import SyncProtocol
import Testing

/// A site's present and next key at the hub, and what the county asks of it.
@Suite("Hub store: keys and instructions of sites")
struct SiteKeyTests {
  private static let environment = HubEnvironment(
    now: { 5_000 }, random: { [UInt8](repeating: 7, count: $0) })

  private func service(_ store: any HubStore) -> CountyService {
    CountyService(store: store, environment: Self.environment)
  }

  private func joined(_ store: any HubStore, state: SiteState = .joined) throws {
    var site = SiteRecord.sample("a", key: [1])
    site.state = state
    site.certificateExpiresAt = 100
    try store.write { try $0.put(site) }
  }

  @Test(
    "a site is found by either key, and the first use of the next one ends the other",
    arguments: HubEngine.all)
  func twoPhases(_ engine: HubEngine) throws {
    let store = try engine.make()
    let service = service(store)
    try joined(store)
    _ = try service.renew(keyHash: [2], of: "a", certificateExpiresAt: 900)
    #expect(try service.caller(keyHash: [1])?.site == "a")
    var record = try #require(try store.read { try $0.site("a") })
    #expect(record.keyHash == [1] && record.nextKeyHash == [2])
    #expect(record.certificateExpiresAt == 100 && record.nextCertificateExpiresAt == 900)
    // Asked again with the same key, then with another.
    _ = try service.renew(keyHash: [2], of: "a", certificateExpiresAt: 950)
    _ = try service.renew(keyHash: [3], of: "a", certificateExpiresAt: 990)
    #expect(try service.caller(keyHash: [2]) == nil)

    #expect(try service.caller(keyHash: [3])?.site == "a")
    #expect(try service.caller(keyHash: [1]) == nil)
    record = try #require(try store.read { try $0.site("a") })
    #expect(record.keyHash == [3] && record.nextKeyHash == nil)
    #expect(record.certificateExpiresAt == 990 && record.nextCertificateExpiresAt == nil)
    #expect(try service.caller(keyHash: [3])?.site == "a")
  }

  @Test(
    "a renewal by a certificate that had run out is kept on record, once for each new key",
    arguments: HubEngine.all)
  func recovery(_ engine: HubEngine) throws {
    let store = try engine.make()
    let service = service(store)
    try joined(store)
    func records() throws -> [String?] {
      try store.read { try $0.instructions(of: "a", doneLimit: 10).map(\.result) }
    }
    _ = try service.renew(keyHash: [2], of: "a", certificateExpiresAt: 900)
    #expect(try records() == [])
    _ = try service.renew(keyHash: [3], of: "a", certificateExpiresAt: 900, isRecovery: true)
    // Its answer was lost.
    _ = try service.renew(keyHash: [3], of: "a", certificateExpiresAt: 900, isRecovery: true)
    #expect(try records() == ["recovered"])
    #expect(try service.caller(keyHash: [3])?.site == "a")
    #expect(try records() == ["recovered"])
    for state in [SiteState.held, .revoked, .waiting] {
      try joined(store, state: state)
      #expect(throws: ProtocolError.self) {
        try service.renew(keyHash: [4], of: "a", certificateExpiresAt: 900, isRecovery: true)
      }
    }
    #expect(try records() == ["recovered"])
  }

  @Test(
    "a key that counts already, of this site or another, gets no second certificate",
    arguments: HubEngine.all)
  func takenKeys(_ engine: HubEngine) throws {
    let store = try engine.make()
    let service = service(store)
    try joined(store)
    var other = SiteRecord.sample("b", key: [4])
    other.nextKeyHash = [5]
    try store.write { [other] in try $0.put(other) }
    for key: [UInt8] in [[1], [4], [5]] {
      let error = #expect(throws: ProtocolError.self) {
        try service.renew(keyHash: key, of: "a", certificateExpiresAt: 900)
      }
      #expect(error?.code == .badCertificateRequest)
    }
    for thief in [SiteRecord.sample("c", key: [5]), .sample("c", key: [1])] {
      #expect(throws: HubStoreError.self) { try store.write { try $0.put(thief) } }
    }
    let next = SiteRecord(
      id: "c", name: "c", kind: .municipality, areas: [], state: .joined, url: "", joinURL: "",
      nextKeyHash: [1])
    #expect(throws: HubStoreError.self) { try store.write { try $0.put(next) } }
    #expect(try store.read { try $0.sites.map(\.id) } == ["a", "b"])
  }

  @Test(
    "a paused site renews; one that is held, revoked or has to join does not",
    arguments: HubEngine.all)
  func states(_ engine: HubEngine) throws {
    for state in SiteState.allCases {
      let store = try engine.make()
      try joined(store, state: state)
      let outcome = Result {
        try service(store).renew(keyHash: [2], of: "a", certificateExpiresAt: 900)
      }
      if state == .joined || state == .paused {
        #expect(throws: Never.self) { try outcome.get() }
      } else {
        #expect(throws: ProtocolError.self) { try outcome.get() }
      }
    }
  }

  @Test("a rejoin or a revocation ends both keys", arguments: HubEngine.all)
  func bothEnd(_ engine: HubEngine) throws {
    let store = try engine.make()
    let administration = CountyAdministration(
      store: store, environment: Self.environment)
    try joined(store)
    _ = try service(store).renew(keyHash: [2], of: "a", certificateExpiresAt: 900)
    _ = try administration.rejoin("a")
    for key: [UInt8] in [[1], [2]] { #expect(try service(store).caller(keyHash: key) == nil) }
    #expect(try store.read { try $0.site("a")?.nextKeyHash } == nil)
    try joined(store)
    _ = try service(store).renew(keyHash: [2], of: "a", certificateExpiresAt: 900)
    _ = try administration.revoke("a")
    for key: [UInt8] in [[1], [2]] { #expect(try service(store).caller(keyHash: key) == nil) }
  }

  @Test("pause and resume turn a joined site alone, and say why not", arguments: HubEngine.all)
  func pausing(_ engine: HubEngine) throws {
    for state in SiteState.allCases {
      let store = try engine.make()
      let administration = CountyAdministration(
        store: store, environment: Self.environment)
      try joined(store, state: state)
      guard state == .joined || state == .paused else {
        #expect(throws: AdministrationError.notPossible("a", state: state)) {
          try administration.pause("a")
        }
        #expect(throws: AdministrationError.notPossible("a", state: state)) {
          try administration.resume("a")
        }
        #expect(try store.read { try $0.site("a")?.state } == state)
        continue
      }
      #expect(try administration.pause("a").state == .paused)
      #expect(try administration.pause("a").state == .paused)
      #expect(try administration.resume("a").state == .joined)
    }
    let store = try engine.make()
    #expect(throws: AdministrationError.unknownSite("x")) {
      try CountyAdministration(
        store: store, environment: Self.environment
      ).pause("x")
    }
  }

  @Test(
    "instructions are kept in their order, open ones all, done ones as many as are asked for",
    arguments: HubEngine.all)
  func instructions(_ engine: HubEngine) throws {
    var store = try engine.make()
    let all = (1...6).map { number -> StoredInstruction in
      let isDone = number.isMultiple(of: 2)
      let caseID: CaseID? = number < 3 ? "c1" : nil
      var instruction = StoredInstruction(
        id: "i\(number)", site: "a", kind: "verify",
        selection: RowSelection(caseID: caseID, table: number == 2 ? 7 : nil),
        isDryRun: number == 3, issuedAt: Int64(number), doneAt: isDone ? 50 : nil,
        result: isDone ? "equal" : nil)
      if number == 4 { (instruction.differences, instruction.repaired) = (9, 8) }
      return instruction
    }
    let foreign = StoredInstruction(id: "i0", site: "b", kind: "verify", issuedAt: 1)
    try store.write { writer in
      for instruction in all.reversed() + [foreign] { try writer.put(instruction) }
    }
    try store.restart()
    try store.read { reader throws in
      #expect(try reader.instructions(of: "a", doneLimit: 9) == all)
      #expect(
        try reader.instructions(of: "a", doneLimit: 1).map(\.id) == ["i1", "i3", "i5", "i6"])
      #expect(try reader.instructions(of: "a", doneLimit: 0).map(\.id) == ["i1", "i3", "i5"])
      #expect(try reader.instructions(of: "c", doneLimit: 9) == [])
    }
    var done = all[0]
    done.doneAt = 60
    done.result = "repaired"
    struct Failure: Error {}
    #expect(throws: Failure.self) {
      try store.write { [done] writer throws in
        try writer.put(done)
        throw Failure()
      }
    }
    #expect(try store.read { try $0.instructions(of: "a", doneLimit: 0).count } == 3)
    try store.write { [done] in try $0.put(done) }
    #expect(try store.read { try $0.instructions(of: "a", doneLimit: 9).first } == done)
  }

  @Test("what is asked already is not asked twice, and the next key's use answers a renewal")
  func asking() throws {
    let store = try HubEngine.inMemory.make()
    let administration = CountyAdministration(
      store: store, environment: Self.environment)
    try joined(store)
    let first = try administration.instruct("a", .renewCertificate)
    #expect(try administration.instruct("a", .renewCertificate) == first)
    _ = try service(store).renew(keyHash: [2], of: "a", certificateExpiresAt: 900)
    #expect(try store.read { try $0.instructions(of: "a", doneLimit: 0).count } == 1)
    _ = try service(store).caller(keyHash: [2])
    let done = try store.read { try $0.instructions(of: "a", doneLimit: 9) }
    #expect(done.map(\.result) == ["renewed"] && done[0].doneAt == 5_000)
  }
}
