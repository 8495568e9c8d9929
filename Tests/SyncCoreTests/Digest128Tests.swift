import SyncCore
import Testing

@Suite("Digests as sums modulo 2^128")
struct Digest128Tests {
  private static let samples = [
    Digest128.zero,
    Digest128(high: 0, low: 1),
    Digest128(high: 0, low: .max),
    Digest128(high: 1, low: 0),
    Digest128(high: .max, low: .max),
    Digest128(high: 0x8000_0000_0000_0000, low: 0x0123_4567_89ab_cdef),
    Digest128(high: 0xfedc_ba98_7654_3210, low: 0x8000_0000_0000_0000),
  ]

  @Test("addition and subtraction agree with 128-bit integers")
  func integerArithmetic() {
    for left in Self.samples {
      for right in Self.samples {
        #expect(integer(left + right) == integer(left) &+ integer(right))
        #expect(integer(left - right) == integer(left) &- integer(right))
      }
    }
  }

  @Test("the order of adding does not matter, and what was added can be taken away")
  func orderAndInverse() {
    var forward = Digest128.zero
    for sample in Self.samples { forward += sample }
    var backward = Digest128.zero
    for sample in Self.samples.reversed() { backward += sample }
    #expect(forward == backward)
    for sample in Self.samples { forward -= sample }
    #expect(forward == .zero)
  }

  @Test("a row counted twice is not a row counted never")
  func doubleCount() {
    let row = Digest128(high: 7, low: 9)
    #expect(row + row != .zero)
  }

  @Test("text and bytes are read back as they were written", arguments: samples)
  func roundTrip(digest: Digest128) {
    #expect(digest.text.utf8.count == 32)
    #expect(Digest128(text: digest.text) == digest)
    #expect(Digest128(bytes: digest.bytes) == digest)
  }

  @Test("text and bytes begin with the most significant digit")
  func order() {
    let digest = Digest128(high: 0x0001_0203_0405_0607, low: 0x0809_0a0b_0c0d_0e0f)
    #expect(digest.text == "000102030405060708090a0b0c0d0e0f")
    #expect(digest.bytes == Array(0..<16))
  }

  @Test(
    "other text is refused",
    arguments: [
      "", "0", "00010203", "000102030405060708090a0b0c0d0e0F", "000102030405060708090a0b0c0d0e0g",
      "000102030405060708090a0b0c0d0e0f00", " 00102030405060708090a0b0c0d0e0f",
    ])
  func refusedText(text: String) {
    #expect(Digest128(text: text) == nil)
  }

  @Test("other lengths are refused", arguments: [0, 15, 17])
  func refusedBytes(count: Int) {
    #expect(Digest128(bytes: [UInt8](repeating: 0, count: count)) == nil)
  }

  private func integer(_ digest: Digest128) -> UInt128 {
    UInt128(digest.high) << 64 | UInt128(digest.low)
  }
}
