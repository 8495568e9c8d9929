import Caseload

/// A site that comes when all others have long worked.
extension DemoStory {
  mutating func joinLate(_ cast: inout Cast) throws {
    try narrator.chapter("A second county site joins late, and gets what all others wrote")
    let plan = SitePlan(
      county: CountyPlan.ludwigsburg.key, name: "Stabsstelle", kind: "county", areas: [],
      folder: "stabsstelle")
    let start = ContinuousClock.now
    let sites = try hub.add([plan])
    cast.sites += sites
    for site in sites {
      try tell(try hub.sync(site), of: site)
      let time = seconds(.now - start)
      try narrator.fact("", "from the join to equality in \(time) s")
    }
  }
}
