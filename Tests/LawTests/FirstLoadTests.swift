import Foundation
import HubService
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol
import SyncSimulator
import Testing

/// What a new site makes of it: cut, torn, corrupt, expired.
@Suite("The first load")
struct FirstLoadTests {
  private static let cut = LinkFailure(cause: .unreachable, detail: "the line was cut")

  /// Parts of this length, so that there are many.
  private func shortened(_ response: ProtocolResponse) -> ProtocolResponse {
    guard response.contentType == .snapshot else { return response }
    return ProtocolResponse(
      status: response.status, contentType: .snapshot, body: Array(response.body.prefix(20_000)))
  }

  @Test func `edits are captured at once, with the snapshot's position as their base`() throws {
    let office = try SnapshotOffice()
    #expect(try office.load() == .bySnapshot(rowCount: 242))
    #expect(try office.files() == ["caseload.sqlite"])
    let seq = try ReplicaFile.open(at: office.replicaPath).record().position.seq
    let client = try PlainClient(path: office.replicaPath)
    try client.run("UPDATE sample SET by_max = 700 WHERE id = 's-ANNA-0'")
    // Somebody else wrote it meanwhile: whose value stands is decided by that base.
    try office.towns[0].client.run("UPDATE sample SET by_max = 800 WHERE id = 's-ANNA-0'")
    try office.towns[0].sync()
    let report = try office.sync()
    #expect(report.captured == 1 && report.verdicts == [.overridden: 1] && report.digestEqual)
    #expect(report.casesGranted == 0)
    // The row comes as one that did not win, and as one that somebody changed.
    #expect(report.rowsPulled == 2)
    #expect(report.position.seq > seq)
    #expect(
      try client.rows("SELECT by_max FROM sample WHERE id = 's-ANNA-0'") == [[.integer(800)]])
    #expect(try ReplicaFile.open(at: office.replicaPath).scrub(at: 1) == 0)
  }

  @Test func `a load that is cut after every part goes on where it was`() throws {
    let office = try SnapshotOffice()
    var offsets: [Int64] = []
    var outcome: FirstLoad.Outcome?
    while outcome == nil {
      var isUp = true
      do {
        outcome = try office.load { request throws(LinkFailure) in
          if request.path == ProtocolPath.snapshotPart {
            guard isUp else { throw Self.cut }
            isUp = false
            offsets.append(Self.offset(of: request))
          }
          return self.shortened(office.answer(request))
        }
      } catch SessionError.unreachable {
        #expect(try office.files() == ["first-load.json", "snapshot.part"])
      }
    }
    #expect(outcome == .bySnapshot(rowCount: 242))
    #expect(offsets.count > 5 && offsets == offsets.sorted())
    #expect(Set(offsets).count == offsets.count, "a part came twice")
    #expect(try office.files() == ["caseload.sqlite"])
    #expect(try office.sync().digestEqual)
  }

  @Test func `a load whose first question gets no answer ends with an empty replica`() throws {
    let office = try SnapshotOffice()
    let outcome = try office.load { _ throws(LinkFailure) in throw Self.cut }
    #expect(outcome == .byPages("the line was cut"))
    let report = try office.sync()
    #expect(report.digestEqual && report.rowsPulled == 243 && report.casesGranted == 80)
  }

  @Test func `a corrupt part is noticed, and the load begins anew`() throws {
    let office = try SnapshotOffice()
    var isFirst = true
    let outcome = try office.load { request throws(LinkFailure) in
      let response = office.answer(request)
      guard response.contentType == .snapshot, isFirst else { return response }
      isFirst = false
      var body = response.body
      body[body.count / 2] ^= 1
      return ProtocolResponse(status: 200, contentType: .snapshot, body: body)
    }
    #expect(!isFirst && outcome == .bySnapshot(rowCount: 242))
    #expect(try office.sync().digestEqual)
  }

  @Test func `parts that are always corrupt are never installed: pages bring the rows`() throws {
    let office = try SnapshotOffice()
    let outcome = try office.load { request throws(LinkFailure) in
      let response = office.answer(request)
      guard response.contentType == .snapshot else { return response }
      return ProtocolResponse(
        status: 200, contentType: .snapshot, body: response.body.map { ~$0 })
    }
    guard case .byPages(.some) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(try office.files() == ["caseload.sqlite"])
    // And the deletion of one more.
    #expect(try office.sync().rowsPulled == 243)
  }

  @Test(arguments: [
    "UPDATE sample SET by_lead = 'forged' WHERE id = 's-ANNA-0'",
    "DELETE FROM entry WHERE id = 'e-ANNA-0'",
    "CREATE TRIGGER spy AFTER INSERT ON person BEGIN SELECT 1; END",
    "DROP TRIGGER kreissync_capture_insert_sample",
    "UPDATE kreissync_replica SET site = 'somebody'",
    "UPDATE kreissync_replica SET history = 'another'",
    "PRAGMA user_version = 99",
    "PRAGMA application_id = 1",
  ])
  func `a file with the right hash that is not what it should be is not installed`(
    statement: String
  ) throws {
    let office = try SnapshotOffice()
    let offer = try #require(try office.shelf.offer(to: office.newcomer.id))
    let path = try #require(try office.kept())
    let forged = office.directory + "/forged"
    try FileManager.default.copyItem(atPath: path, toPath: forged)
    // Whoever forges has an SQLite without triggers.
    let client = try PlainClient(path: forged)
    try client.run(
      "PRAGMA recursive_triggers = OFF; "
        + statement.replacing("person", with: "sample")
        + "; DELETE FROM kreissync_log")
    let bytes = try office.bytes(of: forged)
    try FileManager.default.removeItem(atPath: forged)
    let outcome = try office.load { request throws(LinkFailure) in
      let response = office.answer(request)
      guard response.status == 200 else { return response }
      return Self.forged(response, bytes, Self.offset(of: request), offer)
    }
    guard case .byPages(.some(let reason)) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.contains("was not used"))
    #expect(try office.sync().digestEqual)
  }

  @Test func `a snapshot that expires in the middle is begun anew`() throws {
    let office = try SnapshotOffice()
    var count = 0
    let outcome = try office.load { request throws(LinkFailure) in
      if request.path == ProtocolPath.snapshotPart {
        count += 1
        if count == 3 { office.clock.advance(by: 100 * 3_600_000) }
      }
      return self.shortened(office.answer(request))
    }
    #expect(outcome == .bySnapshot(rowCount: 242))
    #expect(try office.sync().digestEqual)
  }

  @Test func `a torn tail, a part that is too long and remains of a broken try do no harm`() throws
  {
    let office = try SnapshotOffice()
    var isUp = true
    #expect(throws: SessionError.self) {
      try office.load { request throws(LinkFailure) in
        guard isUp else { throw Self.cut }
        isUp = request.path == ProtocolPath.snapshot
        return self.shortened(office.answer(request))
      }
    }
    let part = office.directory + "/snapshot.part"
    // As after a power cut: the length is there, the bytes are not.
    var bytes = try office.bytes(of: part)
    bytes.replaceSubrange(10_000..., with: [UInt8](repeating: 0, count: bytes.count - 10_000))
    try Data(bytes).write(to: URL(filePath: part))
    for suffix in [".new", ".new-journal", ".new-wal"] {
      try Data("remains".utf8).write(to: URL(filePath: office.replicaPath + suffix))
    }
    #expect(try office.load() == .bySnapshot(rowCount: 242))
    #expect(try office.files() == ["caseload.sqlite"])
  }

  @Test func `a replica that stands is never swapped`() throws {
    let office = try SnapshotOffice()
    let outcome = try? office.load { request throws(LinkFailure) in
      if request.path == ProtocolPath.snapshotPart {
        try? Data("somebody's file".utf8).write(to: URL(filePath: office.replicaPath))
      }
      return office.answer(request)
    }
    #expect(outcome == nil)
    #expect(try office.bytes(of: office.replicaPath) == Array("somebody's file".utf8))
  }

  @Test func `while the hub makes another site's, the site is told to come again`() throws {
    let office = try SnapshotOffice()
    let busy = CountyServiceAnswer.busy
    #expect(throws: SessionError.self) {
      try office.load { _ throws(LinkFailure) in busy }
    }
    #expect(try office.files().isEmpty)
    #expect(try office.load() == .bySnapshot(rowCount: 242))
  }

  private static func offset(of request: ProtocolRequest) -> Int64 {
    (try? WireJSON.decode(request.body, as: SnapshotPartRequest.self))?.offset ?? 0
  }

  /// The hub's answer as a hub would give it whose file is another.
  private static func forged(
    _ response: ProtocolResponse, _ bytes: [UInt8], _ offset: Int64, _ offer: SnapshotOffer
  ) -> ProtocolResponse {
    if response.contentType == .snapshot {
      return ProtocolResponse(
        status: 200, contentType: .snapshot,
        body: Array(bytes[Int(offset)...].prefix(SnapshotOffer.partByteCountMax)))
    }
    var offer = offer
    offer.byteCount = Int64(bytes.count)
    offer.sha256 = Hash256(sha256Of: bytes).text
    return ProtocolResponse(
      status: 200, contentType: .json,
      body: (try? WireJSON.encode(SnapshotResponse(snapshot: offer))) ?? [])
  }
}

private enum CountyServiceAnswer {
  static let busy = ProtocolResponse(
    status: 503, contentType: .json,
    body: WireJSON.encode(refusal: ProtocolError(.busy, "the hub is busy", hint: "try again")))
}
