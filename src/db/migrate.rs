//! The schema: embedded twin migrations.

use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{AnyConnection, DatabaseUrl};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
/// Advisory lock of migrating, so that of two instances that start at once one waits.
const MIGRATION_LOCK: i64 = 0x5ca1_ab1f;

/// Brings the schema up to this program's version; makes the SQLite file's folder.
///
/// # Errors
///
/// No connection, a failing migration, or a schema with migrations that this
/// program does not know: an older program must not work on a newer schema.
pub fn up(url: &DatabaseUrl) -> anyhow::Result<()> {
    make_folder(url)?;
    match &mut url.connect()? {
        AnyConnection::Postgres(conn) => {
            diesel::sql_query(format!("SELECT pg_advisory_lock({MIGRATION_LOCK})")).execute(conn)?;
            run(conn, POSTGRES)
        }
        AnyConnection::Sqlite(conn) => {
            let _alone = alone(url)?;
            run(conn, SQLITE)
        }
    }
}

/// Of two processes that begin on one file at once, one waits: nobody else guards the schema of SQLite.
fn alone(url: &DatabaseUrl) -> anyhow::Result<Option<std::fs::File>> {
    let DatabaseUrl::Sqlite(path) = url else { return Ok(None) };
    let mut beside = path.clone().into_os_string();
    beside.push(".migrating");
    let file = std::fs::OpenOptions::new().create(true).append(true).open(beside)?;
    file.lock()?;
    Ok(Some(file))
}

fn make_folder(url: &DatabaseUrl) -> std::io::Result<()> {
    match url {
        DatabaseUrl::Sqlite(path) => match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => std::fs::create_dir_all(folder),
            None => Ok(()),
        },
        DatabaseUrl::Postgres(_) => Ok(()),
    }
}

/// As [`up`], to the schema of this version only.
///
/// # Errors
///
/// As [`up`]; a version that this program does not know, or a database that is beyond it.
pub fn up_to(url: &DatabaseUrl, version: &str) -> anyhow::Result<()> {
    make_folder(url)?;
    match &mut url.connect()? {
        AnyConnection::Postgres(conn) => {
            diesel::sql_query(format!("SELECT pg_advisory_lock({MIGRATION_LOCK})")).execute(conn)?;
            run_to(conn, POSTGRES, version)
        }
        AnyConnection::Sqlite(conn) => {
            let _alone = alone(url)?;
            run_to(conn, SQLITE, version)
        }
    }
}

fn run_to<DB, C>(conn: &mut C, source: EmbeddedMigrations, version: &str) -> anyhow::Result<()>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    use diesel::migration::{Migration, MigrationSource};
    let wrong = |cause| anyhow::anyhow!("{cause}");
    let number = |migration: &dyn Migration<DB>| migration.name().version().to_string();
    let known = MigrationSource::<DB>::migrations(&source).map_err(wrong)?;
    anyhow::ensure!(
        known.iter().any(|migration| number(migration.as_ref()) == version),
        "this program does not know the schema {version}: use a newer version"
    );
    let applied = conn.applied_migrations().map_err(wrong)?;
    if let Some(beyond) = applied.iter().map(ToString::to_string).find(|applied| applied.as_str() > version) {
        anyhow::bail!("the database has migration {beyond} already, which is newer than {version}");
    }
    let pending = conn.pending_migrations(source).map_err(wrong)?;
    for migration in pending.iter().filter(|one| number(one.as_ref()).as_str() <= version) {
        conn.run_migration(migration.as_ref()).map_err(wrong)?;
    }
    Ok(())
}

/// The version of a schema: its newest migration.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn version(conn: &mut AnyConnection) -> QueryResult<String> {
    applied::table.select(applied::version).order(applied::version.desc()).first(conn)
}

/// Takes every migration back, newest first. Loses all data; for tests and for a reset.
///
/// # Errors
///
/// No connection, or a migration that cannot be taken back.
pub fn down(url: &DatabaseUrl) -> anyhow::Result<()> {
    match &mut url.connect()? {
        AnyConnection::Postgres(conn) => conn.revert_all_migrations(POSTGRES).map(|_| ()),
        AnyConnection::Sqlite(conn) => conn.revert_all_migrations(SQLITE).map(|_| ()),
    }
    .map_err(|cause| anyhow::anyhow!(cause))
}

fn run<DB, C>(conn: &mut C, source: EmbeddedMigrations) -> anyhow::Result<()>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    use diesel::migration::{Migration, MigrationSource};
    let known: Vec<String> = MigrationSource::<DB>::migrations(&source)
        .map_err(|cause| anyhow::anyhow!(cause))?
        .iter()
        .map(|migration| Migration::name(migration.as_ref()).version().to_string())
        .collect();
    let applied = conn.applied_migrations().map_err(|cause| anyhow::anyhow!(cause))?;
    if let Some(newer) = applied.iter().find(|version| !known.contains(&version.to_string())) {
        anyhow::bail!(
            "the database has migration {newer}, which this program does not know: start a newer version"
        );
    }
    conn.run_pending_migrations(source).map_err(|cause| anyhow::anyhow!(cause))?;
    Ok(())
}

/// Whether the newest migration of this program is in the database.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn is_current(conn: &mut AnyConnection) -> QueryResult<bool> {
    use diesel::migration::{Migration, MigrationSource};
    let newest = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE)
        .map_err(diesel::result::Error::QueryBuilderError)?
        .iter()
        .map(|migration| Migration::name(migration.as_ref()).version().to_string())
        .max()
        .unwrap_or_default();
    diesel::select(diesel::dsl::exists(applied::table.filter(applied::version.eq(newest)))).get_result(conn)
}

diesel::table! {
    /// Diesel's own record of what was applied.
    #[sql_name = "__diesel_schema_migrations"]
    applied (version) {
        /// Stamp of one migration.
        version -> Text,
    }
}
