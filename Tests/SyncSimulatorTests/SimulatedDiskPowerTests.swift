import SyncCore
import SyncSimulator
import Testing

/// What SQLite promises on a disk that loses power, and that the disk is bad enough to see a
/// promise broken.
@Suite("Power cuts on the simulated disk")
struct SimulatedDiskPowerTests {
  /// What became of the histories of some seeds, each with three power cuts.
  struct Sums {
    var cutCount: Int64 = 0
    var lostSectors: Int64 = 0
    var keptSectors: Int64 = 0
    var tornSectors: Int64 = 0
    var lostNames: Int64 = 0
    var lostTruncations: Int64 = 0
    var lossCount = 0
    var damageCount = 0
    var inventionCount = 0
  }

  private func histories(
    _ count: UInt64, journal: String, synchronous: String,
    faults: SimulatedDisk.Faults = .roughCuts
  ) throws -> Sums {
    let lie = faults.ignoresSync ? "-lie" : ""
    let disk = SimulatedDisk(name: "power-\(journal)-\(synchronous)\(lie)", seed: 0)
    var sums = Sums()
    for seed in 0..<count {
      var history = try DiskHistory(
        on: disk, seed: seed, journal: journal, synchronous: synchronous)
      disk.faults = faults
      for _ in 0..<3 {
        disk.cut(atOperation: Int64(history.generator.number(1...400)))
        let hasFailed = history.commit(60)
        #expect(hasFailed == disk.isDark)
        disk.boot()
        let findings = history.look()
        guard let last = findings.last else {
          sums.damageCount += 1
          break
        }
        if last < history.acknowledged { sums.lossCount += 1 }
        if last > history.begun { sums.inventionCount += 1 }
        history.goOn(from: last)
      }
      let counts = disk.counts
      sums.cutCount += counts.cuts
      sums.lostSectors += counts.lostSectors
      sums.keptSectors += counts.keptSectors
      sums.tornSectors += counts.tornSectors
      sums.lostNames += counts.lostNames
      sums.lostTruncations += counts.lostTruncations
    }
    #expect(sums.inventionCount == 0)
    return sums
  }

  @Test(
    arguments: [
      ("WAL", "FULL"), ("WAL", "EXTRA"), ("DELETE", "EXTRA"), ("PERSIST", "FULL"),
      ("TRUNCATE", "FULL"),
    ])
  func `what was committed is there, and nothing half`(journal: String, level: String) throws {
    let sums = try histories(300, journal: journal, synchronous: level)
    #expect(sums.lossCount == 0)
    #expect(sums.damageCount == 0)
    #expect(sums.cutCount == 900)
    #expect(sums.lostSectors > 1_000)
    #expect(sums.keptSectors > 500)
    #expect(sums.tornSectors > 250)
    #expect(journal != "TRUNCATE" || sums.lostTruncations > 0)
  }

  @Test
  func `FULL with a journal that is deleted may lose the last commit, whole`() throws {
    let sums = try histories(300, journal: "DELETE", synchronous: "FULL")
    #expect(sums.lossCount > 0)
    #expect(sums.damageCount == 0)
    #expect(sums.lostNames > 0)
  }

  @Test
  func `NORMAL loses commits of a log, and never half`() throws {
    let sums = try histories(300, journal: "WAL", synchronous: "NORMAL")
    #expect(sums.lossCount > 0)
    #expect(sums.damageCount == 0)
  }

  @Test(arguments: ["WAL", "DELETE"])
  func `OFF damages files`(journal: String) throws {
    let sums = try histories(100, journal: journal, synchronous: "OFF")
    #expect(sums.damageCount > 0)
  }

  @Test(arguments: [("WAL", "FULL"), ("DELETE", "EXTRA")])
  func `a disk that lies about its syncs breaks every promise`(
    journal: String, level: String
  ) throws {
    var faults = SimulatedDisk.Faults.roughCuts
    faults.ignoresSync = true
    let sums = try histories(100, journal: journal, synchronous: level, faults: faults)
    #expect(sums.lossCount + sums.damageCount > 0)
    #expect(sums.damageCount > 0)
  }

  @Test
  func `nothing unsynced survives a cut without luck, and all of it one with nothing but luck`()
    throws
  {
    for (survival, expected) in [(UInt32(0), Int64(0)), (1_000_000, 5)] {
      let disk = SimulatedDisk(name: "luck-\(survival)", seed: 1)
      var history = try DiskHistory(on: disk, seed: 1, journal: "WAL", synchronous: "NORMAL")
      disk.faults.survival = survival
      let connection = try history.open()
      try connection.run("PRAGMA wal_autocheckpoint = 0")
      for _ in 0..<5 { try history.commit(on: connection) }
      disk.boot()
      #expect(history.look().last == expected)
    }
  }

  @Test
  func `without luck a cut leaves every byte as it was synced last`() throws {
    let disk = SimulatedDisk(name: "bytes", seed: 1)
    var history = try DiskHistory(on: disk, seed: 1, journal: "DELETE", synchronous: "OFF")
    let careful = try DiskConnection(
      disk.uri(DiskHistory.path), pragmas: ["synchronous = EXTRA"])
    for _ in 0..<10 { try history.commit(on: careful) }
    let synced = try #require(disk.read(DiskHistory.path))
    for sql in ["UPDATE state SET n = 99", "DELETE FROM note; VACUUM"] {
      let connection = try history.open()
      // Otherwise deleted pages are overwritten before they are cut off.
      try connection.run("PRAGMA secure_delete = OFF")
      try connection.run(sql)
      #expect(disk.read(DiskHistory.path) != synced)
      disk.boot()
      #expect(disk.read(DiskHistory.path) == synced)
    }
  }

  @Test
  func `a replaced file is the old or the new one, whole, whichever operation is the last`() throws
  {
    let disk = SimulatedDisk(name: "replace", seed: 0)
    let old = [UInt8](repeating: 1, count: 9_000)
    let new = [UInt8](repeating: 2, count: 5_000)
    for operation in Int64(1)...5 {
      var olds = 0
      for seed in UInt64(0)..<100 {
        disk.format(seed: seed)
        disk.faults = .roughCuts
        disk.install(old, at: "/identity.json")
        disk.cut(atOperation: operation)
        let isReplaced = (try? disk.replace("/identity.json", with: new)) != nil
        #expect(isReplaced == (operation == 5))
        disk.boot()
        let found = disk.read("/identity.json")
        #expect(found == old || found == new)
        if found == old { olds += 1 }
      }
      switch operation {
      case 1, 2: #expect(olds == 100)
      case 5: #expect(olds == 0)
      default: #expect((1..<100).contains(olds))
      }
    }
  }

  @Test
  func `a replacement that fails leaves the old or the new file, and can be repeated`() throws {
    let disk = SimulatedDisk(name: "replace-fails", seed: 0)
    var failureCount = 0
    for seed in UInt64(0)..<200 {
      disk.format(seed: seed)
      // The last content that is durable, and what may have taken its place since.
      var candidates: [[UInt8]] = [[0]]
      disk.install(candidates[0], at: "/a")
      disk.faults.shortWrites = 200_000
      disk.faults.writeErrors = 200_000
      disk.faults.syncErrors = 200_000
      disk.faults.survival = 500_000
      for round in UInt8(1)...5 {
        let new = [UInt8](repeating: round, count: 5_000)
        do throws(DiskFailure) {
          try disk.replace("/a", with: new)
          candidates = [new]
        } catch {
          failureCount += 1
          #expect(error.path == "/a")
          candidates.append(new)
        }
        if round == 3 { disk.boot() }
        let found = try #require(disk.read("/a"))
        #expect(candidates.contains(found))
        if round == 3 { candidates = [found] }
      }
    }
    #expect(failureCount > 200)
  }
}
