package import HubStorage
import SyncCore

/// Proves that a county's log is what its tree says: numbers dense, every payload what its
/// commitment says, every leaf what its entries say, every node and the head what the leaves say.
package struct LogVerification: Sendable, Equatable {
  package let entryCount: Int64
  package let transactionCount: Int64
  /// The first entry that is not what it should be; nil if all are.
  package let firstBadSeq: Int64?
  /// What is wrong there.
  package let problem: String?

  package var isSound: Bool { problem == nil }

  /// Reads the whole log, in one state of the store, a few transactions at a time.
  package static func run(on reader: any HubReader) throws -> LogVerification {
    var walk = LogWalk()
    do {
      try walk.run(on: reader)
    } catch let flaw as Flaw {
      return LogVerification(
        entryCount: walk.entryCount, transactionCount: walk.transactionCount,
        firstBadSeq: flaw.seq, problem: flaw.problem)
    }
    return LogVerification(
      entryCount: walk.entryCount, transactionCount: walk.transactionCount, firstBadSeq: nil,
      problem: nil)
  }
}

private struct Flaw: Error {
  let seq: Int64
  let problem: String
}

/// One walk from the first entry to the head, building the tree anew.
private struct LogWalk {
  private var appender = MerkleAppender()
  private var nextSeq: Int64 = 1

  private static let transactionsRead = 200

  var entryCount: Int64 { nextSeq - 1 }
  var transactionCount: Int64 { appender.size }

  mutating func run(on reader: any HubReader) throws {
    let head = try reader.counter
    if let first = try reader.log(from: .min, limit: 1).first, first.seq < 1 {
      throw Flaw(seq: first.seq, problem: "an entry stands before the first")
    }
    while true {
      let transactions = try reader.transactions(
        from: appender.size, limit: Self.transactionsRead)
      guard let last = transactions.last else { break }
      guard last.lastSeq >= nextSeq else {
        throw Flaw(seq: nextSeq, problem: "a transaction covers no entry")
      }
      let count = Int(last.lastSeq - nextSeq) + 1
      var entries = try reader.log(from: nextSeq, limit: count)[...]
      for transaction in transactions {
        // What lies behind the head is no part of what the head says.
        guard appender.size < head.tree.size else {
          throw Flaw(seq: nextSeq, problem: "a transaction stands behind the head")
        }
        try check(transaction, entries: &entries, nodes: reader.treeNode)
      }
    }
    guard try reader.log(from: nextSeq, limit: 1).isEmpty else {
      throw Flaw(seq: nextSeq, problem: "an entry stands behind the last transaction")
    }
    guard appender.size == head.tree.size else {
      throw Flaw(seq: nextSeq, problem: "a transaction is missing")
    }
    guard appender.head == head.tree, nextSeq == head.seq + 1 else {
      throw Flaw(seq: nextSeq - 1, problem: "the log does not add up to the tree's head")
    }
  }

  private mutating func check(
    _ transaction: StoredTransaction, entries: inout ArraySlice<StoredLogEntry>,
    nodes: (MerkleNodeID) throws -> Hash256
  ) throws {
    guard transaction.leaf == appender.size, transaction.firstSeq == nextSeq else {
      throw Flaw(seq: nextSeq, problem: "a transaction is missing")
    }
    var commitments: [Hash256] = []
    while nextSeq <= transaction.lastSeq {
      guard let entry = entries.popFirst(), entry.seq == nextSeq, entry.leaf == transaction.leaf
      else { throw Flaw(seq: nextSeq, problem: "an entry is missing") }
      guard isWhatItSays(entry) else {
        throw Flaw(seq: nextSeq, problem: "the entry is not what its commitment says")
      }
      commitments.append(entry.commitment)
      nextSeq += 1
    }
    let leaf = LogCommitment.leafHash(firstSeq: transaction.firstSeq, commitments: commitments)
    guard leaf == transaction.hash else {
      throw Flaw(
        seq: transaction.firstSeq, problem: "the transaction is not what its leaf says")
    }
    for node in appender.append(leafHash: leaf) {
      // NB: a node that is gone is an error of the store, told by the store.
      guard try nodes(node.id) == node.hash else {
        throw Flaw(seq: transaction.firstSeq, problem: "the tree is not what its leaves say")
      }
    }
  }

  /// Erased as it should be, payload and salt together, or both there and fitting. The salt's
  /// length is checked because a hash over both does not tell where the one ends.
  private func isWhatItSays(_ entry: StoredLogEntry) -> Bool {
    switch (entry.payload, entry.salt) {
    case (nil, nil): true
    case (let payload?, let salt?):
      salt.count == LogCommitment.saltByteCount
        && LogCommitment.commitment(payload: payload, salt: salt) == entry.commitment
    default: false
    }
  }
}
