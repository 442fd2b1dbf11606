//! Orders: drafted, registered, repealed; found by what they say.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Reply, Resource};

fn order(number: &str) -> Value {
    json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": number,
        "date": "2023-03-17", "title": "О дорожной карте поддержки школ", "kind": "road_map"
    })
}

#[rstest]
#[actix_web::test]
async fn an_order_is_drafted_registered_and_repealed(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let (officer, head) = (app.as_officer(&municipality), app.as_head(&municipality));

    let created = officer.post("/api/v1/orders", &order("01-03\\482")).await;
    let draft = created.expect(201);
    assert_eq!(created.header("location"), Some(format!("/api/v1/orders/{}", draft.id())));
    assert_eq!(draft["number"], "01-03\\482");
    assert_eq!(draft["status_label"], "проект");
    let path = format!("/api/v1/orders/{}", draft.id());

    assert_eq!(officer.act(&format!("{path}/register"), 1).await.problem(403), "forbidden");
    assert_eq!(head.act(&format!("{path}/repeal"), 1).await.problem(409), "order-not-registered");
    let registered = head.act(&format!("{path}/register"), 1).await.expect(200);
    assert_eq!(registered["status"], "registered");
    let change = officer.patch(&path, registered.version(), &json!({"title": "Другое"})).await;
    assert_eq!(change.problem(409), "order-not-draft");
    let repealed =
        head.act_with(&format!("{path}/repeal"), 2, &json!({"reason": "Утратил силу"})).await.expect(200);
    assert_eq!((repealed["status"].as_str(), repealed.version()), (Some("repealed"), 3));
}

#[rstest]
#[actix_web::test]
async fn every_violation_comes_at_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));

    let reply = officer
        .post("/api/v1/orders", &json!({"issuer": "", "issuer_level": "village", "date": "2023-02-30", "title": "Т", "kind": null}))
        .await;
    assert_eq!(
        reply.violations(422),
        [
            "/date impossible-date",
            "/issuer empty",
            "/issuer_level unknown-code",
            "/kind required",
            "/number required"
        ]
    );
    let reply =
        officer.post("/api/v1/orders", &json!({"issuer": 5, "status": "registered", "id": "x"})).await;
    assert_eq!(reply.violations(400), ["/id unknown-member", "/issuer wrong-type", "/status unknown-member"]);
    assert_eq!(officer.get("/api/v1/orders").await.expect(200)["items"], json!([]));
}

#[rstest]
#[actix_web::test]
async fn the_order_of_checks_is_the_contracts(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (ours, theirs) = (app.given_municipality("Наш район"), app.given_municipality("Их район"));
    let (officer, stranger) = (app.as_officer(&ours), app.as_officer(&theirs));
    let draft = officer.post("/api/v1/orders", &order("1")).await.expect(201);
    let path = format!("/api/v1/orders/{}", draft.id());
    let send = |client: &crate::client::Client, body: &str, tag: Option<&str>| {
        let mut request = client
            .request(reqwest::Method::PATCH, &path)
            .header("Content-Type", "application/json")
            .body(body.to_owned());
        if let Some(tag) = tag {
            request = request.header("If-Match", tag);
        }
        Reply::of(request)
    };

    assert_eq!(send(&app.anonymous(), "{", None).await.problem(401), "unauthenticated");
    assert_eq!(send(&stranger, "{", None).await.problem(404), "not-found");
    assert_eq!(send(&officer, "{", None).await.problem(400), "malformed-request");
    assert_eq!(send(&officer, r#"{"title": ""}"#, None).await.problem(428), "precondition-required");
    let stale = send(&officer, r#"{"title": ""}"#, Some("\"9\"")).await;
    assert_eq!((stale.problem(412).as_str(), &stale.json()["current_version"]), ("stale", &json!(1)));
    assert_eq!(send(&officer, r#"{"title": ""}"#, Some("W/\"1\"")).await.problem(422), "invalid");
    let same = send(&officer, r#"{"number": "1"}"#, Some("\"1.0a1b2c3d\"")).await;
    assert_eq!(same.expect(200).version(), 1);
}

#[rstest]
#[actix_web::test]
async fn a_list_is_paged_by_key_searched_and_filtered(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    for (number, title) in
        [("1", "О ШКОЛАХ района"), ("2", "100 % охват"), ("3", "Ёлочный приказ"), ("4", "Разное")]
    {
        let mut body = order(number);
        body["title"] = json!(title);
        officer.post("/api/v1/orders", &body).await.expect(201);
    }
    let numbers = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|o| o["number"].as_str().unwrap().to_owned()).collect()
    };

    let first = officer.get("/api/v1/orders?sort=-number&limit=3&count=exact").await;
    let page = first.expect(200);
    assert_eq!(numbers(&page), ["4", "3", "2"]);
    assert_eq!((&page["page"]["has_more"], &page["page"]["count"]), (&json!(true), &json!(4)));
    let next = page["page"]["next"].as_str().unwrap().to_owned();
    assert_eq!(first.header("link"), Some(format!("<{next}>; rel=\"next\"")));
    assert_eq!(numbers(&officer.get(&next).await.expect(200)), ["1"]);
    let other = next.replace("sort=-number", "sort=number");
    assert_eq!(officer.get(&other).await.violations(400), ["?cursor invalid-parameter"]);

    assert_eq!(numbers(&officer.get("/api/v1/orders?q=школах").await.expect(200)), ["1"]);
    assert_eq!(numbers(&officer.get("/api/v1/orders?q=елочный").await.expect(200)), ["3"]);
    assert_eq!(numbers(&officer.get("/api/v1/orders?q=%25").await.expect(200)), ["2"]);
    assert_eq!(numbers(&officer.get("/api/v1/orders?q=_").await.expect(200)), [""; 0]);
    let bounded = "/api/v1/orders?date[gte]=2023-03-17&date[lt]=2023-03-18&status=draft,registered";
    assert_eq!(numbers(&officer.get(bounded).await.expect(200)).len(), 4);
    assert_eq!(numbers(&officer.get("/api/v1/orders?date[gt]=2023-03-17").await.expect(200)).len(), 0);
    assert_eq!(
        officer.get("/api/v1/orders?statsu=draft&kind=x&limit=0").await.violations(400),
        ["?statsu unknown-parameter"]
    );
    assert_eq!(
        officer.get("/api/v1/orders?kind=x&limit=0&sort=password").await.violations(400),
        ["?kind invalid-parameter", "?limit invalid-parameter", "?sort invalid-parameter"]
    );
    let sparse = officer.get("/api/v1/orders?fields=number,id&number=3").await.expect(200);
    assert_eq!(sparse["items"][0].as_object().unwrap().len(), 2);
}

#[rstest]
#[actix_web::test]
async fn a_client_that_has_the_order_gets_304(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let draft = officer.post("/api/v1/orders", &order("1")).await.expect(201);

    for path in [format!("/api/v1/orders/{}", draft.id()), "/api/v1/orders".to_owned()] {
        let etag = officer.get(&path).await.header("etag").unwrap();
        let again = officer.request(reqwest::Method::GET, &path).header("If-None-Match", &etag);
        let again = Reply::of(again).await;
        assert_eq!((again.status, again.bytes.len()), (304, 0));
        let english = officer
            .request(reqwest::Method::GET, &path)
            .header("If-None-Match", &etag)
            .header("Accept-Language", "en");
        assert_eq!(Reply::of(english).await.status, 200);
    }
}

#[rstest]
#[actix_web::test]
async fn a_repeated_request_is_answered_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let send = |number: &str| {
        let request = officer.request(reqwest::Method::POST, "/api/v1/orders");
        Reply::of(request.header("Idempotency-Key", "k-1").json(&order(number)))
    };

    let first = send("1").await;
    let again = send("1").await;
    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!(first.header("etag"), again.header("etag"));
    assert_eq!(
        (first.header("idempotency-replayed"), again.header("idempotency-replayed")),
        (None, Some("true".into()))
    );
    assert_eq!(send("2").await.problem(422), "idempotency-key-reused");
    app.set_time("2023-03-03T09:00:01Z");
    let late = app.as_officer(&app.given_municipality("Другой район"));
    late.post("/api/v1/orders", &order("1")).await.expect(201);
    assert_eq!(send("1").await.status, 401, "the token is two days old");
}

#[rstest]
#[actix_web::test]
async fn a_dry_run_checks_all_and_stores_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));

    let reply = officer.post("/api/v1/orders?dry_run=true", &order("1")).await;
    let body = reply.expect(200);
    assert_eq!((&body["dry_run"], body.get("id")), (&json!(true), None));
    assert_eq!((reply.header("location"), reply.header("etag")), (None, None));
    officer.post("/api/v1/orders", &order("1")).await.expect(201);
    let taken = officer.post("/api/v1/orders?dry_run=true", &order("1")).await;
    assert_eq!(taken.problem(409), "order-exists");
}

#[rstest]
#[actix_web::test]
async fn an_order_that_another_document_names_is_not_deleted(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let draft = officer.post("/api/v1/orders", &order("124")).await.expect(201);
    let path = format!("/api/v1/orders/{}", draft.id());
    let list = json!({
        "level": "municipal", "category": "low_results", "results_year": 2022, "order_id": draft["id"]
    });
    let list = officer.post("/api/v1/support-lists", &list).await.expect(201);

    assert_eq!(officer.delete(&path, 1).await.problem(409), "order-in-use");
    assert_eq!(officer.get(&path).await.expect(200), draft, "nothing happened to it");
    officer.delete(&format!("/api/v1/support-lists/{}", list.id()), 1).await.expect(204);
    officer.delete(&path, 1).await.expect(204);
    assert_eq!(officer.get(&path).await.problem(404), "not-found");
}
