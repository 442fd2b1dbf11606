//! Stopping: what has begun is finished, nothing new is begun.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::json;

use crate::app::{Database, Postgres, Sqlite};
use crate::client::Client;
use crate::program::{Program, wait_for};
use crate::raw::Raw;
use crate::witness::Witness;

const BODY: &str = r#"{"login":"ivanova","password":"any"}"#;

/// C12: what the program writes is for its own user alone.
#[cfg(unix)]
#[rstest]
fn nobody_else_reads_what_the_program_writes(#[values(Sqlite, Postgres)] on: Database) {
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
    let Some(program) = Program::start(on) else { return };
    let mut found = Vec::new();
    let count = open_to_others(program.folder(), &mut found);
    assert!(count >= 3, "keys, files, and the database where it is embedded");
    assert_eq!(found, Vec::<String>::new());
    let mut seen = Witness::of("C12", on);
    seen.saw(format!("{} of its files and folders open to others", found.len()));
    seen.report();
}

/// What is counted is told elsewhere than the API, and goes with it.
#[rstest]
#[actix_web::test]
async fn the_counters_are_served_on_an_address_of_their_own(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut program) = Program::start(on) else { return };
    let base = format!("http://{}", program.url);
    Client::new(&base, None).get("/api/v1/orders?limit=1").await.problem(401);
    Client::new(&base, None).get("/secret/8d1f").await.problem(404);
    let mut seen = Witness::of("C04", on);
    let outside = Client::new(&base, None).get("/metrics").await;
    assert_eq!(outside.problem(404), "not-found");
    seen.saw(format!("/metrics with the API: {}", outside.status));
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
    seen.saw(format!("on its own address: {}", reply.status));
    seen.report();
    program.terminate();
    let ended = wait_for("the program ends", || program.child.try_wait().unwrap());
    assert!(ended.success());
}

#[rstest]
fn a_stopping_service_finishes_what_it_began_and_begins_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut program) = Program::start(on) else { return };
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
    let answered = begun.len();
    drop(begun);
    let ended = wait_for("it does not end", || program.child.try_wait().unwrap());
    assert_eq!(ended.code(), Some(0));
    let mut seen = Witness::of("R10", on);
    seen.saw(format!("{answered} of 20 answered, new connections refused, exit 0"));
    seen.report();
}

/// Somebody may wait for a change for half a minute; nobody waits for him.
#[actix_web::test]
async fn a_stopping_service_sends_off_those_who_wait_for_changes() {
    let mut program = Program::start(Sqlite).unwrap();
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
