import Caseload
import SyncCore
import Testing

/// Each warning: it is due, and just beside it is not; in a replica as at the hub.
@Suite("Warnings about cases")
struct CaseWarningTests {
  @Test("a plan is missing after two consultations, or as many as the programme says")
  func planMissing() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      try bench.insert("programme_period", ["id": "first", "plan_deadline_ordinal": "1"])
      for id in ["due", "early", "planned", "abandoned", "closed", "future"] { try bench.open(id) }
      try bench.open("first", ["programme_id": "first"])
      try bench.execute("UPDATE case_file SET phase = 'closed' WHERE id = 'closed'")
      let talks = [
        "due": 2, "early": 1, "planned": 3, "abandoned": 2, "closed": 2, "future": 1, "first": 1,
      ]
      for (caseID, count) in talks {
        for number in 0..<count {
          try bench.insert(
            "consultation",
            ["id": "\(caseID)\(number)", "case_id": caseID, "on_date": "2025-07-01"])
        }
      }
      try bench.insert("consultation", ["id": "f", "case_id": "future", "on_date": "2025-07-02"])
      try bench.insert("plan", ["id": "p", "case_id": "planned", "state": "draft"])
      try bench.insert("plan", ["id": "a", "case_id": "abandoned", "state": "abandoned"])
      #expect(try bench.rows("plan_missing") == ["abandoned", "due", "first"])
    }
  }

  @Test("a case whose processing is restricted is listed")
  func restricted() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      try bench.open("marked", ["restricted_since": "2025-06-15"])
      try bench.open("plain")
      #expect(try bench.rows("processing_restricted") == ["marked"])
      let label = try bench.warnings().first { $0.code == "processing_restricted" }?.label
      #expect(label == "Verarbeitung eingeschränkt (Art. 18 DSGVO)")
    }
  }

  @Test("no plan is owed where consent was refused and none is in force")
  func planWithoutConsent() throws {
    let bench = try WarningBench()
    func consents(_ caseID: String, _ rows: [(event: String, day: String?, site: String?)]) throws {
      try bench.open(caseID)
      for (number, row) in rows.enumerated() {
        try bench.insert(
          "consultation",
          ["id": "\(caseID)-t\(number)", "case_id": caseID, "on_date": "2025-06-05"])
        try bench.insert(
          "consultation",
          ["id": "\(caseID)-u\(number)", "case_id": caseID, "on_date": "2025-06-05"])
        try bench.insert(
          "consent",
          [
            "id": "\(caseID)-c\(number)", "case_id": caseID, "purpose": "casework",
            "event": row.event, "on_date": row.day, "recipient_site": row.site,
          ])
      }
    }
    try consents("refused", [("refused", "2025-06-01", nil)])
    try consents("revoked", [("given", "2025-06-01", nil), ("revoked", "2025-06-02", nil)])
    try consents("same-day", [("given", "2025-06-01", nil), ("refused", "2025-06-01", nil)])
    try consents("given", [("given", "2025-06-01", nil)])
    try consents("anew", [("refused", "2025-06-01", nil), ("given", "2025-06-02", nil)])
    try consents("elsewhere", [("given", "2025-06-01", nil), ("refused", "2025-06-02", "awo")])
    try consents("expired", [("given", "2024-06-01", nil), ("expired", "2025-06-01", nil)])
    #expect(try bench.rows("plan_missing") == ["anew", "elsewhere", "expired", "given"])
  }

  @Test("a goal lacks its date, or is past it, until it is reached or dropped")
  func goals() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      try bench.open("k")
      try bench.open("closed", ["phase": "closed"])
      let goals: [(String, String, String?, String)] = [
        ("none", "open", nil, "k"), ("past", "in_progress", "2025-06-30", "k"),
        ("today", "open", "2025-07-01", "k"), ("reached", "reached", "2025-01-01", "k"),
        ("dropped", "dropped", nil, "k"), ("over", "open", nil, "closed"),
        ("over2", "open", "2025-01-01", "closed"),
      ]
      for (id, state, day, caseID) in goals {
        try bench.insert(
          "plan_goal", ["id": id, "case_id": caseID, "state": state, "target_date": day])
      }
      #expect(try bench.rows("goal_without_date") == ["none"])
      #expect(try bench.rows("goal_overdue") == ["past"])
    }
  }

  @Test("a review is overdue the day after it was due")
  func review() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      try bench.open("k")
      try bench.open("closed", ["phase": "archived"])
      let plans = [
        ("late", "active", "2025-06-30", "k"), ("today", "active", "2025-07-01", "k"),
        ("done", "completed", "2025-01-01", "k"), ("over", "active", "2025-01-01", "closed"),
      ]
      for (id, state, day, caseID) in plans {
        try bench.insert(
          "plan", ["id": id, "case_id": caseID, "state": state, "review_due": day])
      }
      #expect(try bench.rows("review_overdue") == ["late"])
    }
  }

  @Test("no contact for ninety days counts from the last consultation, else from the opening")
  func contact() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      try bench.open("never", ["opened_on": "2025-04-02"])
      try bench.open("new", ["opened_on": "2025-04-03"])
      try bench.open("quiet", ["opened_on": "2025-01-01"])
      try bench.open("seen", ["opened_on": "2025-01-01"])
      try bench.open("planned", ["opened_on": "2025-01-01"])
      try bench.open("paused", ["opened_on": "2025-01-01", "phase": "paused"])
      try bench.execute("INSERT INTO case_file (id, phase) VALUES ('unknown', 'open')")
      let talks = [
        ("quiet", "2025-02-01"), ("quiet", "2025-04-02"), ("seen", "2025-04-03"),
        ("planned", "2025-07-02"),
      ]
      for (number, talk) in talks.enumerated() {
        try bench.insert(
          "consultation", ["id": "t\(number)", "case_id": talk.0, "on_date": talk.1])
      }
      #expect(try bench.rows("no_contact") == ["never", "planned", "quiet"])
    }
  }

  @Test("a case is longer than typical, or than maximal, by its programme and its exception")
  func duration() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      try bench.insert("programme_period", ["id": "p", "typical_months": "3", "max_months": "6"])
      try bench.open("plain8", ["opened_on": "2024-11-01"])
      try bench.open("plain", ["opened_on": "2024-10-30"])
      try bench.open("typical3", ["programme_id": "p", "opened_on": "2025-04-01"])
      try bench.open("typical", ["programme_id": "p", "opened_on": "2025-03-30"])
      try bench.open("maximal6", ["programme_id": "p", "opened_on": "2025-01-01"])
      try bench.open("maximal", ["programme_id": "p", "opened_on": "2024-12-30"])
      try bench.open(
        "extended", ["programme_id": "p", "opened_on": "2024-12-30", "months_exception": "1"])
      try bench.open(
        "beyond", ["programme_id": "p", "opened_on": "2024-11-30", "months_exception": "1"])
      try bench.open("waits", ["opened_on": "2020-01-01", "phase": "waiting"])
      #expect(
        try bench.rows("longer_than_typical") == ["extended", "maximal6", "plain", "typical"])
      #expect(try bench.rows("longer_than_maximal") == ["beyond", "maximal"])
    }
  }
}

@Suite("Warnings about funding and persons")
struct FundingWarningTests {
  @Test("the positions of a grant sum up to its share")
  func positions() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      let grants = [
        ("equal", "granted", "800"), ("less", "granted", "800"), ("none", "reported", "800"),
        ("planned", "planned", "800"), ("partly", "planned", "800"), ("closed", "closed", "800"),
        ("past", "granted", "800"), ("open", "granted", nil), ("former", "granted", "500"),
      ]
      for (id, status, share) in grants {
        try bench.insert(
          "grant_allocation",
          [
            "id": id, "status": status, "fte_thousandths": share,
            "period_to": id == "past" ? "2025-06-30" : nil,
          ])
      }
      let positions = [
        ("equal", "500", nil), ("equal", "300", nil), ("less", "500", nil), ("partly", "500", nil),
        ("closed", "500", nil), ("former", "500", nil), ("former", "300", "2025-06-30"),
      ]
      for (number, position) in positions.enumerated() {
        try bench.insert(
          "position",
          [
            "id": "s\(number)", "grant_id": position.0, "fte_thousandths": position.1,
            "valid_to": position.2,
          ])
      }
      #expect(try bench.rows("positions_unlike_grant") == ["less", "none", "partly"])
    }
  }

  @Test("cases for each full post lie between forty and a hundred and twenty")
  func corridor() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      let workers = [("few", 19), ("low", 20), ("high", 60), ("many", 61), ("free", 0)]
      for (worker, count) in workers {
        try bench.insert("worker", ["id": worker])
        try bench.insert(
          "position", ["id": worker, "worker_id": worker, "fte_thousandths": "500"])
        for number in 0..<count { try bench.open("\(worker)\(number)", ["worker_id": worker]) }
        try bench.open("\(worker)-over", ["worker_id": worker, "phase": "closed"])
      }
      try bench.open("x", ["worker_id": "without-position"])
      #expect(try bench.rows("caseload_outside_corridor") == ["few", "many"])
    }
  }

  @Test("the count at the cut-off is the reported head count")
  func headcount() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      let cases = [
        ("a", "2022-01-01", nil), ("b", "2022-12-31", "2023-01-01"),
        ("c", "2022-01-01", "2022-12-31"),
        ("d", "2023-01-01", nil),
      ]
      for (id, opened, closed) in cases {
        try bench.insert(
          "case_file",
          ["id": id, "phase": "open", "opened_on": opened, "closed_on": closed])
        for number in 0..<2 {
          try bench.insert(
            "residence", ["id": "\(id)\(number)", "case_id": id, "ags": "08118027"])
        }
      }
      try bench.insert(
        "residence",
        ["id": "left", "case_id": "a", "ags": "08118001", "valid_to": "2022-12-30"])
      let grants: [(String, String?, String?)] = [
        ("right", "08118027", "2"), ("wrong", "08118027", "3"), ("elsewhere", "08118001", "0"),
        ("all", nil, "2"), ("all-wrong", nil, "3"), ("unsaid", "08118027", nil),
      ]
      for (id, ags, count) in grants {
        try bench.insert(
          "grant_allocation",
          ["id": id, "entitled_ags": ags, "headcount": count, "cutoff_date": "2022-12-31"])
      }
      try bench.insert(
        "grant_allocation", ["id": "later", "headcount": "9", "cutoff_date": "2025-07-02"])
      #expect(try bench.rows("headcount_differs") == ["all-wrong", "wrong"])
    }
  }

  @Test("a residence title has expired when none is left")
  func status() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      for id in ["expired", "renewed", "endless", "today"] { try bench.open(id) }
      try bench.open("closed", ["phase": "closed"])
      let titles = [
        ("e1", "expired", "2025-01-01"), ("e2", "expired", "2025-06-30"),
        ("r1", "renewed", "2025-01-01"), ("r2", "renewed", "2026-01-01"),
        ("n1", "endless", "2025-01-01"), ("n2", "endless", nil), ("t", "today", "2025-07-01"),
        ("c", "closed", "2025-01-01"),
      ]
      for (id, caseID, day) in titles {
        try bench.insert("legal_status", ["id": id, "case_id": caseID, "valid_to": day])
      }
      #expect(try bench.rows("status_expired") == ["e2"])
    }
  }

  @Test("a case has at most one person")
  func severalPersons() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      for id in ["one", "two", "none"] { try bench.open(id) }
      for (id, caseID) in [("p", "one"), ("q", "two"), ("r", "two")] {
        try bench.insert("person", ["id": id, "case_id": caseID])
      }
      #expect(try bench.rows("several_persons") == ["q", "r"])
    }
  }

  @Test("provisional housing is no place to live in a programme of Baden-Württemberg")
  func housing() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      try bench.insert("programme_period", ["id": "bw", "state": "08"])
      try bench.insert("programme_period", ["id": "nrw", "state": "05"])
      for (caseID, programme) in [("k", "bw"), ("n", "nrw")] {
        try bench.open(caseID, ["programme_id": programme])
      }
      try bench.open("without")
      try bench.open("closed", ["programme_id": "bw", "phase": "closed"])
      let residences = [
        ("vu", "k", "vu", nil), ("au", "k", "au_municipal", nil), ("left", "k", "vu", "2025-06-30"),
        ("nrw", "n", "vu", nil), ("without", "without", "vu", nil), ("closed", "closed", "vu", nil),
      ]
      for (id, caseID, housing, day) in residences {
        try bench.insert(
          "residence", ["id": id, "case_id": caseID, "kind": housing, "valid_to": day])
      }
      #expect(try bench.rows("provisional_housing") == ["vu"])
    }
  }

  @Test("persons may be one who were born on one day and whose names begin alike")
  func duplicates() throws {
    for kind in FileKind.allCases {
      let bench = try WarningBench(kind)
      let people = [
        ("p1", "Müller", "Ali Reza", "1990-05-05"), ("p2", "mu\u{308}ller", "ALI", "1990-05-05"),
        ("p3", "Müller", "Ali", "1990-05-06"), ("p4", "Müller", "Amir", "1990-05-05"),
        ("p5", "El-Masri", "Nour", "1980-01-01"), ("p6", "el masry", "Nour", "1980-01-01"),
        ("p7", "Strauß", "Eva", "1970-01-01"), ("p8", "STRAUSS", "Eva", "1970-01-01"),
        ("p9", "Straub", "Ewa", "1970-01-01"),
      ]
      for (id, family, given, birth) in people {
        try bench.open("case-\(id)")
        try bench.insert(
          "person",
          [
            "id": id, "case_id": "case-\(id)", "family_name": family, "given_names": given,
            "birth_date": birth,
          ])
      }
      try bench.execute(
        "INSERT INTO person (id, case_id, birth_date) VALUES ('q', 'k', '1990-05-05')")
      #expect(try bench.rows("possible_duplicate") == ["p1", "p2", "p5", "p6", "p7", "p8"])
      try bench.execute(
        "UPDATE case_file SET continues_case_id = 'case-p1' WHERE id = 'case-p2'")
      #expect(try bench.rows("possible_duplicate") == ["p5", "p6", "p7", "p8"])
    }
  }

  @Test("a warning counts all its rows, lists the first hundred and holds ids only")
  func limits() throws {
    let bench = try WarningBench()
    for number in 0..<101 {
      try bench.open("k\(100 + number)", ["opened_on": "2025-01-01"])
    }
    let warning = try #require(try bench.warnings().first { $0.code == "no_contact" })
    #expect(warning.count == 101 && warning.rows.count == CaseloadWarning.rowCountMax)
    #expect(warning.rows.first?.id == RowID("k100") && warning.rows.first?.caseID == CaseID("k100"))
    #expect(warning.table == "case_file" && warning.label == "Kein Kontakt seit 90 Tagen")
  }

  @Test("a caseload without rows, or of a schema of its own, has no warnings")
  func nothing() throws {
    for kind in FileKind.allCases { #expect(try WarningBench(kind).warnings().isEmpty) }
    let other = try WarningBench(
      sql:
        "CREATE TABLE case_file (id TEXT, phase TEXT, opened_on TEXT); CREATE TABLE plan (id TEXT)")
    try other.open("k", ["opened_on": "2020-01-01"])
    #expect(try other.warnings().isEmpty)
  }

  @Test("numbers that overflow a sum are counted like any others")
  func overflow() throws {
    let bench = try WarningBench()
    try bench.insert(
      "grant_allocation", ["id": "g", "status": "granted", "fte_thousandths": "1000"])
    for id in ["s", "t"] {
      try bench.insert(
        "position",
        ["id": id, "grant_id": "g", "worker_id": "w", "fte_thousandths": "9223372036854775807"])
    }
    try bench.open("k", ["worker_id": "w", "months_exception": "9223372036854775807"])
    #expect(try bench.rows("positions_unlike_grant") == ["g"])
  }
}
