import GRDBSQLite
import SyncCore
import SyncSimulator
import Testing

@Suite("The simulated disk")
struct SimulatedDiskTests {
  @Test(arguments: ["WAL", "DELETE"])
  func `connections see each other's commits and respect each other's locks`(
    journal: String
  ) throws {
    let disk = SimulatedDisk(name: "locks-\(journal)", seed: 1)
    let pragmas = ["journal_mode = \(journal)"]
    let first = try DiskConnection(disk.uri("/a.sqlite"), pragmas: pragmas)
    let second = try DiskConnection(disk.uri("/a.sqlite"), pragmas: pragmas)
    try first.run("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    #expect(try second.number("SELECT count(*) FROM t") == 1)

    try first.run("BEGIN IMMEDIATE; INSERT INTO t VALUES (2)")
    #expect(try second.number("SELECT count(*) FROM t") == 1)
    #expect(code { try second.run("BEGIN IMMEDIATE") } == SQLITE_BUSY)
    disk.clock = 1_000_000
    sqlite3_busy_timeout(second.connection, 200)
    #expect(code { try second.run("BEGIN IMMEDIATE") } == SQLITE_BUSY)
    #expect((1_000_150...1_000_250).contains(disk.clock))
    try first.run("COMMIT")
    #expect(try second.number("SELECT count(*) FROM t") == 2)

    try second.run("BEGIN; SELECT * FROM t")
    let isBlocked = code { try first.run("INSERT INTO t VALUES (3)") } == SQLITE_BUSY
    #expect(isBlocked == (journal == "DELETE"))
    try second.run("COMMIT")
    if isBlocked { try first.run("INSERT INTO t VALUES (3)") }
    #expect(try second.number("SELECT count(*) FROM t") == 3)
  }

  @Test(arguments: ["WAL", "DELETE"])
  func `a process that dies inside an operation leaves an intact file to the other`(
    journal: String
  ) throws {
    let disk = SimulatedDisk(name: "kill-\(journal)", seed: 0)
    var unacknowledgedCount = 0
    for seed in UInt64(0)..<300 {
      var history = try DiskHistory(
        on: disk, seed: seed, journal: journal, synchronous: "EXTRA")
      disk.run(as: 2)
      let other = try history.open()
      _ = try other.number("SELECT count(*) FROM done")
      disk.run(as: 1)
      disk.kill(1, atOperation: Int64(history.generator.number(1...200)))
      var doomed: DiskConnection? = try? history.open()
      var hasFailed = doomed == nil
      while !hasFailed, let doomed { hasFailed = code { try history.commit(on: doomed) } != nil }
      #expect(disk.isKilled(1))
      #expect(code { _ = try history.open() } == SQLITE_IOERR)
      let before = (disk.hash, disk.counts.writes)
      if let doomed { #expect(code { _ = try doomed.number("SELECT 1 FROM done") } != nil) }
      doomed = nil
      #expect(before == (disk.hash, disk.counts.writes))

      disk.run(as: 2)
      let last = try #require(history.look().last)
      #expect((history.acknowledged...history.begun).contains(last))
      if last < history.begun { unacknowledgedCount += 1 }
      history.goOn(from: last)
      try history.commit(on: other)
      disk.run(as: 1)
      disk.revive(1)
      #expect(history.look().last == last + 1)
    }
    #expect(unacknowledgedCount > 100)
  }

  @Test(arguments: [("WAL", "OFF"), ("DELETE", "OFF"), ("WAL", "FULL"), ("DELETE", "FULL")])
  func `a process killed in a transaction neither writes nor blocks`(
    journal: String, level: String
  ) throws {
    let disk = SimulatedDisk(name: "silent-\(journal)-\(level)", seed: 0)
    var history = try DiskHistory(on: disk, seed: 1, journal: journal, synchronous: level)
    disk.run(as: 1)
    var doomed: DiskConnection? = try history.open()
    // A log that already holds something is written to without asking for another lock.
    if let doomed { try history.commit(on: doomed) }
    try doomed?.run("BEGIN IMMEDIATE; UPDATE state SET n = 77 WHERE id < 3")
    disk.kill(1)
    let before = (disk.hash, disk.counts.operations)
    #expect(code { try doomed?.run("COMMIT") } == SQLITE_IOERR)
    doomed = nil
    #expect(before == (disk.hash, disk.counts.operations))
    disk.run(as: 2)
    let other = try history.open()
    try history.commit(on: other)
    #expect(history.look().last == 2)
  }

  @Test
  func `the power of one machine is of no concern to another, nor is its thread`() async throws {
    func run(_ name: String, _ seed: UInt64) throws -> (UInt64, SimulatedDisk.Counts, [Int64]) {
      let disk = SimulatedDisk(name: name, seed: seed)
      var history = try DiskHistory(on: disk, seed: seed, journal: "WAL", synchronous: "FULL")
      disk.faults = .roughCuts
      disk.faults.writeErrors = 1_000
      for _ in 0..<10 {
        disk.cut(atOperation: Int64(history.generator.number(1...400)))
        _ = history.commit(60)
        disk.boot()
        history.goOn(from: history.look().last ?? -1)
      }
      disk.faults = SimulatedDisk.Faults()
      let connection = try history.open()
      let draws = try (0..<5).map { _ in try connection.number("SELECT random()") }
      return (disk.hash, disk.counts, draws)
    }
    let alone = try (UInt64(0)..<8).map { try run("alone-\($0)", $0) }
    let together = try await withThrowingTaskGroup { group in
      for seed in UInt64(0)..<8 { group.addTask { (seed, try run("beside-\(seed)", seed)) } }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    for seed in UInt64(0)..<8 {
      let (one, other) = (alone[Int(seed)], try #require(together[seed]))
      #expect(one == other)
    }
    #expect(alone[0].0 != alone[1].0)
    #expect(alone[0].2 != alone[1].2)
  }

  @Test
  func `SQL's randomness comes from the seed, whatever faults there are`() throws {
    let disk = SimulatedDisk(name: "random", seed: 0)
    func draws(seed: UInt64, faults: SimulatedDisk.Faults) throws -> [String] {
      disk.format(seed: seed)
      let connection = try DiskConnection(disk.uri("/a.sqlite"))
      disk.faults = faults
      let plain = try DiskConnection(":memory:")
      return try (0..<8).map { _ in
        _ = try? connection.run("CREATE TABLE IF NOT EXISTS t (a)")
        _ = try plain.number("SELECT random()")
        return try connection.text("SELECT random() || ' ' || hex(randomblob(9))")
      }
    }
    var faults = SimulatedDisk.Faults()
    faults.writeErrors = 500_000
    let calm = try draws(seed: 7, faults: SimulatedDisk.Faults())
    #expect(Set(calm).count == 8)
    #expect(try draws(seed: 7, faults: faults) == calm)
    #expect(try draws(seed: 8, faults: faults) != calm)
  }

  @Test
  func `a connection to any other file system keeps SQLite's own functions`() throws {
    let disk = SimulatedDisk(name: "functions", seed: 0)
    let builtIn = "SELECT sum(builtin) FROM pragma_function_list WHERE name LIKE 'random%'"
    let ours = try DiskConnection(disk.uri("/a.sqlite"))
    let plain = try DiskConnection(":memory:")
    // SQLite lists its own beside those that hide them.
    let count = "SELECT count(*) FROM pragma_function_list WHERE name LIKE 'random%'"
    #expect(try plain.number(count) == plain.number(builtIn))
    #expect(try ours.number(count) == ours.number(builtIn) + 2)
    #expect(try ours.number("SELECT length(randomblob(1000))") == 1_000)
    #expect(try ours.number("SELECT length(randomblob(-1))") == 1)
  }

  @Test
  func `time is the disk's`() throws {
    let disk = SimulatedDisk(name: "time", seed: 0)
    disk.clock = 1_767_225_599_123
    let connection = try DiskConnection(disk.uri("/a.sqlite"))
    #expect(
      try connection.text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
        == "2025-12-31 23:59:59.123")
  }

  private func code(_ body: () throws -> Void) -> Int32? {
    do {
      try body()
      return nil
    } catch {
      return (error as? DiskConnectionError)?.primaryCode ?? -1
    }
  }
}
