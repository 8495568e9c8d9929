/// The body of `POST /v1/schema`: the site's schema is older than the one that the hello named.
package struct SchemaRequest: Codable, Sendable, Equatable {
  package var session: Int64

  package init(session: Int64) {
    self.session = session
  }
}

/// The county's schema as it is now.
package struct SchemaResponse: Codable, Sendable, Equatable {
  package var version: Int
  /// The text of `caseload.toml`, at most ``ProtocolLimit/schemaByteCountMax`` bytes. Data: a site
  /// makes its SQL from the parsed schema, never from text that came over the network.
  package var schema: String

  package init(version: Int, schema: String) {
    self.version = version
    self.schema = schema
  }
}
