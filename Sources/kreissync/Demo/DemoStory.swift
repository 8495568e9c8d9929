import Caseload
import SyncCore

/// What happens in the demo, scene by scene, and what is told of it.
///
/// The story keeps its own ``DemoRecord``: ``DemoProof`` compares the files with that and not with
/// what the product says of itself.
struct DemoStory {
  let narrator: Narrator
  let hub: DemoHub
  /// Where the `sqlite3` shell is.
  let shell: String
  let seed: UInt64
  let today: CalendarDay
  let schema: Schema
  var record = DemoRecord()

  /// Tells everything.
  /// - Throws: whatever did not go as told.
  mutating func tell() throws {
    try tellSystems()
    var cast = try foundCounties()
    let funding = try enterFunding(cast)
    let contested = try writeCaseloads(cast, funding)
    try firstNight(cast)
    try otherCounties(cast)
    try workingDay(cast, contested)
    try secondNight(cast, contested)
    try carrierReturns(cast)

    try breakRules(cast, contested, funding)
    try joinLate(&cast)
    try lastRound(cast)
    let proof = DemoProof(
      narrator: narrator, hub: hub, schema: schema, record: record, sites: cast.sites)
    try proof.tellEndings()
    try proof.show(changing: contested.person)
  }

  // MARK: The counties

  private func tellSystems() throws {
    try narrator.line()
    for system in DemoSystem.all {
      try narrator.line("  • \(system.title)")
      try narrator.paragraph(
        system.need.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
    }
  }

  private func foundCounties() throws -> Cast {
    try narrator.chapter("One hub for four counties")
    let address = try hub.found(CountyPlan.all)
    try narrator.fact("Hub", "one process at \(address); a file and an authority for each county")
    let start = ContinuousClock.now
    let sites = try hub.add(CountyPlan.all.flatMap(\.sites))
    let time = seconds(.now - start)
    for county in CountyPlan.all {
      try narrator.fact(county.key, "\(county.name): \(county.roll)")
    }
    try narrator.line("  \(sites.count) sites joined, each with a key of its own, in \(time) s.")
    return try Cast(sites: sites, shell: shell, children: hub.children)
  }
}

/// A site with the program that works there.
struct Actor {
  let site: DemoSite
  let program: any ReplicaProgram
}

/// Who takes part, and the three who meet in Hemmingen's cases.
struct Cast {
  var sites: [DemoSite]
  let kreis: Actor
  let hemmingen: Actor
  let carrier: Actor

  init(sites: [DemoSite], shell: String, children: ChildPrograms) throws {
    func site(_ folder: String) throws -> DemoSite {
      guard let site = sites.first(where: { $0.plan.folder == folder }) else {
        throw CommandFailure(
          .failed, "demo_site", "the demo has no site \(folder)", hint: "report this as a defect")
      }
      return site
    }
    self.sites = sites
    let (kreis, hemmingen, carrier) = (
      try site("kreis"), try site("hemmingen"), try site("traeger")
    )
    self.kreis = Actor(
      site: kreis,
      program: ShellProgram(program: shell, path: kreis.replicaPath, children: children))
    self.hemmingen = Actor(
      site: hemmingen,
      program: try LibraryProgram(
        path: hemmingen.replicaPath, settings: ["synchronous=NORMAL", "recursive_triggers=ON"]))
    self.carrier = Actor(
      site: carrier,
      program: try LibraryProgram(
        path: carrier.replicaPath,
        settings: ["journal_mode=TRUNCATE", "synchronous=OFF", "foreign_keys=ON"]))
  }

  func sites(of county: CountyPlan) -> [DemoSite] { sites.filter { $0.county == county.key } }

  /// The municipalities of the Landkreis Ludwigsburg.
  var towns: [DemoSite] {
    sites(of: .ludwigsburg).filter { $0.kind == "municipality" }
  }
}
