//! A real server on a free port with a fresh database, and a clock that stands.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use actix_web::web::Data;
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use school_roadmap::auth::keys::Keys;
use school_roadmap::auth::token::Tokens;
use school_roadmap::config::Config;
use school_roadmap::db::{AnyConnection, DatabaseUrl, Db};
use school_roadmap::features::imports::Runner;
use school_roadmap::features::webhooks::{Delivering, Dispatcher};
use school_roadmap::files::Files;
use school_roadmap::kit::clock::Clock;
use school_roadmap::kit::id::new_uuid;
use school_roadmap::startup::Application;
use school_roadmap::web::Notebook;

pub use self::Database::{Postgres, Sqlite};
use crate::client::Client;

/// When every test begins, unless it sets its clock.
pub const START: &str = "2023-03-01T09:00:00Z";

/// On which database a test runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// A server of its own with a database of its own; both go when it is dropped.
pub struct TestApp {
    pub clock: Clock,
    pub url: String,
    pub database_url: DatabaseUrl,
    /// The pool that the server itself works with.
    pub db: Db,
    pub tokens: Tokens,
    delivering: Delivering,
    /// The store of files that the server itself works with.
    pub store: Files,
    /// What runs its jobs: by itself it runs none, a story lets it.
    pub runner: Runner,
    notebook: Data<Notebook>,
    folder: PathBuf,
    schema: Option<(String, String)>,
    server: actix_web::dev::ServerHandle,
}

impl TestApp {
    /// Starts; `None` where no PostgreSQL answers and none is required.
    pub async fn start(on: Database) -> Option<Self> {
        Self::start_with(on, |_| ()).await
    }

    /// As [`start`](Self::start), with settings of the story's own.
    pub async fn start_with(on: Database, set: impl FnOnce(&mut Config)) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("school-roadmap-test-{}", new_uuid()));
        std::fs::create_dir_all(&folder).unwrap();
        let (database_url, schema) = match on {
            Sqlite => (DatabaseUrl::Sqlite(folder.join("test.db")), None),
            Postgres => {
                let server = postgres()?;
                let name = format!("it_{}", new_uuid().replace('-', "_"));
                let mut conn = PgConnection::establish(server).unwrap();
                conn.batch_execute(&format!("CREATE SCHEMA {name}")).unwrap();
                let join = if server.contains('?') { '&' } else { '?' };
                let url = format!("{server}{join}options=-csearch_path%3D{name}");
                (url.parse().unwrap(), Some((server.to_owned(), name)))
            }
        };
        let clock = Clock::standing(START.parse().unwrap());
        let mut config = Config::local(database_url.clone(), folder.clone());
        set(&mut config);
        let application = Application::build(&config, clock.clone()).unwrap();
        let url = format!("http://127.0.0.1:{}", application.port());
        let db = application.db().clone();
        let delivering = application.delivering().clone();
        let (store, runner) = (application.files().clone(), application.runner().clone());
        let notebook = application.notebook().clone();
        let server = application.into_server();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        // Its threads start when it is first polled; then it serves whatever this one does.
        tokio::task::yield_now().await;
        let keys = Keys::load(&folder, None).unwrap();
        let tokens = Tokens::new(keys, config.token_issuer, config.token_audience).unwrap();
        Some(Self {
            clock,
            url,
            database_url,
            db,
            tokens,
            delivering,
            store,
            runner,
            notebook,
            folder,
            schema,
            server: handle,
        })
    }

    /// A client that has not signed in.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.url, None)
    }

    /// A client with this token.
    pub fn with_token(&self, token: &str) -> Client {
        Client::new(&self.url, Some(token.to_owned()))
    }

    /// What delivers to webhooks, as another process on the same database would.
    pub fn dispatcher(&self) -> Dispatcher {
        Dispatcher::new(self.delivering.clone())
    }

    /// The folder of its keys.
    pub fn data_dir(&self) -> &Path {
        &self.folder
    }

    /// The key that signs its tokens, PKCS #8 DER.
    pub fn signing_key(&self) -> Vec<u8> {
        std::fs::read(self.folder.join("signing-key.der")).unwrap()
    }

    /// Runs the jobs that wait, one after the other.
    pub async fn run_jobs(&self) {
        while self.runner.run_next(&self.db, &self.store).await.unwrap().is_some() {}
    }

    /// Writes into the audit what was read, and the refusals of minutes that are over.
    pub async fn write_noted(&self) {
        let now = Some(self.clock.now());
        school_roadmap::features::audit::write_noted(&self.db, &self.notebook, now).await.unwrap();
    }

    /// Moves the clock to a civil date, noon in Moscow.
    pub fn set_date(&self, date: &str) {
        self.set_time(&format!("{date}T09:00:00Z"));
    }

    /// Moves the clock.
    pub fn set_time(&self, instant: &str) {
        self.clock.set(instant.parse::<DateTime<Utc>>().unwrap());
    }

    /// The files that are kept or still arriving.
    pub fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        walk(&self.folder.join("files"), &mut found);
        found
    }

    /// The folder in which files arrive.
    pub fn incoming(&self) -> PathBuf {
        self.folder.join("files").join("incoming")
    }

    /// A connection past the API, for fixtures and for looking at what a refusal left behind.
    pub fn connection(&self) -> AnyConnection {
        self.database_url.connect().unwrap()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.server.stop(false));
        if let Some((server, name)) = &self.schema
            && let Ok(mut conn) = PgConnection::establish(server)
        {
            let sql = format!("SET client_min_messages TO warning; DROP SCHEMA {name} CASCADE");
            conn.batch_execute(&sql).ok();
        }
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// The server for the PostgreSQL half: `TEST_DATABASE_URL`, or the usual local one.
pub fn postgres() -> Option<&'static str> {
    static FOUND: OnceLock<Option<String>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            let url = std::env::var("TEST_DATABASE_URL")
                .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable".to_owned());
            let answers = PgConnection::establish(&url).is_ok();
            assert!(
                answers || std::env::var("REQUIRE_POSTGRES").is_err(),
                "REQUIRE_POSTGRES is set and no PostgreSQL answers"
            );
            if !answers {
                println!("no PostgreSQL answers: the suite runs on SQLite alone");
            }
            answers.then_some(url)
        })
        .as_deref()
}
