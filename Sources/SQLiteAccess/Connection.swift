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
}
