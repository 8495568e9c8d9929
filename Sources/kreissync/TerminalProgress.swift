import Foundation
import Glibc

/// One line on a terminal that tells how far something long has come; nothing where standard error
/// is no terminal.
final class TerminalProgress {
  private let title: String
  private let isTerminal = isatty(STDERR_FILENO) != 0
  private var percent = -1

  init(_ title: String) {
    self.title = title
  }

  /// - Parameter share: from 0 to 1.
  func show(_ share: Double) {
    let now = Int(share * 100)
    guard isTerminal, now != percent else { return }
    percent = now
    write("\r\(title): \(now) %")
  }

  /// Removes the line.
  func end() {
    guard isTerminal, percent >= 0 else { return }
    write("\r\u{1B}[K")
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
