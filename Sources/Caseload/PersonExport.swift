package import SyncCore

/// Everything that a site holds on one person, for that person (Art. 15 and 20 GDPR).
///
/// What it says is what stands in the site's replica: what other sites hold beyond it they tell
/// themselves, and the sheet names them.
package struct PersonExport: Sendable {
  /// A row of the case as it stands, with what never leaves the site.
  package struct Row: Sendable {
    package let table: Table
    package let id: RowID
    /// One for each of the table's columns.
    package let values: [Value]

    package init(table: Table, id: RowID, values: [Value]) {
      self.table = table
      self.id = id
      self.values = values
    }
  }

  /// Somebody who got, or may get, data on the person.
  package struct Recipient: Sendable, Hashable {
    package let name: String
    /// Why, in German.
    package let reason: String
  }

  package let caseID: CaseID
  package let rows: [Row]
  package let recipients: [Recipient]

  /// - Parameters:
  ///   - rows: in the order of their tables.
  ///   - lead: who is responsible.
  ///   - county: the county's name.
  ///   - name: what a site is called.
  package init(
    of caseID: CaseID, rows: [Row], lead: SiteID, county: String, name: (SiteID) -> String
  ) {
    self.caseID = caseID
    self.rows = rows
    var found: [Recipient] = [
      Recipient(name: county, reason: "führt die Daten der Stellen zusammen"),
      Recipient(name: name(lead), reason: "für den Fall zuständig"),
    ]
    func add(_ site: Value?, _ reason: String) {
      guard let id = site?.text, !id.isEmpty else { return }
      found.append(Recipient(name: name(SiteID(id)), reason: reason))
    }
    for row in rows {
      switch row.table.name {
      case "responsibility":
        add(row.value("from_site"), "war für den Fall zuständig")
        add(row.value("to_site"), "hat den Fall übernommen oder soll ihn übernehmen")
      case "consent": add(row.value("recipient_site"), "in einer Einwilligung genannt")
      case "referral": add(row.value("service_site_id"), "an diese Stelle wurde weitergeleitet")
      default: break
      }
    }
    var seen: Set<Recipient> = []
    recipients = found.filter { seen.insert($0).inserted }
  }

  /// The sheet in German.
  ///
  /// - Parameter printedOn: the day, as people write it.
  package func text(printedOn: String) -> String {
    var lines = [
      "Auskunft über gespeicherte personenbezogene Daten",
      "(Art. 15 DSGVO; in maschinenlesbarer Form nach Art. 20 DSGVO mit --json)",
      "",
      "  Fall      \(caseID)",
      "  Stand     \(printedOn)",
    ]
    if let since = restrictedSince {
      lines.append(
        "  Verarbeitung eingeschränkt (Art. 18 DSGVO) seit \(since): andere als die zuständige "
          + "Stelle sehen nur den Kopf des Falls.")
    }
    lines.append("")
    for (table, rows) in grouped {
      let months = table.retentionMonths.map { ", gelöscht \($0) Monate nach Ende des Falls" } ?? ""
      lines.append("\(table.label) (\(rows.count)\(months))")
      for row in rows {
        for (column, value) in zip(table.columns, row.values) where !value.isNull {
          lines.append("  \(column.label): \(Self.german(value, column))")
        }
        lines.append("")
      }
    }
    lines.append("Empfänger")
    lines += recipients.map { "  \($0.name): \($0.reason)" }
    lines += [
      "",
      "Herkunft: Angaben der betroffenen Person und der Stellen, die beraten.",
      "Rechte: Berichtigung, Löschung, Einschränkung und Widerspruch (Art. 16 bis 18, 21 DSGVO),",
      "Widerruf einer Einwilligung jederzeit, Beschwerde bei der Aufsichtsbehörde (Art. 77 DSGVO).",
    ]
    return lines.joined(separator: "\n")
  }

  /// The day as people write it; nil where nothing is restricted.
  private var restrictedSince: String? {
    for row in rows {
      guard let column = row.table.restrictingColumn, let value = row.value(column.name),
        !value.isNull
      else { continue }
      return Self.german(value, column)
    }
    return nil
  }

  private var grouped: [(Table, [Row])] {
    var groups: [(Table, [Row])] = []
    for row in rows {
      if groups.last?.0.number == row.table.number {
        groups[groups.count - 1].1.append(row)
      } else {
        groups.append((row.table, [row]))
      }
    }
    return groups
  }

  private static func german(_ value: Value, _ column: Column) -> String {
    switch value {
    case .null: return "–"
    case .integer(let number):
      guard column.type == .boolean else { return String(number) }
      return number == 0 ? "nein" : "ja"
    case .text(let text):
      guard column.type == .date, let day = CalendarDay(parsing: text.string) else {
        return text.string
      }
      return day.germanText
    }
  }
}

extension PersonExport.Row {
  /// What stands in a column; nil in a table without it.
  func value(_ name: String) -> Value? {
    table.column(named: name).flatMap { table.position(ofColumn: $0.number) }.map { values[$0] }
  }
}
