package import SyncCore

/// A row's old values as the triggers log them: SQL literals in the order of the columns, separated
/// by commas, such as `'O''Brien',NULL,7`.
///
/// Not JSON: SQLite calls `json_array` unsafe in a trigger, so the writes of a client with
/// `trusted_schema` off would fail. `quote` never fails, whatever a table that a tool rebuilt
/// without types may hold. A text is cut at a zero byte, as everywhere where C reads it.
package enum CapturedValues {
  /// The expression that logs the columns of a row.
  static func expression(_ columns: [String], of row: String) -> String {
    columns.map { "quote(\(row).\($0))" }.joined(separator: " || ',' || ")
  }

  /// The values that stand in the text, one for each column of the table.
  ///
  /// An entry that was written before a newer schema added columns lacks their values: they count
  /// as what the rows that stood received, the default of a required column, else nothing.
  ///
  /// - Returns: nothing for text that no trigger of the table can have written: the log's table is
  ///   as open to other programs as any other.
  package static func read(_ text: String, of table: Table) -> [Value]? {
    var values: [Value] = []
    var rest = text.utf8[...]
    while true {
      guard let value = take(from: &rest), values.count < table.columns.count,
        table.columns[values.count].type.admits(value)
      else { return nil }
      values.append(value)
      guard let separator = rest.popFirst() else { break }
      guard separator == UInt8(ascii: ",") else { return nil }
    }
    return values + table.columns[values.count...].map(\.valueOfOlderRows)
  }

  private static func take(from rest: inout Substring.UTF8View) -> Value? {
    let quote = UInt8(ascii: "'")
    guard rest.first == quote else {
      let word = rest.prefix { $0 != UInt8(ascii: ",") }
      rest = rest[word.endIndex...]
      return Substring(word) == "NULL" ? .null : Int64(Substring(word)).map(Value.integer)
    }
    var bytes: [UInt8] = []
    rest.removeFirst()
    while let byte = rest.popFirst() {
      if byte == quote {
        guard rest.first == quote else {
          return String(validating: bytes, as: UTF8.self).map(Value.text)
        }
        rest.removeFirst()
      }
      bytes.append(byte)
    }
    return nil
  }
}
