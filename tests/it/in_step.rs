//! Feed, export, lists and digest tell of the same rows, whatever happens.

use reqwest::Method;
use rstest::rstest;
use school_roadmap::demo::case::Case;
use school_roadmap::demo::play::{self, PASSWORD, Played};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};
use crate::copy::{Export, Follower};
use crate::indicators::{own, shipped};
use crate::sign_in::log_in;

/// The whole reference case, played; and who goes on from there.
struct Story {
    app: TestApp,
    played: Played,
    admin: Client,
    head: Client,
    officer: Client,
    region: Follower,
    /// The reader of another region.
    other: Follower,
}

async fn signed_in(app: &TestApp, login: &str) -> Client {
    let pair = log_in(app, login, PASSWORD).await.expect(200);
    app.with_token(pair["access_token"].as_str().unwrap())
}

async fn step(client: &Client, path: &str, name: &str, body: &Value) -> Value {
    let version = client.get(path).await.expect(200).version();
    let path = format!("{path}/{name}");
    let reply = if body.is_null() {
        client.act(&path, version).await
    } else {
        client.act_with(&path, version, body).await
    };
    reply.expect(if name == "replace" || name == "amend" { 201 } else { 200 })
}

async fn put(client: &Client, path: &str, body: &Value) -> Value {
    let reply = Reply::of(client.request(Method::PUT, path).json(body)).await;
    assert!(matches!(reply.status, 200 | 201), "{}", reply.text());
    reply.json()
}

/// `op resource code` of what was told, each once.
fn told(changes: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |change: &Value| {
        format!("{} {} {}", text(&change["op"]), text(&change["resource"]), text(&change["cause"]["code"]))
    };
    let mut lines: Vec<String> = changes.iter().map(line).collect();
    lines.sort();
    lines.dedup();
    lines
}

impl Story {
    async fn begin(on: Database) -> Option<Self> {
        let app = TestApp::start(on).await?;
        app.clock.set(play::beginning());
        let case = Case::reference().unwrap();
        let played = play::whole(&app.url, &app.clock, &app.database_url, &case, &|_| ()).await.unwrap();
        Some(Self {
            admin: signed_in(&app, "admin").await,
            head: signed_in(&app, "head").await,
            officer: signed_in(&app, "officer").await,
            region: Follower::new(signed_in(&app, "region").await),
            other: Follower::new(app.as_region("36")),
            app,
            played,
        })
    }

    /// Both readers are in step; what each was told.
    async fn check(&mut self) -> (Vec<String>, Vec<String>) {
        (told(&self.region.is_in_step().await), told(&self.other.is_in_step().await))
    }

    fn school(&self, number: usize) -> String {
        format!("/api/v1/schools/{}", self.played.schools.values().nth(number).unwrap())
    }

    async fn order(&self, number: &str, kind: &str) -> String {
        let body = json!({
            "issuer": "Отдел образования", "issuer_level": "municipal", "number": number,
            "date": "2023-12-29", "title": "О сопровождении школ", "kind": kind
        });
        let order = self.officer.post("/api/v1/orders", &body).await.expect(201).id();
        step(&self.head, &format!("/api/v1/orders/{order}"), "register", &Value::Null).await;
        order
    }
}

#[rstest]
#[actix_web::test]
async fn the_reference_case_is_told_whole(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Story::begin(on).await else {
        return;
    };
    let (of_region, of_other) = story.check().await;
    assert!(of_region.contains(&"created conclusions freeze".to_owned()));
    assert!(of_other.iter().all(|line| line.ends_with(" ship")), "{of_other:?}");
    let kinds: std::collections::BTreeSet<&String> =
        story.region.copy.keys().map(|(resource, _)| resource).collect();
    assert_eq!(kinds.len(), 15, "all but school calendars, which the case has none of: {kinds:?}");
    let held = story.region.copy.keys().filter(|(resource, _)| resource == "conclusions").count();
    assert_eq!(held, 10);

    // A bucket at a time makes the whole.
    let whole = Export::take(&story.region.client, "?resource=measures").await.copy();
    let mut parts = crate::copy::Copy::new();
    for bucket in 0..3 {
        let part =
            Export::take(&story.region.client, &format!("?resource=measures&buckets=3&bucket={bucket}"))
                .await;
        assert_eq!(part.start["resources"], json!(["measures"]));
        parts.extend(part.copy());
    }
    assert_eq!(parts, whole);
}

#[rstest]
#[actix_web::test]
async fn names_orders_lists_and_values_keep_in_step(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Story::begin(on).await else {
        return;
    };
    story.check().await;
    let place = format!("/api/v1/municipalities/{}", story.played.municipality_id);
    let version = story.admin.get(&place).await.expect(200).version();
    story.admin.patch(&place, version, &json!({"name": "Хотынецкий муниципальный округ"})).await.expect(200);
    let change = story.region.is_in_step().await.pop().unwrap();
    assert_eq!(
        (&change["op"], &change["key"]),
        (&json!("key_changed"), &json!("57/Хотынецкий муниципальный округ"))
    );
    assert_eq!(change["previous_key"], "57/Хотынецкий район");

    let trimesters = json!({"term_kind": "trimester", "terms": [
        {"start_date": "2023-09-01", "end_date": "2023-11-17"},
        {"start_date": "2023-11-27", "end_date": "2024-02-29"},
        {"start_date": "2024-03-11", "end_date": "2024-05-24"}
    ]});
    put(&story.officer, &format!("{place}/school-calendars/2023"), &trimesters).await;
    put(
        &story.officer,
        &format!("{place}/school-calendars/2024"),
        &json!({"term_kind": "trimester", "terms": [
            {"start_date": "2024-09-01", "end_date": "2024-11-17"},
            {"start_date": "2024-11-27", "end_date": "2025-02-28"},
            {"start_date": "2025-03-11", "end_date": "2025-05-24"}
        ]}),
    )
    .await;
    let template = story.officer.get("/api/v1/conclusion-templates").await.expect(200)["items"][0].clone();
    let next = json!({"based_on": template["id"], "title": "Шаблон района", "content": template["content"]});
    story.officer.post("/api/v1/conclusion-templates", &next).await.expect(201);
    assert_eq!(
        story.check().await.0,
        ["created conclusion-templates create", "created school-calendars create"]
    );

    let indicator = story.officer.post("/api/v1/indicators", &own("K-1")).await.expect(201).id();
    let mut value = json!({
        "indicator_id": indicator, "school_id": story.played.schools.values().next(), "period_start": "2023-01-01",
        "period_end": "2023-12-31", "numerator": 3, "denominator": 20
    });
    put(&story.officer, "/api/v1/indicator-values", &value).await;
    assert_eq!(story.check().await.0, ["created indicators create"], "nobody has confirmed the value");
    value["state"] = json!("confirmed");
    put(&story.officer, "/api/v1/indicator-values", &value).await;
    assert_eq!(story.check().await.0, ["created indicator-values update"]);
    value["state"] = json!("entered");
    put(&story.officer, "/api/v1/indicator-values", &value).await;
    assert_eq!(story.check().await.0, ["deleted indicator-values hidden"]);
    let aim = json!({
        "indicator_id": shipped(&story.officer, "I-18").await["id"], "period_start": "2024-01-01",
        "period_end": "2024-12-31", "target": 95
    });
    put(&story.officer, "/api/v1/indicator-values", &aim).await;
    assert_eq!(story.check().await.0, ["created indicator-values create"], "an aim needs no confirmation");

    let order = story.order("600", "list").await;
    let list =
        json!({"level": "municipal", "category": "low_results", "results_year": 2023, "order_id": order});
    let list = story.officer.post("/api/v1/support-lists", &list).await.expect(201).id();
    let list = format!("/api/v1/support-lists/{list}");
    let entries: Vec<Value> =
        story.played.schools.values().take(2).map(|id| json!({"school_id": id})).collect();
    story.officer.post(&format!("{list}/entries"), &json!(entries)).await.expect(201);
    assert_eq!(story.check().await.0, ["created orders register"], "a draft list is not read");
    step(&story.head, &list, "approve", &Value::Null).await;
    assert_eq!(
        story.check().await.0,
        ["created support-list-entries approve", "created support-lists approve"]
    );
    let late = json!({
        "school_id": story.played.schools.values().nth(2), "order_id": order, "included_on": "2023-12-29"
    });
    story.officer.post(&format!("{list}/entries"), &late).await.expect(201);
    step(&story.head, &list, "cancel", &json!({"reason": "Ошибочный перечень"})).await;
    assert_eq!(
        story.check().await.0,
        ["created support-list-entries create", "updated support-lists cancel"]
    );

    let draft = json!({"issuer": "Отдел", "issuer_level": "municipal", "number": "601", "date": "2023-12-29",
        "title": "Проект", "kind": "other"});
    let draft =
        format!("/api/v1/orders/{}", story.officer.post("/api/v1/orders", &draft).await.expect(201).id());
    story.officer.delete(&draft, 1).await.expect(204);
    step(&story.head, &format!("/api/v1/orders/{order}"), "repeal", &json!({"reason": "Отменён"})).await;
    assert_eq!(story.check().await.0, ["updated orders repeal"]);
}

#[rstest]
#[actix_web::test]
async fn schools_that_move_or_close_keep_in_step(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Story::begin(on).await else {
        return;
    };
    let place = |name: &str, region: &str| {
        json!({"name": name, "kind": "municipal_district", "region_code": region,
            "authority_name": "Отдел образования", "place": "Центр"})
    };
    let near =
        story.admin.post("/api/v1/municipalities", &place("Болховский район", "57")).await.expect(201).id();
    let far =
        story.admin.post("/api/v1/municipalities", &place("Хохольский район", "36")).await.expect(201).id();
    story.check().await;

    let school = story.school(1);
    step(&story.admin, &school, "transfer", &json!({"municipality_id": near})).await;
    let (of_region, of_other) = story.check().await;
    assert_eq!((of_region, of_other.len()), (vec!["updated schools transfer".to_owned()], 0));
    step(&story.admin, &school, "transfer", &json!({"municipality_id": far})).await;
    let change = story.region.is_in_step().await.pop().unwrap();
    assert_eq!((&change["op"], &change["cause"]["code"]), (&json!("deleted"), &json!("hidden")));
    assert_eq!(change["municipality_id"], json!(near), "where it went is not told");
    assert_eq!(story.check().await.1, ["created schools transfer"]);
    step(&story.admin, &school, "transfer", &json!({"municipality_id": near})).await;
    let (of_region, of_other) = story.check().await;
    assert_eq!(
        (of_region, of_other),
        (vec!["created schools transfer".to_owned()], vec!["deleted schools hidden".to_owned()])
    );

    // Its recommendations stay where they were made: closing it there changes them for their own readers.
    let closure = json!({"kind": "liquidated", "closed_on": "2023-12-29"});
    let officer = story.app.as_officer(&school_roadmap::kit::id::MunicipalityId(near));
    step(&officer, &school, "close", &closure).await;
    let (of_region, of_other) = story.check().await;
    assert!(of_region.contains(&"updated recommendations cancel-for-school".to_owned()), "{of_region:?}");
    assert!(of_region.contains(&"updated support-list-entries exclude".to_owned()), "{of_region:?}");
    assert_eq!(of_other.len(), 0);
    step(&story.officer, &story.school(2), "close", &closure).await;
    story.check().await;
}

#[rstest]
#[actix_web::test]
async fn a_new_edition_and_a_new_note_keep_in_step(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Story::begin(on).await else {
        return;
    };
    story.check().await;
    let map = format!("/api/v1/road-maps/{}", story.played.road_map_id);
    let next = step(&story.officer, &map, "amend", &Value::Null).await.id();
    let next = format!("/api/v1/road-maps/{next}");
    let order = story.order("602", "road_map").await;
    story.officer.patch(&next, 1, &json!({"order_id": order})).await.expect(200);
    assert_eq!(story.check().await.0, ["created orders register"], "a draft edition is not read");
    step(&story.head, &next, "approve", &Value::Null).await;
    assert_eq!(
        story.check().await.0,
        ["created measures approve", "created road-maps approve", "updated road-maps archive"]
    );

    let note = format!("/api/v1/notes/{}", story.played.note_id);
    let draft = step(&story.head, &note, "replace", &Value::Null).await.id();
    assert_eq!(story.check().await.0, ["deleted conclusions hidden", "updated monitorings thaw"]);
    let report = format!("/api/v1/reports/{}", story.played.reports["МБОУ-Богородицкая СОШ"]);
    step(&story.officer, &report, "return", &json!({"reason": "Уточните числа"})).await;
    let told_of = story.region.is_in_step().await;
    let hidden = told_of.iter().find(|change| change["resource"] == "reports").unwrap();
    assert_eq!(
        (&hidden["op"], &hidden["cause"]["reason"]),
        (&json!("deleted"), &Value::Null),
        "why is not for all"
    );
    let school = signed_in(&story.app, "school-1").await;
    step(&school, &report, "submit", &Value::Null).await;
    step(&story.officer, &report, "accept", &Value::Null).await;
    assert!(story.check().await.0.contains(&"created reports accept".to_owned()));

    let draft = format!("/api/v1/notes/{draft}");
    let signed = story.head.get(&note).await.expect(200);
    let text = json!({"date": "2023-12-29", "missing_reports": signed["missing_reports"]});
    story.officer.patch(&draft, 1, &text).await.expect(200);
    step(&story.officer, &draft, "submit", &Value::Null).await;
    step(&story.head, &draft, "sign", &Value::Null).await;
    assert_eq!(
        story.check().await.0,
        ["created conclusions freeze", "created notes sign", "updated monitorings freeze"]
    );
    step(&story.head, &draft, "register", &json!({"number": null, "date": "2023-12-29"})).await;
    assert_eq!(story.check().await.0, ["updated notes register", "updated notes supersede"]);

    let advice = format!("/api/v1/recommendations/{}", story.played.recommendations[0]);
    let own = school.get(&advice).await.expect(200)["addressees"][0].clone();
    let part = format!("{advice}/schools/{}", own["school_id"].as_str().unwrap());
    school.act(&format!("{part}/acknowledge"), own.version()).await.expect(200);
    step(&story.officer, &advice, "cancel", &json!({"reason": "Исполнено иначе"})).await;
    assert_eq!(
        story.check().await.0,
        ["updated recommendations addressee-step", "updated recommendations cancel"]
    );
}
