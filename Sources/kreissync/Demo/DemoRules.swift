import Caseload
import SyncCore

/// What the hub refuses, and what it only warns of.
extension DemoStory {
  /// How many warnings are shown of one county.
  private static let shownWarningCountMax = 5

  func breakRules(
    _ cast: Cast, _ contested: ContestedCase, _ funding: DemoFunding
  ) throws {
    try narrator.chapter("What the hub refuses, and what it only warns of")
    try refuse(at: cast.hemmingen, contested, funding)
    try narrator.line()
    for county in CountyPlan.all {
      let warnings = try hub.status(of: county.key).warnings
      let shown = warnings.sorted { $0.count > $1.count }.prefix(Self.shownWarningCountMax)
      let rest = warnings.count - shown.count
      try narrator.line("  \(county.name) is warned of")
      for warning in shown {
        try narrator.line("    \(grouped(warning.count)) × \(warning.label)")
      }
      if rest > 0 { try narrator.line("    and of \(rest) things more") }
    }
  }

  /// Three rows that may not be: the local file takes them, the hub does not, and says why.
  private func refuse(
    at actor: Actor, _ contested: ContestedCase, _ funding: DemoFunding
  ) throws {
    guard let grant = funding.grants[actor.site.id] else { return }
    let busy = quoted(contested.busyCases[0])
    let attempts = [
      (
        "a home in a municipality that does not exist",
        "INSERT INTO residence (case_id, ags, kind) VALUES (\(busy), '08118999', 'gu')",
        "unknown_ags"
      ),
      (
        "a special need without a consent of its own",
        """
        INSERT INTO person_need (case_id, kind)
          SELECT case_id, 'illness' FROM kreissync_case
          WHERE own_role = 'lead' AND tiers LIKE '%special%' LIMIT 1
        """, "consent_missing"
      ),
      (
        "another head count (Kopfzahl) than was reported",
        "UPDATE grant_allocation SET headcount = 83 WHERE id = \(quoted(grant.id))",
        "headcount_reported"
      ),
    ]
    for (_, sql, _) in attempts { _ = try actor.program.ask(sql) }
    try tell(try hub.sync(actor.site), of: actor.site)
    let program = try PlainClient(path: actor.site.replicaPath, isReader: true)
    for (words, _, rule) in attempts {
      let notices = try program.rows(
        """
        SELECT DISTINCT table_name, verdict FROM kreissync_notice WHERE reason = \(quoted(rule))
        """)
      guard notices.count == 1, notices[0][1] == .text("refused") else {
        throw demoDiffers("\(words) was not refused as \(rule)")
      }
      try narrator.fact("", "refused: \(words) (\(notices[0][0].string), \(rule))")
    }
  }
}
