import SyncCore

/// What people write about those who work at their site: rows that belong to no case, and cases
/// that mention them.
///
/// A person at work has two marks in its texts: `n…` in its id and name, which whoever holds a case
/// that mentions it may see, and `s…` in its duty, which is for its own site.
extension LocalProgram {
  mutating func staffStatement(_ connection: PlainClient) throws -> Statement {
    guard let id = try pickStaff(connection), !random.chance(25) else { return hire() }
    switch random.number(0...99) {
    case ..<45: return try mention(id, connection) ?? rewrite(id)
    case ..<80: return rewrite(id)
    case ..<90: return rehire(id)
    default:
      return Statement(
        sql: "DELETE FROM staff WHERE id = '\(id)'",
        effects: [.deleted(table: "staff", id: id)], what: "dismisses \(id)")
    }
  }

  /// Of the site's own, and of those whom it knows by a mention.
  private mutating func pickStaff(_ connection: PlainClient) throws -> String? {
    let ids = try connection.rows("SELECT id FROM staff ORDER BY id").compactMap(\.first?.text)
    return ids.isEmpty ? nil : random.pick(ids)
  }

  private mutating func hire() -> Statement {
    let id = "\(String(random.number(0...15), radix: 16))\(counter.next())@n\(counter.next());"
    return insertion(of: id, "INSERT", what: "hires")
  }

  private mutating func rehire(_ id: String) -> Statement {
    insertion(of: id, "INSERT OR REPLACE", what: "rehires")
  }

  private mutating func insertion(of id: String, _ verb: String, what: String) -> Statement {
    let values = ["name": staffText(id, "n"), "duty": staffText(id, "s")]
    return Statement(
      sql: "\(verb) INTO staff (id, name, duty) "
        + "VALUES ('\(id)', \(values["name"]!.sql), \(values["duty"]!.sql))",
      effects: [
        .inserted(table: "staff", id: id, caseID: Self.unit(of: id), values: values)
      ], what: "\(what) \(id)")
  }

  private mutating func rewrite(_ id: String) -> Statement {
    let column = random.chance(50) ? "name" : "duty"
    let value = staffText(id, column == "name" ? "n" : "s")
    return Statement(
      sql: "UPDATE staff SET \(column) = \(value.sql) WHERE id = '\(id)'",
      effects: [.updated(table: "staff", id: id, values: [column: value])],
      what: "writes the \(column) of \(id)")
  }

  private mutating func mention(_ id: String, _ connection: PlainClient) throws -> Statement? {
    guard let caseID = try pickCase(connection) else { return nil }
    let value = random.chance(85) ? Value.text(id) : .null
    return Statement(
      sql: "UPDATE case_file SET staff_id = \(value.sql) WHERE id = '\(caseID)'",
      effects: [.updated(table: "case_file", id: caseID, values: ["staff_id": value])],
      what: "lets \(value) work on \(caseID)")
  }

  private mutating func staffText(_ id: String, _ kind: String) -> Value {
    let mark = id.drop { $0 != "@" }.dropFirst(2).prefix { $0 != ";" }
    let text = "t\(counter.next())@\(kind)\(mark);"
    counter.written.append(Written(text: text, site: site.index))
    return .text(text)
  }

  static func unit(of id: String) -> String { "\(CaseID.unitMark)\(LawSchema.staff)/\(id)" }
}
