import FuzzTargets
import Testing

@Suite("Inputs that were kept")
struct CorpusTests {
  @Test("every kept input is read or refused as its decoder promises")
  func regressions() throws {
    for decoder in DecoderTable.all {
      for input in try Corpus.inputs(of: decoder.name) {
        #expect(throws: Never.self, "\(input)") { try decoder.examine(input.bytes) }
      }
    }
  }

  @Test("every decoder has inputs that it reads and inputs that it refuses")
  func seeds() throws {
    for decoder in DecoderTable.all {
      let outcomes = try Corpus.inputs(of: decoder.name).map { try decoder.examine($0.bytes) }
      #expect(outcomes.contains(.read), "\(decoder.name)")
      #expect(outcomes.contains(.refused), "\(decoder.name)")
    }
  }

  @Test("no kept input is cut off by its decoder's length")
  func lengths() throws {
    for decoder in DecoderTable.all {
      for input in try Corpus.inputs(of: decoder.name) {
        #expect(input.bytes.count <= decoder.byteCountMax, "\(input)")
      }
    }
  }

  @Test("no folder is without its decoder, and all of them stay small")
  func folders() throws {
    #expect(try Corpus.folders() == DecoderTable.all.map(\.name).sorted())
    let inputs = try Corpus.folders().flatMap(Corpus.inputs)
    // On average, so that a newly read format brings its own room and no other's.
    #expect(inputs.count <= 12 * DecoderTable.all.count)
    #expect(inputs.reduce(0) { $0 + $1.bytes.count } <= 300_000)
  }

  @Test("a law that does not hold is told without the input")
  func brokenLaw() throws {
    let decoder = FuzzedDecoder("sample", reads: "bytes", from: "nobody", covers: []) {
      bytes throws(BrokenLaw) in
      guard bytes.isEmpty else { throw BrokenLaw("there are no bytes") }
      return .read
    }
    #expect(try decoder.examine([]) == .read)
    #expect(throws: BrokenLaw("there are no bytes")) { try decoder.examine([7]) }
    #expect(BrokenLaw("there are no bytes").description == "this does not hold: there are no bytes")
  }
}
