import HubStorage
import SyncCore

/// Rows, living and deleted. A row that moved has a place in each case that it ever was in.
///
/// Three ways lead to a row's place: its key, its case in the order of keys, and the entry that
/// changed it last. The first two change only when a place is new. The third is never cleared, not
/// even when a change is undone: an entry leads to a row only as long as the row names it.
struct RowMemory: Sendable {
  private var places: [Place] = []
  /// The newest of the key's places; the others follow by ``Place/older``.
  private var newestPlaces: [RowKey: Int] = [:]
  /// By the number of the case.
  private var cases: [CaseRows] = []
  /// Position `seq - 1` has the place that the entry changed, or ``none``.
  private var placesBySeq: [Int] = []

  private static let none = -1

  private struct Place: Sendable {
    var row: StoredRow
    let caseNumber: Int
    /// Where the same key stood before.
    let older: Int?
  }

  private struct CaseRows: Sendable {
    /// In order of their keys.
    var places: [Int] = []
    /// No row of the case has a later change; an undone change may leave it too high.
    var lastSeqMax: Int64 = 0
  }

  /// What ``put(_:inCase:)`` did.
  struct Change {
    fileprivate let place: Int
    /// nil where the place is new.
    fileprivate let replaced: StoredRow?
  }

  // MARK: Writing

  /// Inserts or replaces the row at its key and case.
  mutating func put(_ row: StoredRow, inCase caseNumber: Int) -> Change {
    let lastSeq = row.lastSeq
    let place: Int
    var replaced: StoredRow?
    if let known = self.place(of: row.key, inCase: caseNumber) {
      place = known
      replaced = places[place].row
      places[place].row = row
    } else {
      place = places.count
      let older = newestPlaces.updateValue(place, forKey: row.key)
      places.append(Place(row: row, caseNumber: caseNumber, older: older))
      while cases.count <= caseNumber { cases.append(CaseRows()) }
      let position = position(inCase: caseNumber) { !($0 < row.key) }
      cases[caseNumber].places.insert(place, at: position)
    }
    cases[caseNumber].lastSeqMax = max(cases[caseNumber].lastSeqMax, lastSeq)
    while placesBySeq.count < lastSeq { placesBySeq.append(Self.none) }
    placesBySeq[Int(lastSeq) - 1] = place
    return Change(place: place, replaced: replaced)
  }

  /// Rows that stand hold in columns that were added what rows hold that nobody has written there.
  mutating func grow(to schema: Schema) {
    for place in places.indices {
      guard let table = schema.table(number: places[place].row.key.table) else { continue }
      let added = table.columns[places[place].row.values.count...]
      guard !added.isEmpty else { continue }
      let isAlive = places[place].row.isAlive
      places[place].row.values += added.map { isAlive ? $0.valueOfOlderRows : .null }
      places[place].row.versions += added.map { _ in .unwritten }
    }
  }

  /// Replaces the rows of a case by what is left of each; nil for nothing.
  mutating func replace(inCase number: Int, by remainder: (StoredRow) -> StoredRow?) {
    var rebuilt = RowMemory()
    for place in places {
      let row = place.caseNumber == number ? remainder(place.row) : place.row
      if let row { _ = rebuilt.put(row, inCase: place.caseNumber) }
    }
    self = rebuilt
  }

  /// The rows of a case that stood in another before, by that one's number.
  func strays(from number: Int) -> [Int: Set<RowKey>] {
    guard cases.indices.contains(number) else { return [:] }
    var strays: [Int: Set<RowKey>] = [:]
    for own in cases[number].places.map({ places[$0].row }) {
      var next = newestPlaces[own.key]
      while let place = next {
        let former = places[place]
        next = former.older
        guard former.caseNumber != number, !former.row.isAlive,
          own.isAlive || own.lastSeq > former.row.lastSeq
        else { continue }
        strays[former.caseNumber, default: []].insert(own.key)
      }
    }
    return strays
  }

  /// Takes back the latest change that was not taken back yet.
  mutating func undo(_ change: Change) {
    if let replaced = change.replaced {
      places[change.place].row = replaced
      return
    }
    let last = places.removeLast()
    newestPlaces[last.row.key] = last.older
    cases[last.caseNumber].places.removeAll { $0 == change.place }
  }

  // MARK: Reading

  /// The living rows of the key's table behind it, in order of their keys.
  func living(behind key: RowKey, limit: Int) -> [StoredRow] {
    let keys = newestPlaces.keys.filter { $0.table == key.table && $0 > key }.sorted()
    return Array(keys.lazy.compactMap(latest).filter(\.isAlive).prefix(limit))
  }

  /// The living row of the key, or else the one that was deleted last.
  func latest(_ key: RowKey) -> StoredRow? {
    var latest: StoredRow?
    var next = newestPlaces[key]
    while let place = next {
      let row = places[place].row
      next = places[place].older
      if let best = latest, best.isAlive || !row.isAlive && best.lastSeq > row.lastSeq { continue }
      latest = row
    }
    return latest
  }

  func rows(ofCase caseNumber: Int, after: RowKey?, limit: Int) -> [StoredRow] {
    guard cases.indices.contains(caseNumber) else { return [] }
    let start = after.map { after in position(inCase: caseNumber) { after < $0 } } ?? 0
    return cases[caseNumber].places[start...].prefix(limit).map { places[$0].row }
  }

  /// So many entries that may have changed a row lie in the range.
  func entryCount(in range: ClosedRange<Int64>) -> Int {
    positions(of: range).count
  }

  /// The rows whose last change is in the range, in its order, in the cases that `isHeld` admits.
  func changed(
    in range: ClosedRange<Int64>, limit: Int, isHeld: (_ caseNumber: Int) -> Bool
  ) -> [StoredRow] {
    var found: [StoredRow] = []
    for position in positions(of: range) where found.count < limit {
      let place = placesBySeq[position]
      guard places.indices.contains(place), places[place].row.lastSeq == position + 1,
        isHeld(places[place].caseNumber)
      else { continue }
      found.append(places[place].row)
    }
    return found
  }

  /// As ``changed(in:limit:isHeld:)`` where the cases are fewer than the range's entries.
  func changed(in range: ClosedRange<Int64>, inCases numbers: [Int], limit: Int) -> [StoredRow] {
    var found: [Int] = []
    for number in numbers
    where cases.indices.contains(number) && cases[number].lastSeqMax >= range.lowerBound {
      for place in cases[number].places where range.contains(places[place].row.lastSeq) {
        found.append(place)
      }
    }
    found.sort { places[$0].row.lastSeq < places[$1].row.lastSeq }
    return found.prefix(limit).map { places[$0].row }
  }

  /// Every row in the order of keys, and of its changes where it is in several cases.
  var all: [StoredRow] {
    places.map(\.row).sorted { ($0.key, $0.lastSeq) < ($1.key, $1.lastSeq) }
  }

  // MARK: Places

  private func place(of key: RowKey, inCase caseNumber: Int) -> Int? {
    var next = newestPlaces[key]
    while let place = next, places[place].caseNumber != caseNumber { next = places[place].older }
    return next
  }

  /// The first position in the case whose key fulfils the condition, which holds for all behind it.
  private func position(inCase caseNumber: Int, where isBehind: (RowKey) -> Bool) -> Int {
    var low = 0
    var high = cases[caseNumber].places.count
    while low < high {
      let middle = (low + high) / 2
      if isBehind(places[cases[caseNumber].places[middle]].row.key) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return low
  }

  /// Where the range's entries stand in ``placesBySeq``.
  private func positions(of range: ClosedRange<Int64>) -> Range<Int> {
    let first = min(max(range.lowerBound, 1) - 1, Int64(placesBySeq.count))
    let end = min(max(range.upperBound, 0), Int64(placesBySeq.count))
    return Int(first)..<Int(max(first, end))
  }
}
