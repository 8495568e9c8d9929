import Caseload
import SyncCore
import Testing

/// The table of ``ConsentGates``, cell by cell, and its laws.
@Suite("Gates of a case")
struct ConsentGatesTests {
  private static let schema = RuleBench.schema
  private static let table = schema.table(named: "consent")!
  private static let town = GateRecipient(site: SiteID("town"), isCounty: false)
  private static let field = GateRecipient(site: SiteID("field"), isCounty: true)

  private static func row(
    _ id: String, _ event: String, purpose: String = "casework", to site: String? = nil,
    basis: String? = "consent", seen: [String] = [], on day: String? = "2025-01-15"
  ) -> RowState {
    let values: [String: Value] = [
      "purpose": .text(purpose), "event": .text(event),
      "recipient_site": site.map { .text($0) } ?? .null,
      "basis": basis.map { .text($0) } ?? .null,
      "seen": seen.isEmpty ? .null : .text(seen.joined(separator: " ")),
      "on_date": day.map { .text($0) } ?? .null,
    ]
    return RowState(
      table: table, id: RowID(id), caseID: CaseID("c"), writer: SiteID("w"),
      values: table.columns.map { values[$0.name] ?? .null })
  }

  private func open(_ rows: [RowState], for recipient: GateRecipient = .county) -> TierSet {
    ConsentGates().openTiers(for: recipient, rows: rows)
  }

  @Test("Without a row only the header may pass")
  func nothing() {
    #expect(open([]) == .header)
  }

  @Test(
    "Each purpose opens its tier and no other",
    arguments: [
      ("casework", TierSet.personal), ("special_needs", .special), ("notes_release", .notes),
    ])
  func purposes(purpose: String, tier: TierSet) {
    #expect(open([Self.row("a", "given", purpose: purpose)]) == [.header, tier])
  }

  @Test("A row speaks for the recipient that it names; none means the county and its sites")
  func recipients() {
    let toCounty = [Self.row("a", "given")]
    #expect(
      open(toCounty).contains(.personal) && open(toCounty, for: Self.field).contains(.personal))
    #expect(open(toCounty, for: Self.town) == .header)
    let toTown = [Self.row("a", "given", to: "town")]
    #expect(open(toTown, for: Self.town) == [.header, .personal])
    #expect(open(toTown) == .header && open(toTown, for: Self.field) == .header)
    #expect(open([Self.row("a", "given", to: "")]).contains(.personal))
  }

  @Test("A restriction closes, whatever its date", arguments: ["refused", "expired", "revoked"])
  func restrictions(event: String) {
    for day in ["2024-12-31", "2025-01-15", "2025-02-01", nil] {
      #expect(open([Self.row("a", "given"), Self.row("b", event, on: day)]) == .header)
    }
  }

  @Test("A consent counts again once its author had seen every restriction that stands")
  func seen() {
    let restrictions = [Self.row("r", "revoked"), Self.row("s", "refused")]
    #expect(open(restrictions + [Self.row("b", "given", seen: ["r"])]) == .header)
    #expect(
      open(restrictions + [Self.row("b", "given", seen: ["r", "s"])]) == [.header, .personal])
    // What stands for another purpose or recipient restricts nothing here.
    let others = [
      Self.row("r", "revoked", to: "town"), Self.row("s", "revoked", purpose: "notes_release"),
    ]
    #expect(open(others + [Self.row("b", "given")]) == [.header, .personal])
  }

  @Test(
    "Bases beside consent",
    arguments: [
      ("statute", true), ("processing_on_behalf", true), ("handover", false), ("consent", false),
      (nil, false),
    ])
  func bases(basis: String?, standsAgainstRevocation: Bool) {
    let given = Self.row("a", "given", basis: basis)
    #expect(open([given]) == [.header, .personal])
    let revoked = open([given, Self.row("b", "revoked")])
    #expect(revoked.contains(.personal) == standsAgainstRevocation)
  }

  @Test("Law: the order of arrival never matters, and an unseen revocation always closes")
  func laws() {
    var numbers = SeededGenerator(seed: 7)
    for _ in 0..<2_000 {
      let count = Int.random(in: 0...5, using: &numbers)
      let ids = (0..<count).map { "r\($0)" }
      let rows = ids.map { id in
        Self.row(
          id, ["given", "given", "revoked", "refused"].randomElement(using: &numbers)!,
          purpose: ["casework", "notes_release"].randomElement(using: &numbers)!,
          to: [nil, "town"].randomElement(using: &numbers)!,
          seen: ids.filter { _ in Bool.random(using: &numbers) })
      }
      for recipient in [GateRecipient.county, Self.town] {
        let before = open(rows, for: recipient)
        #expect(open(rows.shuffled(using: &numbers), for: recipient) == before)
        let site = recipient.isCounty ? nil : "town"
        #expect(
          !open(rows + [Self.row("new", "revoked", to: site)], for: recipient).contains(.personal))
        // More restrictions never open anything.
        let more = rows + [Self.row("new", "refused", purpose: "notes_release", to: site)]
        #expect(before.isSuperset(of: open(more, for: recipient)))
      }
    }
  }
}
