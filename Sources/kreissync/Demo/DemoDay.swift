import Caseload
import Foundation
import SyncCore

/// The working day: each site edits its own file, and some edit the same cells.
extension DemoStory {
  /// The policy `latest` compares clocks, corrected by a skew that contains the time a greeting
  /// took. Two edits that are to be told apart for certain stand further apart than any greeting.
  private static let clockMargin: TimeInterval = 1

  mutating func workingDay(_ cast: Cast, _ contested: ContestedCase) throws {
    try narrator.chapter("A working day: three edit the same persons, the carrier without a line")
    try carrierDay(cast.carrier, contested, recipient: cast.hemmingen.site)
    try narrator.progress("a moment later")
    Thread.sleep(forTimeInterval: Self.clockMargin)
    try hemmingenDay(cast.hemmingen, contested)
    try narrator.progress("a moment later")
    Thread.sleep(forTimeInterval: Self.clockMargin)
    try kreisDay(cast.kreis, contested)
    try townsDay(cast)
    try expectEndings(cast, contested)
  }

  // MARK: Three desks

  private mutating func carrierDay(
    _ actor: Actor, _ contested: ContestedCase, recipient hemmingen: DemoSite
  ) throws {
    try tellWhatCarrierSees(actor, contested)
    try edit(actor, contested.carrierPerson, "phone", Edits.carrierPhone)
    try edit(
      actor, contested.carrierPerson, "given_names",
      contested.carrierPerson.givenNames + " Ẽva")
    try openCase(
      actor, familyName: "DʼAğostino-Štefănescu", givenNames: "Łucía", recipient: hemmingen)
    let pending = try hub.siteStatus(actor.site).pending
    try narrator.fact("", "\(pending) changes wait in its change log")
  }

  private func tellWhatCarrierSees(_ actor: Actor, _ contested: ContestedCase) throws {
    let program = try PlainClient(path: actor.site.replicaPath, isReader: true)
    let held = Set(try program.rows("SELECT id FROM case_file").map { $0[0] })
    guard held == record.cases[actor.site.id] else {
      throw demoDiffers("\(actor.site.name) holds other cases than those that it opened")
    }
    let found = try program.rows(
      "SELECT count(*) FROM person WHERE id = \(quoted(contested.person.id))")[0][0]
    try narrator.fact(
      actor.site.name,
      "sees its own \(held.count) cases; of \(contested.person.familyName) in Hemmingen: "
        + "\(found.display) rows")
  }

  private mutating func hemmingenDay(_ actor: Actor, _ contested: ContestedCase) throws {
    let person = contested.person
    try edit(actor, person, "phone", Edits.hemmingenPhone)
    try edit(actor, person, "family_name", person.familyName + "-Šimůnek")
    try edit(actor, person, "nationality", person.nationality(with: Edits.hemmingenNation))
    try edit(actor, contested.goal, "state", "in_progress")
    _ = try actor.program.ask(
      "DELETE FROM plan_goal WHERE id = \(quoted(contested.deletedGoal.id))")
    record.wrote(-1, to: "plan_goal", at: actor.site)
    try narrator.fact(actor.site.name, "a goal (Ziel) of another case deleted")
  }

  private mutating func kreisDay(_ actor: Actor, _ contested: ContestedCase) throws {
    let person = contested.person
    try edit(actor, contested.carrierPerson, "phone", Edits.kreisPhone)
    try edit(
      actor, contested.carrierPerson, "given_names",
      contested.carrierPerson.givenNames + " Zoë")
    try edit(actor, person, "phone", Edits.kreisPhone)
    try edit(actor, person, "family_name", person.familyName + " Đặng")
    try edit(actor, person, "nationality", person.nationality(with: Edits.kreisNation))
    try edit(actor, contested.goal, "state", "reached")
    try openCase(actor, familyName: "Þorláksdóttir", givenNames: "Ŵyn")
  }

  /// Elsewhere life goes on.
  private mutating func townsDay(_ cast: Cast) throws {
    let towns = cast.towns.filter { $0.id != cast.hemmingen.site.id }
    for site in towns {
      try PlainClient(path: site.replicaPath).run(
        """
        INSERT INTO consultation (case_id, on_date, kind, mode, minutes)
        SELECT id, '\(today)', 'follow_up', 'video', 30 FROM case_file LIMIT 1
        """)
      record.wrote(1, to: "consultation", at: site)
    }
    try narrator.fact("\(towns.count) towns", "one talk (Beratungsgespräch) each")
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
  private mutating func openCase(
    _ actor: Actor, familyName: String, givenNames: String, recipient: DemoSite? = nil
  ) throws {
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
    if let recipient {
      _ = try actor.program.ask(
        """
        INSERT INTO consent (case_id, purpose, recipient_site, event, on_date)
        VALUES (\(quoted(caseID)), 'casework', \(quoted(recipient.id)), 'given', '\(today)')
        """)
      record.wrote(1, to: "consent", at: actor.site)
    }
    _ = try actor.program.ask(rest.joined(separator: "\n"))
    record.opened(caseID, at: actor.site)
    for table in ["case_file", "consent", "person", "consultation"] {
      record.wrote(1, to: table, at: actor.site)
    }
    try narrator.fact(actor.site.name, "a new case opened: \(familyName), \(givenNames)")
  }

  // MARK: What must come of it

  private mutating func expectEndings(_ cast: Cast, _ contested: ContestedCase) throws {
    let person = contested.person
    record.endings = [
      .init(
        row: person, column: "phone", value: Edits.kreisPhone,
        reason: "latest: the later edit wins"),
      .init(
        row: person, column: "family_name", value: person.familyName + "-Šimůnek",
        reason: "lead: Hemmingen opened the case; the Kreis' edit is a proposal"),
      .init(
        row: person, column: "nationality",
        value: person.nationality(with: Edits.hemmingenNation, Edits.kreisNation),
        reason: "union: both sets together, nothing is lost"),
      .init(
        row: contested.goal, column: "state", value: "reached",
        reason: "state: the later state wins"),
      .init(
        row: contested.carrierPerson, column: "phone", value: Edits.kreisPhone,
        reason: "latest: the later edit wins, also over the one that arrives last"),
      .init(
        row: contested.carrierPerson, column: "given_names",
        value: contested.carrierPerson.givenNames + " Ẽva",
        reason: "lead: the carrier opened the case and is responsible, although it came late"),
    ]
    let (kreis, hemmingen, carrier) = (
      cast.kreis.site.id, cast.hemmingen.site.id, cast.carrier.site.id
    )
    record.losses = [
      .init(column: "phone", site: hemmingen), .init(column: "state", site: hemmingen),
      .init(column: "phone", site: carrier), .init(column: "given_names", site: kreis),
    ]
    record.proposals = [.init(column: "family_name", site: kreis)]
  }
}

extension SyntheticRow {
  fileprivate var familyName: String { self["family_name"].text ?? "" }
  fileprivate var givenNames: String { self["given_names"].text ?? "" }

  /// The person's nationalities and further ones, as set columns hold them.
  fileprivate func nationality(with further: String...) -> String {
    let codes = (self["nationality"].text ?? "").split(separator: ",").map(String.init) + further
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
