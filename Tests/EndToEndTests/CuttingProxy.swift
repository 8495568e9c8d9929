import Foundation
import Glibc
import Synchronization

/// Sockets without the platform's sharp edges.
enum Sockets {
  /// A stream that no other child inherits.
  static let stream = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)

  static func bind(_ descriptor: CInt, port: Int) -> Bool {
    var address = loopback(port)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  static func connect(_ descriptor: CInt, port: Int) -> Bool {
    var address = loopback(port)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  static func make() -> CInt {
    let descriptor = socket(AF_INET, stream, 0)
    var isOn: CInt = 1
    setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<CInt>.size))
    return descriptor
  }

  /// Writes all, or says that the other side is gone.
  static func write(_ bytes: ArraySlice<UInt8>, to descriptor: CInt) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return address
  }
}

/// Stands between sites and their hub and does what lines do: cuts, loses the answer, drips.
final class CuttingProxy: Sendable {
  /// What happens to the connections that are taken from now on. Once cut, the line stays down
  /// until the weather changes.
  struct Weather: Sendable {
    /// Bytes towards the hub before the line is cut; nil for all.
    var toHubMax: Int?
    /// Bytes towards the site before the line is cut.
    var toSiteMax: Int?
    /// Bytes that pass at once.
    var pieceByteCount = 64 << 10
    /// The cut is a reset, not an end.
    var resets = false
    /// Called once when so many bytes have passed towards the site, before the next ones pass.
    var pause: (afterToSite: Int, run: @Sendable () -> Void)?

    static let fair = Weather()
  }

  /// Bytes that one connection carried.
  struct Traffic: Sendable {
    var toHub = 0
    var toSite = 0
  }

  let port: Int
  private let hubPort: Int
  private let listener: CInt
  private let weather = Mutex(Weather.fair)
  private let carried = Mutex(Traffic())

  var environment: [String: String] { ["KREISSYNC_HUB": "https://127.0.0.1:\(port)"] }
  /// All bytes since the last change of the weather.
  var traffic: Traffic { carried.withLock { $0 } }

  init(to county: TestCounty) throws {
    port = Ports.next()
    hubPort = county.sitePort
    listener = Sockets.make()
    guard Sockets.bind(listener, port: port), listen(listener, 64) == 0 else {
      throw HarnessError("the proxy cannot listen")
    }
  }

  /// Serves on threads of its own while `body` runs.
  func run(_ body: () throws -> Void) throws {
    Thread.detachNewThread { self.takeConnections() }
    defer {
      shutdown(listener, CInt(SHUT_RDWR))
      close(listener)
    }
    try body()
  }

  func set(_ weather: Weather) {
    self.weather.withLock { $0 = weather }
    carried.withLock { $0 = Traffic() }
  }

  private func takeConnections() {
    while true {
      let site = accept(listener, nil, nil)
      guard site >= 0, fcntl(site, F_SETFD, FD_CLOEXEC) == 0 else { return }
      let weather = weather.withLock { $0 }
      Thread.detachNewThread { self.carry(site, weather) }
    }
  }

  private func carry(_ site: CInt, _ weather: Weather) {
    let hub = Sockets.make()
    defer {
      // Shut before it is closed: a child that started in between may have inherited it.
      if weather.resets { resetOnClose(site) } else { shutdown(site, CInt(SHUT_RDWR)) }
      close(site)
      close(hub)
    }
    guard Sockets.connect(hub, port: hubPort) else { return }
    var passed = Traffic()
    var weather = weather
    while true {
      var watched = [
        pollfd(fd: site, events: Int16(POLLIN), revents: 0),
        pollfd(fd: hub, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&watched, 2, 30_000) > 0 else { return }
      if watched[0].revents != 0 {
        let goesOn = pass(
          from: site, to: hub, &passed.toHub, max: weather.toHubMax, weather.pieceByteCount
        ) { count in carried.withLock { $0.toHub += count } }
        guard goesOn else { return }
      }
      if watched[1].revents != 0 {
        if let pause = weather.pause, passed.toSite >= pause.afterToSite {
          pause.run()
          weather.pause = nil
        }
        let goesOn = pass(
          from: hub, to: site, &passed.toSite, max: weather.toSiteMax, weather.pieceByteCount
        ) { count in carried.withLock { $0.toSite += count } }
        guard goesOn else { return }
      }
    }
  }

  /// Passes what is there; false at the end of the line or where it is to be cut.
  private func pass(
    from source: CInt, to sink: CInt, _ passed: inout Int, max: Int?, _ pieceByteCount: Int,
    _ count: (Int) -> Void
  ) -> Bool {
    var piece = [UInt8](repeating: 0, count: pieceByteCount)
    let length = recv(source, &piece, piece.count, 0)
    guard length > 0 else { return false }
    let allowed = max.map { min(length, $0 - passed) } ?? length
    guard Sockets.write(piece[..<allowed], to: sink) else { return false }
    passed += allowed
    count(allowed)
    guard let max, passed >= max else { return true }
    weather.withLock { $0.toHubMax = 0 }
    return false
  }

  private func resetOnClose(_ descriptor: CInt) {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }
}
