import HubStorage
package import SyncCore

/// What plain SQL would read from the county's file: for checkers, which ask for everything and
/// sort it. Ledger, proposals, log and sites are read through the port.
extension InMemoryHub {
  /// The living rows of a table, each with its id, its case and its travelling columns, in the
  /// order of their ids. The case of a global table's row is empty text.
  package func domainRows(of table: Table) -> [[Value]] {
    snapshot().rows.all
      .filter { $0.isAlive && $0.key.table == table.number }
      .map { row in
        [.text(row.key.id.text), .text(row.caseID.text)]
          + zip(table.columns, row.values).filter { $0.0.tier != .local }.map(\.1)
      }
  }

  /// Every row with its versions, the deleted ones included, in the order of their keys; a row that
  /// moved is there once for each case that it was in, in the order of its changes.
  package func allRows() -> [StoredRow] {
    snapshot().rows.all
  }

  /// Every case with its lead, epoch and digest, in ascending order; first comes the place of rows
  /// without a case.
  package func allCases() -> [StoredCase] {
    snapshot().scope.all
  }

  /// Every grant of every site, in the order in which they opened.
  package func allGrants() -> [Grant] {
    snapshot().scope.allGrants
  }

  /// The tag and verdict of every answered entry of a replica's log, in order of their numbers.
  package func answeredEntries(
    of site: SiteID, incarnation: IncarnationID
  ) -> [AnsweredEntry] {
    snapshot().batches.entries(of: ReplicaLogID(site: site, incarnation: incarnation))
  }
}
