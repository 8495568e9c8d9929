import HubStorage
import SyncCore
import SyncProtocol

extension CountyService {
  /// The county's schema, for a site that learnt from its hello that its own is older.
  func offer(_ request: SchemaRequest, to id: SiteID) throws -> SchemaResponse {
    let site = try store.read { try served(id, in: $0) }
    if site.contact.sessionUsed != request.session {
      try fence(request.session, of: id)
    }
    return try store.read { reader in
      SchemaResponse(version: reader.schema.version, schema: try reader.county.schemaText)
    }
  }
}
