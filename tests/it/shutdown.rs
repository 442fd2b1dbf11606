//! Stopping: what has begun is finished, nothing new is begun.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use school_roadmap::kit::id::new_uuid;
use serde_json::{Value, json};

use crate::client::Client;
use crate::raw::Raw;

const BODY: &str = r#"{"login":"ivanova","password":"any"}"#;

/// The program, serving from a folder of its own.
struct Program {
    child: Child,
    folder: std::path::PathBuf,
    url: String,
    /// Where its counters are.
    metrics: String,
}

impl Program {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("school-roadmap-test-{}", new_uuid()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_school-roadmap"))
            .arg("serve")
            .current_dir(&folder)
            .env_clear()
            .env("DATABASE_URL", format!("sqlite://{}/test.db", folder.display()))
            .env("DATA_DIR", &folder)
            .env("LISTEN", "127.0.0.1:0")
            .env("METRICS_LISTEN", "127.0.0.1:0")
            .env("SHUTDOWN_SECONDS", "60")
            .env("RUST_LOG", "info")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut port_of = |words: &str| {
            let told = |line: Result<String, _>| {
                line.unwrap().split_once(words).map(|(_, port)| port.trim().to_owned())
            };
            log.find_map(told).unwrap()
        };
        let (metrics, port) = (port_of("metrics on port "), port_of("listening on port "));
        // Read on, so that the program never waits for its log.
        std::thread::spawn(move || log.for_each(drop));
        Self {
            child,
            folder,
            url: format!("127.0.0.1:{port}"),
            metrics: format!("http://127.0.0.1:{metrics}"),
        }
    }

    /// A regional reader, made by the command line and signed in.
    async fn region(&self) -> Client {
        let made = Command::new(env!("CARGO_BIN_EXE_school-roadmap"))
            .args([
                "account",
                "create",
                "--role",
                "regional_viewer",
                "--login",
                "region",
                "--region-code",
                "57",
            ])
            .current_dir(&self.folder)
            .env_clear()
            .env("DATABASE_URL", format!("sqlite://{}/test.db", self.folder.display()))
            .output()
            .unwrap();
        let one_time = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        let base = format!("http://{}", self.url);
        let given = json!({"login": "region", "password": one_time});
        let pair = Client::new(&base, None).post("/api/v1/auth/login", &given).await.expect(200);
        let with = |pair: &Value| Client::new(&base, Some(pair["access_token"].as_str().unwrap().to_owned()));
        let change = json!({"current_password": one_time, "new_password": "сорок мероприятий за год"});
        with(&with(&pair).post("/api/v1/me/password", &change).await.expect(200))
    }

    fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// C12: what the program writes is for its own user alone.
#[cfg(unix)]
#[test]
fn nobody_else_reads_what_the_program_writes() {
    use std::os::unix::fs::PermissionsExt;
    fn open_to_others(folder: &std::path::Path, found: &mut Vec<String>) -> usize {
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.metadata().unwrap();
            count += 1;
            if meta.permissions().mode() & 0o077 != 0 {
                found.push(path.display().to_string());
            }
            if meta.is_dir() {
                count += open_to_others(&path, found);
            }
        }
        count
    }
    let program = Program::start();
    let mut found = Vec::new();
    let count = open_to_others(&program.folder, &mut found);
    assert!(count >= 4, "database, keys, files");
    assert_eq!(found, Vec::<String>::new());
}

/// What is counted is told elsewhere than the API, and goes with it.
#[actix_web::test]
async fn the_counters_are_served_on_an_address_of_their_own() {
    let mut program = Program::start();
    let base = format!("http://{}", program.url);
    Client::new(&base, None).get("/api/v1/orders?limit=1").await.problem(401);
    Client::new(&base, None).get("/secret/8d1f").await.problem(404);
    Client::new(&base, None).get("/metrics").await.problem(404);
    let watcher = Client::new(&program.metrics, None);
    let reply = watcher.get("/metrics").await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    let text = reply.text();
    for line in [
        r#"school_roadmap_requests_total{method="GET",route="/api/v1/orders",status="401"} 1"#,
        "school_roadmap_database_up 1",
        "school_roadmap_import_jobs 0",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("8d1f"), "what callers invent is no label");
    assert_eq!(watcher.get("/api/v1/openapi.json").await.status, 404, "and nothing else");
    program.terminate();
    let ended = wait_for("the program ends", || program.child.try_wait().unwrap());
    assert!(ended.success());
}

/// Waits for something that takes its time, but not for ever.
fn wait_for<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(done) = attempt() {
            return done;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_stopping_service_finishes_what_it_began_and_begins_nothing() {
    let mut program = Program::start();
    let (first, second) = BODY.split_at(BODY.len() / 2);
    let mut begun: Vec<Raw> = (0..20)
        .map(|_| {
            let mut request = Raw::connect(&program.url);
            request.send(format!(
                "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                 Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
                BODY.len()
            ));
            // The interim answer says that the request has begun.
            assert_eq!(request.reply().status, 100);
            request.send(first);
            request
        })
        .collect();

    program.terminate();
    wait_for("new connections are still taken", || TcpStream::connect(&program.url).err());
    assert_eq!(program.child.try_wait().unwrap(), None, "it waits for what it began");
    for request in &mut begun {
        request.send(second);
    }
    for request in &mut begun {
        let reply = request.reply();
        // Twenty at once wait for two turns: some are told to come again.
        assert!(matches!(reply.status, 401 | 429 | 503), "{reply:?}");
        assert!(!reply.problem(reply.status).is_empty());
    }
    drop(begun);
    let ended = wait_for("it does not end", || program.child.try_wait().unwrap());
    assert_eq!(ended.code(), Some(0));
}

/// Somebody may wait for a change for half a minute; nobody waits for him.
#[actix_web::test]
async fn a_stopping_service_sends_off_those_who_wait_for_changes() {
    let mut program = Program::start();
    let region = program.region().await;
    let page = region.get("/api/v1/changes?limit=1000").await.expect(200);
    let waiting = actix_web::rt::spawn(async move {
        let after = &page["page"]["next_after"];
        region.get(&format!("/api/v1/changes?after={after}&wait=30")).await
    });
    // Others are served while he waits: his request has begun by then.
    for _ in 0..20 {
        Client::new(&format!("http://{}", program.url), None).get("/health/ready").await.expect(200);
    }
    let asked = Instant::now();
    program.terminate();
    let page = waiting.await.unwrap().expect(200);
    assert_eq!(page["items"], json!([]));
    let ended = wait_for("it does not end", || program.child.try_wait().unwrap());
    assert_eq!(ended.code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
}
