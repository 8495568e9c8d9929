import Foundation
import Glibc
import Hub
import Replica
import ReplicaAgent
import SyncCore
import SyncProtocol
import Synchronization
import Testing

/// More callers than the hub has room for.
@Suite("A crowd at the hub", .serialized)
struct CrowdTests {
  private static let hello = ProtocolRequest(
    path: ProtocolPath.hello, contentType: .json, body: Array("{}".utf8))

  /// Dials again where no handshake came about in time: hub and crowd share two processors with
  /// all other tests.
  private static func untilReached(_ exchange: () throws -> Int) throws -> Int {
    for _ in 0..<20 {
      do {
        return try exchange()
      } catch let failure as LinkFailure where failure.cause == .unreachable {
        continue
      }
    }
    return try exchange()
  }

  /// Threads of their own, whose ends can be waited for.
  private final class Crowd: Sendable {
    private let group = DispatchGroup()
    private let results = Mutex<[Int]>([])

    func begin(_ exchange: @escaping @Sendable () throws -> Int) {
      group.enter()
      Thread.detachNewThread { [self] in
        defer { group.leave() }
        do {
          let status = try exchange()
          results.withLock { $0.append(status) }
        } catch {
          Issue.record("\(error)")
        }
      }
    }

    /// The statuses, when all have one.
    func end() -> [Int] {
      group.wait()
      return results.withLock { $0 }
    }
  }

  @Test("A hundred sites at the same moment are all answered by a hub that has room for ten")
  func patience() async throws {
    var limits = AdmissionLimits()
    limits.requestCountMax = 10
    limits.workCountMax = 2
    limits.countyWorkCountMax = 2
    limits.countyWriteCountMax = 1
    try await TestHub.run(siteLimits: limits) { hub in
      let sites = try (0..<100).map { try hub.admitted("site-\($0)") }
      let waitCount = Mutex(0)
      // Instead of seconds: each answer lets two of those who wait ask again.
      let turns = DispatchSemaphore(value: 0)
      // Nobody is answered before somebody was sent away.
      hub.requests.hold(SiteID("site-0"))
      let crowd = Crowd()
      for site in sites {
        crowd.begin {
          let link = PatientLink(try hub.link(site), secondsMax: .max) { _ in
            waitCount.withLock { $0 += 1 }
            hub.requests.release()
            turns.wait()
          }
          defer { for _ in 0..<2 { turns.signal() } }
          return try Self.untilReached { try link.exchange(Self.hello).status }
        }
      }
      #expect(crowd.end() == Array(repeating: 200, count: 100))
      #expect(waitCount.withLock { $0 } > 0)
      #expect(hub.requests.answered.count >= 100)
    }
  }

  @Test("A site that has its share under way gets 429, another county its answer at once")
  func greedy() async throws {
    var limits = AdmissionLimits()
    limits.partyRequestCountMax = 2
    try await TestHub.run(siteLimits: limits) { hub in
      let greedy = try hub.admitted("greedy")
      let neighbour = try hub.admitted("neighbour", of: TestHub.otherCounty)
      hub.requests.hold(SiteID("greedy"))
      let crowd = Crowd()
      for _ in 0..<2 { crowd.begin { try hub.link(greedy).exchange(Self.hello).status } }
      hub.requests.awaitHeld(2)
      let refusal = try hub.link(greedy).exchange(Self.hello)
      #expect(refusal.status == 429)
      #expect((1...60).contains(refusal.retryAfterSeconds ?? 0))
      let reason: ProtocolError = try WireJSON.decode(refusal.body)
      #expect(reason.code == .tooManyRequests)
      #expect(try hub.link(neighbour).exchange(Self.hello).status == 200)
      hub.requests.release()
      #expect(crowd.end() == [200, 200])
      #expect(try hub.link(greedy).exchange(Self.hello).status == 200)
    }
  }

  @Test("Who waits too long for its turn is told so, and when to come back")
  func waiting() async throws {
    var limits = AdmissionLimits()
    limits.countyWriteCountMax = 1
    limits.waitSecondsMax = 1
    try await TestHub.run(siteLimits: limits) { hub in
      let slow = try hub.admitted("slow")
      let other = try hub.admitted("other")
      hub.requests.hold(SiteID("slow"))
      let crowd = Crowd()
      crowd.begin { try hub.link(slow).exchange(Self.hello).status }
      hub.requests.awaitHeld(1)
      let refusal = try hub.link(other).exchange(Self.hello)
      #expect(refusal.status == 503)
      #expect((1...60).contains(refusal.retryAfterSeconds ?? 0))
      hub.requests.release()
      #expect(crowd.end() == [200])
      #expect(try hub.link(other).exchange(Self.hello).status == 200)
    }
  }

  @Test("Strangers who fill all connections and say nothing keep no site out")
  func halfOpen() async throws {
    var limits = AdmissionLimits()
    limits.connectionCountMax = 8
    try await TestHub.run(siteLimits: limits) { hub in
      let site = try hub.admitted("site")
      var strangers: [CInt] = []
      defer { for stranger in strangers { close(stranger) } }
      for _ in 0..<12 { strangers.append(try connect(from: "127.0.0.2", port: hub.sitePort)) }
      #expect(try hub.link(site).exchange(Self.hello).status == 200)
    }
  }

  @Test(
    "A connection without a handshake ends at its deadline, also when a byte comes now and then")
  func handshake() async throws {
    var limits = AdmissionLimits()
    limits.handshakeSecondsMax = 1
    try await TestHub.run(siteLimits: limits, joinLimits: limits) { hub in
      for port in [hub.sitePort, hub.joinPort] {
        let stranger = try connect(from: "127.0.0.1", port: port)
        defer { close(stranger) }
        // The first byte of a TLS record, and nothing behind it.
        var byte: UInt8 = 0x16
        #expect(send(stranger, &byte, 1, Int32(MSG_NOSIGNAL)) == 1)
        // Nothing is ever sent back: the end of the connection is all that can come.
        var answer = [UInt8](repeating: 0, count: 16)
        #expect(recv(stranger, &answer, answer.count, 0) <= 0)
      }
    }
  }

  @Test("A head that comes byte by byte ends with the connection's idle time")
  func slowHead() async throws {
    var limits = AdmissionLimits()
    limits.idleSecondsMax = 1
    try await TestHub.run(siteLimits: limits, joinLimits: limits) { hub in
      let site = try hub.admitted("site")
      let head = "POST /v1/hello HTTP/1.1\r\nX-Slow: " + String(repeating: "a", count: 300)
      let known = RawClient(
        url: "https://127.0.0.1:\(hub.sitePort)", certificatePath: site.certificatePath,
        keyPath: site.keyPath)
      #expect(try known.drip(head) == [])
      #expect(try RawClient(url: "https://127.0.0.1:\(hub.joinPort)").drip(head) == [])
      #expect(hub.requests.answered.isEmpty)
    }
  }

  @Test("A site's forgotten connections make room for its newest")
  func forgotten() async throws {
    try await TestHub.run { hub in
      let site = try hub.admitted("site")
      let links = try (0..<6).map { _ in try hub.link(site) }
      for link in links { #expect(try link.exchange(Self.hello).status == 200) }
      // The oldest were closed: libcurl dials again.
      for link in links { #expect(try link.exchange(Self.hello).status == 200) }
      #expect(links[0].connectionCount == 2)
    }
  }

  @Test("A body is too slow below one KiB a second, from the tenth second on")
  func pace() {
    let slow = BodyPace()
    slow.count(10 * 1_024 - 1)
    #expect(slow.isTooSlow())
    let steady = BodyPace()
    steady.count(10 * 1_024)
    for _ in 0..<4 {
      #expect(!steady.isTooSlow())
      steady.count(5 * 1_024)
    }
    #expect(!steady.isTooSlow())
    #expect(steady.isTooSlow())
  }
}

@Suite("Patience with a busy hub")
struct PatientLinkTests {
  /// Answers from a list, the last one again and again.
  private final class ScriptedLink: HubLink {
    private var answers: [ProtocolResponse]
    private(set) var requests: [ProtocolRequest] = []

    init(_ answers: [ProtocolResponse]) { self.answers = answers }

    func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse {
      requests.append(request)
      return answers.count > 1 ? answers.removeFirst() : answers[0]
    }
  }

  private static let request = ProtocolRequest(
    path: ProtocolPath.push, contentType: .rows, body: [1, 2, 3])
  private static let answer = ProtocolResponse(status: 200, contentType: .json, body: [])

  private static func refusal(_ code: ProtocolError.Code, after seconds: Int?) -> ProtocolResponse {
    let error = ProtocolError(code, "m", hint: "h")
    return ProtocolResponse(
      status: error.status, contentType: .json, body: WireJSON.encode(refusal: error),
      retryAfterSeconds: seconds)
  }

  @Test("A busy hub is waited for as long as it says, and asked the same again")
  func waits() throws {
    let link = ScriptedLink([
      Self.refusal(.busy, after: 3), Self.refusal(.tooManyRequests, after: 0), Self.answer,
    ])
    var waited: [Int] = []
    let patient = PatientLink(link, secondsMax: 10) { waited.append($0) }
    #expect(try patient.exchange(Self.request) == Self.answer)
    #expect(waited == [3, 1])
    #expect(link.requests == [Self.request, Self.request, Self.request])
  }

  @Test("Patience ends: after so many seconds in sum the refusal is the answer")
  func ends() throws {
    let refusal = Self.refusal(.busy, after: 4)
    let link = ScriptedLink([refusal])
    var waited = 0
    let patient = PatientLink(link, secondsMax: 10) { waited += $0 }
    #expect(try patient.exchange(Self.request) == refusal)
    #expect(waited == 8)
    #expect(try patient.exchange(Self.request) == refusal)
    #expect(waited == 8)
  }

  @Test("What a person has to end is not waited for, nor what no hub says")
  func othersAreNotAwaited() throws {
    for refusal in [
      Self.refusal(.paused, after: 5), Self.refusal(.hubStorageFull, after: 5),
      Self.refusal(.busy, after: nil), Self.refusal(.busy, after: -1),
      Self.refusal(.busy, after: 100_000), Self.refusal(.refused, after: 1),
      ProtocolResponse(status: 503, contentType: .json, body: [0x7B], retryAfterSeconds: 1),
    ] {
      let link = ScriptedLink([refusal])
      let patient = PatientLink(link) { _ in Issue.record("it waited for \(refusal)") }
      #expect(try patient.exchange(Self.request) == refusal)
    }
  }
}

/// A TCP connection from an address of this machine.
private func connect(from address: String, port: Int) throws -> CInt {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  func endpoint(_ host: String, _ port: Int) -> sockaddr_in {
    var endpoint = sockaddr_in()
    endpoint.sin_family = sa_family_t(AF_INET)
    endpoint.sin_port = in_port_t(port).bigEndian
    endpoint.sin_addr.s_addr = inet_addr(host)
    return endpoint
  }
  let length = socklen_t(MemoryLayout<sockaddr_in>.size)
  var from = endpoint(address, 0)
  var to = endpoint("127.0.0.1", port)
  let isConnected =
    withUnsafePointer(to: &from) { from in
      from.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(descriptor, $0, length) }
    } == 0
    && withUnsafePointer(to: &to) { to in
      to.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
    } == 0
  guard isConnected else { throw TestFailure("no connection from \(address): errno \(errno)") }
  return descriptor
}
