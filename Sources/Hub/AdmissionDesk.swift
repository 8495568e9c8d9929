import NIOCore
import NIOPosix
import Synchronization

/// The shell around ``Admission``: requests wait here for their turn.
final class AdmissionDesk: Sendable {
  private struct State {
    var admission: Admission
    var waiting: [Admission.Ticket: CheckedContinuation<Admission.TurnedAway?, Never>] = [:]
  }

  private let state: Mutex<State>
  private let waitSecondsMax: Int64

  init(limits: AdmissionLimits) {
    state = Mutex(State(admission: Admission(limits: limits)))
    waitSecondsMax = Int64(limits.waitSecondsMax)
  }

  /// A request that is there until nobody holds it any more: also when its connection dies, at
  /// whatever point.
  final class Seat: Sendable {
    fileprivate let ticket: Admission.Ticket
    private let desk: AdmissionDesk

    fileprivate init(_ ticket: Admission.Ticket, at desk: AdmissionDesk) {
      self.ticket = ticket
      self.desk = desk
    }

    deinit { desk.leave(ticket) }

    /// - Throws: ``Refusal`` when there is no room for so many more bytes.
    func take(_ byteCount: Int) throws(Refusal) {
      if let reason = desk.take(byteCount, for: ticket) { throw Refusal(reason) }
    }

    /// Returns when it is this request's turn to work.
    ///
    /// - Throws: ``Refusal`` when that took too long.
    func turn(on eventLoop: any EventLoop) async throws(Refusal) {
      if let reason = await desk.turn(of: ticket, on: eventLoop) { throw Refusal(reason) }
    }

    /// The thread is free again; the answer has yet to be written.
    func finish(answerByteCount: Int) {
      desk.finish(ticket, answerByteCount: answerByteCount)
    }
  }

  /// - Throws: ``Refusal`` when there is no room for another request.
  func enter(_ party: Admission.Party, for work: Admission.Work) throws(Refusal) -> Seat {
    switch state.withLock({ $0.admission.arrive(party, for: work) }) {
    case .success(let ticket): return Seat(ticket, at: self)
    case .failure(let reason): throw Refusal(reason)
    }
  }

  private func take(_ byteCount: Int, for ticket: Admission.Ticket) -> Admission.TurnedAway? {
    state.withLock { $0.admission.take(byteCount, for: ticket) }
  }

  private func turn(
    of ticket: Admission.Ticket, on eventLoop: any EventLoop
  ) async -> Admission.TurnedAway? {
    let deadline = eventLoop.scheduleTask(in: .seconds(waitSecondsMax)) { [weak self] in
      self?.expire(ticket)
    }
    defer { deadline.cancel() }
    // A hub that ends does not wait for a turn either.
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        change { state in
          state.waiting[ticket] = continuation
          state.admission.wait(ticket)
        }
        if Task.isCancelled { expire(ticket) }
      }
    } onCancel: {
      expire(ticket)
    }
  }

  private func expire(_ ticket: Admission.Ticket) {
    let ended = state.withLock { state in
      state.admission.expire(ticket).map { ($0, state.waiting.removeValue(forKey: ticket)) }
    }
    if let (reason, continuation) = ended { continuation?.resume(returning: reason) }
  }

  private func finish(_ ticket: Admission.Ticket, answerByteCount: Int) {
    change { $0.admission.finish(ticket, answerByteCount: answerByteCount) }
  }

  private func leave(_ ticket: Admission.Ticket) {
    change { $0.admission.leave(ticket) }
  }

  /// Lets something happen, and wakes those whose turn has come by it.
  private func change(_ event: (inout State) -> Void) {
    let woken = state.withLock { state in
      event(&state)
      return state.admission.next().compactMap { state.waiting.removeValue(forKey: $0) }
    }
    for continuation in woken { continuation.resume(returning: nil) }
  }
}

extension Refusal {
  fileprivate init(_ reason: Admission.TurnedAway) {
    self =
      switch reason {
      case .ownShare(let seconds): .tooMany(retrySeconds: seconds)
      case .busy(let seconds): .busy(retrySeconds: seconds)
      }
  }
}
