import Foundation
import FuzzTargets
import Testing

@Suite("The table of decoders")
struct CompletenessTests {
  @Test("what decodes is fuzzed, or stands among the exemptions with its reason")
  func everyDecoderIsThere() throws {
    let covered = Set(DecoderTable.all.flatMap(\.covers))
    let missing = try Sources.decoding().filter { declaration in
      !covered.contains(declaration)
        && !DecoderTable.exemptions.contains { declaration.hasPrefix($0.key) }
    }
    #expect(missing == [], "add a decoder to DecoderTable, or a reason to its exemptions")
  }

  @Test("whatever the table names is in the sources")
  func nothingIsLeftOver() throws {
    for key in DecoderTable.all.flatMap(\.covers) + DecoderTable.exemptions.map(\.key) {
      let parts = key.split(separator: " ", maxSplits: 1).map(String.init)
      if parts.count == 1 {
        #expect(Sources.exists(parts[0]), "\(key)")
      } else {
        #expect(try Sources.code(of: parts[0]).contains(parts[1]), "\(key)")
      }
    }
  }

  @Test("no declaration is both fuzzed and exempt, and each decoder has its own name")
  func noDoubles() {
    let covered = DecoderTable.all.flatMap(\.covers)
    #expect(Set(covered).count == covered.count)
    for exemption in DecoderTable.exemptions {
      #expect(!covered.contains { $0.hasPrefix(exemption.key) }, "\(exemption.key)")
      #expect(!exemption.value.isEmpty, "\(exemption.key)")
    }
    let names = DecoderTable.all.map(\.name)
    #expect(Set(names).count == names.count)
    for name in names { #expect(DecoderTable.decoder(named: name)?.name == name) }
  }

  @Test("the look through the sources sees every kind of decoder")
  func sample() throws {
    let text = """
      init(decoding bytes: [UInt8]) {}
      package init?(text: String) { self.init(text: other) }
      // func decode(x)
      static func decode<Message: Decodable>(_ bytes: [UInt8]) {}
      package struct Hello: Codable, Sendable {
      struct Row: Sendable {
      let table = try TOMLTable(string: text)
      let made = Certificate(version: .v3)
      let read = try Certificate(
        pemEncoded: text)
      """
    #expect(
      try Sources.decoding(in: text) == [
        "init(decoding", "init?(text", "func decode", "struct Hello", "TOMLTable(", "Certificate(",
      ])
  }
}

/// The product's sources, as far as this suite reads them.
private enum Sources {
  private static let folder = Corpus.repository.appending(path: "Sources")

  /// Each `Target/File.swift declaration` that takes bytes or text apart, in the files' order.
  static func decoding() throws -> [String] {
    let path = folder.path(percentEncoded: false)
    let files = try FileManager.default.subpathsOfDirectory(atPath: path)
      .filter { $0.hasSuffix(".swift") && !$0.hasPrefix("Fuzz") && !$0.hasPrefix("SyncSimulator/") }
      .sorted()
    return try files.flatMap { file in
      try decoding(in: try code(of: file)).map { "\(file) \($0)" }
    }
  }

  static func decoding(in text: String) throws -> [String] {
    let labels = "decoding|parsing|toml|json|from|reading|text|bytes|uri|inOpenSSLText"
    let pattern = [
      #"(?<!\.)\binit\??\((?:"# + labels + #")\b"#,
      #"\bfunc (?:decode|inflated?|parse|read|keyHash)\b(?=[(<])"#,
      #"\b(?:struct|enum|class|actor) \w+(?=[^{]*:[^{]*\b(?:Codable|Decodable)\b)"#,
      #"\b(?:JSONDecoder|PropertyListDecoder|TOMLTable|TOMLDecoder)\("#,
      #"\b(?:Certificate|CertificateSigningRequest|PrivateKey)\((?=\s*(?:der|pem))"#,
    ].joined(separator: "|")
    let expression = try NSRegularExpression(pattern: pattern)
    let code = withoutComments(text) as NSString
    let all = NSRange(location: 0, length: code.length)
    return expression.matches(in: code as String, range: all).map { code.substring(with: $0.range) }
  }

  static func code(of file: String) throws -> String {
    withoutComments(try String(contentsOf: folder.appending(path: file), encoding: .utf8))
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: path).path(percentEncoded: false))
  }

  private static func withoutComments(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.drop { $0 == " " }.hasPrefix("//") ? "" : String($0) }
      .joined(separator: "\n")
  }
}
