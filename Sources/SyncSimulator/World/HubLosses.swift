import HubService
import HubStorage
import ReplicaStorage
import SyncCore

/// The hub is lost altogether, and nobody has a backup: it is rebuilt from what replicas hold, and
/// the sites return the rest.
extension SimulatedCounty {
  /// Once in a run. The county's own field staff gives its replica, which has every case, and
  /// perhaps others do.
  func loseHub() throws {
    guard hub.isUp, disturbances[0] == nil, witness.former == nil else { return }
    let givers = sites.filter { site in
      site.stopped == nil && site.machineIsUp && held[site.index] == nil
        && (site.kind == .county || random.chance(30))
    }
    guard givers.contains(where: { $0.kind == .county }) else { return }
    hub.advance(to: clock)
    let before = try hub.onSoundDisk { try witness.contents(of: hub) }
    for giver in givers { giver.advance(to: clock) }
    let holdings = try givers.map { ReplicaHoldings(try $0.opened()) }
    let sources = try holdings.map {
      Rebuilding.Holdings(
        position: try $0.origin().position, leads: try $0.leads(), rows: $0.rows)
    }
    // Whom no replica knows its county would have to let in anew.
    let siteTable = witness.schema.table(named: "site")!.number
    let known = try sources.map { source in
      Set(try source.rows(.none).lazy.filter { $0.key.table == siteTable }.map(\.key.id.text))
    }
    guard known.contains(where: { $0.isSuperset(of: sites.map(\.id.text)) }) else { return }
    let faults = hub.disk?.faults
    hub.disk?.faults = SimulatedDisk.Faults()
    hub.advance(to: clock)
    try hub.rebuild(from: sources)
    try witness.hubWasRestored(hub, to: Counter(seq: 0, tree: .empty), from: before)
    if let faults { hub.disk?.faults = faults }
    tally.met(15, at: .operate)
    note(
      "hub", "is lost, and rebuilt",
      "from "
        + zip(givers, sources).map { "\($0.name) at \($1.position.seq)" }.joined(separator: ", "))
  }
}

extension SimulatedHub {
  /// `hub rebuild`: an empty database takes the lost one's place and is filled before the hub
  /// serves again.
  func rebuild(from sources: [Rebuilding.Holdings]) throws {
    crash()
    if let disk {
      for path in Self.files { disk.remove(path) }
      disk.install(images.hub, at: Self.path)
    } else {
      replaceEngine(InMemoryHub(county: images.county, schema: images.schema))
    }
    try restart()
    let rebuilding = rebuilding(seams.store(engine, on: disk))
    try rebuilding.begin()
    for source in sources.sorted(by: { $0.position.seq < $1.position.seq }) {
      _ = try rebuilding.enter(source)
    }
  }
}
