//! The command line: the same import, past the API.

use std::process::{Command, Output};

use rstest::rstest;
use school_roadmap::db::DatabaseUrl;
use serde_json::json;

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::importing::{codes, count_schools, counters, csv, schools, windows_1251};

/// Runs the program on the database of a story.
fn import(app: &TestApp, arguments: &[&str]) -> Output {
    let database = match &app.database_url {
        DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    let folder = app.incoming().parent().unwrap().parent().unwrap().to_owned();
    Command::new(env!("CARGO_BIN_EXE_school-roadmap"))
        .arg("import")
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", database)
        .env("DATA_DIR", folder)
        .output()
        .unwrap()
}

#[rstest]
#[actix_web::test]
async fn the_operator_imports_a_file_and_finds_the_errors_beside_it(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else { return };
    let place = app.given_municipality("Хотынецкий район");
    let officer = app.as_officer(&place);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("школы.csv");
    let mut rows = schools(1..=3);
    rows[2][1] = "1".to_owned();
    std::fs::write(&path, windows_1251(&csv(&rows, b';'))).unwrap();
    let file = path.to_str().unwrap();
    let to = ["--kind", "schools", "--municipality-id", place.as_str()];

    let rehearsed = import(&app, &[&[file], &to[..], &["--mode", "row", "--dry-run"]].concat());
    assert!(!rehearsed.status.success());
    assert_eq!(count_schools(&officer).await, 0);
    let by_row = import(&app, &[&[file], &to[..], &["--mode", "row"]].concat());
    let said = String::from_utf8_lossy(&by_row.stdout).into_owned();
    assert!(said.starts_with("3 rows: 2 created, 0 updated, 0 unchanged, 1 rejected"), "{by_row:?}");
    assert!(!by_row.status.success(), "a row was rejected");
    assert_eq!(count_schools(&officer).await, 2);

    let beside = folder.path().join("школы.csv.errors.csv");
    let errors = std::fs::read_to_string(&beside).unwrap();
    assert!(errors.contains("ИНН: ИНН организации"), "{errors}");
    let corrected = errors.replace(";1;", &format!(";{};", codes(2).0));
    std::fs::write(&path, corrected).unwrap();
    let done = import(&app, &[&[file], &to[..]].concat());
    assert!(done.status.success(), "{done:?}");
    assert_eq!(count_schools(&officer).await, 3);

    let listed = officer.get("/api/v1/jobs").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 3, "the department sees what the operator did");
    assert_eq!(counters(&listed["items"][0]), "done 1 0 2 0");
    let nowhere = import(
        &app,
        &[file, "--kind", "schools", "--municipality-id", "0192f0c1-0000-7000-8000-000000000000"],
    );
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("not-found"), "{nowhere:?}");
    let unknown = import(&app, &[file, "--kind", "pupils", "--municipality-id", place.as_str()]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("schools, support_list, road_map, stats"));
    assert_eq!(officer.get("/api/v1/jobs?count=exact").await.expect(200)["page"]["count"], json!(3));
}
