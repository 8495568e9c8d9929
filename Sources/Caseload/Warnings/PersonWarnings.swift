import SyncCore

/// Warnings about a person's circumstances.
enum PersonWarnings {
  static let all = [statusExpired, provisionalHousing, severalPersons]

  /// A case has at most one person; two sites may each have entered theirs.
  private static let severalPersons = WarningDefinition(
    code: "several_persons", label: "Mehr als eine Person im Fall", table: "person",
    reads: ["person.family_name"],
    sql: """
      SELECT id, case_id FROM person WHERE ?1 IS NOT NULL AND case_id IN (
        SELECT case_id FROM person GROUP BY case_id HAVING count(*) > 1)
      """)

  /// All residence titles of a case have ended; the one that ended last is listed.
  private static let statusExpired = WarningDefinition(
    code: "status_expired", label: "Aufenthaltsstatus abgelaufen", table: "legal_status",
    reads: ["case_file.phase", "legal_status.valid_to"],
    sql: """
      SELECT s.id, s.case_id FROM legal_status AS s JOIN case_file AS c ON c.id = s.case_id
      WHERE \(WarningSQL.isOpen) AND s.valid_to < ?1
        AND NOT EXISTS (
          SELECT 1 FROM legal_status AS o
          WHERE o.case_id = s.case_id
            AND (o.valid_to IS NULL OR (o.valid_to, o.id) > (s.valid_to, s.id)))
      """)

  /// In a programme of Baden-Württemberg, which begins with Anschlussunterbringung, somebody still
  /// lives in vorläufiger Unterbringung.
  private static let provisionalHousing = WarningDefinition(
    code: "provisional_housing", label: "Noch in vorläufiger Unterbringung", table: "residence",
    reads: [
      "case_file.phase", "case_file.programme_id", "programme_period.state", "residence.kind",
      "residence.valid_from", "residence.valid_to",
    ],
    sql: """
      SELECT r.id, r.case_id FROM residence AS r JOIN case_file AS c ON c.id = r.case_id
      JOIN programme_period AS p ON p.id = c.programme_id
      WHERE \(WarningSQL.isOpen) AND p.state = '08' AND r.kind = 'vu'
        AND \(WarningSQL.holds("r", on: "?1"))
      """)
}

/// Persons that may be one: born on the same day, with names that begin alike, in cases of which
/// none is known to continue the other. Names are compared
/// by canonical equivalence (NFC), without case, and letters only: "El-Masri" is "el masri".
enum PossibleDuplicates {
  /// How much of a name is compared: transliterations of one name differ towards its end.
  private static let familyNameLength = 4
  private static let givenNamesLength = 3

  static let definition = WarningDefinition(
    code: "possible_duplicate", label: "Mögliche Dublette", table: "person",
    reads: [
      "person.family_name", "person.given_names", "person.birth_date",
      "case_file.continues_case_id",
    ],
    sql: """
      SELECT p.id, p.case_id, p.birth_date, p.family_name, p.given_names,
        coalesce(c.continues_case_id, p.case_id)
      FROM person AS p LEFT JOIN case_file AS c ON c.id = p.case_id
      WHERE p.family_name IS NOT NULL AND p.birth_date IN (
        SELECT birth_date FROM person WHERE birth_date <= ?1 GROUP BY birth_date
        HAVING count(*) > 1)
      """)

  /// What two persons have in common whose names begin alike.
  struct Likeness: Hashable {
    let birthDate: String
    let familyName: String
    let givenNames: String

    init(birthDate: String, familyName: String, givenNames: String) {
      self.birthDate = birthDate
      self.familyName = Self.beginning(of: familyName, PossibleDuplicates.familyNameLength)
      self.givenNames = Self.beginning(of: givenNames, PossibleDuplicates.givenNamesLength)
    }

    // Swift compares and hashes strings by canonical equivalence.
    private static func beginning(of name: String, _ length: Int) -> String {
      // Upper case first: it makes SS of ß.
      String(name.uppercased().lowercased().filter(\.isLetter).prefix(length))
    }
  }

  /// A row that is compared.
  struct Person {
    let row: CaseloadWarning.Row
    let likeness: Likeness
    /// The case that its case continues, or its own.
    let origin: String
  }

  /// The rows whose likeness another row has, too, in a case that has nothing to do with theirs or
  /// in the same case.
  static func rows(among people: [Person]) -> [CaseloadWarning.Row] {
    let groups = Dictionary(grouping: people, by: \.likeness)
    return people.filter { person in
      groups[person.likeness]!.contains {
        $0.row.id != person.row.id
          && ($0.origin != person.origin || $0.row.caseID == person.row.caseID)
      }
    }.map(\.row)
  }
}
