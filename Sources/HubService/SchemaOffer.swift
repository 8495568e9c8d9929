import HubStorage
import SyncCore
import SyncProtocol

extension CountyService {
  /// The county's schema, for a site that learnt from its hello that its own is older.
  func offer(_ request: SchemaRequest, to id: SiteID) throws -> SchemaResponse {
    let site = try store.read { try served(id, in: $0) }
    if site.contact.sessionUsed != request.session {
      _ = try store.write { try fence(request.session, of: served(id, in: $0), in: $0) }
    }
    return try store.read { reader in
      SchemaResponse(version: reader.schema.version, schema: try reader.county.schemaText)
    }
  }
}
