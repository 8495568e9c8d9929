import ArgumentParser
import HubService
import HubStorage
import SyncCore

struct HubLog: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "The county's log.",
    subcommands: [HubLogVerify.self, HubLogShow.self])
}

/// `hub log verify`: is every entry what the tree says?
struct HubLogVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Proves the whole log against its tree.")

  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try options.directory.open(options.key())
    let (result, head) = try store.read {
      (try LogVerification.run(on: $0), try $0.counter.tree)
    }
    if output.json {
      printJSON([
        "ok": .bool(result.isSound), "entries": .integer(result.entryCount),
        "transactions": .integer(result.transactionCount), "tree_head": .text(head.root.text),
        "first_bad_seq": JSONValue(result.firstBadSeq),
        "problem": result.problem.map { .text($0) } ?? .null,
      ])
    } else if let problem = result.problem {
      print("the log is NOT sound: at entry \(result.firstBadSeq ?? 0), \(problem)")
    } else {
      print(
        """
        the log is sound: \(result.entryCount) entries in \(result.transactionCount) \
        transactions, tree head \(head.root.text)
        """)
    }
    if !result.isSound { throw ExitCode(CommandExit.differences.rawValue) }
  }
}

/// `hub log show`: entries without their values.
struct HubLogShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Lists entries of the log, without any value.")

  @OptionGroup var options: CountyOptions
  @Option(help: "The first entry.") var from: Int64 = 1
  @Option(help: "How many at the most.") var limit = 100
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try options.directory.open(options.key())
    let entries = try store.read { try $0.log(from: from, limit: limit) }
    if output.json {
      printJSON(
        .list(
          entries.map {
            [
              "seq": .integer($0.seq), "kind": .text($0.kind), "case": .text($0.caseID.string),
              "site": .text($0.site.string), "recorded_at": JSONValue(time: $0.recordedAt),
              "commitment": .text($0.commitment.text),
            ]
          }))
    } else {
      print(
        TextTable(
          header: ["seq", "kind", "case", "site", "recorded at"],
          rows: entries.map {
            [
              String($0.seq), $0.kind, $0.caseID.string, $0.site.string, rfc3339($0.recordedAt),
            ]
          }
        ).text)
    }
  }
}
