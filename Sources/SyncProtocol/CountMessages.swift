package import SyncCore

/// What a site is asked to count.
package struct WireCountTask: Codable, Sendable, Equatable {
  package var report: String
  package var from: String
  package var to: String

  package init(_ task: CountTask) {
    report = task.report
    from = task.from
    to = task.to
  }

  package var task: CountTask { CountTask(report: report, from: from, to: to) }
}

/// One figure that a site counted.
package struct WireCount: Codable, Sendable, Equatable {
  package var section: String
  package var key: String
  package var count: Int

  package init(_ cell: CountCell) {
    section = cell.section
    key = cell.key
    count = cell.count
  }

  package var cell: CountCell { CountCell(section: section, key: key, count: count) }
}
