import Caseload
import SyncCore
import Testing

@Suite("Why a value stands")
struct LedgerExplanationTests {
  private func text(_ rule: Rule, keptAt: Milliseconds = 0, lostAt: Milliseconds = 0) -> String {
    LedgerExplanation(
      of: LedgerEntry(
        caseID: CaseID("c"), row: RowKey(table: 3, id: RowID("p")), column: 1, base: 1, seq: 2,
        policy: .lead, rule: rule, epoch: 4, role: .lead,
        kept: Contender(value: .text("kept secret"), site: SiteID("a"), editedAt: keptAt),
        lost: Contender(value: .text("lost secret"), site: SiteID("b"), editedAt: lostAt)),
      table: "Klient:in", field: "Familienname"
    ) { $0 == SiteID("a") ? "Hemmingen" : "Kreis" }.text
  }

  @Test("each rule of the ledger has a sentence of its own, and no other rule has one")
  func sentences() {
    let general = Rule.allCases.filter { text($0).contains("die Regel „\($0.rawValue)“") }
    #expect(Set(general) == Set(Rule.allCases).subtracting(LedgerExplanation.rules))
    let sentences = LedgerExplanation.rules.map { text($0) }
    #expect(Set(sentences).count == sentences.count)
  }

  @Test("a sentence names a site and shows no value", arguments: LedgerExplanation.rules)
  func names(rule: Rule) {
    let sentence = text(rule)
    #expect(!sentence.contains("secret") && sentence.hasSuffix("."))
    #expect(sentence.contains("Hemmingen") || sentence.contains("Kreis"))
    #expect(!sentence.contains(rule.rawValue), "a clerk does not read codes")
  }

  @Test("times are those of a clock in Berlin, in winter and in summer")
  func times() {
    let sentence = text(
      .laterEditWins, keptAt: 1_751_328_305_000, lostAt: 1_735_689_600_000 - 60_000)
    #expect(sentence.contains("Hemmingen schrieb am 01.07.2025 um 02:05 Uhr"))
    #expect(sentence.contains("Kreis am 01.01.2025 um 00:59 Uhr"))
  }

  @Test("the lead's sentence names the responsibility")
  func epoch() {
    #expect(text(.leadWins).contains("Zuständigkeit Nr. 4"))
  }
}
