import Foundation

/// A JSON document, with integers told from booleans and texts.
enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([JSON])
  case object([String: JSON])

  init(parsing text: String) throws {
    do {
      self = try JSONDecoder().decode(JSON.self, from: Data(text.utf8))
    } catch {
      throw HarnessError("not one JSON document: '\(text.prefix(400))'")
    }
  }

  subscript(_ key: String) -> JSON {
    if case .object(let fields) = self { fields[key] ?? .null } else { .null }
  }

  subscript(_ position: Int) -> JSON {
    items.indices.contains(position) ? items[position] : .null
  }

  var items: [JSON] {
    if case .list(let items) = self { items } else { [] }
  }

  var keys: Set<String> {
    if case .object(let fields) = self { Set(fields.keys) } else { [] }
  }

  var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  var integer: Int? {
    if case .integer(let number) = self { number } else { nil }
  }
}

extension JSON: Decodable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSON].self) {
      self = .list(value)
    } else {
      self = .object(try container.decode([String: JSON].self))
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  init(stringLiteral value: String) { self = .text(value) }
  init(integerLiteral value: Int) { self = .integer(value) }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(arrayLiteral elements: JSON...) { self = .list(elements) }
  init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(Dictionary(uniqueKeysWithValues: elements))
  }
}

/// What the contract says of a document: names and types. More names are allowed, fewer are not.
indirect enum Shape: Sendable {
  case text
  case integer
  /// With or without digits behind a point.
  case number
  case bool
  /// RFC 3339 in UTC.
  case time
  case anything
  case optional(Shape)
  case list(of: Shape)
  case object([String: Shape])

  /// What does not fit, by its place; empty when all does.
  func misfits(_ json: JSON, at place: String = "$") -> [String] {
    switch (self, json) {
    case (.text, .text), (.integer, .integer), (.bool, .bool), (.anything, _), (.optional, .null),
      (.number, .number), (.number, .integer):
      return []
    case (.time, .text(let text)):
      let isTime = text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/) != nil
      return isTime ? [] : ["\(place): \(text) is no time"]
    case (.optional(let shape), _):
      return shape.misfits(json, at: place)
    case (.list(let shape), .list(let items)):
      return items.enumerated().flatMap { shape.misfits($1, at: "\(place)[\($0)]") }
    case (.object(let shapes), .object(let fields)):
      return shapes.sorted { $0.key < $1.key }.flatMap { name, shape in
        fields[name].map { shape.misfits($0, at: "\(place).\(name)") }
          ?? ["\(place).\(name) is missing"]
      }
    default:
      return ["\(place): \(json) does not fit"]
    }
  }
}
