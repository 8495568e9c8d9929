/// Where rows go that belong to no case, and who hears of them: tables of scope `site`.
///
/// Such a row is a unit of its own (``Table/unit(of:)``). Its columns say which sites it is for
/// (``Column/follows``); they can name further sites later, but never take it from one: nothing is
/// purged here, so a row that stops being a site's business ends by its dates. The root of a case
/// may mention one (``Column/mentions``): then all who hold the case see what a mention shows.
///
/// | row                       | author           | answer                                        |
/// |---------------------------|------------------|-----------------------------------------------|
/// | new, names nobody         | a site           | opened, the author leads                      |
/// | new, names nobody         | the hub          | opened, only the hub has it                   |
/// | new, names the author     | a site           | opened, the first named leads, others contribute |
/// | new, names sites          | the hub          | likewise                                      |
/// | new, names others only    | a site           | refused `not_granted`                         |
/// | names an unknown site     | anyone           | refused `unknown_site`                        |
/// | follows a foreign row     | a site           | refused `not_granted`                         |
/// | known, names more than before | whoever may write | as its policy says; who is new contributes |
/// | known, names less         | anyone           | refused `row_stays`                           |
extension Decision {
  /// Step 4 for a row that is a unit of its own.
  mutating func openUnit(_ change: Change, in table: Table) -> Answer {
    let author = context.author.site
    let named: [SiteID]
    switch sites(namedBy: { change.cells[$0.number] ?? .null }, in: table) {
    case .failure(let refusal): return refused(change, refusal.rule)
    case .success(let sites): named = sites
    }
    guard author == .hub || named.isEmpty || named.contains(author) else {
      return refused(change, .notGranted)
    }
    let sites = named.isEmpty && author != .hub ? [author] : named
    let lead = sites.first ?? .hub
    let attempt = Attempt(change: change, table: table, role: author == lead ? .lead : .contributor)
    if let rule = objection(toNew: attempt) { return refused(change, rule) }
    draft.open(change.caseID, lead: lead)
    draft.create(attempt)
    for site in sites {
      draft.grant(
        change.caseID, to: site, as: site == lead ? .lead : .contributor,
        isHeldAlready: site == author)
    }
    for caseID in draft.view.mentions[change.caseID] ?? [] {
      mention(change.caseID, toHoldersOf: caseID)
    }
    return Answer(id: change.id, verdict: .applied)
  }

  /// Why a change may not name what it names; nil where it may, or does not say where its row goes.
  func refusalOfNaming(_ existing: StoredRow, _ attempt: Attempt) -> Rule? {
    let table = attempt.table
    let change = attempt.change
    let isMoved = table.columns.enumerated().contains { position, column in
      column.follows != nil
        && change.cells[column.number].map { $0 != existing.values[position] } ?? false
    }
    guard isMoved else { return nil }
    let values = { (column: Column) in
      change.cells[column.number] ?? existing.values[table.position(ofColumn: column.number)!]
    }
    switch sites(namedBy: values, in: table) {
    case .failure(let refusal): return refusal.rule
    case .success(let named):
      let lead = draft.view.cases[change.caseID]?.lead ?? .hub
      let held = draft.view.holders[change.caseID, default: [:]].filter { $0.value.mayWrite }.keys
      let stays = held.allSatisfy { named.contains($0) || named.isEmpty && $0 == lead }
      return stays ? nil : .rowStays
    }
  }

  /// Grants the row to the sites that it names now and did not before.
  mutating func grantToNamed(_ row: StoredRow, in table: Table) {
    guard table.scope == .ofSite else { return }
    let values = { (column: Column) in row.values[table.position(ofColumn: column.number)!] }
    guard case .success(let named) = sites(namedBy: values, in: table) else { return }
    for site in named where draft.view.holders[row.caseID]?[site]?.mayWrite != true {
      draft.grant(row.caseID, to: site, as: .contributor, isHeldAlready: false)
    }
  }

  /// Lets all who hold the case see whom it mentions, if the author of the mention may see it: or
  /// else a site could learn a stranger's name by writing his id.
  mutating func spreadMentions(of row: StoredRow, columns: ColumnMask, in table: Table) {
    for (position, column) in table.columns.enumerated() where columns.contains(column.number) {
      guard let name = column.mentions, let mentioned = context.schema.table(named: name),
        let id = row.values[position].text
      else { continue }
      let unit = mentioned.unit(of: RowID(id))
      guard draft.view.cases[unit] != nil else {
        draft.expect(unit, in: row.caseID)
        continue
      }
      let isSeen = context.author.site == .hub || draft.view.roles[unit] != nil
      if isSeen { mention(unit, toHoldersOf: row.caseID) }
    }
  }

  private mutating func mention(_ unit: CaseID, toHoldersOf caseID: CaseID) {
    for site in draft.view.holders[caseID, default: [:]].keys.sorted()
    where draft.view.holders[unit]?[site] == nil {
      draft.grant(unit, to: site, as: .mention, isHeldAlready: false)
    }
  }

  private struct NamingRefusal: Error {
    let rule: Rule
  }

  /// The sites that a row names, each once, in the order of its columns.
  private func sites(
    namedBy value: (Column) -> Value, in table: Table
  ) -> Result<[SiteID], NamingRefusal> {
    var named: [SiteID] = []
    for column in table.columns {
      guard let followed = column.follows, let text = value(column).text else { continue }
      switch followed {
      case .site:
        guard context.sites.contains(SiteID(text)) else {
          return .failure(NamingRefusal(rule: .unknownSite))
        }
        named.append(SiteID(text))
      case .row(let name):
        guard let unit = context.schema.table(named: name)?.unit(of: RowID(text)) else {
          continue
        }
        let isSeen =
          context.author.site == .hub || draft.view.cases[unit] == nil
          || draft.view.roles[unit]?.mayWrite == true
        guard isSeen else { return .failure(NamingRefusal(rule: .notGranted)) }
        let holders = draft.view.holders[unit, default: [:]].filter { $0.value.mayWrite }.keys
        let lead = draft.view.cases[unit]?.lead
        named += holders.sorted { ($0 != lead ? 1 : 0, $0) < ($1 != lead ? 1 : 0, $1) }
      }
    }
    var seen: Set<SiteID> = []
    return .success(named.filter { seen.insert($0).inserted })
  }
}
