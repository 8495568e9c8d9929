import Foundation
import HubStorage
import SyncCore
import SyncProtocol
import SyncSimulator
import Testing

/// The order that makes a batch safe to send: outbox, then sidecar, then the line.
@Suite("The barrier")
struct BarrierTests {
  @Test
  func `a batch leaves only when outbox and sidecar hold it`() throws {
    let county = try LocalCounty(seed: 1)
    let site = try county.addSite("town", kind: .municipality)
    try site.client.run(
      """
      INSERT INTO case_file (id, opened_on) VALUES ('c', '2025-01-01');
      INSERT INTO entry (id, case_id, text) VALUES ('e', 'c', 'a talk');
      """)
    var sent: [Int64] = []
    site.observe { request in
      guard request.path == ProtocolPath.push else { return }
      do {
        sent.append(try checkedNumber(of: request, at: site))
      } catch {
        Issue.record(error)
      }
    }
    try site.sync()
    #expect(sent == [1])
  }

  @Test
  func `a batch whose answer was lost is sent again byte by byte`() throws {
    let county = try LocalCounty(seed: 2)
    let site = try county.addSite("town", kind: .municipality)
    try site.client.run("INSERT INTO case_file (id, opened_on) VALUES ('c', '2025-01-01')")
    var bodies: [[UInt8]] = []
    site.observe { request in
      guard request.path == ProtocolPath.push else { return }
      do {
        bodies.append(try PushBody.decode(request.body).batch)
      } catch {
        Issue.record(error)
      }
    }
    site.faultPercent = 100
    for _ in 0..<20 { _ = try site.trySync() }
    // What the program writes meanwhile goes into a batch of its own.
    try site.client.run("UPDATE case_file SET opened_on = '2024-01-01'")
    site.faultPercent = 0
    try site.sync()
    #expect(bodies.count >= 2)
    #expect(bodies.dropLast().allSatisfy { $0 == bodies[0] })
    #expect(bodies.last != bodies.first)
  }

  /// The number of the batch that is about to leave, after a look at what a power cut would leave.
  private func checkedNumber(of request: ProtocolRequest, at site: LocalSite) throws -> Int64 {
    let bytes = try PushBody.decode(request.body).batch
    let batch = try Batch(decoding: bytes, changeCountMax: .max)
    let kept = try site.client.rows(
      "SELECT hex(bytes), answer IS NULL FROM kreissync_outbox WHERE number = \(batch.number)")
    let hex = bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    #expect(kept == [[.text(hex.uppercased()), .integer(1)]])
    let sidecar = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(filePath: site.directory + "/identity.json")))
    let fields = try #require(sidecar as? [String: Any])
    #expect(fields["batch_number"] as? Int64 == batch.number)
    #expect(fields["batch_hash"] as? String == Hash256(sha256Of: bytes).text)
    return batch.number
  }
}
