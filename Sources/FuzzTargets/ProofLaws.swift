import SyncCore

/// Laws of the proofs that a hub sends about its log.
enum ProofLaws {
  /// The input: index, old size and new size (8 bytes each, big-endian), then hashes: the leaf, the
  /// old root, the new root and the proof.
  static func proof(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    var reader = ByteReader(bytes)
    var hashes: [Hash256] = []
    let index: Int64
    let oldSize: Int64
    let newSize: Int64
    do {
      index = Int64(bitPattern: try reader.fixed64())
      oldSize = Int64(bitPattern: try reader.fixed64())
      newSize = Int64(bitPattern: try reader.fixed64())
      while !reader.isAtEnd {
        guard let hash = Hash256(bytes: Array(try reader.raw(Hash256.byteCount))) else {
          throw BrokenLaw("32 bytes are a hash")
        }
        hashes.append(hash)
      }
    } catch let error as BrokenLaw {
      throw error
    } catch {
      return .refused
    }
    guard hashes.count >= 3 else { return .refused }
    let old = TreeHead(size: oldSize, root: hashes[1])
    let new = TreeHead(size: newSize, root: hashes[2])
    let proof = Array(hashes[3...])
    let extends = MerkleTree.verifyConsistency(from: old, to: new, proof: proof)
    let holds = MerkleTree.verifyInclusion(
      leafHash: hashes[0], index: index, head: new, proof: proof)
    if extends { try requireOnlyProof(from: old, to: new, proof) }
    if holds {
      try require((0..<newSize).contains(index), "a leaf of a tree has a place in it")
      try require(proof.count <= MerkleTree.proofHashCountMax, "no proof is longer than the tree")
      try require(
        !MerkleTree.verifyInclusion(
          leafHash: hashes[0], index: index, head: new, proof: proof + [.zero]),
        "one hash more is no proof")
    }
    return extends || holds ? .read : .refused
  }

  private static func requireOnlyProof(
    from old: TreeHead, to new: TreeHead, _ proof: [Hash256]
  ) throws(BrokenLaw) {
    try require((0...new.size).contains(old.size), "a tree only grows")
    try require(proof.count <= MerkleTree.proofHashCountMax, "no proof is longer than the tree")
    try require(
      !MerkleTree.verifyConsistency(from: old, to: new, proof: proof + [.zero]),
      "one hash more is no proof")
    try require(
      old.size > 0 || old == .empty, "the empty tree has one root")
    let other = TreeHead(size: new.size, root: new.root == .zero ? old.root : .zero)
    try require(
      old.size == 0 || other == new
        || !MerkleTree.verifyConsistency(from: old, to: other, proof: proof),
      "a proof shows one root")
  }
}
