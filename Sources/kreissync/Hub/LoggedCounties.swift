import Hub
import HubService
import Logging
import SyncCore
import SyncProtocol

/// The counties with a line in the log for each request: who, what for, how it went, how long, how
/// much. Never what.
struct LoggedCounties: CountyRequests {
  private let counties: ServedCounties
  private let logger: Logger

  init(_ counties: ServedCounties, logger: Logger) {
    self.counties = counties
    self.logger = logger
  }

  func caller(keyHash: [UInt8], county: CountyKey) throws -> Caller? {
    let caller = try counties.caller(keyHash: keyHash, county: county)
    if caller == nil {
      logger.info("certificate_not_admitted", metadata: ["county": .string(county.string)])
    }
    return caller
  }

  func readmit(_ certificate: UnknownCertificate, county: CountyKey) throws -> Caller? {
    let caller = try counties.readmit(certificate, county: county)
    if let caller {
      logger.notice(
        "renewed_certificate_readmitted",
        metadata: ["county": .string(county.string), "site": .string(caller.site.string)])
    }
    return caller
  }

  func answer(_ request: ProtocolRequest, from caller: Caller) -> ProtocolResponse {
    let start = ContinuousClock.now
    let response = counties.answer(request, from: caller)
    let isRenewal = request.path == ProtocolPath.renew && response.status == 200
    let level: Logger.Level =
      response.status >= 500 && response.status != 503 ? .error : isRenewal ? .notice : .info
    logger.log(
      level: level, isRenewal ? "certificate_renewed" : "request",
      metadata: fields(of: request, response, since: start).merging([
        "county": .string(caller.county.string), "site": .string(caller.site.string),
      ]) { $1 })
    return response
  }

  func recover(_ request: ProtocolRequest, from caller: Caller) -> ProtocolResponse {
    let start = ContinuousClock.now
    let response = counties.recover(request, from: caller)
    logger.notice(
      response.status == 200 ? "expired_certificate_renewed" : "expired_certificate_refused",
      metadata: fields(of: request, response, since: start).merging([
        "county": .string(caller.county.string), "site": .string(caller.site.string),
      ]) { $1 })
    return response
  }

  func join(_ request: ProtocolRequest) -> ProtocolResponse {
    let start = ContinuousClock.now
    let response = counties.join(request)
    logger.notice(
      response.status == 200 ? "site_joined" : "join_refused",
      metadata: fields(of: request, response, since: start))
    return response
  }

  private func fields(
    of request: ProtocolRequest, _ response: ProtocolResponse, since start: ContinuousClock.Instant
  ) -> Logger.Metadata {
    let passed = start.duration(to: .now)
    return [
      "path": .string(request.path), "status": .stringConvertible(response.status),
      "milliseconds": .stringConvertible(
        passed.components.seconds * 1_000
          + passed.components.attoseconds / 1_000_000_000_000_000),
      "bytes_in": .stringConvertible(request.body.count),
      "bytes_out": .stringConvertible(response.body.count),
    ]
  }
}
