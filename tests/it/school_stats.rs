//! Statistics of schools by academic year: entered by the department, read by the school.

use diesel::prelude::*;
use reqwest::Method;
use rstest::rstest;
use school_roadmap::db::schema::changes;
use school_roadmap::kit::id::{MunicipalityId, SchoolId};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};

/// A school of a municipality, and the officer who writes about it.
struct Story {
    app: TestApp,
    municipality: MunicipalityId,
    school: SchoolId,
    officer: Client,
}

impl Story {
    /// In the spring of 2024.
    async fn begin(on: Database) -> Option<Self> {
        let app = TestApp::start(on).await?;
        app.set_date("2024-03-01");
        let municipality = app.given_municipality("Хотынецкий район");
        let school = app.given_school(&municipality, "Школа № 1", 0);
        let officer = app.as_officer(&municipality);
        Some(Self { app, municipality, school, officer })
    }

    fn path(&self, year: &str) -> String {
        format!("/api/v1/schools/{}/stats/{year}", self.school)
    }

    async fn put(&self, year: &str, body: &Value) -> Reply {
        put(&self.officer, &self.path(year), body).await
    }

    fn feed(&self) -> i64 {
        changes::table.count().get_result(&mut self.app.connection()).unwrap()
    }
}

/// Without `If-Match`.
pub async fn put(client: &Client, path: &str, body: &Value) -> Reply {
    Reply::of(client.request(Method::PUT, path).json(body)).await
}

/// A result in the national test works.
pub fn result(subject: &str, grade: i32, year: i32, participants: i32, below_minimum: i32) -> Value {
    json!({
        "assessment": "vpr", "subject": subject, "grade": grade, "year": year,
        "participants": participants, "below_minimum": below_minimum
    })
}

/// The statistics of a year with these results.
pub fn stat(results: &[Value]) -> Value {
    json!({
        "pupils_total": 166, "graduates_9": 15, "graduates_11": 6, "teachers_total": 21,
        "assessments": results
    })
}

#[rstest]
#[actix_web::test]
async fn a_year_is_entered_replaced_and_kept_when_nothing_changes(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let path = story.path("2022");
    assert_eq!(story.officer.get(&path).await.problem(404), "not-found");
    let body = stat(&[result("русский язык", 6, 2023, 9, 2), result("Математика", 5, 2023, 14, 3)]);
    let reply = story.put("2022", &body).await;
    let created = reply.expect(201);
    assert_eq!(reply.header("location").as_ref(), Some(&path));
    assert_eq!((created.version(), &created["academic_year_label"]), (1, &json!("2022/2023")));
    assert_eq!(story.officer.get(&path).await.expect(200), created);
    let shown: Vec<(&Value, &Value)> = created["assessments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["subject"], &one["small_sample"]))
        .collect();
    let in_order = [(&json!("Математика"), &json!(false)), (&json!("русский язык"), &json!(true))];
    assert_eq!(shown, in_order, "by grade, never by result; 9 participants are few");
    assert!(
        created["purpose_note"].as_str().unwrap().starts_with("Результаты ВПР не используются для оценки")
    );

    let turned = stat(&[result("Математика", 5, 2023, 14, 3), result("русский язык", 6, 2023, 9, 2)]);
    let before = story.feed();
    assert_eq!(story.put("2022", &turned).await.expect(200), created, "the order of results says nothing");
    assert_eq!(story.feed(), before);

    let mut smaller = stat(&[result("Математика", 5, 2023, 14, 4)]);
    smaller["graduates_11"] = Value::Null;
    let replaced = story.officer.put(&path, 1, &smaller).await.expect(200);
    assert_eq!((replaced.version(), replaced["graduates_11"].clone()), (2, Value::Null));
    assert_eq!(replaced["assessments"].as_array().unwrap().len(), 1, "what is left out is removed");
    assert_eq!(story.feed(), before + 1);
    let stale = story.officer.put(&path, 1, &body).await;
    assert_eq!((stale.problem(412), &stale.json()["current_version"]), ("stale".to_owned(), &json!(2)));
    let nothing_there = story.officer.put(&story.path("2021"), 1, &stat(&[])).await;
    assert_eq!(nothing_there.problem(412), "stale", "a version of what does not exist");
    assert_eq!(story.put("2022", &body).await.expect(200).version(), 3, "If-Match is optional");
}

#[rstest]
#[actix_web::test]
async fn numbers_must_agree_with_each_other_and_with_the_school(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Story::begin(on).await else {
        return;
    };
    let mut body = stat(&[
        result("математика", 5, 2023, 14, 15),
        result("МАТЕМАТИКА", 5, 2023, 1, 0),
        result("физика", 7, 2021, 10, 1),
        json!({"assessment": "oge", "subject": "физика", "grade": 11, "year": 2022, "participants": 3, "below_minimum": 0}),
    ]);
    body["graduates_9"] = json!(167);
    assert_eq!(
        story.put("2022", &body).await.violations(422),
        [
            "/assessments/0/below_minimum more-than-participants",
            "/assessments/1 duplicate",
            "/assessments/2/year outside-academic-year",
            "/assessments/3/grade not-applicable",
            "/graduates_9 more-than-pupils",
        ]
    );
    let negative = json!({"pupils_total": -1, "teachers_total": 0, "graduates_9": 1.5});
    assert_eq!(story.put("2022", &negative).await.status, 400, "a half of a graduate");
    let negative = json!({"pupils_total": -1, "assessments": [result("", 12, 2023, 1, 0)]});
    assert_eq!(
        story.put("2022", &negative).await.violations(422),
        [
            "/assessments/0/grade too-big",
            "/assessments/0/subject empty",
            "/pupils_total too-small",
            "/teachers_total required"
        ]
    );
    let named = json!({"pupils_total": 1, "teachers_total": 1, "pupils": ["Иванов И."]});
    assert_eq!(
        story.put("2022", &named).await.violations(400),
        ["/pupils unknown-member"],
        "counts, never pupils"
    );
    assert_eq!(story.officer.get(&story.path("2022")).await.status, 404, "nothing was stored");

    story.school = story.app.given_school_with(
        &story.municipality,
        "Начальная школа",
        "5799000026",
        "1025799000028",
        r#"["primary"]"#,
    );
    let refused = story.put("2022", &stat(&[result("математика", 5, 2023, 9, 1)])).await;
    let without_levels = [
        "/assessments/0/grade not-applicable",
        "/graduates_11 not-applicable",
        "/graduates_9 not-applicable",
    ];
    assert_eq!(refused.violations(422), without_levels);
    let primary = json!({"pupils_total": 30, "teachers_total": 4, "assessments": [result("математика", 4, 2023, 9, 1)]});
    story.put("2022", &primary).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn a_result_stands_in_one_academic_year_and_no_year_comes_early(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(mut story) = Story::begin(on).await else {
        return;
    };
    story.put("2022", &stat(&[result("математика", 5, 2023, 14, 3)])).await.expect(201);
    let again = story.put("2023", &stat(&[result("Математика", 5, 2023, 14, 3)])).await;
    assert_eq!(again.violations(422), ["/assessments/0 stands-elsewhere"]);
    story.put("2023", &stat(&[result("математика", 5, 2024, 14, 3)])).await.expect(201);

    let early = story.put("2024", &stat(&[])).await;
    assert_eq!(early.violations(422), [" year-not-begun"]);
    story.app.set_date("2024-09-01");
    story.officer = story.app.as_officer(&story.municipality);
    story.put("2024", &stat(&[])).await.expect(201);
    let next_year = story.put("2024", &stat(&[result("математика", 5, 2025, 14, 3)])).await;
    assert_eq!(next_year.violations(422), ["/assessments/0/year in-future"]);
    for year in ["02022", "22", "2022-2023", "1999", "2100", "x"] {
        assert_eq!(story.officer.get(&story.path(year)).await.problem(404), "not-found", "{year}");
        assert_eq!(story.put(year, &stat(&[])).await.problem(404), "not-found", "{year}");
    }
}

#[rstest]
#[actix_web::test]
async fn the_department_writes_and_the_school_and_its_curator_read(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let (app, municipality, school) = (&story.app, &story.municipality, &story.school);
    let other = app.given_school(municipality, "Школа № 2", 1);
    let path = story.path("2022");
    put(&app.as_head(municipality), &path, &stat(&[])).await.expect(201);

    for reader in [
        app.as_school_head(municipality, school),
        app.as_operator(municipality, school),
        app.as_curator(municipality, &[school]),
    ] {
        let seen = reader.get(&path).await.expect(200);
        let may_not = json!([{"name": "update", "allowed": false, "blocked_by": ["role"]}]);
        assert_eq!(seen["actions"], may_not);
        assert_eq!(put(&reader, &path, &stat(&[])).await.problem(403), "forbidden");
    }
    let elsewhere = app.given_municipality("Другой район");
    for stranger in [
        app.as_school_head(municipality, &other),
        app.as_curator(municipality, &[&other]),
        app.as_officer(&elsewhere),
    ] {
        assert_eq!(stranger.get(&path).await.problem(404), "not-found");
        let list = format!("/api/v1/schools/{school}/stats");
        assert_eq!(stranger.get(&list).await.problem(404), "not-found");
    }
    assert_eq!(put(&app.as_officer(&elsewhere), &path, &stat(&[])).await.problem(404), "not-found");
    for outside in [app.as_region("57"), app.as_admin()] {
        assert_eq!(outside.get(&path).await.problem(403), "forbidden", "small cells are not for them");
    }
}

#[rstest]
#[actix_web::test]
async fn years_are_listed_and_a_closed_school_keeps_its_own(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    for year in ["2021", "2022", "2023"] {
        let start: i32 = year.parse().unwrap();
        story.put(year, &stat(&[result("математика", 5, start, 14, 3)])).await.expect(201);
    }
    let list = format!("/api/v1/schools/{}/stats", story.school);
    let years = |page: &Value| -> Vec<i64> {
        page["items"].as_array().unwrap().iter().map(|one| one["academic_year"].as_i64().unwrap()).collect()
    };
    let first = story.officer.get(&format!("{list}?limit=2&count=exact")).await.expect(200);
    assert_eq!((years(&first), &first["page"]["count"]), (vec![2023, 2022], &json!(3)));
    assert_eq!(first["items"][0]["assessments"][0]["year"], 2023, "each with its own results");
    let next = story.officer.get(first["page"]["next"].as_str().unwrap()).await.expect(200);
    assert_eq!((years(&next), &next["page"]["has_more"]), (vec![2021], &json!(false)));
    let some =
        story.officer.get(&format!("{list}?academic_year=2021,2022&sort=academic_year")).await.expect(200);
    assert_eq!(years(&some), [2021, 2022]);
    assert_eq!(years(&story.officer.get(&format!("{list}?id=2023,x")).await.expect(200)), [2023]);
    for ranking in ["below_minimum", "-assessments", "pupils_total"] {
        let refused = story.officer.get(&format!("{list}?sort={ranking}")).await;
        assert_eq!(refused.violations(400), ["?sort invalid-parameter"], "no sorting by results");
    }

    let path = format!("/api/v1/schools/{}/close", story.school);
    let closure = json!({"kind": "liquidated", "closed_on": "2024-02-29"});
    story.officer.act_with(&path, 1, &closure).await.expect(200);
    let refused = story.put("2023", &stat(&[])).await;
    assert_eq!(refused.problem(409), "school-closed");
    let kept = story.officer.get(&story.path("2023")).await.expect(200);
    assert_eq!(kept["actions"][0]["blocked_by"], json!(["school-closed"]));
}
