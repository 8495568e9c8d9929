import HubService
import HubStorage
import SQLiteAccess
import SyncCore
import SyncProtocol

/// A county's database as it was at one moment, as an administrator keeps it.
enum HubBackup {
  case memory(HubMemory)
  /// The database and its log.
  case files([[UInt8]?])
}

/// The hub goes back in time (F15).
extension SimulatedCounty {
  /// Somebody keeps a backup of the county's database, or puts the kept one back.
  func backUpOrRestoreHub() throws {
    guard hub.isUp, disturbances[0] == nil else { return }
    hub.advance(to: clock)
    guard let backup = hubBackup else {
      hubBackup = hub.backup()
      tally.met(42, at: .operate)
      return note("hub", "is backed up", "at \(try hub.engine.read { try $0.counter.seq })")
    }
    // A backup may be put back more than once.
    if random.chance(60) { hubBackup = nil }
    let faults = hub.disk?.faults
    hub.disk?.faults = SimulatedDisk.Faults()
    let before = try witness.contents(of: hub)
    let head = try hub.restore(backup)
    try witness.hubWasRestored(hub, to: head, from: before)
    if let faults { hub.disk?.faults = faults }
    tally.met(15, at: .commit)
    note("hub", "is restored from its backup", "at \(head.seq)")
  }
}

extension SimulatedHub {
  /// The database as it stands between two requests; with what lies in its log, as a copy of both
  /// files has it.
  func backup() -> HubBackup {
    if let engine = engine as? InMemoryHub { return .memory(engine.snapshot()) }
    guard let disk else { preconditionFailure("an engine without a disk is in memory") }
    return .files(Self.files.map { disk.read($0) })
  }

  /// `hub restore`: the hub is stopped, the backup takes its file's place, and a new history begins
  /// before it serves again.
  ///
  /// - Returns: where the backup stood.
  func restore(_ backup: HubBackup) throws -> Counter {
    crash()
    switch backup {
    case .memory(let memory):
      replaceEngine(InMemoryHub(memory))
    case .files(let files):
      guard let disk else { preconditionFailure("a backup of files belongs to a disk") }
      for (path, bytes) in zip(Self.files, files) {
        disk.remove(path)
        if let bytes { disk.install(bytes, at: path) }
      }
    }
    try restart()
    let head = try engine.read { try $0.counter }
    try beginHistory()
    return head
  }

  /// The database and its log.
  static let files = [path, path + "-wal"]
}

/// What a county's hub held before it was restored, and what became of it since.
struct FormerContents {
  /// Living rows by key, as ``SimulatedHub/rows(of:)`` tells them.
  var rows: [NaiveRow: [Value]]
  /// Rows of which nobody can say that they should be as they were: somebody has written to them
  /// since, or it was never certain that anybody had been told of their last change.
  var unsure: Set<NaiveRow> = []
}

/// What must come of a restore: all that the hub had told anybody comes back, and nothing else.
extension Witness {
  func contents(of hub: SimulatedHub) throws -> [NaiveRow: [Value]] {
    var contents: [NaiveRow: [Value]] = [:]
    for table in schema.tables {
      for row in try hub.rows(of: table) {
        contents[NaiveRow(table: table.name, id: row[0].text ?? "")] = row
      }
    }
    return contents
  }

  /// The hub has forgotten what came after a position.
  mutating func hubWasRestored(
    _ hub: SimulatedHub, to head: Counter, from before: [NaiveRow: [Value]]
  ) throws {
    lastSession = [:]
    heads.removeAll { $0.size > head.tree.size }
    var contents = former ?? FormerContents(rows: before)
    for (site, batches) in decided {
      for (place, batch) in batches.enumerated() {
        let id = BatchID(site: records[site].id, incarnation: batch.log, number: batch.number)
        let isKnown = try hub.engine.read { try $0.answeredBatch(id) } != nil
        decided[site]![place].isForgotten = !isKnown
        guard !isKnown && !batch.isLearnt else { continue }
        // Of what nobody had been told the hub decides again, and its author may have written on.
        contents.unsure.formUnion(batch.rows)
        sentTexts.subtract(batch.texts)
      }
    }
    former = contents
  }

  /// A site returns what the hub has forgotten: what it was answered then, and nothing else.
  mutating func judgeReturn(
    _ request: ProtocolRequest, from site: Int, _ hub: SimulatedHub, tally: inout Tally
  ) throws -> Violation? {
    let (_, answer, _, bytes) = try ReturnBody.decode(request.body)
    let batch = try Batch(decoding: bytes, changeCountMax: .max)
    tally.checked(.exactlyOnce)
    let place = (decided[site] ?? []).firstIndex {
      $0.log == batch.incarnation && $0.number == batch.number
    }
    guard let place, decided[site]![place].hash == Hash256(sha256Of: bytes),
      decided[site]![place].answer == answer
    else {
      return Violation(
        breaking: .exactlyOnce,
        "\(name(site)) returns batch \(batch.number), which was not answered so")
    }
    decided[site]![place].isForgotten = false
    // Of a row that was deleted behind them the returned texts are of no account: whoever deleted
    // it knew them, and the log in which they stood is gone.
    let living = try hub.onSoundDisk { try contents(of: hub) }
    for change in batch.changes where living[NaiveRow(change.row, schema)] == nil {
      sentTexts.subtract(change.cells.values.compactMap(\.text))
    }
    return nil
  }

  /// Rows to which nobody has written since stand at the hub as before it was restored, and what
  /// was deleted stays deleted.
  func returned(to hub: SimulatedHub, tally: inout Tally) throws -> Violation? {
    guard let former else { return nil }
    let now = try contents(of: hub)
    for row in Set(former.rows.keys).union(now.keys).subtracting(former.unsure).sorted() {
      tally.checked(.conservation)
      guard former.rows[row] != now[row] else { continue }
      return Violation(
        breaking: .conservation,
        "\(row) was \(former.rows[row].map { "\($0)" } ?? "deleted") before the hub was restored "
          + "and is \(now[row].map { "\($0)" } ?? "gone")")
    }
    return nil
  }
}
