import HubStorage
import SyncCore

/// A second machine with a copy of a site's directory (F16): at most one of the two is served, and
/// the county chooses which goes on.
extension SimulatedCounty {
  /// Somebody starts a copy of a site's machine; once in a run, and the first goes on as before.
  func copyMachine(of site: SimulatedSite) throws {
    let isPlain = site.machineIsUp && site.stopped == nil && held[site.index] == nil
    guard isPlain, site.kind != .carrier, sites.count + 1 < disks.count,
      sites.allSatisfy({ !$0.wasCopied }), site.disk.read(SimulatedSite.sidecarPath) != nil
    else { return }
    let disk = disks[sites.count + 1]
    disk.format(seed: random.next())
    disk.clock = clock
    let copy = SimulatedSite(
      copyOf: site, index: sites.count, disk: disk, seed: random.next())
    prepareDisk(disk)
    site.becomeTwin(of: copy)
    copy.becomeTwin(of: site)
    witness.copied(site.index)
    add(copy)
    agenda.plan(.day(site: copy.index), at: clock + Self.day)
    note(site.name, "is copied to a second machine", copy.name)
  }

  /// Two copies have called, and both are held: the county chooses one, which joins again.
  func choose(between site: SimulatedSite) throws {
    guard let twin = site.twin else {
      return fail(Violation(.crash, "\(site.name) is held for a copy that it does not have"))
    }
    tally.met(16, at: .send)
    tally.met(16, at: .receive)
    tally.checked(.exactlyOnce)
    guard hub.isUp, disturbances[0] == nil else { return }
    let isFirst = random.chance(50) || twin.stopped != nil
    let (chosen, other) = isFirst ? (site, twin) : (twin, site)
    chosen.killAgent()
    other.killAgent()
    other.isShutOut = true
    stop(other, "the county has chosen its copy")
    site.forgetTwin()
    twin.forgetTwin()
    hub.advance(to: clock)
    let faults = hub.disk?.faults
    hub.disk?.faults = SimulatedDisk.Faults()
    try hub.rejoin(chosen.id)
    if let faults { hub.disk?.faults = faults }
    note(chosen.name, "joins again")
  }
}
