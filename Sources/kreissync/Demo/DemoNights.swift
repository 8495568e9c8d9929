import Caseload
import Foundation
import SyncCore

/// The nights of the Landkreis Ludwigsburg.
extension DemoStory {
  /// How many talks a program writes while one session runs.
  private static let neighbourWriteCountMax = 60

  func firstNight(_ cast: Cast) throws {
    let sites = cast.sites(of: .ludwigsburg)
    try narrator.chapter("The first night of \(CountyPlan.ludwigsburg.name): \(sites.count) sites")
    try narrator.paragraph(
      """
      Each session sends what changed, gets what it lacks, and compares with the hub. “Equal at
      1000” means: the digests of site and hub are the same at entry 1000 of the hub's log.
      """)
    let order = sites.filter { !$0.isCounty } + sites.filter(\.isCounty)
    let start = ContinuousClock.now
    var sessions = try hub.sync(
      order.filter { !$0.isCounty }, "the night of \(CountyPlan.ludwigsburg.name)")
    sessions.append(try hub.sync(cast.kreis.site))
    let table = TextTable(
      header: ["site", "persons", "sent", "got", "equal at"],
      rows: zip(order, sessions).map { site, session in
        [
          site.name, grouped(site.plan.persons), grouped(session.captured),
          grouped(session.pulled.rows), grouped(session.seq),
        ]
      })
    try narrator.line()
    try narrator.paragraph(table.text)
    let sent = sessions.reduce(0) { $0 + $1.captured }
    try narrator.paragraph("\(grouped(sent)) changes in \(seconds(.now - start)) s.")
  }

  mutating func secondNight(_ cast: Cast, _ contested: ContestedCase) throws {
    try narrator.chapter("The second night, without the carrier")
    let written = try syncWhileWriting(cast.hemmingen, in: contested.busyCases)
    try narrator.fact(
      "", "(while this ran its program wrote \(written) talks, without one error)")
    let others = cast.towns.filter { $0.id != cast.hemmingen.site.id }
    let sessions = try hub.sync(others, "the second night")
    let sent = sessions.reduce(0) { $0 + $1.captured }
    try narrator.fact("\(others.count) towns", "sent \(sent): a talk each · all equal")
    try sync([cast.kreis])
    try narrator.line("  Once more, so that Hemmingen sees what came after its own turn:")
    try sync([cast.hemmingen])
  }

  func carrierReturns(_ cast: Cast) throws {
    try narrator.chapter("The carrier's line is back")
    try sync([cast.carrier, cast.hemmingen, cast.kreis])
  }

  /// Everybody comes once more, so that all stand at the head of their county's log.
  func lastRound(_ cast: Cast) throws {
    let sessions = try hub.sync(cast.sites, "a last round")
    let sent = sessions.reduce(0) { $0 + $1.captured }
    try narrator.fact("All \(sessions.count)", "a last round: sent \(sent), all equal")
  }

  func sync(_ actors: [Actor]) throws {
    for actor in actors { try tell(try hub.sync(actor.site), of: actor.site) }
  }

  func tell(_ session: DemoAnswer.Session, of site: DemoSite) throws {
    let sent =
      session.captured == 0
      ? "nothing to send" : "sent \(grouped(session.captured)): \(session.verdicts)"
    let granted = session.pulled.casesGranted
    let cases =
      granted == 0 ? "" : ", \(grouped(granted)) \(granted == 1 ? "case" : "cases") granted"
    try narrator.fact(
      site.name,
      "\(sent) · got \(grouped(session.pulled.rows)) rows\(cases) · "
        + "equal at \(grouped(session.seq))")
  }

  /// - Returns: how many rows the site's program wrote while the session ran.
  private mutating func syncWhileWriting(_ actor: Actor, in cases: [String]) throws -> Int {
    var written = 0
    let session = try hub.sync(actor.site) {
      guard written < Self.neighbourWriteCountMax else { return }
      _ = try actor.program.ask(
        """
        INSERT INTO consultation (case_id, on_date, kind, mode, minutes)
        VALUES (\(quoted(cases[written % cases.count])), '\(today)', 'follow_up', 'phone', 15)
        """)
      written += 1
    }
    record.wrote(written, to: "consultation", at: actor.site)
    try tell(session, of: actor.site)
    return written
  }
}
