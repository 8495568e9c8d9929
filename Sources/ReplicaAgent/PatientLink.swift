package import SyncProtocol

/// A link that does as a busy hub asks: it waits for `Retry-After` and sends the same request
/// again.
///
/// Every request may be repeated, so a session need not know of it. What is waited for is the hub's
/// own crowd, `busy` and `too_many_requests`; what a person has to end (`paused`,
/// `hub_storage_full`) is not. After so much waiting in sum the hub's refusal is the answer.
///
/// Not to be shared between threads.
package final class PatientLink<Inner: HubLink>: HubLink {
  private let inner: Inner
  private var secondsLeft: Int
  private let wait: (Int) -> Void

  /// Ten minutes for a session that a person or a timer began: with its fair share of a hub that
  /// takes a second for each request, more than any county needs.
  package static var secondsMax: Int { 600 }
  /// No single wait is longer, whatever the hub says.
  private static var waitSecondsMax: Int { 120 }

  /// - Parameters:
  ///   - secondsMax: how long to wait in sum.
  ///   - wait: returns after so many seconds.
  package init(
    _ inner: Inner, secondsMax: Int = PatientLink.secondsMax, wait: @escaping (Int) -> Void
  ) {
    self.inner = inner
    secondsLeft = secondsMax
    self.wait = wait
  }

  package func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse {
    while true {
      let response = try inner.exchange(request)
      guard let seconds = Self.secondsToWait(after: response), seconds <= secondsLeft else {
        return response
      }
      secondsLeft -= seconds
      wait(seconds)
    }
  }

  private static func secondsToWait(after response: ProtocolResponse) -> Int? {
    guard [429, 503].contains(response.status), let asked = response.retryAfterSeconds,
      (0...waitSecondsMax).contains(asked), isCrowded(response)
    else { return nil }
    // A hub that asks for nothing must not be asked without end.
    return max(asked, 1)
  }

  private static func isCrowded(_ response: ProtocolResponse) -> Bool {
    let refusal: ProtocolError.Lenient
    do {
      refusal = try WireJSON.decode(response.body)
    } catch {
      // Made by something that is no hub: the session says so.
      return false
    }
    return [ProtocolError.Code.busy, .tooManyRequests].contains {
      $0.rawValue == refusal.error.code
    }
  }
}
