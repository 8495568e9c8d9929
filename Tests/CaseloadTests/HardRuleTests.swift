import Caseload
import SyncCore
import Testing

/// The hard rules: what each refuses, and what stands just beside it.
@Suite("Hard rules")
struct HardRuleTests {
  @Test("the official list has each municipality once, and no other state's")
  func officialKeys() {
    let keys = OfficialKeys.municipalities
    #expect(keys.count == 1_104)
    #expect(keys.allSatisfy(OfficialKeys.isWellFormed))
    #expect(keys.isSuperset(of: ["08118027", "08226085", "08311000", "05711000"]))
    #expect(keys.isDisjoint(with: ["03241007", "08118999", "8118027", "08118"]))
    #expect(keys.count { $0.hasPrefix("08118") } == 39)
  }

  @Test("a municipality is on the list, or known to the county")
  func municipality() {
    var bench = RuleBench()
    for (table, column) in [("residence", "ags"), ("grant_allocation", "entitled_ags")] {
      #expect(bench.verdict(.insert, table, "r", [column: "08118027"]) == nil)
      #expect(bench.verdict(.insert, table, "r") == nil)
      for key in ["03241007", "8118027", "08118", "Hemmingen", ""] {
        #expect(bench.verdict(.insert, table, "r", [column: .text(key)]) == .unknownMunicipality)
      }
    }
    bench.put("residence", "old", ["ags": "03241007"])
    #expect(bench.verdict(.update, "residence", "old", ["street": "Weg 1"]) == nil)
    #expect(bench.verdict(.update, "residence", "old", ["ags": "03241008"]) == .unknownMunicipality)
    bench.put("site_area", "a", ["ags": "03241007", "successor_ags": "03241099"])
    bench.put("site", "s", ["ags": "03241008"])
    for key in ["03241007", "03241008", "03241099"] {
      #expect(bench.verdict(.insert, "residence", "r", ["ags": .text(key)]) == nil)
    }
    #expect(bench.verdict(.insert, "residence", "r", ["ags": "03241009"]) == .unknownMunicipality)
  }

  @Test("what the county enters as its own needs the form of a key only")
  func ownMunicipality() {
    let bench = RuleBench()
    for column in ["ags", "successor_ags"] {
      #expect(bench.verdict(.insert, "site_area", "a", [column: "03241007"], by: .hub) == nil)
      #expect(
        bench.verdict(.insert, "site_area", "a", [column: "3241007"], by: .hub)
          == .unknownMunicipality)
    }
    let site: [String: Value] = ["kind": "carrier", "name": "AWO"]
    #expect(bench.verdict(.insert, "site", "s", site, by: .hub) == nil)
    let named = site.merging(["ags": "Hemmingen"]) { $1 }
    #expect(bench.verdict(.insert, "site", "s", named, by: .hub) == .unknownMunicipality)
  }

  @Test("a programme is one that stands", arguments: ["case_file", "grant_allocation"])
  func programme(table: String) {
    var bench = RuleBench()
    let row = table == "case_file" ? RuleBench.caseID.string : "g"
    #expect(bench.verdict(.insert, table, row, ["programme_id": "p"]) == .unknownProgramme)
    bench.put("programme_period", "p", ["code": "VwV"])
    #expect(bench.verdict(.insert, table, row, ["programme_id": "p"]) == nil)
    #expect(bench.verdict(.insert, table, row) == nil)
    bench.put(table, row, ["programme_id": "gone"])
    #expect(bench.verdict(.update, table, row, ["programme_id": "no"]) == .unknownProgramme)
    #expect(bench.verdict(.update, table, row, ["programme_id": .null]) == nil)
    let other = table == "case_file" ? "closed_on" : "decision_ref"
    #expect(bench.verdict(.update, table, row, [other: "2025-01-01"]) == nil)
  }

  @Test("a reported head count stands, and so does its row")
  func headcount() {
    var bench = RuleBench()
    bench.put("grant_allocation", "g", ["headcount": 82, "status": "granted"])
    #expect(bench.verdict(.update, "grant_allocation", "g", ["headcount": 83]) == nil)
    #expect(
      bench.verdict(.update, "grant_allocation", "g", ["headcount": 83, "status": "reported"])
        == nil)
    for status in ["reported", "closed"] as [Value] {
      bench.put("grant_allocation", "g", ["headcount": 82, "status": status])
      let refused: [[String: Value]] = [
        ["headcount": 83], ["headcount": .null], ["headcount": 83, "status": "granted"],
        ["status": "granted"],
      ]
      for values in refused {
        #expect(
          bench.verdict(.update, "grant_allocation", "g", values) == .headcountReported,
          "\(values)")
      }
      #expect(bench.verdict(.delete, "grant_allocation", "g") == .headcountReported)
      for values in [["headcount": 82], ["status": "closed"], ["amount_cents": 5]]
        as [[String: Value]]
      {
        #expect(bench.verdict(.update, "grant_allocation", "g", values) == nil, "\(values)")
      }
      #expect(
        bench.verdict(.update, "grant_allocation", "g", ["status": "granted"], by: .hub) == nil)
      #expect(
        bench.verdict(.update, "grant_allocation", "g", ["headcount": 83], by: .hub)
          == .headcountReported)
    }
  }

  @Test("a grant and its positions have the share that the programme demands")
  func share() {
    var bench = RuleBench()
    #expect(bench.verdict(.insert, "position", "x", ["fte_thousandths": 1]) == nil)
    bench.put("programme_period", "p", ["min_fte_thousandths": 500])
    bench.put("programme_period", "q", ["min_fte_thousandths": 250])
    bench.put("grant_allocation", "g", ["programme_id": "p"])
    bench.put("grant_allocation", "h", [:])
    let cases: [(String, String, Int64)] = [
      ("grant_allocation", "p", 500), ("grant_allocation", "", 250), ("position", "g", 500),
      ("position", "h", 250), ("position", "", 250), ("position", "nowhere", 250),
    ]
    for (table, named, minimum) in cases {
      let column = table == "position" ? "grant_id" : "programme_id"
      let link: Value = named.isEmpty ? .null : .text(named)
      let least: [String: Value] = [column: link, "fte_thousandths": .integer(minimum)]
      let less: [String: Value] = [column: link, "fte_thousandths": .integer(minimum - 1)]
      #expect(bench.verdict(.insert, table, "x", least) == nil, "\(table) \(named)")
      #expect(bench.verdict(.insert, table, "x", less) == .shareBelowMinimum, "\(table) \(named)")
      #expect(bench.verdict(.insert, table, "x", [column: link]) == nil, "\(table) \(named)")
    }
    bench.put("position", "y", ["grant_id": "h", "fte_thousandths": 300])
    #expect(bench.verdict(.update, "position", "y", ["grant_id": "g"]) == .shareBelowMinimum)
    bench.put("position", "z", ["grant_id": "g", "fte_thousandths": 100])
    #expect(bench.verdict(.update, "position", "z", ["rate_cents": 5]) == nil)
  }

  @Test("a programme, its grant and its position may come in one batch")
  func shareInBatch() {
    let bench = RuleBench()
    let changes = [
      bench.change(.insert, "programme_period", "p", ["min_fte_thousandths": 500]),
      bench.change(.insert, "grant_allocation", "g", ["programme_id": "p"]),
      bench.change(.insert, "position", "x", ["grant_id": "g", "fte_thousandths": 499]),
      bench.change(.insert, "position", "y", ["grant_id": "g", "fte_thousandths": 500]),
    ]
    #expect(bench.verdicts(changes, by: .hub) == [nil, nil, .shareBelowMinimum, nil])
  }

  @Test("a carrier's post in NRW's KIM is not attached to its migration counselling")
  func carrierPost() {
    var bench = RuleBench()
    bench.put("programme_period", "kim", ["state": "05", "code": "KIM"])
    bench.put("programme_period", "bw", ["state": "08", "code": "KIM"])
    bench.put("programme_period", "other", ["state": "05", "code": "KI"])
    bench.put("site", "awo", ["kind": "carrier", "mbe_jmd": 1])
    bench.put("site", "drk", ["kind": "carrier", "mbe_jmd": 0])
    bench.put("site", "stadt", ["kind": "municipality", "mbe_jmd": 1])
    for programme in ["kim", "bw", "other"] as [Value] {
      for site in ["awo", "drk", "stadt"] {
        let expected: Rule? = programme == "kim" && site == "awo" ? .attachedToCounselling : nil
        let grant: [String: Value] = ["programme_id": programme, "executing_site": .text(site)]
        #expect(bench.verdict(.insert, "grant_allocation", "g", grant, by: .hub) == expected)
        bench.put("grant_allocation", "h", ["programme_id": programme])
        bench.put("worker", "named", ["site_id": .text(site)])
        bench.put("worker", "writer", [:], by: SiteID(site))
        for worker in ["named", "writer"] as [Value] {
          let position: [String: Value] = ["grant_id": "h", "worker_id": worker]
          #expect(bench.verdict(.insert, "position", "x", position, by: .hub) == expected)
        }
      }
    }
    #expect(bench.verdict(.insert, "position", "x", ["grant_id": "h"]) == nil)
  }

  @Test("money is whole cents: nothing else is a value of its columns")
  func money() {
    let bench = RuleBench()
    for text in ["47995.1", "4799510", ""] {
      #expect(
        bench.verdict(.insert, "grant_allocation", "g", ["amount_cents": .text(text)])
          == .valueNotAllowed)
    }
    #expect(bench.verdict(.insert, "grant_allocation", "g", ["amount_cents": 4_799_510]) == nil)
  }
}
