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
  package let instructions: [(id: String, kind: Instruction)]

  package static func == (left: HubGreeting, right: HubGreeting) -> Bool {
    left.clock == right.clock && left.pins == right.pins
      && left.instructions.map(\.id) == right.instructions.map(\.id)
  }

  init(_ answer: HelloResponse) {
    clock = answer.clockMilliseconds
    pins = (answer.pins ?? []).prefix(ProtocolLimit.pinCountMax).compactMap { text in
      Base64URL.decode(text).flatMap { $0.count == JoinString.pinByteCount ? $0 : nil }
    }
    instructions = (answer.instructions ?? []).prefix(ProtocolLimit.instructionCountMax)
      .compactMap { instruction in
        Instruction(rawValue: instruction.kind).map { (instruction.id, $0) }
      }
  }

  /// Whether the county asks for this.
  package func asks(for kind: Instruction) -> Bool { instructions.contains { $0.kind == kind } }

  /// The pins as they are reported when they are kept; nil for none.
  var wirePins: [String]? { pins.isEmpty ? nil : pins.map(Base64URL.encode) }

  /// What a session has carried out, for its bye; nil for nothing.
  func results(verified: VerifyResult?) -> [WireInstructionResult]? {
    guard let verified else { return nil }
    let results = instructions.filter { $0.kind == .verify }.map {
      WireInstructionResult(id: $0.id, result: verified.rawValue)
    }
    return results.isEmpty ? nil : results
  }
}

extension VerifyResult {
  /// - Parameter wasUnequal: whether an earlier comparison of the same session found differences.
  init(isEqual: Bool, wasUnequal: Bool) {
    self = isEqual ? (wasUnequal ? .repaired : .equal) : .unequal
  }
}
