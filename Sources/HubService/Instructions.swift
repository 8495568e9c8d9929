import HubStorage
import SyncCore
import SyncProtocol

/// What the county asks of sites: kept at the hub, given with each hello until it is done, and
/// repeatable, because a site that was cut off may carry it out twice.
extension CountyService {
  /// The open instructions of a site, for its hello; nil for none.
  func openInstructions(of site: SiteID, in reader: some HubReader) throws -> [WireInstruction]? {
    let open = try reader.instructions(of: site, doneLimit: 0)
      .prefix(ProtocolLimit.instructionCountMax)
    return open.isEmpty ? nil : open.map { WireInstruction(id: $0.id, kind: $0.kind) }
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
      instruction.doneAt = environment.now()
      instruction.result = result.result
      try writer.put(instruction)
    }
  }

  /// What a site may say of an instruction: nothing else is kept, so no site writes into the
  /// county's records.
  private static func results(of kind: Instruction) -> [String] {
    switch kind {
    case .verify: VerifyResult.allCases.map(\.rawValue)
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
