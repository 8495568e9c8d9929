import HubStorage
import SyncCore
import SyncProtocol

// The hub keeps what it should, and tells something else.

/// A pull begins one entry too late.
final class PullSkipsFirst: HubTap {
  override func changedRows(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [StoredRow] {
    guard range.lowerBound < range.upperBound else { return [] }
    return try super.changedRows(
      for: site, in: range.lowerBound + 1...range.upperBound, heldAt: heldAt, limit: limit)
  }
}

/// A pull ends one entry too early.
final class PullSkipsLast: HubTap {
  override func changedRows(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [StoredRow] {
    guard range.lowerBound < range.upperBound else { return [] }
    return try super.changedRows(
      for: site, in: range.lowerBound...range.upperBound - 1, heldAt: heldAt, limit: limit)
  }
}

/// Numbers are taken before the lock: now and then a reader meets the head while what stands
/// shortly below it is not committed yet, and never looks there again.
final class NumberTakenBeforeLock: HubTap {
  override func changedRows(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [StoredRow] {
    let late = try counter.seq - 1
    return try super.changedRows(for: site, in: range, heldAt: heldAt, limit: limit)
      .filter { $0.lastSeq != late || late % 5 != 0 }
  }
}

/// Deleted rows are not worth telling.
final class TombstonesNotDelivered: HubTap {
  override func changedRows(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [StoredRow] {
    try super.changedRows(for: site, in: range, heldAt: heldAt, limit: limit).filter(\.isAlive)
  }
}

/// Every site is told what the county's own are told, too.
final class ChangesOfAllCases: HubTap {
  override func changedRows(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [StoredRow] {
    var rows = try super.changedRows(for: site, in: range, heldAt: heldAt, limit: limit)
    guard let county = try countySite else { return rows }
    let theirs = try super.changedRows(for: county, in: range, heldAt: heldAt, limit: limit)
    rows += theirs.filter { other in !rows.contains { $0.lastSeq == other.lastSeq } }
    return Array(rows.sorted { $0.lastSeq < $1.lastSeq }.prefix(limit))
  }

  override func terms(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: GrantTerms] {
    let own = try super.terms(of: site, in: cases)
    guard !isWriting, let county = try countySite else { return own }
    return try own.merging(super.terms(of: county, in: cases)) { own, _ in own }
  }

  private var countySite: SiteID? {
    get throws { try sites.first { $0.kind == .county }?.id }
  }
}

/// Who asks for a row or a case by its id gets it.
final class RefreshWithoutGrant: HubTap {
  override func terms(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: GrantTerms] {
    guard !isWriting else { return try super.terms(of: site, in: cases) }
    return Dictionary(cases.map { ($0, GrantTerms(.contributor)) }) { $1 }
  }
}

/// A site is not told of the cases that others have opened for it.
final class GrantsNotDelivered: HubTap {
  override func grants(
    of site: SiteID, openedIn range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [GrantedCase] {
    try super.grants(of: site, openedIn: range, heldAt: heldAt, limit: limit)
      .filter(\.grant.isHeldAlready)
  }
}

/// A case that is delivered whole lacks its first row.
final class CaseNotWhole: HubTap {
  override func rows(of caseID: CaseID, after: RowKey?, limit: Int) throws -> [StoredRow] {
    let rows = try super.rows(of: caseID, after: after, limit: limit)
    return after == nil ? Array(rows.dropFirst()) : rows
  }
}

/// The digests of single cases are not sent, only their sum.
final class CaseDigestsNotSent: HubTap {
  override func caseDigests(for site: SiteID, above seq: Int64) -> [CaseDigest] { [] }
}

/// The last row of a page that another one follows is lost.
final class PageLosesLastRow: Seams {
  override func answered(
    _ response: ProtocolResponse, to request: ProtocolRequest, from site: SiteID
  ) -> ProtocolResponse {
    guard request.path == ProtocolPath.pull, response.status == 200 else { return response }
    do {
      var page = try PullPage(decoding: response.body)
      guard page.head.continuation != nil, !page.rows.isEmpty else { return response }
      page.rows.removeLast()
      return ProtocolResponse(
        status: 200, contentType: .rows, body: try page.encoded())
    } catch {
      preconditionFailure("the hub's own page: \(error)")
    }
  }
}

/// The hub's operator replaces the first leaf of the log and proves what cannot be proved (F26).
final class LogRewritten: Seams {
  private var engine: (any HubStore)?
  /// Before this, nobody would notice: too few have seen it.
  private static let leafCount: Int64 = 10

  override func store(_ engine: any HubStore, on disk: SimulatedDisk?) -> any HubStore {
    self.engine = engine
    return engine
  }

  override func answered(
    _ response: ProtocolResponse, to request: ProtocolRequest, from site: SiteID
  ) -> ProtocolResponse {
    guard request.path == ProtocolPath.hello, response.status == 200 else { return response }
    do {
      var answer: HelloResponse = try WireJSON.decode(response.body)
      let hello: HelloRequest = try WireJSON.decode(request.body)
      guard answer.head.treeSize >= Self.leafCount else { return response }
      let (nodes, head) = try rewritten(size: answer.head.treeSize)
      answer.head.treeRoot = head.root.text
      answer.consistency =
        (MerkleTree.consistencyProof(from: hello.position.treeSize, to: head.size) { nodes[$0]! }
        ?? []).map(\.text)
      return ProtocolResponse(
        status: 200, contentType: .json, body: try WireJSON.encode(answer))
    } catch {
      preconditionFailure("the hub's own hello: \(error)")
    }
  }

  private func rewritten(size: Int64) throws -> (nodes: [MerkleNodeID: Hash256], head: TreeHead) {
    var nodes: [MerkleNodeID: Hash256] = [:]
    var appender = MerkleAppender()
    for transaction in try engine!.read({ try $0.transactions(from: 0, limit: Int(size)) }) {
      let leaf = transaction.leaf == 0 ? MerkleTree.leafHash(of: [0]) : transaction.hash
      for node in appender.append(leafHash: leaf) { nodes[node.id] = node.hash }
    }
    return (nodes, appender.head)
  }
}
