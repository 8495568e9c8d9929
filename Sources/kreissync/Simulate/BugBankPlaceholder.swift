import SyncSimulator

/// A deliberate bug; the bank of the simulator takes this one's place.
struct BugVariant: Sendable {
  let name: String
  let doc: String
  let tier: Tier
  let makeSeams: @Sendable () -> Seams
}

/// No bugs yet.
enum BugBank {
  static let all: [BugVariant] = []
}
