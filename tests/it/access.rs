//! Who may do what: every operation of the document, asked by every role, as one table.
//!
//! Each cell is the first answer to a request without `If-Match` and with an empty body,
//! so that 401, 403 and 404 tell who may not, and anything else tells who may.

use std::collections::BTreeSet;

use reqwest::Method;
use school_roadmap::api::document::document;
use school_roadmap::auth::ClientScope;
use school_roadmap::config::Config;
use school_roadmap::demo::case::Case;
use school_roadmap::demo::play::{self, PASSWORD, Played};
use school_roadmap::kit::code::Code;
use serde_json::{Value, json};

use rstest::rstest;

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};
use crate::indicators::own;
use crate::sign_in::log_in;
use crate::witness::Witness;

/// Changes state whatever the body: asked last.
const LAST: &str = "/api/v1/auth/logout";

/// Public, or shipped with the service.
const EVERYBODYS: [&str; 4] = ["/public/", "/verify/", "/problems/", "/conclusion-templates/"];

/// Anybody's to ask, or about oneself.
const OPEN: [&str; 5] = ["/auth/login", "/auth/refresh", "/auth/logout", "/oauth/token", "/me/password"];

/// What an administrator alone may do.
const ADMINISTRATION: [&str; 10] = [
    "GET /api/v1/clients",
    "POST /api/v1/clients",
    "GET /api/v1/clients/{id}",
    "PATCH /api/v1/clients/{id}",
    "DELETE /api/v1/clients/{id}",
    "POST /api/v1/clients/{id}/secrets",
    "DELETE /api/v1/clients/{id}/secrets/{secret_id}",
    "POST /api/v1/municipalities",
    "POST /api/v1/accounts/{id}/anonymise",
    "POST /api/v1/schools/{id}/transfer",
];

/// Asks for a municipality in its query.
pub const OF_ONE_PLACE: &str = "/api/v1/public/indicator-values";

/// The rows of the case that paths name, all of school 1 where a school has its own.
pub async fn ids(app: &TestApp, played: &Played, officer: &Client) -> Vec<(&'static str, String)> {
    let (client, secret) = app.given_client(&region(), &["schools:read", "webhooks:manage"]).await;
    let hook = given_webhook(&app.signed_in_client(&client.id(), &secret).await).await;
    let school = &played.schools["МБОУ-Богородицкая СОШ"];
    let report = &played.reports["МБОУ-Богородицкая СОШ"];
    let measure = &played.measures["S1.1"];
    let list = &played.support_lists[0];
    let entries =
        officer.get(&format!("/api/v1/support-lists/{list}/entries?school_id={school}")).await.expect(200);
    let templates = officer.get("/api/v1/conclusion-templates").await.expect(200);
    let item = officer.get(&format!("/api/v1/reports/{report}/items/{measure}")).await.expect(200);
    let admin = signed_in(app, "admin").await;
    let accounts = admin.get("/api/v1/accounts?role=school_operator").await.expect(200);
    let note = officer.get(&format!("/api/v1/notes/{}", played.note_id)).await.expect(200);
    // The shipped ones are everybody's to read and nobody's to change.
    let indicator = officer.post("/api/v1/indicators", &own("K-1")).await.expect(201);
    let rows = json!({"kind": "schools", "rows": [{"ogrn": "1025799000017"}]});
    let job = officer.post("/api/v1/imports", &rows).await.expect(202);
    vec![
        ("/accounts/{id}", accounts["items"][0].id()),
        ("/clients/{id}", client.id()),
        ("/webhooks/{id}", hook),
        ("{secret_id}", client["secrets"][0].id()),
        ("/conclusion-templates/{id}", templates["items"][0].id()),
        ("/evidence/{id}", item["evidence"][0].id()),
        ("/indicators/{id}", indicator.id()),
        ("/jobs/{id}", job.id()),
        ("/measures/{id}", measure.clone()),
        ("/monitorings/{id}", played.monitoring_id.clone()),
        ("/municipalities/{id}", played.municipality_id.clone()),
        ("/notes/{id}", played.note_id.clone()),
        ("/orders/{id}", played.orders["list"].clone()),
        ("/recommendations/{id}", played.recommendations[0].clone()),
        ("/remarks/{id}", played.remarks[0].clone()),
        ("/reports/{id}", report.clone()),
        ("/road-maps/{id}", played.road_map_id.clone()),
        ("/schools/{id}", school.clone()),
        ("/support-lists/{id}", list.clone()),
        ("{school_id}", school.clone()),
        ("{measure_id}", measure.clone()),
        ("{entry_id}", entries["items"][0].id()),
        ("{academic_year}", "2021".to_owned()),
        ("{academic_year}", "2023".to_owned()),
        ("{ogrn}", "1025799000017".to_owned()),
        ("{code}", "2.1".to_owned()),
        ("{n}", "2".to_owned()),
        ("{hash}", note["hash"].as_str().unwrap().to_owned()),
    ]
}

pub fn region() -> Value {
    json!({"region_code": "57"})
}

/// A service that may deliver to the portal.
pub async fn started() -> TestApp {
    started_on(Sqlite).await.unwrap()
}

async fn started_on(on: Database) -> Option<TestApp> {
    let set = |config: &mut Config| config.webhook_targets = "portal.example:443".parse().unwrap();
    TestApp::start_with(on, set).await
}

/// A webhook of a client; its id.
pub async fn given_webhook(client: &Client) -> String {
    client.post("/api/v1/webhooks", &json!({"url": "https://portal.example/hook"})).await.expect(201).id()
}

/// The path with real ids in it.
pub fn filled(path: &str, ids: &[(&str, String)]) -> String {
    let mut path = path.to_owned();
    for (place, id) in ids {
        path = match place.strip_suffix("{id}") {
            Some(stem) => path.replace(place, &format!("{stem}{id}")),
            None => path.replace(place, id),
        };
    }
    assert!(!path.contains('{'), "no row for {path}");
    path
}

pub async fn signed_in(app: &TestApp, login: &str) -> Client {
    let pair = log_in(app, login, PASSWORD).await.expect(200);
    app.with_token(pair["access_token"].as_str().unwrap())
}

async fn ask(client: &Client, method: &str, path: &str) -> u16 {
    let request = client.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
    let request = if matches!(method, "POST" | "PUT" | "PATCH") { request.json(&json!({})) } else { request };
    Reply::of(request).await.status
}

#[rstest]
#[actix_web::test]
async fn every_operation_answers_every_role_as_the_table_says(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = started_on(on).await else {
        return;
    };
    let (mut foreign, mut admin, mut viewer) =
        (Witness::of("Z01", on), Witness::of("Z08", on), Witness::of("Z09", on));
    let mut answers = BTreeSet::new();
    app.clock.set(play::beginning());
    let case = Case::reference().unwrap();
    let played = play::whole(&app.url, &app.clock, &app.database_url, &case, &|_| ()).await.unwrap();
    let other = app.given_municipality_in("Другой район", "36");
    let officer = signed_in(&app, "officer").await;
    let ids = ids(&app, &played, &officer).await;

    let mut callers = vec![("anonymous", app.anonymous())];
    for (name, login) in [
        ("admin", "admin"),
        ("head", "head"),
        ("officer", "officer"),
        ("school_head", "school-1"),
        ("operator", "operator"),
        ("curator", "curator"),
        ("region", "region"),
        ("other_school", "school-2"),
    ] {
        callers.push((name, signed_in(&app, login).await));
    }
    callers.push(("other_municipality", app.as_head(&other)));
    callers.push(("other_region", app.as_region("36")));

    let names: Vec<&str> = callers.iter().map(|(name, _)| *name).collect();
    let mut table = format!("{:<75} {}\n", "", names.join(" "));
    let mut stored_before = state_of(&app);
    for (path, method) in &operations() {
        let mut target = filled(path, &ids);
        if path == OF_ONE_PLACE {
            target.push_str(&format!("?municipality_id={}", played.municipality_id));
        }
        let mut row = format!("{:<75}", format!("{method:<6} {path}"));
        for (name, client) in &callers {
            let status = ask(client, method, &target).await;
            assert!(status < 500, "{method} {target} by {name}: {status}");
            row.push_str(&format!(" {status:<width$}", width = name.len()));
            if path.contains('{')
                && name.starts_with("other_")
                && !EVERYBODYS.iter().any(|of| path.contains(of))
            {
                // A school reads what its department shares with all of them.
                let shared = *name == "other_school" && !path.contains("/reports/");
                let taken = method == "PUT" && path.contains("/by-ogrn/");
                assert!(
                    shared || taken || matches!(status, 403 | 404),
                    "{method} {path} by {name}: {status}"
                );
                if !shared && !taken {
                    answers.insert(("foreign", status));
                }
            }
            if ADMINISTRATION.contains(&format!("{method} {path}").as_str()) && *name != "admin" {
                assert_eq!(status, if *name == "anonymous" { 401 } else { 403 }, "{method} {path} by {name}");
                answers.insert(("admin", status));
            }
            if method != "GET" && *name == "region" && !OPEN.iter().any(|of| path.ends_with(of)) {
                assert_eq!(status, 403, "{method} {path} by {name}");
                answers.insert(("viewer", status));
            }
        }
        table.push_str(row.trim_end());
        table.push('\n');
        if path != LAST && !path.ends_with("/refresh") {
            assert_eq!(state_of(&app), stored_before, "{method} {path} changed something");
        }
        stored_before = state_of(&app);
    }
    insta::assert_snapshot!("access", table);
    for (kind, status) in answers {
        match kind {
            "foreign" => foreign.saw(status.to_string()),
            "admin" => admin.saw(status.to_string()),
            _ => viewer.saw(status.to_string()),
        }
    }
    for mut seen in [foreign, viewer] {
        seen.saw("nothing new in the change feed");
        seen.report();
    }
    admin.report();
}

/// Every operation of the document, the one that changes state whatever the body last.
fn operations() -> Vec<(String, String)> {
    let document = serde_json::to_value(document()).unwrap();
    let mut operations: Vec<(String, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            operations.push((path.clone(), method.to_uppercase()));
        }
    }
    operations.sort_by_key(|(path, method)| (path == LAST, path.clone(), method.clone()));
    operations
}

/// The same for service clients: which scope opens which operation, and that none opens another.
#[rstest]
#[actix_web::test]
async fn every_operation_opens_to_the_scopes_that_the_table_names(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = started_on(on).await else {
        return;
    };
    let mut seen = Witness::of("Z10", on);
    app.clock.set(play::beginning());
    let case = Case::reference().unwrap();
    let played = play::whole(&app.url, &app.clock, &app.database_url, &case, &|_| ()).await.unwrap();
    let mut ids = ids(&app, &played, &signed_in(&app, "officer").await).await;
    let mut clients = Vec::new();
    for scope in ClientScope::ALL {
        let client = app.as_client(&region(), &[scope.as_str()]).await;
        if *scope == ClientScope::WebhooksManage {
            // A client has to do with its own webhooks only.
            ids.insert(0, ("/webhooks/{id}", given_webhook(&client).await));
        }
        clients.push((scope.as_str(), client));
    }
    let all: Vec<&str> = ClientScope::ALL.iter().map(|scope| scope.as_str()).collect();
    let elsewhere = app.as_client(&json!({"region_code": "36"}), &all).await;

    let mut table = String::new();
    let stored = state_of(&app);
    for (path, method) in &operations() {
        let mut target = filled(path, &ids);
        if path == OF_ONE_PLACE {
            target.push_str(&format!("?municipality_id={}", played.municipality_id));
        }
        let mut opened = Vec::new();
        for (scope, client) in &clients {
            let status = ask(client, method, &target).await;
            assert!(
                status < 500 && status != 401 || path.ends_with("/refresh"),
                "{method} {target} by {scope}: {status}"
            );
            if status != 403 {
                opened.push(format!("{scope} {status}"));
            }
        }
        let foreign = ask(&elsewhere, method, &target).await;
        let opened = match opened.len() {
            13 => format!("any {}", opened[0].split(' ').next_back().unwrap()),
            _ => opened.join(", "),
        };
        if !opened.is_empty() {
            table.push_str(&format!("{method:<6} {path}: {opened}; of another region {foreign}\n"));
        } else {
            assert_eq!(foreign, 403, "{method} {path}");
        }
        assert_eq!(state_of(&app), stored, "{method} {path} changed something");
    }
    insta::assert_snapshot!("access_scopes", table);
    seen.saw("403 wherever the table opens nothing to its scope");
    seen.saw("nothing new in the change feed");
    seen.report();
}

/// How many changes the feed holds: nothing refused adds one.
fn state_of(app: &TestApp) -> i64 {
    use diesel::prelude::*;
    use school_roadmap::db::schema::changes;
    changes::table.count().get_result(&mut app.connection()).unwrap()
}

/// What a role sees of a resource it reads: the members, not the values.
#[actix_web::test]
async fn a_region_sees_no_private_codes_and_a_school_only_itself() {
    let app = TestApp::start(Sqlite).await.unwrap();
    app.clock.set(play::beginning());
    let case = Case::reference().unwrap();
    let played = play::whole(&app.url, &app.clock, &app.database_url, &case, &|_| ()).await.unwrap();
    let school = &played.schools["МБОУ-Богородицкая СОШ"];

    let region = signed_in(&app, "region").await.get(&format!("/api/v1/schools/{school}")).await.expect(200);
    assert_eq!(region.get("vpr_login"), None);
    let own = signed_in(&app, "school-1").await;
    assert_eq!(own.get(&format!("/api/v1/schools/{school}")).await.expect(200)["vpr_login"], Value::Null);
    let listed = own.get("/api/v1/schools?count=exact").await.expect(200);
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["page"]["count"]), (1, &json!(1)));
    let reports = own.get("/api/v1/reports?count=exact").await.expect(200);
    assert_eq!(reports["page"]["count"], 1);
    let foreign = format!("/api/v1/reports?school_id={}", played.schools["МБОУ-Юрьевская СОШ"]);
    assert_eq!(own.get(&foreign).await.expect(200)["items"], json!([]));
}
