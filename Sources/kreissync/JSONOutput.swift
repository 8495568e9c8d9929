import Foundation
import SyncCore

/// A JSON document as the contract describes it: also empty fields are written.
enum JSONValue: Encodable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  init(cell value: SyncCore.Value) {
    switch value {
    case .null: self = .null
    case .integer(let number): self = .integer(number)
    case .text(let text): self = .text(text.string)
    }
  }

  /// A time of the core as RFC 3339 UTC.
  init(time: Milliseconds?) {
    self = time.map { .text(rfc3339($0)) } ?? .null
  }

  init(_ number: Int64?) {
    self = number.map(JSONValue.integer) ?? .null
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .list(let values): try container.encode(values)
    case .object(let fields): try container.encode(fields)
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByBooleanLiteral
{
  init(stringLiteral value: String) { self = .text(value) }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(Dictionary(uniqueKeysWithValues: elements))
  }
}

/// Prints the one document of a command with `--json`.
func printJSON(_ document: JSONValue) {
  print(jsonText(document))
}

/// A document on one line, with its keys in ascending order.
func jsonText(_ document: JSONValue) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  do {
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  } catch {
    // Texts, numbers and lists of them always encode.
    preconditionFailure("a JSON document did not encode: \(error)")
  }
}

/// UTC with seconds, as `2026-11-21T09:13:38Z`.
func rfc3339(_ time: Milliseconds) -> String {
  Date(timeIntervalSince1970: Double(time) / 1_000).formatted(.iso8601)
}
