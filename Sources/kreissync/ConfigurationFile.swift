import CaseloadSchema
import SyncProtocol
import Synchronization
import TOMLKit

/// A TOML file of settings, read strictly: unknown keys, wrong types and values out of range are
/// errors that name file, place and cure, because a misspelt key would silently do nothing.
///
/// Every key may be overridden in the environment as `KREISSYNC_KEY`. None is a secret.
struct ConfigurationFile {
  private let path: String
  private let environment: [String: String]
  private let lines: [Substring]
  /// Empty where there is no file.
  private let table: TOMLTable

  private static let byteCountMax = 64 << 10

  /// Reads the file at `path`; nil where there is none.
  init?(_ path: String, keys: [String], environment: [String: String]) throws {
    guard let bytes = try DurableFile.read(path, byteCountMax: Self.byteCountMax) else {
      return nil
    }
    self.path = path
    self.environment = environment
    let content = String(decoding: bytes, as: UTF8.self)
    if let flaw = TOMLText.flaw(in: content) {
      throw Self.wrong(path, "line \(flaw.line)", flaw.fact, flaw.cure)
    }
    lines = content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    do {
      table = try Self.table(of: content)
    } catch let error as TOMLParseError {
      throw Self.wrong(
        path, "line \(error.source.begin.line)", "is not TOML: \(error.description)",
        "correct the line")
    }
    for key in table.keys where !keys.contains(key) {
      throw wrong(key, "is unknown", "known keys: \(keys.joined(separator: ", "))")
    }
  }

  /// The settings of a file that is not there: what the environment says.
  init(withoutFileAt path: String, environment: [String: String]) {
    self.path = path
    self.environment = environment
    lines = []
    table = TOMLTable()
  }

  /// NB: the TOML library never frees what it has parsed, and a daemon looks at its settings for
  /// years: a text is parsed once.
  private static func table(of content: String) throws -> TOMLTable {
    if let known = known.withLock({ $0[content]?.table }) { return known }
    let table = try TOMLTable(string: content)
    known.withLock { known in
      if known.count >= knownCountMax { known.removeAll() }
      known[content] = Parsed(table: table)
    }
    return table
  }

  /// Read and never written.
  private struct Parsed: @unchecked Sendable {
    let table: TOMLTable
  }

  private static let known = Mutex<[String: Parsed]>([:])
  /// The replicas of one daemon, with room for texts that somebody is editing.
  private static let knownCountMax = 256

  /// The key's text; nil where neither environment nor file has it.
  func text(_ key: String) throws -> String? {
    if let override = override(of: key) { return override }
    guard let value = table[key] else { return nil }
    guard let text = value.string else {
      throw wrong(key, "is not text", "write \(key) = \"…\"")
    }
    return text
  }

  /// The key's number; nil where neither environment nor file has it.
  func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    let cure = "write a whole number from \(range.lowerBound) to \(range.upperBound)"
    let number: Int?
    if let override = override(of: key) {
      number = Int(override)
    } else if let value = table[key] {
      number = value.int
    } else {
      return nil
    }
    guard let number else { throw wrong(key, "is not a whole number", cure) }
    guard range.contains(number) else { throw wrong(key, "is out of range", cure) }
    return number
  }

  /// The key's yes or no; nil where neither environment nor file has it.
  func flag(_ key: String) throws -> Bool? {
    let flag: Bool?
    if let override = override(of: key) {
      flag = Bool(override)
    } else if let value = table[key] {
      flag = value.bool
    } else {
      return nil
    }
    guard let flag else {
      throw wrong(key, "is not true or false", "write \(key) = true or \(key) = false")
    }
    return flag
  }

  /// What is wrong with a key, where it was set, and the cure.
  func wrong(_ key: String, _ fact: String, _ cure: String) -> CommandFailure {
    guard override(of: key) == nil else {
      return Self.wrong("environment", Self.variable(key), fact, cure)
    }
    let line = line(of: key).map { "line \($0): " } ?? ""
    return Self.wrong(path, "\(line)key \(key)", fact, cure)
  }

  /// Where a key of the top level is set, or begins as a table; nil where it is not.
  ///
  /// The TOML library does not say where a value stood.
  private func line(of key: String) -> Int? {
    lines.firstIndex { line in
      var rest = line.drop { " \t[\"'".contains($0) }
      guard rest.hasPrefix(key) else { return false }
      rest = rest.dropFirst(key.count)
      return rest.first.map { " \t=.]\"'".contains($0) } ?? false
    }.map { $0 + 1 }
  }

  private func override(of key: String) -> String? { environment[Self.variable(key)] }

  private static func variable(_ key: String) -> String { "KREISSYNC_" + key.uppercased() }

  private static func wrong(_ path: String, _ place: String, _ fact: String, _ cure: String)
    -> CommandFailure
  {
    CommandFailure(.failed, "configuration", "\(path): \(place): \(fact)", hint: cure)
  }
}
