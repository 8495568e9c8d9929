import HubStorage
import SyncCore
import SyncSimulator
import Testing

/// Law 6: two or three sites change the same cells without knowing of each other, through real
/// replicas and a real hub; every cell ends as its policy says, told by a model that knows nothing
/// of the product but the policies' names.
@Suite("Law 6: each policy decides as it is defined")
struct PolicyLawTests {
  /// 1,000 histories; every history contests all ten columns.
  @Test(arguments: 0..<20)
  func `a contested cell ends as its policy says`(shard: Int) throws {
    for seed in 0..<50 {
      var history = PolicyHistory(seed: UInt64(shard * 50 + seed))
      try history.run()
    }
  }
}

/// One history: base values, offline edits at each site, syncs in a random order, then calm.
private struct PolicyHistory {
  let seed: UInt64
  var generator: SeededGenerator

  init(seed: UInt64) {
    self.seed = seed
    generator = SeededGenerator(seed: seed)
  }

  mutating func run() throws {
    let county = try LocalCounty(seed: seed)
    let lead = try county.addSite("lead", kind: .municipality)
    try county.addSite("county", kind: .county)
    try county.addSite("association", kind: .association)
    try lead.client.run(
      """
      INSERT INTO case_file (id, opened_on) VALUES ('c', '2025-01-15');
      INSERT INTO sample (id, case_id, \(columns.joined(separator: ", ")))
        VALUES ('r', 'c', \(columns.map { randomValue($0).sql }.joined(separator: ", ")));
      """)
    for site in county.sites { try site.sync() }
    let base = try cells(at: county.sites[0].client)

    var edits: [Edit] = []
    for site in county.sites { edits.append(try edit(at: site, base: base)) }
    edits.shuffle(using: &generator)
    for edit in edits {
      edit.site.faultPercent = 20
      while try edit.site.trySync() == nil {}
      edit.site.faultPercent = 0
    }
    for _ in 0..<2 { for site in county.sites { try site.sync() } }

    let hub = try cells(at: try county.hubClient())
    for column in columns {
      let expected = PolicyModel(column: column).final(base: base[column]!, edits: edits)
      #expect(hub[column] == expected, "seed \(seed), \(column)")
    }
    for site in county.sites { #expect(try cells(at: site.client) == hub, "seed \(seed)") }
  }

  private func cells(at client: PlainClient) throws -> [String: Value] {
    let row = try client.rows("SELECT \(columns.joined(separator: ", ")) FROM sample")[0]
    return Dictionary(uniqueKeysWithValues: zip(columns, row))
  }

  private mutating func edit(at site: LocalSite, base: [String: Value]) throws -> Edit {
    var values: [String: Value] = [:]
    for column in columns where generator.chance(80) {
      let value = randomValue(column)
      // Writing what stands there is no change, and the triggers log none.
      if value != base[column] { values[column] = value }
    }
    // One statement for each cell: each has its own time.
    var times: [String: Int64] = [:]
    for column in columns.shuffled(using: &generator) {
      guard let value = values[column] else { continue }
      try site.client.run("UPDATE sample SET \(column) = \(value.sql)")
      let at = try site.client.rows("SELECT at FROM kreissync_log ORDER BY n DESC LIMIT 1")[0][0]
      times[column] = at.integer
    }
    return Edit(site: site, values: values, times: times)
  }

  private mutating func randomValue(_ column: String) -> Value {
    if generator.chance(10) { return .null }
    switch column {
    case "by_max", "by_min": return .integer(Int64.random(in: 0...9, using: &generator))
    case "by_restrict": return .text("c\(Int.random(in: 0...3, using: &generator))")
    case "by_state": return .text("s\(Int.random(in: 0...3, using: &generator))")
    case "by_union":
      let members = ["a", "b", "c", "d", "e"].filter { _ in generator.chance(40) }
      return members.isEmpty ? .null : .text(members.joined(separator: ","))
    default: return .text("v\(Int.random(in: 0...9, using: &generator))")
    }
  }
}

private let columns = [
  "by_lead", "by_county", "by_latest", "by_restrict", "by_union", "by_max", "by_min", "by_once",
  "by_state", "by_manual",
]

private struct Edit {
  let site: LocalSite
  let values: [String: Value]
  let times: [String: Int64]
}

/// What a policy's name promises, written down as plainly as possible.
private struct PolicyModel {
  let column: String

  /// The edits arrive in this order; none of their authors knew of the others.
  func final(base: Value, edits: [Edit]) -> Value {
    var current = base
    var holder: Edit?
    for edit in edits {
      guard let incoming = edit.values[column], incoming != current else { continue }
      guard let standing = holder else {
        current = incoming
        holder = edit
        continue
      }
      let next = contested(incoming, by: edit, current: current, of: standing)
      if next == incoming { holder = edit }
      current = next
    }
    return current
  }

  private func contested(_ incoming: Value, by edit: Edit, current: Value, of holder: Edit) -> Value
  {
    switch column {
    case "by_lead": edit.site.name == "lead" ? incoming : current
    case "by_county": edit.site.kind == .county && holder.site.kind != .county ? incoming : current
    case "by_latest": edit.times[column]! >= holder.times[column]! ? incoming : current
    case "by_restrict": order(incoming) > order(current) ? incoming : current
    case "by_union": united(incoming, current)
    case "by_max": (incoming.integer ?? -1) > (current.integer ?? -1) ? incoming : current
    case "by_min": (incoming.integer ?? 99) < (current.integer ?? 99) ? incoming : current
    case "by_once": current.isNull ? incoming : current
    case "by_state":
      current.text == "s2" || order(incoming) <= order(current) ? current : incoming
    default: current
    }
  }

  private func order(_ value: Value) -> Int {
    value.text.map { Int($0.dropFirst())! } ?? -1
  }

  private func united(_ left: Value, _ right: Value) -> Value {
    let members = [left, right].flatMap { $0.text?.split(separator: ",") ?? [] }
    return members.isEmpty ? .null : .text(Set(members).sorted().joined(separator: ","))
  }
}
