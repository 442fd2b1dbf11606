//! Imports that are cut off, left, in a wrong encoding, or made to do harm.

use std::io::{Cursor, Read, Write};

use encoding_rs::{IBM866, KOI8_R};
use rstest::rstest;
use serde_json::json;
use zip::write::SimpleFileOptions;

use diesel::prelude::*;
use school_roadmap::db::schema::{accounts, jobs};
use school_roadmap::features::imports::Runner;

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Resource};
use crate::importing::{
    HEADING, IMPORTS, count_schools, counters, csv, errors, imported, school, schools, xlsx,
};
use crate::raw::Raw;
use crate::witness::Witness;

const SCHOOLS: [(&str, &str); 1] = [("kind", "schools")];
const BY_ROW: [(&str, &str); 2] = [("kind", "schools"), ("mode", "row")];

async fn department(on: Database) -> Option<(TestApp, Client)> {
    let app = TestApp::start(on).await?;
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    Some((app, officer))
}

async fn refused(officer: &Client, name: &str, file: &[u8]) -> Vec<String> {
    officer.upload(IMPORTS, &SCHOOLS, name, file).await.violations(422)
}

#[rstest]
#[actix_web::test]
async fn a_file_that_cannot_be_read_is_told_so_at_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let rows = schools(1..=30);
    let text = String::from_utf8(csv(&rows, b';')).unwrap();
    for other in [IBM866, KOI8_R] {
        let bytes = other.encode(&text).0.into_owned();
        assert_eq!(refused(&officer, "школы.csv", &bytes).await, ["/file file-encoding"], "{}", other.name());
    }
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refused(&officer, "utf16.csv", &units).await, ["/file file-encoding"]);
    assert_eq!(refused(&officer, "фото.csv", b"\x89PNG\r\n\x1a\n\0\0").await, ["/file file-encoding"]);
    assert_eq!(refused(&officer, "школы.ods", text.as_bytes()).await, ["/file file-extension"]);
    assert_eq!(refused(&officer, "школы.xlsx", text.as_bytes()).await, ["/file file-content"]);
    assert_eq!(refused(&officer, "пусто.csv", b"").await, ["/file file-empty"]);
    assert_eq!(refused(&officer, "шапка.csv", HEADING.join(";").as_bytes()).await, ["/file no-rows"]);
    let unknown = text.replace("Телефон", "Телефонный номер").replace("ОГРН", "Код");
    let found = refused(&officer, "школы.csv", unknown.as_bytes()).await;
    assert_eq!(found, ["/file missing-column", "/file unknown-column", "/file unknown-column"]);
    assert_eq!(officer.get("/api/v1/jobs").await.expect(200)["items"], json!([]));
    assert!(app.files().is_empty(), "nothing of them is kept");
}

#[rstest]
#[actix_web::test]
async fn a_giant_cell_is_an_error_of_its_row(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let mut rows = schools(1..=3);
    rows[2][6] = "9".repeat(10 * 1024 * 1024);
    let job = imported(&app, &officer, &BY_ROW, "школы.csv", &csv(&rows, b';')).await;
    assert_eq!(counters(&job), "done 2 0 0 1");
    assert_eq!(errors(&officer, &job).await, ["3 Телефон cell-too-long"]);
    let path = format!("/api/v1/jobs/{}/errors", job.id());
    let page = officer.get(&path).await.expect(200);
    assert_eq!(page["items"][0]["value"].as_str().unwrap().chars().count(), 201);
    assert!(officer.get(&format!("{path}?format=csv")).await.bytes.len() < 10_000);
}

#[rstest]
#[actix_web::test]
async fn texts_that_would_deceive_are_refused_and_formulas_stay_texts(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some((app, officer)) = department(on).await else { return };
    let mut rows = schools(1..=3);
    rows[1][2] = "МБОУ\u{202E}Школа".to_owned();
    rows[2][2] = "=cmd|' /C calc'!A0".to_owned();
    rows[3][2] = "МБОУ-Шкои\u{306}ла № 3".to_owned();
    let job = imported(&app, &officer, &BY_ROW, "школы.csv", &csv(&rows, b';')).await;
    assert_eq!(counters(&job), "done 2 0 0 1");
    assert_eq!(errors(&officer, &job).await, ["2 Краткое наименование forbidden-character"]);
    let copy = officer.get(&format!("/api/v1/jobs/{}/errors?format=csv", job.id())).await.text();
    assert!(copy.contains("'=cmd|"), "{copy}");
    let listed = officer.get("/api/v1/schools?q=шкойла").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "stored in one normal form");
}

#[rstest]
#[actix_web::test]
async fn a_workbook_that_unpacks_to_too_much_is_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some((_app, officer)) = department(on).await else { return };
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let packed = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for name in ["[Content_Types].xml", "xl/workbook.xml"] {
        writer.start_file(name, packed).unwrap();
        writer.write_all(b"<x/>").unwrap();
    }
    writer.start_file("xl/sharedStrings.xml", packed).unwrap();
    let piece = vec![b' '; 1024 * 1024];
    (0..97).for_each(|_| writer.write_all(&piece).unwrap());
    let bomb = writer.finish().unwrap().into_inner();
    assert!(bomb.len() < 1024 * 1024);
    let found = refused(&officer, "бомба.xlsx", &bomb).await;
    assert_eq!(found, ["/file file-archive"]);
    let mut seen = Witness::of("F04", on);
    seen.saw(format!("422 {}", found.concat()));
    seen.report();
    let mut far = xlsx(&schools(1..=1));
    far.truncate(far.len() / 2);
    assert_eq!(refused(&officer, "половина.xlsx", &far).await, ["/file file-archive"]);
}

/// Room for texts is made as a workbook announces them: such a number must not be believed.
#[rstest]
#[actix_web::test]
async fn a_workbook_that_announces_too_much_is_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let attributes: [(&str, &str); 4] = [
        ("uniqueCount=\"", "uniqueCount=\"99999999999"),
        ("uniqueCount=\"", "uniqueCount=\"+9999999999"),
        (" uniqueCount=\"", " \u{c}uniqueCount=\"99999999999"),
        ("uniqueCount=\"", "uniqueCount=\u{c}\"99999999999"),
    ];
    for (known, bomb) in attributes {
        let bomb = repacked("xl/sharedStrings.xml", known, bomb);
        let found = refused(&officer, "бомба.xlsx", &bomb).await;
        assert!(found == ["/file sheet-too-large"] || found == ["/file file-content"], "{found:?}");
    }
    let format = format!("<numFmt numFmtId=\"9\" formatCode=\"{}\"/><fonts", "0".repeat(100_000));
    let many = format!("{}<fonts", "<numFmt numFmtId=\"9\" formatCode=\"0\"/>".repeat(200_000));
    for styles in [format, many] {
        let bomb = repacked("xl/styles.xml", "<fonts", &styles);
        assert_eq!(refused(&officer, "бомба.xlsx", &bomb).await, ["/file sheet-too-large"]);
    }
    assert!(app.files().is_empty());
}

/// A good workbook with a part of one of its files changed.
fn repacked(place: &str, known: &str, other: &str) -> Vec<u8> {
    let good = xlsx(&schools(1..=1));
    let mut archive = zip::ZipArchive::new(Cursor::new(good)).unwrap();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..archive.len() {
        let mut entry = archive.by_index(number).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        if name == place {
            assert!(text.contains(known), "{text}");
            text = text.replacen(known, other, 1);
        }
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// An empty cell clears what is stored: a formula that comes to nothing must not.
#[rstest]
#[actix_web::test]
async fn a_formula_without_a_value_is_told(#[values(Sqlite, Postgres)] on: Database) {
    let Some((_app, officer)) = department(on).await else { return };
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(&schools(1..=2)) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    sheet.write_formula(1, 6, rust_xlsxwriter::Formula::new("=NA()").set_result("#N/A")).unwrap();
    let reply = officer.upload(IMPORTS, &SCHOOLS, "школы.xlsx", &book.save_to_buffer().unwrap()).await;
    assert_eq!(reply.violations(422), ["/file formula-without-value"]);
    assert!(reply.text().contains("G2"), "{}", reply.text());
}

#[rstest]
#[actix_web::test]
async fn too_many_jobs_of_one_account_are_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let place = app.given_municipality("Хотынецкий район");
    let (officer, other) = (app.as_officer(&place), app.as_head(&place));
    let file = |number: usize| csv(&schools(number..=number), b';');
    for number in 1..=5 {
        officer.upload(IMPORTS, &SCHOOLS, "школы.csv", &file(number)).await.expect(202);
    }
    let refused = officer.upload(IMPORTS, &SCHOOLS, "школы.csv", &file(6)).await;
    assert_eq!(refused.problem(429), "too-many-requests");
    assert_eq!(refused.header("retry-after").as_deref(), Some("15"));
    officer.upload(IMPORTS, &SCHOOLS, "школы.csv", &file(5)).await.expect(200);
    other.upload(IMPORTS, &SCHOOLS, "школы.csv", &file(7)).await.expect(202);
    assert_eq!(app.files().len(), 6, "nothing is kept of what was refused");
    app.run_jobs().await;
    officer.upload(IMPORTS, &SCHOOLS, "школы.csv", &file(6)).await.expect(202);
    app.run_jobs().await;
    assert_eq!(count_schools(&officer).await, 7);
}

/// What is wrong is shown, also where a database could not keep it.
#[rstest]
#[actix_web::test]
async fn a_nul_in_the_name_of_a_member_is_an_error_of_the_row(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let rows = json!({"kind": "schools", "mode": "row", "rows": [{"ogrn": "1", "phone\u{0}": "x"}]});
    let job = crate::importing::imported_rows(&app, &officer, &rows).await;
    assert_eq!(counters(&job), "done 0 0 0 1");
    let found = errors(&officer, &job).await;
    assert!(found.contains(&"1 phone\u{FFFD} unknown-member".to_owned()), "{found:?}");
}

#[rstest]
#[actix_web::test]
async fn an_upload_that_is_cut_off_leaves_no_job(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let request =
        officer.form(IMPORTS, &SCHOOLS, "школы.csv", &csv(&schools(1..=100), b';')).build().unwrap();
    let body = request.body().unwrap().as_bytes().unwrap();
    let header = |name: &str| request.headers()[name].to_str().unwrap();
    let head = format!(
        "POST {IMPORTS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nContent-Type: {}\r\n\
         Content-Length: {}\r\n\r\n",
        header("authorization"),
        header("content-type"),
        body.len()
    );
    let url = app.url.clone();
    let sent = [head.as_bytes(), &body[..body.len() / 2]].concat();
    tokio::task::spawn_blocking(move || {
        let mut raw = Raw::connect(&url);
        assert!(raw.send(&sent));
    })
    .await
    .unwrap();
    assert_eq!(officer.get("/api/v1/jobs").await.expect(200)["items"], json!([]));
    app.run_jobs().await;
    assert_eq!(count_schools(&officer).await, 0);
    let too_large = vec![b'x'; 21 * 1024 * 1024];
    let reply = officer.upload(IMPORTS, &SCHOOLS, "большой.csv", &too_large).await;
    assert_eq!(reply.problem(413), "file-too-large");
}

/// A process has claimed the job and is gone: what it had stored of it decides what is left.
#[rstest]
#[case::all_rows("atomic", 0)]
#[case::by_row("row", 500)]
#[actix_web::test]
async fn a_job_whose_process_died_is_taken_over(
    #[values(Sqlite, Postgres)] on: Database,
    #[case] mode: &str,
    #[case] done_before: i32,
) {
    let Some((app, officer)) = department(on).await else { return };
    let stored = usize::try_from(done_before).unwrap();
    if stored > 0 {
        // The first batch, as the process before has stored it.
        imported(&app, &officer, &SCHOOLS, "первые.csv", &csv(&schools(1..=stored), b';')).await;
    }
    let file = csv(&schools(1..=1_100), b';');
    let fields = [("kind", "schools"), ("mode", mode)];
    let job = officer.upload(IMPORTS, &fields, "школы.csv", &file).await.expect(202);
    make_running(&app, &job.id(), done_before);
    app.run_jobs().await;
    let path = format!("/api/v1/jobs/{}", job.id());
    let waiting = officer.get(&path).await.expect(200);
    assert_eq!(waiting["status"], "running", "its lease has not ended");
    assert_eq!(waiting["progress"], json!({"processed": done_before, "total": 1_100}));

    app.set_time("2023-03-01T09:06:00Z");
    let other = Runner::default();
    assert_eq!(other.run_next(&app.db, &app.store).await.unwrap().unwrap().to_string(), job.id());
    let ended = officer.get(&path).await.expect(200);
    assert_eq!(counters(&ended), "done 1100 0 0 0");
    assert_eq!(count_schools(&officer).await, 1_100);
    assert!(other.run_next(&app.db, &app.store).await.unwrap().is_none());
}

/// The job as its process has left it: held, with the rows of its first batch.
fn make_running(app: &TestApp, id: &str, created: i32) {
    let now = app.clock.now().naive_utc();
    diesel::update(jobs::table.find(id))
        .set((
            jobs::status.eq("running"),
            jobs::worker.eq("a process that is gone"),
            jobs::lease_until.eq(now + chrono::Duration::minutes(5)),
            jobs::attempts.eq(1),
            jobs::rows_created.eq(created),
            jobs::applied.eq(created > 0),
        ))
        .execute(&mut app.connection())
        .unwrap();
}

#[rstest]
#[actix_web::test]
async fn a_job_whose_file_is_gone_fails_and_stands_for_no_other(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let job = officer.upload(IMPORTS, &SCHOOLS, "школы.csv", &csv(&schools(1..=1), b';')).await.expect(202);
    // As after a database was restored without its files.
    app.store.remove(&format!("imports/{}", job.id())).await.unwrap();
    app.run_jobs().await;
    let ended = officer.get(&format!("/api/v1/jobs/{}", job.id())).await.expect(200);
    assert_eq!((&ended["status"], &ended["failure"]["code"]), (&json!("failed"), &json!("not-found")));
    assert_eq!(
        officer.get(&format!("/api/v1/jobs/{}/errors?format=csv", job.id())).await.problem(404),
        "not-found"
    );
    let again = officer.upload(IMPORTS, &SCHOOLS, "школы.csv", &csv(&schools(1..=1), b';')).await.expect(202);
    assert_ne!(again.id(), job.id(), "a failed job does not stand for the next one");
    app.run_jobs().await;
    assert_eq!(count_schools(&officer).await, 1);
}

#[rstest]
#[actix_web::test]
async fn a_job_that_ends_its_process_each_time_is_given_up(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let job = officer.upload(IMPORTS, &SCHOOLS, "школы.csv", &csv(&schools(1..=1), b';')).await.expect(202);
    make_running(&app, &job.id(), 0);
    diesel::update(jobs::table.find(job.id()))
        .set((
            jobs::attempts.eq(3),
            jobs::lease_until.eq(app.clock.now().naive_utc() - chrono::Duration::seconds(1)),
        ))
        .execute(&mut app.connection())
        .unwrap();
    app.run_jobs().await;
    let ended = officer.get(&format!("/api/v1/jobs/{}", job.id())).await.expect(200);
    assert_eq!((&ended["status"], &ended["failure"]["code"]), (&json!("failed"), &json!("service-failed")));
    assert_eq!(count_schools(&officer).await, 0);
}

#[rstest]
#[actix_web::test]
async fn rights_are_asked_again_when_the_job_runs(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let place = app.given_municipality("Хотынецкий район");
    let (officer, account) = app.account("municipal_officer", Some(&place), None, None);
    let job = officer.upload(IMPORTS, &SCHOOLS, "школы.csv", &csv(&schools(1..=1), b';')).await.expect(202);
    diesel::update(accounts::table.find(&account))
        .set(accounts::status.eq("blocked"))
        .execute(&mut app.connection())
        .unwrap();
    app.run_jobs().await;
    let head = app.as_head(&place);
    let ended = head.get(&format!("/api/v1/jobs/{}", job.id())).await.expect(200);
    assert_eq!((&ended["status"], &ended["failure"]["code"]), (&json!("failed"), &json!("rights-lost")));
    assert_eq!(count_schools(&head).await, 0);
}

#[rstest]
#[actix_web::test]
async fn a_hundred_errors_are_told_and_the_good_rows_stored(#[values(Sqlite, Postgres)] on: Database) {
    let Some((app, officer)) = department(on).await else { return };
    let mut rows = schools(1..=600);
    for row in rows.iter_mut().skip(1).step_by(6) {
        row[3] = "неизвестная".to_owned();
    }
    rows.push(school(601).into_iter().chain(["лишнее".to_owned()]).collect());
    let job = imported(&app, &officer, &BY_ROW, "школы.csv", &csv(&rows, b';')).await;
    assert_eq!(counters(&job), "done 500 0 0 101");
    let found = errors(&officer, &job).await;
    assert_eq!((found.len(), found[100].as_str()), (101, "602 - no-heading"));
    let two =
        officer.get(&format!("/api/v1/jobs/{}/errors?id=1,101&count=exact", job.id())).await.expect(200);
    assert_eq!((two["items"].as_array().unwrap().len(), &two["page"]["count"]), (2, &json!(2)));
}
