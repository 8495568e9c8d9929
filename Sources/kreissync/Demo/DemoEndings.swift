import Caseload
import SyncCore

extension DemoProof {
  /// What became of the contested cells, and what the ledger keeps.
  /// - Throws: what differs from the record.
  func tellEndings() throws {
    let county = CountyPlan.ludwigsburg.key
    try narrator.chapter("How the contested cells ended, and what the ledger keeps")
    let file = try PlainClient(path: hub.databasePath(of: county), isReader: true)
    for ending in record.endings {
      let cells = try file.rows(
        "SELECT \"\(ending.column)\" FROM \"\(ending.row.table)\" WHERE id = '\(ending.row.id)'")
      let found = cells.first?.first ?? .null
      let label = schema.label(of: ending.column, in: ending.row.table)
      guard found == .text(ending.value) else {
        throw demoDiffers(
          "\(label) should have ended as “\(ending.value)”, the hub has \(found.display)")
      }
      try narrator.line("  \(label): “\(ending.value)”")
      try narrator.line("    \(ending.reason)")
    }
    try narrator.line()
    let losses = try hub.conflicts(of: county)
    for entry in losses {
      guard let lost = entry.lost else { continue }
      try tell(
        entry, "\(lost.value.display) by \(name(of: lost.site)) is kept in the ledger.")
    }
    let proposals = try hub.proposals(of: county)
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
      throw demoDiffers(
        "\(name) has \(found.map(\.column).sorted()), expected \(expected.map(\.column).sorted())")
    }
  }

  private func name(of site: String) -> String {
    sites.first { $0.id == site }?.name ?? "the hub"
  }
}
