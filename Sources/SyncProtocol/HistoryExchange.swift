package import SyncCore

/// The body of `POST /v1/history`: the hub was restored, and the site asks where it stands now.
package struct HistoryRequest: Codable, Sendable, Equatable {
  package var protocolVersion: Int
  /// Where the site stands, in the history that it knows.
  package var position: WirePosition
  /// Where earlier histories were left, the latest last: a hub that was restored twice may know
  /// only those.
  package var earlier: [WirePosition]
  /// The replica's present incarnation, and the number of the last batch before its first: the
  /// restored hub may never have heard of it.
  package var incarnation: String
  package var batchStart: Int64
  /// The incarnations of which the replica keeps batches.
  package var logs: [String]
  /// Where the program runs, for people.
  package var machine: String?

  package init(
    position: Position, earlier: [Position], incarnation: IncarnationID, batchStart: Int64,
    logs: [IncarnationID], machine: String?
  ) {
    self.earlier = earlier.map(WirePosition.init)
    protocolVersion = SyncProtocol.protocolVersion
    self.position = WirePosition(position)
    self.incarnation = incarnation.string
    self.batchStart = batchStart
    self.logs = logs.map(\.string)
    self.machine = machine
  }

  /// Nobody restores a hub a hundred times.
  package static let earlierCountMax = 100
  /// A replica has as many as it was restored: nobody restores one a thousand times.
  package static let logCountMax = 1_000
}

/// Where a site stands in the hub's present history.
package struct HistoryResponse: Codable, Sendable, Equatable {
  /// The last place that both know.
  package var position: WirePosition
  /// The last entry of the log that the site's history shares with the present one.
  package var sharedSeq: Int64
  /// The last batch that the hub knows of each incarnation; 0 for none.
  package var known: [WireLogEnd]

  package init(position: Position, sharedSeq: Int64, known: [WireLogEnd]) {
    self.position = WirePosition(position)
    self.sharedSeq = sharedSeq
    self.known = known
  }
}

/// The last known batch of a replica's log.
package struct WireLogEnd: Codable, Sendable, Equatable {
  package var incarnation: String
  package var batchNumber: Int64

  package init(incarnation: String, batchNumber: Int64) {
    self.incarnation = incarnation
    self.batchNumber = batchNumber
  }
}

/// The body of `POST /v1/return`: a batch that the hub has forgotten, with the answer that it gave
/// and the hash that the batch had. Where values of a purged case were taken out since, the bytes
/// do not give it any more.
package enum ReturnBody {
  package static func encode(
    session: Int64, answer: [UInt8], hash: Hash256, batch: [UInt8]
  ) -> [UInt8] {
    var writer = ByteWriter(capacity: answer.count + batch.count + 52)
    writer.varint(UInt64(session))
    writer.count(answer.count)
    writer.raw(answer)
    writer.raw(hash.bytes)
    writer.raw(batch)
    return writer.bytes
  }

  /// Answer and batch undecoded.
  package static func decode(_ body: [UInt8]) throws(DecodeError) -> (
    session: Int64, answer: [UInt8], hash: Hash256, batch: [UInt8]
  ) {
    var reader = ByteReader(body)
    let session = try reader.natural()
    let count = try reader.number(upTo: ProtocolLimit.bodyByteCountMax)
    let answer = Array(try reader.raw(count))
    let hash = Hash256(bytes: Array(try reader.raw(Hash256.byteCount)))!
    return (session, answer, hash, Array(try reader.raw(reader.remaining)))
  }
}

/// The hub has the batch again; its answer is what it was.
package struct ReturnResponse: Codable, Sendable, Equatable {
  package var batchNumber: Int64

  package init(batchNumber: Int64) {
    self.batchNumber = batchNumber
  }
}
