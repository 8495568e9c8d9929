import Foundation
import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol
import SyncSimulator
import Testing

/// A live replica is written anew from a snapshot without anything of its own being lost.
@Suite("Reload")
struct ReloadTests {
  private func loaded() throws -> SnapshotOffice {
    let office = try SnapshotOffice()
    _ = try office.load()
    try office.sync()
    return office
  }

  @discardableResult
  private func reload(
    _ office: SnapshotOffice, _ selection: RowSelection = .everything,
    over link: (any HubLink)? = nil
  ) throws -> ReloadTally {
    let file = try ReplicaFile.open(at: office.replicaPath)
    let reload = Reload(
      directory: office.directory, link: link ?? office.link, software: "laws")
    let path = try reload.fetch(notBefore: try file.record().position.seq)
    let tally = try file.reload(from: path, selection, at: 5)
    try reload.finish()
    return tally
  }

  private func rows(_ office: SnapshotOffice, _ sql: String) throws -> [[Value]] {
    try PlainClient(path: office.replicaPath).rows(sql)
  }

  @Test func `what differs is written, what the hub lacks goes, and nothing is captured`() throws {
    let office = try loaded()
    try office.writeUnseen(
      """
      UPDATE sample SET by_max = 999, kept_here = 'LOCAL' WHERE id = 's-ANNA-1';
      DELETE FROM entry WHERE case_id = 'BERTA-7';
      DELETE FROM case_file WHERE id = 'BERTA-9';
      INSERT INTO entry (id, case_id, text) VALUES ('own', 'ANNA-2', 'x');
      DELETE FROM kreissync_baseline WHERE id = 's-ANNA-4';
      DELETE FROM kreissync_case_state WHERE case_id = 'BERTA-11'
      """)
    #expect(try reload(office) == tally(written: 3, removed: 1))
    #expect(try rows(office, "SELECT count(*) FROM kreissync_log WHERE t <> 0") == [[.integer(0)]])
    #expect(
      try rows(office, "SELECT by_max, kept_here FROM sample WHERE id = 's-ANNA-1'")
        == [[.integer(1), .text("LOCAL")]])
    // Before the next session already, the scrub takes nothing of it for a local write.
    #expect(try ReplicaFile.open(at: office.replicaPath).scrub(at: 6) == 0)
    let report = try office.sync(comparesAll: true)
    #expect(report.digestEqual && report.captured == 0)
    #expect(try office.compare().differences.isEmpty)
    #expect(try office.files().filter { $0.hasPrefix("reload") }.isEmpty)
    #expect(try reload(office) == tally(written: 0, removed: 0))
  }

  private func tally(written: Int, removed: Int) -> ReloadTally {
    var tally = ReloadTally()
    (tally.rowsWritten, tally.rowsRemoved) = (written, removed)
    return tally
  }

  @Test func `unsent work stays on top and is sent afterwards`() throws {
    let office = try loaded()
    try PlainClient(path: office.replicaPath).run(
      """
      UPDATE sample SET by_lead = 'MINE', kept_here = 'LOCAL' WHERE id = 's-ANNA-1';
      DELETE FROM entry WHERE id = 'e-ANNA-2';
      INSERT INTO case_file (id, opened_on) VALUES ('own', '2025-01-01');
      INSERT INTO sample (id, case_id, by_max) VALUES ('s-own', 'own', 5)
      """)
    try office.towns[0].client.run("UPDATE sample SET by_max = 70 WHERE id = 's-ANNA-1'")
    try office.towns[0].sync()
    try reload(office)
    #expect(
      try rows(office, "SELECT by_lead, by_max, kept_here FROM sample WHERE id = 's-ANNA-1'")
        == [[.text("MINE"), .integer(70), .text("LOCAL")]])
    #expect(try rows(office, "SELECT id FROM entry WHERE id = 'e-ANNA-2'").isEmpty)
    #expect(try rows(office, "SELECT id FROM sample WHERE id = 's-own'").count == 1)
    let report = try office.sync(comparesAll: true)
    #expect(report.captured == 4)
    try office.sync()
    #expect(try office.compare().differences.isEmpty)
    #expect(try office.county.hub.read { try $0.cases([CaseID("own")]).count } == 1)
  }

  @Test func `one case or one table is written, and the rest stays as it is`() throws {
    let office = try loaded()
    try office.writeUnseen("UPDATE sample SET by_max = 999; UPDATE entry SET text = 'z'")
    #expect(
      try reload(office, RowSelection(caseID: CaseID("ANNA-1"))) == tally(written: 2, removed: 0))
    #expect(
      try rows(office, "SELECT count(*) FROM sample WHERE by_max = 999") == [[.integer(79)]])
    #expect(try reload(office, RowSelection(table: 4)) == tally(written: 78, removed: 0))
    #expect(try rows(office, "SELECT count(*) FROM entry WHERE text = 'z'") == [[.integer(0)]])
  }

  @Test func `a cut line is gone on with, and an old snapshot is not used any more`() throws {
    let office = try loaded()
    try office.writeUnseen("UPDATE sample SET by_max = 999 WHERE id = 's-ANNA-1'")
    var partCount = 0
    let cutting = CutLine { request in
      if request.path == ProtocolPath.snapshotPart { partCount += 1 }
      return request.path != ProtocolPath.snapshotPart
    }
    cutting.inner = office.link
    #expect(throws: SessionError.self) { try reload(office, over: cutting) }
    let first = try #require(try ReloadRecord.read(from: office.directory))
    // A session in between, which says hello, does not throw the offer away.
    try office.sync()
    #expect(try office.kept() != nil)
    try reload(office)
    #expect(try ReloadRecord.read(from: office.directory) == nil)

    #expect(throws: SessionError.self) { try reload(office, over: cutting) }
    try PlainClient(path: office.replicaPath).run(
      "UPDATE sample SET by_max = 1000 WHERE id = 's-ANNA-1'")
    try office.sync()
    try reload(office)
    #expect(
      try rows(office, "SELECT by_max FROM sample WHERE id = 's-ANNA-1'") == [[.integer(1_000)]])
    #expect(first.snapshot.isWellFormed && partCount > 0)
  }

  @Test func `a snapshot that is not the hub's word changes nothing`() throws {
    let office = try loaded()
    let file = try ReplicaFile.open(at: office.replicaPath)
    let path = try Reload(directory: office.directory, link: office.link, software: "laws")
      .fetch(notBefore: 0)
    let forger = try PlainClient(path: path)
    try forger.run("UPDATE sample SET by_lead = 'FORGED'")
    // As unsent work it would escape the proof.
    #expect(throws: ReplicaError.unfitSnapshot("it holds work of a site")) {
      try file.reload(from: path, .everything, at: 5)
    }
    try forger.run("DELETE FROM kreissync_log")
    #expect(throws: ReplicaError.unfitSnapshot("its rows are not those of the hub")) {
      try file.reload(from: path, .everything, at: 5)
    }
    #expect(
      try rows(office, "SELECT count(*) FROM sample WHERE by_lead = 'FORGED'") == [[.integer(0)]])
  }

  @Test func `who reads meanwhile sees the old state until he asks again`() throws {
    let office = try loaded()
    try office.writeUnseen("UPDATE sample SET by_max = 999")
    let reader = try PlainClient(path: office.replicaPath)
    try reader.run("BEGIN")
    let sql = "SELECT count(*) FROM sample WHERE by_max = 999"
    #expect(try reader.rows(sql) == [[.integer(80)]])
    try reload(office)
    #expect(try reader.rows(sql) == [[.integer(80)]])
    try reader.run("COMMIT")
    #expect(try reader.rows(sql) == [[.integer(0)]])
  }
}

/// A line that is cut where a test says so.
private final class CutLine: HubLink {
  var inner: (any HubLink)?
  private let carries: (ProtocolRequest) -> Bool

  init(_ carries: @escaping (ProtocolRequest) -> Bool) {
    self.carries = carries
  }

  func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse {
    guard let inner, carries(request) else {
      throw LinkFailure(cause: .unreachable, detail: "cut")
    }
    return try inner.exchange(request)
  }
}
