package import ReplicaAgent
import SyncProtocol

/// How a site's certificate is renewed, with a new key each time.
///
///     site.next.key ─→ POST /v1/renew ─→ site.next.crt ─→ both take the present ones' places
///
/// The hub accepts the present key until the next one was used once, and every step is durable
/// before the next begins. So it may be killed anywhere: ``recover(in:)`` finishes what can be
/// finished, and the rest is asked for again with the same key.
package enum CertificateRenewal {
  /// A step that is durable.
  package enum Step: CaseIterable, Sendable {
    case keyMade
    case certificateKept
    case keyInPlace
    case certificateInPlace
  }

  private static let nextKeyName = "site.next.key"
  static let nextCertificateName = "site.next.crt"
  private static let byteCountMax = 64 << 10

  /// Renews the certificate over a link that shows the present one. The link that showed it is of
  /// no more use when this returns: the next one reads the new files.
  ///
  /// - Parameter onStep: called behind each step; what it throws ends the renewal there, as a crash
  ///   would.
  package static func renew(
    in directory: String, over link: some HubLink,
    onStep: (Step) throws(EnrolmentError) -> Void = { _ throws(EnrolmentError) in }
  ) throws(EnrolmentError) {
    let key = try SiteKey(path: "\(directory)/\(nextKeyName)")
    try onStep(.keyMade)
    let response = try post(RenewRequest(csr: try key.certificateRequest()), over: link)
    guard key.isNamed(by: response.certificate) else { throw .foreignCertificate }
    do {
      try DurableFile.write(
        Array(response.certificate.utf8), to: "\(directory)/\(nextCertificateName)")
    } catch {
      throw .file(error)
    }
    try onStep(.certificateKept)
    try promote(in: directory, onStep: onStep)
  }

  /// Brings the files of a renewal that was killed into order: a certificate that the hub has given
  /// takes its place; a key without one waits for the next renewal.
  ///
  /// Before this the files may be those of two keys. It is called before they are used.
  package static func recover(in directory: String) throws(EnrolmentError) {
    try promote(in: directory) { _ throws(EnrolmentError) in }
  }

  /// Forgets a renewal that was begun: the site joins anew.
  static func abandon(in directory: String) throws(EnrolmentError) {
    do {
      // The certificate first: without it a key is only a key.
      try DurableFile.remove("\(directory)/\(nextCertificateName)")
      try DurableFile.remove("\(directory)/\(nextKeyName)")
    } catch {
      throw .file(error)
    }
  }

  private static func promote(
    in directory: String, onStep: (Step) throws(EnrolmentError) -> Void
  ) throws(EnrolmentError) {
    let (nextKey, key) = ("\(directory)/\(nextKeyName)", "\(directory)/\(Enrolment.keyName)")
    let nextCertificate = "\(directory)/\(nextCertificateName)"
    guard let certificate = try text(of: nextCertificate) else { return }
    // Case 1: nothing is in place yet. Case 2: the key is, the certificate is not.
    if try text(of: nextKey) != nil {
      guard try SiteKey(path: nextKey).isNamed(by: certificate) else {
        return try remove(nextCertificate)
      }
      try move(nextKey, to: key)
    } else {
      guard try text(of: key) != nil, try SiteKey(path: key).isNamed(by: certificate) else {
        return try remove(nextCertificate)
      }
    }
    try onStep(.keyInPlace)
    try move(nextCertificate, to: "\(directory)/\(Enrolment.certificateName)")
    try onStep(.certificateInPlace)
  }

  private static func post(
    _ request: RenewRequest, over link: some HubLink
  ) throws(EnrolmentError) -> RenewResponse {
    let answer: ProtocolResponse
    do {
      answer = try link.exchange(
        ProtocolRequest(
          path: ProtocolPath.renew, contentType: .json, body: try WireJSON.encode(request)))
    } catch let failure as LinkFailure {
      throw .link(failure)
    } catch {
      throw .requestNotMade
    }
    guard answer.status == 200 else { throw .refused(try Enrolment.decode(answer)) }
    return try Enrolment.decode(answer)
  }

  private static func text(of path: String) throws(EnrolmentError) -> String? {
    do {
      let bytes = try DurableFile.read(path, byteCountMax: byteCountMax)
      return bytes.map { String(decoding: $0, as: UTF8.self) }
    } catch {
      throw .file(error)
    }
  }

  private static func move(_ path: String, to target: String) throws(EnrolmentError) {
    do {
      try DurableFile.move(path, to: target)
    } catch {
      throw .file(error)
    }
  }

  private static func remove(_ path: String) throws(EnrolmentError) {
    do {
      try DurableFile.remove(path)
    } catch {
      throw .file(error)
    }
  }
}
