package import SyncCore

/// What engines can do beside ``HubStore``: write a site's whole scope into a file that is a ready
/// replica. An engine that cannot leaves its sites to the pages of a pull.
package protocol SnapshotBuilder: Sendable {
  /// The living rows of the site's scope, counted no further than `limit`.
  func scopeRowCount(of site: SiteID, upTo limit: Int) throws -> Int

  /// Writes the site's scope, as it is at one position of the log, into a new file at `path`. Not
  /// durable: whoever keeps the file sees to that. What stands there after an error is no snapshot.
  ///
  /// - Throws: ``HubStoreError/full`` where the disk is.
  func buildSnapshot(for site: SiteID, at path: String) throws -> BuiltSnapshot

  /// Whether nothing that the site held at `seq` was taken from it since: else a snapshot of that
  /// time holds what the site must not have.
  func isStillHeld(by site: SiteID, since seq: Int64) throws -> Bool

  var history: HistoryID { get throws }

  /// The head of the log.
  var headSeq: Int64 { get throws }

  /// Bytes of the county's database: more than any snapshot of it has.
  var byteCount: Int64 { get throws }
}

/// What a snapshot holds.
package struct BuiltSnapshot: Sendable, Equatable {
  package let position: Position
  package let rowCount: Int64

  package init(position: Position, rowCount: Int64) {
    self.position = position
    self.rowCount = rowCount
  }
}
