package import SyncCore

/// Names, literals and expressions of generated SQL. A name of the schema reaches SQL only through
/// ``name(_:)``, and every column is qualified by its row: SQLite takes a quoted name that it does
/// not find for a text literal, except behind a dot.
package enum SQLText {
  /// A name between double quotes.
  package static func name(_ name: String) -> String {
    "\"" + doubling("\"", in: name) + "\""
  }

  /// A value as a literal.
  package static func literal(_ value: Value) -> String {
    switch value {
    case .null: "NULL"
    case .integer(let number): String(number)
    case .text(let text): "'" + doubling("'", in: text.string) + "'"
    }
  }

  /// UTC milliseconds since 1970.
  ///
  /// Julian days in a double resolve 0.04 ms, so the half millisecond makes the whole number
  /// exact. `unixepoch('subsec')` is newer than the SQLite of many clients, where it yields NULL.
  static let milliseconds =
    "CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER)"

  /// A UUIDv7 (RFC 9562, section 5.7) in lower case: 48 bits of milliseconds, version 7, 12 random
  /// bits, variant 10, 62 random bits.
  ///
  /// > 'now' … always returns exactly the same value for multiple invocations within the same
  /// > sqlite3_step() call.
  ///
  /// (<https://www.sqlite.org/lang_datefunc.html>) So both halves of the time belong together.
  static let uuidV7 =
    "printf('%08x-%04x-7%03x-%04x-%012x', \(milliseconds) >> 16, \(milliseconds) & 65535, "
    + "random() & 4095, 32768 | (random() & 16383), random() & 281474976710655)"

  private static func doubling(_ quote: Character, in text: String) -> String {
    // By scalars: a quote that carries a combining mark is another Character.
    var doubled = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      doubled.append(scalar)
      if quote.unicodeScalars.first == scalar { doubled.append(scalar) }
    }
    return String(doubled)
  }
}
