package import SyncCore

/// Something that the county asked of a site; carried out at a contact, and then kept with its
/// result.
package struct StoredInstruction: Sendable, Equatable {
  package let id: String
  package let site: SiteID
  /// As the protocol names it.
  package let kind: String
  /// The rows that it is about.
  package let selection: RowSelection
  package let isDryRun: Bool
  /// What is to be counted, where that is what it asks for.
  package let count: CountTask?
  package let issuedAt: Milliseconds
  /// Set when the site has said, or shown, that it is done.
  package var doneAt: Milliseconds?
  package var result: String?
  /// Rows that differed, and those of them that were mended, as the site counted them.
  package var differences: Int64?
  package var repaired: Int64?
  /// What was counted, as the site said.
  package var counts: [CountCell]?

  package init(
    id: String, site: SiteID, kind: String, selection: RowSelection = .everything,
    isDryRun: Bool = false, issuedAt: Milliseconds, doneAt: Milliseconds? = nil,
    result: String? = nil, differences: Int64? = nil, repaired: Int64? = nil,
    count: CountTask? = nil, counts: [CountCell]? = nil
  ) {
    self.count = count
    self.counts = counts
    self.selection = selection
    self.isDryRun = isDryRun
    self.differences = differences
    self.repaired = repaired
    self.id = id
    self.site = site
    self.kind = kind
    self.issuedAt = issuedAt
    self.doneAt = doneAt
    self.result = result
  }
}
