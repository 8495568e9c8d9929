import CaseloadSchema
import Foundation
import Hub
import HubService
import HubStorage
import Replica
import ReplicaAgent
import SyncCore
import SyncProtocol
import Testing

/// A client that holds a valid certificate and means harm: real TLS, a real hub, a real database.
/// Whatever it sends, the hub goes on, nothing of it stays, and it learns nothing.
@Suite("A hostile site", .serialized)
struct HostileSiteTests {
  private static let json = ["Content-Type: application/json"]
  private static let rows = ["Content-Type: application/vnd.kreissync.rows"]
  private static let paths = [
    ProtocolPath.hello, ProtocolPath.push, ProtocolPath.pull, ProtocolPath.bye,
    ProtocolPath.compare, ProtocolPath.handover, ProtocolPath.proposals, ProtocolPath.decide,
  ]

  @Test("Nonsense at every path is refused with a reason, and the hub goes on")
  func nonsense() async throws {
    try await HostileHub.run { hub in
      var generator = SeededGenerator(seed: 25)
      let deep = String(repeating: "[", count: 100_000)
      let bodies: [[UInt8]] =
        [[], Array("{}".utf8), Array("null".utf8), Array(deep.utf8), [0xFF, 0xFE, 0]]
        + [Array("{\"session\":1e400}".utf8), Array("{\"session\":\"1\",\"since\":7}".utf8)]
        + (0..<20).map { _ in (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) } }
      for path in Self.paths {
        for body in bodies {
          for type in [Self.json, Self.rows] {
            let status = hub.send(path, type, body)
            #expect([400, 404].contains(status), "\(path) \(type): \(String(describing: status))")
          }
        }
      }
      hub.expectUnharmed()
    }
  }

  @Test("Numbers at the ends of their range harm nobody")
  func extremes() async throws {
    try await HostileHub.run { hub in
      let numbers: [Int64] = [.min, -1, 0, 1, 2, 1 << 53, .max - 1, .max]
      for number in numbers {
        var hello = hub.hello(nonce: "n\(number)")
        hello.clockMilliseconds = number
        #expect([200, 400, 409].contains(try hub.post(ProtocolPath.hello, hello)))
        hello.lastBatchNumber = number
        #expect([200, 400, 409].contains(try hub.post(ProtocolPath.hello, hello)))
        for keyPath in [\WirePosition.seq, \WirePosition.treeSize] {
          var position = hub.hello(nonce: "p\(number)")
          position.position[keyPath: keyPath] = number
          #expect([200, 400, 409].contains(try hub.post(ProtocolPath.hello, position)))
        }
        let session = try hub.session()
        let bye = ByeRequest(
          session: session, result: "done", seq: number, digestEqual: nil, parked: number,
          pending: number)
        #expect([200, 400, 409].contains(try hub.post(ProtocolPath.bye, bye)))
        for keyPath in [
          \PullContinuation.since, \.through, \.grantsThrough, \.rowsThrough,
        ] {
          var continuation = PullContinuation(since: 0, through: try hub.head.seq)
          continuation[keyPath: keyPath] = number
          continuation.grantedCase = "c-other"
          let pull = PullRequest(
            session: session, since: hub.start, continuation: continuation, refreshRows: [],
            refreshCases: [])
          let answer = try hub.exchange(ProtocolPath.pull, pull)
          #expect([200, 400].contains(answer.status), "\(keyPath) \(number)")
          hub.expectNothingForeign(answer)
        }
      }
      hub.expectUnharmed()
    }
  }

  @Test("A comparison tells nothing of others' cases, whatever it asks for")
  func comparisons() async throws {
    try await HostileHub.run { hub in
      let session = try hub.session()
      let others = ["c-other", "c-nowhere", "#9/w-other", "", "#"].map { CaseID($0) }
      var requests = [
        CompareRequest(session: session, since: hub.start),
        CompareRequest(session: session, since: hub.start, buckets: Array(0..<256)),
        CompareRequest(session: session, since: hub.start, buckets: []),
        CompareRequest(session: session, since: hub.start, cases: others),
        CompareRequest(
          session: session, since: hub.start, cases: others,
          continuation: CompareContinuation(
            case: CaseID("c-other"), row: RowKey(table: 1, id: RowID("a")))),
      ]
      for request in requests {
        let answer = try hub.exchange(ProtocolPath.compare, request)
        #expect(answer.status == 200)
        hub.expectNothingForeign(answer)
      }
      for buckets in [[-1], [256], [.max], Array(repeating: 0, count: 300)] {
        requests[1].buckets = buckets
        #expect(try hub.post(ProtocolPath.compare, requests[1]) == 400)
      }
      requests[3].buckets = [1]
      #expect(try hub.post(ProtocolPath.compare, requests[3]) == 400)
      let many = CompareRequest(
        session: session, since: hub.start, cases: (0..<600).map { CaseID("c\($0)") })
      #expect(try hub.post(ProtocolPath.compare, many) == 400)
      let foreign = CompareRequest(session: session + 7, since: hub.start)
      #expect(try hub.post(ProtocolPath.compare, foreign) == 409)
      hub.expectUnharmed()
    }
  }

  @Test("Changes that no replica makes are refused one by one, each with its rule")
  func changes() async throws {
    try await HostileHub.run { hub in
      func change(
        _ row: String, in caseID: String, _ columns: [Int], _ values: [Value],
        kind: ChangeKind = .insert, base: Int64 = 0, table: String = "consultation"
      ) -> (Int64) -> Change {
        { n in
          Change(
            id: EntryID(n: n, tag: n), kind: kind, row: hub.key(table, row),
            caseID: CaseID(caseID), cells: Cells(mask: ColumnMask(columns), values: values),
            base: base, editedAt: n.isMultiple(of: 2) ? .min : .max)
        }
      }
      let note = [hub.number("note", in: "consultation")]
      let name = [hub.number("name", in: "site")]
      let unknownTable = { (n: Int64) in
        Change(
          id: EntryID(n: n, tag: n), kind: .insert, row: RowKey(table: 999, id: RowID("a")),
          caseID: CaseID("c-own"), cells: Cells(mask: ColumnMask([1]), values: [.null]), base: 0,
          editedAt: 0)
      }
      let expected: [(Rule, (Int64) -> Change)] = [
        (.unknownTable, unknownTable),
        (.unknownColumn, change("b", in: "c-own", [61], [.null], kind: .update)),
        (.valueNotAllowed, change("k-own", in: "c-own", note, [.integer(7)], kind: .update)),
        (.valueNotAllowed, change("k-own", in: "c-own", note, [.null], kind: .update, base: .max)),
        (.notGranted, change("k-own", in: "c-other", note, [.text("x")], kind: .update)),
        (.notGranted, change("k-other", in: "c-other", note, [.text("x")], kind: .update)),
        (.notGranted, change("k-other", in: "c-nowhere", note, [.text("x")], kind: .update)),
        (.notGranted, change("k-other", in: "c-other", [], [], kind: .delete)),
        (.hubWritesOnly, change("s", in: "", name, [.text("x")], kind: .update, table: "site")),
        (.unknownRow, change("z", in: "c-own", note, [.text("x")], kind: .update)),
      ]
      let changes = expected.enumerated().map { $0.element.1(Int64($0.offset + 11)) }
      let answer = try hub.push(changes)
      #expect(answer.verdicts.map(\.verdict) == changes.map { _ in .refused })
      #expect(answer.verdicts.map(\.rule) == expected.map(\.0))
      hub.expectUnharmed()
    }
  }

  @Test("A change that cannot be read is refused alone; its neighbours in the batch are applied")
  func unreadableChange() async throws {
    try await HostileHub.run { hub in
      var bytes = hub.batch((11...13).map { hub.note($0, "note \($0)") }).encoded()
      // A text that is no UTF-8, in the second change.
      let place = try #require(bytes.firstRange(of: Array("note 12".utf8)))
      bytes[place.lowerBound] = 0xFF
      let answer = try hub.push(bytes)
      #expect(answer.verdicts.map(\.n) == [12])
      #expect(answer.verdicts.first?.verdict == .refused)
      #expect(answer.verdicts.first?.rule == .valueNotAllowed)
      #expect(try hub.notes() == ["note 11", "note 13"])
      // The same bytes get the same answer, and the next batch is taken.
      #expect(try hub.push(bytes) == answer)
      #expect(try hub.push([hub.note(14, "note 14")]).verdicts.isEmpty)
      hub.expectUnharmed()
    }
  }

  @Test("A case that does not fit the hub's own tables is refused alone, also beside one like it")
  func unfitCase() async throws {
    try await HostileHub.run { hub in
      // An index that somebody added to the county's database; no decision knows of it.
      try hub.execute("CREATE UNIQUE INDEX own ON consultation (note) WHERE note = 'twice'")
      var changes: [Change] = []
      for number in Int64(11)...18 {
        changes.append(hub.opening(2 * number, "c-\(number)"))
        let text = [13, 16].contains(number) ? "twice" : "note \(number)"
        changes.append(hub.note(2 * number + 1, text, in: "c-\(number)"))
      }
      let bytes = hub.batch(changes).encoded()
      let answer = try hub.push(bytes)
      #expect(answer.verdicts.map(\.n).sorted() == [32, 33])
      #expect(answer.verdicts.allSatisfy { $0.verdict == .refused && $0.rule == .valueNotAllowed })
      #expect(try hub.push(bytes) == answer)
      #expect(try hub.push([hub.note(91, "note 91")]).verdicts.isEmpty)
      hub.expectUnharmed()
    }
  }

  @Test("A batch that is out of turn, of another name or changed behind its answer is a fork")
  func forks() async throws {
    try await HostileHub.run { hub in
      let changedBehindItsAnswer = hub.batch([hub.note(11, "another")])
      _ = try hub.push([hub.note(11, "note 11")])
      let next = [hub.note(12, "two")]
      let forgeries = [
        changedBehindItsAnswer, hub.batch(next, skipping: 1), hub.batch(next, previous: .zero),
        hub.batch(next, incarnation: IncarnationID("another")),
        hub.batch(next, history: HistoryID("another")), hub.batch([hub.note(11, "again")]),
        hub.batch([hub.note(12, "a"), hub.note(12, "b")]),
      ]
      for (position, forgery) in forgeries.enumerated() {
        let response = try hub.pushResponse(forgery.encoded())
        #expect(response.status == 409, "\(position)")
        let refusal: ProtocolError = try WireJSON.decode(response.body)
        #expect(refusal.code == .fork)
        try hub.letGo()
      }
      #expect(try hub.notes() == ["note 11"])
      hub.expectUnharmed()
    }
  }

  @Test("What is foreign and what is not there get the same answers")
  func sameAnswers() async throws {
    try await HostileHub.run { hub in
      var session = try hub.session()
      func answer(case caseID: String, row: String) throws -> ProtocolResponse {
        try hub.exchange(
          ProtocolPath.pull,
          PullRequest(
            session: session, since: try hub.head, continuation: nil,
            refreshRows: [hub.key("consultation", row)], refreshCases: [CaseID(caseID)]))
      }
      // Names of one length: only what the hub says is compared.
      let foreign = try answer(case: "c-other", row: "k-other")
      let absent = try answer(case: "c-xxxxx", row: "k-xxxxx")
      #expect(foreign.status == 200)
      #expect(foreign.body == absent.body.replacing("k-xxxxx".utf8, with: "k-other".utf8))

      let writes = try ["c-other", "c-xxxxx"].enumerated().map { position, caseID in
        let note = hub.note(Int64(position + 11), "note", in: caseID)
        return try hub.push([note]).verdicts.map { [$0.verdict.rawValue, $0.rule?.rawValue] }
      }
      #expect(writes[0] == [["refused", "not_granted"]])
      #expect(writes[1] == writes[0])
      session = try hub.session()
      // Sessions of others cannot be used either: numbers are the site's own.
      for number in [session + 1, session + 1_000, 0, -1] {
        let response = try hub.exchange(
          ProtocolPath.bye,
          ByeRequest(
            session: number, result: "done", seq: 0, digestEqual: nil, parked: 0, pending: 0))
        #expect(response.status == 409)
      }
      hub.expectUnharmed()
    }
  }
}
