import SyncCore
import SyncProtocol
import Testing

@Suite("Whatever is written reads back")
struct RoundTripTests {
  private static let seeds = Array(UInt64(1)...300)

  @Test("a batch, and its bytes are the same again")
  func batches() throws {
    for seed in Self.seeds {
      var random = RandomMessages(seed: seed)
      let batch = random.batch()
      let bytes = batch.encoded()
      let read = try Batch(decoding: bytes, changeCountMax: 6)
      #expect(read == batch, "seed \(seed)")
      #expect(read.encoded() == bytes, "seed \(seed)")
    }
  }

  @Test("a push")
  func pushes() throws {
    for seed in Self.seeds {
      var random = RandomMessages(seed: seed)
      let session = random.natural()
      let batch = random.batch().encoded()
      let read = try PushBody.decode(PushBody.encode(session: session, batch: batch))
      #expect(read.session == session, "seed \(seed)")
      #expect(read.batch == batch, "seed \(seed)")
    }
  }

  @Test("a page, and its bytes are the same again")
  func pages() throws {
    for seed in Self.seeds {
      var random = RandomMessages(seed: seed)
      let page = random.page()
      let bytes = try page.encoded()
      let read = try PullPage(decoding: bytes)
      #expect(read == page, "seed \(seed)")
      #expect(try read.encoded() == bytes, "seed \(seed)")
    }
  }

  @Test("every message in JSON")
  func messages() throws {
    for seed in Self.seeds {
      var random = RandomMessages(seed: seed)
      try expectRoundTrip(random.helloRequest(), seed)
      try expectRoundTrip(random.helloResponse(), seed)
      try expectRoundTrip(random.pushResponse(), seed)
      try expectRoundTrip(random.pullRequest(), seed)
      try expectRoundTrip(random.byeRequest(), seed)
      try expectRoundTrip(ByeResponse(recorded: random.chance(in: 2)), seed)
      try expectRoundTrip(random.joinResponse(), seed)
      try expectRoundTrip(
        JoinRequest(token: random.hash().bytes.dropLast(16), csr: random.string()), seed)
      try expectRoundTrip(random.error(), seed)
    }
  }

  @Test("a position says what it said, and what cannot be one is none")
  func positions() throws {
    for seed in Self.seeds {
      var random = RandomMessages(seed: seed)
      let position = random.position()
      var wire = WirePosition(position)
      #expect(wire.position == position)
      wire.treeRoot = String(wire.treeRoot.dropLast())
      #expect(wire.position == nil)
    }
    for spoil: (inout WirePosition) -> Void in [{ $0.seq = -1 }, { $0.treeSize = -1 }] {
      var wire = WirePosition(try Sample.position(seq: 4, size: 3))
      spoil(&wire)
      #expect(wire.position == nil)
    }
  }

  private func expectRoundTrip<Message: Codable & Equatable>(
    _ message: Message, _ seed: UInt64
  ) throws {
    let bytes = try WireJSON.encode(message)
    let read: Message = try WireJSON.decode(bytes)
    #expect(read == message, "seed \(seed)")
    #expect(try WireJSON.encode(read) == bytes, "seed \(seed)")
  }
}

extension JoinRequest {
  fileprivate init(token: ArraySlice<UInt8>, csr: String) {
    self.init(token: Array(token), csr: csr)
  }
}
