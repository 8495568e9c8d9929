package import ReplicaAgent
import SyncCore
package import SyncProtocol

/// How a site joins its county: a key of its own, one request, a certificate.
///
/// Every step can be cut off and repeated with the same join string: the key is durable before the
/// hub hears of it, and the hub gives the same key the same answer.
package enum Enrolment {
  package static let keyName = "site.key"
  package static let certificateName = "site.crt"

  /// Joins and leaves `site.key` and `site.crt` in `directory`, durably; makes the directory, mode
  /// 0700, if it is missing. What else the answer holds is the caller's to keep.
  ///
  /// Tells nothing to anyone who does not hold the key that the join string names.
  ///
  /// - Parameter wait: returns after so many seconds; see ``PatientLink``.
  package static func join(
    _ joinString: JoinString, directory: String, wait: @escaping (Int) -> Void
  ) throws(EnrolmentError) -> JoinResponse {
    let key = try prepare(directory)
    try CertificateRenewal.abandon(in: directory)
    let request = JoinRequest(token: joinString.token, csr: try key.certificateRequest())
    let response = try post(request, to: joinString, wait: wait)
    guard response.county == joinString.county.string else { throw .unreadableAnswer }
    guard key.isNamed(by: response.certificate) else { throw .foreignCertificate }
    do {
      try DurableFile.write(
        Array(response.certificate.utf8), to: "\(directory)/\(certificateName)")
    } catch {
      throw .file(error)
    }
    return response
  }

  private static func prepare(_ directory: String) throws(EnrolmentError) -> SiteKey {
    do {
      try DurableFile.makeDirectory(directory)
    } catch {
      throw .file(error)
    }
    return try SiteKey(path: "\(directory)/\(keyName)")
  }

  private static func post(
    _ request: JoinRequest, to joinString: JoinString, wait: @escaping (Int) -> Void
  ) throws(EnrolmentError) -> JoinResponse {
    let answer: ProtocolResponse
    do {
      let link = PatientLink(
        try CurlTransport(hub: joinString.joinURL, pins: [joinString.pin], certificate: nil),
        wait: wait)
      answer = try link.exchange(
        ProtocolRequest(
          path: ProtocolPath.join, contentType: .json, body: try WireJSON.encode(request)))
    } catch let failure as LinkFailure {
      throw .link(failure)
    } catch {
      throw .requestNotMade
    }
    guard answer.status == 200 else { throw .refused(try decode(answer)) }
    return try decode(answer)
  }

  static func decode<Message: Decodable>(
    _ answer: ProtocolResponse
  ) throws(EnrolmentError) -> Message {
    do {
      return try WireJSON.decode(answer.body)
    } catch {
      throw .unreadableAnswer
    }
  }
}

/// Why a site did not join.
package enum EnrolmentError: Error, Sendable, Equatable, CustomStringConvertible {
  case file(FileFailure)
  case foreignKeyFile(path: String)
  case requestNotMade
  case link(LinkFailure)
  /// The hub's own words, with its stable code.
  case refused(ProtocolError)
  case unreadableAnswer
  case foreignCertificate

  package var description: String {
    switch self {
    case .file(let failure): failure.description
    case .foreignKeyFile(let path):
      "\(path) is no P-256 key in PEM; move it away, or choose another directory"
    case .requestNotMade: "the request for a certificate could not be made; repeat the command"
    case .link(let failure): failure.detail
    case .refused(let reason):
      "the hub refuses: \(reason.error.message); \(reason.error.hint)"
    case .unreadableAnswer:
      "the hub's answer cannot be read; use the version of kreissync that the county uses"
    case .foreignCertificate:
      "the hub's certificate is for another key; ask the county for a new join string"
    }
  }
}
