//! School calendars: a department gives the terms of a year, its schools read them, and where
//! none are given the usual quarters hold.

use diesel::prelude::*;
use reqwest::Method;
use rstest::rstest;
use school_roadmap::db::schema::changes;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};

fn trimesters() -> Value {
    json!({"term_kind": "trimester", "terms": [
        {"start_date": "2023-09-01", "end_date": "2023-11-17"},
        {"start_date": "2023-11-27", "end_date": "2024-02-29"},
        {"start_date": "2024-03-11", "end_date": "2024-05-24"}
    ]})
}

/// A PUT without `If-Match`.
async fn give(client: &Client, path: &str, body: &Value) -> Reply {
    Reply::of(client.request(Method::PUT, path).json(body)).await
}

#[rstest]
#[actix_web::test]
async fn a_department_gives_the_terms_of_a_year(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let school = app.given_school(&municipality, "Школа № 1", 0);
    let (officer, principal) = (app.as_officer(&municipality), app.as_school_head(&municipality, &school));
    let calendars = format!("/api/v1/municipalities/{municipality}/school-calendars");
    let path = format!("{calendars}/2023");

    let usual = principal.get(&path).await.expect(200);
    assert_eq!((&usual["is_default"], usual.version()), (&json!(true), 0));
    assert_eq!(
        (&usual["academic_year_label"], &usual["term_kind"], &usual["updated_at"]),
        (&json!("2023/2024"), &json!("quarter"), &Value::Null)
    );
    let terms = usual["terms"].as_array().unwrap();
    assert_eq!(terms.len(), 4);
    assert_eq!(terms[0], json!({"start_date": "2023-09-01", "end_date": "2023-10-27"}));
    assert_eq!(terms[2], json!({"start_date": "2024-01-09", "end_date": "2024-03-22"}));
    assert_eq!(officer.get(&calendars).await.expect(200)["items"], json!([]));

    assert_eq!(officer.put(&path, 3, &trimesters()).await.problem(412), "stale");
    let reply = give(&officer, &path, &trimesters()).await;
    let given = reply.expect(201);
    assert_eq!(reply.header("location").as_ref(), Some(&path));
    assert_eq!((&given["is_default"], given.version()), (&json!(false), 1));
    assert_eq!((&given["terms"], &given["term_kind_label"]), (&trimesters()["terms"], &json!("триместр")));
    assert_eq!(given["actions"], json!([{"name": "update", "allowed": true, "blocked_by": []}]));
    let seen = principal.get(&path).await.expect(200);
    assert_eq!(seen["terms"], given["terms"]);
    assert_eq!(seen["actions"][0]["blocked_by"], json!(["role"]));

    let same = give(&officer, &path, &trimesters()).await.expect(200);
    assert_eq!(same, given, "nothing changed, so the version stays");
    assert_eq!(
        officer.put(&path, 0, &trimesters()).await.problem(412),
        "stale",
        "somebody gave it meanwhile"
    );
    let quarters = json!({"term_kind": "quarter", "terms": usual["terms"]});
    let changed = officer.put(&path, 1, &quarters).await.expect(200);
    assert_eq!((changed.version(), &changed["is_default"]), (2, &json!(false)));
    let next = format!("{calendars}/2024");
    let later = json!({"term_kind": "quarter", "terms": [
        {"start_date": "2024-09-02", "end_date": "2024-10-27"}, {"start_date": "2024-11-07", "end_date": "2024-12-29"},
        {"start_date": "2025-01-09", "end_date": "2025-03-22"}, {"start_date": "2025-04-01", "end_date": "2025-05-24"}
    ]});
    let rehearsed = give(&officer, &format!("{next}?dry_run=true"), &later).await;
    assert_eq!(rehearsed.expect(200)["dry_run"], true);
    let listed = officer.get(&format!("{calendars}?count=exact")).await.expect(200);
    assert_eq!((&listed["page"]["count"], &listed["items"][0]["academic_year"]), (&json!(1), &json!(2023)));
    assert_eq!(officer.get(&format!("{calendars}?academic_year=2024")).await.expect(200)["items"], json!([]));

    let feed: Vec<(String, String, String, i32)> = changes::table
        .filter(changes::resource.eq("school-calendars"))
        .order(changes::seq)
        .select((changes::op, changes::resource, changes::resource_id, changes::version))
        .load(&mut app.connection())
        .unwrap();
    let row = |op: &str, version| {
        (op.to_owned(), "school-calendars".to_owned(), format!("{municipality}/2023"), version)
    };
    assert_eq!(feed, [row("created", 1), row("updated", 2)]);
}

#[rstest]
#[actix_web::test]
async fn terms_that_break_a_rule_are_named_all_at_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let officer = app.as_officer(&municipality);
    let path = format!("/api/v1/municipalities/{municipality}/school-calendars/2023");

    let mut wrong = trimesters();
    wrong["term_kind"] = json!("quarter");
    wrong["terms"][0]["start_date"] = json!("2023-08-31");
    wrong["terms"][1]["start_date"] = json!("2023-11-17");
    wrong["terms"][2]["end_date"] = json!("2024-03-10");
    assert_eq!(
        give(&officer, &path, &wrong).await.violations(422),
        ["/terms count", "/terms/0/start_date range", "/terms/1/start_date order", "/terms/2/end_date order"]
    );
    let mut impossible = trimesters();
    impossible["terms"][1]["end_date"] = json!("2024-02-30");
    assert_eq!(give(&officer, &path, &impossible).await.status, 422);
    let mut unknown = trimesters();
    unknown["terms"][0]["holidays"] = json!(true);
    assert_eq!(give(&officer, &path, &unknown).await.status, 400);
    assert_eq!(
        give(&officer, &path, &json!({"term_kind": "quarter"})).await.violations(422),
        ["/terms required"]
    );
    assert_eq!(officer.get(&path).await.expect(200)["is_default"], true, "nothing was stored");
}

#[rstest]
#[actix_web::test]
async fn a_calendar_belongs_to_its_municipality(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let other = app.given_municipality("Другой район");
    let school = app.given_school(&municipality, "Школа № 1", 0);
    let path = format!("/api/v1/municipalities/{municipality}/school-calendars/2023");
    give(&app.as_head(&municipality), &path, &trimesters()).await.expect(201);

    let stranger = app.as_officer(&other);
    assert_eq!(stranger.get(&path).await.status, 404);
    assert_eq!(give(&stranger, &path, &trimesters()).await.status, 404);
    let principal = app.as_school_head(&municipality, &school);
    assert_eq!(give(&principal, &path, &trimesters()).await.problem(403), "forbidden");
    assert_eq!(app.as_region("57").get(&path).await.expect(200)["term_kind"], "trimester");
    assert_eq!(app.as_region("36").get(&path).await.status, 404);
    let officer = app.as_officer(&municipality);
    for year in ["1999", "2100", "23", "2023-2024", "x"] {
        let path = format!("/api/v1/municipalities/{municipality}/school-calendars/{year}");
        assert_eq!(officer.get(&path).await.status, 404, "{year}");
    }
}
