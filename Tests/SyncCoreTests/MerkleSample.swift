import SyncCore

/// A log in memory with its stored nodes, and the recursive definitions of RFC 9162 beside it.
struct MerkleSample {
  let leafHashes: [Hash256]
  let nodes: [MerkleNodeID: Hash256]
  /// The heads at the sizes 0, 1, 2 …
  let heads: [TreeHead]

  init(leafHashes: [Hash256]) {
    var appender = MerkleAppender()
    var nodes: [MerkleNodeID: Hash256] = [:]
    var heads = [appender.head]
    for hash in leafHashes {
      for node in appender.append(leafHash: hash) { nodes[node.id] = node.hash }
      heads.append(appender.head)
    }
    self.leafHashes = leafHashes
    self.nodes = nodes
    self.heads = heads
  }

  /// Leaves of one byte each: 00, 01, 02 …
  init(byteLeafCount: Int) {
    self.init(
      leafHashes: (0..<byteLeafCount).map {
        MerkleTree.leafHash(of: [UInt8(truncatingIfNeeded: $0)])
      })
  }

  /// The eight leaves that the implementations of Certificate Transparency share as test vectors.
  static let certificateTransparency = MerkleSample(
    leafHashes: [
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
      "606162636465666768696a6b6c6d6e6f",
    ].compactMap(Hexadecimal.bytes).map { MerkleTree.leafHash(of: $0) })

  static let large = MerkleSample(byteLeafCount: 130)

  /// Reads a node that was complete when the tree had `size` leaves; anything else is an error.
  func reader(size: Int64) -> (MerkleNodeID) throws(MissingNode) -> Hash256 {
    { id throws(MissingNode) in
      guard let hash = nodes[id], (id.index + 1) << id.level <= size else {
        throw MissingNode(id: id)
      }
      return hash
    }
  }

  func inclusionProof(index: Int64, size: Int64) throws -> [Hash256]? {
    try MerkleTree.inclusionProof(index: index, size: size, reading: reader(size: size))
  }

  func consistencyProof(from oldSize: Int64, to size: Int64) throws -> [Hash256]? {
    try MerkleTree.consistencyProof(from: oldSize, to: size, reading: reader(size: size))
  }
}

struct MissingNode: Error, Equatable {
  let id: MerkleNodeID
}
