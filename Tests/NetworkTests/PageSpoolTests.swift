import Foundation
import ReplicaAgent
import SyncProtocol
import Testing

@Suite("The spool of a pull")
struct PageSpoolTests {
  private func pages(of spool: FilePageSpool) throws -> [[UInt8]] {
    var pages: [[UInt8]] = []
    try spool.forEach { pages.append($0) }
    return pages
  }

  @Test("pages come back in their order, as often as they are asked for", arguments: [10, 700_000])
  func order(byteCount: Int) throws {
    try withDirectory { directory in
      let spool = FilePageSpool(directory: directory)
      let written = (1...4).map { [UInt8](repeating: UInt8($0), count: byteCount + $0) }
      for page in written { try spool.append(page) }
      #expect(try pages(of: spool) == written)
      #expect(try pages(of: spool) == written)
      spool.removeAll()
      #expect(try pages(of: spool).isEmpty)
      try spool.append([7])
      #expect(try pages(of: spool) == [[7]])
    }
  }

  @Test("no file has a name while pages wait, however many: nobody has to clean up")
  func nameless() throws {
    try withDirectory { directory in
      let spool = FilePageSpool(directory: directory)
      for _ in 0..<5 { try spool.append([UInt8](repeating: 1, count: 900_000)) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
      #expect(try openFiles(under: directory) == 1)
      spool.removeAll()
      #expect(try openFiles(under: directory) == 0)
    }
  }

  @Test("a directory that cannot be written to is named")
  func unwritable() throws {
    let spool = FilePageSpool(directory: "/nowhere/at/all")
    let page = [UInt8](repeating: 1, count: 2_000_000)
    #expect(throws: FileFailure(.write, "/nowhere/at/all/pull.spool", code: ENOENT)) {
      try spool.append(page)
    }
  }

  /// Files that this process holds open there, named or not.
  private func openFiles(under directory: String) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
      return target?.hasPrefix(directory) ?? false
    }
  }
}
