import Replica
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

/// One session of a site's directory with the hub, as `site sync` and `site run` both run it.
///
/// Whoever runs it holds the directory alone, see ``SiteDirectory/alone(_:)``.
struct SiteSession {
  /// How it ended, whichever way.
  struct End {
    let outcome: Result<SessionReport, any Error>
    /// What the hub's last answer said of when to ask again.
    let retryAfterSeconds: Int?
    let byteCountSent: Int
    let byteCountReceived: Int
    /// How the renewal of the certificate went; nil where none was due.
    let renewal: Result<Void, EnrolmentError>?
    /// Whether the certificate had run out, and was renewed before anything else.
    let hasRecovered: Bool
  }

  let directory: SiteDirectory
  /// Asked between the steps and while a request is under way; true leaves the rest to the next
  /// session.
  let isStopping: () -> Bool
  /// Returns after so many seconds, for a session that waits while the hub is busy; nil for one
  /// that then ends, to be run again.
  let wait: ((Int) -> Void)?

  init(
    in directory: SiteDirectory, until isStopping: @escaping () -> Bool = { false },
    wait: ((Int) -> Void)? = nil
  ) {
    self.directory = directory
    self.isStopping = isStopping
    self.wait = wait
  }

  /// - Throws: what kept the session from beginning; what ended it early stands in its end.
  func run() throws -> End {
    _ = try directory.completeFirstLoad(until: isStopping, wait: wait)
    let contact = try SiteContact(directory, until: isStopping, wait: wait)
    var outcome = Result {
      var report = try contact.sync()
      let events = try SiteInstructions(contact: contact).carryOut()
      report.events += events.filter { !report.events.contains($0) }
      return report
    }
    let renewal = renewal(behind: contact.greeting, outcome, over: contact.plainLink)
    if case .success? = renewal { outcome = outcome.noting("certificate_renewed") }
    if contact.hasRecovered { outcome = outcome.noting("certificate_recovered") }
    return End(
      outcome: outcome, retryAfterSeconds: contact.retryAfterSeconds,
      byteCountSent: contact.byteCountSent, byteCountReceived: contact.byteCountReceived,
      renewal: renewal, hasRecovered: contact.hasRecovered)
  }

  /// Renews the certificate if the hub asks for it, or if two thirds of its life are over by the
  /// hub's clock. A paused site is not greeted: it renews by its own clock, or it would come back
  /// from a long pause without a certificate.
  private func renewal(
    behind greeting: HubGreeting?, _ outcome: Result<SessionReport, any Error>,
    over link: RenewingLink
  ) -> Result<Void, EnrolmentError>? {
    let clock: Milliseconds
    if let greeting {
      clock = greeting.clock
    } else if case .failure(SessionError.refused(ProtocolError.Code.paused.rawValue, _, _)) =
      outcome
    {
      clock = Surroundings.now()
    } else {
      return nil
    }
    guard !isStopping() else { return nil }
    do throws(EnrolmentError) {
      let isAsked = greeting?.asks(for: .renewCertificate) ?? false
      let certificate = try SiteCertificate.read(directory: directory.path)
      guard isAsked || certificate.isDue(at: clock) else { return nil }
      return .success(try CertificateRenewal.renew(in: directory.path, over: link))
    } catch {
      return .failure(error)
    }
  }
}

extension Result where Success == SessionReport, Failure == any Error {
  fileprivate func noting(_ event: String) -> Self {
    map { report in
      var report = report
      report.events.append(event)
      return report
    }
  }
}
