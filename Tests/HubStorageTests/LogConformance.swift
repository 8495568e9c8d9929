import HubStorage
import SyncCore
import Testing

/// The log, its tree, and what decisions leave beside the rows.
@Suite("Hub store: log, ledger, proposals")
struct LogConformance {
  @Test("entries come back with payload, fresh salt and commitment", arguments: HubEngine.all)
  func entries(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    let plan = try store.commit { plan in
      plan.person("p1", in: "c1")
      plan.row(TestCounty.person, "p2", in: "c1", nil, by: "b")
      plan.grant("c2", to: "a")
      return plan.plan
    }
    try store.read { reader throws in
      let first = try #require(plan.log.first?.seq)
      let stored = try reader.log(from: first, limit: 99)
      #expect(stored.count == 3)
      for (entry, written) in zip(stored, plan.log) {
        #expect(entry.seq == written.seq)
        #expect(entry.payload == written.encodedPayload())
        #expect(entry.caseID == written.caseID)
        #expect(entry.site == written.site)
        #expect(entry.recordedAt == written.recordedAt)
        let salt = try #require(entry.salt)
        #expect(salt.count == 16)
        #expect(entry.commitment == Hash256(sha256Of: salt + written.encodedPayload()))
      }
      #expect(stored.map(\.kind) == ["insert", "delete", "grant"])
      #expect(Set(stored.map(\.leaf)) == [try reader.counter.tree.size - 1])
      let salts = try reader.log(from: 0, limit: 99).compactMap(\.salt)
      #expect(Set(salts).count == salts.count)
    }
  }

  @Test("the tree is RFC 9162's over the transactions, node by node", arguments: HubEngine.all)
  func tree(_ engine: HubEngine) throws {
    let store = try engine.make()
    var ends: [Int64] = []
    for transaction in 1...21 {
      let last = try store.commit { plan in
        for entry in 0..<(1 + transaction % 4) { plan.person("p\(entry)", in: "c1") }
        return plan.plan.log.last!.seq
      }
      ends.append(last)
      try store.read { reader throws in
        let expected = Counter(seq: last, tree: try reader.naiveHead())
        #expect(try reader.counter == expected)
      }
    }
    try store.read { reader throws in
      let leaves = try reader.naiveLeaves()
      #expect(try reader.transactions(from: 0, limit: 99).map(\.hash) == leaves)
      for (size, end) in zip(1..., ends) {
        #expect(try reader.lastSeq(ofSize: Int64(size)) == end)
        let head = try MerkleTree.head(size: Int64(size), reading: reader.treeNode)
        #expect(head.root == naiveRoot(leaves.prefix(size)))
      }
      #expect(try reader.lastSeq(ofSize: 0) == 0)
      for level in 0...4 {
        let width = 1 << level
        for index in 0..<(leaves.count / width) {
          let node = try reader.treeNode(MerkleNodeID(level: level, index: Int64(index)))
          #expect(node == naiveRoot(leaves[(index * width)..<((index + 1) * width)]))
        }
      }
      #expect(throws: HubStoreError.self) {
        try reader.treeNode(MerkleNodeID(level: 0, index: Int64(leaves.count)))
      }
    }
  }

  @Test(
    "log and transactions are read in order, from anywhere, in any length",
    arguments: HubEngine.all)
  func paging(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    try store.read { reader throws in
      let head = try reader.counter.seq
      #expect(try reader.log(from: 1, limit: 99).map(\.seq) == Array(1...head))
      #expect(try reader.log(from: 3, limit: 2).map(\.seq) == [3, 4])
      #expect(try reader.log(from: head, limit: 9).map(\.seq) == [head])
      #expect(try reader.log(from: head + 1, limit: 9).isEmpty)
      #expect(try reader.transactions(from: 0, limit: 99).map(\.leaf) == [0, 1, 2])
      #expect(try reader.transactions(from: 1, limit: 1).map(\.leaf) == [1])
      let all = try reader.transactions(from: 0, limit: 99)
      for (one, next) in zip(all, all.dropFirst()) { #expect(one.lastSeq + 1 == next.firstSeq) }
    }
  }

  @Test("a plan without log entries appends no leaf", arguments: HubEngine.all)
  func emptyLog(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    let before = try store.read { try $0.counter }
    try store.commit { $0.propose(.sample(in: "c2")) }
    try store.commit { _ in }
    try store.read { reader throws in
      #expect(try reader.counter == before)
      #expect(try reader.proposals().count == 2)
      #expect(try reader.transactions(from: 0, limit: 99).count == Int(before.tree.size))
    }
  }

  @Test("the ledger keeps every loser and finds it by id and by case", arguments: HubEngine.all)
  func ledger(_ engine: HubEngine) throws {
    let store = try engine.make()
    let first: [LedgerEntry] = [
      .sample(in: "c1"), .sample(in: "c1", policy: nil, kept: .null, lost: .text("")),
    ]
    let second: [LedgerEntry] =
      Policy.allCases.map { .sample(in: "c2", policy: $0, lost: .integer(.max)) }
    try store.commit(at: 100) { plan in first.forEach { plan.lose($0) } }
    try store.commit(at: 200) { plan in second.forEach { plan.lose($0) } }
    try store.read { reader throws in
      let all = try reader.ledger(LedgerFilter())
      #expect(Set(all.map(\.id)).count == first.count + second.count)
      #expect(all.map(\.recordedAt) == all.map(\.recordedAt).sorted())
      #expect(Set(all.filter { $0.recordedAt == 100 }.map(\.entry)) == Set(first))
      #expect(Set(all.filter { $0.recordedAt == 200 }.map(\.entry)) == Set(second))
      #expect(Set(try reader.ledger(LedgerFilter(caseID: "c1")).map(\.entry)) == Set(first))
      #expect(try reader.ledger(LedgerFilter(id: all[1].id)) == [all[1]])
      #expect(try reader.ledger(LedgerFilter(id: all[0].id, caseID: "c2")).isEmpty)
      #expect(try reader.ledger(LedgerFilter(id: "unknown")).isEmpty)
    }
  }

  @Test("proposals come back as they were made, open, oldest first", arguments: HubEngine.all)
  func proposals(_ engine: HubEngine) throws {
    let store = try engine.make()
    let first = Proposal.sample(in: "c1", column: nil, policy: nil)
    let second = Proposal.sample(in: "c1")
    try store.commit(at: 300) { $0.propose(second) }
    try store.commit(at: 200) { $0.propose(first) }
    let stored = try store.read { try $0.proposals() }
    #expect(stored.map(\.proposal) == [first, second])
    #expect(stored.map(\.recordedAt) == [200, 300])
    #expect(stored.map(\.state) == [.open, .open])
    #expect(stored[0].id != stored[1].id)
  }
}
