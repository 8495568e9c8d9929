import GRDBSQLite
import SyncCore
import SyncSimulator
import Testing

@Suite("Faults of the simulated disk")
struct SimulatedDiskFaultTests {
  @Test(arguments: ["WAL", "DELETE"])
  func `a full disk refuses, keeps nothing half, and goes on with more room`(
    journal: String
  ) throws {
    let disk = SimulatedDisk(name: "full-\(journal)", seed: 0)
    for seed in UInt64(0)..<100 {
      var history = try DiskHistory(
        on: disk, seed: seed, journal: journal, synchronous: "EXTRA")
      disk.faults.capacity = Int64(history.generator.number(60_000...400_000))
      let connection = try history.open()
      var code: Int32?
      while code == nil {
        do {
          try history.commit(on: connection)
        } catch {
          code = (error as? DiskConnectionError)?.primaryCode
        }
      }
      #expect(code == SQLITE_FULL)
      #expect(disk.counts.full > 0)
      // Where the transaction has not ended by itself.
      _ = try? connection.run("ROLLBACK")
      #expect(try connection.number("SELECT max(n) FROM state") == history.acknowledged)
      disk.faults.capacity = 4_000_000
      history.goOn(from: history.acknowledged)
      try history.commit(on: connection)
      #expect(history.look().last == history.acknowledged)
    }
  }

  @Test(arguments: ["WAL", "DELETE"])
  func `operations that fail are reported, and the file stays intact`(journal: String) throws {
    let disk = SimulatedDisk(name: "errors-\(journal)", seed: 0)
    var failureCount = 0
    var sums: [Int64] = [0, 0, 0, 0, 0]
    for seed in UInt64(0)..<300 {
      var history = try DiskHistory(
        on: disk, seed: seed, journal: journal, synchronous: "EXTRA")
      disk.faults.readErrors = 5_000
      disk.faults.writeErrors = 5_000
      disk.faults.shortWrites = 5_000
      disk.faults.syncErrors = 10_000
      disk.faults.openErrors = 50_000
      let hasFailed = history.commit(40)
      let counts = disk.counts
      let failures = [
        counts.failedReads, counts.failedWrites, counts.shortWrites, counts.failedSyncs,
        counts.failedOpens,
      ]
      sums = zip(sums, failures).map(+)
      if hasFailed { failureCount += 1 }
      #expect(!hasFailed || failures.contains { $0 > 0 })
      disk.faults = SimulatedDisk.Faults()
      let last = try #require(history.look().last, "seed \(seed)")
      #expect((history.acknowledged...history.begun).contains(last))
    }
    #expect(failureCount > 100)
    #expect(sums.allSatisfy { $0 >= 10 }, "\(sums)")
  }

  @Test
  func `a disk that became read-only says so, reads on, and heals`() throws {
    let disk = SimulatedDisk(name: "read-only", seed: 0)
    var history = try DiskHistory(on: disk, seed: 1, journal: "WAL", synchronous: "FULL")
    let connection = try history.open()
    try history.commit(on: connection)
    let before = disk.hash
    disk.faults.isReadOnly = true
    #expect(throws: DiskConnectionError.self) { try history.commit(on: connection) }
    #expect(throws: DiskFailure.self) { try disk.replace("/a", with: [1]) }
    #expect(disk.counts.readOnly >= 2)
    try connection.run("ROLLBACK")
    #expect(disk.hash == before)
    #expect(try connection.number("SELECT max(n) FROM done") == 1)
    disk.faults.isReadOnly = false
    history.goOn(from: 1)
    try history.commit(on: connection)
    #expect(history.look().last == 2)
  }

  @Test
  func `scratch files are neither counted nor faulty`() throws {
    let disk = SimulatedDisk(name: "scratch", seed: 0)
    let connection = try DiskConnection(
      disk.uri("/a.sqlite"), pragmas: ["temp_store = FILE", "cache_size = 5"])
    try connection.run("CREATE TEMP TABLE t (a TEXT); PRAGMA temp.cache_size = 5")
    disk.faults.writeErrors = 1_000_000
    disk.faults.readErrors = 1_000_000
    disk.faults.capacity = 1
    let before = disk.counts
    try connection.run(
      """
      WITH RECURSIVE counter (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM counter LIMIT 2000)
      INSERT INTO temp.t SELECT hex(zeroblob(200)) FROM counter;
      """)
    #expect(try connection.number("SELECT sum(length(a)) FROM temp.t") == 800_000)
    #expect(disk.counts == before)
  }

  @Test
  func `a flipped bit is there, also after a power cut`() {
    let disk = SimulatedDisk(name: "flip", seed: 0)
    disk.install([UInt8](repeating: 0, count: 10), at: "/a")
    #expect(disk.flip("/a", offset: 13, bit: 2))
    #expect(!disk.flip("/b", offset: 0, bit: 0))
    disk.boot()
    #expect(disk.read("/a") == [0, 0, 0, 4, 0, 0, 0, 0, 0, 0])
    #expect(disk.counts.flips == 1)
  }

  @Test
  func `files are there until they are removed, and no longer after formatting`() {
    let disk = SimulatedDisk(name: "files", seed: 0)
    #expect(disk.read("/a") == nil)
    disk.install([], at: "/a")
    disk.install([1, 2], at: "/b")
    #expect(disk.read("/a") == [])
    disk.remove("/b")
    disk.remove("/c")
    #expect(disk.exists("/a") && !disk.exists("/b") && !disk.exists("/c"))
    let before = disk.hash
    disk.install([3], at: "/b")
    #expect(disk.hash != before)
    disk.faults.survival = 1
    disk.format(seed: 0)
    #expect(!disk.exists("/a"))
    #expect(disk.faults == SimulatedDisk.Faults())
  }
}
