import Foundation
import SyncProtocol
import Testing

@Suite("Durable files")
struct DurableFileTests {
  @Test("A write replaces the file whole, with the mode asked for, and leaves nothing beside it")
  func replace() throws {
    try withDirectory { directory in
      let path = "\(directory)/a/b/site.key"
      try DurableFile.makeDirectory("\(directory)/a/b")
      try DurableFile.write(Array("first, and longer".utf8), to: path)
      try DurableFile.write(Array("second".utf8), to: path)
      #expect(try DurableFile.read(path, byteCountMax: 100) == Array("second".utf8))
      #expect(try mode(of: path) == 0o600)
      #expect(try mode(of: "\(directory)/a/b") == 0o700)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: "\(directory)/a/b") == ["site.key"])
    }
  }

  @Test("A missing file is nil, a longer one than allowed an error")
  func read() throws {
    try withDirectory { directory in
      let path = "\(directory)/file"
      #expect(try DurableFile.read(path, byteCountMax: 10) == nil)
      try DurableFile.write([UInt8](repeating: 1, count: 11), to: path)
      #expect(throws: FileFailure.self) { try DurableFile.read(path, byteCountMax: 10) }
    }
  }

  @Test("A write that cannot be finished leaves the old file")
  func failure() throws {
    try withDirectory { directory in
      let path = "\(directory)/file"
      try DurableFile.write([1], to: path)
      try FileManager.default.createDirectory(
        atPath: path + ".new", withIntermediateDirectories: false)
      #expect(throws: FileFailure.self) { try DurableFile.write([2], to: path) }
      #expect(try DurableFile.read(path, byteCountMax: 10) == [1])
    }
  }

  @Test("A file where a directory should be is an error that names the path")
  func fileInTheWay() throws {
    try withDirectory { directory in
      try DurableFile.write([1], to: "\(directory)/file")
      #expect(throws: FileFailure(.makeDirectory, "\(directory)/file", code: ENOTDIR)) {
        try DurableFile.makeDirectory("\(directory)/file")
      }
    }
  }
}
