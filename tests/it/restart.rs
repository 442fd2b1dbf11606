//! What the service stands on goes away and comes back; two instances stand on one database.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use rstest::rstest;
use school_roadmap::config::Config;
use school_roadmap::kit::id::new_uuid;
use school_roadmap::startup::Application;
use serde_json::json;

use crate::app::{Database, Postgres, Sqlite, TestApp, postgres};
use crate::client::{Client, Reply, Resource};
use crate::program::{Place, Program, municipality};
use crate::witness::Witness;

const MUNICIPALITIES: &str = "/api/v1/municipalities";

/// A PostgreSQL server of its own.
struct Cluster {
    folder: PathBuf,
    tools: PathBuf,
    port: u16,
}

impl Cluster {
    /// Where the server's programs are; `None` where there are none and none are required.
    fn start() -> Option<Self> {
        postgres()?;
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        let tools = versions.map(|entry| entry.unwrap().path().join("bin")).max();
        let is_required = std::env::var("REQUIRE_POSTGRES").is_ok();
        assert!(tools.is_some() || !is_required, "the programs of PostgreSQL are in no usual place");
        let folder = std::env::temp_dir().join(format!("school-roadmap-pg-{}", new_uuid()));
        std::fs::create_dir_all(&folder).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let cluster = Self { folder, tools: tools?, port };
        // PostgreSQL does not run as root.
        if is_root() {
            let owned = Command::new("chown").arg("postgres").arg(&cluster.folder).status().unwrap();
            assert!(owned.success());
        }
        cluster.run("initdb", &["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"]);
        cluster.up();
        Some(cluster)
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.tools.join(program);
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
                command
            }
            false => Command::new(program),
        };
        let log = std::fs::File::create(self.folder.join("output")).unwrap();
        command.current_dir(&self.folder).args(["-D", &self.data()]).args(arguments);
        let status = command.stdout(log.try_clone().unwrap()).stderr(log).status().unwrap();
        let told = || std::fs::read_to_string(self.folder.join("output")).unwrap();
        assert!(status.success(), "{arguments:?}: {}", told());
    }

    fn options(&self) -> String {
        format!("-p {} -k {} -c listen_addresses=127.0.0.1", self.port, self.folder.display())
    }

    fn up(&self) {
        let log = self.folder.join("server.log").display().to_string();
        self.run("pg_ctl", &["-w", "-l", &log, "-o", &self.options(), "start"]);
    }

    fn down(&self, mode: &str) {
        self.run("pg_ctl", &["-w", "-m", mode, "stop"]);
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            self.down("immediate");
        }
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim() == "0"
}

/// R04: PostgreSQL is restarted, killed and away for two seconds while four write.
#[actix_web::test]
async fn a_database_that_restarts_costs_time_and_nothing_else() {
    let Some(cluster) = Cluster::start().map(Arc::new) else { return };
    let mut place = Place::new(Sqlite).unwrap();
    place.database_url = cluster.url();
    let program = Program::start_at(place);
    let admin = program.admin().await;
    let over = Arc::new(AtomicBool::new(false));
    let ledger: Arc<Mutex<Vec<String>>> = Arc::default();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (admin, over, ledger) = (admin.clone(), Arc::clone(&over), Arc::clone(&ledger));
            actix_web::rt::spawn(async move {
                let mut refused = 0;
                for number in 0.. {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let reply =
                        admin.post(MUNICIPALITIES, &municipality(&format!("Район {writer}-{number}"))).await;
                    match reply.status {
                        201 => ledger.lock().unwrap().push(reply.json().id()),
                        status => {
                            assert_eq!(status, 503, "{}", reply.text());
                            assert!(reply.header("retry-after").is_some());
                            refused += 1;
                            tokio::time::sleep(Duration::from_millis(50)).await;
                        }
                    }
                }
                refused
            })
        })
        .collect();
    let written = || ledger.lock().unwrap().len();
    let goes_on = async || {
        let before = written();
        for _ in 0..600 {
            if written() > before + 10 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing is written any more");
    };
    for (mode, away) in [("fast", 0), ("immediate", 0), ("fast", 2)] {
        goes_on().await;
        // The writers go on meanwhile.
        let restarted = Arc::clone(&cluster);
        let restart = std::thread::spawn(move || {
            restarted.down(mode);
            std::thread::sleep(Duration::from_secs(away));
            restarted.up();
        });
        while !restart.is_finished() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        restart.join().unwrap();
    }
    goes_on().await;
    over.store(true, Ordering::SeqCst);
    let mut refused = 0;
    for writer in writers {
        refused += writer.await.unwrap();
    }
    let ledger = std::mem::take(&mut *ledger.lock().unwrap());
    for id in &ledger {
        admin.get(&format!("{MUNICIPALITIES}/{id}")).await.expect(200);
    }
    assert!(program.run(&["check"]).status.success());
    assert!(refused > 0, "nobody noticed that it was away");
    println!("{} writes acknowledged, {refused} put off", ledger.len());
    drop(program);
    let mut seen = Witness::of("R04", Postgres);
    seen.saw("201 or 503 with Retry-After only; all acknowledged are there; goes on by itself");
    seen.report();
}

/// R12: of two instances on one database one decides.
#[rstest]
#[actix_web::test]
async fn of_two_instances_one_decides(#[values(Sqlite, Postgres)] on: Database) {
    const DECISIONS: usize = 12;
    let Some(app) = TestApp::start(on).await else { return };
    let config = Config::local(app.database_url.clone(), app.data_dir().to_owned());
    let second = Application::build(&config, app.clock.clone()).unwrap();
    let other = format!("http://127.0.0.1:{}", second.port());
    let server = second.into_server();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let head = app.as_head(&app.given_municipality("Хотынецкий район"));
    let mut won = 0;
    for number in 0..DECISIONS {
        let order = json!({
            "issuer": "Отдел образования", "issuer_level": "municipal", "number": number.to_string(),
            "date": "2023-02-01", "title": "О сопровождении школ", "kind": "list"
        });
        let made = head.post("/api/v1/orders", &order).await.expect(201);
        let path = format!("/api/v1/orders/{}/register", made.id());
        let elsewhere = head.at(&other);
        let ask = async |client: &Client| -> Reply { client.act(&path, 1).await };
        let (one, two) = tokio::join!(ask(&head), ask(&elsewhere));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert!(matches!(statuses, [200, 409 | 412]), "{statuses:?}: {} {}", one.text(), two.text());
        won += 1;
        let read = elsewhere.get(&format!("/api/v1/orders/{}", made.id())).await.expect(200);
        assert_eq!((read.version(), &read["status"]), (2, &json!("registered")));
    }
    handle.stop(false).await;
    let mut seen = Witness::of("R12", on);
    seen.saw(format!("{won} of {DECISIONS} decided once, the other refused by 409 or 412"));
    seen.report();
}

/// R26: who reads for long keeps SQLite's log from being written back; it is bounded by what is
/// written meanwhile, and used anew afterwards.
#[actix_web::test]
async fn a_long_reader_does_not_let_the_log_grow_for_ever() {
    let program = Program::start(Sqlite).unwrap();
    let admin = program.admin().await;
    let log = program.folder().join("test.db-wal");
    let size = || std::fs::metadata(&log).unwrap().len();
    let write = async |name: &str, count: usize| {
        for number in 0..count {
            let body = municipality(&format!("{name} {number}"));
            admin.post(MUNICIPALITIES, &body).await.expect(201);
        }
    };
    let mut reader = program.connection();
    reader.batch_execute("BEGIN; SELECT count(*) FROM municipalities").unwrap();
    write("При чтении", 300).await;
    let held = size();
    reader.batch_execute("COMMIT").unwrap();
    drop(reader);
    write("После", 300).await;
    let after = size();
    write("Ещё", 300).await;
    assert!(held > 1024 * 1024, "{held}: the reader held nothing up");
    assert!(size() <= after.max(held), "{} after {after} and {held}", size());
    let mut seen = Witness::of("R26", Sqlite);
    seen.saw("writes go on; once the reader has ended, 600 more writes make the log no longer");
    seen.report();
}
