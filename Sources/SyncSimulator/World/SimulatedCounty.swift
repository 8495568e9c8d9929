import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

/// A county in one process: a hub, its sites, their lines, their clocks and their disks, driven by
/// one seed. Everything but lines, clocks and disks is the product's.
///
/// A run has three phases: the storm, in which whatever the swarm allows may happen; healing; and
/// calm, in which the county must come to rest within a bound.
final class SimulatedCounty {
  let seed: UInt64
  let tier: Tier
  var swarm: Swarm
  let seams: Seams
  let hub: SimulatedHub
  /// The hub's and those of sites, in this order; the last are nobody's.
  let disks: [SimulatedDisk]
  private(set) var sites: [SimulatedSite] = []
  var programs: [LocalProgram] = []
  var witness: Witness
  var agenda = Agenda()
  /// True time, in milliseconds since 1970.
  var clock: Milliseconds
  /// Decides what happens when; ids, salts and disks have generators of their own.
  var random: SeededGenerator
  /// How wrong clocks are.
  private var clockRandom: SeededGenerator
  var trace = Trace()
  var tally = Tally()
  /// The first thing found wrong.
  var violation: Violation?
  var isCalm = false
  /// Whether programs hold locks, or have held them before all healed.
  let holdsLocks: Bool
  /// Whether the line cuts, or has cut before it healed.
  let cutsMessages: Bool
  var ticketCount = 0
  /// Statements that wait for their program's COMMIT, by site.
  var held: [Int: (effects: [LocalProgram.Effect], time: Milliseconds)] = [:]
  /// Copies of replicas that somebody kept, by site.
  var copies: [Int: ReplicaCopy] = [:]
  /// The backup of the county's database that somebody keeps.
  var hubBackup: HubBackup?
  var disturbances: [Int: Disturbance] = [:]

  /// What is the matter with a machine's disk until it heals.
  enum Disturbance { case full, readOnly }

  /// The first of January 2026, midnight.
  static let beginning: Milliseconds = 1_767_225_600_000
  static let minute: Milliseconds = 60_000
  static let hour: Milliseconds = 60 * minute
  static let day: Milliseconds = 24 * hour

  private static let kinds: [SiteKind] = [
    .county, .association, .municipality, .municipality, .carrier, .municipality,
  ]

  /// - Parameter disks: one for the hub, one for each site, and one for a copy; at least 42.
  init(
    seed: UInt64, tier: Tier, swarm: Swarm, seams: Seams, images: CountyImages,
    disks: [SimulatedDisk]
  ) throws {
    self.seed = seed
    self.tier = tier
    self.swarm = swarm
    self.seams = seams
    self.disks = disks
    holdsLocks = swarm.heldTransactions > 0
    cutsMessages = swarm.cutRequests + swarm.cutAnswers > 0
    clock = Self.beginning
    random = SeededGenerator(seed: seed)
    clockRandom = SeededGenerator(seed: seed &+ swarm.clocks &* 0x1234_5679)
    disks[0].format(seed: random.next())
    hub = try SimulatedHub(
      images: images, disk: swarm.usesSQLiteHub ? disks[0] : nil, seed: random.next(),
      pageByteCount: swarm.pageByteCount, seams: seams)
    hub.advance(to: clock)
    witness = Witness(
      schema: images.schema, isModelled: swarm.isModelled && tier == .model,
      toleratesErrors: tier == .storage)
    try settle(images)
  }

  /// The sites of the county: its own field staff, an association, a carrier, municipalities.
  private func settle(_ images: CountyImages) throws {
    for index in 0..<swarm.siteCount {
      let kind = Self.kinds[min(index, Self.kinds.count - 1)]
      // The laws' schema has no areas: a rebuilt hub does not know who shares one.
      let areas = (0..<(kind == .municipality ? 1 : 2)).map { _ in
        let area = random.number(1...max(1, swarm.siteCount / 2))
        return swarm.hubLosses > 0 ? "081180\(10 + index)" : "0811800\(area)"
      }
      let record = try hub.addSite(name: "\(kind)-\(index)", kind: kind, areas: areas)
      let disk = disks[index + 1]
      disk.format(seed: random.next())
      disk.clock = clock
      let site = try SimulatedSite(
        index: index, record: record, disk: disk, images: images, seed: random.next(),
        batchChangeCount: swarm.batchChangeCount, pragmas: pragmas(), seams: seams,
        isOlder: draw(swarm.olderSites))
      if site.isOlder { note(site.name, "is one version behind") }
      if random.number(0...999) < swarm.skewedClocks { site.skew = wrongness() }
      note(site.name, "joins", site.pragmas.joined(separator: ", "))
      if site.skew != 0 { note(site.name, "has a wrong clock", Self.words(forSkew: site.skew)) }
      prepareDisk(disk)
      add(site)
      witness.joined(record)
      agenda.plan(.day(site: index), at: clock)
    }
    witness.texts.isSameScope = { [unowned self] in self.witness.isSameScope($0, $1) }
    agenda.plan(.hubDay, at: clock)
    if let disk = hub.disk { prepareDisk(disk) }
    if swarm.hasLiar { stop(sites[sites.count - 1], "it lies") }
    if swarm.hasLiar { agenda.plan(.lie(site: sites.count - 1), at: clock + 3 * Self.hour) }
  }

  /// A machine with its program.
  func add(_ site: SimulatedSite) {
    sites.append(site)
    programs.append(
      LocalProgram(site: site, swarm: swarm, seed: random.next(), counter: witness.texts))
  }

  /// Any client may open the replica with any of these.
  private func pragmas() -> [String] {
    let modes = [swarm.gambles ? "OFF" : "NORMAL", "NORMAL", "FULL"]
    let synchronous = tier == .storage ? random.pick(modes) : "NORMAL"
    let recursion = random.pick(["ON", "OFF"])
    return [
      "synchronous = \(synchronous)", "foreign_keys = \(random.pick(["ON", "OFF"]))",
      // With ON a REPLACE writes every column at its time, with OFF those that differ: which of
      // them count as written in time is the model's question.
      "recursive_triggers = \(swarm.handovers > 0 ? "OFF" : recursion)",
    ]
  }

  /// Seconds to years, either way; never just below the two seconds that count as none.
  func wrongness() -> Milliseconds {
    let size = clockRandom.pick([
      5_000, 90_000, Int(Self.hour), Int(Self.day), 3_650 * Int(Self.day),
    ])
    let wrong = size + clockRandom.number(0...999)
    return Milliseconds(clockRandom.chance(50) ? wrong : -wrong)
  }

  func draw(_ rate: Int) -> Bool {
    rate > 0 && random.number(0...999) < rate
  }

  /// A random time around `mean`, mostly shorter.
  func delay(_ mean: Int) -> Milliseconds {
    let dice = Double(random.number(1...1_000_000)) / 1_000_000
    return Milliseconds(Double(mean) * -logarithm(dice)) + 1
  }

  // MARK: Phases

  /// Runs the seed to its end.
  ///
  /// - Throws: the first ``Violation``, or whatever the product should not have thrown.
  func run() throws {
    while trace.eventCount < swarm.eventCount {
      guard let (time, happening) = agenda.next() else { break }
      try happen(happening, at: time)
    }
    try comeToRest()
    for disk in sites.map(\.disk) + [hub.disk].compactMap(\.self) {
      tally.powerCuts += Int(disk.counts.cuts)
    }
    tally.simulatedTime += clock - Self.beginning
    tally.events += trace.eventCount
  }

  func happen(_ happening: Happening, at time: Milliseconds) throws {
    clock = max(clock, time)
    trace.eventCount += 1
    switch happening {
    case .day(let site): try planDay(of: site)
    case .hubDay: try planHubDay()
    case .statement(let site): try runStatement(at: sites[site])
    case .release(let site): try release(at: sites[site])
    case .readerLeaves(let site): try endRead(at: sites[site])
    case .session(let site): try beginSession(at: sites[site])
    case .step(let site, let run): try step(sites[site], run)
    case .request(let message): try arrive(message)
    case .answer(let message, let delivery): try deliver(delivery, to: message)
    case .timeout(let site, let ticket): try giveUp(sites[site], ticket)
    case .siteRestarts(let site): sites[site].machineIsUp = true
    case .hubRestarts: try restartHub()
    case .lineHeals(let site): sites[site].lineIsDead = false
    case .siteReturns(let site): sites[site].isAway = false
    case .diskHeals(let machine): healDisk(of: machine)
    case .lie(let site): try lie(sites[site])
    }
    if let violation { throw violation }
  }

  func note(_ actor: String, _ what: String, _ detail: String = "") {
    trace.note(clock - Self.beginning, actor, what, detail)
  }

  /// The first violation counts: what follows from it is noise.
  func fail(_ violation: Violation) {
    if self.violation == nil { self.violation = violation }
  }
}

/// Natural logarithm by its series: the same on every machine, which a C library does not promise.
func logarithm(_ number: Double) -> Double {
  var mantissa = number
  var halvings = 0.0
  while mantissa < 0.75 {
    mantissa *= 2
    halvings += 1
  }
  let ratio = (mantissa - 1) / (mantissa + 1)
  var power = ratio
  var sum = 0.0
  for term in stride(from: 1.0, through: 21, by: 2) {
    sum += power / term
    power *= ratio * ratio
  }
  return 2 * sum - halvings * 0.693_147_180_559_945_3
}
