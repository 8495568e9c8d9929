import HubStorage
import SyncCore
import Testing

/// The versions of a row's columns in one blob.
@Suite("Version encoding")
struct VersionEncodingTests {
  @Test("what was encoded comes back, whatever the runs", arguments: 0..<200 as Range<UInt64>)
  func roundTrip(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let versions = randomVersions(&generator)
    let bytes = VersionEncoding.encode(versions)
    #expect(try VersionEncoding.decode(bytes, count: versions.count) == versions)
    // Nobody has written columns that came later.
    let added = Int.random(in: 1...3, using: &generator)
    let longer = try VersionEncoding.decode(bytes, count: versions.count + added)
    #expect(longer == versions + Array(repeating: .unwritten, count: added))
  }

  @Test("equal versions cost one run")
  func runs() {
    let one = version(1)
    let short = VersionEncoding.encode([one]).count
    #expect(VersionEncoding.encode(Array(repeating: one, count: 62)).count == short)
    #expect(VersionEncoding.encode([one, version(2), one]).count == 3 * short)
  }

  @Test(
    "cut bytes are refused, or are the whole encoding of fewer runs",
    arguments: 0..<50 as Range<UInt64>)
  func truncation(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let versions = randomVersions(&generator)
    let bytes = VersionEncoding.encode(versions)
    for length in bytes.indices {
      do {
        let decoded = try VersionEncoding.decode(Array(bytes[..<length]), count: 0)
        #expect(VersionEncoding.encode(decoded) == Array(bytes[..<length]))
        #expect(decoded == Array(versions.prefix(decoded.count)))
      } catch {
        #expect(error.cause == .truncated || length == 0)
      }
    }
  }

  @Test("runs of no column, or of more than a table can have, are refused")
  func badRuns() {
    var bytes = VersionEncoding.encode([version(1)])
    bytes[0] = 0
    #expect(throws: DecodeError.self) { try VersionEncoding.decode(bytes, count: 1) }
    bytes[0] = UInt8(Column.numberMax + 1)
    #expect(throws: DecodeError.self) { try VersionEncoding.decode(bytes, count: 1) }
    #expect(throws: DecodeError.self) { try VersionEncoding.decode([], count: 1) }
  }

  @Test("runs beyond 64 bits, or of more columns together than a table can have, are refused")
  func longRuns() {
    let one = VersionEncoding.encode([version(1)])
    let huge: [UInt8] = Array(repeating: 0xFF, count: 9) + [1] + one.dropFirst()
    let beyond = #expect(throws: DecodeError.self) { try VersionEncoding.decode(huge, count: 1) }
    #expect(beyond == DecodeError(.overLimit, at: 0))
    let whole = VersionEncoding.encode(Array(repeating: version(1), count: Column.numberMax))
    let together = #expect(throws: DecodeError.self) {
      try VersionEncoding.decode(whole + one, count: 1)
    }
    #expect(together == DecodeError(.overLimit, at: whole.count))
  }

  private func version(_ seq: Int64) -> ColumnVersion {
    ColumnVersion(
      seq: seq, site: "a", incarnation: IncarnationID("i"), isDirect: true, editedAt: 0)
  }

  private func randomVersions(_ generator: inout SeededGenerator) -> [ColumnVersion] {
    (0..<Int.random(in: 1...6, using: &generator)).flatMap { _ in
      let one = ColumnVersion(
        seq: [0, 127, 128, .max].randomElement(using: &generator)!,
        site: SiteID(["", "a", "Größe", "\u{65}\u{301}"].randomElement(using: &generator)!),
        incarnation: IncarnationID(String(Int.random(in: 0...9, using: &generator))),
        isDirect: Bool.random(using: &generator),
        editedAt: [.min, -1, 0, .max].randomElement(using: &generator)!)
      return Array(repeating: one, count: Int.random(in: 1...10, using: &generator))
    }
  }
}
