import ReplicaStorage
import SyncCore
import SyncProtocol

/// Disks that fail, fill and forget; in tier `storage` only.
extension SimulatedCounty {
  /// Operations on a disk within which a step is cut: a commit takes some ten.
  private static let operationsOfAStep = 40

  /// How a site's disk behaves when it loses power, and how often its operations fail.
  func prepareDisk(_ disk: SimulatedDisk) {
    guard tier == .storage else { return }
    disk.faults.survival = UInt32(random.number(0...1_000_000))
    disk.faults.tear = UInt32(random.number(0...500_000))
    let rate = UInt32(swarm.diskErrors)
    disk.faults.readErrors = rate / 4
    disk.faults.writeErrors = rate
    disk.faults.shortWrites = rate
    disk.faults.syncErrors = rate
  }

  /// Before something runs: it may be the last that its process, or the machine, does.
  func arm(_ disk: SimulatedDisk, _ process: Int32) {
    guard tier == .storage else { return }
    if draw(swarm.powerCuts) {
      disk.cut(atOperation: Int64(random.number(1...Self.operationsOfAStep)))
    }
    if draw(swarm.deepKills) {
      disk.kill(process, atOperation: Int64(random.number(1...Self.operationsOfAStep)))
    }
  }

  func disarm(_ disk: SimulatedDisk, _ process: Int32) {
    guard tier == .storage else { return }
    disk.cut(atOperation: 0)
    disk.kill(process, atOperation: 0)
  }

  /// Runs a part of a step and counts what it met at which point.
  func counting<Result>(
    _ disk: SimulatedDisk, at point: PipelinePoint?, full: Int, body: () throws -> Result
  ) rethrows -> Result {
    guard tier == .storage, let point else { return try body() }
    let before = disk.counts
    defer {
      let after = disk.counts
      if after.full > before.full { tally.met(full, at: point) }
      if after.readOnly > before.readOnly { tally.met(8, at: point) }
      let isStatement = point == .localWrite
      if after.cuts > before.cuts { tally.met(2, at: point) }
      if after.kills > before.kills { tally.met(1, at: point) }
      // The trigger runs inside the statement and its commit.
      if isStatement && after.cuts > before.cuts { tally.met(2, at: .capture) }
      if isStatement && after.kills > before.kills { tally.met(1, at: .capture) }
    }
    return try body()
  }

  /// After a site's step: whoever died is started again, and what was sent is still there.
  ///
  /// - Returns: whether somebody died.
  func recover(_ site: SimulatedSite) -> Bool {
    guard tier == .storage else { return false }
    disarm(site.disk, SimulatedSite.agentNumber)
    disarm(site.disk, SimulatedSite.programNumber)
    if site.disk.isDark {
      note(site.name, "loses its power")
      held[site.index] = nil
      reboot(site)
    } else if site.disk.isKilled(SimulatedSite.agentNumber) {
      note(site.name, "agent is killed inside an operation")
      site.killAgent()
    } else if site.disk.isKilled(SimulatedSite.programNumber) {
      note(site.name, "program is killed inside an operation")
      held[site.index] = nil
      site.killProgram()
    } else {
      return false
    }
    checkOutbox(of: site)
    return true
  }

  /// Power is back. What a program at OFF had not synced may be gone in parts, and with it pages
  /// that it has copied out of the WAL: SQLite promises nothing of such a file, and no agent can
  /// see it from within. The hub and all others must not suffer from it.
  private func reboot(_ site: SimulatedSite) {
    let before = site.disk.counts
    site.reboot()
    let after = site.disk.counts
    let lost = after.lostSectors + after.tornSectors + after.lostTruncations + after.lostNames
    let lostBefore =
      before.lostSectors + before.tornSectors + before.lostTruncations + before.lostNames
    if site.gambles && lost > lostBefore { site.mayBeMixed = true }
  }

  /// What was sent stands in the outbox whatever the disk forgot.
  private func checkOutbox(of site: SimulatedSite) {
    guard site.stopped == nil, !site.isSuspect, !site.isRestored else { return }
    let faults = site.disk.faults
    site.disk.faults = SimulatedDisk.Faults()
    defer { site.disk.faults = faults }
    tally.checked(.durableBeforeSent)
    do {
      let record = try site.opened().record()
      let last = record.batchNumber
      // In a new history what was not answered is sent anew, under whichever number.
      guard let sent = witness.lastSent[site.index], last < sent.number,
        record.position.history == sent.history
      else { return }
      // A program at OFF may close the file without a sync, and take with it what was durable. The
      // sidecar knows, and the agent stops before it sends.
      if site.gambles, try site.sidecarIsAhead(of: record) { return }
      fail(
        Violation(
          breaking: .durableBeforeSent,
          "\(site.name) has sent batch \(sent.number) and knows \(last)"))
    } catch {
      damaged(site, error)
    }
  }

  /// An error of the file itself: allowed where its own program gambled, or where a bit flipped.
  func damaged(_ site: SimulatedSite, _ error: any Error) {
    let mayBe = site.isSuspect || site.gambles
    guard mayBe, error as? ReplicaError == .corrupt || error is PlainClientError else {
      return fail(Violation(.crash, "\(site.name): \(error)"))
    }
    stop(site, "its file is damaged")
  }

  // MARK: For hours

  func disturb(_ disk: SimulatedDisk, _ what: Disturbance, _ machine: Int, _ name: String) {
    guard tier == .storage, disturbances[machine] == nil else { return }
    disturbances[machine] = what
    switch what {
    // Any growth is too much.
    case .full: disk.faults.capacity = 1
    case .readOnly: disk.faults.isReadOnly = true
    }
    note(name, what == .full ? "disk is full" : "disk is read-only")
    agenda.plan(
      .diskHeals(machine: machine), at: clock + Milliseconds(random.number(1...24)) * Self.hour)
  }

  func healDisk(of machine: Int) {
    disturbances[machine] = nil
    guard let disk = machine == 0 ? hub.disk : sites[machine - 1].disk else { return }
    disk.faults.capacity = nil
    disk.faults.isReadOnly = false
    guard isCalm else { return }
    let survival = disk.faults.survival
    disk.faults = SimulatedDisk.Faults()
    disk.faults.survival = survival
  }

  /// A damaged page: the site may stop or go on, but it is not believed any more.
  func flipBit(at site: SimulatedSite) {
    guard tier == .storage, site.stopped == nil else { return }
    let path = random.chance(70) ? SimulatedSite.path : SimulatedSite.path + "-wal"
    guard
      site.disk.flip(
        path, offset: Int64(random.number(0...1_000_000)), bit: Int32(random.number(0...7)))
    else { return }
    site.isSuspect = true
    note(site.name, "a bit of \(path) flips")
  }

  /// The WAL is deleted while nobody looks (F12).
  func loseWAL(of site: SimulatedSite) {
    guard tier == .storage, site.stopped == nil, held[site.index] == nil else { return }
    site.killAgent()
    site.killProgram()
    site.disk.remove(SimulatedSite.path + "-wal")
    site.isSuspect = true
    site.isRestored = true
    tally.met(12, at: .readLog)
    note(site.name, "its WAL is deleted")
  }
}
