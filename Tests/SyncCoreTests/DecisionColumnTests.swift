import SyncCore
import Testing

/// Step 7 of the table of ``Decision``: columns, each by its own base.
@Suite("Decisions on columns")
struct DecisionColumnTests {
  private static let person = CountySample.person.key("p")
  private static let unseen = ColumnVersion.by(CountySample.county, 60, at: 77)
  private static let id = EntryID(n: 1, tag: 1)

  private func hub(_ values: [String: Value], versions: [String: ColumnVersion]) -> HubSample {
    var hub = HubSample()
    hub.put(Self.person, values.merging(["name": "n"]) { value, _ in value }, versions: versions)
    return hub
  }

  private func update(
    _ values: [String: Value], base: Int64 = 50, bases: [String: Int64] = [:], n: Int64 = 1
  ) -> Change {
    .of(.update, Self.person, values, n: n, base: base, bases: bases)
  }

  @Test("an equal value is applied and changes nothing, whoever wrote it")
  func equal() {
    let plan = hub(["worker": "w"], versions: ["worker": Self.unseen]).decide(
      [update(["worker": "w"])], by: CountySample.contributor)
    #expect(plan.answers == [Answer(id: Self.id, verdict: .applied)])
    #expect(plan.hasNoEffect && plan.ledger.isEmpty)
  }

  @Test("only its lead and the hub restrict a case and let it go; anyone else proposes to")
  func restriction() {
    let root = CountySample.caseFile.key("case-a")
    for value: Value in ["2025-02-01", .null] {
      var hub = HubSample()
      hub.put(
        root, ["opened_on": "2025-01-01", "restricted_since": value.isNull ? "2025-02-01" : .null])
      let change = Change.of(.update, root, ["restricted_since": value], base: 100)
      for (author, role) in [
        (CountySample.contributor, Role.contributor), (CountySample.county, .contributor),
      ] {
        let plan = hub.decide([change], by: author, as: role)
        #expect(plan.answers.map(\.verdict) == [.proposal])
        #expect(plan.answers.map(\.rule) == [.leadDecides])
        #expect(plan.rows.isEmpty && plan.proposals.map(\.proposed.value) == [value])
      }
      for author in [CountySample.lead, SiteID.hub] {
        let plan = hub.decide([change], by: author, as: .lead)
        #expect(plan.answers.map(\.verdict) == [.applied])
        #expect(plan.value("restricted_since", of: root) == value)
      }
      // Who does not change it says nothing about it.
      let same = Change.of(
        .update, root, ["restricted_since": value.isNull ? "2025-02-01" : .null], base: 100)
      #expect(hub.decide([same], by: CountySample.contributor).answers.map(\.verdict) == [.applied])
    }
  }

  @Test("a change of nothing is applied")
  func empty() {
    let plan = hub([:], versions: ["name": Self.unseen]).decide(
      [update([:])], by: CountySample.contributor)
    #expect(plan.answers == [Answer(id: Self.id, verdict: .applied)])
    #expect(plan.hasNoEffect)
  }

  @Test("a column that nobody changed above its base is applied", arguments: [60, 61, 100])
  func untouched(base: Int64) {
    let plan = hub(["worker": "w"], versions: ["worker": Self.unseen]).decide(
      [update(["worker": "v"], base: base)], by: CountySample.contributor)
    #expect(plan.answers == [Answer(id: Self.id, verdict: .applied)])
    #expect(plan.value("worker", of: Self.person) == "v")
    #expect(plan.ledger.isEmpty)
  }

  @Test("columns are judged each by its own: one that was touched does not hold the others")
  func independentColumns() {
    let plan = hub(["worker": "w", "goal": "g"], versions: ["goal": Self.unseen]).decide(
      [update(["worker": "v", "goal": "h"])], by: CountySample.contributor)
    #expect(
      plan.answers == [
        Answer(
          id: Self.id, verdict: .proposal, rule: .personDecides,
          columns: [
            ColumnOutcome(column: 10, verdict: .proposal, rule: .personDecides, kept: "g")
          ])
      ])
    #expect(plan.value("worker", of: Self.person) == "v")
    #expect(plan.value("goal", of: Self.person) == "g")
  }

  @Test("a column's own base counts, older or newer than the change's")
  func columnBases() {
    let hub = hub(
      ["worker": "w", "goal": "g"], versions: ["worker": Self.unseen, "goal": Self.unseen])
    let plan = hub.decide(
      [update(["worker": "v", "goal": "h"], base: 80, bases: ["goal": 55])],
      by: CountySample.contributor)
    #expect(plan.answers[0].columns.map(\.column) == [10])
    #expect(plan.proposals.map(\.base) == [55])
  }

  // MARK: Endings

  @Test("what wins is written directly, and what it replaces goes to the ledger")
  func incomingWins() {
    let plan = hub(["worker": "w"], versions: ["worker": Self.unseen]).decide(
      [update(["worker": "v"])], by: CountySample.lead, as: .lead)
    #expect(plan.answers == [Answer(id: Self.id, verdict: .applied)])
    #expect(plan.rows.first?.versions[1] == .by(CountySample.lead, 101, at: 500))
    #expect(
      plan.ledger == [
        LedgerEntry(
          caseID: CountySample.caseA, row: Self.person, column: 2, base: 50, seq: 101,
          policy: .lead, rule: .leadWins, epoch: 3, role: .lead,
          kept: Contender(value: "v", site: CountySample.lead, editedAt: 500),
          lost: Contender(value: "w", site: CountySample.county, editedAt: 77))
      ])
  }

  @Test("what loses goes to the ledger with the number at which the kept value stands")
  func currentStays() {
    let plan = hub(["area": "a"], versions: ["area": Self.unseen]).decide(
      [update(["area": "b"], bases: ["area": 45])], by: CountySample.contributor)
    #expect(
      plan.answers == [
        Answer(
          id: Self.id, verdict: .overridden, rule: .countyWins,
          columns: [ColumnOutcome(column: 3, verdict: .overridden, rule: .countyWins, kept: "a")])
      ])
    #expect(plan.hasNoEffect)
    #expect(
      plan.ledger == [
        LedgerEntry(
          caseID: CountySample.caseA, row: Self.person, column: 3, base: 45, seq: 60,
          policy: .county, rule: .countyWins, epoch: 3, role: .contributor,
          kept: Contender(value: "a", site: CountySample.county, editedAt: 77),
          lost: Contender(value: "b", site: CountySample.contributor, editedAt: 500))
      ])
  }

  @Test("a proposal keeps the value and says who proposed what upon which head")
  func proposed() {
    let plan = hub(["worker": "w"], versions: ["worker": Self.unseen]).decide(
      [update(["name": "first"], n: 2), update(["worker": "v"])], by: CountySample.contributor)
    #expect(plan.answers.map(\.verdict) == [.applied, .proposal])
    #expect(
      plan.proposals == [
        Proposal(
          caseID: CountySample.caseA, row: Self.person, column: 2, base: 50, seq: 101,
          policy: .lead, rule: .leadDecides, epoch: 3,
          kept: Contender(value: "w", site: CountySample.county, editedAt: 77),
          proposed: Contender(value: "v", site: CountySample.contributor, editedAt: 500))
      ])
    #expect(plan.value("worker", of: Self.person) == "w")
  }

  @Test("a merged value is the hub's own: its author has not seen it")
  func merged() {
    let hub = hub(["languages": "ara"], versions: ["languages": Self.unseen])
    let plan = hub.decide(
      [update(["languages": "deu"]), update(["languages": "deu,eng"], n: 2)],
      by: CountySample.contributor)
    #expect(plan.answers.map(\.verdict) == [.merged, .merged])
    #expect(
      plan.answers[1].columns == [
        ColumnOutcome(column: 5, verdict: .merged, rule: .setsUnited, kept: "ara,deu,eng")
      ])
    #expect(plan.rows.first?.versions[4].isDirect == false)
  }

  @Test("a union that is what was sent is simply applied; one that stands already writes nothing")
  func mergedWithoutChange() {
    let hub = hub(["languages": "ara,deu"], versions: ["languages": Self.unseen])
    let more = hub.decide([update(["languages": "ara,deu,eng"])], by: CountySample.contributor)
    #expect(more.answers.map(\.verdict) == [.applied])
    #expect(more.rows.first?.versions[4].isDirect == true)
    let less = hub.decide([update(["languages": "ara"])], by: CountySample.contributor)
    #expect(less.answers.map(\.verdict) == [.merged])
    #expect(less.hasNoEffect)
  }

  @Test("a change whose columns fared differently has the last of their verdicts")
  func worstVerdict() {
    let names = ["languages", "area", "worker"]
    let values: [String: Value] = ["languages": "ara", "area": "a", "worker": "w"]
    let hub = hub(values, versions: values.mapValues { _ in Self.unseen })
    let verdicts: [Verdict] = [.applied, .merged, .overridden, .proposal]
    for count in 0...3 {
      var sent: [String: Value] = ["name": "new"]
      for name in names.prefix(count) { sent[name] = "z" }
      let plan = hub.decide([update(sent)], by: CountySample.contributor)
      #expect(plan.answers.map(\.verdict) == [verdicts[count]])
      #expect(plan.answers[0].columns.count == count)
    }
  }

  @Test("the hub decides as a lead that always knows")
  func hubAuthor() {
    let plan = hub(["worker": "w"], versions: ["worker": Self.unseen]).decide(
      [update(["worker": "v"], base: 0)], by: .hub, as: nil)
    #expect(plan.answers.map(\.verdict) == [.applied])
    #expect(plan.ledger.map(\.rule) == [.leadWins])
  }

  @Test("the lead wins only if it knew the current epoch", arguments: [(19, false), (20, true)])
  func epoch(base: Int64, wins: Bool) {
    let plan = hub(["worker": "w"], versions: ["worker": Self.unseen]).decide(
      [update(["worker": "v"], base: base)], by: CountySample.lead, as: .lead)
    #expect(plan.answers.map(\.verdict) == [wins ? .applied : .proposal])
  }

  @Test("latest compares times corrected by the skew of the author's clock")
  func clockSkew() {
    let hub = hub([:], versions: ["name": .by(CountySample.county, 60, at: 480)])
    let fast = hub.decide(
      [update(["name": "x"])], by: CountySample.contributor,
      in: CountySample.context(CountySample.contributor, clockSkew: 30))
    #expect(fast.answers.map(\.rule) == [.laterEditWins])
    let right = hub.decide([update(["name": "x"])], by: CountySample.contributor)
    #expect(right.answers.map(\.verdict) == [.applied])
  }

  // MARK: Own

  @Test(
    "an earlier change of one's own is never a conflict",
    arguments: [
      ("this replica", CountySample.contributor, CountySample.incarnation, true, true),
      ("its named ancestor", CountySample.contributor, CountySample.ancestor, true, true),
      (
        "its ancestor behind its file", CountySample.contributor, CountySample.ancestor, true, false
      ),
      ("another replica of the site", CountySample.contributor, IncarnationID("x"), true, false),
      ("a value that was merged", CountySample.contributor, CountySample.incarnation, false, false),
      ("another site", CountySample.lead, CountySample.incarnation, true, false),
    ] as [(String, SiteID, IncarnationID, Bool, Bool)])
  func own(
    author: String, site: SiteID, incarnation: IncarnationID, isDirect: Bool, isOwn: Bool
  ) {
    let isNews = author.hasSuffix("its file")
    let version = ColumnVersion.by(
      site, isNews ? 61 : 60, incarnation: incarnation, isDirect: isDirect)
    let hub = hub(["goal": "g"], versions: ["goal": version])
    let context = CountySample.context(
      CountySample.contributor, ancestors: [CountySample.ancestor(through: 60)])
    let edit = hub.decide(
      [update(["goal": "h"])], by: CountySample.contributor, in: context)
    #expect(edit.answers.map(\.verdict) == [isOwn ? .applied : .proposal])
    let deletion = hub.decide(
      [.of(.delete, Self.person)], by: CountySample.contributor, in: context)
    #expect(deletion.answers.map(\.verdict) == [isOwn ? .applied : .proposal])
  }

  @Test("a run of edits sees its own earlier effects")
  func run() {
    let plan = hub(["goal": "g"], versions: [:]).decide(
      [update(["goal": "h"]), update(["goal": "i"], n: 2), update(["goal": "i"], n: 3)],
      by: CountySample.contributor)
    #expect(plan.answers.map(\.verdict) == [.applied, .applied, .applied])
    #expect(plan.log.map(\.seq) == [101, 102])
    #expect(plan.rows.count == 1)
    #expect(plan.rows.first?.versions[9].seq == 102)
    #expect(plan.value("goal", of: Self.person) == "i")
  }

  @Test("a row lives and dies within one batch as if in several")
  func lifeInOneBatch() {
    let key = CountySample.person.key("q")
    let plan = hub([:], versions: [:]).decide(
      [
        .of(.insert, key, ["name": "a"], n: 1), .of(.update, key, ["name": "b"], n: 2),
        .of(.delete, key, n: 3), .of(.update, key, ["name": "c"], n: 4),
        .of(.insert, key, ["name": "d"], n: 5),
      ], by: CountySample.contributor)
    #expect(plan.answers.map(\.verdict) == [.applied, .applied, .applied, .proposal, .applied])
    #expect(plan.log.map(\.seq) == [101, 102, 103, 104])
    #expect(plan.rows.count == 1)
    #expect(plan.value("name", of: key) == "d")
  }

  // MARK: Groups

  @Test("columns of a group end as one, though only one of them was touched")
  func group() {
    let hub = hub(["from": "2025", "to": "2026"], versions: ["to": Self.unseen])
    let sent: [String: Value] = ["from": "2027", "to": "2028"]
    let contributor = hub.decide([update(sent)], by: CountySample.contributor)
    #expect(contributor.proposals.map(\.proposed.value) == ["2027", "2028"])
    #expect(contributor.proposals.map(\.kept.site) == [CountySample.lead, CountySample.county])
    #expect(contributor.hasNoEffect)
    let lead = hub.decide([update(sent)], by: CountySample.lead, as: .lead)
    #expect(lead.value("from", of: Self.person) == "2027")
    #expect(lead.value("to", of: Self.person) == "2028")
    #expect(lead.ledger.map(\.lost.value) == ["2025", "2026"])
  }

  @Test("each column of a group counts with its own base")
  func groupBases() {
    let hub = hub(["from": "2025", "to": "2026"], versions: ["to": Self.unseen])
    let plan = hub.decide(
      [update(["from": "2027"], base: 50, bases: ["to": 60])], by: CountySample.contributor)
    #expect(plan.answers.map(\.verdict) == [.applied])
  }

  @Test(
    "a group of policy once never mixes two authors' values",
    arguments: [
      // Another set, cleared or half cleared the group while its author was away.
      (["born": "2000", "precision": "day"], ["born", "precision"], false),
      (["born": "2000"], ["precision"], false), (["born": "2000"], ["born"], false),
      (["precision": "day"], ["precision"], false), ([:], ["born", "precision"], true),
    ] as [([String: Value], [String], Bool)])
  func groupOnce(current: [String: Value], touched: [String], wins: Bool) {
    let versions = Dictionary(uniqueKeysWithValues: touched.map { ($0, Self.unseen) })
    let plan = hub(current, versions: versions).decide(
      [update(["born": "1999", "precision": "year"])], by: CountySample.contributor)
    #expect(plan.proposals.count == (wins ? 0 : 2))
    #expect(plan.hasNoEffect != wins)
    if wins {
      #expect(plan.value("born", of: Self.person) == "1999")
      #expect(plan.value("precision", of: Self.person) == "year")
      #expect(plan.ledger.isEmpty, "nothing stood there")
    }
  }

  @Test(
    "a group of policy once ends as one: it is empty only if all its columns are",
    arguments: [
      (["born": "1999", "precision": .null], .proposal), ([:], .overridden),
    ] as [([String: Value], Verdict)])
  func groupOnceEnd(sent: [String: Value], verdict: Verdict) {
    let current: [String: Value] = ["born": "2000", "precision": "day"]
    let plan = hub(current, versions: ["precision": Self.unseen]).decide(
      [update(["born": .null, "precision": .null].merging(sent) { $1 })],
      by: CountySample.contributor)
    #expect(plan.answers.map { $0.columns.map(\.verdict) } == [[verdict, verdict]])
    #expect(plan.hasNoEffect)
  }

  @Test("a group is as late as the latest edit of its columns")
  func groupLatest() {
    // Only a group's latest edit tells which of two sites wrote it last.
    let table = Table(
      number: 9, name: "span", label: "span", scope: .ofCase, isAppendOnly: false,
      isHubOnly: false, retentionMonths: nil,
      columns: ["a", "b"].enumerated().map {
        Column(
          number: $0.offset + 1, name: $0.element, label: $0.element, type: .text, tier: .header,
          policy: .latest, codes: [], terminalCodes: [], group: "g", isRequired: false)
      })
    let key = RowKey(table: 9, id: RowID("s"))
    var hub = HubSample()
    hub.put(
      StoredRow(
        key: key, caseID: CountySample.caseA, isAlive: true, writer: CountySample.lead,
        values: ["x", "y"],
        versions: [.by(CountySample.county, 60, at: 20), .by(CountySample.lead, 10)], lastSeq: 60))
    let change = Change(
      id: EntryID(n: 1, tag: 1), kind: .update, row: key, caseID: CountySample.caseA,
      cells: Cells(mask: table.allColumns, values: ["v", "w"]), base: 50, editedAt: 30,
      columnTimes: [ColumnTime(column: 1, editedAt: 10)])
    let plan = hub.decide(
      [change], by: CountySample.contributor,
      in: CountySample.context(
        CountySample.contributor,
        schema: Schema(version: 1, tables: CountySample.schema.tables + [table])))
    #expect(plan.values(key) == ["v", "w"])
  }
}
