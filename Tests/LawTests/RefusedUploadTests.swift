import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol
import SyncSimulator
import Testing

/// A hub that answers every batch with the same refusal, and everything else as it should.
private struct PickyLink: HubLink {
  let county: LocalCounty
  let site: LocalSite
  let code: ProtocolError.Code

  func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse {
    guard request.path == ProtocolPath.push else { return county.answer(request, from: site.id) }
    let refusal = ProtocolError(code, "no", hint: "none")
    return ProtocolResponse(
      status: refusal.status, contentType: .json, body: WireJSON.encode(refusal: refusal))
  }
}

@Suite("A batch that the hub cannot take")
struct RefusedUploadTests {
  @Test(
    "does not hold back the download, and goes as it is once the hub can",
    arguments: [ProtocolError.Code.badRequest, .bodyTooLarge, .internalError])
  func downloadGoesOn(code: ProtocolError.Code) throws {
    let county = try LocalCounty(seed: 7)
    let site = try county.addSite("site", kind: .municipality)
    let field = try county.addSite("field", kind: .county, areas: [])
    try site.client.run("INSERT INTO case_file (id) VALUES ('shared')")
    try site.sync()
    try field.sync()
    try field.client.run("UPDATE case_file SET opened_on = '2025-01-15'")
    try field.sync()
    try site.client.run("INSERT INTO case_file (id) VALUES ('ours')")

    var session = try SyncSession(
      file: site.file, sidecars: SidecarFile(directory: site.directory),
      spool: FilePageSpool(directory: site.directory),
      environment: SessionEnvironment(
        software: "laws", now: { 0 }, random: { [UInt8](repeating: 5, count: $0) }))
    let link = PickyLink(county: county, site: site, code: code)
    let error = #expect(throws: SessionError.self) { try session.run(over: link) }
    switch error {
    case .uploadRefused: #expect(code != .internalError)
    case .refused(let refusal, _, _): #expect(refusal == code.rawValue && code == .internalError)
    default: Issue.record("\(String(describing: error))")
    }
    #expect(try site.file.pendingCount() == 1)
    #expect(
      try site.client.rows("SELECT id FROM case_file WHERE opened_on = '2025-01-15'").count == 1)

    let report = try site.sync()
    #expect(report.verdicts[.applied] == 1 && report.digestEqual)
  }
}
