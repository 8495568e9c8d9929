import ArgumentParser
import Foundation

/// The command line. Exit codes and JSON are a contract with programs outside: see README.md.
@main
struct Kreissync: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kreissync",
    abstract: "Keeps the caseloads of municipalities and their county in step.",
    subcommands: [
      DemoCommand.self, HubCommand.self, SiteCommand.self, SchemaCommand.self, ReportCommand.self,
      SimulateCommand.self, BenchCommand.self,
    ])

  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let wantsJSON = arguments.contains("--json")
    // Output may go into a pipe whose reader has gone: an error like any other, not a signal.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try Kreissync.parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let exit as ExitCode {
      Foundation.exit(exit.rawValue)
    } catch {
      let code = Kreissync.exitCode(for: error)
      if code == .success {
        print(Kreissync.message(for: error))
        return
      }
      let failure = CommandFailure(
        error, isUsage: code == .validationFailure, root: Kreissync.self)
      // To a monitor the usual code of a wrong option would be a critical state.
      if arguments.starts(with: ["hub", "check"]) { failure.reportUnknown(asJSON: wantsJSON) }
      failure.report(asJSON: wantsJSON)
    }
  }
}

/// Options that every command of hub and site takes.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON document on standard output.")
  var json = false
}
