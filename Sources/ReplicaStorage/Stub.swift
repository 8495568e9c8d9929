import GRDB
import GRDBSQLite
import CSQLite
