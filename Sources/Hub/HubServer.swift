import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
package import SyncCore
import SyncProtocol
import UnixSignals
import X509

/// The hub's two listeners: one for sites, which demands a client certificate of everyone, and one
/// that takes requests to join and nothing else.
///
/// HTTP/1.1 over TLS 1.3. Nothing but bytes, limits and certificates is decided here: see
/// ``CountyRequests`` for the rest.
package struct HubServer: Sendable {
  /// Where to listen, as whom, and for which counties; valid once made.
  package struct Configuration: Sendable {
    package let sites: ListenAddress
    package let joining: ListenAddress
    package let identity: ServerIdentity
    /// One for each county that is served.
    package let authorities: [CertificateAuthority]
    /// How long after its end a site's certificate may still be renewed by the key that it names.
    package let expiredCertificateDays: Int
    /// Whether SIGTERM and SIGINT end ``HubServer/run(onListening:)``. Off where the process is not
    /// the hub's own.
    package let endsOnSignals: Bool
    /// From a request's head to the last byte of its answer.
    package let requestSecondsMax: Int
    /// How much of the process each listener may use.
    package let siteLimits: AdmissionLimits
    package let joinLimits: AdmissionLimits

    /// An office that was closed for a year, with a month to notice. Until then whoever has the
    /// disk of a machine that was thrown away may call as its site, unless that is revoked.
    package static let expiredCertificateDaysUsual = 400

    package init(
      sites: ListenAddress, joining: ListenAddress, identity: ServerIdentity,
      authorities: [CertificateAuthority],
      expiredCertificateDays: Int = expiredCertificateDaysUsual, endsOnSignals: Bool = true,
      requestSecondsMax: Int = ProtocolLimit.requestSecondsMax,
      siteLimits: AdmissionLimits = AdmissionLimits(), joinLimits: AdmissionLimits = .joining
    ) {
      self.sites = sites
      self.joining = joining
      self.identity = identity
      self.authorities = authorities
      self.expiredCertificateDays = expiredCertificateDays
      self.endsOnSignals = endsOnSignals
      self.requestSecondsMax = requestSecondsMax
      self.siteLimits = siteLimits
      self.joinLimits = joinLimits
    }
  }

  private let configuration: Configuration
  private let requests: any CountyRequests
  private let now: @Sendable () -> Milliseconds
  private let logger: Logger

  /// A lookup is one indexed read; two threads do some thousand a second.
  private static let lookupThreadCount = 2
  /// Beyond its own limit a listener closes what came last, and must have accepted it for that.
  private static let acceptedBeyondMax = 64
  /// A joining site's whole request: it is short.
  private static let joinRequestSecondsMax = 20
  /// A client that keeps its half of the connection open is not waited for.
  private static let closeSecondsMax: Int64 = 1
  /// Requests in flight are finished when the hub is told to end; then they are cut.
  private static let shutdownSecondsMax: Int64 = 8
  private static let headerCountMax = 100
  private static let day: Milliseconds = 86_400_000

  /// - Parameter now: the hub's time, UTC milliseconds: it judges certificates.
  package init(
    configuration: Configuration, requests: any CountyRequests,
    now: @escaping @Sendable () -> Milliseconds, logger: Logger
  ) {
    self.configuration = configuration
    self.requests = requests
    self.now = now
    self.logger = logger
  }

  /// Serves until SIGTERM or SIGINT, or until the task is cancelled; requests in flight are
  /// answered first, for at most eight seconds.
  ///
  /// - Parameters:
  ///   - ending: when it returns, the hub ends as on a signal. It is cancelled when the hub ends
  ///     for another reason.
  ///   - onListening: called once, when both listeners are bound and the hub has seen with its own
  ///     eyes that a stranger gets no answer. Ports are the real ones, also when 0 was asked.
  /// - Throws: ``HubStartError`` when a listener cannot be bound or the self-test fails.
  package func run(
    until ending: (@Sendable () async -> Void)? = nil,
    onListening: @escaping @Sendable (ListeningPorts) async -> Void
  ) async throws {
    let threads = Threads(
      work: NIOThreadPool(numberOfThreads: configuration.siteLimits.workCountMax),
      joining: NIOThreadPool(numberOfThreads: configuration.joinLimits.workCountMax),
      lookup: NIOThreadPool(numberOfThreads: Self.lookupThreadCount))
    threads.start()
    do {
      try await serve(on: threads, until: ending, onListening: onListening)
    } catch {
      try await threads.end()
      throw error
    }
    try await threads.end()
  }

  private func serve(
    on threads: Threads, until ending: (@Sendable () async -> Void)?,
    onListening: @escaping @Sendable (ListeningPorts) async -> Void
  ) async throws {
    let authentication = SiteAuthentication(
      authorities: configuration.authorities, requests: requests,
      grace: Milliseconds(configuration.expiredCertificateDays) * Self.day, now: now)
    let sites = try listener(
      at: configuration.sites, tls: siteTLS(),
      ListenerResponder(
        door: .sites(authentication), requests: requests,
        desk: AdmissionDesk(limits: configuration.siteLimits),
        connections: ConnectionDoor(
          connectionCountMax: configuration.siteLimits.connectionCountMax),
        threads: threads.work, lookupThreads: threads.lookup,
        requestSecondsMax: Int64(configuration.requestSecondsMax)),
      limits: configuration.siteLimits)
    let joining = try listener(
      at: configuration.joining, tls: TLSChannelConfiguration(tlsConfiguration: joinTLS()),
      ListenerResponder(
        door: .joining, requests: requests, desk: AdmissionDesk(limits: configuration.joinLimits),
        connections: ConnectionDoor(
          connectionCountMax: configuration.joinLimits.connectionCountMax),
        threads: threads.joining, lookupThreads: threads.lookup,
        requestSecondsMax: Int64(
          min(configuration.requestSecondsMax, Self.joinRequestSecondsMax))),
      limits: configuration.joinLimits)
    let start = Start(sites: sites, joining: joining, now: now(), onListening: onListening)
    var group = ServiceGroupConfiguration(
      services: [
        .init(service: sites), .init(service: joining),
        .init(service: start, successTerminationBehavior: .ignore),
      ],
      gracefulShutdownSignals: configuration.endsOnSignals ? [.sigterm, .sigint] : [],
      logger: logger)
    if let ending {
      group.services.append(
        .init(
          service: Ending(ending: ending), successTerminationBehavior: .gracefullyShutdownGroup))
    }
    group.maximumGracefulShutdownDuration = .seconds(Self.shutdownSecondsMax)
    try await ServiceGroup(configuration: group).run()
  }

  private func listener(
    at address: ListenAddress, tls: TLSChannelConfiguration, _ responder: ListenerResponder,
    limits: AdmissionLimits
  ) throws -> Listener {
    let ports = AsyncStream.makeStream(of: Int.self)
    let http = HTTP1Channel.Configuration(
      idleTimeout: .seconds(Int64(limits.idleSecondsMax)),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: ProtocolLimit.headerByteCountMax,
        maxHeaderListSize: ProtocolLimit.headerByteCountMax,
        maxHeaderFieldCount: Self.headerCountMax))
    let door = responder.connections
    let application = Application(
      responder: responder,
      server: HTTPServerBuilder { responder in
        GuardedChannel(
          inner: LingeringChannel(
            inner: try TLSChannel(
              PunctualChannel(
                inner: HTTP1Channel(responder: responder, configuration: http),
                secondsMax: Int64(limits.handshakeSecondsMax)), configuration: tls)),
          door: door)
      },
      configuration: ApplicationConfiguration(
        address: .hostname(address.host, port: address.port),
        availableConnectionsDelegate: MaximumAvailableConnections(
          limits.connectionCountMax + Self.acceptedBeyondMax)),
      onServerRunning: { channel in
        ports.continuation.yield(channel.localAddress?.port ?? address.port)
        ports.continuation.finish()
      },
      logger: logger)
    return Listener(address: address, application: application, ports: ports.stream)
  }

  /// Everybody has to show a certificate that one of the authorities signed, and to prove its key.
  /// BoringSSL would also judge the dates, by the machine's clock, and a site that was away for a
  /// year could not even be told what it lacks.
  ///
  /// NB: the default verifies nobody, and `.fullVerification` drops every client because a site has
  /// no host name.
  private func siteTLS() throws -> TLSChannelConfiguration {
    var tls = try joinTLS()
    tls.certificateVerification = .noHostnameVerification
    tls.trustRoots = .certificates(
      try configuration.authorities.map { authority in
        try NIOSSLCertificate(bytes: authority.certificate.derBytes(), format: .der)
      })
    return TLSChannelConfiguration(tlsConfiguration: tls) { [configuration] chain, promise in
      promise.completeWith(
        Result {
          let der = try chain.first?.toDERBytes() ?? []
          let isIssued = CertificateAuthority.areIssuers(
            of: der, among: configuration.authorities)
          return isIssued ? .certificateVerified : .failed
        })
    }
  }

  private func joinTLS() throws -> TLSConfiguration {
    let certificate = try NIOSSLCertificate(
      bytes: configuration.identity.certificateDER, format: .der)
    let key = try NIOSSLPrivateKey(bytes: configuration.identity.keyDER, format: .der)
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: [.certificate(certificate)], privateKey: .privateKey(key))
    tls.minimumTLSVersion = .tlsv13
    tls.applicationProtocols = ["http/1.1"]
    tls.shutdownTimeout = .seconds(Self.closeSecondsMax)
    return tls
  }
}

/// The threads that may block.
private struct Threads {
  let work: NIOThreadPool
  let joining: NIOThreadPool
  let lookup: NIOThreadPool

  func start() {
    for pool in [work, joining, lookup] { pool.start() }
  }

  func end() async throws {
    for pool in [work, joining, lookup] { try await pool.shutdownGracefully() }
  }
}

/// Where a listener stands.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// A name or an address; IPv6 without brackets.
  package let host: String
  /// 0 lets the system choose.
  package let port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// The ports that were really bound.
package struct ListeningPorts: Sendable, Equatable {
  package let sites: Int
  package let joining: Int
}

/// Why the hub did not start.
package enum HubStartError: Error, Sendable, Equatable, CustomStringConvertible {
  case cannotListen(ListenAddress, reason: String)
  case admitsStrangers
  case selfTestFailed

  package var description: String {
    switch self {
    case .cannotListen(let address, let reason):
      "cannot listen on \(address): \(reason); end what holds the port or choose another"
    case .admitsStrangers:
      "the hub answered a caller without a certificate and serves nobody; report this as a defect"
    case .selfTestFailed:
      "the hub could not reach its own listener to test it and serves nobody; look at the firewall"
        + " of this machine and the address of --listen"
    }
  }
}

/// One listener as a service of the group, with its address in its errors.
private struct Listener: Service {
  let address: ListenAddress
  let application: Application<ListenerResponder>
  /// Yields the real port once and ends.
  let ports: AsyncStream<Int>

  func run() async throws {
    do {
      try await application.run()
    } catch let error as CancellationError {
      throw error
    } catch {
      throw HubStartError.cannotListen(address, reason: String(describing: error))
    }
  }

  var port: Int? {
    get async {
      for await port in ports { return port }
      return nil
    }
  }
}

/// Ends the group when somebody wants it to.
private struct Ending: Service {
  let ending: @Sendable () async -> Void

  func run() async throws {
    await cancelWhenGracefulShutdown { await ending() }
  }
}

/// Waits for both listeners, tests the one for sites, tells.
private struct Start: Service {
  let sites: Listener
  let joining: Listener
  let now: Milliseconds
  let onListening: @Sendable (ListeningPorts) async -> Void

  func run() async throws {
    // No port means that the group was cancelled: what a listener threw is the reason.
    guard let sitePort = await sites.port, let joinPort = await joining.port else { return }
    try await StrangerTest.run(host: sites.address.host, port: sitePort, now: now)
    await onListening(ListeningPorts(sites: sitePort, joining: joinPort))
  }
}
