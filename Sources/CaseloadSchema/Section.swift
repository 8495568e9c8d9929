import SyncCore
import TOMLKit

/// A TOML table with its place.
///
/// TOMLKit's decoder reports a wrong type as a missing key, so each key's type is checked here.
struct Section {
  private let table: TOMLTable
  let place: String

  init(table: TOMLTable, place: String) {
    self.table = table
    self.place = place
  }

  /// In ascending order.
  var keys: [String] { table.keys.sorted() }

  /// The place of a key in messages.
  func at(_ key: String) -> String {
    place.isEmpty ? "key \(key)" : "\(place), key \(key)"
  }

  /// Refuses every key that nobody reads.
  func allow(only keys: [String], _ mistakes: inout Mistakes) {
    for key in self.keys where !keys.contains(key) {
      mistakes.add(
        at: at(key), "is unknown", cure: "remove it or use one of \(keys.joined(separator: ", "))")
    }
  }

  func has(_ key: String) -> Bool { table[key] != nil }

  func require(_ key: String, _ mistakes: inout Mistakes) {
    if !has(key) { mistakes.add(at: at(key), "is missing", cure: "add it") }
  }

  func text(_ key: String, _ mistakes: inout Mistakes) -> String? {
    guard let value = table[key] else { return nil }
    guard let text = value.string else {
      refuse(key, value, "a text between quotes", &mistakes)
      return nil
    }
    return text
  }

  func integer(_ key: String, _ mistakes: inout Mistakes) -> Int? {
    guard let value = table[key] else { return nil }
    guard let integer = value.int else {
      refuse(key, value, "a whole number without quotes", &mistakes)
      return nil
    }
    return integer
  }

  func flag(_ key: String, _ mistakes: inout Mistakes) -> Bool? {
    guard let value = table[key] else { return nil }
    guard let flag = value.bool else {
      refuse(key, value, "true or false", &mistakes)
      return nil
    }
    return flag
  }

  func texts(_ key: String, _ mistakes: inout Mistakes) -> [String] {
    guard let value = table[key] else { return [] }
    guard let array = value.array else {
      refuse(key, value, "a list of texts", &mistakes)
      return []
    }
    var texts: [String] = []
    for element in array {
      guard let text = element.string else {
        refuse(key, element, "only texts between quotes in its list", &mistakes)
        return []
      }
      texts.append(text)
    }
    return texts
  }

  /// The table below the key; none and a mistake if the key holds something else.
  func section(_ key: String, place: String, _ mistakes: inout Mistakes) -> Section? {
    guard let value = table[key] else { return nil }
    guard let table = value.table else {
      mistakes.add(
        at: place, "is a TOML \(value.type)", cure: "make it a table with keys and values")
      return nil
    }
    return Section(table: table, place: place)
  }

  /// One of the named cases of an enumeration.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ mistakes: inout Mistakes
  ) -> Choice? where Choice.RawValue == String {
    guard let text = text(key, &mistakes) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      mistakes.add(at: at(key), "\"\(text)\" is unknown", cure: "use one of \(names)")
      return nil
    }
    return choice
  }

  /// The German words for people.
  func label(_ mistakes: inout Mistakes) -> String? {
    require("label", &mistakes)
    guard let label = text("label", &mistakes) else { return nil }
    guard (1...SchemaLimit.labelByteCountMax).contains(label.utf8.count) else {
      mistakes.add(
        at: at("label"), "has \(label.utf8.count) bytes",
        cure: "use 1 to \(SchemaLimit.labelByteCountMax)")
      return nil
    }
    return label
  }

  /// A stable number, which must stand there.
  func number(max: Int, _ mistakes: inout Mistakes) -> Int? {
    require("number", &mistakes)
    guard let number = integer("number", &mistakes) else { return nil }
    guard (1...max).contains(number) else {
      mistakes.add(at: at("number"), "\(number) is out of range", cure: "use 1 to \(max)")
      return nil
    }
    return number
  }

  private func refuse(
    _ key: String, _ value: any TOMLValueConvertible, _ wanted: String, _ mistakes: inout Mistakes
  ) {
    mistakes.add(at: at(key), "holds a TOML \(value.type)", cure: "write \(wanted)")
  }
}

/// Bounds of a schema. Those of columns stand at `Column`.
enum SchemaLimit {
  /// Three digits in every message and one or two bytes on the wire; the domain knows 18 tables.
  static let tableNumberMax = 999
  /// A hundred years: whatever is longer is a mistyped number.
  static let retentionMonthsMax = 1200
  static let labelByteCountMax = 200
  /// Versions count published changes; a version above this is a mistyped number.
  static let versionMax = 1_000_000

  /// What SQL, the wire and every shell take without a second thought.
  static func isName(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, bytes.count <= 63, isLetter(first) else { return false }
    return bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
  }

  /// A code must survive in a set's comma-separated list.
  static func isCode(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        isLetter($0) || isDigit($0) || isLetter($0 | 0x20)
          || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
      }
  }

  /// Whether the text is a day of the Gregorian calendar, `YYYY-MM-DD`.
  static func isDate(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    let dash = UInt8(ascii: "-")
    guard bytes.count == 10, bytes[4] == dash, bytes[7] == dash else { return false }
    guard (bytes[0..<4] + bytes[5..<7] + bytes[8..<10]).allSatisfy(isDigit) else { return false }
    let number = { (range: Range<Int>) in bytes[range].reduce(0) { $0 * 10 + Int($1 - 48) } }
    let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
    guard (1...12).contains(month) else { return false }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let dayCounts = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1...dayCounts[month - 1]).contains(day)
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
