import HubStorage
import SyncCore
import SyncProtocol
import SyncSimulator
import Testing

/// Rows that change their case and die there, under the hands of somebody who edits them.
@Suite("Rows that moved")
struct MovedRowTests {
  @Test func `a row that moved and died is gone where it was edited meanwhile`() throws {
    let county = try LocalCounty(seed: 1)
    let town = try county.addSite("town", kind: .municipality)
    let office = try county.addSite("county", kind: .county)
    try town.client.run(
      """
      INSERT INTO case_file (id, opened_on) VALUES ('a', '2025-01-01'), ('b', '2025-01-01');
      INSERT INTO sample (id, case_id, by_max) VALUES ('r', 'a', 1);
      """)
    for site in [town, office] { try site.sync() }
    try office.client.run("UPDATE sample SET case_id = 'b' WHERE id = 'r'")
    try office.sync()
    try office.client.run("DELETE FROM sample WHERE id = 'r'")
    try office.sync()

    // Behind the upload: the pull passes under an edit that nobody has answered.
    var hasWritten = false
    town.observe { request in
      guard request.path == ProtocolPath.pull, !hasWritten else { return }
      hasWritten = true
      do {
        try town.client.run("UPDATE sample SET by_max = 2 WHERE id = 'r'")
      } catch {
        Issue.record(error)
      }
    }
    try town.sync()
    #expect(hasWritten)
    #expect(try town.client.rows("SELECT id FROM sample").count == 1)
    // Once is enough: a second pull would be the repair of what the first left standing.
    var pullCount = 0
    town.observe { if $0.path == ProtocolPath.pull { pullCount += 1 } }
    try town.sync()
    #expect(pullCount == 1)
    #expect(try town.client.rows("SELECT id FROM sample") == [])
  }
}
