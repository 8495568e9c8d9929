import HTTPTypes
import HubService
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOPosix
import NIOSSL
import SyncProtocol

/// Both listeners' way from an HTTP request to an answer: who asks, what for, how much, and only
/// then the hub itself.
struct ListenerResponder: HTTPResponder {
  /// What a listener is for.
  enum Door: Sendable {
    /// Sites, each known by its client certificate.
    case sites(SiteAuthentication)
    /// Anyone, for one path.
    case joining
  }

  let door: Door
  let requests: any CountyRequests
  let desk: AdmissionDesk
  let connections: ConnectionDoor
  /// Blocking work runs here, as the desk admits it.
  let threads: NIOThreadPool
  /// Names are looked up here: who calls is known also while all others work.
  let lookupThreads: NIOThreadPool
  let requestSecondsMax: Int64

  private static let sitePaths: Set = [
    ProtocolPath.incarnation, ProtocolPath.history, ProtocolPath.returned, ProtocolPath.hello,
    ProtocolPath.push, ProtocolPath.pull, ProtocolPath.bye, ProtocolPath.schema,
    ProtocolPath.renew, ProtocolPath.snapshot, ProtocolPath.snapshotPart, ProtocolPath.compare,
    ProtocolPath.handover,
  ]

  func respond(to request: Request, context: ConnectionContext) async throws -> Response {
    // Fragments of a body refresh the idle timeout, so a patient stranger could hold a connection
    // for ever: the whole request has its own deadline.
    let channel = context.channel
    let deadline = channel.eventLoop.scheduleTask(in: .seconds(requestSecondsMax)) {
      channel.close(promise: nil)
    }
    do {
      let caller = try await caller(of: request, on: channel)
      if let caller { connections.named(channel, as: caller) }
      let path = try path(of: request)
      let seat = try desk.enter(party(caller, on: channel), for: Self.work(at: path))
      let body = try await body(
        of: request, byteCountMax: byteCountMax(at: path), at: seat, on: channel)
      try await seat.turn(on: channel.eventLoop)
      let acceptsZstd = request.headers[.acceptEncoding].map(Self.namesZstd) ?? false
      let answer = try await threads.runIfActive {
        let request = ProtocolRequest(
          path: path, contentType: body.contentType, body: try body.inflated())
        let response = caller.map { requests.answer(request, from: $0) } ?? requests.join(request)
        return try EncodedAnswer(response, acceptsZstd: acceptsZstd)
      }
      seat.finish(answerByteCount: answer.byteCount)
      return answer.response {
        withExtendedLifetime(seat) { deadline.cancel() }
      }
    } catch let refusal as Refusal {
      // The body may still be on its way: the connection serves nothing else, and if the client
      // does not end it, the deadline does.
      var response = EncodedAnswer(plain: try refusal.response).response {}
      response.headers[.connection] = "close"
      return response
    }
  }

  /// The whole body; the connection ends when it comes too slowly.
  private func body(
    of request: Request, byteCountMax: Int, at seat: AdmissionDesk.Seat, on channel: any Channel
  ) async throws -> EncodedBody {
    let pace = BodyPace()
    let watch = channel.eventLoop.scheduleRepeatedTask(
      initialDelay: .seconds(BodyPace.graceSeconds), delay: .seconds(BodyPace.periodSeconds)
    ) { task in
      if pace.isTooSlow() {
        task.cancel()
        channel.close(promise: nil)
      }
    }
    defer { watch.cancel() }
    return try await EncodedBody(reading: request, byteCountMax: byteCountMax) {
      byteCount throws(Refusal) in
      pace.count(byteCount)
      try seat.take(byteCount)
    }
  }

  private func party(_ caller: Caller?, on channel: any Channel) -> Admission.Party {
    caller.map { .site($0) } ?? .stranger(channel.remoteAddress?.ipAddress ?? "")
  }

  private static func work(at path: String) -> Admission.Work {
    switch path {
    case ProtocolPath.incarnation, ProtocolPath.hello, ProtocolPath.push, ProtocolPath.bye,
      ProtocolPath.handover, ProtocolPath.join:
      .write
    default: .read
    }
  }

  /// The site that asks; nil on the join listener, where nobody has a name yet.
  private func caller(of request: Request, on channel: any Channel) async throws -> Caller? {
    guard case .sites(let authentication) = door else { return nil }
    guard let certificate = try await channel.nioSSL_peerCertificate().get() else {
      throw Refusal.notAdmitted
    }
    let der = try certificate.toDERBytes()
    do {
      let caller = try await lookupThreads.runIfActive {
        try authentication.caller(certificateDER: der)
      }
      guard let caller else { throw Refusal.notAdmitted }
      return caller
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw Refusal.unavailable
    }
  }

  private func path(of request: Request) throws(Refusal) -> String {
    let paths: Set =
      switch door {
      case .sites: Self.sitePaths
      case .joining: [ProtocolPath.join]
      }
    guard request.method == .post, let path = request.head.path, paths.contains(path) else {
      throw .notFound
    }
    return path
  }

  private func byteCountMax(at path: String) -> Int {
    switch path {
    case ProtocolPath.push: ProtocolLimit.bodyByteCountMax
    case ProtocolPath.join: JoinRequest.bodyByteCountMax
    default: ProtocolLimit.controlByteCountMax
    }
  }

  private static func namesZstd(_ field: String) -> Bool {
    field.split(separator: ",").contains { coding in
      coding.prefix { $0 != ";" }.filter { $0 != " " } == "zstd"
    }
  }
}

/// Keeps the connection beside the request: the client's certificate belongs to it.
struct ConnectionContext: InitializableFromSource {
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    channel = source.channel
  }
}

/// An answer as it goes over the link.
private struct EncodedAnswer: Sendable {
  private let answer: ProtocolResponse
  private let body: [UInt8]
  private let isCompressed: Bool

  var byteCount: Int { body.count }

  init(plain answer: ProtocolResponse) {
    self.answer = answer
    body = answer.body
    isCompressed = false
  }

  /// Compresses when it pays: takes up to 100 ms of CPU for the longest body.
  init(_ answer: ProtocolResponse, acceptsZstd: Bool) throws {
    self.answer = answer
    isCompressed = acceptsZstd && answer.body.count > Zstd.byteCountMin
    body = isCompressed ? try Zstd.compress(answer.body) : answer.body
  }

  /// - Parameter onWritten: called when the last byte has left for the socket.
  func response(onWritten: @escaping @Sendable () -> Void) -> Response {
    var headers: HTTPFields = [
      .contentType: answer.contentType.rawValue, .cacheControl: "no-store",
    ]
    if isCompressed { headers[.contentEncoding] = "zstd" }
    if let seconds = answer.retryAfterSeconds { headers[.retryAfter] = String(seconds) }
    let buffer = ByteBuffer(bytes: body)
    return Response(
      status: HTTPResponse.Status(code: answer.status), headers: headers,
      body: ResponseBody(contentLength: buffer.readableBytes) { writer in
        try await writer.write(buffer)
        try await writer.finish(nil)
        onWritten()
      })
  }
}
