import CZstd

/// Why a compressed body was refused. Carries no bytes of it.
package enum ZstdError: Error, Sendable, Equatable, CustomStringConvertible {
  /// It inflates to more than the bound that was given, in bytes.
  case tooLong(byteCountMax: Int)
  /// It ends before its frame does.
  case truncated
  /// Something follows its one frame.
  case trailingBytes
  /// It is no zstd frame, or a damaged one.
  case malformed
  case outOfMemory

  package var description: String {
    switch self {
    case .tooLong(let byteCountMax): "the body inflates to more than \(byteCountMax) bytes"
    case .truncated: "the compressed body is cut off; send it again"
    case .trailingBytes: "bytes follow the compressed body; send exactly one zstd frame"
    case .malformed: "the body is no intact zstd frame; send it again"
    case .outOfMemory: "no memory is left for zstd; try again later"
    }
  }
}

/// Bodies on real links: one zstd frame each.
package enum Zstd {
  /// Level 3 has been measured at 99 MB/s and ratio 3.4; higher levels cost more than a DSL line
  /// gains.
  private static let level: Int32 = 3

  /// Below this many bytes a frame saves less than one packet.
  package static let byteCountMin = 4 << 10

  /// 2^23 bytes: the longest body that the protocol knows fits one window, and a frame cannot make
  /// the reader allocate more.
  private static let windowLogMax: Int32 = 23

  /// Returns one frame that holds `bytes`.
  package static func compress(_ bytes: [UInt8]) throws(ZstdError) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let byteCount = ZSTD_compress(&frame, frame.count, bytes, bytes.count, level)
    guard ZSTD_isError(byteCount) == 0 else { throw .outOfMemory }
    frame.removeLast(frame.count - byteCount)
    return frame
  }

  /// Returns what the one frame in `frame` holds, at most `byteCountMax` bytes.
  ///
  /// The bound is counted on the output while it appears; the size that the frame announces is
  /// never believed. A cut frame and bytes after the frame are refused.
  package static func inflate(
    _ frame: [UInt8], byteCountMax: Int
  ) throws(ZstdError) -> [UInt8] {
    guard let stream = ZSTD_createDStream() else { throw .outOfMemory }
    defer { ZSTD_freeDStream(stream) }
    guard ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, windowLogMax)) == 0
    else { throw .outOfMemory }

    return try frame.withUnsafeBufferPointer { (source) throws(ZstdError) -> [UInt8] in
      var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
      var inflated: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
      while true {
        let before = input.pos
        let (state, produced) = step(stream, into: &chunk, from: &input)
        guard ZSTD_isError(state) == 0 else { throw .malformed }
        guard inflated.count + produced <= byteCountMax else {
          throw .tooLong(byteCountMax: byteCountMax)
        }
        inflated.append(contentsOf: chunk[..<produced])
        if state == 0 {
          guard input.pos == input.size else { throw .trailingBytes }
          return inflated
        }
        guard produced > 0 || input.pos > before else { throw .truncated }
      }
    }
  }

  private static func step(
    _ stream: OpaquePointer, into chunk: inout [UInt8], from input: inout ZSTD_inBuffer
  ) -> (state: Int, produced: Int) {
    chunk.withUnsafeMutableBytes { target in
      var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
      let state = ZSTD_decompressStream(stream, &output, &input)
      return (state, output.pos)
    }
  }
}
