//! Municipalities: kept by the administrator, read by each of their people.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Resource};

const LIST: &str = "/api/v1/municipalities";

fn municipality(name: &str, region: &str) -> Value {
    json!({
        "name": name, "kind": "municipal_district", "region_code": region,
        "authority_name": "Отдел образования", "place": "пгт Хотынец"
    })
}

fn at(id: &str) -> String {
    format!("{LIST}/{id}")
}

async fn names(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("{LIST}?{query}")).await.expect(200);
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[actix_web::test]
async fn an_administrator_keeps_municipalities(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let admin = app.as_admin();
    let mut body = municipality("Хотынецкий район", "57");
    body["oktmo"] = json!("54657000");
    body["site_url"] = json!("http://хотынец.рф/образование");

    let reply = admin.post(LIST, &body).await;
    let created = reply.expect(201);
    let path = at(&created.id());
    assert_eq!(reply.header("location").as_ref(), Some(&path));
    assert_eq!(created["kind_label"], "муниципальный район");
    assert_eq!(created["actions"], json!([{"name": "update", "allowed": true, "blocked_by": []}]));
    assert_eq!(admin.get(&path).await.expect(200), created);

    let change = json!({"kind": "municipal_okrug", "site_url": null});
    let changed = admin.patch(&path, 1, &change).await.expect(200);
    assert_eq!((changed.version(), &changed["kind"]), (2, &json!("municipal_okrug")));
    assert_eq!((&changed["site_url"], &changed["oktmo"]), (&Value::Null, &json!("54657000")));
    let same = admin.patch(&path, 2, &change).await.expect(200);
    assert_eq!(same, changed, "nothing changed, so the version stays");
    assert_eq!(admin.patch(&path, 1, &change).await.problem(412), "stale");
}

#[rstest]
#[actix_web::test]
async fn a_region_has_a_name_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let admin = app.as_admin();
    admin.post(LIST, &municipality("Орёл", "57")).await.expect(201);

    assert_eq!(admin.post(LIST, &municipality("ОРЕЛ", "57")).await.problem(409), "municipality-exists");
    admin.post(LIST, &municipality("Орёл", "46")).await.expect(201);
    let other = admin.post(LIST, &municipality("Мценск", "57")).await.expect(201);
    let renamed = admin.patch(&at(&other.id()), 1, &json!({"name": "орел"})).await;
    assert_eq!(renamed.problem(409), "municipality-exists");
    assert_eq!(admin.get(&at(&other.id())).await.expect(200), other, "a refusal changes nothing");
}

#[rstest]
#[actix_web::test]
async fn every_fault_of_a_body_is_named(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let admin = app.as_admin();

    let body = json!({
        "name": " ", "kind": "village", "region_code": "5a", "oktmo": "5465", "site_url": "ftp://a.example",
        "authority_name": "О".repeat(501)
    });
    assert_eq!(
        admin.post(LIST, &body).await.violations(422),
        [
            "/authority_name too-long",
            "/kind unknown-code",
            "/name empty",
            "/oktmo format",
            "/place required",
            "/region_code pattern",
            "/site_url web-address"
        ]
    );
    let path = at(app.given_municipality("Хотынецкий район").as_str());
    let moved = admin.patch(&path, 1, &json!({"region_code": "46"})).await;
    assert_eq!(moved.violations(400), ["/region_code unknown-member"], "a municipality stays in its region");
    let cleared = admin.patch(&path, 1, &json!({"place": null})).await;
    assert_eq!(cleared.violations(422), ["/place required"]);
}

#[rstest]
#[actix_web::test]
async fn each_reads_his_own_and_only_the_administrator_writes(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let ours = app.given_municipality_in("Наш район", "57");
    let theirs = app.given_municipality_in("Их район", "57");
    let far = app.given_municipality_in("Дальний район", "46");
    let school = app.given_school(&ours, "МБОУ-Юрьевская СОШ", 0);

    for own in [
        app.as_head(&ours),
        app.as_officer(&ours),
        app.as_school_head(&ours, &school),
        app.as_operator(&ours, &school),
        app.as_curator(&ours, &[&school]),
    ] {
        assert_eq!(names(&own, "").await, ["Наш район"]);
        let read = own.get(&at(ours.as_str())).await.expect(200);
        assert_eq!(read["actions"][0]["blocked_by"], json!(["role"]));
        assert_eq!(own.get(&at(theirs.as_str())).await.problem(404), "not-found");
        assert_eq!(own.patch(&at(ours.as_str()), 1, &json!({"place": "Орёл"})).await.status, 403);
        assert_eq!(own.post(LIST, &municipality("Новый район", "57")).await.problem(403), "forbidden");
    }
    let region = app.as_region("57");
    assert_eq!(names(&region, "sort=name").await, ["Их район", "Наш район"]);
    assert_eq!(region.get(&at(far.as_str())).await.problem(404), "not-found");
    assert_eq!(region.post(LIST, &municipality("Новый район", "57")).await.status, 403);
    assert_eq!(names(&app.as_admin(), "sort=name").await, ["Дальний район", "Их район", "Наш район"]);
    assert_eq!(app.anonymous().get(LIST).await.problem(401), "unauthenticated");
}

#[rstest]
#[actix_web::test]
async fn the_list_is_narrowed_searched_and_sorted(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let admin = app.as_admin();
    let mut city = municipality("город Орёл", "57");
    city["kind"] = json!("urban_okrug");
    admin.post(LIST, &city).await.expect(201);
    for (name, region) in
        [("Болховский район", "57"), ("ливенский район", "57"), ("Ельнинский 100% район", "67")]
    {
        admin.post(LIST, &municipality(name, region)).await.expect(201);
    }

    let by_name = ["Болховский район", "город Орёл", "Ельнинский 100% район", "ливенский район"];
    assert_eq!(names(&admin, "sort=name").await, by_name, "letter case does not count");
    assert_eq!(names(&admin, "sort=-name&limit=1").await, ["ливенский район"]);
    assert_eq!(names(&admin, "region_code=67,46").await, ["Ельнинский 100% район"]);
    assert_eq!(names(&admin, "kind=urban_okrug").await, ["город Орёл"]);
    assert_eq!(names(&admin, "q=ОРЕЛ").await, ["город Орёл"]);
    assert_eq!(names(&admin, "q=100%25").await, ["Ельнинский 100% район"]);
    assert_eq!(names(&admin, "q=_").await, [""; 0]);
    let unknown = admin.get(&format!("{LIST}?kind=village")).await;
    assert_eq!(unknown.violations(400), ["?kind invalid-parameter"]);
}
