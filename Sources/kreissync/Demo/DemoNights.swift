import Caseload
import Foundation
import SyncCore

/// The nights.
extension DemoStory {
  /// How many talks a program writes while one session runs.
  private static let neighbourWriteCountMax = 60

  func firstNight(_ cast: Cast) throws {
    try narrator.chapter("3  The first night")
    try narrator.line(
      """
        Each session sends what changed, gets what it lacks, and compares with the hub. “Equal at
        1000” means: the digests of site and hub are the same at entry 1000 of the hub's log.

      """)
    try sync([cast.hemmingen, cast.carrier, cast.kreis])
    try narrator.line("  A second round, so that each sees what came after its own turn:")
    try sync([cast.hemmingen, cast.carrier])
  }

  mutating func secondNight(_ cast: Cast, _ contested: ContestedCase) throws {
    try narrator.chapter("5  The second night, without the carrier")
    try sync([cast.kreis])
    let written = try syncWhileWriting(cast.hemmingen, in: contested.busyCases)
    try narrator.fact(
      "", "(while this ran its program wrote \(written) talks, without one error)")
    try narrator.line("  A second round:")
    try sync([cast.kreis, cast.hemmingen])
  }

  func carrierReturns(_ cast: Cast) throws {
    try narrator.chapter("6  The carrier's line is back")
    try sync([cast.carrier, cast.hemmingen, cast.kreis])
  }

  private func sync(_ actors: [Actor]) throws {
    for actor in actors { try tell(try county.sync(actor.site), of: actor.site) }
  }

  private func tell(_ session: DemoAnswer.Session, of site: DemoSite) throws {
    let sent =
      session.captured == 0
      ? "nothing to send" : "sent \(session.captured): \(session.verdicts)"
    let granted = session.pulled.casesGranted
    let cases = granted == 0 ? "" : ", \(granted) \(granted == 1 ? "case" : "cases") granted"
    try narrator.fact(
      site.name, "\(sent) · got \(session.pulled.rows) rows\(cases) · equal at \(session.seq)")
  }

  /// - Returns: how many rows the site's program wrote while the session ran.
  private mutating func syncWhileWriting(_ actor: Actor, in cases: [String]) throws -> Int {
    var written = 0
    let session = try county.sync(actor.site) {
      guard written < Self.neighbourWriteCountMax else { return }
      _ = try actor.program.ask(
        """
        INSERT INTO consultation (case_id, on_date, kind, mode, minutes)
        VALUES (\(quoted(cases[written % cases.count])), '\(today)', 'follow_up', 'phone', 15)
        """)
      written += 1
    }
    record.wrote(written, to: "consultation")
    try tell(session, of: actor.site)
    return written
  }
}
