import SyncCore
import Testing

@Suite("The log's tree")
struct MerkleTreeTests {
  @Test("has the roots that Certificate Transparency's vectors name")
  func vectors() {
    let roots = MerkleSample.certificateTransparency.heads.map(\.root.text)
    #expect(
      roots == [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
      ])
  }

  @Test("appended leaf by leaf equals the recursive definition over all leaves")
  func incrementalEqualsRecursive() {
    let sample = MerkleSample.large
    for size in 0...sample.leafHashes.count {
      let expected = recursiveRoot(sample.leafHashes.prefix(size))
      #expect(sample.heads[size] == TreeHead(size: Int64(size), root: expected))
    }
  }

  @Test("can be continued at any size from its stored nodes")
  func resumed() throws {
    let sample = MerkleSample.large
    for size in 0..<sample.leafHashes.count {
      let reader = sample.reader(size: Int64(size))
      var appender = try MerkleAppender(size: Int64(size), reading: reader)
      #expect(appender.head == sample.heads[size])
      let completed = appender.append(leafHash: sample.leafHashes[size])
      #expect(appender.head == sample.heads[size + 1])
      #expect(completed.allSatisfy { sample.nodes[$0.id] == $0.hash })
    }
  }

  @Test("stores each complete subtree exactly once, and nothing else")
  func storedNodes() {
    var appender = MerkleAppender()
    var stored: [MerkleNodeID] = []
    for size in 1...130 as ClosedRange<Int64> {
      stored += appender.append(leafHash: MerkleTree.leafHash(of: [1])).map(\.id)
      let complete = (0...7).flatMap { level in
        (0..<(size >> level)).map { MerkleNodeID(level: level, index: $0) }
      }
      #expect(stored.sorted() == complete.sorted())
    }
  }

  @Test("knows its head at every earlier size from the nodes of the latest")
  func earlierHeads() throws {
    let sample = MerkleSample.large
    for size in 0...130 as ClosedRange<Int64> {
      let head = try MerkleTree.head(size: size, reading: sample.reader(size: size))
      #expect(head == sample.heads[Int(size)])
    }
  }

  @Test("reads no more nodes than it has levels")
  func readCounts() throws {
    let sample = MerkleSample.large
    for size in 1...130 as ClosedRange<Int64> {
      let levelCount = Int64.bitWidth - size.leadingZeroBitCount
      for oldSize in 1...size {
        var readCount = 0
        _ = try MerkleTree.consistencyProof(from: oldSize, to: size) { id throws(MissingNode) in
          readCount += 1
          return try sample.reader(size: size)(id)
        }
        #expect(readCount <= 2 * levelCount)
      }
    }
  }

  @Test("passes the reader's error on unchanged")
  func readerErrors() {
    let missing: (MerkleNodeID) throws(MissingNode) -> Hash256 = { id throws(MissingNode) in
      throw MissingNode(id: id)
    }
    let firstPeak = MissingNode(id: MerkleNodeID(level: 2, index: 0))
    #expect(throws: firstPeak) { try MerkleAppender(size: 6, reading: missing) }
    #expect(throws: MissingNode.self) { try MerkleTree.head(size: 6, reading: missing) }
    #expect(throws: MissingNode.self) {
      try MerkleTree.inclusionProof(index: 1, size: 6, reading: missing)
    }
    #expect(throws: MissingNode.self) {
      try MerkleTree.consistencyProof(from: 1, to: 6, reading: missing)
    }
  }

  @Test("never takes a leaf for a node")
  func domainSeparation() throws {
    let left = MerkleTree.leafHash(of: [1])
    let right = MerkleTree.leafHash(of: [2])
    let node = MerkleTree.nodeHash(left: left, right: right)
    #expect(MerkleTree.leafHash(of: left.bytes + right.bytes) != node)
  }

  @Test("hashes are read back as they were written, and nothing else is read")
  func hashText() {
    let hash = MerkleTree.leafHash(of: [7])
    #expect(Hash256(text: hash.text) == hash)
    #expect(Hash256(bytes: hash.bytes) == hash)
    #expect(Hash256(text: hash.text.uppercased()) == nil)
    #expect(Hash256(text: String(hash.text.dropLast(2))) == nil)
    #expect(Hash256(bytes: hash.bytes + [0]) == nil)
  }

  /// MTH of RFC 9162, section 2.1.1, word for word.
  private func recursiveRoot(_ hashes: ArraySlice<Hash256>) -> Hash256 {
    if hashes.isEmpty { return Hash256(sha256Of: []) }
    if hashes.count == 1 { return hashes[hashes.startIndex] }
    var split = 1
    while split * 2 < hashes.count { split *= 2 }
    return MerkleTree.nodeHash(
      left: recursiveRoot(hashes.prefix(split)), right: recursiveRoot(hashes.dropFirst(split)))
  }
}
