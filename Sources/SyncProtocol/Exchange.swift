/// One request of a site and the hub's answer, free of HTTP: the shells at both ends translate.
///
/// Every request is a POST; `path` is one of ``ProtocolPath``. Bodies here are plain: compression
/// on the link is the shells' business.
package struct ProtocolRequest: Sendable, Equatable {
  package let path: String
  package let contentType: ContentType
  package let body: [UInt8]

  package init(path: String, contentType: ContentType, body: [UInt8]) {
    self.path = path
    self.contentType = contentType
    self.body = body
  }
}

/// The hub's answer to one request.
package struct ProtocolResponse: Sendable, Equatable {
  /// An HTTP status; 200 for every answered request, else the body is a ``ProtocolError``.
  package let status: Int
  package let contentType: ContentType
  package let body: [UInt8]
  /// Set with 429, 503 and 507: the least number of seconds until the site may ask again.
  package let retryAfterSeconds: Int?

  package init(
    status: Int, contentType: ContentType, body: [UInt8], retryAfterSeconds: Int? = nil
  ) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.retryAfterSeconds = retryAfterSeconds
  }
}

/// What a body is.
package enum ContentType: String, Sendable {
  case json = "application/json"
  /// Row blocks with a JSON head: `schemas/README.md` specifies them.
  case rows = "application/vnd.kreissync.rows"
  /// Bytes of a snapshot's file.
  case snapshot = "application/vnd.kreissync.snapshot"
}

/// The addresses of version 1.
package enum ProtocolPath {
  package static let hello = "/v1/hello"
  package static let push = "/v1/push"
  package static let pull = "/v1/pull"
  package static let bye = "/v1/bye"
  package static let incarnation = "/v1/incarnation"
  package static let history = "/v1/history"
  package static let returned = "/v1/return"
  package static let schema = "/v1/schema"
  package static let renew = "/v1/renew"
  package static let snapshot = "/v1/snapshot"
  package static let snapshotPart = "/v1/snapshot/part"
  package static let compare = "/v1/compare"
  package static let handover = "/v1/handover"
  package static let proposals = "/v1/proposals"
  package static let decide = "/v1/proposals/decide"
  /// On the join listener only.
  package static let join = "/v1/join"
}

/// Hard limits of the protocol. Both ends enforce them before they allocate.
package enum ProtocolLimit {
  /// Any body, after inflating it: a full batch (1 MiB) with room for one long row beside it.
  package static let bodyByteCountMax = 8 << 20
  /// A control message: 2,000 ids of 128 bytes, each byte escaped. JSON takes a dozen times its
  /// length to read.
  package static let controlByteCountMax = 2 << 20
  /// A batch, in rows: about 100 ms of the hub's time.
  package static let batchChangeCountMax = 1_000
  /// A batch is closed above this size.
  package static let batchByteCountTarget = 1 << 20
  /// One cell: longer than any note of a consultation, far below a batch.
  package static let textByteCountMax = 256 << 10
  /// One identifier (row, case): a UUID has 36.
  package static let identifierByteCountMax = 128
  /// The text of a schema: a county's has some twenty tables in 20 KiB.
  package static let schemaByteCountMax = 1 << 20
  /// HTTP header block.
  package static let headerByteCountMax = 16 << 10
  /// Pins of the hub: the present one, the next, and room for one more.
  package static let pinCountMax = 4
  /// A computer's name and a directory on it, for people.
  package static let machineByteCountMax = 512
  /// Instructions that one hello carries; the rest comes with the next.
  package static let instructionCountMax = 16
  /// Cases that a receipt names as still to be purged: more than a hand-over of a large county, and
  /// far below the body's limit.
  package static let unpurgedCountMax = 20_000
  /// The whole of one request, from its first byte to its last.
  package static let requestSecondsMax = 60
}
