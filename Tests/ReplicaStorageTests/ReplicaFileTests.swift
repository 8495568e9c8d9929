import Foundation
import GRDB
import ReplicaStorage
import SyncCore
import Testing

/// The replica's file as such: never half there, never another program's.
@Suite("Replica file")
struct ReplicaFileTests {
  private let folder: ReplicaFolder
  private var path: String { folder.path(of: "caseload.sqlite") }

  init() throws {
    folder = try ReplicaFolder()
  }

  @Test("a new replica knows its origin and stands at the log's beginning")
  func create() throws {
    try ReplicaFile.create(at: path, origin: ReplicaFixture.origin)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
        == ["caseload.sqlite"])
    let record = try ReplicaFile.open(at: path).record()
    #expect(record.county == ReplicaFixture.origin.county)
    #expect(record.site == ReplicaFixture.origin.site)
    #expect(record.siteName == "Hier")
    #expect(record.incarnation == ReplicaFixture.origin.incarnation)
    #expect(
      record.position == Position(history: HistoryID("h1"), seq: 0, treeHead: .empty))
    #expect(record.batchedThrough == 0 && record.batchNumber == 0 && record.batchHash == nil)
    #expect(record.scopeDigest == .zero && record.digestEqual == nil && record.lastSuccess == nil)
  }

  @Test("a replica is never created over something that is there")
  func createTwice() throws {
    try Data("Sehr geehrte".utf8).write(to: URL(filePath: path))
    #expect(throws: ReplicaError.alreadyThere(path: path)) {
      try ReplicaFile.create(at: path, origin: ReplicaFixture.origin)
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == Data("Sehr geehrte".utf8))
  }

  @Test("what an interrupted creation left is no obstacle")
  func interruptedCreation() throws {
    for suffix in ["", "-journal", "-wal", "-shm"] {
      try Data("half".utf8).write(to: URL(filePath: path + ".new" + suffix))
    }
    try ReplicaFile.create(at: path, origin: ReplicaFixture.origin)
    #expect(try ReplicaFile.open(at: path).record().site == ReplicaFixture.origin.site)
  }

  @Test("a missing replica is refused, and none is made")
  func missing() {
    #expect(throws: ReplicaError.missing(path: path)) { try ReplicaFile.open(at: path) }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("a file of another program is refused and left as it is", arguments: 0..<3)
  func foreign(_ kind: Int) throws {
    switch kind {
    case 0: try Data(String(repeating: "letter ", count: 999).utf8).write(to: URL(filePath: path))
    case 1: try Data().write(to: URL(filePath: path))
    default:
      try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE letter (text)") }
    }
    let before = try Data(contentsOf: URL(filePath: path))
    #expect(throws: ReplicaError.notAReplica(path: path)) { try ReplicaFile.open(at: path) }
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
  }

  @Test("a newer replica is refused with its format")
  func newer() throws {
    try ReplicaFile.create(at: path, origin: ReplicaFixture.origin)
    try DatabaseQueue(path: path).write { try $0.execute(sql: "PRAGMA user_version = 4711") }
    #expect(throws: ReplicaError.newerFormat(path: path, format: 4_711)) {
      try ReplicaFile.open(at: path)
    }
  }

  @Test("a damaged replica is said to be damaged")
  func damaged() throws {
    try ReplicaFile.create(at: path, origin: ReplicaFixture.origin)
    var bytes = try Data(contentsOf: URL(filePath: path))
    for offset in 4_096..<bytes.count { bytes[offset] = 0xA5 }
    try bytes.write(to: URL(filePath: path))
    #expect(throws: ReplicaError.corrupt) { try ReplicaFile.open(at: path).record() }
  }

  @Test("another program's lock is waited for, then named")
  func locked() throws {
    try ReplicaFile.create(at: path, origin: ReplicaFixture.origin)
    let file = try ReplicaFile.open(at: path, busyMilliseconds: 20)
    let client = try Client(path: path, setting: ClientSetting())
    try client.run("BEGIN IMMEDIATE")
    #expect(throws: ReplicaError.locked) { try file.updateRecord { $0.head = 1 } }
    try client.run("ROLLBACK")
    try file.updateRecord { $0.head = 1 }
    #expect(try file.record().head == 1)
  }

  @Test("the agent's connection survives a power cut and fires no trigger")
  func settings() throws {
    try ReplicaFile.create(at: path, origin: ReplicaFixture.origin)
    let file = try ReplicaFile.open(at: path)
    let queue = try #require(Mirror(reflecting: file).descendant("queue") as? DatabaseQueue)
    let found = try queue.inDatabase { database in
      try [
        "journal_mode", "synchronous", "secure_delete", "trusted_schema", "cell_size_check",
        "wal_autocheckpoint", "mmap_size",
      ].map { "\($0) " + (try String.fetchOne(database, sql: "PRAGMA \($0)") ?? "none") }
    }
    #expect(
      found == [
        "journal_mode wal", "synchronous 3", "secure_delete 1", "trusted_schema 0",
        "cell_size_check 1", "wal_autocheckpoint 0", "mmap_size 0",
      ])
    try queue.write { try $0.execute(sql: "INSERT INTO case_file (id) VALUES ('c1')") }
    let entries = try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM kreissync_log") }
    #expect(entries == 0)
  }

  @Test("what a session changes of the record is kept")
  func record() throws {
    try ReplicaFile.create(at: path, origin: ReplicaFixture.origin)
    var expected: ReplicaRecord
    do {
      let file = try ReplicaFile.open(at: path)
      try file.updateRecord {
        $0.position = Position(
          history: HistoryID("h2"), seq: 7,
          treeHead: TreeHead(size: 3, root: Hash256(sha256Of: [1])))
        $0.batchedThrough = 5
        $0.batchedBase = 4
        $0.batchNumber = 2
        $0.batchHash = Hash256(sha256Of: [2])
        $0.head = 9
        $0.scopeDigest = Digest128(high: 1, low: 2)
        $0.digestEqual = false
        $0.lastSuccess = 1_000
        $0.lastError = "hub_unreachable"
      }
      expected = try file.record()
    }
    #expect(expected.batchHash == Hash256(sha256Of: [2]) && expected.digestEqual == false)
    #expect(try ReplicaFile.open(at: path).record() == expected)
  }
}
