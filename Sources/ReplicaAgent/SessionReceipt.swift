import ReplicaStorage
import SyncCore
import SyncProtocol

extension ByeRequest {
  /// Says of purges what the replica can prove; nothing where too many wait to be named.
  mutating func put(_ receipt: PurgeReceipt?, at seq: Int64) {
    guard let receipt, receipt.waiting.count <= ProtocolLimit.unpurgedCountMax else { return }
    purgedThrough = seq
    unpurged = receipt.waiting.isEmpty ? nil : receipt.waiting.map(\.string)
    heldPurges = receipt.heldCount == 0 ? nil : receipt.heldCount
  }
}
