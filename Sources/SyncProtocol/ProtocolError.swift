/// Why the hub refused a request. The body of every answer whose status is not 200.
package struct ProtocolError: Error, Codable, Sendable, Equatable {
  /// Code for programs, message and hint for people.
  package struct Detail: Codable, Sendable, Equatable {
    package var code: Code
    package var message: String
    package var hint: String
  }

  /// Stable codes.
  package enum Code: String, Codable, Sendable, CaseIterable {
    /// The caller is unknown, revoked or not served; which of them is not said.
    case refused
    /// The caller's certificate is outside its dates by the hub's clock. It may ask for another
    /// (`POST /v1/renew`) and for nothing else.
    case certificateExpired = "certificate_expired"
    /// Likewise, but for too long to be renewed.
    case certificateLapsed = "certificate_lapsed"
    case badRequest = "bad_request"
    case notFound = "not_found"
    case bodyTooLarge = "body_too_large"
    case unsupportedVersion = "unsupported_version"
    /// The position, or the batch before this one, is not in the hub's log.
    case unknownPosition = "unknown_position"
    /// The same number with other content: the site is held until a person has looked.
    case fork
    /// A session that a newer one has fenced off.
    case fenced
    /// The replica's file is older than what the hub knows of it: it begins a new incarnation.
    case restored
    /// The site joined again with the replica that it had: it begins a new incarnation.
    case newIncarnation = "new_incarnation"
    /// The hub was restored, and has a new history since: the site asks where it stands.
    case historyChanged = "history_changed"
    /// Two copies of one replica called: both are held until a person chooses.
    case cloned
    case paused
    case held
    /// The hub has no such snapshot for the caller, or not any more.
    case snapshotUnknown = "snapshot_unknown"
    /// There is no such hand-over, or it is not the caller's business.
    case handoverUnknown = "unknown_handover"
    /// A hand-over that is not the caller's to answer so, or not any more.
    case handoverRefused = "handover_refused"
    /// The site leads no case with such a proposal.
    case proposalUnknown = "proposal_unknown"
    /// Somebody has decided it before.
    case proposalDecided = "proposal_decided"
    /// The proposal cannot be accepted as it is.
    case proposalRefused = "proposal_refused"
    case hubStorageFull = "hub_storage_full"
    case busy
    /// The sender has more requests under way than its share.
    case tooManyRequests = "too_many_requests"
    case internalError = "internal_error"
    // Joining.
    case joinStringUnknown = "join_string_unknown"
    case joinStringUsed = "join_string_used"
    case joinStringExpired = "join_string_expired"
    case badCertificateRequest = "bad_certificate_request"
  }

  package var error: Detail

  package init(_ code: Code, _ message: String, hint: String) {
    error = Detail(code: code, message: message, hint: hint)
  }

  package var code: Code { error.code }

  /// The same for a reader that may be older than the hub: a code it does not know is a text like
  /// any other.
  package struct Lenient: Codable, Sendable, Equatable {
    /// As ``ProtocolError/Detail``, with any code.
    package struct Detail: Codable, Sendable, Equatable {
      package var code: String
      package var message: String
      package var hint: String
    }

    package var error: Detail
  }

  /// The HTTP status that goes with the code.
  package var status: Int {
    switch error.code {
    case .refused, .certificateExpired, .certificateLapsed: 403
    case .badRequest, .unsupportedVersion, .badCertificateRequest: 400
    case .notFound, .snapshotUnknown, .handoverUnknown, .proposalUnknown: 404
    case .bodyTooLarge: 413
    case .unknownPosition, .fork, .fenced, .restored, .newIncarnation, .historyChanged,
      .cloned, .held, .handoverRefused, .proposalDecided, .proposalRefused:
      409
    case .paused, .busy: 503
    case .tooManyRequests: 429
    case .hubStorageFull: 507
    case .internalError: 500
    case .joinStringUnknown, .joinStringUsed, .joinStringExpired: 403
    }
  }
}
