/// What a county asks its sites to count for a report: the figures leave a site, the people do not.
package struct CountTask: Hashable, Sendable {
  /// The report's name.
  package let report: String
  /// The first day of its period, and the last, which is the cut-off date; `YYYY-MM-DD`.
  package let from: String
  package let to: String

  package init(report: String, from: String, to: String) {
    self.report = report
    self.from = from
    self.to = to
  }

  /// As it is kept: its three words.
  package var text: String { "\(report) \(from) \(to)" }

  /// nil for what is no such text.
  package init?(text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 3, !words.contains("") else { return nil }
    self.init(report: words[0], from: words[1], to: words[2])
  }
}

/// One figure of a report.
package struct CountCell: Hashable, Sendable {
  /// The table of the report that it stands in.
  package let section: String
  /// Its row there.
  package let key: String
  package let count: Int

  package init(section: String, key: String, count: Int) {
    self.section = section
    self.key = key
    self.count = count
  }

  /// More than a report of all nationalities, statuses and municipalities of a county needs.
  package static let countMax = 2_000
  /// Longer than any official key: an AGS has 8, "§ 25 Abs. 3 AufenthG" has 20 characters.
  package static let keyLengthMax = 40
  /// More people than live in any county, times their consultations of a century.
  package static let valueMax = 1_000_000_000

  /// Whether a text can name a table or a row: short, and only letters, digits and the marks of
  /// paragraphs. What people typed freely is no key and does not travel.
  package static func isKey(_ text: String) -> Bool {
    let marks = " §.,()/_-".unicodeScalars
    return (1...keyLengthMax).contains(text.unicodeScalars.count)
      && text.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || ("0"..."9").contains($0) || marks.contains($0)
      }
  }

  /// Whether a hub keeps it.
  package var isPlausible: Bool {
    Self.isKey(section) && Self.isKey(key) && (0...Self.valueMax).contains(count)
  }

  /// Cells as they are kept: a line each, its parts separated by tabs, which no key has.
  package static func text(of cells: [CountCell]) -> String {
    cells.map { "\($0.section)\t\($0.key)\t\($0.count)" }.joined(separator: "\n")
  }

  /// nil for what ``text(of:)`` does not write.
  package static func cells(of text: String) -> [CountCell]? {
    var cells: [CountCell] = []
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3, let count = Int(parts[2]) else { return nil }
      cells.append(CountCell(section: parts[0], key: parts[1], count: count))
    }
    return cells
  }
}
