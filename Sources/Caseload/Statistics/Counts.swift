package import SyncCore

/// The figures of one report, as one site counted them or as the sum of several.
package struct Counts: Sendable, Equatable {
  /// A place in a table of a report.
  package struct Place: Hashable, Sendable, Comparable {
    /// The section's code.
    package let section: String
    package let key: String

    package init(section: String, key: String) {
      self.section = section
      self.key = key
    }

    package static func < (left: Place, right: Place) -> Bool {
      (left.section, left.key) < (right.section, right.key)
    }
  }

  package private(set) var cells: [Place: Int]

  package init(_ cells: [Place: Int] = [:]) { self.cells = cells }

  /// Adds to a place; what is not a key counts as another value, and what is not positive as
  /// nothing.
  package mutating func add(_ count: Int, to place: Place) {
    guard count > 0 else { return }
    let key = CountCell.isKey(place.key) ? place.key : CountedSection.other.code
    cells[Place(section: place.section, key: key), default: 0] += count
  }

  /// - Parameter cells: of the wire or the hub's keeping.
  package init(_ cells: [CountCell]) {
    self.init()
    for cell in cells { add(cell.count, to: Place(section: cell.section, key: cell.key)) }
  }

  /// For the wire: in a stable order, and as many as travel.
  package var wire: [CountCell] {
    sorted.prefix(CountCell.countMax).map {
      CountCell(section: $0.place.section, key: $0.place.key, count: $0.count)
    }
  }

  package static func + (left: Counts, right: Counts) -> Counts {
    Counts(left.cells.merging(right.cells, uniquingKeysWith: +))
  }

  /// In a stable order.
  package var sorted: [(place: Place, count: Int)] {
    cells.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

/// A report as it may be printed: small figures hidden.
package struct ReportSheet: Sendable, Equatable {
  /// A row of a table.
  package struct Line: Sendable, Equatable {
    package let code: String
    package let label: String
    /// nil stands for `.`.
    package let count: Int?
  }

  /// A table, with what it counts.
  package struct Section: Sendable, Equatable {
    package let code: String
    package let label: String
    package let definition: String
    package let lines: [Line]
    /// nil where none is printed, because the lines overlap or it is too small itself.
    package let total: Int?
    /// Whether the lines have a sum at all.
    package let isAdditive: Bool
  }

  package let report: CountedReport
  package let sections: [Section]

  package init(_ report: CountedReport, _ counts: Counts) {
    self.report = report
    sections = report.sections.map { section in
      let declared = section.keys.map(\.code)
      let found = counts.sorted.filter {
        $0.place.section == section.code && !declared.contains($0.place.key)
      }
      let others = found.sorted { ($1.count, $0.place) < ($0.count, $1.place) }.map(\.place.key)
      let keys = declared + others
      let printable = Suppression.printable(
        keys.map { counts.cells[Counts.Place(section: section.code, key: $0)] ?? 0 },
        countMin: section.countMin, isAdditive: section.isAdditive)
      return Section(
        code: section.code, label: section.label, definition: section.definition,
        lines: zip(keys, printable.counts).map {
          Line(code: $0, label: section.label(of: $0), count: $1)
        },
        total: printable.total, isAdditive: section.isAdditive)
    }
  }
}
