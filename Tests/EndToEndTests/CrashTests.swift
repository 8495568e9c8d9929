import Foundation
import Glibc
import Synchronization
import Testing

/// kill -9 at moments that nobody chose. The seeds are fixed; the moments depend on the machine.
@Suite(.serialized)
struct CrashTests {
  /// How long a session takes here, so that the kills fall into all of it.
  private func sessionMilliseconds(of site: TestSite) throws -> Int {
    try site.client().openCase(of: "Maß")
    let clock = ContinuousClock()
    let duration = try clock.measure { try site.sync() }
    return max(20, Int(duration.components.attoseconds / 1_000_000_000_000_000))
  }

  @Test("A hub that is killed again and again loses nothing that it acknowledged")
  func killedHub() throws {
    try withCounty { county in
      let sites = [
        try county.site("Hemmingen"), try county.site("Schwieberdingen"),
        try county.fieldService(),
      ]
      let span = try sessionMilliseconds(of: sites[0])
      var numbers = SeededNumbers(seed: 7)
      var written: Set<String> = []
      for round in 0..<12 {
        for site in sites {
          let client = try site.client()
          for number in 0..<3 {
            let id = "\(site.id)-\(round)-\(number)"
            try client.execute(
              """
              INSERT INTO case_file (id) VALUES ('\(id)');
              INSERT INTO consent (case_id, purpose, event)
                VALUES ('\(id)', 'casework', 'given');
              INSERT INTO person (case_id, family_name) VALUES ('\(id)', 'n\(round)');
              """)
            written.insert(id)
          }
          try client.execute("UPDATE person SET phone = 'p\(round)' WHERE family_name = 'Muster'")
        }
        let syncs = try sites.map { try $0.startSync() }
        _ = syncs[0].ends(withinMilliseconds: Int.random(in: 0...span * 3, using: &numbers))
        county.killHub()
        for sync in syncs {
          let outcome = try sync.wait()
          #expect([0, 6].contains(outcome.exit), "round \(round): \(outcome)")
        }
        try county.serve()
      }
      try Agreement.expect(county, sites)
      let arrived = try county.database().column(
        "SELECT case_id FROM person WHERE family_name GLOB 'n*'")
      #expect(arrived.count == written.count)
      #expect(Set(arrived) == written)
    }
  }

  @Test("A session that is killed at any moment, beside a program that writes, loses nothing")
  func killedSync() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      let span = try sessionMilliseconds(of: site)
      let caseID = try site.client().openCase()
      let writer = BusyWriter(site: site, caseID: caseID)
      var numbers = SeededNumbers(seed: 11)
      for round in 0..<12 {
        try writer.write(
          60,
          while: {
            let sync = try site.startSync()
            // It may also end between the look and the kill.
            _ = sync.ends(withinMilliseconds: Int.random(in: 0...span * 3 / 2, using: &numbers))
            sync.send(SIGKILL)
            let outcome = try sync.wait()
            #expect(
              outcome.signal == SIGKILL || [0, 5].contains(outcome.exit),
              "round \(round): \(outcome)")
            if outcome.exit != nil { expectSums(try outcome.json) }
            if round.isMultiple(of: 3) { try field.sync() }
          })
      }
      try Agreement.expect(county, [site, field])
      for client in [try county.database(), try field.client(), try site.client()] {
        let arrived = try client.column("SELECT id FROM consultation WHERE id GLOB 'w-*'")
        #expect(arrived.count == writer.written.count)
        #expect(Set(arrived) == writer.written)
        #expect(
          try client.value(
            "SELECT count(*) FROM consultation WHERE minutes IS NULL AND id GLOB 'w-*'")
            == "0")
      }
    }
  }

  @Test("A hub killed while it starts, and one whose port is taken, serve at the next start")
  func killedAtStart() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      let second = try Binary.run(
        "hub", "serve", "--data", county.hubDirectory, "--listen",
        "127.0.0.1:\(county.sitePort)", "--join-listen", "127.0.0.1:\(county.joinPort)")
      #expect(second.exit == 3, "\(second)")
      try site.sync()
      for _ in 0..<5 {
        county.killHub()
        try county.serve()
      }
      try Agreement.expect(county, [site])
    }
  }
}

/// A program that writes while something else happens, and meets no error.
private final class BusyWriter: Sendable {
  private let site: TestSite
  private let caseID: String
  private let ids = Mutex<Set<String>>([])

  var written: Set<String> { ids.withLock { $0 } }

  init(site: TestSite, caseID: String) {
    self.site = site
    self.caseID = caseID
  }

  /// Inserts and then updates so many rows on a thread of its own, beside `body`.
  func write(_ count: Int, while body: () throws -> Void) throws {
    let group = DispatchGroup()
    group.enter()
    Thread.detachNewThread {
      defer { group.leave() }
      do {
        try self.write(count)
      } catch {
        Issue.record("the local program met an error: \(error)")
      }
    }
    defer { group.wait() }
    try body()
  }

  private func write(_ count: Int) throws {
    // A busy timeout of a second is all that the product asks of its neighbours.
    let client = try site.client(busyMilliseconds: 1_000)
    for _ in 0..<count {
      let id = "w-\(written.count)"
      try client.execute("INSERT INTO consultation (id, case_id) VALUES ('\(id)', '\(caseID)')")
      _ = ids.withLock { $0.insert(id) }
      try client.execute("UPDATE consultation SET minutes = 1 WHERE id = '\(id)'")
    }
  }
}
