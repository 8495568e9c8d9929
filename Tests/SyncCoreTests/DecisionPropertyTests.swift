import SyncCore
import Testing

/// Laws that hold for every batch, whoever sends it and whatever the hub holds.
@Suite("Decisions on random batches")
struct DecisionPropertyTests {
  private static let seeds = (0..<20).map { UInt64($0) * 150..<UInt64($0 + 1) * 150 }

  @Test("effects are dense, digests fit, and every change has one answer", arguments: seeds)
  func books(seeds: Range<UInt64>) {
    for seed in seeds {
      let sample = RandomBatch(seed: seed)
      let plan = sample.decide()
      #expect(plan.answers.map(\.id) == sample.changes.map(\.id), "seed \(seed)")
      let seqs = plan.log.map(\.seq)
      #expect(seqs == (0..<Int64(seqs.count)).map { CountySample.headSeq + 1 + $0 }, "seed \(seed)")
      for stored in plan.cases {
        #expect(stored.digests.whole == sample.digest(of: stored.id, after: plan), "seed \(seed)")
      }
      let written = Set(plan.cases.map(\.id))
      #expect(written.count == plan.cases.count, "seed \(seed)")
      #expect(plan.rows.allSatisfy { written.contains($0.caseID) }, "seed \(seed)")
      #expect(plan.log.allSatisfy { written.contains($0.caseID) }, "seed \(seed)")
    }
  }

  @Test("the log says of each column who wrote it last", arguments: seeds)
  func versions(seeds: Range<UInt64>) {
    for seed in seeds {
      let sample = RandomBatch(seed: seed)
      let plan = sample.decide()
      for row in plan.rows {
        let table = CountySample.schema.table(number: row.key.table)!
        let entries = plan.log.compactMap { entry -> (Int64, ChangeKind, Cells)? in
          guard case .row(let kind, let image) = entry.content, image.key == row.key,
            image.caseID == row.caseID
          else { return nil }
          return (entry.seq, kind, image.cells)
        }
        #expect(row.lastSeq == entries.last?.0, "seed \(seed)")
        #expect(row.isAlive == (entries.last?.1 != .delete), "seed \(seed)")
        guard row.isAlive else { continue }
        for (position, column) in table.columns.enumerated() {
          let last = entries.last { $1 == .insert || $2.mask.contains(column.number) }
          guard let last else { continue }
          #expect(row.versions[position].seq == last.0, "seed \(seed)")
          #expect(row.values[position] == last.2[column.number] ?? .null, "seed \(seed)")
        }
      }
    }
  }

  @Test("a batch decides as its changes do one by one, and twice alike", arguments: seeds)
  func oneByOne(seeds: Range<UInt64>) {
    for seed in seeds {
      let sample = RandomBatch(seed: seed)
      let whole = sample.decide()
      #expect(whole.everything == sample.decide().everything, "seed \(seed)")
      var steps = Plan()
      for step in sample.steps {
        steps.answers += step.plan.answers
        steps.log += step.plan.log
        steps.ledger += step.plan.ledger
        steps.proposals += step.plan.proposals
        steps.grants += step.plan.grants
      }
      steps.rows = whole.rows
      steps.cases = whole.cases
      #expect(whole.everything == steps.everything, "seed \(seed)")
    }
  }

  @Test("every value sent is current, in the ledger, proposed, merged or refused", arguments: seeds)
  func conservation(seeds: Range<UInt64>) {
    for seed in seeds {
      for step in RandomBatch(seed: seed).steps {
        let plan = step.plan
        if step.answer.verdict == .refused {
          #expect(plan.hasNoEffect && plan.ledger.isEmpty && plan.proposals.isEmpty)
        } else if step.change.kind == .delete {
          let old = step.before.rows[step.change.row]
          let wasThere = old?.isAlive == true && old?.caseID == step.change.caseID
          let isDead = plan.rows.contains { $0.key == step.change.row && !$0.isAlive }
          let isProposed = plan.proposals.contains { $0.column == nil }
          #expect(isDead || isProposed || !wasThere, "seed \(seed)")
        } else {
          for (number, value) in step.cells {
            #expect(step.accountsFor(value, inColumn: number), "seed \(seed), column \(number)")
          }
        }
      }
    }
  }

  @Test("no value that its author has not seen goes without a line in the ledger", arguments: seeds)
  func noSilentOverwrite(seeds: Range<UInt64>) {
    for seed in seeds {
      let sample = RandomBatch(seed: seed)
      for step in sample.steps {
        guard let old = step.before.rows[step.change.row], old.isAlive,
          let new = step.plan.rows.first
        else { continue }
        for (position, column) in step.table.columns.enumerated()
        where old.values[position] != new.values[position] && !old.values[position].isNull {
          let version = old.versions[position]
          let isSeen = version.seq <= step.change.base(ofColumn: column.number)
          let isOwn = version.site == sample.author && version.isDirect
          let lost = Contender(
            value: old.values[position], site: version.site, editedAt: version.editedAt)
          let isLost = step.plan.ledger.contains { $0.column == column.number && $0.lost == lost }
          #expect(isSeen || isOwn || isLost || column.policy == .union, "seed \(seed)")
        }
      }
    }
  }

  @Test("what the answers say of a column is what the hub holds in it", arguments: seeds)
  func honestAnswers(seeds: Range<UInt64>) {
    for seed in seeds {
      for step in RandomBatch(seed: seed).steps {
        let answer = step.answer
        #expect((answer.verdict == .applied) == (answer.rule == nil), "seed \(seed)")
        #expect(answer.columns.map(\.verdict).max() ?? answer.verdict == answer.verdict)
        for outcome in answer.columns {
          #expect(step.current(inColumn: outcome.column) == outcome.kept, "seed \(seed)")
        }
        #expect(answer.verdict == .proposal || step.plan.proposals.isEmpty, "seed \(seed)")
      }
    }
  }
}

/// A random view of the hub and a random batch of one site.
private struct RandomBatch {
  let author: SiteID
  let changes: [Change]
  let roles: [CaseID: Role]
  private let hub: HubSample
  private let context: DecisionContext

  private static let cases = [CountySample.caseA, CountySample.caseB]
  private static let rowIDs = ["r1", "r2", "r3"]
  private static let tables = [CountySample.person, CountySample.person, CountySample.talk]

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    author = random.pick([CountySample.lead, CountySample.contributor, CountySample.county])
    hub = Self.hub(&random)
    var roles: [CaseID: Role] = [.none: .contributor]
    for caseID in Self.cases where random.chance(90) {
      roles[caseID] = random.pick([.lead, .contributor, .contributor, .reader])
    }
    self.roles = roles
    let view = hub.view
    changes = (1...Int64(random.number(1...8))).map { Self.change($0, upon: view, &random) }
    context = CountySample.context(
      author,
      ancestors: random.chance(50)
        ? [CountySample.ancestor(through: random.pick([20, 60, .max]))] : [])
  }

  private static func hub(_ random: inout SeededGenerator) -> HubSample {
    var hub = HubSample(leadOf: cases)
    for caseID in cases {
      hub.put(CountySample.caseFile.key(caseID.string), ["opened_on": "2025-01-01"], in: caseID)
    }
    for table in [CountySample.person, CountySample.talk] {
      for id in rowIDs where random.chance(80) {
        var values: [String: Value] = [:]
        var versions: [String: ColumnVersion] = [:]
        for column in table.columns {
          values[column.name] = value(of: column, &random)
          versions[column.name] = .by(
            random.pick([CountySample.lead, CountySample.contributor, CountySample.county]),
            Int64(random.number(1...100)),
            incarnation: random.pick([CountySample.incarnation, CountySample.ancestor]),
            isDirect: random.chance(80), at: Int64(random.number(1...1_000)))
        }
        hub.put(
          table.key(id), values, in: random.pick(cases), versions: versions,
          writer: random.pick([CountySample.lead, CountySample.contributor]),
          isAlive: random.chance(80))
      }
    }
    return hub
  }

  private static func value(of column: Column, _ random: inout SeededGenerator) -> Value {
    if !column.isRequired && random.chance(25) { return .null }
    switch column.type {
    case .integer, .boolean: return .integer(Int64(random.number(1...3)))
    case .code: return .text(random.pick(column.codes))
    case .set: return .text(random.pick(["ara", "ara,deu", "deu,eng", "fra"]))
    case .date: return .text("2025-01-0\(random.number(1...3))")
    case .text: return .text(random.pick(["x", "y", "z"]))
    }
  }

  private static func change(
    _ n: Int64, upon view: HubView, _ random: inout SeededGenerator
  ) -> Change {
    if random.chance(8) {
      let caseID = CaseID("new-\(random.number(1...2))")
      return .of(
        .insert, CountySample.caseFile.key(caseID.string), ["opened_on": "2025-02-01"], n: n,
        in: caseID)
    }
    let table = random.chance(5) ? CountySample.worker : random.pick(tables)
    let kind: ChangeKind = random.pick([.insert, .update, .update, .update, .delete])
    var mask = ColumnMask.empty
    for number in table.travellingColumns.numbers where kind == .insert || random.chance(40) {
      mask.insert(number)
    }
    mask = table.widenedToGroups(mask)
    let row = table.columns.map { value(of: $0, &random) }
    let base = Int64(random.number(0...100))
    let exceptions = mask.numbers.filter { _ in random.chance(20) }.map {
      ColumnBase(column: $0, base: Int64(random.number(0...Int(base))))
    }
    let key = table.key(random.pick(rowIDs))
    let caseID =
      table.scope == .global
      ? .none
      : random.chance(80)
        ? view.rows[key]?.caseID ?? cases[0]
        : random.pick(cases + [CaseID("new-1"), CaseID("unknown")])
    return Change(
      id: EntryID(n: n, tag: n), kind: kind, row: key, caseID: caseID,
      cells: Cells(of: row, in: table, mask: mask), base: base, columnBases: exceptions,
      editedAt: Int64(random.number(1...1_000)))
  }

  func decide() -> Plan { decide(changes, view: start, headSeq: CountySample.headSeq) }

  private var start: HubView {
    var view = hub.view
    view.roles = roles
    return view
  }

  private func decide(_ changes: [Change], view: HubView, headSeq: Int64) -> Plan {
    Decision.decide(
      changes, view: view,
      context: CountySample.context(
        author, ancestors: context.author.ancestors, headSeq: headSeq),
      digestKey: CountySample.key)
  }

  /// The changes decided in batches of one, each upon what the one before it wrote.
  var steps: [DecisionStep] {
    var view = start
    var headSeq = CountySample.headSeq
    var steps: [DecisionStep] = []
    for change in changes {
      let plan = decide([change], view: view, headSeq: headSeq)
      steps.append(DecisionStep(before: view, change: change, plan: plan))
      for row in plan.rows { view.rows[row.key] = row }
      for stored in plan.cases { view.cases[stored.id] = stored }
      for grant in plan.grants where grant.site == author { view.roles[grant.caseID] = grant.role }
      headSeq = plan.log.last?.seq ?? headSeq
    }
    return steps
  }

  /// The sum over the rows of a case as they stand after the plan.
  func digest(of caseID: CaseID, after plan: Plan) -> Digest128 {
    var rows: [RowKey: StoredRow] = [:]
    for row in hub.view.rows.values where row.caseID == caseID { rows[row.key] = row }
    for row in plan.rows where row.caseID == caseID { rows[row.key] = row }
    var digester = RowDigester(key: CountySample.key)
    return rows.values.filter(\.isAlive).reduce(.zero) { sum, row in
      let table = CountySample.schema.table(number: row.key.table)!
      return sum + digester.digest(of: row.key, caseID: caseID, row: row.values, in: table)
    }
  }
}

/// One change with what stood there before and what its decision wrote.
private struct DecisionStep {
  let before: HubView
  let change: Change
  let plan: Plan

  var answer: Answer { plan.answers[0] }
  var table: Table { CountySample.schema.table(number: change.row.table)! }
  var cells: [(number: Int, value: Value)] {
    zip(change.cells.mask.numbers, change.cells.values).map { ($0, $1) }
  }

  /// What the hub holds afterwards in the change's case: nothing where the row stands elsewhere.
  func current(inColumn number: Int) -> Value {
    let row = plan.rows.first { $0.key == change.row } ?? before.rows[change.row]
    guard let row, row.caseID == change.caseID else { return .null }
    return row.values[table.position(ofColumn: number)!]
  }

  func accountsFor(_ value: Value, inColumn number: Int) -> Bool {
    current(inColumn: number) == value
      || plan.ledger.contains { $0.column == number && $0.lost.value == value }
      || plan.proposals.contains { $0.column == number && $0.proposed.value == value }
      || answer.columns.contains { $0.column == number && $0.verdict == .merged }
  }
}
