/// The tiers of a case that a site may hold: what a grant covers of it.
///
/// `local` is none of them: it never leaves the site that wrote it.
package struct TierSet: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  package static let header = TierSet(rawValue: 1)
  package static let personal = TierSet(rawValue: 2)
  package static let special = TierSet(rawValue: 4)
  package static let notes = TierSet(rawValue: 8)

  package static let nothing: TierSet = []
  package static let all: TierSet = [.header, .personal, .special, .notes]

  /// Those that the hub keeps digests for: what every grant covers is one of them, so that equality
  /// is proved without reading rows.
  package static let digested: [TierSet] = [.all, .header]

  private static let names: [(TierSet, Tier)] = [
    (.header, .header), (.personal, .personal), (.special, .special), (.notes, .notes),
  ]

  package func contains(_ tier: Tier) -> Bool {
    Self.names.contains { $0.1 == tier && contains($0.0) }
  }

  /// The names of the tiers, as the replica's view `kreissync_case` shows them.
  package var text: String {
    Self.names.filter { contains($0.0) }.map(\.1.rawValue).joined(separator: ",")
  }
}

/// What a grant lets a site do with a case, and how much of it the site may hold.
package struct GrantTerms: Hashable, Sendable {
  package let role: Role
  package let tiers: TierSet

  /// - Parameter tiers: nil for what the role has by itself.
  package init(_ role: Role, _ tiers: TierSet? = nil) {
    self.role = role
    self.tiers = tiers ?? role.tiers
  }

  /// What belongs to no case is for all to read.
  package static let shared = GrantTerms(.reader, .all)

  /// As replicas are told of a case that they may hold no more.
  package static let ended = GrantTerms(.reader, .nothing)
}

extension Role {
  /// What a role covers where nothing narrows it (DOMAIN.md section 2, "Roles").
  package var tiers: TierSet {
    switch self {
    case .lead, .contributor: .all
    case .formerLead, .reader: .header
    case .mention: .nothing
    }
  }
}

extension Table {
  /// What a site sees of a row by its grant: all that travels, the columns of its tiers, or only
  /// what a mention shows; nothing of a table without columns of its tiers.
  package func columns(visibleTo terms: GrantTerms) -> ColumnMask {
    guard terms.role != .mention else {
      return ColumnMask(columns.lazy.filter(\.isMentioned).map(\.number))
    }
    guard terms.tiers != .all, scope != .global else { return travellingColumns }
    return ColumnMask(columns.lazy.filter { terms.tiers.contains($0.tier) }.map(\.number))
  }

  /// Whether a site of this grant may know of the table's rows at all: their number, their ids,
  /// that they were deleted.
  package func isVisible(to terms: GrantTerms) -> Bool {
    terms.role != .mention && terms.tiers == .all || scope == .global
      || !columns(visibleTo: terms).isEmpty
  }
}

/// The digests of a case for each set of tiers that a grant may cover: ``TierSet/digested``.
package struct TierDigests: Hashable, Sendable {
  package var whole: Digest128
  package var header: Digest128

  package static let zero = TierDigests(whole: .zero, header: .zero)

  package init(whole: Digest128, header: Digest128) {
    self.whole = whole
    self.header = header
  }

  package static let byteCount = 2 * Digest128.byteCount

  /// Reads what ``bytes`` wrote; nil unless it has exactly that length.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount,
      let whole = Digest128(bytes: bytes.prefix(Digest128.byteCount)),
      let header = Digest128(bytes: bytes.dropFirst(Digest128.byteCount))
    else { return nil }
    self.init(whole: whole, header: header)
  }

  package var bytes: [UInt8] { whole.bytes + header.bytes }

  /// The digest of what a grant covers; zero for a mention, whose rows are digested when they are
  /// asked for.
  package subscript(terms: GrantTerms) -> Digest128 {
    switch terms.tiers {
    case .all: whole
    case .nothing: .zero
    default: header
    }
  }

  package static func += (left: inout TierDigests, right: TierDigests) {
    left.whole += right.whole
    left.header += right.header
  }

  package static func -= (left: inout TierDigests, right: TierDigests) {
    left.whole -= right.whole
    left.header -= right.header
  }
}

extension RowDigester {
  /// What a row adds to its case's digests.
  package mutating func digests(
    of key: RowKey, caseID: CaseID, row: [Value], in table: Table
  ) -> TierDigests {
    let whole = digest(of: key, caseID: caseID, row: row, in: table)
    let reader = GrantTerms(.reader, .header)
    let visible = table.columns(visibleTo: reader)
    if visible == table.travellingColumns { return TierDigests(whole: whole, header: whole) }
    guard table.isVisible(to: reader) else { return TierDigests(whole: whole, header: .zero) }
    return TierDigests(
      whole: whole,
      header: digest(of: key, caseID: caseID, row: row.masked(visible, in: table), in: table))
  }
}

extension [Value] {
  /// The values of a whole row, with all columns empty but some.
  package func masked(_ columns: ColumnMask, in table: Table) -> [Value] {
    zip(table.columns, self).map { column, value in
      columns.contains(column.number) ? value : .null
    }
  }
}
