import ArgumentParser
import Caseload
import Foundation
import HubService
import HubStorage
import SyncCore

/// `kreissync report`: figures for councils and authorities, in German, small ones hidden.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract:
      "Prints a report: of one site from its replica, of a county from what its sites count.",
    discussion: """
      council        who is looked after, and what was done (for a municipality's council)
      headcount      people on a cut-off date, by municipality
      plan-deadline  whether a plan was there by the consultation that the programme names

      In a hub's directory the sites are asked to count at their next contact: no personal value
      leaves them. The report names those that have not answered yet; repeat it then.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    case csv
    case json
  }

  @Argument(help: "council, headcount or plan-deadline.") var name: String
  @OptionGroup var options: CountyOptions
  @Option(help: "The first day, YYYY-MM-DD. (default: 1 January of the last day's year)")
  var from: String?
  @Option(help: "The last day, which is the cut-off date, YYYY-MM-DD. (default: today)")
  var to: String?
  @Option(help: "text, csv or json.") var format: Format = .text
  @Flag(help: "Have sites that have answered count again.") var again = false
  @Flag(help: "The same as --format json.") var json = false

  func run() throws {
    guard let report = CountedReport(rawValue: name) else {
      throw CommandFailure(
        .usage, "unknown_report", "there is no report of that name",
        hint: "use one of: \(CountedReport.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let last = try to.map { try Self.day($0, "--to") } ?? Surroundings.today()
    let first = try from.map { try Self.day($0, "--from") } ?? last.startOfYear
    guard first <= last else {
      throw CommandFailure(
        .usage, "bad_period", "the first day is behind the last",
        hint: "exchange --from and --to")
    }
    let task = CountTask(
      report: report.rawValue, from: first.description, to: last.description)
    let directory = SiteDirectory(path: options.path)
    let printed =
      FileManager.default.fileExists(atPath: directory.replicaPath)
      ? try ofSite(report, directory, first, last, task) : try ofCounty(report, task)
    switch json ? .json : format {
    case .text: print(printed.text)
    case .csv: print(printed.csv)
    case .json: printJSON(printed.json)
    }
  }

  private func ofSite(
    _ report: CountedReport, _ directory: SiteDirectory, _ first: CalendarDay, _ last: CalendarDay,
    _ task: CountTask
  ) throws -> PrintedReport {
    do {
      let counts = try CaseloadFile(path: directory.replicaPath).counts(
        of: report, from: first, to: last)
      return PrintedReport(
        sheet: ReportSheet(report, counts), task: task, madeAt: Surroundings.now(), sources: [],
        missing: [])
    } catch let error as CaseloadFileError {
      throw CommandFailure(error)
    }
  }

  private func ofCounty(_ report: CountedReport, _ task: CountTask) throws -> PrintedReport {
    let progress = try options.directory.administration(options.key())
      .count(task, isAnew: again)
    let sum = progress.answers.map { Counts($0.cells) }.reduce(Counts(), +)
    return PrintedReport(
      sheet: ReportSheet(report, sum), task: task, madeAt: Surroundings.now(),
      sources: progress.answers.map { (name: $0.site.name, at: $0.at) },
      missing: progress.missing.map(\.name))
  }

  private static func day(_ text: String, _ option: String) throws -> CalendarDay {
    guard let day = CalendarDay(parsing: text) else {
      throw CommandFailure(
        .usage, "bad_date", "\(option) is no day", hint: "write it as YYYY-MM-DD")
    }
    return day
  }
}
