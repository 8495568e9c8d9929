import Caseload
import SyncCore

/// What happens in the demo, scene by scene, and what is told of it.
///
/// The story keeps its own ``DemoRecord``: ``DemoProof`` compares the files with that and not with
/// what the product says of itself.
struct DemoStory {
  let narrator: Narrator
  let county: DemoCounty
  /// Where the `sqlite3` shell is.
  let shell: String
  let seed: UInt64
  let today: CalendarDay
  let schema: Schema
  var record = DemoRecord()

  static let countyKey = "08118"
  private static let countyName = "Landkreis Ludwigsburg"
  private static let sharedArea = "08118027"
  /// Hemmingen's head count at the cut-off date 2022-12-31.
  private static let hemmingenPersonCount = 82

  /// Tells everything.
  /// - Throws: whatever did not go as told.
  mutating func tell() throws {
    let cast = try foundCounty()
    let contested = try writeCaseloads(cast)
    try firstNight(cast)
    try workingDay(cast, contested)
    try secondNight(cast, contested)
    try carrierReturns(cast)
    try DemoProof(
      narrator: narrator, county: county, schema: schema, record: record,
      sites: cast.all.map(\.site), contested: contested
    ).show()
  }

  // MARK: The county

  private func foundCounty() throws -> Cast {
    try narrator.chapter("1  The county sets up")
    let address = try county.found(key: Self.countyKey, name: Self.countyName)
    try narrator.fact(
      "Hub", "of \(Self.countyName) (\(Self.countyKey)), a process of its own at \(address)")
    let kreis = try county.add("Kreis", kind: "county", area: nil, directory: "kreis")
    var hemmingen = try county.add(
      "Hemmingen", kind: "municipality", area: Self.sharedArea, directory: "hemmingen")
    var carrier = try county.add(
      "Träger", kind: "carrier", area: Self.sharedArea, directory: "traeger")
    hemmingen.neighbours = [carrier.id]
    carrier.neighbours = [hemmingen.id]
    let cast = Cast(
      kreis: Actor(
        site: kreis,
        program: ShellProgram(
          program: shell, path: kreis.replicaPath, children: county.children)),
      hemmingen: Actor(
        site: hemmingen,
        program: try LibraryProgram(
          path: hemmingen.replicaPath, settings: ["synchronous=NORMAL", "recursive_triggers=ON"])),
      carrier: Actor(
        site: carrier,
        program: try LibraryProgram(
          path: carrier.replicaPath,
          settings: ["journal_mode=TRUNCATE", "synchronous=OFF", "foreign_keys=ON"])))
    try narrator.fact("Kreis", "joined: the county's field service, sees all cases")
    try narrator.fact("Hemmingen", "joined: municipality, area \(Self.sharedArea)")
    try narrator.fact("Träger", "joined: a carrier that serves the same area")
    return cast
  }

  // MARK: The caseloads

  private mutating func writeCaseloads(_ cast: Cast) throws -> ContestedCase {
    try narrator.chapter("2  Other programs write caseloads into the replicas, with plain SQL")
    var generator = SeededGenerator(seed: seed)
    let towns = SyntheticCaseload(
      order(Self.hemmingenPersonCount, refusals: 1, recipients: [cast.carrier]),
      using: &generator)
    let carriers = SyntheticCaseload(
      order(6, refusals: 0, recipients: [cast.hemmingen]), using: &generator)
    let kreises = SyntheticCaseload(order(2, refusals: 0, recipients: []), using: &generator)
    for (actor, caseload) in [
      (cast.hemmingen, towns), (cast.carrier, carriers), (cast.kreis, kreises),
    ] {
      try narrator.progress("\(actor.site.name) writes")
      let rows = caseload.cases.flatMap(\.rows)
      try actor.program.write(rows)
      record.wrote(caseload, at: actor.site)
      try narrator.fact(
        actor.site.name,
        "\(caseload.cases.count) cases (Fälle), \(rows.count) rows, by \(actor.program.title)")
      if let settings = actor.program.settings { try narrator.fact("", "set to \(settings)") }
    }
    try tellOfPersons(towns)
    guard let contested = ContestedCase(in: towns) else {
      throw CommandFailure(
        .failed, "demo_seed", "seed \(seed) makes no case that the story could be told of",
        hint: "choose another with --seed")
    }
    return contested
  }

  private func order(
    _ personCount: Int, refusals: Int, recipients: [Actor]
  ) -> SyntheticCaseload.Order {
    SyntheticCaseload.Order(
      personCount: personCount, refusalCount: refusals, asOf: today,
      recipients: recipients.map { SiteID($0.site.id) })
  }

  private func tellOfPersons(_ caseload: SyntheticCaseload) throws {
    let persons = caseload.cases.flatMap(\.rows).filter { $0.table == "person" }
    var names: [String] = []
    for person in persons {
      guard let family = person["family_name"].text, let given = person["given_names"].text
      else { continue }
      let isNew = !names.contains { $0.hasPrefix(family) }
      if isNew && family.utf8.count > family.count + 1 { names.append("\(family), \(given)") }
    }
    try narrator.line()
    try narrator.line(
      """
        Hemmingen counts \(persons.count) persons (Klient:innen) in \
      \(caseload.householdCount) households. One more case has no
        person: consent (Einwilligung) was refused, counselling is owed all the same.
        All are invented: \(names.prefix(4).joined(separator: " · "))
      """)
  }
}

/// A site with the program that works there.
struct Actor {
  let site: DemoSite
  let program: any ReplicaProgram
}

/// Who takes part.
struct Cast {
  let kreis: Actor
  let hemmingen: Actor
  let carrier: Actor

  var all: [Actor] { [kreis, hemmingen, carrier] }
}

/// The case that three sites edit on the same day: its person, one of its goals, and a goal of
/// another case that is deleted.
struct ContestedCase {
  let id: String
  let person: SyntheticRow
  let goal: SyntheticRow
  let deletedGoal: SyntheticRow
  /// Cases that get a talk while a session runs.
  let busyCases: [String]

  /// - Returns: nil if the caseload has no such case.
  init?(in caseload: SyntheticCaseload) {
    func openGoals(_ one: SyntheticCase) -> [SyntheticRow] {
      one.rows.filter { $0.table == "plan_goal" && $0["state"] == .text("open") }
    }
    func person(_ one: SyntheticCase) -> SyntheticRow? {
      one.rows.first { $0.table == "person" && !$0["phone"].isNull }
    }
    let chosen = caseload.cases.first { person($0) != nil && !openGoals($0).isEmpty }
    let other = caseload.cases.last { !openGoals($0).isEmpty && $0.id != chosen?.id }
    guard let chosen, let other, let person = person(chosen), let goal = openGoals(chosen).first,
      let deletedGoal = openGoals(other).first
    else { return nil }
    id = chosen.id
    self.person = person
    self.goal = goal
    self.deletedGoal = deletedGoal
    busyCases = caseload.cases.map(\.id).filter { $0 != chosen.id }
  }
}
