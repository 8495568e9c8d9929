import NIOCore
import NIOPosix
import NIOSSL
import SyncProtocol

/// Knocks at a listener without a certificate and demands to be left standing.
///
/// A wrong TLS option lets everyone in without a trace in any log; so the hub asks itself before it
/// serves anyone.
///
/// In TLS 1.3 the client has finished the handshake before the server has judged its certificate.
/// So only the bytes of an answer count: none may come.
package enum StrangerTest {
  private static let secondsMax: Int64 = 10

  /// Returns when the listener has closed the connection without a byte of an answer.
  ///
  /// Throws ``HubStartError/admitsStrangers`` when it answers, and
  /// ``HubStartError/selfTestFailed`` when no connection came about or nothing happened in ten
  /// seconds: what was not seen is not believed.
  package static func run(host: String, port: Int) async throws {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.certificateVerification = .none
    tls.minimumTLSVersion = .tlsv13
    let context = try NIOSSLContext(configuration: tls)
    let group = MultiThreadedEventLoopGroup.singleton
    let answered = group.next().makePromise(of: Bool.self)
    let channel: any Channel
    do {
      channel = try await ClientBootstrap(group: group)
        .connectTimeout(.seconds(secondsMax))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers([
              NIOSSLClientHandler(context: context, serverHostname: nil),
              StrangerHandler(answered: answered),
            ])
          }
        }
        .connect(host: reachable(host), port: port).get()
    } catch {
      answered.fail(HubStartError.selfTestFailed)
      throw HubStartError.selfTestFailed
    }
    let deadline = channel.eventLoop.scheduleTask(in: .seconds(secondsMax)) {
      answered.fail(HubStartError.selfTestFailed)
      channel.close(promise: nil)
    }
    defer { deadline.cancel() }
    if try await answered.futureResult.get() { throw HubStartError.admitsStrangers }
  }

  /// A listener on every address is dialled on this machine.
  private static func reachable(_ host: String) -> String {
    switch host {
    case "0.0.0.0": "127.0.0.1"
    case "::": "::1"
    default: host
    }
  }
}

private final class StrangerHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let answered: EventLoopPromise<Bool>
  private static let request =
    "POST \(ProtocolPath.hello) HTTP/1.1\r\nHost: localhost\r\n"
    + "Content-Type: \(ContentType.json.rawValue)\r\nContent-Length: 2\r\n\r\n{}"

  init(answered: EventLoopPromise<Bool>) {
    self.answered = answered
  }

  func channelActive(context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: Self.request)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    answered.succeed(true)
    context.close(promise: nil)
  }

  // A refused handshake surfaces as an error, or as an end when the alert was lost: both are what
  // the test wants to see.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    answered.succeed(false)
  }
}
