import HubStorage
import SyncCore

/// Cases, and which sites hold them.
///
/// Cases and sites have small numbers inside, so that walking a scope compares no text. A number
/// once given stays, also where the transaction that gave it is undone: alone it shows nowhere.
struct ScopeMemory: Sendable {
  private var cases: [CaseRecord] = []
  private var caseNumbers: [CaseID: Int] = [:]
  private var holders: [Holder] = []
  private var holderNumbers: [SiteID: Int] = [:]
  /// Which case changed at which head of the log, ascending; a case is there for each change.
  private var news: [News] = []

  private static let noCase = 0

  fileprivate struct CaseRecord: Sendable {
    let id: CaseID
    /// nil for a case of which only rows or grants are known.
    var stored: StoredCase?
    var lastSeq: Int64 = 0
    /// In the order in which they opened; of each site at most the last is open.
    var grants: [HeldGrant] = []
  }

  private struct Holder: Sendable {
    let id: SiteID
    /// Where its grants opened and ended, in that order.
    var marks: [GrantMark] = []
    /// The sum over what it holds, without the place of rows that have no case.
    var digest = Digest128.zero
  }

  fileprivate struct GrantMark: Sendable, Equatable {
    let seq: Int64
    let caseNumber: Int
  }

  private struct News: Sendable {
    let seq: Int64
    let caseNumber: Int
  }

  /// What ``put(_:at:)`` did.
  struct CaseChange {
    fileprivate let caseNumber: Int
    fileprivate let stored: StoredCase?
    fileprivate let lastSeq: Int64
    fileprivate let newsCount: Int
  }

  /// What a case's grants were before they changed.
  struct GrantChange {
    fileprivate let caseNumber: Int
    fileprivate let grants: [HeldGrant]
    fileprivate let holder: Int
    fileprivate let marks: [GrantMark]
  }

  init() {
    let number = number(of: .none)
    precondition(number == Self.noCase)
    cases[number].stored = StoredCase(
      id: .none, lead: .hub, epoch: 1, epochSince: 0, digests: .zero)
  }

  // MARK: Writing

  /// The case's number, which it gets now if it has none.
  mutating func number(of id: CaseID) -> Int {
    if let known = caseNumbers[id] { return known }
    cases.append(CaseRecord(id: id))
    caseNumbers[id] = cases.count - 1
    return cases.count - 1
  }

  private mutating func number(of id: SiteID) -> Int {
    if let known = holderNumbers[id] { return known }
    holders.append(Holder(id: id))
    holderNumbers[id] = holders.count - 1
    return holders.count - 1
  }

  /// Inserts or replaces a case.
  ///
  /// - Parameter head: the head of the log afterwards.
  mutating func put(_ stored: StoredCase, at head: Int64) -> CaseChange {
    let number = number(of: stored.id)
    let change = CaseChange(
      caseNumber: number, stored: cases[number].stored, lastSeq: cases[number].lastSeq,
      newsCount: news.count)
    set(number, to: stored)
    if cases[number].lastSeq != head {
      cases[number].lastSeq = head
      news.append(News(seq: head, caseNumber: number))
    }
    return change
  }

  /// Takes back the latest change that was not taken back yet.
  mutating func undo(_ change: CaseChange) {
    set(change.caseNumber, to: change.stored)
    cases[change.caseNumber].lastSeq = change.lastSeq
    news.removeLast(news.count - change.newsCount)
  }

  private mutating func set(_ number: Int, to stored: StoredCase?) {
    let before = cases[number].digests
    cases[number].stored = stored
    let after = cases[number].digests
    guard number != Self.noCase, before != after else { return }
    for held in cases[number].grants where held.isOpen {
      holders[held.holder].digest += after[held.grant.terms]
      holders[held.holder].digest -= before[held.grant.terms]
    }
  }

  /// - Precondition: the site was not granted the case by the same entry before.
  mutating func add(_ grant: Grant) -> GrantChange {
    let (number, holder) = (number(of: grant.caseID), number(of: grant.site))
    let change = change(of: number, holder)
    precondition(
      !cases[number].grants.contains { $0.holder == holder && $0.grant.fromSeq == grant.fromSeq })
    let former = close(
      number, holder,
      GrantEnd(
        caseID: grant.caseID, site: grant.site, seq: grant.fromSeq,
        effectiveAt: grant.effectiveAt, handover: grant.handover))
    for place in cases[number].grants.indices where cases[number].grants[place].holder == holder {
      cases[number].grants[place].purgeSeq = nil
    }
    let goesOn = former?.grant.tiers == grant.tiers
    let isNarrower = former.map { !grant.tiers.isSuperset(of: $0.grant.tiers) } ?? false
    let isStillOwed = goesOn && former?.purgedAt == nil && former?.purgeSeq != nil
    cases[number].grants.append(
      HeldGrant(
        holder: holder, grant: grant, heldFrom: goesOn ? former!.heldFrom : grant.fromSeq,
        isHeldAlready: grant.isHeldAlready || goesOn && former!.isHeldAlready,
        purgeSeq: isNarrower || grant.asksReceipt || isStillOwed ? grant.fromSeq : nil))
    holders[holder].marks.append(GrantMark(seq: grant.fromSeq, caseNumber: number))
    if number != Self.noCase { holders[holder].digest += cases[number].digests[grant.terms] }
    return change
  }

  mutating func end(_ end: GrantEnd) -> GrantChange {
    let (number, holder) = (number(of: end.caseID), number(of: end.site))
    let change = change(of: number, holder)
    if close(number, holder, end) != nil {
      let place = cases[number].grants.lastIndex { $0.holder == holder }!
      cases[number].grants[place].purgeSeq = end.seq
      cases[number].grants[place].purgedAt = nil
      holders[holder].marks.append(GrantMark(seq: end.seq, caseNumber: number))
    }
    return change
  }

  private func change(of number: Int, _ holder: Int) -> GrantChange {
    GrantChange(
      caseNumber: number, grants: cases[number].grants, holder: holder,
      marks: holders[holder].marks)
  }

  /// - Returns: the site's open grant as it was; nil where there was none.
  private mutating func close(_ number: Int, _ holder: Int, _ end: GrantEnd) -> HeldGrant? {
    guard
      let place = cases[number].grants.lastIndex(where: { $0.holder == holder && $0.isOpen })
    else { return nil }
    let former = cases[number].grants[place]
    cases[number].grants[place].end = end
    if number != Self.noCase { holders[holder].digest -= cases[number].digests[former.grant.terms] }
    return former
  }

  /// Takes back the latest change of grants that was not taken back yet.
  mutating func undo(_ change: GrantChange) {
    let number = change.caseNumber
    func sum(_ grants: [HeldGrant]) -> Digest128 {
      guard number != Self.noCase else { return .zero }
      return grants.filter { $0.holder == change.holder && $0.isOpen }
        .reduce(.zero) { $0 + cases[number].digests[$1.grant.terms] }
    }
    holders[change.holder].digest -= sum(cases[number].grants)
    holders[change.holder].digest += sum(change.grants)
    cases[number].grants = change.grants
    holders[change.holder].marks = change.marks
  }

  mutating func recordReceipt(
    of site: SiteID, through seq: Int64, except pending: Set<CaseID>, at now: Milliseconds
  ) -> [GrantChange] {
    guard let holder = holderNumbers[site] else { return [] }
    var changes: [GrantChange] = []
    for number in Set(holders[holder].marks.map(\.caseNumber)).sorted()
    where !pending.contains(cases[number].id) {
      for place in cases[number].grants.indices {
        let held = cases[number].grants[place]
        guard held.holder == holder, held.purgedAt == nil, let order = held.purgeSeq, order <= seq
        else { continue }
        changes.append(change(of: number, holder))
        cases[number].grants[place].purgedAt = now
      }
    }
    return changes
  }

  // MARK: Cases

  func knownNumber(of id: CaseID) -> Int? { caseNumbers[id] }
  func knownNumber(of id: SiteID) -> Int? { holderNumbers[id] }
  func id(ofCase number: Int) -> CaseID { cases[number].id }

  func stored(_ id: CaseID) -> StoredCase? {
    caseNumbers[id].flatMap { cases[$0].stored }
  }

  /// Units do not count.
  var caseCount: Int { cases.dropFirst().count { $0.stored?.id.isCase == true } }

  /// Ascending; a lead that is named twice brings its cases twice.
  func caseIDs(ledBy leads: [SiteID]?) -> [CaseID] {
    let stored = cases.dropFirst().compactMap(\.stored).filter(\.id.isCase)
    guard let leads else { return stored.map(\.id).sorted() }
    return leads.flatMap { lead in stored.filter { $0.lead == lead }.map(\.id) }.sorted()
  }

  /// All cases in ascending order, the place of rows without one first.
  var all: [StoredCase] {
    cases.compactMap(\.stored).sorted { $0.id < $1.id }
  }

  // MARK: Grants

  /// So many grants had the site, which nobody may know.
  func grantCount(of holder: Int?) -> Int {
    holder.map { holders[$0].marks.count } ?? 0
  }

  private func open(_ caseNumber: Int, _ holder: Int) -> HeldGrant? {
    cases[caseNumber].grants.last { $0.holder == holder && $0.isOpen }
  }

  /// Whether the site may hold the case, and does not get it whole by a grant above `seq`.
  func isHeld(_ caseNumber: Int, by holder: Int?, at seq: Int64) -> Bool {
    guard caseNumber != Self.noCase else { return true }
    return holder.flatMap { open(caseNumber, $0)?.covers(seq) } ?? false
  }

  /// The cases that ``isHeld(_:by:at:)`` admits, each once.
  func heldCases(of holder: Int?, at seq: Int64) -> [Int] {
    guard let holder else { return [Self.noCase] }
    var seen: Set<Int> = [Self.noCase]
    return [Self.noCase]
      + holders[holder].marks.map(\.caseNumber).filter {
        seen.insert($0).inserted && isHeld($0, by: holder, at: seq)
      }
  }

  func terms(of holder: Int, in id: CaseID) -> GrantTerms? {
    caseNumbers[id].flatMap { open($0, holder)?.grant.terms }
  }

  func periods(of holder: Int, in id: CaseID) -> [GrantPeriod]? {
    guard let number = caseNumbers[id] else { return nil }
    let held = cases[number].grants.filter { $0.holder == holder }
    guard held.contains(where: { !$0.isOpen }) else { return nil }
    return held.map {
      GrantPeriod(
        role: $0.grant.role, fromSeq: $0.grant.fromSeq, untilSeq: $0.end?.seq,
        endedAt: $0.end?.effectiveAt ?? 0, tiers: $0.grant.terms.tiers)
    }
  }

  /// The sites that were ever granted the case.
  func everHolders(of id: CaseID) -> [SiteID] {
    guard let number = caseNumbers[id] else { return [] }
    return Set(cases[number].grants.map { holders[$0.holder].id }).sorted()
  }

  func sitesOwingPurge(of id: CaseID) -> [SiteID] {
    guard let number = caseNumbers[id] else { return [] }
    let owing = cases[number].grants.filter { $0.purgeSeq != nil && $0.purgedAt == nil }
    return Set(owing.map { holders[$0.holder].id }).sorted()
  }

  func unpurged(at site: SiteID) -> [CaseID] {
    guard let holder = holderNumbers[site] else { return [] }
    return Set(holders[holder].marks.map(\.caseNumber)).filter { number in
      cases[number].grants.contains {
        $0.holder == holder && $0.purgeSeq != nil && $0.purgedAt == nil
      }
    }.map { cases[$0].id }.sorted()
  }

  /// The sites that hold a case or unit, each with its role.
  func holders(of id: CaseID) -> [SiteID: Role] {
    guard let number = caseNumbers[id] else { return [:] }
    var roles: [SiteID: Role] = [:]
    for held in cases[number].grants where held.isOpen {
      roles[holders[held.holder].id] = held.grant.role
    }
    return roles
  }

  /// What the site holds in this role, in ascending order.
  func cases(heldBy site: SiteID, as role: Role) -> [CaseID] {
    guard let holder = holderNumbers[site] else { return [] }
    let numbers = Set(holders[holder].marks.map(\.caseNumber))
    return numbers.filter { open($0, holder)?.grant.role == role }.map { cases[$0].id }.sorted()
  }

  func grants(
    of site: SiteID, openedIn range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) -> [GrantedCase] {
    guard let holder = holderNumbers[site] else { return [] }
    var found: [GrantedCase] = []
    for mark in marks(of: holder, from: range.lowerBound) {
      guard mark.seq <= range.upperBound, found.count < limit else { break }
      guard let stored = cases[mark.caseNumber].stored else { continue }
      let held = cases[mark.caseNumber].grants.filter { $0.holder == holder }
      if let open = held.last(where: \.isOpen) {
        guard open.grant.fromSeq == mark.seq else { continue }
        found.append(
          GrantedCase(
            grant: open.grant.asHeld(open.covers(heldAt)), lead: stored.lead, epoch: stored.epoch))
      } else if let last = held.last, let end = last.end, end.seq == mark.seq,
        held.contains(where: {
          $0.end!.seq > heldAt && ($0.grant.fromSeq <= heldAt || $0.isHeldAlready)
        })
      {
        found.append(
          GrantedCase(
            grant: last.grant.asHeld(false, handover: end.handover), lead: stored.lead,
            epoch: stored.epoch, endedSeq: end.seq))
      }
    }
    return found
  }

  /// All open grants of all sites, in the order in which they opened.
  var allGrants: [Grant] {
    cases.flatMap { $0.grants.filter(\.isOpen).map(\.grant) }.sorted { $0.fromSeq < $1.fromSeq }
  }

  private func marks(of holder: Int, from seq: Int64) -> ArraySlice<GrantMark> {
    let marks = holders[holder].marks
    return marks[marks.firstPosition { $0.seq >= seq }...]
  }

  // MARK: Digests

  func digest(for site: SiteID) -> Digest128 {
    cases[Self.noCase].digests.whole + (holderNumbers[site].map { holders[$0].digest } ?? .zero)
  }

  /// The cases with news above `seq` that the site holds, and those granted to it above `seq`, in
  /// ascending order.
  func digests(for site: SiteID, above seq: Int64) -> [CaseDigest] {
    let holder = holderNumbers[site]
    let recent = news[news.firstPosition { $0.seq > seq }...]
    var numbers: [Int] = []
    // Two ways to the same cases: through the news or through the scope, whichever is shorter.
    if recent.count <= grantCount(of: holder) {
      numbers = recent.filter { news in
        news.caseNumber == Self.noCase
          || holder.map { holder in open(news.caseNumber, holder) != nil } ?? false
      }.map(\.caseNumber)
    } else {
      let held = [Self.noCase] + (holder.map { holders[$0].marks.map(\.caseNumber) } ?? [])
      numbers = held.filter { cases[$0].lastSeq > seq }
    }
    if let holder { numbers += marks(of: holder, from: seq + 1).map(\.caseNumber) }
    var found = numbers.compactMap { number -> CaseDigest? in
      let terms = number == Self.noCase ? .shared : holder.flatMap { open(number, $0)?.grant.terms }
      guard let stored = cases[number].stored, let terms else { return nil }
      return CaseDigest(caseID: stored.id, digest: stored.digests[terms])
    }
    found.sort { $0.caseID < $1.caseID }
    return found.enumerated().filter { position, digest in
      position == 0 || found[position - 1].caseID != digest.caseID
    }.map(\.element)
  }
}

extension ScopeMemory.CaseRecord {
  fileprivate var digests: TierDigests { stored?.digests ?? .zero }
}

extension Array {
  /// The first position whose element fulfils the condition, which holds for all behind it too.
  fileprivate func firstPosition(where isBehind: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
