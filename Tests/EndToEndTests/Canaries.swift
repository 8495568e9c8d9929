import Foundation
import Testing

/// Texts that nobody else writes: where one of them stands in a file, that file holds the value.
enum Canaries {
  /// One for each gated column of the tables of a case that holds text, by tier.
  static let personal = "kanarie-personal"
  static let special = "kanarie-special"
  static let notes = "kanarie-notes"

  /// Writes a case with a canary in columns of every tier.
  ///
  /// - Parameter consents: purposes that the client agrees to, for the county.
  static func openCase(
    _ id: String, at site: TestSite, consents: [String] = [], mark: String = ""
  ) throws {
    let (personal, special, notes) = (personal + mark, special + mark, notes + mark)
    let given = consents.map { consent(in: id, $0) }.joined()
    try site.execute(
      """
      INSERT INTO case_file (id, opened_on, priority_reason)
        VALUES ('\(id)', '2025-01-15', '\(special)');
      \(given)
      INSERT INTO person (id, case_id, family_name, given_names, phone, email)
        VALUES ('p-\(id)', '\(id)', '\(personal)', '\(personal)', '\(personal)', '\(personal)');
      INSERT INTO residence (id, case_id, ags, kind, street)
        VALUES ('r-\(id)', '\(id)', '08118027', 'gu', '\(personal)');
      INSERT INTO legal_status (id, case_id, code) VALUES ('l-\(id)', '\(id)', '\(personal)');
      INSERT INTO consultation (id, case_id, on_date, kind, minutes, note)
        VALUES ('k-\(id)', '\(id)', '2025-01-20', 'first', 45, '\(notes)');
      INSERT INTO plan (id, case_id) VALUES ('v-\(id)', '\(id)');
      INSERT INTO plan_goal (id, case_id, plan_id, text, target_date)
        VALUES ('g-\(id)', '\(id)', 'v-\(id)', '\(personal)', '2025-06-30');
      """)
  }

  static func consent(
    in caseID: String, _ purpose: String, _ event: String = "given", to site: String? = nil
  ) -> String {
    let recipient = site.map { "'\($0)'" } ?? "NULL"
    return """
      INSERT INTO consent (case_id, purpose, event, on_date, recipient_site)
        VALUES ('\(caseID)', '\(purpose)', '\(event)', '2025-01-15', \(recipient));

      """
  }

  /// The files below a directory in which a text stands, byte by byte.
  static func files(below directory: String, holding text: String) throws -> [String] {
    let needle = Data(text.utf8)
    let paths =
      FileManager.default.enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []
    #expect(!paths.isEmpty)
    return paths.filter { path in
      let file = FileManager.default.contents(atPath: directory + "/" + path)
      return file?.range(of: needle) != nil
    }.sorted()
  }

  /// Expects that exactly these of the three tiers stand anywhere below a directory.
  static func expect(
    _ tiers: [String], below directory: String, mark: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for tier in [personal, special, notes] {
      let found = try files(below: directory, holding: tier + mark)
      #expect(
        found.isEmpty != tiers.contains(tier), "\(tier): \(found)", sourceLocation: sourceLocation)
    }
  }
}
