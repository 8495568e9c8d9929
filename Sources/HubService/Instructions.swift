import HubStorage
import SyncCore
import SyncProtocol

/// What the county asks of sites: kept at the hub, given with each hello until it is done, and
/// repeatable, because a site that was cut off may carry it out twice.
extension CountyService {
  /// The open instructions of a site, for its hello; nil for none.
  func openInstructions(of site: SiteID, in reader: some HubReader) throws -> [WireInstruction]? {
    let asked = try reader.instructions(of: site, doneLimit: 0)
    let held = try reader.roles(of: site, in: asked.compactMap(\.selection.caseID))
    // What the site does not hold any more is not named to it.
    let open = asked.filter { $0.selection.caseID.map { held[$0] != nil } ?? true }
      .prefix(ProtocolLimit.instructionCountMax)
    return open.isEmpty
      ? nil
      : open.map {
        WireInstruction(
          id: $0.id, kind: $0.kind, selection: $0.selection, isDryRun: $0.isDryRun,
          count: $0.count)
      }
  }

  /// Keeps what a site says it has carried out. What was not asked of it is ignored.
  func record(
    _ results: [WireInstructionResult], of site: SiteID, in writer: some HubWriter
  ) throws {
    let open = try writer.instructions(of: site, doneLimit: 0)
    for result in results.prefix(ProtocolLimit.instructionCountMax) {
      guard var instruction = open.first(where: { $0.id == result.id }),
        let kind = Instruction(rawValue: instruction.kind),
        Self.results(of: kind).contains(result.result)
      else { continue }
      if kind == .count {
        // What cannot be a figure is not kept, and the site stays asked.
        guard let counts = result.counts?.map(\.cell), counts.count <= CountCell.countMax,
          counts.allSatisfy(\.isPlausible)
        else { continue }
        instruction.counts = counts
      }
      instruction.doneAt = environment.now()
      instruction.result = result.result
      instruction.differences = result.differences.map { max(0, $0) }
      instruction.repaired = result.repaired.map { max(0, $0) }
      try writer.put(instruction)
    }
  }

  /// What a site may say of an instruction: nothing else is kept, so no site writes into the
  /// county's records.
  private static func results(of kind: Instruction) -> [String] {
    switch kind {
    case .verify, .repair, .reload: VerifyResult.allCases.map(\.rawValue)
    case .release: [Instruction.resultOfRelease]
    case .count: [Instruction.resultOfCount]
    // The use of the new key says it.
    case .renewCertificate: []
    }
  }

  /// Notes that the open instructions of a kind are carried out.
  func finish(
    _ kind: Instruction, of site: SiteID, result: String, in writer: some HubWriter
  ) throws {
    for var instruction in try writer.instructions(of: site, doneLimit: 0)
    where instruction.kind == kind.rawValue {
      instruction.doneAt = environment.now()
      instruction.result = result
      try writer.put(instruction)
    }
  }
}
