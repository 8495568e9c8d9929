import Testing

/// One process serves several counties: what happens in one changes nothing for another.
@Suite("Twin counties")
struct TwinCountyTests {
  private static let other = "08226"

  /// What a site of one county was told and holds, while a site of the other writes these words.
  private func run(_ words: String) throws -> [String] {
    var told: [String] = []
    try withCounty(servesAtOnce: false) { county in
      let added = try Binary.run(
        "hub", "init", "--data", county.hubDirectory, "--county", Self.other, "--name", "Nachbar")
      #expect(added.exit == 0, "\(added)")
      try county.serve()
      let site = try county.site("Hemmingen")
      let foreign = try county.site("Sinsheim", areas: ["08226085"], county: Self.other)
      try Canaries.openCase("c", at: site, consents: ["casework"], mark: "-eigen")
      // The same id, and everything that the other county can do to it.
      try Canaries.openCase("c", at: foreign, consents: ["casework"], mark: words)
      func sync() throws {
        try foreign.sync()
        let report = try site.sync()
        for key in ["captured", "withheld", "pushed", "pulled", "seq", "events"] {
          told.append("\(key) \(spelled(report[key]))")
        }
        #expect(report["digest"]["equal"] == true)
      }
      try sync()
      try foreign.execute(
        """
        UPDATE person SET family_name = '\(words)', phone = '\(words)';
        UPDATE case_file SET restricted_since = '2025-02-01';
        INSERT INTO consent (case_id, purpose, event) VALUES ('c', 'casework', 'revoked');
        """)
      try site.execute("UPDATE person SET phone = '0711'")
      try sync()
      let erased = try county.hub(
        "erase", "--case", "c", "--reason", "Az. 1", county: Self.other)
      #expect(erased.exit == 0, "\(erased)")
      try sync()
      for table in ["case_file", "person", "residence", "legal_status", "consultation", "plan"] {
        let columns = try site.client().column("SELECT name FROM pragma_table_info('\(table)')")
        let cells = columns.map { "quote(\"\($0)\")" }.joined(separator: ", ")
        told += try site.client().rows("SELECT \(cells) FROM \(table)").map { "\(table) \($0)" }
      }
      told += try site.notices().map { spelled($0["reason"]) }
      told += try county.database().rows(
        "SELECT seq, kind, case_id, length(payload) FROM kreissync_log"
      ).map { "log \($0)" }
      #expect(try Canaries.files(below: site.directory, holding: words).isEmpty)
      try Agreement.expect(county, [site])
    }
    return told
  }

  private func spelled(_ json: JSON) -> String {
    guard case .object(let fields) = json else { return "\(json)" }
    return fields.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: " ")
  }

  @Test("Two runs with other words in one county are the same in the other")
  func twins() throws {
    let one = try run("kanarie-nachbar")
    let other = try run("rauschen-" + String(repeating: "äöüß", count: 300))
    #expect(one == other)
    #expect(one.count > 20)
  }
}
