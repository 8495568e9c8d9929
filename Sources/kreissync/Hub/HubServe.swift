import ArgumentParser
import CAllocator
import Caseload
import Foundation
import Hub
import HubService
import HubStorage
import Logging
import SyncCore
import SyncProtocol

/// `hub serve`: every county of the directory behind two listeners.
struct HubServe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serves every county of the hub's directory.")

  @Option(name: .customLong("data"), help: "The hub's directory.")
  var path: String

  @Option(help: "Where sites call: demands a client certificate of everyone.")
  var listen = "127.0.0.1:8443"

  @Option(name: .customLong("join-listen"), help: "Where sites join: takes one request each.")
  var joinListen = "127.0.0.1:8444"

  @Option(help: "The administrators' web pages: off, for there are none yet.")
  var console = "off"

  @OptionGroup var output: OutputOptions

  /// The connections of both listeners, and the files of many counties.
  private static let fileCountMax: UInt = 4_096

  func run() async throws {
    // Usage before anything is opened.
    guard console == "off" else {
      throw CommandFailure(
        .usage, "console", "this version has no console to serve at '\(console)'",
        hint: "leave --console out, or say --console off")
    }
    let (sites, joining) = (
      try address(listen, option: "--listen"), try address(joinListen, option: "--join-listen")
    )
    let directory = HubDirectory(path: path)
    let counties = try ServedCounties(directory)
    let configuration = HubServer.Configuration(
      sites: sites, joining: joining, identity: try ServerIdentity.load(directory: path),
      authorities: counties.authorities)
    Surroundings.allowFiles(Self.fileCountMax)
    kreissync_allocator_keep_little()
    var logger = Logger(label: "kreissync.hub") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .notice
    let server = HubServer(
      configuration: configuration, requests: counties, now: Surroundings.now, logger: logger)
    let host = configuration.sites.host
    try await server.run { ports in
      let name = host.contains(":") ? "[\(host)]" : host
      print("listening on https://\(name):\(ports.sites)")
      fflush(nil)
    }
  }

  private func address(_ text: String, option: String) throws -> ListenAddress {
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...])
    else {
      throw CommandFailure(
        .usage, "listen_address", "\(option) '\(text)' is not HOST:PORT",
        hint: "for example 127.0.0.1:8443")
    }
    let host = text[..<colon].trimmingPrefix("[")
    return ListenAddress(
      host: String(host.hasSuffix("]") ? host.dropLast() : host), port: Int(port))
  }
}

/// Every county of one hub, each with its store and its authority. One county's certificate is
/// looked up in that county's table alone.
struct ServedCounties: CountyRequests {
  private struct County {
    let key: CountyKey
    let service: CountyService
    let store: SQLiteHub
    let authority: CertificateAuthority
  }

  private let counties: [County]
  private static let certificateDays = CertificateAuthority.lifetimeDaysDefault

  init(_ directory: HubDirectory) throws {
    counties = try directory.counties().map { key in
      let store = try directory.open(key)
      return County(
        key: key,
        service: CountyService(
          store: store, schema: store.schema, environment: Surroundings.hub,
          rules: CaseloadRules()),
        store: store,
        authority: try CertificateAuthority.load(county: key, directory: directory.path))
    }
    guard !counties.isEmpty else {
      throw CommandFailure(
        .failed, "no_county", "the hub at \(directory.path) has no county",
        hint: "`kreissync hub init` adds one")
    }
  }

  var authorities: [CertificateAuthority] { counties.map(\.authority) }

  func caller(keyHash: [UInt8], county: CountyKey) throws -> Caller? {
    try counties.first { $0.key == county }?.service.caller(keyHash: keyHash)
  }

  func answer(_ request: ProtocolRequest, from caller: Caller) -> ProtocolResponse {
    guard let county = counties.first(where: { $0.key == caller.county }) else {
      return CountyService.response(to: CountyService.refusal)
    }
    return county.service.answer(request, from: caller.site)
  }

  func join(_ request: ProtocolRequest) -> ProtocolResponse {
    do {
      let response = try admit(try WireJSON.decode(request.body))
      return ProtocolResponse(
        status: 200, contentType: .json, body: try WireJSON.encode(response))
    } catch is CertificateRequestError {
      return CountyService.response(
        to: ProtocolError(
          .badCertificateRequest, "the request for a certificate is not one the hub can sign",
          hint: "update kreissync at the site"))
    } catch {
      return CountyService.response(to: error)
    }
  }

  private func admit(_ request: JoinRequest) throws -> JoinResponse {
    let unknown = ProtocolError(
      .joinStringUnknown, "no site waits with this join string",
      hint: "ask the county for a new one")
    guard let token = request.tokenBytes else { throw unknown }
    let tokenHash = JoinToken.hash(token)
    // Before the token is used up: a request that cannot be signed must not cost it.
    let keyHash = try CertificateAuthority.keyHash(inCSR: request.csr)
    guard let county = try counties.first(where: { try $0.service.knows(tokenHash: tokenHash) })
    else { throw unknown }
    let now = Surroundings.now()
    let site = try county.service.redeem(
      tokenHash: tokenHash, keyHash: keyHash,
      certificateExpiresAt: now + Int64(Self.certificateDays) * 86_400_000)
    guard let name = SiteName(county: county.key, site: site.id, agent: Surroundings.uuid())
    else { throw unknown }
    let issued = try county.authority.issue(
      csr: request.csr, to: name, now: now, lifetimeDays: Self.certificateDays,
      serial: Surroundings.random(CertificateAuthority.serialByteCount))
    let record = try county.store.read { try $0.county }
    return JoinResponse(
      site: site.id.string, county: county.key.string, countyName: record.name, name: site.name,
      kind: site.kind.rawValue, certificate: issued.pem,
      authority: county.authority.certificatePEM, hubURL: site.url, schema: record.schemaText,
      digestKey: Base64URL.encode(record.digestKey), history: record.history.string)
  }
}
