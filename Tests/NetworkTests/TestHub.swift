import Crypto
import Foundation
import Hub
import HubService
import Logging
import Replica
import ReplicaAgent
import Synchronization
import SyncCore
import SyncProtocol

/// Two counties with one site each, real listeners on loopback, and a fake hub behind them.
final class TestHub: Sendable {
  static let county = CountyKey("08118")
  static let otherCounty = CountyKey("08111")

  let directory: String
  let requests: FakeCounties
  let identity: ServerIdentity
  let authorities: [CertificateAuthority]
  private let ports = Mutex<ListeningPorts?>(nil)

  /// Runs `body` on a thread of its own: it blocks, and the server needs the shared ones.
  static func run(
    identityNow: Milliseconds = systemTime(), identityLifetimeDays: Int = 30,
    expiredCertificateDays: Int = HubServer.Configuration.expiredCertificateDaysUsual,
    requestSecondsMax: Int = 60, siteLimits: AdmissionLimits = AdmissionLimits(),
    joinLimits: AdmissionLimits = .joining, _ body: @escaping @Sendable (TestHub) throws -> Void
  ) async throws {
    let hub = try TestHub(now: identityNow, lifetimeDays: identityLifetimeDays)
    defer { try? FileManager.default.removeItem(atPath: hub.directory) }
    let server = HubServer(
      configuration: HubServer.Configuration(
        sites: ListenAddress(host: "127.0.0.1", port: 0),
        joining: ListenAddress(host: "127.0.0.1", port: 0),
        identity: hub.identity, authorities: hub.authorities,
        expiredCertificateDays: expiredCertificateDays, endsOnSignals: false,
        requestSecondsMax: requestSecondsMax, siteLimits: siteLimits, joinLimits: joinLimits),
      requests: hub.requests, now: { hub.requests.now }, logger: quietLogger())
    let listening = AsyncStream.makeStream(of: ListeningPorts.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { listening.continuation.finish() }
        do {
          try await server.run { ports in listening.continuation.yield(ports) }
        } catch is CancellationError {}
      }
      for await ports in listening.stream {
        hub.ports.withLock { $0 = ports }
        try await onOwnThread { try body(hub) }
        break
      }
      group.cancelAll()
      try await group.waitForAll()
    }
    guard hub.ports.withLock({ $0 }) != nil else { throw TestFailure("the hub never listened") }
  }

  private init(now: Milliseconds, lifetimeDays: Int) throws {
    directory = makeTestDirectory()
    identity = try ServerIdentity.create(
      directory: directory, now: now, lifetimeDays: lifetimeDays)
    authorities = try [Self.county, Self.otherCounty].map { [directory] county in
      try CertificateAuthority.create(county: county, directory: directory, now: systemTime())
    }
    requests = FakeCounties(authority: authorities[0])
  }

  var sitePort: Int { ports.withLock { $0?.sites ?? 0 } }
  var joinPort: Int { ports.withLock { $0?.joining ?? 0 } }

  func joinString(pin: [UInt8]? = nil) throws -> JoinString {
    JoinString(
      county: Self.county, hubURL: try HubURL(parsing: "https://127.0.0.1:\(sitePort)"),
      joinURL: try HubURL(parsing: "https://127.0.0.1:\(joinPort)"), pin: pin ?? identity.pin,
      token: [UInt8](repeating: 7, count: JoinString.tokenByteCount))
  }

  /// Joins into a directory of its own.
  func join(_ name: String = "site") throws -> ClientCertificate {
    let site = "\(directory)/\(name)"
    _ = try Enrolment.join(try joinString(), directory: site, wait: { _ in })
    return ClientCertificate(directory: site)
  }

  /// A site that has joined, without having called for it.
  func admitted(_ site: String, of county: CountyKey = TestHub.county) throws -> ClientCertificate {
    let path = "\(directory)/\(site)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let files = ClientCertificate(directory: path)
    let key = P256.Signing.PrivateKey()
    guard let authority = authorities.first(where: { $0.county == county }),
      let name = SiteName(county: county, site: SiteID(site), agent: "agent-1")
    else { throw TestFailure("no such county or name") }
    let issued = try authority.issue(
      csr: try makeCSR(key), to: name, now: systemTime(),
      serial: Array(UInt64.random(in: 1...UInt64.max).description.utf8.prefix(16)))
    try key.pemRepresentation.write(toFile: files.keyPath, atomically: true, encoding: .utf8)
    try issued.pem.write(toFile: files.certificatePath, atomically: true, encoding: .utf8)
    requests.admit(issued.keyHash, as: Caller(county: county, site: SiteID(site)))
    return files
  }

  /// - Parameter host: `0.0.0.0` reaches loopback too, and is not taken for it.
  func link(
    _ certificate: ClientCertificate?, host: String = "127.0.0.1", pin: [UInt8]? = nil,
    pins: [[UInt8]]? = nil, until isStopping: @escaping () -> Bool = { false }
  ) throws -> CurlTransport {
    try CurlTransport(
      hub: try HubURL(parsing: "https://\(host):\(sitePort)"), pins: pins ?? [pin ?? identity.pin],
      certificate: certificate, until: isStopping)
  }
}

/// Echoes unless told otherwise; knows the keys that joined; can be told to revoke and to fail.
final class FakeCounties: CountyRequests {
  private struct State {
    var callers: [[UInt8]: Caller] = [:]
    /// The key of a renewed certificate that was not used yet.
    var nextKey: [UInt8]?
    /// How far the hub's clock is ahead of the machine's.
    var clockOffset: Milliseconds = 0
    var isFailing = false
    var answered: [ProtocolRequest] = []
    var reply: [UInt8]?
    var joinCount = 0
    var recoveryCount = 0
    var issuedAt: Milliseconds?
    var service: (@Sendable (ProtocolRequest, Caller) -> ProtocolResponse)?
  }

  private let authority: CertificateAuthority
  private let state = Mutex(State())
  private let held = HeldRequests()

  init(authority: CertificateAuthority) {
    self.authority = authority
  }

  /// The hub's clock.
  var now: Milliseconds { systemTime() + state.withLock { $0.clockOffset } }
  func advanceClock(by offset: Milliseconds) { state.withLock { $0.clockOffset += offset } }
  /// The keys that count now.
  var keyHashes: Set<[UInt8]> { state.withLock { Set($0.callers.keys) } }

  var answered: [ProtocolRequest] { state.withLock { $0.answered } }
  var joinCount: Int { state.withLock { $0.joinCount } }
  /// How often a certificate was renewed that had run out.
  var recoveryCount: Int { state.withLock { $0.recoveryCount } }
  func revokeAll() { state.withLock { $0.callers = [:] } }
  func fail() { state.withLock { $0.isFailing = true } }
  func admit(_ keyHash: [UInt8], as caller: Caller) {
    state.withLock { $0.callers[keyHash] = caller }
  }
  /// Answers every request with these bytes instead of its own.
  func reply(_ bytes: [UInt8]) { state.withLock { $0.reply = bytes } }
  /// Certificates are issued as if it were that time.
  func issue(at time: Milliseconds) { state.withLock { $0.issuedAt = time } }

  func caller(keyHash: [UInt8], county: CountyKey) throws -> Caller? {
    try state.withLock { state in
      if state.isFailing { throw TestFailure("the table cannot be read") }
      // The next key's first use ends the present one.
      if state.nextKey == keyHash {
        state.callers = state.callers.filter { $0.key == keyHash }
        state.nextKey = nil
      }
      return state.callers[keyHash]
    }
  }

  func readmit(_ certificate: UnknownCertificate, county: CountyKey) throws -> Caller? { nil }

  /// A real hub answers from now on.
  func serve(_ service: @escaping @Sendable (ProtocolRequest, Caller) -> ProtocolResponse) {
    state.withLock { $0.service = service }
  }

  /// Requests of this site stay in work from now on.
  func hold(_ site: SiteID) { held.begin(site) }
  /// Returns when so many are held.
  func awaitHeld(_ count: Int) { held.await(count) }
  func release() { held.end() }

  func answer(_ request: ProtocolRequest, from caller: Caller) -> ProtocolResponse {
    if request.path == ProtocolPath.renew { return renew(request, caller) }
    held.pass(caller.site)
    if let service = state.withLock({ $0.service }) { return service(request, caller) }
    let reply = state.withLock { state in
      state.answered.append(request)
      return state.reply
    }
    return ProtocolResponse(
      status: 200, contentType: request.contentType, body: reply ?? request.body)
  }

  func recover(_ request: ProtocolRequest, from caller: Caller) -> ProtocolResponse {
    state.withLock { $0.recoveryCount += 1 }
    return renew(request, caller)
  }

  private func renew(_ request: ProtocolRequest, _ caller: Caller) -> ProtocolResponse {
    do {
      let message: RenewRequest = try WireJSON.decode(request.body)
      guard
        let name = SiteName(county: caller.county, site: caller.site, agent: "agent-2")
      else { throw TestFailure("the site has no name") }
      let issued = try authority.issue(
        csr: message.csr, to: name, now: state.withLock { $0.issuedAt } ?? now,
        serial: [UInt8](repeating: 8, count: CertificateAuthority.serialByteCount))
      state.withLock { state in
        if let before = state.nextKey { state.callers[before] = nil }
        state.nextKey = issued.keyHash
        state.callers[issued.keyHash] = caller
      }
      return ProtocolResponse(
        status: 200, contentType: .json,
        body: try WireJSON.encode(RenewResponse(certificate: issued.pem)))
    } catch {
      return ProtocolResponse(status: 400, contentType: .json, body: Array("{}".utf8))
    }
  }

  func join(_ request: ProtocolRequest) -> ProtocolResponse {
    let site = SiteID("site-7")
    state.withLock { $0.joinCount += 1 }
    do {
      let message: JoinRequest = try WireJSON.decode(request.body)
      guard let name = SiteName(county: authority.county, site: site, agent: "agent-1") else {
        throw TestFailure("the site has no name")
      }
      let issued = try authority.issue(
        csr: message.csr, to: name, now: state.withLock { $0.issuedAt } ?? now,
        serial: [UInt8](repeating: 9, count: CertificateAuthority.serialByteCount))
      admit(issued.keyHash, as: Caller(county: authority.county, site: site))
      let answer = JoinResponse(
        site: site.string, county: authority.county.string, countyName: "Landkreis", name: "Ort",
        kind: "municipality", certificate: issued.pem, authority: authority.certificatePEM,
        hubURL: "https://hub", schema: "", digestKey: "", history: "h")
      return ProtocolResponse(
        status: 200, contentType: .json, body: try WireJSON.encode(answer))
    } catch {
      return ProtocolResponse(status: 400, contentType: .json, body: Array("{}".utf8))
    }
  }
}

/// Where requests of one site stand still on their threads.
private final class HeldRequests: Sendable {
  private let condition = NSCondition()
  // Both are read and written under the condition's lock alone.
  nonisolated(unsafe) private var site: SiteID?
  nonisolated(unsafe) private var count = 0

  private func change(_ body: () -> Void) {
    condition.lock()
    body()
    condition.broadcast()
    condition.unlock()
  }

  func begin(_ site: SiteID) { change { self.site = site } }
  func end() { change { site = nil } }

  func await(_ expected: Int) {
    change { while count < expected { condition.wait() } }
  }

  func pass(_ caller: SiteID) {
    change {
      guard caller == site else { return }
      count += 1
      condition.broadcast()
      while caller == site { condition.wait() }
      count -= 1
    }
  }
}

struct TestFailure: Error {
  let reason: String
  init(_ reason: String) { self.reason = reason }
}

@Sendable func systemTime() -> Milliseconds {
  Milliseconds(Date().timeIntervalSince1970 * 1_000)
}

func quietLogger() -> Logger {
  Logger(label: "hub") { _ in SwiftLogNoOpLogHandler() }
}

func onOwnThread(_ work: @escaping @Sendable () throws -> Void) async throws {
  try await withCheckedThrowingContinuation {
    (continuation: CheckedContinuation<Void, any Error>) in
    Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
  }
}
