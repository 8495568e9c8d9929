import Caseload
import SyncCore

/// A report with everything that a printed figure needs: what it counts, as of when, and from whom.
struct PrintedReport {
  let sheet: ReportSheet
  let task: CountTask
  let madeAt: Milliseconds
  /// The sites whose figures are in it, and when they counted; none where one site printed its own.
  let sources: [(name: String, at: Milliseconds)]
  /// Sites whose figures are missing.
  let missing: [String]

  private static func figure(_ count: Int?) -> String { count.map(String.init) ?? "." }

  var text: String {
    var parts = ["\(sheet.report.title)\nZeitraum \(task.from) bis \(task.to), Stichtag \(task.to)"]
    for section in sheet.sections {
      var rows = section.lines.map { [$0.label, Self.figure($0.count)] }
      if section.isAdditive && section.lines.count > 1 {
        rows.append(["zusammen", Self.figure(section.total)])
      }
      let table =
        rows.isEmpty ? "keine" : TextTable(header: [section.label, "Anzahl"], rows: rows).text
      parts.append("\(table)\n\(section.definition)")
    }
    parts.append(
      """
      „.“: zum Schutz Einzelner nicht ausgewiesen (unter \(Suppression.countMin), bei besonderen \
      Kategorien unter \(Suppression.specialCountMin), und was durch Abziehen folgte)
      """)
    if !sources.isEmpty {
      parts.append(
        "Gezählt von\n"
          + sources.map { "  \($0.name), Stand \(rfc3339($0.at))" }.joined(separator: "\n"))
    }
    if !missing.isEmpty {
      parts.append(
        "Es fehlen noch die Zahlen von\n" + missing.map { "  \($0)" }.joined(separator: "\n"))
    }
    return parts.joined(separator: "\n\n")
  }

  /// Semicolons and a decimal-free form, as spreadsheets here read it.
  var csv: String {
    var lines = ["Tabelle;Zeile;Anzahl;Zeitraum von;Stichtag"]
    for section in sheet.sections {
      for line in section.lines {
        lines.append(
          [section.label, line.label, Self.figure(line.count), task.from, task.to]
            .joined(separator: ";"))
      }
    }
    return lines.joined(separator: "\n")
  }

  var json: JSONValue {
    [
      "report": .text(sheet.report.rawValue), "from": .text(task.from), "to": .text(task.to),
      "made_at": JSONValue(time: madeAt),
      "sections": .list(
        sheet.sections.map { section in
          [
            "section": .text(section.code), "label": .text(section.label),
            "definition": .text(section.definition),
            "total": JSONValue(section.total.map { Int64($0) }),
            "lines": .list(
              section.lines.map {
                [
                  "key": .text($0.code), "label": .text($0.label),
                  "count": JSONValue($0.count.map { Int64($0) }),
                ]
              }),
          ]
        }),
      "counted_by": .list(
        sources.map { ["site": .text($0.name), "at": JSONValue(time: $0.at)] }),
      "missing": .list(missing.map { .text($0) }),
    ]
  }
}
