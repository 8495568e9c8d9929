import SyncProtocol

/// What the shell itself refuses. One text for each case: an answer never tells a stranger from
/// someone who was here before. Only a site that has proved its key, which still stands in its
/// county's table, learns that its certificate has run out.
enum Refusal: Error, Sendable, Equatable {
  case malformed
  case notAdmitted
  /// A known site's certificate is outside its dates, and may be renewed.
  case outOfDate
  /// Likewise, for longer than the hub's grace.
  case beyondRenewal
  case notFound
  case tooLarge
  case unsupported
  /// The table of the sites cannot be read now.
  case unavailable
  /// The sender's own share of the hub is used up.
  case tooMany(retrySeconds: Int)
  /// The hub has no room for another request.
  case busy(retrySeconds: Int)

  /// A locked or full database is looked at by a person; asking more often helps nobody.
  private static let retrySecondsOfUnavailable = 30

  var response: ProtocolResponse {
    get throws {
      let (error, retrySeconds) = reason
      return ProtocolResponse(
        status: self == .unsupported ? 415 : error.status, contentType: .json,
        body: try WireJSON.encode(error), retryAfterSeconds: retrySeconds)
    }
  }

  private var reason: (error: ProtocolError, retrySeconds: Int?) {
    switch self {
    case .malformed:
      (ProtocolError(.badRequest, "the request cannot be read", hint: "send it again"), nil)
    case .notAdmitted:
      (ProtocolError(.refused, "this certificate is not admitted", hint: "ask the county"), nil)
    case .outOfDate:
      (
        ProtocolError(
          .certificateExpired, "this site's certificate is not valid at the hub's time",
          hint: "renew it (POST /v1/renew): a sync does so by itself"), nil
      )
    case .beyondRenewal:
      (
        ProtocolError(
          .certificateLapsed, "this site's certificate ran out too long ago to be renewed",
          hint: "ask the county for a new join string (`kreissync hub site rejoin`); replica and "
            + "unsent work stay"), nil
      )
    case .notFound:
      (ProtocolError(.notFound, "nothing is here", hint: "look at the address"), nil)
    case .tooLarge:
      (ProtocolError(.bodyTooLarge, "the body is too long", hint: "send smaller batches"), nil)
    case .unsupported:
      (ProtocolError(.badRequest, "the body's type is unknown", hint: "see the protocol"), nil)
    case .unavailable:
      (Self.cannotAnswer, Self.retrySecondsOfUnavailable)
    case .tooMany(let seconds):
      (
        ProtocolError(
          .tooManyRequests, "this sender has too many requests under way",
          hint: "send one request at a time; try again later"), seconds
      )
    case .busy(let seconds):
      (Self.cannotAnswer, seconds)
    }
  }

  private static let cannotAnswer = ProtocolError(
    .busy, "the hub cannot answer now", hint: "try again later")
}
