/// Warnings about grants, posts and what they pay for.
///
/// NB: total(), for sum() fails where a program wrote numbers that overflow.
enum FundingWarnings {
  static let all = [positionsUnlikeGrant, caseloadOutsideCorridor, headcountDiffers]

  /// Cases for each full post, below which a post is thought idle and above which overloaded. The
  /// state's grant to Hemmingen stands for 102.5 persons, Freiburg worked with 61.5, Sinsheim's
  /// 197.5 were called too many: a third below the one, a sixth above the other.
  private static let casesPerPostMin = 40
  private static let casesPerPostMax = 120

  /// The shares of the positions that hold today are not the share of their grant. Grants that are
  /// closed are over; those that are only planned or applied for may have no position yet.
  private static let positionsUnlikeGrant = WarningDefinition(
    code: "positions_unlike_grant", label: "Summe der Stellenanteile ≠ VZÄ der Zuwendung",
    table: "grant_allocation",
    reads: [
      "grant_allocation.fte_thousandths", "grant_allocation.status", "grant_allocation.period_from",
      "grant_allocation.period_to", "position.grant_id", "position.fte_thousandths",
      "position.valid_from", "position.valid_to",
    ],
    sql: """
      SELECT g.id, NULL FROM grant_allocation AS g
      LEFT JOIN (
        SELECT s.grant_id, total(s.fte_thousandths) AS share FROM position AS s
        WHERE \(WarningSQL.holds("s", on: "?1")) GROUP BY s.grant_id) AS s ON s.grant_id = g.id
      WHERE coalesce(g.period_from, ?1) <= ?1 AND coalesce(g.period_to, ?1) >= ?1
        AND (g.status IN ('granted', 'reported')
          OR coalesce(g.status, 'planned') <> 'closed' AND s.grant_id IS NOT NULL)
        AND coalesce(s.share, 0) <> g.fte_thousandths
      """)

  /// A worker with a position has cases, and for each full post fewer or more than the corridor.
  /// Who has none is not judged: where cases name no worker, nobody would be inside.
  private static let caseloadOutsideCorridor = WarningDefinition(
    code: "caseload_outside_corridor", label: "Fälle je VZÄ außerhalb des Korridors",
    table: "worker",
    reads: [
      "worker.id", "position.worker_id", "position.fte_thousandths", "position.valid_from",
      "position.valid_to", "case_file.worker_id", "case_file.phase",
    ],
    sql: """
      SELECT s.worker_id, NULL
      FROM (
        SELECT s.worker_id, total(s.fte_thousandths) AS share FROM position AS s
        WHERE \(WarningSQL.holds("s", on: "?1")) GROUP BY s.worker_id) AS s
      JOIN (
        SELECT c.worker_id, count(*) AS cases FROM case_file AS c
        WHERE \(WarningSQL.isWorkedOn) GROUP BY c.worker_id) AS l ON l.worker_id = s.worker_id
      WHERE s.share > 0
        AND l.cases * 1000 NOT BETWEEN \(casesPerPostMin) * s.share AND \(casesPerPostMax) * s.share
      """)

  /// At a grant's cut-off date other than the reported number of cases were open here: those with a
  /// residence in the entitled municipality, or all where none is named. A site counts what it
  /// holds, the hub the county.
  private static let headcountDiffers = WarningDefinition(
    code: "headcount_differs", label: "Zählung am Stichtag ≠ gemeldete Zahl",
    table: "grant_allocation",
    reads: [
      "grant_allocation.cutoff_date", "grant_allocation.headcount", "grant_allocation.entitled_ags",
      "case_file.opened_on", "case_file.closed_on", "residence.ags", "residence.valid_from",
      "residence.valid_to",
    ],
    sql: """
      SELECT g.id, NULL FROM grant_allocation AS g
      LEFT JOIN residence AS r ON r.ags = g.entitled_ags
        AND \(WarningSQL.holds("r", on: "g.cutoff_date"))
      LEFT JOIN case_file AS c ON c.id = r.case_id AND \(wasOpen)
      WHERE g.entitled_ags IS NOT NULL AND g.headcount IS NOT NULL AND g.cutoff_date <= ?1
      GROUP BY g.id HAVING count(DISTINCT c.id) <> g.headcount
      UNION ALL
      SELECT g.id, NULL FROM grant_allocation AS g LEFT JOIN case_file AS c ON \(wasOpen)
      WHERE g.entitled_ags IS NULL AND g.headcount IS NOT NULL AND g.cutoff_date <= ?1
      GROUP BY g.id HAVING count(c.id) <> g.headcount
      """)
  private static let wasOpen =
    "c.opened_on <= g.cutoff_date AND (c.closed_on IS NULL OR c.closed_on > g.cutoff_date)"
}
