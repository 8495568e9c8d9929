import Foundation
import Testing

/// One text file, by its path from the repository's root.
struct TextFile: Sendable {
  let path: String
  let lines: [String]
  /// The same lines; in Swift without comments and the contents of string literals.
  let codeLines: [String]

  init(path: String, text: String) {
    self.path = path
    lines = Self.lines(of: text)
    codeLines = path.hasSuffix(".swift") ? Self.lines(of: SwiftCode.blanked(text)) : lines
  }

  /// A made-up Swift file, to show that a check can fail.
  init(sample text: String) {
    self.init(path: "Sources/Sample/Sample.swift", text: text)
  }

  var text: String { lines.joined(separator: "\n") }

  /// The folder below `Sources` or `Tests`, which is the target's name.
  var target: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }

  func finding(_ rule: String, at index: Int) -> Finding {
    Finding(path: path, line: index + 1, rule: rule)
  }

  /// Where code matches the pattern, once for each match. `^` and `$` are the ends of a line.
  ///
  /// Swift's own regular expressions took 25 seconds for what ICU's do in a few tenths.
  func codeMatches(_ pattern: String) throws -> [Match] {
    try Self.matches(of: pattern, in: codeLines)
  }

  func textMatches(_ pattern: String) throws -> [Match] {
    try Self.matches(of: pattern, in: lines)
  }

  struct Match {
    /// The index of the line on which the match ends.
    let index: Int
    /// The first group, or the whole match where the pattern has none.
    let captured: String
  }

  private static func matches(of pattern: String, in lines: [String]) throws -> [Match] {
    let expression = try NSRegularExpression(pattern: pattern, options: .anchorsMatchLines)
    let text = lines.joined(separator: "\n") as NSString
    let all = NSRange(location: 0, length: text.length)
    var index = 0
    var nextLineStart = lines.isEmpty ? 0 : lines[0].utf16.count + 1
    return expression.matches(in: text as String, range: all).map { match in
      while match.range.upperBound >= nextLineStart, index + 1 < lines.count {
        index += 1
        nextLineStart += lines[index].utf16.count + 1
      }
      let group = match.range(at: match.numberOfRanges > 1 ? 1 : 0)
      return Match(index: index, captured: text.substring(with: group))
    }
  }

  private static func lines(of text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}

/// What a check found, as a compiler would print it.
struct Finding: Equatable, CustomStringConvertible, CustomTestStringConvertible {
  let path: String
  let line: Int
  let rule: String

  var description: String { "\(path):\(line): \(rule)" }
  var testDescription: String { description }
}

/// Fails with one line for each finding.
func expectNone(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
  let list = findings.map(\.description).joined(separator: "\n")
  #expect(findings.isEmpty, "\n\(list)", sourceLocation: sourceLocation)
}
