import ArgumentParser
import Caseload
import CaseloadSchema
import Dispatch
import Foundation
import Glibc
import SyncCore
import SyncProtocol

/// `demo`: five systems in four counties, nights and a day on this machine.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Shows four counties and their sites on this machine.",
    discussion: """
      Starts one hub for four counties and their 47 sites as processes, lets other programs edit \
      the replicas, and ends 0 only if hub and replicas are equal cell by cell. Needs the sqlite3 \
      shell, 300 MB of disk and at most two minutes on two cores.
      """)

  @Option(help: "An empty directory, or one to be made, for all files.")
  var directory: String?

  @Flag(help: "Leave the files and say where they are.")
  var keep = false

  @Option(help: "Makes other invented persons.")
  var seed: UInt64 = 8_118_027

  func run() throws {
    let start = ContinuousClock.now
    let shell = try ShellProgram.find()
    let place = try DemoDirectory(asked: directory)
    let children = ChildPrograms(logPath: "\(place.path)/demo.log")
    let signals = heed([SIGINT, SIGTERM, SIGHUP], children)
    defer { signals.forEach { $0.cancel() } }
    let narrator = Narrator()
    let outcome = Result {
      try tell(in: place, children: children, shell: shell, narrator: narrator)
      try children.checkInterrupted()
    }
    try narrator.clear()
    if keep {
      try outcome.get()
      try tellWhere(place, narrator)
    } else {
      let removal = Result { try place.remove() }
      try outcome.get()
      try removal.get()
    }
    try narrator.line(
      "\nAll replicas and the hub agree. (\(seconds(.now - start)) seconds; chapter by chapter: "
        + "\(narrator.timings))")
  }

  private func tell(
    in place: DemoDirectory, children: ChildPrograms, shell: String, narrator: Narrator
  ) throws {
    let fate = keep ? "they stay" : "removed at the end; --keep leaves them"
    try narrator.line(
      """
      KreisSync demo: five systems of case management, four counties, one hub.
      Hub and sites run as processes on this machine; each site has an SQLite file that other
      programs edit as they like. All persons are invented (seed \(seed)).
      Files: \(place.path)
      (\(fate))
      """)
    let hub = DemoHub(directory: place.path, children: children, narrator: narrator)
    defer { hub.close() }
    var story = DemoStory(
      narrator: narrator, hub: hub, shell: shell, seed: seed,
      today: CalendarDay(daysSince1970: Int(Surroundings.now() / 86_400_000)),
      schema: try CaseloadSchema.read(toml: CaseloadSchema.shipped, file: "the shipped schema"))
    try story.tell()
  }

  private func tellWhere(_ place: DemoDirectory, _ narrator: Narrator) throws {
    let program = quotedForShell(
      try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    let path = quotedForShell(place.path)
    try narrator.line(
      """

      The files stay in \(place.path). To look at them:
        \(program) hub conflicts list --data \(path)/hub --county 08118
        \(program) site notices --data \(path)/hemmingen
        sqlite3 -box \(path)/traeger/caseload.sqlite "SELECT * FROM kreissync_notice"
      """)
  }

  /// Signals end the children; the demo's own thread then finds out and cleans up.
  private func heed(
    _ numbers: [Int32], _ children: ChildPrograms
  ) -> [any DispatchSourceSignal] {
    numbers.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { children.interrupt() }
      source.resume()
      return source
    }
  }
}

/// Where the demo's files stand: nothing of anybody else's is in it.
struct DemoDirectory {
  let path: String
  private let wasThere: Bool

  /// - Parameter asked: the person's choice; nil for a new temporary directory.
  /// - Throws: if something is in it already.
  init(asked: String?) throws {
    let files = FileManager.default
    path =
      asked.map { URL(fileURLWithPath: $0).path }
      ?? files.temporaryDirectory.path + "/kreissync-demo-\(Surroundings.uuid())"
    wasThere = files.fileExists(atPath: path)
    try DurableFile.makeDirectory(path)
    guard try files.contentsOfDirectory(atPath: path).isEmpty else {
      throw CommandFailure(
        .usage, "directory_not_empty", "\(path) is not empty",
        hint: "give --directory a new or an empty directory; nothing was touched")
    }
  }

  /// Removes what the demo made, and nothing else.
  func remove() throws {
    let files = FileManager.default
    guard wasThere else { return try files.removeItem(atPath: path) }
    for name in try files.contentsOfDirectory(atPath: path) {
      try files.removeItem(atPath: "\(path)/\(name)")
    }
  }
}

/// A path as a POSIX shell takes it.
private func quotedForShell(_ path: String) -> String {
  let isPlain = path.utf8.allSatisfy {
    $0 >= 0x80 || "/._-+".utf8.contains($0) || (0x30...0x39).contains($0)
      || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
  }
  return isPlain ? path : "'" + path.replacing("'", with: "'\\''") + "'"
}
