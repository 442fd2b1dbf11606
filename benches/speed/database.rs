//! The two databases, each empty at the start and gone at the end.

use std::path::{Path, PathBuf};

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use school_roadmap::db::{AnyConnection, DatabaseUrl};
use school_roadmap::kit::id::new_uuid;

/// A database of its own, with a folder for the keys of its service.
pub struct Database {
    /// As a reader of the table knows it.
    pub name: &'static str,
    /// For `DATABASE_URL`.
    pub url: String,
    folder: PathBuf,
    server: Option<(String, String)>,
}

impl Database {
    /// A new file.
    pub fn sqlite() -> anyhow::Result<Self> {
        let folder = folder()?;
        let url = format!("sqlite://{}", folder.join("speed.db").display());
        Ok(Self { name: "SQLite", url, folder, server: None })
    }

    /// A new database on the server.
    pub fn postgres() -> anyhow::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "a measurement reads its own environment")]
        let server = std::env::var("TEST_DATABASE_URL")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable".to_owned());
        let name = format!("speed_{}", new_uuid().replace('-', ""));
        connect(&server)?.batch_execute(&format!("CREATE DATABASE {name}"))?;
        let mut url: url::Url = server.parse()?;
        url.set_path(&name);
        Ok(Self { name: "PostgreSQL", url: url.into(), folder: folder()?, server: Some((server, name)) })
    }

    /// Where its service keeps its keys.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Bytes that it takes up.
    pub fn size(&self) -> anyhow::Result<f64> {
        match &mut self.connect()? {
            AnyConnection::Sqlite(conn) => {
                let pages =
                    sql::<BigInt>("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
                Ok(bytes(pages.get_result(conn)?))
            }
            AnyConnection::Postgres(conn) => {
                Ok(bytes(sql::<BigInt>("SELECT pg_database_size(current_database())").get_result(conn)?))
            }
        }
    }

    /// A connection past the service.
    pub fn connect(&self) -> anyhow::Result<AnyConnection> {
        connect(&self.url)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server
            && let Ok(mut conn) = connect(server)
        {
            conn.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).ok();
        }
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn bytes(count: i64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

fn connect(url: &str) -> anyhow::Result<AnyConnection> {
    Ok(url.parse::<DatabaseUrl>().map_err(anyhow::Error::msg)?.connect()?)
}

fn folder() -> anyhow::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("school-roadmap-speed-{}", new_uuid()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
