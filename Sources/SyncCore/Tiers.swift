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

  /// Those that the hub keeps digests for, in the order of ``digestPosition``: whatever gates are
  /// open, what a grant covers is one of them, so that equality is proved without reading rows.
  package static let digested: [TierSet] = (0..<8).map { TierSet(rawValue: 2 * $0 + 1) }

  /// Where the digest of these tiers stands among ``digested``; nil without the header, for nobody
  /// holds anything of a case then.
  package var digestPosition: Int? {
    contains(.header) ? Int(rawValue >> 1) : nil
  }

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
///
/// Gates open one by one, so there are eight. They cost little more than two: a row is hashed once
/// for each different set of its columns, and most tables have one or two.
package struct TierDigests: Hashable, Sendable {
  private var sums: [Digest128]

  package static let zero = TierDigests { _ in .zero }

  /// - Parameter digest: what the rows add up to, as far as these tiers show them.
  package init(_ digest: (TierSet) -> Digest128) {
    sums = TierSet.digested.map(digest)
  }

  package static let byteCount = TierSet.digested.count * Digest128.byteCount

  /// Reads what ``bytes`` wrote; nil unless it has exactly that length.
  package init?(bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    sums = []
    for start in stride(from: 0, to: bytes.count, by: Digest128.byteCount) {
      guard let digest = Digest128(bytes: bytes[start..<start + Digest128.byteCount]) else {
        return nil
      }
      sums.append(digest)
    }
  }

  /// One behind the other, in the order of ``TierSet/digested``.
  package var bytes: [UInt8] { sums.flatMap(\.bytes) }

  /// Of all that travels.
  package var whole: Digest128 { self[.all] }

  /// The digest of what these tiers show; zero without the header.
  package subscript(tiers: TierSet) -> Digest128 {
    tiers.digestPosition.map { sums[$0] } ?? .zero
  }

  /// The digest of what a grant covers; zero for a mention, whose rows are digested when they are
  /// asked for.
  package subscript(terms: GrantTerms) -> Digest128 { self[terms.tiers] }

  /// Adds a row's digest wherever it is shown so.
  fileprivate mutating func add(_ digest: Digest128, at positions: [Int]) {
    for position in positions { sums[position] += digest }
  }

  package static func += (left: inout TierDigests, right: TierDigests) {
    for position in left.sums.indices { left.sums[position] += right.sums[position] }
  }

  package static func -= (left: inout TierDigests, right: TierDigests) {
    for position in left.sums.indices { left.sums[position] -= right.sums[position] }
  }
}

/// One look at a table's rows: the columns that it shows, and which tiers look so.
struct TierView {
  let columns: ColumnMask
  /// By ``TierSet/digestPosition``.
  let positions: [Int]

  /// The different looks at a table; tiers that may not know of its rows have none.
  static func all(of table: Table) -> [TierView] {
    var positions: [ColumnMask: [Int]] = [:]
    for (position, tiers) in TierSet.digested.enumerated() {
      let terms = GrantTerms(.reader, tiers)
      guard table.isVisible(to: terms) else { continue }
      positions[table.columns(visibleTo: terms), default: []].append(position)
    }
    return positions.map { TierView(columns: $0.key, positions: $0.value) }
  }
}

extension RowDigester {
  /// What a row adds to its case's digests.
  package mutating func digests(
    of key: RowKey, caseID: CaseID, row: [Value], in table: Table
  ) -> TierDigests {
    var digests = TierDigests.zero
    for view in views(of: table) {
      digests.add(
        digest(of: key, caseID: caseID, row: row, in: table, showing: view.columns),
        at: view.positions)
    }
    return digests
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
