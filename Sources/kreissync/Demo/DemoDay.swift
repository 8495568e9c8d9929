import Caseload
import Foundation
import SyncCore

/// The working day: each site edits its own file, and some edit the same cells.
extension DemoStory {
  /// The policy `latest` compares clocks, corrected by a skew that contains the time a greeting
  /// took. Two edits that are to be told apart for certain stand further apart than any greeting.
  private static let clockMargin: TimeInterval = 1

  mutating func workingDay(_ cast: Cast, _ contested: ContestedCase) throws {
    try narrator.chapter("4  A working day: all three edit one person, the carrier without a line")
    try carrierDay(cast.carrier, contested)
    try hemmingenDay(cast.hemmingen, contested)
    try narrator.progress("a moment later")
    Thread.sleep(forTimeInterval: Self.clockMargin)
    try kreisDay(cast.kreis, contested)
    try expectEndings(cast, contested)
  }

  // MARK: Three desks

  private mutating func carrierDay(_ actor: Actor, _ contested: ContestedCase) throws {
    try edit(actor, contested.person, "phone", Edits.carrierPhone)
    try edit(actor, contested.person, "given_names", contested.givenNames + " Ẽva")
    try edit(actor, contested.goal, "state", "reached")
    try openCase(actor, familyName: "DʼAğostino-Štefănescu", givenNames: "Łucía")
    let pending = try county.siteStatus(actor.site).pending
    try narrator.fact("", "\(pending) changes wait in its change log")
  }

  private mutating func hemmingenDay(_ actor: Actor, _ contested: ContestedCase) throws {
    try edit(actor, contested.person, "phone", Edits.hemmingenPhone)
    try edit(actor, contested.person, "family_name", contested.familyName + "-Šimůnek")
    try edit(actor, contested.person, "given_names", contested.givenNames + " Zoë")
    try edit(
      actor, contested.person, "nationality", contested.nationality(with: Edits.hemmingenNation))
    try edit(actor, contested.goal, "state", "in_progress")
    _ = try actor.program.ask(
      "DELETE FROM plan_goal WHERE id = \(quoted(contested.deletedGoal.id))")
    record.wrote(-1, to: "plan_goal")
    try narrator.fact(actor.site.name, "a goal (Ziel) of another case deleted")
  }

  private mutating func kreisDay(_ actor: Actor, _ contested: ContestedCase) throws {
    try edit(actor, contested.person, "phone", Edits.kreisPhone)
    try edit(actor, contested.person, "family_name", contested.familyName + " Kőszegi")
    try edit(actor, contested.person, "nationality", contested.nationality(with: Edits.kreisNation))
    try openCase(actor, familyName: "Þorláksdóttir", givenNames: "Ŵyn")
  }

  private enum Edits {
    static let carrierPhone = "+49 69 90009 001"
    static let hemmingenPhone = "+49 69 90009 002"
    static let kreisPhone = "+49 69 90009 003"
    /// Keys of the Federal Statistical Office: Kosovo and Thailand.
    static let hemmingenNation = "150"
    static let kreisNation = "476"
  }

  // MARK: Edits

  private func edit(
    _ actor: Actor, _ row: SyntheticRow, _ column: String, _ value: String
  ) throws {
    _ = try actor.program.ask(
      """
      UPDATE "\(row.table)" SET "\(column)" = \(quoted(value)) WHERE id = \(quoted(row.id))
      """)
    let label = schema.label(of: column, in: row.table)
    try narrator.fact(
      actor.site.name, "\(label): “\(row[column].text ?? "")” → “\(value)”")
  }

  /// The four statements of the contract, with ids that the file makes.
  private mutating func openCase(_ actor: Actor, familyName: String, givenNames: String) throws {
    let caseID = try actor.program.ask(
      "INSERT INTO case_file (opened_on) VALUES ('\(today)') RETURNING id")
    guard let caseID else {
      throw CommandFailure(
        .failed, "demo_returning", "INSERT … RETURNING id gave no id at \(actor.site.name)",
        hint: "report this as a defect")
    }
    let rest = [
      """
      INSERT INTO consent (case_id, purpose, event, on_date)
      VALUES (\(quoted(caseID)), 'casework', 'given', '\(today)');
      """,
      """
      INSERT INTO person (case_id, family_name, given_names)
      VALUES (\(quoted(caseID)), \(quoted(familyName)), \(quoted(givenNames)));
      """,
      """
      INSERT INTO consultation (case_id, on_date, kind)
      VALUES (\(quoted(caseID)), '\(today)', 'first');
      """,
    ]
    for neighbour in actor.site.neighbours.sorted() {
      _ = try actor.program.ask(
        """
        INSERT INTO consent (case_id, purpose, recipient_site, event, on_date)
        VALUES (\(quoted(caseID)), 'casework', \(quoted(neighbour)), 'given', '\(today)')
        """)
    }
    _ = try actor.program.ask(rest.joined(separator: "\n"))
    record.opened(caseID, at: actor.site)
    for table in ["case_file", "person", "consultation"] { record.wrote(1, to: table) }
    record.wrote(1 + actor.site.neighbours.count, to: "consent")
    try narrator.fact(actor.site.name, "a new case opened: \(familyName), \(givenNames)")
  }

  // MARK: What must come of it

  private mutating func expectEndings(_ cast: Cast, _ contested: ContestedCase) throws {
    let (kreis, hemmingen, carrier) = (
      cast.kreis.site.id, cast.hemmingen.site.id, cast.carrier.site.id
    )
    let person = contested.person
    record.endings = [
      .init(
        row: person, column: "phone", value: Edits.kreisPhone,
        reason: "latest: the later edit wins, also over the one that arrives last"),
      .init(
        row: person, column: "family_name", value: contested.familyName + "-Šimůnek",
        reason: "lead: Hemmingen opened the case and is responsible"),
      .init(
        row: person, column: "nationality",
        value: contested.nationality(with: Edits.hemmingenNation, Edits.kreisNation),
        reason: "union: both sets together, nothing is lost"),
      .init(
        row: person, column: "given_names", value: contested.givenNames + " Zoë",
        reason: "lead: the carrier's edit is a proposal until somebody decides"),
      .init(
        row: contested.goal, column: "state", value: "reached",
        reason: "state: the later state wins, although it came late"),
    ]
    record.losses = [
      .init(column: "phone", site: hemmingen), .init(column: "phone", site: carrier),
      .init(column: "family_name", site: kreis), .init(column: "state", site: hemmingen),
    ]
    record.proposals = [.init(column: "given_names", site: carrier)]
  }
}

extension ContestedCase {
  fileprivate var familyName: String { person["family_name"].text ?? "" }
  fileprivate var givenNames: String { person["given_names"].text ?? "" }

  /// The person's nationalities and further ones, as set columns hold them.
  fileprivate func nationality(with further: String...) -> String {
    let codes = (person["nationality"].text ?? "").split(separator: ",").map(String.init) + further
    return Set(codes).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: ",")
  }
}

extension Schema {
  /// The German labels of a table and its column.
  func label(of column: String, in table: String) -> String {
    guard let declared = self.table(named: table) else { return "\(table).\(column)" }
    return "\(declared.label) · \(declared.column(named: column)?.label ?? column)"
  }
}
