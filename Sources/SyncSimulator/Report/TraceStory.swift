/// A run as a person reads it: what kind of county it was, then its days.
package enum TraceStory {
  /// What the seed has drawn, option by option.
  package static func header(_ swarm: Swarm, tier: Tier) -> [String] {
    let hub = swarm.usesSQLiteHub ? "on SQLite" : "in memory"
    let steadily = [
      "a hub \(hub) and \(swarm.siteCount) sites; it heals after \(swarm.eventCount) happenings",
      "\(swarm.writesPerDay) statements a day at each site, "
        + "\(percent(swarm.nightWrites)) of them while the sessions run",
      "sessions on \(percent(swarm.nightlySessions)) of the nights"
        + (swarm.isRush ? ", all in one minute," : "")
        + " and \(percent(swarm.dailySessions)) of the days",
      "a step takes \(swarm.stepTime) ms, a message \(swarm.delay) ms on average",
      "\(swarm.batchChangeCount) changes in a batch, \(swarm.pageByteCount) bytes in a page",
    ]
    let faults = swarm.faults
    return steadily + (faults.isEmpty ? ["and nothing goes wrong"] : faults)
  }

  /// Lines of a trace, a heading before each day.
  package static func days(_ lines: some Collection<Trace.Line>) -> [String] {
    var told: [String] = []
    var day: Int64?
    let width = lines.map(\.actor.count).max() ?? 0
    for line in lines {
      if line.day != day {
        if day != nil { told.append("") }
        told.append("day \(line.day)")
        day = line.day
      }
      told.append("  " + line.withinDay(actorWidth: width))
    }
    return told
  }

  /// A rate in a thousand, as people say it.
  fileprivate static func percent(_ rate: Int) -> String {
    rate % 10 == 0 ? "\(rate / 10) %" : "\(rate / 10).\(rate % 10) %"
  }
}

extension Trace.Line {
  fileprivate var day: Int64 { time / 86_400_000 }

  /// The line without its day, its actor in a column of the same width as all others.
  fileprivate func withinDay(actorWidth: Int) -> String {
    let clock = description.dropFirst("day \(day) ".count).prefix("00:00:00.000".count)
    let name = actor + String(repeating: " ", count: actorWidth - actor.count)
    return "\(clock)  \(name)  \(what)\(detail.isEmpty ? "" : "  \(detail)")"
  }
}

extension Swarm {
  /// The faults that are on, each with its rate, in words.
  fileprivate var faults: [String] {
    let rates: [(rate: Int, of: String)] = [
      (absences, "of the days a site stops syncing for one to three months"),
      (heldTransactions, "of the statements stay in an open transaction"),
      (longReads, "of the statements are followed by a read of hours"),
      (lostRequests, "of the requests are lost"), (lostAnswers, "of the answers are lost"),
      (repeats, "of the requests arrive twice"),
      (replays, "of the requests arrive again hours later"),
      (cutRequests, "of the requests are cut"), (cutAnswers, "of the answers are cut"),
      (partitions, "of the days a site's line is dead for hours"),
      (agentCrashes, "of the steps kill the agent"),
      (programCrashes, "of the statements kill the local program"),
      (hubCrashesBefore, "of the requests kill the hub before it looks at them"),
      (hubCrashesAfter, "of the requests kill the hub before it answers"),
      (hubBusy, "of the requests are sent away"),
      (skewedClocks, "of the sites have a wrong clock"),
      (clockJumps, "of the days a site's clock jumps"),
      (hubClockJumps, "of the days the hub's clock jumps back"),
      (rebuilds, "of the days a tool drops a site's triggers"),
      (restores, "of the days a replica is copied, or restored from its copy"),
      (copies, "of the days a second machine starts with a copy of a site's directory"),
      (hubRestores, "of the days the hub is backed up, or restored from its backup"),
      (hubLosses, "of the days the hub is lost and rebuilt from replicas, once"),
      (olderSites, "of the sites are one version of the schema behind"),
      (handovers, "of the days cases go to another lead"),
      (poison, "of the days a program writes what cannot travel"),
      (powerCuts, "of the steps are cut by a power failure"),
      (deepKills, "of the steps are killed inside an operation"),
      (fullDisks, "of the days a disk is full for hours"),
      (readOnlyDisks, "of the days a disk is read-only for hours"),
      (flips, "of the days a bit of a replica flips"),
      (lostWALs, "of the days a replica's WAL is deleted"),
    ]
    var words = rates.filter { $0.rate > 0 }.map { "\(TraceStory.percent($0.rate)) \($0.of)" }
    if diskErrors > 0 { words.append("\(diskErrors) of a million disk operations fail") }
    if hasLiar { words.append("the last site lies") }
    return words
  }
}
