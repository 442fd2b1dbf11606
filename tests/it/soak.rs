//! Mixed work for a while: what a process holds must not grow with it.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::json;

use crate::app::{Database, Postgres, Sqlite};
use crate::client::Resource;
use crate::crash::number;
use crate::program::Program;
use crate::witness::Witness;

/// Seconds, unless `SOAK_SECONDS` says otherwise.
const SHORT: u64 = 4;
/// Work that comes before the first figures: caches and pools fill.
const WARM_UP: u64 = 2;
/// Open files and sockets that may come and go.
const FILES: usize = 40;
/// Bytes of SQLite's log at most.
const LOG: u64 = 64 * 1024 * 1024;

/// What a process holds.
#[derive(Debug, Clone, Copy)]
struct Footprint {
    resident_kib: u64,
    files: usize,
    log: u64,
}

#[cfg(target_os = "linux")]
fn footprint(program: &Program) -> Footprint {
    let of = format!("/proc/{}", program.child.id());
    let status = std::fs::read_to_string(format!("{of}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    Footprint {
        resident_kib: line.trim().trim_end_matches(" kB").parse().unwrap(),
        files: std::fs::read_dir(format!("{of}/fd")).unwrap().count(),
        log: std::fs::metadata(program.folder().join("test.db-wal")).map_or(0, |found| found.len()),
    }
}

/// R24: four read, write and are refused; figures at the beginning and at the end.
#[cfg(target_os = "linux")]
#[rstest]
#[actix_web::test]
async fn hours_of_work(#[values(Sqlite, Postgres)] on: Database) {
    let Some(program) = Program::start(on) else { return };
    let admin = program.admin().await;
    let officer = program.officer(&admin).await;
    let lasting = Duration::from_secs(number("SOAK_SECONDS", SHORT));
    let work = async |until: Duration, name: &str| {
        let start = Instant::now();
        let workers = (0..4).map(|worker| {
            let (mut officer, stranger) = (officer.clone(), program.client(None));
            let program = &program;
            async move {
                let mut done = 0_u64;
                while start.elapsed() < until {
                    let order = json!({
                        "issuer": "Отдел образования", "issuer_level": "municipal",
                        "number": format!("{name}-{worker}-{done}"), "date": "2023-02-01",
                        "title": "О сопровождении школ", "kind": "list"
                    });
                    let made = officer.post("/api/v1/orders", &order).await;
                    if made.status == 201 {
                        let path = format!("/api/v1/orders/{}", made.json().id());
                        officer.patch(&path, 1, &json!({"title": "О перечне"})).await;
                        officer.delete(&path, 2).await;
                    }
                    assert!(matches!(made.status, 201 | 401 | 503), "{}", made.text());
                    if made.status == 401 {
                        officer = program.sign_in("officer").await;
                    }
                    officer.get("/api/v1/orders?limit=50").await;
                    stranger.get("/api/v1/orders").await;
                    stranger.get("/health/ready").await;
                    done += 1;
                }
                done
            }
        });
        futures_util::future::join_all(workers).await.into_iter().sum::<u64>()
    };
    work(Duration::from_secs(WARM_UP), "начало").await;
    let before = footprint(&program);
    let rounds = work(lasting, "работа").await;
    let after = footprint(&program);
    for (when, found) in [("before", before), ("after", after)] {
        let Footprint { resident_kib, files, log } = found;
        println!(
            "{on:?} {when} {rounds} rounds of six requests in {lasting:?}: {resident_kib} KiB, {files} files, log {log} bytes"
        );
    }
    assert!(rounds > 0);
    assert!(after.files <= before.files + FILES, "{before:?} {after:?}");
    assert!(after.log <= LOG, "{after:?}");
    let mut seen = Witness::of("R24", on);
    seen.saw("open files within 40 of the beginning, the log within 64 MiB");
    seen.report();
}
