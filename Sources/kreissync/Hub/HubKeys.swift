import ArgumentParser
import Hub
import HubService
import HubStorage
import SyncCore
import SyncProtocol

struct HubKeys: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "The hub's own key.", subcommands: [HubKeysRotate.self])
}

/// `hub keys rotate`: a next key, told to every site before it takes over.
struct HubKeysRotate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Makes the hub's next key, or says who knows it.",
    discussion: """
      Sites learn the next key with their next session and accept both. It takes over by itself \
      when the overlap is over (pin_overlap_days in hub.toml). Again before that, the command says \
      which sites do not know it yet.
      """)

  @Option(name: .customLong("data"), help: "The hub's directory.")
  var path: String

  @Flag(help: "Let it take over now: sites that do not know it yet must join anew.")
  var now = false

  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    try recordEverywhere()
    let time = Surroundings.now()
    let settings = try HubSettings.read(directory: path)
    let present = try ServerIdentity.current(directory: path, now: time)
    let next = try ServerIdentity.createNext(
      directory: path,
      switchAt: time + Milliseconds(settings.pinOverlapDays) * BerlinTime.day)
    let sites = try served().map { site in
      (site: site, isReady: site.contact.pins.contains(Base64URL.encode(next.pin)))
    }
    if now { try ServerIdentity.switchToNext(directory: path) }
    if output.json {
      printJSON([
        "pin": .text(Base64URL.encode(present.pin)),
        "next_pin": .text(Base64URL.encode(next.pin)), "switched": .bool(now),
        "switch_at": JSONValue(time: now ? time : next.validFrom),
        "ready": .integer(Int64(sites.count { $0.isReady })),
        "not_ready": .list(
          sites.filter { !$0.isReady }.map {
            ["site": .text($0.site.id.string), "name": .text($0.site.name)]
          }),
      ])
    } else {
      print(text(next, sites))
    }
  }

  /// The key is every county's: whoever makes another may run each of them.
  private func recordEverywhere() throws {
    let directory = HubDirectory(path: path)
    let administrations = try directory.counties().map(directory.administration)
    let people = try administrations.map { try actor.authorize($0, needs: .operate) }
    for (administration, person) in zip(administrations, people) {
      try administration.record(
        .keysRotate, "server", by: person, detail: now ? "takes over now" : "")
    }
  }

  /// The sites that call this hub, of all its counties.
  private func served() throws -> [SiteRecord] {
    let directory = HubDirectory(path: path)
    return try directory.counties().flatMap { county in
      try directory.open(county).read { try $0.sites }
    }.filter { [.joined, .paused, .held].contains($0.state) }
  }

  private func text(
    _ next: ServerIdentity, _ sites: [(site: SiteRecord, isReady: Bool)]
  ) -> String {
    let late = sites.filter { !$0.isReady }.map(\.site)
    let takesOver =
      now
      ? "the next key has taken over; join strings that are open no longer join"
      : "the next key takes over at \(rfc3339(next.validFrom))"
    let knowing = "\(sites.count - late.count) of \(sites.count) sites know it"
    guard !late.isEmpty else { return takesOver + "\n" + knowing }
    let cure =
      now
      ? "these need `kreissync hub site rejoin`:" : "these do not yet, and learn it when they sync:"
    return ([takesOver, knowing + "; " + cure] + late.map { "  \($0.name) (\($0.id))" })
      .joined(separator: "\n")
  }
}
