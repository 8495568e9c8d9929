import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol
import SyncSimulator
import Testing

/// An incarnation names one replica's log.
@Suite("Incarnations")
struct IncarnationTests {
  @Test func `a site cannot show the incarnation of another`() throws {
    let county = try LocalCounty(seed: 7)
    let town = try county.addSite("town", kind: .municipality)
    let liar = try county.addSite("liar", kind: .municipality)
    var greetings: [ProtocolRequest] = []
    town.observe { if $0.path == ProtocolPath.hello { greetings.append($0) } }
    try town.client.run("INSERT INTO case_file (id, opened_on) VALUES ('c', '2025-01-15')")
    try town.sync()
    let overheard = try #require(greetings.first)
    let response = county.answer(overheard, from: liar.id)
    #expect(response.status == 409)
    let refusal: ProtocolError.Lenient = try WireJSON.decode(response.body)
    #expect(refusal.error.code == ProtocolError.Code.fork.rawValue)
    // The one whose name it is goes on.
    #expect(try town.sync().digestEqual)
  }

  @Test func `a lost answer to a new incarnation makes no copy of a site`() throws {
    let county = try LocalCounty(seed: 9)
    let town = try county.addSite("town", kind: .municipality)
    try town.client.run("INSERT INTO case_file (id, opened_on) VALUES ('c', '2025-01-15')")
    try town.sync()
    try county.rejoin(town)
    town.deafTo = ProtocolPath.incarnation
    #expect(try town.trySync() == nil)
    town.deafTo = nil
    try town.client.run("INSERT INTO case_file (id, opened_on) VALUES ('d', '2025-01-16')")
    #expect(try town.sync().digestEqual && town.file.pendingCount() == 0)
  }

  @Test func `a hello that was refused and comes once more, late, holds nobody`() throws {
    let county = try LocalCounty(seed: 10)
    let town = try county.addSite("town", kind: .municipality)
    try town.client.run("INSERT INTO case_file (id, opened_on) VALUES ('c', '2025-01-15')")
    try town.sync()
    var greetings: [ProtocolRequest] = []
    town.observe { if $0.path == ProtocolPath.hello { greetings.append($0) } }
    try county.rejoin(town)
    // The first is refused, for its log has ended; the second shows the new one.
    try town.sync()
    #expect(greetings.count == 2)
    for overheard in greetings { #expect(county.answer(overheard, from: town.id).status != 500) }
    #expect(county.answer(greetings[0], from: town.id).status == 409)
    #expect(try county.hub.read { try $0.site(town.id) }?.state == .joined)
    try town.client.run("INSERT INTO case_file (id, opened_on) VALUES ('d', '2025-01-16')")
    #expect(try town.sync().digestEqual && town.file.pendingCount() == 0)
  }

  @Test func `a site whose new incarnation ended before it heard of it begins another`() throws {
    let county = try LocalCounty(seed: 8)
    let town = try county.addSite("town", kind: .municipality)
    try town.client.run("INSERT INTO case_file (id, opened_on) VALUES ('c', '2025-01-15')")
    try town.sync()
    try county.rejoin(town)
    town.deafTo = ProtocolPath.incarnation
    #expect(try town.trySync() == nil)
    town.deafTo = nil
    // The county lets it join once more, and the log that it never was in has ended.
    try county.rejoin(town)
    #expect(throws: SessionError.self) { try town.sync() }
    try town.client.run("INSERT INTO case_file (id, opened_on) VALUES ('d', '2025-01-16')")
    let report = try town.sync()
    #expect(try report.digestEqual && town.file.pendingCount() == 0)
  }
}
