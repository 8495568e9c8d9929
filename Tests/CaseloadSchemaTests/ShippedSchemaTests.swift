import CaseloadSchema
import Foundation
import SyncCore
import Testing

/// The product's own schema and the SQL that follows from it.
@Suite("The schema that is shipped")
struct ShippedSchemaTests {
  private let schema: Schema

  init() throws {
    schema = try CaseloadSchema.read(toml: CaseloadSchema.shipped, file: "caseload.toml")
  }

  @Test("the binary carries schemas/caseload.toml byte for byte")
  func embedded() throws {
    #expect(
      try Self.file("caseload.toml") == Data(CaseloadSchema.shipped.utf8),
      "copy the file's text into the literal in Sources/CaseloadSchema/ShippedSchema.swift")
  }

  @Test("schemas/replica.sql is what the emitter says")
  func replicaGolden() throws {
    #expect(
      try Self.file("replica.sql") == Data(ReplicaSQL.script(schema).utf8),
      "renew it with: kreissync schema sql > schemas/replica.sql")
  }

  @Test("schemas/hub.sql is what the emitter says")
  func hubGolden() throws {
    #expect(
      try Self.file("hub.sql") == Data(HubSQL.script(schema).utf8),
      "renew it with: kreissync schema sql --hub > schemas/hub.sql")
  }

  @Test("every policy, tier and type occurs")
  func coverage() {
    let columns = schema.tables.flatMap(\.columns)
    #expect(Set(columns.map(\.policy)) == Set(Policy.allCases))
    #expect(
      Set(columns.map(\.tier)).isSuperset(of: [.local, .header, .personal, .special, .notes]))
    #expect(Set(columns.map(\.type)) == Set(ColumnType.allCases))
  }

  @Test("the effective state of a consent folds towards the most restrictive event")
  func consent() throws {
    let event = try #require(schema.table(named: "consent")?.column(named: "event"))
    #expect(event.policy == .restrict)
    #expect(event.codes == ["given", "refused", "expired", "revoked"])
    let phase = try #require(schema.table(named: "case_file")?.column(named: "phase"))
    #expect(phase.policy == .state)
    #expect(phase.terminalCodes == ["archived"])
  }

  @Test("the hub's tables have the replica's names and columns, and nothing that fires by itself")
  func hubLikeReplica() {
    let hub = HubSQL.script(schema)
    for word in ["TRIGGER", "REFERENCES", "random", "UNIQUE", "CHECK"] {
      #expect(!hub.contains(word))
    }
    for table in schema.tables {
      #expect(
        Self.names(in: HubSQL.table(table)) == Self.names(in: ReplicaSQL.table(table, in: schema)))
    }
  }

  @Test("each table's triggers are named by their cause")
  func triggerNames() throws {
    let person = try #require(schema.table(named: "person"))
    #expect(
      ReplicaSQL.triggerNames(for: person) == [
        "kreissync_capture_insert_person", "kreissync_capture_update_person",
        "kreissync_capture_move_person", "kreissync_capture_delete_person",
        "kreissync_note_insert_person", "kreissync_note_update_person",
      ])
    let site = try #require(schema.table(named: "site"))
    #expect(
      ReplicaSQL.triggerNames(for: site) == [
        "kreissync_refuse_insert_site", "kreissync_refuse_update_site",
        "kreissync_refuse_delete_site",
      ])
  }

  @Test("names and literals double their quotes, also before a combining mark")
  func quoting() {
    #expect(SQLText.name("a\"b") == "\"a\"\"b\"")
    #expect(SQLText.literal(.text("it's")) == "'it''s'")
    #expect(Array(SQLText.literal(.text("'\u{301}")).utf8) == Array("'''\u{301}'".utf8))
    #expect(SQLText.literal(.integer(.min)) == "-9223372036854775808")
    #expect(SQLText.literal(.null) == "NULL")
  }

  /// The first word of each column's line.
  private static func names(in table: String) -> [Substring] {
    table.split(separator: "\n").filter { $0.hasPrefix("  ") }.compactMap {
      $0.split(separator: " ").first
    }
  }

  private static func file(_ name: String) throws -> Data {
    let root = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try Data(contentsOf: root.appending(path: "schemas/\(name)"))
  }
}
