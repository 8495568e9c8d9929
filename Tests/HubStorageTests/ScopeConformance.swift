import HubStorage
import SyncCore
import Testing

/// Cases, grants and digests.
@Suite("Hub store: cases and scope")
struct ScopeConformance {
  @Test("a new county is empty and knows itself", arguments: HubEngine.all)
  func newCounty(_ engine: HubEngine) throws {
    try engine.make().read { reader throws in
      #expect(try reader.county == TestCounty.record)
      #expect(try reader.counter == Counter(seq: 0, tree: .empty))
      #expect(try reader.lastSeq(ofSize: 0) == 0)
      #expect(try reader.caseCount == 0)
      #expect(try reader.caseIDs(ledBy: nil).isEmpty)
      #expect(try reader.sites.isEmpty)
      #expect(try reader.scopeDigest(for: "a") == .zero)
      #expect(try reader.log(from: 0, limit: 9).isEmpty)
      #expect(try reader.transactions(from: 0, limit: 9).isEmpty)
      #expect(try reader.ledger(LedgerFilter()).isEmpty)
      #expect(try reader.proposals().isEmpty)
      #expect(try reader.rows(of: .none, after: nil, limit: 9).isEmpty)
    }
  }

  @Test("a case comes back with its digest, and as it was written last", arguments: HubEngine.all)
  func cases(_ engine: HubEngine) throws {
    let store = try engine.make()
    let (first, other) = try store.commit { plan in
      plan.person("p1", in: "c1")
      return (plan.putCase("c1", lead: "a", digest: 1), plan.putCase("c2", lead: "b", digest: 2))
    }
    #expect(try store.read { try $0.cases(["c1", "c2", "c3"]) } == ["c1": first, "c2": other])
    let changed = try store.commit { plan in
      plan.person("p1", in: "c1")
      return plan.putCase("c1", lead: "b", epoch: 2, digest: UInt64(UInt32.max))
    }
    #expect(try store.read { try $0.cases(["c1", "c2"]) } == ["c1": changed, "c2": other])
  }

  @Test(
    "cases are counted and listed by lead, without the place of rows that have none",
    arguments: HubEngine.all)
  func leads(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.commit { plan in
      plan.row(TestCounty.site, "a", in: .none, [.null], by: .hub)
      plan.putCase(.none, lead: .hub, digest: 9)
      for (id, lead) in [("c3", "a"), ("c1", "b"), ("\u{E9}", "a"), ("c10", "a"), ("Z", "c")] {
        plan.putCase(CaseID(id), lead: SiteID(lead), digest: 1)
      }
    }
    try store.read { reader throws in
      #expect(try reader.caseCount == 5)
      #expect(try reader.caseIDs(ledBy: nil) == ["Z", "c1", "c10", "c3", "\u{E9}"])
      #expect(try reader.caseIDs(ledBy: ["a"]) == ["c10", "c3", "\u{E9}"])
      #expect(try reader.caseIDs(ledBy: ["b", "a", "stranger"]) == ["c1", "c10", "c3", "\u{E9}"])
      #expect(try reader.caseIDs(ledBy: []).isEmpty)
      #expect(try reader.caseIDs(ledBy: [.hub]).isEmpty)
    }
  }

  @Test("roles are the open grants of one site", arguments: HubEngine.all)
  func roles(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.commit { plan in
      for (position, role) in Role.allCases.enumerated() {
        plan.putCase(CaseID("c\(position)"), lead: "a", digest: 1)
        plan.grant(CaseID("c\(position)"), to: "b", as: role)
      }
      plan.grant("c0", to: "x", as: .reader)
    }
    let ids = Role.allCases.indices.map { CaseID("c\($0)") }
    let expected = Dictionary(uniqueKeysWithValues: zip(ids, Role.allCases))
    try store.read { reader throws in
      #expect(try reader.roles(of: "b", in: ids + ["unknown"]) == expected)
      #expect(try reader.roles(of: "b", in: ["c1"]) == ["c1": expected["c1"]!])
      #expect(try reader.roles(of: "x", in: ids) == ["c0": .reader])
      #expect(try reader.roles(of: "stranger", in: ids).isEmpty)
    }
  }

  @Test("grants come in the order in which they opened, page by page", arguments: HubEngine.all)
  func grants(_ engine: HubEngine) throws {
    let store = try engine.make()
    let given = try store.commit { plan in
      (0..<7).map { number in
        // The order of the cases is not that of the grants.
        let id = CaseID("c\(9 - number)")
        plan.putCase(id, lead: SiteID("lead\(number)"), epoch: Int64(number + 1), digest: 1)
        plan.grant(id, to: "x")
        return plan.grant(id, to: "b", as: .reader, isHeldAlready: number % 2 == 0)
      }
    }
    let expected = given.enumerated().map { number, grant in
      GrantedCase(grant: grant, lead: SiteID("lead\(number)"), epoch: Int64(number + 1))
    }
    try store.read { reader throws in
      #expect(try reader.grants(of: "b", openedIn: 0...1_000, heldAt: 0, limit: 99) == expected)
      #expect(try reader.grants(of: "stranger", openedIn: 0...1_000, heldAt: 0, limit: 99).isEmpty)
      let inside = given[2].fromSeq...given[4].fromSeq
      #expect(
        try reader.grants(of: "b", openedIn: inside, heldAt: 0, limit: 99) == Array(expected[2...4])
      )
      #expect(
        try reader.grants(of: "b", openedIn: inside, heldAt: 0, limit: 2) == Array(expected[2...3]))
      let between = given[2].fromSeq + 1...given[3].fromSeq - 1
      #expect(try reader.grants(of: "b", openedIn: between, heldAt: 0, limit: 99).isEmpty)
    }
  }

  @Test(
    "digests of cases: those with news above a number, in the site's scope",
    arguments: HubEngine.all)
  func caseDigests(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    func digests(_ site: SiteID, above seq: Int64) throws -> [CaseID: Digest128] {
      let list = try store.read { try $0.caseDigests(for: site, above: seq) }
      #expect(Set(list.map(\.caseID)).count == list.count)
      return Dictionary(uniqueKeysWithValues: list.map { ($0.caseID, $0.digest) })
    }
    let all = try store.read { try $0.cases([.none, "c1", "c2"]).mapValues(\.digests.whole) }
    #expect(try digests("b", above: 0) == all)
    #expect(try digests("a", above: 0) == all.filter { $0.key != "c2" })
    #expect(try digests("stranger", above: 0) == all.filter { $0.key == .none })
    let head = try store.read { try $0.counter.seq }
    #expect(try digests("b", above: head).isEmpty)

    try store.commit { plan in
      plan.person("p1", in: "c1")
      plan.putCase("c1", lead: "a", digest: 1_234)
    }
    let news: [CaseID: Digest128] = ["c1": Digest128(high: 1_234 << 32, low: 1_234)]
    #expect(try digests("b", above: head) == news)
    #expect(try digests("a", above: head) == news)
    #expect(try digests("stranger", above: head).isEmpty)
    // Nothing happened in the case, but the site has not held it before.
    let late = try store.commit { $0.grant("c2", to: "a") }
    #expect(try digests("a", above: late.fromSeq - 1) == ["c2": all["c2"]!])
    #expect(try digests("b", above: late.fromSeq).isEmpty)
  }

  @Test(
    "a scope's digest is the sum over its cases and the rows without one",
    arguments: HubEngine.all)
  func scopeDigest(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    try store.read { reader throws in
      let digests = try reader.cases([.none, "c1", "c2"]).mapValues(\.digests.whole)
      let common = digests[.none]!
      #expect(try reader.scopeDigest(for: "a") == common + digests["c1"]!)
      #expect(try reader.scopeDigest(for: "b") == common + digests["c1"]! + digests["c2"]!)
      #expect(try reader.scopeDigest(for: "stranger") == common)
    }
  }

  @Test("a case that is granted twice counts once", arguments: HubEngine.all)
  func grantedTwice(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    let before = try store.read { try $0.scopeDigest(for: "b") }
    let second = try store.commit { $0.grant("c1", to: "b", as: .lead) }
    try store.read { reader throws in
      #expect(try reader.scopeDigest(for: "b") == before)
      #expect(try reader.caseDigests(for: "b", above: second.fromSeq - 1).map(\.caseID) == ["c1"])
      #expect(try reader.roles(of: "b", in: ["c1"]) == ["c1": .lead], "the later grant")
      let rows = try reader.changedRows(
        for: "b", in: 1...second.fromSeq, heldAt: second.fromSeq, limit: 99)
      #expect(Set(rows.map(\.lastSeq)).count == rows.count)
    }
  }

  @Test(
    "a grant that covers less is whole again, one that covers the same goes on",
    arguments: HubEngine.all)
  func narrowed(_ engine: HubEngine) throws {
    let store = try engine.make()
    let first = try store.commit { plan in
      plan.person("p1", in: "c1")
      plan.putCase("c1", lead: "a", digest: 7)
      return plan.grant("c1", to: "b")
    }
    func opened(heldAt seq: Int64) throws -> [GrantedCase] {
      try store.read { try $0.grants(of: "b", openedIn: 1...1_000, heldAt: seq, limit: 9) }
    }
    let same = try store.commit { $0.grant("c1", to: "b", as: .lead) }
    #expect(try opened(heldAt: first.fromSeq).map(\.grant.isHeldAlready) == [true])
    #expect(try opened(heldAt: first.fromSeq - 1).map(\.grant.isHeldAlready) == [false])
    let less = try store.commit {
      $0.grant("c1", to: "b", as: .formerLead, handover: "h")
    }
    #expect(try opened(heldAt: same.fromSeq).map(\.grant) == [less])
    try store.read { reader throws in
      #expect(try reader.terms(of: "b", in: ["c1"]) == ["c1": GrantTerms(.formerLead, .header)])
      #expect(try reader.scopeDigest(for: "b") == Digest128(high: 7, low: 7 << 8))
      #expect(
        try reader.caseDigests(for: "b", above: 0).map(\.digest).last
          == Digest128(high: 7, low: 7 << 8))
      #expect(
        try reader.changedRows(for: "b", in: 1...99, heldAt: same.fromSeq, limit: 9).isEmpty)
      #expect(
        try reader.periods(of: "b", in: ["c1", "c2"]) == [
          "c1": [
            GrantPeriod(
              role: .contributor, fromSeq: first.fromSeq, untilSeq: same.fromSeq,
              endedAt: same.effectiveAt),
            GrantPeriod(
              role: .lead, fromSeq: same.fromSeq, untilSeq: less.fromSeq,
              endedAt: less.effectiveAt),
            GrantPeriod(role: .formerLead, fromSeq: less.fromSeq, untilSeq: nil, endedAt: 0),
          ]
        ])
      #expect(try reader.unpurged(at: "b") == ["c1"])
    }
  }

  @Test(
    "an ended grant is told to whoever held the case, until a later one makes it void",
    arguments: HubEngine.all)
  func ended(_ engine: HubEngine) throws {
    let store = try engine.make()
    let first = try store.commit { plan in
      plan.putCase("c1", lead: "a", digest: 7)
      return plan.grant("c1", to: "b")
    }
    let end = try store.commit { $0.end("c1", of: "b", handover: "h") }
    try store.read { reader throws in
      let told = try reader.grants(of: "b", openedIn: 2...99, heldAt: first.fromSeq, limit: 9)
      #expect(told.map(\.endedSeq) == [end.seq])
      #expect(told.map(\.grant.handover) == ["h"])
      // Whoever never heard of the case does not hear of its end.
      #expect(
        try reader.grants(of: "b", openedIn: 1...99, heldAt: first.fromSeq - 1, limit: 9).isEmpty)
      #expect(try reader.roles(of: "b", in: ["c1"]).isEmpty)
      #expect(try reader.holders(of: ["c1"]).isEmpty)
      #expect(try reader.scopeDigest(for: "b") == .zero)
      #expect(try reader.unpurged(at: "b") == ["c1"])
    }
    try store.write { writer throws in
      try writer.recordReceipt(of: "b", through: end.seq - 1, except: [], at: 1)
      try writer.recordReceipt(of: "b", through: end.seq, except: ["c1"], at: 1)
      #expect(try writer.unpurged(at: "b") == ["c1"])
      try writer.recordReceipt(of: "b", through: end.seq, except: [], at: 1)
      #expect(try writer.unpurged(at: "b").isEmpty)
    }
    try store.commit { $0.grant("c1", to: "b", as: .reader) }
    let again = try store.commit { $0.end("c1", of: "b") }
    #expect(try store.read { try $0.unpurged(at: "b") } == ["c1"])
    let back = try store.commit { $0.grant("c1", to: "b") }
    try store.read { reader throws in
      #expect(try reader.unpurged(at: "b").isEmpty, "the order is void")
      let told = try reader.grants(of: "b", openedIn: 1...99, heldAt: again.seq, limit: 9)
      #expect(told.map(\.seq) == [back.fromSeq] && told.map(\.endedSeq) == [nil])
    }
  }

  @Test(
    "units are held, found and compared as cases are, and counted as none",
    arguments: HubEngine.all)
  func units(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.commit { plan in
      plan.row(TestCounty.worker, "w", in: "#4/w", [.text("a"), .text("Muster")])
      plan.putCase("#4/w", lead: "a", digest: 5)
      plan.grant("#4/w", to: "a", as: .lead, isHeldAlready: true)
      plan.grant("#4/w", to: "b", as: .mention)
      plan.row(TestCounty.caseFile, "c2", in: "c2", [.null, .text("w")])
      plan.row(TestCounty.caseFile, "c1", in: "c1", [.null, .text("w")])
      plan.row(TestCounty.caseFile, "c3", in: "c3", [.null, .text("W")])
      for id in ["c1", "c2", "c3"] { plan.putCase(CaseID(id), lead: "a", digest: 1) }
      plan.grant("c1", to: "b")
    }
    let worker = RowKey(table: TestCounty.worker, id: RowID("w"))
    try store.read { reader throws in
      #expect(try reader.caseCount == 3)
      #expect(try reader.caseIDs(ledBy: nil) == ["c1", "c2", "c3"])
      #expect(try reader.caseIDs(ledBy: ["a"]) == ["c1", "c2", "c3"])
      #expect(try reader.cases(mentioning: worker) == ["c1", "c2"])
      #expect(try reader.cases(mentioning: person("w")).isEmpty)
      #expect(
        try reader.holders(of: ["#4/w", "c1", "unknown"])
          == ["#4/w": ["a": .lead, "b": .mention], "c1": ["b": .contributor]])
      #expect(try reader.mentionedUnits(of: "b") == ["#4/w"])
      #expect(try reader.mentionedUnits(of: "a").isEmpty)
      #expect(try reader.mentionedUnits(of: "stranger").isEmpty)
      #expect(Set(try reader.caseDigests(for: "b", above: 0).map(\.caseID)) == ["#4/w", "c1"])
    }
  }

  @Test(
    "what a mention shows is compared by what it shows", arguments: HubEngine.all)
  func mentionDigests(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.commit { plan in
      plan.row(TestCounty.worker, "w", in: "#4/w", [.text("a"), .text("Muster")])
      plan.putCase("#4/w", lead: "a", digest: 5)
      plan.grant("#4/w", to: "b", as: .mention)
    }
    var digester = RowDigester(key: SipHash128Key(bytes: TestCounty.record.digestKey)!)
    let table = TestCounty.schema.table(number: TestCounty.worker)!
    let shown = digester.digest(
      of: RowKey(table: table.number, id: RowID("w")), caseID: "#4/w",
      row: [.null, .text("Muster")],
      in: table)
    try store.read { reader throws in
      let digests = try reader.mentionDigests(for: "b", schema: TestCounty.schema)
      #expect(digests.seen == ["#4/w": shown])
      #expect(digests.scope(try reader.scopeDigest(for: "b")) == shown)
    }
    // Whoever is named later sees all of it, and the mention counts no more.
    try store.commit { $0.grant("#4/w", to: "b") }
    try store.read { reader throws in
      #expect(try reader.mentionedUnits(of: "b").isEmpty)
      #expect(try reader.mentionDigests(for: "b", schema: TestCounty.schema).seen.isEmpty)
      #expect(try reader.roles(of: "b", in: ["#4/w"]) == ["#4/w": .contributor])
    }
  }
}
