import Foundation
import Hub
import SyncCore
import Testing

private let day: Milliseconds = 86_400_000
private let now: Milliseconds = 1_790_000_000_000

/// The hub's key and its next one, as files, with the time as an argument.
@Suite("Rotation of the hub's key")
struct KeyRotationTests {
  @Test("the next key takes over when its time has come, and not before")
  func switching() throws {
    try withDirectory { directory in
      let first = try ServerIdentity.create(directory: directory, now: now)
      #expect(try ServerIdentity.next(directory: directory) == nil)
      let next = try ServerIdentity.createNext(directory: directory, switchAt: now + 30 * day)
      #expect(next.pin != first.pin && next.validFrom == now + 30 * day)
      // Made again it is the same one, at its own time.
      let again = try ServerIdentity.createNext(directory: directory, switchAt: now + 90 * day)
      #expect(again.pin == next.pin && again.validFrom == next.validFrom)
      let early = try ServerIdentity.current(directory: directory, now: now + 30 * day - 1)
      #expect(early.pin == first.pin)
      #expect(try ServerIdentity.next(directory: directory)?.pin == next.pin)
      let due = try ServerIdentity.current(directory: directory, now: now + 30 * day)
      #expect(due.pin == next.pin)
      #expect(try ServerIdentity.next(directory: directory) == nil)
      #expect(try ServerIdentity.load(directory: directory).pin == next.pin)
      #expect(try mode(of: directory + "/server.key") == 0o600)
    }
  }

  @Test("a switch that was killed between its two files is finished")
  func interruptedSwitch() throws {
    try withDirectory { directory in
      _ = try ServerIdentity.create(directory: directory, now: now)
      let next = try ServerIdentity.createNext(directory: directory, switchAt: now)
      try FileManager.default.removeItem(atPath: directory + "/server.key")
      try FileManager.default.moveItem(
        atPath: directory + "/server-next.key", toPath: directory + "/server.key")
      #expect(try ServerIdentity.current(directory: directory, now: now - 1).pin == next.pin)
      #expect(!FileManager.default.fileExists(atPath: directory + "/server-next.crt"))
    }
  }

  @Test("a next key whose making was cut off does not count, and is completed with the same key")
  func interruptedCreation() throws {
    try withDirectory { directory in
      let first = try ServerIdentity.create(directory: directory, now: now)
      let next = try ServerIdentity.createNext(directory: directory, switchAt: now)
      try FileManager.default.removeItem(atPath: directory + "/server-next.crt")
      #expect(try ServerIdentity.next(directory: directory) == nil)
      #expect(try ServerIdentity.current(directory: directory, now: now + day).pin == first.pin)
      let again = try ServerIdentity.createNext(directory: directory, switchAt: now + day)
      #expect(again.pin == next.pin)
    }
  }
}
