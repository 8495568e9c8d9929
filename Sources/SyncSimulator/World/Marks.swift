import HubStorage
import SyncCore

/// Finds the marks by which a simulated county's texts and ids name their case: `…@c12;`.
enum Marks {
  /// Calls `body` with each mark in the bytes.
  static func scan(_ bytes: [UInt8], _ body: (String) -> Void) {
    var position = bytes.startIndex
    while let at = bytes[position...].firstIndex(of: 0x40) {
      position = at + 1
      guard let end = bytes[position...].prefix(16).firstIndex(of: 0x3B) else { continue }
      body(String(decoding: bytes[position..<end], as: UTF8.self))
      position = end
    }
  }

  /// Calls `body` with each whole text (`t34@c12;`) in the bytes.
  static func texts(_ bytes: [UInt8], _ body: (String) -> Void) {
    var position = bytes.startIndex
    while let at = bytes[position...].firstIndex(of: 0x40) {
      let next = at + 1
      position = next
      guard let end = bytes[next...].prefix(16).firstIndex(of: 0x3B) else { continue }
      var start = at
      while start > bytes.startIndex, (0x30...0x39).contains(bytes[start - 1]) { start -= 1 }
      guard start > bytes.startIndex, start < at, bytes[start - 1] == 0x74 else { continue }
      body(String(decoding: bytes[start - 1...end], as: UTF8.self))
      position = end
    }
  }
}

extension NaiveValue {
  init(_ value: Value) {
    switch value {
    case .null: self = .null
    case .integer(let number): self = .integer(number)
    case .text(let text): self = .text(text.string)
    }
  }
}

extension NaiveRow {
  init(_ key: RowKey, _ schema: Schema) {
    self.init(table: schema.table(number: key.table)?.name ?? "", id: key.id.string)
  }
}

extension NaiveTable {
  init(_ table: Table) {
    self.init(
      name: table.name, isCaseRoot: table.scope == .caseRoot, isAppend: table.isAppendOnly,
      isHubOnly: table.isHubOnly, isUnit: table.scope == .ofSite,
      columns: table.columns.map {
        NaiveColumn(
          name: $0.name, policy: $0.policy.rawValue, codes: $0.codes, terminal: $0.terminalCodes,
          group: $0.group, travels: $0.tier != .local, isMentioned: $0.isMentioned,
          isHeader: $0.tier == .header,
          mentions: $0.mentions)
      })
  }
}
