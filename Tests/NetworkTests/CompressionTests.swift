import SyncProtocol
import Testing

@Suite("Compressed bodies")
struct CompressionTests {
  private static let text = Array(String(repeating: "Mustertext 0815. ", count: 1_000).utf8)

  @Test("What was compressed inflates to itself", arguments: [0, 1, 4_096, 300_000])
  func roundTrip(byteCount: Int) throws {
    let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    let inflated = try Zstd.inflate(try Zstd.compress(bytes), byteCountMax: byteCount)
    #expect(inflated == bytes)
  }

  @Test("A frame that inflates to one byte more than the bound is refused")
  func bound() throws {
    let frame = try Zstd.compress(Self.text)
    #expect(throws: ZstdError.tooLong(byteCountMax: Self.text.count - 1)) {
      try Zstd.inflate(frame, byteCountMax: Self.text.count - 1)
    }
  }

  @Test("A small frame that inflates to 64 MiB is refused at the bound")
  func bomb() throws {
    let frame = try Zstd.compress([UInt8](repeating: 0, count: 64 << 20))
    #expect(frame.count < 16 << 10)
    #expect(throws: ZstdError.self) { try Zstd.inflate(frame, byteCountMax: 8 << 20) }
  }

  @Test("Every proper beginning of a frame is refused as cut off")
  func truncated() throws {
    let frame = try Zstd.compress(Self.text)
    for byteCount in 0..<frame.count {
      #expect(throws: ZstdError.truncated) {
        try Zstd.inflate(Array(frame.prefix(byteCount)), byteCountMax: Self.text.count)
      }
    }
  }

  @Test("Anything behind the frame is refused, another frame as well")
  func trailing() throws {
    let frame = try Zstd.compress(Self.text)
    for tail in [[0], frame] {
      #expect(throws: ZstdError.trailingBytes) {
        try Zstd.inflate(frame + tail, byteCountMax: 10 * Self.text.count)
      }
    }
  }

  @Test("Bytes that are no frame are refused")
  func malformed() {
    #expect(throws: ZstdError.malformed) {
      try Zstd.inflate(Array("{\"no\": \"frame\"}".utf8), byteCountMax: 1_024)
    }
  }
}
