import SyncCore
import Testing

@Suite("Rows and parts of rows")
struct RowImageTests {
  @Test("a mask is a set of column numbers")
  func mask() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<500 {
      let left = numbers(&random)
      let right = numbers(&random)
      let mask = ColumnMask(left)
      #expect(mask.numbers == left.sorted())
      #expect(mask.count == left.count)
      #expect(mask.isEmpty == left.isEmpty)
      for number in 1...Column.numberMax { #expect(mask.contains(number) == left.contains(number)) }
      let other = ColumnMask(right)
      #expect(mask.union(other).numbers == left.union(right).sorted())
      #expect(mask.intersection(other).numbers == left.intersection(right).sorted())
      #expect(mask.subtracting(other).numbers == left.subtracting(right).sorted())
    }
  }

  @Test("inserting and removing a column undo each other, at both ends of the range")
  func insertAndRemove() {
    for number in [1, 2, 61, 62] {
      var mask = ColumnMask.empty
      mask.insert(number)
      mask.insert(number)
      #expect(mask.numbers == [number])
      #expect(mask.bits == 1 << UInt64(number - 1))
      mask.remove(number)
      #expect(mask == .empty)
    }
  }

  @Test("a cell is found by its column's number, and others are not there")
  func cells() {
    var random = SeededGenerator(seed: 4)
    for _ in 0..<300 {
      let present = numbers(&random)
      let mask = ColumnMask(present)
      let cells = Cells(mask: mask, values: mask.numbers.map { .integer(Int64($0)) })
      for number in 1...Column.numberMax {
        #expect(cells[number] == (present.contains(number) ? .integer(Int64(number)) : nil))
      }
      let kept = numbers(&random)
      let restricted = cells.restricted(to: ColumnMask(kept))
      #expect(restricted.mask.numbers == present.intersection(kept).sorted())
      #expect(restricted.values == restricted.mask.numbers.map { .integer(Int64($0)) })
    }
  }

  @Test("the cells of a whole row are those of the mask's columns, whatever gaps the numbers have")
  func cellsOfRow() {
    let table = EncodingTables.table([column(9), column(2), column(5, tier: .local)])
    let row: [Value] = [.text("two"), .text("five"), .text("nine")]
    let cells = Cells(of: row, in: table, mask: table.travellingColumns)
    #expect(cells.mask.numbers == [2, 9])
    #expect(cells.values == [.text("two"), .text("nine")])
    #expect(Cells(of: row, in: table, mask: table.allColumns).values == row)
    #expect(Cells(of: row, in: table, mask: .empty) == .empty)
  }

  @Test("a row reads back, also with columns that the reader's schema does not know")
  func roundTrip() throws {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<500 {
      let image = image(&random)
      var writer = ByteWriter()
      image.encode(into: &writer)
      var reader = ByteReader(writer.bytes)
      #expect(try RowImage(from: &reader) == image)
      #expect(reader.isAtEnd)
    }
  }

  @Test("two different rows never have the same bytes")
  func injective() {
    var random = SeededGenerator(seed: 6)
    var images: Set<RowImage> = []
    var encodings: Set<[UInt8]> = []
    for _ in 0..<1_000 {
      let image = image(&random)
      var writer = ByteWriter()
      image.encode(into: &writer)
      images.insert(image)
      encodings.insert(writer.bytes)
    }
    #expect(encodings.count == images.count)
  }

  @Test("no proper beginning of a row is a row")
  func truncated() throws {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<50 {
      var writer = ByteWriter()
      image(&random).encode(into: &writer)
      for length in writer.bytes.indices {
        var reader = ByteReader(Array(writer.bytes[..<length]))
        #expect(throws: DecodeError.self) { try RowImage(from: &reader) }
      }
    }
  }

  private func numbers(_ random: inout SeededGenerator) -> Set<Int> {
    let count = Int.random(in: 0...8, using: &random)
    return Set((0..<count).map { _ in Int.random(in: 1...Column.numberMax, using: &random) })
  }

  private func image(_ random: inout SeededGenerator) -> RowImage {
    let mask = ColumnMask(numbers(&random))
    let texts = ["", "a", "b", "ab", "\u{E9}", "e\u{301}"]
    return RowImage(
      key: RowKey(
        table: Int.random(in: 1...RowLimit.tableNumberMax, using: &random),
        id: RowID(texts.randomElement(using: &random)!)),
      caseID: CaseID(texts.randomElement(using: &random)!),
      cells: Cells(
        mask: mask,
        values: mask.numbers.map { _ in
          switch Int.random(in: 0..<3, using: &random) {
          case 0: .null
          case 1: .integer(Int64(bitPattern: random.anyWidth()))
          default: .text(texts.randomElement(using: &random)!)
          }
        }))
  }

  private func column(_ number: Int, tier: Tier = .header) -> Column {
    EncodingTables.column(number, tier: tier)
  }
}

/// Tables for the laws of encodings and digests.
enum EncodingTables {
  static func table(number: Int = 3, _ columns: [Column]) -> Table {
    Table(
      number: number, name: "t\(number)", label: "T", scope: .ofCase, isAppendOnly: false,
      isHubOnly: false, retentionMonths: nil, columns: columns)
  }

  static func column(_ number: Int, tier: Tier = .header) -> Column {
    Column(
      number: number, name: "c\(number)", label: "C", type: .text, tier: tier, policy: .lead)
  }
}
