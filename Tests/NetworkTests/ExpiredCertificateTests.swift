import Crypto
import Foundation
import Hub
import HubService
import Replica
import ReplicaAgent
import SwiftASN1
import SyncCore
import SyncProtocol
import Testing
import X509

private let hello = ProtocolRequest(
  path: ProtocolPath.hello, contentType: .json, body: Array("{}".utf8))
private let day: Milliseconds = 86_400_000

/// A site that was away until its certificate had run out: it renews it by the key that it names,
/// and can do nothing else with it.
@Suite("Certificates that have run out")
struct ExpiredCertificateTests {
  private func directory(of files: ClientCertificate) -> String {
    String(files.keyPath.dropLast("/site.key".count))
  }

  /// What stands in a site's directory, as whoever copied it has it.
  private func copied(_ files: ClientCertificate, to path: String) throws -> ClientCertificate {
    try FileManager.default.copyItem(atPath: directory(of: files), toPath: path)
    return ClientCertificate(
      certificatePath: path + "/site.crt", keyPath: path + "/site.key")
  }

  /// As a site's command dials.
  private func line(_ hub: TestHub, _ files: ClientCertificate) throws -> RenewingLink {
    try RenewingLink(directory: directory(of: files)) {
      try CertificateRenewal.recover(in: directory(of: files))
      return try hub.link(files)
    }
  }

  private func code(_ response: ProtocolResponse) throws -> ProtocolError.Code {
    try WireJSON.decode(response.body, as: ProtocolError.self).code
  }

  private func renewal(_ key: P256.Signing.PrivateKey = .init()) throws -> ProtocolRequest {
    ProtocolRequest(
      path: ProtocolPath.renew, contentType: .json,
      body: try WireJSON.encode(RenewRequest(csr: try makeCSR(key))))
  }

  @Test("The first request of a site that was away for a year renews, and is answered")
  func recovers() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      let oldKey = try String(contentsOfFile: files.keyPath, encoding: .utf8)
      let copy = try copied(files, to: hub.directory + "/copy")
      let open = try hub.link(files)
      #expect(try open.exchange(hello).status == 200)
      hub.requests.advanceClock(by: 365 * day)
      let line = try line(hub, files)
      #expect(try line.exchange(hello).status == 200)
      #expect(line.hasRecovered && hub.requests.recoveryCount == 1)
      #expect(line.byteCountSent > hello.body.count && line.byteCountReceived > hello.body.count)
      #expect(try String(contentsOfFile: files.keyPath, encoding: .utf8) != oldKey)
      #expect(hub.requests.answered == [hello, hello])
      // From then on it is an ordinary certificate, and the old one nobody's.
      #expect(try hub.link(files).exchange(hello).status == 200)
      #expect(try code(open.exchange(hello)) == .refused)
      #expect(try code(hub.link(copy).exchange(hello)) == .refused)
      #expect(try code(hub.link(copy).exchange(renewal())) == .refused)
    }
  }

  @Test("It lets its holder renew and do nothing else, on whatever path")
  func nothingElse() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      let link = try hub.link(files)
      #expect(try link.exchange(hello).status == 200)
      hub.requests.advanceClock(by: 31 * day)
      let paths = [
        ProtocolPath.incarnation, ProtocolPath.history, ProtocolPath.returned, ProtocolPath.hello,
        ProtocolPath.push, ProtocolPath.pull, ProtocolPath.bye, ProtocolPath.schema,
        ProtocolPath.snapshot, ProtocolPath.snapshotPart, ProtocolPath.compare, "/v1/doctor",
        ProtocolPath.join,
      ]
      for path in paths {
        let response = try hub.link(files).exchange(
          ProtocolRequest(path: path, contentType: .json, body: Array("{}".utf8)))
        #expect(try response.status == 403 && code(response) == .certificateExpired, "\(path)")
      }
      // The open connection as well.
      #expect(try code(link.exchange(hello)) == .certificateExpired)
      #expect(hub.requests.answered == [hello] && hub.requests.recoveryCount == 0)
    }
  }

  @Test("Behind the grace it is too late, and a day before it is not", arguments: [0, 10])
  func grace(days: Int) async throws {
    try await TestHub.run(expiredCertificateDays: days) { hub in
      let files = try hub.join()
      hub.requests.advanceClock(by: Milliseconds(30 + days) * day - 60_000)
      if days > 0 {
        #expect(try code(hub.link(files).exchange(hello)) == .certificateExpired)
      }
      hub.requests.advanceClock(by: 120_000)
      let line = try line(hub, files)
      #expect(try code(line.exchange(hello)) == .certificateLapsed)
      #expect(try code(hub.link(files).exchange(renewal())) == .certificateLapsed)
      #expect(!line.hasRecovered && hub.requests.recoveryCount == 0)
      // A hub whose clock was wrong finds everybody in order again.
      hub.requests.advanceClock(by: -day)
      #expect(try self.line(hub, files).exchange(hello).status == 200)
    }
  }

  @Test("One that a hub with a wrong clock issued for later is renewed, too")
  func notYetValid() async throws {
    try await TestHub.run { hub in
      hub.requests.advanceClock(by: 300 * day)
      let files = try hub.join()
      hub.requests.advanceClock(by: -300 * day)
      let line = try line(hub, files)
      #expect(try line.exchange(hello).status == 200 && line.hasRecovered)
    }
  }

  @Test("A revoked site with an old certificate is told what a stranger is told")
  func revoked() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      hub.requests.revokeAll()
      let inTime = try hub.link(files).exchange(hello)
      for days: Milliseconds in [31, 5_000] {
        hub.requests.advanceClock(by: days * day)
        for request in [hello, try renewal()] {
          let response = try hub.link(files).exchange(request)
          #expect(response.status == 403 && response.body == inTime.body)
        }
      }
      #expect(hub.requests.recoveryCount == 0)
    }
  }

  @Test("A name, a key and an authority of two counties never make a renewal")
  func mixedCounties() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      let other = try hub.admitted("site-7", of: TestHub.otherCounty)
      hub.requests.advanceClock(by: 60 * day)
      // The key of one, the certificate of the other: the handshake has no proof.
      let mixed = ClientCertificate(
        certificatePath: files.certificatePath, keyPath: other.keyPath)
      #expect(throws: LinkFailure.self) { try hub.link(mixed).exchange(renewal()) }
      // Another county's authority names this county's site, for the key that it has there.
      try forge(files, uri: "kreissync://08118/site-7/agent-1", by: TestHub.otherCounty, of: hub)
      #expect(try code(hub.link(files).exchange(renewal())) == .refused)
      // Its own, for another site.
      try forge(files, uri: "kreissync://08118/site-8/agent-1", by: TestHub.county, of: hub)
      #expect(try code(hub.link(files).exchange(renewal())) == .refused)
      #expect(hub.requests.recoveryCount == 0)
      try forge(files, uri: "kreissync://08118/site-7/agent-1", by: TestHub.county, of: hub)
      #expect(try hub.link(files).exchange(renewal()).status == 200)
    }
  }

  @Test("Killed behind any step, a late renewal goes on and ends with one new key")
  func killed() async throws {
    try await TestHub.run { hub in
      for step in CertificateRenewal.Step.allCases {
        let files = try hub.join("site-\(step)")
        hub.requests.advanceClock(by: 200 * day)
        let first = try hub.link(files)
        #expect(throws: EnrolmentError.requestNotMade, "\(step)") {
          try CertificateRenewal.renew(in: directory(of: files), over: first) {
            reached throws(EnrolmentError) in
            if reached == step { throw .requestNotMade }
          }
        }
        let line = try line(hub, files)
        #expect(try line.exchange(hello).status == 200, "\(step)")
        #expect(line.hasRecovered == (step == .keyMade))
        #expect(hub.requests.keyHashes.count == 1)
      }
    }
  }

  @Test("A hub that says so without end is not asked without end")
  func endless() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      // It issues what has run out already.
      hub.requests.issue(at: systemTime() - 100 * day)
      hub.requests.advanceClock(by: 31 * day)
      let line = try line(hub, files)
      #expect(try code(line.exchange(hello)) == .certificateExpired)
      #expect(try code(line.exchange(hello)) == .certificateExpired)
      #expect(hub.requests.recoveryCount == 1)
    }
  }

  @Test("What is no certificate of the hub's ends in the handshake, whatever its bytes")
  func foreignBytes() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      let good = try Certificate(
        pemEncoded: String(contentsOfFile: files.certificatePath, encoding: .utf8))
      var serializer = DER.Serializer()
      try serializer.serialize(good)
      let der = serializer.serializedBytes
      func isIssued(_ bytes: [UInt8]) -> Bool {
        CertificateAuthority.areIssuers(of: bytes, among: hub.authorities)
      }
      func saysTheSame(_ bytes: [UInt8]) -> Bool {
        guard let read = try? Certificate(derEncoded: bytes) else { return false }
        return read.publicKey == good.publicKey && read.extensions == good.extensions
          && read.issuer == good.issuer && read.notValidAfter == good.notValidAfter
          && read.notValidBefore == good.notValidBefore
      }
      #expect(isIssued(der))
      var numbers = SystemRandomNumberGenerator()
      for round in 0..<3_000 {
        var bytes = der
        switch round % 3 {
        case 0: bytes[Int.random(in: bytes.indices, using: &numbers)] ^= UInt8(1 << (round % 8))
        case 1: bytes = Array(bytes.prefix(Int.random(in: bytes.indices, using: &numbers)))
        default:
          let start = Int.random(in: bytes.indices, using: &numbers)
          bytes.replaceSubrange(
            start..<min(start + 4, bytes.count), with: [0x84, 0xFF, 0xFF, 0xFF])
        }
        // What is outside the signed part may be written in more than one way.
        #expect(!isIssued(bytes) || saysTheSame(bytes), "\(bytes)")
      }
      #expect(!isIssued(der + [UInt8](repeating: 0, count: 8_192)) && !isIssued([]))
    }
  }
}
