import Crypto
import NIOCore
import NIOPosix
import NIOSSL
package import SyncCore
import SyncProtocol
import X509

/// Knocks at a listener without a certificate, and with one of its own making, and demands to be
/// left standing both times.
///
/// A wrong TLS option lets everyone in without a trace in any log; so the hub asks itself before it
/// serves anyone.
///
/// In TLS 1.3 the client has finished the handshake before the server has judged its certificate.
/// So only the bytes of an answer count: none may come.
package enum StrangerTest {
  private static let secondsMax: Int64 = 10

  /// Returns when the listener has closed both connections without a byte of an answer.
  ///
  /// Throws ``HubStartError/admitsStrangers`` when it answers, and
  /// ``HubStartError/selfTestFailed`` when no connection came about or nothing happened in ten
  /// seconds: what was not seen is not believed.
  ///
  /// - Parameter now: UTC milliseconds, for the dates of the certificate.
  package static func run(host: String, port: Int, now: Milliseconds) async throws {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.certificateVerification = .none
    tls.minimumTLSVersion = .tlsv13
    try await knock(at: host, port, tls)
    let (certificate, key) = try selfMade(now)
    tls.certificateChain = [.certificate(certificate)]
    tls.privateKey = .privateKey(key)
    try await knock(at: host, port, tls)
  }

  /// What anybody can make: valid today, by an authority that is nobody's.
  private static func selfMade(
    _ now: Milliseconds
  ) throws -> (NIOSSLCertificate, NIOSSLPrivateKey) {
    let key = P256.Signing.PrivateKey()
    let name = try DistinguishedName { CommonName("stranger") }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(),
      publicKey: Certificate.PublicKey(key.publicKey), notValidBefore: date(now, plusDays: -1),
      notValidAfter: date(now, plusDays: 1), issuer: name, subject: name,
      signatureAlgorithm: .ecdsaWithSHA256, extensions: Certificate.Extensions(),
      issuerPrivateKey: Certificate.PrivateKey(key))
    return (
      try NIOSSLCertificate(bytes: certificate.derBytes(), format: .der),
      try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der)
    )
  }

  private static func knock(
    at host: String, _ port: Int, _ tls: TLSConfiguration
  ) async throws {
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
