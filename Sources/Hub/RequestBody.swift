import HTTPTypes
import HummingbirdCore
import NIOCore
import SyncProtocol

/// A body as it came over the link, counted while it came.
struct EncodedBody: Sendable {
  let contentType: ContentType
  let isCompressed: Bool
  let bytes: [UInt8]
  private let byteCountMax: Int

  /// Reads the request's body to its end. Throws ``Refusal`` as soon as the headers, the length or
  /// the room that is left give a reason, without reading on.
  ///
  /// - Parameter onBytes: told of each piece before it is kept.
  init(
    reading request: Request, byteCountMax: Int, onBytes: (Int) throws(Refusal) -> Void
  ) async throws {
    let mediaType = request.headers[.contentType].map { $0.prefix { $0 != ";" } } ?? ""
    guard let contentType = ContentType(rawValue: String(mediaType)) else {
      throw Refusal.unsupported
    }
    switch request.headers[.contentEncoding] {
    case nil: isCompressed = false
    case "zstd": isCompressed = true
    default: throw Refusal.unsupported
    }
    let announced = request.headers[.contentLength].flatMap { Int($0) }
    guard announced ?? 0 <= byteCountMax else { throw Refusal.tooLarge }

    // NB: what was announced is not reserved: it may never come.
    var bytes: [UInt8] = []
    for try await buffer in request.body {
      guard bytes.count + buffer.readableBytes <= byteCountMax else { throw Refusal.tooLarge }
      try onBytes(buffer.readableBytes)
      bytes.append(contentsOf: buffer.readableBytesView)
    }
    // The framework ends a body that was cut off as if it were whole.
    guard announced == nil || announced == bytes.count else { throw Refusal.malformed }
    self.contentType = contentType
    self.bytes = bytes
    self.byteCountMax = byteCountMax
  }

  /// The body as the protocol speaks of it: takes up to 100 ms of CPU for the longest.
  func inflated() throws(Refusal) -> [UInt8] {
    guard isCompressed else { return bytes }
    do {
      return try Zstd.inflate(bytes, byteCountMax: byteCountMax)
    } catch .tooLong {
      throw .tooLarge
    } catch {
      throw .malformed
    }
  }
}
