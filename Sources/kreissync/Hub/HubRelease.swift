import ArgumentParser
import HubService
import SyncCore

/// `hub release`: the word of a person that a large wave of purges is meant.
struct HubRelease: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Lets the purges go that a site holds back.")

  @Argument(help: "The site's id.") var site: String
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let key = try options.key()
    try printInstruction(
      options.directory.administration(key).release(SiteID(site)), output)
  }
}
