import Caseload
import CaseloadSchema
import Foundation
import SyncCore
import Testing

@Suite("Synthetic caseloads")
struct SyntheticCaseloadTests {
  private let today = CalendarDay(daysSince1970: 20_000)

  private func order(_ change: (inout SyntheticCaseload.Order) -> Void = { _ in })
    -> SyntheticCaseload.Order
  {
    var order = SyntheticCaseload.Order(personCount: 400, asOf: today, areas: ["08118027"])
    order.refusalCount = 3
    order.recipients = [SiteID("01a00000-0000-7000-8000-000000000001")]
    order.workers = ["w1", "w2", "w3"]
    order.programme = "p1"
    change(&order)
    return order
  }

  private func caseload(
    seed: UInt64 = 1, _ change: (inout SyntheticCaseload.Order) -> Void = { _ in }
  ) -> SyntheticCaseload {
    var generator = SeededGenerator(seed: seed)
    return SyntheticCaseload(order(change), using: &generator)
  }

  @Test("the same order and seed give the same rows, another seed gives others")
  func repeatable() {
    #expect(caseload().rows == caseload().rows)
    #expect(caseload().rows != caseload(seed: 2).rows)
  }

  @Test("as many persons and refusals stand there as were ordered, with 10 to 20 rows for each")
  func counted() {
    let rows = caseload().rows
    #expect(rows.filter { $0.table == "person" }.count == 400)
    #expect(rows.filter { $0.table == "case_file" }.count == 403)
    #expect(rows.filter { $0["event"] == .text("refused") }.count == 3)
    #expect((10...20).contains(rows.count / 400))
    #expect(Set(rows.map(\.id)).count == rows.count)
  }

  @Test("every table of a case that sites write is used, and every row fits the shipped schema")
  func fits() throws {
    let schema = try CaseloadSchema.read(toml: CaseloadSchema.shipped, file: "shipped")
    let queue = caseload { $0.course = .queue(typicalMonths: 8) }
    let rows = caseload().rows + queue.rows
    let expected = schema.tables.filter {
      ($0.scope == .caseRoot || $0.scope == .ofCase) && !$0.isHubOnly
    }
    #expect(Set(rows.map(\.table)) == Set(expected.map(\.name)))
    for row in rows { try expectFit(row, schema) }
  }

  @Test("rows come after those that they refer to, in one case")
  func ordered() {
    for one in caseload().cases {
      var seen: Set<Value> = [.null]
      for row in one.rows {
        for column in ["plan_id", "consent_id", "case_id"] { #expect(seen.contains(row[column])) }
        seen.insert(.text(row.id))
      }
    }
  }

  @Test("what is special rests on a consent of its case for just that")
  func special() {
    let cases = caseload { $0.course = .queue(typicalMonths: 8) }.cases
    var needCount = 0
    for one in cases {
      let consents = one.rows.filter { $0["purpose"] == .text("special_needs") }
      for need in one.rows where need.table == "person_need" {
        needCount += 1
        #expect(consents.contains { .text($0.id) == need["consent_id"] })
      }
      if !one.rows[0]["priority_reason"].isNull { #expect(!consents.isEmpty) }
    }
    #expect((40...200).contains(needCount))
  }

  @Test("a queue closes cases after about eight months and lets those wait who can")
  func queue() throws {
    let roots = caseload { $0.course = .queue(typicalMonths: 8) }.cases.map { $0.rows[0] }
    let closed = roots.filter { $0["phase"] == .text("closed") }
    let days = try closed.map { root in
      try dayNumber(root["closed_on"]) - dayNumber(root["opened_on"])
    }
    #expect(closed.count > 40)
    #expect(days.allSatisfy { (192...336).contains($0) })
    let waiting = roots.filter { $0["phase"] == .text("waiting") }
    #expect(!waiting.isEmpty)
    #expect(waiting.allSatisfy { $0["worker_id"].isNull && $0["priority"] != .integer(1) })
    #expect(roots.filter { $0["phase"] == .text("open") }.allSatisfy { !$0["worker_id"].isNull })
  }

  @Test("posts stand behind their workers, and rows of a site that is left open name none")
  func staff() {
    var generator = SeededGenerator(seed: 3)
    let staff = SyntheticStaff(
      SyntheticStaff.Order(site: nil, posts: [800, 500], asOf: today), using: &generator)
    #expect(staff.rows.map(\.table) == ["worker", "position", "worker", "position"])
    #expect(staff.workers == [staff.rows[0].id, staff.rows[2].id])
    #expect(staff.rows[1]["worker_id"] == .text(staff.rows[0].id))
    #expect(staff.rows[1]["fte_thousandths"] == .integer(800))
    #expect(staff.rows.allSatisfy { $0["site_id"].isNull })
  }

  @Test("the Landkreis Ludwigsburg has 39 municipalities, Hemmingen with 82 persons")
  func municipalities() {
    let all = Municipality.ludwigsburg
    #expect(all.count == 39)
    #expect(all.map(\.key) == Set(all.map(\.key)).sorted())
    #expect(all.allSatisfy { $0.key.utf8.count == 8 && $0.key.hasPrefix("08118") })
    #expect(all.first { $0.name == "Hemmingen" }?.clientCountAsInHemmingen == 82)
    #expect(all.first { $0.name == "Hemmingen" }?.key == "08118027")
  }

  // MARK: Fit

  private func expectFit(_ row: SyntheticRow, _ schema: Schema) throws {
    let table = try #require(schema.table(named: row.table))
    for cell in row.cells where cell.column != "case_id" {
      let column = try #require(
        table.column(named: cell.column), "\(row.table).\(cell.column) is not in the schema")
      #expect(column.holds(cell.value), "\(row.table).\(column.name): \(cell.value)")
    }
    for column in table.columns where column.isRequired && column.defaultValue.isNull {
      #expect(!row[column.name].isNull, "\(row.table).\(column.name) is empty")
    }
  }

  private func dayNumber(_ value: Value) throws -> Int {
    let text = try #require(value.text)
    let date = try Date(text, strategy: .iso8601.year().month().day())
    return Int(date.timeIntervalSince1970) / 86_400
  }
}

extension Column {
  /// Whether the value is of the column's type, told without the product's own checks.
  fileprivate func holds(_ value: Value) -> Bool {
    switch (type, value) {
    case (.integer, .integer): return true
    case (.boolean, .integer(let number)): return number == 0 || number == 1
    case (.date, .text(let text)):
      return text.string.wholeMatch(of: /\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])/) != nil
    case (.code, .text(let text)): return codes.contains(text.string)
    case (.set, .text(let text)):
      let parts = text.string.split(separator: ",").map(String.init)
      let isKnown = codes.isEmpty || parts.allSatisfy(codes.contains)
      return isKnown && parts == Set(parts).sorted()
    case (.text, .text(let text)):
      return Array(text.string.utf8)
        == Array(text.string.precomposedStringWithCanonicalMapping.utf8)
    default: return false
    }
  }
}
