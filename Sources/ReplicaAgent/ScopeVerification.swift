package import ReplicaStorage
package import SyncCore
import SyncProtocol

/// What a comparison of a replica with its hub found.
package struct VerificationReport: Sendable, Equatable {
  /// Rows of the selection, here and at the hub, each once.
  package var rowsCompared: Int
  /// In the order of their keys.
  package var differences: [RowDifference]
  /// Neither the replica nor the hub has anything of it.
  package var isUnknown: Bool

  package init(rowsCompared: Int, differences: [RowDifference], isUnknown: Bool) {
    self.rowsCompared = rowsCompared
    self.differences = differences
    self.isUnknown = isUnknown
  }
}

/// Finds the rows in which a replica differs from its hub: by the digests of buckets, of cases, of
/// rows (``ScopeBuckets``).
///
/// Runs behind a session, under its number, so that neither unsent work nor news look like a
/// difference. An equal scope costs one request; a few rows that differ cost three.
package struct ScopeVerification {
  private let file: ReplicaFile
  private let link: any HubLink
  private let session: Int64
  private let progress: (Int) -> Void

  /// Answers of one comparison: 40 million rows. A hub that goes on is none.
  private static let answerCountMax = 10_000

  /// - Parameters:
  ///   - session: of a session that went through; its position is the replica's.
  ///   - progress: called now and then with the rows that were added up so far.
  package init(
    file: ReplicaFile, link: any HubLink, session: Int64,
    progress: @escaping (Int) -> Void = { _ in }
  ) {
    self.file = file
    self.link = link
    self.session = session
    self.progress = progress
  }

  /// Compares; nothing is changed at either side.
  package func run(_ selection: RowSelection) throws -> VerificationReport {
    let position = try file.record().position
    let sums = try file.caseSums(selection, progress: progress)
    let cases = try selection.caseID.map { [$0] } ?? unequalCases(sums, at: position)
    var differences = ScopeDifferences()
    var isUnknown = selection.caseID != nil
    for start in stride(from: 0, to: cases.count, by: CompareRequest.caseCountMax) {
      let chunk = Array(cases[start..<min(start + CompareRequest.caseCountMax, cases.count)])
      let theirs = try rows(of: chunk, at: position)
      let ours = try file.comparedRows(of: chunk)
      for caseID in chunk {
        let here = ours.digests[caseID] ?? [:]
        let hub = theirs[caseID] ?? []
        if !here.isEmpty || !hub.isEmpty { isUnknown = false }
        differences.compare(
          caseID, here: here.filter { selection.includes($0.key) },
          hub: hub.filter { selection.includes($0.key) }
        ) { ours.excused.contains($0) }
      }
    }
    let found = differences.all
    return VerificationReport(
      rowsCompared: sums.rowCount + found.count { $0.side == .hub }, differences: found,
      isUnknown: isUnknown)
  }

  // MARK: Asking

  private func unequalCases(_ sums: CaseSums, at position: Position) throws -> [CaseID] {
    var ours = ScopeBuckets()
    let key = file.digestKey
    for (caseID, digest) in sums.digests { ours.add(digest, of: caseID, key: key) }
    let answer = try ask(CompareRequest(session: session, since: position))
    let digests = (answer.buckets ?? []).compactMap { Digest128(text: $0) }
    guard let theirs = ScopeBuckets(digests: digests) else {
      throw SessionError.unfitAnswer(ProtocolPath.compare)
    }
    let buckets = ours.differing(from: theirs)
    guard !buckets.isEmpty else { return [] }
    let asked = Set(buckets)
    var left = sums.digests.filter {
      asked.contains(ScopeBuckets.bucket(of: $0.key, key: key)) && $0.value != .zero
    }
    var unequal: Set<CaseID> = []
    try askAll(CompareRequest(session: session, since: position, buckets: buckets)) { answer in
      for entry in answer.cases ?? [] {
        guard let digest = Digest128(text: entry.digest) else {
          throw SessionError.unfitAnswer(ProtocolPath.compare)
        }
        let caseID = CaseID(entry.case)
        if left.removeValue(forKey: caseID) ?? .zero != digest { unequal.insert(caseID) }
      }
    }
    return unequal.union(left.keys).sorted()
  }

  private func rows(of cases: [CaseID], at position: Position) throws -> [CaseID: [ComparedRow]] {
    var rows: [CaseID: [ComparedRow]] = [:]
    let asked = Set(cases)
    let askable = cases.filter { $0.string.utf8.count <= RowLimit.identifierByteCountMax }
    try askAll(CompareRequest(session: session, since: position, cases: askable)) { answer in
      for entry in answer.rows ?? [] {
        guard let row = entry.row, asked.contains(CaseID(entry.case)) else {
          throw SessionError.unfitAnswer(ProtocolPath.compare)
        }
        rows[CaseID(entry.case), default: []].append(row)
      }
    }
    return rows
  }

  private func askAll(
    _ request: CompareRequest, _ body: (CompareResponse) throws -> Void
  ) throws {
    var request = request
    for _ in 0..<Self.answerCountMax {
      let answer = try ask(request)
      try body(answer)
      guard let continuation = answer.continuation else { return }
      request.continuation = continuation
    }
    throw SessionError.unfitAnswer(ProtocolPath.compare)
  }

  private func ask(_ request: CompareRequest) throws -> CompareResponse {
    try link.ask(ProtocolPath.compare, request)
  }
}
