/// How two holders of one scope find the rows in which they differ, in few steps: the digests of
/// 256 buckets of cases, the digests of the cases of unequal buckets, the digests of the rows of
/// unequal cases.
///
/// Sums of digests lead from one step to the next, so a step that is equal ends the search below
/// it, and a difference anywhere shows in every sum above it.
package struct ScopeBuckets: Sendable, Equatable {
  /// So many that a county's 50,000 cases come to some 200 in each, and all sums to 8 KiB.
  package static let count = 256

  /// One sum for each bucket.
  package private(set) var digests: [Digest128]

  package init() {
    digests = Array(repeating: .zero, count: Self.count)
  }

  /// What another one says of its buckets; nil unless there are exactly ``count``.
  package init?(digests: [Digest128]) {
    guard digests.count == Self.count else { return nil }
    self.digests = digests
  }

  /// The bucket of a case: keyed, so that nobody can choose ids which all fall into one.
  package static func bucket(of caseID: CaseID, key: SipHash128Key) -> Int {
    Int(sipHash128(Array(caseID.string.utf8), key: key).high >> 56)
  }

  package mutating func add(_ digest: Digest128, of caseID: CaseID, key: SipHash128Key) {
    digests[Self.bucket(of: caseID, key: key)] += digest
  }

  /// The buckets whose sums differ, ascending.
  package func differing(from other: ScopeBuckets) -> [Int] {
    digests.indices.filter { digests[$0] != other.digests[$0] }
  }
}

/// One row as the hub counts it in a comparison.
package struct ComparedRow: Sendable, Equatable {
  package let key: RowKey
  /// Of what the site may hold; nil for a row that is gone from the case.
  package let digest: Digest128?
  /// Its last change is above the site's cursor: the next pull brings it.
  package let isNews: Bool

  package init(key: RowKey, digest: Digest128?, isNews: Bool) {
    self.key = key
    self.digest = digest
    self.isNews = isNews
  }
}

/// A row in which replica and hub differ.
package struct RowDifference: Sendable, Equatable {
  /// Who has it.
  package enum Side: String, Sendable, CaseIterable {
    /// Only the replica.
    case replica
    /// Only the hub.
    case hub
    /// Both, and they differ.
    case both
  }

  /// What mends it.
  package enum Cure: Sendable, Equatable {
    /// The hub's state, whole or gone.
    case takesHubs
    /// The replica's row is offered: the hub has never seen it in this case.
    case offers
  }

  package let key: RowKey
  package let caseID: CaseID
  package let side: Side
  package let cure: Cure

  package init(key: RowKey, caseID: CaseID, side: Side, cure: Cure) {
    self.key = key
    self.caseID = caseID
    self.side = side
    self.cure = cure
  }
}

/// The differences that follow from lists of rows, case by case.
///
/// | replica    | hub            | difference                        | cure           |
/// |------------|----------------|-----------------------------------|----------------|
/// | a digest   | the same       | none                              |                |
/// | a digest   | another        | `both`                            | the hub's row  |
/// | a digest   | gone           | `replica`                         | the hub's: gone|
/// | a digest   | never seen     | `replica`                         | offered        |
/// | no row     | a digest       | `hub`                             | the hub's row  |
/// | no row     | gone, or never | none                              |                |
/// | anything   | news           | none: the next pull brings it     |                |
/// | excused    | anything       | none: it has work that is unsent  |                |
///
/// A row that stands in one case here and in another at the hub is one difference, `both`.
package struct ScopeDifferences: Sendable {
  private var found: [RowKey: RowDifference] = [:]

  package init() {}

  /// Adds what differs in one case; rows that `isExcused` names have work that is not sent.
  package mutating func compare(
    _ caseID: CaseID, here: [RowKey: Digest128], hub: [ComparedRow],
    isExcused: (RowKey) -> Bool
  ) {
    var mentioned: Set<RowKey> = []
    for row in hub {
      mentioned.insert(row.key)
      guard !row.isNews, !isExcused(row.key) else { continue }
      switch (here[row.key], row.digest) {
      case (let ours?, let theirs?) where ours != theirs:
        add(RowDifference(key: row.key, caseID: caseID, side: .both, cure: .takesHubs))
      case (nil, .some):
        add(RowDifference(key: row.key, caseID: caseID, side: .hub, cure: .takesHubs))
      case (.some, nil):
        add(RowDifference(key: row.key, caseID: caseID, side: .replica, cure: .takesHubs))
      default: break
      }
    }
    for key in here.keys where !mentioned.contains(key) && !isExcused(key) {
      add(RowDifference(key: key, caseID: caseID, side: .replica, cure: .offers))
    }
  }

  private mutating func add(_ difference: RowDifference) {
    guard let known = found[difference.key], known.side != difference.side else {
      found[difference.key] = difference
      return
    }
    let place = difference.side == .hub ? difference.caseID : known.caseID
    found[difference.key] = RowDifference(
      key: difference.key, caseID: place, side: .both, cure: .takesHubs)
  }

  package var count: Int { found.count }

  /// In the order of their keys.
  package var all: [RowDifference] { found.values.sorted { $0.key < $1.key } }
}

/// Up to where a replica is mended without a person.
///
/// A few rows are an accident: a restored page, a tool that switched triggers off. Very many are a
/// cause that goes on, a wrong file, or a defect, and mending would hide it. In a small scope one
/// row is more than a hundredth already, in a county's 500 are next to nothing: the greater of the
/// two counts.
package enum RepairLimit {
  /// However small the scope is.
  package static let rowCount = 500
  /// And one row of so many.
  package static let rowsPerDifference = 100

  package static func allows(differing: Int, ofRows rowCount: Int) -> Bool {
    differing <= max(Self.rowCount, rowCount / rowsPerDifference)
  }
}

/// A part of a scope: all of it, one case, one table, or a table's rows in one case.
package struct RowSelection: Sendable, Equatable {
  package let caseID: CaseID?
  /// The table's number.
  package let table: Int?

  package static let everything = RowSelection()

  package init(caseID: CaseID? = nil, table: Int? = nil) {
    self.caseID = caseID
    self.table = table
  }

  package var isEverything: Bool { self == .everything }

  package func includes(_ key: RowKey) -> Bool { table == nil || table == key.table }
  package func includes(_ caseID: CaseID) -> Bool { self.caseID == nil || self.caseID == caseID }
}
