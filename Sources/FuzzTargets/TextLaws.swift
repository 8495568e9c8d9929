import CaseloadSchema
import SyncCore
import SyncProtocol

/// Laws of texts. Where one value has one text, what was read is written as it stood.
enum TextLaws {
  static func hash(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let text = text(bytes)
    let hash = Hash256(text: text)
    let digest = Digest128(text: text)
    if let hash { try require(ByteText(hash.text) == ByteText(text), "a hash has one text") }
    if let digest { try require(ByteText(digest.text) == ByteText(text), "a digest has one text") }
    let read = Hexadecimal.bytes(text)
    if let read {
      try require(
        ByteText(Hexadecimal.text(read)) == ByteText(text), "bytes have one hexadecimal text")
    }
    try require((hash != nil) == (read?.count == Hash256.byteCount), "a hash has 32 bytes")
    try require((digest != nil) == (read?.count == Digest128.byteCount), "a digest has 16 bytes")
    return hash == nil && digest == nil ? .refused : .read
  }

  static func base64URL(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    // As raw bytes, too, they must come back.
    try require(
      Base64URL.decode(Base64URL.encode(bytes)) == bytes, "bytes that were written are read")
    let text = text(bytes)
    guard let read = Base64URL.decode(text) else { return .refused }
    try require(ByteText(Base64URL.encode(read)) == ByteText(text), "bytes have one text")
    return .read
  }

  static func hubURL(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let url: HubURL
    do {
      url = try HubURL(parsing: text(bytes))
    } catch {
      return .refused
    }
    try requirePlain(url)
    return .read
  }

  static func joinString(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try joinString(text(bytes))
  }

  /// With the right check sum behind them: it protects from slips, not from whoever can count.
  static func joinFields(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try joinString(JoinString.prefix + Base64URL.encode(bytes + checkSum(of: bytes)))
  }

  private static func joinString(_ text: String) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let join: JoinString
    do {
      join = try JoinString(parsing: text)
    } catch {
      return .refused
    }
    try require(join.county.isWellFormed, "a county's key has five digits")
    try require(
      join.pin.count == JoinString.pinByteCount && join.token.count == JoinString.tokenByteCount,
      "pin and token have their lengths")
    try requirePlain(join.hubURL)
    try requirePlain(join.joinURL)
    do {
      let again = try JoinString(parsing: join.text)
      try require(again == join, "a join string that was written is read as the same")
    } catch let error as BrokenLaw {
      throw error
    } catch {
      throw BrokenLaw("a join string that was read can be written and read again")
    }
    return .read
  }

  private static let shipped = Result { () throws(SchemaError) in
    try CaseloadSchema.read(toml: CaseloadSchema.shipped, file: "caseload.toml")
  }

  /// The text as the values of each of the shipped tables.
  static func capturedValues(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    guard case .success(let schema) = shipped else {
      throw BrokenLaw("the shipped schema is one")
    }
    let text = text(bytes)
    var outcome = FuzzedDecoder.Outcome.refused
    for table in schema.tables {
      guard let values = CapturedValues.read(text, of: table) else { continue }
      outcome = .read
      try require(values.count == table.columns.count, "every column has a value")
      try require(
        zip(table.columns, values).allSatisfy { $0.type.admits($1) },
        "a value is one that its column can hold")
      let written = values.map(SQLText.literal).joined(separator: ",")
      try require(
        CapturedValues.read(written, of: table) == values,
        "values that were written are read as the same")
    }
    return outcome
  }

  static func schema(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let text = text(bytes)
    let schema: Schema
    do {
      schema = try CaseloadSchema.read(toml: text, file: "fuzzed.toml")
    } catch {
      try require(!error.mistakes.isEmpty, "a refused schema says why")
      return .refused
    }
    try require(schema.caseRoot != nil, "a schema has a root of cases")
    for table in schema.tables {
      try require(isName(table.name), "a table's name needs no quotes")
      try require(
        table.columns.allSatisfy { isName($0.name) && $0.type.admits($0.defaultValue) },
        "a column has a plain name and a default of its type")
    }
    // What every site does with it next must not end the process.
    for script in [ReplicaSQL.script(schema), HubSQL.script(schema)] {
      try require(!script.utf8.contains(0), "generated SQL ends where it ends")
    }
    do {
      try CaseloadSchema.check(schema, extends: schema, file: "fuzzed.toml")
      try require(
        try CaseloadSchema.read(toml: text, file: "fuzzed.toml") == schema,
        "a text has one schema")
    } catch let error as BrokenLaw {
      throw error
    } catch {
      throw BrokenLaw("a schema extends itself")
    }
    return .read
  }

  /// The text that a decoder gets: JSON and SQLite have made sure that it is UTF-8.
  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
  }

  /// What may stand in a command line, a log and a header without a second thought.
  private static func requirePlain(_ url: HubURL) throws(BrokenLaw) {
    try require(
      url.text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !url.host.isEmpty
        && url.text.hasPrefix("https://") && url.text.utf8.count <= HubURL.byteCountMax,
      "an address is plain text")
    do {
      try require(try HubURL(parsing: url.text) == url, "an address has one text")
    } catch let error as BrokenLaw {
      throw error
    } catch {
      throw BrokenLaw("an address that was read can be read again")
    }
  }

  private static func isName(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_")
      }
  }

  /// CRC-32 as in zip and PNG, most significant byte first.
  private static func checkSum(of bytes: [UInt8]) -> [UInt8] {
    var remainder: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      remainder ^= UInt32(byte)
      for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    let sum = ~remainder
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
  }
}
