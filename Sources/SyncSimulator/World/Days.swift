import SyncCore

/// What a day brings, drawn at its midnight.
extension SimulatedCounty {
  func planDay(of index: Int) throws {
    let site = sites[index]
    guard !isCalm else { return }
    agenda.plan(.day(site: index), at: clock + Self.day)
    guard site.stopped == nil else { return }

    for _ in 0..<random.number(0...2 * swarm.writesPerDay) {
      let time =
        draw(swarm.nightWrites)
        ? 2 * Self.hour + Milliseconds(random.number(0...10 * Int(Self.minute)))
        : Milliseconds(random.number(8 * Int(Self.hour)...17 * Int(Self.hour)))
      agenda.plan(.statement(site: index), at: clock + time)
    }
    if draw(swarm.absences) && !site.isAway {
      site.isAway = true
      note(site.name, "stops syncing")
      agenda.plan(
        .siteReturns(site: index), at: clock + Milliseconds(random.number(30...90)) * Self.day)
    }
    let jitter = swarm.isRush ? 0 : random.number(0...10 * Int(Self.minute))
    if draw(swarm.nightlySessions) {
      agenda.plan(.session(site: index), at: clock + 2 * Self.hour + Milliseconds(jitter))
      if swarm.isRush {
        tally.met(29, at: .receive)
        tally.met(29, at: .commit)
      }
    }
    if draw(swarm.dailySessions) {
      let time = Milliseconds(random.number(8 * Int(Self.hour)...17 * Int(Self.hour)))
      agenda.plan(.session(site: index), at: clock + time)
    }
    try planMisfortunes(of: site)
  }

  private func planMisfortunes(of site: SimulatedSite) throws {
    if draw(swarm.partitions) { loseLine(of: site) }
    if draw(swarm.clockJumps) {
      let isRight = random.chance(40)
      site.skew = isRight ? 0 : wrongness()
      note(site.name, "clock jumps", Self.words(forSkew: site.skew))
    }
    if draw(swarm.rebuilds) { rebuildTables(at: site) }
    if draw(swarm.restores) { try copyOrRestore(site) }
    if draw(swarm.copies) { try copyMachine(of: site) }
    if draw(swarm.poison) { try writePoison(at: site) }
    if draw(swarm.fullDisks) { disturb(site.disk, .full, site.index + 1, site.name) }
    if draw(swarm.readOnlyDisks) { disturb(site.disk, .readOnly, site.index + 1, site.name) }
    if draw(swarm.flips) { flipBit(at: site) }
    if draw(swarm.lostWALs) { loseWAL(of: site) }
  }

  /// `3 h fast`.
  static func words(forSkew skew: Milliseconds) -> String {
    let size = abs(skew)
    let amount =
      size < 2 * minute
      ? "\(size / 1_000) s" : size < 2 * hour ? "\(size / minute) min" : "\(size / hour) h"
    return skew == 0 ? "right again" : "\(amount) \(skew > 0 ? "fast" : "slow")"
  }

  /// The line is dead for hours.
  func loseLine(of site: SimulatedSite) {
    guard !site.lineIsDead else { return }
    site.lineIsDead = true
    note(site.name, "has no line")
    agenda.plan(
      .lineHeals(site: site.index), at: clock + Milliseconds(random.number(1...30)) * Self.hour)
  }

  func planHubDay() throws {
    guard !isCalm else { return }
    agenda.plan(.hubDay, at: clock + Self.day)
    if draw(swarm.hubClockJumps) {
      hub.skew -= Milliseconds(random.number(1...3_600)) * 1_000
      note("hub", "clock jumps back", Self.words(forSkew: hub.skew))
      tally.met(18, at: .commit)
    }
    if draw(swarm.hubRestores) { try backUpOrRestoreHub() }
    if draw(swarm.hubLosses) { try loseHub() }
    if draw(swarm.handovers) { for _ in 0..<random.number(1...3) { try handOverCase() } }
    guard let disk = hub.disk else { return }
    if draw(swarm.fullDisks) { disturb(disk, .full, 0, "hub") }
    if draw(swarm.readOnlyDisks) { disturb(disk, .readOnly, 0, "hub") }
  }
}
