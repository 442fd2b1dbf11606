//! Road maps: drafted with their measures, approved, amended, copied; read by whom they concern.

use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::db::schema::monitorings;
use school_roadmap::kit::id::{MonitoringId, MunicipalityId};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Resource};

const MAPS: &str = "/api/v1/road-maps";

fn map(title: &str) -> Value {
    json!({ "title": title, "period_start": "2023-01-01", "period_end": "2023-12-31" })
}

fn measure(code: &str) -> Value {
    json!({
        "code": code, "section": "Школьный уровень", "level": "school", "title": "Входной контроль",
        "deadline": { "kind": "date", "text": "до 30.09", "due_date": "2023-09-30" },
        "responsible": ["директор"], "criteria": ["entry_test"]
    })
}

fn with(mut body: Value, member: &str, value: Value) -> Value {
    body[member] = value;
    body
}

fn codes(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|m| m["code"].as_str().unwrap()).collect()
}

/// A department with its head and officer, and the paths of its draft.
struct Story {
    app: TestApp,
    municipality: MunicipalityId,
    head: Client,
    officer: Client,
}

impl Story {
    async fn begin(on: Database) -> Option<Self> {
        let app = TestApp::start(on).await?;
        let municipality = app.given_municipality("Хотынецкий район");
        let (head, officer) = (app.as_head(&municipality), app.as_officer(&municipality));
        Some(Self { app, municipality, head, officer })
    }

    async fn registered_order(&self, number: &str) -> String {
        let body = json!({
            "issuer": "Отдел образования", "issuer_level": "municipal", "number": number,
            "date": "2023-03-01", "title": "О дорожной карте", "kind": "road_map"
        });
        let order = self.officer.post("/api/v1/orders", &body).await.expect(201);
        self.head.act(&format!("/api/v1/orders/{}/register", order.id()), 1).await.expect(200);
        order.id()
    }

    /// The path of a draft with an order and these measures.
    async fn draft(&self, measures: Value) -> String {
        self.draft_by("124", measures).await
    }

    async fn draft_by(&self, order: &str, measures: Value) -> String {
        let body = with(map("Дорожная карта"), "order_id", json!(self.registered_order(order).await));
        let draft = self.officer.post(MAPS, &body).await.expect(201);
        let path = format!("{MAPS}/{}", draft.id());
        self.officer.post(&format!("{path}/measures"), &measures).await.expect(201);
        path
    }

    async fn approved(&self, measures: Value) -> String {
        let path = self.draft(measures).await;
        self.head.act(&format!("{path}/approve"), 2).await.expect(200);
        path
    }

    async fn measures_of(&self, path: &str) -> Value {
        let id = path.rsplit('/').next().unwrap();
        self.officer.get(&format!("/api/v1/measures?road_map_id={id}")).await.expect(200)
    }
}

#[rstest]
#[actix_web::test]
async fn the_map_of_the_reference_case_is_drafted_and_approved(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else { return };
    let (officer, head) = (&story.officer, &story.head);
    let region = story.app.as_region("57");
    let case: Value = serde_json::from_str(include_str!("../../src/demo/hotynets-2023.json")).unwrap();
    let measures = &case["road_map"]["measures"];

    let draft = officer.post(MAPS, &map(case["road_map"]["title"].as_str().unwrap())).await.expect(201);
    let path = format!("{MAPS}/{}", draft.id());
    let blocked = head.act(&format!("{path}/approve"), 1).await;
    assert_eq!(blocked.problem(409), "road-map-not-ready");
    assert_eq!(blocked.json()["blocked_by"], json!(["order-not-registered", "no-measures"]));
    let stored = officer.post(&format!("{path}/measures"), measures).await.expect(201);
    assert_eq!(stored["items"].as_array().unwrap().len(), measures.as_array().unwrap().len());
    for (stored, given) in stored["items"].as_array().unwrap().iter().zip(measures.as_array().unwrap()) {
        for (member, value) in given.as_object().unwrap() {
            assert_eq!(&stored[member], value, "{member}");
        }
    }
    let order = story.registered_order("124").await;
    let patched = officer.patch(&path, 2, &json!({ "order_id": order })).await.expect(200);
    assert_eq!(officer.act(&format!("{path}/approve"), 3).await.problem(403), "forbidden");
    assert_eq!(head.act(&format!("{path}/approve"), 2).await.problem(412), "stale");
    assert_eq!(region.get(&path).await.problem(404), "not-found");
    let approved = head.act(&format!("{path}/approve"), patched.version()).await.expect(200);
    assert_eq!((&approved["status"], &approved["warnings"]), (&json!("approved"), &json!([])));
    assert_eq!(region.get(&path).await.expect(200)["status_label"], "утверждена");

    assert_eq!(officer.patch(&path, 4, &json!({"title": "Иное"})).await.problem(409), "road-map-state");
    assert_eq!(officer.delete(&path, 4).await.problem(409), "road-map-state");
    let another = officer.post(&format!("{path}/measures"), &measure("S9")).await;
    assert_eq!(another.problem(409), "road-map-state");
    let one = format!("/api/v1/measures/{}", stored["items"][0].id());
    assert_eq!(officer.patch(&one, 1, &json!({"title": "Иное"})).await.problem(409), "road-map-state");
}

#[rstest]
#[actix_web::test]
async fn an_array_of_measures_is_stored_whole_or_not_at_all(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else { return };
    let officer = &story.officer;
    let path = story.draft(json!([measure("S1")])).await;
    let measures = format!("{path}/measures");

    let foreign = json!({"kind": "schools", "school_ids": ["0192f0c1-0000-7000-8000-000000000000"]});
    let late =
        json!({"kind": "period", "text": "осенью", "start_date": "2023-10-02", "end_date": "2023-10-01"});
    let bad = json!([
        with(measure("S2"), "deadline", late),
        with(with(measure("S2"), "applies_to", foreign), "criteria", json!(["Entry"])),
    ]);
    assert_eq!(
        officer.post(&measures, &bad).await.violations(422),
        [
            "/0/deadline/end_date order",
            "/1/applies_to/school_ids/0 unknown-reference",
            "/1/code duplicate",
            "/1/criteria/0 pattern"
        ]
    );
    let misspelt = with(measure("S2"), "levle", json!("school"));
    assert_eq!(officer.post(&measures, &misspelt).await.violations(400), ["/levle unknown-member"]);
    let untitled = json!([measure("S2"), with(measure("S3"), "title", json!(""))]);
    assert_eq!(officer.post(&measures, &untitled).await.violations(422), ["/1/title empty"]);
    assert_eq!(officer.post(&measures, &json!([])).await.violations(422), [" count"]);
    let taken = officer.post(&measures, &json!([measure("S2"), measure("S1")])).await;
    assert_eq!(taken.problem(409), "measure-exists");
    assert_eq!(codes(&story.measures_of(&path).await), ["S1"]);
    assert_eq!(officer.get(&path).await.expect(200).version(), 2);

    let one = officer.post(&measures, &measure("S2")).await;
    assert_eq!(one.header("location"), Some(format!("/api/v1/measures/{}", one.expect(201).id())));
    assert_eq!(one.json()["position"], 2);
    assert_eq!(
        officer.get(&path).await.expect(200).version(),
        3,
        "the map's version rises with its measures"
    );
    let address = format!("/api/v1/measures/{}", one.json().id());
    assert_eq!(officer.patch(&address, 1, &json!({"code": "S2"})).await.expect(200).version(), 1);
    assert_eq!(officer.patch(&address, 1, &json!({"code": "S1"})).await.problem(409), "measure-exists");
    assert_eq!(officer.patch(&address, 1, &json!({"position": 1})).await.expect(200).version(), 2);
    officer.delete(&address, 2).await.expect(204);
    assert_eq!(officer.get(&path).await.expect(200).version(), 5);
    officer.delete(&path, 5).await.expect(204);
    assert_eq!(officer.get(&path).await.problem(404), "not-found");
}

#[rstest]
#[actix_web::test]
async fn criteria_must_exist_and_those_without_measures_are_named(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else { return };
    let path = story.draft(json!([with(measure("S1"), "criteria", json!(["magic"]))])).await;

    let refused = story.head.act(&format!("{path}/approve"), 2).await;
    assert_eq!(refused.problem(409), "road-map-not-ready");
    assert_eq!(refused.json()["blocked_by"], json!(["unknown-criterion"]));
    assert!(refused.json()["detail"].as_str().unwrap().contains("magic"));
    let measure = story.measures_of(&path).await["items"][0].id();
    let fixed = json!({"criteria": ["entry_test"]});
    story.officer.patch(&format!("/api/v1/measures/{measure}"), 1, &fixed).await.expect(200);
    let approved = story.head.act(&format!("{path}/approve"), 3).await.expect(200);
    let warnings = approved["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 20, "of 21 criteria one has a measure");
    assert!(warnings.iter().all(|w| w["criterion"] != "entry_test"));
}

#[rstest]
#[actix_web::test]
async fn an_amendment_keeps_lineages_and_archives_the_old_edition(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else { return };
    let (officer, head) = (&story.officer, &story.head);
    let path = story.approved(json!([measure("S1"), measure("S2")])).await;

    let amended = officer.act(&format!("{path}/amend"), 3).await;
    let next = format!("{MAPS}/{}", amended.expect(201).id());
    assert_eq!(amended.header("location"), Some(next.clone()));
    assert_eq!((&amended.json()["edition"], &amended.json()["order_id"]), (&json!(2), &Value::Null));
    let (before, after) = (story.measures_of(&path).await, story.measures_of(&next).await);
    for n in 0..2 {
        assert_eq!(before["items"][n]["lineage_id"], after["items"][n]["lineage_id"]);
        assert_ne!(before["items"][n]["id"], after["items"][n]["id"]);
    }
    assert_eq!(officer.act(&format!("{path}/amend"), 3).await.problem(409), "amendment-exists");
    assert_eq!(officer.act(&format!("{path}/close"), 3).await.problem(409), "amendment-exists");
    assert_eq!(officer.get(&path).await.expect(200)["status"], "approved");

    let order = story.registered_order("125").await;
    officer.patch(&next, 1, &json!({ "order_id": order })).await.expect(200);
    head.act(&format!("{next}/approve"), 2).await.expect(200);
    let old = officer.get(&path).await.expect(200);
    assert_eq!((old["status"].as_str(), old.version()), (Some("archived"), 4));
    assert_eq!(officer.act(&format!("{next}/close"), 3).await.expect(200)["status"], "closed");
}

#[rstest]
#[actix_web::test]
async fn a_copy_waits_until_its_shifted_dates_are_reviewed(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else { return };
    let (officer, head) = (&story.officer, &story.head);
    let leap = json!({"kind": "date", "text": "до 29.02", "due_date": "2024-02-29"});
    let path = story.approved(json!([with(measure("S1"), "deadline", leap), measure("S2")])).await;

    let body = json!({"title": "Дорожная карта на 2024 год"});
    let copy = officer.act_with(&format!("{path}/copy"), 3, &body).await.expect(201);
    assert_eq!(
        (copy["period_start"].as_str(), copy["title"].as_str()),
        (Some("2024-01-01"), body["title"].as_str())
    );
    assert_eq!(copy["copied_from_id"], json!(path.rsplit('/').next().unwrap()));
    let next = format!("{MAPS}/{}", copy.id());
    let measures = story.measures_of(&next).await;
    assert_eq!(measures["items"][0]["due_date"], "2025-02-28");
    assert_eq!(measures["items"][0]["deadline"]["text"], "до 29.02");
    assert_eq!(measures["items"][1]["due_date"], "2024-09-30");
    let order = story.registered_order("126").await;
    officer.patch(&next, 1, &json!({ "order_id": order })).await.expect(200);
    let refused = head.act(&format!("{next}/approve"), 2).await;
    assert_eq!(refused.json()["blocked_by"], json!(["measure-needs-review"]));

    let address = |n: usize| format!("/api/v1/measures/{}", measures["items"][n].id());
    assert_eq!(
        officer.patch(&address(0), 1, &json!({"needs_review": true})).await.violations(422),
        ["/needs_review not-allowed"]
    );
    officer.patch(&address(0), 1, &json!({"needs_review": false})).await.expect(200);
    let changed = json!({"deadline": {"kind": "date", "text": "до 27.09", "due_date": "2024-09-27"}});
    let changed = officer.patch(&address(1), 1, &changed).await.expect(200);
    assert_eq!((&changed["needs_review"], &changed["due_date"]), (&json!(false), &json!("2024-09-27")));
    head.act(&format!("{next}/approve"), 4).await.expect(200);
    let far = officer.act_with(&format!("{path}/copy"), 3, &json!({"year_shift": 6})).await;
    assert_eq!(far.violations(422), ["/year_shift too-big"]);
}

#[rstest]
#[actix_web::test]
async fn a_map_is_not_closed_under_an_open_monitoring(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else { return };
    let path = story.approved(json!([measure("S1")])).await;
    let map = story.officer.get(&path).await.expect(200);
    let now = story.app.clock.now().naive_utc();
    let day: chrono::NaiveDate = "2023-12-22".parse().unwrap();
    let id = MonitoringId::generate();
    diesel::insert_into(monitorings::table)
        .values((
            monitorings::id.eq(&id),
            monitorings::municipality_id.eq(&story.municipality),
            monitorings::road_map_id.eq(map.id()),
            monitorings::order_id.eq(map["order_id"].as_str().unwrap()),
            monitorings::support_list_ids.eq("[]"),
            (
                monitorings::period_start.eq(day),
                monitorings::period_end.eq(day),
                monitorings::report_deadline.eq(day),
            ),
            monitorings::status.eq("analysed"),
            monitorings::version.eq(1),
            monitorings::created_at.eq(now),
            monitorings::updated_at.eq(now),
        ))
        .execute(&mut story.app.connection())
        .unwrap();

    let close = format!("{path}/close");
    let refused = story.officer.act(&close, 3).await;
    assert_eq!(refused.problem(409), "road-map-in-use");
    assert_eq!(refused.json()["blocked_by"], json!(["monitoring-open"]));
    diesel::update(monitorings::table.find(&id))
        .set(monitorings::status.eq("completed"))
        .execute(&mut story.app.connection())
        .unwrap();
    story.officer.act(&close, 3).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_school_reads_the_measures_that_concern_it(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else { return };
    let app = &story.app;
    let full = app.given_school(&story.municipality, "Полная школа", 0);
    let primary = app.given_school_with(
        &story.municipality,
        "Начальная школа",
        "5799000026",
        "1025799000028",
        r#"["primary"]"#,
    );
    let path = story
        .draft(json!([
            with(with(measure("M1"), "level", json!("municipal")), "criteria", json!([])),
            measure("S1"),
            with(
                measure("S2"),
                "applies_to",
                json!({"kind": "education_levels", "education_levels": ["basic"]})
            ),
            with(measure("S3"), "applies_to", json!({"kind": "schools", "school_ids": [primary]})),
        ]))
        .await;
    let operator = app.as_operator(&story.municipality, &full);
    let curator = app.as_curator(&story.municipality, &[&primary]);
    let neighbour = app.as_officer(&app.given_municipality("Соседний район"));

    assert_eq!(operator.get(&path).await.problem(404), "not-found");
    assert_eq!(operator.get("/api/v1/measures").await.expect(200)["items"], json!([]));
    story.head.act(&format!("{path}/approve"), 2).await.expect(200);
    assert_eq!(codes(&operator.get("/api/v1/measures").await.expect(200)), ["S1", "S2"]);
    assert_eq!(codes(&curator.get("/api/v1/measures").await.expect(200)), ["S1", "S3"]);
    assert_eq!(codes(&story.measures_of(&path).await), ["M1", "S1", "S2", "S3"]);
    assert_eq!(neighbour.get(&path).await.problem(404), "not-found");
    assert_eq!(operator.patch(&path, 3, &json!({"title": "Иное"})).await.problem(403), "forbidden");
    let hidden = story.measures_of(&path).await["items"][0].id();
    assert_eq!(operator.get(&format!("/api/v1/measures/{hidden}")).await.problem(404), "not-found");
    assert_eq!(neighbour.get("/api/v1/measures").await.expect(200)["items"], json!([]));
    let own = app.as_region("57").get("/api/v1/measures?count=exact").await.expect(200);
    assert_eq!(own["page"]["count"], 4);
    assert_eq!(app.as_admin().get(&path).await.problem(403), "forbidden");
}

#[rstest]
#[actix_web::test]
async fn a_schools_own_map_is_drafted_by_its_people_and_approved_by_its_head(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Story::begin(on).await else { return };
    let app = &story.app;
    let school = app.given_school(&story.municipality, "Школа", 0);
    let (operator, head) =
        (app.as_operator(&story.municipality, &school), app.as_school_head(&story.municipality, &school));
    let parent = story.approved(json!([measure("S1")])).await;
    let parent_id = parent.rsplit('/').next().unwrap();

    let orphan = with(map("Карта школы"), "order_id", json!("0192f0c1-0000-7000-8000-000000000000"));
    assert_eq!(
        operator.post(MAPS, &orphan).await.violations(422),
        ["/order_id not-allowed", "/parent_id required"]
    );
    let other = app.given_school(&story.municipality, "Иная школа", 2);
    let elsewhere = with(measure("S1"), "applies_to", json!({"kind": "schools", "school_ids": [other]}));
    let draft = story.draft_by("125", json!([measure("S1")])).await;
    let foreign = story.draft_by("126", json!([elsewhere])).await;
    story.head.act(&format!("{foreign}/approve"), 2).await.expect(200);
    for (parent, code) in [(&draft, "unknown-reference"), (&foreign, "not-applicable")] {
        let body = with(map("Карта школы"), "parent_id", json!(parent.rsplit('/').next().unwrap()));
        assert_eq!(operator.post(MAPS, &body).await.violations(422), [format!("/parent_id {code}")]);
    }
    let own = operator.post(MAPS, &with(map("Карта школы"), "parent_id", json!(parent_id))).await.expect(201);
    let path = format!("{MAPS}/{}", own.id());
    assert_eq!((own["level"].as_str(), &own["warnings"]), (Some("school"), &json!([])));
    let municipal = with(measure("S1"), "level", json!("municipal"));
    let measures = format!("{path}/measures");
    assert_eq!(operator.post(&measures, &municipal).await.violations(422), ["/level not-allowed"]);
    operator.post(&measures, &measure("S1")).await.expect(201);
    assert_eq!(story.officer.patch(&path, 2, &json!({"title": "Иное"})).await.problem(403), "forbidden");
    let neighbour = app.given_school(&story.municipality, "Другая школа", 1);
    let neighbour = app.as_school_head(&story.municipality, &neighbour);
    assert_eq!(neighbour.get(&path).await.problem(404), "not-found");

    let approve = format!("{path}/approve");
    let act = json!({"approval": {"number": "45-о", "date": "2023-02-27"}});
    assert_eq!(operator.act_with(&approve, 2, &act).await.problem(403), "forbidden");
    assert_eq!(head.act(&approve, 2).await.violations(422), ["/approval required"]);
    let future = json!({"approval": {"number": "45-о", "date": "2023-03-02"}});
    assert_eq!(head.act_with(&approve, 2, &future).await.violations(422), ["/approval/date range"]);
    let approved = head.act_with(&approve, 2, &act).await.expect(200);
    assert_eq!((&approved["status"], &approved["approval"]), (&json!("approved"), &act["approval"]));
    assert_eq!(story.officer.get(&path).await.expect(200)["level"], "school");
}

#[rstest]
#[actix_web::test]
async fn measures_are_found_and_paged_by_what_they_say(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else { return };
    let officer = &story.officer;
    let all_year = json!({"kind": "all_year", "text": "в течение года", "start_date": "2023-01-01", "end_date": "2023-12-31"});
    let early = json!({"kind": "date", "text": "до 31.03", "due_date": "2023-03-31"});
    story
        .draft(json!([
            with(
                with(measure("A"), "deadline", all_year),
                "criteria",
                json!(["mentors_novice", "entry_test"])
            ),
            measure("B"),
            with(with(measure("C"), "deadline", early), "title", json!("Ёмкий анализ")),
        ]))
        .await;
    let found = async |query: &str| officer.get(&format!("/api/v1/measures?{query}")).await.expect(200);

    assert_eq!(codes(&found("sort=due_date").await), ["C", "B", "A"]);
    assert_eq!(codes(&found("sort=-due_date").await), ["A", "B", "C"]);
    let first = found("sort=due_date&limit=2").await;
    let next = first["page"]["next"].as_str().unwrap();
    assert_eq!(codes(&officer.get(next).await.expect(200)), ["A"]);
    assert_eq!(codes(&found("due_date[gte]=2023-04-01").await), ["B"]);
    assert_eq!(codes(&found("due_date=2023-03-31").await), ["C"]);
    assert_eq!(codes(&found("criterion=mentors_novice").await), ["A"]);
    assert_eq!(codes(&found("criterion=entry").await), [""; 0]);
    assert_eq!(codes(&found("q=емкий").await), ["C"]);
    assert_eq!(codes(&found("section=Школьный уровень&level=school").await), ["A", "B", "C"]);
    let maps = officer.get("/api/v1/road-maps?status=draft&level=municipal&q=карта").await.expect(200);
    assert_eq!(maps["items"][0]["measures_count"], 3);
}
