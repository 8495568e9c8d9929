package import HubStorage
import SyncCore

/// Proves that a county's log is what its tree says: numbers dense, every payload what its
/// commitment says, every leaf what its entries say, the head what the leaves say.
package struct LogVerification: Sendable, Equatable {
  package let entryCount: Int64
  package let transactionCount: Int64
  /// The first entry that is not what it should be; nil if all are.
  package let firstBadSeq: Int64?
  /// What is wrong there.
  package let problem: String?

  package var isSound: Bool { problem == nil }

  private static let transactionsRead = 200

  /// Reads the whole log, in one state of the store, a few transactions at a time.
  package static func run(on reader: any HubReader) throws -> LogVerification {
    var appender = MerkleAppender()
    var nextSeq: Int64 = 1
    let counter = try reader.counter
    func bad(_ seq: Int64, _ problem: String) -> LogVerification {
      LogVerification(
        entryCount: nextSeq - 1, transactionCount: appender.size, firstBadSeq: seq,
        problem: problem)
    }
    while appender.size < counter.tree.size {
      let transactions = try reader.transactions(from: appender.size, limit: transactionsRead)
      guard let last = transactions.last else {
        return bad(nextSeq, "a transaction is missing")
      }
      var entries = try reader.log(from: nextSeq, limit: Int(max(last.lastSeq - nextSeq + 1, 0)))[...]
      for transaction in transactions {
        guard transaction.leaf == appender.size, transaction.firstSeq == nextSeq else {
          return bad(nextSeq, "a transaction is missing")
        }
        var commitments: [Hash256] = []
        while nextSeq <= transaction.lastSeq {
          guard let entry = entries.popFirst(), entry.seq == nextSeq else {
            return bad(nextSeq, "an entry is missing")
          }
          if let payload = entry.payload, let salt = entry.salt,
            LogCommitment.commitment(payload: payload, salt: salt) != entry.commitment
          {
            return bad(nextSeq, "the entry is not what its commitment says")
          }
          commitments.append(entry.commitment)
          nextSeq += 1
        }
        let leaf = LogCommitment.leafHash(
          firstSeq: transaction.firstSeq, commitments: commitments)
        guard leaf == transaction.hash else {
          return bad(transaction.firstSeq, "the transaction is not what its leaf says")
        }
        _ = appender.append(leafHash: leaf)
      }
    }
    guard appender.head == counter.tree, nextSeq == counter.seq + 1 else {
      return bad(nextSeq - 1, "the log does not add up to the tree's head")
    }
    return LogVerification(
      entryCount: nextSeq - 1, transactionCount: appender.size, firstBadSeq: nil, problem: nil)
  }
}
