import Testing

/// Nothing may make a decision come out differently at the hub, in the simulator or tomorrow.
@Suite("The core is pure")
struct PurityTests {
  @Test("no clock, randomness, concurrency or input and output in SyncCore")
  func core() throws {
    expectNone(try Repository.swift(under: "Sources/SyncCore").flatMap(impurities))
  }

  @Test("no loop in SyncCore depends on the order of a dictionary or set")
  func order() throws {
    expectNone(try Repository.swift(under: "Sources/SyncCore").flatMap(unorderedLoops))
  }

  @Test(
    "the check sees each of them",
    arguments: [
      "let now = Date()", "let id = UUID()", "var g = SystemRandomNumberGenerator()",
      "Task { }", "DispatchQueue.main", "Thread.current", "func f() async {}", "await f()",
      "Int.random(in: 0..<9)", "names.shuffled()", "names.randomElement()", "print(name)",
      "ContinuousClock().now", "name.hashValue", "import Foundation",
    ])
  func samples(line: String) throws {
    #expect(try impurities(in: TextFile(sample: line)).count == 1)
  }

  @Test(
    "and lets what only looks like it pass",
    arguments: [
      "// await the Date()", "let effectiveDate = onDate(x)", "Int.random(in: 0..<9, using: &g)",
      "let taskCount = 1", "\"print(x)\"", "names.shuffled(using: &g)",
    ])
  func harmless(line: String) throws {
    #expect(try impurities(in: TextFile(sample: line)).isEmpty)
  }

  @Test("a loop over a dictionary is seen, unless it is sorted or says why order is no matter")
  func orderSample() throws {
    let text = """
      let a: [Int: String] = [:]
      var b: Set<Int> = []
      var c = Set(names)
      let d: [Int] = []
      let e: [Int: Int] = [:]
      func f() { let e = [1] }
      for x in a {}
      for x in self.b where x > 0 {}
      for x in c {}
      for (x, _) in a.keys {}
      for x in a.sorted(by: <) {}
      for x in d {}
      for x in e {}
      // In any order: addition commutes.
      for x in a.values {}
      """
    let findings = try unorderedLoops(in: TextFile(sample: text))
    #expect(findings.map(\.line) == [7, 8, 9, 10])
  }

  private func impurities(in file: TextFile) throws -> [Finding] {
    let calls = #"\b(?:Date|UUID|print|debugPrint|getenv|fopen|time)\("#
    let words =
      #"\b(?:SystemRandomNumberGenerator|Task|DispatchQueue|Thread|async|await|ContinuousClock"#
      + #"|SuspendingClock|ProcessInfo|FileManager|hashValue|Foundation\w*)\b"#
    let chance = #"\b(?:random\(in:|shuffled\(|randomElement\()(?!.*using:)"#
    return try file.codeMatches("\(calls)|\(words)|\(chance)").map {
      file.finding("SyncCore is pure: \($0.captured) comes from outside", at: $0.index)
    }
  }

  /// The loops that go over a name which the file declares as a dictionary or set.
  private func unorderedLoops(in file: TextFile) throws -> [Finding] {
    let declared = try file.codeMatches(
      #"\b(?:let|var)\s+(\w+)"#
        + #"(?::\s*(?:\[[^\]\[:\n]+:|Set<|Dictionary<)|\s*=\s*(?:Set|Dictionary)\b)"#)
    // A name that the file also gives to something else proves nothing.
    let all = try file.codeMatches(#"\b(?:let|var)\s+(\w+)"#)
    let names = Set(declared.map(\.captured)).filter { name in
      all.count { $0.captured == name } == declared.count { $0.captured == name }
    }
    let loops = try file.codeMatches(
      #"\bfor\s.*\sin\s+(?:\w+\.)*?(\w+)(?:\.keys|\.values|\.enumerated\(\))?\s+(?:\{|where\b)"#)
    return loops.compactMap { loop in
      guard names.contains(loop.captured) else { return nil }
      if loop.index > 0, file.lines[loop.index - 1].contains("any order") { return nil }
      return file.finding("sort it, or say above why it may run in any order", at: loop.index)
    }
  }
}
