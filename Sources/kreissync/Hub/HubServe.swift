import ArgumentParser
import CAllocator
import Foundation
import Hub
import Logging
import Synchronization

/// `hub serve`: every county of the directory behind two listeners.
struct HubServe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serves every county of the hub's directory.")

  @Option(name: .customLong("data"), help: "The hub's directory.")
  var path: String

  @Option(help: "Where sites call: demands a client certificate of everyone.")
  var listen = "127.0.0.1:8443"

  @Option(name: .customLong("join-listen"), help: "Where sites join: takes one request each.")
  var joinListen = "127.0.0.1:8444"

  @Option(help: "The administrators' web pages: off, for there are none yet.")
  var console = "off"

  @OptionGroup var log: LogOptions
  @OptionGroup var output: OutputOptions

  /// The connections of both listeners, and the files of many counties.
  private static let fileCountMax: UInt = 4_096

  func run() async throws {
    // Usage before anything is opened.
    guard console == "off" else {
      throw CommandFailure(
        .usage, "console", "this version has no console to serve at '\(console)'",
        hint: "leave --console out, or say --console off")
    }
    let logger = try log.logger("kreissync.hub")
    var addresses = (
      sites: try address(listen, option: "--listen"),
      joining: try address(joinListen, option: "--join-listen")
    )
    let settings = try HubSettings.read(directory: path)
    _ = try HubDirectory(path: path).counties()
    let lock = try HubDirectory(path: path).alone()
    defer { withExtendedLifetime(lock) {} }
    let keys = ServerKeys(directory: path)
    let counties = try ServedCounties(
      HubDirectory(path: path), certificateDays: settings.certificateDays,
      pins: { keys.announced })
    Surroundings.allowFiles(Self.fileCountMax)
    kreissync_allocator_keep_little()
    let requests = LoggedCounties(counties, logger: logger)
    let stop = StopSignal()
    let backups = NightlyBackups(
      of: counties.stores, in: HubDirectory(path: path), settings, until: stop, logger: logger)
    backups.start()
    defer { backups.end() }
    let handovers = HandoverTicker(of: counties.administrations, until: stop, logger: logger)
    handovers.start()
    defer { handovers.end() }
    let erasures = ErasureTicker(
      of: counties.stores, in: HubDirectory(path: path), until: stop, logger: logger)
    erasures.start()
    defer { erasures.end() }
    var isFirst = true
    // Once for each key of the hub: the listeners begin anew, in this very process.
    repeat {
      let server = HubServer(
        configuration: HubServer.Configuration(
          sites: addresses.sites, joining: addresses.joining,
          identity: try keys.load(at: Surroundings.now()), authorities: counties.authorities,
          expiredCertificateDays: settings.expiredCertificateDays, endsOnSignals: false),
        requests: requests, now: Surroundings.now, logger: logger)
      let bound = try await serve(server, until: stop, or: keys, isFirst: isFirst, logger)
      // The system's choice of a port stays.
      addresses.sites = addresses.sites.bound(to: bound?.sites)
      addresses.joining = addresses.joining.bound(to: bound?.joining)
      isFirst = false
    } while !stop.isSet
    logger.notice("ended")
  }

  /// Serves until the hub is to end or has a new key.
  private func serve(
    _ server: HubServer, until stop: StopSignal, or keys: ServerKeys, isFirst: Bool,
    _ logger: Logger
  ) async throws -> ListeningPorts? {
    let host = listen[..<(listen.lastIndex(of: ":") ?? listen.endIndex)]
    let bound = Mutex<ListeningPorts?>(nil)
    try await server.run(
      until: {
        await withTaskGroup(of: Void.self) { group in
          group.addTask { await stop.ended() }
          group.addTask { await keys.changed(logger) }
          await group.next()
          group.cancelAll()
        }
      },
      onListening: { ports in
        bound.withLock { $0 = ports }
        guard isFirst else { return logger.notice("key_switched") }
        logger.notice("started", metadata: ["port": .stringConvertible(ports.sites)])
        print("listening on https://\(host):\(ports.sites)")
        fflush(nil)
      })
    return bound.withLock { $0 }
  }

  private func address(_ text: String, option: String) throws -> ListenAddress {
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...])
    else {
      throw CommandFailure(
        .usage, "listen_address", "\(option) '\(text)' is not HOST:PORT",
        hint: "for example 127.0.0.1:8443")
    }
    let host = text[..<colon].trimmingPrefix("[")
    return ListenAddress(
      host: String(host.hasSuffix("]") ? host.dropLast() : host), port: Int(port))
  }
}

extension ListenAddress {
  fileprivate func bound(to port: Int?) -> ListenAddress {
    ListenAddress(host: host, port: port ?? self.port)
  }
}
