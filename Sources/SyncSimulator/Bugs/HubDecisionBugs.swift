import HubStorage
import SyncCore

// The hub decides wrongly, because it is shown something else than there is.

/// What a site wrote itself, and the hub took as it was, counts as somebody else's.
final class OwnChangesConflict: DisguisedRows {
  override func disguise(_ row: StoredRow) -> StoredRow {
    row.mappingVersions { $0.with(isDirect: false) }
  }
}

/// A value that the hub made of two counts as its author's own, who has not seen it.
final class MergesCountAsOwn: DisguisedRows {
  override func disguise(_ row: StoredRow) -> StoredRow {
    row.mappingVersions { $0.with(isDirect: true) }
  }
}

/// Nobody's base is looked at: whoever comes last wins.
final class LastWriterWins: DisguisedRows {
  override func disguise(_ row: StoredRow) -> StoredRow {
    row.mappingVersions { $0.with(seq: 0) }
  }
}

/// A clock in place of knowledge: what was written half a day ago counts as seen by everybody.
final class OldValuesCountAsSeen: DisguisedRows {
  private static let age: Milliseconds = 12 * 60 * 60 * 1_000
  private var now: Milliseconds = 0

  override func site(_ id: SiteID) throws -> SiteRecord? {
    let site = try super.site(id)
    now = site?.contact.lastContact ?? 0
    return site
  }

  override func disguise(_ row: StoredRow) -> StoredRow {
    row.mappingVersions { $0.editedAt < now - Self.age ? $0.with(seq: 0) : $0 }
  }
}

/// Everybody counts as the writer of a row, also in a table that only grows.
final class AppendTableForAll: DisguisedRows {
  override func disguise(_ row: StoredRow) -> StoredRow {
    var row = row
    row.writer = author
    return row
  }
}

/// A deleted row counts as one that never was: its site offers it again, and it is back.
final class DeletionsForgotten: HubTap {
  override func rows(_ keys: [RowKey]) throws -> [RowKey: StoredRow] {
    try super.rows(keys).filter { $0.value.isAlive || !isWriting }
  }
}

/// The lead of a case decides like everybody else.
final class LeadDoesNotCount: HubTap {
  override func terms(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: GrantTerms] {
    let terms = try super.terms(of: site, in: cases)
    return isWriting ? terms.mapValues { $0.role == .lead ? GrantTerms(.contributor) : $0 } : terms
  }
}

/// Everybody with a grant decides like the lead.
final class EverybodyLeads: HubTap {
  override func terms(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: GrantTerms] {
    let terms = try super.terms(of: site, in: cases)
    return isWriting ? terms.mapValues { _ in GrantTerms(.lead) } : terms
  }
}

/// Whoever names a case may write into it.
final class PushWithoutGrant: HubTap {
  override func terms(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: GrantTerms] {
    guard isWriting else { return try super.terms(of: site, in: cases) }
    var terms = try super.cases(cases).mapValues { _ in GrantTerms(.contributor) }
    terms.merge(try super.terms(of: site, in: cases)) { $1 }
    return terms
  }
}

/// No clock is corrected by what the hello measured.
final class SkewIgnored: HubTap {
  override func site(_ id: SiteID) throws -> SiteRecord? {
    var site = try super.site(id)
    site?.contact.clockSkew = 0
    return site
  }
}

/// A clock is measured once, and corrected by that ever after.
final class SkewOfFirstSession: HubTap {
  override func put(_ site: SiteRecord) throws {
    var site = site
    if let known = try super.site(site.id)?.contact, known.sessionIssued > 0 {
      site.contact.clockSkew = known.clockSkew
    }
    try super.put(site)
  }
}

/// The hub keeps when a value arrived, not when it was written.
final class TimeOfArrivalKept: HubTap {
  override func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    var plan = plan
    let first = plan.log.first?.seq ?? .max
    plan.rows = plan.rows.map { row in
      row.mappingVersions { $0.seq >= first ? $0.with(editedAt: now) : $0 }
    }
    try super.write(plan, at: now, random: random)
  }
}

/// Two sets that were united lose their last member on the way to the disk, digest and all.
final class UnionLosesMember: HubTap {
  override func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    var plan = plan
    let schema = try CountyImages.laws.get().schema
    let county = try county
    guard let key = SipHash128Key(bytes: county.digestKey) else { preconditionFailure("no key") }
    var digester = RowDigester(key: key)
    for (place, row) in plan.rows.enumerated() where row.isAlive {
      guard let table = schema.table(number: row.key.table) else { continue }
      var smaller = row
      for (position, column) in table.columns.enumerated()
      where column.policy == .union && row.versions[position].seq == row.lastSeq {
        guard !row.versions[position].isDirect, let text = row.values[position].text else {
          continue
        }
        let members = text.split(separator: ",")
        smaller.values[position] = .text(members.dropLast().joined(separator: ","))
      }
      guard smaller != row else { continue }
      plan.rows[place] = smaller
      for (number, stored) in plan.cases.enumerated() where stored.id == row.caseID {
        plan.cases[number].digests -= digester.digests(
          of: row.key, caseID: row.caseID, row: row.values, in: table)
        plan.cases[number].digests += digester.digests(
          of: row.key, caseID: row.caseID, row: smaller.values, in: table)
      }
    }
    try super.write(plan, at: now, random: random)
  }
}
