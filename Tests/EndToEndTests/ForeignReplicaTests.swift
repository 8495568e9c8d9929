import Foundation
import Testing

/// Files of two sites that were mixed up.
struct ForeignReplicaTests {
  private func replace(_ site: TestSite, by other: TestSite) throws {
    for suffix in ["", "-wal", "-shm"] { unlink(site.replica + suffix) }
    try other.execute("VACUUM INTO '\(site.replica)'")
  }

  @Test("Another site's replica is told before anything of it goes out in the wrong name")
  func replica() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let other = try county.site("Sinsheim", areas: ["08226085"])
      try site.client().openCase()
      try site.sync()
      try other.client().openCase()
      let kept = county.directory + "/kept.sqlite"
      try site.execute("VACUUM INTO '\(kept)'")
      try replace(site, by: other)
      let head = try county.hub("status").json["seq"]
      for command in ["sync", "verify", "repair", "reload"] {
        let outcome = try site.site(command)
        #expect(outcome.exit == 1, "\(command): \(outcome)")
        #expect(try outcome.json["error"]["code"] == "foreign_replica", "\(command)")
      }
      let daemon = try Daemon.run(site.directory, environment: ["KREISSYNC_SCHEDULE": "every 5s"])
      #expect(try daemon.event("session_failed")["code"] == "foreign_replica")
      try daemon.stop()
      #expect(try county.hub("status").json["seq"] == head)

      // What had not been sent is its own site's.
      #expect(try other.sync()["pushed"]["applied"] == 4)
      for suffix in ["", "-wal", "-shm"] { unlink(site.replica + suffix) }
      try FileManager.default.copyItem(atPath: kept, toPath: site.replica)
      try site.sync()
      try Agreement.expect(county, [site, other])
    }
  }

  @Test("So is another site's key with its certificate")
  func key() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let other = try county.site("Sinsheim", areas: ["08226085"])
      try site.client().openCase()
      for name in ["site.key", "site.crt"] {
        unlink("\(site.directory)/\(name)")
        try FileManager.default.copyItem(
          atPath: "\(other.directory)/\(name)", toPath: "\(site.directory)/\(name)")
      }
      let outcome = try site.site("sync")
      #expect(outcome.exit == 1)
      #expect(try outcome.json["error"]["code"] == "foreign_replica")
      #expect(try county.hub("status").json["cases"] == 0)
    }
  }
}
