import HubStorage
import SyncCore
import Testing

/// Sites, and the answers that their batches got.
@Suite("Hub store: sites and batches")
struct SiteConformance {
  @Test("a site comes back with all that the hub knows of it", arguments: HubEngine.all)
  func roundTrip(_ engine: HubEngine) throws {
    let store = try engine.make()
    var contact = SiteContact()
    contact.sessionIssued = 7
    contact.nonces = ["abc", "def"]
    contact.machine = "pc-7:/var/lib/kreissync"
    contact.restoredAt = 800
    contact.sessionUsed = 6
    contact.incarnation = "i1"
    contact.cursor = 42
    contact.lastContact = 1_000
    contact.lastSuccess = 900
    contact.clockSkew = -5_000
    contact.digestEqual = false
    contact.parked = 3
    contact.pending = 2
    contact.pins = ["p1", "p2"]
    let full = SiteRecord(
      id: "hemmingen", name: "Stadt Hemmingen", kind: .association,
      areas: ["08118027", "08118028"], state: .joined, url: "https://hub:1",
      joinURL: "https://hub:2",
      tokenHash: [1, 2, 3], tokenExpiresAt: 99, keyHash: [], certificateExpiresAt: 0,
      nextKeyHash: [4], nextCertificateExpiresAt: 7, heldBecause: .fork, contact: contact)
    try store.write { writer throws in
      try writer.put(full)
      try writer.put(.sample("plain"))
    }
    try store.read { reader throws in
      #expect(try reader.site("hemmingen") == full)
      #expect(try reader.site("plain") == .sample("plain"))
      #expect(try reader.site("unknown") == nil)
    }
  }

  @Test("every kind and state can be kept", arguments: HubEngine.all)
  func kindsAndStates(_ engine: HubEngine) throws {
    let store = try engine.make()
    for kind in SiteKind.allCases {
      for state in SiteState.allCases {
        let site = SiteRecord(
          id: "s", name: "n", kind: kind, areas: [], state: state, url: "", joinURL: "")
        try store.write { try $0.put(site) }
        #expect(try store.read { try $0.site("s") } == site)
      }
    }
    #expect(try store.read { try $0.sites.count } == 1)
  }

  @Test(
    "sites are found by key and by token, whatever their state, and listed by name",
    arguments: HubEngine.all)
  func lookups(_ engine: HubEngine) throws {
    let store = try engine.make()
    let one = SiteRecord.sample("1", name: "c", key: [1], token: [9])
    var two = SiteRecord.sample("2", name: "a", key: [2], token: [8])
    two.state = .revoked
    let three = SiteRecord.sample("3", name: "b")
    try store.write { writer in for site in [one, two, three] { try writer.put(site) } }
    try store.read { reader throws in
      #expect(try reader.sites == [two, three, one])
      #expect(try reader.site(keyHash: [1]) == one)
      #expect(try reader.site(keyHash: [2]) == two)
      #expect(try reader.site(tokenHash: [8]) == two)
      #expect(try reader.site(tokenHash: [1]) == nil, "a key is no token")
      #expect(try reader.site(keyHash: []) == nil, "no key is no site's key")
    }
    two.keyHash = [3]
    two.tokenHash = nil
    try store.write { try $0.put(two) }
    try store.read { reader throws in
      #expect(try reader.site(keyHash: [2]) == nil)
      #expect(try reader.site(keyHash: [3]) == two)
      #expect(try reader.site(tokenHash: [8]) == nil)
      #expect(try reader.sites.count == 3)
    }
  }

  @Test(
    "a key or token that another site has is refused, and that site stays",
    arguments: HubEngine.all)
  func takenKey(_ engine: HubEngine) throws {
    let store = try engine.make()
    let first = SiteRecord.sample("1", key: [1], token: [9])
    try store.write { try $0.put(first) }
    for thief in [SiteRecord.sample("2", key: [1]), .sample("2", token: [9])] {
      #expect(throws: HubStoreError.self) { try store.write { try $0.put(thief) } }
      #expect(try store.read { try $0.sites } == [first])
    }
  }

  @Test(
    "the answer to a batch is kept under site, incarnation and number", arguments: HubEngine.all)
  func batches(_ engine: HubEngine) throws {
    let store = try engine.make()
    let stored = [1, 2, 10].map { AnsweredBatch.sample(site: "a", number: $0) }
    let other = AnsweredBatch.sample(site: "a", number: 3, incarnation: "i2")
    try store.write { writer throws in
      for batch in [stored[2], stored[0], other, stored[1]] {
        // The same numbers again, under another incarnation.
        let n = batch == other ? 1 : batch.id.number
        try writer.store(batch, verdicts: [(EntryID(n: n, tag: .max - n), .applied)])
      }
    }
    try store.read { reader throws in
      for batch in stored + [other] { #expect(try reader.answeredBatch(batch.id) == batch) }
      #expect(
        try reader.answeredBatch(
          BatchID(site: "b", incarnation: IncarnationID("i-a"), number: 1)) == nil)
      #expect(try reader.lastBatch(of: "a", incarnation: IncarnationID("i-a")) == stored[2])
      #expect(try reader.lastBatch(of: "a", incarnation: IncarnationID("i2")) == other)
      #expect(try reader.lastBatch(of: "b", incarnation: IncarnationID("i-a")) == nil)
    }
  }

  @Test(
    "a replica's logs are kept by site and name, and what is put again is replaced",
    arguments: HubEngine.all)
  func incarnations(_ engine: HubEngine) throws {
    let store = try engine.make()
    var first = StoredIncarnation(site: "a", id: IncarnationID("i1"), beganAt: 10)
    let second = StoredIncarnation(
      site: "a", id: IncarnationID("i2"),
      ancestor: Ancestor(incarnation: IncarnationID("i1"), throughSeq: 7), batchStart: 3,
      beganAt: 20)
    let other = StoredIncarnation(site: "b", id: IncarnationID("i1"), beganAt: 5)
    try store.write { writer in
      for each in [second, first, other] { try writer.put(each) }
    }
    first.endedAt = 20
    first.machine = "pc-7:/data"
    first.lastContact = 19
    try store.write { try $0.put(first) }
    #expect(throws: CancellationError.self) {
      try store.write { writer in
        try writer.put(StoredIncarnation(site: "a", id: IncarnationID("i3"), beganAt: 30))
        throw CancellationError()
      }
    }
    try store.read { reader throws in
      #expect(try reader.incarnations(of: "a") == [first, second])
      #expect(try reader.incarnations(of: "b") == [other])
      #expect(try reader.incarnations(of: "c") == [])
    }
  }

  @Test(
    "answered entries are found by their tags, under every incarnation of their site",
    arguments: HubEngine.all)
  func tags(_ engine: HubEngine) throws {
    let store = try engine.make()
    let first = AnsweredBatch.sample(site: "a", number: 4)
    let later = AnsweredBatch.sample(site: "a", number: 5, incarnation: "i2")
    let foreign = AnsweredBatch.sample(site: "b", number: 1)
    try store.write { writer throws in
      try writer.store(
        first, verdicts: [(EntryID(n: 1, tag: 5), .applied), (EntryID(n: 2, tag: -6), .refused)])
      try writer.store(later, verdicts: [(EntryID(n: 1, tag: 7), .merged)])
      try writer.store(foreign, verdicts: [(EntryID(n: 1, tag: 8), .applied)])
    }
    try store.read { reader throws in
      #expect(
        try reader.answeredEntries(of: "a", tags: [7, 8, -6, 9]) == [
          StoredEntry(id: EntryID(n: 1, tag: 7), batch: later.id, verdict: .merged),
          StoredEntry(id: EntryID(n: 2, tag: -6), batch: first.id, verdict: .refused),
        ])
      #expect(try reader.answeredEntries(of: "b", tags: [5]) == [])
    }
  }

  @Test("a number that was answered before is known, whatever its tag", arguments: HubEngine.all)
  func entryKnown(_ engine: HubEngine) throws {
    let store = try engine.make()
    let first = AnsweredBatch.sample(site: "a", number: 1)
    try store.write { writer throws in
      try writer.store(
        first, verdicts: [(EntryID(n: 1, tag: 5), .applied), (EntryID(n: 2, tag: 6), .refused)])
    }
    let fresh = EntryID(n: 3, tag: 7)
    for tag: Int64 in [6, 60] {
      let known = EntryID(n: 2, tag: tag)
      #expect(throws: HubStoreError.entryKnown(known)) {
        try store.write { writer throws in
          try writer.store(
            .sample(site: "a", number: 2), verdicts: [(fresh, .applied), (known, .applied)])
        }
      }
    }
    #expect(throws: HubStoreError.entryKnown(EntryID(n: 1, tag: 5)), "the same batch again") {
      try store.write { try $0.store(first, verdicts: [(EntryID(n: 1, tag: 5), .applied)]) }
    }
    #expect(
      try store.read { try $0.lastBatch(of: "a", incarnation: IncarnationID("i-a")) } == first)
    // What was taken back with the failed transaction is not known.
    try store.write { try $0.store(.sample(site: "a", number: 2), verdicts: [(fresh, .applied)]) }
    try store.write {
      try $0.store(.sample(site: "b", number: 2), verdicts: [(EntryID(n: 1, tag: 5), .applied)])
    }
  }
}
