//! How often, how much and how long: what a caller is told when he has reached a limit.

use rstest::rstest;
use school_roadmap::web::rate::Rates;
use serde_json::json;

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::Reply;
use crate::sign_in::given_officer;
use crate::witness::Witness;

const ME: &str = "/api/v1/me";

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.headers.get(name).map(|value| value.to_str().unwrap())
}

#[rstest]
#[actix_web::test]
async fn a_caller_over_his_quota_waits_and_others_do_not(#[values(Sqlite, Postgres)] on: Database) {
    let set = |config: &mut school_roadmap::config::Config| {
        config.rates = Rates { read: 30, write: 60, ..Rates::NONE };
    };
    let Some(app) = TestApp::start_with(on, set).await else { return };
    let municipality = app.given_municipality("Хотынецкий район");
    let (officer, head) = (app.as_officer(&municipality), app.as_head(&municipality));
    let first = officer.get(ME).await;
    assert_eq!(header(&first, "ratelimit-policy"), Some(r#""read";q=30;w=60"#));
    let mut left = 30;
    let refused = loop {
        let reply = officer.get(ME).await;
        if reply.status == 429 {
            break reply;
        }
        left -= 1;
        assert!(left > 0, "the quota has an end");
    };
    assert_eq!(refused.problem(429), "too-many-requests");
    assert_eq!(header(&refused, "retry-after"), Some("2"));
    assert_eq!(header(&refused, "ratelimit"), Some(r#""read";r=0;t=2"#));

    let other = head.get(ME).await;
    assert_eq!(other.status, 200);
    let mut seen = Witness::of("C08", on);
    seen.answer(&refused);
    seen.saw(format!("another account: {}", other.status));
    seen.report();
    let written = officer.post("/api/v1/orders", &json!({})).await;
    assert_eq!(written.status, 422, "writing has a quota of its own");
    app.set_time("2023-03-01T09:00:02Z");
    let later = officer.get(ME).await;
    assert_eq!(later.status, 200);
}

#[rstest]
#[actix_web::test]
async fn an_address_over_its_quota_is_refused_before_anything_is_looked_at(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let set = |config: &mut school_roadmap::config::Config| {
        config.rates = Rates { address: 20, sign_in: 5, ..Rates::NONE };
        config.trusted_proxies = "127.0.0.1".parse().unwrap();
    };
    let Some(app) = TestApp::start_with(on, set).await else { return };
    let from = async |address: &str, path: &str| {
        let request = app.anonymous().request(reqwest::Method::POST, path);
        Reply::of(request.header("X-Forwarded-For", address).json(&json!({"login": "a", "password": "b"})))
            .await
    };
    for _ in 0..5 {
        assert_eq!(from("192.0.2.1", "/api/v1/auth/login").await.problem(401), "login-failed");
    }
    let refused = from("192.0.2.1", "/api/v1/auth/login").await;
    assert_eq!(refused.problem(429), "too-many-requests");
    assert_eq!(header(&refused, "ratelimit"), Some(r#""sign-in";r=0;t=12"#));
    assert_eq!(from("192.0.2.2", "/api/v1/auth/login").await.problem(401), "login-failed");
    for _ in 0..14 {
        assert_eq!(from("192.0.2.1", "/api/v1/orders").await.problem(401), "unauthenticated");
    }
    let refused = from("192.0.2.1", "/api/v1/orders").await;
    assert_eq!(refused.problem(429), "too-many-requests");
    assert_eq!(header(&refused, "ratelimit-policy"), Some(r#""address";q=20;w=60"#));
    assert_eq!(app.anonymous().get("/health/live").await.status, 200, "whoever watches is not counted");
}

/// His own address keeps a count of its own: the way back in that needs nobody.
#[rstest]
#[actix_web::test]
async fn a_guesser_does_not_keep_his_victim_out(#[values(Sqlite, Postgres)] on: Database) {
    let set = |config: &mut school_roadmap::config::Config| {
        config.trusted_proxies = "127.0.0.1".parse().unwrap();
    };
    let Some(app) = TestApp::start_with(on, set).await else { return };
    let (_head, person) = given_officer(&app, "ivanova").await;
    let sign_in = async |address: &str, password: &str| {
        let request = app.anonymous().request(reqwest::Method::POST, "/api/v1/auth/login");
        let body = json!({"login": person.login, "password": password});
        Reply::of(request.header("X-Forwarded-For", address).json(&body)).await
    };
    let (own, guesser) = ("192.0.2.1", "198.51.100.7");
    assert_eq!(sign_in(own, &person.password).await.status, 200);
    let mut seen = Witness::of("A03", on);
    for _ in 0..11 {
        let reply = sign_in(guesser, "not it").await;
        assert!(matches!(reply.status, 401 | 429));
        seen.answer(&reply);
    }
    let back = sign_in(own, &person.password).await;
    assert_eq!(back.status, 200);
    seen.saw(format!("the victim at his usual address: {}", back.status));
    let elsewhere = sign_in("203.0.113.9", &person.password).await;
    assert_eq!(elsewhere.problem(429), "too-many-requests");
    seen.saw(format!("at a new address: {}", elsewhere.status));
    app.set_time("2023-03-01T09:15:00Z");
    let later = sign_in("203.0.113.9", &person.password).await;
    assert_eq!(later.status, 200);
    seen.saw(format!("there after 15 minutes: {}", later.status));
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_head_and_an_address_have_a_measure(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let get = |path: String| app.anonymous().request(reqwest::Method::GET, &path);
    let target =
        |length: usize| format!("/api/v1/orders?q={}", "x".repeat(length - "/api/v1/orders?q=".len()));
    let fits = Reply::of(get(target(8_000))).await;
    assert_eq!(fits.problem(401), "unauthenticated");
    let long = Reply::of(get(target(8_001))).await;
    assert_eq!(long.problem(400), "malformed-request");

    let fields = |length: usize| Reply::of(get("/health/live".to_owned()).header("X-A", "x".repeat(length)));
    assert_eq!(fields(15 * 1024).await.status, 200);
    assert_eq!(fields(17 * 1024).await.problem(431), "head-too-large");
}

/// An administrator sees where the time went; nobody else does.
#[rstest]
#[actix_web::test]
async fn an_administrator_sees_the_time_with_the_database(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let municipality = app.given_municipality("Хотынецкий район");
    let reply = app.as_admin().get(ME).await;
    let timing = header(&reply, "server-timing").unwrap();
    assert!(timing.starts_with("db;dur=") && timing.contains("total;dur="), "{timing}");
    assert_eq!(header(&app.as_officer(&municipality).get(ME).await, "server-timing"), None);
}
