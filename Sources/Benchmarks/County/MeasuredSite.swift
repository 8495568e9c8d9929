import Foundation
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

/// A site of a measured county: its directory and its line.
///
/// A session here is what `site sync` runs, from opening the file to the checkpoint behind it; only
/// the process around it is missing.
final class MeasuredSite {
  let name: String
  let directory: String
  let link: CountedLink
  private let stage: Stage

  /// Further sessions for rows that the replica waits for, as `site sync` has them.
  private static let sessionCountMax = 1_000

  init(name: String, directory: String, link: CountedLink, stage: Stage) {
    self.name = name
    self.directory = directory
    self.link = link
    self.stage = stage
  }

  var replicaPath: String { "\(directory)/caseload.sqlite" }

  var now: Milliseconds { stage.now }

  /// The local program's connection.
  func program() throws -> RawDatabase { try RawDatabase(replicaPath) }

  /// Does a list's writes as the local program, in one transaction.
  ///
  /// - Returns: how many of them changed something, and were captured.
  @discardableResult
  func write(_ list: OperationList) throws -> Int64 {
    let program = try program()
    let last = try program.integer("SELECT max(n) FROM kreissync_log")
    try list.runAsOne(on: program, try list.prepare(on: program))
    return try program.integer("SELECT max(n) FROM kreissync_log") - last
  }

  /// The statements that make the domain's tables, without the product's own and without triggers.
  func domainTables() throws -> [String] {
    try program().texts(
      """
      SELECT sql FROM sqlite_schema WHERE type IN ('table', 'index') AND sql IS NOT NULL
        AND tbl_name NOT LIKE 'kreissync%' AND tbl_name NOT LIKE 'sqlite%'
      """)
  }

  func open() throws -> ReplicaFile { try ReplicaFile.open(at: replicaPath) }

  /// Its directory goes; the hub keeps what it knows of it.
  func remove() throws { try FileManager.default.removeItem(atPath: directory) }

  /// What `site sync` does: the pages of small files are looked at, once a day the scrub, then the
  /// session.
  @discardableResult
  func sync() throws -> SessionReport {
    let file = try open()
    defer { withExtendedLifetime(file) {} }
    let report = try sync(file).report
    try file.close()
    return report
  }

  /// As ``sync()`` on a file that stays open.
  ///
  /// - Returns: how the last session went, and its number.
  func sync(_ file: ReplicaFile) throws -> (report: SessionReport, number: Int64) {
    let now = stage.now
    let check = ReplicaCheckFile(directory: directory)
    let size = try FileManager.default.attributesOfItem(atPath: replicaPath)[.size] as? Int64
    try check.checkPages(of: file, byteCount: size ?? 0, at: now)
    let isDaily = try check.scrub(file, at: now) != nil
    var last = try session(file, comparesAll: isDaily)
    var waiting = try file.refreshCount()
    for _ in 0..<Self.sessionCountMax where waiting > 0 {
      last = try session(file, comparesAll: false)
      let left = try file.refreshCount()
      guard left < waiting else { break }
      waiting = left
    }
    return last
  }

  private func session(
    _ file: ReplicaFile, comparesAll: Bool
  ) throws -> (report: SessionReport, number: Int64) {
    var session = try SyncSession(
      file: file, sidecars: SidecarFile(directory: directory),
      spool: FilePageSpool(directory: directory), environment: stage.session(directory))
    session.asksForAllDigests = comparesAll
    let report = try session.run(over: link)
    return (report, session.sessionNumber)
  }
}

/// A line that counts what goes over it.
final class CountedLink: HubLink {
  private(set) var requestCount = 0
  /// Bodies as they would be on a real link, both ways: long ones compressed.
  private(set) var byteCount: Int64 = 0
  /// Whether bodies are compressed to be counted; that costs time.
  var countsBytes = false
  private let answer: (ProtocolRequest) throws(LinkFailure) -> ProtocolResponse

  init(_ answer: @escaping (ProtocolRequest) throws(LinkFailure) -> ProtocolResponse) {
    self.answer = answer
  }

  func reset() {
    (requestCount, byteCount) = (0, 0)
  }

  func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse {
    let response = try answer(request)
    requestCount += 1
    if countsBytes {
      for body in [request.body, response.body] { byteCount += try Self.lineByteCount(of: body) }
    }
    return response
  }

  private static func lineByteCount(of body: [UInt8]) throws(LinkFailure) -> Int64 {
    guard body.count > Zstd.byteCountMin else { return Int64(body.count) }
    do {
      return Int64(try Zstd.compress(body).count)
    } catch {
      throw LinkFailure(cause: .unreachable, detail: "\(error)")
    }
  }
}
