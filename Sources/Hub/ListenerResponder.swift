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
    ProtocolPath.handover, ProtocolPath.proposals, ProtocolPath.decide,
  ]

  func respond(to request: Request, context: ConnectionContext) async throws -> Response {
    // Fragments of a body refresh the idle timeout, so a patient stranger could hold a connection
    // for ever: the whole request has its own deadline.
    let channel = context.channel
    let deadline = channel.eventLoop.scheduleTask(in: .seconds(requestSecondsMax)) {
      channel.close(promise: nil)
    }
    do {
      let sender = try await sender(of: request, on: channel)
      if let caller = sender.caller { connections.named(channel, as: caller) }
      if case .lateSite = sender, request.head.path != ProtocolPath.renew {
        throw Refusal.outOfDate
      }
      let path = try path(of: request)
      let seat = try desk.enter(party(sender.caller, on: channel), for: Self.work(at: path))
      let body = try await body(
        of: request, byteCountMax: byteCountMax(at: path), at: seat, on: channel)
      try await seat.turn(on: channel.eventLoop)
      let acceptsZstd = request.headers[.acceptEncoding].map(Self.namesZstd) ?? false
      let encoded = try await threads.runIfActive {
        let request = ProtocolRequest(
          path: path, contentType: body.contentType, body: try body.inflated())
        return try EncodedAnswer(answer(request, from: sender), acceptsZstd: acceptsZstd)
      }
      seat.finish(answerByteCount: encoded.byteCount)
      return encoded.response {
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

  private func answer(_ request: ProtocolRequest, from sender: Sender) -> ProtocolResponse {
    switch sender {
    case .anyone: requests.join(request)
    case .site(let caller): requests.answer(request, from: caller)
    case .lateSite(let caller): requests.recover(request, from: caller)
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
      ProtocolPath.handover, ProtocolPath.decide, ProtocolPath.join:
      .write
    default: .read
    }
  }

  private func sender(of request: Request, on channel: any Channel) async throws -> Sender {
    guard case .sites(let authentication) = door else { return .anyone }
    guard let certificate = try await channel.nioSSL_peerCertificate().get() else {
      throw Refusal.notAdmitted
    }
    let der = try certificate.toDERBytes()
    do {
      let standing = try await lookupThreads.runIfActive {
        try authentication.standing(certificateDER: der)
      }
      switch standing {
      case .nobody: throw Refusal.notAdmitted
      case .admitted(let caller): return .site(caller)
      case .outOfDate(let caller, mayRenew: true): return .lateSite(caller)
      case .outOfDate(_, mayRenew: false): throw Refusal.beyondRenewal
      }
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

/// Who asks.
private enum Sender: Sendable {
  /// On the join listener nobody has a name yet.
  case anyone
  case site(Caller)
  /// A site whose certificate has run out: it may renew it, and nothing else.
  case lateSite(Caller)

  var caller: Caller? {
    switch self {
    case .anyone: nil
    case .site(let caller), .lateSite(let caller): caller
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
