package import SyncProtocol

/// The site's way to its hub. One implementation speaks HTTPS; the simulator has another that
/// loses, repeats and cuts.
package protocol HubLink {
  /// Sends one request and returns the hub's whole answer, whatever its status.
  ///
  /// A failure says nothing about whether the hub received the request.
  func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse
}

/// Why no answer came.
package struct LinkFailure: Error, Sendable, Equatable {
  /// What the site can do about it depends on this.
  package enum Cause: Sendable, Equatable {
    /// No connection, a cut, a deadline: try again later.
    case unreachable
    /// Something answered that does not hold the pinned key: never try to go around it.
    case wrongIdentity
    /// The hub ended the handshake: it does not know this certificate.
    case certificateRefused
    /// The site's own key or certificate is missing or damaged: nobody was called.
    case certificateUnusable
  }

  package let cause: Cause
  /// For people: what happened, without personal values.
  package let detail: String

  package init(cause: Cause, detail: String) {
    self.cause = cause
    self.detail = detail
  }
}
