import Caseload
import SyncCore
import Testing

/// What a site counts for the county's reports, on 2025-07-01.
@Suite("Reports counted at sites")
struct CountedReportTests {
  private func cells(_ counts: Counts, _ section: String) -> [String: Int] {
    Dictionary(
      uniqueKeysWithValues: counts.sorted.filter { $0.place.section == section }.map {
        ($0.place.key, $0.count)
      })
  }

  @Test("who is looked after is counted once, by the site that leads the case")
  func people() throws {
    let bench = try WarningBench()
    for id in ["a", "b", "c", "foreign"] { try bench.open(id) }
    try bench.open("future", ["opened_on": "2025-07-02"])
    try bench.open("gone", ["phase": "closed", "closed_on": "2025-07-01"])
    try bench.open("later", ["phase": "closed", "closed_on": "2025-07-02"])
    try bench.open("waiting", ["phase": "waiting"])
    func person(_ caseID: String, _ columns: [String: String]) throws {
      try bench.insert("person", ["id": "p-\(caseID)", "case_id": caseID].merging(columns) { $1 })
    }
    try person("a", ["birth_date": "2007-07-01", "sex": "female", "nationality": "475"])
    try person("b", ["birth_date": "2007-07-02", "nationality": "423,475", "household_id": "h"])
    try person("later", ["birth_date": "1960-01-01", "nationality": "475", "household_id": "h"])
    try bench.insert(
      "legal_status", ["id": "s", "case_id": "a", "code": "§ 25 Abs. 3 AufenthG"])
    try bench.insert(
      "legal_status", ["id": "t", "case_id": "b", "code": "Frau Muster; siehe Akte"])
    try bench.insert("plan", ["id": "i", "case_id": "a", "created_on": "2025-06-02"])
    try bench.insert("plan", ["id": "j", "case_id": "b", "state": "abandoned"])
    try bench.insert(
      "qualification", ["id": "q", "case_id": "a", "area": "language", "level": "B1"])
    try bench.insert(
      "qualification", ["id": "r", "case_id": "a", "area": "language", "level": "A2"])
    let counts = try bench.counts(
      of: .council, leading: ["a", "b", "c", "future", "gone", "later", "waiting"])

    #expect(cells(counts, "clients") == ["clients": 4])
    #expect(cells(counts, "households") == ["households": 3])
    #expect(cells(counts, "age") == ["18-24": 1, "14-17": 1, "65": 1, "unknown": 1])
    #expect(cells(counts, "nationality") == ["475": 2, "several": 1, "unknown": 1])
    // A status that somebody typed freely does not travel.
    #expect(
      cells(counts, "status") == ["§ 25 Abs. 3 AufenthG": 1, "other": 1, "unknown": 2])
    #expect(cells(counts, "language_level") == ["B1": 1, "unknown": 3])
    #expect(cells(counts, "plans") == ["with_plan": 1, "without_plan": 3])
  }

  @Test("of a restricted case the person is not read: it counts as restricted")
  func restricted() throws {
    let bench = try WarningBench()
    try bench.open("a", ["restricted_since": "2025-06-15"])
    try bench.open("b")
    for id in ["a", "b"] {
      try bench.insert(
        "person",
        [
          "id": "p-\(id)", "case_id": id, "sex": "female", "nationality": "475",
          "birth_date": "1990-01-01", "household_id": "h",
        ])
      try bench.insert("person_need", ["id": "n-\(id)", "case_id": id, "kind": "illness"])
    }
    let counts = try bench.counts(of: .council, leading: ["a", "b"])
    #expect(cells(counts, "clients") == ["clients": 2])
    #expect(cells(counts, "households") == ["households": 2])
    #expect(cells(counts, "sex") == ["female": 1, "restricted": 1])
    #expect(cells(counts, "age") == ["25-44": 1, "restricted": 1])
    #expect(cells(counts, "nationality") == ["475": 1, "restricted": 1])
    #expect(cells(counts, "needs") == ["illness": 1])
    let sexes = try #require(ReportSheet(.council, counts).sections.first { $0.code == "sex" })
    #expect(
      sexes.lines.first { $0.code == "restricted" }?.label == "eingeschränkt (Art. 18 DSGVO)")
  }

  @Test("talks of the period are counted, with all their topics")
  func talks() throws {
    let bench = try WarningBench()
    try bench.open("a")
    try bench.open("closed", ["phase": "closed", "closed_on": "2025-05-01"])
    let talks = [
      ("1", "a", "2025-01-01", "phone", "a,housing"), ("2", "closed", "2025-07-01", "phone", "a"),
      ("3", "a", "2024-12-31", "video", "b"), ("4", "a", "2025-07-02", "video", "b"),
    ]
    for (id, caseID, day, mode, topics) in talks {
      try bench.insert(
        "consultation",
        ["id": id, "case_id": caseID, "on_date": day, "mode": mode, "topics": topics])
    }
    try bench.insert("consultation", ["id": "5", "case_id": "a", "on_date": "2025-02-02"])
    let counts = try bench.counts(of: .council, leading: ["a", "closed"])
    #expect(cells(counts, "consultations") == ["phone": 2, "unknown": 1])
    #expect(cells(counts, "topics") == ["a": 2, "housing": 1])
  }

  @Test("a plan is in time by the consultation that the programme names")
  func planDeadline() throws {
    let bench = try WarningBench()
    try bench.insert("programme_period", ["id": "first", "plan_deadline_ordinal": "1"])
    for id in ["in", "late", "missing", "early", "refused"] { try bench.open(id) }
    try bench.open("first", ["programme_id": "first"])
    for id in ["in", "late", "missing", "refused", "first", "early"] {
      for day in id == "early" ? ["2025-06-05"] : ["2025-06-05", "2025-06-09"] {
        try bench.insert(
          "consultation", ["id": "\(id)\(day)", "case_id": id, "on_date": day])
      }
    }
    for (id, day) in [("in", "2025-06-09"), ("late", "2025-06-10"), ("first", "2025-06-09")] {
      try bench.insert("plan", ["id": "i-\(id)", "case_id": id, "created_on": day])
    }
    try bench.insert(
      "consent", ["id": "r", "case_id": "refused", "purpose": "casework", "event": "refused"])
    let counts = try bench.counts(
      of: .planDeadline, leading: ["in", "late", "missing", "early", "refused", "first"])
    #expect(
      cells(counts, "plan_deadline") == [
        "in_time": 1, "late": 2, "missing": 1, "not_due": 1, "not_applicable": 1,
      ])
  }

  @Test("people are counted where they live on the cut-off date")
  func headcount() throws {
    let bench = try WarningBench()
    for id in ["a", "b", "c"] { try bench.open(id) }
    let stays: [[String: String?]] = [
      ["id": "1", "case_id": "a", "ags": "08118027", "valid_to": "2025-06-30"],
      ["id": "2", "case_id": "a", "ags": "08226085", "valid_from": "2025-07-01"],
      ["id": "3", "case_id": "b", "ags": "08226085", "valid_from": "2025-01-01"],
      ["id": "4", "case_id": "b", "ags": "08118027", "valid_from": "2025-07-02"],
    ]
    for stay in stays { try bench.insert("residence", stay) }
    let counts = try bench.counts(of: .headcount, leading: ["a", "b", "c"])
    #expect(cells(counts, "headcount") == ["08226085": 2, "unknown": 1])
  }

  @Test("sums of sites are printed with their labels, small ones hidden")
  func sheet() {
    func counts(_ women: Int, _ men: Int) -> Counts {
      Counts([
        CountCell(section: "sex", key: "female", count: women),
        CountCell(section: "sex", key: "male", count: men),
      ])
    }
    let sum = counts(1, 20) + counts(1, 10)
    let section = ReportSheet(.council, sum).sections.first { $0.code == "sex" }!
    #expect(section.lines.map(\.label).prefix(2) == ["weiblich", "männlich"])
    #expect(section.lines.map(\.count) == [nil, nil, 0, 0, 0] && section.total == 32)
    #expect(Counts(sum.wire) == sum)
  }
}
