import ReplicaStorage
import SyncCore
import SyncProtocol

extension ByeRequest {
  /// Says of purges what the replica can prove; nothing where too many wait to be named.
  mutating func putReceipt(of file: some ReplicaStore, at seq: Int64) throws {
    let receipt = try file.purgeReceipt(stripping: PushResponse.strippingValues(of:about:))
    guard let receipt, receipt.waiting.count <= ProtocolLimit.unpurgedCountMax else { return }
    purgedThrough = seq
    unpurged = receipt.waiting.isEmpty ? nil : receipt.waiting.map(\.string)
    heldPurges = receipt.heldCount == 0 ? nil : receipt.heldCount
  }
}
