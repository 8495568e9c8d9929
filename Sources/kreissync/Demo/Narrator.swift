import Foundation
import Glibc

/// Prints the story line by line as it happens. On a terminal a passing line says what is being
/// done at the moment; in a file or pipe only what was done is written, and how far long work is.
final class Narrator {
  private let isTerminal = isatty(STDOUT_FILENO) == 1
  private var chapters: [(title: String, start: ContinuousClock.Instant)] = []
  private var shownQuarter = 0

  private static let nameWidth = 12
  private static let barWidth = 30
  /// Work of fewer steps is over before anybody could read how far it is.
  private static let shownStepCountMin = 12

  /// Begins a chapter; they are numbered.
  func chapter(_ title: String) throws {
    chapters.append((title, .now))
    let heading = "\(chapters.count)  \(title)"
    try write("\n\(heading)\n\(String(repeating: "─", count: heading.count))")
  }

  func line(_ text: String = "") throws {
    try write(text)
  }

  /// Several lines, each two places in.
  func paragraph(_ text: String) throws {
    try write(text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
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

  /// How far work of many steps is: a bar on a terminal, else a line for each quarter.
  func progress(_ work: String, _ done: Int, of count: Int) throws {
    if isTerminal {
      let filled = Self.barWidth * done / max(1, count)
      let bar =
        String(repeating: "█", count: filled)
        + String(repeating: "░", count: Self.barWidth - filled)
      try put("\r\u{1B}[2K  \(bar) \(done) of \(count) · \(work)")
    } else if count >= Self.shownStepCountMin {
      let quarter = 4 * done / count
      if quarter > shownQuarter { try write("  … \(work): \(done) of \(count)") }
      shownQuarter = done == count ? 0 : quarter
    }
  }

  /// Before somebody else writes, for example an error.
  func clear() throws {
    guard isTerminal else { return }
    try put("\r\u{1B}[2K")
  }

  /// How long each chapter took until now, in seconds.
  var timings: String {
    zip(chapters.indices, chapters).map { place, chapter in
      let end = place + 1 < chapters.count ? chapters[place + 1].start : .now
      return "\(place + 1): \(seconds(end - chapter.start))"
    }.joined(separator: " · ")
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

/// A time as the story tells it, to a tenth of a second.
func seconds(_ duration: Duration) -> String {
  String(((duration / .seconds(1)) * 10).rounded() / 10)
}

/// A number as the story tells it, in groups of three digits.
func grouped(_ number: Int) -> String {
  var digits = Array(String(number))
  var place = digits.count - 3
  while place > 0 {
    digits.insert(",", at: place)
    place -= 3
  }
  return String(digits)
}
