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
    /// In the order in which they opened.
    var grants: [HeldGrant] = []
    /// Each site of `grants` once, in the order of its first.
    var holders: [Int] = []
  }

  private struct Holder: Sendable {
    let id: SiteID
    /// In the order in which they opened.
    var grants: [HeldGrant] = []
    /// The sum over the cases held, without the place of rows that have no case.
    var digest = Digest128.zero
  }

  fileprivate struct HeldGrant: Sendable {
    let caseNumber: Int
    let holder: Int
    let role: Role
    let fromSeq: Int64
    let isHeldAlready: Bool

    func isOpen(at seq: Int64) -> Bool { fromSeq <= seq || isHeldAlready }
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

  /// Where a grant stands.
  struct GrantPlace {
    fileprivate let caseNumber: Int
    fileprivate let holder: Int
    fileprivate let fromSeq: Int64
  }

  init() {
    let number = number(of: .none)
    precondition(number == Self.noCase)
    cases[number].stored = StoredCase(
      id: .none, lead: .hub, epoch: 1, epochSince: 0, digest: .zero)
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
    let difference = (stored?.digest ?? .zero) - cases[number].digest
    cases[number].stored = stored
    guard number != Self.noCase, difference != .zero else { return }
    for holder in cases[number].holders { holders[holder].digest += difference }
  }

  /// - Precondition: the site was not granted the case by the same entry before.
  mutating func add(_ grant: Grant) -> GrantPlace {
    let caseNumber = number(of: grant.caseID)
    let holder = number(of: grant.site)
    let held = HeldGrant(
      caseNumber: caseNumber, holder: holder, role: grant.role, fromSeq: grant.fromSeq,
      isHeldAlready: grant.isHeldAlready)
    precondition(
      !cases[caseNumber].grants.contains { $0.holder == holder && $0.fromSeq == grant.fromSeq })
    cases[caseNumber].grants.insertInOrder(held)
    holders[holder].grants.insertInOrder(held)
    if !cases[caseNumber].holders.contains(holder) {
      cases[caseNumber].holders.append(holder)
      if caseNumber != Self.noCase { holders[holder].digest += cases[caseNumber].digest }
    }
    return GrantPlace(caseNumber: caseNumber, holder: holder, fromSeq: grant.fromSeq)
  }

  /// Takes back the latest grant that was not taken back yet.
  mutating func removeGrant(at place: GrantPlace) {
    let (number, holder) = (place.caseNumber, place.holder)
    cases[number].grants.removeAll { $0.holder == holder && $0.fromSeq == place.fromSeq }
    holders[holder].grants.removeAll {
      $0.caseNumber == number && $0.fromSeq == place.fromSeq
    }
    guard !cases[number].grants.contains(where: { $0.holder == holder }) else { return }
    cases[number].holders.removeLast()
    if number != Self.noCase { holders[holder].digest -= cases[number].digest }
  }

  // MARK: Cases

  func knownNumber(of id: CaseID) -> Int? { caseNumbers[id] }
  func knownNumber(of id: SiteID) -> Int? { holderNumbers[id] }

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

  /// So many grants has the site, which nobody may know.
  func grantCount(of holder: Int?) -> Int {
    holder.map { holders[$0].grants.count } ?? 0
  }

  /// Whether the site may hold the case, and does not get it whole by a grant above `seq`.
  func isHeld(_ caseNumber: Int, by holder: Int?, at seq: Int64) -> Bool {
    caseNumber == Self.noCase
      || cases[caseNumber].grants.contains { $0.holder == holder && $0.isOpen(at: seq) }
  }

  /// The cases that ``isHeld(_:by:at:)`` admits, each once.
  func heldCases(of holder: Int?, at seq: Int64) -> [Int] {
    var numbers = [Self.noCase]
    guard let holder else { return numbers }
    for grant in holders[holder].grants where grant.caseNumber != Self.noCase {
      let first = cases[grant.caseNumber].grants.first {
        $0.holder == holder && $0.isOpen(at: seq)
      }
      if first?.fromSeq == grant.fromSeq { numbers.append(grant.caseNumber) }
    }
    return numbers
  }

  /// The role of the site's latest grant on the case.
  func role(of holder: Int, in id: CaseID) -> Role? {
    guard let number = caseNumbers[id] else { return nil }
    return cases[number].grants.last { $0.holder == holder }?.role
  }

  /// The sites that hold a case or unit, each with the role of its latest grant.
  func holders(of id: CaseID) -> [SiteID: Role] {
    guard let number = caseNumbers[id] else { return [:] }
    var roles: [SiteID: Role] = [:]
    for grant in cases[number].grants { roles[holders[grant.holder].id] = grant.role }
    return roles
  }

  /// What the site holds in this role by its latest grant, in ascending order.
  func cases(heldBy site: SiteID, as role: Role) -> [CaseID] {
    guard let holder = holderNumbers[site] else { return [] }
    let ids = Set(holders[holder].grants.map { cases[$0.caseNumber].id })
    return ids.filter { self.role(of: holder, in: $0) == role }.sorted()
  }

  func grants(of site: SiteID, openedIn range: ClosedRange<Int64>, limit: Int) -> [GrantedCase] {
    guard let holder = holderNumbers[site] else { return [] }
    var found: [GrantedCase] = []
    for grant in grants(of: holder, from: range.lowerBound) {
      guard grant.fromSeq <= range.upperBound, found.count < limit else { break }
      guard let stored = cases[grant.caseNumber].stored else { continue }
      found.append(
        GrantedCase(grant: self.grant(grant), lead: stored.lead, epoch: stored.epoch))
    }
    return found
  }

  /// All grants of all sites, in the order in which they opened.
  var allGrants: [Grant] {
    holders.flatMap(\.grants).sorted { $0.fromSeq < $1.fromSeq }.map(grant)
  }

  private func grant(_ held: HeldGrant) -> Grant {
    Grant(
      caseID: cases[held.caseNumber].id, site: holders[held.holder].id, role: held.role,
      fromSeq: held.fromSeq, isHeldAlready: held.isHeldAlready)
  }

  private func grants(of holder: Int, from seq: Int64) -> ArraySlice<HeldGrant> {
    let grants = holders[holder].grants
    return grants[grants.firstPosition { $0.fromSeq >= seq }...]
  }

  // MARK: Digests

  func digest(for site: SiteID) -> Digest128 {
    cases[Self.noCase].digest + (holderNumbers[site].map { holders[$0].digest } ?? .zero)
  }

  /// The cases with news above `seq` that the site holds, and those granted to it above `seq`, in
  /// ascending order.
  func digests(for site: SiteID, above seq: Int64) -> [CaseDigest] {
    let holder = holderNumbers[site]
    let recent = news[news.firstPosition { $0.seq > seq }...]
    var numbers: [Int] = []
    // Two ways to the same cases: through the news or through the scope, whichever is shorter.
    if recent.count <= grantCount(of: holder) {
      numbers = recent.filter {
        $0.caseNumber == Self.noCase
          || holder.map(cases[$0.caseNumber].holders.contains) ?? false
      }.map(\.caseNumber)
    } else {
      let held = [Self.noCase] + (holder.map { holders[$0].grants.map(\.caseNumber) } ?? [])
      numbers = held.filter { cases[$0].lastSeq > seq }
    }
    if let holder {
      numbers += grants(of: holder, from: seq).filter { $0.fromSeq > seq }.map(\.caseNumber)
    }
    var found = numbers.compactMap { number in
      cases[number].stored.map { CaseDigest(caseID: $0.id, digest: $0.digest) }
    }
    found.sort { $0.caseID < $1.caseID }
    return found.enumerated().filter { position, digest in
      position == 0 || found[position - 1].caseID != digest.caseID
    }.map(\.element)
  }
}

extension ScopeMemory.CaseRecord {
  fileprivate var digest: Digest128 { stored?.digest ?? .zero }
}

extension [ScopeMemory.HeldGrant] {
  fileprivate mutating func insertInOrder(_ grant: Element) {
    let before = lastIndex { $0.fromSeq <= grant.fromSeq }
    insert(grant, at: before.map { $0 + 1 } ?? 0)
  }
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
