/// A schema that cannot be used: every mistake that was found, each with its place and its cure.
/// A schema holds no personal values, so the message may be shown and logged whole.
package struct SchemaError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One mistake, as a sentence of its three parts.
  package struct Mistake: Hashable, Sendable, CustomStringConvertible {
    /// Where: `line 7, column 3`, or table, column and key as far as they are known.
    package let place: String
    /// What is wrong there.
    package let fact: String
    /// What to do about it.
    package let cure: String

    package var description: String {
      (place.isEmpty ? "" : place + ": ") + fact + "; " + cure
    }
  }

  /// The name of the file, as the caller gave it.
  package let file: String
  /// At least one, in the order of the tables' names.
  package let mistakes: [Mistake]

  package var description: String {
    mistakes.map { "\(file): \($0)" }.joined(separator: "\n")
  }
}

/// The mistakes found so far: one run of the reader shows all of them.
struct Mistakes {
  private(set) var list: [SchemaError.Mistake] = []

  mutating func add(at place: String, _ fact: String, cure: String) {
    list.append(SchemaError.Mistake(place: place, fact: fact, cure: cure))
  }

  func check(file: String) throws(SchemaError) {
    guard list.isEmpty else { throw SchemaError(file: file, mistakes: list) }
  }
}
