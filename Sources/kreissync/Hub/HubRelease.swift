import ArgumentParser
import HubService
import SyncCore

/// `hub release`: the word of a person that a large wave of purges is meant.
struct HubRelease: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Lets the purges go that a site holds back.")

  @Argument(help: "The site's id.") var site: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    try printInstruction(
      options.deciding(actor, .release, about: site) { try $0.release(SiteID(site)) }, output)
  }
}
