import Testing

/// Which modules each target may import; the map in `Sources/README.md` explains the arrows.
///
/// The build refuses an import that a target did not declare; this table also refuses a declaration
/// that the architecture does not want.
private let allowedImports: [String: Set<String>] = [
  "SyncCore": ["Crypto"],
  "SyncProtocol": foundation.union(["SyncCore", "CZstd"]),
  "CaseloadSchema": foundation.union(["SyncCore", "TOMLKit"]),
  "SQLiteAccess": foundation.union(["SyncCore", "CSQLite", "GRDB", "GRDBSQLite"]),
  "ReplicaStorage": storage,
  "HubStorage": storage,
  "ReplicaAgent": foundation.union(["SyncCore", "SyncProtocol", "ReplicaStorage"]),
  "HubService": foundation.union(["SyncCore", "SyncProtocol", "HubStorage"]),
  "Replica": foundation.union([
    "SyncCore", "SyncProtocol", "ReplicaAgent", "CCurl", "Crypto", "X509", "SwiftASN1",
  ]),
  "Hub": foundation.union([
    "SyncCore", "SyncProtocol", "HubService", "Crypto", "X509", "SwiftASN1", "Logging",
    "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "HTTPTypes", "ServiceLifecycle",
    "UnixSignals", "NIOCore", "NIOPosix", "NIOSSL", "NIOTLS",
  ]),
  "Caseload": system.union(["SyncCore", "SQLiteAccess", "GRDB"]),
  "SyncSimulator": foundation.union([
    "SyncCore", "SyncProtocol", "CaseloadSchema", "ReplicaStorage", "HubStorage", "ReplicaAgent",
    "HubService", "SQLiteAccess", "CSimulatedDisk", "GRDBSQLite", "HeapModule",
  ]),
  "FuzzTargets": foundation.union([
    "SyncCore", "SyncProtocol", "CaseloadSchema", "HubStorage", "ReplicaAgent", "Caseload",
  ]),
  "FuzzDriver": system.union(["CFuzzer", "FuzzTargets"]),
  "Benchmarks": foundation.union([
    "SyncCore", "SyncProtocol", "CaseloadSchema", "ReplicaStorage", "HubStorage", "ReplicaAgent",
    "HubService", "Caseload", "CSQLite", "GRDBSQLite", "CAllocator",
  ]),
  "kreissync": foundation.union([
    "SyncCore", "SyncProtocol", "CaseloadSchema", "ReplicaStorage", "HubStorage", "ReplicaAgent",
    "HubService", "Replica", "Hub", "Caseload", "SyncSimulator", "Benchmarks", "TOMLKit",
    "Logging", "GRDBSQLite", "ArgumentParser", "CAllocator",
  ]),
]

private let system: Set<String> = ["Glibc", "Dispatch", "Synchronization"]
private let foundation = system.union(["Foundation", "FoundationEssentials"])
private let storage = foundation.union([
  "SyncCore", "CaseloadSchema", "SQLiteAccess", "GRDB", "GRDBSQLite",
])

@Suite("Layers")
struct LayerTests {
  @Test("every import of every source file is one that its target may make")
  func imports() throws {
    expectNone(try Repository.swift(under: "Sources").flatMap(forbiddenImports))
  }

  @Test("every target in the package has a row in the table, and no row is left over")
  func tableIsComplete() throws {
    let targets = try Package.sourceTargets(in: try Repository.file("Package.swift"))
    let swiftTargets = targets.filter { !Package.isC($0) }
    #expect(swiftTargets.sorted() == allowedImports.keys.sorted())
  }

  @Test("the hub's side and the replica's side never meet below the composition root")
  func sidesAreApart() {
    for (target, modules) in allowedImports where target != "kreissync" {
      guard target != "SyncSimulator" else { continue }
      let isHub = target.hasPrefix("Hub")
      let isReplica = target.hasPrefix("Replica")
      #expect(!isReplica || !modules.contains { $0.hasPrefix("Hub") }, "\(target)")
      #expect(!isHub || !modules.contains { $0.hasPrefix("Replica") }, "\(target)")
    }
  }

  @Test("arrows point one way: no target reaches itself")
  func noCycles() {
    for target in allowedImports.keys {
      var reached: Set<String> = []
      var waiting = allowedImports[target, default: []]
      while let module = waiting.popFirst() {
        guard reached.insert(module).inserted else { continue }
        waiting.formUnion(allowedImports[module, default: []])
      }
      #expect(!reached.contains(target), "\(target)")
    }
  }

  @Test("the check sees a forbidden import in every spelling")
  func sample() throws {
    let text = """
      import Crypto
      package import Foundation
      @preconcurrency internal import Dispatch
      import struct Foundation.Date
      // import Glibc
      let text = "import GRDB"
      """
    let findings = try forbiddenImports(in: TextFile(path: "Sources/SyncCore/X.swift", text: text))
    #expect(findings.map(\.line) == [2, 3, 4])
    let unknown = TextFile(path: "Sources/Elsewhere/X.swift", text: "import SyncCore")
    #expect(try forbiddenImports(in: unknown).count == 1)
  }

  private func forbiddenImports(in file: TextFile) throws -> [Finding] {
    let allowed = allowedImports[file.target, default: []]
    let pattern =
      #"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"#
      + #"import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)"#
    return try file.codeMatches(pattern).compactMap { match in
      guard !allowed.contains(match.captured) else { return nil }
      return file.finding("\(file.target) may not import \(match.captured)", at: match.index)
    }
  }
}

/// What these tests need to know about `Package.swift`.
enum Package {
  static func sourceTargets(in manifest: TextFile) throws -> [String] {
    try manifest.textMatches(#"\.(?:target|executableTarget)\(\s*name: "(\w+)""#).map(\.captured)
  }

  /// C targets are named with a C before a capital.
  static func isC(_ target: String) -> Bool {
    target.first == "C" && target.dropFirst().first?.isUppercase == true
  }
}
