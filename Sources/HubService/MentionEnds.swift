import HubStorage
import SyncCore

/// What a mention shows of a worker is for those who hold a case of theirs: it ends with the last.
///
/// | the plan …                                    | ends for                                    |
/// |-----------------------------------------------|---------------------------------------------|
/// | ends a site's part in a case                  | that site: every mention that no case which it holds makes any more |
/// | lets a case mention another                   | all that hold the case: the former one, unless another case of theirs mentions it |
///
/// The site purges the row and owes a receipt, as for a case.
extension HubReader {
  /// Adds to a plan the ends of the mentions that its other entries leave without a case.
  func endMentions(_ plan: inout Plan, at now: Milliseconds) throws {
    let ends = MentionEnds(plan, schema: schema)
    guard ends.mayBeNeeded else { return }
    let head = try counter.seq
    for (site, units) in try ends.candidates(in: self).sorted(by: { $0.key < $1.key }) {
      let unmentioned = try units.sorted().filter { try !ends.isMentioned($0, to: site, in: self) }
      plan.end(unmentioned, of: site, headSeq: head, now: now)
    }
  }
}

private struct MentionEnds {
  private let schema: Schema
  /// The cases that each site holds no more.
  private var ended: [SiteID: Set<CaseID>] = [:]
  /// The cases that each site is granted.
  private var granted: [SiteID: Set<CaseID>] = [:]
  /// The roots of cases as the plan leaves them; of others what is stored counts.
  private let roots: [CaseID: StoredRow]
  /// The cases that mention another.
  private let changed: [CaseID]
  /// Mentions that the plan itself makes: a later entry may take them back.
  private let mentioned: [Grant]
  /// What the plan grants otherwise.
  private let parts: [Grant]

  init(_ plan: Plan, schema: Schema) {
    self.schema = schema
    roots = plan.roots(in: schema)
    var columns = ColumnMask.empty
    for column in schema.caseRoot?.columns ?? [] where column.mentions != nil {
      columns.insert(column.number)
    }
    let root = schema.caseRoot?.number
    changed = plan.log.compactMap { entry in
      guard case .row(.update, let image) = entry.content, image.key.table == root,
        !image.cells.mask.intersection(columns).isEmpty
      else { return nil }
      return image.caseID
    }
    mentioned = plan.grants.filter { $0.role == .mention }
    parts = plan.grants.filter { $0.role != .mention }
    var last: [SiteID: [CaseID: Int64]] = [:]
    for grant in plan.grants where grant.caseID.isCase {
      granted[grant.site, default: []].insert(grant.caseID)
      last[grant.site, default: [:]][grant.caseID] = grant.fromSeq
    }
    for end in plan.ends where end.caseID.isCase {
      guard last[end.site]?[end.caseID] ?? 0 < end.seq else { continue }
      granted[end.site]?.remove(end.caseID)
      ended[end.site, default: []].insert(end.caseID)
    }
  }

  var mayBeNeeded: Bool { !ended.isEmpty || !changed.isEmpty }

  /// The units whose mention may end, by the site that sees them so.
  func candidates(in reader: some HubReader) throws -> [SiteID: Set<CaseID>] {
    var found: [SiteID: Set<CaseID>] = [:]
    for site in ended.keys { found[site] = Set(try reader.mentionedUnits(of: site)) }
    for caseID in changed {
      let former = try reader.units(mentionedIn: [caseID])
      for site in try reader.holders(of: [caseID])[caseID, default: [:]].keys {
        for unit in former where try reader.terms(of: site, in: [unit])[unit]?.role == .mention {
          found[site, default: []].insert(unit)
        }
      }
    }
    for grant in mentioned { found[grant.site, default: []].insert(grant.caseID) }
    // Who is named in the row by now sees it for that.
    for grant in parts { found[grant.site]?.remove(grant.caseID) }
    return found
  }

  /// Whether a case that the site holds behind the plan mentions the unit.
  func isMentioned(_ unit: CaseID, to site: SiteID, in reader: some HubReader) throws -> Bool {
    guard let key = schema.row(ofUnit: unit) else { return false }
    let written = roots.filter { mentions($0.value, key) }.keys.sorted()
    let stored = try reader.cases(mentioning: key).filter { roots[$0] == nil }
    return try holdsAny(of: written + stored, site, in: reader)
  }

  private func holdsAny(
    of cases: [CaseID], _ site: SiteID, in reader: some HubReader
  ) throws -> Bool {
    let terms = try reader.terms(of: site, in: cases)
    return cases.contains { caseID in
      granted[site]?.contains(caseID) == true
        || terms[caseID] != nil && ended[site]?.contains(caseID) != true
    }
  }

  private func mentions(_ root: StoredRow, _ key: RowKey) -> Bool {
    guard let table = schema.caseRoot, let named = schema.table(number: key.table)?.name,
      root.isAlive
    else { return false }
    return table.columns.enumerated().contains { position, column in
      column.mentions == named && root.values[position] == .text(key.id.text)
    }
  }
}
