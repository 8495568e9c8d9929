package import SyncCore

/// A county as its database names it.
package struct CountyRecord: Sendable, Equatable {
  package let key: CountyKey
  package let name: String
  package let history: HistoryID
  /// 16 bytes: the key of the county's digests, known to its sites.
  package let digestKey: [UInt8]
  /// The text of `caseload.toml` that this county uses.
  package let schemaText: String

  package init(
    key: CountyKey, name: String, history: HistoryID, digestKey: [UInt8], schemaText: String
  ) {
    self.key = key
    self.name = name
    self.history = history
    self.digestKey = digestKey
    self.schemaText = schemaText
  }

  /// The same county in another history.
  package func with(history: HistoryID) -> CountyRecord {
    CountyRecord(
      key: key, name: name, history: history, digestKey: digestKey, schemaText: schemaText)
  }

  /// The same county with another schema.
  package func with(schemaText: String) -> CountyRecord {
    CountyRecord(
      key: key, name: name, history: history, digestKey: digestKey, schemaText: schemaText)
  }
}

/// The head of a county's log.
package struct Counter: Sendable, Equatable {
  package let seq: Int64
  package let tree: TreeHead

  package init(seq: Int64, tree: TreeHead) {
    self.seq = seq
    self.tree = tree
  }
}

/// What kind of body a site is.
package enum SiteKind: String, Sendable, CaseIterable, Codable {
  case county
  case municipality
  case association
  case carrier
  case externalService = "external_service"

  /// Whether it sees the cases that others open in its area. Carriers never see each other's, and
  /// an external service has none.
  package var seesItsArea: Bool {
    switch self {
    case .county, .municipality, .association: true
    case .carrier, .externalService: false
    }
  }
}

/// Whether a site may talk to the hub.
package enum SiteState: String, Sendable, CaseIterable, Codable {
  /// Added, not yet joined.
  case waiting
  case joined
  case paused
  case held
  case revoked
}

/// What every decision asks of every site of the county.
package struct SiteOutline: Sendable, Equatable {
  package let id: SiteID
  package let kind: SiteKind
  /// Official keys (AGS) of the municipalities it serves, ascending.
  package let areas: [String]
  package let state: SiteState

  package init(id: SiteID, kind: SiteKind, areas: [String], state: SiteState) {
    self.id = id
    self.kind = kind
    self.areas = areas
    self.state = state
  }
}

/// All that the hub knows of a site.
package struct SiteRecord: Sendable, Equatable {
  package let id: SiteID
  package let name: String
  package let kind: SiteKind
  /// Official keys (AGS) of the municipalities it serves, ascending.
  package let areas: [String]
  package var state: SiteState
  /// Why a held site is held; nil for any other.
  package var heldBecause: HoldReason?
  /// Where the site finds the two listeners.
  package var url: String
  package var joinURL: String
  /// SHA-256 of the join token while one is open or was used.
  package var tokenHash: [UInt8]?
  package var tokenExpiresAt: Milliseconds
  /// SHA-256 of the public key that its certificate binds; nil before it joined.
  package var keyHash: [UInt8]?
  package var certificateExpiresAt: Milliseconds?
  /// The key for which a certificate was renewed; it takes the present one's place when it is used.
  package var nextKeyHash: [UInt8]?
  package var nextCertificateExpiresAt: Milliseconds?
  package var contact: SiteContact

  package init(
    id: SiteID, name: String, kind: SiteKind, areas: [String], state: SiteState, url: String,
    joinURL: String, tokenHash: [UInt8]? = nil, tokenExpiresAt: Milliseconds = 0,
    keyHash: [UInt8]? = nil, certificateExpiresAt: Milliseconds? = nil,
    nextKeyHash: [UInt8]? = nil, nextCertificateExpiresAt: Milliseconds? = nil,
    heldBecause: HoldReason? = nil, contact: SiteContact = SiteContact()
  ) {
    self.heldBecause = heldBecause
    self.id = id
    self.name = name
    self.kind = kind
    self.areas = areas
    self.state = state
    self.url = url
    self.joinURL = joinURL
    self.tokenHash = tokenHash
    self.tokenExpiresAt = tokenExpiresAt
    self.keyHash = keyHash
    self.certificateExpiresAt = certificateExpiresAt
    self.nextKeyHash = nextKeyHash
    self.nextCertificateExpiresAt = nextCertificateExpiresAt
    self.contact = contact
  }
}

/// What a site's sessions left behind at the hub.
package struct SiteContact: Sendable, Equatable {
  /// The number handed out last.
  package var sessionIssued: Int64 = 0
  /// The nonces of the last hellos, the latest last: a repeat is known by its own.
  package var nonces: [String] = []
  /// The highest number that the site has used: lower ones are fenced off.
  package var sessionUsed: Int64 = 0
  package var incarnation: String = ""
  package var cursor: Int64 = 0
  package var lastContact: Milliseconds?
  package var lastSuccess: Milliseconds?
  package var clockSkew: Milliseconds = 0
  package var digestEqual: Bool?
  package var parked: Int64 = 0
  package var pending: Int64 = 0
  /// The hub's pins that the site has kept, base64url; empty before it said so.
  package var pins: [String] = []
  /// Where the replica's program ran when it called last, in its own words; empty if it said none.
  package var machine: String = ""
  /// The history in which it stood then; empty before its first session.
  package var history: String = ""
  /// When a restored file was last recognised.
  package var restoredAt: Milliseconds?
  /// Whether its clock went as the hub's between the last two sessions.
  package var isClockSteady = true
  /// The cases whose purge waits at the site for a release.
  package var heldPurges: Int64 = 0

  package init() {}
}

/// A grant that opened, or that ended without another in its place, with what a replica has to know
/// of its case.
package struct GrantedCase: Sendable, Equatable {
  /// `isHeldAlready` says whether the site held as much when it was asked about.
  package let grant: Grant
  package let lead: SiteID
  package let epoch: Int64
  /// Set where the grant has ended and no other is open; `handover` of the grant is that of its end
  /// then.
  package let endedSeq: Int64?

  package init(grant: Grant, lead: SiteID, epoch: Int64, endedSeq: Int64? = nil) {
    self.grant = grant
    self.lead = lead
    self.epoch = epoch
    self.endedSeq = endedSeq
  }

  /// The entry at which it opened or ended.
  package var seq: Int64 { endedSeq ?? grant.fromSeq }
}

/// The sum of the digests of a case's rows.
package struct CaseDigest: Sendable, Equatable {
  package let caseID: CaseID
  package let digest: Digest128

  package init(caseID: CaseID, digest: Digest128) {
    self.caseID = caseID
    self.digest = digest
  }
}

/// Which entries of the ledger to read; all without a filter.
package struct LedgerFilter: Sendable, Equatable {
  package var id: String?
  package var caseID: CaseID?

  package init(id: String? = nil, caseID: CaseID? = nil) {
    self.id = id
    self.caseID = caseID
  }
}

/// An entry of the ledger as it is kept.
package struct StoredLedgerEntry: Sendable, Equatable {
  package let id: String
  package let recordedAt: Milliseconds
  package let entry: LedgerEntry
  /// ``Plan/replacement(of:)``
  package let replacedSeq: Int64?

  package init(
    id: String, recordedAt: Milliseconds, entry: LedgerEntry, replacedSeq: Int64? = nil
  ) {
    self.id = id
    self.recordedAt = recordedAt
    self.entry = entry
    self.replacedSeq = replacedSeq
  }
}

/// A log entry as it is kept: its payload and salt may be erased, its commitment stays.
package struct StoredLogEntry: Sendable, Equatable {
  package let seq: Int64
  /// The leaf of the tree that its transaction is.
  package let leaf: Int64
  package let kind: String
  package let caseID: CaseID
  package let site: SiteID
  package let recordedAt: Milliseconds
  package let payload: [UInt8]?
  package let salt: [UInt8]?
  package let commitment: Hash256

  package init(
    seq: Int64, leaf: Int64, kind: String, caseID: CaseID, site: SiteID, recordedAt: Milliseconds,
    payload: [UInt8]?, salt: [UInt8]?, commitment: Hash256
  ) {
    self.seq = seq
    self.leaf = leaf
    self.kind = kind
    self.caseID = caseID
    self.site = site
    self.recordedAt = recordedAt
    self.payload = payload
    self.salt = salt
    self.commitment = commitment
  }
}

extension StoredLogEntry {
  /// The same without what it says: its commitment stays.
  package var erased: StoredLogEntry {
    StoredLogEntry(
      seq: seq, leaf: leaf, kind: kind, caseID: caseID, site: site, recordedAt: recordedAt,
      payload: nil, salt: nil, commitment: commitment)
  }
}

/// One leaf of the log's tree.
package struct StoredTransaction: Sendable, Equatable {
  package let leaf: Int64
  package let firstSeq: Int64
  package let lastSeq: Int64
  package let hash: Hash256

  package init(
    leaf: Int64, firstSeq: Int64, lastSeq: Int64, hash: Hash256
  ) {
    self.leaf = leaf
    self.firstSeq = firstSeq
    self.lastSeq = lastSeq
    self.hash = hash
  }
}

/// Why the store cannot do what it was asked. Engines translate their own errors into these.
package enum HubStoreError: Error, Equatable, Sendable {
  /// The number was answered before, with whatever tag.
  case entryKnown(EntryID)
  /// No room on the disk; nothing was written.
  case full
  /// A row does not fit the county's tables as they stand; nothing was written. The decision should
  /// have refused it.
  case unfit
  /// Another process holds the county for longer than the store waits.
  case busy
  /// The file is missing, damaged or of a newer format; the text says which and the cure.
  case unusable(String)
}

/// How a log entry and a transaction are bound into the tree: `schemas/README.md`, "The log".
package enum LogCommitment {
  package static let saltByteCount = 16

  /// SHA-256 of salt and payload: says nothing about an erased payload.
  package static func commitment(payload: [UInt8], salt: [UInt8]) -> Hash256 {
    Hash256(sha256Of: salt + payload)
  }

  /// The leaf of a transaction: its first number and its entries' commitments in order.
  package static func leafHash(firstSeq: Int64, commitments: [Hash256]) -> Hash256 {
    var writer = ByteWriter(capacity: 8 + commitments.count * Hash256.byteCount)
    writer.fixed64(UInt64(bitPattern: firstSeq))
    for commitment in commitments { writer.raw(commitment.bytes) }
    return MerkleTree.leafHash(of: writer.bytes)
  }
}
