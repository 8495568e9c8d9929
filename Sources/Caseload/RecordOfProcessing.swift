package import SyncCore

/// The record of processing activities (Art. 30 GDPR) as far as the schema tells it, in German: it
/// cannot be out of date, for the same schema decides what is stored, sent and erased.
///
/// What only the county knows (its address, its data-protection officer) is left to be filled in.
package struct RecordOfProcessing: Sendable {
  private let schema: Schema

  package init(of schema: Schema) {
    self.schema = schema
  }

  package var text: String {
    ([
      "Verzeichnis von Verarbeitungstätigkeiten (Art. 30 Abs. 1 DSGVO)",
      "Integrationsmanagement, Schema Version \(schema.version)",
      "",
      "1. Verantwortliche",
      "   Jede Stelle für ihre Fälle; der Landkreis für die Zusammenführung.",
      "   Name, Anschrift, Datenschutzbeauftragte: ______________________________",
      "",
      "2. Zwecke",
      "   Beratung und Begleitung nach Nummer 4.1.4 VwV Integrationsmanagement, Weitergabe der",
      "   Zuständigkeit zwischen Stellen, Nachweis der Förderung, Statistik ohne Personenbezug.",
      "",
      "3. Kategorien betroffener Personen",
      "   Geflüchtete Menschen in der Anschlussunterbringung und ihre Haushalte;",
      "   Integrationsmanagerinnen und Integrationsmanager.",
      "",
      "4. Kategorien personenbezogener Daten",
    ] + tables + recipients + retention + measures).joined(separator: "\n")
  }

  private var tables: [String] {
    var lines: [String] = []
    for table in schema.tables {
      for tier in [Tier.header, .personal, .special, .notes, .local] {
        let columns = table.columns.filter { $0.tier == tier }.map(\.label)
        guard !columns.isEmpty else { continue }
        lines.append("   \(table.label), \(tier.german): \(columns.joined(separator: ", "))")
      }
    }
    return lines + [""]
  }

  private var recipients: [String] {
    [
      "5. Kategorien von Empfängern",
      "   Pseudonyme Angaben: der Landkreis; Stellen, die einen Fall halten; Leserecht im Gebiet",
      "   des Wohnsitzes.",
      "   Personendaten: zuständige und mitwirkende Stellen und der Landkreis, solange eine",
      "   Einwilligung in die Beratung oder eine Rechtsgrundlage besteht.",
      "   Besondere Kategorien (Art. 9 DSGVO) und Vermerke (§ 203 StGB): nur mit eigener",
      "   Einwilligung je Zweck und Empfänger.",
      "   Nur vor Ort: verlässt die Stelle nicht. Keine Übermittlung in Drittländer.",
      "",
    ]
  }

  private var retention: [String] {
    let inCases = schema.tables.compactMap { table in
      table.retentionMonths.map { "   \(table.label): \($0) Monate nach Ende des Falls" }
    }
    let others = schema.tables.filter { $0.retentionMonths == nil }.map(\.label)
    return ["6. Fristen für die Löschung"] + inCases + [
      "   Ohne Bezug zu einem Fall, solange benötigt: \(others.joined(separator: ", "))",
      "   Auf Verlangen sofort, auch in Sicherungen (`kreissync hub erase`).",
      "",
    ]
  }

  private var measures: [String] {
    [
      "7. Technische und organisatorische Maßnahmen (Art. 32 DSGVO)",
      "   Gegenseitig beglaubigtes TLS 1.3; ein Zertifikat je Stelle, täglich sperrbar.",
      "   Zweckbindung je Spalte, zweimal geprüft: an der Stelle und beim Landkreis.",
      "   Löschung mit Quittung jeder Stelle; Löschliste, die Sicherungen überdauert.",
      "   Entscheidungen und Einsichten in einem verketteten Protokoll; Löschung zu zweit.",
      "   Verlauf als Hashbaum, dessen Fälschung jede Stelle bemerkt.",
      "   Tägliche geprüfte Sicherung; Verschlüsselung der Datenträger ist Sache des Betriebs.",
    ]
  }
}

extension Tier {
  fileprivate var german: String {
    switch self {
    case .local: "nur vor Ort"
    case .header: "pseudonym"
    case .personal: "personenbezogen"
    case .special: "besondere Kategorie (Art. 9 DSGVO)"
    case .notes: "Vermerk (§ 203 StGB)"
    }
  }
}
