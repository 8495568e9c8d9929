import Replica
import ReplicaAgent
import SyncProtocol
import Testing

@Suite("Limits of the link")
struct LimitTests {
  private static func push(_ byteCount: Int) -> ProtocolRequest {
    ProtocolRequest(
      path: ProtocolPath.push, contentType: .rows, body: [UInt8](repeating: 0x20, count: byteCount))
  }

  @Test("A body of exactly the limit passes both ways, one byte more is 413")
  func plainLimit() async throws {
    try await TestHub.run { hub in
      let link = try hub.link(try hub.join())
      let longest = Self.push(ProtocolLimit.bodyByteCountMax)
      let answer = try link.exchange(longest)
      #expect(answer.status == 200)
      #expect(answer.body == longest.body)
      #expect(try link.exchange(Self.push(ProtocolLimit.bodyByteCountMax + 1)).status == 413)
      #expect(hub.requests.answered.count == 1)
    }
  }

  @Test("A control message is shorter than a batch: what is longer is 413, at every other path")
  func controlLimit() async throws {
    try await TestHub.run { hub in
      let link = try hub.link(try hub.join())
      for path in [ProtocolPath.hello, ProtocolPath.pull, ProtocolPath.bye] {
        func status(_ byteCount: Int) throws -> Int {
          try link.exchange(
            ProtocolRequest(
              path: path, contentType: .json, body: [UInt8](repeating: 0x20, count: byteCount))
          ).status
        }
        #expect(try status(ProtocolLimit.controlByteCountMax) == 200)
        #expect(try status(ProtocolLimit.controlByteCountMax + 1) == 413)
      }
    }
  }

  @Test("On a real link bodies travel compressed both ways, and a bomb is 413")
  func compressedLimit() async throws {
    try await TestHub.run { hub in
      let link = try hub.link(try hub.join(), host: "0.0.0.0")
      let longest = Self.push(ProtocolLimit.bodyByteCountMax)
      #expect(try link.exchange(longest).body == longest.body)
      #expect(link.byteCountSent < 16 << 10)
      #expect(link.byteCountReceived < 16 << 10)
      #expect(try link.exchange(Self.push(64 << 20)).status == 413)
      #expect(hub.requests.answered == [longest])
    }
  }

  @Test("An answer above the limit is not taken in, plain or compressed")
  func longAnswer() async throws {
    try await TestHub.run { hub in
      let certificate = try hub.join()
      hub.requests.reply([UInt8](repeating: 0, count: ProtocolLimit.bodyByteCountMax + 1))
      for host in ["127.0.0.1", "0.0.0.0"] {
        let link = try hub.link(certificate, host: host)
        let failure = #expect(throws: LinkFailure.self) { try link.exchange(Self.push(1)) }
        #expect(failure?.cause == .unreachable)
        #expect(
          failure?.detail.contains("more than") == true
            || failure?.detail.contains("longer") == true)
      }
    }
  }

  @Test("On loopback nothing is compressed")
  func loopback() async throws {
    try await TestHub.run { hub in
      let link = try hub.link(try hub.join())
      _ = try link.exchange(Self.push(100_000))
      #expect(link.byteCountSent > 100_000)
      #expect(link.byteCountReceived > 100_000)
    }
  }

  @Test("An empty body is a body")
  func empty() async throws {
    try await TestHub.run { hub in
      let link = try hub.link(try hub.join())
      #expect(try link.exchange(Self.push(0)).status == 200)
      #expect(hub.requests.answered.map(\.body) == [[]])
    }
  }

  @Test("Foreign types, encodings, methods, paths and frames have their own refusals")
  func refusals() async throws {
    try await TestHub.run { hub in
      let certificate = try hub.join()
      let url = "https://127.0.0.1:\(hub.sitePort)"
      let client = RawClient(
        url: url + ProtocolPath.push, certificatePath: certificate.certificatePath,
        keyPath: certificate.keyPath, headers: ["Content-Type: application/json"],
        body: Array("{}".utf8))
      #expect(client.status() == 200)

      var altered = client
      altered.headers = ["Content-Type: text/html"]
      #expect(altered.status() == 415)
      altered.headers = client.headers + ["Content-Encoding: gzip"]
      #expect(altered.status() == 415)
      altered.headers = client.headers + ["Content-Encoding: zstd"]
      #expect(altered.status() == 400)
      altered = client
      altered.method = "PUT"
      #expect(altered.status() == 404)
      altered = client
      altered.url = url + ProtocolPath.join
      #expect(altered.status() == 404)
      #expect(hub.requests.answered.count == 1)
    }
  }

  @Test("A head that is too long never reaches the hub")
  func longHead() async throws {
    try await TestHub.run { hub in
      let certificate = try hub.join()
      let client = RawClient(
        url: "https://127.0.0.1:\(hub.sitePort)\(ProtocolPath.push)",
        certificatePath: certificate.certificatePath, keyPath: certificate.keyPath,
        headers: (0..<40).map { "X-\($0): " + String(repeating: "a", count: 1_000) })
      #expect(client.status() != 200)
      #expect(hub.requests.answered.isEmpty)
    }
  }

  @Test("A request that stalls is cut at its deadline")
  func deadline() async throws {
    try await TestHub.run(requestSecondsMax: 1) { hub in
      // To join would be a request under the same deadline.
      let certificate = try hub.admitted("site")
      let client = RawClient(
        url: "https://127.0.0.1:\(hub.sitePort)\(ProtocolPath.push)",
        certificatePath: certificate.certificatePath, keyPath: certificate.keyPath,
        headers: ["Content-Type: application/json", "Content-Length: 100"], body: [0x7B])
      let start = ContinuousClock.now
      #expect(client.status() == nil)
      // Well below the client's own 30 seconds and the hub's idle timeout.
      #expect(ContinuousClock.now - start < .seconds(20))
      #expect(hub.requests.answered.isEmpty)
    }
  }

  @Test("Nobody at the address is unreachable, not a wrong identity")
  func nobody() throws {
    let link = try CurlTransport(
      hub: try HubURL(parsing: "https://127.0.0.1:1"), pins: [[UInt8](repeating: 0, count: 32)],
      certificate: nil)
    let failure = #expect(throws: LinkFailure.self) { try link.exchange(Self.push(1)) }
    #expect(failure?.cause == .unreachable)
  }
}
