//! Signing in: one-time passwords, sessions that go on and end, one's own password.

use std::time::Instant;

use rstest::rstest;
use school_roadmap::kit::id::MunicipalityId;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::auth::Forge;
use crate::client::{Client, Reply, Resource};
use crate::witness::Witness;

const OWN: &str = "пять синих тракторов";

/// A person with a password of his own.
pub struct Person {
    pub account: Value,
    pub login: String,
    pub password: String,
    pub pair: Value,
}

impl Person {
    pub fn client(&self, app: &TestApp) -> Client {
        app.with_token(self.pair["access_token"].as_str().unwrap())
    }
}

/// An officer whose account was made by the head, and who chose his password.
pub async fn given_officer(app: &TestApp, login: &str) -> (Client, Person) {
    given_person(app, &app.given_municipality("Хотынецкий район"), login).await
}

async fn given_person(app: &TestApp, municipality: &MunicipalityId, login: &str) -> (Client, Person) {
    let head = app.as_head(municipality);
    let created = head.post("/api/v1/accounts", &officer(login)).await.expect(201);
    let one_time = created["one_time_password"].as_str().unwrap().to_owned();
    let first = log_in(app, login, &one_time).await.expect(200);
    let first = app.with_token(first["access_token"].as_str().unwrap());
    let pair = change(&first, &one_time, OWN).await.expect(200);
    let account = head.get(&format!("/api/v1/accounts/{}", created.id())).await.expect(200);
    (head, Person { account, login: login.to_owned(), password: OWN.to_owned(), pair })
}

pub fn officer(login: &str) -> Value {
    json!({"login": login, "full_name": "Иванова Анна Петровна", "role": "municipal_officer"})
}

pub async fn log_in(app: &TestApp, login: &str, password: &str) -> Reply {
    app.anonymous().post("/api/v1/auth/login", &json!({"login": login, "password": password})).await
}

async fn change(client: &Client, current: &str, new: &str) -> Reply {
    let body = json!({"current_password": current, "new_password": new});
    client.post("/api/v1/me/password", &body).await
}

async fn refresh(app: &TestApp, token: &Value) -> Reply {
    app.anonymous().post("/api/v1/auth/refresh", &json!({"refresh_token": token})).await
}

#[rstest]
#[actix_web::test]
async fn a_one_time_password_opens_only_the_way_to_an_own_one(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let head = app.as_head(&app.given_municipality("Хотынецкий район"));
    let created = head.post("/api/v1/accounts", &officer("Ivanova")).await.expect(201);
    let one_time = created["one_time_password"].as_str().unwrap();

    let reply = log_in(&app, "IVANOVA", one_time).await;
    let pair = reply.expect(200);
    assert_eq!(reply.header("cache-control").as_deref(), Some("no-store"));
    assert_eq!((&pair["token_type"], &pair["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert!(pair["refresh_token"].as_str().unwrap().starts_with("srr_"));
    let client = app.with_token(pair["access_token"].as_str().unwrap());
    assert_eq!(client.get("/api/v1/orders").await.problem(403), "password-change-required");
    let me = client.get("/api/v1/me").await.expect(200);
    assert_eq!((&me["must_change_password"], &me["allowed"]), (&json!(true), &json!({})));

    let next = change(&client, one_time, OWN).await.expect(200);
    assert_eq!(client.get("/api/v1/me").await.problem(401), "unauthenticated");
    assert_eq!(refresh(&app, &pair["refresh_token"]).await.problem(401), "unauthenticated");
    let client = app.with_token(next["access_token"].as_str().unwrap());
    client.get("/api/v1/orders").await.expect(200);
    assert_eq!(log_in(&app, "ivanova", one_time).await.problem(401), "login-failed");
    log_in(&app, "ivanova", OWN).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn who_one_is_and_what_one_may(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (head, person) = given_officer(&app, "ivanova").await;
    let client = person.client(&app);

    let me = client.get("/api/v1/me").await.expect(200);
    assert_eq!(me["account_id"], person.account["id"]);
    assert_eq!(me["role_label"], "специалист отдела образования");
    assert_eq!(me["municipality_id"], person.account["municipality_id"]);
    assert_eq!(me["server_time"], "2023-03-01T09:00:00Z");
    assert_eq!(me["token_expires_at"], "2023-03-01T09:15:00Z");
    assert_eq!(me["allowed"]["orders"], json!(["read_orders", "draft_orders"]));

    let path = format!("/api/v1/accounts/{}", person.account.id());
    let lent = head.patch(&path, person.account.version(), &json!({"acting_until": "2023-03-01"})).await;
    lent.expect(200);
    let me = client.get("/api/v1/me").await.expect(200);
    assert_eq!((&me["acting"], &me["role"]), (&json!(true), &json!("municipal_officer")));
    assert_eq!(me["allowed"]["orders"], json!(["read_orders", "draft_orders", "register_orders"]));
    // The day ends at 24:00 in Moscow, three hours before it does in UTC.
    app.set_time("2023-03-01T20:59:59Z");
    let token = refresh(&app, &person.pair["refresh_token"]).await.expect(200);
    let client = app.with_token(token["access_token"].as_str().unwrap());
    assert_eq!(client.get("/api/v1/me").await.expect(200)["acting"], true);
    app.set_time("2023-03-01T21:00:00Z");
    assert_eq!(client.get("/api/v1/me").await.expect(200)["acting"], false);
}

#[rstest]
#[actix_web::test]
async fn a_refused_sign_in_does_not_tell_why(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (head, person) = given_officer(&app, "ivanova").await;
    let unused = head.post("/api/v1/accounts", &officer("petrova")).await.expect(201);
    let blocked = head.post("/api/v1/accounts", &officer("sidorova")).await.expect(201);
    head.act(&format!("/api/v1/accounts/{}/block", blocked.id()), 1).await.expect(200);
    let one_time = |account: &Value| account["one_time_password"].as_str().unwrap().to_owned();

    app.set_time("2023-03-08T08:59:59Z");
    log_in(&app, "petrova", &one_time(&unused)).await.expect(200);
    app.set_time("2023-03-08T09:00:00Z");
    let wrong = log_in(&app, &person.login, "неверный пароль").await;
    assert_eq!(wrong.problem(401), "login-failed");
    assert_eq!(wrong.header("www-authenticate").as_deref(), Some("Bearer"));
    for (login, password) in [
        ("nobody", person.password.as_str()),
        ("sidorova", &one_time(&blocked)),
        ("petrova", &one_time(&unused)),
    ] {
        let refused = log_in(&app, login, password).await;
        assert_eq!(refused.status, 401, "{login}");
        assert_eq!(refused.problem_without_request_id(), wrong.problem_without_request_id(), "{login}");
    }

    let median = |mut times: Vec<u128>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        for (login, times) in [("ivanova", &mut known), ("noone", &mut unknown)] {
            let started = Instant::now();
            log_in(&app, login, "неверный пароль").await;
            times.push(started.elapsed().as_micros());
        }
    }
    let (known, unknown) = (median(known), median(unknown));
    let mut seen = Witness::of("A02", on);
    seen.answer(&wrong);
    seen.saw("the same body for all");
    // Without the decoy hash an unknown login answers in a tenth of the time; the machine is shared.
    assert!(unknown * 4 > known, "known {known} µs, unknown {unknown} µs");
    seen.saw("times of one order");
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn ten_tries_are_counted_by_login_whoever_makes_them(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (head, person) = given_officer(&app, "ivanova").await;
    for _ in 0..10 {
        assert_eq!(log_in(&app, "ivanova", "неверный пароль").await.status, 401);
        assert_eq!(log_in(&app, "nobody", "неверный пароль").await.status, 401);
    }

    for login in ["ivanova", "nobody"] {
        let waits = log_in(&app, login, OWN).await;
        assert_eq!(waits.problem(429), "too-many-requests");
        assert_eq!(waits.header("retry-after").as_deref(), Some("900"));
    }
    assert_eq!(person.client(&app).get("/api/v1/me").await.status, 200, "who is in stays in");
    let reset = format!("/api/v1/accounts/{}/reset-password", person.account.id());
    let reset = head.act(&reset, person.account.version()).await.expect(200);
    log_in(&app, "ivanova", reset["one_time_password"].as_str().unwrap()).await.expect(200);
    app.set_time("2023-03-01T09:15:00Z");
    assert_eq!(log_in(&app, "nobody", OWN).await.status, 401);
}

#[rstest]
#[actix_web::test]
async fn sign_ins_are_audited_without_what_was_typed(#[values(Sqlite, Postgres)] on: Database) {
    use diesel::prelude::*;
    use school_roadmap::db::schema::audit_events as audit;
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova").await;
    log_in(&app, "мой пароль по ошибке", "x").await;
    log_in(&app, "ivanova", "неверный пароль").await;
    log_in(&app, "ivanova", OWN).await.expect(200);

    type Event = (String, String, Option<String>, String, Option<String>);
    let events: Vec<Event> = audit::table
        .filter(audit::action.like("login%"))
        .order(audit::seq.desc())
        .limit(3)
        .select((audit::action, audit::resource_id, audit::actor_id, audit::actor_role, audit::reason))
        .load(&mut app.connection())
        .unwrap();
    let id = person.account.id();
    let stranger = "anonymous".to_owned();
    assert_eq!(
        events,
        [
            ("login".to_owned(), id.clone(), Some(id.clone()), "municipal_officer".to_owned(), None),
            ("login-failed".to_owned(), id, None, stranger.clone(), None),
            ("login-failed".to_owned(), "-".to_owned(), None, stranger, None),
        ]
    );
}

#[rstest]
#[actix_web::test]
async fn a_refresh_token_is_used_once_but_for_a_lost_reply(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova").await;
    let first = &person.pair["refresh_token"];

    let lost = refresh(&app, first).await.expect(200);
    app.set_time("2023-03-01T09:00:10Z");
    let second = refresh(&app, first).await.expect(200);
    assert_ne!(lost["refresh_token"], second["refresh_token"]);
    let client = app.with_token(second["access_token"].as_str().unwrap());
    client.get("/api/v1/me").await.expect(200);

    // Somebody else has the first one: the whole family ends, the holder of the second one too.
    app.set_time("2023-03-01T09:00:11Z");
    let mut seen = Witness::of("J24", on);
    for (name, reply) in [
        ("used again", refresh(&app, first).await),
        ("the next one", refresh(&app, &second["refresh_token"]).await),
        ("access by the next one", client.get("/api/v1/me").await),
        ("access by the first one", person.client(&app).get("/api/v1/me").await),
    ] {
        assert_eq!(reply.problem(401), "unauthenticated", "{name}");
        seen.saw(format!("{name}: {}", reply.status));
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_session_lasts_thirty_days_at_most(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova").await;
    app.set_time("2023-03-31T08:59:59Z");
    let last = refresh(&app, &person.pair["refresh_token"]).await.expect(200);
    let client = app.with_token(last["access_token"].as_str().unwrap());
    client.get("/api/v1/me").await.expect(200);
    app.set_time("2023-03-31T09:00:10Z");
    assert_eq!(refresh(&app, &last["refresh_token"]).await.problem(401), "unauthenticated");
    assert_eq!(client.get("/api/v1/me").await.problem(401), "unauthenticated");
}

#[rstest]
#[actix_web::test]
async fn signing_out_ends_the_session_and_no_other(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova").await;
    let other = log_in(&app, "ivanova", OWN).await.expect(200);
    let (client, other) = (person.client(&app), app.with_token(other["access_token"].as_str().unwrap()));

    let request = client.request(reqwest::Method::POST, "/api/v1/auth/logout");
    let token = person.pair["access_token"].as_str().unwrap();
    let otherwise = app.with_token(&Forge::of(&app, token).with_header("cty", json!("x")));
    otherwise.get("/api/v1/me").await.expect(200);
    Reply::of(request).await.expect(204);
    let mut seen = Witness::of("J22", on);
    for (name, client) in [("the same", &client), ("written otherwise", &otherwise)] {
        let replayed = client.get("/api/v1/me").await;
        assert_eq!(replayed.problem(401), "unauthenticated", "{name}");
        seen.saw(format!("{name}: {}", replayed.status));
    }
    seen.report();
    assert_eq!(refresh(&app, &person.pair["refresh_token"]).await.problem(401), "unauthenticated");
    other.get("/api/v1/me").await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn an_own_password_needs_the_current_one_and_ends_every_session(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova.anna").await;
    let other = log_in(&app, &person.login, OWN).await.expect(200);
    let client = person.client(&app);

    let wrong = change(&client, "неверный пароль", "Qwerty123456").await;
    assert_eq!(wrong.violations(422), ["/current_password wrong-password", "/new_password password-common"]);
    let absent =
        client.post("/api/v1/me/password", &json!({"new_password": "сорок мероприятий за год"})).await;
    assert_eq!(absent.violations(422), ["/current_password required"]);
    let guessed = change(&client, "неверный пароль", "сорок мероприятий за год").await;
    assert_eq!(guessed.violations(422), ["/current_password wrong-password"]);
    let mut seen = Witness::of("A10", on);
    seen.saw(format!("absent: {} required", absent.status));
    seen.saw(format!("wrong: {} wrong-password", guessed.status));
    log_in(&app, &person.login, OWN).await.expect(200);
    seen.saw("the old one still opens");
    seen.report();
    let mut weak = Witness::of("A05", on);
    for (new, code) in [
        ("Qwerty123456", "password-common"),
        ("короткий", "too-short"),
        ("IVANOVA.ANNA", "password-is-login"),
        ("school-roadmap 57", "password-names-service"),
        (OWN, "password-unchanged"),
    ] {
        let refused = change(&client, OWN, new).await;
        assert_eq!(refused.violations(422), [format!("/new_password {code}")]);
        weak.saw(format!("{} {code}", refused.status));
    }
    weak.report();
    assert_eq!(
        client.post("/api/v1/me/password", &json!({"new_password": "x".repeat(129)})).await.violations(422),
        ["/current_password required", "/new_password too-long"]
    );

    let new = format!(" {}", "ё".repeat(60) + "1 ");
    let pair = change(&client, OWN, &new).await.expect(200);
    let mut seen = Witness::of("J23", on);
    for ended in [&person.pair, &other] {
        let ended = app.with_token(ended["access_token"].as_str().unwrap()).get("/api/v1/me").await;
        assert_eq!(ended.problem(401), "unauthenticated");
        seen.answer(&ended);
    }
    seen.report();
    app.with_token(pair["access_token"].as_str().unwrap()).get("/api/v1/me").await.expect(200);
    assert_eq!(log_in(&app, &person.login, new.trim()).await.status, 401, "spaces belong to it");
    log_in(&app, &person.login, &new).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn sign_in_bodies_are_strict(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let anyone = app.anonymous();
    let reply =
        anyone.post("/api/v1/auth/login", &json!({"login": 5, "password": "x", "role": "admin"})).await;
    assert_eq!(reply.violations(400), ["/login wrong-type", "/role unknown-member"]);
    let reply = anyone.post("/api/v1/auth/login", &json!({"login": "x", "password": "п".repeat(129)})).await;
    assert_eq!(reply.violations(422), ["/password too-long"]);
    let huge = json!({"login": "x", "password": "x".repeat(1024 * 1024)});
    assert_eq!(anyone.post("/api/v1/auth/login", &huge).await.problem(413), "too-large");
    let reply = anyone.post("/api/v1/auth/refresh?dry_run=true", &json!({"refresh_token": "x"})).await;
    assert_eq!(reply.violations(400), ["?dry_run unknown-parameter"]);
    assert_eq!(refresh(&app, &json!("srr_x")).await.problem(401), "unauthenticated");
}
