import Foundation
import GRDB
import HubStorage
import SyncCore
import Testing

/// What only the embedded engine owes: its files, and how it opens them.
@Suite("SQLite hub")
struct SQLiteHubTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path(of: "county.sqlite") }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func create() throws -> SQLiteHub {
    try SQLiteHub.create(at: path, county: TestCounty.record, now: 1)
  }

  // MARK: Creating and opening

  @Test("a county is never created over something that is there")
  func createTwice() throws {
    do {
      let store = try create()
      try store.fill()
      #expect(throws: HubStoreError.self) { try create() }
    }
    #expect(try SQLiteHub.open(at: path).read { try $0.counter.seq } > 0)
    let other = folder.path(of: "letter.txt")
    try Data("Sehr geehrte".utf8).write(to: URL(filePath: other))
    let failure = #expect(throws: HubStoreError.self) {
      try SQLiteHub.create(at: other, county: TestCounty.record, now: 1)
    }
    #expect(failure?.isUnusable == true)
    #expect(try Data(contentsOf: URL(filePath: other)) == Data("Sehr geehrte".utf8))
  }

  @Test("a missing file is refused, and none is made")
  func missing() {
    let failure = #expect(throws: HubStoreError.self) { try SQLiteHub.open(at: path) }
    #expect(failure?.isUnusable == true)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("a file of another program is refused and left as it is", arguments: Foreign.allCases)
  func foreign(_ foreign: Foreign) throws {
    try foreign.make(at: path)
    let before = try? Data(contentsOf: URL(filePath: path))
    let failure = #expect(throws: HubStoreError.self) { try SQLiteHub.open(at: path) }
    #expect(failure?.isUnusable == true)
    let after = try? Data(contentsOf: URL(filePath: path))
    #expect(after == before)
  }

  @Test("a newer file is refused with its format's number")
  func newer() throws {
    do { _ = try create() }
    try edit("PRAGMA user_version = 4711")
    let failure = #expect(throws: HubStoreError.self) { try SQLiteHub.open(at: path) }
    guard case .unusable(let text) = failure else { return }
    #expect(text.contains("4711"))
  }

  @Test("a damaged file is refused when it is opened or read, and says so")
  func damaged() throws {
    do {
      let store = try create()
      try store.fill()
    }
    var bytes = try Data(contentsOf: URL(filePath: path))
    let page = 4_096
    for offset in stride(from: page, to: bytes.count, by: 1) { bytes[offset] = 0xA5 }
    try bytes.write(to: URL(filePath: path))
    let failure = #expect(throws: HubStoreError.self) {
      try SQLiteHub.open(at: path).read { try Everything($0) }
    }
    #expect(failure?.isUnusable == true)
  }

  // MARK: Settings of its connections

  @Test("commits are durable: WAL, synchronous FULL, deleted bytes overwritten")
  func settings() throws {
    let store = try create()
    func settings(of reader: any HubReader) throws -> [String] {
      // The engine's own connection: settings belong to a connection, not to a file.
      let database = try #require(Mirror(reflecting: reader).descendant("database") as? Database)
      return try [
        "journal_mode", "synchronous", "secure_delete", "trusted_schema", "cell_size_check",
        "mmap_size", "foreign_keys",
      ].map { "\($0) " + (try String.fetchOne(database, sql: "PRAGMA \($0)") ?? "none") }
    }
    let wanted = [
      "journal_mode wal", "synchronous 2", "secure_delete 1", "trusted_schema 0",
      "cell_size_check 1", "mmap_size 0", "foreign_keys 0",
    ]
    #expect(try store.write { try settings(of: $0) } == wanted)
    #expect(try store.read { try settings(of: $0) } == wanted)
    let again = try SQLiteHub.open(at: path)
    #expect(try again.write { try settings(of: $0) } == wanted)
  }

  @Test("what was replaced cannot be found in the closed file")
  func secureDelete() throws {
    let secret = "Hemmingen-Geheim-4711"
    do {
      let store = try create()
      try store.write { try $0.put(.sample("1", name: secret)) }
      try store.write { try $0.put(.sample("1", name: "x")) }
    }
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path(of: "")) {
      let bytes = try Data(contentsOf: URL(filePath: folder.path(of: file)))
      #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file)")
    }
  }

  @Test("a full disk is said to be full, and nothing was written")
  func full() throws {
    let store = try create()
    try store.fill()
    let before = try store.read { try Everything($0) }
    #expect(throws: HubStoreError.full) {
      try store.write { writer throws in
        let database = try #require(
          Mirror(reflecting: writer).descendant("database") as? Database)
        try database.execute(sql: "PRAGMA max_page_count = 1")
        var builder = PlanBuilder(after: try writer.counter.seq)
        for number in 0..<5_000 { builder.person("p\(number)", in: "c1") }
        try writer.write(builder.plan, at: 1, random: randomBytes)
      }
    }
    #expect(try store.read { try Everything($0) } == before)
  }

  private func edit(_ sql: String) throws {
    try DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
  }

  /// What may stand where a county's file is expected.
  enum Foreign: String, CaseIterable {
    case text, empty, otherDatabase, unmarkedCounty

    func make(at path: String) throws {
      switch self {
      case .text:
        try Data(String(repeating: "no database ", count: 500).utf8).write(to: URL(filePath: path))
      case .empty:
        try Data().write(to: URL(filePath: path))
      case .otherDatabase:
        try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE letter (text)") }
      case .unmarkedCounty:
        do { _ = try SQLiteHub.create(at: path, county: TestCounty.record, now: 1) }
        try DatabaseQueue(path: path).write { try $0.execute(sql: "PRAGMA application_id = 7") }
      }
    }
  }
}

extension HubStoreError {
  var isUnusable: Bool {
    if case .unusable(let text) = self { !text.isEmpty } else { false }
  }
}
