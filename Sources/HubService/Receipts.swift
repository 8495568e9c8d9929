import HubStorage
import SyncCore
import SyncProtocol

/// The proof that what left a site's scope left its files.
extension CountyService {
  /// Takes note of what a site says that it has purged; nothing is written where it had nothing to.
  func takeReceipt(_ request: ByeRequest, from id: SiteID, at now: Milliseconds) throws {
    guard let through = request.purgedThrough else { return }
    let pending = (request.unpurged ?? []).map { CaseID($0) }
    guard pending.count <= ProtocolLimit.unpurgedCountMax else {
      throw ProtocolError(
        .badRequest, "too many cases wait to be purged", hint: "see schemas/openapi.yaml")
    }
    let open = try store.read { try $0.unpurged(at: id) }
    guard !Set(open).subtracting(pending).isEmpty else { return }
    try store.write { writer in
      let head = try writer.counter.seq
      try writer.recordReceipt(of: id, through: min(through, head), except: pending, at: now)
    }
  }
}
