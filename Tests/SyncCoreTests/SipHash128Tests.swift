import SyncCore
import Testing

@Suite("SipHash with 128 bits")
struct SipHash128Tests {
  /// The key of the reference's vectors: 00 01 … 0f.
  private let key = SipHash128Key(bytes: Array(0..<16))

  /// Input 00 01 02 … of that length; the outputs stand in `vectors.h` of the reference, those
  /// above 63 bytes come from `openssl mac -macopt size:16 SIPHASH`.
  @Test(
    "is the reference's, for inputs around every word boundary",
    arguments: [
      (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
      (2, "8177228da4a45dc7fca38bdef60affe4"), (3, "9c70b60c5267a94e5f33b6b02985ed51"),
      (7, "a1f1ebbed8dbc153c0b84aa61ff08239"), (8, "3b62a9ba6258f5610f83e264f31497b4"),
      (9, "264499060ad9baabc47f8b02bb6d71ed"), (15, "5493e99933b0a8117e08ec0f97cfc3d9"),
      (16, "6ee2a4ca67b054bbfd3315bf85230577"), (63, "5150d1772f50834a503e069a973fbd7c"),
      (64, "1eaf077dc0d4cd3f8cad4d383658a74b"), (255, "1c9bb67528165f8e468248e3799b0eab"),
      (256, "67a00304d3834c4612eaee7b5f579acb"), (300, "ce005a406d14b36d5386b5f7a7e1b311"),
    ])
  func referenceVectors(length: Int, expected: String) throws {
    let input = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
    #expect(sipHash128(input, key: try #require(key)).text == expected)
  }

  @Test("does not depend on where in memory the input starts")
  func anyAlignment() throws {
    let key = try #require(key)
    let input = (0..<41).map { UInt8($0) }
    let expected = sipHash128(input, key: key)
    for offset in 1..<8 {
      let shifted = [UInt8](repeating: 0xAA, count: offset) + input
      let digest = shifted.withUnsafeBytes {
        sipHash128(UnsafeRawBufferPointer(rebasing: $0[offset...]), key: key)
      }
      #expect(digest == expected)
    }
  }

  @Test("of no memory at all is that of no bytes")
  func nilBuffer() throws {
    let key = try #require(key)
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    #expect(sipHash128(nothing, key: key) == sipHash128([UInt8](), key: key))
  }

  @Test("differs for every other key bit")
  func keyBits() throws {
    let input = Array("Muster".utf8)
    var digests: Set = [sipHash128(input, key: try #require(key))]
    for bit in 0..<128 {
      var bytes = [UInt8](0..<16)
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      digests.insert(sipHash128(input, key: try #require(SipHash128Key(bytes: bytes))))
    }
    #expect(digests.count == 129)
  }

  @Test("takes keys of 16 bytes only", arguments: [0, 8, 15, 17, 32])
  func keyLength(count: Int) {
    #expect(SipHash128Key(bytes: [UInt8](repeating: 1, count: count)) == nil)
  }
}
