import Glibc
import ReplicaStorage
import SyncProtocol

/// Where the pages of a pull wait for the last one: only all of them are a state that may be
/// applied, and a county's may not all be in memory.
package protocol PageSpool: AnyObject {
  /// Adds a page behind the others. It need not outlive the process: a pull that was broken off
  /// begins again.
  func append(_ page: [UInt8]) throws
  /// Calls `body` with each page, in order.
  func forEach(_ body: ([UInt8]) throws -> Void) throws
  /// Forgets all pages and gives their room back.
  func removeAll()
}

/// A spool in the site's directory.
///
/// Pages hold personal values, so nothing of them may be left behind, also by a process that is
/// killed: the file has no name from the moment it is opened, and goes with its last handle. A pull
/// of an ordinary night never touches the disk.
package final class FilePageSpool: PageSpool {
  private let path: String
  private var file: Int32?
  private var held: [[UInt8]] = []
  private var heldByteCount = 0
  private var writtenByteCounts: [Int] = []

  /// What waits in memory: about 10,000 changed rows.
  private static let heldByteCountMax = 1 << 20

  /// - Parameter directory: the site's directory.
  package init(directory: String) {
    path = directory + "/pull.spool"
  }

  deinit { removeAll() }

  package func append(_ page: [UInt8]) throws {
    if file == nil, heldByteCount + page.count <= Self.heldByteCountMax {
      held.append(page)
      heldByteCount += page.count
      return
    }
    let file = try openFile()
    var written = 0
    let start = writtenByteCounts.reduce(0, +)
    while written < page.count {
      let count = page.withUnsafeBytes { bytes in
        pwrite(file, bytes.baseAddress! + written, page.count - written, off_t(start + written))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileFailure(.write, path) }
      written += count
    }
    writtenByteCounts.append(page.count)
  }

  package func forEach(_ body: ([UInt8]) throws -> Void) throws {
    for page in held { try body(page) }
    var start = 0
    for byteCount in writtenByteCounts {
      try body(try read(byteCount, at: start))
      start += byteCount
    }
  }

  package func removeAll() {
    if let file { close(file) }
    file = nil
    held = []
    heldByteCount = 0
    writtenByteCounts = []
  }

  private func openFile() throws -> Int32 {
    if let file { return file }
    let flags = O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
    let opened = open(path, flags, 0o600)
    guard opened >= 0 else { throw FileFailure(.write, path) }
    guard unlink(path) == 0 else {
      let failure = FileFailure(.write, path)
      close(opened)
      throw failure
    }
    file = opened
    return opened
  }

  private func read(_ byteCount: Int, at start: Int) throws -> [UInt8] {
    guard let file else { preconditionFailure("pages were written, and the file is closed") }
    var page = [UInt8](repeating: 0, count: byteCount)
    var filled = 0
    while filled < byteCount {
      let count = page.withUnsafeMutableBytes { bytes in
        pread(file, bytes.baseAddress! + filled, byteCount - filled, off_t(start + filled))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileFailure(.read, path) }
      filled += count
    }
    return page
  }
}

/// The pages of a spool as the replica takes them.
struct SpooledPages: PulledPages {
  let spool: any PageSpool

  func forEach(_ body: (PulledScope.Page) throws -> Void) throws {
    try spool.forEach { try body(PulledScope.Page(try PullPage(decoding: $0))) }
  }
}

extension PulledScope.Page {
  fileprivate init(_ page: PullPage) {
    self.init(
      cases: page.cases.map {
        PulledScope.CaseState(
          caseID: $0.caseID, lead: $0.lead, terms: $0.terms, epoch: $0.epoch,
          isDeliveredWhole: $0.isDeliveredWhole, isHandedOver: $0.isHandedOver,
          isErased: $0.isErased, isRestricted: $0.isRestricted)
      },
      items: page.rows.map { item in
        switch item {
        case .whole(let image): .whole(image)
        case .part(let image): .part(image)
        case .gone(let row): .gone(row.key, row.caseID)
        }
      },
      digests: page.digests)
  }
}
