import Testing

@Suite("kreissync bench")
struct BenchCommandTests {
  private static let part = Shape.object([
    "title": .text, "ratio_wall": .optional(.number), "ratio_cpu": .optional(.number),
    "ratio_bytes": .optional(.number), "spread": .optional(.number),
    "target": .optional(.number), "met": .bool, "peak_bytes": .optional(.integer),
    "line_bytes": .optional(.integer), "baseline_ms": .optional(.number),
    "candidate_ms": .optional(.number),
    "limits": .list(
      of: .object(["name": .text, "value": .number, "limit": .number, "met": .bool])),
  ])
  private static let document = Shape.object([
    "rounds": .integer,
    "scenarios": .list(
      of: .object([
        "id": .text, "title": .text, "baseline": .text, "ratio_wall": .optional(.number),
        "ratio_cpu": .optional(.number), "target": .optional(.number), "met": .bool,
        "parts": .list(of: part),
      ])),
  ])

  /// Shapes and counts, never a time: the machine that tests is nobody's to measure on.
  @Test func `a scenario prints its baseline, ratios, target and whether it is met`() throws {
    let outcome = try Binary.run("bench", "--scenario", "B17,B18", "--rounds", "1", "--json")
    #expect(outcome.exit == 0, "\(outcome)")
    let document = try outcome.json
    #expect(Self.document.misfits(document) == [])
    #expect(document["rounds"].integer == 1)
    #expect(document["scenarios"].items.map { $0["id"].text } == ["B17", "B18"])
    let (writes, growth) = (document["scenarios"][0], document["scenarios"][1])
    #expect(writes["ratio_wall"] != .null && writes["ratio_cpu"] != .null)
    #expect(growth["ratio_wall"] == .null && growth["parts"][0]["ratio_bytes"] != .null)
    #expect(outcome.errors.contains("fewer than 5 rounds"), "\(outcome.errors)")
  }

  @Test func `a scenario that is not there is a usage error that names those that are`() throws {
    let outcome = try Child.run([Binary.path, "bench", "--scenario", "B99", "--json"])
    #expect(outcome.exit == 2, "\(outcome)")
    #expect(try outcome.json["error"]["code"] == "scenario")
    #expect(try outcome.json["error"]["hint"].text?.contains("B17") == true)
  }

  @Test(arguments: ["0", "-1", "x", "5000"])
  func `rounds are a number that makes sense`(count: String) throws {
    let outcome = try Child.run([Binary.path, "bench", "--rounds=\(count)", "--json"])
    #expect(outcome.exit == 2, "\(outcome)")
  }
}
