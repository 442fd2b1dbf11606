//! The twins agree with each other and with the schema in code; they go up, down and up on data.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use rstest::rstest;
use school_roadmap::db::{AnyConnection, migrate};
use serde_json::json;

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::witness::Witness;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    place: String,
}

/// `table.column` of every table of ours.
fn columns(conn: &mut AnyConnection) -> BTreeSet<String> {
    let rows: Vec<Column> = match conn {
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(
            "SELECT m.name || '.' || c.name AS place FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'",
        )
        .load(sqlite),
        AnyConnection::Postgres(pg) => diesel::sql_query(
            "SELECT table_name || '.' || column_name AS place FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_\\_%'",
        )
        .load(pg),
    }
    .unwrap();
    rows.into_iter().map(|row| row.place).collect()
}

/// `table.column` of every `table!` in the generated schema.
fn columns_in_code() -> BTreeSet<String> {
    let source = include_str!("../../src/db/schema.rs");
    let mut found = BTreeSet::new();
    let mut table = String::new();
    for line in source.lines().map(str::trim) {
        if let Some((column, _)) = line.split_once(" -> ") {
            if !line.starts_with("diesel::joinable!") {
                found.insert(format!("{table}.{column}"));
            }
        } else if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            name.clone_into(&mut table);
        }
    }
    found
}

#[test]
fn twins_have_the_same_names() {
    let names = |folder: &str| -> BTreeSet<String> {
        let path = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

#[rstest]
#[actix_web::test]
async fn the_schema_in_code_is_the_database(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    assert_eq!(columns(&mut app.connection()), columns_in_code());
}

/// R13: several processes begin on an empty database at once; one makes the schema, the others wait.
#[rstest]
#[actix_web::test]
async fn of_several_that_begin_at_once_one_makes_the_schema(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    migrate::down(&app.database_url).unwrap();
    let begin = || {
        let url = app.database_url.clone();
        std::thread::spawn(move || migrate::up(&url).map_err(|cause| cause.to_string()))
    };
    let all: Vec<_> = (0..6).map(|_| begin()).collect();
    for one in all {
        one.join().unwrap().unwrap();
    }
    assert_eq!(columns(&mut app.connection()), columns_in_code());
    let mut seen = Witness::of("R13", on);
    seen.saw("6 began at once, none failed, one schema");
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn migrations_go_up_down_and_up_on_data(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let before = columns(&mut app.connection());
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let order = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": "124",
        "date": "2023-03-17", "title": "О дорожной карте", "kind": "road_map"
    });
    officer.post("/api/v1/orders", &order).await.expect(201);

    migrate::down(&app.database_url).unwrap();
    assert_eq!(columns(&mut app.connection()), BTreeSet::new());
    migrate::up(&app.database_url).unwrap();
    assert_eq!(columns(&mut app.connection()), before);
    migrate::up(&app.database_url).unwrap();
    let mut seen = Witness::of("R14", on);
    seen.saw("down: no table left; up again: the same columns");
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_newer_schema_is_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let mut order = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": "124",
        "date": "2023-03-17", "title": "О дорожной карте", "kind": "road_map"
    });
    officer.post("/api/v1/orders", &order).await.expect(201);
    for sql in [
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000000')",
        "ALTER TABLE orders ADD COLUMN later TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE audit_events ADD COLUMN later TEXT",
        "CREATE TABLE later (id TEXT PRIMARY KEY)",
    ] {
        app.connection().batch_execute(sql).unwrap();
    }
    let page = officer.get("/api/v1/orders").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    order["number"] = json!("125");
    let written = officer.post("/api/v1/orders", &order).await;
    written.expect(201);
    app.anonymous().get("/health/ready").await.expect(200);
    let refusal = migrate::up(&app.database_url).unwrap_err().to_string();
    assert!(refusal.contains("20991231000000"), "{refusal}");
    let mut seen = Witness::of("R15", on);
    seen.saw(format!("running: reads 200, writes {}, ready", written.status));
    seen.saw("started anew: refuses and names the migration");
    seen.report();
}
