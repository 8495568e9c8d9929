import GRDB
import SQLiteAccess
import SyncCore

/// What the hub sent of tables and columns that this replica's schema does not have: a site whose
/// schema is older keeps it, so that nothing is missing when the schema comes.
///
/// An entry of `kreissync_unknown` holds the cells of one row in one case that are not empty, in
/// the canonical encoding. Of a table that the replica has, only rows with such cells have an
/// entry; of one that it has not, every row. Entries count in digests, which so prove equality here
/// too; they are sent only where their row moves to another case, and go with their row.
struct UnknownCells {
  let file: ReplicaFile
  let database: Database
  /// Whether there is any entry: mostly there is none to look for.
  private var isInUse: Bool

  init(file: ReplicaFile, database: Database) throws {
    self.file = file
    self.database = database
    isInUse =
      try Query(database, "SELECT EXISTS (SELECT 1 FROM kreissync_unknown)").first {
        $0.integer(0) == 1
      } ?? false
  }

  /// Takes what the replica has no place for of a row that came.
  ///
  /// - Parameter isWhole: what is kept of the row goes first.
  mutating func take(_ image: RowImage, isWhole: Bool) throws {
    let table = file.schema.table(number: image.key.table)
    let unknown = image.cells.restricted(
      to: image.cells.mask.subtracting(table?.allColumns ?? .empty))
    guard table == nil || !unknown.mask.isEmpty || isWhole && isInUse else { return }
    let kept = isWhole ? .empty : try cells(of: image.key, in: image.caseID)
    let cells = kept.overlaid(by: unknown).withoutEmpty
    guard table == nil || !cells.mask.isEmpty else {
      return try drop(image.key, from: image.caseID)
    }
    var writer = ByteWriter(capacity: 256)
    RowImage(key: image.key, caseID: image.caseID, cells: cells).encode(into: &writer)
    try Query(database, "INSERT OR REPLACE INTO kreissync_unknown VALUES (?, ?, ?, ?)").run(
      .integer(Int64(image.key.table)), Parameter(image.key.id), Parameter(image.caseID),
      .blob(writer.bytes))
    isInUse = true
  }

  /// The changes, with what is kept of rows that have moved to another case: there they are new to
  /// the hub, and would otherwise lose what this site does not know.
  func carried(along changes: [Change]) throws -> [Change] {
    guard isInUse else { return changes }
    return try changes.map { change in
      guard change.kind == .insert, let (caseID, cells) = try left(by: change) else {
        return change
      }
      try Query(
        database,
        "UPDATE OR REPLACE kreissync_unknown SET case_id = ? WHERE t = ? AND id = ? AND case_id = ?"
      ).run(
        Parameter(change.caseID), .integer(Int64(change.row.table)), Parameter(change.row.id),
        Parameter(caseID))
      return change.carrying(cells)
    }
  }

  /// What is kept of an inserted row from the case in which it stood before.
  private func left(by change: Change) throws -> (caseID: CaseID, cells: Cells)? {
    let entry = try Query(
      database,
      "SELECT case_id, image FROM kreissync_unknown WHERE t = ? AND id = ? AND case_id <> ?"
    ).first(
      .integer(Int64(change.row.table)), Parameter(change.row.id), Parameter(change.caseID)
    ) { (caseID: $0.identifier(0, CaseID.self), image: Self.image($0.blob(1))) }
    return entry.flatMap { entry in entry.image.map { (entry.caseID, $0.cells) } }
  }

  /// The row is gone; with a case, from that case only.
  func drop(_ key: RowKey, from caseID: CaseID?) throws {
    guard isInUse else { return }
    try Query(
      database,
      "DELETE FROM kreissync_unknown WHERE t = ?1 AND id = ?2 AND (?3 IS NULL OR case_id = ?3)"
    ).run(.integer(Int64(key.table)), Parameter(key.id), Parameter(caseID?.string))
  }

  /// Drops what is kept of a case whose rows are about to come whole.
  func dropAll(of caseID: CaseID) throws {
    guard isInUse else { return }
    try Query(database, "DELETE FROM kreissync_unknown WHERE case_id = ?").run(Parameter(caseID))
  }

  /// The entries of a case, by their rows.
  func images(of caseID: CaseID) throws -> [RowKey: RowImage] {
    guard isInUse else { return [:] }
    let images = try Query(
      database, "SELECT image FROM kreissync_unknown WHERE case_id = ?"
    ).all(Parameter(caseID)) { Self.image($0.blob(0)) }.compactMap { $0 }
    // The case in which the row was when it came is the entry's key, not the image's.
    return Dictionary(
      images.map { ($0.key, RowImage(key: $0.key, caseID: caseID, cells: $0.cells)) }
    ) { first, _ in first }
  }

  /// Takes out the next entries of tables that the schema has now, in the order of their places.
  ///
  /// - Returns: nothing when none is left; otherwise some entries, or none of those that it passed.
  func takeOut(behind place: inout Place) throws -> [RowImage]? {
    let entries: [(place: Place, image: RowImage?)] = try Query(
      database,
      """
      SELECT t, id, case_id, image FROM kreissync_unknown
      WHERE (t, id, case_id) > (?, ?, ?) ORDER BY t, id, case_id LIMIT ?
      """
    ).all(
      .integer(place.table), .text(place.id), .text(place.caseID), .integer(Self.takenOutMax)
    ) {
      (Place(table: $0.integer(0), id: $0.text(1), caseID: $0.text(2)), Self.image($0.blob(3)))
    }
    guard let last = entries.last else { return nil }
    place = last.place
    let known = entries.filter { file.schema.table(number: Int($0.place.table)) != nil }
    for (place, _) in known {
      let key = RowKey(table: Int(place.table), id: RowID(place.id))
      try drop(key, from: CaseID(place.caseID))
    }
    return known.compactMap { place, image in
      image.map { RowImage(key: $0.key, caseID: CaseID(place.caseID), cells: $0.cells) }
    }
  }

  /// Where an entry stands.
  struct Place {
    fileprivate var table: Int64 = 0
    fileprivate var id = ""
    fileprivate var caseID = ""
  }

  /// Entries in memory at once.
  private static let takenOutMax: Int64 = 1_000

  private func cells(of key: RowKey, in caseID: CaseID) throws -> Cells {
    guard isInUse else { return .empty }
    let bytes = try Query(
      database, "SELECT image FROM kreissync_unknown WHERE t = ? AND id = ? AND case_id = ?"
    ).first(.integer(Int64(key.table)), Parameter(key.id), Parameter(caseID)) { $0.blob(0) }
    return bytes.flatMap(Self.image)?.cells ?? .empty
  }

  /// Nothing for bytes that another program has damaged: the digest tells, and the case is pulled
  /// whole.
  private static func image(_ bytes: [UInt8]) -> RowImage? {
    var reader = ByteReader(bytes)
    do {
      return try RowImage(from: &reader)
    } catch {
      return nil
    }
  }
}

extension Change {
  /// The same change with further cells.
  fileprivate func carrying(_ further: Cells) -> Change {
    Change(
      id: id, kind: kind, row: row, caseID: caseID, cells: cells.overlaid(by: further), base: base,
      columnBases: columnBases, editedAt: editedAt, columnTimes: columnTimes)
  }
}
