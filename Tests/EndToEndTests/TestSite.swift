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
    let held = Set(try replica.column("SELECT case_id FROM kreissync_case"))
    for table in tables where !named.contains(table) {
      let columns = try replica.column("SELECT name FROM pragma_table_info('\(table)')")
      let scope =
        columns.contains("case_id") ? "case_id" : table == "case_file" ? "id" : "'everywhere'"
      let cells = columns.filter { !(localColumns[table] ?? []).contains($0) }
        .map { "quote(\"\($0)\")" }
      let sql =
        "SELECT \(scope), \(cells.joined(separator: " || ', ' || ")) FROM \(table) ORDER BY id"
      let ours = try replica.rows(sql)
      let theirs = try hub.rows(sql).filter { $0[0] == "everywhere" || held.contains($0[0]!) }
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
