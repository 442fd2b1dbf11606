//! One connection type for both databases, chosen by the scheme of the URL.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::r2d2::ManageConnection;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, ConnectionError, ConnectionResult, PgConnection};

pub use self::multi::{AnyConnection, Backend};

mod multi {
    use diesel::PgConnection;
    use diesel::sqlite::SqliteConnection;

    /// A connection to either database, behind one query code path.
    #[derive(diesel::MultiConnection)]
    pub enum AnyConnection {
        /// PostgreSQL, for production.
        Postgres(PgConnection),
        /// SQLite, embedded, the default.
        Sqlite(SqliteConnection),
    }

    /// The backend of [`AnyConnection`]: the type in which stores write their queries.
    pub type Backend = self::multi_connection_impl::MultiBackend;
}

/// Rows per INSERT: 32 columns times this stay below the parameter limits of both
/// databases (32 766 and 65 535).
pub(crate) const ROWS_PER_INSERT: usize = 500;

/// Inserts every row of a slice, some hundreds at a time: `insert_all!(conn, table, &rows)`.
///
/// Batches do not compile on [`AnyConnection`] itself. The rows' type needs
/// `#[diesel(treat_none_as_default_value = false)]`.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {{
        let conn: &mut $crate::db::AnyConnection = $conn;
        ($rows).chunks($crate::db::connection::ROWS_PER_INSERT).try_for_each(
            |rows| -> diesel::QueryResult<()> {
                // One row has one text for ever, so that its statement is prepared once.
                if let [row] = rows {
                    let insert = diesel::insert_into($table).values(row);
                    return diesel::RunQueryDsl::execute(insert, conn).map(|_count| ());
                }
                let insert = diesel::insert_into($table).values(rows);
                match &mut *conn {
                    $crate::db::AnyConnection::Postgres(pg) => diesel::RunQueryDsl::execute(insert, pg),
                    $crate::db::AnyConnection::Sqlite(sqlite) => diesel::RunQueryDsl::execute(insert, sqlite),
                }
                .map(|_count| ())
            },
        )
    }};
}
pub(crate) use insert_all;

/// Locks rows until the transaction ends: `lock!(conn, reports::table.find(id))`.
///
/// PostgreSQL locks them as an UPDATE would that changes no key. SQLite has one writer at
/// a time, so a transaction that writes holds every row already.
macro_rules! lock {
    ($conn:expr, $rows:expr) => {{
        let conn: &mut $crate::db::AnyConnection = $conn;
        match conn {
            $crate::db::AnyConnection::Postgres(pg) => {
                use diesel::{IntoSql, QueryDsl};
                let one = 1_i32.into_sql::<diesel::sql_types::Integer>();
                let rows = $rows.select(one).for_no_key_update();
                diesel::RunQueryDsl::execute(rows, pg).map(|_count| ())
            }
            $crate::db::AnyConnection::Sqlite(_) => Ok(()),
        }
    }};
}
pub(crate) use lock;

/// What every session on PostgreSQL begins with. A client that has vanished must not hold its locks for
/// the two hours after which systems look for it; nor one that has stopped in the middle of something.
const POSTGRES_SESSION: &str = "SET timezone TO 'UTC'; SET client_min_messages TO warning; \
     SET tcp_keepalives_idle TO 30; SET tcp_keepalives_interval TO 10; SET tcp_keepalives_count TO 3; \
     SET tcp_user_timeout TO 300000; SET idle_in_transaction_session_timeout TO '30min'";

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `postgres://…`: kept whole, it may hold a password.
    Postgres(String),
    /// `sqlite://path`: a file, made when it is missing.
    Sqlite(PathBuf),
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Postgres(_) => f.write_str("postgres://[redacted]"),
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
        }
    }
}

impl std::str::FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Ok(Self::Postgres(text.to_owned()))
        } else if let Some(path) = text.strip_prefix("sqlite://").filter(|path| !path.is_empty()) {
            Ok(Self::Sqlite(PathBuf::from(path)))
        } else {
            Err("a database URL starts with sqlite:// or postgres://".to_owned())
        }
    }
}

impl DatabaseUrl {
    /// Opens one connection, ready for use.
    ///
    /// # Errors
    ///
    /// The server does not answer, or the file cannot be opened.
    pub fn connect(&self) -> ConnectionResult<AnyConnection> {
        match self {
            Self::Postgres(url) => {
                let mut conn = PgConnection::establish(url)?;
                conn.batch_execute(POSTGRES_SESSION).map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(AnyConnection::Postgres(conn))
            }
            Self::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
                // busy_timeout first: the other pragmas already need the lock, and a pool
                // opens several connections at once. One pragma per statement.
                for pragma in [
                    "PRAGMA busy_timeout = 5000",
                    "PRAGMA journal_mode = WAL",
                    "PRAGMA synchronous = FULL",
                    "PRAGMA foreign_keys = ON",
                    "PRAGMA case_sensitive_like = ON",
                ] {
                    conn.batch_execute(pragma).map_err(ConnectionError::CouldntSetupConfiguration)?;
                }
                Ok(AnyConnection::Sqlite(conn))
            }
        }
    }
}

/// Makes and checks pooled connections.
#[derive(Debug, Clone)]
pub struct Manager(pub DatabaseUrl);

impl ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<AnyConnection, Self::Error> {
        self.0.connect().map_err(diesel::r2d2::Error::ConnectionError)
    }

    fn is_valid(&self, conn: &mut AnyConnection) -> Result<(), Self::Error> {
        match conn {
            // The simple protocol: one way there and back, nothing prepared.
            AnyConnection::Postgres(pg) => {
                pg.batch_execute("SELECT 1").map_err(diesel::r2d2::Error::QueryError)
            }
            AnyConnection::Sqlite(_) => Ok(()),
        }
    }

    fn has_broken(&self, _: &mut AnyConnection) -> bool {
        // A panic may have left a transaction open.
        std::thread::panicking()
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseUrl;

    #[test]
    fn the_scheme_chooses_the_database_and_secrets_stay_hidden() {
        let url: DatabaseUrl = "postgres://u:secret@h/db".parse().unwrap();
        assert_eq!(format!("{url:?}"), "postgres://[redacted]");
        assert!(matches!("sqlite://data/x.db".parse(), Ok(DatabaseUrl::Sqlite(_))));
        assert!("data/x.db".parse::<DatabaseUrl>().is_err());
        assert!("sqlite://".parse::<DatabaseUrl>().is_err());
    }
}
