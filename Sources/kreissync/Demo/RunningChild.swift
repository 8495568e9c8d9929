import Foundation
import Glibc

/// How a program ended: its exit code (128 and more: the signal) and its standard output.
struct ChildEnd {
  let exit: Int32
  let output: Data
}

/// A program that runs, with the reading end of its standard output.
struct RunningChild {
  let pid: pid_t
  let output: Int32

  /// Whether it said something, or ended, within the time.
  func speaks(withinMilliseconds limit: Int32) -> Bool {
    var poll = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&poll, 1, limit) > 0
  }

  /// The place of one that said something or ended; nil if none did within a second.
  static func firstThatSpeaks(of children: [RunningChild]) -> Int? {
    var polls = children.map { pollfd(fd: $0.output, events: Int16(POLLIN), revents: 0) }
    guard poll(&polls, nfds_t(polls.count), 1_000) > 0 else { return nil }
    return polls.firstIndex { $0.revents != 0 }
  }

  /// One line without its end; nil if it ended or stayed silent for the time.
  func readLine(withinMilliseconds limit: Int32) throws -> String? {
    var line: [UInt8] = []
    while speaks(withinMilliseconds: limit) {
      guard let byte = try read(atMost: 1).first else { return nil }
      if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
    return nil
  }

  func readToEnd() throws -> Data {
    var all = Data()
    while true {
      let chunk = try read(atMost: 16 << 10)
      if chunk.isEmpty { return all }
      all += chunk
    }
  }

  /// An end closes the output; what is still said until then is dropped.
  func closesOutput(withinMilliseconds limit: Int) -> Bool {
    let deadline = ContinuousClock.now + .milliseconds(limit)
    while ContinuousClock.now < deadline {
      guard speaks(withinMilliseconds: 100) else { continue }
      var chunk = [UInt8](repeating: 0, count: 4_096)
      let byteCount = Glibc.read(output, &chunk, chunk.count)
      if byteCount == 0 { return true }
      if byteCount < 0 && errno != EINTR { return false }
    }
    return false
  }

  private func read(atMost count: Int) throws -> [UInt8] {
    var chunk = [UInt8](repeating: 0, count: count)
    while true {
      let byteCount = Glibc.read(output, &chunk, count)
      if byteCount >= 0 { return Array(chunk[..<byteCount]) }
      guard errno == EINTR else {
        throw CommandFailure(
          .failed, "child_output", "cannot read what a program of the demo says",
          hint: "repeat the demo")
      }
    }
  }
}
