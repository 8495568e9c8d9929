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

@Suite("Hub and site over TLS")
struct HubServerTests {
  @Test("A site joins and its certificate is accepted from then on")
  func join() async throws {
    try await TestHub.run { hub in
      let certificate = try hub.join("deep/site")
      #expect(try mode(of: certificate.keyPath) == 0o600)
      let link = try hub.link(certificate)
      let answer = try link.exchange(hello)
      #expect(answer.status == 200)
      #expect(answer.body == hello.body)
      #expect(hub.requests.answered == [hello])
      #expect(link.byteCountSent > hello.body.count)
      #expect(link.byteCountReceived > hello.body.count)
      #expect(link.byteCountSent + link.byteCountReceived < 1_024)
    }
  }

  @Test("A join that is repeated uses the key of the first")
  func repeatedJoin() async throws {
    try await TestHub.run { hub in
      let certificate = try hub.join()
      let key = try String(contentsOfFile: certificate.keyPath, encoding: .utf8)
      try FileManager.default.removeItem(atPath: certificate.certificatePath)
      #expect(try hub.join() == certificate)
      #expect(try String(contentsOfFile: certificate.keyPath, encoding: .utf8) == key)
      #expect(try hub.link(certificate).exchange(hello).status == 200)
    }
  }

  @Test("Whoever does not hold the pinned key is told nothing")
  func wrongPin() async throws {
    try await TestHub.run { hub in
      let certificate = try hub.join()
      let pin = [UInt8](repeating: 1, count: 32)
      let refused = #expect(throws: EnrolmentError.self) {
        try Enrolment.join(
          try hub.joinString(pin: pin), directory: "\(hub.directory)/other", wait: { _ in })
      }
      guard case .link(let cause)? = refused else { throw TestFailure("not the link's failure") }
      #expect(cause.cause == .wrongIdentity)
      #expect(hub.requests.joinCount == 1)
      let link = try hub.link(certificate, pin: pin)
      let failure = #expect(throws: LinkFailure.self) { try link.exchange(hello) }
      #expect(failure?.cause == .wrongIdentity)
      #expect(hub.requests.answered.isEmpty)
    }
  }

  @Test("Without a client certificate there is no answer")
  func noCertificate() async throws {
    try await TestHub.run { hub in
      let link = try hub.link(nil)
      let failure = #expect(throws: LinkFailure.self) { try link.exchange(hello) }
      #expect(failure?.cause == .certificateRefused, "\(failure?.detail ?? "")")
      #expect(hub.requests.answered.isEmpty)
    }
  }

  @Test("Whoever is refused learns it, also while a long body is on its way")
  func refusedWhileSending() async throws {
    let long = ProtocolRequest(
      path: ProtocolPath.push, contentType: .rows, body: [UInt8](repeating: 1, count: 2_000_000))
    try await TestHub.run { hub in
      // Without the lingering close about two of a hundred saw a reset instead.
      for _ in 0..<200 {
        let link = try hub.link(nil)
        let failure = #expect(throws: LinkFailure.self) { try link.exchange(long) }
        #expect(failure?.cause == .certificateRefused, "\(failure?.detail ?? "")")
      }
    }
  }

  @Test("A certificate of an authority that is not the hub's gets no answer")
  func foreignAuthority() async throws {
    try await TestHub.run { hub in
      let certificate = try hub.join()
      let foreign = try CertificateAuthority.create(
        county: TestHub.county, directory: "\(hub.directory)/foreign", now: systemTime())
      try reissue(certificate, by: foreign, county: TestHub.county, at: systemTime())
      let link = try hub.link(certificate)
      let failure = #expect(throws: LinkFailure.self) { try link.exchange(hello) }
      #expect(failure?.cause == .certificateRefused, "\(failure?.detail ?? "")")
    }
  }

  @Test("Another county's authority cannot speak for a key of this county")
  func otherCounty() async throws {
    try await TestHub.run { hub in
      let certificate = try hub.join()
      // The key still stands in the first county's table; the fake answers for any county.
      try reissue(
        certificate, by: hub.authorities[1], county: TestHub.otherCounty, at: systemTime())
      #expect(try hub.link(certificate).exchange(hello).status == 403)
      #expect(hub.requests.answered.isEmpty)
    }
  }

  @Test("Another county's authority cannot name a site of this county either")
  func impostor() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      try forge(
        files, uri: "kreissync://08118/site-7/agent-1", by: TestHub.otherCounty, of: hub)
      #expect(try hub.link(files).exchange(hello).status == 403)
      // The same way with its own authority is accepted: the refusal was for the signature.
      try forge(files, uri: "kreissync://08118/site-7/agent-1", by: TestHub.county, of: hub)
      #expect(try hub.link(files).exchange(hello).status == 200)
      try forge(files, uri: "kreissync://08118/site-8/agent-1", by: TestHub.county, of: hub)
      #expect(try hub.link(files).exchange(hello).status == 403)
      #expect(hub.requests.answered.count == 1)
    }
  }

  @Test("A revoked key is refused on the next request of the open connection")
  func revoked() async throws {
    try await TestHub.run { hub in
      let link = try hub.link(try hub.join())
      #expect(try link.exchange(hello).status == 200)
      hub.requests.revokeAll()
      let refusal = try link.exchange(hello)
      #expect(refusal.status == 403)
      #expect(try WireJSON.decode(refusal.body, as: ProtocolError.self).code == .refused)
      #expect(link.connectionCount == 1)
      #expect(hub.requests.answered.count == 1)
    }
  }

  @Test("While the table of keys cannot be read, sites are asked to come back later")
  func unavailable() async throws {
    try await TestHub.run { hub in
      let link = try hub.link(try hub.join())
      hub.requests.fail()
      let answer = try link.exchange(hello)
      #expect(answer.status == 503)
      #expect(answer.retryAfterSeconds == 30)
    }
  }

  @Test("The site's clock and the dates in the hub's certificate do not matter")
  func expiredServer() async throws {
    let longAgo = systemTime() - 400 * 86_400_000
    try await TestHub.run(identityNow: longAgo, identityLifetimeDays: 1) { hub in
      let link = try hub.link(try hub.join())
      #expect(try link.exchange(hello).status == 200)
    }
  }

  @Test("The join listener answers nothing but joining")
  func joinListener() async throws {
    try await TestHub.run { hub in
      let url = "https://127.0.0.1:\(hub.joinPort)"
      let json = ["Content-Type: application/json"]
      for path in [ProtocolPath.hello, ProtocolPath.push, "/", "/v1/join/", "/v1/join?x=1"] {
        let client = RawClient(url: url + path, headers: json, body: Array("{}".utf8))
        #expect(client.status() == 404)
      }
      let get = RawClient(url: url + ProtocolPath.join, method: "GET")
      #expect(get.status() == 404)
    }
  }

  @Test("A client that speaks TLS 1.2 at most gets no answer")
  func oldTLS() async throws {
    try await TestHub.run { hub in
      var client = RawClient(
        url: "https://127.0.0.1:\(hub.joinPort)\(ProtocolPath.join)",
        headers: ["Content-Type: application/json"], body: Array("{}".utf8))
      #expect(client.status() == 400)
      client.isHeldAtTLS12 = true
      #expect(client.status() == nil)
      #expect(hub.requests.joinCount == 1)
    }
  }

  @Test("The self-test refuses a listener that lets strangers in")
  func selfTest() async throws {
    try await TestHub.run { hub in
      let outcome = blocking {
        try await StrangerTest.run(host: "127.0.0.1", port: hub.joinPort, now: systemTime())
      }
      #expect(throws: HubStartError.admitsStrangers) { try outcome.get() }
      #expect(throws: Never.self) {
        try blocking {
          try await StrangerTest.run(host: "0.0.0.0", port: hub.sitePort, now: systemTime())
        }.get()
      }
    }
    // What cannot be dialled is not believed to be safe. Nothing ever listens on the port of
    // tcpmux, and nobody but root could.
    await #expect(throws: HubStartError.selfTestFailed) {
      try await StrangerTest.run(host: "127.0.0.1", port: 1, now: systemTime())
    }
  }

  @Test("A port that is taken is an error that names the address")
  func portTaken() async throws {
    try await TestHub.run { hub in
      let server = HubServer(
        configuration: HubServer.Configuration(
          sites: ListenAddress(host: "127.0.0.1", port: hub.sitePort),
          joining: ListenAddress(host: "127.0.0.1", port: 0), identity: hub.identity,
          authorities: hub.authorities, endsOnSignals: false),
        requests: hub.requests, now: systemTime, logger: quietLogger())
      let outcome = blocking { try await server.run { _ in Issue.record("it listened") } }
      let error = #expect(throws: HubStartError.self) { try outcome.get() }
      #expect(error?.description.contains("127.0.0.1:\(hub.sitePort)") == true)
    }
  }
}

/// Replaces the certificate beside the key by another authority's for the same key.
private func reissue(
  _ files: ClientCertificate, by authority: CertificateAuthority, county: CountyKey,
  at time: Milliseconds
) throws {
  let pem = try String(contentsOfFile: files.keyPath, encoding: .utf8)
  let name = try #require(SiteName(county: county, site: SiteID("site-7"), agent: "agent-1"))
  let issued = try authority.issue(
    csr: try makeCSR(try P256.Signing.PrivateKey(pemRepresentation: pem)), to: name, now: time,
    serial: [UInt8](repeating: 8, count: CertificateAuthority.serialByteCount))
  try issued.pem.write(toFile: files.certificatePath, atomically: true, encoding: .utf8)
}

/// Replaces the certificate beside the key by one that a county's authority would never issue.
func forge(
  _ files: ClientCertificate, uri: String, by county: CountyKey, of hub: TestHub
) throws {
  let path = "\(hub.directory)/authority-\(county)"
  let authorityKey = try P256.Signing.PrivateKey(
    pemRepresentation: try String(contentsOfFile: path + ".key", encoding: .utf8))
  let authority = try Certificate(
    pemEncoded: try String(contentsOfFile: path + ".crt", encoding: .utf8))
  let siteKey = try P256.Signing.PrivateKey(
    pemRepresentation: try String(contentsOfFile: files.keyPath, encoding: .utf8))
  let certificate = try Certificate(
    version: .v3, serialNumber: Certificate.SerialNumber(),
    publicKey: Certificate.PublicKey(siteKey.publicKey),
    notValidBefore: Date.now.addingTimeInterval(-60),
    notValidAfter: Date.now.addingTimeInterval(3_600),
    issuer: authority.subject, subject: DistinguishedName { CommonName("site") },
    signatureAlgorithm: .ecdsaWithSHA256,
    extensions: Certificate.Extensions {
      SubjectAlternativeNames([.uniformResourceIdentifier(uri)])
    },
    issuerPrivateKey: Certificate.PrivateKey(authorityKey))
  let pem = try certificate.serializeAsPEM().pemString
  try pem.write(toFile: files.certificatePath, atomically: true, encoding: .utf8)
}

/// Waits on this thread, which must not be one of the shared ones.
private func blocking(
  _ work: @escaping @Sendable () async throws -> Void
) -> Result<Void, any Error> {
  let done = DispatchSemaphore(value: 0)
  // Written once, before the signal; read once, behind the wait.
  nonisolated(unsafe) var outcome: Result<Void, any Error> = .success(())
  Task {
    do { try await work() } catch { outcome = .failure(error) }
    done.signal()
  }
  done.wait()
  return outcome
}
