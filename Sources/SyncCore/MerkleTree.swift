/// Where a complete subtree stands: level 0 holds the leaf hashes, and the node of level `l` and
/// index `i` covers the leaves from `i * 2^l` up to, not including, `(i + 1) * 2^l`.
///
/// Complete subtrees never change when the tree grows, so a store only ever adds nodes. What is
/// computed from them at the ragged right edge is never stored.
package struct MerkleNodeID: Hashable, Comparable, Sendable {
  package let level: Int
  package let index: Int64

  package init(level: Int, index: Int64) {
    self.level = level
    self.index = index
  }

  package static func < (left: MerkleNodeID, right: MerkleNodeID) -> Bool {
    (left.level, left.index) < (right.level, right.index)
  }
}

/// A complete subtree and its hash, to be stored once and never changed.
package struct MerkleNode: Hashable, Sendable {
  package let id: MerkleNodeID
  package let hash: Hash256

  package init(id: MerkleNodeID, hash: Hash256) {
    self.id = id
    self.hash = hash
  }
}

/// The state of a log: how many leaves it has and the root over them.
///
/// NB: a proof does not bind the new head's size. Trees of different sizes never share a root, but
/// where both have the same shape along the proof's path, it does not show which size belongs
/// to the root. A wrong size is found out by the next proof that starts from it.
package struct TreeHead: Hashable, Sendable {
  package let size: Int64
  package let root: Hash256

  package init(size: Int64, root: Hash256) {
    self.size = size
    self.root = root
  }

  /// The log without a leaf: its root is the hash of nothing.
  package static let empty = TreeHead(size: 0, root: Hash256(sha256Of: []))
}

/// The tree of RFC 9162, section 2.1, over SHA-256, wherever its nodes are stored.
///
/// Every function takes the tree's size and a reader of complete nodes, and reads O(log size) of
/// them; the reader's errors pass through unchanged. A reader is asked only for nodes that are
/// complete at the given size.
package enum MerkleTree {
  /// > This domain separation is required to give second preimage resistance. (RFC 9162, section
  /// > 2.1.1)
  private static let leafPrefix: UInt8 = 0x00
  private static let nodePrefix: UInt8 = 0x01

  /// The hash that stands for an entry in the tree.
  package static func leafHash(of entry: [UInt8]) -> Hash256 {
    Hash256(sha256OfPrefix: leafPrefix, entry)
  }

  /// The hash over two neighbouring subtrees.
  package static func nodeHash(left: Hash256, right: Hash256) -> Hash256 {
    Hash256(sha256OfPrefix: nodePrefix, left, right)
  }

  /// The head that the log had, or has, at the given size.
  ///
  /// - Precondition: `size` is not negative, and the nodes of that many leaves are stored.
  package static func head<Failure: Error>(
    size: Int64, reading node: (MerkleNodeID) throws(Failure) -> Hash256
  ) throws(Failure) -> TreeHead {
    precondition(size >= 0)
    guard size > 0 else { return .empty }
    return TreeHead(size: size, root: try root(of: 0..<size, reading: node))
  }

  /// The root over some of the leaves, as if they were a tree of their own.
  ///
  /// - Precondition: the range is not empty and starts at a multiple of the smallest power of two
  ///   that is not below its length, as every subtree of RFC 9162's definition does.
  static func root<Failure: Error>(
    of leaves: Range<Int64>, reading node: (MerkleNodeID) throws(Failure) -> Hash256
  ) throws(Failure) -> Hash256 {
    let peaks = peaks(of: leaves)
    var hash = try node(peaks[peaks.count - 1])
    for peak in peaks.dropLast().reversed() {
      hash = nodeHash(left: try node(peak), right: hash)
    }
    return hash
  }

  /// The complete subtrees that together cover the leaves, from the largest, at the left, to the
  /// smallest: one for each bit that is set in the number of leaves.
  static func peaks(of leaves: Range<Int64>) -> [MerkleNodeID] {
    var peaks: [MerkleNodeID] = []
    var start = leaves.lowerBound
    while start < leaves.upperBound {
      let level = Int64.bitWidth - 1 - (leaves.upperBound - start).leadingZeroBitCount
      peaks.append(MerkleNodeID(level: level, index: start >> level))
      start += 1 << level
    }
    return peaks
  }

  /// Where RFC 9162 splits a tree of two or more leaves: the largest power of two below `count`.
  static func split(of count: Int64) -> Int64 {
    1 << (Int64.bitWidth - 1 - (count - 1).leadingZeroBitCount)
  }
}

/// Grows a log: keeps the O(log size) subtrees at its right edge and says which nodes to store.
package struct MerkleAppender: Sendable {
  /// The number of leaves so far.
  package private(set) var size: Int64
  /// The hashes of the complete subtrees that cover the tree, from the largest to the smallest.
  private var peakHashes: [Hash256]

  /// An empty log.
  package init() {
    size = 0
    peakHashes = []
  }

  /// A log of that many leaves whose nodes are stored.
  ///
  /// - Precondition: `size` is not negative.
  package init<Failure: Error>(
    size: Int64, reading node: (MerkleNodeID) throws(Failure) -> Hash256
  ) throws(Failure) {
    precondition(size >= 0)
    var peakHashes: [Hash256] = []
    for peak in MerkleTree.peaks(of: 0..<size) {
      peakHashes.append(try node(peak))
    }
    self.size = size
    self.peakHashes = peakHashes
  }

  /// Adds one leaf and returns the nodes that it completes, from the leaf upwards.
  ///
  /// Nothing is durable until the caller has stored them all, together with the new size.
  package mutating func append(leafHash: Hash256) -> [MerkleNode] {
    var index = size
    var completed = [MerkleNode(id: MerkleNodeID(level: 0, index: index), hash: leafHash)]
    var hash = leafHash
    // Each set bit at the end of the old size is a subtree that the new leaf closes.
    while index & 1 == 1 {
      hash = MerkleTree.nodeHash(left: peakHashes.removeLast(), right: hash)
      index >>= 1
      completed.append(
        MerkleNode(id: MerkleNodeID(level: completed.count, index: index), hash: hash))
    }
    peakHashes.append(hash)
    size += 1
    return completed
  }

  /// The head over all leaves so far.
  package var head: TreeHead {
    guard var root = peakHashes.last else { return .empty }
    for peak in peakHashes.dropLast().reversed() {
      root = MerkleTree.nodeHash(left: peak, right: root)
    }
    return TreeHead(size: size, root: root)
  }
}
