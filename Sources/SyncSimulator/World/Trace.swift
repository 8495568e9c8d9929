package import SyncCore

/// What happened in a run, line by line. Two runs of one seed have equal traces.
package struct Trace: Sendable {
  /// One line: when, who, what, with up to two numbers and a word that only the happening knows.
  package struct Line: Sendable, Equatable {
    package let time: Milliseconds
    package let actor: String
    package let what: String
    package let detail: String
  }

  package private(set) var lines: [Line] = []
  /// Over all lines, in order.
  package private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  /// The number of happenings so far.
  package var eventCount = 0

  package init() {}

  /// Adds a line.
  ///
  /// - Parameter time: milliseconds since the run began.
  package mutating func note(
    _ time: Milliseconds, _ actor: String, _ what: String, _ detail: String = ""
  ) {
    lines.append(Line(time: time, actor: actor, what: what, detail: detail))
    mix(UInt64(bitPattern: time))
    for text in [actor, what, detail] {
      for byte in text.utf8 { mix(UInt64(byte)) }
      mix(0xFF)
    }
  }

  /// FNV-1a: cheap, and enough to tell two traces apart.
  private mutating func mix(_ word: UInt64) {
    hash = (hash ^ word) &* 0x0000_0100_0000_01B3
  }
}

extension Trace {
  /// What sites hold after each apply: no clock stands in it.
  var outcomes: [Line] { lines.filter { $0.what == "applies" } }

  /// Where two traces part.
  static func | (left: Trace, right: Trace) -> String { parting(left.lines, right.lines) }

  /// Where two stories part.
  static func parting(_ left: [Line], _ right: [Line]) -> String {
    let place = zip(left, right).first { $0 != $1 }
    return place.map { "\($0) | \($1)" } ?? "one goes on where the other ends"
  }
}

extension Trace.Line: CustomStringConvertible {
  /// `day 3 02:00:07.120  town-2  applies  seq 41, 3 rows`.
  package var description: String {
    let day = time / 86_400_000
    let rest = time % 86_400_000
    func padded(_ number: Int64, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let clock =
      "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):"
      + "\(padded(rest / 1_000 % 60, 2)).\(padded(rest % 1_000, 3))"
    let name = actor + String(repeating: " ", count: max(0, 8 - actor.count))
    return "day \(day) \(clock)  \(name)  \(what)\(detail.isEmpty ? "" : "  \(detail)")"
  }
}
