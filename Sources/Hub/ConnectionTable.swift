package import HubService

/// Which connections stand, and which one goes when there are too many: decided without I/O.
///
/// Before its first request a connection is its address's, afterwards its site's. Many sites may
/// share an address (a data centre, a proxy), so an address has no limit of its own; but when the
/// listener is full, whoever holds the most makes room for who holds less. So one address with
/// half-open connections keeps nobody out, and nobody who holds little loses anything.
package struct ConnectionTable<ID: Hashable & Sendable> {
  private enum Holder: Hashable {
    case address(String)
    case site(Caller)
  }

  /// What becomes of a new connection.
  package enum Arrival: Equatable {
    case stays
    case staysInsteadOf(ID)
    case isClosed
  }

  private let countMax: Int
  /// An agent needs one; the others are of processes that died behind a dead line.
  private static var siteCountMax: Int { 4 }

  private var holders: [ID: Holder] = [:]
  /// Oldest first.
  private var connections: [Holder: [ID]] = [:]

  /// - Parameter countMax: connections at a time.
  package init(countMax: Int) {
    self.countMax = countMax
  }

  package var count: Int { holders.count }

  /// A connection has come, and its address is all that is known of it.
  package mutating func open(_ id: ID, from address: String) -> Arrival {
    let holder = Holder.address(address)
    let own = (connections[holder]?.count ?? 0) + 1
    guard holders.count >= countMax else {
      hold(id, by: holder)
      return .stays
    }
    // NB: ties are of no consequence, for each of them holds more than the newcomer.
    guard let greatest = connections.values.max(by: { $0.count < $1.count }),
      greatest.count > own, let oldest = greatest.first
    else { return .isClosed }
    close(oldest)
    hold(id, by: holder)
    return .staysInsteadOf(oldest)
  }

  /// A connection has turned out to be this site's. Returns the site's oldest if it has too many.
  package mutating func name(_ id: ID, as site: Caller) -> ID? {
    guard let holder = holders[id], holder != .site(site) else { return nil }
    close(id)
    hold(id, by: .site(site))
    guard let own = connections[.site(site)], own.count > Self.siteCountMax else { return nil }
    close(own[0])
    return own[0]
  }

  package mutating func close(_ id: ID) {
    guard let holder = holders.removeValue(forKey: id) else { return }
    connections[holder]?.removeAll { $0 == id }
    if connections[holder]?.isEmpty == true { connections[holder] = nil }
  }

  private mutating func hold(_ id: ID, by holder: Holder) {
    holders[id] = holder
    connections[holder, default: []].append(id)
  }
}
