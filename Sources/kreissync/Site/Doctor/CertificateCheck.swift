import Replica
import ReplicaStorage
import SyncCore

/// The site's certificate: fits its key, names this site, and is not over by the hub's clock.
struct CertificateCheck {
  private let directory: SiteDirectory
  private let replica: ReplicaRecord?
  private let hubTime: Milliseconds?

  /// It renews at two thirds of its life, ten days before its end.
  private static let renewalDays: Milliseconds = 10
  static let rejoin =
    "ask the county for `kreissync hub site rejoin`, then `kreissync site join` in this directory: "
    + "replica and unsent work stay"

  /// - Parameter hubTime: what judges certificates; nil where only this machine's clock is known.
  init(_ directory: SiteDirectory, replica: ReplicaRecord?, hubTime: Milliseconds?) {
    self.directory = directory
    self.replica = replica
    self.hubTime = hubTime
  }

  func finding() -> DoctorFinding {
    do throws(EnrolmentError) {
      return judge(try CertificateExamination.read(directory: directory.path))
    } catch .foreignCertificate {
      return .error("certificate", "site.crt is no certificate", cure: Self.rejoin)
    } catch .foreignKeyFile {
      return .error("certificate", "site.key is no key", cure: Self.rejoin)
    } catch {
      return .error("certificate", error.description, cure: Self.rejoin)
    }
  }

  private func judge(_ certificate: CertificateExamination) -> DoctorFinding {
    guard certificate.isForKey || certificate.isBeingRenewed else {
      return .error("certificate", "site.crt is not for the key in site.key", cure: Self.rejoin)
    }
    if let replica, certificate.county != replica.county || certificate.site != replica.site {
      return .error(
        "certificate",
        "it names site \(certificate.site?.string ?? "–") of county "
          + "\(certificate.county?.string ?? "–"), the replica is \(replica.site)'s of "
          + "\(replica.county)",
        cure: "the files of two sites are mixed: put those that belong together into one directory")
    }
    let now = hubTime ?? Surroundings.now()
    let end = rfc3339(certificate.notAfter)
    let daysLeft = (certificate.notAfter - now) / BerlinTime.day
    guard certificate.notAfter > now else {
      return .warning(
        "certificate", "it ended at \(end)",
        cure: "the next sync renews it, unless hub_admission says that it is too late")
    }
    if certificate.isBeingRenewed {
      return .warning(
        "certificate", "a renewal was cut off", cure: "nothing; the next sync finishes it")
    }
    if daysLeft < Self.renewalDays {
      return .warning(
        "certificate", "it ends at \(end), in \(daysLeft) days",
        cure: "it renews with the next sync that reaches the hub: sync soon")
    }
    return .ok("certificate", "valid until \(end)")
  }
}
