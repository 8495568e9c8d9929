import ReplicaStorage
import SyncProtocol

/// What a session does with a newer schema of the county.
extension SyncSession {
  /// Makes it the replica's own, or notes why it cannot be.
  mutating func takeSchema(_ response: ProtocolResponse) throws {
    let answer: SchemaResponse = try WireJSON.decode(response.body)
    guard answer.schema.utf8.count <= ProtocolLimit.schemaByteCountMax else {
      throw SessionError.unfitAnswer("schema")
    }
    let problem = try file.grow(toSchema: answer.schema, at: environment.now())
    try file.updateRecord { $0.schemaProblem = problem }
    report.events.append(problem?.rawValue ?? ReplicaEvent.schemaUpdated.rawValue)
  }
}
