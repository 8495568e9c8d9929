package import ReplicaAgent
package import SyncProtocol

/// A link that renews the site's certificate when the hub says that it has run out, and sends the
/// request again: a site that was away for a year goes on by itself.
///
/// The hub's clock decides, never the site's. The old certificate still proves its key, and for
/// some time the hub takes that for a renewal and for nothing else.
///
/// Not to be shared between threads.
package final class RenewingLink: HubLink {
  private let directory: String
  private let open: () throws -> CurlTransport
  private var transport: CurlTransport
  private var sentBefore = 0
  private var receivedBefore = 0

  /// Whether the certificate had run out and was renewed.
  package private(set) var hasRecovered = false
  /// Bytes of HTTP, as ``CurlTransport`` counts them.
  package var byteCountSent: Int { sentBefore + transport.byteCountSent }
  package var byteCountReceived: Int { receivedBefore + transport.byteCountReceived }

  /// - Parameters:
  ///   - directory: the site's.
  ///   - open: makes a transport that shows the certificate that stands there now.
  package init(directory: String, open: @escaping () throws -> CurlTransport) throws {
    self.directory = directory
    self.open = open
    transport = try open()
  }

  package func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse {
    let response = try transport.exchange(request)
    guard !hasRecovered, Self.saysExpired(response) else { return response }
    if let refusal = try renew() { return refusal }
    hasRecovered = true
    return try transport.exchange(request)
  }

  /// - Returns: the hub's refusal; nil when the next transport is there.
  private func renew() throws(LinkFailure) -> ProtocolResponse? {
    do {
      try CertificateRenewal.renew(in: directory, over: transport)
      let next = try open()
      sentBefore += transport.byteCountSent
      receivedBefore += transport.byteCountReceived
      transport = next
      return nil
    } catch let failure as LinkFailure {
      throw failure
    } catch EnrolmentError.link(let failure) {
      throw failure
    } catch EnrolmentError.refused(let reason) {
      do {
        return ProtocolResponse(
          status: reason.status, contentType: .json, body: try WireJSON.encode(reason))
      } catch {
        throw LinkFailure(cause: .unreachable, detail: reason.error.message)
      }
    } catch {
      throw LinkFailure(
        cause: .certificateUnusable,
        detail: "it has run out, and was not replaced: \(error)")
    }
  }

  private static func saysExpired(_ response: ProtocolResponse) -> Bool {
    guard response.status == 403 else { return false }
    do {
      let refusal: ProtocolError.Lenient = try WireJSON.decode(response.body)
      return refusal.error.code == ProtocolError.Code.certificateExpired.rawValue
    } catch {
      // Made by something that is no hub: the session says so.
      return false
    }
  }
}
