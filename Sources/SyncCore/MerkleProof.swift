/// Proofs over the tree, and how someone who holds only heads checks them.
///
/// Proofs come from the other side, so whatever they hold, checking one ends in true or false after
/// at most one step for each hash.
extension MerkleTree {
  /// No proof is longer: a tree of 2^63 leaves has 63 levels, and a consistency proof may name the
  /// subtree that it starts from.
  package static let proofHashCountMax = 64

  /// The path of RFC 9162, section 2.1.3.1, that shows the leaf at `index` to be in the tree.
  ///
  /// Nil if there is no such leaf among the first `size`.
  package static func inclusionProof<Failure: Error>(
    index: Int64, size: Int64, reading node: (MerkleNodeID) throws(Failure) -> Hash256
  ) throws(Failure) -> [Hash256]? {
    guard index >= 0, index < size else { return nil }
    var leaves = 0..<size
    var fromTheTop: [Hash256] = []
    while leaves.count > 1 {
      let middle = leaves.lowerBound + split(of: Int64(leaves.count))
      if index < middle {
        fromTheTop.append(try root(of: middle..<leaves.upperBound, reading: node))
        leaves = leaves.lowerBound..<middle
      } else {
        fromTheTop.append(try root(of: leaves.lowerBound..<middle, reading: node))
        leaves = middle..<leaves.upperBound
      }
    }
    return fromTheTop.reversed()
  }

  /// The path of RFC 9162, section 2.1.4.1, that shows the tree of `size` leaves to begin with the
  /// leaves of the tree of `oldSize`.
  ///
  /// Empty if there is nothing to show: the sizes are equal, or the old tree was empty. Nil if the
  /// old size is negative or above the new one.
  package static func consistencyProof<Failure: Error>(
    from oldSize: Int64, to size: Int64, reading node: (MerkleNodeID) throws(Failure) -> Hash256
  ) throws(Failure) -> [Hash256]? {
    guard oldSize >= 0, oldSize <= size else { return nil }
    guard oldSize > 0 else { return [] }
    var leaves = 0..<size
    var fromTheTop: [Hash256] = []
    while oldSize < leaves.upperBound {
      let middle = leaves.lowerBound + split(of: Int64(leaves.count))
      if oldSize <= middle {
        fromTheTop.append(try root(of: middle..<leaves.upperBound, reading: node))
        leaves = leaves.lowerBound..<middle
      } else {
        fromTheTop.append(try root(of: leaves.lowerBound..<middle, reading: node))
        leaves = middle..<leaves.upperBound
      }
    }
    // A subtree that starts at the first leaf is the whole old tree: its root is known already.
    if leaves.lowerBound > 0 {
      fromTheTop.append(try root(of: leaves, reading: node))
    }
    return fromTheTop.reversed()
  }

  /// Whether the proof shows the leaf at `index` of the tree with that head (RFC 9162, section
  /// 2.1.3.2).
  package static func verifyInclusion(
    leafHash: Hash256, index: Int64, head: TreeHead, proof: [Hash256]
  ) -> Bool {
    guard index >= 0, index < head.size else { return false }
    var edge = EdgeWalk(first: index, last: head.size - 1)
    var hash = leafHash
    for sibling in proof {
      switch edge.climb() {
      case .pastTheRoot: return false
      case .siblingIsLeft: hash = nodeHash(left: sibling, right: hash)
      case .siblingIsRight: hash = nodeHash(left: hash, right: sibling)
      }
    }
    return edge.isAtRoot && hash == head.root
  }

  /// Whether the proof shows the new head to extend the old one (RFC 9162, section 2.1.4.2): the
  /// old tree's leaves are the new tree's first leaves, unchanged and in order.
  package static func verifyConsistency(
    from old: TreeHead, to new: TreeHead, proof: [Hash256]
  ) -> Bool {
    guard old.size >= 0, old.size <= new.size else { return false }
    // Case 1: the same tree.
    if old.size == new.size {
      return proof.isEmpty && old.root == new.root && (old.size > 0 || old == .empty)
    }
    // Case 2: every tree extends the empty one.
    if old.size == 0 { return proof.isEmpty && old == .empty }
    // Case 3: a real extension.
    var edge = EdgeWalk(first: old.size - 1, last: new.size - 1)
    edge.climbFromRightChildren()
    var rest = proof[...]
    let isOldTreeComplete = old.size.nonzeroBitCount == 1
    guard let seed = isOldTreeComplete ? old.root : rest.popFirst() else { return false }
    var oldRoot = seed
    var newRoot = seed
    for sibling in rest {
      switch edge.climb() {
      case .pastTheRoot:
        return false
      case .siblingIsLeft:
        oldRoot = nodeHash(left: sibling, right: oldRoot)
        newRoot = nodeHash(left: sibling, right: newRoot)
      case .siblingIsRight:
        newRoot = nodeHash(left: newRoot, right: sibling)
      }
    }
    return edge.isAtRoot && oldRoot == old.root && newRoot == new.root
  }
}

/// The climb from a node to the root that both verifications of RFC 9162 share; `first` and `last`
/// are its `fn` and `sn`: the node's index at its level and the index of the level's last node.
private struct EdgeWalk {
  private var first: Int64
  private var last: Int64

  enum Step {
    case siblingIsLeft
    case siblingIsRight
    case pastTheRoot
  }

  init(first: Int64, last: Int64) {
    self.first = first
    self.last = last
  }

  var isAtRoot: Bool { last == 0 }

  /// Skips the levels at which the node is a right child: there its subtree ends where its parent's
  /// ends.
  mutating func climbFromRightChildren() {
    while first & 1 == 1 { climbOneLevel() }
  }

  /// Goes to the parent and says on which side the sibling stood.
  mutating func climb() -> Step {
    guard last > 0 else { return .pastTheRoot }
    guard first & 1 == 1 || first == last else {
      climbOneLevel()
      return .siblingIsRight
    }
    // A last node without a right neighbour is carried up unchanged until it is a right child.
    while first & 1 == 0 && first != 0 { climbOneLevel() }
    climbOneLevel()
    return .siblingIsLeft
  }

  private mutating func climbOneLevel() {
    first >>= 1
    last >>= 1
  }
}
