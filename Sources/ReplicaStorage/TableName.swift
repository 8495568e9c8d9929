import SyncCore

/// The schema's tables, not GRDB's query interface of the same name.
typealias Table = SyncCore.Table
typealias Column = SyncCore.Column
