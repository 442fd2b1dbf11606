//! Hints for support lists: which schools fall under the criterion, and nothing more.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Resource};
use crate::school_stats::{put, result, stat};
use crate::support_lists::District;

const PATH: &str = "/api/v1/support-list-hints";

/// Enters results of a school for 2022 and 2023, each in the academic year that ends in it.
async fn enter(officer: &Client, district: &District, school: usize, results: &[(i32, Value)]) {
    for year in [2022, 2023] {
        let own: Vec<Value> =
            results.iter().filter(|(of, _)| *of == year).map(|(_, one)| one.clone()).collect();
        let path = format!("/api/v1/schools/{}/stats/{}", district.schools[school], year - 1);
        put(officer, &path, &stat(&own)).await.expect(201);
    }
}

fn row(subject: &str, grade: i32, year: i32, participants: i32, below: i32) -> (i32, Value) {
    (year, result(subject, grade, year, participants, below))
}

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["short_name"].as_str().unwrap()).collect()
}

#[rstest]
#[actix_web::test]
async fn schools_under_the_criterion_are_hinted_at_by_name(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    app.set_date("2024-01-15");
    let district = District::of(&app);
    let officer = &district.officer;
    // Worst of all, yet second by name: 100 % in both years, exactly 30 % in one of four cells below.
    let both = |n: i32, below: i32| {
        [2022, 2023]
            .map(|year| [row("математика", 5, year, n, below), row("русский язык", 6, year, n, below)])
    };
    enter(officer, &district, 0, &both(10, 3).concat()).await;
    enter(officer, &district, 1, &both(9, 9).concat()).await;
    enter(officer, &district, 2, &both(1000, 299).concat()).await;

    let page = officer.get(&format!("{PATH}?results_year=2023")).await.expect(200);
    assert_eq!(
        names(&page),
        ["Школа № 1", "Школа № 2"],
        "30 % reach it, 29.9 % do not; by name, not by result"
    );
    assert_eq!((&page["is_hint"], &page["items"][0]["is_hint"]), (&json!(true), &json!(true)));
    assert!(page["note"].as_str().unwrap().contains("принимается только приказом"));
    assert!(page["purpose_note"].as_str().unwrap().contains("не используются для оценки"));
    assert_eq!(page["criterion"]["threshold"], 30);
    let first = &page["items"][0];
    assert_eq!((&first["small_sample"], &first["listed"]), (&json!(false), &json!(false)));
    let procedures = first["procedures"].as_array().unwrap();
    assert_eq!(procedures.len(), 2);
    assert_eq!((&procedures[0]["subject"], &procedures[0]["grade"]), (&json!("математика"), &json!(5)));
    assert_eq!(
        procedures[0]["results"][1],
        json!({
            "year": 2023, "participants": 10, "below_minimum": 3, "small_sample": false, "small_sample_label": null
        })
    );
    let second = &page["items"][1]["procedures"][0]["results"][0];
    assert_eq!(
        (&second["small_sample"], &second["small_sample_label"]),
        (&json!(true), &json!("малая выборка"))
    );
    let missing = &page["schools_with_gaps"];
    assert_eq!(missing.as_array().unwrap().len(), 1);
    assert_eq!(
        (&missing[0]["short_name"], &missing[0]["years"]),
        (&json!("Школа № 4"), &json!([2022, 2023]))
    );

    let page = officer.get(&format!("{PATH}?results_year=2023&sort=-short_name&limit=1")).await.expect(200);
    assert_eq!((names(&page), &page["page"]["has_more"]), (vec!["Школа № 2"], &json!(true)));
    let next = officer.get(page["page"]["next"].as_str().unwrap()).await.expect(200);
    assert_eq!(names(&next), ["Школа № 1"]);
    let one = officer.get(&format!("{PATH}?results_year=2023&id={}", district.schools[1])).await.expect(200);
    assert_eq!((names(&one), &one["schools_with_gaps"]), (vec!["Школа № 2"], &json!([])));
    let ranked = officer.get(&format!("{PATH}?results_year=2023&sort=below_minimum")).await;
    assert_eq!(ranked.violations(400), ["?sort invalid-parameter"]);
}

#[rstest]
#[actix_web::test]
async fn the_form_of_the_rule_is_the_callers(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    app.set_date("2024-01-15");
    let district = District::of(&app);
    let officer = &district.officer;
    let two_subjects = [row("математика", 5, 2023, 10, 5), row("русский язык", 5, 2023, 10, 5)];
    enter(officer, &district, 0, &two_subjects).await;
    let one_in_each_year = [row("математика", 5, 2022, 10, 5), row("русский язык", 6, 2023, 10, 5)];
    enter(officer, &district, 1, &one_in_each_year).await;
    let one = [row("математика", 5, 2022, 10, 0), row("математика", 5, 2023, 10, 5)];
    enter(officer, &district, 2, &one).await;
    let twice = [row("математика", 5, 2022, 10, 4), row("Математика", 5, 2023, 10, 5)];
    enter(officer, &district, 3, &twice).await;

    for (query, expected) in [
        ("", &[][..]),
        ("&rule=same_procedure&procedures=1", &["Школа № 4"]),
        ("&procedures=1&threshold=41", &[]),
        ("&procedures=1&years=1", &["Школа № 1", "Школа № 2", "Школа № 3", "Школа № 4"]),
        ("&years=1", &["Школа № 1"]),
        ("&rule=year_or_each_year", &["Школа № 1", "Школа № 2", "Школа № 4"]),
        ("&rule=year_or_each_year&threshold=50", &["Школа № 1", "Школа № 2"]),
        ("&rule=year_or_each_year&years=1", &["Школа № 1"]),
    ] {
        let page = officer.get(&format!("{PATH}?results_year=2023{query}")).await.expect(200);
        assert_eq!(names(&page), expected, "{query}");
    }
    let page = officer.get(&format!("{PATH}?results_year=2022&years=1&procedures=1")).await.expect(200);
    assert_eq!(names(&page), ["Школа № 2", "Школа № 4"], "of the year asked for");

    assert_eq!(officer.get(PATH).await.violations(400), ["?results_year required"]);
    let refused =
        officer.get(&format!("{PATH}?results_year=2023&threshold=0&years=6&procedures=x&rule=worst")).await;
    assert_eq!(
        refused.violations(400),
        [
            "?procedures invalid-parameter",
            "?rule invalid-parameter",
            "?threshold invalid-parameter",
            "?years invalid-parameter"
        ]
    );
}

#[rstest]
#[actix_web::test]
async fn a_hint_knows_the_approved_lists_of_the_year(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    app.set_date("2024-01-15");
    let district = District::of(&app);
    let results = [row("математика", 5, 2022, 10, 5), row("русский язык", 5, 2022, 10, 5)];
    for school in [0, 1] {
        enter(&district.officer, &district, school, &results).await;
    }
    let path = format!("{PATH}?results_year=2022&years=1");
    let order = district.registered_order("513").await;
    let draft = district.draft(&order, &[0]).await;
    let listed = |page: &Value| -> Vec<Value> {
        page["items"].as_array().unwrap().iter().map(|item| item["listed"].clone()).collect()
    };
    let page = district.officer.get(&path).await.expect(200);
    assert_eq!(listed(&page), [json!(false), json!(false)], "a draft is no list yet");

    let approve = format!("/api/v1/support-lists/{}/approve", draft.id());
    district.head.act(&approve, 1).await.expect(200);
    let page = district.officer.get(&path).await.expect(200);
    assert_eq!(listed(&page), [json!(true), json!(false)]);
    let list = &page["items"][0]["support_lists"][0];
    assert_eq!((&list["support_list_id"], &list["level"]), (&draft["id"], &json!("regional")));
    let same =
        district.officer.get(&format!("{PATH}?results_year=2023&years=2&procedures=1")).await.expect(200);
    assert_eq!(names(&same), [""; 0], "the list of another year says nothing here");

    let entries = format!("/api/v1/support-lists/{}/entries", draft.id());
    let entry = district.officer.get(&entries).await.expect(200)["items"][0].id();
    let exclusion = json!({"order_id": order, "excluded_on": "2024-01-15", "reason": "improved"});
    district.officer.act_with(&format!("{entries}/{entry}/exclude"), 1, &exclusion).await.expect(200);
    let page = district.officer.get(&path).await.expect(200);
    assert_eq!(listed(&page), [json!(false), json!(false)], "it has left the list");
}

#[rstest]
#[actix_web::test]
async fn hints_are_for_the_department_about_its_active_schools(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    app.set_date("2024-01-15");
    let district = District::of(&app);
    let results = [row("математика", 5, 2023, 10, 5), row("русский язык", 5, 2023, 10, 5)];
    enter(&district.officer, &district, 0, &results).await;
    let path = format!("{PATH}?results_year=2023&years=1");
    assert_eq!(names(&district.head.get(&path).await.expect(200)), ["Школа № 1"]);
    let elsewhere = app.as_officer(&app.given_municipality("Другой район"));
    let page = elsewhere.get(&path).await.expect(200);
    assert_eq!((names(&page), &page["schools_with_gaps"]), (vec![], &json!([])));
    let school = &district.schools[0];
    for client in [
        app.as_school_head(&district.id, school),
        app.as_operator(&district.id, school),
        app.as_curator(&district.id, &[school]),
        app.as_region("57"),
        app.as_admin(),
    ] {
        assert_eq!(client.get(&path).await.problem(403), "forbidden");
    }

    let closure = json!({"kind": "liquidated", "closed_on": "2024-01-15"});
    district.officer.act_with(&format!("/api/v1/schools/{school}/close"), 1, &closure).await.expect(200);
    assert_eq!(
        names(&district.officer.get(&path).await.expect(200)),
        [""; 0],
        "a closed school needs no list"
    );
}
