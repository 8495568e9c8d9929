import Caseload
import Foundation
import SyncCore

/// The caseloads, written by programs that know nothing of KreisSync.
extension DemoStory {
  mutating func writeCaseloads(_ cast: Cast, _ funding: DemoFunding) throws -> ContestedCase {
    try narrator.chapter("Other programs write caseloads into the replicas, with plain SQL")
    var caseloads: [String: SyntheticCaseload] = [:]
    for (place, site) in cast.sites.enumerated() {
      try narrator.progress("\(site.name) writes")
      caseloads[site.id] = try write(site, number: place, cast, funding)
    }
    for county in CountyPlan.all { try tell(of: county, cast, caseloads) }
    guard let towns = caseloads[cast.hemmingen.site.id],
      let carriers = caseloads[cast.carrier.site.id]
    else { throw seedFailure }
    try tellOfPersons(towns)
    guard let contested = ContestedCase(in: towns, carrier: carriers) else { throw seedFailure }
    return contested
  }

  /// Staff and caseload of one site, drawn and written in one transaction.
  private mutating func write(
    _ site: DemoSite, number: Int, _ cast: Cast, _ funding: DemoFunding
  ) throws -> SyntheticCaseload {
    var generator = SeededGenerator(seed: seed &+ UInt64(number))
    let programme = funding.programmes[site.county]
    var employment = SyntheticStaff.Order(
      site: site.plan.leavesSiteOpen ? nil : SiteID(site.id), posts: site.plan.posts, asOf: today)
    employment.grant = funding.grants[site.id]?.id
    employment.rateCents = programme?["rate_cents_per_fte"].integer.map(Int.init)
    let staff = SyntheticStaff(employment, using: &generator)
    var order = SyntheticCaseload.Order(
      personCount: site.plan.persons, asOf: today,
      areas: site.plan.areas.isEmpty ? [CountyPlan.hemmingenKey] : site.plan.areas)
    order.refusalCount = site.plan.refusals
    order.recipients = cast.sites.filter {
      $0.id != site.id && !$0.isCounty && $0.sees(casesOf: site)
    }
    .map { SiteID($0.id) }
    order.workers = staff.workers
    order.programme = programme?.id
    order.course = site.plan.course
    let caseload = SyntheticCaseload(order, using: &generator)
    try program(of: site, cast).write(staff.rows + caseload.rows)
    record.wrote(staff.rows, caseload, at: site)
    return caseload
  }

  private func program(of site: DemoSite, _ cast: Cast) throws -> any ReplicaProgram {
    let actors = [cast.kreis, cast.hemmingen, cast.carrier]
    if let actor = actors.first(where: { $0.site.id == site.id }) { return actor.program }
    return try LibraryProgram(path: site.replicaPath, settings: ["synchronous=NORMAL"])
  }

  private func tell(
    of county: CountyPlan, _ cast: Cast, _ caseloads: [String: SyntheticCaseload]
  ) throws {
    let sites = cast.sites(of: county)
    let all = sites.compactMap { caseloads[$0.id] }
    let rowCount = all.reduce(0) { $0 + $1.rows.count }
    try narrator.fact(
      county.key,
      """
      \(county.name): \(grouped(sites.reduce(0) { $0 + $1.plan.persons })) persons \
      (Klient:innen), \(grouped(all.reduce(0) { $0 + $1.cases.count })) cases (Fälle), \
      \(grouped(rowCount)) rows
      """)
    guard county.key == CountyPlan.ludwigsburg.key else { return }
    for actor in [cast.hemmingen, cast.carrier, cast.kreis] {
      try narrator.fact("", "\(actor.site.name): by \(actor.program.title)")
      if let settings = actor.program.settings { try narrator.fact("", "  set to \(settings)") }
    }
  }

  private func tellOfPersons(_ caseload: SyntheticCaseload) throws {
    let persons = caseload.rows.filter { $0.table == "person" }
    var names: [String] = []
    for person in persons {
      guard let family = person["family_name"].text, let given = person["given_names"].text
      else { continue }
      let isNew = !names.contains { $0.hasPrefix(family) }
      if isNew && family.utf8.count > family.count + 1 { names.append("\(family), \(given)") }
    }
    try narrator.line()
    try narrator.paragraph(
      """
      Hemmingen counts \(persons.count) persons in \(caseload.householdCount) households, as on \
      2022-12-31. One more case has no
      person: consent (Einwilligung) was refused, counselling is owed all the same.
      The other towns have as many for each inhabitant as Hemmingen, which is an assumption.
      All are invented: \(names.prefix(4).joined(separator: " · "))
      """)
  }

  private var seedFailure: CommandFailure {
    CommandFailure(
      .failed, "demo_seed", "seed \(seed) makes no case that the story could be told of",
      hint: "choose another with --seed")
  }
}

/// What several sites edit on the same day: a case of Hemmingen with its person and one of its
/// goals, and a person of the carrier; and a goal of another case that is deleted.
struct ContestedCase {
  let person: SyntheticRow
  let goal: SyntheticRow
  let deletedGoal: SyntheticRow
  let carrierPerson: SyntheticRow
  /// Cases that get a talk while a session runs.
  let busyCases: [String]

  /// - Returns: nil if the caseloads have no such cases.
  init?(in caseload: SyntheticCaseload, carrier: SyntheticCaseload) {
    func openGoals(_ one: SyntheticCase) -> [SyntheticRow] {
      one.rows.filter { $0.table == "plan_goal" && $0["state"] == .text("open") }
    }
    func person(_ one: SyntheticCase) -> SyntheticRow? {
      one.rows.first { $0.table == "person" && !$0["phone"].isNull }
    }
    let chosen = caseload.cases.first { person($0) != nil && !openGoals($0).isEmpty }
    let other = caseload.cases.last { !openGoals($0).isEmpty && $0.id != chosen?.id }
    guard let chosen, let other, let chosenPerson = person(chosen),
      let goal = openGoals(chosen).first,
      let deletedGoal = openGoals(other).first,
      let carrierPerson = carrier.cases.compactMap(person).first
    else { return nil }
    self.person = chosenPerson
    self.goal = goal
    self.deletedGoal = deletedGoal
    self.carrierPerson = carrierPerson
    busyCases = caseload.cases.map(\.id).filter { $0 != chosen.id }
  }
}
