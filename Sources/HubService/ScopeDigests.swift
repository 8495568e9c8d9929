import HubStorage
import SyncCore
import Synchronization

/// The digests of sites' scopes as they were added up last.
///
/// A site that calls while nothing happens in the county would have thousands of cases added up to
/// hear what it has heard before. What a scope adds up to moves only with the log, and the log's
/// head names all of it.
package final class ScopeDigests: Sendable {
  private struct Sum {
    let history: HistoryID
    let counter: Counter
    let digest: Digest128
  }

  private let sums = Mutex<[SiteID: Sum]>([:])

  /// The digest of the site's scope at this head of the log.
  ///
  /// - Parameter add: adds it up where it is not known.
  func digest(
    of site: SiteID, in history: HistoryID, at counter: Counter,
    addedUpBy add: () throws -> Digest128
  ) rethrows -> Digest128 {
    let known = sums.withLock { $0[site] }
    if let known, known.history == history, known.counter == counter { return known.digest }
    let digest = try add()
    sums.withLock { $0[site] = Sum(history: history, counter: counter, digest: digest) }
    return digest
  }
}
