import Foundation
import Glibc
import Testing

@Suite("kreissync simulate")
struct SimulateCommandTests {
  private static let totals = Shape.object([
    "seeds": .integer, "failures": .integer, "events": .integer, "statements": .integer,
    "deliveries": .integer, "sessions": .integer, "county_years": .text,
  ])
  private static let failure = Shape.object([
    "seed": .text, "tier": .text, "kind": .text, "invariant": .optional(.text), "title": .text,
    "found": .text, "trace": .list(of: .text), "replay": .text,
  ])
  private static let error = Shape.object([
    "error": .object(["code": .text, "message": .text, "hint": .text])
  ])

  @Test func `a seed tells the same story in two processes`() throws {
    for tier in ["model", "storage"] {
      let stories = try (0..<2).map { _ in
        try Binary.run(
          "simulate", "--tier", tier, "--first", "3", "--seeds", "1", "--trace", "--json"
        ).json["story"]
      }
      #expect(stories[0]["lines"].items.count > 100)
      #expect(stories[0]["trace_hash"].text?.count == 16)
      #expect(stories[0] == stories[1], "tier \(tier)")
      let other = try Binary.run(
        "simulate", "--tier", tier, "--first", "4", "--seeds", "1", "--trace", "--json")
      #expect(try other.json["story"]["trace_hash"] != stories[0]["trace_hash"])
    }
  }

  @Test func `sound seeds end with exit code 0 and one line of summary`() throws {
    let outcome = try Binary.run("simulate", "--seeds", "3", "--first", "1")
    #expect(outcome.exit == 0, "\(outcome)")
    #expect(outcome.errors.isEmpty, "progress is for terminals: \(outcome.errors)")
    let last = outcome.output.split(separator: "\n").last.map(String.init) ?? ""
    #expect(last.hasPrefix("3 seeds in ") && last.hasSuffix("all sound"), "\(last)")
  }

  @Test func `the document has totals, failures and every table`() throws {
    let outcome = try Binary.run("simulate", "--seeds", "2", "--report", "--json")
    let document = try outcome.json
    let cell = Shape.object([
      "fault": .text, "title": .text, "point": .text, "count": .optional(.integer),
      "reason": .optional(.text),
    ])
    let check = Shape.object([
      "invariant": .text, "title": .text, "count": .optional(.integer),
      "reason": .optional(.text),
    ])
    let shape = Shape.object([
      "tier": .text, "commit": .text, "bug": .optional(.text), "first": .text,
      "regression_seeds": .integer, "milliseconds": .integer, "totals": Self.totals,
      "failures": .list(of: Self.failure),
      "report": .object([
        "faults": .list(of: cell), "checks": .list(of: check), "never": .list(of: .text),
      ]),
    ])
    #expect(shape.misfits(document) == [])
    let seeds = 2 + (document["regression_seeds"].integer ?? 0)
    #expect(document["totals"]["seeds"].integer == seeds)
    #expect(document["report"]["checks"].items.count == 22)
    for line in document["report"]["faults"].items + document["report"]["checks"].items {
      #expect(line["count"] != .null || line["reason"] != .null, "\(line)")
    }
  }

  @Test func `a wrong option is a usage error that says what would be right`() throws {
    let wrong = [
      ["--tier", "moon"], ["--seeds", "0"], ["--minutes", "0"], ["--workers", "-1"],
      ["--bug", "none_of_them"], ["--first", "-1"], ["--first", "x"],
    ]
    for arguments in wrong {
      let outcome = try Child.run([Binary.path, "simulate"] + arguments + ["--json"])
      #expect(outcome.exit == 2, "\(arguments): \(outcome)")
      #expect(Self.error.misfits(try outcome.json) == [], "\(arguments)")
    }
    let bug = try Binary.run("simulate", "--bug", "none_of_them", "--json").json["error"]
    let names = try Binary.run("simulate", "--bug", "list", "--json").json.items
    #expect(!names.isEmpty)
    for name in names.compactMap(\.["name"].text) {
      #expect(bug["hint"].text?.contains(name) == true)
    }
    let tier = try Binary.run("simulate", "--tier", "moon", "--json").json["error"]
    #expect(tier["message"].text?.contains("storage") == true)
  }

  @Test func `a bug of the bank is found, with its seed, its rule and its replay`() throws {
    let list = try Binary.run("simulate", "--bug", "list", "--json").json.items
    let bug = try #require(list.first { $0["tier"] == "model" }?["name"].text)
    let found = try Binary.run("simulate", "--bug", bug, within: 300)
    let exit = try #require(found.exit)
    #expect((10...13).contains(exit), "\(found)")
    #expect(found.output.contains("  found:  ") && found.output.contains("  commit: "))
    let replay = found.output.split(separator: "\n").first { $0.hasPrefix("  replay: ") }
    let command = try #require(replay).dropFirst("  replay: ".count).split(separator: " ")
    #expect(command.first == "kreissync" && command.suffix(2) == ["--bug", Substring(bug)])

    let again = try Child.run([Binary.path] + command.dropFirst().map(String.init), within: 60)
    #expect(again.exit == exit)
    #expect(again.output.contains("and breaks: "))
  }

  @Test func `a bug that is not found makes the simulator blind, which is no success`() throws {
    let list = try Binary.run("simulate", "--bug", "list", "--json").json.items
    // A bug that no model seed shows, because only failing disks do.
    let bug = try #require(list.first { $0["tier"] == "storage" }?["name"].text)
    let outcome = try Binary.run(
      "simulate", "--bug", bug, "--tier", "model", "--first", "1", "--seeds", "1", "--json")
    #expect(outcome.exit == 1, "\(outcome)")
    #expect(try outcome.json["error"]["code"] == "bug_not_found")
  }

  @Test(arguments: [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE])
  func `a trap is a crash that names the seeds that were running`(signal: CInt) throws {
    let child = try Child(
      [Binary.path, "simulate", "--seeds", "1000000", "--first", "1"],
      environment: ["KREISSYNC_COMMIT": "abc123", "SWIFT_BACKTRACE": "enable=no"],
      streamsOutput: true)
    #expect(try child.line().hasPrefix("tier model from seed 1"))
    child.send(signal)
    let outcome = try child.wait()
    #expect(outcome.exit == 10, "\(outcome)")
    #expect(outcome.errors.contains("the product trapped"))
    #expect(outcome.errors.contains("  commit: abc123\n"))
    let replay = /replay: kreissync simulate --tier model --first [0-9]+ --seeds 1 --trace\n/
    #expect(!outcome.errors.matches(of: replay).isEmpty, "\(outcome.errors)")
  }

  @Test func `a run that is ended from outside says so and is no crash`() throws {
    let child = try Child(
      [Binary.path, "simulate", "--seeds", "1000000", "--first", "1"], streamsOutput: true)
    _ = try child.line()
    child.send(SIGTERM)
    let outcome = try child.wait()
    #expect(outcome.exit == 128 + SIGTERM)
    #expect(outcome.errors.contains("ended by SIGTERM") && outcome.errors.contains("--first "))
  }

  @Test func `the commit is told, else read from the checkout around the binary`() throws {
    try withDirectory { directory in
      let binary = "\(directory)/.build/release/kreissync"
      let files = FileManager.default
      try files.createDirectory(
        atPath: "\(directory)/.build/release", withIntermediateDirectories: true)
      // Copied by another process: a file that this one has open for writing may be inherited by
      // a child of another test, and then it cannot be run.
      #expect(try Child.run(["/bin/cp", Binary.path, binary]).exit == 0)
      func commit(_ told: String = "") throws -> String? {
        try Child.run(
          [binary, "simulate", "--seeds", "1", "--first", "1", "--json"],
          environment: ["KREISSYNC_COMMIT": told]
        ).json["commit"].text
      }
      func write(_ text: String, _ path: String) throws {
        let url = URL(fileURLWithPath: "\(directory)/\(path)")
        try files.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
      }
      #expect(try commit() == "unknown")
      try write("0123456789abcdef\n", ".git/HEAD")
      #expect(try commit() == "0123456789abcdef")
      try write("ref: refs/heads/main\n", ".git/HEAD")
      #expect(try commit() == "unknown")
      try write("# pack-refs\nfeed refs/heads/domain\nbeef refs/heads/main\n", ".git/packed-refs")
      #expect(try commit() == "beef")
      try write("cafe\n", ".git/refs/heads/main")
      #expect(try commit() == "cafe")
      #expect(try commit("told") == "told")

      try files.moveItem(atPath: "\(directory)/.git", toPath: "\(directory)/common")
      try write("gitdir: common/worktrees/one\n", ".git")
      try write("ref: refs/heads/main\n", "common/worktrees/one/HEAD")
      try write("../..\n", "common/worktrees/one/commondir")
      #expect(try commit() == "cafe")
    }
  }
}
