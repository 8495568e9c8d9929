import CCurl
import Foundation
import Glibc

/// What a well-behaved site would never send: libcurl without the transport's care.
struct RawClient {
  var url: String
  var certificatePath: String?
  var keyPath: String?
  var method = "POST"
  var headers: [String] = []
  var body: [UInt8] = []
  var isHeldAtTLS12 = false

  /// The answer's status; nil when none came.
  func status() -> Int? {
    let handle = curl_easy_init()
    defer { curl_easy_cleanup(handle) }
    kreissync_curl_set_string(handle, CURLOPT_URL, url)
    kreissync_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
    kreissync_curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 0)
    kreissync_curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 0)
    kreissync_curl_set_long(handle, CURLOPT_TIMEOUT, 30)
    if isHeldAtTLS12 {
      kreissync_curl_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_MAX_TLSv1_2))
    }
    if let certificatePath, let keyPath {
      kreissync_curl_set_string(handle, CURLOPT_SSLCERT, certificatePath)
      kreissync_curl_set_string(handle, CURLOPT_SSLKEY, keyPath)
    }
    kreissync_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, method)
    var list: UnsafeMutablePointer<curl_slist>?
    for header in headers + ["Expect:"] { list = curl_slist_append(list, header) }
    defer { curl_slist_free_all(list) }
    kreissync_curl_set_pointer(handle, CURLOPT_HTTPHEADER, list)
    kreissync_curl_set_callback(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
    let outcome = body.withUnsafeBufferPointer { bytes in
      kreissync_curl_set_large(handle, CURLOPT_POSTFIELDSIZE_LARGE, bytes.count)
      kreissync_curl_set_pointer(
        handle, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
      return curl_easy_perform(handle)
    }
    var status = 0
    kreissync_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    return outcome == CURLE_OK || status != 0 ? status : nil
  }

  /// Opens a connection and sends `text` byte by byte, one each tenth of a second; returns what
  /// came back when the hub had ended it, or nil if it never did.
  func drip(_ text: String) throws -> [UInt8]? {
    let handle = curl_easy_init()
    defer { curl_easy_cleanup(handle) }
    kreissync_curl_set_string(handle, CURLOPT_URL, url)
    kreissync_curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 0)
    kreissync_curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 0)
    kreissync_curl_set_long(handle, CURLOPT_CONNECT_ONLY, 1)
    if let certificatePath, let keyPath {
      kreissync_curl_set_string(handle, CURLOPT_SSLCERT, certificatePath)
      kreissync_curl_set_string(handle, CURLOPT_SSLKEY, keyPath)
    }
    guard curl_easy_perform(handle) == CURLE_OK else { throw TestFailure("no connection") }
    var descriptor = 0
    kreissync_curl_get_long(handle, CURLINFO_LASTSOCKET, &descriptor)
    var answer: [UInt8] = []
    for byte in text.utf8 {
      var sent = 0
      _ = withUnsafePointer(to: byte) { curl_easy_send(handle, $0, 1, &sent) }
      var watched = pollfd(fd: CInt(descriptor), events: Int16(POLLIN), revents: 0)
      guard poll(&watched, 1, 100) > 0 else { continue }
      var block = [UInt8](repeating: 0, count: 4_096)
      var count = 0
      let outcome = curl_easy_recv(handle, &block, block.count, &count)
      if outcome == CURLE_AGAIN { continue }
      guard outcome == CURLE_OK, count > 0 else { return answer }
      answer += block[..<count]
    }
    return nil
  }
}
