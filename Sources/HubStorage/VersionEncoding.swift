package import SyncCore

/// The versions of a row's columns in one blob: runs of equal versions, because most rows were
/// written by one author at one time. Kept in the hub's storage only, never sent.
package enum VersionEncoding {
  package static func encode(_ versions: [ColumnVersion]) -> [UInt8] {
    var writer = ByteWriter(capacity: 128)
    var start = 0
    while start < versions.count {
      let version = versions[start]
      let end = versions[start...].firstIndex { $0 != version } ?? versions.count
      writer.count(end - start)
      writer.varint(UInt64(version.seq))
      writer.text(version.site.text)
      writer.text(version.incarnation.text)
      writer.byte((version.isDirect ? 1 : 0) | (version.formerSeq == nil ? 0 : 2))
      writer.signed(version.editedAt)
      if let formerSeq = version.formerSeq { writer.varint(UInt64(formerSeq)) }
      start = end
    }
    return writer.bytes
  }

  /// - Parameter count: the table's columns. Those that were added since the row was written were
  ///   never written: whoever writes there first meets no conflict.
  package static func decode(_ bytes: [UInt8], count: Int) throws(DecodeError) -> [ColumnVersion] {
    var reader = ByteReader(bytes)
    var versions: [ColumnVersion] = []
    versions.reserveCapacity(count)
    while !reader.isAtEnd {
      let start = reader.offset
      let run = try reader.number(upTo: Column.numberMax - versions.count)
      let seq = try reader.natural()
      let site: SiteID = try reader.identifier()
      let incarnation: IncarnationID = try reader.identifier()
      let flags = try reader.byte()
      guard flags < 4 else { throw DecodeError(.overLimit, at: reader.offset - 1) }
      let version = ColumnVersion(
        seq: seq, site: site, incarnation: incarnation, isDirect: flags & 1 == 1,
        editedAt: try reader.signed(), formerSeq: flags & 2 == 2 ? try reader.natural() : nil)
      guard run >= 1 else { throw DecodeError(.overLimit, at: start) }
      versions.append(contentsOf: repeatElement(version, count: run))
    }
    guard !versions.isEmpty else { throw DecodeError(.truncated, at: 0) }
    while versions.count < count { versions.append(.unwritten) }
    return versions
  }
}
