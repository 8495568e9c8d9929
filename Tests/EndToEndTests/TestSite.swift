import Foundation
import Testing

/// A site that joined: its directory, and the commands on it.
struct TestSite: Sendable {
  let id: String
  let directory: String

  var replica: String { directory + "/caseload.sqlite" }

  func client(busyMilliseconds: Int32 = 10_000) throws -> SQLClient {
    try SQLClient(replica, busyMilliseconds: busyMilliseconds)
  }

  func execute(_ sql: String) throws {
    try client().execute(sql)
  }

  func value(_ sql: String) throws -> String? {
    try client().value(sql)
  }

  /// Runs `kreissync site …` on this site.
  func site(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    try Child.run(
      [Binary.path, "site"] + arguments + ["--data", directory, "--json"],
      environment: environment)
  }

  func startSync(environment: [String: String] = [:]) throws -> Child {
    try Child(
      [Binary.path, "site", "sync", "--data", directory, "--json"], environment: environment)
  }

  /// One session that must end with the given code; its sums must add up.
  @discardableResult
  func sync(
    exit: Int32 = 0, environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> JSON {
    let outcome = try site("sync", environment: environment)
    #expect(outcome.exit == exit, "\(outcome)", sourceLocation: sourceLocation)
    let report = try outcome.json
    expectSums(report, sourceLocation: sourceLocation)
    return report
  }

  func notices() throws -> [JSON] {
    try site("notices").json.items
  }
}

/// captured = coalesced + withheld + parked + every verdict, always.
func expectSums(_ report: JSON, sourceLocation: SourceLocation = #_sourceLocation) {
  let verdicts = ["applied", "merged", "overridden", "proposal", "refused", "duplicate"]
  let terms =
    ["coalesced", "withheld", "parked"].map { report[$0].integer }
    + verdicts.map { report["pushed"][$0].integer }
  guard let captured = report["captured"].integer, !terms.contains(nil) else {
    Issue.record("a term of the sums is missing: \(report)", sourceLocation: sourceLocation)
    return
  }
  #expect(
    captured == terms.reduce(0) { $0 + $1! }, "the sums differ: \(report)",
    sourceLocation: sourceLocation)
}

/// Proves agreement with a reader of the tests' own: every cell that a site may hold is the hub's.
enum Agreement {
  static let tables = [
    "site", "case_file", "person", "consent", "consultation", "plan", "plan_goal", "site_area",
    "worker", "programme_period", "grant_allocation", "position", "person_need", "residence",
    "legal_status", "qualification", "responsibility", "referral",
  ]
  /// Of rows without a case a site holds those of its own, and of others' what mentions show: tests
  /// of their own tell them.
  private static let named: Set = ["worker", "grant_allocation", "position"]
  private static let localColumns = ["consent": ["document_ref"], "worker": ["qualification"]]

  /// Syncs every site until nothing moves, then compares all with the hub, and verifies its log.
  static func expect(
    _ county: TestCounty, _ sites: [TestSite], key: String = TestCounty.key,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for _ in 0..<2 {
      for site in sites { try site.sync(sourceLocation: sourceLocation) }
    }
    for site in sites {
      let status = try site.site("status").json
      // Green, but for what waits for a person at the hub.
      let isAwaited = status["proposals"] != 0
      #expect(
        status["state"] == (isAwaited ? "yellow" : "green")
          && status["reasons"].items.filter { $0 != "restored" }
            == (isAwaited ? ["proposals_open"] : []),
        "\(status)", sourceLocation: sourceLocation)
      try expectSameRows(county, site, key: key, sourceLocation: sourceLocation)
    }
    try expectSoundLog(county, key: key, sourceLocation: sourceLocation)
  }

  static func expectSoundLog(
    _ county: TestCounty, key: String = TestCounty.key,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let verified = try county.hub("log", "verify", county: key)
    #expect(verified.exit == 0, "\(verified)", sourceLocation: sourceLocation)
    #expect(try verified.json["ok"] == true, sourceLocation: sourceLocation)
  }

  static func expectSameRows(
    _ county: TestCounty, _ site: TestSite, key: String = TestCounty.key,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let hub = try county.database(of: key)
    let replica = try site.client()
    let held = Dictionary(
      uniqueKeysWithValues: try replica.rows("SELECT case_id, tiers FROM kreissync_case").map {
        ($0[0]!, Set($0[1]!.split(separator: ",").map(String.init)))
      })
    for table in tables where !named.contains(table) {
      let columns = try replica.column("SELECT name FROM pragma_table_info('\(table)')")
        .filter { !(localColumns[table] ?? []).contains($0) }
      let scope =
        columns.contains("case_id") ? "case_id" : table == "case_file" ? "id" : "'everywhere'"
      let cells = columns.map { "quote(\"\($0)\")" }
      let sql = "SELECT \(scope), \(cells.joined(separator: ", ")) FROM \(table) ORDER BY id"
      let gates = columns.map { Gated.tier(of: $0, in: table) }
      /// What both may hold of a row; nil for nothing.
      func shared(_ row: [String?]) -> [String?]? {
        guard row[0] != "everywhere" else { return row }
        guard let tiers = held[row[0]!] else { return nil }
        guard Gated.rowTier(of: table).map(tiers.contains) ?? true else { return nil }
        return [row[0]]
          + zip(row.dropFirst(), gates).map { cell, tier in
            tier.map(tiers.contains) ?? true ? cell : nil
          }
      }
      let ours = try replica.rows(sql).compactMap(shared)
      let theirs = try hub.rows(sql).compactMap(shared)
      let lacking = Set(theirs).subtracting(ours).count
      let foreign = Set(ours).subtracting(theirs).count
      // NB: not the rows themselves, which may be megabytes.
      #expect(
        lacking == 0 && foreign == 0 && ours.count == theirs.count,
        "table \(table): \(lacking) of the hub are not here, \(foreign) here are not the hub's",
        sourceLocation: sourceLocation)
    }
  }
}

/// The tiers of columns behind gates, told from the model of the domain and not from the schema.
private enum Gated {
  /// Tables of which even the rows are behind a gate.
  private static let tables = [
    "person": "personal", "person_need": "special", "legal_status": "personal",
    "qualification": "personal", "plan_goal": "personal", "referral": "personal",
  ]
  private static let columns = [
    "case_file.priority_reason": "special", "consultation.note": "notes",
    "plan.agreed_by_client": "personal", "residence.street": "personal",
    "residence.valid_from": "personal", "residence.valid_to": "personal",
    "residence.allotted_by": "personal", "residence.residence_obligation_until": "personal",
    "consent.text_version": "personal", "consent.language": "personal",
    "consent.interpreter": "personal", "consent.form": "personal",
  ]

  static func rowTier(of table: String) -> String? { tables[table] }

  static func tier(of column: String, in table: String) -> String? {
    columns["\(table).\(column)"]
  }
}
