//! Values of indicators: two numbers of a school in a period; a municipality is a sum by a sum.

use diesel::prelude::*;
use reqwest::Method;
use rstest::rstest;
use school_roadmap::db::schema::changes;
use school_roadmap::kit::id::{MunicipalityId, SchoolId};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};
use crate::indicators::{own, own_of, shipped};

const PATH: &str = "/api/v1/indicator-values";
const NOBODY: &str = "0192f0c1-0000-7000-8000-000000000000";

/// In the February after the year that is counted: a department with three schools.
struct Story {
    app: TestApp,
    municipality: MunicipalityId,
    schools: Vec<SchoolId>,
    officer: Client,
    /// I-10, a share of teachers in a calendar year.
    share: String,
}

impl Story {
    async fn begin(on: Database) -> Option<Self> {
        let app = TestApp::start(on).await?;
        app.set_date("2024-02-01");
        let municipality = app.given_municipality("Хотынецкий район");
        let schools =
            (0..3).map(|n| app.given_school(&municipality, &format!("Школа № {}", n + 1), n)).collect();
        let officer = app.as_officer(&municipality);
        let share = shipped(&officer, "I-10").await.id();
        Some(Self { app, municipality, schools, officer, share })
    }

    /// I-10 of a school in 2023.
    fn share_of(&self, school: usize, numerator: i32, denominator: i32) -> Value {
        value(&self.share, Some(&self.schools[school]), json!(numerator), json!(denominator))
    }

    async fn enter(&self, school: usize, numerator: i32, denominator: i32) -> Value {
        put(&self.officer, &self.share_of(school, numerator, denominator)).await.expect(201)
    }

    /// The feed of values: what, which version, seen by a region before and after.
    fn feed(&self) -> Vec<(String, i32, bool, bool)> {
        changes::table
            .filter(changes::resource.eq("indicator-values"))
            .order(changes::seq)
            .select((changes::op, changes::version, changes::visible_before, changes::visible_after))
            .load(&mut self.app.connection())
            .unwrap()
    }
}

/// A value of the calendar year 2023.
pub fn value(indicator: &str, school: Option<&SchoolId>, numerator: Value, denominator: Value) -> Value {
    json!({
        "indicator_id": indicator, "school_id": school, "period_start": "2023-01-01",
        "period_end": "2023-12-31", "numerator": numerator, "denominator": denominator
    })
}

/// The same of another period.
fn in_period(mut body: Value, start: &str, end: &str) -> Value {
    body["period_start"] = json!(start);
    body["period_end"] = json!(end);
    body
}

/// Without `If-Match`.
pub async fn put(client: &Client, body: &Value) -> Reply {
    Reply::of(client.request(Method::PUT, PATH).json(body)).await
}

async fn list(client: &Client, query: &str) -> Value {
    client.get(&format!("{PATH}?{query}")).await.expect(200)
}

/// The numerators of a list, in its order.
async fn numerators(client: &Client, query: &str) -> Vec<i64> {
    numerators_of(&list(client, query).await)
}

fn numerators_of(page: &Value) -> Vec<i64> {
    page["items"].as_array().unwrap().iter().map(|item| item["numerator"].as_i64().unwrap()).collect()
}

/// Numerator, denominator, value, how many and how many confirmed, of each aggregate.
fn sums(page: &Value) -> Vec<Value> {
    let told = |sum: &Value| {
        json!([sum["numerator"], sum["denominator"], sum["value"], sum["values"], sum["confirmed"]])
    };
    page["aggregates"].as_array().unwrap().iter().map(told).collect()
}

#[rstest]
#[actix_web::test]
async fn a_value_is_entered_replaced_and_kept_when_nothing_changes(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let officer = &story.officer;
    let mut body = story.share_of(0, 7, 21);
    body["target"] = json!(40);
    body["baseline"] = json!(25.55);
    let rehearsed =
        Reply::of(officer.request(Method::PUT, &format!("{PATH}?dry_run=true")).json(&body)).await;
    let would_be = rehearsed.expect(200);
    assert_eq!((&would_be["dry_run"], would_be.get("id")), (&json!(true), None));
    assert_eq!((rehearsed.header("location"), rehearsed.header("etag")), (None, None));
    assert_eq!((list(officer, "").await["items"].clone(), story.feed()), (json!([]), vec![]));

    assert_eq!(officer.put(PATH, 1, &body).await.problem(412), "stale", "a version of what is not there");
    let reply = put(officer, &body).await;
    let created = reply.expect(201);
    let location = reply.header("location").unwrap();
    assert_eq!(location, format!("{PATH}?id={}", created.id()));
    assert_eq!(officer.get(&location).await.expect(200)["items"], json!([created]));
    assert!(reply.header("etag").unwrap().starts_with("\"1."));
    assert_eq!((&created["code"], &created["unit_label"]), (&json!("I-10"), &json!("процент")));
    assert_eq!((&created["school_name"], created.version()), (&json!("Школа № 1"), 1));
    assert_eq!(created["municipality_id"], json!(story.municipality));
    assert_eq!(
        (&created["value"], &created["target"], &created["baseline"]),
        (&json!(33.3), &json!(40), &json!(25.55))
    );
    assert_eq!((&created["state"], &created["state_label"]), (&json!("entered"), &json!("введено")));
    assert_eq!(created["actions"], json!([{"name": "update", "allowed": true, "blocked_by": []}]));

    let told = story.feed();
    assert_eq!(put(officer, &body).await.expect(200), created, "nothing changed");
    let keyed = |body: &Value| officer.request(Method::PUT, PATH).header("Idempotency-Key", "k").json(body);
    assert_eq!(Reply::of(keyed(&body)).await.expect(200), created);
    assert_eq!(story.feed(), told, "so nobody hears of it");

    let less = story.share_of(0, 2, 3);
    let reply = Reply::of(keyed(&less)).await;
    let replaced = reply.expect(200);
    assert_eq!(reply.header("idempotency-replayed"), None, "a PUT needs no key");
    assert_eq!((replaced.version(), &replaced["value"]), (2, &json!(66.7)));
    assert_eq!((&replaced["target"], &replaced["baseline"]), (&Value::Null, &Value::Null), "left out");
    assert_eq!((replaced.id(), &replaced["created_at"]), (created.id(), &created["created_at"]));
    let stale = officer.put(PATH, 1, &body).await;
    assert_eq!((stale.problem(412), &stale.json()["current_version"]), ("stale".to_owned(), &json!(2)));
    assert_eq!(officer.put(PATH, 2, &body).await.expect(200).version(), 3);
    let head = story.app.as_head(&story.municipality);
    assert_eq!(put(&head, &less).await.expect(200).version(), 4, "If-Match is optional");
    assert_eq!(list(officer, "count=exact").await["page"]["count"], 1);
}

#[rstest]
#[actix_web::test]
async fn each_unit_has_its_value_as_a_number(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let officer = &story.officer;
    let of = async |code: &str| value(&shipped(officer, code).await.id(), None, json!(0), json!(0));
    let score = in_period(of("I-8").await, "2022-09-01", "2023-08-31");
    let points = in_period(of("I-15").await, "2023-09-01", "2023-12-29");
    let share = value(&story.share, None, json!(0), json!(0));
    let mut own = Vec::new();
    for unit in ["ratio", "count", "yes_no"] {
        let made = officer.post("/api/v1/indicators", &own_of(&format!("K-{unit}"), unit)).await.expect(201);
        own.push(value(&made.id(), None, json!(0), Value::Null));
    }
    for (body, numerator, denominator, text, unit, aggregate) in [
        (&share, 1, json!(3), "33.3", "percent", json!(33.3)),
        (&share, 1, json!(16), "6.3", "percent", json!(6.3)),
        (&share, 5, json!(5), "100", "percent", json!(100)),
        (&share, 0, json!(5), "0", "percent", json!(0)),
        (&share, 0, json!(0), "null", "percent", Value::Null),
        (&score, 640, json!(10), "64", "score", json!(64)),
        (&score, 640, json!(11), "58.2", "score", json!(58.2)),
        (&points, -1, json!(8), "-12.5", "points", json!(-12.5)),
        (&points, 3, json!(8), "37.5", "points", json!(37.5)),
        (&own[0], 30, json!(12), "2.5", "ratio", json!(2.5)),
        (&own[0], 2, json!(3), "0.67", "ratio", json!(0.67)),
        (&own[0], 0, json!(0), "null", "ratio", Value::Null),
        (&own[1], 7, Value::Null, "7", "count", json!(7)),
        (&own[2], 1, Value::Null, "1", "yes_no", json!(100)),
        (&own[2], 0, Value::Null, "0", "yes_no", json!(0)),
    ] {
        let mut body = body.clone();
        body["school_id"] = json!(story.schools[0]);
        body["numerator"] = json!(numerator);
        body["denominator"] = denominator.clone();
        let reply = put(officer, &body).await;
        assert!(matches!(reply.status, 200 | 201), "{}", reply.text());
        let member = format!("\"value\":{text},");
        assert!(reply.text().contains(&member), "{numerator}/{denominator}: {}", reply.text());
        let stored = reply.json();
        assert_eq!((&stored["unit"], &stored["denominator"]), (&json!(unit), &denominator));
        let page = list(officer, &format!("id={}", stored.id())).await;
        let sum = &page["aggregates"][0];
        assert_eq!((&sum["value"], &sum["values"]), (&aggregate, &json!(1)), "{unit}");
        let of_sum = if unit == "yes_no" { "percent" } else { unit };
        assert_eq!(sum["unit"], of_sum, "of yes and no the share of yes");
    }
}

#[rstest]
#[actix_web::test]
async fn numbers_that_cannot_be_are_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let officer = &story.officer;
    let count = officer.post("/api/v1/indicators", &own_of("K-1", "count")).await.expect(201).id();
    let asked = officer.post("/api/v1/indicators", &own_of("K-2", "yes_no")).await.expect(201).id();
    let null = Value::Null;
    for (indicator, numerator, denominator, expected) in [
        (&story.share, json!(5), null.clone(), "/denominator required"),
        (&story.share, null.clone(), json!(5), "/numerator required"),
        (&story.share, null.clone(), null.clone(), "/numerator required"),
        (&story.share, json!(13), json!(12), "/numerator more-than-denominator"),
        (&story.share, json!(1), json!(0), "/numerator more-than-denominator"),
        (&story.share, json!(-1), json!(12), "/numerator too-small"),
        (&story.share, json!(1), json!(-1), "/denominator too-small"),
        (&story.share, json!(1_000_001), json!(1), "/numerator too-big"),
        (&count, json!(5), json!(10), "/denominator not-allowed"),
        (&count, json!(-1), null.clone(), "/numerator too-small"),
        (&asked, json!(2), null.clone(), "/numerator too-big"),
    ] {
        let body = value(indicator, Some(&story.schools[0]), numerator, denominator);
        assert_eq!(put(officer, &body).await.violations(422), [expected], "{body}");
    }
    let half = value(&story.share, Some(&story.schools[0]), json!(1.5), json!(2));
    assert_eq!(put(officer, &half).await.status, 400, "half a teacher");
    for (member, given) in [("value", json!(33.3)), ("pupils", json!(["Иванов И."])), ("version", json!(1))]
    {
        let mut body = story.share_of(0, 1, 3);
        body[member] = given;
        let expected = [format!("/{member} unknown-member")];
        assert_eq!(put(officer, &body).await.violations(400), expected, "computed, or nobody's business");
    }

    let mut aims = value(&story.share, Some(&story.schools[0]), null.clone(), null.clone());
    aims["target"] = json!(33.333);
    aims["baseline"] = json!(-0.001);
    assert_eq!(
        put(officer, &aims).await.violations(422),
        ["/baseline precision", "/target precision"],
        "two decimal places at most"
    );
    aims["denominator"] = json!(5);
    aims["baseline"] = null;
    assert_eq!(
        put(officer, &aims).await.violations(422),
        ["/numerator required", "/target precision"],
        "all at once"
    );
    assert_eq!(list(officer, "").await["items"], json!([]), "nothing was stored");
    assert_eq!(story.feed(), []);
}

#[rstest]
#[actix_web::test]
async fn a_value_names_a_typed_indicator_and_whom_it_is_about(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let (app, officer) = (&story.app, &story.officer);
    let elsewhere = app.given_municipality("Другой район");
    let theirs = app.given_school(&elsewhere, "Чужая школа", 3);
    let foreign = app.as_officer(&elsewhere).post("/api/v1/indicators", &own("K-1")).await.expect(201).id();
    let of_schools = shipped(officer, "I-17").await.id();
    let computed = shipped(officer, "I-18").await.id();
    let unknown: SchoolId = SchoolId::generate();
    let ours = Some(&story.schools[0]);
    for (indicator, school, expected) in [
        (story.share.as_str(), None, &["/school_id required"][..]),
        (&of_schools, ours, &["/school_id not-allowed"]),
        (&computed, ours, &["/indicator_id computed"]),
        (&computed, None, &["/indicator_id computed", "/school_id required"]),
        (&story.share, Some(&theirs), &["/school_id unknown-reference"]),
        (&story.share, Some(&unknown), &["/school_id unknown-reference"]),
        (&foreign, ours, &["/indicator_id unknown-reference"]),
        (NOBODY, ours, &["/indicator_id unknown-reference"]),
        (NOBODY, Some(&theirs), &["/indicator_id unknown-reference", "/school_id unknown-reference"]),
    ] {
        let reply = put(officer, &value(indicator, school, json!(1), json!(3))).await;
        assert_eq!(reply.violations(422), expected, "{indicator} {school:?}");
    }
    let missing = put(officer, &json!({"school_id": story.schools[0], "numerator": 1})).await;
    assert_eq!(
        missing.violations(422),
        ["/indicator_id required", "/period_end required", "/period_start required"]
    );
    assert_eq!(put(officer, &value("I-10", ours, json!(1), json!(3))).await.status, 422, "a code is no id");

    let own_value = put(officer, &value(&of_schools, None, json!(2), json!(3))).await.expect(201);
    assert_eq!((&own_value["school_id"], &own_value["school_name"]), (&Value::Null, &Value::Null));
    assert_eq!(own_value["value"], 66.7);
    let page = list(officer, "").await;
    assert_eq!(page["aggregates"], json!([]), "it is the municipality's already");
    assert_eq!(list(&app.as_officer(&elsewhere), "").await["items"], json!([]));
    let same = put(&app.as_officer(&elsewhere), &value(&of_schools, None, json!(1), json!(1))).await;
    assert_eq!(same.status, 201, "each municipality has its own");
}

#[rstest]
#[actix_web::test]
async fn a_period_is_one_of_the_indicators_kind_and_has_begun(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let officer = &story.officer;
    let periods = [
        ("calendar_year", "2023-01-01", "2023-12-30", false),
        ("calendar_year", "2023-02-01", "2024-01-31", false),
        ("calendar_year", "2022-01-01", "2023-12-31", false),
        ("calendar_half", "2023-07-01", "2023-12-31", true),
        ("calendar_half", "2023-04-01", "2023-09-30", false),
        ("calendar_quarter", "2024-01-01", "2024-03-31", true),
        ("calendar_quarter", "2023-02-01", "2023-04-30", false),
        ("academic_year", "2022-09-01", "2023-08-31", true),
        ("academic_year", "2022-09-01", "2023-05-24", false),
        ("academic_half", "2023-09-04", "2023-12-29", true),
        ("academic_half", "2023-08-31", "2023-12-29", false),
        ("academic_quarter", "2024-01-09", "2024-03-22", true),
        ("academic_quarter", "2023-10-27", "2023-09-01", false),
        ("academic_quarter", "2023-09-01", "2023-09-01", false),
    ];
    for (number, (kind, start, end, fits)) in periods.into_iter().enumerate() {
        let mut made = own(&format!("P-{number}"));
        made["period_type"] = json!(kind);
        let indicator = officer.post("/api/v1/indicators", &made).await.expect(201).id();
        let body = in_period(value(&indicator, Some(&story.schools[0]), json!(1), json!(3)), start, end);
        let reply = put(officer, &body).await;
        match fits {
            true => assert_eq!(reply.status, 201, "{kind} {start} {end}: {}", reply.text()),
            false => assert_eq!(reply.violations(422), ["/period_end period-type"], "{kind} {start} {end}"),
        }
    }
    let impossible = in_period(story.share_of(0, 1, 3), "2023-01-01", "2023-12-32");
    assert_eq!(put(officer, &impossible).await.violations(422), ["/period_end impossible-date"]);

    let next_year = |body: Value| in_period(body, "2025-01-01", "2025-12-31");
    let early = put(officer, &next_year(story.share_of(0, 4, 3))).await;
    assert_eq!(early.violations(422), ["/numerator in-future", "/numerator more-than-denominator"]);
    let mut aim = next_year(value(&story.share, Some(&story.schools[0]), Value::Null, Value::Null));
    aim["target"] = json!(90.5);
    let aimed = put(officer, &aim).await.expect(201);
    assert_eq!(
        (&aimed["value"], &aimed["numerator"], &aimed["target"]),
        (&Value::Null, &Value::Null, &json!(90.5))
    );
    let page = list(officer, "").await;
    let none_yet = json!([0, 0, null, 0, 0]);
    assert!(sums(&page).contains(&none_yet), "an aim alone is nothing counted: {page}");
    let running = in_period(story.share_of(0, 1, 3), "2024-01-01", "2024-12-31");
    put(officer, &running).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn a_municipality_is_the_sum_of_its_schools_whatever_the_page_shows(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let officer = &story.officer;
    story.enter(0, 1, 10).await;
    let mut large = story.share_of(1, 45, 50);
    large["state"] = json!("confirmed");
    put(officer, &large).await.expect(201);
    story.enter(2, 0, 0).await;
    let before = in_period(story.share_of(0, 5, 5), "2022-01-01", "2022-12-31");
    put(officer, &before).await.expect(201);
    let other = shipped(officer, "I-12").await.id();
    put(officer, &value(&other, Some(&story.schools[1]), json!(1), json!(4))).await.expect(201);

    let year = "code=I-10&period_start=2023-01-01";
    let whole = list(officer, year).await;
    let sum = &whole["aggregates"][0];
    assert_eq!(
        sums(&whole),
        [json!([46, 60, 76.7, 3, 1])],
        "10 and 90 percent: the mean would be 50; who counts nobody counts for nothing"
    );
    assert_eq!((&sum["code"], &sum["unit"]), (&json!("I-10"), &json!("percent")));
    assert_eq!(
        (&sum["municipality_id"], &sum["period_end"]),
        (&json!(story.municipality), &json!("2023-12-31"))
    );
    assert!(sum.get("school_id").is_none(), "nobody is named in it");
    for narrower in ["limit=1", "state=confirmed", "state=entered", "sort=-period_start&limit=1"] {
        let page = list(officer, &format!("{year}&{narrower}")).await;
        assert_eq!(page["aggregates"], whole["aggregates"], "{narrower}");
    }
    for school in &story.schools {
        let page = list(officer, &format!("{year}&school_id={school}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert_eq!(page["aggregates"], whole["aggregates"], "of all schools");
    }
    let mut all = sums(&list(officer, "").await);
    all.sort_by_key(ToString::to_string);
    assert_eq!(
        all,
        [json!([1, 4, 25, 1, 0]), json!([46, 60, 76.7, 3, 1]), json!([5, 5, 100, 1, 0])],
        "by indicator and period"
    );
    let nothing = list(officer, "code=I-10&period_start=2021-01-01").await;
    assert_eq!((&nothing["items"], &nothing["aggregates"]), (&json!([]), &json!([])));
}

#[rstest]
#[actix_web::test]
async fn everybody_reads_what_is_theirs(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let (app, officer, municipality) = (&story.app, &story.officer, &story.municipality);
    story.enter(0, 1, 10).await;
    for (school, numerator, denominator) in [(1, 45, 50), (2, 3, 20)] {
        let mut body = story.share_of(school, numerator, denominator);
        body["state"] = json!("confirmed");
        put(officer, &body).await.expect(201);
    }
    let of_schools = shipped(officer, "I-17").await.id();
    put(officer, &value(&of_schools, None, json!(2), json!(3))).await.expect(201);

    for reader in [
        app.as_school_head(municipality, &story.schools[0]),
        app.as_operator(municipality, &story.schools[0]),
    ] {
        let page = list(&reader, "count=exact").await;
        assert_eq!((numerators_of(&page), &page["page"]["count"]), (vec![1], &json!(1)));
        assert_eq!(page["aggregates"], json!([]), "a neighbour would be read out of the sum");
        assert_eq!(page["items"][0]["actions"][0]["blocked_by"], json!(["role"]));
        let neighbour = format!("school_id={}", story.schools[1]);
        assert_eq!(list(&reader, &neighbour).await["items"], json!([]));
        assert_eq!(put(&reader, &story.share_of(0, 2, 10)).await.problem(403), "forbidden");
    }
    let curator = app.as_curator(municipality, &[&story.schools[0], &story.schools[1]]);
    let page = list(&curator, "").await;
    assert_eq!((numerators_of(&page), &page["aggregates"]), (vec![1, 45], &json!([])));
    assert_eq!(put(&curator, &story.share_of(0, 2, 10)).await.problem(403), "forbidden");
    assert_eq!(list(&app.as_curator(municipality, &[]), "").await["items"], json!([]));

    let region = app.as_region("57");
    let page = list(&region, "count=exact").await;
    assert_eq!((numerators_of(&page), &page["page"]["count"]), (vec![45, 3], &json!(2)), "confirmed only");
    assert_eq!(sums(&page), [json!([48, 70, 68.6, 2, 2])], "and made of them only");
    assert_eq!(page["items"][0]["school_name"], "Школа № 2");
    assert_eq!(list(&region, "state=entered").await["items"], json!([]));
    assert_eq!(put(&region, &story.share_of(0, 2, 10)).await.problem(403), "forbidden");
    assert_eq!(list(&app.as_region("36"), "").await["items"], json!([]));

    let elsewhere = app.as_head(&app.given_municipality("Другой район"));
    for query in
        ["".to_owned(), format!("municipality_id={municipality}"), format!("school_id={}", story.schools[1])]
    {
        let page = list(&elsewhere, &query).await;
        assert_eq!((&page["items"], &page["aggregates"]), (&json!([]), &json!([])), "{query}");
    }
    assert_eq!(app.as_admin().get(PATH).await.problem(403), "forbidden");
    assert_eq!(app.anonymous().get(PATH).await.problem(401), "unauthenticated");
    assert_eq!(put(&app.as_admin(), &story.share_of(0, 2, 10)).await.problem(403), "forbidden");
}

#[rstest]
#[actix_web::test]
async fn values_are_filtered_and_paged_and_nobody_is_ranked(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let officer = &story.officer;
    for (number, year) in [(1, 2021), (2, 2022), (3, 2023)] {
        let body = story.share_of(0, number, 9);
        let body = in_period(body, &format!("{year}-01-01"), &format!("{year}-12-31"));
        put(officer, &body).await.expect(201);
    }
    let other = shipped(officer, "I-12").await.id();
    put(officer, &value(&other, Some(&story.schools[1]), json!(4), json!(4))).await.expect(201);

    for (query, expected) in [
        ("", &[1, 2, 3, 4][..]),
        ("code=I-12,I-13", &[4]),
        ("code=I-10&sort=-period_start", &[3, 2, 1]),
        ("period_start[gte]=2022-01-01&code=I-10", &[2, 3]),
        ("period_start[lt]=2022-01-01", &[1]),
        ("period_end[lte]=2022-12-31", &[1, 2]),
        ("period_end=2022-12-31", &[2]),
        ("state=confirmed", &[]),
    ] {
        assert_eq!(numerators(officer, query).await, expected, "{query}");
    }
    let by_id = format!("indicator_id={}&school_id={}", other, story.schools[1]);
    assert_eq!(numerators(officer, &by_id).await, [4]);

    let first = list(officer, "sort=-period_start&limit=3&count=exact").await;
    assert_eq!((numerators_of(&first), &first["page"]["count"]), (vec![3, 4, 2], &json!(4)));
    let rest = officer.get(first["page"]["next"].as_str().unwrap()).await.expect(200);
    assert_eq!((numerators_of(&rest), &rest["page"]["has_more"]), (vec![1], &json!(false)));
    assert_eq!(sums(&rest), [json!([1, 9, 11.1, 1, 0])], "the sums of this page");
    for ranking in ["value", "-value", "numerator", "target", "school_name", "period_start,-value"] {
        let refused = officer.get(&format!("{PATH}?sort={ranking}")).await;
        assert_eq!(refused.violations(400), ["?sort invalid-parameter"], "{ranking}");
    }
    let filtered = officer.get(&format!("{PATH}?value[gte]=50")).await;
    assert_eq!(filtered.status, 400, "nor are the last ones picked out");
}

#[rstest]
#[actix_web::test]
async fn what_is_confirmed_a_region_hears_of(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let officer = &story.officer;
    story.enter(0, 1, 10).await;
    let mut body = story.share_of(0, 1, 10);
    body["state"] = json!("confirmed");
    let confirmed = put(officer, &body).await.expect(200);
    assert_eq!((confirmed.version(), &confirmed["state_label"]), (2, &json!("подтверждено")));
    let corrected = put(officer, &story.share_of(0, 2, 10)).await.expect(200);
    assert_eq!(corrected["state"], "confirmed", "as it is, when nothing is said of it");
    body["state"] = json!("entered");
    put(officer, &body).await.expect(200);
    put(officer, &body).await.expect(200);
    let row = |op: &str, version, before, after| (op.to_owned(), version, before, after);
    assert_eq!(
        story.feed(),
        [
            row("created", 1, false, false),
            row("updated", 2, false, true),
            row("updated", 3, true, true),
            row("updated", 4, true, false),
        ]
    );
    body["state"] = json!("approved");
    assert_eq!(put(officer, &body).await.violations(422), ["/state unknown-code"]);
}

#[rstest]
#[actix_web::test]
async fn of_two_that_enter_the_same_value_at_once_one_creates_it(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    for school in 0..3 {
        let (ours, theirs) = (story.share_of(school, 1, 10), story.share_of(school, 2, 10));
        let head = story.app.as_head(&story.municipality);
        let (one, other) = tokio::join!(put(&story.officer, &ours), put(&head, &theirs));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201], "{} {}", one.text(), other.text());
        let stored = list(&story.officer, &format!("school_id={}", story.schools[school])).await;
        let last = if one.status == 200 { one.json() } else { other.json() };
        assert_eq!(stored["items"], json!([last]), "the later one stands");
        assert_eq!(last.version(), 2);
    }
}

#[rstest]
#[actix_web::test]
async fn a_school_that_is_gone_keeps_what_was_counted(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let (app, officer) = (&story.app, &story.officer);
    story.enter(0, 1, 10).await;
    story.enter(1, 3, 10).await;
    let closure = json!({"kind": "liquidated", "closed_on": "2024-01-15"});
    let close = format!("/api/v1/schools/{}/close", story.schools[0]);
    officer.act_with(&close, 1, &closure).await.expect(200);
    let refused = put(officer, &story.share_of(0, 99, 10)).await;
    assert_eq!(refused.problem(409), "school-closed", "before the rules");
    let page = list(officer, "").await;
    assert_eq!((numerators_of(&page), sums(&page)), (vec![1, 3], vec![json!([4, 20, 20, 2, 0])]));
    let may_not = json!([{"name": "update", "allowed": false, "blocked_by": ["school-closed"]}]);
    assert_eq!(page["items"][0]["actions"], may_not);
    assert_eq!(page["items"][1]["actions"][0]["allowed"], true);

    let new = app.given_municipality("Другой район");
    let transfer = format!("/api/v1/schools/{}/transfer", story.schools[1]);
    app.as_admin().act_with(&transfer, 1, &json!({"municipality_id": new})).await.expect(200);
    let refused = put(officer, &story.share_of(1, 4, 10)).await;
    assert_eq!(refused.violations(422), ["/school_id unknown-reference"]);
    assert_eq!(numerators(officer, "").await, [1, 3], "its year here stays in the sums");
    let theirs = app.as_officer(&new);
    assert_eq!(list(&theirs, "").await["items"], json!([]));
    let counted = put(&theirs, &story.share_of(1, 5, 12)).await.expect(201);
    assert_eq!(counted["municipality_id"], json!(new));
    assert_eq!(put(&theirs, &story.share_of(1, 5, 12)).await.expect(200), counted);
    assert_eq!((numerators(&theirs, "").await, numerators(officer, "").await), (vec![5], vec![1, 3]));
    let own = numerators(&app.as_school_head(&new, &story.schools[1]), "").await;
    assert_eq!(own, [3, 5], "the school reads both");
}
