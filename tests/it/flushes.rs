//! What the program asks the system to write to the disk before it acknowledges; where strace is installed.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::app::Sqlite;
use crate::program::{Place, Program, municipality, wait_for};

const WRITES: usize = 20;

/// Lines of a trace since `begin` that flush the log of the database.
fn flushes(trace: &Path, begin: f64) -> usize {
    let text = std::fs::read_to_string(trace).unwrap();
    let later =
        |line: &&str| line.split_whitespace().nth(1).is_some_and(|at| at.parse::<f64>().unwrap() >= begin);
    text.lines().filter(|line| line.contains("sync(") && line.contains("test.db-wal>")).filter(later).count()
}

/// R03: each commit flushes the log of SQLite.
#[actix_web::test]
async fn each_commit_is_flushed() {
    if Command::new("strace").arg("-V").output().is_err() {
        println!("strace is not installed: flushes are not counted");
        return;
    }
    let place = Place::new(Sqlite).unwrap();
    let trace = place.folder.join("trace");
    // -D: the program is our child, and strace watches it from beside.
    let watch =
        ["-D", "-f", "-q", "-y", "-ttt", "-e", "trace=fsync,fdatasync", "-o", trace.to_str().unwrap()];
    let mut program = Program::start_under(place, &[&["strace"], &watch[..]].concat());
    let admin = program.admin().await;
    let begin = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
    for number in 0..WRITES {
        let body = municipality(&format!("Район {number}"));
        admin.post("/api/v1/municipalities", &body).await.expect(201);
    }
    program.terminate();
    assert!(program.ended().success());
    let (pid, end) = (program.child.id().to_string(), "+++ exited with 0 +++");
    wait_for("the trace ends", || {
        let text = std::fs::read_to_string(&trace).unwrap();
        text.lines().any(|line| line.starts_with(&pid) && line.ends_with(end)).then_some(())
    });
    let count = flushes(&trace, begin);
    println!("{count} flushes of the log for {WRITES} writes");
    assert!(count >= WRITES, "{count} flushes for {WRITES} writes");
}
