import Foundation
import Hub
import Replica
import ReplicaAgent
import SyncCore
import SyncProtocol
import Synchronization
import Testing

private let hello = ProtocolRequest(
  path: ProtocolPath.hello, contentType: .json, body: Array("{}".utf8))
private let day: Milliseconds = 86_400_000

@Suite("Renewal of certificates over TLS")
struct RenewalTests {
  private struct Killed: Error {}

  /// Loses the answers of the hub, which has heard the requests.
  private struct DeafLink: HubLink {
    let inner: CurlTransport

    func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse {
      _ = try inner.exchange(request)
      throw LinkFailure(cause: .unreachable, detail: "cut")
    }
  }

  private func key(_ files: ClientCertificate) throws -> String {
    try String(contentsOfFile: files.keyPath, encoding: .utf8)
  }

  private func directory(of files: ClientCertificate) -> String {
    String(files.keyPath.dropLast("/site.key".count))
  }

  /// As the site does before each session.
  private func link(_ hub: TestHub, _ files: ClientCertificate) throws -> CurlTransport {
    try CertificateRenewal.recover(in: directory(of: files))
    return try hub.link(files)
  }

  @Test("A renewed certificate has a new key and counts; the old one ends when it is used")
  func renewal() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      let old = try hub.link(files)
      let (oldKey, oldHashes) = (try key(files), hub.requests.keyHashes)
      try CertificateRenewal.renew(in: directory(of: files), over: old)
      #expect(try key(files) != oldKey)
      #expect(try mode(of: files.keyPath) == 0o600)
      // Until then both count.
      #expect(try old.exchange(hello).status == 200)
      #expect(try link(hub, files).exchange(hello).status == 200)
      #expect(try old.exchange(hello).status == 403)
      #expect(hub.requests.keyHashes.isDisjoint(with: oldHashes))
      let left = try FileManager.default.contentsOfDirectory(atPath: directory(of: files))
      #expect(!left.contains { $0.contains("next") })
    }
  }

  @Test("Killed behind any step, it goes on and ends with one new key", arguments: [true, false])
  func killed(sessionBetween: Bool) async throws {
    try await TestHub.run { hub in
      for step in CertificateRenewal.Step.allCases {
        let files = try hub.join("site-\(step)")
        let oldKey = try key(files)
        let first = try link(hub, files)
        #expect(throws: EnrolmentError.requestNotMade, "\(step)") {
          try CertificateRenewal.renew(in: directory(of: files), over: first) {
            reached throws(EnrolmentError) in
            if reached == step { throw .requestNotMade }
          }
        }
        if sessionBetween { #expect(try link(hub, files).exchange(hello).status == 200) }
        // Where the certificate came before the end, the files are already the new ones.
        let second = try link(hub, files)
        if step == .keyMade {
          #expect(try key(files) == oldKey)
          try CertificateRenewal.renew(in: directory(of: files), over: second)
        }
        #expect(try key(files) != oldKey)
        #expect(try link(hub, files).exchange(hello).status == 200, "\(step)")
        try CertificateRenewal.renew(in: directory(of: files), over: link(hub, files))
        #expect(try link(hub, files).exchange(hello).status == 200, "\(step)")
      }
    }
  }

  @Test("A lost answer leaves the present certificate good, and the repeat sends the same key")
  func lostAnswer() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      let oldKey = try key(files)
      for _ in 0..<3 {
        #expect(throws: EnrolmentError.self) {
          try CertificateRenewal.renew(
            in: directory(of: files), over: DeafLink(inner: link(hub, files)))
        }
        #expect(try link(hub, files).exchange(hello).status == 200)
        // The present key and the one that was asked for: the same each time.
        #expect(hub.requests.keyHashes.count == 2)
        #expect(try key(files) == oldKey)
      }
      let asked = hub.requests.keyHashes
      try CertificateRenewal.renew(in: directory(of: files), over: link(hub, files))
      #expect(try link(hub, files).exchange(hello).status == 200)
      #expect(hub.requests.keyHashes.isSubset(of: asked))
    }
  }

  @Test("A site that joins anew forgets a renewal that was begun")
  func joinForgets() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      let link = try link(hub, files)
      #expect(throws: EnrolmentError.requestNotMade) {
        try CertificateRenewal.renew(in: directory(of: files), over: link) {
          reached throws(EnrolmentError) in
          if reached == .certificateKept { throw .requestNotMade }
        }
      }
      hub.requests.revokeAll()
      #expect(try hub.join() == files)
      #expect(try self.link(hub, files).exchange(hello).status == 200)
    }
  }

  @Test("It is due at two thirds of its life by the hub's clock, and over at its end")
  func due() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      let certificate = try SiteCertificate.read(directory: directory(of: files))
      hub.requests.advanceClock(by: 20 * day - 600_000)
      #expect(!certificate.isDue(at: hub.requests.now))
      hub.requests.advanceClock(by: 600_000)
      #expect(certificate.isDue(at: hub.requests.now))
      try CertificateRenewal.renew(in: directory(of: files), over: link(hub, files))
      // The old one ends after 30 days; the new one is valid for 30 from the renewal on.
      hub.requests.advanceClock(by: 29 * day)
      #expect(try link(hub, files).exchange(hello).status == 200)
      hub.requests.advanceClock(by: 2 * day)
      #expect(try link(hub, files).exchange(hello).status == 403)
    }
  }

  @Test("Either of two pins may answer, in any order, and none of them stands for a third")
  func twoPins() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      let other = [UInt8](repeating: 3, count: JoinString.pinByteCount)
      for pins in [[hub.identity.pin, other], [other, hub.identity.pin]] {
        #expect(try hub.link(files, pins: pins).exchange(hello).status == 200)
      }
      let failure = #expect(throws: LinkFailure.self) {
        try hub.link(files, pins: [other, other]).exchange(hello)
      }
      #expect(failure?.cause == .wrongIdentity)
    }
  }

  @Test("A request that is no longer wanted ends as if the line were cut")
  func stopping() async throws {
    try await TestHub.run { hub in
      let files = try hub.join()
      let looks = Atomic(0)
      let link = try hub.link(files) {
        looks.add(1, ordering: .relaxed)
        return true
      }
      let failure = #expect(throws: LinkFailure.self) { try link.exchange(hello) }
      #expect(failure?.cause == .unreachable)
      #expect(looks.load(ordering: .relaxed) > 0)
      #expect(hub.requests.answered.isEmpty)
    }
  }
}
