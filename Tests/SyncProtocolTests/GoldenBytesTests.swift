import SyncCore
import SyncProtocol
import Testing

@Suite("Golden bytes")
struct GoldenBytesTests {
  @Test("every vector has a name of its own, says what it is, and its text is its bytes")
  func vectors() throws {
    let vectors = try Vectors.all()
    #expect(vectors.count > 70)
    #expect(Set(vectors.map(\.name)).count == vectors.count)
    for vector in vectors {
      #expect(!vector.what.isEmpty, "\(vector.name)")
      if let text = vector.text { #expect(Hexadecimal.text(text.utf8) == vector.hex) }
    }
  }

  @Test(
    "varints are written and read",
    arguments: [0, 1, 127, 128, 300, UInt64(Int64.max), UInt64.max])
  func varint(number: UInt64) throws {
    let golden = try Vectors.bytes("varint.\(number)")
    #expect(written { $0.varint(number) } == golden)
    var reader = ByteReader(golden)
    #expect(try reader.varint() == number)
    #expect(reader.isAtEnd)
  }

  @Test(
    "signed numbers are written and read",
    arguments: [0, -1, 1, -2, 64, 1_763_000_000_000, Int64.min, Int64.max])
  func signed(number: Int64) throws {
    let golden = try Vectors.bytes("signed.\(number)")
    #expect(written { $0.signed(number) } == golden)
    var reader = ByteReader(golden)
    #expect(try reader.signed() == number)
    #expect(reader.isAtEnd)
  }

  @Test("fixed numbers, texts and cells are written and read")
  func otherPrimitives() throws {
    #expect(written { $0.fixed64(0x0123_4567_89ab_cdef) } == (try Vectors.bytes("fixed64")))
    let texts = [
      ("text.empty", ""), ("text.nfc", "Jos\u{E9}"), ("text.nfd", "Jose\u{301}"),
    ]
    for (name, string) in texts {
      let golden = try Vectors.bytes(name)
      #expect(written { $0.text(ByteText(string)) } == golden)
      var reader = ByteReader(golden)
      #expect(try reader.text(byteCountMax: 10) == ByteText(string))
    }
    let values = [
      ("value.null", Value.null), ("value.integer", .integer(-3)), ("value.text", .text("open")),
    ]
    for (name, value) in values {
      let golden = try Vectors.bytes(name)
      #expect(written { $0.value(value) } == golden)
      var reader = ByteReader(golden)
      #expect(try reader.value() == value)
    }
  }

  @Test(
    "rows are written and read",
    arguments: [
      ("row.case_file", Sample.caseFile), ("row.part", Sample.part), ("row.global", Sample.global),
      (
        "row.last_column",
        Sample.image(1_000, "r", in: "", [1: .null, 62: .integer(.max)])
      ),
    ])
  func row(name: String, image: RowImage) throws {
    let golden = try Vectors.bytes(name)
    #expect(written { image.encode(into: &$0) } == golden)
    var reader = ByteReader(golden)
    #expect(try RowImage(from: &reader) == image)
    #expect(reader.isAtEnd)
  }

  @Test("batches are written and read, and each names the one before it")
  func batches() throws {
    for (name, batch) in [
      ("batch.first", Sample.firstBatch), ("batch.second", Sample.secondBatch),
    ] {
      let golden = try Vectors.bytes(name)
      #expect(Hexadecimal.text(batch.encoded()) == Hexadecimal.text(golden))
      #expect(try Batch(decoding: golden, changeCountMax: 3) == batch)
    }
    let first = Hash256(sha256Of: try Vectors.bytes("batch.first"))
    #expect(first == (try Vectors.hash("batch.first.hash")))
    #expect(Sample.secondBatch.previous == first)
  }

  @Test("a change stands in its batch behind its length")
  func changes() throws {
    let batch = try Vectors.bytes("batch.first")
    var parts: [UInt8] = []
    for name in ["change.insert", "change.update", "change.delete"] {
      let bytes = try Vectors.bytes(name)
      parts += written { $0.blob(bytes) }
    }
    #expect(Array(batch.suffix(parts.count)) == parts)
  }

  @Test("a push is the session's number and the batch")
  func push() throws {
    let golden = try Vectors.bytes("push.body")
    let batch = try Vectors.bytes("batch.second")
    #expect(PushBody.encode(session: 300, batch: batch) == golden)
    let body = try PushBody.decode(golden)
    #expect(body.session == 300)
    #expect(body.batch == batch)
  }

  @Test("pages are written and read")
  func pages() throws {
    for (name, page) in [
      ("page.first", Sample.firstPage), ("page.last", try Sample.lastPage()),
      ("page.empty", try Sample.emptyPage()),
    ] {
      let golden = try Vectors.bytes(name)
      #expect(Hexadecimal.text(try page.encoded()) == Hexadecimal.text(golden))
      #expect(try PullPage(decoding: golden) == page)
    }
  }

  @Test("a join string is written and read")
  func joinString() throws {
    let text = String(decoding: try Vectors.bytes("join.string"), as: UTF8.self)
    let joinString = JoinString(
      county: CountyKey("08118"), hubURL: try HubURL(parsing: "https://hub.example:8443"),
      joinURL: try HubURL(parsing: "https://hub.example:8444"),
      pin: Hash256(sha256Of: Array("pin".utf8)).bytes, token: Array(0..<16))
    #expect(joinString.text == text)
    #expect(try JoinString(parsing: text) == joinString)
    let encoded = Base64URL.encode(try Vectors.bytes("join.bytes"))
    #expect(text == JoinString.prefix + encoded)
  }

  @Test("a row's digest leaves out what is empty, default or local; sums make up cases and scopes")
  func digests() throws {
    var digester = RowDigester(key: Sample.digestKey)
    let caseFile = digester.digest(
      of: RowKey(table: 2, id: RowID("c1")), caseID: Sample.caseID,
      row: [.null, .text("2025-01-15"), .text("open")], in: SampleTables.caseFile)
    #expect(caseFile == (try Vectors.digest("digest.case_file")))
    let consent = digester.digest(
      of: RowKey(table: 4, id: RowID("e1")), caseID: Sample.caseID,
      row: [
        .text("casework"), .null, .text("consent"), .text("given"), .text("2025-01-15"),
        .text("Ordner 7"),
      ], in: SampleTables.consent)
    #expect(consent == (try Vectors.digest("digest.consent")))
    let site = digester.digest(
      of: RowKey(table: 1, id: RowID("s-a")), caseID: .none,
      row: [.text("municipality"), .text("Musterstadt"), .integer(0)], in: SampleTables.site)
    #expect(site == (try Vectors.digest("digest.site")))
    #expect(caseFile + consent == (try Vectors.digest("digest.case")))
    #expect(caseFile + consent + site == (try Vectors.digest("digest.scope")))
  }

  @Test("entries of the log, their commitments, leaves and heads are the golden ones")
  func log() throws {
    var commitments: [[UInt8]] = []
    for (index, name) in ["log.row", "log.grant", "log.update", "log.delete"].enumerated() {
      let payload = Sample.logEntries[index].encodedPayload()
      #expect(Hexadecimal.text(payload) == Hexadecimal.text(try Vectors.bytes(name)))
      let salt = (0..<16).map { UInt8(16 * index + $0) }
      let commitment = Hash256(sha256Of: salt + payload)
      #expect(commitment == (try Vectors.hash("log.commitment.\(index + 1)")))
      commitments.append(commitment.bytes)
    }
    var appender = MerkleAppender()
    #expect(appender.head.root == (try Vectors.hash("tree.head.0")))
    for (leaf, entries) in [1...2, 3...3, 4...4].enumerated() {
      let entry = written { writer in
        writer.fixed64(UInt64(entries.lowerBound))
        for seq in entries { writer.raw(commitments[seq - 1]) }
      }
      let hash = MerkleTree.leafHash(of: entry)
      #expect(hash == (try Vectors.hash("tree.leaf.\(leaf)")))
      _ = appender.append(leafHash: hash)
      #expect(appender.head.root == (try Vectors.hash("tree.head.\(leaf + 1)")))
    }
  }

  @Test("the golden proofs lead from one golden head to the other")
  func proofs() throws {
    let heads = try (0...3).map {
      TreeHead(size: Int64($0), root: try Vectors.hash("tree.head.\($0)"))
    }
    let oneToThree = try Vectors.bytes("tree.proof.1.3")
    let hashes = [Array(oneToThree.prefix(32)), Array(oneToThree.dropFirst(32))]
      .compactMap(Hash256.init(bytes:))
    #expect(hashes == (try Sample.proofFromOneToThree()))
    #expect(MerkleTree.verifyConsistency(from: heads[1], to: heads[3], proof: hashes))
    #expect(
      MerkleTree.verifyConsistency(
        from: heads[2], to: heads[3], proof: [try Vectors.hash("tree.proof.2.3")]))
    #expect(MerkleTree.verifyConsistency(from: heads[0], to: heads[3], proof: []))
  }

  private func written(_ write: (inout ByteWriter) -> Void) -> [UInt8] {
    var writer = ByteWriter()
    write(&writer)
    return writer.bytes
  }
}

/// The tables of the digests' vectors, with the columns that the vectors name.
private enum SampleTables {
  static let caseFile = table(
    2, "case_file", .caseRoot,
    [
      column(1, "programme_id"), column(2, "opened_on"),
      column(3, "phase", isRequired: true, defaultValue: .text("open")),
    ])
  static let consent = table(
    4, "consent", .ofCase,
    [
      column(1, "purpose"), column(2, "recipient_site"), column(3, "basis"), column(4, "event"),
      column(5, "on_date"), column(10, "document_ref", .local),
    ])
  static let site = table(
    1, "site", .global,
    [column(1, "kind"), column(2, "name"), column(6, "mbe_jmd", type: .boolean)])

  private static func table(
    _ number: Int, _ name: String, _ scope: TableScope, _ columns: [Column]
  ) -> Table {
    Table(
      number: number, name: name, label: name, scope: scope, isAppendOnly: false,
      isHubOnly: false, retentionMonths: nil, columns: columns)
  }

  private static func column(
    _ number: Int, _ name: String, _ tier: Tier = .header, type: ColumnType = .text,
    isRequired: Bool = false, defaultValue: Value = .null
  ) -> Column {
    Column(
      number: number, name: name, label: name, type: type, tier: tier, policy: .lead,
      isRequired: isRequired, defaultValue: defaultValue)
  }
}
