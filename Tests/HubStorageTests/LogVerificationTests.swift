import GRDB
import HubService
import HubStorage
import SyncCore
import Testing

/// Whoever changes the log with plain SQL is found, at the first entry that is not what it was.
///
/// The log under test has seven transactions: 1 | 2 3 | 4 5 6 | 7 8 9 10 | 11 | 12 13 | 14 15 16.
@Suite("Log verification")
struct LogVerificationTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path(of: "county.sqlite") }

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test("an untouched log is sound, from empty to seven transactions")
  func untouched() throws {
    let store = try SQLiteHub.create(at: path, county: TestCounty.record, now: 1)
    #expect(try store.read { try LogVerification.run(on: $0) }.isSound)
    for (count, size) in [1, 2, 3, 4, 1, 2, 3].enumerated() {
      try store.append(size)
      let found = try store.read { try LogVerification.run(on: $0) }
      #expect(found.isSound)
      #expect(found.transactionCount == Int64(count + 1))
    }
    #expect(try store.read { try LogVerification.run(on: $0) }.entryCount == 16)
  }

  @Test("a log longer than what is read at once is sound, and its end is guarded")
  func long() throws {
    let store = try SQLiteHub.create(at: path, county: TestCounty.record, now: 1)
    for _ in 0..<401 { try store.append(1) }
    #expect(try store.read { try LogVerification.run(on: $0) }.entryCount == 401)
    try DatabaseQueue(path: path).write {
      try $0.execute(sql: "UPDATE kreissync_log SET payload = x'00' WHERE seq = 401")
    }
    #expect(try store.read { try LogVerification.run(on: $0) }.firstBadSeq == 401)
  }

  @Test("tampering is found and its place named", arguments: Tampering.all)
  func tampering(_ tampering: Tampering) throws {
    let found = try verified(after: tampering.sql)
    #expect(found.firstBadSeq == tampering.firstBadSeq)
    #expect(found.problem?.isEmpty == false)
    #expect(!found.isSound)
  }

  @Test("what was erased as it should be still verifies", arguments: Tampering.erasures)
  func erasure(_ sql: String) throws {
    let found = try verified(after: sql)
    #expect(found.isSound, "\(found.problem ?? "")")
    #expect(found.entryCount == 16)
  }

  private func verified(after sql: String) throws -> LogVerification {
    let store = try SQLiteHub.create(at: path, county: TestCounty.record, now: 1)
    for size in [1, 2, 3, 4, 1, 2, 3] { try store.append(size) }
    try DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
    return try store.read { try LogVerification.run(on: $0) }
  }
}

/// A change of the log by somebody who can open the file.
struct Tampering: Sendable, CustomTestStringConvertible {
  let what: String
  let firstBadSeq: Int64
  let sql: String

  var testDescription: String { what }

  init(_ what: String, foundAt seq: Int64, _ sql: String) {
    self.what = what
    firstBadSeq = seq
    self.sql = sql
  }

  static let erasures = [
    "UPDATE kreissync_log SET payload = NULL, salt = NULL WHERE seq = 5",
    "UPDATE kreissync_log SET payload = NULL, salt = NULL",
  ]

  static let all = contents + places + heads + margins

  /// Within entries.
  private static let contents = [
    Tampering(
      "one byte of a payload", foundAt: 5,
      """
      UPDATE kreissync_log SET payload = CAST(substr(payload, 1, 3) || x'7f' || substr(payload, 5)
        AS BLOB) WHERE seq = 5
      """),
    Tampering(
      "a payload cut short", foundAt: 5,
      "UPDATE kreissync_log SET payload = substr(payload, 1, 9) WHERE seq = 5"),
    Tampering(
      "an empty payload", foundAt: 16, "UPDATE kreissync_log SET payload = x'' WHERE seq = 16"),
    Tampering(
      "a salt", foundAt: 5, "UPDATE kreissync_log SET salt = zeroblob(16) WHERE seq = 5"),
    Tampering(
      "a commitment", foundAt: 5,
      "UPDATE kreissync_log SET commitment = zeroblob(32) WHERE seq = 5"),
    Tampering(
      "the commitment of an erased entry: its transaction", foundAt: 4,
      """
      UPDATE kreissync_log SET payload = NULL, salt = NULL, commitment = zeroblob(32)
        WHERE seq = 5
      """),
    Tampering(
      "two entries exchanged: their transaction", foundAt: 7,
      """
      UPDATE kreissync_log SET seq = -8 WHERE seq = 8;
      UPDATE kreissync_log SET seq = 8 WHERE seq = 9;
      UPDATE kreissync_log SET seq = 9 WHERE seq = -8
      """),
  ]

  /// Entries and transactions that came or went.
  private static let places = [
    Tampering("the first entry is gone", foundAt: 1, "DELETE FROM kreissync_log WHERE seq = 1"),
    Tampering("an entry is gone", foundAt: 9, "DELETE FROM kreissync_log WHERE seq = 9"),
    Tampering("the last entry is gone", foundAt: 16, "DELETE FROM kreissync_log WHERE seq = 16"),
    Tampering(
      "all entries behind the gap moved up", foundAt: 16,
      """
      DELETE FROM kreissync_log WHERE seq = 15;
      UPDATE kreissync_log SET seq = 15 WHERE seq = 16
      """),
    Tampering(
      "a transaction is gone", foundAt: 4, "DELETE FROM kreissync_transaction WHERE leaf = 2"),
    Tampering(
      "the last transaction is gone with its entries", foundAt: 14,
      """
      DELETE FROM kreissync_transaction WHERE leaf = 6;
      DELETE FROM kreissync_log WHERE seq > 13
      """),
    Tampering(
      "a transaction behind the head", foundAt: 17,
      """
      INSERT INTO kreissync_log SELECT 17, 7, kind, case_id, site, recorded_at, payload, salt,
        commitment FROM kreissync_log WHERE seq = 16;
      INSERT INTO kreissync_transaction SELECT 7, 17, 17, hash FROM kreissync_transaction
        WHERE leaf = 6
      """),
  ]

  /// Leaves and heads.
  private static let heads = [
    Tampering(
      "a leaf", foundAt: 7,
      "UPDATE kreissync_transaction SET hash = zeroblob(32) WHERE leaf = 3"),
    Tampering(
      "a transaction's first number", foundAt: 7,
      "UPDATE kreissync_transaction SET first_seq = 8 WHERE leaf = 3"),
    Tampering(
      "a transaction's last number", foundAt: 7,
      "UPDATE kreissync_transaction SET last_seq = 9 WHERE leaf = 3"),
    Tampering(
      "an empty transaction", foundAt: 7,
      "UPDATE kreissync_transaction SET last_seq = 0 WHERE leaf = 3"),
    Tampering(
      "the head's root", foundAt: 16, "UPDATE kreissync_counter SET tree_root = zeroblob(32)"),
    Tampering("the head's number", foundAt: 16, "UPDATE kreissync_counter SET seq = 15"),
    Tampering(
      "the head's size, larger", foundAt: 17, "UPDATE kreissync_counter SET tree_size = 8"),
  ]

  /// What no leaf covers by itself.
  private static let margins = [
    Tampering(
      "a payload whose salt was taken away", foundAt: 5,
      "UPDATE kreissync_log SET payload = x'00', salt = NULL WHERE seq = 5"),
    Tampering(
      "a byte moved from payload to salt", foundAt: 5,
      """
      UPDATE kreissync_log SET salt = CAST(salt || substr(payload, 1, 1) AS BLOB),
        payload = substr(payload, 2) WHERE seq = 5
      """),
    Tampering(
      "an entry's leaf", foundAt: 5, "UPDATE kreissync_log SET leaf = leaf + 1 WHERE seq = 5"),
    Tampering(
      "an entry behind the head", foundAt: 17,
      """
      INSERT INTO kreissync_log SELECT 17, leaf, kind, case_id, site, recorded_at, payload, salt,
        commitment FROM kreissync_log WHERE seq = 16
      """),
    Tampering(
      "an entry before the first", foundAt: 0,
      """
      INSERT INTO kreissync_log SELECT 0, leaf, kind, case_id, site, recorded_at, payload, salt,
        commitment FROM kreissync_log WHERE seq = 16
      """),
    Tampering(
      "the stored tree's node", foundAt: 4,
      "UPDATE kreissync_tree SET hash = zeroblob(32) WHERE level = 0 AND position = 2"),
    Tampering(
      "the head's size, smaller", foundAt: 14, "UPDATE kreissync_counter SET tree_size = 6"),
  ]
}

extension HubStore {
  fileprivate func append(_ entryCount: Int) throws {
    try commit { plan in
      for number in 0..<entryCount { plan.person("p\(number)", in: "c1", "Muster \(number)") }
    }
  }
}
