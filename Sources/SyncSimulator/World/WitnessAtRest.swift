import HubService
import HubStorage
import SyncCore

/// The checkers that need a county at rest.
extension Witness {
  /// One replica, when nothing moves any more.
  ///
  /// - Parameter rows: all of the hub's, table by table.
  func atRest(
    _ site: SimulatedSite, _ hub: SimulatedHub, rows: [[[Value]]], tally: inout Tally
  ) throws -> Violation? {
    if isModelled, let found = try compare(site, tally: &tally) { return found }
    tally.checked(.convergence)
    let mentioned = try mentioned(to: site.index, by: hub)
    let narrowed = try narrowed(to: site.index, by: hub)
    for (table, rows) in zip(schema.tables, rows) {
      guard let known = site.schema.table(number: table.number) else { continue }
      let ours = try site.rows(of: known).filter { !($0[0].text ?? "").contains("\u{FFFD}") }
      let theirs = rows.filter { row in
        table.scope == .global
          || holds(row, site.index)
            && (table.scope != .ofSite || isOwn(row, of: site.index) || mentioned.contains(row[0]))
            && (table.hasHeader || !narrowed.contains(row[1].text ?? ""))
      }.map { row in
        narrowed.contains(row[1].text ?? "")
          ? header(of: row, in: table) : visible(row, of: table, to: site.index)
      }.map { site.isOlder ? $0.known(to: known, of: table) : $0 }
      guard theirs != ours else { continue }
      let missing = theirs.first { !ours.contains($0) }.map { "the hub has \($0)" }
      let extra = ours.first { !theirs.contains($0) }.map { "the replica has \($0)" }
      return Violation(
        breaking: .convergence,
        "\(site.name), \(table.name): "
          + [missing, extra].compactMap(\.self).joined(separator: ", "))
    }
    return try outbox(of: site, tally: &tally) ?? notices(of: site, tally: &tally)
  }

  private func holds(_ row: [Value], _ site: Int) -> Bool {
    holders[Self.mark(row[1].text ?? "")]?.contains(original(site)) == true
  }

  /// The ids of rows that the site hears of by mentions. Whether the hub grants the right ones is
  /// the model's to say.
  private func mentioned(to site: Int, by hub: SimulatedHub) throws -> Set<Value> {
    let units = try hub.engine.read { try $0.mentionedUnits(of: records[site].id) }
    return Set(
      schema.tables.flatMap { table in
        units.compactMap { table.row(ofUnit: $0).map { Value.text($0.text) } }
      })
  }

  private func isOwn(_ row: [Value], of site: Int) -> Bool {
    holders["s\(Self.mark(row[0].text ?? "").dropFirst())"]?.contains(original(site)) == true
  }

  private func header(of row: [Value], in table: Table) -> [Value] {
    let columns = table.columns.filter { $0.tier != .local }
    return row.prefix(2) + zip(columns, row.dropFirst(2)).map { $0.tier == .header ? $1 : .null }
  }

  /// The row as the site may see it: of what is not its own only what a mention shows.
  private func visible(_ row: [Value], of table: Table, to site: Int) -> [Value] {
    guard table.scope == .ofSite, !isOwn(row, of: site) else { return row }
    let columns = table.columns.filter { $0.tier != .local }
    return row.prefix(2) + zip(columns, row.dropFirst(2)).map { $0.isMentioned ? $1 : .null }
  }

  /// What was sent stands in the outbox, byte for byte.
  private func outbox(of site: SimulatedSite, tally: inout Tally) throws -> Violation? {
    guard !restored.contains(site.index) else { return nil }
    tally.checked(.durableBeforeSent)
    let kept = try site.openProgram().rows(
      "SELECT number, lower(hex(hash)) FROM kreissync_outbox ORDER BY number")
    let sent = (decided[site.index] ?? []).filter { !$0.isVoid }
    for (position, batch) in sent.enumerated() {
      guard position < kept.count, kept[position][1].text == batch.hash.text else {
        return Violation(
          breaking: .durableBeforeSent,
          "\(site.name) has sent batch \(position + 1) and does not know it")
      }
    }
    return nil
  }

  /// Whoever did not simply win is told.
  private func notices(of site: SimulatedSite, tally: inout Tally) throws -> Violation? {
    guard !restored.contains(site.index) else { return nil }
    tally.checked(.accounts)
    let told =
      try site.openProgram().rows("SELECT count(*) FROM kreissync_notice").first?[0].integer ?? 0
    let expected = (decided[site.index] ?? []).reduce(0) { $0 + ($1.isVoid ? 0 : $1.notApplied) }
    guard told >= expected else {
      return Violation(
        breaking: .accounts, "\(site.name) has \(told) notices of \(expected) verdicts")
    }
    return nil
  }

  /// The hub, when nothing moves any more.
  func atRest(
    _ hub: SimulatedHub, sites: [SimulatedSite], tally: inout Tally
  ) throws -> Violation? {
    try log(of: hub, tally: &tally) ?? entries(of: hub, tally: &tally)
      ?? decisions(of: hub, tally: &tally)
      ?? leads(of: hub, tally: &tally) ?? returned(to: hub, tally: &tally)
      ?? conservation(at: hub, sites, tally: &tally)
  }

  private func log(of hub: SimulatedHub, tally: inout Tally) throws -> Violation? {
    tally.checked(.soundLog)
    tally.checked(.denseOrder)
    tally.checked(.growingTree, heads.count)
    let verification = try hub.engine.read { try LogVerification.run(on: $0) }
    guard verification.isSound else {
      return Violation(breaking: .soundLog, verification.problem ?? "the log is not sound")
    }
    let log = try hub.engine.read { try $0.log(from: 1, limit: .max) }
    guard Set(log.map(\.salt)).count == log.count else {
      return Violation(breaking: .soundLog, "a salt was used twice")
    }
    guard log.map(\.seq) == Array(1...Int64(max(1, log.count))).suffix(log.count) else {
      return Violation(breaking: .denseOrder, "the log's numbers have a gap")
    }
    for head in heads {
      let today = try hub.engine.read { try MerkleTree.head(size: head.size, reading: $0.treeNode) }
      guard today == head else {
        return Violation(
          breaking: .growingTree, "the tree of \(head.size) leaves was another one once")
      }
    }
    return nil
  }

  /// Every entry of a decided batch is answered under its number and tag.
  private func entries(of hub: SimulatedHub, tally: inout Tally) throws -> Violation? {
    for (site, batches) in decided.sorted(by: { $0.key < $1.key }) {
      tally.checked(.exactlyOnce)
      for log in Set(batches.map(\.log)) {
        let answered = Set(
          try hub.answeredEntries(of: records[site].id, incarnation: log))
        for entry in batches.filter({ $0.log == log }).flatMap(\.entries)
        where !answered.contains(entry) {
          return Violation(
            breaking: .exactlyOnce, "the hub does not know entry \(entry.n) of \(name(site))")
        }
      }
    }
    return nil
  }

  private func decisions(of hub: SimulatedHub, tally: inout Tally) throws -> Violation? {
    guard isModelled else { return nil }
    tally.checked(.decision)
    let rows = try Self.differences(model.hubRows(), schema: schema, rows: hub.rows(of:))
    guard rows.isEmpty else {
      return Violation(breaking: .decision, "the hub: \(rows.joined(separator: "; "))")
    }
    let (ledger, proposals) = try hub.engine.read {
      (try $0.ledger(LedgerFilter()), try $0.proposals())
    }
    let lost = ledger.map {
      "\($0.entry.row.id) \($0.entry.column) \($0.entry.lost.value) \($0.entry.rule.rawValue)"
    }.sorted()
    let expected = model.ledger.map {
      "\($0.row.id) \(number($0.row, $0.column)) \(sql($0.lost)) \($0.rule)"
    }
    .sorted()
    guard lost == expected else {
      return Violation(breaking: .conservation, "ledger: \(Self.difference(lost, expected))")
    }
    let proposed = proposals.map(\.proposal).map {
      "\($0.row.id) \($0.column ?? 0) \($0.proposed.value) \($0.rule.rawValue)"
    }.sorted()
    let wanted = model.proposals.map {
      "\($0.row.id) \(number($0.row, $0.column)) \(sql($0.proposed)) \($0.rule)"
    }.sorted()
    guard proposed == wanted else {
      return Violation(
        breaking: .conservation, "proposals: \(Self.difference(proposed, wanted))")
    }
    return nil
  }

  /// A column's number; 0 for a whole row.
  private func number(_ row: NaiveRow, _ column: String?) -> Int {
    guard let column else { return 0 }
    return schema.table(named: row.table)?.column(named: column)?.number ?? 0
  }

  private static func difference(_ found: [String], _ expected: [String]) -> String {
    let changes = found.difference(from: expected)
    return changes.prefix(6).map { change in
      switch change {
      case .insert(_, let line, _): "the hub has \(line)"
      case .remove(_, let line, _): "the model has \(line)"
      }
    }.joined(separator: "; ")
  }

  private func sql(_ value: NaiveValue) -> String {
    switch value {
    case .null: "\(Value.null)"
    case .integer(let number): "\(Value.integer(number))"
    case .text(let text): "\(Value.text(text))"
    }
  }

  /// Every text that was sent is somewhere, and every text that is somewhere was written.
  private func conservation(
    at hub: SimulatedHub, _ sites: [SimulatedSite], tally: inout Tally
  ) throws -> Violation? {
    var known: Set<String> = []
    let (log, ledger, proposals) = try hub.engine.read {
      (try $0.log(from: 1, limit: .max), try $0.ledger(LedgerFilter()), try $0.proposals())
    }
    for entry in log { Marks.texts(entry.payload ?? []) { known.insert($0) } }
    let values = ledger.map(\.entry.lost.value) + proposals.map(\.proposal.proposed.value)
    known.formUnion(values.compactMap(\.text).filter { $0.hasPrefix("t") && $0.contains("@") })
    let written = Set(texts.written.map(\.text))
    tally.checked(.noInvention, known.count)
    if isModelled, let strange = known.sorted().first(where: { !written.contains($0) }) {
      return Violation(breaking: .noInvention, "the hub holds \(strange), which nobody wrote")
    }
    for site in sites where site.stopped == nil {
      for row in try site.openProgram().rows("SELECT your_value FROM kreissync_notice") {
        if let text = row[0].text { known.insert(text) }
      }
    }
    // A restored file has forgotten what it was told.
    let sent = texts.written.filter {
      sentTexts.contains($0.text) && sites[$0.site].stopped == nil && !restored.contains($0.site)
    }
    tally.checked(.conservation, sent.count)
    if let lost = sent.first(where: { !known.contains($0.text) }) {
      return Violation(breaking: .conservation, "\(lost.text) was sent and is nowhere")
    }
    return nil
  }

  /// A hub that was restarted holds everything that it has answered.
  func hubIsBack(_ hub: SimulatedHub, tally: inout Tally) throws -> Violation? {
    for (site, batches) in decided.sorted(by: { $0.key < $1.key }) {
      guard let last = batches.last(where: { !$0.isForgotten }) else { continue }
      tally.checked(.exactlyOnce)
      let id = BatchID(site: records[site].id, incarnation: last.log, number: last.number)
      let stored = try hub.engine.read { try $0.answeredBatch(id) }
      guard stored?.hash == last.hash else {
        return Violation(
          breaking: .exactlyOnce,
          "the hub has forgotten batch \(last.number) of \(records[site].name)")
      }
    }
    return nil
  }
}

extension [Value] {
  /// What an older schema has of a row that ``PlainComparison/sql(of:)`` told.
  fileprivate func known(to older: Table, of table: Table) -> [Value] {
    let columns = table.columns.filter { $0.tier != .local }
    return prefix(2)
      + zip(columns, dropFirst(2)).filter { older.column(number: $0.0.number) != nil }.map(\.1)
  }
}

extension Table {
  /// Whether somebody who may see headers only may know its rows.
  fileprivate var hasHeader: Bool { columns.contains { $0.tier == .header } }
}
