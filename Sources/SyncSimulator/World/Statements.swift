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
      let isPlain = !statement.sql.hasPrefix("BEGIN")
      if held[site.index] == nil && isPlain && draw(swarm.heldTransactions) {
        return try hold(statement, at: site, connection)
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
    if tier == .model { tally.checked(.harmlessness) }
    countStatementFaults(at: site)
    note(site.name, statement.what)
    tell(statement.effects, of: site, at: time)
    if draw(swarm.longReads) {
      try site.openProgram().run("BEGIN; SELECT count(*) FROM sample")
      held[site.index] = ([], time)
      note(site.name, "keeps reading")
      agenda.plan(.readerLeaves(site: site.index), at: clock + 3 * Self.hour)
    }
    if draw(swarm.programCrashes) { killProgram(at: site) }
  }

  /// Writes and does not commit for a while: nobody else can write (F9).
  private func hold(
    _ statement: LocalProgram.Statement, at site: SimulatedSite, _ connection: PlainClient
  ) throws {
    try connection.run("BEGIN IMMEDIATE; \(statement.sql)")
    held[site.index] = (statement.effects, site.disk.clock)
    note(site.name, "holds its transaction", statement.what)
    agenda.plan(
      .release(site: site.index), at: clock + Milliseconds(random.number(1...40)) * Self.minute)
  }

  /// The program begins to hold a transaction in the middle of a session.
  func holdNow(at site: SimulatedSite) throws {
    guard held[site.index] == nil, tier == .model else { return }
    let connection = try site.openProgram()
    let statement = try programs[site.index].next(connection)
    guard !statement.sql.hasPrefix("BEGIN") else { return }
    try hold(statement, at: site, connection)
  }

  private func countStatementFaults(at site: SimulatedSite) {
    if site.skew != 0 { tally.met(17, at: .localWrite) }
  }

  private func tell(
    _ effects: [LocalProgram.Effect], of site: SimulatedSite, at time: Milliseconds
  ) {
    tally.writes += effects.count
    witness.wrote(site.index, effects, at: time)
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
    tell(open.effects, of: site, at: open.time)
  }

  func endRead(at site: SimulatedSite) throws {
    try release(at: site)
  }

  /// Without broken disks nothing that the agent does may reach the neighbour as an error.
  func programFailed(_ site: SimulatedSite, _ error: PlainClientError) throws {
    note(site.name, "program fails", "\(error.code)")
    guard tier == .storage else {
      return fail(
        Violation(
          breaking: .harmlessness, "\(site.name): \(error.message) (\(error.code)) in \(error.sql)")
      )
    }
    held[site.index] = nil
    if recover(site) { return }
    site.closeProgram()
    if error.code == 11 || error.code == 26 { damaged(site, error) }
  }
}
