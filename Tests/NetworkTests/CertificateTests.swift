import Crypto
import Foundation
import Hub
import SwiftASN1
import SyncCore
import Testing
import X509

@Suite("Certificates")
struct CertificateTests {
  private static let county = CountyKey("08118")
  private static let now: Milliseconds = 1_790_000_000_000
  private static let serial = [UInt8](1...16)

  private static func authority(in directory: String) throws -> CertificateAuthority {
    try CertificateAuthority.create(county: county, directory: directory, now: now)
  }

  private static func name() throws -> SiteName {
    try #require(SiteName(county: county, site: SiteID("site-7"), agent: "agent-1"))
  }

  private static func csr(
    _ key: Certificate.PrivateKey, names: [GeneralName] = []
  ) throws -> CertificateSigningRequest {
    let requested = ExtensionRequest(
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        SubjectAlternativeNames(names)
      })
    return try CertificateSigningRequest(
      version: .v1, subject: try DistinguishedName { CommonName("another site") },
      privateKey: key,
      attributes: try CertificateSigningRequest.Attributes([.init(requested)]))
  }

  @Test("A request that names others gets a certificate with the hub's name only")
  func foreignNames() throws {
    try withDirectory { directory in
      let key = P256.Signing.PrivateKey()
      let csr = try Self.csr(
        Certificate.PrivateKey(key),
        names: [.uniformResourceIdentifier("kreissync://08118/another/agent"), .dnsName("hub")])
      let issued = try Self.authority(in: directory).issue(
        csr: try csr.serializeAsPEM().pemString, to: try Self.name(), now: Self.now,
        serial: Self.serial)

      let certificate = try Certificate(pemEncoded: issued.pem)
      #expect(
        try certificate.extensions.subjectAlternativeNames.map { Array($0) }
          == [.uniformResourceIdentifier("kreissync://08118/site-7/agent-1")])
      #expect(!certificate.subject.description.contains("another"))
      #expect(try certificate.extensions.basicConstraints == .notCertificateAuthority)
      #expect(try certificate.extensions.extendedKeyUsage.map { Array($0) } == [.clientAuth])
      #expect(certificate.notValidBefore == Date(timeIntervalSince1970: 1_790_000_000 - 300))
      #expect(certificate.notValidAfter == Date(timeIntervalSince1970: 1_790_000_000 + 30 * 86_400))
      #expect(certificate.serialNumber.bytes == Self.serial[...])
      #expect(
        issued.keyHash == Array(SHA256.hash(data: key.publicKey.derRepresentation)))
    }
  }

  @Test("A request signed by another key than its own is refused")
  func wrongSignature() throws {
    try withDirectory { directory in
      let honest = try Self.csr(Certificate.PrivateKey(P256.Signing.PrivateKey()))
      let forged = try CertificateSigningRequest(
        version: .v1, subject: honest.subject,
        publicKey: Certificate.PublicKey(P256.Signing.PrivateKey().publicKey),
        attributes: honest.attributes, signatureAlgorithm: honest.signatureAlgorithm,
        signature: honest.signature)
      let pem = try forged.serializeAsPEM().pemString
      let authority = try Self.authority(in: directory)
      #expect(throws: CertificateRequestError.wrongSignature) {
        try authority.issue(csr: pem, to: try Self.name(), now: Self.now, serial: Self.serial)
      }
    }
  }

  @Test("A request for another curve, or no request at all, is refused")
  func otherRequests() throws {
    let pem = try Self.csr(Certificate.PrivateKey(P384.Signing.PrivateKey()))
      .serializeAsPEM().pemString
    #expect(throws: CertificateRequestError.foreignKey) {
      try CertificateAuthority.keyHash(inCSR: pem)
    }
    for text in ["", "no PEM", String(repeating: "A", count: 100_000)] {
      #expect(throws: CertificateRequestError.malformed) {
        try CertificateAuthority.keyHash(inCSR: text)
      }
    }
  }

  @Test("Creating the hub's keys again keeps them, and their files are the owner's alone")
  func creation() throws {
    try withDirectory { directory in
      let first = try Self.authority(in: directory)
      let identity = try ServerIdentity.create(directory: directory, now: Self.now)
      #expect(try Self.authority(in: directory).certificatePEM == first.certificatePEM)
      #expect(try ServerIdentity.load(directory: directory).pin == identity.pin)
      for name in ["authority-08118.key", "authority-08118.crt", "server.key", "server.crt"] {
        #expect(try mode(of: "\(directory)/\(name)") == 0o600)
      }
    }
  }

  @Test("A creation that was cut off after the key is completed with that key")
  func interrupted() throws {
    try withDirectory { directory in
      let pin = try ServerIdentity.create(directory: directory, now: Self.now).pin
      try FileManager.default.removeItem(atPath: "\(directory)/server.crt")
      #expect(throws: IdentityError.self) { try ServerIdentity.load(directory: directory) }
      #expect(try ServerIdentity.create(directory: directory, now: Self.now).pin == pin)
    }
  }

  @Test("A damaged or foreign file is an error, never replaced")
  func damaged() throws {
    try withDirectory { directory in
      _ = try ServerIdentity.create(directory: directory, now: Self.now)
      let path = "\(directory)/server.key"
      try P256.Signing.PrivateKey().pemRepresentation.write(
        toFile: path, atomically: false, encoding: .utf8)
      #expect(throws: IdentityError.self) { try ServerIdentity.load(directory: directory) }
      try "damaged".write(toFile: path, atomically: false, encoding: .utf8)
      #expect(throws: IdentityError.self) {
        try ServerIdentity.create(directory: directory, now: Self.now)
      }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "damaged")
    }
  }

  @Test("A name with a character that a URI would escape is no name")
  func names() {
    for site in ["", "a/b", "a b", "ä", "%41"] {
      #expect(SiteName(county: Self.county, site: SiteID(site), agent: "agent") == nil)
    }
  }
}

/// A request in PEM that names nobody.
func makeCSR(_ key: P256.Signing.PrivateKey) throws -> String {
  try CertificateSigningRequest(
    version: .v1, subject: DistinguishedName(), privateKey: Certificate.PrivateKey(key),
    attributes: CertificateSigningRequest.Attributes()
  ).serializeAsPEM().pemString
}
