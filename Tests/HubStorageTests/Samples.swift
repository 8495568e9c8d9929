import HubStorage
import SyncCore

extension HubStore {
  /// A county in which everything has happened: `c1` is led by `a` and shared with `b`, `c2` is
  /// led by `b` alone; `p3` moved from `c1` to `c2`, `p4` was deleted.
  func fill() throws {
    try commit { plan in
      plan.row(TestCounty.site, "a", in: .none, [.text("Stelle A")], by: .hub)
      plan.putCase(.none, lead: .hub, digest: 3)
    }
    try commit { plan in
      plan.row(TestCounty.caseFile, "c1", in: "c1", [.text("2025-01-15"), .null])
      plan.grant("c1", to: "a", as: .lead, isHeldAlready: true)
      plan.grant("c1", to: "b")
      plan.person("p1", in: "c1")
      plan.person("p2", in: "c1", "Probe")
      plan.person("p3", in: "c1")
      plan.person("p4", in: "c1")
      plan.putCase("c1", lead: "a", digest: 11)
    }
    try commit { plan in
      plan.row(TestCounty.caseFile, "c2", in: "c2", [.null, .null], by: "b")
      plan.grant("c2", to: "b", as: .lead, isHeldAlready: true)
      plan.row(TestCounty.person, "p3", in: "c1", nil)
      plan.person("p3", in: "c2")
      plan.row(TestCounty.person, "p4", in: "c1", nil)
      plan.putCase("c2", lead: "b", digest: 22)
      plan.lose(.sample(in: "c1"))
      plan.propose(.sample(in: "c1"))
    }
    try write { writer throws in
      try writer.put(.sample("a", key: [1], token: [2]))
      try writer.put(.sample("b"))
      try writer.store(
        .sample(site: "a", number: 1),
        verdicts: [(EntryID(n: 1, tag: 7), .applied), (EntryID(n: 2, tag: -8), .merged)])
    }
  }
}

extension LedgerEntry {
  static func sample(
    in caseID: CaseID, policy: Policy? = .lead, kept: Value = .text("kept"),
    lost: Value = .integer(.min)
  ) -> LedgerEntry {
    LedgerEntry(
      caseID: caseID, row: person("p1"), column: 5, base: 3, seq: 4, policy: policy,
      rule: .leadWins, epoch: 2, role: .contributor,
      kept: Contender(value: kept, site: "a", editedAt: 1_111),
      lost: Contender(value: lost, site: "b", editedAt: -2_222))
  }
}

extension LedgerEntry {
  static func replacement(
    in caseID: CaseID, _ column: Int, seq: Int64, kept: SiteID, lost: SiteID
  ) -> LedgerEntry {
    LedgerEntry(
      caseID: caseID, row: person("p1"), column: column, base: 1, seq: seq, policy: .lead,
      rule: .leadWins, epoch: 1, role: .lead,
      kept: Contender(value: .text("kept"), site: kept, editedAt: 1),
      lost: Contender(value: .text("lost"), site: lost, editedAt: 2))
  }
}

extension Proposal {
  static func sample(
    in caseID: CaseID, column: Int? = 1, policy: Policy? = .manual, by site: SiteID = "b"
  ) -> Proposal {
    Proposal(
      caseID: caseID, row: person("p1"), column: column, base: 1, seq: 2, policy: policy,
      rule: .personDecides, epoch: 3,
      kept: Contender(value: .null, site: "a", editedAt: 10),
      proposed: Contender(value: .text("Übernächster"), site: site, editedAt: 11))
  }
}

extension SiteRecord {
  static func sample(
    _ id: SiteID, name: String? = nil, key: [UInt8]? = nil, token: [UInt8]? = nil
  ) -> SiteRecord {
    SiteRecord(
      id: id, name: name ?? "Stelle \(id)", kind: .municipality, areas: [], state: .waiting,
      url: "https://hub.example:8443", joinURL: "https://hub.example:8444", tokenHash: token,
      keyHash: key)
  }
}

extension AnsweredBatch {
  static func sample(site: SiteID, number: Int64, incarnation: String? = nil) -> AnsweredBatch {
    AnsweredBatch(
      id: BatchID(
        site: site, incarnation: IncarnationID(incarnation ?? "i-\(site)"), number: number),
      hash: Hash256(sha256Of: [UInt8(number % 251)]), answer: [0, 255, UInt8(number % 251)],
      receivedAt: 1_000 + number)
  }
}

extension HubReader {
  /// The head of the tree by RFC 9162's own definition, from nothing but the log's entries.
  func naiveHead() throws -> TreeHead {
    let leaves = try naiveLeaves()
    return TreeHead(size: Int64(leaves.count), root: naiveRoot(leaves[...]))
  }

  func naiveLeaves() throws -> [Hash256] {
    let entries = try log(from: 0, limit: 100_000)
    return try transactions(from: 0, limit: 100_000).map { transaction in
      let own = entries.filter { (transaction.firstSeq...transaction.lastSeq).contains($0.seq) }
      var bytes = transaction.firstSeq.bigEndianBytes
      for entry in own { bytes += entry.commitment.bytes }
      return Hash256(sha256Of: [0] + bytes)
    }
  }
}

/// > MTH(D[n]) = HASH(0x01 || MTH(D[0:k]) || MTH(D[k:n])), k the largest power of two smaller than
/// n
///
/// (RFC 9162, section 2.1.1)
func naiveRoot(_ leaves: ArraySlice<Hash256>) -> Hash256 {
  guard leaves.count > 1 else { return leaves.first ?? Hash256(sha256Of: []) }
  var half = 1
  while half * 2 < leaves.count { half *= 2 }
  let left = naiveRoot(leaves.prefix(half))
  let right = naiveRoot(leaves.dropFirst(half))
  return Hash256(sha256Of: [1] + left.bytes + right.bytes)
}

extension Int64 {
  fileprivate var bigEndianBytes: [UInt8] {
    stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Int64($0)) }
  }
}
