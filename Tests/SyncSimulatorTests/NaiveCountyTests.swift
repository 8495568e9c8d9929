import SyncSimulator
import Testing

/// The reference model says what the design says: each test is one of its sentences, played by a
/// municipality that leads a case, the county, and a carrier that contributes.
@Suite("The naive county")
struct NaiveCountyTests {
  // MARK: Knowledge

  @Test func `a change that nobody contests is applied and reaches everybody`() {
    var play = Play()
    play.write("town", ["latest": "new"])
    #expect(play.sync("town").map(\.verdict) == ["applied"])
    play.calm()
    #expect(play.cell("latest") == .text("new"))
    play.expectEqualReplicas()
    #expect(play.county.ledger.isEmpty && play.county.proposals.isEmpty)
  }

  @Test func `own earlier changes are never a conflict`() {
    var play = Play()
    play.write("carrier", ["manual": "one"])
    play.push("carrier")
    play.write("carrier", ["manual": "two"])
    #expect(play.sync("carrier").map(\.verdict) == ["applied"])
    #expect(play.cell("manual") == .text("two"))
  }

  @Test func `a merged value is the hub's, so its author's next edit is a conflict`() {
    var play = Play()
    play.write("town", ["union": "a"])
    play.write("carrier", ["union": "b"])
    play.sync("town")
    #expect(play.push("carrier").map(\.verdict) == ["merged"])
    play.write("carrier", ["union": "c"])
    #expect(play.sync("carrier").map(\.verdict) == ["merged"])
    #expect(play.cell("union") == .text("a,b,c"))
  }

  @Test func `who has seen a value may replace it`() {
    var play = Play()
    play.write("town", ["manual": "seen"])
    play.sync("town")
    play.sync("carrier")
    play.write("carrier", ["manual": "mine"])
    #expect(play.sync("carrier").map(\.verdict) == ["applied"])
  }

  @Test func `a run of offline edits to one column counts with its oldest base`() {
    var play = Play()
    play.write("carrier", ["manual": "one"])
    play.write("county", ["manual": "other"])
    play.sync("county")
    play.pull("carrier")
    play.write("carrier", ["manual": "two"])
    #expect(play.sync("carrier").map(\.verdict) == ["proposal"])
    #expect(play.county.proposals.map(\.proposed) == [.text("two")])
  }

  @Test func `each column has a base of its own`() {
    var play = Play()
    play.write("carrier", ["manual": "mine"])
    play.write("county", ["lead": "theirs"])
    play.sync("county")
    play.pull("carrier")
    play.write("carrier", ["lead": "after seeing theirs"])
    #expect(play.sync("carrier").map(\.verdict) == ["applied"])
  }

  @Test func `a pull leaves unsent columns on top and pins them until they show the hub's value`() {
    var play = Play()
    play.write("county", ["manual": "theirs", "latest": "theirs"])
    play.sync("county")
    play.write("carrier", ["manual": "mine"])
    play.pull("carrier")
    #expect(play.cell("manual", at: "carrier") == .text("mine"))
    #expect(play.cell("latest", at: "carrier") == .text("theirs"))
    play.county.built("carrier")
    play.write("carrier", ["manual": "mine still"])
    play.push("carrier")
    #expect(play.county.proposals.map(\.proposed) == [.text("mine"), .text("mine still")])
    play.pull("carrier")
    #expect(play.cell("manual", at: "carrier") == .text("theirs"))
    play.write("carrier", ["manual": "now knowing"])
    #expect(play.sync("carrier").map(\.verdict) == ["applied"])
  }

  @Test func `a verdict changes no row`() {
    var play = Play()
    play.contest("manual", town: "a", carrier: "b")
    #expect(play.cell("manual", at: "carrier") == .text("b"))
    play.pull("carrier")
    #expect(play.cell("manual", at: "carrier") == .text("a"))
  }

  @Test func `an equal value is nothing`() {
    var play = Play()
    #expect(play.contest("manual", town: "same", carrier: "same")?.verdict == "applied")
    #expect(play.county.ledger.isEmpty && play.county.proposals.isEmpty)
  }

  // MARK: Policies

  @Test func `lead: the responsible site wins, the other edit becomes a proposal`() {
    var play = Play()
    #expect(play.contest("lead", town: "a", carrier: "b")?.rule == "lead_decides")
    play.write("county", ["latest": "x"])
    play.write("county", ["lead": "c"])
    #expect(play.sync("county").map(\.verdict) == ["proposal"])
    #expect(play.cell("lead") == .text("a"))

    var other = Play()
    other.write("carrier", ["lead": "b"])
    other.write("town", ["lead": "a"])
    other.sync("carrier")
    #expect(other.sync("town").map(\.verdict) == ["applied"])
    #expect(other.cell("lead") == .text("a"))
    #expect(other.county.ledger.map(\.rule) == ["lead_wins"])
    #expect(other.county.ledger.map(\.lost) == [.text("b")])
    #expect(other.county.ledger.map(\.lostBy) == ["carrier"])
  }

  @Test func `county: the county's side wins`() {
    var play = Play()
    play.write("county", ["county": "c"])
    #expect(play.contest("county", town: "a", carrier: "b")?.rule == "county_wins")
    #expect(play.sync("county").map(\.verdict) == ["applied"])
    #expect(play.cell("county") == .text("c"))
    #expect(play.county.ledger.map(\.lost) == [.text("b"), .text("a")])
  }

  @Test func `latest: the later edit wins by skew-corrected time, ties by hub order`() {
    for (skew, carrierTime, winner) in [
      (0, 99, "a"), (0, 100, "b"), (0, 101, "b"), (5_000, 5_099, "a"), (5_000, 5_100, "b"),
      (-5_000, -4_901, "a"), (-5_000, -4_900, "b"), (1_999, 100, "b"), (2_000, 101, "a"),
    ] as [(Int64, Int64, String)] {
      var play = Play()
      play.write("town", ["latest": "a"], at: 100)
      play.write("carrier", ["latest": "b"], at: carrierTime)
      play.sync("town")
      play.sync("carrier", skew: skew)
      #expect(play.cell("latest") == .text(winner), "skew \(skew), time \(carrierTime)")
    }
  }

  @Test func `latest: nothing was edited after it arrived`() {
    var play = Play()
    play.write("town", ["latest": "a"], at: 9_000_000)
    play.write("carrier", ["latest": "b"], at: 60)
    play.sync("town", hubTime: 50)
    play.sync("carrier", hubTime: 70)
    #expect(play.cell("latest") == .text("b"))
  }

  @Test func `restrict: the most restrictive value in the declared order wins`() {
    for (town, carrier, winner) in [("1", "2", "2"), ("2", "1", "2"), ("1", nil, "1")] {
      var play = Play()
      play.contest("restrict", town: town, carrier: carrier)
      #expect(play.cell("restrict") == .text(winner))
    }
  }

  @Test func `union: the sets are united`() {
    var play = Play()
    #expect(play.contest("union", town: "a,c", carrier: "b,c")?.verdict == "merged")
    #expect(play.cell("union") == .text("a,b,c"))
    var wider = Play()
    #expect(wider.contest("union", town: "a", carrier: "a,b")?.verdict == "applied")
    #expect(wider.cell("union") == .text("a,b"))
    #expect(wider.county.ledger.isEmpty)
  }

  @Test func `max and min: the greater and the smaller win, an empty cell never`() {
    for (policy, town, carrier, winner) in [
      ("max", 1, 2, 2), ("max", 2, 1, 2), ("max", 2, nil, 2), ("max", nil, 2, 2),
      ("min", 1, 2, 1), ("min", 2, 1, 1), ("min", 2, nil, 2), ("min", nil, 2, 2),
    ] as [(String, Int64?, Int64?, Int64)] {
      var play = Play()
      play.write("town", [policy: .integer(9)])
      play.calm()
      play.write("town", [policy: town.map(NaiveValue.integer) ?? .null])
      play.write("carrier", [policy: carrier.map(NaiveValue.integer) ?? .null])
      play.sync("town")
      play.sync("carrier")
      #expect(play.cell(policy) == .integer(winner), "\(policy)")
    }
  }

  @Test func `once: the first value stays, a second different one is for a person to decide`() {
    var play = Play()
    #expect(play.contest("once", town: "a", carrier: "b")?.verdict == "proposal")
    #expect(play.cell("once") == .text("a"))
    var emptied = Play()
    emptied.write("town", ["once": "a"])
    emptied.calm()
    emptied.write("carrier", ["once": nil])
    emptied.write("town", ["once": "b"])
    emptied.sync("town")
    #expect(emptied.sync("carrier").map(\.verdict) == ["overridden"])
    #expect(emptied.cell("once") == .text("b"))
  }

  @Test func `state: the later state wins, terminal states absorb`() {
    for (town, carrier, winner) in [("0", "1", "1"), ("1", "0", "1"), ("2", "3", "2")] {
      var play = Play()
      play.contest("state", town: town, carrier: carrier)
      #expect(play.cell("state") == .text(winner))
    }
  }

  @Test func `manual: a person decides`() {
    var play = Play()
    let verdict = play.contest("manual", town: "a", carrier: "b")
    #expect(verdict?.verdict == "proposal" && verdict?.rule == "person_decides")
    #expect(play.cell("manual") == .text("a"))
    #expect(play.county.proposals.map(\.proposed) == [.text("b")])
  }

  @Test func `columns of a group decide as one`() {
    var play = Play()
    play.write("town", ["from": "1", "to": "2"])
    play.calm()
    play.write("town", ["from": "3"], at: 200)
    play.write("carrier", ["to": "4"], at: 100)
    play.sync("town")
    #expect(play.sync("carrier").map(\.verdict) == ["overridden"])
    #expect(play.cell("from") == .text("3") && play.cell("to") == .text("2"))
    #expect(Set(play.county.ledger.map(\.lost)) == [.text("1"), .text("4")])
  }

  @Test func `once, of a group: it has its first value while one of its columns has`() {
    var play = Play()
    play.write("town", ["born": "2000", "precision": "year"])
    play.calm()
    play.write("town", ["precision": nil])
    play.write("carrier", ["born": "2001"])
    play.sync("town")
    #expect(play.sync("carrier").map(\.verdict) == ["proposal"])
    #expect(play.cell("born") == .text("2000") && play.cell("precision") == .null)
    #expect(play.county.proposals.map(\.column) == ["precision", "born"])
  }

  @Test func `a change whose columns fared differently has the last that applies`() {
    var play = Play()
    play.write("town", ["union": "a", "restrict": "2", "manual": "a"])
    play.sync("town")
    play.write("carrier", ["latest": "new", "union": "b"])
    #expect(play.push("carrier").map(\.verdict) == ["merged"])
    play.write("carrier", ["union": "c", "restrict": "1"])
    #expect(play.push("carrier").map(\.verdict) == ["overridden"])
    play.write("carrier", ["restrict": "0", "manual": "b"])
    #expect(play.push("carrier").map(\.verdict) == ["proposal"])
  }

  // MARK: Rows

  @Test func `an edit of a deleted row is a proposal and the row stays deleted`() {
    var play = Play()
    play.write("carrier", ["latest": "late"])
    play.county.deleted("town", Play.sample, at: 0)
    play.sync("town")
    let verdicts = play.sync("carrier")
    #expect(verdicts.map(\.rule) == ["row_deleted"])
    #expect(play.county.hubRows()[Play.sample] == nil)
    #expect(play.county.replica("carrier")[Play.sample] == nil)
    #expect(play.county.proposals.map(\.proposed) == [.text("late")])
  }

  @Test func `only an insert revives a deleted row`() {
    var play = Play()
    play.county.deleted("town", Play.sample, at: 0)
    play.calm()
    play.county.inserted("carrier", Play.sample, caseID: "c", values: ["latest": "b"], at: 1)
    play.calm()
    #expect(play.cell("latest") == .text("b"))
    play.expectEqualReplicas()
  }

  @Test func `a pull never removes a row with unanswered changes`() {
    var play = Play()
    play.write("carrier", ["latest": "late"])
    play.county.deleted("town", Play.sample, at: 0)
    play.sync("town")
    play.pull("carrier")
    #expect(play.cell("latest", at: "carrier") == .text("late"))
    play.sync("carrier")
    #expect(play.county.replica("carrier")[Play.sample] == nil)
  }

  @Test func `a deletion by the lead is applied, and what another changed goes to the ledger`() {
    var play = Play()
    play.write("carrier", ["latest": "lost"])
    play.sync("carrier")
    play.county.deleted("town", Play.sample, at: 0)
    #expect(play.sync("town").map(\.verdict) == ["applied"])
    #expect(play.county.hubRows()[Play.sample] == nil)
    #expect(play.county.ledger.map(\.rule) == ["deleted_by_lead"])
    #expect(play.county.ledger.map(\.lost) == [.text("lost")])
  }

  @Test func `a deletion by another, of what changed meanwhile, is a proposal; the row returns`() {
    var play = Play()
    play.write("town", ["latest": "kept"])
    play.sync("town")
    play.write("carrier", ["manual": "edited, then deleted"])
    play.county.deleted("carrier", Play.sample, at: 0)
    #expect(play.push("carrier").map(\.rule) == ["changed_meanwhile"])
    #expect(play.county.replica("carrier")[Play.sample] == nil)
    play.pull("carrier")
    #expect(play.cell("latest", at: "carrier") == .text("kept"))
    #expect(play.county.proposals.map(\.column) == [nil, "manual"])
    #expect(play.county.proposals[1].proposed == .text("edited, then deleted"))
  }

  @Test func `a deletion by who has seen everything is applied`() {
    var play = Play()
    play.write("town", ["latest": "seen"])
    play.write("carrier", ["manual": "not sent yet"])
    play.sync("town")
    play.pull("carrier")
    play.county.deleted("carrier", Play.sample, at: 0)
    #expect(play.sync("carrier").map(\.verdict) == ["applied"])
    #expect(play.county.hubRows()[Play.sample] == nil && play.county.ledger.isEmpty)
  }

  @Test func `a deletion conflicts with what another wrote under its author's pinned edit`() {
    var play = Play()
    play.write("town", ["manual": "never shown at the carrier"])
    play.sync("town")
    play.write("carrier", ["manual": "on top"])
    play.pull("carrier")
    play.county.deleted("carrier", Play.sample, at: 0)
    #expect(play.sync("carrier").map(\.rule) == ["changed_meanwhile"])
  }

  @Test func `in an append table only the site that wrote a row may change it`() {
    var play = Play()
    play.county.inserted("carrier", Play.entry, caseID: "c", values: ["text": "mine"], at: 1)
    play.calm()
    play.county.updated("town", Play.entry, values: ["text": "yours"], at: 2)
    #expect(play.sync("town").map(\.rule) == ["written_by_another_site"])
    play.county.deleted("town", Play.entry, at: 0)
    #expect(play.sync("town").map(\.rule) == ["written_by_another_site"])
    play.county.updated("carrier", Play.entry, values: ["text": "corrected"], at: 3)
    #expect(play.sync("carrier").map(\.verdict) == ["applied"])
    #expect(play.county.proposals.map(\.column) == ["text", nil])
    #expect(play.county.hubRows()[Play.entry]?.values["text"] == .text("corrected"))
  }

  @Test func `deletion of a case_file is a proposal to erase`() {
    var play = Play()
    play.county.deleted("town", Play.root, at: 0)
    #expect(play.sync("town").map(\.rule) == ["case_erasure"])
    #expect(play.county.replica("town")[Play.root] != nil)
  }

  // MARK: Capture

  @Test func `replace of the same key is an update of the columns that differ`() {
    var play = Play()
    play.write("town", ["manual": "theirs"])
    play.sync("town")
    play.county.inserted("carrier", Play.sample, caseID: "c", values: ["latest": "b"], at: 1)
    #expect(play.sync("carrier").map(\.verdict) == ["applied"])
    #expect(play.cell("manual") == .text("theirs") && play.cell("latest") == .text("b"))
  }

  @Test func `two replacements that undo each other are edits of what each changed`() {
    var play = Play()
    play.replace("carrier", ["latest": "b"])
    play.write("town", ["manual": "theirs"])
    play.sync("town")
    play.pull("carrier")
    #expect(play.cell("manual", at: "carrier") == .text("theirs"))
    play.replace("carrier", ["manual": nil])
    #expect(play.sync("carrier").map(\.verdict) == ["applied"])
    #expect(play.cell("manual") == .null)
  }

  @Test func `delete and insert of the same key, before anything was sent, is a replacement`() {
    var play = Play()
    play.write("town", ["manual": "theirs"])
    play.sync("town")
    play.write("carrier", ["latest": "a"])
    play.county.deleted("carrier", Play.sample, at: 0)
    play.county.inserted("carrier", Play.sample, caseID: "c", values: ["once": "b"], at: 1)
    #expect(play.sync("carrier").map(\.verdict) == ["applied"])
    #expect(play.cell("manual") == .text("theirs") && play.cell("once") == .text("b"))
  }

  @Test func `a row that moves to another case is a deletion and an insertion`() {
    var play = Play()
    play.county.inserted("town", Play.otherRoot, caseID: "d", values: [:], at: 1)
    play.county.inserted("town", Play.sample, caseID: "d", values: ["latest": "moved"], at: 2)
    play.county.built("town")
    #expect(play.county.waiting("town").filter { $0 == Play.sample }.count == 2)
    play.write("carrier", ["latest": "late"])
    play.sync("town")
    #expect(play.county.hubRows()[Play.sample]?.caseID == "d")
    #expect(play.sync("carrier").map(\.rule) == ["row_deleted"])
    play.calm()
    play.expectEqualReplicas()
  }

  @Test func `a row that moved and came back before anything was sent was edited where it stood`() {
    var play = Play()
    play.county.inserted("town", Play.otherRoot, caseID: "d", values: [:], at: 1)
    play.calm()
    play.county.inserted("carrier", Play.sample, caseID: "d", values: ["manual": "there"], at: 2)
    play.county.inserted("carrier", Play.sample, caseID: "c", values: ["latest": "here"], at: 3)
    play.county.built("carrier")
    #expect(play.county.waiting("carrier") == [Play.sample])
    #expect(play.sync("carrier").map(\.verdict) == ["applied"])
    #expect(play.county.hubRows()[Play.sample]?.caseID == "c")
    #expect(play.cell("latest") == .text("here") && play.cell("manual") == .null)
  }

  @Test func `a row that moved and was deleted before anything was sent is deleted where it stood`()
  {
    var play = Play()
    play.write("town", ["latest": "meanwhile"])
    play.sync("town")
    play.county.inserted("carrier", Play.otherRoot, caseID: "d", values: [:], at: 1)
    play.county.inserted("carrier", Play.sample, caseID: "d", values: ["manual": "there"], at: 2)
    play.county.deleted("carrier", Play.sample, at: 0)
    #expect(play.sync("carrier").map(\.rule) == [nil, "changed_meanwhile"])
    #expect(play.county.proposals.map(\.column) == [nil, "manual"])
    #expect(play.county.proposals.allSatisfy { $0.caseID == "c" })
  }

  @Test func `an edit of a row that had moved goes along with its deletion, emptied or not`() {
    var play = Play()
    play.write("town", ["latest": "meanwhile"])
    play.sync("town")
    play.county.inserted("carrier", Play.otherRoot, caseID: "d", values: [:], at: 1)
    play.county.inserted("carrier", Play.sample, caseID: "d", values: [:], at: 2)
    for value in [NaiveValue.text("there"), .null] {
      play.county.updated("carrier", Play.sample, values: ["latest": value], at: 3)
    }
    play.county.deleted("carrier", Play.sample, at: 0)
    #expect(play.sync("carrier").map(\.rule) == [nil, "changed_meanwhile"])
    #expect(play.county.proposals.map(\.column) == [nil, "latest"])
  }

  @Test func `a run of nothing but columns that stay does not outlive its row`() {
    var play = Play()
    play.write("carrier", ["local": "mine"])
    play.county.deleted("town", Play.sample, at: 0)
    play.sync("town")
    play.pull("carrier")
    #expect(play.county.replica("carrier")[Play.sample] == nil)
    play.county.inserted("carrier", Play.sample, caseID: "c", values: [:], at: 1)
    play.county.deleted("carrier", Play.sample, at: 0)
    play.county.inserted("carrier", Play.sample, caseID: "c", values: ["once": "new"], at: 2)
    #expect(play.sync("carrier").map(\.verdict) == ["applied"])
    #expect(play.cell("once") == .text("new"))
  }

  @Test func `what was inserted and deleted before it was sent leaves nothing`() {
    var play = Play()
    play.county.inserted("town", Play.entry, caseID: "c", values: ["text": "x"], at: 1)
    play.county.deleted("town", Play.entry, at: 0)
    #expect(play.sync("town").map(\.verdict) == ["applied"])
    #expect(play.county.hubRows()[Play.entry] == nil)
  }

  @Test func `a column that stays at its site is not sent, and no pull touches it`() {
    var play = Play()
    play.write("carrier", ["local": "mine"])
    play.write("town", ["latest": "a"])
    play.sync("town")
    #expect(play.sync("carrier").isEmpty)
    #expect(play.cell("local", at: "carrier") == .text("mine"))
    #expect(play.cell("latest", at: "carrier") == .text("a"))
    #expect(play.cell("local") == .null)
  }

  // MARK: Scope

  @Test func `a case is held by its lead, the county, and the sites that share an area`() {
    var play = Play()
    play.county.join(site: "far", kind: "municipality", areas: ["2"])
    play.county.join(site: "second county", kind: "county", areas: [])
    play.calm()
    #expect(play.county.replica("far").isEmpty)
    #expect(play.county.replica("second county")[Play.sample] != nil)
    #expect(play.county.scope("far").isEmpty && play.county.scope("carrier") == ["c"])
    let verdict = play.intrude("far", Play.entry)
    #expect(verdict.verdict == "refused" && verdict.rule == "not_granted")
    #expect(play.county.replica("far").isEmpty)
    #expect(play.county.hubRows()[Play.entry] == nil)
    play.county.inserted("far", Play.otherRoot, caseID: "d", values: [:], at: 1)
    play.calm()
    #expect(play.county.scope("far") == ["d"] && play.county.scope("town") == ["c"])
    #expect(play.county.scope("county") == ["c", "d"])
    #expect(play.county.replica("carrier")[Play.otherRoot] == nil)
  }

  @Test func `the id of a living row is not to be had in another case`() {
    var play = Play()
    play.county.join(site: "far", kind: "municipality", areas: ["2"])
    play.county.inserted("far", Play.otherRoot, caseID: "d", values: [:], at: 1)
    play.county.inserted("far", Play.sample, caseID: "d", values: ["latest": "x"], at: 1)
    #expect(play.sync("far").map(\.rule) == [nil, "id_taken"])
    #expect(Array(play.county.replica("far").keys) == [Play.otherRoot])
  }

  @Test func `what the hub alone writes goes to all sites and is taken from none`() {
    var play = Play()
    let row = NaiveRow(table: "site", id: "s")
    play.county.published(row, values: ["name": "Kreis"])
    play.calm()
    play.expectEqualReplicas()
    #expect(play.county.replica("carrier")[row]?.values["name"] == .text("Kreis"))
    play.county.updated("carrier", row, values: ["name": "Forged"], at: 1)
    #expect(play.sync("carrier").map(\.rule) == ["hub_writes_only"])
    #expect(play.county.replica("carrier")[row]?.values["name"] == .text("Kreis"))
  }

  @Test func `an edit of a row that the hub never saw is refused, and the row offered whole`() {
    var play = Play()
    play.county.join(site: "far", kind: "municipality", areas: ["2"])
    play.county.inserted("far", Play.entry, caseID: "d", values: ["text": "x"], at: 1)
    play.county.built("far")
    play.county.updated("far", Play.entry, values: ["text": "y"], at: 2)
    #expect(play.push("far").map(\.rule) == ["not_granted", "not_granted"])
    play.county.updated("far", Play.entry, values: ["text": "z"], at: 3)
    play.county.join(site: "late", kind: "municipality", areas: ["2"])
    play.county.inserted("late", Play.otherRoot, caseID: "d", values: [:], at: 1)
    play.sync("late")
    #expect(play.sync("far").map(\.rule) == ["unknown_row"])
    #expect(play.sync("far").map(\.verdict) == ["applied"])
    #expect(play.county.hubRows()[Play.entry]?.values["text"] == .text("z"))
  }

  @Test func `what cannot be is named`() {
    var play = Play()
    #expect(play.county.surprises.isEmpty)
    #expect(play.county.decided("town", [Play.sample], hubTime: 0).map(\.verdict) == ["unknown"])
    play.county.answered("town", [Play.sample], at: 0)
    play.county.applied("town")
    play.county.deleted("town", Play.entry, at: 0)
    #expect(play.county.surprises.count == 4)
  }
}

extension NaiveValue: ExpressibleByStringLiteral, ExpressibleByNilLiteral {
  public init(stringLiteral value: String) { self = .text(value) }
  public init(nilLiteral: ()) { self = .null }
}

/// A county with three sites of one area and one case with one row, which all of them hold.
private struct Play {
  static let root = NaiveRow(table: "case_file", id: "c")
  static let otherRoot = NaiveRow(table: "case_file", id: "d")
  static let sample = NaiveRow(table: "sample", id: "r")
  static let entry = NaiveRow(table: "entry", id: "e")

  var county: NaiveCounty
  private var time: Int64 = 1_000

  init() {
    let policies = [
      "lead", "county", "latest", "union", "max", "min", "once", "manual",
    ].map { NaiveColumn(name: $0, policy: $0) }
    let codes = ["0", "1", "2", "3"]
    county = NaiveCounty(tables: [
      NaiveTable(
        name: "site", isHubOnly: true, columns: [NaiveColumn(name: "name", policy: "county")]),
      NaiveTable(
        name: "case_file", isCaseRoot: true, columns: [NaiveColumn(name: "opened", policy: "min")]),
      NaiveTable(
        name: "sample",
        columns: policies + [
          NaiveColumn(name: "restrict", policy: "restrict", codes: codes),
          NaiveColumn(name: "state", policy: "state", codes: codes, terminal: ["2"]),
          NaiveColumn(name: "from", policy: "latest", group: "span"),
          NaiveColumn(name: "to", policy: "latest", group: "span"),
          NaiveColumn(name: "precision", policy: "once", group: "birth"),
          NaiveColumn(name: "born", policy: "once", group: "birth"),
          NaiveColumn(name: "local", policy: "latest", travels: false),
        ]),
      NaiveTable(
        name: "entry", isAppend: true, columns: [NaiveColumn(name: "text", policy: "latest")]),
    ])
    county.join(site: "town", kind: "municipality", areas: ["1"])
    county.join(site: "county", kind: "county", areas: [])
    county.join(site: "carrier", kind: "association", areas: ["1"])
    county.inserted("town", Self.root, caseID: "c", values: [:], at: 0)
    county.inserted("town", Self.sample, caseID: "c", values: [:], at: 0)
    calm()
  }

  mutating func write(_ site: String, _ values: [String: NaiveValue], at moment: Int64? = nil) {
    time += 1
    county.updated(site, Self.sample, values: values, at: moment ?? time)
  }

  /// INSERT OR REPLACE with the row's values but for these.
  mutating func replace(_ site: String, _ values: [String: NaiveValue]) {
    let old = county.replica(site)[Self.sample]!
    county.inserted(
      site, Self.sample, caseID: old.caseID, values: old.values.merging(values) { $1 }, at: time)
  }

  @discardableResult
  mutating func push(_ site: String, skew: Int64 = 0, hubTime: Int64? = nil) -> [NaiveVerdict] {
    time += 1
    county.greeted(site, skew: skew)
    county.built(site)
    let batch = county.waiting(site).sorted { left, _ in left.table == "case_file" }
    let verdicts = county.decided(site, batch, hubTime: hubTime ?? time)
    county.answered(site, batch, at: time)
    return verdicts
  }

  mutating func pull(_ site: String) {
    county.served(site)
    county.applied(site)
  }

  @discardableResult
  mutating func sync(_ site: String, skew: Int64 = 0, hubTime: Int64? = nil) -> [NaiveVerdict] {
    let verdicts = push(site, skew: skew, hubTime: hubTime)
    pull(site)
    return verdicts
  }

  /// Everybody syncs until everybody has seen everything.
  mutating func calm() {
    for _ in 0..<2 { for site in county.siteNames { sync(site) } }
  }

  /// Town and carrier write one cell without knowing of each other; the town is first at the hub.
  @discardableResult
  mutating func contest(_ column: String, town: NaiveValue, carrier: NaiveValue) -> NaiveVerdict? {
    write("town", [column: town])
    write("carrier", [column: carrier])
    sync("town")
    return push("carrier").first
  }

  @discardableResult
  mutating func contest(_ column: String, town: String, carrier: String?) -> NaiveVerdict? {
    contest(column, town: .text(town), carrier: carrier.map(NaiveValue.text) ?? .null)
  }

  /// A site that holds nothing writes into case `c`.
  mutating func intrude(_ site: String, _ row: NaiveRow) -> NaiveVerdict {
    county.inserted(site, row, caseID: "c", values: [:], at: time)
    return sync(site)[0]
  }

  func cell(_ column: String, at site: String? = nil) -> NaiveValue? {
    let rows = site.map(county.replica) ?? county.hubRows()
    return rows[Self.sample]?.values[column]
  }

  func expectEqualReplicas() {
    for site in county.siteNames { #expect(county.replica(site) == county.hubRows()) }
    #expect(county.surprises.isEmpty)
  }
}
