import ReplicaStorage
package import SyncCore
import SyncProtocol

extension RunPlan.Outcome {
  /// What a session's failure means for the next one.
  ///
  /// | it failed because of                                    | the next one                     |
  /// |---------------------------------------------------------|----------------------------------|
  /// | the line, a cut, an answer that cannot be read          | soon                             |
  /// | a hub that is busy, full, pausing or failing            | soon, not before `Retry-After`   |
  /// | a lock or a full disk at the site                       | soon                             |
  /// | another key at the hub's address: a proxy, a portal     | at the slowest pace              |
  /// | a certificate that is refused, a site that is revoked   | at the regular time              |
  /// | a fork, a clone, a hold, a rewritten history            | at the regular time              |
  /// | a replica that is missing, damaged, read-only, newer    | at the regular time              |
  ///
  /// - Parameter retryAfterSeconds: of the hub's last answer.
  package init(_ error: any Error, retryAfterSeconds: Int?) {
    let retryAfter = retryAfterSeconds.map { Milliseconds($0) * 1_000 }
    switch error {
    case ReplicaError.locked, ReplicaError.storageFull, ReplicaError.unfitAnswer:
      self = .failedForNow(retryAfter: nil)
    case is ReplicaError:
      self = .failedUntilMended
    case let failure as FileFailure:
      self = failure.isStorageFull ? .failedForNow(retryAfter: nil) : .failedUntilMended
    case SessionError.refused(let code, _, _):
      self =
        Self.mayPass(refusal: code, retryAfter)
        ? .failedForNow(retryAfter: retryAfter)
        : .failedUntilMended
    case SessionError.wrongIdentity:
      self = .failedForNow(retryAfter: RunPlan.pauseRange.upperBound)
    case SessionError.certificateRefused, SessionError.certificateUnusable,
      SessionError.uploadRefused,
      SessionError.historyRewritten:
      self = .failedUntilMended
    default:
      self = .failedForNow(retryAfter: nil)
    }
  }

  /// A hub that says when to come back may be newer than its codes that this program knows.
  private static func mayPass(refusal code: String, _ retryAfter: Milliseconds?) -> Bool {
    switch ProtocolError.Code(rawValue: code) {
    case .paused, .busy, .hubStorageFull, .fenced, .internalError: true
    case nil: retryAfter != nil
    default: false
    }
  }
}
