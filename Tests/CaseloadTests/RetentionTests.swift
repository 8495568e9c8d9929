import Caseload
import CaseloadSchema
import SyncCore
import Testing

/// When rows are due, and what people get of them before.
struct RetentionTests {
  private let schema: Schema

  init() throws {
    schema = try CaseloadSchema.read(toml: CaseloadSchema.shipped, file: "shipped")
  }

  private func table(_ name: String) throws -> Table { try #require(schema.table(named: name)) }

  private func day(_ text: String) throws -> CalendarDay {
    try #require(CalendarDay(parsing: text))
  }

  @Test(
    "months later is the same day, or the month's last",
    arguments: [
      ("2024-01-31", 1, "2024-02-29"), ("2025-01-31", 1, "2025-02-28"),
      ("2025-12-15", 1, "2026-01-15"), ("2024-02-29", 12, "2025-02-28"),
      ("2024-02-29", 48, "2028-02-29"), ("2025-03-31", 24, "2027-03-31"),
      ("2025-11-30", 3, "2026-02-28"),
    ])
  func months(start: String, count: Int, end: String) throws {
    #expect(try day(start).adding(months: count) == day(end))
  }

  @Test("a table's rows are due on the day, and not a day before")
  func tables() throws {
    let retention = Retention(schema)
    let closed = try day("2023-03-31")
    let held = Set([try table("person").number, try table("consultation").number])
    #expect(try retention.due(closedOn: closed, tables: held, today: day("2025-03-30")) == nil)
    #expect(
      try retention.due(closedOn: closed, tables: held, today: day("2025-03-31"))
        == .tables([table("person").number]))
    #expect(
      try retention.due(closedOn: closed, tables: held, today: day("2028-03-31"))
        == .tables(held.sorted()))
    #expect(try retention.due(closedOn: closed, tables: [], today: day("2030-01-01")) == nil)
  }

  @Test("when the case itself is due, all of it is")
  func wholeCase() throws {
    let held = Set([try table("person").number, try table("case_file").number])
    #expect(
      try Retention(schema).due(
        closedOn: day("2015-01-01"), tables: held, today: day("2025-01-01")) == .wholeCase)
  }

  @Test("the record of processing names every table, column and time limit of the schema")
  func record() {
    let text = RecordOfProcessing(of: schema).text
    for table in schema.tables {
      #expect(text.contains(table.label))
      for column in table.columns { #expect(text.contains(column.label)) }
      if let months = table.retentionMonths {
        #expect(text.contains("\(table.label): \(months) Monate"))
      }
    }
    #expect(text.contains("Art. 30") && text.contains("besondere Kategorie"))
  }

  @Test("an export shows every cell, local ones too, and names each recipient with the reason")
  func export() throws {
    func row(_ name: String, _ id: String, _ values: [String: Value]) throws -> PersonExport.Row {
      let table = try table(name)
      return PersonExport.Row(
        table: table, id: RowID(id), values: table.columns.map { values[$0.name] ?? .null })
    }
    let export = PersonExport(
      of: CaseID("c1"),
      rows: [
        try row("case_file", "c1", ["opened_on": .text("2025-01-15"), "phase": .text("open")]),
        try row(
          "person", "p1", ["family_name": .text("Muster"), "birth_date": .text("1990-05-04")]),
        try row(
          "consent", "e1",
          [
            "purpose": .text("casework"), "event": .text("given"),
            "recipient_site": .text("carrier"), "document_ref": .text("Ordner 7"),
          ]),
        try row("responsibility", "r1", ["from_site": .text("town"), "to_site": .text("county")]),
        try row("referral", "f1", ["service_site_id": .text("jobcenter")]),
      ],
      lead: SiteID("town"), county: "Landkreis", name: { "Stelle \($0)" })
    let text = export.text(printedOn: "26.11.2026")
    for needed in [
      "Muster", "04.05.1990", "15.01.2025", "Ordner 7", "26.11.2026", "Art. 15",
      "Landkreis: führt", "Stelle town: für den Fall zuständig", "Stelle carrier: in einer",
      "Stelle county: hat den Fall", "Stelle jobcenter: an diese Stelle",
    ] {
      #expect(text.contains(needed), "\(needed)")
    }
    #expect(Set(export.recipients).count == export.recipients.count)
  }
}
