import SyncCore
import SyncProtocol
import Testing

@Suite("Damaged messages")
struct DamageTests {
  private static let batches = ["batch.first", "batch.second"]
  private static let pages = ["page.first", "page.last", "page.empty"]

  @Test("no proper beginning of a batch is a batch", arguments: batches)
  func truncatedBatch(name: String) throws {
    let bytes = try Vectors.bytes(name)
    for length in bytes.indices {
      #expect(throws: DecodeError.self) {
        try Batch(decoding: Array(bytes[..<length]), changeCountMax: 3)
      }
    }
  }

  @Test("no proper beginning of a page is a page", arguments: pages)
  func truncatedPage(name: String) throws {
    let bytes = try Vectors.bytes(name)
    for length in bytes.indices {
      #expect(throws: DecodeError.self) { try PullPage(decoding: Array(bytes[..<length])) }
    }
  }

  @Test("no proper beginning of a push is a push of a batch")
  func truncatedPush() throws {
    let bytes = try Vectors.bytes("push.body")
    for length in bytes.indices {
      #expect(throws: DecodeError.self) {
        let body = try PushBody.decode(Array(bytes[..<length]))
        _ = try Batch(decoding: body.batch, changeCountMax: 3)
      }
    }
  }

  @Test("no proper beginning of a random message is one")
  func truncatedRandom() throws {
    for seed in UInt64(1)...40 {
      var random = RandomMessages(seed: seed)
      let batch = random.batch().encoded()
      for length in batch.indices {
        #expect(throws: DecodeError.self, "seed \(seed)") {
          try Batch(decoding: Array(batch[..<length]), changeCountMax: 6)
        }
      }
      let page = try random.page().encoded()
      for length in page.indices {
        #expect(throws: DecodeError.self, "seed \(seed)") {
          try PullPage(decoding: Array(page[..<length]))
        }
      }
    }
  }

  @Test("nothing may follow a message", arguments: batches + pages)
  func trailingBytes(name: String) throws {
    let bytes = try Vectors.bytes(name) + [0]
    #expect(throws: DecodeError(.trailingBytes, at: bytes.count - 1)) {
      try read(bytes, like: name)
    }
  }

  @Test("a flipped bit is refused, or the bytes say exactly what was read", arguments: batches)
  func flippedBatch(name: String) throws {
    let bytes = try Vectors.bytes(name)
    var refusedCount = 0
    for flipped in Self.flips(of: bytes) {
      do {
        let batch = try Batch(decoding: flipped, changeCountMax: 3)
        #expect(batch.encoded() == flipped)
      } catch {
        refusedCount += 1
        #expect((0...flipped.count).contains(error.offset))
      }
    }
    #expect(refusedCount > bytes.count)
  }

  @Test("a flipped bit in a page is read or refused with a reason", arguments: pages)
  func flippedPage(name: String) throws {
    for flipped in Self.flips(of: try Vectors.bytes(name)) {
      do {
        _ = try PullPage(decoding: flipped)
      } catch let error as DecodeError {
        #expect((0...flipped.count).contains(error.offset))
      } catch let error as ProtocolError {
        #expect(error.code == .badRequest)
      }
    }
  }

  @Test("random bytes behind a right beginning are refused", arguments: ["KSB1", "KSP1"])
  func garbage(magic: String) throws {
    for seed in UInt64(1)...2_000 {
      var random = RandomMessages(seed: seed)
      let bytes =
        Array(magic.utf8)
        + random.several(upTo: 200) { UInt8(truncatingIfNeeded: $0.next()) }
      #expect(throws: (any Error).self, "seed \(seed)") {
        try read(bytes, like: magic == "KSB1" ? "batch" : "page")
      }
    }
  }

  @Test("a message of the other kind is refused at its first byte")
  func wrongKind() throws {
    #expect(throws: DecodeError(.wrongFormat, at: 0)) {
      try Batch(decoding: try Vectors.bytes("page.last"), changeCountMax: 3)
    }
    #expect(throws: DecodeError(.wrongFormat, at: 0)) {
      try PullPage(decoding: try Vectors.bytes("batch.first"))
    }
  }

  @Test(
    "JSON that is cut off, of another message or of other types is a bad request",
    arguments: [
      "", "{", "null", "[]", "{}", #"{"recorded":null}"#, #"{"recorded":"true"}"#,
      #"{"recorded":1}"#, #"{"recorded":true"#, "{\"recorded\":true}x", "\u{FEFF}",
    ])
  func badJSON(text: String) throws {
    let error = #expect(throws: ProtocolError.self) {
      try WireJSON.decode(Array(text.utf8), as: ByeResponse.self)
    }
    #expect(error?.code == .badRequest)
  }

  @Test("bytes that are no UTF-8 are no JSON")
  func invalidUTF8() throws {
    #expect(throws: ProtocolError.self) {
      try WireJSON.decode(
        Array(#"{"error":{"code":"busy","hint":""#.utf8) + [0xFF]
          + Array(#"","message":""}}"#.utf8), as: ProtocolError.self)
    }
  }

  private func read(_ bytes: [UInt8], like name: String) throws {
    if name.hasPrefix("batch") {
      _ = try Batch(decoding: bytes, changeCountMax: 3)
    } else {
      _ = try PullPage(decoding: bytes)
    }
  }

  /// Every copy with one bit flipped.
  private static func flips(of bytes: [UInt8]) -> [[UInt8]] {
    bytes.indices.flatMap { index in
      (0..<8).map { bit in
        var flipped = bytes
        flipped[index] ^= 1 << UInt8(bit)
        return flipped
      }
    }
  }
}
