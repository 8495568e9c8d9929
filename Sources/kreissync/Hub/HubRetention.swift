import ArgumentParser
import Caseload
import HubService
import HubStorage
import SyncCore

struct HubRetention: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retention",
    abstract: "Rows whose time is over: counted from their case's closing, table by table.",
    subcommands: [
      HubRetentionList.self, HubRetentionPurge.self, HubRetentionPause.self,
      HubRetentionResume.self,
    ])
}

/// What is due in a county on a day.
private struct DueRows: Sendable {
  struct Item: Sendable {
    let closed: CountyAdministration.ClosedCase
    let due: Retention.Due
  }

  let items: [Item]
  /// Closed cases that do not say when: nothing of them is ever due.
  let undated: [CaseID]
  let schema: Schema

  init(_ administration: CountyAdministration, in store: SQLiteHub, on today: CalendarDay) throws {
    let schema = try store.read { $0.schema }
    let retention = Retention(schema)
    var undated: [CaseID] = []
    items = try administration.closedCases().compactMap { closed in
      guard let day = closed.closedOn.flatMap({ CalendarDay(parsing: $0) }) else {
        undated.append(closed.caseID)
        return nil
      }
      let tables = Set(closed.rowCounts.keys)
      return retention.due(closedOn: day, tables: tables, today: today).map {
        Item(closed: closed, due: $0)
      }
    }
    self.undated = undated
    self.schema = schema
  }

  func names(_ due: Retention.Due) -> [String] {
    switch due {
    case .wholeCase: ["case_file"]
    case .tables(let numbers): numbers.compactMap { schema.table(number: $0)?.name }
    }
  }

  func rowCount(_ item: Item) -> Int {
    switch item.due {
    case .wholeCase: item.closed.rowCounts.values.reduce(0, +)
    case .tables(let numbers): numbers.reduce(0) { $0 + (item.closed.rowCounts[$1] ?? 0) }
    }
  }

  func json(_ item: Item) -> JSONValue {
    [
      "case": .text(item.closed.caseID.string),
      "closed_on": item.closed.closedOn.map { .text($0) } ?? .null,
      "whole_case": .bool(item.due == .wholeCase),
      "tables": .list(names(item.due).map { .text($0) }),
      "rows": .integer(Int64(rowCount(item))),
    ]
  }

  var table: String {
    TextTable(
      header: ["case", "closed on", "due", "rows"],
      rows: items.map { item in
        [
          item.closed.caseID.string, item.closed.closedOn ?? "–",
          item.due == .wholeCase ? "the whole case" : names(item.due).joined(separator: ", "),
          String(rowCount(item)),
        ]
      }
    ).text
  }
}

/// On which day it is asked.
struct RetentionDayOptions: ParsableArguments {
  @Option(help: "As of this day, YYYY-MM-DD; today without.") var on: String?

  func day() throws -> CalendarDay {
    guard let on else { return Surroundings.today() }
    guard let day = CalendarDay(parsing: on) else {
      throw CommandFailure(
        .usage, "retention_day", "'\(on)' is no day", hint: "give it as YYYY-MM-DD")
    }
    return day
  }
}

struct HubRetentionList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists what is due, and closed cases that do not say when.")

  @OptionGroup var day: RetentionDayOptions
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let key = try options.key()
    let administration = try options.directory.administration(key)
    let due = try DueRows(administration, in: options.directory.open(key), on: day.day())
    let pause = try administration.retentionPause()
    if output.json {
      printJSON([
        "due": .list(due.items.map(due.json)),
        "undated": .list(due.undated.map { .text($0.string) }),
        "paused_since": JSONValue(time: pause?.since),
      ])
      return
    }
    print(due.table)
    if let pause { print("\npurges rest since \(rfc3339(pause.since)): \(pause.reason)") }
    if !due.undated.isEmpty {
      print("\nclosed without a day: \(due.undated.map(\.string).joined(separator: ", "))")
    }
  }
}

struct HubRetentionPurge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge", abstract: "Purges what is due, everywhere; whole cases as by `hub erase`."
  )

  @Flag(name: .customLong("dry-run"), help: "Only says what would go.") var isDryRun = false
  @OptionGroup var actor: ActorOptions
  @OptionGroup var day: RetentionDayOptions
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let key = try options.key()
    let store = try options.directory.open(key)
    let administration = CountyAdministration(store: store, environment: Surroundings.hub)
    let person = try actor.authorize(
      administration, needs: isDryRun ? .read : .decide, needsTwo: !isDryRun)
    let due = try DueRows(administration, in: store, on: day.day())
    if !isDryRun { try purge(due, administration, store, key, by: person) }
    if output.json {
      printJSON(["dry_run": .bool(isDryRun), "purged": .list(due.items.map(due.json))])
    } else {
      print(due.table)
      print(isDryRun ? "nothing was purged" : "purged; sites follow at their next session")
    }
  }

  private func purge(
    _ due: DueRows, _ administration: CountyAdministration, _ store: SQLiteHub, _ key: CountyKey,
    by person: Operator
  ) throws {
    if let pause = try administration.retentionPause() { throw RetentionRefusal.paused(pause) }
    let erasures = CountyErasures(county: key, directory: options.directory, store: store)
    for item in due.items {
      switch item.due {
      case .wholeCase:
        _ = try erasures.order(
          ErasureOrder(
            id: Surroundings.uuid(), caseID: item.closed.caseID, reason: "retention",
            actor: person.name, second: person.second))
      case .tables(let numbers):
        _ = try administration.purge(Set(numbers), of: item.closed.caseID, by: person)
      }
    }
    // Rows that went alone leave traces in the file as erased cases do.
    if due.items.contains(where: { $0.due != .wholeCase }) { _ = try store.clear() }
  }
}

struct HubRetentionPause: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Stops all purges by retention until they are resumed.")

  @Option(help: "Why, for the record.") var reason: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let administration = try options.directory.administration(options.key())
    let person = try actor.authorize(administration, needs: .decide)
    try administration.pauseRetention(because: reason, by: person)
    if output.json { printJSON(["paused": true]) } else { print("purges by retention rest") }
  }
}

struct HubRetentionResume: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Lets purges by retention go on.")

  @OptionGroup var actor: ActorOptions
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let administration = try options.directory.administration(options.key())
    let person = try actor.authorize(administration, needs: .decide)
    try administration.resumeRetention(by: person)
    if output.json { printJSON(["paused": false]) } else { print("purges by retention go on") }
  }
}
