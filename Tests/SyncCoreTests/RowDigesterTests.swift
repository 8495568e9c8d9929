import SyncCore
import Testing

@Suite("Digests of rows")
struct RowDigesterTests {
  private static let key = RowKey(table: 3, id: RowID("r"))
  private static let caseID = CaseID("c")
  private static let values: [Int: Value] = [
    1: .text("Muster"), 4: .integer(7), 9: .null, 12: .text("Ordner 7"),
  ]

  @Test("is the keyed hash of the canonical bytes of all travelling cells that are not empty")
  func definition() throws {
    var writer = ByteWriter()
    RowImage(
      key: Self.key, caseID: Self.caseID,
      cells: Cells(mask: ColumnMask([1, 4]), values: [.text("Muster"), .integer(7)])
    ).encode(into: &writer)
    #expect(try digest() == sipHash128(writer.bytes, key: try digestKey()))
  }

  @Test("does not depend on the order in which columns were declared")
  func columnOrder() throws {
    let expected = try digest()
    for order in [[1, 4, 9, 12], [12, 9, 4, 1], [4, 12, 1, 9]] {
      #expect(try digest(columns: order) == expected)
    }
  }

  @Test("does not change with an added column that is empty, and changes when it is filled")
  func addedColumn() throws {
    let before = try digest()
    #expect(try digest(columns: [1, 4, 9, 12, 20]) == before)
    #expect(
      try digest(columns: [1, 4, 9, 12, 20], Self.values.merging([20: .text("")]) { $1 }) != before)
  }

  @Test("does not see local columns")
  func localColumns() throws {
    let before = try digest()
    #expect(try digest(Self.values.merging([12: .text("Ordner 8")]) { $1 }) == before)
    #expect(try digest(Self.values.merging([12: .null]) { $1 }) == before)
  }

  @Test("tells apart what people, numbers and empty cells say")
  func otherValues() throws {
    let rows: [[Int: Value]] = [
      [:], [1: .text("")], [1: .text("7")], [1: .integer(7)], [4: .integer(7)], [9: .integer(7)],
      [1: .text("\u{E9}")], [1: .text("e\u{301}")], [1: .text("ab"), 4: .text("c")],
      [1: .text("a"), 4: .text("bc")],
    ]
    let digests = try rows.map { try digest($0) }
    #expect(Set(digests).count == rows.count)
  }

  @Test("tells apart tables, ids, cases and counties")
  func otherPlaces() throws {
    var digests = [try digest()]
    digests.append(try digest(of: RowKey(table: 4, id: RowID("r"))))
    digests.append(try digest(of: RowKey(table: 3, id: RowID("R"))))
    digests.append(try digest(caseID: CaseID("d")))
    digests.append(try digest(of: RowKey(table: 3, id: RowID("rc")), caseID: CaseID("")))
    digests.append(try digest(keyBytes: Array(1...16)))
    #expect(Set(digests).count == digests.count)
  }

  @Test("one digester gives every row what a new one gives")
  func reuse() throws {
    var digester = RowDigester(key: try digestKey())
    let table = Self.table([1, 4, 9, 12])
    for length in [40, 3, 200, 0] {
      let row: [Value] = [
        .text(String(repeating: "x", count: length)), .null, .integer(1), .null,
      ]
      var fresh = RowDigester(key: try digestKey())
      #expect(
        digester.digest(of: Self.key, caseID: Self.caseID, row: row, in: table)
          == fresh.digest(of: Self.key, caseID: Self.caseID, row: row, in: table))
    }
  }

  @Test("a case's digest follows its rows: change one, and the sum moves by the difference")
  func sumLaw() throws {
    var random = SeededGenerator(seed: 8)
    func row(_ id: Int) throws -> Digest128 {
      try digest(
        of: RowKey(table: 3, id: RowID("r\(id)")),
        [4: .integer(Int64(bitPattern: random.anyWidth()))])
    }
    var rows = try (0..<50).map { try row($0) }
    var sum = rows.reduce(Digest128.zero, +)
    for _ in 0..<200 {
      let place = Int.random(in: rows.indices, using: &random)
      let new = try row(place)
      sum = sum - rows[place] + new
      rows[place] = new
    }
    #expect(sum == rows.shuffled(using: &random).reduce(.zero, +))
    for digest in rows { sum -= digest }
    #expect(sum == .zero)
  }

  // MARK: Making rows

  private static func table(_ numbers: [Int]) -> Table {
    EncodingTables.table(
      numbers.map { EncodingTables.column($0, tier: $0 == 12 ? .local : .personal) })
  }

  private func digestKey(_ bytes: [UInt8] = Array(0..<16)) throws -> SipHash128Key {
    try #require(SipHash128Key(bytes: bytes))
  }

  private func digest(
    of key: RowKey = Self.key, caseID: CaseID = Self.caseID, columns: [Int] = [1, 4, 9, 12],
    _ values: [Int: Value] = Self.values, keyBytes: [UInt8] = Array(0..<16)
  ) throws -> Digest128 {
    let table = Self.table(columns)
    var digester = RowDigester(key: try digestKey(keyBytes))
    return digester.digest(
      of: key, caseID: caseID, row: table.columns.map { values[$0.number] ?? .null }, in: table)
  }
}
