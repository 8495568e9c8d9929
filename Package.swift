// swift-tools-version:6.2
import PackageDescription

// Versions are exact because Package.resolved is not kept: nothing else makes a build repeatable.
// swift-nio and swift-nio-ssl are named although only the hub's shell uses them directly: versions
// of swift-nio before 2.100.0 crash on unbounded headers.
let dependencies: [Package.Dependency] = [
  .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
  .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
  .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
  .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
  .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
  .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
  .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
  .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
  .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
  .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
  .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
  .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
  .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let toml: Target.Dependency = .product(name: "TOMLKit", package: "TOMLKit")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
  name: "kreissync",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "kreissync", targets: ["kreissync"])],
  dependencies: dependencies,
  targets: [
    // C targets hold module maps and shims, and a disk.
    .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
    .target(name: "CZstd", linkerSettings: [.linkedLibrary("zstd")]),
    .target(name: "CSQLite", linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(name: "CAllocator"),
    // The simulator's disk: an SQLite VFS in memory that fails as disks do.
    .target(name: "CSimulatedDisk", linkerSettings: [.linkedLibrary("sqlite3")]),

    .target(name: "SyncCore", dependencies: [crypto]),
    .target(name: "SyncProtocol", dependencies: ["SyncCore", "CZstd"]),
    .target(name: "CaseloadSchema", dependencies: ["SyncCore", toml]),
    .target(name: "SQLiteAccess", dependencies: ["SyncCore", "CSQLite", grdb, sqlite]),
    .target(
      name: "ReplicaStorage",
      dependencies: ["SyncCore", "CaseloadSchema", "SQLiteAccess", grdb, sqlite]),
    .target(
      name: "HubStorage",
      dependencies: ["SyncCore", "CaseloadSchema", "SQLiteAccess", grdb, sqlite]),
    .target(name: "ReplicaAgent", dependencies: ["SyncCore", "SyncProtocol", "ReplicaStorage"]),
    .target(name: "HubService", dependencies: ["SyncCore", "SyncProtocol", "HubStorage"]),
    .target(
      name: "Replica",
      dependencies: [
        "SyncCore", "SyncProtocol", "ReplicaAgent", "CCurl", crypto, x509, asn1,
      ]),
    .target(
      name: "Hub",
      dependencies: [
        "SyncCore", "SyncProtocol", "HubService", crypto, x509, asn1, log,
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    .target(name: "Caseload", dependencies: ["SyncCore", "SQLiteAccess", grdb]),
    .target(
      name: "SyncSimulator",
      dependencies: [
        "SyncCore", "SyncProtocol", "CaseloadSchema", "ReplicaStorage", "HubStorage",
        "ReplicaAgent", "HubService", "SQLiteAccess", "CSimulatedDisk", sqlite,
        .product(name: "HeapModule", package: "swift-collections"),
      ]),
    .target(
      name: "Benchmarks",
      dependencies: [
        "SyncCore", "SyncProtocol", "CaseloadSchema", "ReplicaStorage", "HubStorage",
        "ReplicaAgent", "HubService", "Caseload", "CSQLite", "CAllocator", sqlite,
      ]),
    .executableTarget(
      name: "kreissync",
      dependencies: [
        "SyncCore", "SyncProtocol", "CaseloadSchema", "ReplicaStorage", "HubStorage",
        "ReplicaAgent", "HubService", "Replica", "Hub", "Caseload", "SyncSimulator", "Benchmarks",
        "CAllocator",
        toml, log, sqlite,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .testTarget(name: "SyncCoreTests", dependencies: ["SyncCore"]),
    .testTarget(name: "SyncProtocolTests", dependencies: ["SyncCore", "SyncProtocol"]),
    .testTarget(name: "CaseloadSchemaTests", dependencies: ["SyncCore", "CaseloadSchema"]),
    .testTarget(
      name: "ReplicaStorageTests",
      dependencies: ["SyncCore", "CaseloadSchema", "ReplicaStorage", grdb, sqlite]),
    .testTarget(
      name: "HubStorageTests",
      dependencies: [
        "SyncCore", "SyncProtocol", "CaseloadSchema", "HubStorage", "HubService", "SyncSimulator",
        grdb,
      ]),
    .testTarget(
      name: "NetworkTests",
      dependencies: [
        "SyncCore", "SyncProtocol", "CaseloadSchema", "HubStorage", "HubService", "Hub",
        "ReplicaAgent", "Replica", "CCurl", crypto, x509, asn1, log, grdb,
      ]),
    .testTarget(
      name: "LawTests",
      dependencies: [
        "SyncCore", "SyncProtocol", "CaseloadSchema", "ReplicaStorage", "HubStorage",
        "ReplicaAgent", "HubService", "Caseload", "SyncSimulator", sqlite,
      ]),
    .testTarget(
      name: "SyncSimulatorTests",
      dependencies: [
        "SyncCore", "SyncProtocol", "CaseloadSchema", "ReplicaStorage", "HubStorage",
        "ReplicaAgent", "HubService", "SyncSimulator", sqlite,
      ]),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "SyncCore", "SyncProtocol", "CaseloadSchema", "HubStorage", "ReplicaAgent", "Caseload",
      ]),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], exclude: ["Corpus"]),
    .testTarget(name: "EndToEndTests", dependencies: [sqlite, crypto, x509, asn1]),
    .testTarget(
      name: "CaseloadTests", dependencies: ["SyncCore", "CaseloadSchema", "Caseload", sqlite]),
    .testTarget(name: "BenchmarksTests", dependencies: ["Benchmarks"]),
    .testTarget(name: "RepositoryTests"),
  ]
)

// libFuzzer calls the decoders from a program of its own, which an ordinary build must not contain:
// coverage slows the product down, and tests do not link with it. `deploy/fuzz.sh` asks for it.
let isFuzzing = Context.environment["KREISSYNC_FUZZ"] != nil
if isFuzzing {
  package.targets += [
    .target(name: "CFuzzer"),
    .executableTarget(
      name: "FuzzDriver", dependencies: ["CFuzzer", "FuzzTargets"],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
  ]
}

for target in package.targets where target.type != .system && target.type != .plugin {
  guard !target.name.hasPrefix("C") || target.name.hasPrefix("Caseload") else { continue }
  target.swiftSettings = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
  ]
}

if isFuzzing {
  for target in package.targets where target.type != .test && target.swiftSettings != nil {
    target.swiftSettings?.append(.unsafeFlags(["-sanitize=fuzzer"]))
  }
}
