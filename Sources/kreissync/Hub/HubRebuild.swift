import ArgumentParser
import Caseload
import Foundation
import Glibc
import HubService
import HubStorage
import ReplicaStorage
import SyncCore
import SyncProtocol

/// `hub rebuild`: a county whose database is lost, and of which there is no backup, from replicas.
///
/// Built beside its place and renamed when it is whole; killed before, it is simply repeated.
struct HubRebuild: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild", abstract: "Makes a lost county's database from what replicas hold.",
    discussion: """
      For a hub without a backup; with one, use `kreissync hub restore`. The hub is stopped, and \
      its directory still has the county's authority and the hub's key. Give it copies of \
      replicas, made by `kreissync site backup` or with the site's agent stopped: that of the \
      county's own field staff holds every case. Sites go on with their certificates and return, \
      at their next contact, what these replicas lack; whom you had revoked stays revoked, as long \
      as the hub's directory has its folder `revoked`.
      """)

  @Option(
    name: .customLong("replica"),
    help: "A copy of a replica; may be given several times, the most complete ones.")
  var replicas: [String] = []
  @Option(name: .customLong("data"), help: "The hub's directory.") var path: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  /// What stood in the lost database and nowhere else.
  private static let lost = [
    "cases that none of these replicas holds, until their sites return them",
    "the ledger: values that lost before, and who decided",
    "decisions on proposals; those that sites return wait again",
    "who wrote each row: rows of a case count as its lead's",
    "hand-overs: their epochs, what was under way, and who had led a case before",
    "join strings that were open, and what was asked of sites",
  ]

  func run() throws {
    guard !replicas.isEmpty else {
      throw CommandFailure(
        .usage, "replica_needed", "a lost county is rebuilt from replicas",
        hint: "name at least one with --replica FILE: that of the county's own field staff")
    }
    let directory = HubDirectory(path: path)
    let lock = try directory.alone()
    defer { withExtendedLifetime(lock) {} }
    let sources = try replicas.map(ReplicaSource.init).sorted { $0.seq < $1.seq }
    defer { for source in sources { source.remove() } }
    let county = sources.last!.origin.county
    guard sources.allSatisfy({ $0.origin.county == county }) else {
      throw CommandFailure(
        .usage, "several_counties", "the replicas are of several counties",
        hint: "give those of one county")
    }
    let place = directory.databasePath(of: county)
    guard access(place, F_OK) != 0 else {
      throw CommandFailure(
        .failed, "county_exists", "\(place) is there; nothing was changed",
        hint: "move it away if it is beyond repair: `hub restore` and `hub log verify` tell")
    }
    let draft = place + ".rebuilding"
    for suffix in ["", "-wal", "-shm", "-journal"] { unlink(draft + suffix) }
    let list = try ErasureList(of: county, in: directory).read()
    let sums = try build(sources, at: draft, erasing: list, directory.revokedSites(of: county))
    for suffix in ["-wal", "-shm", ""] where rename(draft + suffix, place + suffix) != 0 {
      guard errno == ENOENT, !suffix.isEmpty else { throw FileFailure(.write, place) }
    }
    try DurableFile.syncDirectory(of: place)
    report(county, sums)
  }

  private struct Sums {
    var siteCount = 0
    var caseCount = 0
    var rowCount = 0
    var revoked: [SiteRecord] = []
  }

  private func build(
    _ sources: [ReplicaSource], at draft: String,
    erasing list: [CountyAdministration.ListedErasure],
    _ revoked: RevokedSites
  ) throws -> Sums {
    let origin = sources.last!.origin
    let store = try SQLiteHub.create(
      at: draft,
      county: CountyRecord(
        key: origin.county, name: origin.name, history: origin.position.history,
        digestKey: origin.digestKey, schemaText: origin.schemaText), now: Surroundings.now())
    let rebuilding = Rebuilding(
      store: store, environment: Surroundings.hub, rules: CaseloadRules())
    try rebuilding.begin()
    let administration = CountyAdministration(store: store, environment: Surroundings.hub)
    _ = try administration.apply(list)
    var sums = Sums()
    for source in sources { try enter(source, into: rebuilding, &sums) }
    try administration.remind(of: list)
    sums.revoked = try revoked.revoke(in: store)
    try administration.record(
      .rebuild, origin.county.string, by: actor.unchecked, detail: "\(sources.count) replicas")
    (sums.siteCount, sums.caseCount) = try store.read { (try $0.sites.count, try $0.caseCount) }
    guard try store.read({ try LogVerification.run(on: $0) }).isSound else {
      throw CommandFailure(
        .failed, "rebuild_failed", "the rebuilt log is not sound",
        hint: "report this as a defect; nothing was put in place")
    }
    try store.close()
    return sums
  }

  private func enter(
    _ source: ReplicaSource, into rebuilding: Rebuilding, _ sums: inout Sums
  ) throws {
    let holdings = source.holdings
    sums.rowCount += try rebuilding.enter(
      Rebuilding.Holdings(
        position: source.origin.position, leads: try holdings.leads(),
        rows: { try holdings.rows(of: $0) }))
  }

  private func report(_ county: CountyKey, _ sums: Sums) {
    if output.json {
      printJSON([
        "county": .text(county.string), "sites": .integer(Int64(sums.siteCount)),
        "cases": .integer(Int64(sums.caseCount)), "rows": .integer(Int64(sums.rowCount)),
        "revoked": .list(sums.revoked.map { .text($0.id.string) }),
        "lost": .list(Self.lost.map { .text($0) }),
      ])
    } else {
      print(
        """
        county \(county) has \(sums.caseCount) cases and \(sums.siteCount) sites again
        what cannot come back, or only from the sites:
        \(Self.lost.map { "  - " + $0 }.joined(separator: "\n"))
        \(sums.revoked.map { "site \($0.name) stays revoked\n" }.joined())\
        start `kreissync hub serve`, and look through the sites
        """)
    }
  }
}

/// A copy of a copy: a replica is opened for writing, and what somebody gives stays as it is.
private struct ReplicaSource {
  let holdings: ReplicaHoldings
  let origin: ReplicaHoldings.Origin
  private let folder: String

  var seq: Int64 { origin.position.seq }

  init(_ path: String) throws {
    folder = NSTemporaryDirectory() + "/kreissync-rebuild-\(Surroundings.uuid())"
    try DurableFile.makeDirectory(folder)
    for suffix in ["", "-wal"] where access(path + suffix, F_OK) == 0 {
      do {
        try FileManager.default.copyItem(
          atPath: path + suffix, toPath: folder + "/replica.sqlite" + suffix)
      } catch {
        throw FileFailure(.write, folder)
      }
    }
    guard access(folder + "/replica.sqlite", F_OK) == 0 else {
      throw ReplicaError.missing(path: path)
    }
    holdings = ReplicaHoldings(try ReplicaFile.open(at: folder + "/replica.sqlite"))
    origin = try holdings.origin()
  }

  func remove() {
    for suffix in ["", "-wal", "-shm"] { unlink(folder + "/replica.sqlite" + suffix) }
    rmdir(folder)
  }
}
