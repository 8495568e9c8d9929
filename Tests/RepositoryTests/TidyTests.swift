import Testing

@Suite("Tidy")
struct TidyTests {
  private static let fileLineCountMax = 400
  private static let functionLineCountMax = 60
  private static let columnCountMax = 100

  /// Longer files, each with the reason why it is still one idea.
  private static let longFiles = [
    "Sources/CaseloadSchema/ShippedSchema.swift": "the text of schemas/caseload.toml, whole"
  ]

  @Test("no source file holds more than one idea: 400 lines at most")
  func fileLengths() throws {
    let long = try Repository.swift(under: "Sources").filter(isLong).map(\.path)
    #expect(long == Self.longFiles.keys.sorted())
    #expect(isLong(TextFile(sample: String(repeating: "\n", count: 401))))
    #expect(!isLong(TextFile(sample: String(repeating: "\n", count: 400))))
  }

  @Test("no function in the sources is longer than 60 lines")
  func functionLengths() throws {
    expectNone(try Repository.swift(under: "Sources").flatMap(longFunctions))
    let body = String(repeating: "    x()\n", count: 60)
    let sample = TextFile(sample: "struct S {\n  func f(\n  ) {\n\(body)  }\n}")
    #expect(try longFunctions(in: sample).map(\.line) == [2])
  }

  @Test("no line is wider than 100 columns, unless it holds a link or a row of a table")
  func columns() throws {
    expectNone(try swiftAndScripts().flatMap(wideLines))
    let wide = String(repeating: "ä", count: 101)
    #expect(wideLines(in: TextFile(sample: wide)).count == 1)
    #expect(wideLines(in: TextFile(sample: String(wide.dropLast()))).isEmpty)
    #expect(wideLines(in: TextFile(sample: "/// https://\(wide)")).isEmpty)
    #expect(wideLines(in: TextFile(sample: "  /// | \(wide) |")).isEmpty)
  }

  @Test("no line ends in white space")
  func trailingSpace() throws {
    expectNone(try everything().flatMap(trailingSpaces))
    #expect(try trailingSpaces(in: TextFile(sample: "a \nb\t\nc")).map(\.line) == [1, 2])
  }

  @Test("nothing is left for later in a comment")
  func unfinished() throws {
    expectNone(try everything().flatMap(unfinishedWork))
    for word in ["TO" + "DO", "FIX" + "ME", "XX" + "X"] {
      #expect(try unfinishedWork(in: TextFile(sample: "// \(word): later")).count == 1)
    }
    #expect(try unfinishedWork(in: TextFile(sample: "mktemp XXXXXX")).isEmpty)
  }

  @Test("a name says what a thing is, not that it is one")
  func names() throws {
    expectNone(try Repository.swift().flatMap(emptyNames))
    for line in [
      "struct SyncManager {", "enum StringUtil {", "final class StoreImpl: Store {",
      "protocol AbstractStore {", "struct DefaultPolicy {", "actor RowHelper {", "let data = 1",
      "func process() {", "var info: Int", "typealias RowUtils = Int",
    ] {
      #expect(try emptyNames(in: TextFile(sample: line)).count == 1, "\(line)")
    }
    for line in ["struct Utilization {", "let database = 1", "func processor() {", "// data"] {
      #expect(try emptyNames(in: TextFile(sample: line)).isEmpty, "\(line)")
    }
  }

  @Test("what the compiler cannot check has its proof above it")
  func proofs() throws {
    expectNone(try Repository.swift().flatMap(unprovedClaims))
    let text = """
      final class A: @unchecked Sendable {}
      // The lock guards every property.
      final class B: @unchecked Sendable {}
      // Written once, before any thread starts.
      @available(macOS 15, *)
      nonisolated(unsafe) var c = 1
      nonisolated(unsafe) var d = 1
      let e = unsafeBitCast(f, to: Int.self)
      // Both are one word.
      var g: Int {
        unsafeBitCast(f, to: Int.self)
      }
      """
    let findings = try unprovedClaims(in: TextFile(sample: text))
    #expect(findings.map(\.line) == [1, 7, 8])
  }

  @Test("no error in the sources is swallowed, and no bad input ends the process")
  func swallowedErrors() throws {
    expectNone(try Repository.swift(under: "Sources").flatMap(swallowing))
    let text = """
      let a = try? f()
      do { try f() } catch {}
      do {
      } catch {
      }
      try! f()
      fatalError()
      """
    #expect(try swallowing(in: TextFile(sample: text)).map(\.line) == [1, 2, 5, 6, 7])
  }

  @Test("tests wait for facts, never for time, and reach inside by package access")
  func testHabits() throws {
    expectNone(try Repository.swift(under: "Tests").flatMap(badHabits))
    let text = "try await Task.sleep(for: .seconds(1))\nusleep(5)\n@testable import SyncCore"
    #expect(try badHabits(in: TextFile(sample: text)).map(\.line) == [1, 2, 3])
  }
}

extension TidyTests {
  private func swiftAndScripts() throws -> [TextFile] {
    try Repository.swift() + Scripts.files()
  }

  private func everything() throws -> [TextFile] {
    try swiftAndScripts()
      + Repository.files(under: "Sources", endingIn: ".h")
      + Documents.paths.filter(Repository.exists).map(Repository.file)
      + (Repository.exists("schemas") ? Repository.files(under: "schemas", endingIn: ".toml") : [])
  }

  private func isLong(_ file: TextFile) -> Bool {
    // The text after the last line break is no line.
    file.lines.count - 1 > Self.fileLineCountMax
  }

  private func longFunctions(in file: TextFile) throws -> [Finding] {
    try file.codeMatches(#"^ *(?:[\w@()]+ +)*(?:func |init[(?<])"#).compactMap { match in
      guard let end = file.endOfDeclaration(at: match.index),
        end - match.index + 1 > Self.functionLineCountMax
      else { return nil }
      return file.finding("a function has at most 60 lines", at: match.index)
    }
  }

  private func wideLines(in file: TextFile) -> [Finding] {
    file.lines.indices.compactMap { index in
      let line = file.lines[index]
      let cannotBreak = line.contains("://") || line.drop { $0 == " " }.hasPrefix("/// |")
      guard line.count > Self.columnCountMax, !cannotBreak else { return nil }
      return file.finding("a line has at most 100 columns", at: index)
    }
  }

  private func trailingSpaces(in file: TextFile) throws -> [Finding] {
    try file.textMatches(#"[ \t\r]$"#).map {
      file.finding("white space at the end of the line", at: $0.index)
    }
  }

  private func unfinishedWork(in file: TextFile) throws -> [Finding] {
    try file.textMatches(#"\b(?:TO"# + #"DO|FIX"# + #"ME|X{3})\b"#).map {
      file.finding("unfinished work belongs in an issue", at: $0.index)
    }
  }

  private func emptyNames(in file: TextFile) throws -> [Finding] {
    let types =
      #"\b(?:struct|class|enum|actor|protocol|typealias)\s+"#
      + #"(?:\w+(?:Manager|Helpers?|Utils?|Utility|Utilities|Impl)|(?:Abstract|Default)[A-Z]\w*)\b"#
    let members = #"\b(?:let|var|func|case)\s+(?:data|info|process)\b"#
    return try file.codeMatches("\(types)|\(members)").map {
      file.finding("a name that says nothing: \($0.captured)", at: $0.index)
    }
  }

  private func unprovedClaims(in file: TextFile) throws -> [Finding] {
    let claims =
      #"@unchecked\s+Sendable|\b(?:nonisolated|unowned)\(unsafe\)|@unsafe\b"#
      + #"|\bunsafe(?:Bit|Down)[cC]ast\("#
    return try file.codeMatches(claims).compactMap { match in
      let places = [match.index, file.indexOfEnclosingLine(at: match.index)]
      let isProved = places.contains { file.hasComment(above: $0) }
      guard !isProved, !file.lines[match.index].contains(" // ") else { return nil }
      return file.finding("say above why this is safe", at: match.index)
    }
  }

  private func swallowing(in file: TextFile) throws -> [Finding] {
    let code = #"\btry[?!]|\bfatalError\(|\bcatch\b[^{\n]*\{\s*\}"#
    return try file.codeMatches(code).map {
      file.finding("errors are thrown on, with what, where and the cure", at: $0.index)
    }
  }

  private func badHabits(in file: TextFile) throws -> [Finding] {
    try file.codeMatches(#"\b(?:u|nano)?sleep\(|@testable\b"#).map {
      file.finding("wait for a fact; use package access", at: $0.index)
    }
  }
}
