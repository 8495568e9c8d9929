import Benchmarks

/// What `bench` prints: the contract's document, and a table for people.
struct BenchReport {
  let outcomes: [Scenario.Outcome]
  let roundCount: Int

  var document: JSONValue {
    ["rounds": .integer(Int64(roundCount)), "scenarios": .list(outcomes.map(\.document))]
  }

  var text: String {
    let table = TextTable(
      header: ["", "scenario", "baseline", "wall", "cpu", "spread", "target", "met", "more"],
      rows: outcomes.flatMap { outcome in
        outcome.measurements.enumerated().map { place, measurement in
          [place == 0 ? outcome.scenario.id : ""]
            + measurement.cells(
              of: outcome.scenario, isFirst: place == 0)
        }
      }
    ).text
    return """
      \(table)

      wall: median of \(roundCount) rounds' ratios to the baseline; cpu: ratio of least CPU times;
      spread: from the least to the greatest wall ratio, as a share of the median.
      Only ratios within one run count.
      """
  }
}

extension Scenario.Outcome {
  fileprivate var document: JSONValue {
    guard case .object(var fields) = worst.document else { return .null }
    fields["id"] = .text(scenario.id)
    fields["title"] = .text(scenario.title)
    fields["baseline"] = .text(scenario.baseline)
    fields["met"] = .bool(isMet)
    fields["parts"] = .list(measurements.map(\.document))
    return .object(fields)
  }
}

extension Measurement {
  fileprivate var document: JSONValue {
    [
      "title": .text(title), "ratio_wall": hasTimes ? .rounded(ratio) : .null,
      "ratio_cpu": cpuRatio.map(JSONValue.rounded) ?? .null,
      "ratio_bytes": hasTimes ? .null : .rounded(ratio),
      "spread": spread.map(JSONValue.rounded) ?? .null,
      "target": target.isFinite ? .rounded(target) : .null,
      "met": .bool(isMet), "peak_bytes": JSONValue(peakByteCount),
      "line_bytes": JSONValue(lineByteCount), "baseline_ms": .rounded(milliseconds?.baseline),
      "candidate_ms": .rounded(milliseconds?.candidate),
      "limits": .list(
        limits.map {
          [
            "name": .text($0.name), "value": .rounded($0.value), "limit": .rounded($0.most),
            "met": .bool($0.isMet),
          ]
        }),
    ]
  }

  fileprivate func cells(of scenario: Scenario, isFirst: Bool) -> [String] {
    [
      "\(scenario.title): \(title)", isFirst ? scenario.baseline : "", decimal(ratio),
      cpuRatio.map(decimal) ?? "", spread.map { "\(Int(($0 * 100).rounded())) %" } ?? "",
      target.isFinite ? "≤ " + decimal(target) : "", isMet ? "yes" : "no", remarks,
    ]
  }

  private var remarks: String {
    var remarks: [String] = []
    if let milliseconds {
      remarks.append("\(short(milliseconds.candidate)) ms : \(short(milliseconds.baseline)) ms")
    }
    for limit in limits {
      let verdict = limit.isMet ? "" : ", missed"
      remarks.append("\(limit.name) \(short(limit.value)) (≤ \(short(limit.most))\(verdict))")
    }
    if let peakByteCount { remarks.append("peak \(peakByteCount >> 20) MB") }
    if let lineByteCount { remarks.append("\(lineByteCount) bytes on the line") }
    return remarks.joined(separator: "; ")
  }

  private var hasTimes: Bool {
    if case .bytes = figures { false } else { true }
  }

  private var milliseconds: (candidate: Double, baseline: Double)? {
    guard case .times(let comparison) = figures else { return nil }
    return (comparison.candidateWall * 1_000, comparison.baselineWall * 1_000)
  }
}

extension JSONValue {
  /// Three digits behind the point: more would be noise.
  fileprivate static func rounded(_ number: Double?) -> JSONValue {
    number.map { .number(($0 * 1_000).rounded() / 1_000) } ?? .null
  }
}

/// Two digits behind the point.
private func decimal(_ number: Double) -> String {
  let hundredths = Int((number * 100).rounded())
  let rest = hundredths % 100
  return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
}

/// One digit behind the point where that says something.
private func short(_ number: Double) -> String {
  number < 100 ? "\((number * 10).rounded() / 10)" : "\(Int(number.rounded()))"
}
