import Foundation
import ReplicaAgent
import SyncCore
import SyncProtocol
import SyncSimulator
import Testing

/// What a site keeps of a hub whose past has changed.
@Suite("History proofs")
struct HistoryProofTests {
  @Test func `both heads and the proof are kept, the newest few of them`() throws {
    let office = try SnapshotOffice()
    let position = WirePosition(
      Position(history: HistoryID("h"), seq: 3, treeHead: .empty))
    for second in 0..<12 {
      let proof = HistoryProof(
        seen: position, shown: position, consistency: [Hash256.zero.text],
        at: Milliseconds(second) * 1_000)
      let name = try proof.write(to: office.directory)
      #expect(try HistoryProof.latest(in: office.directory) == name)
    }
    let kept = try office.files().filter { $0.hasPrefix("proof-") }
    #expect(kept.count == 8)
    #expect(kept.first == "proof-19700101T000004Z.json")
    let text = try String(contentsOfFile: office.directory + "/" + kept[0], encoding: .utf8)
    #expect(text.contains("\"seen\":{\"history\":\"h\",\"seq\":3") && text.contains("\"shown\""))
    #expect(text.contains(Hash256.zero.text))
  }

  @Test func `a head that does not extend the one that was seen is refused and kept`() throws {
    let office = try SnapshotOffice()
    _ = try office.load()
    try office.sync()
    try office.towns[0].client.run("UPDATE sample SET by_max = 70 WHERE id = 's-ANNA-1'")
    try office.towns[0].sync()
    var kept: [HistoryProof] = []
    let failure = #expect(throws: SessionError.self) {
      try office.sync(keepProof: {
        kept.append($0)
        return "proof.json"
      }) { answer in
        var hello: HelloResponse = try WireJSON.decode(answer.body)
        hello.head.treeRoot = Hash256(sha256Of: [1]).text
        return ProtocolResponse(
          status: 200, contentType: .json, body: try WireJSON.encode(hello))
      }
    }
    #expect(failure == .historyRewritten(proof: "proof.json"))
    #expect(kept.map(\.shown.treeRoot) == [Hash256(sha256Of: [1]).text])
    #expect(kept.first?.consistency.isEmpty == false)
    #expect(try office.sync().digestEqual)
  }
}
