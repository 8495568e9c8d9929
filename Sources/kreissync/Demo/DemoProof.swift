import Caseload
import Foundation
import SyncCore

/// The end of the story: what became of the contested cells, and the proof that all are equal.
struct DemoProof {
  let narrator: Narrator
  let hub: DemoHub
  let schema: Schema
  let record: DemoRecord
  let sites: [DemoSite]

  private static let shownDifferenceCountMax = 10

  /// - Parameter person: a row that the demo changes in a copy, to see whether it is found.
  /// - Throws: what differs from the record.
  func show(changing person: SyntheticRow) throws {
    try narrator.chapter("The proof, of every replica of every county")
    var states: [String: DemoAnswer.CountyStatus] = [:]
    var logs: [String: DemoAnswer.Log] = [:]
    for county in CountyPlan.all {
      try narrator.progress("verifying the log of \(county.name)")
      states[county.key] = try hub.status(of: county.key)
      logs[county.key] = try hub.verifyLog(of: county.key)
    }
    let exit = hub.close()
    guard exit == 0 else { throw demoDiffers("the hub ended with \(exit) when told to end") }
    try narrator.paragraph(
      """
      The hub has ended; from here on only files are read: by a second reader that knows plain
      SQL and neither digests nor encodings, cell by cell, both ways, all \(schema.tables.count) \
      tables.
      """)
    try narrator.line()
    var rows: [[String]] = []
    for county in CountyPlan.all {
      guard let state = states[county.key], let log = logs[county.key] else { continue }
      rows.append(try compare(county, state, log))
    }
    let table = TextTable(
      header: [
        "county", "rows", "log, verified", "replicas", "rows compared", "cells", "differences",
      ], rows: rows)
    try narrator.paragraph(table.text)
    try narrator.line()
    try checkCounts()
    try checkThatReaderCanFail(changing: person)
  }

  // MARK: Comparison

  /// - Returns: the county's line in the table.
  private func compare(
    _ county: CountyPlan, _ state: DemoAnswer.CountyStatus, _ log: DemoAnswer.Log
  ) throws -> [String] {
    let sites = sites.filter { $0.county == county.key }
    let reader = try SecondReader(hubPath: hub.databasePath(of: county.key), schema: schema)
    guard try reader.cases() == record.cases(openedBy: sites) else {
      throw demoDiffers(
        "\(county.name): the hub's cases are not those that the demo's programs opened")
    }
    let leaks = try reader.leakedLocalCells()
    guard leaks.isEmpty else { throw demoDiffers(leaks.joined(separator: "; ")) }
    var sum = Comparison()
    for (place, site) in sites.enumerated() {
      let comparison = try reader.compare(replicaPath: site.replicaPath, scope: scope(of: site))
      try check(comparison, of: site)
      sum.add(comparison)
      let listed = state.sites.first { $0.site == site.id }
      guard let listed, listed.digestEqual == true, listed.cursor == state.seq else {
        throw demoDiffers(
          "\(site.name): `hub status` does not say that it is at the head and equal")
      }
      try narrator.progress("reading \(county.name)", place + 1, of: sites.count)
    }
    return [
      county.key, grouped(try reader.rowCount()),
      "\(grouped(log.entries)) entries, \(log.treeHead.prefix(8))…", "\(sites.count) equal",
      grouped(sum.rowCount), grouped(sum.cellCount),
      String(sum.differences.count),
    ]
  }

  private func scope(of site: DemoSite) -> SecondReader.Scope {
    SecondReader.Scope(
      site: site.id, cases: record.cases(heldBy: site, among: sites),
      glanced: site.isCounty
        ? []
        : record.cases(heldBy: site, among: sites).subtracting(record.cases(openedBy: [site])),
      unnamed: record.unnamed[site.id] ?? [])
  }

  private func check(_ comparison: Comparison, of site: DemoSite) throws {
    guard !comparison.differences.isEmpty else { return }
    let shown = comparison.differences.prefix(Self.shownDifferenceCountMax)
    throw demoDiffers(
      "\(site.name) differs from the hub in \(comparison.differences.count) places:\n  "
        + shown.joined(separator: "\n  "))
  }

  /// Equal files could still have lost the same row: as many as were written must be there, each in
  /// its own county.
  private func checkCounts() throws {
    var total = 0
    for county in CountyPlan.all {
      let file = try PlainClient(path: hub.databasePath(of: county.key), isReader: true)
      for (table, count) in (record.rowCounts[county.key] ?? [:]).sorted(by: { $0.key < $1.key }) {
        let found = try file.rows("SELECT count(*) FROM \"\(table)\"")[0][0]
        guard found == .integer(Int64(count)) else {
          throw demoDiffers(
            "\(county.name), \(table): \(count) rows were written, the hub has \(found.display)")
        }
        total += count
      }
    }
    try narrator.paragraph(
      """
      All \(grouped(total)) rows that were written, and not deleted or refused, are there, each in
      its own county's file.
      """)
  }

  /// A reader that finds nothing may be blind.
  private func checkThatReaderCanFail(changing person: SyntheticRow) throws {
    guard let site = sites.first(where: { $0.plan.folder == "hemmingen" }) else { return }
    let copy = "\(hub.directory)/one-cell-changed.sqlite"
    try PlainClient(path: site.replicaPath).run("VACUUM INTO \(quoted(copy))")
    do {
      let forger = try PlainClient(path: copy)
      try forger.run("UPDATE person SET phone = phone || '0' WHERE id = '\(person.id)'")
    }
    let reader = try SecondReader(hubPath: hub.databasePath(of: site.county), schema: schema)
    let comparison = try reader.compare(replicaPath: copy, scope: scope(of: site))
    try FileManager.default.removeItem(atPath: copy)
    let expected = ["person '\(person.id)': phone differs"]
    guard comparison.differences == expected else {
      throw demoDiffers(
        "one cell of a copy was changed, and the second reader found: \(comparison.differences)")
    }
    try narrator.paragraph(
      "The same reader on a copy of \(site.name)'s replica with one cell changed: "
        + "1 difference, person.phone.")
  }
}
