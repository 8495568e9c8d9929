import Caseload
import Foundation
import SyncCore

/// The end of the story: what became of the contested cells, and the proof that all are equal.
struct DemoProof {
  let narrator: Narrator
  let county: DemoCounty
  let schema: Schema
  let record: DemoRecord
  let sites: [DemoSite]
  let contested: ContestedCase

  private static let shownDifferenceCountMax = 10

  private var databasePath: String { county.databasePath(of: DemoStory.countyKey) }

  /// - Throws: what differs from the record.
  func show() throws {
    try tellEndings()
    let status = try county.status()
    let log = try county.verifyLog()
    try narrator.chapter("8  The proof")
    let exit = county.close()
    guard exit == 0 else { throw differ("the hub ended with \(exit) when it was told to end") }
    try narrator.line(
      """
        The hub's log is sound: \(log.entries) entries, tree head \(log.treeHead.prefix(16))…
        The hub has ended; from here on only files are read: by a second reader that knows plain
        SQL and neither digests nor encodings, cell by cell, both ways.

      """)
    try compareAll(status)
    try checkCounts()
    try checkThatReaderCanFail()
  }

  private func differ(_ what: String) -> CommandFailure {
    CommandFailure(
      .failed, "demo_differs", what,
      hint: "this is a defect: repeat with --directory DIR --keep, and report it with DIR")
  }

  // MARK: Endings

  private func tellEndings() throws {
    try narrator.chapter("7  How the contested cells ended, and what the ledger keeps")
    let hub = try PlainClient(path: databasePath, isReader: true)
    for ending in record.endings {
      let cells = try hub.rows(
        "SELECT \"\(ending.column)\" FROM \"\(ending.row.table)\" WHERE id = '\(ending.row.id)'")
      let found = cells.first?.first ?? .null
      let label = schema.label(of: ending.column, in: ending.row.table)
      guard found == .text(ending.value) else {
        throw differ(
          "\(label) should have ended as “\(ending.value)”, the hub has \(found.display)")
      }
      try narrator.line("  \(label): “\(ending.value)”")
      try narrator.line("    \(ending.reason)")
    }
    try narrator.line()
    let losses = try county.conflicts()
    for entry in losses {
      guard let lost = entry.lost else { continue }
      try tell(
        entry, "\(lost.value.display) by \(name(of: lost.site)) is kept in the ledger.")
    }
    let proposals = try county.proposals()
    for entry in proposals {
      guard let proposed = entry.proposed else { continue }
      try tell(
        entry, "\(proposed.value.display) by \(name(of: proposed.site)) waits as a proposal.")
    }
    try check(losses, \.lost, record.losses, name: "the ledger")
    try check(proposals, \.proposed, record.proposals, name: "the list of proposals")
  }

  private func tell(_ entry: DemoAnswer.Contest, _ fate: String) throws {
    let label = entry.column.map { schema.label(of: $0, in: entry.table) } ?? entry.table
    let rule = entry.rule.replacing("_", with: " ")
    let winner = "\(entry.kept.value.display) by \(name(of: entry.kept.site))"
    try narrator.line("  \(label): \(winner) stays (\(rule)),")
    try narrator.line("    \(fate)")
  }

  private func check(
    _ entries: [DemoAnswer.Contest], _ side: (DemoAnswer.Contest) -> DemoAnswer.Contest.Side?,
    _ expected: [DemoRecord.Contender], name: String
  ) throws {
    let found = entries.map {
      DemoRecord.Contender(column: $0.column ?? "", site: side($0)?.site ?? "")
    }
    guard found.sorted() == expected.sorted() else {
      throw differ(
        "\(name) has \(found.map(\.column).sorted()), expected \(expected.map(\.column).sorted())")
    }
  }

  private func name(of site: String) -> String {
    sites.first { $0.id == site }?.name ?? "the hub"
  }

  // MARK: Comparison

  private func compareAll(_ status: DemoAnswer.CountyStatus) throws {
    let reader = try SecondReader(hubPath: databasePath, schema: schema)
    guard try reader.cases() == record.allCases else {
      throw differ("the hub's cases are not those that the demo's programs opened")
    }
    let leaks = try reader.leakedLocalCells()
    guard leaks.isEmpty else { throw differ(leaks.joined(separator: "; ")) }
    var rows: [[String]] = []
    var cellCount = 0
    for site in sites {
      try narrator.progress("reading \(site.name)")
      let cases = record.cases(heldBy: site)
      let comparison = try reader.compare(replicaPath: site.replicaPath, holding: cases)
      try check(comparison, of: site)
      cellCount += comparison.cellCount
      let listed = status.sites.first { $0.site == site.id }
      guard let listed, listed.digestEqual == true, listed.cursor == status.seq else {
        throw differ("\(site.name): `hub status` does not say that it is at the head and equal")
      }
      rows.append([
        site.name, site.kind, String(cases.count), String(comparison.rowCount),
        "\(listed.cursor) of \(status.seq)", "equal", "equal",
      ])
    }
    let table = TextTable(
      header: ["site", "kind", "cases", "rows", "cursor", "digest", "second reader"], rows: rows)
    try narrator.line(
      table.text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
    try narrator.line()
    try narrator.line(
      """
        \(cellCount) cells compared, type and bytes: no difference. The hub holds \
      \(record.allCases.count) cases; what the
        Kreis opened elsewhere is neither in Hemmingen nor at the carrier.
      """)
  }

  private func check(_ comparison: Comparison, of site: DemoSite) throws {
    guard !comparison.differences.isEmpty else { return }
    let shown = comparison.differences.prefix(Self.shownDifferenceCountMax)
    throw differ(
      "\(site.name) differs from the hub in \(comparison.differences.count) places:\n  "
        + shown.joined(separator: "\n  "))
  }

  /// Equal files could still have lost the same row: as many as were written must be there.
  private func checkCounts() throws {
    let hub = try PlainClient(path: databasePath, isReader: true)
    for (table, count) in record.rowCounts.sorted(by: { $0.key < $1.key }) {
      let found = try hub.rows("SELECT count(*) FROM \"\(table)\"")[0][0]
      guard found == .integer(Int64(count)) else {
        throw differ("\(table): \(count) rows were written, the hub has \(found.display)")
      }
    }
    let total = record.rowCounts.values.reduce(0, +)
    try narrator.line("  All \(total) rows that the programs wrote, and did not delete, are there.")
  }

  /// A reader that finds nothing may be blind.
  private func checkThatReaderCanFail() throws {
    let site = sites[sites.count - 1]
    let copy = "\(county.directory)/one-cell-changed.sqlite"
    try PlainClient(path: site.replicaPath).run("VACUUM INTO \(quoted(copy))")
    do {
      let forger = try PlainClient(path: copy)
      try forger.run("UPDATE person SET phone = phone || '0' WHERE id = '\(contested.person.id)'")
    }
    let comparison = try SecondReader(hubPath: databasePath, schema: schema)
      .compare(replicaPath: copy, holding: record.cases(heldBy: site))
    try FileManager.default.removeItem(atPath: copy)
    let expected = ["person '\(contested.person.id)': phone differs"]
    guard comparison.differences == expected else {
      throw differ(
        "one cell of a copy was changed, and the second reader found: \(comparison.differences)")
    }
    try narrator.line(
      "  The same reader on a copy of \(site.name)'s replica with one cell changed: "
        + "1 difference, person.phone.")
  }
}
