import Foundation

/// What capture costs the local program. The program is the same on both sides: SQLite's C
/// interface and prepared statements, on the same file with and without the product's triggers, its
/// edits in an order of no meaning.
extension Scenario {
  static let capture = Scenario(
    id: "B4", title: "capture", baseline: "the same writes without capture"
  ) { stage in
    try stage.withDirectory("capture") { directory in
      let empty = try ReplicaFixture(in: directory)
      var measurements = [
        Measurement(
          "insert of 7,800 rows in one transaction", .times(try bulkInsert(stage, empty, 1)),
          target: 1.95),
        Measurement(
          "insert of 78,000 rows in one transaction", .times(try bulkInsert(stage, empty, 10)),
          target: 1.95),
      ]
      for count in [1, 40] {
        let workload = Workload(municipalityCount: count)
        let fixture = try empty.copies("filled-\(count)")
        try fixture.fill(workload)
        var edits = Edits(of: workload, seed: 4)
        measurements += [
          Measurement(
            "6,240 updates of \(workload.rowCount) rows in one transaction",
            .times(try writes(stage, fixture, &edits, .updates(6_240), synchronous: "NORMAL")),
            target: 1.25),
          Measurement(
            "2,000 updates of \(workload.rowCount) rows, a transaction each",
            .times(
              try writes(
                stage, fixture, &edits, .updates(2_000), synchronous: "NORMAL", isEach: true)),
            target: 1.50),
        ]
        try fixture.remove()
      }
      return measurements
    }
  }

  static let suspendedCapture = Scenario(
    id: "B5", title: "apply with capture suspended", baseline: "the same writes without triggers"
  ) { stage in
    try stage.withDirectory("suspended") { directory in
      let fixture = try ReplicaFixture(in: directory)
      let workload = Workload(municipalityCount: 10)
      try fixture.fill(workload)
      var edits = Edits(of: workload, seed: 5)
      return [
        Measurement(
          "a night of 78,000 rows in one transaction",
          .times(
            try writes(
              stage, fixture, &edits, .nightly(of: workload.rowCount), synchronous: "EXTRA",
              firesTriggers: false)),
          target: 1.05)
      ]
    }
  }

  static let durableWrites = Scenario(
    id: "B17", title: "durable single writes with capture",
    baseline: "the same writes without capture"
  ) { stage in
    try stage.withDirectory("durable") { directory in
      let fixture = try ReplicaFixture(in: directory)
      let workload = Workload(municipalityCount: 1)
      try fixture.fill(workload)
      var edits = Edits(of: workload, seed: 17)
      return [
        Measurement(
          "500 updates, a durable transaction each",
          .times(
            try writes(stage, fixture, &edits, .updates(500), synchronous: "FULL", isEach: true)),
          target: 1.2)
      ]
    }
  }

  static let logGrowth = Scenario(
    id: "B18", title: "growth of the change log",
    baseline: "growth of the database without capture"
  ) { stage in
    try stage.withDirectory("growth") { directory in
      let fixture = try ReplicaFixture(in: directory)
      let workload = Workload(municipalityCount: 10)
      let growths = try [fixture.plain, fixture.capturing].map { path in
        let database = try RawDatabase(path, synchronous: "NORMAL")
        let before = try database.byteCount()
        for municipality in 0..<workload.municipalityCount {
          let rows = workload.rows(ofMunicipality: municipality)
          try rows.runAsOne(on: database, try rows.prepare(on: database))
        }
        return try database.byteCount() - before
      }
      return [
        Measurement(
          "insert of 78,000 rows", .bytes(candidate: growths[1], baseline: growths[0]),
          target: 1.18)
      ]
    }
  }

  private static func bulkInsert(
    _ stage: Stage, _ empty: ReplicaFixture, _ municipalityCount: Int
  ) throws -> Comparison {
    let workload = Workload(municipalityCount: municipalityCount)
    let lists = (0..<municipalityCount).map(workload.rows)
    return try stage.compare("insert of \(workload.rowCount) rows") { round in
      try empty.copies("round-\(municipalityCount)-\(round)")
    } baseline: { copy in
      try insertion(of: lists, into: copy.plain)
    } candidate: { copy in
      try insertion(of: lists, into: copy.capturing)
    }
  }

  private static func insertion(of lists: [OperationList], into path: String) throws -> Cost {
    let database = try RawDatabase(path, synchronous: "NORMAL")
    let statements = try lists.map { try $0.prepare(on: database) }
    return try Stopwatch().measure {
      try database.transaction {
        for (list, statements) in zip(lists, statements) { try list.run(statements) }
      }
    }
  }

  private static func writes(
    _ stage: Stage, _ fixture: ReplicaFixture, _ edits: inout Edits, _ size: DeltaSize,
    synchronous: String, firesTriggers: Bool = true, isEach: Bool = false
  ) throws -> Comparison {
    let plain = try RawDatabase(
      fixture.plain, synchronous: synchronous, firesTriggers: firesTriggers)
    let capturing = try RawDatabase(
      fixture.capturing, synchronous: synchronous, firesTriggers: firesTriggers)
    func cost(of list: OperationList, on database: RawDatabase) throws -> Cost {
      let statements = try list.prepare(on: database)
      let cost = try Stopwatch().measure {
        if isEach {
          try list.run(statements)
        } else {
          try list.runAsOne(on: database, statements)
        }
      }
      try database.checkpoint()
      return cost
    }
    return try stage.compare("writes with and without capture") { round in
      let list = edits.next(size)
      list.shuffle(seed: UInt64(round))
      return list
    } baseline: { list in
      try cost(of: list, on: plain)
    } candidate: { list in
      try cost(of: list, on: capturing)
    }
  }
}
