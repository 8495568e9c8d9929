import SyncCore
import Testing

@Suite("Proofs over the log's tree")
struct MerkleProofTests {
  private let sample = MerkleSample.large
  private let sizes: ClosedRange<Int64> = 1...130

  @Test("are those of Certificate Transparency's vectors")
  func vectors() throws {
    let sample = MerkleSample.certificateTransparency
    let inclusion = try #require(try sample.inclusionProof(index: 5, size: 8))
    #expect(
      inclusion.map(\.text) == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      ])
    let consistency = try #require(try sample.consistencyProof(from: 6, to: 8))
    #expect(
      consistency.map(\.text) == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      ])
  }

  /// The expected hash was computed in Python with the recursive PATH, PROOF and MTH of the RFC.
  @Test("equal the RFC's recursive definition for every pair of sizes up to 130")
  func allProofsAreTheDefinition() throws {
    var everything: [UInt8] = []
    for size in sizes {
      everything += sample.heads[Int(size)].root.bytes
      for index in 0..<size {
        everything += try #require(try sample.inclusionProof(index: index, size: size))
          .flatMap(\.bytes)
      }
      for oldSize in 1...size {
        everything += try #require(try sample.consistencyProof(from: oldSize, to: size))
          .flatMap(\.bytes)
      }
    }
    #expect(
      Hash256(sha256Of: everything).text
        == "ee729f490388108a22b571a07bfffdfa12a355fcd5167af7b572780a53133cae")
  }

  @Test("of consistency verify, and no bit of them or of the roots can be changed")
  func consistencyIsTight() throws {
    for size in sizes {
      let new = sample.heads[Int(size)]
      for oldSize in 1...size {
        let old = sample.heads[Int(oldSize)]
        let proof = try #require(try sample.consistencyProof(from: oldSize, to: size))
        #expect(MerkleTree.verifyConsistency(from: old, to: new, proof: proof))
        let bit = Int(oldSize * 31 + size * 17)
        for forged in forgeries(of: proof, bit: bit) {
          #expect(!MerkleTree.verifyConsistency(from: old, to: new, proof: forged))
        }
        let otherOld = TreeHead(size: oldSize, root: old.root.flipping(bit: bit))
        #expect(!MerkleTree.verifyConsistency(from: otherOld, to: new, proof: proof))
        let otherNew = TreeHead(size: size, root: new.root.flipping(bit: bit))
        #expect(!MerkleTree.verifyConsistency(from: old, to: otherNew, proof: proof))
      }
    }
  }

  @Test("of inclusion verify, and no bit of them, of the leaf or of the root can be changed")
  func inclusionIsTight() throws {
    for size in sizes {
      let head = sample.heads[Int(size)]
      for index in 0..<size {
        let leaf = sample.leafHashes[Int(index)]
        let proof = try #require(try sample.inclusionProof(index: index, size: size))
        #expect(verify(leaf, index, head, proof))
        let bit = Int(index * 31 + size * 17)
        for forged in forgeries(of: proof, bit: bit) {
          #expect(!verify(leaf, index, head, forged))
        }
        #expect(!verify(leaf.flipping(bit: bit), index, head, proof))
        let otherHead = TreeHead(size: size, root: head.root.flipping(bit: bit))
        #expect(!verify(leaf, index, otherHead, proof))
      }
    }
  }

  @Test("bind every single bit")
  func everyBit() throws {
    let proof = try #require(try sample.consistencyProof(from: 77, to: 130))
    for position in proof.indices {
      for bit in 0..<256 {
        var forged = proof
        forged[position] = forged[position].flipping(bit: bit)
        let (old, new) = (sample.heads[77], sample.heads[130])
        #expect(!MerkleTree.verifyConsistency(from: old, to: new, proof: forged))
      }
    }
  }

  @Test("never verify from a wrong old size")
  func wrongOldSize() throws {
    for size in 1...40 as ClosedRange<Int64> {
      let new = sample.heads[Int(size)]
      for oldSize in 1...size {
        let proof = try #require(try sample.consistencyProof(from: oldSize, to: size))
        for wrong in -1...size + 1 where wrong != oldSize {
          let old = TreeHead(size: wrong, root: sample.heads[Int(oldSize)].root)
          #expect(!MerkleTree.verifyConsistency(from: old, to: new, proof: proof))
        }
      }
    }
  }

  /// Trees of 5, 6, 7 and 8 leaves have the same shape along the path from the first leaf, so a
  /// proof cannot tell these sizes apart; the root can, as soon as the log has to extend it.
  @Test("that let a wrong new size pass end the log there: nothing extends that head")
  func wrongNewSize() throws {
    var passedCount = 0
    for size in 1...24 as ClosedRange<Int64> {
      let oldSize = (size + 1) / 2
      let old = sample.heads[Int(oldSize)]
      let proof = try #require(try sample.consistencyProof(from: oldSize, to: size))
      for wrong in -1...40 as ClosedRange<Int64> where wrong != size {
        let lie = TreeHead(size: wrong, root: sample.heads[Int(size)].root)
        guard MerkleTree.verifyConsistency(from: old, to: lie, proof: proof) else { continue }
        passedCount += 1
        for next in wrong + 1...48 {
          for start in [wrong, size] where start <= next {
            let onward = try #require(try sample.consistencyProof(from: start, to: next))
            let head = sample.heads[Int(next)]
            #expect(!MerkleTree.verifyConsistency(from: lie, to: head, proof: onward))
          }
        }
      }
    }
    #expect(passedCount > 0)
  }

  @Test("of inclusion never verify for another leaf's place")
  func wrongIndex() throws {
    for size in 1...40 as ClosedRange<Int64> {
      for index in 0..<size {
        let proof = try #require(try sample.inclusionProof(index: index, size: size))
        for wrong in -1...size where wrong != index {
          let leaf = sample.leafHashes[Int(index)]
          #expect(!verify(leaf, wrong, sample.heads[Int(size)], proof))
        }
      }
    }
  }

  @Test("of another history with the same sizes never verify")
  func otherHistory() throws {
    var hashes = sample.leafHashes
    hashes[20] = MerkleTree.leafHash(of: [0xFF, 0xFF])
    let other = MerkleSample(leafHashes: hashes)
    for oldSize in 21...130 as ClosedRange<Int64> {
      let proof = try #require(try other.consistencyProof(from: oldSize, to: 130))
      let old = sample.heads[Int(oldSize)]
      #expect(!MerkleTree.verifyConsistency(from: old, to: other.heads[130], proof: proof))
    }
  }

  @Test("from the empty log are empty, and only the empty log's own root counts")
  func emptyLog() throws {
    let one = sample.heads[1]
    let forged = TreeHead(size: 0, root: one.root)
    #expect(try sample.consistencyProof(from: 0, to: 130) == [])
    #expect(MerkleTree.verifyConsistency(from: .empty, to: one, proof: []))
    #expect(MerkleTree.verifyConsistency(from: .empty, to: .empty, proof: []))
    #expect(!MerkleTree.verifyConsistency(from: .empty, to: one, proof: [one.root]))
    #expect(!MerkleTree.verifyConsistency(from: forged, to: one, proof: []))
    #expect(!MerkleTree.verifyConsistency(from: forged, to: forged, proof: []))
  }

  @Test("do not exist for sizes out of order")
  func sizesOutOfOrder() throws {
    #expect(try sample.consistencyProof(from: 9, to: 8) == nil)
    #expect(try sample.consistencyProof(from: -1, to: 8) == nil)
    #expect(try sample.inclusionProof(index: 8, size: 8) == nil)
    #expect(try sample.inclusionProof(index: -1, size: 8) == nil)
    #expect(try sample.inclusionProof(index: 0, size: 0) == nil)
    let (older, newer) = (sample.heads[8], sample.heads[9])
    #expect(!MerkleTree.verifyConsistency(from: newer, to: older, proof: []))
  }

  @Test("of any length and size are judged without overflow")
  func hostileSizes() {
    let hash = sample.leafHashes[0]
    for count in [0, 1, 62, 63, 64, 65, 1000] {
      let proof = [Hash256](repeating: hash, count: count)
      for oldSize in [1, 2, 1 << 62, .max - 1, .max] as [Int64] {
        let old = TreeHead(size: oldSize, root: hash)
        let new = TreeHead(size: .max, root: sample.leafHashes[1])
        #expect(!MerkleTree.verifyConsistency(from: old, to: new, proof: proof))
        #expect(!verify(hash, oldSize - 1, new, proof))
      }
    }
  }

  private func verify(
    _ leaf: Hash256, _ index: Int64, _ head: TreeHead, _ proof: [Hash256]
  ) -> Bool {
    MerkleTree.verifyInclusion(leafHash: leaf, index: index, head: head, proof: proof)
  }

  /// The proof with one bit flipped in each hash, with each of its ends cut off, and longer.
  private func forgeries(of proof: [Hash256], bit: Int) -> [[Hash256]] {
    var forgeries: [[Hash256]] = []
    for position in proof.indices {
      var flipped = proof
      flipped[position] = flipped[position].flipping(bit: bit + position)
      forgeries.append(flipped)
      forgeries.append(Array(proof.prefix(position)))
      forgeries.append(Array(proof.suffix(position)))
    }
    forgeries.append(proof + [sample.leafHashes[0]])
    forgeries.append([sample.leafHashes[0]] + proof)
    return forgeries
  }
}

extension Hash256 {
  fileprivate func flipping(bit: Int) -> Hash256 {
    var bytes = bytes
    bytes[bit / 8 % 32] ^= 1 << UInt8(bit % 8)
    guard let flipped = Hash256(bytes: bytes) else { preconditionFailure("still 32 bytes") }
    return flipped
  }
}
