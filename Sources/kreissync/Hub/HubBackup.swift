import ArgumentParser
import Foundation
import HubService
import HubStorage
import SyncCore
import SyncProtocol

/// `hub backup`: the county in one proved file, while the hub serves.
struct HubBackup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Writes the county into one verified file.",
    discussion: """
      The file is the county's database: rows, log and decisions, with its position. Keys and \
      certificates of the hub's directory are not in it; keep a copy of them apart. Nothing is \
      overwritten. Sites prune what they sent only when a backup holds it.
      """)

  @Argument(help: "The file to write; it must not exist yet.") var file: String
  @OptionGroup var options: CountyOptions
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try options.directory.open(options.key())
    // Everything that the county knows leaves its directory.
    try options.directory.administration(options.key()).record(
      .backup, URL(filePath: file).lastPathComponent, by: actor.unchecked)
    let terminal = TerminalProgress("copying the county")
    let backup = try CountyBackup.make(
      of: store, at: file, now: Surroundings.now, onProgress: { terminal.show($0) })
    terminal.end()
    if !backup.isNoted {
      FileHandle.standardError.write(
        Data(
          "kreissync: the backup is good, but the county could not note it\n".utf8))
    }
    if output.json {
      printJSON([
        "file": .text(file), "county": .text(backup.county.string),
        "history": .text(backup.position.history.string), "seq": .integer(backup.position.seq),
        "tree_head": .text(backup.position.treeHead.root.text),
        "bytes": .integer(backup.byteCount),
      ])
    } else {
      print(
        """
        county \(backup.county) up to \(backup.position.seq): \(file), \
        \(backup.byteCount) bytes, verified
        """)
    }
  }
}
