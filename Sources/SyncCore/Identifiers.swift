/// Text that is compared byte by byte.
///
/// Swift compares strings by canonical equivalence: "é" in one code point equals "é" in two. Two
/// replicas whose bytes differ are not equal, so every text that is compared, hashed or used as a
/// key in KreisSync is compared by its UTF-8 bytes.
package struct ByteText: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let string: String

  package init(_ string: String) {
    self.string = string
  }

  package var description: String { string }

  // Native strings keep their UTF-8 in one piece, and then whole words are compared and hashed:
  // byte by byte it was a tenth of a session's time.

  package static func == (left: ByteText, right: ByteText) -> Bool {
    guard left.string.utf8.count == right.string.utf8.count else { return false }
    return left.withBytes { left in right.withBytes { isEqual(left, $0) } }
  }

  /// - Precondition: both are of one length.
  private static func isEqual(
    _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
  ) -> Bool {
    var offset = 0
    while offset + 8 <= left.count {
      let word = left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      guard word == right.loadUnaligned(fromByteOffset: offset, as: UInt64.self) else {
        return false
      }
      offset += 8
    }
    while offset < left.count {
      guard left[offset] == right[offset] else { return false }
      offset += 1
    }
    return true
  }

  package static func < (left: ByteText, right: ByteText) -> Bool {
    left.withBytes { left in right.withBytes { left.lexicographicallyPrecedes($0) } }
  }

  package func hash(into hasher: inout Hasher) {
    withBytes { hasher.combine(bytes: $0) }
    hasher.combine(0xFF as UInt8)
  }

  /// Calls `body` with the UTF-8 bytes, valid inside the call only.
  private func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let result = string.utf8.withContiguousStorageIfAvailable {
      body(UnsafeRawBufferPointer($0))
    }
    return result ?? Array(string.utf8).withUnsafeBytes(body)
  }
}

/// An identifier that is text outside and a type of its own inside, so that a site is never passed
/// where a case is expected.
package protocol TextIdentifier: Hashable, Comparable, Sendable, CustomStringConvertible {
  var text: ByteText { get }
  init(text: ByteText)
}

extension TextIdentifier {
  package init(_ string: String) {
    self.init(text: ByteText(string))
  }

  package var string: String { text.string }
  package var description: String { text.string }

  package static func < (left: Self, right: Self) -> Bool {
    left.text < right.text
  }
}

/// The five-digit key of a Landkreis or Stadtkreis, the tenant root, for example `08118`.
package struct CountyKey: TextIdentifier {
  package let text: ByteText
  package init(text: ByteText) { self.text = text }

  /// Whether the key has the form of an official county key: five digits.
  package var isWellFormed: Bool {
    string.utf8.count == 5 && string.utf8.allSatisfy { (48...57).contains($0) }
  }
}

/// A body with a replica, named by the hub.
package struct SiteID: TextIdentifier {
  package let text: ByteText
  package init(text: ByteText) { self.text = text }

  /// The author of what the hub itself writes: a county's `site` rows, for example.
  package static let hub = SiteID("hub")
}

/// The unit of scope, responsibility, consent and erasure: the id of its `case_file` row.
package struct CaseID: TextIdentifier {
  package let text: ByteText
  package init(text: ByteText) { self.text = text }

  /// The place of rows that belong to no case, such as `site`. Every site is granted it.
  package static let none = CaseID("")
  package var isNone: Bool { string.isEmpty }

  /// What the unit of a row begins with that belongs to no case and goes to some sites only. No
  /// case may be named so.
  package static let unitMark = "#"
  package var isUnit: Bool { string.utf8.first == UInt8(ascii: "#") }
  /// A case that people would call one.
  package var isCase: Bool { !isNone && !isUnit }
}

/// The `id` of a row: any text that a client chose, unique in its table.
package struct RowID: TextIdentifier {
  package let text: ByteText
  package init(text: ByteText) { self.text = text }
}

/// Names a hand-over.
package struct HandoverID: TextIdentifier {
  package let text: ByteText
  package init(text: ByteText) { self.text = text }
}

/// Random name of the hub's timeline; new after the hub was restored.
package struct HistoryID: TextIdentifier {
  package let text: ByteText
  package init(text: ByteText) { self.text = text }
}

/// Random name of a replica's change log; new after the replica was restored or cloned.
package struct IncarnationID: TextIdentifier {
  package let text: ByteText
  package init(text: ByteText) { self.text = text }
}

/// A row's place: its table's number in the schema and its id. Never SQLite's rowid.
package struct RowKey: Hashable, Comparable, Sendable {
  package let table: Int
  package let id: RowID

  package init(table: Int, id: RowID) {
    self.table = table
    self.id = id
  }

  package static func < (left: RowKey, right: RowKey) -> Bool {
    (left.table, left.id) < (right.table, right.id)
  }
}

/// UTC milliseconds since 1970. Inside the core only the policy `latest` and the rule "written
/// before" of a hand-over compare them.
package typealias Milliseconds = Int64

/// Where a reader stands in the hub's log. A number alone is not a position: after a restore of the
/// hub the same numbers name other entries.
package struct Position: Hashable, Sendable {
  package var history: HistoryID
  package var seq: Int64
  package var treeHead: TreeHead

  package init(history: HistoryID, seq: Int64, treeHead: TreeHead) {
    self.history = history
    self.seq = seq
    self.treeHead = treeHead
  }
}
