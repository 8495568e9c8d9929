import Foundation
import Glibc
import Replica
import ReplicaAgent
import SyncCore
import SyncProtocol

/// The line to the hub: name, proxy, reach, key, admission, clock.
///
/// One request is sent, for an address at which the hub has nothing: it shows who answers, whether
/// this site is served and what the hub's clock says, and leaves nothing behind.
struct HubChecks {
  struct Result {
    var findings: [DoctorFinding]
    /// The hub's clock, where it answered.
    var hubTime: Milliseconds?
  }

  private let directory: SiteDirectory
  private let configuration: SiteConfiguration?

  private static let path = "/v\(protocolVersion)/doctor"
  private static let later = ["name", "proxy", "reach", "pin", "admission", "clock"]
  /// Within it dates and notices are right; sessions work at any offset.
  private static let clockOffsetMax: Milliseconds = 5 * 60_000

  init(_ directory: SiteDirectory, _ configuration: SiteConfiguration?) {
    self.directory = directory
    self.configuration = configuration
  }

  func run() -> Result {
    guard let configuration else {
      return Result(
        findings: Self.later.map { .skipped("hub_\($0)", because: "site.toml cannot be used") })
    }
    let proxy = ProxySettings(ProcessInfo.processInfo.environment, host: configuration.hub.host)
    let name = Self.name(of: configuration.hub, proxy)
    var answer = ask(configuration)
    var proxyFinding = proxy.finding
    if case .failure(let failure) = answer.outcome, failure.cause == .unreachable, proxy.isUsed {
      // The same once more past the proxy; for this process alone, which asks nothing after it.
      setenv("no_proxy", "*", 1)
      setenv("NO_PROXY", "*", 1)
      let direct = ask(configuration)
      if Self.isReached(direct.outcome) {
        proxyFinding = .error(
          "hub_proxy", "\(proxy.found); the hub is not reached through it, but without it",
          cure:
            "set no_proxy=\(configuration.hub.host) where kreissync runs (systemd: Environment=)")
        answer = direct
      } else {
        proxyFinding = .warning(
          "hub_proxy", "\(proxy.found); the hub is reached neither through it nor without it",
          cure: "ask whoever runs the proxy to let CONNECT to \(configuration.hub.text) pass")
      }
    }
    return Result(
      findings: [name, proxyFinding] + Self.findings(from: answer.outcome, of: configuration.hub)
        + [Self.clock(answer.time)],
      hubTime: answer.time)
  }

  /// Whether what the hub's name stands for can be looked up.
  private static func name(of hub: HubURL, _ proxy: ProxySettings) -> DoctorFinding {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(hub.host, nil, &hints, &found)
    defer { if let found { freeaddrinfo(found) } }
    guard code != 0 else { return .ok("hub_name", "\(hub.host) is known") }
    let reason = "\(hub.host): \(String(cString: gai_strerror(code)))"
    if proxy.isUsed {
      return .warning(
        "hub_name", "\(reason); the proxy may know it",
        cure: "nothing, if the hub is reached; else ask whoever runs the network's DNS")
    }
    return .error(
      "hub_name", reason,
      cure: "check `hub` in site.toml, then the line and the DNS server of this machine")
  }

  private typealias Answer = (
    outcome: Swift.Result<ProtocolResponse, LinkFailure>, time: Milliseconds?
  )

  /// One request. Where the site's own files cannot be used it is sent without them: the hub then
  /// ends the handshake, and so much of the line is known.
  private func ask(_ configuration: SiteConfiguration) -> Answer {
    let answer = ask(configuration, showing: certificate)
    guard case .failure(let failure) = answer.outcome, failure.cause == .certificateUnusable else {
      return answer
    }
    return ask(configuration, showing: nil)
  }

  private func ask(
    _ configuration: SiteConfiguration, showing certificate: ClientCertificate?
  ) -> Answer {
    do {
      let transport = try CurlTransport(
        hub: configuration.hub, pins: pins(configuration), certificate: certificate)
      let request = ProtocolRequest(path: Self.path, contentType: .json, body: [])
      do {
        return (.success(try transport.exchange(request)), transport.answeredAt)
      } catch {
        return (.failure(error), transport.answeredAt)
      }
    } catch {
      return (.failure(error), nil)
    }
  }

  /// What the site shows; nil where it has nothing to show, so that the rest can be looked at.
  private var certificate: ClientCertificate? {
    let certificate = ClientCertificate(directory: directory.path)
    let paths: [String] = [certificate.certificatePath, certificate.keyPath]
    return paths.allSatisfy { access($0, R_OK) == 0 } ? certificate : nil
  }

  private func pins(_ configuration: SiteConfiguration) -> [[UInt8]] {
    do {
      let announced = try HubPinsFile(directory: directory.path).read()
      return announced?.accepted(configured: configuration.pin) ?? [configuration.pin]
    } catch {
      // What was announced is lost: the key of site.toml is what is left.
      return [configuration.pin]
    }
  }

  private static func isReached(_ outcome: Swift.Result<ProtocolResponse, LinkFailure>) -> Bool {
    if case .failure(let failure) = outcome { failure.cause != .unreachable } else { true }
  }

  private static func findings(
    from outcome: Swift.Result<ProtocolResponse, LinkFailure>, of hub: HubURL
  ) -> [DoctorFinding] {
    let reached = DoctorFinding.ok("hub_reach", "\(hub) answers")
    let known = DoctorFinding.ok("hub_pin", "what answers holds the hub's key")
    switch outcome {
    case .success(let response):
      return [reached, known, admission(response)]
    case .failure(let failure):
      switch failure.cause {
      case .unreachable:
        return [
          .error(
            "hub_reach", failure.detail,
            cure:
              "check the line, the firewall and the proxy; ask the county whether the hub runs. "
              + "Nothing is lost meanwhile"),
          .skipped("hub_pin", because: "the hub was not reached"),
          .skipped("hub_admission", because: "the hub was not reached"),
        ]
      case .wrongIdentity:
        return [
          reached,
          .error(
            "hub_pin", "what answers at \(hub) does not hold the hub's key",
            cure:
              "something opens the encryption on the way (a proxy, a virus scanner): have \(hub) "
              + "excepted there. Else the hub has a new key: ask the county for a new join string"),
          .skipped("hub_admission", because: "nothing is sent to who is not the hub"),
        ]
      case .certificateRefused, .certificateUnusable:
        return [
          reached, known,
          .error(
            "hub_admission", "the hub does not take this site's certificate: \(failure.detail)",
            cure: "ask the county for `kreissync hub site rejoin`, then join here with its string"),
        ]
      }
    }
  }

  private static func admission(_ response: ProtocolResponse) -> DoctorFinding {
    switch response.status {
    case 401, 403:
      switch code(of: response) {
      case ProtocolError.Code.certificateExpired.rawValue:
        .warning(
          "hub_admission", "the certificate has run out, and the hub still lets it be renewed",
          cure: "nothing; the next sync renews it")
      case ProtocolError.Code.certificateLapsed.rawValue:
        .error(
          "hub_admission", "the certificate ran out too long ago to be renewed",
          cure: CertificateCheck.rejoin)
      default:
        .error(
          "hub_admission", "the hub does not serve this site's certificate",
          cure: "it was revoked, or belongs to another county: ask the county")
      }
    case 429, 503:
      .warning("hub_admission", "the hub is busy", cure: "nothing; look again later")
    default:
      .ok("hub_admission", "the hub knows this site's certificate")
    }
  }

  /// The stable code of a refusal; nil for what no hub wrote.
  private static func code(of response: ProtocolResponse) -> String? {
    do {
      let refusal: ProtocolError.Lenient = try WireJSON.decode(response.body)
      return refusal.error.code
    } catch {
      return nil
    }
  }

  private static func clock(_ hubTime: Milliseconds?) -> DoctorFinding {
    guard let hubTime else {
      return .skipped("hub_clock", because: "no answer told the hub's time")
    }
    let offset = Surroundings.now() - hubTime
    let found = "this machine's clock is \(offset / 1_000) s ahead of the hub's"
    guard abs(offset) > clockOffsetMax else { return .ok("hub_clock", found) }
    return .warning(
      "hub_clock", found,
      cure: "set the clock (timedatectl set-ntp true). Syncs work; times in notices are wrong")
  }
}

/// The proxy that the environment names, as libcurl understands it.
struct ProxySettings {
  /// Variable and proxy, without the credentials that may stand in it.
  private let proxy: (variable: String, host: String)?
  private let isExcepted: Bool

  init(_ environment: [String: String], host: String) {
    func value(_ names: [String]) -> (String, String)? {
      names.lazy.compactMap { name in
        environment[name].flatMap { $0.isEmpty ? nil : (name, $0) }
      }.first
    }
    proxy = value(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]).map {
      ($0.0, $0.1.split(separator: "@").last.map(String.init) ?? "")
    }
    let exceptions = (value(["no_proxy", "NO_PROXY"])?.1 ?? "").split { ", ".contains($0) }
    isExcepted = exceptions.contains { exception in
      let name = exception.drop { $0 == "." }.lowercased()
      return exception == "*" || host.lowercased() == name
        || host.lowercased().hasSuffix("." + name)
    }
  }

  /// Whether calls to the hub go through one.
  var isUsed: Bool { proxy != nil && !isExcepted }

  var found: String {
    guard let proxy else { return "no proxy is set" }
    return "\(proxy.variable) names \(proxy.host)"
      + (isExcepted ? ", and no_proxy excepts the hub" : "")
  }

  var finding: DoctorFinding { .ok("hub_proxy", found) }
}
