import ReplicaStorage
import SyncCore
import SyncProtocol

/// A replica's way to a new incarnation.
struct Succession {
  /// Whether the file is an older one; otherwise the site has joined again with its own.
  let isRestore: Bool
  /// How many a session has begun with this one.
  let number: Int
  /// What the hub is still to be asked for.
  var entries: ArraySlice<EntryID>?
  var request: IncarnationRequest?
  /// What it has answered, by the entries' numbers.
  var answers: [Int64: Answer] = [:]

  /// A copy of the whole directory may name a successor that has begun and gone on without it: the
  /// hub says so to the hello in its name, and the next one is the copy's own.
  static let countMax = 2

  init(isRestore: Bool, after former: Succession? = nil) {
    self.isRestore = isRestore
    number = (former?.number ?? 0) + 1
  }
}

extension SyncSession {
  /// Chooses the new incarnation, durably and once, and asks for the next stretch of what waits.
  mutating func incarnationRequest() throws -> ProtocolRequest {
    var succession = succession ?? Succession(isRestore: true)
    if succession.request == nil {
      var sidecar = try sidecars.read() ?? Sidecar(record)
      let successor =
        sidecar.successor
        ?? UUIDv7.text(
          milliseconds: environment.now(), random: environment.random(UUIDv7.randomByteCount))
      if sidecar.successor == nil {
        sidecar.successor = successor
        try sidecars.write(sidecar)
      }
      let unanswered = try file.unanswered()
      succession.entries = unanswered.entries[...]
      succession.request = IncarnationRequest(
        incarnation: IncarnationID(successor), replaces: IncarnationID(sidecar.incarnation),
        ancestor: record.incarnation, batchNumber: unanswered.lastAnswered, entries: [],
        machine: environment.machine)
    }
    let stretch = succession.entries!.prefix(IncarnationRequest.entryCountMax)
    succession.request!.entries = stretch.map(WireEntry.init)
    self.succession = succession
    return try Self.json(ProtocolPath.incarnation, succession.request!)
  }

  /// The chosen incarnation began, its answer was lost, and it ended before the replica could be
  /// in it: the next session chooses another one.
  mutating func forgetSuccessor(because refusal: SessionError) {
    do {
      if var sidecar = try sidecars.read() {
        sidecar.successor = nil
        try sidecars.write(sidecar)
      }
      fail(refusal)
    } catch {
      fail(error)
    }
  }

  /// - Returns: whether that was all, and the new incarnation has begun.
  mutating func takeIncarnation(_ response: ProtocolResponse) throws -> Bool {
    guard var succession, let request = succession.request else {
      preconditionFailure("no incarnation was announced")
    }
    let answer: IncarnationResponse = try WireJSON.decode(response.body)
    let asked = Set(request.entries.map(\.n))
    guard answer.session >= 0, answer.answers.allSatisfy({ asked.contains($0.n) }) else {
      throw SessionError.unfitAnswer("the request for a new incarnation")
    }
    for known in answer.answers { succession.answers[known.n] = known.answer }
    succession.entries = succession.entries!.dropFirst(asked.count)
    self.succession = succession
    guard succession.entries!.isEmpty else { return false }
    let known = try file.begin(
      IncarnationID(request.incarnation), session: answer.session, answers: succession.answers,
      at: environment.now())
    record = try file.record()
    try sidecars.write(Sidecar(record))
    report.incarnation = record.incarnation
    report.captured += known
    if known > 0 { report.verdicts[.duplicate, default: 0] += known }
    if succession.isRestore, !report.events.contains(SessionEvent.restored.rawValue) {
      report.events.append(SessionEvent.restored.rawValue)
    }
    return true
  }
}

/// What happened in a session beside its exchange: the contract's `events`.
package enum SessionEvent: String, Sendable {
  case restored
  case hubRestored = "hub_restored"
  /// What the replica may hold no more was removed.
  case purged
}

extension SessionError {
  /// Whether the hub wants the replica to go on under a new incarnation.
  var asksForIncarnation: Bool {
    guard case .refused(let code, _, _) = self else { return false }
    return [.restored, .newIncarnation].contains(ProtocolError.Code(rawValue: code))
  }

  /// Whether the incarnation that the replica asks for has ended already.
  var saysIncarnationEnded: Bool {
    guard case .refused(let code, _, _) = self else { return false }
    return ProtocolError.Code(rawValue: code) == .fenced
  }

  var isRestore: Bool {
    guard case .refused(let code, _, _) = self else { return false }
    return ProtocolError.Code(rawValue: code) == .restored
  }
}
