import SyncCore

/// The body of `POST /v1/snapshot`: asks for a ready file of the site's whole scope. Asked by a
/// site that has no replica yet, or that writes its rows anew, so there is no session and no
/// position.
package struct SnapshotRequest: Codable, Sendable, Equatable {
  package var protocolVersion: Int
  /// For people: name and version of the program.
  package var software: String
  /// Set for a site that has a replica: the file is made as of now, and however small the scope is.
  package var reload: Bool?

  package init(software: String, isReload: Bool = false) {
    reload = isReload ? true : nil
    protocolVersion = SyncProtocol.protocolVersion
    self.software = software
  }
}

/// The answer: what the hub has ready.
package struct SnapshotResponse: Codable, Sendable, Equatable {
  /// Left out where the scope is so small that the pages of a pull are faster.
  package var snapshot: SnapshotOffer?

  package init(snapshot: SnapshotOffer?) {
    self.snapshot = snapshot
  }
}

/// A snapshot as it can be fetched.
package struct SnapshotOffer: Codable, Sendable, Equatable {
  /// Names the file for ``SnapshotPartRequest``.
  package var id: String
  package var byteCount: Int64
  /// Of the whole file, 64 hexadecimal digits.
  package var sha256: String
  /// Rows of the domain tables, for people.
  package var rowCount: Int64
  /// Where the replica in it stands.
  package var position: WirePosition

  /// One part: enough to fill a line between two requests, and little enough that a hub may send
  /// parts to all sites of a county at once.
  package static let partByteCountMax = 1 << 20
  /// A snapshot of two million rows has some 1.5 GiB: what is longer is none.
  package static let byteCountMax: Int64 = 8 << 30

  package init(
    id: String, byteCount: Int64, sha256: String, rowCount: Int64, position: WirePosition
  ) {
    self.id = id
    self.byteCount = byteCount
    self.sha256 = sha256
    self.rowCount = rowCount
    self.position = position
  }

  /// Whether it can be one: a length within bounds, a hash, a position.
  package var isWellFormed: Bool {
    (1...Self.byteCountMax).contains(byteCount) && Hash256(text: sha256) != nil
      && position.position != nil && (1...RowLimit.identifierByteCountMax).contains(id.utf8.count)
  }
}

/// The body of `POST /v1/snapshot/part`: the answer is some of the file's bytes from `offset` on,
/// at least one, at most ``SnapshotOffer/partByteCountMax``.
package struct SnapshotPartRequest: Codable, Sendable, Equatable {
  package var id: String
  package var offset: Int64

  package init(id: String, offset: Int64) {
    self.id = id
    self.offset = offset
  }
}
