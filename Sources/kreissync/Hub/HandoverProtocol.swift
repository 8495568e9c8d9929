import HubService
import HubStorage
import SyncCore

/// The printable protocol of a hand-over, in German, as it goes into the file.
struct HandoverProtocol {
  let report: HandoverReport
  let printedAt: Milliseconds

  private var handover: Handover { report.handover }
  private var terms: Handover.Terms { handover.terms }
  private var progress: Handover.Progress { handover.progress }

  var text: String {
    (heading + course + tables + receipts + leftOut + review).joined(separator: "\n")
  }

  private var heading: [String] {
    [
      "Übergabeprotokoll",
      "",
      "  Vorgang              \(handover.id)",
      "  Stand                \(handover.state.label)",
      "  Art                  \(terms.kind.label)",
      "  Abgebende Stelle     \(handover.givers.map(name).joined(separator: ", "))",
      "  Übernehmende Stelle  \(name(of: handover.to))",
      "  Wirksam ab           \(german(terms.effectiveOn)), 00:00 Uhr",
      "  Beschluss            \(terms.decision ?? "–")",
      "  Rechtsgrundlage      \(terms.legalGround ?? "Einwilligung der Betroffenen")",
      "  Fälle                \(handover.caseCount)\(moved)",
      "  Gedruckt             \(time(printedAt))",
      "",
    ]
  }

  private var moved: String {
    guard progress.tookEffectAt != nil else { return "" }
    let count = report.cases.count(where: \.isMoved)
    let pseudonymous = report.pseudonymousCount
    return ", übergegangen \(count)"
      + (pseudonymous > 0 ? ", davon ohne Personendaten \(pseudonymous)" : "")
  }

  private var course: [String] {
    let answer = progress.answer.map { " (\($0))" } ?? ""
    let answered = progress.answeredBy.map { " durch \(name(of: $0))" } ?? ""
    let word =
      switch handover.state {
      case .declined: "Abgelehnt"
      case .withdrawn: "Zurückgezogen"
      case .proposed, .accepted, .effective, .closed:
        terms.kind == .byOrder ? "Angeordnet" : "Angenommen"
      }
    return [
      "Verlauf",
      "  Vorgeschlagen        \(time(handover.proposedAt))",
      "  \(padded(word)) \(time(progress.answeredAt))\(answered)\(answer)",
      "  Wirksam geworden     \(time(progress.tookEffectAt))"
        + (progress.effectSeq.map { ", Protokollnummer \($0)" } ?? ""),
      "  Bestand bestätigt    \(time(progress.confirmedAt))",
      "  Abgeschlossen        \(time(progress.closedAt))",
      "",
    ]
  }

  private var tables: [String] {
    guard !report.tables.isEmpty else { return [] }
    return [
      "Bestand am \(time(printedAt))",
      TextTable(
        header: ["Tabelle", "Zeilen", "Prüfsumme"],
        rows: report.tables.map { [$0.label, String($0.rowCount), $0.digest.text] }
      ).text,
      "",
    ]
  }

  private var receipts: [String] {
    guard !report.receipts.isEmpty else { return [] }
    return [
      "Löschquittungen der abgebenden Stellen",
      TextTable(
        header: ["Stelle", "Fälle", "gelöscht", "vollständig am"],
        rows: report.receipts.map {
          [
            name(of: $0.site), String($0.caseCount), String($0.purgedCount), time($0.at),
          ]
        }
      ).text,
      "",
    ]
  }

  private var leftOut: [String] {
    let entries = report.cases.compactMap { entry in entry.reason.map { (entry, $0) } }
    guard !entries.isEmpty else { return [] }
    return [
      "Nicht übergegangen",
      TextTable(
        header: ["Fall", "Stelle", "Grund", "Beschluss"],
        rows: entries.map { entry, reason in
          [
            entry.caseID.string, name(of: entry.from), reason.label, entry.answer ?? "–",
          ]
        }
      ).text,
      "",
    ]
  }

  private var review: [String] {
    guard report.lateCellCount > 0 else { return [] }
    let isShort = report.lateCellCount > report.lateCells.count
    return [
      "Zur Durchsicht: nach dem Stichtag von der abgebenden Stelle geändert "
        + "(\(report.lateCellCount) Angaben\(isShort ? ", die ersten" : ""))",
      TextTable(
        header: ["Fall", "Tabelle", "Zeile", "Spalte", "geändert am"],
        rows: report.lateCells.map {
          [$0.caseID.string, $0.table, $0.row.string, $0.column, time($0.editedAt)]
        }
      ).text,
      "",
    ]
  }

  // MARK: Words

  private func name(of site: SiteID) -> String {
    site == .hub ? "Landkreis" : report.sites[site]?.name ?? site.string
  }

  private func time(_ time: Milliseconds?) -> String {
    time.map(rfc3339) ?? "–"
  }

  /// `TT.MM.JJJJ`.
  private func german(_ day: String) -> String {
    day.split(separator: "-").reversed().joined(separator: ".")
  }

  private func padded(_ word: String) -> String {
    word + String(repeating: " ", count: max(0, 20 - word.count))
  }
}

extension Handover.State {
  fileprivate var label: String {
    switch self {
    case .proposed: "vorgeschlagen"
    case .accepted: "angenommen"
    case .declined: "abgelehnt"
    case .withdrawn: "zurückgezogen"
    case .effective: "wirksam"
    case .closed: "abgeschlossen"
    }
  }
}

extension Handover.Kind {
  fileprivate var label: String {
    switch self {
    case .handover: "Übergabe"
    case .delegation: "Delegation"
    case .move: "Umzug"
    case .byOrder: "Anordnung des Landkreises"
    }
  }
}

extension HandoverCase.Reason {
  fileprivate var label: String {
    switch self {
    case .declined: "von der abgebenden Stelle abgelehnt"
    case .epochMoved: "Zuständigkeit inzwischen anders entschieden"
    case .leadChanged: "abgebende Stelle ist nicht zuständig"
    case .unknownCase: "Fall nicht mehr vorhanden"
    case .receiverGone: "übernehmende Stelle ist ausgeschieden"
    case .rowsDisagree: "spätere Zuständigkeit von Hand eingetragen"
    }
  }
}
