import ArgumentParser
import Caseload
import CaseloadSchema
import SyncCore
import SyncProtocol

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "The caseload's schema.",
    subcommands: [SchemaSQL.self, SchemaCheck.self, SchemaShow.self])
}

/// Schemas in files, as commands name them.
enum SchemaFile {
  static let shippedName = "the shipped schema"

  /// - Throws: a failure `schema_missing` where there is no file.
  static func text(of path: String) throws -> String {
    guard let bytes = try DurableFile.read(path, byteCountMax: CaseloadSchema.textByteCountMax)
    else {
      throw CommandFailure(
        .failed, "schema_missing", "there is no file \(path)", hint: "check the path")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The schema that a command means: a file's, or the shipped one.
  static func schema(at path: String?) throws -> Schema {
    try CaseloadSchema.read(
      toml: try path.map(text(of:)) ?? CaseloadSchema.shipped, file: path ?? shippedName)
  }
}

struct SchemaSQL: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql", abstract: "Prints the SQL of a replica, or of the hub.")

  @Flag(help: "The hub's tables instead of the replica's.") var hub = false
  @Argument(help: "A schema file instead of the shipped schema.") var file: String?

  func run() throws {
    let schema = try SchemaFile.schema(at: file)
    print(hub ? HubSQL.script(schema) : ReplicaSQL.script(schema), terminator: "")
  }
}

struct SchemaCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Checks a schema; names every mistake with place and cure.")

  @Argument(help: "A schema file; without it the shipped schema is checked.") var file: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let schema = try SchemaFile.schema(at: file)
    let columnCount = schema.tables.reduce(0) { $0 + $1.columns.count }
    if output.json {
      printJSON([
        "ok": true, "version": .integer(Int64(schema.version)),
        "tables": .integer(Int64(schema.tables.count)), "columns": .integer(Int64(columnCount)),
      ])
    } else {
      print(
        """
        \(file ?? SchemaFile.shippedName) is sound: version \(schema.version), \
        \(schema.tables.count) tables, \(columnCount) columns
        """)
    }
  }
}

struct SchemaShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows tables and columns with tier and policy.")

  @Argument(help: "A schema file instead of the shipped schema.") var file: String?
  @Flag(
    name: .customLong("record-of-processing"),
    help: "Prints the record of processing activities (Art. 30 GDPR), in German.")
  var isRecord = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let schema = try SchemaFile.schema(at: file)
    guard isRecord else { return schema.show(asJSON: output.json) }
    let record = RecordOfProcessing(of: schema).text
    if output.json { printJSON(["record": .text(record)]) } else { print(record) }
  }
}

extension Schema {
  /// Prints tables and columns with tier and policy.
  func show(asJSON isJSON: Bool) {
    guard !isJSON else {
      printJSON(["version": .integer(Int64(version)), "tables": .list(tables.map(\.json))])
      return
    }
    for table in tables {
      let months = table.retentionMonths.map { ", \($0) months after closing" } ?? ""
      print("\n\(table.number)  \(table.name)  (\(table.label)\(months))")
      print(
        TextTable(
          header: ["no", "column", "label", "type", "tier", "policy"],
          rows: table.columns.map {
            [
              String($0.number), $0.name, $0.label, $0.type.rawValue, $0.tier.rawValue,
              $0.policy.rawValue,
            ]
          }
        ).text)
    }
  }
}

extension Table {
  fileprivate var json: JSONValue {
    [
      "number": .integer(Int64(number)), "name": .text(name), "label": .text(label),
      "scope": .text(scope.rawValue), "append": .bool(isAppendOnly), "hub_only": .bool(isHubOnly),
      "retention_months": JSONValue(retentionMonths.map(Int64.init)),
      "columns": .list(
        columns.map { column in
          [
            "number": .integer(Int64(column.number)), "name": .text(column.name),
            "label": .text(column.label), "type": .text(column.type.rawValue),
            "tier": .text(column.tier.rawValue), "policy": .text(column.policy.rawValue),
            "codes": .list(column.codes.map { .text($0) }), "required": .bool(column.isRequired),
          ]
        }),
    ]
  }
}
