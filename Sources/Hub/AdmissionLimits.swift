import SyncProtocol

/// How much of the process one listener may use.
///
/// The numbers keep a hub below 256 MB: 32 MiB of bodies, 24 MiB of answers, eight threads of which
/// each inflates or builds one body of 8 MiB at a time, and some 50 kB for a connection.
package struct AdmissionLimits: Sendable {
  /// Four counties of 50 sites, with a handful of forgotten connections each.
  package var connectionCountMax = 1_024
  /// From the connection to the end of its handshake.
  package var handshakeSecondsMax = 10
  /// From the last byte of an answer to the whole head of the next request: longer than a replica's
  /// apply between two requests, so that a session is one connection.
  package var idleSecondsMax = 60
  /// Requests there at a time: below the connections, so that some are left for who is sent away.
  package var requestCountMax = 384
  /// RELIABILITY's four connections of a site.
  package var partyRequestCountMax = 4
  /// Threads. SQLite has one writer for each county, and readers beside it are short: more would
  /// only wait.
  package var workCountMax = 8
  /// Two threads are always left for other counties.
  package var countyWorkCountMax = 6
  /// One writes, one unpacks meanwhile; more would only wait for the county's lock.
  package var countyWriteCountMax = 2
  /// Four longest bodies; an array that grows may hold twice as much.
  package var bodyByteCountMax = 4 * ProtocolLimit.bodyByteCountMax
  package var partyBodyByteCountMax = 2 * ProtocolLimit.bodyByteCountMax
  /// Reads at work in the process: a page of 2 MiB takes some 30 MB while its rows are rows.
  package var readWorkCountMax = 3
  /// Room that a read needs before it begins: a page with a long last row.
  package var answerByteCount = 3 << 20
  package var answerByteCountMax = 24 << 20
  /// Two pages: one that is written slowly, one in work.
  package var partyAnswerByteCountMax = 6 << 20
  /// From the whole body to the turn: far below the request's own deadline, so that who waited in
  /// vain still hears it.
  package var waitSecondsMax = 20
  package var retrySecondsMin = 1
  package var retrySpreadSecondsMin = 4
  /// More sites than one hub has.
  package var keptPlaceCountMax = 1_024

  /// For the listener of sites.
  package init() {}

  /// For the listener that takes requests to join: short bodies, two threads.
  ///
  /// A whole county may join from one address.
  package static var joining: AdmissionLimits {
    var limits = AdmissionLimits()
    limits.connectionCountMax = 256
    limits.idleSecondsMax = 10
    limits.requestCountMax = 128
    limits.partyRequestCountMax = 64
    limits.workCountMax = 2
    limits.countyWorkCountMax = 2
    limits.bodyByteCountMax = 4 << 20
    limits.partyBodyByteCountMax = 2 << 20
    return limits
  }
}
