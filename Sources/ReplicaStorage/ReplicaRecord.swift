package import SyncCore

/// What a replica knows of itself, as its site's hub made it.
package struct ReplicaOrigin: Sendable, Equatable {
  package let county: CountyKey
  package let countyName: String
  package let site: SiteID
  package let siteName: String
  /// The text of the county's `caseload.toml`.
  package let schemaText: String
  /// 16 bytes.
  package let digestKey: [UInt8]
  package let history: HistoryID
  package let incarnation: IncarnationID

  package init(
    county: CountyKey, countyName: String, site: SiteID, siteName: String, schemaText: String,
    digestKey: [UInt8], history: HistoryID, incarnation: IncarnationID
  ) {
    self.county = county
    self.countyName = countyName
    self.site = site
    self.siteName = siteName
    self.schemaText = schemaText
    self.digestKey = digestKey
    self.history = history
    self.incarnation = incarnation
  }
}

extension ReplicaRecord {
  /// Nobody restores a hub a hundred times.
  private static let placeCountMax = 100

  /// The former places as they are kept: one on a line, history, number, size and root.
  static func text(ofPlaces places: [Position]) -> String? {
    let lines = places.suffix(placeCountMax).map {
      "\($0.seq) \($0.treeHead.size) \($0.treeHead.root.text) \($0.history.string)"
    }
    return lines.isEmpty ? nil : lines.joined(separator: "\n")
  }

  static func places(in text: String?) -> [Position] {
    (text ?? "").split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", maxSplits: 3)
      guard words.count == 4, let seq = Int64(words[0]), let size = Int64(words[1]),
        let root = Hash256(text: String(words[2]))
      else { return nil }
      return Position(
        history: HistoryID(String(words[3])), seq: seq, treeHead: TreeHead(size: size, root: root))
    }
  }
}

/// Where a replica stands. What the sidecar keeps outside the file is a part of it.
package struct ReplicaRecord: Sendable, Equatable {
  package let county: CountyKey
  package let site: SiteID
  package let siteName: String
  package let incarnation: IncarnationID
  package var position: Position
  /// The last entry of the change log that stands in a batch or was settled without one.
  package var batchedThrough: Int64
  /// The base that held at `batchedThrough`.
  package var batchedBase: Int64
  package var batchNumber: Int64
  package var batchHash: Hash256?
  /// The head of the hub's log at the last contact.
  package var head: Int64
  /// Sum of what the hub says of the scope's cases.
  package var scopeDigest: Digest128
  package var digestEqual: Bool?
  package var lastSuccess: Milliseconds?
  /// Code of the error that ended the last session; nil after a good one.
  package var lastError: String?
  /// The version of the county's schema at the last contact; the replica's own may be older.
  package var hubSchemaVersion: Int
  /// Why the replica could not take the newer schema over; nil where it could, or does not try.
  package var schemaProblem: SchemaProblem?
  /// The session number that the hub gave last; 0 before the first.
  package var session: Int64
  /// When the file was last recognised as a restored one, by the site's clock.
  package var restoredAt: Milliseconds?
  /// Where earlier histories were left, the latest last; empty where the hub was never restored.
  package var formerPlaces: [Position]
  /// Answered batches behind this number are not known to the hub any more, and are to be returned;
  /// nil where it knows all.
  package var returnAfter: Int64?
}

/// Why a replica cannot be used as it is. Stable codes; nothing is ever silently created anew.
package enum ReplicaError: Error, Equatable, Sendable {
  case missing(path: String)
  case notAReplica(path: String)
  case newerFormat(path: String, format: Int64)
  case locked
  case storageFull
  case readOnly
  case corrupt
  case networkFileSystem(path: String)
  case alreadyThere(path: String)
  /// The hub's answer does not fit what was asked.
  case unfitAnswer(String)
  /// A downloaded snapshot is not what it should be; it was not used.
  case unfitSnapshot(String)

  package var code: String {
    switch self {
    case .missing: "replica_missing"
    case .notAReplica: "not_a_replica"
    case .newerFormat: "newer_format"
    case .locked: "replica_locked"
    case .storageFull: "replica_storage_full"
    case .readOnly: "replica_read_only"
    case .corrupt: "replica_corrupt"
    case .networkFileSystem: "network_file_system"
    case .alreadyThere: "replica_exists"
    case .unfitAnswer: "unfit_answer"
    case .unfitSnapshot: "unfit_snapshot"
    }
  }

  package var message: String {
    switch self {
    case .missing(let path): "there is no replica at \(path)"
    case .notAReplica(let path): "\(path) is not a KreisSync replica"
    case .newerFormat(let path, let format): "\(path) has format \(format), which is newer"
    case .locked: "another program has held the replica's lock for too long"
    case .storageFull: "the replica's disk is full"
    case .readOnly: "the replica cannot be written"
    case .corrupt: "the replica's file is damaged"
    case .networkFileSystem(let path): "\(path) is on a network file system"
    case .alreadyThere(let path): "\(path) exists already"
    case .unfitAnswer(let what): "the hub's answer does not fit: \(what)"
    case .unfitSnapshot(let what): "the hub's snapshot does not fit: \(what)"
    }
  }

  package var hint: String {
    switch self {
    case .missing: "check --data; `kreissync site join` makes a new replica"
    case .notAReplica: "check --data; nothing was changed"
    case .newerFormat: "run the version of kreissync that wrote it"
    case .locked: "close the program that has the file open, then sync again"
    case .storageFull: "make room; nothing is lost, the next sync goes on"
    case .readOnly: "check the permissions of the file and its directory"
    case .corrupt:
      "nothing was sent; `kreissync site reload` builds the replica anew and keeps the damaged file"
    case .networkFileSystem: "move the site's directory to a local disk: SQLite's locks need one"
    case .alreadyThere: "choose an empty directory, or go on with the replica that is there"
    case .unfitAnswer, .unfitSnapshot: "update kreissync at the site and at the hub"
    }
  }
}
