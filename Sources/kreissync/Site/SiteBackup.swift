import ArgumentParser
import ReplicaAgent
import ReplicaStorage
import SyncCore

/// `site backup`: the replica in one proved file, while programs write.
struct SiteBackup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Writes the replica into one verified file.",
    discussion: """
      The file is the replica with its identity: also local columns and unsent work, which the hub \
      does not have. Key and certificate are not in it. Nothing is overwritten.

      To restore it, end the daemon and every program that has the replica open, remove \
      caseload.sqlite-wal and caseload.sqlite-shm, copy the file to caseload.sqlite in the site's \
      directory, and sync. Leave identity.json where it is: by it the restore is recognised.
      """)

  @Argument(help: "The file to write; it must not exist yet.") var file: String
  @OptionGroup var options: SiteOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let terminal = TerminalProgress("copying the replica")
    let backup = try ReplicaBackup.make(
      of: options.directory.replicaPath, at: file, onProgress: { terminal.show($0) })
    terminal.end()
    let record = backup.record
    if output.json {
      printJSON([
        "file": .text(file), "site": .text(record.site.string),
        "county": .text(record.county.string), "history": .text(record.position.history.string),
        "seq": .integer(record.position.seq), "incarnation": .text(record.incarnation.string),
        "bytes": .integer(backup.byteCount),
      ])
    } else {
      print(
        """
        \(record.siteName) up to \(record.position.seq): \(file), \
        \(backup.byteCount) bytes, verified
        """)
    }
  }
}
