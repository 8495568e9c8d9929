package import SyncCore

/// Why a value stands and another does not, in German, for those who work on cases: one sentence
/// for each rule by which a value comes into the ledger.
///
/// It names sites, fields and times, and no value: those stand beside it, where they may be shown.
package struct LedgerExplanation: Sendable {
  /// The rules by which a value comes into the ledger.
  package static let rules: [Rule] = [
    .leadWins, .countyWins, .laterEditWins, .moreRestrictiveWins, .greaterWins, .smallerWins,
    .firstValueStays, .laterStateWins, .laterInHistory, .rowDeleted, .deletedByLead,
    .proposalAccepted, .proposalRejected, .restored,
  ]

  private let entry: LedgerEntry
  private let table: String
  private let field: String
  private let keeper: String
  private let loser: String

  /// - Parameters:
  ///   - table: the German label of its table.
  ///   - field: the German label of its column.
  ///   - name: what a site is called.
  package init(
    of entry: LedgerEntry, table: String, field: String, name: (SiteID) -> String
  ) {
    self.entry = entry
    self.table = table
    self.field = field
    keeper = name(entry.kept.site)
    loser = name(entry.lost.site)
  }

  package var text: String {
    switch entry.rule {
    case .leadWins:
      """
      Beide Stellen haben das Feld „\(field)“ geändert, ohne voneinander zu wissen. Hier gilt der \
      Wert der zuständigen Stelle: \(keeper) war für den Fall zuständig (Zuständigkeit Nr. \
      \(entry.epoch)).
      """
    case .countyWins:
      """
      Im Feld „\(field)“ geht der Wert des Landkreises vor; unter anderen Stellen bleibt, was \
      zuerst einging. Deshalb steht dort der Wert von \(keeper) und nicht der von \(loser).
      """
    case .laterEditWins:
      """
      Beide Stellen haben das Feld „\(field)“ geändert, ohne voneinander zu wissen. Hier gilt die \
      spätere Eingabe: \(keeper) schrieb am \(time(entry.kept)), \(loser) am \(time(entry.lost)).
      """
    case .moreRestrictiveWins:
      """
      Im Feld „\(field)“ gilt im Zweifel die strengere Angabe, gleich wer sie wann gemacht hat: \
      die von \(keeper), nicht die von \(loser).
      """
    case .greaterWins:
      """
      Im Feld „\(field)“ gilt der größere Wert, gleich wer ihn wann eingetragen hat: der von \
      \(keeper), nicht der von \(loser).
      """
    case .smallerWins:
      """
      Im Feld „\(field)“ gilt der kleinere oder frühere Wert, gleich wer ihn wann eingetragen hat: \
      der von \(keeper), nicht der von \(loser).
      """
    case .firstValueStays:
      """
      Das Feld „\(field)“ wird nur einmal gesetzt. Der erste Wert, von \(keeper), bleibt; \(loser) \
      konnte ihn nicht leeren.
      """
    case .laterStateWins:
      """
      Im Feld „\(field)“ gilt der weiter fortgeschrittene Stand, und ein Endstand bleibt: der von \
      \(keeper), nicht der von \(loser).
      """
    case .laterInHistory:
      """
      Die Daten des Landkreises waren aus einer Sicherung wiederhergestellt worden. Was \(loser) \
      danach noch einmal lieferte, war vor dem Wert von \(keeper) geschrieben; der spätere gilt.
      """
    case .rowDeleted:
      """
      Die Daten des Landkreises waren aus einer Sicherung wiederhergestellt worden, und den \
      Eintrag „\(table)“, in dem \(loser) das Feld „\(field)“ geändert hatte, gab es nicht \
      mehr. Der Wert ist hier aufbewahrt.
      """
    case .deletedByLead:
      """
      \(keeper) war für den Fall zuständig und hat den Eintrag „\(table)“ gelöscht, ohne die \
      Änderung von \(loser) am Feld „\(field)“ zu kennen. Der Wert ist hier aufbewahrt.
      """
    case .proposalAccepted:
      """
      Der Vorschlag von \(keeper) wurde angenommen. Er ersetzt im Feld „\(field)“ den Wert von \
      \(loser).
      """
    case .proposalRejected:
      """
      Der Vorschlag von \(loser) für das Feld „\(field)“ wurde abgelehnt. Es bleibt bei dem, was \
      dort stand.
      """
    case .restored:
      """
      Ein Wert, der früher unterlegen war, wurde auf Anweisung wiederhergestellt. Er ersetzt im \
      Feld „\(field)“ den Wert von \(loser).
      """
    default:
      "Im Feld „\(field)“ entschied die Regel „\(entry.rule.rawValue)“."
    }
  }

  private func time(_ side: Contender) -> String {
    let wall = BerlinTime.wall(at: side.editedAt)
    let day = CalendarDay(daysSince1970: Int(BerlinTime.dayNumber(ofWall: wall)))
    let minutes = wall / 60_000 - BerlinTime.dayNumber(ofWall: wall) * 1_440
    let clock = [minutes / 60, minutes % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
    return "\(day.germanText) um \(clock.joined(separator: ":")) Uhr"
  }
}
