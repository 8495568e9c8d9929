import SyncCore
import Testing

/// The hard rules that judge a row by the other rows of its case.
@Suite("Hard rules of a case")
struct CaseRuleTests {
  private func effective(_ epoch: Value, _ values: [String: Value] = [:]) -> [String: Value] {
    ["state": "effective", "epoch": epoch].merging(values) { $1 }
  }

  private func verdict(
    _ bench: RuleBench, _ kind: ChangeKind, _ id: String, _ values: [String: Value]
  ) -> Rule? {
    bench.verdict(kind, "responsibility", id, values, by: .hub)
  }

  @Test("a case opens with a lead of its own, once")
  func opening() {
    var bench = RuleBench()
    #expect(verdict(bench, .insert, "r1", effective(1, ["kind": "opening"])) == nil)
    #expect(verdict(bench, .insert, "r1", effective(.null, ["kind": "opening"])) == .twoLeads)
    #expect(
      verdict(bench, .insert, "r1", effective(1, ["kind": "handover"])) == .handoverNotAccepted)
    bench.put("responsibility", "r0", ["state": "closed", "epoch": 1])
    #expect(
      verdict(bench, .insert, "r1", effective(2, ["kind": "opening"])) == .handoverNotAccepted)
  }

  @Test("two leads at one time are refused; the former closes first, in the same batch, too")
  func twoLeads() {
    var bench = RuleBench()
    bench.put("responsibility", "r1", effective(1))
    bench.put("responsibility", "r2", ["state": "accepted", "epoch": 2])
    #expect(verdict(bench, .update, "r2", ["state": "effective"]) == .twoLeads)
    let close = bench.change(.update, "responsibility", "r1", ["state": "closed"])
    let begin = bench.change(.update, "responsibility", "r2", ["state": "effective"])
    #expect(bench.verdicts([close, begin], by: .hub) == [nil, nil])
    #expect(bench.verdicts([begin, close], by: .hub) == [.twoLeads, nil])
    #expect(verdict(bench, .update, "r2", ["state": "declined"]) == nil)
    bench.put("responsibility", "other", effective(7), inCase: CaseID("another"))
    #expect(bench.verdicts([close, begin], by: .hub) == [nil, nil])
  }

  @Test("epochs increase strictly")
  func epochs() {
    var bench = RuleBench()
    bench.put("responsibility", "r1", ["state": "closed", "epoch": 4])
    bench.put("responsibility", "declined", ["state": "declined", "epoch": 9])
    for (epoch, expected) in [(3, .twoLeads), (4, .twoLeads), (5, nil)] as [(Int64, Rule?)] {
      bench.put("responsibility", "r2", ["state": "accepted", "epoch": .integer(epoch)])
      #expect(verdict(bench, .update, "r2", ["state": "effective"]) == expected)
    }
    bench.put("responsibility", "r3", effective(5))
    #expect(verdict(bench, .update, "r3", ["epoch": 4]) == .twoLeads)
    #expect(verdict(bench, .update, "r3", ["epoch": 6]) == nil)
    #expect(verdict(bench, .update, "r3", ["legal_ground": "x"]) == nil)
  }

  @Test("a hand-over becomes effective from acceptance, or by the county's order")
  func acceptance() {
    var bench = RuleBench()
    for state in ["proposed", "declined", "withdrawn"] as [Value] {
      bench.put("responsibility", "r", ["state": state, "epoch": 1, "kind": "handover"])
      #expect(verdict(bench, .update, "r", ["state": "effective"]) == .handoverNotAccepted)
      #expect(
        verdict(bench, .update, "r", effective(1, ["kind": "opening"])) == .handoverNotAccepted)
      let order: [String: Value] = ["kind": "by_order"]
      #expect(verdict(bench, .update, "r", effective(1, order)) == .handoverNotAccepted)
      let empty = order.merging(["decision_ref": ""]) { $1 }
      #expect(verdict(bench, .update, "r", effective(1, empty)) == .handoverNotAccepted)
      let full = order.merging(["decision_ref": "KT 12/2025"]) { $1 }
      #expect(verdict(bench, .update, "r", effective(1, full)) == nil)
    }
    bench.put("responsibility", "r", ["state": "accepted", "epoch": 1, "kind": "handover"])
    #expect(verdict(bench, .update, "r", ["state": "effective"]) == nil)
  }

  @Test("a special need names a consent of its own that is in force")
  func consent() {
    var bench = RuleBench()
    let need: [String: Value] = ["kind": "trauma", "consent_id": "c"]
    #expect(bench.verdict(.insert, "person_need", "n", ["kind": "trauma"]) == .consentMissing)
    #expect(bench.verdict(.insert, "person_need", "n", need) == .consentMissing)
    let given: [String: Value] = [
      "purpose": "special_needs", "event": "given", "on_date": "2025-03-01",
    ]
    bench.put("consent", "c", given)
    #expect(bench.verdict(.insert, "person_need", "n", need) == nil)
    #expect(bench.verdict(.insert, "person_need", "n", ["kind": "trauma"]) == .consentMissing)
    for (column, value) in [("purpose", "casework"), ("event", "refused")] as [(String, Value)] {
      var other = bench
      other.put("consent", "c", given.merging([column: value]) { $1 })
      #expect(other.verdict(.insert, "person_need", "n", need) == .consentMissing, "\(column)")
    }
    var elsewhere = RuleBench()
    elsewhere.put("consent", "c", given, inCase: CaseID("another"))
    #expect(elsewhere.verdict(.insert, "person_need", "n", need) == .consentMissing)
  }

  @Test(
    "a consent is in force while nothing more restrictive stands at its date or later",
    arguments: ["refused", "revoked", "expired"])
  func restriction(event: String) {
    let need: [String: Value] = ["kind": "trauma", "consent_id": "c"]
    func verdict(_ restriction: [String: Value], given day: Value = "2025-03-01") -> Rule? {
      var bench = RuleBench()
      bench.put("consent", "c", ["purpose": "special_needs", "event": "given", "on_date": day])
      bench.put(
        "consent", "d",
        ["purpose": "special_needs", "event": .text(event)].merging(restriction) { $1 })
      return bench.verdict(.insert, "person_need", "n", need)
    }
    #expect(verdict(["on_date": "2025-02-28"]) == nil)
    #expect(verdict(["on_date": "2025-03-01"]) == .consentMissing)
    #expect(verdict(["on_date": "2025-03-02"]) == .consentMissing)
    #expect(verdict(["on_date": .null]) == .consentMissing)
    #expect(verdict(["on_date": "2025-02-28"], given: .null) == .consentMissing)
    #expect(verdict(["on_date": "2025-03-02", "purpose": "casework"]) == nil)
    #expect(verdict(["on_date": "2025-03-02", "recipient_site": "awo"]) == nil)
  }

  @Test("after a revocation nothing is added to a need; it may be emptied and deleted")
  func revoked() {
    var bench = RuleBench()
    bench.put("consent", "c", ["purpose": "special_needs", "event": "revoked"])
    bench.put("person_need", "n", ["kind": "trauma", "text": "t", "consent_id": "c"])
    #expect(bench.verdict(.update, "person_need", "n", ["text": "more"]) == .consentMissing)
    #expect(bench.verdict(.update, "person_need", "n", ["text": .null]) == nil)
    #expect(bench.verdict(.delete, "person_need", "n") == nil)
  }

  @Test("consent and need may come in one batch, and so may a revocation")
  func consentInBatch() {
    let bench = RuleBench()
    let given = bench.change(
      .insert, "consent", "c", ["purpose": "special_needs", "event": "given"])
    let need = bench.change(.insert, "person_need", "n", ["kind": "trauma", "consent_id": "c"])
    let revoked = bench.change(.update, "consent", "c", ["event": "revoked"])
    let more = bench.change(.update, "person_need", "n", ["text": "more"])
    #expect(bench.verdicts([given, need, revoked, more]) == [nil, nil, nil, .consentMissing])
    #expect(bench.verdicts([need, given]) == [.consentMissing, nil])
  }
}
