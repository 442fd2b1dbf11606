//! The program itself as a process of its own, on either database, which can be killed and started again.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use school_roadmap::db::{AnyConnection, DatabaseUrl};
use school_roadmap::kit::id::new_uuid;
use serde_json::{Value, json};

use crate::app::{Database, Sqlite, postgres};
use crate::client::{Client, Resource};

const PROGRAM: &str = env!("CARGO_BIN_EXE_school-roadmap");
/// Password of everybody who is settled here.
pub const PASSWORD: &str = "сорок мероприятий за год";
/// What happens here is told at once; quotas are told of elsewhere.
const SETTINGS: [(&str, &str); 9] = [
    ("LISTEN", "127.0.0.1:0"),
    ("METRICS_LISTEN", "127.0.0.1:0"),
    ("SHUTDOWN_SECONDS", "60"),
    ("RUST_LOG", "info"),
    ("RATE_ADDRESS", "0"),
    ("RATE_SIGN_IN", "0"),
    ("RATE_READ", "0"),
    ("RATE_WRITE", "0"),
    ("RATE_IMPORT", "0"),
];

/// Where a program keeps what it has; it goes when this is dropped.
pub struct Place {
    pub folder: PathBuf,
    pub database_url: String,
    schema: Option<(String, String)>,
}

impl Place {
    /// An empty one; `None` where no PostgreSQL answers and none is required.
    pub fn new(on: Database) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("school-roadmap-test-{}", new_uuid()));
        std::fs::create_dir_all(&folder).unwrap();
        let embedded = format!("sqlite://{}/test.db", folder.display());
        if on == Sqlite {
            return Some(Self { folder, database_url: embedded, schema: None });
        }
        let server = postgres()?;
        let name = format!("it_{}", new_uuid().replace('-', "_"));
        PgConnection::establish(server).unwrap().batch_execute(&format!("CREATE SCHEMA {name}")).unwrap();
        let join = if server.contains('?') { '&' } else { '?' };
        let database_url = format!("{server}{join}options=-csearch_path%3D{name}");
        Some(Self { folder, database_url, schema: Some((server.to_owned(), name)) })
    }

    /// The program with its settings, to be told what to do.
    pub fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.current_dir(&self.folder).env_clear();
        command.env("DATABASE_URL", &self.database_url).env("DATA_DIR", &self.folder).envs(SETTINGS);
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.schema
            && let Ok(mut conn) = PgConnection::establish(server)
        {
            let sql = format!("SET client_min_messages TO warning; DROP SCHEMA {name} CASCADE");
            conn.batch_execute(&sql).ok();
        }
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// A program that serves.
pub struct Program {
    pub child: Child,
    /// `host:port` of its API.
    pub url: String,
    /// Where its counters are.
    pub metrics: String,
    log: Arc<Mutex<Vec<String>>>,
    place: Place,
}

impl Program {
    /// On an empty place; `None` where no PostgreSQL answers and none is required.
    pub fn start(on: Database) -> Option<Self> {
        Some(Self::start_at(Place::new(on)?))
    }

    /// On this place.
    pub fn start_at(place: Place) -> Self {
        Self::start_under(place, &[])
    }

    /// On this place, started by another program.
    pub fn start_under(place: Place, starter: &[&str]) -> Self {
        let mut serving = place.command();
        if let [first, arguments @ ..] = starter {
            let settings: Vec<_> =
                serving.get_envs().filter_map(|(name, value)| Some((name, value?))).collect();
            let mut starting = Command::new(first);
            starting.args(arguments).arg(PROGRAM).current_dir(&place.folder).env_clear().envs(settings);
            serving = starting;
        }
        let mut child = serving.arg("serve").stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut port_of = |words: &str| loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {:?}", log.lock().unwrap()));
            log.lock().unwrap().push(line.clone());
            if let Some((_, port)) = line.split_once(words) {
                break port.trim().to_owned();
            }
        };
        let (metrics, port) = (port_of("metrics on port "), port_of("listening on port "));
        // Read on, so that the program never waits for its log.
        let kept = Arc::clone(&log);
        std::thread::spawn(move || lines.for_each(|line| kept.lock().unwrap().push(line)));
        let (url, metrics) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{metrics}"));
        Self { child, url, metrics, log, place }
    }

    /// Ends it by `kill -9` and starts it again where it was.
    pub fn crash(mut self) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let empty = Place { folder: PathBuf::new(), database_url: String::new(), schema: None };
        Self::start_at(std::mem::replace(&mut self.place, empty))
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.place.folder
    }

    /// What it has logged so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Runs a command of the program beside it.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.place.command().args(arguments).output().unwrap()
    }

    /// A connection past it.
    pub fn connection(&self) -> AnyConnection {
        self.place.database_url.parse::<DatabaseUrl>().unwrap().connect().unwrap()
    }

    /// A client of it, by a token or by none.
    pub fn client(&self, token: Option<&str>) -> Client {
        Client::new(&format!("http://{}", self.url), token.map(str::to_owned))
    }

    /// An administrator, made by the command line and signed in.
    pub async fn admin(&self) -> Client {
        let made = self.run(&["account", "create", "--role", "admin", "--login", "admin"]);
        self.settle("admin", String::from_utf8(made.stdout).unwrap().trim()).await
    }

    /// A regional reader, made by the command line and signed in.
    pub async fn region(&self) -> Client {
        let arguments = ["--role", "regional_viewer", "--login", "region", "--region-code", "57"];
        let made = self.run(&[&["account", "create"][..], &arguments].concat());
        self.settle("region", String::from_utf8(made.stdout).unwrap().trim()).await
    }

    /// A specialist of a new municipality, made by the administrator and signed in.
    pub async fn officer(&self, admin: &Client) -> Client {
        let place = admin.post("/api/v1/municipalities", &municipality("Хотынецкий район")).await.expect(201);
        let account = json!({
            "login": "officer", "full_name": "Иванова Анна Петровна", "role": "municipal_officer",
            "municipality_id": place.id()
        });
        let made = admin.post("/api/v1/accounts", &account).await.expect(201);
        self.settle("officer", made["one_time_password"].as_str().unwrap()).await
    }

    /// Somebody who was settled, signed in again.
    pub async fn sign_in(&self, login: &str) -> Client {
        let given = json!({"login": login, "password": PASSWORD});
        let pair = self.client(None).post("/api/v1/auth/login", &given).await.expect(200);
        self.client(Some(pair["access_token"].as_str().unwrap()))
    }

    /// Signs in with a one-time password and changes it.
    async fn settle(&self, login: &str, one_time: &str) -> Client {
        let given = json!({"login": login, "password": one_time});
        let pair = self.client(None).post("/api/v1/auth/login", &given).await.expect(200);
        let with = |pair: &Value| self.client(Some(pair["access_token"].as_str().unwrap()));
        let change = json!({"current_password": one_time, "new_password": PASSWORD});
        with(&with(&pair).post("/api/v1/me/password", &change).await.expect(200))
    }

    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// How it ended, once it has.
    pub fn ended(&mut self) -> ExitStatus {
        wait_for("the program ends", || self.child.try_wait().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A municipality as it is entered.
pub fn municipality(name: &str) -> Value {
    json!({
        "name": name, "kind": "municipal_district", "region_code": "57",
        "authority_name": "Отдел образования", "place": "пгт Хотынец"
    })
}

/// Waits for something that takes its time, but not for ever.
pub fn wait_for<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(done) = attempt() {
            return done;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
