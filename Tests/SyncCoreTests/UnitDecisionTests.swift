import SyncCore
import Testing

/// The table in `UnitScope.swift`, cell by cell: rows that belong to no case.
@Suite("Decisions on rows without a case")
struct UnitDecisionTests {
  private static let a = SiteID("a")
  private static let b = SiteID("b")
  private static let unit = CaseID("#2/w")
  private static let caseID = CaseID("c")

  private static let worker = Table(
    number: 2, name: "worker", label: "W", scope: .ofSite, isAppendOnly: false, isHubOnly: false,
    retentionMonths: nil,
    columns: [
      column(1, "site", follows: .site), column(2, "second", follows: .site),
      column(3, "name", isMentioned: true),
    ])
  private static let post = Table(
    number: 3, name: "post", label: "P", scope: .ofSite, isAppendOnly: false, isHubOnly: false,
    retentionMonths: nil, columns: [column(1, "worker", follows: .row(ofTable: "worker"))])
  private static let file = Table(
    number: 1, name: "file", label: "F", scope: .caseRoot, isAppendOnly: false, isHubOnly: false,
    retentionMonths: nil, columns: [column(1, "worker", mentions: "worker")])
  private static let schema = Schema(version: 1, tables: [file, worker, post])

  private static func column(
    _ number: Int, _ name: String, follows: Column.Followed? = nil, mentions: String? = nil,
    isMentioned: Bool = false
  ) -> Column {
    Column(
      number: number, name: name, label: name, type: .text, tier: .header, policy: .lead,
      follows: follows, mentions: mentions, isMentioned: isMentioned)
  }

  private func change(
    _ kind: ChangeKind, _ key: RowKey, _ values: [String: Value], in unit: CaseID = unit,
    n: Int64 = 1
  ) -> Change {
    Change(
      id: EntryID(n: n, tag: n), kind: kind, row: key, caseID: unit,
      cells: Self.schema.table(number: key.table)!.cells(values), base: 50, editedAt: 1)
  }

  private func decide(_ changes: [Change], by author: SiteID, _ view: HubView = HubView()) -> Plan {
    var view = view
    view.cases[.none] = StoredCase(id: .none, lead: .hub, epoch: 1, epochSince: 0, digests: .zero)
    return Decision.decide(
      changes, view: view,
      context: DecisionContext(
        schema: Self.schema,
        author: Author(
          site: author, incarnation: IncarnationID("i"), ancestors: [], clockSkew: 0),
        headSeq: 100, now: 1_000, sites: [Self.a, Self.b], countySites: [],
        viewersOfNewCases: [:]), digestKey: CountySample.key)
  }

  /// The hub with a worker whom `a` leads, as `author` sees it.
  private func known(
    _ values: [String: Value] = ["site": "a"], author: Role? = .lead,
    holders: [SiteID: Role] = [a: .lead]
  ) -> HubView {
    let key = Self.worker.key("w")
    let row = StoredRow(
      key: key, caseID: Self.unit, isAlive: true, writer: Self.a, values: Self.worker.row(values),
      versions: Self.worker.columns.map { _ in .by(Self.a, 10) }, lastSeq: 10)
    return HubView(
      rows: [key: row],
      cases: [
        Self.unit: StoredCase(id: Self.unit, lead: Self.a, epoch: 1, epochSince: 0, digests: .zero)
      ],
      roles: author.map { [Self.unit: $0] } ?? [:], holders: [Self.unit: holders])
  }

  private func grants(_ plan: Plan) -> [[AnyHashable]] {
    plan.grants.map { [$0.caseID, $0.site, $0.role, $0.isHeldAlready] }
  }

  @Test("a new row is opened for the sites that it names, the first one leads")
  func opened() {
    let insert = { change(.insert, Self.worker.key("w"), $0) }
    let own = decide([insert(["name": "x"])], by: Self.a)
    #expect(own.answers.map(\.verdict) == [.applied])
    #expect(grants(own) == [[Self.unit, Self.a, Role.lead, true]])
    #expect(own.cases.map(\.lead) == [Self.a])

    let shared = decide([insert(["site": "b", "second": "a"])], by: Self.a)
    #expect(
      grants(shared) == [
        [Self.unit, Self.b, Role.lead, false], [Self.unit, Self.a, Role.contributor, true],
      ])
    let byHub = decide([insert(["site": "b"])], by: .hub)
    #expect(grants(byHub) == [[Self.unit, Self.b, Role.lead, false]])
    let ofNobody = decide([insert(["name": "x"])], by: .hub)
    #expect(ofNobody.answers.map(\.verdict) == [.applied])
    #expect(ofNobody.grants.isEmpty)
    #expect(ofNobody.cases.map(\.lead) == [.hub])
  }

  @Test(
    "a new row that names others only, or an unknown site, is refused",
    arguments: [("b", Rule.notGranted), ("x", .unknownSite), ("", .unknownSite)])
  func notOpened(site: String, rule: Rule) {
    let plan = decide(
      [change(.insert, Self.worker.key("w"), ["site": .text(site)])], by: Self.a)
    #expect(plan.answers.map(\.rule) == [rule])
    #expect(plan.hasNoEffect)
  }

  @Test("a unit has the place that its key gives, and no other")
  func place() {
    for wrong in ["#2/v", "#3/w", "#02/w", "w", ""] {
      let plan = decide(
        [change(.insert, Self.worker.key("w"), [:], in: CaseID(wrong))], by: Self.a)
      #expect(plan.answers.map(\.rule) == [.valueNotAllowed], "\(wrong)")
    }
    let root = decide(
      [change(.insert, Self.file.key("#2/w"), [:], in: Self.unit)], by: Self.a)
    #expect(root.answers.map(\.rule) == [.valueNotAllowed])
  }

  @Test("an update of a unit never seen is asked for whole")
  func neverSeen() {
    let update = change(.update, Self.worker.key("w"), ["name": "x"])
    #expect(decide([update], by: Self.a).answers.map(\.rule) == [.unknownRow])
    let deletion = change(.delete, Self.worker.key("w"), [:])
    #expect(decide([deletion], by: Self.a).answers.map(\.verdict) == [.applied])
  }

  @Test("only who is named may write", arguments: [Role.mention, .reader, .formerLead, nil])
  func roles(role: Role?) {
    let update = change(.update, Self.worker.key("w"), ["name": "x"])
    let plan = decide([update], by: Self.b, known(author: role))
    #expect(plan.answers.map(\.rule) == [.notGranted])
  }

  @Test("a row may name further sites")
  func named() {
    let update = change(.update, Self.worker.key("w"), ["second": "b"])
    let plan = decide([update], by: Self.a, known())
    #expect(plan.answers.map(\.verdict) == [.applied])
    #expect(grants(plan) == [[Self.unit, Self.b, Role.contributor, false]])
    // Who has only heard of it gets all of it.
    let heard = decide(
      [update], by: Self.a, known(holders: [Self.a: .lead, Self.b: .mention]))
    #expect(grants(heard) == [[Self.unit, Self.b, Role.contributor, false]])
    // Named again is named already.
    let both = known(
      ["site": "a", "second": "b"], holders: [Self.a: .lead, Self.b: .contributor])
    #expect(decide([update], by: Self.a, both).grants.isEmpty)
  }

  @Test("a row is never taken from a site")
  func stays() {
    let both = known(
      ["site": "a", "second": "b"], holders: [Self.a: .lead, Self.b: .contributor])
    for values: [String: Value] in [["second": .null], ["second": "a"], ["site": "b"]] {
      let plan = decide([change(.update, Self.worker.key("w"), values)], by: Self.a, both)
      #expect(plan.answers.map(\.rule) == [.rowStays], "\(values)")
      #expect(plan.hasNoEffect)
    }
    // In another order all keep it; a mention is nothing that it could be taken from.
    let swapped = change(.update, Self.worker.key("w"), ["site": "b", "second": "a"])
    #expect(decide([swapped], by: Self.a, both).answers.map(\.verdict) == [.applied])
    let heard = known(holders: [Self.a: .lead, Self.b: .mention])
    let emptied = change(.update, Self.worker.key("w"), ["site": .null])
    #expect(decide([emptied], by: Self.a, heard).answers.map(\.verdict) == [.applied])
  }

  @Test("a row that follows another goes where that one goes, if its author may write there")
  func follows() {
    let unit = Self.post.unit(of: RowID("p"))
    let insert = change(.insert, Self.post.key("p"), ["worker": "w"], in: unit)
    let view = known(holders: [Self.a: .lead, Self.b: .contributor])
    #expect(
      grants(decide([insert], by: Self.a, view)) == [
        [unit, Self.a, Role.lead, true], [unit, Self.b, Role.contributor, false],
      ])
    let foreign = decide([insert], by: Self.b, known(author: .mention))
    #expect(foreign.answers.map(\.rule) == [.notGranted])
    // A worker whom nobody knows yet says nothing.
    #expect(grants(decide([insert], by: Self.b)) == [[unit, Self.b, Role.lead, true]])
    // And one of the same batch does.
    let worker = change(.insert, Self.worker.key("w"), ["site": "a", "second": "b"], n: 1)
    let post = change(.insert, Self.post.key("p"), ["worker": "w"], in: unit, n: 2)
    #expect(grants(decide([worker, post], by: Self.a)).count == 4)
  }

  @Test("a case's holders hear of whom it mentions, if its author may see him")
  func mentions() {
    var view = known()
    view.cases[Self.caseID] = StoredCase(
      id: Self.caseID, lead: Self.a, epoch: 1, epochSince: 0, digests: .zero)
    view.roles[Self.caseID] = .lead
    view.holders[Self.caseID] = [Self.a: .lead, Self.b: .contributor]
    let key = Self.file.key("c")
    view.rows[key] = StoredRow(
      key: key, caseID: Self.caseID, isAlive: true, writer: Self.a, values: [.null],
      versions: [.by(Self.a, 10)], lastSeq: 10)
    let update = change(.update, key, ["worker": "w"], in: Self.caseID)
    #expect(
      grants(decide([update], by: Self.a, view)) == [[Self.unit, Self.b, Role.mention, false]])

    var blind = view
    blind.roles[Self.unit] = nil
    let unseen = decide([update], by: Self.a, blind)
    #expect(unseen.answers.map(\.verdict) == [.applied])
    #expect(unseen.grants.isEmpty)

    // Opened later, the unit is told to those who hold a case that names it.
    var early = view
    early.cases[Self.unit] = nil
    early.rows[Self.worker.key("w")] = nil
    early.holders[Self.unit] = nil
    early.mentions[Self.unit] = [Self.caseID]
    let opened = decide([change(.insert, Self.worker.key("w"), ["name": "x"])], by: Self.a, early)
    #expect(
      grants(opened) == [
        [Self.unit, Self.a, Role.lead, true], [Self.unit, Self.b, Role.mention, false],
      ])
  }

  @Test("a mention shows the mentioned columns, every other role all that travels")
  func visible() {
    for role in Role.allCases {
      #expect(
        Self.worker.columns(visibleTo: GrantTerms(role, role == .mention ? nil : .all))
          == (role == .mention ? ColumnMask([3]) : Self.worker.travellingColumns))
    }
    #expect(Self.schema.row(ofUnit: Self.unit) == Self.worker.key("w"))
    #expect(Self.schema.row(ofUnit: "#9/w") == nil)
    #expect(Self.schema.row(ofUnit: Self.caseID) == nil)
  }
}

extension CaseID: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) { self.init(text) }
}
