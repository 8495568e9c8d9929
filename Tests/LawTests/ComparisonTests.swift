import HubService
import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol
import SyncSimulator
import Testing

/// A site finds the rows in which it differs from its hub, in few requests, and mends them.
@Suite("Comparison")
struct ComparisonTests {
  private func loaded() throws -> SnapshotOffice {
    let office = try SnapshotOffice()
    _ = try office.load()
    try office.sync()
    return office
  }

  private func found(_ report: VerificationReport) -> [String] {
    report.differences.map { "\($0.key.id) \($0.side.rawValue)" }.sorted()
  }

  @Test func `equal rows are told in one request, and all are counted`() throws {
    let office = try loaded()
    let line = CountedLine(office.link)
    let report = try office.compare(over: line)
    #expect(report.differences.isEmpty)
    #expect(report.rowsCompared == 242)
    #expect(line.count == 1)
  }

  @Test func `each kind of difference is found in three requests, and told by its side`() throws {
    let office = try loaded()
    try office.writeUnseen(
      """
      UPDATE sample SET by_max = 999 WHERE id = 's-ANNA-1';
      DELETE FROM entry WHERE id = 'e-BERTA-7';
      INSERT INTO entry (id, case_id, text) VALUES ('own', 'ANNA-2', 'x')
      """)
    let line = CountedLine(office.link)
    #expect(
      found(try office.compare(over: line)) == ["e-BERTA-7 hub", "own replica", "s-ANNA-1 both"])
    #expect(line.count == 3)
    #expect(found(try office.compare(RowSelection(caseID: CaseID("ANNA-2")))) == ["own replica"])
    let entry = try office.county.hub.read { $0.schema.table(named: "entry")!.number }
    #expect(
      found(try office.compare(RowSelection(table: entry))) == ["e-BERTA-7 hub", "own replica"])
    let nothing = try office.compare(RowSelection(caseID: CaseID("ANNA-2"), table: 1))
    #expect(nothing.differences.isEmpty && !nothing.isUnknown)
  }

  @Test func `what is unsent is no difference, and neither is news`() throws {
    let office = try loaded()
    try PlainClient(path: office.replicaPath).run(
      """
      UPDATE sample SET by_max = 999 WHERE id = 's-ANNA-1';
      DELETE FROM entry WHERE id = 'e-ANNA-2';
      INSERT INTO entry (id, case_id, text) VALUES ('own', 'ANNA-2', 'x')
      """)
    try office.towns[0].client.run(
      """
      UPDATE sample SET by_max = 77 WHERE id = 's-ANNA-5';
      DELETE FROM entry WHERE id = 'e-ANNA-6';
      INSERT INTO entry (id, case_id, text) VALUES ('new', 'ANNA-7', 'x');
      INSERT INTO case_file (id, opened_on) VALUES ('later', '2025-01-01')
      """)
    try office.towns[0].sync()
    #expect(found(try office.compare()).isEmpty)
  }

  @Test func `a row that the hub has deleted is taken away, one that it never saw is offered`()
    throws
  {
    let office = try loaded()
    // Deleted at the hub before the snapshot, and here again by a program without triggers.
    try office.writeUnseen(
      """
      INSERT INTO entry (id, case_id, text) VALUES ('e-ANNA-3', 'ANNA-3', 'dead'),
        ('own', 'ANNA-2', 'alive');
      UPDATE sample SET by_max = 999 WHERE id = 's-ANNA-1'
      """)
    let report = try office.compare()
    #expect(found(report) == ["e-ANNA-3 replica", "own replica", "s-ANNA-1 both"])
    let file = try ReplicaFile.open(at: office.replicaPath)
    let before = try file.mend(report.differences, at: 5)
    try office.sync()
    try file.tellMended(before, at: 6)
    #expect(found(try office.compare()).isEmpty)
    let client = try PlainClient(path: office.replicaPath)
    #expect(
      try client.rows("SELECT id FROM entry WHERE id IN ('own', 'e-ANNA-3')") == [[.text("own")]])
    #expect(try client.rows("SELECT by_max FROM sample WHERE id = 's-ANNA-1'") == [[.integer(1)]])
    #expect(
      try office.county.hub.read { try $0.rows([RowKey(table: 4, id: RowID("own"))]) }.isEmpty
        == false)
    // What gave way still stands in the notices.
    let notices = try file.notices()
    #expect(
      notices.contains {
        $0.row == "s-ANNA-1" && $0.column == "by_max" && $0.yourValue == .integer(999)
          && $0.keptValue == .integer(1) && $0.reason == "repaired"
      })
  }

  @Test func `long lists come in pages, and none of their rows is missing`() throws {
    let office = try loaded()
    let town = office.towns[0].client
    try town.run(
      """
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
      INSERT INTO entry (id, case_id, text) SELECT 'many-' || i, 'ANNA-1', 'x' FROM n
      """)
    try office.towns[0].sync()
    while try office.sync().rowsPulled > 0 {}
    try office.writeUnseen("UPDATE entry SET text = 'y' WHERE id IN ('many-1', 'many-9000')")
    let line = CountedLine(office.link)
    #expect(found(try office.compare(over: line)) == ["many-1 both", "many-9000 both"])
    #expect(line.count == 5)
  }

  @Test func `a case of others looks like one that does not exist`() throws {
    let office = try SnapshotOffice(newcomer: .municipality, areas: ["08118027"])
    _ = try office.load()
    try office.sync()
    let position = try ReplicaFile.open(at: office.replicaPath).record().position
    func rows(_ cases: String...) throws -> CompareResponse {
      let request = CompareRequest(
        session: office.sessionNumber, since: position, cases: cases.map { CaseID($0) })
      let answer = office.answer(
        ProtocolRequest(
          path: ProtocolPath.compare, contentType: .json, body: try WireJSON.encode(request)))
      #expect(answer.status == 200)
      return try WireJSON.decode(answer.body)
    }
    #expect(try rows("BERTA-1") == rows("no such case"))
    #expect(try rows("ANNA-1").rows?.count == 3)
    let all = CompareRequest(
      session: office.sessionNumber, since: position, buckets: Array(0..<256))
    let answer: CompareResponse = try WireJSON.decode(
      office.answer(
        ProtocolRequest(
          path: ProtocolPath.compare, contentType: .json, body: try WireJSON.encode(all))
      ).body)
    #expect(answer.cases?.contains { $0.case.hasPrefix("BERTA") } == false)
    #expect(answer.cases?.count { $0.case.hasPrefix("ANNA") } == 40)
  }
}

/// A line that counts what goes over it.
private final class CountedLine: HubLink {
  private let inner: any HubLink
  private(set) var count = 0

  init(_ inner: any HubLink) {
    self.inner = inner
  }

  func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse {
    count += 1
    return try inner.exchange(request)
  }
}
