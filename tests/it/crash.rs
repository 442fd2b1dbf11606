//! A program that is killed while it writes: what it has acknowledged is there afterwards, and whole.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::rt::task::JoinHandle;
use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Text};
use reqwest::Method;
use rstest::rstest;
use school_roadmap::db::AnyConnection;
use serde_json::Value;

use crate::app::{Database, Postgres, Sqlite};
use crate::client::{Client, Reply, Resource};
use crate::program::{Place, Program, municipality};
use crate::witness::Witness;

const MUNICIPALITIES: &str = "/api/v1/municipalities";
/// Kills, unless `CRASH_ROUNDS` says otherwise.
const ROUNDS: u64 = 4;
/// Who writes at once.
const WRITERS: u64 = 4;
/// How many writes a round acknowledges at least, however slow the machine.
const AT_LEAST: usize = 6;
/// How long a round is written for at most, unless `CRASH_MILLISECONDS` says otherwise.
const LONGEST: u64 = 600;

/// A number from the environment: how long the long form is.
pub fn number(name: &str, short: u64) -> u64 {
    std::env::var(name).map_or(short, |text| text.parse().unwrap())
}

/// Rows that lack their audit, change or key, or these that lack their row: in one query, for what a
/// killed program began its server may still commit.
const HALF_WRITTEN: &str = "SELECT abs(made - audited) + abs(made - told) + abs(made - kept) FROM (SELECT \
     (SELECT count(*) FROM municipalities) AS made, \
     (SELECT count(*) FROM audit_events WHERE action = 'create' AND resource = 'municipalities') AS audited, \
     (SELECT count(*) FROM changes WHERE op = 'created' AND resource = 'municipalities') AS told, \
     (SELECT count(*) FROM idempotency_keys) AS kept) AS counted";

/// What was sent under which key, and what was acknowledged.
#[derive(Default)]
struct Ledger {
    sent: Vec<String>,
    acknowledged: Vec<(String, String)>,
}

/// Sends a row under a key until an answer says what became of it, or the connection breaks.
async fn send(admin: &Client, key: &str) -> Option<Reply> {
    loop {
        let request = admin.request(Method::POST, MUNICIPALITIES).header("Idempotency-Key", key);
        let response = request.json(&municipality(&format!("Район {key}"))).send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.ok()?.to_vec();
        match status {
            // Being busy decides nothing, nor does a repeat beside its first.
            503 | 409 => tokio::time::sleep(Duration::from_millis(20)).await,
            _ => return Some(Reply { status, headers, bytes }),
        }
    }
}

/// Writes as many rows as it can until the connection breaks.
async fn write(admin: Client, ledger: Arc<Mutex<Ledger>>, name: String) {
    for number in 0.. {
        let key = format!("{name}-{number}");
        ledger.lock().unwrap().sent.push(key.clone());
        let Some(reply) = send(&admin, &key).await else { return };
        let id = reply.expect(201).id();
        ledger.lock().unwrap().acknowledged.push((key, id));
    }
}

fn count(program: &Program, from: &str) -> i64 {
    asked(program, &format!("SELECT count(*) FROM {from}"))
}

/// The number that a query answers.
fn asked(program: &Program, text: &str) -> i64 {
    match &mut program.connection() {
        AnyConnection::Postgres(conn) => sql::<BigInt>(text).get_result(conn),
        AnyConnection::Sqlite(conn) => sql::<BigInt>(text).get_result(conn),
    }
    .unwrap()
}

/// R01: killed while four write, again and again; then each write whose outcome nobody
/// knows is repeated under its key.
#[rstest]
#[actix_web::test]
async fn what_was_acknowledged_survives_a_kill_and_nothing_is_half_written(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(mut program) = Program::start(on) else { return };
    let mut admin = program.admin().await;
    let ledger: Arc<Mutex<Ledger>> = Arc::default();
    let (rounds, longest) = (number("CRASH_ROUNDS", ROUNDS), number("CRASH_MILLISECONDS", LONGEST));
    let mut half_written = 0;
    for round in 0..rounds {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let name = format!("{round}-{writer}");
                actix_web::rt::spawn(write(admin.clone(), Arc::clone(&ledger), name))
            })
            .collect();
        let enough = ledger.lock().unwrap().acknowledged.len() + AT_LEAST;
        while ledger.lock().unwrap().acknowledged.len() < enough {
            assert!(!writers.iter().all(JoinHandle::is_finished), "nobody is answered");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Another moment each time.
        tokio::time::sleep(Duration::from_millis(longest / 4 + round * 7919 % (longest * 3 / 4))).await;
        program = program.crash();
        for writer in writers {
            writer.await.unwrap();
        }
        admin = admin.at(&format!("http://{}", program.url));
        half_written += asked(&program, HALF_WRITTEN);
    }
    assert_eq!(half_written, 0);
    let ledger = std::mem::take(&mut *ledger.lock().unwrap());
    let unknown: Vec<&String> = {
        let known: Vec<&String> = ledger.acknowledged.iter().map(|(key, _)| key).collect();
        ledger.sent.iter().filter(|key| !known.contains(key)).collect()
    };
    let mut lost = 0;
    for (_, id) in &ledger.acknowledged {
        lost += u32::from(admin.get(&format!("{MUNICIPALITIES}/{id}")).await.status != 200);
    }
    assert_eq!(lost, 0);
    let (mut replayed, mut new) = (0, 0);
    for key in &unknown {
        let reply = send(&admin, key).await.unwrap();
        assert_eq!(reply.status, 201, "{}", reply.text());
        let is_repeat = reply.header("idempotency-replayed").is_some();
        (replayed, new) = (replayed + u32::from(is_repeat), new + u32::from(!is_repeat));
    }
    assert_eq!(count(&program, "municipalities"), i64::try_from(ledger.sent.len()).unwrap(), "one row a key");
    let checked = program.run(&["check"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    println!(
        "{on:?}: {rounds} kills, {} writes acknowledged, {} of unknown outcome ({replayed} were done, {new} were not)",
        ledger.acknowledged.len(),
        unknown.len()
    );
    let mut seen = Witness::of("R01", on);
    seen.saw(format!(
        "acknowledged lost: {lost}; rows without audit or change: {half_written}; check finds nothing"
    ));
    seen.saw("of unknown outcome: repeated under its key, one row each");
    seen.report();
}

/// R06: one key, a hundred at once.
#[rstest]
#[actix_web::test]
async fn of_a_hundred_with_one_key_one_is_done(#[values(Sqlite, Postgres)] on: Database) {
    let Some(program) = Program::start(on) else { return };
    let admin = program.admin().await;
    let before = count(&program, "municipalities");
    let replies = futures_util::future::join_all((0..100).map(|_| send(&admin, "the-same"))).await;
    let replies: Vec<Reply> = replies.into_iter().map(Option::unwrap).collect();
    let first: Vec<&Reply> =
        replies.iter().filter(|reply| reply.header("idempotency-replayed").is_none()).collect();
    assert_eq!(first.len(), 1);
    let made: Value = first[0].expect(201);
    assert!(replies.iter().all(|reply| reply.expect(201) == made));
    assert_eq!(count(&program, "municipalities"), before + 1);
    let other = admin.request(Method::POST, MUNICIPALITIES).header("Idempotency-Key", "the-same");
    let other = Reply::of(other.json(&municipality("Иной район"))).await;
    assert_eq!(other.problem(422), "idempotency-key-reused");
    let program = program.crash();
    let admin = admin.at(&format!("http://{}", program.url));
    let again = send(&admin, "the-same").await.unwrap();
    assert_eq!(again.header("idempotency-replayed").as_deref(), Some("true"));
    let mut seen = Witness::of("R06", on);
    seen.saw("one row, all answers alike");
    seen.saw(format!("other body: {}", other.status));
    seen.saw(format!("after a kill: {} replayed", again.status));
    seen.report();
}

/// R11: killed at ten points of its first start; the next one makes the schema whole.
#[rstest]
#[actix_web::test]
async fn a_first_start_that_is_cut_short_is_made_good(#[values(Sqlite, Postgres)] on: Database) {
    let Some(place) = Place::new(on) else { return };
    for point in 0..10 {
        let mut first = place.command().arg("serve").stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(point * point * 8)).await;
        first.kill().unwrap();
        first.wait().unwrap();
    }
    let program = Program::start_at(place);
    program.client(None).get("/health/ready").await.expect(200);
    let checked = program.run(&["check"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

/// R11: half a file has come when the program is told to stop; the sender goes away.
#[rstest]
#[actix_web::test]
async fn a_stop_amid_an_upload_leaves_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut program) = Program::start(on) else { return };
    let admin = program.admin().await;
    let officer = program.officer(&admin).await;
    let form = officer.form("/api/v1/imports", &[("kind", "schools")], "a.csv", &[b'x'; 200_000]);
    let form = form.build().unwrap();
    let mut raw = crate::raw::Raw::connect(&format!("http://{}", program.url));
    let text = |name: &str| form.headers()[name].to_str().unwrap().to_owned();
    let body = form.body().unwrap().as_bytes().unwrap();
    raw.send(format!(
        "POST /api/v1/imports HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
        text("authorization"),
        text("content-type"),
        body.len()
    ));
    raw.send(&body[..body.len() / 2]);
    crate::program::wait_for("half of it arrives", || files(&program, "incoming").first().cloned());
    program.terminate();
    drop(raw);
    assert_eq!(program.ended().code(), Some(0));
    assert_eq!((count(&program, "jobs"), files(&program, "").len()), (0, 0));
    let mut seen = Witness::of("R11", on);
    seen.saw("exit 0, no row, no file");
    seen.report();
}

/// The files that the program keeps under `folder` of its store.
fn files(program: &Program, folder: &str) -> Vec<std::path::PathBuf> {
    fn walk(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&program.folder().join("files").join(folder), &mut found);
    found
}

/// R27: what is asked most is found by an index on both databases, however many rows there are.
#[rstest]
#[actix_web::test]
async fn pages_are_found_by_an_index(#[values(Sqlite, Postgres)] on: Database) {
    let Some(program) = Program::start(on) else { return };
    let mut seen = Witness::of("R27", on);
    for (name, query) in [
        ("a page of the feed", "SELECT * FROM changes WHERE seq > 500 ORDER BY seq LIMIT 50"),
        ("a page of the audit", "SELECT * FROM audit_events WHERE seq < 500 ORDER BY seq DESC LIMIT 50"),
        ("a school by OGRN", "SELECT * FROM schools WHERE ogrn = '1025799000017'"),
        ("the items of a report", "SELECT * FROM report_items WHERE report_id = 'x'"),
    ] {
        let plan: Vec<String> = match &mut program.connection() {
            AnyConnection::Postgres(conn) => {
                diesel::sql_query("SET enable_seqscan = off").execute(conn).unwrap();
                #[derive(diesel::QueryableByName)]
                struct Line {
                    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
                    plan: String,
                }
                let lines: Vec<Line> = diesel::sql_query(format!("EXPLAIN {query}")).load(conn).unwrap();
                lines.into_iter().map(|line| line.plan).collect()
            }
            AnyConnection::Sqlite(conn) => {
                #[derive(diesel::QueryableByName)]
                struct Line {
                    #[diesel(sql_type = Text)]
                    detail: String,
                }
                let query = format!("EXPLAIN QUERY PLAN {query}");
                let lines: Vec<Line> = diesel::sql_query(query).load(conn).unwrap();
                lines.into_iter().map(|line| line.detail).collect()
            }
        };
        let plan = plan.join("; ");
        let (scans, finds) = match on {
            Sqlite => (plan.contains("SCAN"), plan.contains("SEARCH")),
            Postgres => (plan.contains("Seq Scan"), plan.contains("Index")),
        };
        assert!(finds && !scans, "{name}: {plan}");
        seen.saw(format!("{name}: by index"));
    }
    seen.report();
}
