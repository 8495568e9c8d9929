import SyncCore

/// A value to be bound. Texts are bytes of a ``TextArena``, which lives as long as they do.
enum Cell {
  case null
  case integer(Int64)
  case text(UnsafePointer<CChar>, Int32)
}

/// Keeps texts at fixed addresses, so that SQLite may read them where they stand: a baseline that
/// copied or folded them would be slower than it honestly can be.
final class TextArena {
  private var blocks: [UnsafeMutablePointer<CChar>] = []
  private var used = TextArena.blockByteCount

  private static let blockByteCount = 1 << 20

  deinit { for block in blocks { block.deallocate() } }

  /// - Precondition: the text is shorter than a block.
  func keep(_ text: String) -> Cell {
    var text = text
    return text.withUTF8 { bytes in
      precondition(bytes.count < Self.blockByteCount)
      if used + bytes.count >= Self.blockByteCount {
        blocks.append(.allocate(capacity: Self.blockByteCount))
        used = 0
      }
      let start = blocks[blocks.count - 1] + used
      bytes.withMemoryRebound(to: CChar.self) { source in
        if let address = source.baseAddress { start.update(from: address, count: source.count) }
      }
      used += bytes.count
      return .text(UnsafePointer(start), Int32(bytes.count))
    }
  }
}

/// Writes in the order in which they are to be done, ready to be bound: what the local program does
/// to a replica, and what a baseline does to a plain file.
package final class OperationList {
  private struct Operation {
    let statement: Int
    let start: Int
    let end: Int
  }

  let arena = TextArena()
  private var texts: [String] = []
  private var places: [String: Int] = [:]
  private var operations: ContiguousArray<Operation> = []
  private var cells: ContiguousArray<Cell> = []

  /// How many rows are written.
  package var count: Int { operations.count }

  func append(_ sql: String, _ written: [Cell]) {
    let place = places[sql] ?? texts.count
    if place == texts.count {
      texts.append(sql)
      places[sql] = place
    }
    let start = cells.count
    cells.append(contentsOf: written)
    operations.append(Operation(statement: place, start: start, end: cells.count))
  }

  /// Puts the writes into an order of no meaning, as people write.
  ///
  /// - Precondition: no two of them write one row.
  func shuffle(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    operations.shuffle(using: &generator)
  }

  /// Statements of a connection for this list.
  func prepare(on database: RawDatabase) throws -> [RawStatement] {
    try texts.map(database.prepare)
  }

  /// Does all of it in one transaction: the whole cost, from BEGIN to the durable COMMIT.
  func runAsOne(on database: RawDatabase, _ statements: [RawStatement]) throws {
    try database.transaction { try run(statements) }
  }

  /// Does each write as it comes: in a transaction of its own, unless the caller has begun one.
  func run(_ statements: [RawStatement]) throws {
    try cells.withUnsafeBufferPointer { cells in
      for operation in operations {
        try statements[operation.statement].run(
          UnsafeBufferPointer(rebasing: cells[operation.start..<operation.end]))
      }
    }
  }

  /// All that was changed as one run of bytes: operation, then each cell with a zero behind it.
  package func changedCells() -> [UInt8] {
    var bytes: [UInt8] = []
    for operation in operations {
      bytes.append(UInt8(truncatingIfNeeded: operation.statement))
      for cell in cells[operation.start..<operation.end] {
        switch cell {
        case .null: bytes.append(0)
        case .integer(let number):
          withUnsafeBytes(of: number.littleEndian) { bytes += $0.prefix(4) }
        case .text(let start, let count):
          start.withMemoryRebound(to: UInt8.self, capacity: Int(count)) {
            bytes += UnsafeBufferPointer(start: $0, count: Int(count))
          }
          bytes.append(0)
        }
      }
    }
    return bytes
  }
}
