// Why a cell is left out, where more than one line gives the same reason.
private let noPostgres = "there is no engine on PostgreSQL yet"
private let noTLS = "needs real sockets and certificates: EndToEndTests and NetworkTests do it"
private let noErasure = "there is no consent gate and no erasure yet"
private let insideRequests = "the effect is part of a request: counted as F1 and F2"
private let noUpgrade = "no binary is replaced in a run: schemas grow, at F19 and F40"

/// Every fault that the product has promised to survive (F1–F45), the points at which it is to be
/// met, and which tier of the simulator produces it there. A fault that a new rule makes possible
/// gets its line, or its reach, in the same commit.
package enum FaultTable {
  package static let classes: [FaultClass] = [
    line(
      1, "a process is killed between any two steps",
      both: [
        .localWrite, .capture, .readLog, .send, .receive, .acknowledge, .pull, .apply, .maintain,
      ], storage: [.validate, .commit], out: [(.operate, noUpgrade)]),
    line(
      2, "the power fails; unsynced sectors are lost, torn, reordered",
      storage: [
        .localWrite, .capture, .readLog, .send, .receive, .validate, .commit, .acknowledge, .pull,
        .apply,
      ]),
    line(3, "an answer is lost after the hub's commit", both: [.acknowledge]),
    line(4, "a request is repeated, reordered, replayed hours later", both: [.send, .receive]),
    line(5, "a message is cut", both: [.send, .pull]),
    line(6, "the site's disk is full", storage: [.localWrite, .readLog, .pull, .apply]),
    line(7, "the hub's disk is full", storage: [.commit]),
    line(
      8, "a file system turns read-only",
      storage: [.localWrite, .readLog, .pull, .apply, .commit]),
    line(
      9, "another program holds the replica's lock for minutes", both: [.readLog],
      model: [.apply]),
    line(10, "a long read pins the WAL", both: [.maintain]),
    line(11, "a page of the replica is damaged", storage: [.readLog, .apply]),
    line(12, "the replica's WAL is gone", storage: [.readLog]),
    line(
      13, "a replica is restored from an old copy", both: [.readLog],
      out: [(.pull, "counted where the agent sees it, before its first request")]),
    line(14, "the same local number with another tag", model: [.receive, .validate]),
    line(
      15, "the hub is restored from an old backup; at X it is lost, and rebuilt from replicas",
      both: [.commit, .pull, .operate]),
    line(16, "two agents on copies of one replica", both: [.send, .receive]),
    line(
      17, "a site's clock is wrong or jumps",
      both: [.localWrite, .readLog, .send, .apply],
      out: [
        (.capture, "the trigger's clock is the writer's: counted at L"),
        (.receive, "reads no site's clock"), (.validate, "counted where the edit was written"),
        (.commit, "reads no site's clock"), (.acknowledge, "reads no clock"),
        (.pull, "reads no clock"), (.maintain, "reads no clock"), (.operate, noUpgrade),
      ]),
    line(18, "the hub's clock jumps back", both: [.commit]),
    line(19, "a site's schema is older than the hub's", both: [.validate, .apply]),
    line(20, "triggers are dropped, tables rebuilt", model: [.capture]),
    line(21, "rows change and no trigger fires", model: [.capture]),
    line(22, "a certificate has expired", out: [(.send, noTLS)]),
    line(23, "a certificate or site is revoked", out: [(.receive, noTLS)]),
    line(24, "the hub's keys are rotated", out: [(.send, "there is no rotation yet")]),
    line(25, "a site lies", model: [.receive, .validate]),
    line(
      26, "the hub's operator rewrites the log",
      out: [(.commit, "the bug bank does it, and the sites notice")]),
    line(27, "a request that trickles, a handshake that stops", out: [(.receive, noTLS)]),
    line(28, "a giant or bomb-compressed body", out: [(.receive, noTLS)]),
    line(29, "all sites begin in one minute", both: [.receive, .commit]),
    line(30, "the hub sends everybody away for a while", both: [.send]),
    line(31, "the line is dead, or dead one way", both: [.send, .pull]),
    line(32, "a PostgreSQL failover loses commits", out: [(.commit, noPostgres)]),
    line(33, "a PostgreSQL connection dies in COMMIT", out: [(.commit, noPostgres)]),
    line(34, "a serialisation failure", out: [(.commit, noPostgres)]),
    line(
      35, "a crash in the middle of a hand-over",
      out: [(.validate, insideRequests), (.commit, insideRequests), (.apply, insideRequests)]),
    line(36, "a late change by a site that lost the case", both: [.validate]),
    line(
      37, "consent is revoked while changes are on their way",
      out: [(.validate, noErasure), (.pull, noErasure), (.maintain, noErasure)]),
    line(38, "an erasure is interrupted", out: [(.maintain, noErasure)]),
    line(39, "an erased person returns", out: [(.pull, noErasure), (.maintain, noErasure)]),
    line(40, "versions are mixed", both: [.operate]),
    line(41, "a crash in the middle of an upgrade", out: [(.operate, noUpgrade)]),
    line(42, "a backup is taken while the hub runs", both: [.operate]),
    line(
      43, "a bit of the hub's log flips",
      out: [
        (.commit, "`hub log verify` does it: HubStorageTests, LogVerificationTests"),
        (.pull, "the hub does not verify while it serves yet"),
      ]),
    line(
      44, "memory, descriptors or threads run out",
      out: [(.operate, "a kill is a kill: F1; limits are tested on the real binary")]),
    line(
      45, "a change that can never be applied or sent", both: [.receive],
      out: [(.apply, "a constraint of the local program keeps a row out: ReplicaStorageTests")]),
  ]

  private static func line(
    _ number: Int, _ title: String, both: [PipelinePoint] = [], model: [PipelinePoint] = [],
    storage: [PipelinePoint] = [],
    out: [(PipelinePoint, String)] = []
  ) -> FaultClass {
    let points =
      both.map { ($0, FaultClass.Reach.both) } + model.map { ($0, .model) }
      + storage.map { ($0, .storage) } + out.map { ($0.0, .leftOut($0.1)) }
    return FaultClass(
      number: number, title: title,
      points: points.sorted { $0.0 < $1.0 }.map { (point: $0.0, reach: $0.1) })
  }
}
