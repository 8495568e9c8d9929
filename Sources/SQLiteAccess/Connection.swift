import CSQLite
package import GRDB
import GRDBSQLite

/// How the agent and the hub open SQLite files.
package enum Connection {
  /// A configuration with everything that RELIABILITY.md R9 asks of a connection: schema and data
  /// are not trusted to run code, damaged cells are noticed, deleted bytes are overwritten, and a
  /// commit is durable when it returns.
  ///
  /// - Parameters:
  ///   - synchronous: `FULL`, or `EXTRA` where a rollback journal may be in use: its removal, too,
  ///     is durable then.
  ///   - busyMilliseconds: how long to wait for another program's lock.
  ///   - firesTriggers: off for the agent, whose own writes must not be captured again.
  package static func configuration(
    synchronous: String, busyMilliseconds: Int, firesTriggers: Bool
  ) -> Configuration {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    configuration.busyMode = .timeout(Double(busyMilliseconds) / 1_000)
    configuration.prepareDatabase { database in
      let handle = database.sqliteConnection!
      for (option, isOn) in [
        (SQLITE_DBCONFIG_DEFENSIVE, true), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (SQLITE_DBCONFIG_ENABLE_TRIGGER, firesTriggers),
      ] {
        let code = kreissync_sqlite_configure(handle, option, isOn ? 1 : 0)
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
      }
      try database.execute(
        sql: """
          PRAGMA synchronous = \(synchronous);
          PRAGMA cell_size_check = ON;
          PRAGMA mmap_size = 0;
          PRAGMA secure_delete = ON;
          """)
    }
    return configuration
  }

  /// A configuration for whoever only looks at a file that others use: nothing is written, no
  /// checkpoint moves the WAL into the file, and a WAL that stands there stays.
  ///
  /// - Parameter leavesWAL: false where no WAL stands there, so that the one that reading makes
  ///   goes again.
  package static func looking(busyMilliseconds: Int, leavesWAL: Bool) -> Configuration {
    var configuration = configuration(
      synchronous: "FULL", busyMilliseconds: busyMilliseconds, firesTriggers: false)
    configuration.prepareDatabase { database in
      try database.execute(sql: "PRAGMA query_only = ON")
      guard leavesWAL else { return }
      let code = kreissync_sqlite_configure(
        database.sqliteConnection!, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
      guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }
    return configuration
  }
}
