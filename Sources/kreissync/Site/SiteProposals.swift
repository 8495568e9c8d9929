import ArgumentParser
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

/// `site proposals`: what waits for the decision of the site that leads a case.
struct SiteProposals: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proposals",
    abstract: "Edits of others that wait for this site's decision, in the cases that it leads.",
    subcommands: [SiteProposalsList.self, SiteProposalsAccept.self, SiteProposalsReject.self])
}

struct SiteProposalsList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Asks the hub what waits, oldest first.")

  @OptionGroup var options: SiteOptions
  @Argument(help: "Only this one, with its values.") var id: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let directory = options.directory
    try directory.alone {
      _ = try directory.completeFirstLoad(wait: Surroundings.waitForHub)
      let contact = try SiteContact(directory, until: { false }, wait: Surroundings.waitForHub)
      let shown = try contact.syncedProposals().list().compactMap(ShownProposal.init)
      let proposals = shown.filter { id == nil || $0.id == id }
      if let id, proposals.isEmpty { throw CommandFailure.unknownProposal(id) }
      let sites = try contact.file.siteNames()
      let schema = contact.file.schema
      if output.json {
        printJSON(.list(proposals.map { $0.json(schema, sites) }))
      } else if id != nil {
        print(proposals.map { $0.text(schema, sites) }.joined(separator: "\n\n"))
      } else {
        print(
          TextTable(
            header: ShownProposal.header, rows: proposals.map { $0.cells(schema, sites) }
          ).text)
      }
    }
  }
}

struct SiteProposalsAccept: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept", abstract: "Writes what was proposed, with what belongs to it.")

  @OptionGroup var options: SiteOptions
  @Argument(help: "The proposal's id.") var id: String
  @OptionGroup var output: OutputOptions

  func run() throws { try options.directory.decide(id, .accepted, output) }
}

struct SiteProposalsReject: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reject",
    abstract: "Leaves what stands; what was proposed is kept in the county's ledger.")

  @OptionGroup var options: SiteOptions
  @Argument(help: "The proposal's id.") var id: String
  @OptionGroup var output: OutputOptions

  func run() throws { try options.directory.decide(id, .rejected, output) }
}

extension SiteDirectory {
  /// Decides at the hub, between two sessions: the first sends what this site has, the second
  /// brings what came of it.
  fileprivate func decide(
    _ id: String, _ state: ProposalState, _ output: OutputOptions
  ) throws {
    try alone {
      _ = try completeFirstLoad(wait: Surroundings.waitForHub)
      let contact = try SiteContact(self, until: { false }, wait: Surroundings.waitForHub)
      let decided = try contact.syncedProposals().decide(id, state)
      _ = try contact.sync()
      if output.json {
        printJSON([
          "id": .text(decided.id), "state": .text(decided.state.rawValue),
          "decided_at": JSONValue(time: decided.decidedAtMilliseconds),
          "seq": .integer(decided.seq),
        ])
      } else {
        print("\(decided.state.rawValue) \(decided.id)")
      }
    }
  }
}

extension SiteContact {
  /// The hub's list, behind a session that went through.
  fileprivate func syncedProposals() throws -> LedProposals {
    _ = try sync()
    return LedProposals(link: link, session: sessionNumber)
  }
}

extension ShownProposal {
  /// Nil for what is no proposal of this version.
  fileprivate init?(_ told: WireProposal) {
    guard let row = told.row.key, let rule = Rule(rawValue: told.rule) else { return nil }
    self.init(
      id: told.id, recordedAt: told.recordedAtMilliseconds,
      proposal: Proposal(
        caseID: CaseID(told.case), row: row, column: told.column, base: told.base, seq: told.seq,
        policy: told.policy.flatMap(Policy.init), rule: rule, epoch: told.epoch,
        kept: told.kept.contender, proposed: told.proposed.contender),
      stands: told.stands?.contender, decision: nil)
  }
}

extension ReplicaFile {
  /// As the replica's own table tells them.
  fileprivate func siteNames() throws -> SiteNames {
    SiteNames(county: try record().county.string, names: try publishedSiteNames())
  }
}

extension CommandFailure {
  fileprivate static func unknownProposal(_ id: String) -> CommandFailure {
    CommandFailure(
      .failed, ProtocolError.Code.proposalUnknown.rawValue, "no proposal \(id) waits for this site",
      hint: "`kreissync site proposals list` names those that wait")
  }
}
