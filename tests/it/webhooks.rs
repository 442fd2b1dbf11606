//! Webhooks as their clients use them: who registers one, what is delivered, and in which form.

use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::config::Config;
use school_roadmap::db::schema::webhooks;
use school_roadmap::kit::id::MunicipalityId;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};
use crate::receiver::{Receiver, with_status};
use crate::witness::Witness;

pub const WEBHOOKS: &str = "/api/v1/webhooks";
const SCOPES: [&str; 3] = ["schools:read", "orders:read", "webhooks:manage"];

/// A service that may deliver to the receiver.
pub async fn started(on: Database, receiver: &Receiver) -> Option<TestApp> {
    let target = receiver.target();
    TestApp::start_with(on, move |config: &mut Config| config.webhook_targets = target.parse().unwrap()).await
}

/// A client of region 57 that reads schools and orders, signed in.
pub struct Portal {
    pub id: String,
    pub secret: String,
    pub client: Client,
}

/// A new one.
pub async fn portal(app: &TestApp) -> Portal {
    let (registered, secret) = app.given_client(&json!({"region_code": "57"}), &SCOPES).await;
    let client = app.signed_in_client(&registered.id(), &secret).await;
    Portal { id: registered.id(), secret, client }
}

pub fn school(number: usize) -> Value {
    let codes = [
        ("5799000019", "1025799000017"),
        ("5799000026", "1025799000028"),
        ("5799000033", "1025799000039"),
        ("5799000040", "1025799000040"),
    ];
    let (inn, ogrn) = codes[number];
    json!({
        "short_name": format!("Школа {number}"), "legal_form": "mbou", "school_kind": "sosh",
        "education_levels": ["primary"], "inn": inn, "ogrn": ogrn
    })
}

/// Enters a school and changes it `changes` times; its id.
pub async fn change_school(app: &TestApp, place: &MunicipalityId, number: usize, changes: i64) -> String {
    let officer = app.as_officer(place);
    let created = officer.post("/api/v1/schools", &school(number)).await.expect(201);
    for version in 1..=changes {
        let body = json!({"address": format!("ул. Школьная, {version}")});
        officer.patch(&format!("/api/v1/schools/{}", created.id()), version, &body).await.expect(200);
    }
    created.id()
}

async fn register(portal: &Client, receiver: &Receiver) -> Value {
    portal.post(WEBHOOKS, &json!({"url": format!("{}/hook", receiver.url)})).await.expect(201)
}

#[rstest]
#[actix_web::test]
async fn a_client_is_told_of_what_it_reads_in_order_and_signed(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let (ours, elsewhere) =
        (app.given_municipality("Хотынецкий район"), app.given_municipality_in("Другой район", "36"));
    let portal = portal(&app).await.client;
    change_school(&app, &ours, 3, 0).await;
    let hook = register(&portal, &receiver).await;
    let secret = hook["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    let path = format!("{WEBHOOKS}/{}", hook.id());
    assert_eq!(portal.get(&path).await.expect(200).get("secret"), None, "it is shown once");

    let id = change_school(&app, &ours, 0, 2).await;
    change_school(&app, &elsewhere, 1, 1).await;
    let draft = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": "124", "date": "2023-02-01",
        "title": "Черновик с фамилией Иванова", "kind": "other"
    });
    app.as_officer(&ours).post("/api/v1/orders", &draft).await.expect(201);
    app.dispatcher().drain().await.unwrap();

    let told = receiver.accepted();
    let mut witness = Witness::of("W12", on);
    let seen: Vec<(&Value, i64)> =
        told.iter().map(|one| (&one.body["type"], one.body["data"]["version"].as_i64().unwrap())).collect();
    let (created, updated) =
        (json!("school-roadmap.schools.created"), json!("school-roadmap.schools.updated"));
    assert_eq!(seen, [(&created, 1), (&updated, 2), (&updated, 3)], "nothing else, and nothing from before");
    for one in &told {
        assert!(one.is_signed(secret));
        assert_eq!(one.content_type, "application/cloudevents+json; charset=utf-8");
        assert_eq!((&one.body["specversion"], &one.body["id"]), (&json!("1.0"), &json!(one.id)));
        assert_eq!(one.body["subject"], json!(format!("schools/{id}")));
        assert_eq!(one.timestamp, app.clock.now().timestamp());
        let members: Vec<&String> = one.body["data"].as_object().unwrap().keys().collect();
        assert_eq!(members, ["seq", "epoch", "op", "resource", "id", "version", "key", "municipality_id"]);
        assert!(one.bytes.len() < 1000 && !one.body.to_string().contains("Школьная"));
        witness.saw("under 1000 bytes, ids, number, version and key only");
    }
    witness.report();
    // The feed tells the same numbers; so the deliveries are the feed, with nothing left out.
    let feed = app.as_region("57").get("/api/v1/changes?limit=1000&resource=schools").await.expect(200);
    let numbers: Vec<i64> =
        feed["items"].as_array().unwrap().iter().map(|one| one["seq"].as_i64().unwrap()).collect();
    assert_eq!(receiver.seqs(), numbers[1..]);
    let mut same = Witness::of("R23", on);
    same.saw(format!("{} of {} numbers of the feed delivered", receiver.seqs().len(), numbers[1..].len()));
    same.report();
    let listed = portal.get(&format!("{path}/deliveries?outcome=delivered")).await.expect(200);
    let attempts: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|one| &one["seq"]).collect();
    assert_eq!(
        attempts,
        [numbers[3], numbers[2], numbers[1]].map(|seq| json!(seq)).iter().collect::<Vec<_>>()
    );
    let read = portal.get(&path).await.expect(200);
    assert_eq!((read.version(), &read["failed_attempts"]), (1, &json!(0)), "deliveries leave its version");
}

#[rstest]
#[actix_web::test]
async fn only_allowed_addresses_readable_resources_and_places_in_the_feed(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let portal = portal(&app).await.client;
    let refused = async |body: Value| portal.post(WEBHOOKS, &body).await.violations(422).join(", ");
    for url in
        ["https://evil.example/", "http://127.0.0.1:1/", "http://localhost:9000/", "file:///etc/passwd", "x"]
    {
        assert_eq!(refused(json!({"url": url})).await, "/url target-not-allowed", "{url}");
    }
    let url = format!("{}/hook", receiver.url);
    assert_eq!(refused(json!({"url": url, "resources": ["notes"]})).await, "/resources/0 unknown-code");
    assert_eq!(
        refused(json!({"url": url, "resources": ["schools", "schools"]})).await,
        "/resources/1 not-unique"
    );
    assert_eq!(refused(json!({"url": url, "after": 1_000_000})).await, "/after not-in-feed");

    let mut seen = Witness::of("W11", on);
    let other = self::portal(&app).await.client;
    let hook = register(&portal, &receiver).await;
    let path = format!("{WEBHOOKS}/{}", hook.id());
    assert_eq!(other.get(&path).await.problem(404), "not-found");
    assert_eq!(other.delete(&path, 1).await.problem(404), "not-found");
    assert_eq!(other.get(WEBHOOKS).await.expect(200)["items"], json!([]));
    assert_eq!(app.as_admin().get(WEBHOOKS).await.expect(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.as_admin().delete(&path, 1).await.problem(403), "forbidden");
    let place = app.given_municipality("Хотынецкий район");
    let pupil = app.given_school(&place, "Хотынецкая СОШ", 0);
    for person in [app.as_head(&place), app.as_school_head(&place, &pupil), app.as_region("57")] {
        let refused = person.post(WEBHOOKS, &json!({"url": url})).await;
        assert_eq!(refused.problem(403), "forbidden");
        seen.answer(&refused);
    }
    seen.saw("of another client: 404");
    seen.report();
    let narrowed = portal.patch(&path, 1, &json!({"resources": ["orders"]})).await.expect(200);
    assert_eq!(narrowed["resources"], json!(["orders"]));
    for _ in 1..20 {
        register(&portal, &receiver).await;
    }
    assert_eq!(portal.post(WEBHOOKS, &json!({"url": url})).await.problem(409), "webhooks-full");
    portal.delete(&path, 2).await.expect(204);
    register(&portal, &receiver).await;
}

#[rstest]
#[actix_web::test]
async fn a_webhook_follows_an_export_from_its_number(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    change_school(&app, &place, 0, 3).await;
    let portal = portal(&app).await.client;
    let feed = app.as_region("57").get("/api/v1/changes?resource=schools").await.expect(200);
    let second = feed["items"][1]["seq"].as_i64().unwrap();
    let body = json!({"url": format!("{}/hook", receiver.url), "after": second, "resources": ["schools"]});
    portal.post(WEBHOOKS, &body).await.expect(201);
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.seqs().len(), 2);
    assert!(receiver.seqs()[0] > second);
}

/// W10: while the receiver changes over, each delivery carries both signatures.
#[rstest]
#[actix_web::test]
async fn a_new_secret_and_the_one_before_sign_together(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await.client;
    let hook = register(&portal, &receiver).await;
    let (first, path) = (hook["secret"].as_str().unwrap(), format!("{WEBHOOKS}/{}", hook.id()));
    let rotated =
        portal.act_with(&format!("{path}/rotate-secret"), 1, &json!({"overlap_hours": 2})).await.expect(200);
    let second = rotated["secret"].as_str().unwrap();
    assert_eq!(rotated["previous_secret_until"], "2023-03-01T11:00:00Z");

    change_school(&app, &place, 0, 0).await;
    app.dispatcher().drain().await.unwrap();
    let both = receiver.accepted()[0].clone();
    assert!(both.is_signed(first) && both.is_signed(second));
    let mut seen = Witness::of("W10", on);
    seen.saw("in the overlap signed by both");
    app.set_time("2023-03-01T11:00:00Z");
    change_school(&app, &place, 1, 0).await;
    app.dispatcher().drain().await.unwrap();
    let one = receiver.accepted()[1].clone();
    assert!(!one.is_signed(first) && one.is_signed(second));
    seen.saw("after it by the new one alone");
    let stored: Vec<String> = webhooks::table.select(webhooks::secret).load(&mut app.connection()).unwrap();
    assert!(!stored[0].contains(&second[6..]) && stored[0].len() > 60, "secrets are kept sealed");
    seen.saw("stored sealed");
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_test_is_delivered_beside_the_order_and_not_too_often(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let portal = portal(&app).await.client;
    let hook = register(&portal, &receiver).await;
    let path = format!("{WEBHOOKS}/{}", hook.id());
    portal.patch(&path, 1, &json!({"status": "disabled"})).await.expect(200);
    let ask = async |version| portal.act(&format!("{path}/test"), version).await;
    ask(2).await.expect(200);
    let again = ask(3).await;
    assert_eq!(
        (again.problem(429).as_str(), again.header("retry-after").as_deref()),
        ("too-many-requests", Some("10"))
    );
    receiver.answers(|_| with_status(500, ""));
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.all()[0].body["type"], "school-roadmap.test");
    let attempts = portal.get(&format!("{path}/deliveries")).await.expect(200);
    let attempt = &attempts["items"][0];
    assert_eq!((&attempt["outcome"], &attempt["http_status"]), (&json!("failed"), &json!(500)));
    assert_eq!((&attempt["failure"], &attempt["seq"]), (&json!("status"), &Value::Null));
    assert_eq!(ask(3).await.problem(429), "too-many-requests");
    app.set_time("2023-03-01T09:00:10Z");
    ask(3).await.expect(200);
    let mut seen = Witness::of("W14", on);
    seen.answer(&again);
    seen.saw("after 10 s: 200");
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn what_a_receiver_lost_is_delivered_once_more(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await.client;
    let hook = register(&portal, &receiver).await;
    let path = format!("{WEBHOOKS}/{}", hook.id());
    change_school(&app, &place, 0, 3).await;
    app.dispatcher().drain().await.unwrap();
    let first: Vec<String> = receiver.accepted().into_iter().map(|one| one.id).collect();
    let seqs = receiver.seqs();
    receiver.forget();

    let replay = async |body: Value| -> Reply { portal.act_with(&format!("{path}/replay"), 1, &body).await };
    assert_eq!(
        replay(json!({"after": seqs[3]})).await.violations(422),
        ["/after not-in-feed", "/until not-in-feed"]
    );
    let beyond = replay(json!({"after": seqs[0], "until": seqs[3] + 5})).await;
    assert_eq!(beyond.violations(422), ["/until not-in-feed"]);
    let asked = replay(json!({"after": seqs[0], "until": seqs[2]})).await.expect(200);
    assert_eq!(asked["replay"], json!({"after": seqs[0], "until": seqs[2]}));
    change_school(&app, &place, 1, 0).await;
    app.dispatcher().drain().await.unwrap();
    let told: Vec<String> = receiver.accepted().into_iter().map(|one| one.id).collect();
    assert_eq!(told[..2], first[1..3], "the range, with the same ids");
    assert_eq!(told.len(), 3, "then what is new");
    assert_eq!(portal.get(&path).await.expect(200)["replay"], Value::Null);
}

/// Removing a client ends its webhooks; a blocked one is told nothing and misses nothing.
#[rstest]
#[actix_web::test]
async fn a_blocked_client_is_told_nothing_until_it_is_let_in_again(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await.client;
    let hook = register(&portal, &receiver).await;
    let (admin, client) =
        (app.as_admin(), format!("/api/v1/clients/{}", hook["client_id"].as_str().unwrap()));
    admin.patch(&client, 1, &json!({"status": "blocked"})).await.expect(200);
    change_school(&app, &place, 0, 0).await;
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.all().len(), 0);
    admin
        .patch(&client, 2, &json!({"scopes": ["orders:read", "webhooks:manage"], "status": "active"}))
        .await
        .expect(200);
    change_school(&app, &place, 1, 0).await;
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.all().len(), 0, "schools are no longer its own to read");
    admin.patch(&client, 3, &json!({"scopes": SCOPES})).await.expect(200);
    change_school(&app, &place, 2, 0).await;
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.seqs().len(), 3);
    admin.delete(&client, 4).await.expect(204);
    assert_eq!(admin.get(WEBHOOKS).await.expect(200)["items"], json!([]));
}
