//! Whether what is committed survives a loss of power.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

use super::connection::AnyConnection;

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The settings of the database by which acknowledged writes could be lost; none: it keeps what it commits.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn careless_settings(conn: &mut AnyConnection) -> QueryResult<Vec<String>> {
    let found: Vec<Setting> = match conn {
        AnyConnection::Postgres(pg) => sql_query(
            "SELECT name::text AS name FROM pg_settings \
             WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'",
        )
        .load(pg)?,
        AnyConnection::Sqlite(sqlite) => sql_query(
            "SELECT 'synchronous' AS name FROM pragma_synchronous WHERE synchronous < 2 \
             UNION ALL SELECT 'journal_mode' FROM pragma_journal_mode WHERE journal_mode <> 'wal'",
        )
        .load(sqlite)?,
    };
    Ok(found.into_iter().map(|setting| setting.name).collect())
}
