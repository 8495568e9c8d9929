import Caseload
import Hub
import HubService
import HubStorage
import SyncCore
import SyncProtocol

/// Every county of one hub, each with its store and its authority. One county's certificate is
/// looked up in that county's table alone.
struct ServedCounties: CountyRequests {
  private struct County {
    let key: CountyKey
    let service: CountyService
    let store: SQLiteHub
    let authority: CertificateAuthority

    /// The next certificate of a site, whose key is kept beside the present one first.
    func renewed(
      _ request: ProtocolRequest, for site: SiteID, days: Int, isRecovery: Bool = false
    ) throws -> RenewResponse {
      let request: RenewRequest = try WireJSON.decode(request.body)
      let now = Surroundings.now()
      let site = try service.renew(
        keyHash: try CertificateAuthority.keyHash(inCSR: request.csr), of: site,
        certificateExpiresAt: now + Milliseconds(days) * BerlinTime.day, isRecovery: isRecovery)
      return RenewResponse(
        certificate: try issue(request.csr, to: site.id, at: now, days: days).pem)
    }

    func issue(
      _ csr: String, to site: SiteID, at now: Milliseconds, days: Int
    ) throws -> IssuedCertificate {
      guard let name = SiteName(county: key, site: site, agent: Surroundings.uuid()) else {
        throw CountyService.refusal
      }
      return try authority.issue(
        csr: csr, to: name, now: now, lifetimeDays: days,
        serial: Surroundings.random(CertificateAuthority.serialByteCount))
    }
  }

  private let counties: [County]
  private let certificateDays: Int

  /// - Parameter pins: what the hub announces, see ``HubEnvironment``.
  init(
    _ directory: HubDirectory, certificateDays: Int, pins: @escaping @Sendable () -> [[UInt8]]
  ) throws {
    self.certificateDays = certificateDays
    counties = try directory.counties().map { key in
      let store = try directory.open(key)
      let environment = Surroundings.hub(pins: pins)
      let snapshots = SnapshotShelf(
        builder: store, directory: directory.snapshotsPath(of: key), environment: environment)
      try snapshots.tidy()
      try CountyErasures(county: key, directory: directory, store: store).adoptList()
      return County(
        key: key,
        service: CountyService(
          store: store, environment: environment, rules: CaseloadRules(),
          snapshots: snapshots),
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

  /// Each county with its database.
  var stores: [(key: CountyKey, store: SQLiteHub)] { counties.map { ($0.key, $0.store) } }

  /// Each county with what is administered in it beside the sites' requests.
  var administrations: [(key: CountyKey, administration: CountyAdministration)] {
    counties.map { ($0.key, $0.service.administration) }
  }

  func caller(keyHash: [UInt8], county: CountyKey) throws -> Caller? {
    try counties.first { $0.key == county }?.service.caller(keyHash: keyHash)
  }

  func readmit(_ certificate: UnknownCertificate, county: CountyKey) throws -> Caller? {
    try counties.first { $0.key == county }?.service.readmit(certificate)
  }

  func answer(_ request: ProtocolRequest, from caller: Caller) -> ProtocolResponse {
    guard let county = counties.first(where: { $0.key == caller.county }) else {
      return CountyService.response(to: CountyService.refusal)
    }
    guard request.path == ProtocolPath.renew else {
      return county.service.answer(request, from: caller.site)
    }
    return Self.answered { try county.renewed(request, for: caller.site, days: certificateDays) }
  }

  func recover(_ request: ProtocolRequest, from caller: Caller) -> ProtocolResponse {
    guard let county = counties.first(where: { $0.key == caller.county }) else {
      return CountyService.response(to: CountyService.refusal)
    }
    return Self.answered {
      try county.renewed(request, for: caller.site, days: certificateDays, isRecovery: true)
    }
  }

  func join(_ request: ProtocolRequest) -> ProtocolResponse {
    Self.answered { try admit(try WireJSON.decode(request.body)) }
  }

  private static func answered(_ answer: () throws -> some Encodable) -> ProtocolResponse {
    do {
      return ProtocolResponse(
        status: 200, contentType: .json, body: try WireJSON.encode(try answer()))
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
      certificateExpiresAt: now + Milliseconds(certificateDays) * BerlinTime.day)
    let issued = try county.issue(request.csr, to: site.id, at: now, days: certificateDays)
    let record = try county.store.read { try $0.county }
    return JoinResponse(
      site: site.id.string, county: county.key.string, countyName: record.name, name: site.name,
      kind: site.kind.rawValue, certificate: issued.pem,
      authority: county.authority.certificatePEM, hubURL: site.url, schema: record.schemaText,
      digestKey: Base64URL.encode(record.digestKey), history: record.history.string)
  }
}
