import Crypto
import Foundation
import SwiftASN1
import Testing
import X509

/// Offices that were closed until their certificate had run out.
@Suite(.serialized)
struct ExpiredCertificateTests {
  /// Leaves the site and the hub as so many days without a session leave them: the county's own
  /// authority names the site's key in a certificate that ended then.
  private func age(_ site: TestSite, of county: TestCounty, endedDaysAgo days: Int) throws {
    let authority = county.hubDirectory + "/authority-\(TestCounty.key)"
    let signer = try Certificate(
      pemEncoded: try String(contentsOfFile: authority + ".crt", encoding: .utf8))
    let signingKey = try P256.Signing.PrivateKey(
      pemRepresentation: try String(contentsOfFile: authority + ".key", encoding: .utf8))
    let key = try P256.Signing.PrivateKey(
      pemRepresentation: try String(contentsOfFile: site.directory + "/site.key", encoding: .utf8))
    let end = Date.now.addingTimeInterval(-Double(days) * 86_400)
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(),
      publicKey: Certificate.PublicKey(key.publicKey),
      notValidBefore: end.addingTimeInterval(-30 * 86_400), notValidAfter: end,
      issuer: signer.subject, subject: DistinguishedName { CommonName("KreisSync site") },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        SubjectAlternativeNames([
          .uniformResourceIdentifier("kreissync://\(TestCounty.key)/\(site.id)/agent")
        ])
      },
      issuerPrivateKey: Certificate.PrivateKey(signingKey))
    try certificate.serializeAsPEM().pemString.write(
      toFile: site.directory + "/site.crt", atomically: true, encoding: .utf8)
    try SQLClient("\(county.hubDirectory)/\(TestCounty.key).sqlite").execute(
      """
      UPDATE kreissync_site SET certificate_expires_at = \(Int64(end.timeIntervalSince1970 * 1_000))
      WHERE id = '\(site.id)'
      """)
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  @Test("An office that was closed for a year goes on by itself, with what it had not sent")
  func year() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let other = try county.fieldService()
      try site.sync()
      try site.client().openCase()
      try other.client().openCase()
      try other.sync()
      try age(site, of: county, endedDaysAgo: 335)
      let key = try text(site.directory + "/site.key")
      #expect(
        try county.hub("status").json["sites"].items.contains {
          $0["site"] == .text(site.id) && $0["reasons"].items.contains("certificate_expired")
        })
      let doctor = try site.site("doctor")
      #expect(doctor.exit == 0, "\(doctor)")

      let report = try site.sync()
      #expect(report["events"] == ["certificate_recovered"])
      #expect(report["pushed"]["applied"] == 4)
      #expect(try text(site.directory + "/site.key") != key)
      let shown = try county.hub("site", "show", site.id).json["instructions"][0]
      #expect(shown["kind"] == "renew_certificate" && shown["result"] == "recovered")
      #expect(try site.sync()["events"] == [])
      try Agreement.expect(county, [site, other])
    }
  }

  @Test("The daemon does so as well, and says it")
  func daemon() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.sync()
      try site.client().openCase()
      try age(site, of: county, endedDaysAgo: 3)
      let daemon = try Daemon.run(site.directory, environment: ["KREISSYNC_SCHEDULE": "every 5s"])
      let recovered = try daemon.event("certificate_recovered")
      #expect(recovered["site"] == .text(site.id))
      #expect(try daemon.event("session_ended")["digest_equal"] == true)
      try daemon.stop()
      try Agreement.expect(county, [site])
    }
  }

  @Test("Behind the grace, and with a revoked site, only the county helps, and nothing is lost")
  func tooLate() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.sync()
      try site.client().openCase()
      try age(site, of: county, endedDaysAgo: 401)
      let late = try site.site("sync")
      #expect(late.exit == 4)
      #expect(try late.json["error"]["code"] == "certificate_lapsed")
      #expect(try late.json["error"]["hint"].text?.contains("hub site rejoin") == true)
      #expect(
        try county.hub("status").json["sites"][0]["reasons"].items.contains("certificate_lapsed"))
      let doctor = try site.site("doctor")
      #expect(doctor.exit == 1 && doctor.output.contains("too long ago"))

      let join = try #require(try county.hub("site", "rejoin", site.id).json["join"].text)
      // Until the site has joined, its old key is nobody's.
      try age(site, of: county, endedDaysAgo: 1)
      #expect(try site.site("sync").json["error"]["code"] == "refused")
      #expect(try site.site("join", join).exit == 0)
      #expect(try site.sync()["pushed"]["applied"] == 4)

      try site.client().openCase()
      try age(site, of: county, endedDaysAgo: 1)
      try county.hub("site", "revoke", site.id)
      let revoked = try site.site("sync")
      #expect(try revoked.exit == 4 && revoked.json["error"]["code"] == "refused")
      #expect(try site.site("status").json["pending"] == 4)
    }
  }

  @Test("Of two copies of a directory one comes back, and the other's key is nobody's")
  func copies() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.sync()
      try age(site, of: county, endedDaysAgo: 100)
      let copy = TestSite(id: site.id, directory: county.directory + "/copy")
      try FileManager.default.copyItem(atPath: site.directory, toPath: copy.directory)
      #expect(try site.sync()["events"] == ["certificate_recovered"])
      let refused = try copy.site("sync")
      #expect(try refused.exit == 4 && refused.json["error"]["code"] == "refused")
      try Agreement.expect(county, [site])
    }
  }

  @Test("kill -9 at any moment of a late renewal leaves a site that goes on")
  func killed() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.sync()
      for round in 0..<12 {
        try age(site, of: county, endedDaysAgo: 10 + round)
        let sync = try site.startSync()
        _ = sync.ends(withinMilliseconds: 20 + 12 * round)
        sync.send(SIGKILL)
        _ = try sync.wait()
        try site.sync()
      }
      try Agreement.expect(county, [site])
    }
  }
}
