package import SyncCore

/// The body of `POST /v1/compare`: asks for digests of the site's scope as the hub holds it.
///
/// With neither list it asks for the buckets' sums; with `buckets` for the cases in them; with
/// `cases` for the rows in those.
package struct CompareRequest: Codable, Sendable, Equatable {
  package var session: Int64
  /// The site's cursor: what changed above it is told apart.
  package var since: WirePosition
  package var buckets: [Int]?
  package var cases: [String]?
  /// The answer before this one ended there; handed back as it came.
  package var continuation: CompareContinuation?

  package init(
    session: Int64, since: Position, buckets: [Int]? = nil, cases: [CaseID]? = nil,
    continuation: CompareContinuation? = nil
  ) {
    self.session = session
    self.since = WirePosition(since)
    self.buckets = buckets
    self.cases = cases?.map(\.string)
    self.continuation = continuation
  }

  /// Cases whose rows one request may ask for: at 20 rows a case two or three answers.
  package static let caseCountMax = 500
  /// Cases or rows of one answer. Two ids of 128 bytes, each byte escaped, keep it within
  /// ``ProtocolLimit/bodyByteCountMax``.
  package static let itemCountMax = 4_000

  /// Whether lists and continuation keep their limits; whether the position is one is told apart.
  package var isWellFormed: Bool {
    let knowsBuckets =
      (buckets ?? []).count <= ScopeBuckets.count
      && (buckets ?? []).allSatisfy { (0..<ScopeBuckets.count).contains($0) }
    let knowsCases =
      (cases ?? []).count <= Self.caseCountMax
      && (cases ?? []).allSatisfy { $0.utf8.count <= RowLimit.identifierByteCountMax }
    let asksOnce = buckets == nil || cases == nil
    guard knowsBuckets, knowsCases, asksOnce else { return false }
    guard let continuation else { return true }
    return continuation.case.utf8.count <= RowLimit.identifierByteCountMax
      && (continuation.row == nil || continuation.row?.key != nil)
  }
}

/// Where the next answer begins. The site hands it back as it is.
package struct CompareContinuation: Codable, Sendable, Equatable {
  /// The last case that was told, or that the answer ended in.
  package var `case`: String
  /// The last row that was told of it; nil where it was told whole.
  package var row: WireRowKey?

  package init(case: CaseID, row: RowKey?) {
    self.case = `case`.string
    self.row = row.map(WireRowKey.init)
  }
}

/// The answer: one of the three lists, as it stands at one moment of the hub.
package struct CompareResponse: Codable, Sendable, Equatable {
  /// The head of the log at that moment.
  package var seq: Int64
  /// The sums of all ``ScopeBuckets/count`` buckets.
  package var buckets: [String]?
  package var cases: [WireCaseDigest]?
  package var rows: [WireRowDigest]?
  /// Nil where nothing follows.
  package var continuation: CompareContinuation?

  package init(seq: Int64) {
    self.seq = seq
  }
}

/// A case and the sum of what the site may hold of it.
package struct WireCaseDigest: Codable, Sendable, Equatable {
  package var `case`: String
  package var digest: String

  package init(_ caseID: CaseID, _ digest: Digest128) {
    `case` = caseID.string
    self.digest = digest.text
  }
}

/// A row of a case, as far as the site may hold it.
package struct WireRowDigest: Codable, Sendable, Equatable {
  package var table: Int
  package var id: String
  package var `case`: String
  /// Nil for a row that is gone from the case.
  package var digest: String?
  /// Set where its last change, or the grant of its case, is above the site's cursor.
  package var isNews: Bool?

  package init(_ row: ComparedRow, in caseID: CaseID) {
    table = row.key.table
    id = row.key.id.string
    `case` = caseID.string
    digest = row.digest?.text
    isNews = row.isNews ? true : nil
  }

  /// The row; nil where a number, an id or a digest cannot be one.
  package var row: ComparedRow? {
    guard (1...RowLimit.tableNumberMax).contains(table),
      (1...RowLimit.identifierByteCountMax).contains(id.utf8.count)
    else { return nil }
    let sum = digest.map { Digest128(text: $0) }
    if case .some(.none) = sum { return nil }
    return ComparedRow(
      key: RowKey(table: table, id: RowID(id)), digest: sum ?? nil, isNews: isNews ?? false)
  }
}
