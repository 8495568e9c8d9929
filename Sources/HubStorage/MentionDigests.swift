package import SyncCore

/// What a site's digests look like where it sees units by a mention only.
///
/// The hub keeps digests for what a grant may cover of a unit. A site that sees less of it
/// holds other rows, so theirs are computed when they are asked for: they are few, the workers of
/// its cases.
package struct MentionDigests {
  /// The digests of what the site sees, by unit.
  package private(set) var seen: [CaseID: Digest128] = [:]
  private var sum = Digest128.zero

  fileprivate mutating func add(_ unit: CaseID, seen: Digest128) {
    self.seen[unit] = seen
    sum += seen
  }

  /// The digest of the site's scope, of which `granted` is the sum without what it only sees.
  package func scope(_ granted: Digest128) -> Digest128 { granted + sum }
}

extension HubReader {
  /// The digests of the units that the site sees by a mention only.
  ///
  /// - Throws: ``HubStoreError/unusable(_:)`` where the county's record holds no key.
  package func mentionDigests(for site: SiteID, schema: Schema) throws -> MentionDigests {
    let units = try mentionedUnits(of: site)
    guard !units.isEmpty else { return MentionDigests() }
    var digester = RowDigester(key: try county.digester)
    let rows = try rows(units.compactMap(schema.row(ofUnit:)))
    var digests = MentionDigests()
    for unit in units {
      guard let key = schema.row(ofUnit: unit), let table = schema.table(number: key.table) else {
        continue
      }
      var seen = Digest128.zero
      if let row = rows[key], row.isAlive {
        let visible = table.columns(visibleTo: GrantTerms(.mention))
        seen = digester.digest(
          of: key, caseID: unit, row: row.values.masked(visible, in: table), in: table)
      }
      digests.add(unit, seen: seen)
    }
    return digests
  }
}

extension CountyRecord {
  /// The key of the county's digests.
  ///
  /// - Throws: ``HubStoreError/unusable(_:)`` where the county's record holds no key.
  package var digester: SipHash128Key {
    get throws {
      guard let key = SipHash128Key(bytes: digestKey) else {
        throw HubStoreError.unusable("the county's digest key is damaged; restore a backup")
      }
      return key
    }
  }
}
