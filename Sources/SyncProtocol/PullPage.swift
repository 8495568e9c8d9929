package import SyncCore

/// One page of a pull: `KSP1`, a JSON head, then sections in the canonical encoding.
///
/// `schemas/README.md` specifies the bytes under "Pull page".
package struct PullPage: Sendable, Equatable {
  /// The JSON part.
  package struct Head: Codable, Sendable, Equatable {
    /// Set while more pages follow.
    package var continuation: PullContinuation?
    /// On the last page: the checkpoint that all pages together describe.
    package var checkpoint: WirePosition?
    /// On the last page: RFC 9162 proof from the request's position to the checkpoint.
    package var consistency: [String]
    /// On the last page: the digest of the site's whole scope at the checkpoint.
    package var scopeDigest: String?
    /// On the last page: what was decided on the site's own proposals since the request's
    /// position, in the log's order. Nil for nothing.
    package var decisions: [WireDecision]?
    /// On the last page: which of the site's own values stood and lost since, in the log's order.
    /// Nil for none.
    package var replaced: [WireReplacement]?
    /// On the last page: how many proposals wait in the cases that the site leads. Nil for none.
    package var openProposals: Int64?

    package init() {
      consistency = []
    }
  }

  /// A case that the site may hold, with its part in it; or one that it may hold no more.
  package struct CaseRecord: Sendable, Hashable {
    package let caseID: CaseID
    package let lead: SiteID
    /// Without tiers for a case that the site may hold no more.
    package let terms: GrantTerms
    package let epoch: Int64
    /// All rows of the case come in this pull: what stands in the replica is replaced.
    package let isDeliveredWhole: Bool
    /// An accepted hand-over names what is to be purged: it need not wait for a release.
    package let isHandedOver: Bool
    /// It was erased, or its consent revoked: not even the replica's free pages, and nothing of the
    /// site's own past, may hold what goes.
    package let isErased: Bool
    /// The case is restricted: what goes from the replica stands at the hub, and comes back with
    /// the end of the restriction.
    package let isRestricted: Bool

    package init(
      caseID: CaseID, lead: SiteID, terms: GrantTerms, epoch: Int64, isDeliveredWhole: Bool,
      isHandedOver: Bool = false, isErased: Bool = false, isRestricted: Bool = false
    ) {
      self.isErased = isErased
      self.isRestricted = isRestricted
      self.caseID = caseID
      self.lead = lead
      self.terms = terms
      self.epoch = epoch
      self.isDeliveredWhole = isDeliveredWhole
      self.isHandedOver = isHandedOver
    }
  }

  /// A row that is not there, for this site.
  package struct GoneRow: Sendable, Hashable {
    package let key: RowKey
    /// The case it left; nothing for a refreshed row of which the site may know nothing.
    package let caseID: CaseID?

    package init(key: RowKey, caseID: CaseID?) {
      self.key = key
      self.caseID = caseID
    }
  }

  /// One row as this page brings it.
  package enum RowItem: Sendable, Equatable {
    /// Every travelling column: the row is there, new or not.
    case whole(RowImage)
    /// The columns that changed.
    case part(RowImage)
    case gone(GoneRow)
  }

  package var head: Head
  package var cases: [CaseRecord] = []
  package var rows: [RowItem] = []
  /// On the last page: digests of the cases in which something happened since the request's
  /// position.
  package var digests: [(caseID: CaseID, digest: Digest128)] = []

  package init(head: Head = Head()) {
    self.head = head
  }

  package static func == (left: PullPage, right: PullPage) -> Bool {
    left.head == right.head && left.cases == right.cases && left.rows == right.rows
      && left.digests.elementsEqual(right.digests) { $0 == $1 }
  }

  private static let magic: [UInt8] = Array("KSP1".utf8)

  /// The page's bytes.
  package func encoded() throws -> [UInt8] {
    var writer = ByteWriter(capacity: 1_024 + rows.count * 128)
    writer.raw(Self.magic)
    writer.blob(try WireJSON.encode(head))
    writer.count(cases.count)
    for record in cases {
      writer.text(record.caseID.text)
      writer.text(record.lead.text)
      writer.text(ByteText(record.terms.role.rawValue))
      writer.byte(record.terms.tiers.rawValue)
      writer.varint(UInt64(record.epoch))
      writer.byte(
        (record.isDeliveredWhole ? 1 : 0) | (record.isHandedOver ? 2 : 0)
          | (record.isErased ? 4 : 0) | (record.isRestricted ? 8 : 0))
    }
    writer.count(rows.count)
    for item in rows {
      switch item {
      case .whole(let image):
        writer.byte(1)
        image.encode(into: &writer)
      case .part(let image):
        writer.byte(2)
        image.encode(into: &writer)
      case .gone(let row):
        writer.byte(row.caseID == nil ? 4 : 3)
        writer.count(row.key.table)
        writer.text(row.key.id.text)
        if let caseID = row.caseID { writer.text(caseID.text) }
      }
    }
    writer.count(digests.count)
    for entry in digests {
      writer.text(entry.caseID.text)
      writer.raw(entry.digest.bytes)
    }
    return writer.bytes
  }

  /// - Throws: ``DecodeError`` with the place, or ``ProtocolError`` where the JSON head is wrong.
  package init(decoding bytes: [UInt8]) throws {
    var reader = ByteReader(bytes)
    guard try reader.raw(Self.magic.count).elementsEqual(Self.magic) else {
      throw DecodeError(.wrongFormat, at: 0)
    }
    head = try WireJSON.decode(try reader.blob())
    for _ in 0..<(try reader.count(ofAtLeast: 6)) { cases.append(try Self.caseRecord(&reader)) }
    for _ in 0..<(try reader.count(ofAtLeast: 3)) { rows.append(try Self.rowItem(&reader)) }
    for _ in 0..<(try reader.count(ofAtLeast: 17)) {
      let caseID: CaseID = try reader.identifier()
      digests.append((caseID, Digest128(bytes: try reader.raw(Digest128.byteCount))!))
    }
    try reader.expectEnd()
  }

  private static func caseRecord(_ reader: inout ByteReader) throws(DecodeError) -> CaseRecord {
    let caseID: CaseID = try reader.identifier()
    let lead: SiteID = try reader.identifier()
    let roleOffset = reader.offset
    guard let role = Role(rawValue: try reader.text(byteCountMax: 32).string) else {
      throw DecodeError(.unknownTag, at: roleOffset)
    }
    let tiersOffset = reader.offset
    let tiers = TierSet(rawValue: try reader.byte())
    guard TierSet.all.isSuperset(of: tiers) else {
      throw DecodeError(.unknownTag, at: tiersOffset)
    }
    let epoch = try reader.natural()
    let flags = try reader.number(upTo: 15)
    return CaseRecord(
      caseID: caseID, lead: lead, terms: GrantTerms(role, tiers), epoch: epoch,
      isDeliveredWhole: flags & 1 == 1, isHandedOver: flags & 2 == 2, isErased: flags & 4 == 4,
      isRestricted: flags & 8 == 8)
  }

  private static func rowKey(_ reader: inout ByteReader) throws(DecodeError) -> RowKey {
    let offset = reader.offset
    let table = try reader.number(upTo: RowLimit.tableNumberMax)
    guard table > 0 else { throw DecodeError(.unknownTable, at: offset) }
    return RowKey(table: table, id: try reader.identifier())
  }

  private static func rowItem(_ reader: inout ByteReader) throws(DecodeError) -> RowItem {
    let offset = reader.offset
    switch try reader.byte() {
    case 1: return .whole(try RowImage(from: &reader))
    case 2: return .part(try RowImage(from: &reader))
    case 3:
      let key = try rowKey(&reader)
      return .gone(GoneRow(key: key, caseID: try reader.identifier()))
    case 4:
      return .gone(GoneRow(key: try rowKey(&reader), caseID: nil))
    default: throw DecodeError(.unknownTag, at: offset)
    }
  }
}

/// The body of `POST /v1/push`: the session's number, then the batch exactly as it stands in the
/// outbox. The number is not part of the batch, because a resend in a later session sends the same
/// batch.
package enum PushBody {
  package static func encode(session: Int64, batch: [UInt8]) -> [UInt8] {
    var writer = ByteWriter(capacity: batch.count + 10)
    writer.varint(UInt64(session))
    writer.raw(batch)
    return writer.bytes
  }

  /// The session's number and the batch's bytes, undecoded.
  package static func decode(_ body: [UInt8]) throws(DecodeError) -> (
    session: Int64, batch: [UInt8]
  ) {
    var reader = ByteReader(body)
    let session = try reader.natural()
    return (session, Array(try reader.raw(reader.remaining)))
  }
}
