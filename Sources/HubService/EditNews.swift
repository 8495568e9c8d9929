import HubStorage
import SyncCore
import SyncProtocol

/// What a pull tells a site of its own earlier edits, and of what waits for it.
extension HubReader {
  /// What was decided on a site's own proposals, for its pull; nil for nothing.
  func wireDecisions(for site: SiteID, above seq: Int64) throws -> [WireDecision]? {
    let decided = try decisions(
      onProposalsOf: site, above: seq, limit: WireDecision.countMax)
    return decided.isEmpty
      ? nil
      : decided.map {
        WireDecision(row: $0.proposal.row, column: $0.proposal.column, state: $0.state)
      }
  }

  /// Which of a site's own values stood and lost, for its pull, as far as the site may see their
  /// cells now; nil for none.
  func wireReplacements(for site: SiteID, above seq: Int64) throws -> [WireReplacement]? {
    let replaced = try replacedValues(of: site, above: seq, limit: WireReplacement.countMax)
    let terms = try terms(of: site, in: distinct(replaced.map(\.entry.caseID)))
    var byteCount = 0
    let told = replaced.map(\.entry).filter { entry in
      guard let terms = terms[entry.caseID], let table = schema.table(number: entry.row.table)
      else { return false }
      return table.columns(visibleTo: terms).contains(entry.column)
    }.map { entry in
      byteCount += entry.lost.value.text?.utf8.count ?? 0
      return WireReplacement(
        row: entry.row, column: entry.column, rule: entry.rule,
        value: byteCount <= WireReplacement.textByteCountMax ? entry.lost.value : nil)
    }
    return told.isEmpty ? nil : told
  }

  /// How many proposals wait for the site; nil for none.
  func wireOpenProposals(for site: SiteID) throws -> Int64? {
    let count = try proposals(waitingFor: site).count
    return count == 0 ? nil : Int64(count)
  }
}
