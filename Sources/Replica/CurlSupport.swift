import CCurl

enum CurlLibrary {
  /// Initialised once for the process; libcurl 7.84 and later allow it from any thread.
  static let isReady = kreissync_curl_global_init() == CURLE_OK
}

/// The body of an answer while it comes in.
final class CurlInbox {
  private(set) var bytes: [UInt8] = []
  private(set) var isTooLong = false
  private let byteCountMax: Int

  init(byteCountMax: Int) {
    self.byteCountMax = byteCountMax
  }

  func clear() {
    bytes.removeAll(keepingCapacity: false)
    isTooLong = false
  }

  /// libcurl's write callback; its context is a ``CurlInbox``. Taking fewer bytes than were offered
  /// ends the transfer.
  static let receive: kreissync_curl_callback = { bytes, size, count, context in
    guard let bytes, let context else { return 0 }
    let inbox = Unmanaged<CurlInbox>.fromOpaque(context).takeUnretainedValue()
    let byteCount = size * count
    guard inbox.bytes.count + byteCount <= inbox.byteCountMax else {
      inbox.isTooLong = true
      return 0
    }
    inbox.bytes.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: byteCount))
    return byteCount
  }
}

/// Asks, while a transfer runs, whether it is still wanted.
final class CurlWatch {
  private let isStopping: () -> Bool

  init(isStopping: @escaping () -> Bool) {
    self.isStopping = isStopping
  }

  /// libcurl's progress callback; its context is a ``CurlWatch``. Anything but 0 ends the transfer.
  ///
  /// > this function gets called very frequently … roughly once per second even if nothing is
  /// > transferred (CURLOPT_XFERINFOFUNCTION)
  static let look: kreissync_curl_progress = { context, _, _, _, _ in
    guard let context else { return 0 }
    return Unmanaged<CurlWatch>.fromOpaque(context).takeUnretainedValue().isStopping() ? 1 : 0
  }
}

/// A list of header lines in libcurl's form; it lives as long as the object.
final class CurlHeaders {
  private(set) var list: UnsafeMutableRawPointer?

  init(lines: [String]) {
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines {
      // NB: nil means that nothing was appended, and the list is still the old one.
      list = curl_slist_append(list, line) ?? list
    }
    self.list = UnsafeMutableRawPointer(list)
  }

  deinit {
    curl_slist_free_all(list?.assumingMemoryBound(to: curl_slist.self))
  }
}

/// The alert by which a peer ended TLS.
///
/// libcurl has no field for it; it quotes OpenSSL's line, `error:0A00045C:SSL routines::…`. The
/// number is stable where the words are not: the low 12 bits are the reason, and
///
/// > 1000 + alert number (OpenSSL, ssl/ssl_err: SSL_AD_REASON_OFFSET)
struct TLSAlert: Equatable {
  let number: Int

  init(number: Int) {
    self.number = number
  }

  init?(inOpenSSLText text: String) {
    let mark = "error:"
    guard let start = text.firstRange(of: mark)?.upperBound,
      let code = Int(text[start...].prefix { $0 != ":" }, radix: 16)
    else { return nil }
    let reason = code & 0xFFF
    guard (1_000...1_255).contains(reason) else { return nil }
    number = reason - 1_000
  }

  /// bad, unsupported, revoked, expired, unknown certificate, unknown authority, access denied,
  /// decrypt error (a wrong signature on it), certificate required (RFC 8446, section 6).
  var concernsCertificate: Bool {
    [42, 43, 44, 45, 46, 48, 49, 51, 116].contains(number)
  }
}
