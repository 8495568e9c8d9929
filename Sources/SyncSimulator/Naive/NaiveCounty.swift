/// What a county should hold, told as plainly as possible: a reference for the simulator.
///
/// It is told what happened (who wrote what, what the agent did, in which order the hub decided)
/// and says what must be true afterwards: the hub's rows, each replica, the verdicts, the ledger,
/// the proposals. It knows the design's sentences and nothing of the product: no log, no batch, no
/// digest, no delta. A pull gives a site everything that it may hold; a case is whole or absent;
/// the hub's one sequence is a number that grows with each change it decides, so that what was
/// written can be compared with what was seen.
///
/// Left out: consent and the tiers that need it (a former lead sees the header, everybody else all
/// that travels), erasure, new incarnations.
package struct NaiveCounty {
  let tables: [String: NaiveTable]
  var sites: [String: NaiveReplica] = [:]
  var rows: [NaiveRow: NaiveHubRow] = [:]
  /// Who leads each case that was opened.
  var leads: [String: String] = [:]
  /// Since which position; nothing for who opened it.
  var leadSince: [String: Int64] = [:]
  /// Who led a case once, and holds it without a part in it.
  var formers: [String: Set<String>] = [:]
  /// What sites were in cases before, the oldest first: by site, then by case.
  var parts: [String: [String: [NaivePart]]] = [:]
  /// The cases of which a site sees the header only.
  var headers: [String: Set<String>] = [:]
  /// The cases that each site may hold, and the rows of no case that are its own.
  var grants: [String: Set<String>] = [:]
  /// The rows of no case that each site knows from cases that mention them.
  var heard: [String: Set<String>] = [:]
  /// How much has happened at the hub.
  package internal(set) var position: Int64 = 0
  /// Every value that lost, and every edit that waits for a person, in the order of decisions.
  package internal(set) var ledger: [NaiveLoss] = []
  package internal(set) var proposals: [NaiveProposal] = []
  /// How often each verdict was given.
  package private(set) var verdictCounts: [String: Int] = [:]
  /// What the county was told that cannot be, if the product and this model agree.
  package private(set) var surprises: [String] = []

  package init(tables: [NaiveTable]) {
    self.tables = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })
  }

  // MARK: Scope

  /// A site joins with an empty replica. A site of kind county may hold every case there is, a
  /// carrier none, another those whose lead shares an area with it.
  package mutating func join(site: String, kind: String, areas: [String]) {
    sites[site] = NaiveReplica(kind: kind, areas: areas)
    for (caseID, lead) in leads {
      let isShared = kind != "carrier" && sites[lead]!.areas.contains { areas.contains($0) }
      if kind == "county" || isShared { grants[site, default: []].insert(caseID) }
    }
    position += 1
  }

  /// Who opens a case leads it. The county's sites, and those that share an area with the lead at
  /// that moment and are no carriers, hold it too and may write in it.
  mutating func open(_ caseID: String, by lead: String) {
    let areas = sites[lead]!.areas
    leads[caseID] = lead
    for (name, site) in sites {
      let isShared = site.kind != "carrier" && site.areas.contains { areas.contains($0) }
      let holds = name == lead || site.kind == "county" || isShared
      if holds { grants[name, default: []].insert(caseID) }
    }
  }

  /// The hub itself writes a row of a table that it alone writes, and that every site holds.
  package mutating func published(_ row: NaiveRow, values: [String: NaiveValue]) {
    position += 1
    var content = NaiveContent(caseID: "", values: [:])
    for column in tables[row.table]!.columns { content.values[column.name] = .null }
    content.values.merge(values) { $1 }
    rows[row] = NaiveHubRow(content: content, writer: "")
  }

  // MARK: The local program, one committed effect at a time

  /// INSERT, or INSERT OR REPLACE; columns that are not named are empty. `time` is the site's
  /// clock, in milliseconds.
  package mutating func inserted(
    _ site: String, _ row: NaiveRow, caseID: String, values: [String: NaiveValue],
    at time: Int64
  ) {
    sites[site]!.insert(row, caseID: caseID, values, at: time, in: tables[row.table]!)
  }

  /// UPDATE of a row that stays in its case.
  package mutating func updated(
    _ site: String, _ row: NaiveRow, values: [String: NaiveValue], at time: Int64
  ) {
    expect(sites[site]![row] != nil, "\(site) updated \(row), which is not there")
    sites[site]!.update(row, values, at: time, in: tables[row.table]!)
  }

  /// DELETE, or an eviction by another row's REPLACE.
  package mutating func deleted(_ site: String, _ row: NaiveRow, at time: Int64) {
    expect(sites[site]![row] != nil, "\(site) deleted \(row), which is not there")
    sites[site]!.delete(row, at: time, in: tables[row.table]!)
  }

  // MARK: The agent and the hub

  /// The hub measured the site's clock at a hello: the site's minus its own, in milliseconds. Below
  /// two seconds it counts as none; where it changed by more than five minutes somebody has set the
  /// clock, and it is no witness of what was written in between.
  package mutating func greeted(_ site: String, skew: Int64) {
    let known = sites[site]!.skew
    sites[site]!.isClockSteady = known.map { abs(skew - $0) <= 5 * 60_000 } ?? true
    sites[site]!.skew = skew
  }

  /// Everything written so far at the site is frozen into changes.
  package mutating func built(_ site: String) {
    sites[site]!.build(tables)
  }

  /// The hub accepted a batch: for each row the oldest change that it has not decided yet.
  package mutating func decided(_ site: String, _ batch: [NaiveRow], hubTime: Int64)
    -> [NaiveVerdict]
  {
    defer { endMentions(after: batch) }
    return batch.map { row in
      let index = sites[site]!.sent[row]?.firstIndex { $0.verdict == nil }
      guard let index, let change = sites[site]!.sent[row]?[index] else {
        expect(false, "the hub decided a change of \(site) to \(row), which was never built")
        return NaiveVerdict(row: row, verdict: "unknown")
      }
      let verdict = decide(change, by: site, at: hubTime)
      sites[site]!.sent[row]![index].verdict = verdict
      verdictCounts[verdict.verdict, default: 0] += 1
      return verdict
    }
  }

  /// The site learnt the verdicts of a batch. That changes no row; but a row that the hub has never
  /// seen is offered whole, as if it were written now.
  package mutating func answered(_ site: String, _ batch: [NaiveRow], at time: Int64) {
    for row in batch {
      let change = sites[site]!.sent[row]?.first
      guard let verdict = change?.verdict else {
        expect(false, "\(site) learnt a verdict on \(row) that the hub has not given")
        continue
      }
      sites[site]!.sent[row]!.removeFirst()
      if sites[site]!.sent[row]!.isEmpty { sites[site]!.sent[row] = nil }
      if verdict.rule == "unknown_row" {
        sites[site]!.offerWhole(row, at: time, in: tables[row.table]!)
      }
    }
  }

  /// The hub read, at one moment, all that the site may hold: the living rows of the cases granted
  /// to it and of no case.
  package mutating func served(_ site: String) {
    sites[site]!.served = NaiveScope(
      rows: rows, cases: grants[site] ?? [], heard: heard[site] ?? [],
      headers: headers[site] ?? [], tables: tables, position: position)
  }

  /// The site applied what the hub read last for it.
  package mutating func applied(_ site: String) {
    expect(sites[site]!.served != nil, "\(site) applied what nobody served")
    sites[site]!.apply(tables)
  }

  private mutating func expect(_ isSo: Bool, _ surprise: @autoclosure () -> String) {
    if !isSo { surprises.append(surprise()) }
  }

  // MARK: What should be

  /// In order.
  package var siteNames: [String] { sites.keys.sorted() }

  /// The hub's living rows, with every column; those that stay at their site are empty.
  package func hubRows() -> [NaiveRow: NaiveContent] {
    rows.filter(\.value.isAlive).mapValues(\.content)
  }

  /// What stands in a site's replica, with every column.
  package func replica(_ site: String) -> [NaiveRow: NaiveContent] {
    sites[site]!.rows
  }

  /// The hub's position at which the site's replica shows the hub, but for unanswered work.
  package func cursor(_ site: String) -> Int64 {
    sites[site]!.shown.position
  }

  /// The cases that a site holds, in order.
  package func scope(_ site: String) -> [String] {
    (grants[site] ?? []).sorted()
  }

  /// The rows with frozen changes that the site knows no verdict of, in order, once for each
  /// change.
  package func waiting(_ site: String) -> [NaiveRow] {
    sites[site]!.sent.flatMap { Array(repeating: $0.key, count: $0.value.count) }.sorted()
  }
}
