import SyncProtocol

/// What the shell itself refuses. One text for each status: an answer never tells a stranger from
/// someone who was here before.
enum Refusal: Error, Sendable {
  case malformed
  case notAdmitted
  case notFound
  case tooLarge
  case unsupported
  case unavailable

  /// A locked or full database is looked at by a person; asking more often helps nobody.
  private static let retryAfterSeconds = 30

  var response: ProtocolResponse {
    get throws {
      let (status, error) = reason
      return ProtocolResponse(
        status: status, contentType: .json, body: try WireJSON.encode(error),
        retryAfterSeconds: status == 503 ? Self.retryAfterSeconds : nil)
    }
  }

  private var reason: (status: Int, error: ProtocolError) {
    switch self {
    case .malformed:
      (400, ProtocolError(.badRequest, "the request cannot be read", hint: "send it again"))
    case .notAdmitted:
      (403, ProtocolError(.refused, "this certificate is not admitted", hint: "ask the county"))
    case .notFound:
      (404, ProtocolError(.notFound, "nothing is here", hint: "look at the address"))
    case .tooLarge:
      (413, ProtocolError(.bodyTooLarge, "the body is too long", hint: "send smaller batches"))
    case .unsupported:
      (415, ProtocolError(.badRequest, "the body's type is unknown", hint: "see the protocol"))
    case .unavailable:
      (503, ProtocolError(.busy, "the hub cannot answer now", hint: "try again later"))
    }
  }
}
