package import SyncCore

/// What a monitor of the Nagios family reads: one line with performance data, further lines, and a
/// number.
///
/// > 0 OK, 1 Warning, 2 Critical, 3 Unknown
/// ([Plugin API](https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/pluginapi.html))
package struct PluginReport: Sendable {
  /// What the number means; the greater one of two counts, and unknown is no state of what was
  /// seen.
  package enum State: Int, Sendable {
    case ok
    case warning
    case critical
    case unknown

    package var word: String {
      switch self {
      case .ok: "OK"
      case .warning: "WARNING"
      case .critical: "CRITICAL"
      case .unknown: "UNKNOWN"
      }
    }
  }

  /// One thing that was seen: of a county, of a site, of the machine.
  package struct Item: Sendable, Equatable {
    package let subject: String
    package let sign: Sign

    /// - Parameter subject: for people; what a monitor would misread in it is replaced.
    package init(_ subject: String, _ sign: Sign) {
      self.subject = PluginReport.plain(subject, countMax: PluginReport.subjectCountMax)
      self.sign = sign
    }
  }

  /// One measured value.
  package struct Measure: Sendable, Equatable {
    package let label: String
    package let value: Int64
    /// `s`, `B`, or empty for counts.
    package let unit: String
    /// Ranges in the plugins' notation; empty for none.
    package let warning: String
    package let critical: String

    package init(
      _ label: String, _ value: Int64, unit: String = "", warning: String = "",
      critical: String = ""
    ) {
      self.label = label
      self.value = value
      self.unit = unit
      self.warning = warning
      self.critical = critical
    }

    var text: String { "\(label)=\(value)\(unit);\(warning);\(critical);0" }
  }

  package let items: [Item]
  package let measures: [Measure]
  /// What is said when there is nothing to say.
  private let fine: String

  /// A monitor shows one line, and keeps some kilobytes of what follows.
  private static let firstLineItemCountMax = 3
  private static let lineCountMax = 100
  /// A county's key and a site's name that one can still read in a line of a monitor.
  private static let subjectCountMax = 60
  /// Of what a person reads in whole.
  private static let sentenceCountMax = 300

  /// - Parameter fine: the first line's text when no item asks for a person.
  package init(items: [Item], measures: [Measure], fine: String) {
    // The worst first; else in the order in which they came.
    self.items =
      items.filter { $0.sign.light == .red } + items.filter { $0.sign.light == .yellow }
      + items.filter { $0.sign.light == .green }
    self.measures = measures
    self.fine = fine
  }

  package var state: State {
    switch items.map(\.sign).light {
    case .green: .ok
    case .yellow: .warning
    case .red: .critical
    }
  }

  /// All lines, without the last end of line.
  package var text: String {
    let urgent = items.filter { $0.sign.light != .green }
    let shown = urgent.prefix(Self.firstLineItemCountMax).map {
      "\($0.subject): \($0.sign.reason)"
    }
    let more = urgent.count - shown.count
    let summary = urgent.isEmpty ? fine : shown.joined(separator: "; ")
    let first =
      "KREISSYNC \(state.word) - \(summary)" + (more > 0 ? "; and \(more) more" : "") + " | "
      + measures.map(\.text).joined(separator: " ")
    let lines = items.prefix(Self.lineCountMax).map {
      "\($0.sign.light.rawValue): \($0.subject): \($0.sign.reason)"
    }
    let rest = items.count - lines.count
    return ([first] + lines + (rest > 0 ? ["and \(rest) more: see kreissync hub status"] : []))
      .joined(separator: "\n")
  }

  /// The line of a look that came to nothing, with the cure behind it.
  package static func unknown(_ reason: String, cure: String) -> String {
    "KREISSYNC \(State.unknown.word) - \(plain(reason, countMax: sentenceCountMax))\n\(cure)"
  }

  /// On one line, without the sign that begins performance data, and no longer than that.
  private static func plain(_ text: String, countMax: Int) -> String {
    String(
      text.unicodeScalars.prefix(countMax).map { scalar in
        scalar == "|" || scalar.properties.generalCategory == .control
          || scalar.properties.generalCategory == .lineSeparator
          || scalar.properties.generalCategory == .paragraphSeparator
          ? " " : Character(scalar)
      })
  }
}
