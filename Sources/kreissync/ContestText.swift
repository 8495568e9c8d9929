import HubStorage
import SyncCore

/// A row's table and column by name and by German label.
struct ContestNames {
  let table: String
  let column: String?
  let tableLabel: String
  let columnLabel: String?

  init(_ row: RowKey, column number: Int?, in schema: Schema) {
    let table = schema.table(number: row.table)
    let column = number.flatMap { table?.column(number: $0) }
    self.table = table?.name ?? "table \(row.table)"
    self.column = column?.name ?? number.map { "column \($0)" }
    tableLabel = table?.label ?? self.table
    columnLabel = column?.label ?? self.column
  }
}

/// What sites are called.
struct SiteNames: Sendable {
  /// What the hub's own edits are the county's.
  let county: String
  let names: [SiteID: String]

  /// The name, or the id of a site that is not known any more.
  func name(_ site: SiteID) -> String {
    site == .hub ? county : names[site] ?? site.string
  }

  /// - Parameter isShown: whether whoever looks may see the value.
  func json(_ contender: Contender, isShown: Bool = true) -> JSONValue {
    [
      "value": isShown ? JSONValue(cell: contender.value) : .null, "hidden": .bool(!isShown),
      "site": .text(contender.site.string),
      "site_name": .text(name(contender.site)), "edited_at": JSONValue(time: contender.editedAt),
    ]
  }

  func text(_ contender: Contender, isShown: Bool = true) -> String {
    guard isShown else { return "held by \(name(contender.site))" }
    let time = contender.editedAt == 0 ? "" : " at \(rfc3339(contender.editedAt))"
    return "\(contender.value.display)   by \(name(contender.site))\(time)"
  }
}

extension SiteNames {
  /// As the hub knows them.
  init(_ reader: some HubReader) throws {
    let sites = try reader.sites.map { ($0.id, $0.name) }
    self.init(
      county: try reader.county.name, names: Dictionary(sites) { first, _ in first })
  }
}

extension SyncCore.Value {
  /// The value as a person reads it in a terminal.
  var display: String {
    switch self {
    case .null: "(empty)"
    case .integer(let number): String(number)
    case .text(let text): "'\(text.string)'"
    }
  }
}

/// A proposal as both `hub proposals` and `site proposals` show it.
struct ShownProposal {
  let id: String
  let recordedAt: Milliseconds
  let proposal: Proposal
  /// What stands now; nil where the row is not there.
  let stands: Contender?
  let decision: DecidedProposal?
  var sight = ValueSight.everything

  /// Something else stands there than when it was proposed.
  var isOutdated: Bool {
    decision == nil && proposal.column != nil && stands?.value != proposal.kept.value
      && !(stands == nil && proposal.kept.value.isNull)
  }

  func json(_ schema: Schema, _ sites: SiteNames) -> JSONValue {
    let names = ContestNames(proposal.row, column: proposal.column, in: schema)
    let isShown = sight.shows(
      proposal.row, column: proposal.column, of: proposal.caseID, in: schema)
    return [
      "id": .text(id), "case": .text(proposal.caseID.string), "table": .text(names.table),
      "row": .text(proposal.row.id.string), "column": names.column.map { .text($0) } ?? .null,
      "base": .integer(proposal.base), "seq": .integer(proposal.seq),
      "policy": proposal.policy.map { .text($0.rawValue) } ?? .null,
      "rule": .text(proposal.rule.rawValue), "epoch": .integer(proposal.epoch),
      "recorded_at": JSONValue(time: recordedAt),
      "state": .text((decision?.state ?? .open).rawValue),
      "decided_at": JSONValue(time: decision?.decidedAt),
      "decided_by": decision.map { .text($0.decider.string) } ?? .null,
      "kept": sites.json(proposal.kept, isShown: isShown),
      "proposed": sites.json(proposal.proposed, isShown: isShown),
      "stands": stands.map { sites.json($0, isShown: isShown) } ?? .null,
      "outdated": .bool(isOutdated),
    ]
  }

  /// Everything that a person needs to decide it.
  func text(_ schema: Schema, _ sites: SiteNames) -> String {
    let names = ContestNames(proposal.row, column: proposal.column, in: schema)
    let policy = proposal.policy.map { ", policy \($0.rawValue)" } ?? ""
    let isShown = sight.shows(
      proposal.row, column: proposal.column, of: proposal.caseID, in: schema)
    let standing = stands.map { sites.text($0, isShown: isShown) } ?? "–"
    let fate =
      decision.map {
        "\($0.state.rawValue) by \(sites.name($0.decider)) at \(rfc3339($0.decidedAt))"
      } ?? "open"
    return """
      \(names.tableLabel), \(names.columnLabel ?? "delete the row")
        id        \(id)
        row       \(proposal.row.id) of \(names.table)
        case      \(proposal.caseID), epoch \(proposal.epoch)\(sight.remark(on: proposal.caseID))
        stood     \(sites.text(proposal.kept, isShown: isShown))
        proposed  \(sites.text(proposal.proposed, isShown: isShown))
        stands    \(standing)\(isOutdated ? "   since it was proposed" : "")
        rule      \(proposal.rule.rawValue)\(policy)
        state     \(fate)
      """
  }

  static let header = ["id", "table", "column", "rule", "proposed by", "state", "at"]

  func cells(_ schema: Schema, _ sites: SiteNames) -> [String] {
    let names = ContestNames(proposal.row, column: proposal.column, in: schema)
    let state = (decision?.state ?? .open).rawValue
    return [
      id, names.table, names.column ?? "(delete)", proposal.rule.rawValue,
      sites.name(proposal.proposed.site), isOutdated ? state + ", outdated" : state,
      rfc3339(recordedAt),
    ]
  }
}
