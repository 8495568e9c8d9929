import SyncCore

extension Section {
  /// The column that this section declares; none if something that it needs is missing or wrong.
  ///
  /// - Parameter table: its tier and policy hold where the column names none.
  func column(named name: String, of table: Section, _ mistakes: inout Mistakes) -> Column? {
    allow(
      only: [
        "number", "label", "type", "tier", "policy", "codes", "terminal", "group", "required",
        "default", "references", "follows", "mentions", "mentioned", "observes",
        "restricts",
      ], &mistakes)
    require("type", &mistakes)
    for key in ["tier", "policy"] where !table.has(key) { require(key, &mistakes) }
    let number = number(max: Column.numberMax, &mistakes)
    let label = label(&mistakes)
    let type: ColumnType? = choice("type", &mistakes)
    let tier: Tier? = (has("tier") ? self : table).choice("tier", &mistakes)
    let policy: Policy? = (has("policy") ? self : table).choice("policy", &mistakes)
    let codes = texts("codes", &mistakes)
    let terminalCodes = texts("terminal", &mistakes)
    let group = text("group", &mistakes)
    let isRequired = flag("required", &mistakes) ?? false
    let references = text("references", &mistakes)
    let followed = text("follows", &mistakes)
    let mentions = text("mentions", &mistakes)
    let isMentioned = flag("mentioned", &mistakes) ?? false
    let observes = text("observes", &mistakes)
    let restricts = flag("restricts", &mistakes) ?? false
    guard let number, let label, let type, let tier, let policy else { return nil }
    return Column(
      number: number, name: name, label: label, type: type, tier: tier, policy: policy,
      codes: codes, terminalCodes: terminalCodes, group: group, isRequired: isRequired,
      defaultValue: defaultValue(for: type, codes: codes, &mistakes), references: references,
      follows: followed.map { $0 == "site" ? .site : .row(ofTable: $0) }, mentions: mentions,
      isMentioned: isMentioned, observes: observes, restricts: restricts)
  }

  private func defaultValue(
    for type: ColumnType, codes: [String], _ mistakes: inout Mistakes
  ) -> Value {
    switch type {
    case .integer:
      return integer("default", &mistakes).map { .integer(Int64($0)) } ?? .null
    case .boolean:
      return flag("default", &mistakes).map { .integer($0 ? 1 : 0) } ?? .null
    case .text, .date, .code, .set:
      guard let text = text("default", &mistakes) else { return .null }
      if let cure = reason(against: text, as: type, codes: codes) {
        mistakes.add(at: at("default"), "\"\(text)\" is no value of the column", cure: cure)
      }
      return .text(text)
    }
  }

  private func reason(against text: String, as type: ColumnType, codes: [String]) -> String? {
    switch type {
    case .date:
      return SchemaLimit.isDate(text) ? nil : "write a day as YYYY-MM-DD"
    case .code:
      return codes.contains(text) ? nil : "use one of its codes"
    case .set:
      let members = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let isSet = members == Array(Set(members)).sorted { ByteText($0) < ByteText($1) }
      let areCodes = members.allSatisfy {
        SchemaLimit.isCode($0) && (codes.isEmpty || codes.contains($0))
      }
      return isSet && areCodes ? nil : "write codes in ascending order, separated by commas"
    case .text, .integer, .boolean:
      return nil
    }
  }
}

extension Column {
  /// Finds what only the keys of the column together tell.
  func check(at place: String, _ mistakes: inout Mistakes) {
    let isTaken = name.hasPrefix("kreissync_") || ["id", "case_id"].contains(name)
    if isTaken || !SchemaLimit.isName(name) {
      mistakes.add(
        at: place, "has a name that cannot be used",
        cure: "use a lower-case letter and up to 62 lower-case letters, digits and _, "
          + "neither id nor case_id, not beginning with kreissync_")
    }
    if isRequired && tier != .header {
      mistakes.add(
        at: "\(place), key required", "tier \(tier.rawValue) is empty where a gate is closed",
        cure: "remove it, or use tier \"header\"")
    }
    checkCodes(at: place, &mistakes)
    checkPolicy(at: place, &mistakes)
    checkGroup(at: place, &mistakes)
  }

  private func checkCodes(at place: String, _ mistakes: inout Mistakes) {
    let key = "\(place), key codes"
    if !codes.isEmpty && type != .code && type != .set {
      mistakes.add(
        at: key, "type \(type.rawValue) has no codes",
        cure: "remove them, or use type \"code\" or \"set\"")
    }
    if codes.isEmpty && type == .code {
      mistakes.add(
        at: key, "a code column needs its codes", cure: "list them, or use type \"text\"")
    }
    if let wrong = codes.first(where: { !SchemaLimit.isCode($0) }) {
      mistakes.add(
        at: key, "\"\(wrong)\" is no code", cure: "use 1 to 63 letters, digits, _ and - for each")
    }
    if Set(codes).count < codes.count {
      mistakes.add(at: key, "a code stands there twice", cure: "list each once")
    }
    if !terminalCodes.isEmpty && (policy != .state || !terminalCodes.allSatisfy(codes.contains)) {
      mistakes.add(
        at: "\(place), key terminal", "holds what is no final state of the column",
        cure: "use some of its codes, and policy \"state\"")
    }
  }

  private func checkPolicy(at place: String, _ mistakes: inout Mistakes) {
    let reason: (fact: String, cure: String)? =
      switch (policy, type) {
      case (.restrict, .code), (.state, .code), (.union, .set), (.max, .integer), (.min, .integer),
        (.max, .date), (.min, .date), (.max, .boolean), (.min, .boolean), (.lead, _),
        (.county, _), (.latest, _), (.once, _), (.manual, _):
        nil
      case (.restrict, _), (.state, _):
        ("goes by the order of codes", "use type \"code\" and list the codes in order")
      case (.union, _):
        ("unites sets", "use type \"set\", or another policy")
      case (.max, _), (.min, _):
        ("compares numbers and dates", "use type \"integer\", \"boolean\" or \"date\"")
      }
    guard let reason else { return }
    mistakes.add(
      at: "\(place), key policy", "\(policy.rawValue) \(reason.fact), not type \(type.rawValue)",
      cure: reason.cure)
  }

  private func checkGroup(at place: String, _ mistakes: inout Mistakes) {
    guard let group else { return }
    let key = "\(place), key group"
    if !SchemaLimit.isName(group) {
      mistakes.add(
        at: key, "\"\(group)\" cannot be used",
        cure: "use a lower-case letter and up to 62 lower-case letters, digits and _")
    }
    // The others mix two values into a third, or judge each column by itself.
    let whole: [Policy] = [.lead, .county, .latest, .once, .manual]
    if !whole.contains(policy) {
      mistakes.add(
        at: key, "policy \(policy.rawValue) cannot decide several columns as one",
        cure: "use one of \(whole.map(\.rawValue).joined(separator: ", ")), or no group")
    }
  }
}
