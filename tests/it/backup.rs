//! Backups of a service that works, brought back to either database, and what a check finds.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::connection::SimpleConnection;
use rstest::rstest;
use school_roadmap::backup::{self, Manifest};
use school_roadmap::db::migrate;
use serde_json::json;
use zip::write::SimpleFileOptions;

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::campaign::Campaign;
use crate::client::{Client, Resource};
use crate::copy::Export;
use crate::evidence::{FIELDS, PDF};
use crate::importing::{IMPORTS, csv, schools};
use crate::witness::Witness;

fn archive_of(app: &TestApp) -> PathBuf {
    app.data_dir().join("backup.zip")
}

async fn saved(app: &TestApp) -> Manifest {
    backup::save(&app.db, &app.store, &app.clock, &archive_of(app)).await.unwrap()
}

/// An empty service on `on` and what a backup brings into it; without its tables, as on a new machine.
async fn restored(on: Database, archive: &Path) -> (TestApp, Manifest) {
    let app = TestApp::start(on).await.unwrap();
    migrate::down(&app.database_url).unwrap();
    let manifest = backup::restore(&app.database_url, &app.store, &app.clock, archive).await.unwrap();
    (app, manifest)
}

/// Every row that a region reads.
async fn read_whole(app: &TestApp) -> Vec<serde_json::Value> {
    Export::take(&app.as_region("57"), "").await.rows
}

/// A campaign with a file, and writers who go on while the backup is taken.
#[rstest]
#[case::embedded(Sqlite, Sqlite)]
#[case::server(Postgres, Postgres)]
#[case::moved_to_the_server(Sqlite, Postgres)]
#[case::moved_from_the_server(Postgres, Sqlite)]
#[actix_web::test]
async fn a_backup_of_a_busy_service_holds_all_that_was_acknowledged(
    #[case] from: Database,
    #[case] to: Database,
) {
    let Some(story) = Campaign::opened(from).await else { return };
    let app = &story.app;
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S1").await;
    let sent =
        story.principal.upload(&format!("{item}/evidence"), &FIELDS, "приказ.pdf", PDF).await.expect(201);
    let (officer, is_over) = (story.officer.clone(), Arc::new(AtomicBool::new(false)));
    let over = Arc::clone(&is_over);
    let (told, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
    let writer = actix_web::rt::spawn(async move {
        for number in 1_000.. {
            if over.load(Ordering::SeqCst) {
                return;
            }
            let made = officer.post("/api/v1/orders", &order(number)).await.expect(201).id();
            told.send(made).unwrap();
        }
    });
    let mut before = Vec::new();
    while before.len() < 5 {
        before.push(acknowledged.recv().await.unwrap());
    }
    let manifest = saved(app).await;
    is_over.store(true, Ordering::SeqCst);
    writer.await.unwrap();
    assert_eq!(manifest.missing, Vec::<String>::new());
    assert_eq!(manifest.files.len(), 1);

    let (other, brought) = restored(to, &archive_of(app)).await;
    assert_eq!(brought, manifest);
    let officer = other.as_officer(&story.municipality);
    for order in before {
        officer.get(&format!("/api/v1/orders/{order}")).await.expect(200);
    }
    let file = officer.get(&format!("/api/v1/evidence/{}/content", sent.id())).await;
    assert_eq!(file.status, 404, "it is not submitted yet");
    let principal = other.as_school_head(&story.municipality, &story.schools[0]);
    assert_eq!(principal.get(&format!("/api/v1/evidence/{}/content", sent.id())).await.bytes, PDF);
    let checked = backup::check(&other.db, &other.store, &other.clock).await.unwrap();
    assert_eq!((checked.faults, checked.files), (vec![], 1));
    let audit = other.as_admin().get("/api/v1/audit-events?action=restore").await.expect(200);
    assert_eq!(audit["items"][0]["resource_id"], manifest.made_at, "the audit tells where it went on");

    // Readers of the feed are sent to the export, and numbers go on.
    let region = other.as_region("57");
    let old = format!("/api/v1/changes?after=0&epoch={}", manifest.feed.epoch);
    assert_eq!(region.get(&old).await.problem(410), "feed-restarted");
    let export = Export::take(&region, "").await;
    assert_eq!(export.seq(), manifest.feed.seq);
    officer.post("/api/v1/orders", &order(7)).await.expect(201);
    assert!(Export::take(&region, "").await.seq() > manifest.feed.seq);
    if from == to {
        let mut seen = Witness::of("R16", from);
        seen.saw("all that was acknowledged before is there, check finds nothing, the old epoch: 410");
        seen.report();
    }
}

fn order(number: usize) -> serde_json::Value {
    json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": number.to_string(),
        "date": "2023-02-01", "title": "О сопровождении школ", "kind": "list"
    })
}

/// The same rows, whichever database they come from and go to: every list reads the same.
#[rstest]
#[actix_web::test]
async fn a_backup_of_a_backup_is_the_same(#[values(Sqlite, Postgres)] from: Database) {
    let Some(story) = Campaign::opened(from).await else { return };
    // What is no table of the service is no part of its backup.
    story.app.connection().batch_execute("CREATE VIEW others AS SELECT 1 AS one").unwrap();
    let job =
        story.officer.upload(IMPORTS, &[("kind", "schools")], "ш.csv", &csv(&schools(70..=75), b';')).await;
    job.expect(202);
    story.app.run_jobs().await;
    let first = saved(&story.app).await;
    let before = read_whole(&story.app).await;
    let (there, _) = restored(if from == Sqlite { Postgres } else { Sqlite }, &archive_of(&story.app)).await;
    let after = read_whole(&there).await;
    assert_eq!(after, before);
    assert!(after.len() > 10, "{}", after.len());
    saved(&there).await;
    let (back, _) = restored(from, &archive_of(&there)).await;
    let again = saved(&back).await;
    let comparable = |manifest: &Manifest| {
        let mut tables = manifest.tables.clone();
        // Each restore leaves a row of its own.
        tables.remove("audit_events");
        // The epoch is another one each time, and the reader of the test has an account.
        tables.retain(|name, _| !["feed_state", "accounts", "sessions"].contains(&name.as_str()));
        tables.into_iter().map(|(name, table)| (name, table.rows, table.last_number)).collect::<Vec<_>>()
    };
    assert_eq!(comparable(&again), comparable(&first));
}

#[rstest]
#[actix_web::test]
async fn a_backup_is_restored_to_an_empty_database_only(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    app.as_admin();
    saved(&app).await;
    let again = backup::save(&app.db, &app.store, &app.clock, &archive_of(&app)).await;
    assert!(again.unwrap_err().to_string().contains("exists already"));
    let refused = backup::restore(&app.database_url, &app.store, &app.clock, &archive_of(&app)).await;
    assert!(refused.unwrap_err().to_string().contains("has accounts"));
}

/// An archive with one byte changed, cut, or of a newer program.
#[rstest]
#[actix_web::test]
async fn a_damaged_archive_changes_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(Sqlite).await else { return };
    app.as_admin();
    saved(&app).await;
    let whole = std::fs::read(archive_of(&app)).unwrap();
    let Some(empty) = TestApp::start(on).await else { return };
    let path = empty.data_dir().join("damaged.zip");
    let refusal = |path: PathBuf| {
        let (url, store, clock) = (empty.database_url.clone(), empty.store.clone(), empty.clock.clone());
        async move { format!("{:#}", backup::restore(&url, &store, &clock, &path).await.unwrap_err()) }
    };
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(refusal(path.clone()).await.contains("no whole archive"));
    rewritten(&whole, &path, |name, text| {
        if name == "tables/accounts.ndjson" { text.replace("\"version\":1", "\"version\":2") } else { text }
    });
    let refused = refusal(path.clone()).await;
    assert!(refused.contains("damaged"), "{refused}");
    rewritten(&whole, &path, |name, text| {
        if name == "manifest.json" { text.replace("\"schema\": \"20", "\"schema\": \"30") } else { text }
    });
    assert!(refusal(path.clone()).await.contains("does not know the schema"));
    rewritten(&whole, &path, |name, text| {
        if name == "manifest.json" { text.replace("\"orders\": {", "\"ordres\": {") } else { text }
    });
    assert!(refusal(path).await.contains("lacks the table orders"));
    let mut conn = empty.connection();
    conn.batch_execute("SELECT 1").unwrap();
    assert!(!school_roadmap::features::accounts::is_any(&mut conn).unwrap(), "nothing of it came in");
}

/// The archive with the texts of its entries changed.
fn rewritten(whole: &[u8], path: &Path, change: impl Fn(&str, String) -> String) {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(whole)).unwrap();
    let mut writer = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        writer.start_file(&name, SimpleFileOptions::default()).unwrap();
        writer.write_all(change(&name, text).as_bytes()).unwrap();
    }
    writer.finish().unwrap();
}

/// What a check finds: a file that is gone, one that was changed, a damaged database.
#[rstest]
#[actix_web::test]
async fn a_check_names_what_is_damaged_or_missing(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let app = &story.app;
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S1").await;
    let send = async |client: &Client, name: &str| {
        client.upload(&format!("{item}/evidence"), &FIELDS, name, PDF).await.expect(201).id()
    };
    let (gone, changed) = (send(&story.principal, "a.pdf").await, send(&story.principal, "b.pdf").await);
    let check = || backup::check(&app.db, &app.store, &app.clock);
    let good = check().await.unwrap();
    assert_eq!((good.faults, good.files), (vec![], 2));
    assert!(good.rows > 100);
    for file in app.files() {
        let name = file.display().to_string();
        if name.ends_with(&gone) {
            std::fs::remove_file(&file).unwrap();
        } else if name.ends_with(&changed) {
            std::fs::write(&file, b"%PDF-1.7 other").unwrap();
        }
    }
    for id in [&gone, &changed] {
        let refused = story.principal.get(&format!("/api/v1/evidence/{id}/content")).await;
        assert_eq!(refused.problem(500), "file-damaged");
    }
    if on == Sqlite {
        let orphan = "PRAGMA foreign_keys = OFF; DELETE FROM municipalities";
        app.connection().batch_execute(orphan).unwrap();
    }
    let found = check().await.unwrap();
    let told = |text: &str| found.faults.iter().filter(|fault| fault.contains(text)).count();
    assert_eq!((told("the file is missing"), told("not what was stored")), (1, 1), "{:?}", found.faults);
    assert_eq!(told("names a missing row of municipalities") > 0, on == Sqlite);
    assert_eq!(found.files, 0);
    let manifest = saved(app).await;
    assert_eq!((manifest.missing.len(), manifest.damaged.len()), (1, 1), "a backup tells of them too");
    assert!(manifest.missing[0].ends_with(&gone) && manifest.damaged[0].ends_with(&changed));
    let mut seen = Witness::of("R18", on);
    seen.saw("missing and changed file: 500 file-damaged, named by check and backup");
    if on == Sqlite {
        seen.saw("rows that name missing ones: named by check");
    }
    seen.report();
}

/// Files that a database left beside itself must not come into what is restored.
#[actix_web::test]
async fn a_stale_journal_beside_the_new_database_is_harmless() {
    let app = TestApp::start(Sqlite).await.unwrap();
    app.as_admin();
    saved(&app).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    for (name, from) in [("new.db-wal", "test.db-wal"), ("new.db-shm", "test.db-shm")] {
        std::fs::copy(app.data_dir().join(from), folder.path().join(name)).unwrap();
    }
    let url = format!("sqlite://{}", path.display()).parse().unwrap();
    backup::restore(&url, &app.store, &app.clock, &archive_of(&app)).await.unwrap();
    let mut conn = url.connect().unwrap();
    assert_eq!(school_roadmap::db::rows::faults(&mut conn).unwrap(), Vec::<String>::new());
    assert!(school_roadmap::features::accounts::is_any(&mut conn).unwrap());
    let mut seen = Witness::of("R17", Sqlite);
    seen.saw("restored beside stale -wal and -shm: whole");
    seen.report();
}
