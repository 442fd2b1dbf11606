//! Imports by service clients: of a region, and only what their scopes write.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::Resource;
use crate::importing::{IMPORTS, codes, counters, csv, imported, imported_rows, schools};

#[rstest]
#[actix_web::test]
async fn a_region_imports_its_schools_and_one_list_per_municipality(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else { return };
    let region = json!({"region_code": "57"});
    let (one, two) = (app.given_municipality("Первый район"), app.given_municipality("Второй район"));
    let foreign = app.given_municipality_in("Чужой район", "36");
    let scopes = ["schools:read", "schools:write", "orders:write", "lists:write"];
    let portal = app.as_client(&region, &scopes).await;
    for (place, numbers) in [(&one, 1..4), (&two, 4..6)] {
        let fields = [("kind", "schools"), ("municipality_id", place.as_str())];
        let job = imported(&app, &portal, &fields, "школы.csv", &csv(&schools(numbers), b';')).await;
        assert_eq!(job["counters"]["created"], job["counters"]["total"]);
    }
    assert_eq!(portal.get("/api/v1/schools").await.expect(200)["items"].as_array().unwrap().len(), 5);
    let file = csv(&schools(6..7), b';');
    let outside = [("kind", "schools"), ("municipality_id", foreign.as_str())];
    let refused = portal.upload(IMPORTS, &outside, "школы.csv", &file).await;
    assert_eq!(refused.violations(422), ["/municipality_id unknown-reference"]);
    assert_eq!(portal.upload(IMPORTS, &[("kind", "stats")], "с.csv", &file).await.status, 422);

    let order = json!({
        "issuer": "Департамент образования", "issuer_level": "regional", "number": "513", "date": "2023-02-01",
        "title": "О перечне школ", "kind": "list"
    });
    let order = portal.post("/api/v1/orders", &order).await.expect(201).id();
    let row = |number: usize| json!({"ogrn": codes(number).1});
    let body = json!({
        "kind": "support_list", "level": "regional", "category": "low_results", "results_year": 2022,
        "order_id": order, "rows": [row(1), row(2), row(4)]
    });
    let job = imported_rows(&app, &portal, &body).await;
    assert_eq!(counters(&job), "done 3 0 0 0");
    assert_eq!(job["results"].as_array().unwrap().len(), 2, "one draft per municipality");
    let (first, second) = (app.as_officer(&one), app.as_officer(&two));
    for (officer, schools) in [(&first, 2), (&second, 1)] {
        let lists = officer.get("/api/v1/support-lists").await.expect(200);
        assert_eq!(
            (&lists["items"][0]["status"], &lists["items"][0]["schools_total"]),
            (&json!("draft"), &json!(schools))
        );
    }
    let reader = app.as_client(&region, &["lists:read"]).await;
    assert_eq!(
        reader.get("/api/v1/support-lists").await.expect(200)["items"],
        json!([]),
        "drafts are not its to read"
    );
    let draft = first.get("/api/v1/support-lists").await.expect(200)["items"][0].id();
    let named = json!({
        "kind": "support_list", "support_list_id": draft, "municipality_id": one.as_str(), "rows": [row(1)]
    });
    assert_eq!(portal.post(IMPORTS, &named).await.violations(422), ["/support_list_id unknown-reference"]);

    // What stands in a list is of the list's own municipality, whatever else the client reaches.
    let list = job["results"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/support-lists/{list}");
    let place = if first.get(&path).await.status == 200 { &one } else { &two };
    let head = app.as_head(place);
    let version = head.get(&path).await.expect(200).version();
    head.act(&format!("{path}/approve"), version).await.expect(200);
    let schools = portal.get("/api/v1/schools").await.expect(200)["items"].as_array().unwrap().clone();
    let foreign = schools.iter().find(|school| school["municipality_id"] != json!(place)).unwrap();
    let entry = json!({"school_id": foreign.id(), "order_id": order, "included_on": "2023-03-01"});
    let added = portal.post(&format!("{path}/entries"), &entry).await;
    assert_eq!(added.violations(422), ["/school_id unknown-reference"]);

    // The same file again is the same job, of this client alone.
    let again = portal.post(IMPORTS, &body).await.expect(200);
    assert_eq!(again.id(), job.id());
    let other = app.as_client(&region, &scopes).await;
    assert_eq!(other.get(&format!("/api/v1/jobs/{}", job.id())).await.problem(404), "not-found");
    assert_eq!(other.get("/api/v1/jobs").await.expect(200)["items"], json!([]));
    assert_eq!(portal.get("/api/v1/jobs").await.expect(200)["items"].as_array().unwrap().len(), 3);
}

/// What a client may is asked when it sends the rows and again when they are stored.
#[rstest]
#[actix_web::test]
async fn a_client_imports_only_what_its_scopes_write(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let place = app.given_municipality("Первый район");
    let reach = json!({"municipality_id": place});
    let file = csv(&schools(1..2), b';');
    let lists = app.as_client(&reach, &["lists:write"]).await;
    assert_eq!(lists.upload(IMPORTS, &[("kind", "schools")], "ш.csv", &file).await.problem(403), "forbidden");
    let reader = app.as_client(&reach, &["schools:read"]).await;
    assert_eq!(
        reader.upload(IMPORTS, &[("kind", "schools")], "ш.csv", &file).await.problem(403),
        "forbidden"
    );

    let (client, secret) = app.given_client(&reach, &["schools:write"]).await;
    let portal = app.signed_in_client(&client.id(), &secret).await;
    let job = portal.upload(IMPORTS, &[("kind", "schools")], "ш.csv", &file).await.expect(202);
    let path = format!("/api/v1/clients/{}", client.id());
    app.as_admin().patch(&path, 1, &json!({"scopes": ["lists:write"]})).await.expect(200);
    app.run_jobs().await;
    let ended = portal.get(&format!("/api/v1/jobs/{}", job.id())).await;
    // The token was given for schools:write, which is no longer granted.
    assert_eq!(ended.problem(403), "forbidden");
    let seen: Value = app.as_officer(&place).get(&format!("/api/v1/jobs/{}", job.id())).await.expect(200);
    assert_eq!((&seen["status"], &seen["failure"]["code"]), (&json!("failed"), &json!("rights-lost")));
    assert_eq!(app.as_officer(&place).get("/api/v1/schools").await.expect(200)["items"], json!([]));
}
