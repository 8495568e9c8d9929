import Foundation
import Glibc

/// Prints the story line by line as it happens. On a terminal a passing line says what is being
/// done at the moment; in a file or pipe only what was done is written.
struct Narrator {
  private let isTerminal = isatty(STDOUT_FILENO) == 1
  private static let nameWidth = 12

  func chapter(_ title: String) throws {
    try write("\n\(title)\n\(String(repeating: "─", count: title.count))")
  }

  func line(_ text: String = "") throws {
    try write(text)
  }

  /// A fact about somebody, in two columns.
  func fact(_ who: String, _ what: String) throws {
    let gap = String(repeating: " ", count: max(1, Self.nameWidth - who.count))
    try write("  \(who)\(gap)\(what)")
  }

  /// What is being done; gone with the next line.
  func progress(_ text: String) throws {
    guard isTerminal else { return }
    try put("\r\u{1B}[2K  … \(text)")
  }

  /// Before somebody else writes, for example an error.
  func clear() throws {
    guard isTerminal else { return }
    try put("\r\u{1B}[2K")
  }

  private func write(_ text: String) throws {
    try put((isTerminal ? "\r\u{1B}[2K" : "") + text + "\n")
  }

  private func put(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      throw CommandFailure(
        .failed, "output_closed",
        "standard output cannot be written: \(error.localizedDescription)",
        hint: "let its reader stay until the end")
    }
  }
}
