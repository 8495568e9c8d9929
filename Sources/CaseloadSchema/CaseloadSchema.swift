package import SyncCore
import Synchronization
import TOMLKit

/// The reader of `caseload.toml`, the one place where tables and columns are declared.
package enum CaseloadSchema {
  /// A county's schema has some twenty tables; fifty times its size is a mistake or an attack.
  package static let textByteCountMax = 1 << 20

  /// Reads a schema and refuses everything that it does not understand or that could not work.
  ///
  /// - Parameter name: the file's name, for the messages.
  /// - Throws: every mistake that can be told, with its place and cure; for text that is no TOML
  ///   the first one with its line.
  package static func read(toml text: String, file name: String) throws(SchemaError) -> Schema {
    // NB: the TOML library never frees what it has parsed, and a daemon opens its replicas for
    // years: a text is parsed once.
    if let known = known.withLock({ $0[text] }) { return known }
    let schema = try parsed(toml: text, file: name)
    known.withLock { known in
      if known.count >= knownCountMax { known.removeAll() }
      known[text] = schema
    }
    return schema
  }

  /// The schemas that this process has read, by their texts.
  private static let known = Mutex<[String: Schema]>([:])
  /// The counties of a hub, with an older version each.
  private static let knownCountMax = 64

  private static func parsed(toml text: String, file name: String) throws(SchemaError) -> Schema {
    var mistakes = Mistakes()
    let root = parse(text, &mistakes)
    try mistakes.check(file: name)
    let draft = root.map { SchemaDraft(Section(table: $0, place: ""), &mistakes) }
    draft?.check(&mistakes)
    try mistakes.check(file: name)
    guard let schema = draft?.schema else {
      preconditionFailure("a schema without mistakes has all its parts")
    }
    return schema
  }

  private static func parse(_ text: String, _ mistakes: inout Mistakes) -> TOMLTable? {
    let byteCount = text.utf8.count
    guard byteCount <= textByteCountMax else {
      mistakes.add(
        at: "", "has \(byteCount) bytes, more than \(textByteCountMax)",
        cure: "give the path of the schema's own file")
      return nil
    }
    // The parser takes a C string: it would not see what stands behind a zero.
    if let position = text.utf8.firstIndex(of: 0) {
      let line = text.utf8[..<position].count(where: { $0 == 0x0A }) + 1
      mistakes.add(at: "line \(line)", "has a zero byte", cure: "save the file as plain UTF-8 text")
      return nil
    }
    if let flaw = TOMLText.flaw(in: text) {
      mistakes.add(at: "line \(flaw.line)", flaw.fact, cure: flaw.cure)
      return nil
    }
    do {
      return try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      let at = error.source.begin
      mistakes.add(
        at: "line \(at.line), column \(at.column)", "is not TOML: \(error.description)",
        cure: "correct the line")
    } catch {
      mistakes.add(at: "", "is not TOML: \(error)", cure: "correct the file")
    }
    return nil
  }
}
