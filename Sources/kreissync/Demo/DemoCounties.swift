import Caseload
import SyncCore

/// The nights of the other three counties, and what their systems are about.
extension DemoStory {
  func otherCounties(_ cast: Cast) throws {
    try narrator.chapter("The same night in the other three counties, by the same process")
    for county in [CountyPlan.rheinNeckar, .freiburg, .bielefeld] {
      let sites = cast.sites(of: county)
      try narrator.line("  \(county.name)")
      for site in sites { try tell(try hub.sync(site), of: site) }
      if sites.count > 1 {
        // What came after the turn of the first.
        for site in sites.dropLast() { try tell(try hub.sync(site), of: site) }
      }
    }
    try tellFreiburg(cast.sites(of: .freiburg))
    try tellBielefeld(cast.sites(of: .bielefeld))
  }

  // MARK: Freiburg

  private func tellFreiburg(_ sites: [DemoSite]) throws {
    let program = try PlainClient(path: sites[0].replicaPath, isReader: true)
    let closed = try program.rows(
      """
      SELECT count(*), CAST(round(avg(julianday(closed_on) - julianday(opened_on)) / 3.044) AS INT)
      FROM case_file WHERE phase = 'closed'
      """)[0]
    let waiting = try program.rows(
      """
      SELECT priority, count(*) FROM case_file WHERE phase = 'waiting' GROUP BY priority
      ORDER BY priority
      """)
    let reasons = try program.rows(
      """
      SELECT count(*), count(priority_reason) FROM case_file WHERE priority = 1
      """)[0]
    guard case .integer(let tenths) = closed[1] else {
      throw demoDiffers("Freiburg's departments have no closed case")
    }
    try narrator.line()
    try narrator.paragraph(
      """
      Freiburg, asked at \(sites[0].name): \(closed[0].display) cases are closed, after \
      \(tenths / 10).\(tenths % 10) months on average.
      Waiting (Warteliste), neediest first: \
      \(waiting.map { "\($0[1].display) of priority \($0[0].display)" }.joined(separator: ", ")).
      Of \(reasons[0].display) cases of priority 1, \(reasons[1].display) say why: in a column of \
      its own (tier special),
      with a consent for just that.
      """)
  }

  // MARK: Bielefeld

  private func tellBielefeld(_ sites: [DemoSite]) throws {
    try narrator.line()
    for site in sites {
      let program = try PlainClient(path: site.replicaPath, isReader: true)
      let held = Set(try program.rows("SELECT id FROM case_file").map { $0[0] })
      guard held == record.cases(heldBy: site, among: sites) else {
        throw demoDiffers("\(site.name) does not hold exactly the cases that it may")
      }
      let workers = try program.rows("SELECT display_name, role FROM worker")
      let own = workers.filter { $0[1] != .null }.count
      guard own == site.plan.posts.count, site.isCounty || workers.count == own else {
        throw demoDiffers("\(site.name) sees workers of others: \(workers.count), its own \(own)")
      }
      let others = sites.filter { $0.id != site.id && $0.kind == "carrier" }.map(\.name)
      let foreign = site.isCounty ? "of \(workers.count - own) at carriers the name alone" : ""
      try narrator.fact(
        site.name,
        "\(held.count) cases, \(own) \(own == 1 ? "worker" : "workers") of its own; "
          + (site.isCounty
            ? foreign : "of \(others.joined(separator: " and ")) no case and no worker"))
    }
  }
}

/// The demo found something else than it should.
func demoDiffers(_ what: String) -> CommandFailure {
  CommandFailure(
    .failed, "demo_differs", what,
    hint: "this is a defect: repeat with --directory DIR --keep, and report it with DIR")
}
