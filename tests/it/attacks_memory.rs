//! Attacks whose effect shows in the memory of the program, which Linux tells.

use std::io::Write;

use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::attacks_program::Neighbour;
use crate::client::{Client, Reply};
use crate::raw::Raw;
use crate::witness::Witness;

const LIVE: &str = "/health/live";
/// Kibibytes of memory that an attack may cost at most.
const ROOM: u64 = 50 * 1024;

/// The most memory that the program has had, in kibibytes.
fn peak(program: &Neighbour) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

/// `size` bytes of nothing, packed by gzip (RFC 1952).
fn packed_zeros(size: usize) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("x", options.compression_method(zip::CompressionMethod::Deflated)).unwrap();
    let block = vec![0; 1024 * 1024];
    for _ in 0..size / block.len() {
        archive.write_all(&block).unwrap();
    }
    let mut archive = zip::ZipArchive::new(archive.finish().unwrap()).unwrap();
    let mut stored = archive.by_index_raw(0).unwrap();
    let (sum, length) = (stored.crc32(), u32::try_from(stored.size()).unwrap());
    let mut packed = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    std::io::copy(&mut stored, &mut packed).unwrap();
    packed.extend_from_slice(&sum.to_le_bytes());
    packed.extend_from_slice(&length.to_le_bytes());
    packed
}

#[rstest]
#[actix_web::test]
async fn packed_bodies_cost_no_memory(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let program = Neighbour::of(&app, "text");
    let client = Client::new(&program.url, None);
    client.get(LIVE).await.expect(200);
    let before = peak(&program);
    let bomb = packed_zeros(64 * 1024 * 1024);
    let send = |_| {
        let request = client.request(Method::POST, "/api/v1/auth/login").body(bomb.clone());
        Reply::of(request.header("Content-Type", "application/json").header("Content-Encoding", "gzip"))
    };
    let mut seen = Witness::of("P11", on);
    for reply in join_all((0..30).map(send)).await {
        assert_eq!(reply.problem(415), "unsupported-media-type");
        seen.answer(&reply);
    }
    let more = peak(&program) - before;
    assert!(more < ROOM, "{more} KiB more");
    seen.saw("less than 50 MiB more");
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn who_sends_or_reads_nothing_costs_the_others_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let program = Neighbour::of(&app, "text");
    let client = Client::new(&program.url, None);
    let document = client.get("/api/v1/openapi.json").await;
    assert!(document.bytes.len() > 500_000, "{} bytes", document.bytes.len());
    let before = peak(&program);
    let idle: Vec<Raw> = (0..400).map(|_| Raw::connect(&program.url)).collect();
    let request = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut readers: Vec<Raw> = (0..10).map(|_| Raw::connect(&program.url)).collect();
    for reader in &mut readers {
        // Together far more than the system's buffers hold: the program has to wait with the rest.
        reader.send(request.repeat(30));
    }
    for _ in 0..20 {
        client.get(LIVE).await.expect(200);
        client.get("/health/ready").await.expect(200);
    }
    let mut seen = Witness::of("P10", on);
    seen.saw("40 of 40 requests of others answered by 200");
    for reader in &mut readers {
        for _ in 0..30 {
            let reply = reader.reply();
            assert_eq!((reply.status, reply.body.len()), (200, document.bytes.len()));
        }
    }
    seen.saw("slow readers get all they asked for");
    let more = peak(&program) - before;
    assert!(more < ROOM, "{more} KiB more");
    seen.saw("less than 50 MiB more");
    let ended = idle.into_iter().map(|mut raw| raw.reply_or_end().is_none_or(|reply| reply.status == 408));
    assert_eq!(ended.filter(|ended| *ended).count(), 400);
    seen.saw("idle ones closed");
    seen.report();
}
