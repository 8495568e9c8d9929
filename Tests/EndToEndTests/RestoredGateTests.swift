import Testing

/// A hub that goes back behind a revocation: what it must not hold comes back with its own file and
/// with its sites, in whatever order they call.
@Suite("Revocations behind a restored hub, with canaries in every file")
struct RestoredGateTests {
  /// The hub's files that hold a canary. Not its nightly backups: the hub makes one as soon as it
  /// serves again, and they go by their age.
  private func canaries(at county: TestCounty, _ text: String = "kanarie") throws -> [String] {
    try Canaries.files(below: county.hubDirectory, holding: text).filter {
      !$0.hasPrefix("backups/")
    }
  }

  /// The oldest backup, then words of both sites, a revocation that the field service never heard
  /// of, and the restore.
  private func withRestored(
    _ body: (_ county: TestCounty, _ town: TestSite, _ field: TestSite) throws -> Void
  ) throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let field = try county.fieldService()
      try Canaries.openCase("c", at: town, consents: ["casework"])
      for site in [town, field] { try site.sync() }
      let oldest = county.directory + "/oldest.sqlite"
      #expect(try county.hub("backup", oldest).exit == 0)
      try field.execute(
        """
        UPDATE person SET phone = 'kanarie-edit', given_names = 'kanarie-edit';
        INSERT INTO qualification (id, case_id, area, certificate)
          VALUES ('q', 'c', 'language', 'kanarie-own');
        """)
      try town.execute("UPDATE person SET given_names = 'kanarie-town'")
      for site in [town, field, town] { try site.sync() }
      try town.execute(Canaries.consent(in: "c", "casework", "revoked"))
      try town.sync()
      #expect(try canaries(at: county).isEmpty)
      _ = try county.stopHub()
      #expect(try county.hub("restore", oldest).exit == 0)
      try county.serve()
      try body(county, town, field)
      for site in [town, field, town] { try site.sync() }
      #expect(try canaries(at: county).isEmpty)
      #expect(try field.value("SELECT count(*) FROM person") == "0")
      for text in ["kanarie-edit", "kanarie-town", Canaries.personal] {
        #expect(try Canaries.files(below: field.directory, holding: text).isEmpty, "\(text)")
      }
      // What each wrote itself stays with it.
      #expect(try field.value("SELECT certificate FROM qualification") == "kanarie-own")
      #expect(try town.value("SELECT street FROM residence") == Canaries.personal)
      #expect(try county.hub("log", "verify").exit == 0)
      try Agreement.expect(county, [town, field])

      // A new consent brings back what there is.
      try town.execute(Canaries.consent(in: "c", "casework"))
      for site in [town, town, field, field, town] { try site.sync() }
      #expect(try town.value("SELECT certificate FROM qualification") == "kanarie-own")
      #expect(try field.value("SELECT family_name FROM person") == Canaries.personal)
    }
  }

  @Test("Whoever returns words behind the revocation that came back finds the gate closed")
  func revocationFirst() throws {
    try withRestored { county, town, field in
      _ = try town.site("sync")
      #expect(try canaries(at: county).isEmpty)
      _ = try field.site("sync")
    }
  }

  @Test("Whoever returns them first loses them when the revocation comes back")
  func wordsFirst() throws {
    try withRestored { county, town, field in
      _ = try field.site("sync")
      #expect(try !canaries(at: county, "kanarie-own").isEmpty)
      _ = try town.site("sync")
    }
  }
}
