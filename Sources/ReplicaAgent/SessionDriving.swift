import ReplicaStorage
import SyncProtocol

extension SyncSession {
  /// Runs the session to its end.
  ///
  /// - Parameter isStopping: asked between the steps; true leaves the rest to the next session.
  /// - Throws: what ended it early; the hub is told if it was reached, and the replica remembers.
  ///   ``SessionError/stopped`` leaves both as they are.
  package mutating func run(
    over link: some HubLink, until isStopping: () -> Bool = { false }
  ) throws -> SessionReport {
    while true {
      if isStopping() { throw SessionError.stopped }
      switch advance() {
      case .nothing:
        continue
      case .answer(let request):
        let outcome: Result<ProtocolResponse, LinkFailure>
        do {
          outcome = .success(try link.exchange(request))
        } catch {
          outcome = .failure(error)
        }
        receive(outcome)
      case .end:
        return try finish()
      }
    }
  }
}
