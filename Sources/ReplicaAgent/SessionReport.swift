package import ReplicaStorage
package import SyncCore
import SyncProtocol

/// How a session went, in the words of the contract.
package struct SessionReport: Sendable {
  /// The contract's `result`.
  package enum Result: String, Sendable {
    case done
    case offline
  }

  package var result: Result = .done
  package var position: Position
  package var incarnation: IncarnationID
  package var captured: Int64 = 0
  package var coalesced: Int64 = 0
  package var withheld: Int64 = 0
  package var parked: Int64 = 0
  package var verdicts: [Verdict: Int64] = [:]
  package var rowsPulled: Int64 = 0
  package var casesGranted: Int64 = 0
  package var casesPurged: Int64 = 0
  /// Cases whose purge waits for a person's release.
  package var heldPurges: Int64 = 0
  package var replicaDigest: Digest128 = .zero
  package var hubDigest: Digest128 = .zero
  package var digestEqual = true
  /// Rows that a constraint of the local program keeps out.
  package var blocked: Int64 = 0
  package var events: [String] = []

  package init(_ record: ReplicaRecord) {
    position = record.position
    incarnation = record.incarnation
  }

  mutating func take(_ outcome: ApplyOutcome) {
    rowsPulled += outcome.rowCount
    casesGranted += outcome.casesGranted
    casesPurged += outcome.casesPurged
    heldPurges = outcome.heldPurgeCount
    blocked = outcome.blockedCount
    replicaDigest = outcome.replicaDigest
    hubDigest = outcome.hubDigest
    digestEqual = outcome.isEqual
    if outcome.casesPurged > 0 && !events.contains(SessionEvent.purged.rawValue) {
      events.append(SessionEvent.purged.rawValue)
    }
  }

  /// captured = coalesced + withheld + parked + all verdicts, always.
  package var sumsAreEqual: Bool {
    captured == verdicts.values.reduce(coalesced + withheld + parked, +)
  }
}

/// Why a session ended early.
package enum SessionError: Error, Sendable, Equatable {
  case unreachable(String)
  case wrongIdentity(String)
  case certificateRefused(String)
  /// The site's own key or certificate is missing or damaged.
  case certificateUnusable(String)
  /// The hub refused, with its code, message and hint.
  case refused(code: String, message: String, hint: String)
  /// The hub cannot take a batch as it is; everything else of the session went through.
  case uploadRefused(message: String, hint: String)
  /// The hub's log does not extend the one that the site saw. Both heads and the hub's proof are
  /// kept in this file; nil where nobody keeps them.
  case historyRewritten(proof: String?)
  case unfitAnswer(String)
  /// The program ends; the next session goes on.
  case stopped
}

extension SessionError {
  /// What the refusal of a batch means for the upload, if it is the batch that the hub cannot take:
  /// nothing of it is done, and the download does not wait for it.
  var refusalOfBatch: SessionError? {
    guard case .refused(let code, let message, let hint) = self else { return nil }
    switch ProtocolError.Code(rawValue: code) {
    case .badRequest, .bodyTooLarge: return .uploadRefused(message: message, hint: hint)
    // The hub fails over it, now or each time, or has no room for it.
    case .internalError, .hubStorageFull: return self
    default: return nil
    }
  }
}

extension Error {
  /// The stable code under which a session's failure is told to the hub and kept in the replica.
  package var sessionCode: String {
    switch self as any Error {
    case let error as ReplicaError: error.code
    case SessionError.unreachable: "hub_unreachable"
    case SessionError.wrongIdentity: "hub_identity"
    case SessionError.certificateRefused: "certificate_refused"
    case SessionError.certificateUnusable: "certificate_unusable"
    case SessionError.refused(let code, _, _): code
    case SessionError.uploadRefused: "upload_refused"
    case SessionError.historyRewritten: "history_rewritten"
    case SessionError.unfitAnswer: "unfit_answer"
    case SessionError.stopped: "stopped"
    default: "failed"
    }
  }
}
