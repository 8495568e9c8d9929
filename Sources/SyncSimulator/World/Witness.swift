import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

/// What the simulator knows of a run besides the product: what people wrote, what was said on the
/// wire, and what the naive model makes of it. Every checker is here or in its extensions.
struct Witness {
  let schema: Schema
  /// Whether the naive model follows this run. It knows people's statements, not tools that write
  /// past the triggers and disks that forget.
  let isModelled: Bool
  /// Whether disks fail, so that the hub may.
  let toleratesErrors: Bool
  var model: NaiveCounty
  var texts = TextCounter()
  var records: [SiteRecord] = []
  /// Which sites may hold a case, by what marks it in texts and ids.
  var holders: [String: Set<Int>] = [:]
  /// Sites whose files went back in time and that go on: what they had been told is gone with it.
  var restored: Set<Int> = []
  /// Machines with a copy of another one's directory, by their own places.
  var originals: [Int: Int] = [:]
  /// Who opened each case.
  var openers: [String: Int] = [:]
  /// Where the county has sent a case since, in order.
  var handed: [String: [Handed]] = [:]
  /// What the model has still to be told of that.
  var watch = HandoverWatch()
  /// Which hello of a site was measured last.
  var lastNonces: [Int: String] = [:]
  /// Whom a case was said to mention; by marks.
  var mentions: [String: Set<String>] = [:]
  /// Whose words rows took along into a case; by marks.
  var mingled: [String: Set<String>] = [:]
  /// Who may read of a case that is not theirs, in rows that moved; by marks.
  var hearers: [String: Set<Int>] = [:]
  /// What the hub held before it went back in time; nil where it never did.
  var former: FormerContents?
  /// The batches that the hub has decided, by site, in order of their numbers.
  var decided: [Int: [DecidedBatch]] = [:]
  /// What the hub had read for a pull, by site and position.
  var served: [Int: [Int64: NaiveScope]] = [:]
  var sentTexts: Set<String> = []
  /// The last session of a site in which the hub answered a batch: older ones are fenced off.
  var lastSession: [Int: Int64] = [:]
  /// The batch with the highest number that left a site, in the history in which it did last.
  var lastSent: [Int: (number: Int64, history: HistoryID)] = [:]
  /// Heads of the tree that some site was told.
  var heads: [TreeHead] = []
  /// Requests that somebody on the line could have heard.
  var overheard: [ProtocolRequest] = []
  var caseIDs: [String] = []
  var rowIDs: [String] = []

  struct DecidedBatch {
    let log: IncarnationID
    let number: Int64
    let hash: Hash256
    let answer: [UInt8]
    let rows: [NaiveRow]
    /// Of the log: those that it holds and those that were folded into them.
    let entries: [EntryID]
    let notApplied: Int
    let texts: Set<String>
    /// Whether its site keeps the verdicts.
    var isLearnt = false
    /// Whether the hub was restored to a state in which it had not decided it.
    var isForgotten = false

    /// Whether it never was, as far as anybody knows: the hub decides it anew, or what it held.
    var isVoid: Bool { isForgotten && !isLearnt }
  }

  init(schema: Schema, isModelled: Bool, toleratesErrors: Bool) {
    self.schema = schema
    self.toleratesErrors = toleratesErrors
    self.isModelled = isModelled
    model = NaiveCounty(tables: schema.tables.map(NaiveTable.init))
  }

  func name(_ site: Int) -> String { records[site].name }

  /// A site has joined, and its row stands in the table that the hub alone writes.
  mutating func joined(_ record: SiteRecord) {
    records.append(record)
    model.join(site: record.name, kind: "\(record.kind)", areas: record.areas)
    model.published(
      NaiveRow(table: "site", id: record.id.string),
      values: ["kind": .text("\(record.kind)"), "name": .text(record.name)])
  }

  /// A second machine has what the site has.
  mutating func copied(_ site: Int) {
    originals[records.count] = site
    records.append(records[site])
    restored.formUnion([site, records.count - 1])
  }

  /// The site that a machine stands for.
  func original(_ site: Int) -> Int { originals[site] ?? site }

  // MARK: The site's side

  mutating func wrote(_ site: Int, _ effects: [LocalProgram.Effect], at time: Milliseconds) {
    for case .moved(let id, let former, let caseID) in effects {
      mingle(id, from: former, into: caseID)
    }
    guard isModelled else { return }
    let name = name(site)
    for effect in effects {
      switch effect {
      case .inserted(let table, let id, let caseID, let values):
        model.inserted(
          name, NaiveRow(table: table, id: id), caseID: caseID,
          values: values.mapValues(NaiveValue.init), at: time)
      case .updated(let table, let id, let values):
        model.updated(
          name, NaiveRow(table: table, id: id), values: values.mapValues(NaiveValue.init),
          at: time)
      case .deleted(let table, let id):
        model.deleted(name, NaiveRow(table: table, id: id), at: time)
      case .renamed(let id, let other):
        relocate(name, id, to: other, caseID: nil, at: time)
      case .moved(let id, _, let caseID):
        relocate(name, id, to: id, caseID: caseID, at: time)
      }
    }
  }

  /// A changed id or case is a deletion and an insertion of the same values.
  private mutating func relocate(
    _ site: String, _ id: String, to other: String, caseID: String?, at time: Milliseconds
  ) {
    let row = NaiveRow(table: "sample", id: id)
    guard let content = model.replica(site)[row] else { return }
    if other != id { model.deleted(site, row, at: time) }
    model.inserted(
      site, NaiveRow(table: "sample", id: other), caseID: caseID ?? content.caseID,
      values: content.values, at: time)
  }

  mutating func built(_ site: Int) {
    if isModelled { model.built(name(site)) }
  }

  /// What leaves a site it has to know from then on.
  mutating func sent(_ request: ProtocolRequest, from site: Int) throws {
    guard request.path == ProtocolPath.push else { return }
    let batch = try Batch(decoding: PushBody.decode(request.body).batch, changeCountMax: .max)
    if let last = lastSent[site], last.history == batch.history, last.number >= batch.number {
      return
    }
    lastSent[site] = (batch.number, batch.history)
  }

  /// A site keeps the verdicts of a batch.
  mutating func learnt(_ number: Int64, at site: Int, time: Milliseconds) {
    if let place = decided[site]?.lastIndex(where: { $0.number == number }) {
      decided[site]![place].isLearnt = true
    }
    guard isModelled, let batches = decided[site], number <= batches.count else { return }
    model.answered(name(site), batches[Int(number) - 1].rows, at: time)
  }

  /// A site's session has ended where its report says.
  ///
  /// - Parameter history: the hub's; what a site saw of an earlier one may be gone.
  mutating func finished(_ site: Int, _ report: SessionReport, in history: HistoryID) {
    guard report.position.history == history else { return }
    if heads.last != report.position.treeHead { heads.append(report.position.treeHead) }
  }

  mutating func applied(
    _ scope: PulledScope, _ outcome: ApplyOutcome, at site: SimulatedSite, isBehind: Bool,
    tally: inout Tally
  ) throws -> Violation? {
    guard isModelled else { return nil }
    tally.checked(.convergence)
    guard let state = served[site.index]?[scope.checkpoint.seq] else {
      return Violation(
        breaking: .oneState, "\(site.name) applies \(scope.checkpoint.seq), never served")
    }
    model.sites[site.name]!.served = state
    model.applied(site.name)
    served[site.index] = served[site.index]!.filter { $0.key >= scope.checkpoint.seq }
    guard outcome.isEqual else {
      let difference = try compare(site, tally: &tally)?.what ?? "the rows are the model's"
      return Violation(
        breaking: .convergence,
        "\(site.name): digests differ at \(scope.checkpoint.seq) in cases "
          + "\(outcome.unequalCases); \(difference)")
    }
    guard scope.checkpoint.seq % 4 == 0, !isBehind else { return nil }
    return try compare(site, tally: &tally)
  }

  /// The replica is the model's: row by row, cell by cell.
  func compare(_ site: SimulatedSite, tally: inout Tally) throws -> Violation? {
    tally.checked(.oneState)
    let differences = try Self.differences(
      model.replica(site.name), schema: schema, rows: site.rows(of:))
    guard !differences.isEmpty else { return nil }
    return Violation(breaking: .oneState, "\(site.name): \(differences.joined(separator: "; "))")
  }

  /// Where rows told by SQL are not the model's; at most five.
  static func differences(
    _ expected: [NaiveRow: NaiveContent], schema: Schema,
    rows: (Table) throws -> [[Value]]
  ) throws -> [String] {
    var found: [String] = []
    var seen = 0
    for table in schema.tables {
      let columns = table.columns.filter { $0.tier != .local }
      for row in try rows(table) {
        // A row whose id is no text is there, and travels nowhere.
        guard let id = row[0].text, !id.contains("\u{FFFD}") else { continue }
        guard let content = expected[NaiveRow(table: table.name, id: id)] else {
          found.append("\(table.name) \(id) is there")
          continue
        }
        seen += 1
        for (column, value) in zip(columns, row.dropFirst(2))
        where content.values[column.name] != NaiveValue(value) {
          found.append(
            "\(table.name) \(id) \(column.name) is \(value), not \(content.values[column.name]!)")
        }
      }
    }
    if seen < expected.count { found.append("\(expected.count - seen) rows are missing") }
    return Array(found.prefix(5))
  }

  // MARK: The hub's side

  /// Judges an answer of the hub by its request, at the moment it was given.
  mutating func judge(
    _ request: ProtocolRequest, from site: Int, _ response: ProtocolResponse, hub: SimulatedHub,
    tally: inout Tally
  ) throws -> Violation? {
    try noteHandovers(at: hub)
    if response.status == 200 {
      if overheard.count < 40 { overheard.append(request) }
      switch request.path {
      case ProtocolPath.hello: try judgeHello(request, from: site, hub)
      case ProtocolPath.push:
        if let found = try judgePush(request, from: site, response, hub, &tally) { return found }
      case ProtocolPath.pull: try judgePull(response, to: site)
      case ProtocolPath.returned:
        if let found = try judgeReturn(request, from: site, hub, tally: &tally) { return found }
      default: break
      }
    } else if response.status == 500 && !toleratesErrors {
      return Violation(.crash, "the hub failed at \(request.path) of \(name(site))")
    }
    return tap(response, to: request, of: site, tally: &tally)
  }

  private mutating func judgeHello(
    _ request: ProtocolRequest, from site: Int, _ hub: SimulatedHub
  ) throws {
    let hello: HelloRequest = try WireJSON.decode(request.body)
    // Its repeat carries the same clock, and comes later.
    guard lastNonces.updateValue(hello.nonce, forKey: site) != hello.nonce else { return }
    model.greeted(name(site), skew: hello.clockMilliseconds - hub.now)
  }

  private mutating func judgePull(_ response: ProtocolResponse, to site: Int) throws {
    guard isModelled else { return }
    let page = try PullPage(decoding: response.body)
    guard let checkpoint = page.head.checkpoint else { return }
    model.served(name(site))
    served[site, default: [:]][checkpoint.seq] = model.sites[name(site)]!.served
  }

  private mutating func judgePush(
    _ request: ProtocolRequest, from site: Int, _ response: ProtocolResponse,
    _ hub: SimulatedHub, _ tally: inout Tally
  ) throws -> Violation? {
    let (session, bytes) = try PushBody.decode(request.body)
    let batch = try Batch(decoding: bytes, changeCountMax: .max)
    let hash = Hash256(sha256Of: bytes)
    let answer: PushResponse = try WireJSON.decode(response.body)
    let known = (decided[site] ?? []).filter { $0.log == batch.incarnation }
    tally.checked(.exactlyOnce)
    guard session >= lastSession[site] ?? 0 else {
      return Violation(
        breaking: .exactlyOnce,
        "session \(session) of \(name(site)) goes on after session \(lastSession[site]!)")
    }
    lastSession[site] = session
    if let first = known.first(where: { $0.number == batch.number && !$0.isVoid }) {
      guard first.hash == hash, first.answer == response.body else {
        return Violation(
          breaking: .exactlyOnce,
          "batch \(batch.number) of \(name(site)) was answered otherwise before")
      }
      return nil
    }
    // The first of a log that a restored file began counts on from its ancestor's.
    let isNext =
      known.last { !$0.isVoid }.map { batch.number == $0.number + 1 } ?? true
    guard isNext, batch.number == 1 || !known.isEmpty || restored.contains(site) else {
      return Violation(
        breaking: .exactlyOnce, "batch \(batch.number) of \(name(site)) came too early")
    }
    note(batch, from: site, answer)
    let rows = batch.changes.map { NaiveRow($0.row, schema) }
    former?.unsure.formUnion(rows)
    decided[site, default: []].removeAll {
      $0.isVoid && $0.log == batch.incarnation && $0.number == batch.number
    }
    decided[site, default: []].append(
      DecidedBatch(
        log: batch.incarnation, number: batch.number, hash: hash, answer: response.body, rows: rows,
        entries: batch.changes.map(\.id) + batch.coalesced,
        // A row that the hub has never seen is offered again, whole: nothing to be told.
        notApplied: answer.verdicts.count { $0.rule != .unknownRow },
        texts: Self.texts(of: batch)))
    if answer.verdicts.contains(where: { $0.rule == .handedOver }) {
      tally.met(36, at: .validate)
    }
    guard isModelled else { return nil }
    let expected = model.decided(name(site), rows, hubTime: hub.now)
    return compare(expected, with: answer, of: batch, from: site, &tally)
  }

  private mutating func note(_ batch: Batch, from site: Int, _ answer: PushResponse) {
    let exceptions = Set(answer.verdicts.map(\.n))
    defer { noteMentions(in: batch) }
    let site = original(site)
    for change in batch.changes {
      let isUnit = schema.table(number: change.row.table)?.scope == .ofSite
      if isUnit && !exceptions.contains(change.id.n) {
        let mark = Self.mark(change.row.id.string).dropFirst()
        holders["s\(mark)", default: []].insert(site)
        holders["n\(mark)", default: []].insert(site)
      }
      let isCase = schema.table(number: change.row.table)?.scope == .caseRoot
      if isCase && change.kind == .insert && !exceptions.contains(change.id.n) {
        opened(change.row.id.string, by: site)
      }
      if rowIDs.count < 20 && !isCase { rowIDs.append(change.row.id.string) }
    }
    // What the hub refused with a row that it never saw is offered again, whole, as it stands then.
    let unseen = Set(answer.verdicts.filter { $0.rule == .unknownRow }.map(\.n))
    sentTexts.formUnion(Self.texts(of: batch) { !unseen.contains($0.id.n) })
  }

  private static func texts(
    of batch: Batch, where counts: (Change) -> Bool = { _ in true }
  ) -> Set<String> {
    Set(
      batch.changes.filter { $0.kind != .delete && counts($0) }.flatMap(\.cells.values)
        .compactMap(\.text))
  }

  /// Whoever holds a case may learn of those whom it was said to mention.
  private mutating func noteMentions(in batch: Batch) {
    for change in batch.changes {
      guard let table = schema.table(number: change.row.table) else { continue }
      for column in table.columns where column.mentions != nil {
        guard let id = change.cells[column.number]?.text else { continue }
        let place = Self.mark(change.caseID.string)
        mentions[place, default: []].insert(Self.mark(id))
        holders[Self.mark(id), default: []].formUnion(holders[place] ?? [])
      }
    }
  }
}
