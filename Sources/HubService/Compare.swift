import HubStorage
import SyncCore
import SyncProtocol

extension CountyService {
  /// Digests of what the site may hold, for a site that looks for the rows in which it differs.
  ///
  /// Each answer is of one moment. A case that the site may not hold is told as one that does not
  /// exist: not at all.
  func compare(_ request: CompareRequest, from id: SiteID) throws -> CompareResponse {
    guard let since = request.since.position, request.isWellFormed else {
      throw ProtocolError(
        .badRequest, "position, lists or continuation are malformed",
        hint: "see schemas/openapi.yaml")
    }
    let site = try store.read { try served(id, in: $0) }
    if site.contact.sessionUsed != request.session { try fence(request.session, of: id) }
    return try store.read { reader in
      let counter = try reader.counter
      try check(since, history: reader.county.history, counter: counter, in: reader)
      let scope = ComparedScope(
        site: id, since: since.seq, key: try reader.county.digester, reader: reader)
      var response = CompareResponse(seq: counter.seq)
      if let cases = request.cases {
        try scope.listRows(of: cases, behind: request.continuation, in: &response)
      } else if let buckets = request.buckets {
        try scope.listCases(of: Set(buckets), behind: request.continuation, in: &response)
      } else {
        response.buckets = try scope.buckets().digests.map(\.text)
      }
      return response
    }
  }
}

/// A site's scope in one state of the hub.
private struct ComparedScope {
  let site: SiteID
  /// The site's cursor.
  let since: Int64
  let key: SipHash128Key
  let reader: any HubReader

  /// Rows read in one go: their values are in memory at once.
  private static var readCount: Int { 500 }

  private func caseDigests() throws -> [(caseID: CaseID, digest: Digest128)] {
    let mentions = try reader.mentionDigests(for: site, schema: reader.schema)
    return try reader.caseDigests(for: site, above: 0).map {
      ($0.caseID, mentions.seen[$0.caseID] ?? $0.digest)
    }
  }

  func buckets() throws -> ScopeBuckets {
    var buckets = ScopeBuckets()
    for (caseID, digest) in try caseDigests() { buckets.add(digest, of: caseID, key: key) }
    return buckets
  }

  func listCases(
    of asked: Set<Int>, behind place: CompareContinuation?, in response: inout CompareResponse
  ) throws {
    let last = place.map { CaseID($0.case) }
    let cases = try caseDigests().filter { entry in
      last.map { $0 < entry.caseID } ?? true
        && asked.contains(ScopeBuckets.bucket(of: entry.caseID, key: key))
    }
    let listed = cases.prefix(CompareRequest.itemCountMax)
    response.cases = listed.map { WireCaseDigest($0.caseID, $0.digest) }
    if listed.count < cases.count, let end = listed.last {
      response.continuation = CompareContinuation(case: end.caseID, row: nil)
    }
  }

  func listRows(
    of asked: [String], behind place: CompareContinuation?, in response: inout CompareResponse
  ) throws {
    let asked = Set(asked.map { CaseID($0) }).sorted()
    let granting = try reader.terms(of: site, in: asked)
    let granted = try casesGrantedSince(among: Set(asked))
    let start = place.map { CaseID($0.case) }
    var digester = RowDigester(key: key)
    var rows: [WireRowDigest] = []
    for caseID in asked {
      guard let terms = caseID.isNone ? .shared : granting[caseID] else { continue }
      if let start, caseID < start || caseID == start && place?.row == nil { continue }
      var last = caseID == start ? place?.row?.key : nil
      while true {
        let room = CompareRequest.itemCountMax - rows.count
        let read = try reader.rows(of: caseID, after: last, limit: min(Self.readCount, room))
        for row in read {
          let compared = self.compared(
            row, seenBy: terms, isGranted: granted.contains(caseID), &digester)
          if let compared { rows.append(WireRowDigest(compared, in: caseID)) }
        }
        last = read.last?.key ?? last
        if rows.count == CompareRequest.itemCountMax {
          response.rows = rows
          response.continuation = CompareContinuation(case: caseID, row: last)
          return
        }
        if read.count < Self.readCount { break }
      }
    }
    response.rows = rows
  }

  /// Those that the site learns of by its next pull, whole.
  private func casesGrantedSince(among asked: Set<CaseID>) throws -> Set<CaseID> {
    var found: Set<CaseID> = []
    var from = since + 1
    let head = try reader.counter.seq
    while from <= head {
      let grants = try reader.grants(
        of: site, openedIn: from...head, heldAt: since, limit: Self.readCount)
      for granted in grants where !granted.grant.isHeldAlready {
        if asked.contains(granted.grant.caseID) { found.insert(granted.grant.caseID) }
      }
      guard grants.count == Self.readCount, let last = grants.last else { break }
      from = last.seq + 1
    }
    return found
  }

  /// Nil for a row of which the site may know nothing.
  private func compared(
    _ row: StoredRow, seenBy terms: GrantTerms, isGranted: Bool, _ digester: inout RowDigester
  ) -> ComparedRow? {
    let isNews = isGranted || row.lastSeq > since
    guard let table = reader.schema.table(number: row.key.table), table.isVisible(to: terms) else {
      return nil
    }
    guard row.isAlive else { return ComparedRow(key: row.key, digest: nil, isNews: isNews) }
    let values = row.values.masked(table.columns(visibleTo: terms), in: table)
    return ComparedRow(
      key: row.key,
      digest: digester.digest(of: row.key, caseID: row.caseID, row: values, in: table),
      isNews: isNews)
  }
}
