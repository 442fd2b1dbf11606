//! The catalogue of indicators: the shipped list stands, a municipality adds its own beside it.

use diesel::prelude::*;
use reqwest::Method;
use rstest::rstest;
use school_roadmap::db::schema::{changes, indicators};
use school_roadmap::features::prepare;
use school_roadmap::kit::id::MunicipalityId;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};

const PATH: &str = "/api/v1/indicators";

/// A department, and its officer who keeps the catalogue.
struct Story {
    app: TestApp,
    municipality: MunicipalityId,
    officer: Client,
}

impl Story {
    async fn begin(on: Database) -> Option<Self> {
        let app = TestApp::start(on).await?;
        let municipality = app.given_municipality("Хотынецкий район");
        let officer = app.as_officer(&municipality);
        Some(Self { app, municipality, officer })
    }

    /// The feed of the catalogue: what, which version, seen by a region before and after.
    fn feed(&self) -> Vec<(String, Option<String>, i32, bool, bool)> {
        changes::table
            .filter(changes::resource.eq("indicators"))
            .filter(changes::action.ne("ship"))
            .order(changes::seq)
            .select((
                changes::op,
                changes::key,
                changes::version,
                changes::visible_before,
                changes::visible_after,
            ))
            .load(&mut self.app.connection())
            .unwrap()
    }
}

/// An indicator of a municipality's own: a share of each school in a calendar year.
pub fn own(code: &str) -> Value {
    json!({
        "code": code, "name": "Доля педагогов, давших открытый урок", "unit": "percent", "direction": "up",
        "level": "school", "period_type": "calendar_year", "numerator": "Педагоги, давшие открытый урок",
        "denominator": "Педагоги школы", "source": "Журнал посещения уроков"
    })
}

/// As [`own`], of this unit.
pub fn own_of(code: &str, unit: &str) -> Value {
    let mut body = own(code);
    body["unit"] = json!(unit);
    if matches!(unit, "count" | "yes_no") {
        body.as_object_mut().unwrap().remove("denominator");
    }
    body
}

/// The shipped indicator with this code.
pub async fn shipped(client: &Client, code: &str) -> Value {
    let page = client.get(&format!("{PATH}?code={code}")).await.expect(200);
    page["items"][0].clone()
}

fn at(indicator: &Value) -> String {
    format!("{PATH}/{}", indicator.id())
}

async fn all(client: &Client) -> Vec<Value> {
    let page = client.get(&format!("{PATH}?limit=1000")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// The codes of a list, in its order.
async fn codes(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("{PATH}?{query}")).await.expect(200);
    codes_of(page["items"].as_array().unwrap())
}

fn codes_of(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}

/// The codes of those shipped indicators of which `holds`.
fn which(items: &[Value], holds: impl Fn(&Value) -> bool) -> Vec<String> {
    codes_of(&items.iter().filter(|item| holds(item)).cloned().collect::<Vec<_>>())
}

#[rstest]
#[actix_web::test]
async fn the_shipped_list_stands_in_its_order_and_says_what_it_is_for(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let items = all(&story.officer).await;
    let numbered: Vec<String> = (1..=25).map(|n| format!("I-{n}")).collect();
    assert_eq!(codes_of(&items), numbered);
    for (position, item) in (1..).zip(&items) {
        assert_eq!((&item["position"], item.version()), (&json!(position), 1));
        assert_eq!((&item["municipality_id"], &item["archived"]), (&Value::Null, &json!(false)));
        assert!(item["denominator"].is_string(), "each of them is divided: {}", item["code"]);
    }
    assert_eq!(
        which(&items, |item| item["computed"] == true),
        ["I-18", "I-19", "I-20", "I-23", "I-24", "I-25"],
        "of the service's own data"
    );
    assert_eq!(
        which(&items, |item| item["direction"] == "down"),
        ["I-1", "I-2", "I-3", "I-4", "I-5", "I-13"],
        "less of it is better"
    );
    assert_eq!(
        which(&items, |item| item["level"] == "municipal"),
        ["I-2", "I-17", "I-20", "I-23", "I-24"],
        "shares of schools"
    );
    assert_eq!(which(&items, |item| item["unit"] != "percent"), ["I-8", "I-15"], "a score, a change");
    let warned = |item: &Value| {
        item["purpose_note"].as_str().is_some_and(|note| note.starts_with("Результаты ВПР не используются"))
    };
    assert_eq!(which(&items, warned), ["I-1", "I-2", "I-9", "I-16"], "each that is made of ВПР");
    assert_eq!(
        which(&items, |item| !item["purpose_note"].is_null() && item["public"] == true),
        [""; 0],
        "what needs a word of caution is not published"
    );

    let score = shipped(&story.officer, "I-8").await;
    assert_eq!(
        (&score["unit_label"], &score["period_type_label"], &score["level_label"]),
        (&json!("балл (0–100)"), &json!("учебный год"), &json!("школьный уровень"))
    );
    let read = story.officer.get(&at(&score)).await;
    assert_eq!(read.expect(200), score);
    let tag = read.header("etag").unwrap();
    let again = story.officer.request(Method::GET, &at(&score)).header("If-None-Match", tag);
    assert_eq!(Reply::of(again).await.status, 304);
    let english = story.officer.request(Method::GET, &at(&score)).header("Accept-Language", "en");
    assert_eq!(Reply::of(english).await.expect(200)["direction_label"], "more is better");
}

#[rstest]
#[actix_web::test]
async fn what_the_service_ships_nobody_changes(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let share = shipped(&story.officer, "I-10").await;
    assert_eq!(share["actions"], json!([{"name": "update", "allowed": false, "blocked_by": ["role"]}]));
    for client in [&story.officer, &story.app.as_head(&story.municipality)] {
        let renamed = client.patch(&at(&share), 1, &json!({"name": "Доля обученных"})).await;
        assert_eq!(renamed.problem(403), "forbidden");
        let archived = client.patch(&at(&share), 9, &json!({"archived": true})).await;
        assert_eq!(archived.problem(403), "forbidden", "whatever the version");
    }
    assert_eq!(shipped(&story.officer, "I-10").await, share);
    assert_eq!(story.feed(), []);
}

#[rstest]
#[actix_web::test]
async fn a_municipality_adds_its_own_words_it_anew_and_archives_it(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let officer = &story.officer;
    let rehearsed = officer.post(&format!("{PATH}?dry_run=true"), &own("K-1")).await;
    let would_be = rehearsed.expect(200);
    assert_eq!((&would_be["dry_run"], would_be.get("id")), (&json!(true), None));
    assert_eq!(codes(officer, "code=K-1").await, [""; 0], "nothing was stored");

    let send =
        || Reply::of(officer.request(Method::POST, PATH).header("Idempotency-Key", "k1").json(&own("K-1")));
    let reply = send().await;
    let created = reply.expect(201);
    let path = at(&created);
    assert_eq!(reply.header("location").as_ref(), Some(&path));
    assert_eq!((created.version(), &created["position"]), (1, &json!(26)));
    assert_eq!(created["municipality_id"], json!(story.municipality));
    assert_eq!(
        (&created["computed"], &created["counts_people"], &created["public"], &created["archived"]),
        (&json!(false), &json!(true), &json!(false), &json!(false)),
        "people are counted and nothing is published until somebody says so"
    );
    assert_eq!(created["actions"], json!([{"name": "update", "allowed": true, "blocked_by": []}]));
    let again = send().await;
    assert_eq!(again.header("idempotency-replayed").as_deref(), Some("true"));
    assert_eq!(again.expect(201), created);
    assert_eq!(officer.get(&path).await.expect(200), created);

    let worded = json!({"name": "Доля педагогов, проведших открытый урок", "purpose_note": "Только учёт."});
    let unguarded = officer.request(Method::PATCH, &path).json(&worded);
    assert_eq!(Reply::of(unguarded).await.problem(428), "precondition-required");
    let changed = story.app.as_head(&story.municipality).patch(&path, 1, &worded).await.expect(200);
    assert_eq!(
        (changed.version(), &changed["name"], &changed["purpose_note"], &changed["source"]),
        (2, &worded["name"], &worded["purpose_note"], &created["source"])
    );
    assert_eq!(codes(officer, "q=проведших").await, ["K-1"], "found by its new name");
    assert_eq!(officer.patch(&path, 1, &worded).await.problem(412), "stale");
    let told = story.feed();
    assert_eq!(officer.patch(&path, 2, &worded).await.expect(200), changed, "nothing changed");
    assert_eq!(officer.patch(&path, 2, &json!({})).await.expect(200), changed);
    assert_eq!(story.feed(), told, "so nobody hears of it");
    let cleared = officer.patch(&path, 2, &json!({"purpose_note": null, "archived": true})).await.expect(200);
    assert_eq!(
        (cleared.version(), &cleared["purpose_note"], &cleared["archived"]),
        (3, &Value::Null, &json!(true))
    );
    let row = |op: &str, version, before| (op.to_owned(), Some("K-1".to_owned()), version, before, true);
    assert_eq!(story.feed(), [row("created", 1, false), row("updated", 2, true), row("updated", 3, true)]);
}

#[rstest]
#[actix_web::test]
async fn codes_are_taken_once_and_denominators_fit_the_unit(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let officer = &story.officer;
    for reserved in ["I-1", "I-26", "i-99", "I-x"] {
        assert_eq!(officer.post(PATH, &own(reserved)).await.violations(422), ["/code reserved"]);
    }
    let kept = officer.post(PATH, &own("K-1")).await.expect(201);
    assert_eq!(officer.post(PATH, &own("K-1")).await.problem(409), "indicator-exists");
    let archived = officer.patch(&at(&kept), 1, &json!({"archived": true})).await.expect(200);
    assert_eq!(officer.post(PATH, &own("K-1")).await.problem(409), "indicator-exists", "archived, not gone");

    for unit in ["percent", "score", "points", "ratio"] {
        let mut body = own_of("i-2", unit);
        body["denominator"] = Value::Null;
        assert_eq!(
            officer.post(PATH, &body).await.violations(422),
            ["/code reserved", "/denominator required"],
            "{unit}: both at once"
        );
    }
    for unit in ["count", "yes_no"] {
        let mut body = own_of("K-2", unit);
        body["denominator"] = json!("Педагоги школы");
        assert_eq!(officer.post(PATH, &body).await.violations(422), ["/denominator not-allowed"], "{unit}");
    }
    let without = officer.patch(&at(&archived), 2, &json!({"denominator": null})).await;
    assert_eq!(without.violations(422), ["/denominator required"]);
    let count = officer.post(PATH, &own_of("K-2", "count")).await.expect(201);
    let divided = officer.patch(&at(&count), 1, &json!({"denominator": "Школы"})).await;
    assert_eq!(divided.violations(422), ["/denominator not-allowed"]);
    assert_eq!(count["denominator"], Value::Null);

    let mut wrong = own("K 3");
    wrong["unit"] = json!("rank");
    wrong["name"] = json!("");
    wrong.as_object_mut().unwrap().remove("source");
    assert_eq!(
        officer.post(PATH, &wrong).await.violations(422),
        ["/code pattern", "/name empty", "/source required", "/unit unknown-code"]
    );
    for (member, value) in [("computed", json!(true)), ("position", json!(1)), ("target", json!(90))] {
        let mut wrong = own("K-3");
        wrong[member] = value;
        let expected = [format!("/{member} unknown-member")];
        assert_eq!(officer.post(PATH, &wrong).await.violations(400), expected);
    }
    for (member, value) in [("code", "K-9"), ("unit", "ratio"), ("level", "municipal"), ("direction", "down")]
    {
        let refused = officer.patch(&at(&count), 1, &json!({member: value})).await;
        assert_eq!(refused.violations(400), [format!("/{member} unknown-member")], "its numbers mean that");
    }
    assert_eq!(officer.get(&at(&count)).await.expect(200), count);
}

#[rstest]
#[actix_web::test]
async fn an_indicator_belongs_to_its_municipality(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let app = &story.app;
    let (near, far) =
        (app.given_municipality("Соседний район"), app.given_municipality_in("Дальний район", "36"));
    let ours = story.officer.post(PATH, &own("K-1")).await.expect(201);
    let neighbour = app.as_officer(&near);

    let foreign = neighbour.get(&at(&ours)).await;
    let missing = neighbour.get(&format!("{PATH}/0192f0c1-0000-7000-8000-000000000000")).await;
    assert_eq!(foreign.problem(404), "not-found");
    assert_eq!(foreign.problem_without_request_id(), missing.problem_without_request_id());
    assert_eq!(neighbour.get(&format!("{PATH}/I-1")).await.problem(404), "not-found");
    let renamed = neighbour.patch(&at(&ours), 1, &json!({"name": "Наш"})).await;
    assert_eq!(renamed.problem(404), "not-found");
    assert_eq!(codes(&neighbour, "code=K-1").await, [""; 0]);
    let by_id = neighbour.get(&format!("{PATH}?id={}", ours.id())).await.expect(200);
    assert_eq!(by_id["items"], json!([]));

    let theirs = neighbour.post(PATH, &own("K-1")).await.expect(201);
    assert_ne!(theirs.id(), ours.id(), "a code is one municipality's");
    assert_eq!(theirs["position"], 26, "who else has how many shows nowhere");
    assert_eq!(codes(&story.officer, "code=K-1").await, ["K-1"]);
    app.as_head(&far).post(PATH, &own("D-1")).await.expect(201);
    assert_eq!(codes(&app.as_region("57"), "code=K-1,D-1&sort=code").await, ["K-1", "K-1"]);
    assert_eq!(codes(&app.as_region("36"), "code=K-1,D-1,I-1&sort=code").await, ["D-1", "I-1"]);
    assert_eq!(app.as_region("36").get(&at(&ours)).await.problem(404), "not-found");
}

#[rstest]
#[actix_web::test]
async fn the_catalogue_is_searched_filtered_sorted_and_paged(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let officer = &story.officer;
    let mut counted = own_of("Ё-1", "count");
    counted["name"] = json!("Число учёных советов, 100 % школ");
    counted["level"] = json!("municipal");
    let counted = officer.post(PATH, &counted).await.expect(201);
    officer.patch(&at(&counted), 1, &json!({"archived": true})).await.expect(200);
    officer.post(PATH, &own("B-2")).await.expect(201);

    for (query, expected) in [
        ("code=I-18,I-10,X", &["I-10", "I-18"][..]),
        ("level=municipal&computed=false", &["I-2", "I-17", "Ё-1"]),
        ("archived=true", &["Ё-1"]),
        ("archived=false&code=Ё-1,B-2", &["B-2"]),
        ("q=УСПЕВАЕМОСТЬ", &["I-6"]),
        ("q=отчет", &["I-20"]),
        ("q=ученых", &["Ё-1"]),
        ("q=е-1", &["Ё-1"]),
        ("q=впр&level=municipal", &[]),
        ("q=i-2&computed=true", &["I-20", "I-23", "I-24", "I-25"]),
        ("q=100 %25", &["Ё-1"]),
        ("q=_", &[]),
    ] {
        assert_eq!(codes(officer, query).await, expected, "{query}");
    }
    let by_code = codes(officer, "sort=code&limit=4").await;
    assert_eq!(by_code, ["B-2", "I-1", "I-10", "I-11"], "as text");
    let first = officer.get(&format!("{PATH}?sort=-position&limit=2&count=exact")).await.expect(200);
    assert_eq!(codes_of(first["items"].as_array().unwrap()), ["B-2", "Ё-1"], "own ones after the shipped");
    assert_eq!((&first["page"]["count"], &first["page"]["has_more"]), (&json!(27), &json!(true)));
    let next = officer.get(first["page"]["next"].as_str().unwrap()).await.expect(200);
    assert_eq!(codes_of(next["items"].as_array().unwrap()), ["I-25", "I-24"]);
    let sparse = officer.get(&format!("{PATH}?code=I-1&fields=code,unit")).await.expect(200);
    assert_eq!(sparse["items"], json!([{"code": "I-1", "unit": "percent"}]));

    for (query, violation) in [
        ("sort=name", "?sort invalid-parameter"),
        ("computed=maybe", "?computed invalid-parameter"),
        ("level=regional", "?level invalid-parameter"),
        ("units=percent", "?units unknown-parameter"),
    ] {
        assert_eq!(officer.get(&format!("{PATH}?{query}")).await.violations(400), [violation]);
    }
}

#[rstest]
#[actix_web::test]
async fn all_who_work_with_numbers_read_it_and_the_department_writes(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let (app, municipality) = (&story.app, &story.municipality);
    let school = app.given_school(municipality, "Школа № 1", 0);
    let ours = app.as_head(municipality).post(PATH, &own("K-1")).await.expect(201);
    for reader in [
        app.as_school_head(municipality, &school),
        app.as_operator(municipality, &school),
        app.as_curator(municipality, &[&school]),
        app.as_region("57"),
    ] {
        assert_eq!(all(&reader).await.len(), 26);
        let seen = reader.get(&at(&ours)).await.expect(200);
        let may_not = json!([{"name": "update", "allowed": false, "blocked_by": ["role"]}]);
        assert_eq!(seen["actions"], may_not);
        assert_eq!(reader.post(PATH, &own("K-2")).await.problem(403), "forbidden");
        assert_eq!(reader.patch(&at(&ours), 1, &json!({"public": true})).await.problem(403), "forbidden");
    }
    let admin = app.as_admin();
    assert_eq!(admin.get(PATH).await.problem(403), "forbidden", "an administrator has no numbers");
    assert_eq!(admin.post(PATH, &own("K-2")).await.problem(403), "forbidden");
    assert_eq!(app.anonymous().get(PATH).await.problem(401), "unauthenticated");
    assert_eq!(app.anonymous().get(&at(&ours)).await.problem(401), "unauthenticated");
}

#[rstest]
#[actix_web::test]
async fn a_start_adds_nothing_that_is_there(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    story.officer.post(PATH, &own("K-1")).await.expect(201);
    let before = all(&story.officer).await;
    story.app.set_time("2023-03-01T09:10:00Z");
    for _ in 0..2 {
        prepare(&mut story.app.connection(), &story.app.clock).unwrap();
    }
    assert_eq!(all(&story.officer).await, before);
}

/// The database of an older version of the service, on which some instances start together.
#[rstest]
#[actix_web::test]
async fn a_new_shipped_wording_is_brought_in_under_the_next_version(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Story::begin(on).await else {
        return;
    };
    let officer = &story.officer;
    officer.post(PATH, &own("K-1")).await.expect(201);
    let before = all(officer).await;
    let mut conn = story.app.connection();
    diesel::update(indicators::table.filter(indicators::code.eq("I-6")))
        .set((
            indicators::name.eq("Прежнее имя"),
            indicators::search_text.eq("i-6 прежнее имя"),
            indicators::position.eq(99),
            indicators::purpose_note.eq("Прежнее примечание"),
        ))
        .execute(&mut conn)
        .unwrap();
    diesel::delete(indicators::table.filter(indicators::code.eq("I-25"))).execute(&mut conn).unwrap();
    assert_eq!(codes(officer, "q=прежнее").await, ["I-6"]);

    story.app.set_time("2023-03-01T09:10:00Z");
    let instances: Vec<_> = (0..4)
        .map(|_| {
            let (mut conn, clock) = (story.app.connection(), story.app.clock.clone());
            std::thread::spawn(move || prepare(&mut conn, &clock).unwrap())
        })
        .collect();
    for one in instances {
        one.join().unwrap();
    }
    let after = all(officer).await;
    assert_eq!(codes_of(&after), codes_of(&before), "each stands once, in its place");
    for (old, new) in before.iter().zip(&after) {
        match old["code"].as_str().unwrap() {
            "I-6" => {
                assert_eq!((new.id(), new.version()), (old.id(), 2), "values still refer to it");
                assert_eq!((&new["name"], &new["purpose_note"]), (&old["name"], &Value::Null));
                assert_eq!(new["created_at"], old["created_at"]);
                assert_eq!(new["updated_at"], "2023-03-01T09:10:00Z");
            }
            "I-25" => assert_eq!((new.version(), &new["name"]), (1, &old["name"]), "it was missing"),
            code => assert_eq!(new, old, "{code} stays"),
        }
    }
    assert_eq!(codes(officer, "q=прежнее").await, [""; 0]);
    assert_eq!(codes(officer, "q=успеваемость").await, ["I-6"]);
}
