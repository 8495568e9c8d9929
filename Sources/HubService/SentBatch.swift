import HubStorage
import SyncCore
import SyncProtocol

/// A batch as it came.
struct SentBatch {
  let site: SiteID
  let session: Int64
  let batch: Batch
  let unreadable: [EntryID]
  /// Of all its bytes, as they were sent first.
  let hash: Hash256

  var id: BatchID { BatchID(site: site, incarnation: batch.incarnation, number: batch.number) }

  /// - Parameter originalHash: of a batch that may have lost values since: those of a case that was
  ///   purged.
  init(_ body: [UInt8], from site: SiteID, originalHash: Hash256? = nil) throws {
    let (session, bytes) = try PushBody.decode(body)
    let (batch, unreadable) = try Batch.reading(
      bytes, changeCountMax: ProtocolLimit.batchChangeCountMax)
    self.site = site
    self.session = session
    self.batch = batch
    self.unreadable = unreadable.map(\.id)
    hash = originalHash ?? Hash256(sha256Of: bytes)
  }

  private init(_ whole: SentBatch, changes: [Change]) {
    site = whole.site
    session = whole.session
    unreadable = whole.unreadable
    hash = whole.hash
    batch = Batch(
      incarnation: whole.batch.incarnation, number: whole.batch.number,
      history: whole.batch.history, previous: whole.batch.previous,
      coalesced: whole.batch.coalesced, changes: changes)
  }

  /// The same with the changes of some cases only.
  func restricted(to isKept: (CaseID) -> Bool) -> SentBatch {
    SentBatch(self, changes: batch.changes.filter { isKept($0.caseID) })
  }
}

/// Finds the cases that do not fit beside the others, by halves.
struct UnfitSearch {
  private var fit: Set<CaseID> = []
  private(set) var unfit: Set<CaseID> = []
  private var rehearsalsLeft: Int

  init(rehearsalCountMax: Int) {
    rehearsalsLeft = rehearsalCountMax
  }

  /// - Throws: ``HubStoreError/unfit`` if too many do not fit.
  mutating func run(_ cases: [CaseID], isFit: (Set<CaseID>) throws -> Bool) throws {
    guard !cases.isEmpty else { return }
    guard rehearsalsLeft > 0 else { throw HubStoreError.unfit }
    rehearsalsLeft -= 1
    if try isFit(fit.union(cases)) {
      fit.formUnion(cases)
    } else if cases.count == 1 {
      unfit.formUnion(cases)
    } else {
      try run(Array(cases[..<(cases.count / 2)]), isFit: isFit)
      try run(Array(cases[(cases.count / 2)...]), isFit: isFit)
    }
  }
}
