//! Numbers of indicators: declared by measures, told in reports, confirmed by acceptance.

use std::io::Cursor;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::{Campaign, done, registered_order};
use crate::client::{Client, Reply, Resource};

fn number(numerator: i32, denominator: i32) -> Value {
    json!({ "numerator": numerator, "denominator": denominator })
}

/// The content of [`done`] with these numbers.
fn told(numbers: Value) -> Value {
    let mut item = done();
    item["numbers"] = numbers;
    item
}

async fn write(client: &Client, item: &str, content: &Value) -> Reply {
    let version = client.get(item).await.expect(200).version();
    client.put(item, version, content).await
}

/// The report of the first school with these numbers of S1, ready to be submitted.
async fn filled(story: &Campaign, numbers: Value) -> String {
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    let item = story.item(&story.principal, &report, "S1").await;
    write(&story.principal, &item, &told(numbers)).await.expect(200);
    report
}

async fn accepted(story: &Campaign, report: &str) {
    story.act(&story.principal, report, "submit").await.expect(200);
    story.act(&story.officer, report, "accept").await.expect(200);
}

/// `code numerator/denominator state` of each value that the client reads.
async fn values(client: &Client) -> Vec<String> {
    let page = client.get("/api/v1/indicator-values?limit=1000").await.expect(200);
    let text = |one: &Value| {
        let (code, state) = (one["code"].as_str().unwrap(), one["state"].as_str().unwrap());
        format!("{code} {}/{} {state}", one["numerator"], one["denominator"])
    };
    let mut lines: Vec<String> = page["items"].as_array().unwrap().iter().map(text).collect();
    lines.sort();
    lines
}

async fn put(client: &Client, body: &Value) -> Reply {
    Reply::of(client.request(Method::PUT, "/api/v1/indicator-values").json(body)).await
}

/// A value of the first school in the year.
async fn value(story: &Campaign, code: &str, members: Value) -> Value {
    let found = story.officer.get(&format!("/api/v1/indicators?code={code}")).await.expect(200);
    let mut body = json!({
        "indicator_id": found["items"][0].id(), "school_id": story.schools[0],
        "period_start": "2023-01-01", "period_end": "2023-12-31"
    });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

#[rstest]
#[actix_web::test]
async fn an_item_takes_numbers_of_the_indicators_that_its_measure_declares(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S1").await;
    let blank = story.principal.get(&item).await.expect(200);
    assert_eq!((&blank["indicators"], &blank["numbers"]), (&json!(["I-10", "I-15"]), &json!({})));

    let wrong = told(json!({
        "I-10": number(22, 21), "I-12": number(1, 1), "I-15": { "numerator": 3 }, "a/b": number(1, 1)
    }));
    let refused = story.principal.put(&item, 1, &wrong).await;
    assert_eq!(
        refused.violations(422),
        [
            "/numbers/I-10/numerator more-than-denominator",
            "/numbers/I-12 not-declared",
            "/numbers/I-15/denominator required",
            "/numbers/a~1b not-declared"
        ]
    );
    let halves = told(json!({ "I-10": { "numerator": 0.5, "denominator": 21, "names": [] } }));
    assert_eq!(story.principal.put(&item, 1, &halves).await.status, 400, "nobody is halved or named");

    let content = told(json!({ "I-15": number(-2, 20), "I-10": number(7, 21) }));
    let stored = story.principal.put(&item, 1, &content).await.expect(200);
    assert_eq!(stored["numbers"], json!({ "I-10": number(7, 21), "I-15": number(-2, 20) }));
    assert_eq!(write(&story.principal, &item, &content).await.expect(200).version(), 2, "nothing new");
    assert_eq!(story.principal.get(&item).await.expect(200), stored);
    assert_eq!(values(&story.officer).await, [""; 0], "a draft is the school's own");
}

#[rstest]
#[actix_web::test]
async fn acceptance_confirms_numbers_and_a_return_takes_that_back(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let target = value(&story, "I-10", json!({ "target": 40, "numerator": 1, "denominator": 21 })).await;
    put(&story.officer, &target).await.expect(201);
    let report = filled(&story, json!({ "I-10": number(7, 21), "I-15": number(-2, 20) })).await;
    story.act(&story.principal, &report, "submit").await.expect(200);
    assert_eq!(values(&story.officer).await, ["I-10 1/21 entered"], "not yet reviewed");
    story.act(&story.officer, &report, "accept").await.expect(200);
    assert_eq!(values(&story.officer).await, ["I-10 7/21 confirmed", "I-15 -2/20 confirmed"]);
    let page = story.officer.get("/api/v1/indicator-values?code=I-10").await.expect(200);
    let first = &page["items"][0];
    assert_eq!((&first["value"], &first["target"]), (&json!(33.3), &json!(40)), "the target stays");
    assert_eq!(first["report_id"], json!(report.rsplit('/').next().unwrap()));

    let other = value(&story, "I-10", json!({ "numerator": 8, "denominator": 21, "target": 40 })).await;
    assert_eq!(put(&story.officer, &other).await.problem(409), "value-from-report");
    let aim = value(&story, "I-10", json!({ "numerator": 7, "denominator": 21, "target": 45.5 })).await;
    assert_eq!(put(&story.officer, &aim).await.expect(200)["target"], 45.5);

    story.act(&story.officer, &report, "return").await.expect(200);
    assert_eq!(values(&story.officer).await, ["I-10 7/21 entered", "I-15 -2/20 entered"]);
    let item = story.item(&story.principal, &report, "S1").await;
    write(&story.principal, &item, &told(json!({ "I-10": number(9, 21) }))).await.expect(200);
    accepted(&story, &report).await;
    assert_eq!(
        values(&story.officer).await,
        ["I-10 9/21 confirmed", "I-15 -2/20 entered"],
        "what the report tells no more is not confirmed again"
    );
    let diff = story.officer.get(&format!("{report}/diff?from=1&to=2")).await.expect(200);
    let changed: Vec<&str> =
        diff["changes"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    assert_eq!(changed, ["/items/S1/numbers/I-10", "/items/S1/numbers/I-15"]);
    assert_eq!(diff["changes"][0]["old"], number(7, 21));

    let released = format!("{}/schools/{}/release", story.monitoring, story.schools[0]);
    let version = story.officer.get(&story.monitoring).await.expect(200).version();
    story.officer.act_with(&released, version, &json!({ "reason": "Слияние" })).await.expect(200);
    assert_eq!(
        values(&story.officer).await,
        ["I-10 9/21 entered", "I-15 -2/20 entered"],
        "it counts no more"
    );
}

#[rstest]
#[actix_web::test]
async fn two_monitorings_of_a_period_do_not_overwrite_each_other(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Campaign::opened(on).await else { return };
    let report = filled(&story, json!({ "I-10": number(7, 21) })).await;
    accepted(&story, &report).await;
    let first = story.officer.get(&story.monitoring).await.expect(200);
    let mut plan = json!({});
    for member in
        ["road_map_id", "order_id", "support_list_ids", "period_start", "period_end", "report_deadline"]
    {
        plan[member] = first[member].clone();
    }
    let second = story.officer.post("/api/v1/monitorings", &plan).await.expect(201);
    story.monitoring = format!("/api/v1/monitorings/{}", second.id());
    story.step("open").await;
    let other = filled(&story, json!({ "I-10": number(9, 21) })).await;
    story.act(&story.principal, &other, "submit").await.expect(200);
    let refused = story.act(&story.officer, &other, "accept").await;
    assert_eq!(refused.problem(409), "value-from-report");
    assert_eq!(values(&story.officer).await, ["I-10 7/21 confirmed"]);
    story.act(&story.officer, &other, "return").await.expect(200);
    assert_eq!(values(&story.officer).await, ["I-10 7/21 confirmed"], "it is not that report's number");
    let item = story.item(&story.principal, &other, "S1").await;
    write(&story.principal, &item, &told(json!({ "I-10": number(7, 21) }))).await.expect(200);
    accepted(&story, &other).await;
    assert_eq!(values(&story.officer).await, ["I-10 7/21 confirmed"]);
}

#[rstest]
#[actix_web::test]
async fn a_monitoring_of_a_day_counts_too(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::planned(on).await else { return };
    let day = json!({ "period_start": "2023-03-01", "period_end": "2023-03-01" });
    let version = story.officer.get(&story.monitoring).await.expect(200).version();
    story.officer.patch(&story.monitoring, version, &day).await.expect(200);
    story.step("open").await;
    let report = filled(&story, json!({ "I-10": number(7, 21) })).await;
    accepted(&story, &report).await;
    assert_eq!(values(&story.officer).await, ["I-10 7/21 confirmed"]);
    let mut aim = value(&story, "I-10", json!({ "period_start": "2023-03-01", "target": 40 })).await;
    aim["period_end"] = json!("2023-03-01");
    let aimed = put(&story.officer, &aim).await.expect(200);
    assert_eq!((&aimed["numerator"], &aimed["target"]), (&json!(7), &json!(40)), "the number stays as told");
    aim.as_object_mut().unwrap().remove("school_id");
    put(&story.officer, &aim).await.expect(201);
    aim["period_start"] = json!("2023-02-28");
    let other = put(&story.officer, &aim).await;
    assert_eq!(other.violations(422), ["/period_end period-type"], "no monitoring looks at that period");
    aim["period_start"] = json!("2023-03-01");
    aim["target"] = json!(100.5);
    assert_eq!(put(&story.officer, &aim).await.violations(422), ["/target range"]);
}

/// Whoever returns a report while somebody sets a target loses neither.
#[rstest]
#[actix_web::test]
async fn a_return_and_a_target_at_once_lose_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = filled(&story, json!({ "I-10": number(7, 21) })).await;
    for target in 1..=5 {
        accepted(&story, &report).await;
        let aim = value(&story, "I-10", json!({ "target": target })).await;
        let (returned, aimed) = futures_util::future::join(
            story.act(&story.officer, &report, "return"),
            put(&story.officer, &aim),
        )
        .await;
        returned.expect(200);
        // After the return the number is nobody's any more: a target without it clears it.
        assert_eq!(aimed.expect(200)["target"], target);
        let page = story.officer.get("/api/v1/indicator-values").await.expect(200);
        assert_eq!(page["items"][0]["target"], target, "{page}");
        assert_eq!(page["items"][0]["state"], "entered");
    }
}

#[rstest]
#[actix_web::test]
async fn a_report_does_not_tell_two_numbers_of_one_indicator(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = filled(&story, json!({ "I-10": number(7, 21) })).await;
    let mentors = story.item(&story.principal, &report, "S2").await;
    let mut other = json!({ "status": "in_progress", "numbers": { "I-10": number(8, 21) } });
    write(&story.principal, &mentors, &other).await.expect(200);
    let refused = story.act(&story.principal, &report, "submit").await;
    assert_eq!(refused.violations(422), ["/items/S2/numbers/I-10 contradiction"]);
    other["numbers"] = json!({ "I-10": number(7, 21), "I-12": number(0, 0) });
    write(&story.principal, &mentors, &other).await.expect(200);
    accepted(&story, &report).await;
    assert_eq!(values(&story.officer).await, ["I-10 7/21 confirmed", "I-12 0/0 confirmed"]);
    let nobody = story.officer.get("/api/v1/indicator-values?code=I-12").await.expect(200);
    assert_eq!(nobody["items"][0]["value"], Value::Null, "nobody needed a mentor: no value, not 0");
}

#[rstest]
#[actix_web::test]
async fn a_remark_points_at_a_number(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = filled(&story, json!({ "I-10": number(7, 21) })).await;
    story.act(&story.principal, &report, "submit").await.expect(200);
    let at = |pointer: &str| json!({ "pointer": pointer, "text": "Проверьте число педагогов" });
    let path = format!("{report}/remarks");
    story.officer.post(&path, &at("/items/S1/numbers/I-10")).await.expect(201);
    let nowhere = story.officer.post(&path, &at("/items/S1/numbers/I-12")).await;
    assert_eq!(nowhere.status, 422, "the measure does not declare it");
}

#[rstest]
#[actix_web::test]
async fn a_pack_says_what_to_count_and_a_merge_brings_it_back(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    let pack = story.principal.get(&format!("{report}/pack")).await.expect(200);
    let measure = &pack["measures"][0];
    let indicator = &measure["indicators"][0];
    assert_eq!((&indicator["code"], &indicator["unit"]), (&json!("I-10"), &json!("percent")));
    assert_eq!(indicator["denominator"], "Педагоги школы");

    let mut mine = told(json!({ "I-10": number(7, 21) }));
    mine["measure_id"] = measure["id"].clone();
    mine["base_version"] = json!(1);
    let merge = format!("{report}/merge");
    let version = pack.version();
    let merged = story.principal.act_with(&merge, version, &json!({ "items": [mine.clone()] })).await;
    assert_eq!(merged.expect(200)["items"][0]["outcome"], "written");
    let again = story.principal.get(&report).await.expect(200).version();
    mine["numbers"] = json!({ "I-10": number(8, 21) });
    let conflict = story.principal.act_with(&merge, again, &json!({ "items": [mine.clone()] })).await;
    assert_eq!(conflict.problem(409), "merge-conflict");
    let field = &conflict.json()["conflicts"][0]["fields"][0];
    assert_eq!((&field["field"], &field["theirs"]["I-10"]), (&json!("numbers"), &number(7, 21)));
    mine["base_version"] = json!(2);
    mine["numbers"] = json!({ "I-10": number(22, 21) });
    let wrong = story.principal.act_with(&merge, again, &json!({ "items": [mine] })).await;
    assert_eq!(wrong.violations(422), ["/items/0/numbers/I-10/numerator more-than-denominator"]);
}

#[rstest]
#[actix_web::test]
async fn printed_reports_say_the_numbers(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = filled(&story, json!({ "I-10": number(7, 21), "I-15": number(-2, 20) })).await;
    accepted(&story, &report).await;
    for form in ["json", "html", "docx", "xlsx", "csv"] {
        let reply = story.officer.get(&format!("{report}/content?format={form}")).await;
        assert_eq!(reply.status, 200, "{form}");
        let text = unpacked(&reply).replace('\u{a0}', " ");
        for part in ["33,3 % (7 из 21)", "\u{2212}10 п. п. (\u{2212}2 из 20)"] {
            assert!(text.contains(part), "{form} lacks {part}: {text}");
        }
    }
}

/// The texts of a reply: the packages of an office suite unpacked.
fn unpacked(reply: &Reply) -> String {
    if !reply.bytes.starts_with(b"PK") {
        return reply.text();
    }
    let mut package = zip::ZipArchive::new(Cursor::new(reply.bytes.clone())).unwrap();
    (0..package.len())
        .map(|at| std::io::read_to_string(package.by_index(at).unwrap()).unwrap_or_default())
        .collect()
}

#[rstest]
#[actix_web::test]
async fn last_years_numbers_are_not_carried_over(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = filled(&story, json!({ "I-10": number(7, 21) })).await;
    accepted(&story, &report).await;
    let story = story.next_year().await;
    story.step("open").await;
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S1").await;
    let item = story.principal.get(&item).await.expect(200);
    assert_eq!((&item["carried_over"], &item["numbers"]), (&json!(true), &json!({})));
    assert_eq!(item["indicators"], json!(["I-10", "I-15"]), "the copied measure still asks for them");
}

#[rstest]
#[actix_web::test]
async fn a_measure_declares_what_its_reports_can_tell(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::planned(on).await else { return };
    let order = registered_order(&story.officer, &story.head, "125").await;
    let body = json!({
        "title": "Дорожная карта", "period_start": "2023-01-01", "period_end": "2023-12-31", "order_id": order
    });
    let map = story.officer.post("/api/v1/road-maps", &body).await.expect(201).id();
    let measure = |level: &str, indicators: Value| {
        json!({
            "code": "S1", "section": "Раздел", "level": level, "title": "Курсы", "responsible": ["директор"],
            "deadline": { "kind": "date", "text": "в срок", "due_date": "2023-02-15" }, "indicators": indicators
        })
    };
    let path = format!("/api/v1/road-maps/{map}/measures");
    let wrong = measure("school", json!(["I-18", "I-17", "I-99", "I-10", "I-10"]));
    let refused = story.officer.post(&path, &wrong).await;
    assert_eq!(
        refused.violations(422),
        [
            "/indicators/0 computed",
            "/indicators/1 wrong-level",
            "/indicators/2 unknown-reference",
            "/indicators/4 duplicate"
        ]
    );
    let many = json!([measure("municipal", json!(["I-10"]))]);
    assert_eq!(story.officer.post(&path, &many).await.violations(422), ["/0/indicators/0 wrong-level"]);

    let own = json!({
        "code": "K-1", "name": "Открытые уроки", "unit": "count", "direction": "up", "level": "school",
        "period_type": "calendar_year", "numerator": "Открытые уроки", "source": "Журнал"
    });
    let own = story.officer.post("/api/v1/indicators", &own).await.expect(201);
    let made = story.officer.post(&path, &measure("school", json!(["K-1", "I-10"]))).await.expect(201);
    assert_eq!(made["indicators"], json!(["K-1", "I-10"]));
    let of = async |code: &str| {
        let page = story.officer.get(&format!("/api/v1/measures?road_map_id={map}&indicator={code}")).await;
        page.expect(200)["items"].as_array().unwrap().len()
    };
    assert_eq!((of("K-1").await, of("I-1").await, of("I-12,I-10").await), (1, 0, 1));
    let own_path = format!("/api/v1/indicators/{}", own.id());
    story.officer.patch(&own_path, 1, &json!({ "archived": true })).await.expect(200);
    let path = format!("/api/v1/measures/{}", made.id());
    let kept = story.officer.patch(&path, 1, &json!({ "title": "Курсы учителей" })).await.expect(200);
    assert_eq!(kept.version(), 2, "what was declared before it was archived stays");
    let moved = story.officer.patch(&path, 2, &json!({ "level": "municipal" })).await;
    assert_eq!(moved.violations(422), ["/indicators/0 wrong-level", "/indicators/1 wrong-level"]);
    let dropped = story.officer.patch(&path, 2, &json!({ "indicators": [] })).await.expect(200);
    assert_eq!(dropped["indicators"], json!([]));
    let again = story.officer.patch(&path, 3, &json!({ "indicators": ["K-1"] })).await;
    assert_eq!(again.violations(422), ["/indicators/0 archived"]);
}
