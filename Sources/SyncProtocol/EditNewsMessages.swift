package import SyncCore

/// What became of one of the site's own proposals, in the head of a pull's last page. It names the
/// site's own row and nothing that another wrote: the site may hold the case no more.
package struct WireDecision: Codable, Sendable, Equatable {
  package var row: WireRowKey
  /// Nil for the deletion of the row.
  package var column: Int?
  package var state: ProposalState

  package init(row: RowKey, column: Int?, state: ProposalState) {
    self.row = WireRowKey(row)
    self.column = column
    self.state = state
  }

  /// Decisions of one pull: each is one command of a person, so that this is more than a county
  /// decides in months. Of more the latest are told.
  package static let countMax = 10_000
}

/// A value of the site's own that stood and lost afterwards, in the head of a pull's last page. Its
/// cell is one that the site may see.
package struct WireReplacement: Codable, Sendable, Equatable {
  package var row: WireRowKey
  package var column: Int
  package var rule: String
  /// What the site wrote; nil behind ``textByteCountMax``.
  package var value: WireValue?

  package init(row: RowKey, column: Int, rule: Rule, value: Value?) {
    self.row = WireRowKey(row)
    self.column = column
    self.rule = rule.rawValue
    // JSON's null is no value, and an empty cell has none to lose.
    self.value = value.flatMap { $0.isNull ? nil : WireValue($0) }
  }

  /// Replaced values of one pull: of more the latest are told. Each was an edit of the site's own
  /// that met another of the same cell.
  package static let countMax = 1_000
  /// Behind so many bytes of text the further ones of a pull are told without their values: with
  /// every byte escaped, a head keeps within ``ProtocolLimit/bodyByteCountMax``.
  package static let textByteCountMax = 256 << 10
}
