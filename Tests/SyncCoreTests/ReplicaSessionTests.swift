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
      #expect(session.handle(.scrubbed(.nothing)) == .pullUnequalCases)
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
    #expect(session.handle(.scrubbed(.found)) == .buildBatches)
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

  @Test("more than a session mends by itself is left for a person")
  func tooMuch() {
    var session = started(in: .applying)
    #expect(session.handle(.applied(unequalCases: 900)) == .scrub)
    #expect(session.handle(.scrubbed(.nothingAndTooMuchToMend)) == .sayGoodbye)
  }

  @Test("a repair that helps ends the session")
  func repaired() {
    var session = started(in: .applying)
    #expect(session.handle(.applied(unequalCases: 1)) == .scrub)
    #expect(session.handle(.scrubbed(.nothing)) == .pullUnequalCases)
    #expect(session.handle(.pageReceived(isLast: true)) == .applyPages)
    #expect(session.handle(.applied(unequalCases: 0)) == .sayGoodbye)
  }

  @Test("a restored replica begins a new incarnation before it greets", arguments: [true, false])
  func restored(bySidecar: Bool) {
    var session = ReplicaSession()
    if bySidecar {
      #expect(session.handle(.begunRestored) == .beginIncarnation)
    } else {
      #expect(session.handle(.begun) == .sayHello)
      #expect(session.handle(.restoreSeen) == .beginIncarnation)
    }
    #expect(session.handle(.incarnationAnswered(isLast: false)) == .beginIncarnation)
    #expect(session.handle(.incarnationAnswered(isLast: true)) == .sayHello)
    #expect(session.handle(.greeted) == .buildBatches)
  }

  @Test("what a restored hub has forgotten is returned before anything is built")
  func restoredHub() {
    var session = ReplicaSession()
    #expect(session.handle(.begun) == .sayHello)
    #expect(session.handle(.historyChanged) == .askForHistory)
    #expect(session.handle(.historyAdopted) == .sayHello)
    #expect(session.handle(.returnDue) == .returnNextBatch)
    #expect(session.handle(.batchReturned) == .returnNextBatch)
    var refused = session
    #expect(refused.handle(.uploadRefused) == .pullNextPage)
    var failed = session
    #expect(failed.handle(.failed) == .sayGoodbye)
    #expect(session.handle(.nothingToReturn) == .buildBatches)
  }

  @Test(
    "a failure before the hub has greeted ends the session",
    arguments: [
      [.begunRestored], [.begun, .restoreSeen], [.begun, .historyChanged],
    ] as [[ReplicaSession.Event]])
  func failsEarly(events: [ReplicaSession.Event]) {
    var session = ReplicaSession()
    for event in events { _ = session.handle(event) }
    #expect(session.handle(.failed) == .finish && session.state == .ended)
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
