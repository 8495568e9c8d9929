import SyncCore

/// The options of one seed. Each is drawn on its own, and most faults are off in most seeds: a
/// fault that is always there hides what only shows without it.
///
/// Rates are in a thousand, of the occasions that the doc line names.
package struct Swarm: Sendable, Equatable {
  /// 3–40, mostly few: what two sites do to each other shows among three.
  package var siteCount = 3
  /// Happenings before the county heals; coming to rest takes some hundreds more.
  package var eventCount = 380
  /// The hub on SQLite instead of in memory.
  package var usesSQLiteHub = false

  // The days.

  /// Statements of each site's program on one day, on average.
  package var writesPerDay = 4
  /// Of the writes, those that fall into the hour of the sessions.
  package var nightWrites = 300
  /// Nights on which a site runs its session.
  package var nightlySessions = 800
  /// Days on which a site also syncs by day, while people write.
  package var dailySessions = 300
  /// All sites begin in the same minute (F29), not spread over the hour.
  package var isRush = false
  /// Days on which a site stops syncing for one to three months.
  package var absences = 0
  /// Milliseconds that one step of a site takes, on average.
  package var stepTime = 2_000
  /// Statements that stay in an open transaction for a while (F9).
  package var heldTransactions = 0
  /// Statements after which the program keeps reading for hours (F10).
  package var longReads = 0
  /// Of the statements, those about people at work, who belong to no case.
  package var staffWrites = 0
  /// Of the statements, imports: one that inserts rows by the dozen.
  package var imports = 0
  /// Of the rows, those that are edited rather than created.
  package var contention = 700
  /// Everybody edits the same few cells, mostly while a session runs: what a pull passes under
  /// unsent work, and what was written behind a build, is rare anywhere else.
  package var isCrowd = false
  /// Where these cells begin among the columns.
  package var firstCrowdedColumn = 0

  // The line.

  /// Milliseconds that a message takes, on average.
  package var delay = 300
  /// Requests that do not arrive.
  package var lostRequests = 0
  /// Answers that do not arrive (F3).
  package var lostAnswers = 0
  /// Requests that arrive twice (F4).
  package var repeats = 0
  /// Requests that arrive once more hours later (F4).
  package var replays = 0
  /// Answers of which only the first bytes arrive, as if they were all (F5).
  package var cutAnswers = 0
  /// Requests of which only the first bytes arrive, as if they were all (F5).
  package var cutRequests = 0
  /// Days on which a site's line is dead for hours (F31).
  package var partitions = 0

  // Machines.

  /// Steps of a site after which its agent is killed (F1).
  package var agentCrashes = 0
  /// Statements in the middle of which the local program is killed (F1).
  package var programCrashes = 0
  /// Requests before which the hub is killed (F1).
  package var hubCrashesBefore = 0
  /// Requests after which the hub is killed before it answers (F1, F3).
  package var hubCrashesAfter = 0
  /// Requests that a hub under load sends away (F30).
  package var hubBusy = 0
  /// Sites with a wrong clock (F17).
  package var skewedClocks = 0
  /// The programs leave alone what the policy `latest` decides, so that no clock counts (I21).
  package var ignoresClocks = false
  /// Which wrong times the clocks show.
  package var clocks: UInt64 = 0
  /// Days on which a site's clock jumps (F17).
  package var clockJumps = 0
  /// Days on which the hub's clock jumps back (F18).
  package var hubClockJumps = 0

  // The other side.

  /// A site that lies (F25).
  package var hasLiar = false
  /// Days on which a program drops or rebuilds tables without their triggers (F20).
  package var rebuilds = 0
  /// Days on which a replica is restored from an old copy (F13).
  package var restores = 0
  /// Days on which a second machine starts with a copy of a site's directory (F16).
  package var copies = 0
  /// Days on which the hub's database is backed up, or replaced by its backup (F15).
  package var hubRestores = 0
  /// Days on which the hub's database is lost, and rebuilt from replicas (F15).
  package var hubLosses = 0
  /// Sites whose schema is one version behind the county's (F19, F40); none where it has one.
  package var olderSites = 0
  /// Days on which cases go to another lead (F35, F36).
  package var handovers = 0
  /// Days on which a program writes what cannot travel (F45).
  package var poison = 0

  // Small numbers make rare paths ordinary.

  /// Changes in a batch.
  package var batchChangeCount = 1_000
  /// Bytes in a page of a pull.
  package var pageByteCount = 4 << 20

  // The disks; in tier `storage` only.

  /// Steps in which the power fails inside an operation (F2).
  package var powerCuts = 0
  /// Steps in which a process is killed inside an operation (F1).
  package var deepKills = 0
  /// Programs may leave it to the operating system what becomes durable.
  package var gambles = true
  /// Operations on a site's disk that fail, in a million.
  package var diskErrors = 0
  /// Days on which a disk is full for hours (F6, F7).
  package var fullDisks = 0
  /// Days on which a disk is read-only for hours (F8).
  package var readOnlyDisks = 0
  /// Days on which a bit of a replica's file flips (F11).
  package var flips = 0
  /// Days on which a replica's WAL is deleted (F12).
  package var lostWALs = 0

  package init() {}

  /// Whether the naive model can follow: it knows people's statements, not tools that write past
  /// the triggers, files that go back in time, or disks that forget.
  package var isModelled: Bool {
    rebuilds == 0 && restores == 0 && hubRestores == 0 && hubLosses == 0 && copies == 0
      && olderSites == 0
  }

  /// The options of a seed.
  package init(seed: UInt64, tier: Tier) {
    var random = SeededGenerator(seed: seed ^ 0x5357_4152_4D00)
    switch random.number(0...99) {
    case ..<80: siteCount = 3
    case ..<91: siteCount = 4
    case ..<97: siteCount = random.number(5...8)
    case ..<99: siteCount = random.number(9...20)
    default: siteCount = random.number(21...40)
    }
    usesSQLiteHub = random.chance(15)
    writesPerDay = random.number(1...10)
    nightWrites = random.number(0...600)
    nightlySessions = random.number(300...1_000)
    dailySessions = random.number(0...600)
    isRush = random.chance(30)
    stepTime = random.pick([10, 2_000, 20_000, 90_000])
    contention = random.number(300...900)
    delay = random.pick([5, 300, 3_000, 20_000])

    func rate(_ percent: Int, _ range: ClosedRange<Int>) -> Int {
      random.chance(percent) ? random.number(range) : 0
    }
    absences = rate(25, 5...60)
    heldTransactions = rate(25, 5...60)
    longReads = rate(15, 5...40)
    lostRequests = rate(45, 5...150)
    lostAnswers = rate(45, 5...200)
    repeats = rate(40, 5...200)
    replays = rate(30, 5...100)
    cutAnswers = rate(30, 5...80)
    cutRequests = rate(20, 5...50)
    partitions = rate(30, 20...300)
    agentCrashes = rate(40, 5...80)
    programCrashes = rate(20, 5...50)
    hubCrashesBefore = rate(20, 5...60)
    hubCrashesAfter = rate(35, 5...100)
    hubBusy = rate(20, 10...200)
    skewedClocks = rate(35, 200...1_000)
    clockJumps = rate(25, 20...200)
    hubClockJumps = rate(15, 20...200)
    ignoresClocks = tier == .model && skewedClocks > 0 && random.chance(40)
    hasLiar = random.chance(20)
    rebuilds = rate(8, 20...200)
    restores = rate(8, 100...400)
    poison = rate(8, 10...60)
    batchChangeCount = random.pick([1, 2, 5, 1_000, 1_000, 1_000])
    pageByteCount = random.pick([200, 700, 4_000, 4 << 20, 4 << 20, 4 << 20])
    if tier == .storage { drawDisks(&random) }
    drawPeople(&random)
    // Those that once found something keep the county in which they did.
    let isRegression = RegressionSeeds.all.contains { $0.seed == seed && $0.tier == tier }
    var crowds = SeededGenerator(seed: seed ^ 0x43_524F_5744)
    if crowds.chance(25) && !isRegression { crowd(&crowds) }
  }

  private mutating func crowd(_ random: inout SeededGenerator) {
    isCrowd = true
    firstCrowdedColumn = random.number(0...11)
    siteCount = min(siteCount, 4)
    imports = 0
    staffWrites = 0
    absences = 0
    contention = 950
    writesPerDay = random.number(6...12)
    nightWrites = random.number(500...950)
    stepTime = random.pick([10_000, 30_000, 60_000])
  }

  /// Who works how, and what the county's administrators do.
  private mutating func drawPeople(_ random: inout SeededGenerator) {
    func rate(_ percent: Int, _ range: ClosedRange<Int>) -> Int {
      random.chance(percent) ? random.number(range) : 0
    }
    staffWrites = rate(40, 30...250)
    imports = rate(75, 40...180)
    hubRestores = rate(10, 80...400)
    // What two machines forget at the same time nobody gives back.
    if hubRestores > 0 { spareReplicas() }
    copies = hubRestores == 0 ? rate(6, 50...250) : 0
    if copies > 0 {
      spareReplicas()
      // Whose people at work are, only the model says.
      staffWrites = 0
    }
    handovers = hubRestores == 0 && copies == 0 ? rate(20, 150...700) : 0
    if handovers > 0 {
      // What a former lead wrote too late it asks for anew, and a page brings what fits.
      pageByteCount = max(pageByteCount, 40_000)
      // Whether it was written in time, only its clock says.
      ignoresClocks = false
    }
    // So does everybody with what a restored hub did not let into cases that had not come back yet.
    if hubRestores > 0 { pageByteCount = max(pageByteCount, 40_000) }
    let isPlain = hubRestores == 0 && copies == 0 && handovers == 0
    hubLosses = isPlain ? rate(5, 40...250) : 0
    if isPlain && hubLosses == 0 { olderSites = rate(8, 300...800) }
    guard hubLosses > 0 else { return }
    spareReplicas()
    // What stood in its ledger alone is gone with it; what was written past the triggers has no
    // time.
    rebuilds = 0
    pageByteCount = max(pageByteCount, 40_000)
    // Whose people at work are, only the model says.
    staffWrites = 0
  }

  /// No replica goes back in time, and none is damaged.
  private mutating func spareReplicas() {
    restores = 0
    flips = 0
    lostWALs = 0
    gambles = false
  }

  /// Real files are slower, so the counties are smaller and the disks take the place of tools.
  private mutating func drawDisks(_ random: inout SeededGenerator) {
    siteCount = random.number(2...4)
    eventCount = 300
    usesSQLiteHub = true
    rebuilds = 0
    hasLiar = false
    func rate(_ percent: Int, _ range: ClosedRange<Int>) -> Int {
      random.chance(percent) ? random.number(range) : 0
    }
    powerCuts = rate(90, 20...260)
    deepKills = rate(60, 5...80)
    diskErrors = rate(30, 20...2_000)
    fullDisks = rate(25, 30...300)
    readOnlyDisks = rate(30, 60...300)
    flips = rate(15, 20...100)
    lostWALs = rate(25, 20...100)
    restores = rate(20, 40...250)
    partitions = rate(50, 100...400)
  }

  /// No faults: what heals a county before it has to come to rest.
  package mutating func heal() {
    let calm = Swarm()
    heldTransactions = 0
    longReads = 0
    lostRequests = 0
    lostAnswers = 0
    repeats = 0
    replays = 0
    cutAnswers = 0
    cutRequests = 0
    agentCrashes = 0
    programCrashes = 0
    hubCrashesBefore = 0
    hubCrashesAfter = 0
    hubBusy = 0
    powerCuts = 0
    deepKills = 0
    diskErrors = 0
    stepTime = calm.stepTime
    delay = calm.delay
    hasLiar = false
  }
}

/// Which half of the county is simulated.
package enum Tier: String, Sendable, CaseIterable {
  /// Bad lines, clocks, crashes between steps; disks that work.
  case model
  /// Disks that lose, tear, fill and fail, on real SQLite at both ends.
  case storage
}
