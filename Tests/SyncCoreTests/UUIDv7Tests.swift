import SyncCore
import Testing

@Suite("UUIDv7")
struct UUIDv7Tests {
  /// RFC 9562, appendix A.6: 2022-02-22T19:22:22Z, random 0xCC3 and 0x18C4DC0C0C07398F.
  @Test("is the one of the RFC's example")
  func rfcExample() {
    let random: [UInt8] = [0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F]
    #expect(
      UUIDv7.text(milliseconds: 0x017F_22E2_79B0, random: random)
        == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
  }

  @Test("says version 7 and the RFC's variant whatever the randomness", arguments: [0x00, 0xFF])
  func versionAndVariant(byte: UInt8) {
    let text = Array(
      UUIDv7.text(milliseconds: 0, random: [UInt8](repeating: byte, count: 10)).utf8)
    #expect(text.count == 36)
    #expect(text[14] == UInt8(ascii: "7"))
    #expect("89ab".utf8.contains(text[19]))
  }

  @Test("sorts as text by time")
  func order() {
    let largest = [UInt8](repeating: 0xFF, count: 10)
    let smallest = [UInt8](repeating: 0, count: 10)
    for time: Milliseconds in [0, 1, 0xFFFF, 0x10000, 1_763_000_000_000] {
      let earlier = UUIDv7.text(milliseconds: time, random: largest)
      let later = UUIDv7.text(milliseconds: time + 1, random: smallest)
      #expect(earlier < later)
    }
  }

  @Test("is well formed for clocks outside the 48 bits of the form", arguments: [-1, .min, .max])
  func absurdClock(time: Milliseconds) {
    let text = UUIDv7.text(milliseconds: time, random: [UInt8](repeating: 0, count: 10))
    #expect(text.utf8.count == 36)
    #expect(text.hasSuffix("-7000-8000-000000000000"))
  }
}
