import ArgumentParser
import Glibc
import HubService
import HubStorage
import SyncCore

/// Who gives a command.
struct ActorOptions: ParsableArguments {
  @Option(name: .customLong("as"), help: "Who decides; needed where the county has users.")
  var name: String?
  @Option(help: "Who agrees, another person; needed for erasure where the county has users.")
  var second: String?

  /// - Throws: ``AuthorityRefusal``.
  func authorize(
    _ administration: CountyAdministration, needs role: UserRole, needsTwo: Bool = false
  ) throws -> Operator {
    try administration.authorize(
      name, second: second, needs: role, needsTwo: needsTwo, account: Self.account)
  }

  /// Who is named, or runs the process, for the record of what needs no role: scripts make backups,
  /// and a hub that cannot serve knows no people.
  var unchecked: Operator { Operator(name: name ?? Self.account, second: second ?? "") }

  /// The operating system's name of whoever runs this process.
  private static var account: String {
    guard let entry = getpwuid(getuid()), let name = entry.pointee.pw_name else {
      return "uid \(getuid())"
    }
    return String(cString: name)
  }
}

struct HubUserCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Who may administer the county.",
    discussion: """
      read looks at what holds no personal value, operate runs the hub, decide decides about \
      cases. In a county without users everybody who may run commands on the hub may decide, and \
      the account's name is recorded. The first user has the role decide.
      """,
    subcommands: [HubUserAdd.self, HubUserList.self, HubUserRemove.self])
}

extension UserRole: ExpressibleByArgument {}

struct HubUserAdd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Adds a person, or gives one another role.")

  @Argument(help: "The person's name, as --as will name it.") var name: String
  @Option(help: "read, operate or decide.") var role: UserRole
  @OptionGroup var actor: ActorOptions
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let administration = try options.directory.administration(options.key())
    let person = try actor.authorize(administration, needs: .decide)
    try administration.put(HubUser(name: name, role: role), by: person)
    if output.json {
      printJSON(["name": .text(name), "role": .text(role.rawValue)])
    } else {
      print("\(name) may \(role.rawValue)")
    }
  }
}

struct HubUserList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists who may administer the county.")

  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let users = try options.directory.administration(options.key()).users()
    if output.json {
      printJSON(
        .list(users.map { ["name": .text($0.name), "role": .text($0.role.rawValue)] }))
    } else {
      print(
        TextTable(header: ["name", "role"], rows: users.map { [$0.name, $0.role.rawValue] }).text)
    }
  }
}

struct HubUserRemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Takes a person's role.")

  @Argument(help: "The person's name.") var name: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let administration = try options.directory.administration(options.key())
    let person = try actor.authorize(administration, needs: .decide)
    try administration.removeUser(named: name, by: person)
    if output.json {
      printJSON(["name": .text(name), "removed": true])
    } else {
      print("\(name) may nothing any more")
    }
  }
}

struct HubAudit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "What people decided and looked at, without any value.",
    subcommands: [HubAuditList.self, HubAuditVerify.self])
}

struct HubAuditList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the audit record, oldest first.")

  @OptionGroup var options: CountyOptions
  @Option(help: "The first event.") var from: Int64 = 1
  @Option(help: "How many at the most.") var limit = 1_000
  @OptionGroup var output: OutputOptions

  func run() throws {
    let events = try options.directory.administration(options.key()).audit(
      from: from, limit: max(0, limit))
    if output.json {
      printJSON(
        .list(
          events.map { stored in
            [
              "n": .integer(stored.number), "at": JSONValue(time: stored.event.at),
              "actor": .text(stored.event.actor), "second": .text(stored.event.second),
              "action": .text(stored.event.action), "subject": .text(stored.event.subject),
              "detail": .text(stored.event.detail), "hash": .text(stored.hash.text),
            ]
          }))
    } else {
      print(
        TextTable(
          header: ["n", "at", "who", "second", "action", "about", "detail"],
          rows: events.map { stored in
            let event = stored.event
            return [
              String(stored.number), rfc3339(event.at), event.actor, event.second, event.action,
              event.subject, event.detail,
            ]
          }
        ).text)
    }
  }
}

struct HubAuditVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Proves that the audit record is one unbroken chain.")

  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let result = try options.directory.administration(options.key()).verifyAudit()
    if output.json {
      printJSON([
        "ok": .bool(result.firstBad == nil), "events": .integer(result.count),
        "head": .text(result.head.text), "first_bad": JSONValue(result.firstBad),
      ])
    } else if let bad = result.firstBad {
      print("the audit record is NOT sound at event \(bad)")
    } else {
      print("the audit record is sound: \(result.count) events, head \(result.head.text)")
    }
    if result.firstBad != nil { throw ExitCode(CommandExit.differences.rawValue) }
  }
}
