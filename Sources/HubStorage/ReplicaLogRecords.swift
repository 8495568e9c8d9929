package import SyncCore

/// Names a batch: its number within a replica's incarnation.
package struct BatchID: Hashable, Sendable {
  package let site: SiteID
  package let incarnation: IncarnationID
  package let number: Int64

  package init(site: SiteID, incarnation: IncarnationID, number: Int64) {
    self.site = site
    self.incarnation = incarnation
    self.number = number
  }
}

/// A batch that was decided, with the answer that every repeat gets.
package struct AnsweredBatch: Sendable, Equatable {
  package let id: BatchID
  /// SHA-256 of the batch's bytes.
  package let hash: Hash256
  /// The answer's bytes, given again to every repeat.
  package let answer: [UInt8]
  package let receivedAt: Milliseconds

  package init(id: BatchID, hash: Hash256, answer: [UInt8], receivedAt: Milliseconds) {
    self.id = id
    self.hash = hash
    self.answer = answer
    self.receivedAt = receivedAt
  }
}

/// An entry of a replica's log that was answered.
package struct StoredEntry: Sendable, Equatable {
  package let id: EntryID
  /// The batch whose answer has it.
  package let batch: BatchID
  package let verdict: Verdict

  package init(id: EntryID, batch: BatchID, verdict: Verdict) {
    self.id = id
    self.batch = batch
    self.verdict = verdict
  }
}

/// A replica's log as the hub knows it: one that has ended, or that a restored file began.
package struct StoredIncarnation: Sendable, Equatable {
  package let site: SiteID
  package let id: IncarnationID
  /// The log that it goes on from; nil for a replica's first.
  package var ancestor: Ancestor?
  /// The number of its last batch before its first.
  package var batchStart: Int64
  package var beganAt: Milliseconds
  /// When another took its place; nil for the present one.
  package var endedAt: Milliseconds?
  /// Where it called from last, and when, as far as that was noted.
  package var machine: String
  package var lastContact: Milliseconds?

  package init(
    site: SiteID, id: IncarnationID, ancestor: Ancestor? = nil, batchStart: Int64 = 0,
    beganAt: Milliseconds, endedAt: Milliseconds? = nil, machine: String = "",
    lastContact: Milliseconds? = nil
  ) {
    self.site = site
    self.id = id
    self.ancestor = ancestor
    self.batchStart = batchStart
    self.beganAt = beganAt
    self.endedAt = endedAt
    self.machine = machine
    self.lastContact = lastContact
  }
}

/// Why a site is held until a person has looked; stable codes.
package enum HoldReason: String, Sendable, CaseIterable, Codable {
  /// Two copies of its replica called.
  case cloned
  /// The same number came with other content.
  case fork
}

/// A history that ended when the hub was restored.
package struct StoredHistory: Sendable, Equatable {
  /// Its name, and the last of its entries that the restored hub still had.
  package let last: Position
  package let endedAt: Milliseconds

  package init(last: Position, endedAt: Milliseconds) {
    self.last = last
    self.endedAt = endedAt
  }
}

/// Changes that came back to a restored hub before the rows or cases that they are about.
package struct AwaitingBatch: Sendable, Equatable {
  package let id: BatchID
  /// See ``ReturnedBatch``.
  package let formerSeq: Int64
  /// A batch in its encoding, of the changes that wait.
  package let bytes: [UInt8]

  package init(id: BatchID, formerSeq: Int64, bytes: [UInt8]) {
    self.id = id
    self.formerSeq = formerSeq
    self.bytes = bytes
  }
}
