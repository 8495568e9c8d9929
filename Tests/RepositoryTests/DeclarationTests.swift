import Foundation
import Testing

/// The rule: a `package` or `public` type always has a doc comment, and so has a function, unless
/// it is an operator, fulfils a protocol that says it already, or says everything itself in at most
/// five lines.
@Suite("Doc comments")
struct DeclarationTests {
  @Test("whatever another target may use says what it promises")
  func documented() throws {
    let files = try Repository.swift(under: "Sources")
    let requirements = Set(try files.flatMap(requirementNames))
    expectNone(try files.flatMap { try undocumented(in: $0, requirements: requirements) })
  }

  @Test("the check sees bare types and functions, and spares the obvious")
  func sample() throws {
    let text = """
      package struct Bare {
        package func bare(_ x: Int) throws -> Int {
          let y = x
          if y > 7 { a() }
          if y > 8 { b() }
          return y
        }
        package func obvious() -> Int { 1 }
        package func alsoObvious() -> Int {
          let a = 1
          let b = 2
          return a + b
        }
        /// Says what it promises.
        @discardableResult
        package mutating func documented(_ x: Int) -> Int {
          let y = x
          return y
        }
        package static func == (left: Self, right: Self) -> Bool {
          let same = true
          a()
          b()
          return same
        }
        func inside() {
          a()
          b()
          c()
          d()
        }
        package func required() {
          a()
          b()
          c()
          d()
        }
        package enum Nested: Sendable {}
      }
      extension Bare: Codable {
        package func conforming(to encoder: any Encoder) throws {
          a()
          b()
          c()
          d()
        }
      }
      package protocol Port: Sendable {
        /// Says it for all.
        func required()
      }
      """
    let file = TextFile(sample: text)
    let findings = try undocumented(in: file, requirements: Set(requirementNames(in: file)))
    #expect(findings.map(\.line) == [1, 2, 38, 48])
  }

  private func undocumented(in file: TextFile, requirements: Set<String>) throws -> [Finding] {
    let pattern =
      #"^ *(?:@\w+(?:\([^)]*\))? +)*(?:package|public) +"#
      + #"(?:(?:static|final|mutating|nonisolated|indirect|borrowing|consuming) +)*"#
      + #"(struct|class|enum|actor|protocol|func) "#
    return try file.codeMatches(pattern).compactMap { match in
      guard !file.hasComment(above: match.index) else { return nil }
      if match.captured == "func", isObvious(match.index, in: file, besides: requirements) {
        return nil
      }
      return file.finding("say what this \(match.captured) promises", at: match.index)
    }
  }

  private func isObvious(
    _ index: Int, in file: TextFile, besides requirements: Set<String>
  ) -> Bool {
    let name = file.functionName(at: index)
    // An operator's meaning is the operator's.
    if name.isEmpty || requirements.contains(name) || ["hash", "encode"].contains(name) {
      return true
    }
    let outermost = file.outermostLine(at: index)
    if outermost.hasPrefix("extension "), outermost.contains(": ") { return true }
    guard let end = file.endOfDeclaration(at: index) else { return false }
    return end - index < 5
  }

  /// The functions that protocols of the file require, and that are documented there.
  private func requirementNames(in file: TextFile) throws -> [String] {
    try file.codeMatches("^ +(?:static |mutating )*func ").compactMap { match in
      guard file.outermostLine(at: match.index).contains("protocol "),
        file.hasComment(above: match.index)
      else { return nil }
      return file.functionName(at: match.index)
    }
  }
}

extension TextFile {
  /// The name of the function that is declared on the line; empty for an operator.
  fileprivate func functionName(at index: Int) -> String {
    let name = codeLines[index].components(separatedBy: "func ").last ?? ""
    return String(name.drop { $0 == "`" }.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
  }

  /// The declaration without indentation in which the line stands.
  fileprivate func outermostLine(at index: Int) -> String {
    codeLines[...index].last { $0.first?.isLetter == true } ?? ""
  }

  /// The nearest line above with less indentation.
  func indexOfEnclosingLine(at index: Int) -> Int {
    let indentation = lines[index].prefix { $0 == " " }.count
    return lines[..<index].lastIndex {
      !$0.isEmpty && $0.prefix { $0 == " " }.count < indentation
    } ?? index
  }

  /// The index of the line that closes the declaration which begins at this one, by the indentation
  /// that the formatter gives it; nil for a declaration without a body.
  func endOfDeclaration(at index: Int) -> Int? {
    let lines = codeLines
    let indentation = lines[index].prefix { $0 == " " }
    var openAt = index
    // A long signature goes on, indented more, until the line that opens the body.
    while !lines[openAt].contains("{") {
      openAt += 1
      guard openAt < lines.count, !lines[openAt].isEmpty else { return nil }
      let isDeeper = lines[openAt].hasPrefix(indentation + " ")
      guard isDeeper || lines[openAt].hasPrefix(indentation + ")") else { return nil }
    }
    let opening = lines[openAt]
    if opening.count(where: { $0 == "{" }) == opening.count(where: { $0 == "}" }) { return openAt }
    return lines[(openAt + 1)...].firstIndex { $0.hasPrefix(indentation + "}") }
  }

  /// Whether a comment stands directly above the line and the attributes over it.
  func hasComment(above index: Int) -> Bool {
    let above = lines[..<index].last { line in
      let text = line.drop { $0 == " " }
      return !text.hasPrefix("@") || text.contains(" func ") || text.contains(" import ")
    }
    return above?.drop { $0 == " " }.hasPrefix("//") == true
  }
}
