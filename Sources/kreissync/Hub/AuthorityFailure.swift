import HubService
import HubStorage

extension CommandFailure {
  /// Why a person may not do what was asked, with the cure.
  init(_ error: AuthorityRefusal) {
    switch error {
    case .nobodyNamed:
      self.init(
        .usage, "actor_needed", "the county has users, and nobody was named",
        hint: "say who you are with --as NAME; nothing was done")
    case .unknownUser(let name):
      self.init(
        .refused, "unknown_user", "the county has no user \(name)",
        hint: "`kreissync hub user list` names them; nothing was done")
    case .roleTooLow(let name, let role):
      self.init(
        .refused, "role_too_low", "\(name) may not do this: it needs the role \(role.rawValue)",
        hint: "ask someone who has it; nothing was done")
    case .secondNeeded:
      self.init(
        .refused, "second_needed", "two persons must agree to this",
        hint: "name the other one with --second NAME; nothing was done")
    case .secondIsFirst(let name):
      self.init(
        .refused, "second_is_first", "\(name) cannot agree with itself",
        hint: "name another person with --second; nothing was done")
    }
  }

  /// Why people are not changed, with the cure.
  init(_ error: UserRefusal) {
    switch error {
    case .name:
      self.init(
        .usage, "user_name", "a user's name has 1 to 100 bytes and one line",
        hint: "nothing was changed")
    case .unknown(let name):
      self.init(
        .failed, "unknown_user", "the county has no user \(name)",
        hint: "`kreissync hub user list` names them")
    case .lastToDecide:
      self.init(
        .refused, "last_to_decide", "nobody would be left who may decide",
        hint: "give another person the role decide first; nothing was changed")
    }
  }
}
