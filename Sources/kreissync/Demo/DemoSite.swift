import Caseload

/// A site as the demo wants it.
struct SitePlan {
  let county: String
  let name: String
  let kind: String
  /// Official keys of the municipalities that it serves.
  let areas: [String]
  /// The name of its directory.
  let folder: String
  var persons = 0
  var refusals = 0
  /// How much of a full post each of its managers has, in thousandths.
  var posts: [Int] = []
  /// Whether a programme pays for its posts.
  var isFunded = true
  /// Whether the grant goes to the county, which assigned or forwards it.
  var isAssigned = false
  /// Whether its program leaves `worker.site_id` empty.
  var leavesSiteOpen = false
  var course = SyntheticCaseload.Course.steady
}

/// A site that has joined.
struct DemoSite {
  let id: String
  let plan: SitePlan
  let directory: String
  let replicaPath: String

  var county: String { plan.county }
  var name: String { plan.name }
  var kind: String { plan.kind }
  var isCounty: Bool { kind == "county" }

  /// Whether it sees the cases that another site opens: the county's own sites see all of their
  /// county, others those of their area; a carrier never sees what others opened.
  func sees(casesOf author: DemoSite) -> Bool {
    guard county == author.county else { return false }
    return id == author.id || isCounty
      || (kind != "carrier" && plan.areas.contains { author.plan.areas.contains($0) })
  }
}
