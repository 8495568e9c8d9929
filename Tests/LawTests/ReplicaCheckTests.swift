import ReplicaAgent
import ReplicaStorage
import SyncCore
import Testing

/// When a replica is looked through, and what is kept of it.
@Suite("Replica checks")
struct ReplicaCheckTests {
  private static let hour: Milliseconds = 3_600_000
  private static let large: Int64 = 33 << 20

  @Test(
    arguments: [
      (ReplicaCheck(), 0, true), (ReplicaCheck(checkedAt: 0), 19, false),
      (ReplicaCheck(checkedAt: 0), 20, true), (ReplicaCheck(checkedAt: 0), -1, true),
      (ReplicaCheck(checkedAt: 0, isDamaged: true), 1, true),
      (ReplicaCheck(checkedAt: .min), 1, true), (ReplicaCheck(checkedAt: .max), 1, true),
    ])
  func `pages are looked at once a day, damaged ones always, small files before they send`(
    check: ReplicaCheck, hours: Int64, isDue: Bool
  ) {
    let now = hours * Self.hour
    for sends in [false, true] {
      #expect(check.pagesAreDue(byteCount: Self.large, sends: sends, at: now) == isDue)
    }
    #expect(check.pagesAreDue(byteCount: 32 << 20, sends: false, at: now) == isDue)
    #expect(check.pagesAreDue(byteCount: 4 << 20, sends: false, at: now))
    #expect(check.pagesAreDue(byteCount: 32 << 20, sends: true, at: now))
  }

  @Test func `the scrub runs once a day and finds what no trigger saw`() throws {
    let office = try SnapshotOffice()
    _ = try office.load()
    try office.sync()
    let file = try ReplicaFile.open(at: office.replicaPath)
    let check = ReplicaCheckFile(directory: office.directory)
    #expect(try check.scrub(file, at: 0) == 0)
    try office.writeUnseen("UPDATE sample SET by_max = 999 WHERE id = 's-ANNA-1'")
    #expect(try check.scrub(file, at: 19 * Self.hour) == nil)
    #expect(try check.scrub(file, at: 20 * Self.hour) == 1)
    try check.checkPages(of: file, byteCount: 1, at: 20 * Self.hour)
    #expect(
      try check.read()
        == ReplicaCheck(checkedAt: 20 * Self.hour, scrubbedAt: 20 * Self.hour))
    try check.noteDamage(at: 21 * Self.hour)
    #expect(try check.read()?.isDamaged == true)
    try check.checkPages(of: file, byteCount: Self.large, at: 22 * Self.hour)
    #expect(try check.read()?.isDamaged == false)
  }
}
