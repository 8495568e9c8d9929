import CCurl
package import ReplicaAgent
package import SyncCore
package import SyncProtocol

/// The site's way to its hub: HTTPS through libcurl, one connection that is kept between requests.
///
/// The hub is whoever holds the pinned key. Names, dates and authorities in its certificate are not
/// looked at: a site whose clock is years off must still reach its hub, and the hub's time judges
/// certificates, both ways. The site is whoever its client certificate names.
///
/// Blocks. One request at a time: not to be shared between threads.
package final class CurlTransport: HubLink {
  /// Bytes of HTTP sent and received, heads and bodies, as they were on the link inside TLS.
  package private(set) var byteCountSent = 0
  package private(set) var byteCountReceived = 0
  /// Connections opened so far: 1 while the first one is kept.
  package private(set) var connectionCount = 0
  /// The `Date` of the last answer: the clock of whoever gave it, in whole seconds.
  package private(set) var answeredAt: Milliseconds?

  private let handle: UnsafeMutableRawPointer
  private let hub: HubURL
  /// Whether long bodies are compressed, both ways.
  private let compresses: Bool
  private let inbox = CurlInbox(byteCountMax: ProtocolLimit.bodyByteCountMax)
  private let watch: CurlWatch
  private let errorText: UnsafeMutablePointer<CChar>

  /// Reaching the hub and shaking hands, also beside a crowd that does the same.
  private static let connectSecondsMax = 20
  /// The hub's own deadline, and the time that connecting and its answer's last bytes may take.
  private static let exchangeSecondsMax = ProtocolLimit.requestSecondsMax + 25

  /// Prepares a link; dials nothing yet.
  ///
  /// - Parameters:
  ///   - pins: SHA-256 of the DER of the hub key's SubjectPublicKeyInfo; any of them may answer.
  ///   - certificate: what the site shows; nil while it joins.
  ///   - compresses: nil compresses on links and not on this machine, where sending costs less.
  ///   - isStopping: asked about once a second while a request is under way; true ends it as a cut
  ///     line would.
  package init(
    hub: HubURL, pins: [[UInt8]], certificate: ClientCertificate?, compresses: Bool? = nil,
    until isStopping: @escaping () -> Bool = { false }
  ) throws(LinkFailure) {
    precondition(!pins.isEmpty && pins.allSatisfy { $0.count == JoinString.pinByteCount })
    guard CurlLibrary.isReady, let handle = curl_easy_init() else {
      throw LinkFailure(cause: .unreachable, detail: "libcurl could not be started")
    }
    self.handle = handle
    self.hub = hub
    self.compresses = compresses ?? !hub.isLoopback
    watch = CurlWatch(isStopping: isStopping)
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    // The object is complete: if an option fails, deinit releases both.
    try setTransfer()
    try setIdentity(pins: pins, certificate: certificate)
  }

  deinit {
    curl_easy_cleanup(handle)
    errorText.deallocate()
  }

  package func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse {
    let isCompressed = compresses && request.body.count > Zstd.byteCountMin
    let body = isCompressed ? try compress(request.body) : request.body
    let headers = CurlHeaders(
      lines: [
        "Content-Type: \(request.contentType.rawValue)",
        // libcurl would ask for leave before a long body and wait a second for it.
        "Expect:",
      ] + (isCompressed ? ["Content-Encoding: zstd"] : [])
        + (compresses ? ["Accept-Encoding: zstd"] : []))
    try set(CURLOPT_HTTPHEADER, pointer: headers.list)
    try set(CURLOPT_URL, hub.text + request.path)
    try set(CURLOPT_POSTFIELDSIZE_LARGE, large: curl_off_t(body.count))
    inbox.clear()
    errorText.pointee = 0

    // libcurl takes no body at all for one to be read from a callback.
    let storage = body.isEmpty ? [0] : body
    let outcome = try storage.withUnsafeBufferPointer { (bytes) throws(LinkFailure) -> CURLcode in
      try set(CURLOPT_POSTFIELDS, pointer: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
      return curl_easy_perform(handle)
    }
    count()
    guard outcome == CURLE_OK else { throw failure(outcome) }
    return try response()
  }

  // MARK: - Options

  private func setTransfer() throws(LinkFailure) {
    try set(CURLOPT_ERRORBUFFER, pointer: errorText)
    // Signals belong to the program: without them libcurl resolves names in a thread.
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_PROTOCOLS_STR, "https")
    try set(CURLOPT_FOLLOWLOCATION, 0)
    try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    try set(CURLOPT_POST, 1)
    try set(CURLOPT_CONNECTTIMEOUT, Self.connectSecondsMax)
    try set(CURLOPT_TIMEOUT, Self.exchangeSecondsMax)
    try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    try set(CURLOPT_WRITEDATA, pointer: Unmanaged.passUnretained(inbox).toOpaque())
    try require(kreissync_curl_set_callback(handle, CURLOPT_WRITEFUNCTION, CurlInbox.receive))
    try set(CURLOPT_NOPROGRESS, 0)
    try set(CURLOPT_XFERINFODATA, pointer: Unmanaged.passUnretained(watch).toOpaque())
    try require(kreissync_curl_set_progress(handle, CurlWatch.look))
  }

  private func setIdentity(
    pins: [[UInt8]], certificate: ClientCertificate?
  ) throws(LinkFailure) {
    try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_3))
    // Case 1: whom the site believes. The pin is checked although the rest is off.
    try set(CURLOPT_SSL_VERIFYPEER, 0)
    try set(CURLOPT_SSL_VERIFYHOST, 0)
    let hashes = pins.map { "sha256//" + Base64URL.encodeStandard($0) }
    try set(CURLOPT_PINNEDPUBLICKEY, hashes.joined(separator: ";"))
    // A resumed session would carry yesterday's judgement of the site's certificate.
    try set(CURLOPT_SSL_SESSIONID_CACHE, 0)
    // Case 2: whom the hub believes.
    guard let certificate else { return }
    try set(CURLOPT_SSLCERTTYPE, "PEM")
    try set(CURLOPT_SSLKEYTYPE, "PEM")
    try set(CURLOPT_SSLCERT, certificate.certificatePath)
    try set(CURLOPT_SSLKEY, certificate.keyPath)
  }

  private func set(_ option: CURLoption, _ value: Int) throws(LinkFailure) {
    try require(kreissync_curl_set_long(handle, option, value))
  }

  private func set(_ option: CURLoption, large value: curl_off_t) throws(LinkFailure) {
    try require(kreissync_curl_set_large(handle, option, value))
  }

  private func set(_ option: CURLoption, _ value: String) throws(LinkFailure) {
    try require(kreissync_curl_set_string(handle, option, value))
  }

  private func set(
    _ option: CURLoption, pointer: UnsafeMutableRawPointer?
  ) throws(LinkFailure) {
    try require(kreissync_curl_set_pointer(handle, option, pointer))
  }

  private func require(_ code: CURLcode) throws(LinkFailure) {
    guard code == CURLE_OK else { throw failure(code) }
  }

  // MARK: - Outcome

  private func response() throws(LinkFailure) -> ProtocolResponse {
    var status = 0
    try require(kreissync_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status))
    let seconds = header("Date").map { curl_getdate($0, nil) }
    answeredAt = seconds.flatMap { $0 > 0 ? Milliseconds($0) * 1_000 : nil }
    let mediaType = header("Content-Type").map { $0.prefix { $0 != ";" } } ?? ""
    guard let contentType = ContentType(rawValue: String(mediaType)) else {
      throw LinkFailure(
        cause: .unreachable, detail: "the answer (status \(status)) is not of this protocol")
    }
    return ProtocolResponse(
      status: status, contentType: contentType, body: try body(),
      retryAfterSeconds: header("Retry-After").flatMap { Int($0) })
  }

  private func body() throws(LinkFailure) -> [UInt8] {
    guard header("Content-Encoding") == "zstd" else { return inbox.bytes }
    do {
      return try Zstd.inflate(inbox.bytes, byteCountMax: ProtocolLimit.bodyByteCountMax)
    } catch {
      throw LinkFailure(cause: .unreachable, detail: "the hub's answer: \(error)")
    }
  }

  private func compress(_ bytes: [UInt8]) throws(LinkFailure) -> [UInt8] {
    do {
      return try Zstd.compress(bytes)
    } catch {
      throw LinkFailure(cause: .unreachable, detail: "nothing was sent: \(error)")
    }
  }

  private func header(_ name: String) -> String? {
    var found: UnsafeMutablePointer<curl_header>?
    let answered = curl_easy_header(handle, name, 0, UInt32(CURLH_HEADER), -1, &found)
    guard answered == CURLHE_OK, let found else { return nil }
    return String(cString: found.pointee.value)
  }

  private func count() {
    var requestHeads = 0
    var responseHeads = 0
    var uploaded: curl_off_t = 0
    var downloaded: curl_off_t = 0
    kreissync_curl_get_long(handle, CURLINFO_REQUEST_SIZE, &requestHeads)
    kreissync_curl_get_long(handle, CURLINFO_HEADER_SIZE, &responseHeads)
    kreissync_curl_get_large(handle, CURLINFO_SIZE_UPLOAD_T, &uploaded)
    kreissync_curl_get_large(handle, CURLINFO_SIZE_DOWNLOAD_T, &downloaded)
    var connections = 0
    kreissync_curl_get_long(handle, CURLINFO_NUM_CONNECTS, &connections)
    connectionCount += connections
    byteCountSent += requestHeads + Int(uploaded)
    byteCountReceived += responseHeads + Int(downloaded)
  }

  private func failure(_ code: CURLcode) -> LinkFailure {
    let text = String(cString: errorText)
    let reason = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
    switch code {
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return LinkFailure(
        cause: .wrongIdentity,
        detail: "what answers at \(hub) does not hold the hub's key; ask the county, send nothing")
    case CURLE_WRITE_ERROR where inbox.isTooLong:
      return LinkFailure(
        cause: .unreachable,
        detail: "the hub's answer is longer than \(ProtocolLimit.bodyByteCountMax) bytes")
    case CURLE_SSL_CERTPROBLEM:
      return LinkFailure(
        cause: .certificateUnusable, detail: reason)
    case CURLE_SSL_CONNECT_ERROR, CURLE_RECV_ERROR, CURLE_SEND_ERROR:
      if TLSAlert(inOpenSSLText: text)?.concernsCertificate == true {
        return LinkFailure(
          cause: .certificateRefused, detail: "the hub refuses the site's certificate: \(reason)")
      }
      return LinkFailure(cause: .unreachable, detail: "\(hub): \(reason)")
    default:
      return LinkFailure(cause: .unreachable, detail: "\(hub): \(reason)")
    }
  }
}

/// Where the site's certificate and key stand, PEM.
package struct ClientCertificate: Sendable, Equatable {
  package let certificatePath: String
  package let keyPath: String

  package init(certificatePath: String, keyPath: String) {
    self.certificatePath = certificatePath
    self.keyPath = keyPath
  }

  /// The two files that ``Enrolment`` leaves in a site's directory.
  package init(directory: String) {
    certificatePath = "\(directory)/\(Enrolment.certificateName)"
    keyPath = "\(directory)/\(Enrolment.keyName)"
  }
}
