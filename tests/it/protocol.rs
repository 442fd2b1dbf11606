//! Attacks on the protocol: limits of time and size, ambiguous requests, foreign hosts.

use std::time::Duration;

use rstest::rstest;

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::raw::{Raw, RawReply};
use crate::witness::Witness;

const LOGIN: &str = "/api/v1/auth/login";
const LIMIT: usize = 1024 * 1024;

/// One request on a connection of its own, and the connection.
fn ask(app: &TestApp, request: impl AsRef<[u8]>) -> (RawReply, Raw) {
    let mut raw = Raw::connect(&app.url);
    raw.send(request);
    (raw.reply(), raw)
}

/// The head of a POST with a JSON body; `more` are further header lines.
fn post(path: &str, more: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{more}\r\n\r\n")
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
}

#[rstest]
#[actix_web::test]
async fn a_body_that_trickles_is_given_up(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start_with(on, |config| config.body_seconds = 1).await else { return };
    let mut seen = Witness::of("P09", on);
    for head in [post(LOGIN, "Content-Length: 1000"), post(LOGIN, "Transfer-Encoding: chunked")] {
        let mut raw = Raw::connect(&app.url);
        raw.send(&head);
        let byte: &[u8] = if head.contains("chunked") { b"1\r\n \r\n" } else { b" " };
        let mut sent = 0;
        while !raw.answers_within(Duration::from_millis(100)) {
            raw.send(byte);
            sent += 1;
            assert!(sent < 200, "a trickle is served for ever");
        }
        let reply = raw.reply();
        assert_eq!(reply.problem(408), "request-timeout");
        seen.raw(&reply);
        let chunked = head.contains("chunked");
        assert!(chunked || raw.is_closed(), "the connection goes with it");
    }
    seen.report();
    let quick = r#"{"login":"x","password":"x"}"#;
    let (reply, _) = ask(&app, post(LOGIN, &format!("Content-Length: {}", quick.len())) + quick);
    assert_eq!(reply.problem(401), "login-failed");
}

/// A sender that has been refused is not listened to for ever.
#[rstest]
#[actix_web::test]
async fn a_body_that_nobody_reads_ends_its_connection(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let (reply, mut raw) = ask(&app, post("/api/v1/orders", "Content-Length: 1000"));
    assert_eq!(reply.problem(401), "unauthenticated");
    assert!(raw.is_closed());
}

#[rstest]
#[actix_web::test]
async fn a_head_that_does_not_end_is_given_up(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let mut raw = Raw::connect(&app.url);
    raw.send("GET /health/live HTTP/1.1\r\nHost: x\r\n");
    let reply = raw.reply();
    assert_eq!(reply.status, 408);
    assert!(raw.is_closed());
    let mut seen = Witness::of("P08", on);
    seen.raw(&reply);
    seen.saw("closed");
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn nothing_is_unpacked(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let body = r#"{"login":"x","password":"x"}"#;
    let length = format!("Content-Length: {}", body.len());
    let mut seen = Witness::of("P12", on);
    for coding in ["gzip", "GZIP", "xz", "br", "deflate", "zstd", "gzip, gzip", "identity, gzip", "x"] {
        let (reply, _) = ask(&app, post(LOGIN, &format!("Content-Encoding: {coding}\r\n{length}")) + body);
        assert_eq!(reply.problem(415), "unsupported-media-type", "{coding}");
        seen.raw(&reply);
    }
    seen.report();
    let twice = format!("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n{length}");
    assert_eq!(ask(&app, post(LOGIN, &twice) + body).0.problem(415), "unsupported-media-type");
    let transfer = "Transfer-Encoding: gzip, chunked";
    let (reply, _) = ask(&app, post(LOGIN, transfer) + "1c\r\n" + body + "\r\n0\r\n\r\n");
    assert!(matches!(reply.status, 400 | 401 | 501), "{reply:?}");
    let plain = format!("Content-Encoding: Identity\r\n{length}");
    assert_eq!(ask(&app, post(LOGIN, &plain) + body).0.problem(401), "login-failed");
}

#[rstest]
#[actix_web::test]
async fn a_body_over_a_mebibyte_is_refused_however_it_comes(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let mut seen = Witness::of("I03", on);
    let (reply, _) = ask(&app, post(LOGIN, &format!("Content-Length: {}", LIMIT + 1)));
    assert_eq!(reply.problem(413), "too-large", "told before a byte of it is sent");
    seen.raw(&reply);

    let mut raw = Raw::connect(&app.url);
    raw.send(post(LOGIN, "Transfer-Encoding: chunked"));
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 65_536], b"\r\n"].concat();
    for _ in 0..16 {
        assert!(raw.send(&chunk), "a mebibyte is taken");
    }
    raw.send("1\r\n \r\n");
    let reply = raw.reply();
    assert_eq!(reply.problem(413), "too-large");
    seen.raw(&reply);
    seen.report();

    let body = format!("{}{}", r#"{"login":"x","password":"x"}"#, " ".repeat(LIMIT - 28));
    let (reply, _) = ask(&app, post(LOGIN, &format!("Content-Length: {LIMIT}")) + &body);
    assert_eq!(reply.problem(401), "login-failed", "the limit itself is within");
}

#[rstest]
#[actix_web::test]
async fn another_method_is_told_what_is_served(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let mut seen = Witness::of("P14", on);
    for method in ["DELETE", "TRACE", "PROPFIND", "CONNECT", "OPTIONS", "BREW", "get"] {
        let (reply, _) = ask(&app, format!("{method} /api/v1/orders HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_eq!(reply.problem(405), "method-not-allowed", "{method}");
        assert_eq!(reply.header("allow").as_deref(), Some("GET, POST"), "{method}");
        seen.raw(&reply);
    }
    seen.report();
    let (live, _) = ask(&app, "PUT /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(
        (live.problem(405).as_str(), live.header("allow").as_deref()),
        ("method-not-allowed", Some("GET"))
    );
    let (nowhere, _) = ask(&app, "PROPFIND /api/v1/nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(nowhere.problem(404), "not-found");
    let mut seen = Witness::of("P13", on);
    let disguised = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\nX-HTTP-Method-Override: DELETE\r\n\r\n";
    let (read, _) = ask(&app, disguised);
    assert_eq!(read.status, 200);
    seen.raw(&read);
    let (asked, _) = ask(&app, get("/api/v1/orders?_method=DELETE"));
    assert_eq!(asked.problem(401), "unauthenticated", "a GET like any other");
    seen.raw(&asked);
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn only_the_configured_hosts_are_served(#[values(Sqlite, Postgres)] on: Database) {
    let set = |config: &mut school_roadmap::config::Config| {
        config.allowed_hosts = vec!["portal.example".to_owned(), "[::1]".to_owned()];
    };
    let Some(app) = TestApp::start_with(on, set).await else { return };
    let live = |head: &str| ask(&app, format!("GET /health/live HTTP/1.1\r\n{head}\r\n\r\n")).0;
    let mut seen = Witness::of("P04", on);
    for good in ["portal.example", "portal.example:8080", "PORTAL.example", "[::1]", "[::1]:8080"] {
        assert_eq!(live(&format!("Host: {good}")).status, 200, "{good}");
    }
    for foreign in [
        "Host: evil.example",
        "Host: portal.example.evil.example",
        "Host: evil.example:80\r\nX-Forwarded-Host: portal.example",
        "Host: evil.example\r\nForwarded: host=portal.example",
        "Host: portal.example@evil.example",
        "Host:",
    ] {
        let reply = live(foreign);
        assert_eq!(reply.problem(421), "foreign-host", "{foreign}");
        seen.raw(&reply);
    }
    let (absolute, _) =
        ask(&app, "GET http://evil.example/health/live HTTP/1.1\r\nHost: portal.example\r\n\r\n");
    assert_eq!(absolute.problem(421), "foreign-host");
    for wrong in ["Host: portal.example\r\nHost: evil.example", "X-None: 1"] {
        let reply = live(wrong);
        assert_eq!(reply.status, 400, "{wrong}");
        seen.raw(&reply);
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_head_without_measure_is_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let long = |length: usize| get(&format!("/api/v1/orders?q={}", "x".repeat(length)));
    assert_eq!(ask(&app, long(7_900)).0.problem(401), "unauthenticated", "long, and asked for a token first");
    let mut seen = Witness::of("P07", on);
    let (reply, _) = ask(&app, get(&format!("/api/v1/orders?q={}", "x".repeat(8_000))));
    assert_eq!(reply.problem(400), "malformed-request");
    seen.raw(&reply);
    let (reply, mut raw) = ask(&app, long(70_000));
    assert_eq!(reply.status, 400, "{reply:?}");
    assert!(raw.is_closed());
    seen.raw(&reply);
    seen.report();
    let many = "X-A: 1\r\n".repeat(97);
    let padded = format!("X-A: {}\r\n", "x".repeat(132_000));
    let mut seen = Witness::of("P06", on);
    let over = format!("X-A: {}\r\n", "x".repeat(17 * 1024));
    let (reply, _) = ask(&app, format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{over}\r\n"));
    assert_eq!(reply.problem(431), "head-too-large");
    seen.raw(&reply);
    for lines in [many, padded] {
        let (reply, mut raw) = ask(&app, format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{lines}\r\n"));
        assert_eq!(reply.status, 431);
        assert!(raw.is_closed());
        seen.raw(&reply);
    }
    seen.report();
}

/// Where two readers of one stream could see two different requests, none is read.
#[rstest]
#[actix_web::test]
async fn an_ambiguous_request_is_refused_and_hung_up_on(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let header = |lines: &str| post(LOGIN, lines);
    let chunked = |body: &str| post(LOGIN, "Transfer-Encoding: chunked") + body;
    let rows = [
        (
            "P01",
            vec![
                header("Content-Length: 5\r\nTransfer-Encoding: chunked"),
                header("Transfer-Encoding: chunked\r\nContent-Length: 5"),
            ],
        ),
        (
            "P02",
            vec![
                header("Content-Length: 5\r\nContent-Length: 6"),
                header("Content-Length: 5\r\nContent-Length: 5"),
                header("Content-Length: +5"),
                header("Content-Length: -5"),
                header("Content-Length: 18446744073709551616"),
                header("Content-Length: five"),
            ],
        ),
        (
            "P03",
            vec![
                header("Transfer-Encoding: xchunked"),
                header("Transfer-Encoding: chunked, identity"),
                header("Transfer-Encoding : chunked"),
                header("Transfer-Encoding: chunked").replace("HTTP/1.1", "HTTP/1.0"),
                chunked("0x5\r\n{\"a\":\r\n0\r\n\r\n"),
                chunked("zz\r\n{}\r\n0\r\n\r\n"),
                chunked("-5\r\n{}\r\n0\r\n\r\n"),
                chunked("ffffffffffffffffff\r\n{}"),
            ],
        ),
        (
            "P05",
            vec![
                header("Content-Length:\r\n 5"),
                header("Content-Length: 5\r\nX-A: a\0b"),
                header("Content-Length: 5\r\nX-A: a\rb"),
            ],
        ),
        (
            "P17",
            vec![
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
                "\x16\x03\x01\0\u{5}\x01\0\0\x01\x03\r\n\r\n".to_owned(),
            ],
        ),
    ];
    for (id, requests) in rows {
        let mut seen = Witness::of(id, on);
        for request in requests {
            let (reply, mut raw) = ask(&app, &request);
            assert_eq!(reply.status, 400, "{request:?}: {reply:?}");
            // A second request behind it would be the smuggled one.
            raw.send(get("/health/live"));
            assert!(raw.is_closed(), "{request:?}: {reply:?}");
            seen.saw("400, closed");
        }
        if id == "P05" {
            let (reply, _) = ask(&app, "GET /health/live HTTP/1.1\nHost: x\n\n");
            assert_eq!(reply.status, 200);
            seen.saw("lines that end with a bare LF: 200");
        }
        seen.report();
    }
}

#[rstest]
#[actix_web::test]
async fn a_path_written_otherwise_needs_the_same_rights(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let mut seen = Witness::of("P16", on);
    for path in [
        "http://x/api/v1/orders",
        "//api/v1/orders",
        "/./api/v1/orders",
        "/health/../api/v1/orders",
        "/health/%2e%2e/api/v1/orders",
        "/problems/..%2fapi%2fv1%2forders",
        "/api/v1/public/notes/..%2f..%2forders",
        "/api/v1/public/notes/../../orders",
        "/api/v1/%6frders",
        "/api/v1/orders/",
        "/API/v1/orders",
        "/api/v1/orders;a=b",
        "/api/v1/orders%00",
        "/api/v1/orders/%ff",
    ] {
        let (reply, _) = ask(&app, get(path));
        assert!(matches!(reply.status, 401 | 404), "{path}: {reply:?}");
        assert!(!reply.problem(reply.status).is_empty());
        seen.raw(&reply);
    }
    seen.report();
}
