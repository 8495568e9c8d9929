import ReplicaAgent
import SyncCore
import SyncProtocol

/// What happens to a site's file behind the agent's back.
extension SimulatedCounty {
  /// A tool drops the triggers and writes while they are gone (F20, F21).
  func rebuildTables(at site: SimulatedSite) {
    guard site.machineIsUp, held[site.index] == nil, !witness.isModelled else { return }
    site.advance(to: clock)
    do {
      let program = try site.openProgram()
      let triggers = try program.rows(
        """
        SELECT name FROM sqlite_schema
        WHERE type = 'trigger' AND tbl_name = 'sample' ORDER BY name
        """
      ).compactMap { $0[0].text }
      for trigger in triggers { try program.run("DROP TRIGGER \"\(trigger)\"") }
      let statement = try programs[site.index].next(program)
      try program.run(statement.sql)
      note(site.name, "lost its triggers, and", statement.what)
    } catch {
      return fail(
        Violation(breaking: .harmlessness, "\(site.name): \(error) while a tool rebuilt a table"))
    }
    tally.met(20, at: .capture)
    tally.met(21, at: .capture)
  }

  /// Somebody keeps a copy of the replica, or puts the kept one back (F13). A copy that lacks
  /// nothing the agent knows is no restore.
  func copyOrRestore(_ site: SimulatedSite) throws {
    guard site.machineIsUp, held[site.index] == nil else { return }
    let files = [SimulatedSite.path, SimulatedSite.path + "-wal"]
    guard let copy = copies[site.index] else {
      guard let sidecar = site.disk.read(SimulatedSite.sidecarPath) else { return }
      copies[site.index] = ReplicaCopy(files: files.map { site.disk.read($0) }, sidecar: sidecar)
      return note(site.name, "replica is copied")
    }
    guard let present = site.disk.read(SimulatedSite.sidecarPath), present != copy.sidecar else {
      return
    }
    copies[site.index] = nil
    site.killAgent()
    site.killProgram()
    for (path, bytes) in zip(files, copy.files) {
      site.disk.remove(path)
      if let bytes { site.disk.install(bytes, at: path) }
    }
    // The sidecar tells; where it went back, too, the hub has to.
    let isWhole = random.chance(50)
    if isWhole {
      site.disk.install(copy.sidecar, at: SimulatedSite.sidecarPath)
      if try Self.log(of: copy.sidecar) != Self.log(of: present) { site.showsEndedLog = true }
    }
    site.isRestored = true
    witness.restored.insert(site.index)
    note(
      site.name, isWhole ? "directory is restored from a copy" : "replica is restored from a copy")
    tally.met(13, at: .readLog)
  }

  /// The log that a sidecar names: the one that its agent is about to begin, or is in.
  private static func log(of sidecar: [UInt8]) throws -> String {
    let sidecar: Sidecar = try WireJSON.decode(sidecar)
    return sidecar.successor ?? sidecar.incarnation
  }

  /// The agent has seen that its file went back in time.
  ///
  /// - Returns: whether the site goes no further.
  func noticeRestore(of site: SimulatedSite) -> Bool {
    // A program at OFF may take back what was durable; a flipped bit may end a log early.
    guard site.isRestored || site.isSuspect || site.gambles else {
      fail(Violation(.crash, "\(site.name) takes its own replica for a restored one"))
      return true
    }
    tally.checked(.durableBeforeSent)
    guard site.isSuspect || site.gambles else { return false }
    stop(site, "its replica was restored")
    return true
  }

  func stop(_ site: SimulatedSite, _ reason: String) {
    site.stopped = reason
    note(site.name, "is stopped", reason)
  }

  /// A row that cannot travel, or into a case that the site may not write (F45): it is alone in its
  /// misery.
  func writePoison(at site: SimulatedSite) throws {
    guard site.machineIsUp, held[site.index] == nil, site.stopped == nil, !site.isRestored else {
      return
    }
    site.advance(to: clock)
    do {
      let program = try site.openProgram()
      if random.chance(50) {
        try program.run(
          "INSERT INTO entry (id, case_id, text) VALUES (CAST(x'FF41' AS TEXT), 'x', 'poison')")
        site.parkedCount += 1
        note(site.name, "writes an id that is no text")
      } else {
        let statement = programs[site.index].intruding()
        try program.run(statement.sql)
        witness.wrote(site.index, statement.effects, at: site.disk.clock)
        note(site.name, statement.what)
      }
    } catch let error as PlainClientError {
      // The program's own constraints: the same id once more, or a case that is not there.
      if error.code != 19 { try programFailed(site, error) }
      return
    }
    tally.met(45, at: .receive)
  }
}

/// A replica's files as somebody kept them, with the sidecar of that moment.
struct ReplicaCopy {
  let files: [[UInt8]?]
  let sidecar: [UInt8]
}
