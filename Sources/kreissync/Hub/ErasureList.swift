import HubService
import SyncCore
import SyncProtocol

/// The list of a county's erasures beside its database, `DATA/<county>.erasures`: ids alone. It is
/// written before the county is, and never with it, so that whatever database is put back, what was
/// erased is erased in it before it is served.
struct ErasureList {
  private let path: String

  /// Some 80,000 erasures.
  private static let byteCountMax = 16 << 20

  init(of county: CountyKey, in directory: HubDirectory) {
    path = "\(directory.path)/\(county).erasures"
  }

  private struct Entry: Codable {
    let erasure: String
    let erasedCase: String
    let at: Milliseconds
    let sites: [String]
  }

  /// - Throws: a failure `erasure_list_damaged`: nothing is served without the list.
  func read() throws -> [CountyAdministration.ListedErasure] {
    try entries().map {
      CountyAdministration.ListedErasure(
        id: $0.erasure, caseID: CaseID($0.erasedCase), at: $0.at, sites: $0.sites.map { SiteID($0) }
      )
    }
  }

  private func entries() throws -> [Entry] {
    guard let bytes = try DurableFile.read(path, byteCountMax: Self.byteCountMax) else { return [] }
    do {
      return try WireJSON.decode(bytes)
    } catch {
      throw CommandFailure(
        .failed, "erasure_list_damaged", "\(path) cannot be read: its content is damaged",
        hint: "take its copy from beside a backup; without it erased cases could come back")
    }
  }

  /// Adds what is not there yet; survives a power cut when it returns.
  func add(_ listed: [CountyAdministration.ListedErasure]) throws {
    var entries = try entries()
    let known = Set(entries.map(\.erasedCase))
    let new = listed.filter { !known.contains($0.caseID.string) }
    guard !new.isEmpty else { return }
    entries += new.map {
      Entry(
        erasure: $0.id, erasedCase: $0.caseID.string, at: $0.at, sites: $0.sites.map(\.string))
    }
    try DurableFile.write(try WireJSON.encode(entries), to: path)
  }
}
