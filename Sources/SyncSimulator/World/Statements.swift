import SyncCore

/// The local programs at work.
extension SimulatedCounty {
  func runStatement(at site: SimulatedSite) throws {
    guard site.stopped == nil, site.machineIsUp else { return }
    site.advance(to: clock)
    let time = site.disk.clock
    let statement: LocalProgram.Statement
    arm(site.disk, SimulatedSite.programNumber)
    do {
      let connection = try site.openProgram()
      statement = try programs[site.index].next(connection)
      let isHeld = draw(swarm.heldTransactions) && held[site.index] == nil
      let isPlain = !statement.sql.hasPrefix("BEGIN")
      if held[site.index] == nil && isHeld && isPlain {
        try connection.run("BEGIN IMMEDIATE; \(statement.sql)")
        held[site.index] = (statement.effects, time)
        note(site.name, "holds its transaction", statement.what)
        agenda.plan(
          .release(site: site.index), at: clock + Milliseconds(random.number(1...40)) * Self.minute)
        return
      }
      if held[site.index] != nil {
        guard isPlain else { return }
        // One connection, one transaction: it joins what is held, with the clock of its own moment.
        try release(at: site)
        // It may have died over it.
        guard site.program != nil else { return }
      }
      try counting(site.disk, at: .localWrite, full: 6) { try connection.run(statement.sql) }
    } catch let error as PlainClientError {
      return try programFailed(site, error)
    }
    if recover(site) { return }
    tally.statements += 1
    countStatementFaults(at: site)
    note(site.name, statement.what)
    witness.wrote(site.index, statement.effects, at: time)
    if draw(swarm.longReads) {
      try site.openProgram().run("BEGIN; SELECT count(*) FROM sample")
      held[site.index] = ([], time)
      note(site.name, "keeps reading")
      agenda.plan(.readerLeaves(site: site.index), at: clock + 3 * Self.hour)
    }
    if draw(swarm.programCrashes) { killProgram(at: site) }
  }

  private func countStatementFaults(at site: SimulatedSite) {
    if site.skew != 0 { tally.met(17, at: .localWrite) }
  }

  /// A kill with a transaction open takes back what it wrote, and nothing else.
  private func killProgram(at site: SimulatedSite) {
    note(site.name, "program is killed")
    site.killProgram()
    held[site.index] = nil
    tally.met(1, at: .localWrite)
    tally.met(1, at: .capture)
  }

  /// COMMIT of a held transaction.
  func release(at site: SimulatedSite) throws {
    guard let open = held[site.index], site.machineIsUp, let program = site.program else {
      held[site.index] = nil
      return
    }
    held[site.index] = nil
    site.asProgram()
    if draw(swarm.programCrashes) { return killProgram(at: site) }
    do {
      try program.run("COMMIT")
    } catch let error as PlainClientError {
      return try programFailed(site, error)
    }
    note(site.name, "commits what it held")
    witness.wrote(site.index, open.effects, at: open.time)
  }

  func endRead(at site: SimulatedSite) throws {
    try release(at: site)
  }

  /// Without broken disks nothing that the agent does may reach the neighbour as an error.
  private func programFailed(_ site: SimulatedSite, _ error: PlainClientError) throws {
    note(site.name, "program fails", "\(error.code)")
    guard tier == .storage else {
      return fail(
        Violation(breaking: .harmlessness, "\(site.name): \(error.message) (\(error.code)) in \(error.sql)"))
    }
    held[site.index] = nil
    if recover(site) { return }
    site.closeProgram()
    if error.code == 11 || error.code == 26 { damaged(site, error) }
  }
}
