import SyncCore
import Testing

@Suite("A session as the site sees it")
struct ReplicaSessionTests {
  @Test("a good session says hello, sends, pulls, applies and parts")
  func goodSession() {
    var session = ReplicaSession()
    #expect(session.state == .greeting)
    #expect(session.handle(.begun) == .sayHello)
    #expect(session.handle(.greeted) == .buildBatches)
    #expect(session.handle(.built(reachesEnd: true)) == .sendNextBatch)
    #expect(session.handle(.answered) == .sendNextBatch)
    #expect(session.handle(.answered) == .sendNextBatch)
    #expect(session.handle(.outboxEmpty) == .pullNextPage)
    #expect(session.handle(.pageReceived(isLast: false)) == .pullNextPage)
    #expect(session.handle(.pageReceived(isLast: true)) == .applyPages)
    #expect(session.handle(.applied(unequalCases: 0)) == .sayGoodbye)
    #expect(session.handle(.parted) == .finish)
    #expect(session.state == .ended)
  }

  @Test("a newer schema is settled before anything is built, one way or the other")
  func newerSchema() {
    var session = ReplicaSession()
    #expect(session.handle(.begun) == .sayHello)
    #expect(session.handle(.schemaOffered) == .fetchSchema)
    #expect(session.state == .growing)
    #expect(session.handle(.schemaSettled) == .buildBatches)
    var failing = ReplicaSession()
    _ = failing.handle(.begun)
    _ = failing.handle(.schemaOffered)
    #expect(failing.handle(.failed) == .sayGoodbye)
  }

  @Test("nothing to send: the pull follows at once")
  func nothingToSend() {
    var session = started(in: .building)
    #expect(session.handle(.built(reachesEnd: true)) == .sendNextBatch)
    #expect(session.handle(.outboxEmpty) == .pullNextPage)
  }

  @Test("a long log is built and sent stretch by stretch before anything is pulled")
  func longLog() {
    var session = started(in: .building)
    for _ in 0..<3 {
      #expect(session.handle(.built(reachesEnd: false)) == .sendNextBatch)
      #expect(session.handle(.answered) == .sendNextBatch)
      #expect(session.handle(.outboxEmpty) == .buildBatches)
    }
    #expect(session.handle(.built(reachesEnd: true)) == .sendNextBatch)
    #expect(session.handle(.outboxEmpty) == .pullNextPage)
  }

  @Test("a log that grows faster than it is sent does not hold back the pull for ever")
  func endlessLog() {
    var session = started(in: .building)
    for _ in 1..<ReplicaSession.buildCountMax {
      #expect(session.handle(.built(reachesEnd: false)) == .sendNextBatch)
      #expect(session.handle(.outboxEmpty) == .buildBatches)
    }
    #expect(session.handle(.built(reachesEnd: false)) == .sendNextBatch)
    #expect(session.handle(.outboxEmpty) == .pullNextPage)
  }

  @Test("unequal cases are pulled again, and what stays unequal after two rounds is reported")
  func repair() {
    var session = started(in: .applying)
    for _ in 0..<ReplicaSession.repairCountMax {
      #expect(session.handle(.applied(unequalCases: 4)) == .scrub)
      #expect(session.handle(.scrubbed(found: false)) == .pullUnequalCases)
      #expect(session.state == .pulling)
      #expect(session.handle(.pageReceived(isLast: false)) == .pullNextPage)
      #expect(session.handle(.pageReceived(isLast: true)) == .applyPages)
    }
    #expect(session.handle(.applied(unequalCases: 4)) == .sayGoodbye)
    #expect(ReplicaSession.repairCountMax == 2)
  }

  @Test("writes that the scrub finds are sent before the hub's copy could cover them")
  func scrubbed() {
    var session = started(in: .applying)
    #expect(session.handle(.applied(unequalCases: 1)) == .scrub)
    #expect(session.handle(.scrubbed(found: true)) == .buildBatches)
    #expect(session.handle(.built(reachesEnd: true)) == .sendNextBatch)
    #expect(session.handle(.outboxEmpty) == .pullNextPage)
    #expect(session.handle(.pageReceived(isLast: true)) == .applyPages)
    #expect(session.handle(.applied(unequalCases: 0)) == .sayGoodbye)
  }

  @Test("an upload that the hub cannot take does not hold back the download")
  func uploadRefused() {
    var session = started(in: .sending)
    #expect(session.handle(.uploadRefused) == .pullNextPage)
    #expect(session.handle(.pageReceived(isLast: true)) == .applyPages)
    #expect(session.handle(.applied(unequalCases: 0)) == .sayGoodbye)
  }

  @Test("a repair that helps ends the session")
  func repaired() {
    var session = started(in: .applying)
    #expect(session.handle(.applied(unequalCases: 1)) == .scrub)
    #expect(session.handle(.scrubbed(found: false)) == .pullUnequalCases)
    #expect(session.handle(.pageReceived(isLast: true)) == .applyPages)
    #expect(session.handle(.applied(unequalCases: 0)) == .sayGoodbye)
  }

  @Test("a hub that was never reached is not said goodbye to")
  func neverReached() {
    var session = ReplicaSession()
    #expect(session.handle(.begun) == .sayHello)
    #expect(session.handle(.failed) == .finish)
    #expect(session.state == .ended)
  }

  @Test(
    "a failure at any step leads to the goodbye, once",
    arguments: [.building, .sending, .pulling, .applying] as [ReplicaSession.State])
  func failure(state: ReplicaSession.State) {
    var session = started(in: state)
    #expect(session.handle(.failed) == .sayGoodbye)
    #expect(session.state == .parting)
    #expect(session.handle(.failed) == .finish)
    #expect(session.state == .ended)
  }

  private func started(in state: ReplicaSession.State) -> ReplicaSession {
    let path: [(ReplicaSession.State, ReplicaSession.Event)] = [
      (.greeting, .greeted), (.building, .built(reachesEnd: true)), (.sending, .outboxEmpty),
      (.pulling, .pageReceived(isLast: true)),
    ]
    var session = ReplicaSession()
    for step in path where session.state == step.0 && session.state != state {
      _ = session.handle(step.1)
    }
    #expect(session.state == state)
    return session
  }
}
