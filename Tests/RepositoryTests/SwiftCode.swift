/// Swift source without what only people read: comments and the contents of string literals become
/// spaces, so that a word in a message is not taken for a call. Lines and columns stay where they
/// are, and code inside an interpolation stays code.
enum SwiftCode {
  static func blanked(_ text: String) -> String {
    var scanner = Scanner(text)
    scanner.scan()
    return String(decoding: scanner.output, as: UTF8.self)
  }

  private struct Literal {
    let hashCount: Int
    let isMultiline: Bool
  }

  private enum Context {
    /// Code, with the number of parentheses that are open in it.
    case code(depth: Int)
    case literal(Literal)
    case lineComment
    case blockComment(depth: Int)
  }

  private struct Scanner {
    /// What may end plain code.
    private static let significant = "/\"#()".utf8.map(\.self)

    private let input: [UInt8]
    private(set) var output: [UInt8] = []
    private var position = 0
    private var contexts: [Context] = [.code(depth: 0)]

    init(_ text: String) {
      input = Array(text.utf8)
      output.reserveCapacity(input.count)
    }

    mutating func scan() {
      while position < input.count, let context = contexts.last {
        switch context {
        case .code(let depth): scanCode(depth: depth)
        case .literal(let literal): scanLiteral(literal)
        case .lineComment:
          if input[position] == UInt8(ascii: "\n") { contexts.removeLast() }
          blank(1)
        case .blockComment(let depth): scanBlockComment(depth: depth)
        }
      }
    }

    private mutating func scanCode(depth: Int) {
      guard Self.significant.contains(input[position]) else { return keep() }
      if follows("//") {
        contexts.append(.lineComment)
        blank(2)
      } else if follows("/*") {
        contexts.append(.blockComment(depth: 1))
        blank(2)
      } else if let literal = openedLiteral() {
        contexts.append(.literal(literal))
        blank(literal.hashCount + (literal.isMultiline ? 3 : 1))
      } else if follows("(") {
        contexts[contexts.count - 1] = .code(depth: depth + 1)
        keep()
      } else if follows(")") {
        // The parenthesis that closes an interpolation belongs to the literal around it.
        if depth == 0, contexts.count > 1 {
          contexts.removeLast()
        } else {
          contexts[contexts.count - 1] = .code(depth: depth - 1)
        }
        keep()
      } else {
        keep()
      }
    }

    private mutating func scanLiteral(_ literal: Literal) {
      let hashes = String(repeating: "#", count: literal.hashCount)
      let quote = literal.isMultiline ? "\"\"\"" : "\""
      if follows("\\" + hashes + "(") {
        blank(1 + literal.hashCount)
        keep()
        contexts.append(.code(depth: 0))
      } else if follows("\\" + hashes) {
        blank(2 + literal.hashCount)
      } else if follows(quote + hashes) {
        contexts.removeLast()
        blank(quote.utf8.count + literal.hashCount)
      } else {
        blank(1)
      }
    }

    private mutating func scanBlockComment(depth: Int) {
      if follows("/*") {
        contexts[contexts.count - 1] = .blockComment(depth: depth + 1)
        blank(2)
      } else if follows("*/") {
        contexts.removeLast()
        if depth > 1 { contexts.append(.blockComment(depth: depth - 1)) }
        blank(2)
      } else {
        blank(1)
      }
    }

    private func openedLiteral() -> Literal? {
      var hashCount = 0
      while position + hashCount < input.count, input[position + hashCount] == UInt8(ascii: "#") {
        hashCount += 1
      }
      if follows("\"\"\"", after: hashCount) {
        return Literal(hashCount: hashCount, isMultiline: true)
      }
      return follows("\"", after: hashCount)
        ? Literal(hashCount: hashCount, isMultiline: false) : nil
    }

    private func follows(_ token: String, after distance: Int = 0) -> Bool {
      input[min(position + distance, input.count)...].starts(with: token.utf8)
    }

    private mutating func keep() {
      output.append(input[position])
      position += 1
    }

    private mutating func blank(_ count: Int) {
      for _ in 0..<min(count, input.count - position) {
        let byte = input[position]
        output.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
        position += 1
      }
    }
  }
}
