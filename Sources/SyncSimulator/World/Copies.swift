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

  /// A site was told to wait for a person: the county's IT looks at it.
  ///
  /// - Throws: what the hub's disk throws.
  func lookAt(_ site: SimulatedSite, heldFor reason: HoldReason) throws {
    if let twin = site.twin { return try choose(between: site, and: twin) }
    // There is one machine only, and its directory is from before its log ended.
    if reason == .cloned && site.showsEndedLog { return try joinAgain(site) }
    fail(Violation(.crash, "\(site.name) is held for a copy that it does not have"))
  }

  /// Whether the hub has put a site on hold and says why in its status: nobody looks at one that
  /// was merely sent away.
  func isHeld(_ site: SimulatedSite, for reason: HoldReason) throws -> Bool {
    guard hub.isUp else { return false }
    let record = try hub.onSoundDisk { try hub.engine.read { try $0.site(site.id) } }
    return record?.state == .held && record?.heldBecause == reason
  }

  /// Two copies have called, and both are held: the county chooses one, which joins again.
  private func choose(between site: SimulatedSite, and twin: SimulatedSite) throws {
    tally.met(16, at: .send)
    tally.met(16, at: .receive)
    tally.checked(.exactlyOnce)
    guard hub.isUp, disturbances[0] == nil else { return }
    let isFirst = random.chance(50) || twin.stopped != nil
    let (chosen, other) = isFirst ? (site, twin) : (twin, site)
    other.killAgent()
    other.isShutOut = true
    stop(other, "the county has chosen its copy")
    site.forgetTwin()
    twin.forgetTwin()
    try joinAgain(chosen)
  }

  private func joinAgain(_ site: SimulatedSite) throws {
    guard hub.isUp, disturbances[0] == nil else { return }
    site.killAgent()
    site.showsEndedLog = false
    hub.advance(to: clock)
    let faults = hub.disk?.faults
    hub.disk?.faults = SimulatedDisk.Faults()
    try hub.rejoin(site.id)
    if let faults { hub.disk?.faults = faults }
    note(site.name, "joins again")
  }
}
