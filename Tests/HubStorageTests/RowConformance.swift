import HubStorage
import SyncCore
import Testing

/// Rows, living and deleted, as every engine must keep and page them.
@Suite("Hub store: rows")
struct RowConformance {
  @Test("a row comes back with its values, versions and writer", arguments: HubEngine.all)
  func roundTrip(_ engine: HubEngine) throws {
    let store = try engine.make()
    let people: [[Value]] = [
      [.null, .null, .null],
      [.text(""), .integer(0), .text("0")],
      [.text("a'b\"c\\d%_"), .integer(.max), .null],
      [.text("Jos\u{65}\u{301}"), .integer(.min), .null],
      [.text("Jos\u{E9} 😀\u{FFFF}"), .null, .text("1e3")],
      [.text(String(repeating: "ü", count: 100_000)), .null, .null],
    ]
    let written = try store.commit { plan in
      let site = plan.row(TestCounty.site, "s1", in: .none, [.text("Stelle")], by: .hub)
      let root = plan.row(TestCounty.caseFile, "c1", in: "c1", [.text("2025-01-15"), .null])
      return [site, root]
        + people.enumerated().map { number, values in
          plan.row(TestCounty.person, "p\(number)", in: "c1", values)
        }
    }
    let found = try store.read { try $0.rows(written.map(\.key) + [person("unknown")]) }
    #expect(found.count == written.count)
    for row in written { #expect(found[row.key] == row) }
  }

  @Test("a row that is written again is replaced", arguments: HubEngine.all)
  func replacement(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.commit { $0.person("p1", in: "c1") }
    let second = try store.commit {
      $0.row(TestCounty.person, "p1", in: "c1", [.null, .null, .text("1")], by: "b")
    }
    #expect(try store.read { try $0.rows([second.key]) } == [second.key: second])
    #expect(try store.read { try $0.rows(of: "c1", after: nil, limit: 9) } == [second])
  }

  @Test("ids are told apart and ordered by their bytes", arguments: HubEngine.all)
  func unusualIDs(_ engine: HubEngine) throws {
    let store = try engine.make()
    let ids = [
      " ", "'", "%", "1", "10", "2", "A", "Z", "_", "a", "a ", "aa", "e\u{301}", "z", "\u{7F}",
      "\u{DF}", "\u{E9}",
      "\u{FB01}", "\u{FFFF}", "😀", String(repeating: "x", count: 128),
    ]
    try store.commit { plan in
      for id in ids { plan.person(id, in: "c1", "name of \(id)") }
      plan.row(TestCounty.caseFile, "c1", in: "c1", [.null, .null])
    }
    try store.read { reader throws in
      let keys = try reader.rows(of: "c1", after: nil, limit: 1_000).map(\.key)
      #expect(keys.count == ids.count + 1)
      #expect(keys == keys.sorted())
      #expect(keys.first?.table == TestCounty.caseFile)
      for id in ids {
        let row = try reader.rows([person(id)])[person(id)]
        #expect(row?.values.first == .text("name of \(id)"))
      }
    }
  }

  @Test(
    "a table's living rows come in order of their ids, from all cases", arguments: HubEngine.all)
  func ofTable(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.commit { plan in
      plan.row(TestCounty.caseFile, "c1", in: "c1", [.null, .null])
      plan.person("p3", in: "c1")
      plan.person("p1", in: "c2")
      plan.person("p2", in: "c1")
      plan.person("p4", in: "c1")
    }
    try store.commit { $0.row(TestCounty.person, "p2", in: "c1", nil) }
    let all = try store.read { try $0.rows(ofTableBehind: person(""), limit: 9) }
    #expect(all.map(\.key) == ["p1", "p3", "p4"].map(person))
    #expect(all.map(\.caseID) == ["c2", "c1", "c1"])
    let some = try store.read { try $0.rows(ofTableBehind: person("p1"), limit: 1) }
    #expect(some == [all[1]])
  }

  @Test("a table's living rows are found case by case", arguments: HubEngine.all)
  func ofTableInCases(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.commit { plan in
      plan.row(TestCounty.caseFile, "c1", in: "c1", [.null, .null])
      for (id, caseID) in [("p3", "c1"), ("p1", "c2"), ("p2", "c1"), ("p4", "c3")] {
        plan.person(id, in: CaseID(caseID), "name of \(id)")
      }
    }
    let dead = try store.commit { plan in
      [("p2", "c1"), ("p4", "c3")].map {
        plan.row(TestCounty.person, $0, in: CaseID($1), nil)
      }
    }
    try store.read { reader throws in
      let table = reader.schema.table(number: TestCounty.person)!
      let found = try reader.livingRows(of: table, in: ["c3", "c2", "c1", "c9"])
      let living = try reader.rows([person("p3"), person("p1")])
      #expect(found == ["c1": [living[person("p3")]!], "c2": [living[person("p1")]!]])
      #expect(dead.allSatisfy { !$0.isAlive })
    }
  }

  @Test(
    "pages of a case hold every row once, in order, whatever their length",
    arguments: HubEngine.all, [1, 2, 3, 7, 50])
  func paging(_ engine: HubEngine, limit: Int) throws {
    let store = try engine.make()
    try store.commit { plan in
      plan.row(TestCounty.caseFile, "c1", in: "c1", [.null, .null])
      for number in 0..<14 {
        let isDead = number % 3 == 0
        plan.row(
          TestCounty.person, "\u{E9}\(number)", in: number == 5 ? "c2" : "c1",
          isDead ? nil : [.null, .null, .null])
      }
    }
    try store.read { reader throws in
      let all = try reader.rows(of: "c1", after: nil, limit: 1_000)
      #expect(all.count == 14)
      #expect(all.contains { !$0.isAlive } && all.allSatisfy { $0.caseID == "c1" })
      var paged: [StoredRow] = []
      while paged.count <= all.count {
        let page = try reader.rows(of: "c1", after: paged.last?.key, limit: limit)
        #expect(page.count <= limit)
        if page.isEmpty { break }
        paged += page
      }
      #expect(paged == all)
    }
  }

  @Test(
    "a deleted row keeps its versions and no value; a revived one has both",
    arguments: HubEngine.all)
  func deletion(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.commit { $0.person("p1", in: "c1", "Geheim") }
    let dead = try store.commit { $0.row(TestCounty.person, "p1", in: "c1", nil, by: "b") }
    #expect(try store.read { try $0.rows([dead.key]) } == [dead.key: dead])
    #expect(dead.values.allSatisfy(\.isNull) && dead.versions.count == 3)
    let revived = try store.commit { $0.person("p1", in: "c1", "Neu") }
    #expect(try store.read { try $0.rows([dead.key]) } == [dead.key: revived])
  }

  @Test(
    "where a row moved, the living one wins over what it left behind",
    arguments: HubEngine.all, [true, false])
  func move(_ engine: HubEngine, leavesFirst: Bool) throws {
    let store = try engine.make()
    try store.commit { $0.person("p1", in: "c1") }
    let (left, living) = try store.commit { plan in
      if leavesFirst {
        let left = plan.row(TestCounty.person, "p1", in: "c1", nil)
        return (left, plan.person("p1", in: "c2", "Moved"))
      }
      let living = plan.person("p1", in: "c2", "Moved")
      return (plan.row(TestCounty.person, "p1", in: "c1", nil), living)
    }
    try store.read { reader throws in
      #expect(try reader.rows([living.key]) == [living.key: living])
      #expect(try reader.rows(of: "c1", after: nil, limit: 9) == [left])
      #expect(try reader.rows(of: "c2", after: nil, limit: 9) == [living])
    }
    let dead = try store.commit { $0.row(TestCounty.person, "p1", in: "c2", nil) }
    #expect(try store.read { try $0.rows([dead.key]) } == [dead.key: dead], "the last deletion")
    let back = try store.commit { $0.person("p1", in: "c1", "Back") }
    try store.read { reader throws in
      #expect(try reader.rows([back.key]) == [back.key: back])
      #expect(try reader.rows(of: "c2", after: nil, limit: 9) == [dead])
    }
  }

  @Test(
    "changed rows come in the order of their last change, each once, page by page",
    arguments: HubEngine.all, [1, 2, 3, 50])
  func changedPaging(_ engine: HubEngine, limit: Int) throws {
    let store = try engine.make()
    try store.fill()
    try store.commit { plan in
      plan.person("p2", in: "c1", "Again")
      plan.person("p0", in: "c1")
      plan.person("p1", in: "c1", "Again")
    }
    try store.read { reader throws in
      let head = try reader.counter.seq
      var paged: [StoredRow] = []
      var through: Int64 = 0
      while through < head, paged.count < 99 {
        let page = try reader.changedRows(
          for: "a", in: through + 1...head, heldAt: head, limit: limit)
        #expect(page.count <= limit)
        guard let last = page.last else { break }
        paged += page
        through = last.lastSeq
      }
      let names = paged.map { "\($0.key.table)/\($0.key.id)\($0.isAlive ? "" : " gone")" }
      #expect(names == ["1/a", "2/c1", "3/p3 gone", "3/p4 gone", "3/p2", "3/p0", "3/p1"])
      #expect(paged.map(\.lastSeq) == paged.map(\.lastSeq).sorted())
      let middle = paged[2]
      let one = try reader.changedRows(
        for: "a", in: middle.lastSeq...middle.lastSeq, heldAt: head, limit: 9)
      #expect(one == [middle])
    }
  }

  @Test(
    "a site to whom few of many changes belong hears of them in their order",
    arguments: HubEngine.all)
  func changedSparsely(_ engine: HubEngine) throws {
    let store = try engine.make()
    for round in 0..<3 {
      try store.commit { plan in
        for number in 0..<1_500 { plan.person("a\(number)", in: "c1", "\(round)") }
        plan.person("b\(round)", in: "c2")
        plan.putCase("c1", lead: "a", digest: 1)
        plan.putCase("c2", lead: "b", digest: 2)
        guard round == 0 else { return }
        plan.grant("c1", to: "a", as: .lead, isHeldAlready: true)
        plan.grant("c2", to: "b", as: .lead, isHeldAlready: true)
      }
    }
    try store.read { reader throws in
      let head = try reader.counter.seq
      func changed(_ site: SiteID, in range: ClosedRange<Int64>, limit: Int) throws -> [RowKey] {
        try reader.changedRows(for: site, in: range, heldAt: head, limit: limit).map(\.key)
      }
      let all = ["b0", "b1", "b2"].map(person)
      #expect(try changed("b", in: 1...head, limit: 9) == all)
      #expect(try changed("b", in: 1...head, limit: 2) == Array(all.prefix(2)))
      #expect(try changed("b", in: 1...head - 1_000, limit: 9) == Array(all.prefix(2)))
      #expect(try changed("b", in: 2_000...head, limit: 9) == Array(all.dropFirst()))
      #expect(try changed("stranger", in: 1...head, limit: 9).isEmpty)
      #expect(try changed("a", in: 1...head, limit: 9_999).count == 1_500)
      #expect(try changed("a", in: 1...head, limit: 7) == (0..<7).map { person("a\($0)") })
      #expect(try reader.caseDigests(for: "b", above: 2_000).map(\.caseID) == ["c2"])
    }
  }

  @Test("changed rows leave the scope of the site in no case", arguments: HubEngine.all)
  func changedScope(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    try store.read { reader throws in
      let head = try reader.counter.seq
      func cases(_ site: SiteID) throws -> Set<CaseID> {
        Set(
          try reader.changedRows(for: site, in: 1...head, heldAt: head, limit: 99).map(\.caseID))
      }
      #expect(try cases("a") == [.none, "c1"])
      #expect(try cases("b") == [.none, "c1", "c2"])
      #expect(try cases("stranger") == [.none])
    }
  }

  @Test(
    "changed rows are those of cases that the site held at that time",
    arguments: HubEngine.all)
  func heldAt(_ engine: HubEngine) throws {
    let store = try engine.make()
    let (opened, shared) = try store.commit { plan in
      plan.person("p1", in: "c1")
      let opened = plan.grant("c1", to: "a", as: .lead, isHeldAlready: true)
      let shared = plan.grant("c1", to: "b")
      plan.putCase("c1", lead: "a", digest: 1)
      return (opened, shared)
    }
    let change = try store.commit { $0.person("p2", in: "c1") }
    func seen(_ site: SiteID, heldAt seq: Int64) throws -> [RowKey] {
      try store.read {
        try $0.changedRows(for: site, in: 1...change.lastSeq, heldAt: seq, limit: 9).map(\.key)
      }
    }
    let both = [person("p1"), person("p2")]
    // Granted later: the case comes whole, not row by row.
    #expect(try seen("b", heldAt: shared.fromSeq - 1).isEmpty)
    #expect(try seen("b", heldAt: shared.fromSeq) == both)
    // Its opener held it from the start.
    #expect(try seen("a", heldAt: opened.fromSeq - 1) == both)
  }
}
