//! Attacks on who one is: guessed passwords, foreign tokens, unusable keys, rows that were tampered with.

use std::process::Command;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::auth::Role;
use school_roadmap::db::schema::accounts;
use school_roadmap::features::accounts::{NewAccount, Placement, create_by_operator};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Reply, Resource};
use crate::sign_in::{given_officer, log_in, officer};
use crate::witness::Witness;

const WRONG: &str = "неверный пароль";

/// Tries to sign in from an address of this machine.
async fn log_in_from(app: &TestApp, address: [u8; 4], login: &str, password: &str) -> Reply {
    let http = reqwest::Client::builder().local_address(std::net::IpAddr::from(address)).build().unwrap();
    let body = json!({"login": login, "password": password});
    Reply::of(http.post(format!("{}/api/v1/auth/login", app.url)).json(&body)).await
}

fn stored_hash(app: &TestApp, id: &str) -> String {
    let hash: Option<String> =
        accounts::table.find(id).select(accounts::password_hash).first(&mut app.connection()).unwrap();
    hash.unwrap()
}

#[rstest]
#[actix_web::test]
async fn a_guesser_with_many_addresses_has_ten_tries(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let head = app.as_head(&app.given_municipality("Хотынецкий район"));
    let created = head.post("/api/v1/accounts", &officer("ivanova")).await.expect(201);
    let right = created["one_time_password"].as_str().unwrap();
    let mut seen = Witness::of("A01", on);
    for number in 1..=10 {
        let tried = log_in_from(&app, [127, 0, 0, number], "ivanova", WRONG).await;
        assert_eq!(tried.problem(401), "login-failed");
        seen.answer(&tried);
    }
    let waits = log_in_from(&app, [127, 0, 0, 11], "ivanova", right).await;
    assert_eq!(waits.problem(429), "too-many-requests");
    seen.answer(&waits);
    seen.saw(format!("Retry-After {}", waits.header("retry-after").unwrap()));
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_long_phrase_is_a_password_and_a_mebibyte_is_none(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova").await;
    let mut current = person.password.clone();
    let mut pair = person.pair.clone();
    let mut seen = Witness::of("A04", on);
    for new in ["Пять тракторов ".repeat(5)[..].chars().take(64).collect(), "ёж и уж ".repeat(16)]
    {
        let client = app.with_token(pair["access_token"].as_str().unwrap());
        let body = json!({"current_password": current, "new_password": new});
        let changed = client.post("/api/v1/me/password", &body).await;
        pair = changed.expect(200);
        log_in(&app, "ivanova", &new).await.expect(200);
        seen.saw(format!("{} characters: {}", new.chars().count(), changed.status));
        current = new;
    }
    for length in [129, 1024 * 1024] {
        let refused = log_in(&app, "ivanova", &"x".repeat(length)).await;
        assert_eq!(refused.status, if length == 129 { 422 } else { 413 });
        seen.saw(format!("{length} characters: {}", refused.status));
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_password_is_stored_as_argon2id_of_the_stated_cost(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova").await;
    let stored = stored_hash(&app, &person.account.id());
    let cost = stored.rsplitn(3, '$').last().unwrap().trim_start_matches('$');
    assert_eq!(cost, "argon2id$v=19$m=19456,t=2,p=1");
    assert!(!stored.contains(&person.password));
    let mut seen = Witness::of("A07", on);
    seen.saw(cost);
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_stored_hash_that_wants_gigabytes_opens_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova").await;
    let id = person.account.id();
    let tampered = stored_hash(&app, &id).replace("m=19456", "m=4194304");
    diesel::update(accounts::table.find(&id))
        .set(accounts::password_hash.eq(&tampered))
        .execute(&mut app.connection())
        .unwrap();
    let started = Instant::now();
    let refused = log_in(&app, "ivanova", &person.password).await;
    assert_eq!(refused.problem(401), "login-failed");
    // Two passes over 4 GiB would take several times as long.
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let mut seen = Witness::of("A08", on);
    seen.answer(&refused);
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn nobody_is_there_at_first_and_a_first_password_opens_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let mut seen = Witness::of("A09", on);
    for (login, password) in [("admin", "admin"), ("root", "root"), ("admin", "")] {
        let refused = log_in(&app, login, password).await;
        assert!(matches!(refused.status, 401 | 422), "{}", refused.text());
    }
    let accounts: i64 = accounts::table.count().get_result(&mut app.connection()).unwrap();
    assert_eq!(accounts, 0);
    seen.saw("no account after the start");

    let made = |login: &str| {
        let new = NewAccount {
            login: login.to_owned(),
            full_name: None,
            position: None,
            placement: Placement::of(Role::Admin),
        };
        create_by_operator(&mut app.connection(), &app.clock, new).unwrap().1
    };
    let (used, unused) = (made("root"), made("second"));
    let pair = log_in(&app, "root", &used).await.expect(200);
    let client = app.with_token(pair["access_token"].as_str().unwrap());
    assert_eq!(client.get("/api/v1/accounts").await.problem(403), "password-change-required");
    let body = json!({"current_password": used, "new_password": "пять синих тракторов"});
    client.post("/api/v1/me/password", &body).await.expect(200);
    let again = log_in(&app, "root", &used).await;
    assert_eq!(again.problem(401), "login-failed");
    seen.saw(format!("used: {}", again.status));
    app.set_time("2023-03-08T09:00:00Z");
    let late = log_in(&app, "second", &unused).await;
    assert_eq!(late.problem(401), "login-failed");
    seen.saw(format!("a week old: {}", late.status));
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_token_of_elsewhere_or_of_a_client_is_no_persons(#[values(Sqlite, Postgres)] on: Database) {
    let (Some(mut app), Some(mut other)) = (TestApp::start(on).await, TestApp::start(on).await) else {
        return;
    };
    let portal = app.as_client(&json!({"region_code": "57"}), &["schools:read"]).await;
    let mut seen = Witness::of("J27", on);
    for (method, path) in [
        (reqwest::Method::POST, "/api/v1/me/password"),
        (reqwest::Method::POST, "/api/v1/auth/logout"),
        (reqwest::Method::GET, "/api/v1/accounts"),
    ] {
        let refused = Reply::of(portal.request(method, path).json(&json!({}))).await;
        assert_eq!(refused.problem(403), "forbidden", "{path}");
        seen.saw(format!("client, {path}: {}", refused.status));
    }
    // The account and its session are those of this installation, the signature is another's.
    std::mem::swap(&mut app.tokens, &mut other.tokens);
    let refused = app.as_admin().get("/api/v1/me").await;
    assert_eq!(refused.problem(401), "unauthenticated");
    seen.saw(format!("another installation's: {}", refused.status));
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn with_an_unusable_key_the_program_does_not_start(#[values(Sqlite, Postgres)] on: Database) {
    use std::os::unix::fs::PermissionsExt;
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let database = match &app.database_url {
        school_roadmap::db::DatabaseUrl::Postgres(url) => url.clone(),
        school_roadmap::db::DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
    };
    let good = app.signing_key();
    let mut seen = Witness::of("J28", on);
    for (name, bytes, mode) in [
        ("empty", Vec::new(), 0o600),
        ("31 bytes", vec![7; 31], 0o600),
        ("32 bytes of text", b"secret-secret-secret-secret-1234".to_vec(), 0o600),
        ("cut", good[..good.len() - 1].to_vec(), 0o600),
        ("readable by others", good.clone(), 0o644),
    ] {
        let file = app.data_dir().join("given-key.der");
        std::fs::write(&file, bytes).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let ended = Command::new(env!("CARGO_BIN_EXE_school-roadmap"))
            .arg("serve")
            .current_dir(app.data_dir())
            .env_clear()
            .env("DATABASE_URL", &database)
            .env("DATA_DIR", app.data_dir())
            .env("LISTEN", "127.0.0.1:0")
            .env("SIGNING_KEY_FILE", &file)
            .output()
            .unwrap();
        assert!(!ended.status.success(), "{name}");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(told.contains("given-key.der"), "{name}: {told}");
        seen.saw(format!("{name}: ends and names the file"));
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn headers_that_a_proxy_might_set_give_nobody_rights(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let (admin, id) = app.account("admin", None, None, None);
    admin.get("/api/v1/accounts").await.expect(200);
    let mut seen = Witness::of("Z19", on);
    for (name, client, expected) in
        [("nobody", app.anonymous(), 401), ("an officer", app.as_officer(&municipality), 403)]
    {
        let request = client
            .request(reqwest::Method::GET, "/api/v1/accounts")
            .header("X-Forwarded-For", "127.0.0.1")
            .header("X-Real-IP", "127.0.0.1")
            .header("X-User-ID", id.as_str())
            .header("X-Role", "admin");
        let refused = Reply::of(request).await;
        assert_eq!(refused.status, expected, "{name}");
        seen.saw(format!("{name}: {}", refused.status));
    }
    let head = app.as_head(&municipality);
    let created = head.post("/api/v1/accounts", &officer("ivanova")).await.expect(201);
    let try_as = async |address: usize, password: &Value| {
        let request = app
            .anonymous()
            .request(reqwest::Method::POST, "/api/v1/auth/login")
            .header("X-Forwarded-For", format!("203.0.113.{address}"));
        Reply::of(request.json(&json!({"login": "ivanova", "password": password}))).await
    };
    for address in 1..=10 {
        assert_eq!(try_as(address, &json!(WRONG)).await.status, 401);
    }
    let eleventh = try_as(11, &created["one_time_password"]).await;
    assert_eq!(eleventh.problem(429), "too-many-requests");
    seen.saw(format!("the eleventh try by other addresses in the header: {}", eleventh.status));
    seen.report();
}
