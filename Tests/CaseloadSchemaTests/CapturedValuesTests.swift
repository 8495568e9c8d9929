import CaseloadSchema
import SyncCore
import Testing

/// The old values in the change log. What SQLite's `quote` writes is tested with the triggers.
@Suite("Old values in the change log")
struct CapturedValuesTests {
  private let table = Table(
    number: 1, name: "thing", label: "Ding", scope: .caseRoot, isAppendOnly: false,
    isHubOnly: false, retentionMonths: 12,
    columns: [
      Column(number: 1, name: "name", label: "N", type: .text, tier: .header, policy: .lead),
      Column(number: 2, name: "count", label: "Z", type: .integer, tier: .header, policy: .lead),
      Column(
        number: 3, name: "kind", label: "A", type: .text, tier: .header, policy: .lead,
        isRequired: true, defaultValue: .text("new")),
    ])

  @Test("texts, numbers and empty cells come back as they were")
  func values() {
    #expect(
      CapturedValues.read("'O''Brien, \"x\"\n',-7,NULL", of: table)
        == [.text("O'Brien, \"x\"\n"), .integer(-7), .null])
    #expect(
      CapturedValues.read("'','',''", of: table) == nil, "the second column holds integers")
    #expect(
      CapturedValues.read("'''',9223372036854775807,''','''", of: table)
        == [.text("'"), .integer(.max), .text("','")])
  }

  @Test("an entry from before a required column was added has its default")
  func olderEntry() {
    #expect(CapturedValues.read("NULL,1", of: table) == [.null, .integer(1), .text("new")])
  }

  @Test(
    "what no trigger can have written yields nothing",
    arguments: [
      "", "NULL,", ",", "'a", "'a'b,1,NULL", "'a',1,NULL,NULL", "a", "'a',1.5,NULL", "X'41',1,NULL",
      "'a',1,2", "1", "'a' ,1",
    ])
  func foreign(_ text: String) {
    #expect(CapturedValues.read(text, of: table) == nil)
  }
}
