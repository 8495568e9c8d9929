import ArgumentParser
import Caseload
import CaseloadSchema
import Foundation
import Hub
import HubService
import HubStorage
import Replica
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

/// The contract's exit codes.
enum CommandExit: Int32 {
  case done = 0
  case failed = 1
  case usage = 2
  /// Paused, busy, replica locked, out of disk: the same command later may go through.
  case deferred = 3
  case refused = 4
  case differences = 5
  case hubUnreachable = 6
  case needsPerson = 7
}

/// Why a command failed: exit code, stable code, what happened and the cure.
struct CommandFailure: Error {
  let exit: CommandExit
  let code: String
  let message: String
  let hint: String

  init(_ exit: CommandExit, _ code: String, _ message: String, hint: String) {
    self.exit = exit
    self.code = code
    self.message = message
    self.hint = hint
  }

  init(_ error: any Error, isUsage: Bool, root: any ParsableCommand.Type) {
    if isUsage {
      self.init(.usage, "usage", root.message(for: error), hint: "see `kreissync --help`")
    } else {
      self = CommandFailure.translating(error)
    }
  }

  /// The contract's event that goes with the failure of a session; nil for none.
  private var event: String? {
    switch code {
    case ProtocolError.Code.cloned.rawValue: "cloned"
    case ReplicaError.corrupt.code: "corrupt"
    default: nil
    }
  }

  /// Prints the failure and ends the process with its exit code.
  func report(asJSON: Bool) -> Never {
    if asJSON {
      var document: [String: JSONValue] = [
        "error": ["code": .text(code), "message": .text(message), "hint": .text(hint)]
      ]
      if let event { document["events"] = .list([.text(event)]) }
      printJSON(.object(document))
    }
    FileHandle.standardError.write(Data("kreissync: \(message)\n  \(hint)\n".utf8))
    Foundation.exit(exit.rawValue)
  }

  /// What went wrong, in the words of the command line.
  init(translating error: any Error) {
    self = Self.translating(error)
  }

  private static func translating(_ error: any Error) -> CommandFailure {
    switch error {
    case let failure as CommandFailure: failure
    case let error as ReplicaError: CommandFailure(error)
    case let error as SessionError: CommandFailure(error)
    case let error as EnrolmentError: CommandFailure(error)
    case let error as DamagedFile:
      CommandFailure(
        .failed, "file_damaged", "\(error.path) cannot be read: its content is damaged",
        hint: error.cure)
    case let error as HubStoreError: CommandFailure(error)
    case CountyBackupError.unsound(let problem):
      CommandFailure(
        .failed, "backup_unsound", "the copy is not sound: \(problem)",
        hint: "no file was left; `kreissync hub log verify` looks at the county itself")
    case let error as LinkFailure: CommandFailure(error.sessionError)
    case let error as SchemaError:
      CommandFailure(.failed, "schema_invalid", error.description, hint: "correct the file")
    case let error as JoinStringError:
      CommandFailure(
        .usage, "join_string_malformed", error.description,
        hint: "paste the join string as `kreissync hub site add` printed it")
    case let error as AdministrationError: CommandFailure(error)
    case let error as HandoverRefusal: CommandFailure(error)
    case let error as HandoverUnknown: CommandFailure(error)
    case let error as ParticipationRefusal: CommandFailure(error)
    case let error as LinkRefusal: CommandFailure(error)
    case let error as PurgeReleaseRefusal: CommandFailure(error)
    case let error as AuthorityRefusal: CommandFailure(error)
    case let error as UserRefusal: CommandFailure(error)
    case RetentionRefusal.paused(let pause):
      CommandFailure(
        .deferred, "retention_paused",
        "purges by retention rest since \(rfc3339(pause.since)), by \(pause.by)",
        hint: "`kreissync hub retention resume` lets them go on; nothing was purged")
    case let error as CaseloadFileError: CommandFailure(error)
    case let error as FileFailure:
      CommandFailure(
        error.isStorageFull ? .deferred : .failed, "file", error.description,
        hint: "check the path, its permissions and the disk")
    case let error as HubStartError:
      CommandFailure(.failed, "hub_start", error.description, hint: "nothing was served")
    case let error as IdentityError:
      CommandFailure(.failed, "hub_identity_files", error.description, hint: "nothing was changed")
    default:
      CommandFailure(
        .failed, "failed", "\(type(of: error)): \(error)", hint: "report this as a defect")
    }
  }
}

extension CommandFailure {
  private init(_ error: ReplicaError) {
    let exit: CommandExit =
      switch error {
      case .locked, .storageFull: .deferred
      default: .failed
      }
    self.init(exit, error.code, error.message, hint: error.hint)
  }

  private init(_ error: HubStoreError) {
    switch error {
    case .full:
      self.init(
        .deferred, "hub_storage_full", "the hub's disk is full", hint: "make room and repeat")
    case .busy:
      self.init(
        .deferred, "busy", "another process holds the county's database", hint: "repeat later")
    case .unusable(let what):
      self.init(.failed, "hub_database", what, hint: "nothing was changed")
    case .unfit:
      self.init(
        .failed, "hub_database", "a row does not fit the county's tables; nothing was changed",
        hint: "look for indexes and triggers that are not kreissync's in the county's database")
    case .entryKnown:
      self.init(.failed, "fork", "a change was answered before", hint: "report this as a defect")
    }
  }

  private init(_ error: EnrolmentError) {
    switch error {
    case .refused(let reason):
      let isLater = [.busy, .tooManyRequests, .hubStorageFull].contains(reason.code)
      self.init(
        isLater ? .deferred : .refused, reason.code.rawValue, reason.error.message,
        hint: reason.error.hint)
    case .link(let failure):
      self.init(failure.sessionError)
    default:
      self.init(.failed, "join_failed", error.description, hint: "nothing is lost; repeat")
    }
  }

  private init(_ error: SessionError) {
    switch error {
    case .unreachable(let detail):
      self.init(
        .hubUnreachable, "hub_unreachable", "the hub cannot be reached: \(detail)",
        hint: "check the line and the proxy; nothing is lost, the next sync goes on")
    case .wrongIdentity(let detail):
      self.init(
        .hubUnreachable, "hub_identity", "what answers is not the county's hub: \(detail)",
        hint: "something stands between, or the hub has a new key; nothing was sent. Ask the "
          + "county: `kreissync hub site rejoin` gives a new join string")
    case .certificateRefused(let detail):
      self.init(
        .refused, "certificate_refused", "the hub refuses this site's certificate: \(detail)",
        hint: "it is another hub's or is damaged; ask the county for a new join string")
    case .certificateUnusable(let detail):
      self.init(
        .failed, "certificate_unusable", "this site's key or certificate cannot be used: \(detail)",
        hint:
          "put site.key and site.crt back as they were, or ask the county for a new join string "
          + "(`kreissync hub site rejoin`); nothing was sent")
    case .refused(let code, let message, let hint):
      self.init(Self.exit(ofRefusal: code), Self.contractCode(code), message, hint: hint)
    case .uploadRefused(let message, let hint):
      self.init(
        .needsPerson, "upload_refused", "the hub cannot take this site's changes: \(message)",
        hint: hint + "; nothing is lost, and the download went through")
    case .historyRewritten(let proof):
      self.init(
        .hubUnreachable, "history_rewritten",
        "the hub's log does not extend the one that this site saw",
        hint: "nothing was applied; the county has to explain"
          + (proof.map { ". Both heads and the hub's proof are kept in \($0)" } ?? ""))
    case .unfitAnswer(let what):
      self.init(
        .failed, "unfit_answer", "the hub's answer to \(what) cannot be read",
        hint: "update kreissync at the site and at the hub")
    case .stopped:
      self.init(
        .deferred, "stopped", "the session was ended before its end",
        hint: "nothing is lost; the next one goes on")
    }
  }

  private static func exit(ofRefusal code: String) -> CommandExit {
    switch ProtocolError.Code(rawValue: code) {
    case .refused, .handoverRefused, .proposalRefused, .certificateExpired, .certificateLapsed:
      .refused
    case .paused, .busy, .tooManyRequests, .hubStorageFull, .fenced: .deferred
    case .fork, .cloned, .held, .restored, .newIncarnation, .historyChanged,
      .unknownPosition:
      .needsPerson
    default: .failed
    }
  }

  private static func contractCode(_ code: String) -> String {
    code == ProtocolError.Code.paused.rawValue ? "site_paused" : code
  }
}

extension LinkFailure {
  fileprivate var sessionError: SessionError {
    switch cause {
    case .unreachable: .unreachable(detail)
    case .wrongIdentity: .wrongIdentity(detail)
    case .certificateRefused: .certificateRefused(detail)
    case .certificateUnusable: .certificateUnusable(detail)
    }
  }
}
