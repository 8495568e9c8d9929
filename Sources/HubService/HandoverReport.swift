package import HubStorage
package import SyncCore

/// All that the county can show of a hand-over, for its file.
package struct HandoverReport: Sendable {
  /// The rows of one table in the cases, as the hub holds them when it is asked.
  package struct TableSum: Sendable, Equatable {
    package let table: String
    package let label: String
    package let rowCount: Int
    package let digest: Digest128
  }

  /// A cell that the giving site wrote between the effective date and the effect: a decision that
  /// lies behind re-runs no merge, a person looks at these.
  package struct LateCell: Sendable, Equatable {
    package let caseID: CaseID
    package let table: String
    package let row: RowID
    package let column: String
    package let site: SiteID
    package let editedAt: Milliseconds
  }

  package let handover: Handover
  package let cases: [HandoverCase]
  /// In the order of the schema; those without a row are left out.
  package let tables: [TableSum]
  /// The first ``lateCellCountMax``.
  package let lateCells: [LateCell]
  package let lateCellCount: Int
  /// The sites that it names and that the county knows.
  package let sites: [SiteID: SiteRecord]

  /// More than a person reviews; beyond that only the number is told.
  package static let lateCellCountMax = 1_000
}

extension CountyAdministration {
  /// - Throws: ``HandoverUnknown``.
  package func report(on id: HandoverID) throws -> HandoverReport {
    try store.read { reader in
      guard let handover = try reader.handover(id) else { throw HandoverUnknown(id: id) }
      let cases = try reader.cases(of: id)
      var survey = HandoverSurvey(
        handover: handover, schema: reader.schema, key: try reader.county.digester)
      for entry in cases where entry.isMoved || handover.isOpen {
        try survey.look(at: entry, in: reader)
      }
      var sites: [SiteID: SiteRecord] = [:]
      for site in handover.givers + [handover.to] { sites[site] = try reader.site(site) }
      return HandoverReport(
        handover: handover, cases: cases, tables: survey.sums, lateCells: survey.lateCells,
        lateCellCount: survey.lateCellCount, sites: sites)
    }
  }

  /// All hand-overs, in the order in which they were proposed.
  package func handovers() throws -> [Handover] {
    try store.read { try $0.handovers(in: Handover.State.allCases) }
  }
}

extension Handover {
  /// Whether it has not been decided what becomes of its cases.
  fileprivate var isOpen: Bool { state == .proposed || state == .accepted }
}

/// Goes through the rows of a hand-over's cases.
private struct HandoverSurvey {
  private let handover: Handover
  private let schema: Schema
  private var digester: RowDigester
  private var counts: [Int: (rows: Int, digest: Digest128)] = [:]
  private(set) var lateCells: [HandoverReport.LateCell] = []
  private(set) var lateCellCount = 0

  /// Rows that are in memory at once.
  private static let pageRowCount = 500

  init(handover: Handover, schema: Schema, key: SipHash128Key) {
    self.handover = handover
    self.schema = schema
    digester = RowDigester(key: key)
  }

  var sums: [HandoverReport.TableSum] {
    schema.tables.compactMap { table in
      counts[table.number].map {
        HandoverReport.TableSum(
          table: table.name, label: table.label, rowCount: $0.rows, digest: $0.digest)
      }
    }
  }

  mutating func look(at entry: HandoverCase, in reader: some HubReader) throws {
    var last: RowKey?
    while true {
      let page = try reader.rows(of: entry.caseID, after: last, limit: Self.pageRowCount)
      for row in page where row.isAlive {
        guard let table = schema.table(number: row.key.table) else { continue }
        let digest = digester.digest(
          of: row.key, caseID: row.caseID, row: row.values, in: table)
        let before = counts[table.number] ?? (0, .zero)
        counts[table.number] = (before.rows + 1, before.digest + digest)
        if entry.isMoved { noteLateCells(of: row, in: table, from: entry.from) }
      }
      guard page.count == Self.pageRowCount, let end = page.last else { return }
      last = end.key
    }
  }

  private mutating func noteLateCells(of row: StoredRow, in table: Table, from giver: SiteID) {
    guard let effectSeq = handover.progress.effectSeq else { return }
    // An empty cell as old as the row was never filled in; one that was emptied is younger.
    let oldest = row.versions.map(\.seq).min() ?? 0
    for ((column, value), version) in zip(zip(table.columns, row.values), row.versions)
    where version.site == giver && version.seq <= effectSeq
      && version.editedAt >= handover.terms.effectiveAt
      && !(value.isNull && version.seq == oldest)
    {
      lateCellCount += 1
      guard lateCells.count < HandoverReport.lateCellCountMax else { continue }
      lateCells.append(
        HandoverReport.LateCell(
          caseID: row.caseID, table: table.name, row: row.key.id, column: column.name,
          site: giver, editedAt: version.editedAt))
    }
  }
}
