import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol
import Testing

/// What each failure of a session means for the next one: the table of ``RunPlan/Outcome``.
@Suite("The next session after a failure")
struct SessionOutcomeTests {
  private static let soon = RunPlan.Outcome.failedForNow(retryAfter: nil)
  private static let slowly = RunPlan.Outcome.failedForNow(retryAfter: 900_000)

  private static func refused(_ code: String) -> SessionError {
    .refused(code: code, message: "", hint: "")
  }

  private static let cells: [(any Error, RunPlan.Outcome)] = [
    (SessionError.unreachable(""), soon),
    (SessionError.unfitAnswer(""), soon),
    (ReplicaError.unfitAnswer(""), soon),
    (ReplicaError.locked, soon),
    (ReplicaError.storageFull, soon),
    (FileFailure(.write, "x", code: 28), soon),
    (SessionError.wrongIdentity(""), slowly),
    (SessionError.certificateRefused(""), .failedUntilMended),
    (SessionError.certificateUnusable(""), .failedUntilMended),
    (SessionError.uploadRefused(message: "", hint: ""), .failedUntilMended),
    (SessionError.historyRewritten(proof: nil), .failedUntilMended),
    (ReplicaError.missing(path: ""), .failedUntilMended),
    (ReplicaError.corrupt, .failedUntilMended),
    (ReplicaError.readOnly, .failedUntilMended),
    (ReplicaError.newerFormat(path: "", format: 9), .failedUntilMended),
    (FileFailure(.write, "x", code: 13), .failedUntilMended),
  ]

  @Test("every failure of the table has its outcome")
  func failures() {
    for (error, outcome) in Self.cells {
      #expect(RunPlan.Outcome(error, retryAfterSeconds: nil) == outcome, "\(error)")
    }
  }

  @Test("a refusal by code: what passes is tried again not before Retry-After, the rest waits")
  func refusals() {
    let passing: Set<ProtocolError.Code> = [
      .paused, .busy, .hubStorageFull, .fenced, .internalError,
    ]
    for code in ProtocolError.Code.allCases {
      let outcome = RunPlan.Outcome(Self.refused(code.rawValue), retryAfterSeconds: 7)
      #expect(
        outcome
          == (passing.contains(code)
            ? .failedForNow(retryAfter: 7_000) : .failedUntilMended),
        "\(code)")
    }
    // A code of a newer hub: its Retry-After says what it is.
    #expect(
      RunPlan.Outcome(Self.refused("too_warm"), retryAfterSeconds: 7)
        == .failedForNow(retryAfter: 7_000))
    #expect(
      RunPlan.Outcome(Self.refused("too_warm"), retryAfterSeconds: nil) == .failedUntilMended)
  }

  @Test("a plan that was kept is the plan that comes back")
  func record() throws {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<200 {
      var plan = RunPlan()
      var now: Milliseconds = 1_795_608_000_000
      for _ in 0..<generator.pick([1, 2, 5]) {
        let outcome: RunPlan.Outcome = generator.pick([
          .succeeded, .failedUntilMended, Self.soon, .failedForNow(retryAfter: 3_600_000),
        ])
        plan.end(outcome, at: now) { .random(in: $0, using: &generator) }
        now += 60_000
      }
      let bytes = try WireJSON.encode(RunRecord(plan: plan, nextRun: now, lastFailure: "x"))
      let read: RunRecord = try WireJSON.decode(bytes)
      #expect(read.plan == plan)
      #expect(read.nextRun == now && read.lastFailure == "x")
    }
  }

  @Test("announced pins count under the configured one that they were announced for")
  func pins() {
    let (old, new, third) = (
      [UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32),
      [UInt8](repeating: 3, count: 32)
    )
    let pins = HubPins(configured: old, pins: [new])
    #expect(pins.accepted(configured: old) == [new])
    #expect(pins.accepted(configured: third) == [third])
    #expect(HubPins(configured: old, pins: [old, new]).accepted(configured: old) == [old, new])
    #expect(HubPins(configured: old, pins: []).accepted(configured: old) == [old])
  }
}
