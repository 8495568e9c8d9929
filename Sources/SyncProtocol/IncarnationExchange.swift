package import SyncCore

/// The body of `POST /v1/incarnation`: the replica's file is not the one that the site's last
/// session left, so its log goes on under a new name.
///
/// Repeatable: the same new name gets the same answer. A log with more unanswered entries than one
/// request may name sends several, all alike but for `entries`.
package struct IncarnationRequest: Codable, Sendable, Equatable {
  package var protocolVersion: Int
  /// The new incarnation, a random name.
  package var incarnation: String
  /// The one that the site last knew as its own: by its sidecar, which may be newer than its file.
  package var replaces: String
  /// The one under which the file's log was kept.
  package var ancestor: String
  /// The last batch of the ancestor whose answer the file knows; 0 for none.
  package var batchNumber: Int64
  /// Entries of the file's log of whose answer it knows nothing.
  package var entries: [WireEntry]
  /// Where the program runs, for people.
  package var machine: String?

  package init(
    incarnation: IncarnationID, replaces: IncarnationID, ancestor: IncarnationID,
    batchNumber: Int64, entries: [EntryID], machine: String?
  ) {
    protocolVersion = SyncProtocol.protocolVersion
    self.incarnation = incarnation.string
    self.replaces = replaces.string
    self.ancestor = ancestor.string
    self.batchNumber = batchNumber
    self.entries = entries.map(WireEntry.init)
    self.machine = machine
  }

  /// Entries that one request may name: 40 bytes each, far below a control message.
  package static let entryCountMax = 10_000
}

/// An entry of a replica's change log, in JSON.
package struct WireEntry: Codable, Sendable, Equatable {
  package var n: Int64
  /// 64 random bits as a decimal number in text: JSON's own numbers lose some in many programs.
  package var tag: String

  package init(_ id: EntryID) {
    n = id.n
    tag = String(id.tag)
  }

  /// The entry; nil where the text is no such number.
  package var id: EntryID? {
    guard n > 0, let number = Int64(tag), String(number) == tag else { return nil }
    return EntryID(n: n, tag: number)
  }
}

/// The hub's answer: the incarnation is the site's present one.
package struct IncarnationResponse: Codable, Sendable, Equatable {
  /// What became of those entries that the hub has answered before, under whatever incarnation.
  /// The others are new to it.
  package var answers: [WireAnswer]
  /// The session number that the site was given last, by whichever of its states: the replica
  /// keeps it as its own.
  package var session: Int64

  package init(answers: [WireAnswer], session: Int64) {
    self.session = session
    self.answers = answers
  }
}
