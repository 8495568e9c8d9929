import CaseloadSchema
import Foundation
import HubStorage
import SyncCore
import SyncSimulator
import Testing

/// An engine behind the port ``HubStore``, as the conformance suite sees it. Whatever engine joins
/// the list runs every test of the suite; the suite knows nothing else of it.
struct HubEngine: Sendable, CustomTestStringConvertible {
  let name: String
  /// Creates an empty county that nobody else uses.
  let make: @Sendable () throws -> TestCounty

  var testDescription: String { name }

  static let all = [sqlite, inMemory]

  static let sqlite = HubEngine(name: "SQLite") {
    let directory = try TemporaryFolder()
    let path = directory.path(of: "county.sqlite")
    let store = try SQLiteHub.create(at: path, county: TestCounty.record, now: 1_000)
    return TestCounty(store: store, residence: directory) { try SQLiteHub.open(at: path) }
  }

  static let inMemory = HubEngine(name: "in memory") {
    let store = InMemoryHub(county: TestCounty.record, schema: TestCounty.schema)
    return TestCounty(store: store, residence: store) { store }
  }
}

/// A county in an engine under test, and the way to open it once more: as a second process does, or
/// the same one after a restart.
struct TestCounty: HubStore {
  private var store: any HubStore
  /// Keeps what the engine stores alive as long as the county.
  private let residence: any Sendable
  let openAgain: @Sendable () throws -> any HubStore

  init(
    store: any HubStore, residence: any Sendable,
    openAgain: @escaping @Sendable () throws -> any HubStore
  ) {
    self.store = store
    self.residence = residence
    self.openAgain = openAgain
  }

  /// Closes the store and opens it again.
  mutating func restart() throws {
    store = Closed()
    store = try openAgain()
  }

  func read<Result: Sendable>(_ body: (any HubReader) throws -> Result) throws -> Result {
    try store.read(body)
  }

  func write<Result: Sendable>(_ body: (any HubWriter) throws -> Result) throws -> Result {
    try store.write(body)
  }

  func writeUnsynced<Result: Sendable>(
    _ body: (any HubWriter) throws -> Result
  ) throws -> Result {
    try store.writeUnsynced(body)
  }

  static let record = CountyRecord(
    key: CountyKey("08118"), name: "Landkreis Müster", history: HistoryID("h1"),
    digestKey: Array(0..<16), schemaText: schemaText)

  static let schema: Schema = {
    do {
      return try CaseloadSchema.read(toml: schemaText, file: "schema of the tests")
    } catch {
      preconditionFailure("\(error)")
    }
  }()

  /// One table of each scope.
  static let schemaText = """
    version = 1

    [tables.site]
    number = 1
    label = "Stelle"
    scope = "global"
    hub_only = true
    tier = "header"
    policy = "county"

    [tables.site.columns]
    name = { number = 1, label = "Name", type = "text" }

    [tables.case_file]
    number = 2
    label = "Fall"
    scope = "case_root"
    retention_months = 120
    tier = "header"
    policy = "lead"

    [tables.case_file.columns]
    opened_on = { number = 1, label = "Eröffnet am", type = "date" }
    worker_id = { number = 2, label = "Mit", type = "text", mentions = "worker" }

    [tables.person]
    number = 3
    label = "Person"
    scope = "case"
    retention_months = 24
    tier = "personal"
    policy = "lead"

    [tables.person.columns]
    family_name = { number = 1, label = "Familienname", type = "text" }
    children = { number = 2, label = "Kinder", type = "integer" }
    phone = { number = 5, label = "Telefon", type = "text" }

    [tables.worker]
    number = 4
    label = "Manager:in"
    scope = "site"
    tier = "header"
    policy = "lead"

    [tables.worker.columns]
    site_id = { number = 1, label = "Stelle", type = "text", follows = "site" }
    display_name = { number = 2, label = "Anzeigename", type = "text", mentioned = true }
    """

  static let site = 1
  static let caseFile = 2
  static let person = 3
  static let worker = 4
}

/// Stands where no store is open.
private struct Closed: HubStore {
  struct Failure: Error {}

  func read<Result: Sendable>(_ body: (any HubReader) throws -> Result) throws -> Result {
    throw Failure()
  }

  func write<Result: Sendable>(_ body: (any HubWriter) throws -> Result) throws -> Result {
    throw Failure()
  }
}

/// A directory in memory where there is one, removed with its last user.
final class TemporaryFolder: Sendable {
  private let url: URL

  init() throws {
    let memory = URL(filePath: "/dev/shm", directoryHint: .isDirectory)
    let isThere = FileManager.default.fileExists(atPath: memory.path)
    url = (isThere ? memory : FileManager.default.temporaryDirectory)
      .appending(path: "kreissync-hub-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  func path(of name: String) -> String { url.appending(path: name).path }
}
