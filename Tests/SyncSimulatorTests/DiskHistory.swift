import SyncCore
import SyncSimulator

/// Random transactions on one file, each of which changes several pages, so that what a crash left
/// can be read from the file: transaction `n` sets every row of `state` to `n`, adds rows to `note`
/// and says in `done` how many.
struct DiskHistory {
  static let path = "/history.sqlite"

  let disk: SimulatedDisk
  let pragmas: [String]
  var generator: SeededGenerator
  /// The last transaction that was acknowledged, and the last that was begun.
  var acknowledged: Int64 = 0
  var begun: Int64 = 0

  /// The file exists, durably, before any fault.
  init(on disk: SimulatedDisk, seed: UInt64, journal: String, synchronous: String) throws {
    self.disk = disk
    generator = SeededGenerator(seed: seed)
    disk.format(seed: seed)
    pragmas = [
      "journal_mode = \(journal)", "synchronous = \(synchronous)", "wal_autocheckpoint = 20",
      "cache_size = 10",
    ]
    let connection = try DiskConnection(
      disk.uri(Self.path), pragmas: ["journal_mode = \(journal)", "synchronous = EXTRA"])
    try connection.run(
      """
      CREATE TABLE state (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, filler TEXT NOT NULL);
      CREATE TABLE note (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, text TEXT NOT NULL);
      CREATE TABLE done (n INTEGER PRIMARY KEY, note_count INTEGER NOT NULL);
      WITH RECURSIVE counter (id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM counter LIMIT 20)
      INSERT INTO state SELECT id, 0, hex(zeroblob(400)) FROM counter;
      """)
    try connection.run("BEGIN; UPDATE state SET n = 0; COMMIT")
  }

  func open() throws -> DiskConnection {
    try DiskConnection(disk.uri(Self.path), pragmas: pragmas)
  }

  /// One transaction; throws where it fails, and then nobody knows whether it is there.
  mutating func commit(on connection: DiskConnection) throws {
    begun += 1
    let noteCount = generator.number(1...4)
    var sql = "BEGIN IMMEDIATE; UPDATE state SET n = \(begun);"
    for _ in 0..<noteCount {
      let byteCount = generator.number(1...3_000)
      sql += "INSERT INTO note (n, text) VALUES (\(begun), hex(zeroblob(\(byteCount))));"
    }
    if generator.chance(30) {
      sql += "UPDATE note SET text = 'short' WHERE id % 5 = \(generator.number(0...4));"
    }
    sql += "INSERT INTO done VALUES (\(begun), \(noteCount)); COMMIT"
    try connection.run(sql)
    acknowledged = begun
  }

  /// Commits until something fails, at most `count` times; says whether it failed.
  mutating func commit(_ count: Int) -> Bool {
    do {
      let connection = try open()
      for _ in 0..<count { try commit(on: connection) }
      return false
    } catch {
      return true
    }
  }

  /// What is found in the file by a process that comes new to it.
  func look() -> Findings {
    do {
      let connection = try open()
      let isSound = try connection.text("PRAGMA integrity_check") == "ok"
      let last = try connection.number("SELECT coalesce(max(n), 0) FROM done")
      let halves = try connection.number(
        """
        SELECT (SELECT count(*) FROM state WHERE n <> \(last))
          + (SELECT count(*) FROM note WHERE n NOT IN (SELECT n FROM done))
          + (SELECT count(*) FROM done
             WHERE note_count <> (SELECT count(*) FROM note WHERE note.n = done.n))
        """)
      return isSound && halves == 0 ? Findings(last: last) : Findings(last: nil)
    } catch {
      return Findings(last: nil)
    }
  }

  /// After a look: the history goes on from what is there.
  mutating func goOn(from last: Int64) { (acknowledged, begun) = (last, last) }

  struct Findings {
    /// The last transaction that is there; nil when the file is corrupt or holds a half one.
    let last: Int64?
    var isIntact: Bool { last != nil }
  }
}

extension SimulatedDisk.Faults {
  /// Half of what was not synced survives a power cut, a third of that torn.
  static var roughCuts: Self {
    var faults = Self()
    faults.survival = 500_000
    faults.tear = 333_000
    return faults
  }
}
