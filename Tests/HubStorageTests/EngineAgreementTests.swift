import HubStorage
import SyncCore
import Testing

/// Invariant I11: what the hub decides is a function of what was decided before, and of no engine.
///
/// Random histories run on all engines side by side: batches that conflict, that are abandoned
/// half-way or were answered before, grants, and sites that change their name or want another's
/// key. After every step each engine is asked the same questions.
@Suite("Engines agree")
struct EngineAgreementTests {
  @Test(arguments: 0..<12)
  func `one history gives the same log, rows, scopes and answers on every engine`(seed: Int) throws
  {
    var history = RandomHistory(seed: UInt64(seed))
    let counties = try HubEngine.all.map { try $0.make() }
    for step in 0..<160 {
      let event = history.event(head: try counties[0].read { try $0.counter.seq })
      let question = history.question()
      let replies = try counties.map { county in
        let outcome = county.outcome(of: event)
        return try county.read { try Reply(outcome: outcome, to: question, from: $0) }
      }
      for reply in replies.dropFirst() { #expect(reply == replies[0], "step \(step): \(event)") }
      guard replies.allSatisfy({ $0 == replies[0] }) else { return }
    }
    let states = try counties.map { try $0.read { try Everything($0) } }
    for state in states.dropFirst() { #expect(state == states[0]) }
    // The history was one: nothing above compares empty lists only.
    #expect(!states[0].ledger.isEmpty && !states[0].proposals.isEmpty)
    #expect(states[0].rows.contains { !$0.isAlive } && states[0].grants.count > 5)
  }
}

/// Something that happens to a county.
private struct Event {
  enum Kind {
    /// Changes of a site, decided upon what the engine itself has read.
    case batch(AnsweredBatch, [Change])
    case grants([CaseID], SiteID, GrantTerms, handover: String?)
    case ends([CaseID], SiteID)
    case handOver([CaseID], to: SiteID)
    case receipt(SiteID, through: Int64, except: [CaseID])
    case site(SiteRecord)
  }

  let kind: Kind
  let at: Milliseconds
  /// The transaction throws at its end.
  let isAbandoned: Bool
  let randomSeed: UInt64
}

/// What is asked after each event, of all that can be asked.
private struct Question {
  let site: SiteID
  let caseID: CaseID
  let after: RowKey?
  let range: ClosedRange<Int64>
  let heldAt: Int64
  let limit: Int
}

private struct Abandoned: Error {}

/// Draws a history: few sites, cases and rows, so that they meet.
private struct RandomHistory {
  private var generator: SeededGenerator
  private var lastNumbers: [SiteID: Int64] = [:]
  private var lastEntry: Int64 = 0
  private var now: Milliseconds = 1_000_000
  private var head: Int64 = 0

  private let sites: [SiteID] = ["a", "b", "c"]
  private let cases: [CaseID] = ["c1", "c2", "c3", "\u{E9}"]
  private var unopenedCases: [CaseID] = ["c1", "c2", "c3"]

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  mutating func event(head: Int64) -> Event {
    self.head = head
    // Often the same millisecond: ids then order what the time does not.
    now += Int64(generator.number(0...1))
    if let caseID = unopenedCases.popLast() {
      return Event(kind: batch(opening: caseID), at: now, isAbandoned: false, randomSeed: 0)
    }
    let kind: Event.Kind
    switch generator.number(0...14) {
    case 0: kind = .site(site())
    case 1, 2:
      let terms = GrantTerms(role(), generator.pick([nil, nil, .header, .all]))
      kind = .grants(
        [generator.pick(cases)], generator.pick(sites), terms,
        handover: generator.pick([nil, "h1"]))
    case 3: kind = .ends([generator.pick(cases)], generator.pick(sites))
    case 4: kind = .handOver([generator.pick(cases)], to: generator.pick(sites))
    case 5:
      kind = .receipt(
        generator.pick(sites), through: Int64(generator.number(0...Int(head))),
        except: generator.pick([[], [generator.pick(cases)]]))
    default: kind = batch()
    }
    return Event(
      kind: kind, at: now, isAbandoned: generator.chance(20), randomSeed: generator.next())
  }

  mutating func question() -> Question {
    let low = Int64(generator.number(0...Int(head)))
    let high = low + Int64(generator.number(0...Int(head) + 9))
    return Question(
      site: generator.pick(sites + ["stranger"]), caseID: generator.pick(cases + [.none]),
      after: generator.chance(50) ? row(in: "c1") : nil, range: low...high,
      heldAt: Int64(generator.number(0...Int(head) + 1)), limit: generator.pick([0, 1, 3, 100]))
  }

  private mutating func batch(opening caseID: CaseID? = nil) -> Event.Kind {
    let site = generator.pick(sites)
    let count = generator.number(1...5)
    // Now and then numbers that were answered, or taken back, before.
    if generator.chance(10) { lastEntry = max(lastEntry - Int64(count), 0) }
    let opening = caseID.map { [change(.insert, of: nil, in: $0)] } ?? []
    let changes = (0..<count).map { _ in
      let caseID = generator.pick(cases)
      return change(
        generator.pick([.insert, .update, .update, .delete]),
        of: generator.chance(20) ? nil : row(in: caseID), in: caseID)
    }
    lastNumbers[site, default: 0] += 1
    return .batch(.sample(site: site, number: lastNumbers[site]!), opening + changes)
  }

  /// - Parameter row: nil for the case's own.
  private mutating func change(_ kind: ChangeKind, of row: RowKey?, in caseID: CaseID) -> Change {
    let row = row ?? RowKey(table: TestCounty.caseFile, id: RowID(text: caseID.text))
    let table = TestCounty.schema.table(number: row.table)!
    let some = table.columns.map(\.number).filter { _ in generator.chance(50) }
    let mask = kind == .insert ? table.allColumns : ColumnMask(some)
    lastEntry += 1
    return Change(
      id: EntryID(n: lastEntry, tag: Int64(bitPattern: generator.next())), kind: kind, row: row,
      caseID: caseID,
      cells: Cells(
        mask: mask, values: mask.numbers.map { value(of: table.column(number: $0)!) }),
      base: Int64(generator.number(0...Int(head))),
      editedAt: now - Int64(generator.number(0...5_000)))
  }

  /// Mostly one of the case's own two; else whichever, so that rows move.
  private mutating func row(in caseID: CaseID) -> RowKey {
    let own = 2 * cases.firstIndex(of: caseID)! + generator.number(0...1)
    return person("p\(generator.chance(80) ? own : generator.number(0...7))")
  }

  private mutating func value(of column: Column) -> Value {
    if generator.chance(20) { return .null }
    let number = generator.number(0...3)
    switch column.type {
    case .integer: return .integer(Int64(number))
    case .date: return .text("2025-01-0\(number + 1)")
    default: return .text("text \(number)")
    }
  }

  private mutating func role() -> Role {
    generator.pick([.lead, .lead, .contributor, .contributor, .reader])
  }

  private mutating func site() -> SiteRecord {
    var site = SiteRecord.sample(
      generator.pick(sites), name: generator.pick(["Stelle", "Ort", "\u{C4}mter"]),
      key: generator.pick([nil, [1], [2]]), token: generator.pick([nil, [1], [2]]))
    site.contact.cursor = head
    return site
  }
}

extension HubStore {
  /// What became of the event: the answers to its changes, or the error's words.
  fileprivate func outcome(of event: Event) -> String {
    var generator = SeededGenerator(seed: event.randomSeed)
    func random(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }
    do {
      return try write { writer throws in
        let answers = try writer.carryOut(event, random: random)
        if event.isAbandoned { throw Abandoned() }
        return "\(answers)"
      }
    } catch {
      return "\(error)"
    }
  }
}

extension HubWriter {
  fileprivate func carryOut(_ event: Event, random: (Int) -> [UInt8]) throws -> [Answer] {
    switch event.kind {
    case .site(let site):
      try put(site)
      return []
    case .grants(let cases, let site, let terms, let handover):
      let known = try self.cases(cases)
      var plan = Plan()
      plan.grant(
        cases.filter { known[$0] != nil }, to: site, as: terms.role, tiers: terms.tiers,
        handover: handover, headSeq: try counter.seq, now: event.at)
      try write(plan, at: event.at, random: random)
      return []
    case .ends(let cases, let site):
      let held = try roles(of: site, in: cases)
      var plan = Plan()
      plan.end(
        cases.filter { held[$0] != nil }, of: site, headSeq: try counter.seq, now: event.at)
      try write(plan, at: event.at, random: random)
      return []
    case .handOver(let cases, let site):
      let known = try self.cases(cases)
      var plan = Plan()
      plan.handOver(
        cases.compactMap { known[$0] }, to: site, tiers: .all, effectiveAt: event.at - 1_000,
        handover: "h2", headSeq: try counter.seq, now: event.at)
      try write(plan, at: event.at, random: random)
      return []
    case .receipt(let site, let through, let pending):
      try recordReceipt(of: site, through: through, except: pending, at: event.at)
      return []
    case .batch(let batch, let changes):
      let plan = try decide(changes, of: batch.id, at: event.at)
      try write(plan, at: event.at, random: random)
      try store(batch, verdicts: plan.answers.map { ($0.id, $0.verdict) })
      return plan.answers
    }
  }

  private func decide(_ changes: [Change], of batch: BatchID, at now: Milliseconds) throws -> Plan {
    let cases = changes.map(\.caseID)
    return Decision.decide(
      changes,
      view: HubView(
        rows: try rows(changes.map(\.row)), cases: try self.cases(cases),
        roles: try roles(of: batch.site, in: cases)),
      context: DecisionContext(
        schema: TestCounty.schema,
        author: Author(
          site: batch.site, incarnation: batch.incarnation, ancestors: [], clockSkew: 0),
        headSeq: try counter.seq, now: now, sites: ["a", "b", "c"], countySites: ["c"],
        viewersOfNewCases: ["b": .contributor, "c": .contributor]),
      digestKey: SipHash128Key(bytes: try county.digestKey)!)
  }
}

/// What an engine says to an event and a question.
private struct Reply: Equatable {
  let outcome: String
  let counter: Counter
  let node: Hash256?
  let sites: [SiteRecord]
  let keyHolders: [SiteRecord?]
  let rows: [StoredRow]
  let latest: [RowKey: StoredRow]
  let changed: [StoredRow]
  let grants: [GrantedCase]
  let terms: [CaseID: GrantTerms]
  let periods: [CaseID: [GrantPeriod]]
  let unpurged: [CaseID]
  let holders: [CaseID: [SiteID: Role]]
  let led: [CaseID]
  let caseCount: Int
  let caseDigests: [CaseDigest]
  let scopeDigest: Digest128
  let batch: AnsweredBatch?
  let ledger: [StoredLedgerEntry]
  let log: [StoredLogEntry]
  let transactions: [StoredTransaction]
  let lastSeq: Int64

  init(outcome: String, to question: Question, from reader: any HubReader) throws {
    self.outcome = outcome
    counter = try reader.counter
    node =
      counter.tree.size > 0
      ? try reader.treeNode(MerkleNodeID(level: 0, index: counter.tree.size - 1)) : nil
    sites = try reader.sites
    keyHolders = [try reader.site(keyHash: [1]), try reader.site(tokenHash: [2])]
    rows = try reader.rows(of: question.caseID, after: question.after, limit: question.limit)
    latest = try reader.rows((0...8).map { person("p\($0)") })
    changed = try reader.changedRows(
      for: question.site, in: question.range, heldAt: question.heldAt, limit: question.limit)
    grants = try reader.grants(
      of: question.site, openedIn: question.range, heldAt: question.heldAt,
      limit: question.limit)
    let ids = try reader.caseIDs(ledBy: nil)
    terms = try reader.terms(of: question.site, in: ids)
    periods = try reader.periods(of: question.site, in: ids)
    unpurged = try reader.unpurged(at: question.site)
    holders = try reader.holders(of: ids)
    led = try reader.caseIDs(ledBy: [question.site, "a"])
    caseCount = try reader.caseCount
    caseDigests = try reader.caseDigests(for: question.site, above: question.range.lowerBound)
    scopeDigest = try reader.scopeDigest(for: question.site)
    batch = try reader.lastBatch(
      of: question.site, incarnation: IncarnationID("i-\(question.site)"))
    ledger = try reader.ledger(LedgerFilter(caseID: question.caseID))
    log = try reader.log(from: question.range.lowerBound, limit: question.limit)
    transactions = try reader.transactions(from: question.range.lowerBound, limit: question.limit)
    lastSeq = try reader.lastSeq(ofSize: question.heldAt)
  }
}
