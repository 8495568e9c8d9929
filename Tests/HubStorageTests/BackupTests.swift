import Foundation
import GRDB
import HubService
import HubStorage
import SyncCore
import SyncProtocol
import Synchronization
import Testing

/// A backup is one proved file with its position inside, made while the county is written to; what
/// is no backup is never left where one is looked for.
@Suite("Backups of a county")
struct BackupTests {
  private let folder: TemporaryFolder
  private var target: String { folder.path(of: "backup.sqlite") }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func county() throws -> SQLiteHub {
    let store = try SQLiteHub.create(
      at: folder.path(of: "county.sqlite"), county: TestCounty.record, now: 1)
    try store.fill()
    return store
  }

  private func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path(of: "")).sorted()
  }

  @Test(
    "what is known of backups comes back, and goes with its transaction", arguments: HubEngine.all)
  func record(_ engine: HubEngine) throws {
    var store = try engine.make()
    #expect(try store.read { try $0.backups } == BackupRecord())
    let good = BackupRecord(secured: .init(seq: 7, begunAt: 1_000))
    let failed = BackupRecord(secured: good.secured, failure: .init(code: "file", at: 2_000))
    for record in [good, failed, BackupRecord(failure: failed.failure), good] {
      try store.write { try $0.put(record) }
      #expect(try store.read { try $0.backups } == record)
    }
    #expect(throws: Abandoned.self) {
      try store.write { writer throws in
        try writer.put(failed)
        throw Abandoned()
      }
    }
    try store.restart()
    #expect(try store.read { try $0.backups } == good)
  }

  @Test("a backup holds everything, is one file for its owner alone, and the county is secured")
  func whole() throws {
    let store = try county()
    let everything = try store.read { try Everything($0) }
    let backup = try CountyBackup.make(of: store, at: target, now: { 5_000 })
    let counter = everything.counter
    #expect(
      backup.position
        == Position(history: TestCounty.record.history, seq: counter.seq, treeHead: counter.tree))
    #expect(backup.county == TestCounty.record.key && backup.isNoted)
    #expect(
      try store.read { try $0.backups.secured } == .init(seq: counter.seq, begunAt: 5_000))
    #expect(
      !(try files()).contains { $0.hasPrefix("backup.sqlite.") || $0.hasPrefix("backup.sqlite-") })
    let attributes = try FileManager.default.attributesOfItem(atPath: target)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(attributes[.size] as? Int64 == backup.byteCount)
    // Put back in its place it is the county.
    let place = folder.path(of: "restored.sqlite")
    try FileManager.default.copyItem(atPath: target, toPath: place)
    #expect(try SQLiteHub.open(at: place).read { try Everything($0) } == everything)
  }

  @Test("one that is taken while others write is the county at exactly its position")
  func beneathWriters() throws {
    let store = try county()
    // Enough pages for many steps of the copy.
    for number in 0..<120 {
      try store.commit { plan in
        for row in 0..<20 {
          plan.person("big-\(number)-\(row)", in: "c1", String(repeating: "x", count: 1_500))
        }
      }
    }
    let begun = try store.read { try $0.counter.seq }
    let stepCount = Mutex(0)
    let backup = try CountyBackup.make(
      of: store, at: target, now: { 5_000 },
      onProgress: { _ in
        // A writer between any two steps, on a connection of its own: it does not wait.
        let number = stepCount.withLock { count in
          count += 1
          return count
        }
        try store.commit { $0.person("late-\(number)", in: "c1") }
      })
    let writes = stepCount.withLock { $0 }
    #expect(writes > 2, "the copy took several steps")
    #expect(backup.position.seq == begun)
    #expect(try store.read { try $0.counter.seq } == begun + Int64(writes))
    let copy = try CountyCopy.open(at: target)
    let (head, sum) = try copy.read { (try $0.counter, try LogVerification.run(on: $0)) }
    #expect(head.seq == begun && head.tree == backup.position.treeHead && sum.isSound)
    #expect(
      try copy.read { try $0.rows(of: "c1", after: person("late-0"), limit: 1).map(\.key.id) }
        .allSatisfy { !$0.string.hasPrefix("late") })
  }

  @Test("a copy that was changed behind the tree's back is refused, and nothing is left")
  func tampered() throws {
    let store = try county()
    let before = try files()
    for sql in [
      "UPDATE kreissync_log SET payload = x'00' WHERE seq = 2",
      "DELETE FROM kreissync_log WHERE seq = 3",
      "UPDATE kreissync_counter SET seq = seq + 1",
      "UPDATE kreissync_county SET history = 'another'",
      "PRAGMA application_id = 7",
    ] {
      let failure = #expect(throws: CountyBackupError.self) {
        try CountyBackup.make(of: Tampered(store: store, sql: sql), at: target, now: { 5_000 })
      }
      guard case .unsound(let problem) = failure else { continue }
      #expect(!problem.isEmpty)
      #expect(try files() == before, "\(sql)")
    }
    #expect(try store.read { try $0.backups.secured } == nil)
  }

  @Test("pages that do not hold together are refused")
  func damaged() throws {
    let store = try county()
    #expect(throws: CountyBackupError.self) {
      try CountyBackup.make(of: Damaged(store: store), at: target, now: { 5_000 })
    }
    #expect(!FileManager.default.fileExists(atPath: target))
  }

  @Test("nothing is overwritten, and what cannot be written is said with its path")
  func targets() throws {
    let store = try county()
    try Data("Sehr geehrte".utf8).write(to: URL(filePath: target))
    let taken = #expect(throws: FileFailure.self) {
      try CountyBackup.make(of: store, at: target, now: { 5_000 })
    }
    #expect(taken?.description.contains("nothing is overwritten") == true)
    #expect(try Data(contentsOf: URL(filePath: target)) == Data("Sehr geehrte".utf8))
    let missing = folder.path(of: "nowhere/backup.sqlite")
    let failure = #expect(throws: FileFailure.self) {
      try CountyBackup.make(of: store, at: missing, now: { 5_000 })
    }
    #expect(failure?.path == missing)
  }

  @Test("of two backups that overlap the one that reaches farther counts")
  func overlap() throws {
    let store = try county()
    let before = try store.read { try $0.counter.seq }
    let isFirst = Mutex(true)
    let older = try CountyBackup.make(
      of: store, at: target, now: { 5_000 },
      onProgress: { [folder] _ in
        guard isFirst.withLock({ exchange(&$0, with: false) }) else { return }
        try store.commit { $0.person("between", in: "c1") }
        _ = try CountyBackup.make(
          of: store, at: folder.path(of: "newer.sqlite"), now: { 6_000 })
      })
    #expect(older.position.seq == before)
    #expect(try store.read { try $0.backups.secured } == .init(seq: before + 1, begunAt: 6_000))
  }

  @Test("what an earlier try left behind does not stand in the way")
  func leftovers() throws {
    let store = try county()
    for suffix in [".new", ".new-wal", ".new-journal"] {
      try Data("half".utf8).write(to: URL(filePath: target + suffix))
    }
    #expect(try CountyBackup.make(of: store, at: target, now: { 5_000 }).isNoted)
    #expect(!(try files()).contains { $0.contains(".new") })
  }

  private struct Abandoned: Error {}
}

private func exchange(_ value: inout Bool, with new: Bool) -> Bool {
  defer { value = new }
  return value
}

/// An engine whose copies somebody changes by plain SQL before they are proved.
private struct Tampered: BackupSource {
  let store: SQLiteHub
  let sql: String

  func read<Result: Sendable>(_ body: (any HubReader) throws -> Result) throws -> Result {
    try store.read(body)
  }

  func write<Result: Sendable>(_ body: (any HubWriter) throws -> Result) throws -> Result {
    try store.write(body)
  }

  func copy(to path: String, onProgress: (Double) throws -> Void) throws {
    try store.copy(to: path, onProgress: onProgress)
    try DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
  }
}

/// An engine whose disk turns bits of copies.
private struct Damaged: BackupSource {
  let store: SQLiteHub

  func read<Result: Sendable>(_ body: (any HubReader) throws -> Result) throws -> Result {
    try store.read(body)
  }

  func write<Result: Sendable>(_ body: (any HubWriter) throws -> Result) throws -> Result {
    try store.write(body)
  }

  func copy(to path: String, onProgress: (Double) throws -> Void) throws {
    try store.copy(to: path, onProgress: onProgress)
    var bytes = try Data(contentsOf: URL(filePath: path))
    for offset in stride(from: 3 * 4_096, to: bytes.count, by: 3) { bytes[offset] ^= 0x5A }
    try bytes.write(to: URL(filePath: path))
  }
}
