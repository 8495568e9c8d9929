import ReplicaStorage
package import SyncCore
package import SyncProtocol

/// What a hub's hello says beside the session itself: its clock, its keys, and what it asks for.
package struct HubGreeting: Sendable, Equatable {
  /// The hub's clock, which judges certificates.
  package let clock: Milliseconds
  /// The hashes of the keys by which the hub is to be known; empty if it named none.
  package let pins: [[UInt8]]
  /// What the county asks of the site. Kinds that this program does not know are left alone; they
  /// stay open at the hub, where a person sees them.
  package let instructions: [AskedInstruction]
  /// Whether the hub was restored and waits for what sites return: what differs is not repaired.
  package let isRecovering: Bool
  /// How far the hub's log stands in a verified backup, if it says so.
  let secured: SecuredWord.Secured?

  init(_ answer: HelloResponse) {
    isRecovering = answer.recovering ?? false
    clock = answer.clockMilliseconds
    if let seq = answer.secured, let at = answer.securedAtMilliseconds, seq >= 0 {
      secured = SecuredWord.Secured(seq: seq, begunAt: at)
    } else {
      secured = nil
    }
    pins = (answer.pins ?? []).prefix(ProtocolLimit.pinCountMax).compactMap { text in
      Base64URL.decode(text).flatMap { $0.count == JoinString.pinByteCount ? $0 : nil }
    }
    instructions = (answer.instructions ?? []).prefix(ProtocolLimit.instructionCountMax)
      .compactMap { instruction in
        Instruction(rawValue: instruction.kind).map { kind in
          AskedInstruction(
            id: instruction.id, kind: kind,
            selection: RowSelection(
              caseID: instruction.case.map { CaseID($0) }, table: instruction.table),
            isDryRun: instruction.dryRun ?? false, count: instruction.count?.task)
        }
      }
  }

  /// Whether the county asks for this.
  package func asks(for kind: Instruction) -> Bool { instructions.contains { $0.kind == kind } }

  /// What was heard of the hub's backups, at the end of the session.
  ///
  /// - Parameter elapsed: by the site's clock. One that was set back meanwhile says nothing; one
  ///   that was set ahead only makes the replica keep more.
  func word(after elapsed: Milliseconds) -> SecuredWord {
    SecuredWord(secured: secured, clock: clock, clockAtEnd: clock + max(0, elapsed))
  }

  /// Whether the whole scope is to be compared in this session.
  var asksToCompareAll: Bool {
    instructions.contains { $0.kind == .verify && $0.selection.isEverything && !$0.isDryRun }
  }

  /// The pins as they are reported when they are kept; nil for none.
  var wirePins: [String]? { pins.isEmpty ? nil : pins.map(Base64URL.encode) }

  /// What a session has carried out, for its bye; nil for nothing.
  func results(verified: VerifyResult?) -> [WireInstructionResult]? {
    let results = instructions.compactMap { instruction in
      switch instruction.kind {
      case .verify: verified.map { WireInstructionResult(id: instruction.id, result: $0.rawValue) }
      case .release:
        WireInstructionResult(id: instruction.id, result: Instruction.resultOfRelease)
      case .repair, .reload, .renewCertificate, .count: nil
      }
    }
    return results.isEmpty ? nil : results
  }
}

/// What the county asks of a site, as far as this program knows it.
package struct AskedInstruction: Sendable, Equatable {
  package let id: String
  package let kind: Instruction
  package let selection: RowSelection
  package let isDryRun: Bool
  package let count: CountTask?
}

extension VerifyResult {
  /// - Parameter wasUnequal: whether an earlier comparison of the same session found differences.
  init(isEqual: Bool, wasUnequal: Bool) {
    self = isEqual ? (wasUnequal ? .repaired : .equal) : .unequal
  }
}
