//! Attacks on the protocol: limits of time and size, ambiguous requests, foreign hosts.

use std::time::Duration;

use reqwest::Method;
use rstest::rstest;

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Reply, Resource};
use crate::inputs::{ORDERS, order};
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
        seen.told(reply.status, &reply.body);
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
    let mut seen = Witness::of("P08", on);
    let (mut cut, mut silent, mut slow) =
        (Raw::connect(&app.url), Raw::connect(&app.url), Raw::connect(&app.url));
    cut.send("GET /health/live HTTP/1.1\r\nHost: x\r\n");
    slow.send("GET /health/live HTTP/1.1\r\n");
    let mut lines = 0;
    while !slow.answers_within(Duration::from_millis(200)) {
        slow.send("X-A: 1\r\n");
        lines += 1;
        assert!(lines < 90, "a head that grows is read for ever");
    }
    for (what, raw) in [("cut", &mut cut), ("line by line", &mut slow)] {
        let reply = raw.reply();
        assert_eq!(reply.status, 408, "{what}");
        assert!(raw.is_closed(), "{what}");
        seen.saw(format!("{what}: {}, closed", reply.status));
    }
    let told = silent.reply_or_end().map(|reply| reply.status);
    assert!(told.is_none_or(|status| status == 408) && silent.is_closed(), "{told:?}");
    seen.saw("silent: closed");
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
        seen.told(reply.status, &reply.body);
    }
    let twice = format!("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n{length}");
    let (twice, _) = ask(&app, post(LOGIN, &twice) + body);
    assert_eq!(twice.problem(415), "unsupported-media-type");
    seen.told(twice.status, &twice.body);
    seen.report();
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
    seen.saw(format!("declared: {} before a byte of it", reply.status));

    let mut raw = Raw::connect(&app.url);
    raw.send(post(LOGIN, "Transfer-Encoding: chunked"));
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 65_536], b"\r\n"].concat();
    for _ in 0..16 {
        assert!(raw.send(&chunk), "a mebibyte is taken");
    }
    raw.send("1\r\n \r\n");
    let reply = raw.reply();
    assert_eq!(reply.problem(413), "too-large");
    seen.saw(format!("chunked: {}", reply.status));

    let body = format!("{}{}", r#"{"login":"x","password":"x"}"#, " ".repeat(LIMIT - 28));
    let (reply, _) = ask(&app, post(LOGIN, &format!("Content-Length: {LIMIT}")) + &body);
    assert_eq!(reply.problem(401), "login-failed", "the limit itself is within");
    seen.saw(format!("a mebibyte: read, {}", reply.status));
    seen.report();
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
        seen.saw(format!("{}, Allow: GET, POST", reply.status));
    }
    seen.report();
    let (live, _) = ask(&app, "PUT /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(
        (live.problem(405).as_str(), live.header("allow").as_deref()),
        ("method-not-allowed", Some("GET"))
    );
    let (nowhere, _) = ask(&app, "PROPFIND /api/v1/nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(nowhere.problem(404), "not-found");
}

#[rstest]
#[actix_web::test]
async fn a_method_is_the_one_of_the_request_line(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let path = format!("{ORDERS}/{}", officer.post(ORDERS, &order("1")).await.expect(201).id());
    let mut seen = Witness::of("P13", on);
    for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        let read = officer.request(Method::GET, &path).header("If-Match", "\"1\"").header(name, "DELETE");
        let read = Reply::of(read).await;
        read.expect(200);
        seen.saw(format!("header: {}, read", read.status));
    }
    for name in ["_method", "method"] {
        let request = officer.request(Method::GET, &format!("{path}?{name}=DELETE"));
        let refused = Reply::of(request.header("If-Match", "\"1\"")).await;
        assert_eq!(refused.violations(400), [format!("?{name} unknown-parameter")]);
        seen.saw(format!("query: {}", refused.status));
    }
    officer.get(&path).await.expect(200);
    seen.saw("the order is there");
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
        seen.saw(format!("foreign: {}", reply.status));
    }
    let (absolute, _) =
        ask(&app, "GET http://evil.example/health/live HTTP/1.1\r\nHost: portal.example\r\n\r\n");
    assert_eq!(absolute.problem(421), "foreign-host");
    seen.saw(format!("foreign: {}", absolute.status));
    for (what, wrong) in [("two", "Host: portal.example\r\nHost: evil.example"), ("none", "X-None: 1")] {
        let reply = live(wrong);
        assert_eq!(reply.status, 400, "{wrong}");
        seen.saw(format!("{what}: {}", reply.status));
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_head_without_measure_is_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let long = |length: usize| get(&format!("/api/v1/orders?q={}", "x".repeat(length)));
    let mut seen = Witness::of("P07", on);
    let fixed = "/api/v1/orders?q=".len();
    for (length, expected) in [(8_000, 401), (8_001, 400), (60_000, 400), (70_000, 400)] {
        let (reply, mut raw) = ask(&app, long(length - fixed));
        assert_eq!(reply.status, expected, "{length}: {reply:?}");
        assert!(length < 70_000 || raw.is_closed());
        seen.saw(format!("{length} bytes: {}", reply.status));
    }
    seen.report();
    let mut seen = Witness::of("P06", on);
    let padded = |kib: usize| format!("X-A: {}\r\n", "x".repeat(kib * 1024));
    for (what, lines, expected) in [
        ("15 KiB", padded(15), 200),
        ("17 KiB", padded(17), 431),
        ("64 KiB", padded(64), 431),
        ("129 KiB", padded(129), 431),
        ("98 fields", "X-A: 1\r\n".repeat(97), 431),
    ] {
        let (reply, mut raw) = ask(&app, format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{lines}\r\n"));
        assert_eq!(reply.status, expected, "{what}");
        assert!(matches!(what, "15 KiB" | "17 KiB" | "64 KiB") || raw.is_closed(), "{what}");
        seen.saw(format!("{what}: {}", reply.status));
    }
    seen.report();
}

/// Sends what two readers could take for two different requests; none is read.
async fn expect_refused(app: &TestApp, mut seen: Witness, requests: &[String]) {
    for request in requests {
        let (reply, mut raw) = ask(app, request);
        assert_eq!(reply.status, 400, "{request:?}: {reply:?}");
        // A second request behind it would be the smuggled one.
        raw.send(get("/health/live"));
        assert!(raw.is_closed(), "{request:?}: {reply:?}");
        seen.saw(format!("{}, closed", reply.status));
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn an_ambiguous_length_is_refused_and_hung_up_on(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let with = |lines: &[&str]| lines.iter().map(|lines| post(LOGIN, lines)).collect::<Vec<_>>();
    let both = with(&[
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ]);
    expect_refused(&app, Witness::of("P01", on), &both).await;
    let lengths = with(&[
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 18446744073709551616",
        "Content-Length: five",
        "Content-Length: 5, 5",
    ]);
    expect_refused(&app, Witness::of("P02", on), &lengths).await;
}

#[rstest]
#[actix_web::test]
async fn an_ambiguous_coding_is_refused_and_hung_up_on(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let chunked = post(LOGIN, "Transfer-Encoding: chunked");
    let requests = [
        post(LOGIN, "Transfer-Encoding: xchunked"),
        post(LOGIN, "Transfer-Encoding: chunked, identity"),
        post(LOGIN, "Transfer-Encoding : chunked"),
        chunked.replace("HTTP/1.1", "HTTP/1.0") + "0\r\n\r\n",
        format!("{chunked}0x5\r\n{{\"a\":\r\n0\r\n\r\n"),
        format!("{chunked}zz\r\n{{}}\r\n0\r\n\r\n"),
        format!("{chunked}-5\r\n{{}}\r\n0\r\n\r\n"),
        format!("{chunked}ffffffffffffffffff\r\n{{}}"),
    ];
    expect_refused(&app, Witness::of("P03", on), &requests).await;
}

#[rstest]
#[actix_web::test]
async fn a_line_that_ends_in_two_ways_is_refused_and_hung_up_on(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let requests = [
        post(LOGIN, "Content-Length:\r\n 5"),
        post(LOGIN, "Content-Length: 5\r\nX-A: a\0b"),
        post(LOGIN, "Content-Length: 5\r\nX-A: a\rb"),
    ];
    let mut seen = Witness::of("P05", on);
    // RFC 9112, section 2.2, lets a recipient take a line feed alone for the end of a line.
    let (bare, mut raw) = ask(&app, "GET /health/live HTTP/1.1\nHost: x\n\n");
    assert_eq!(bare.status, 200);
    assert!(!raw.answers_within(Duration::from_millis(200)), "one request, one answer");
    seen.saw(format!("line feeds alone: {}, one answer", bare.status));
    expect_refused(&app, seen, &requests).await;
}

#[rstest]
#[actix_web::test]
async fn another_protocol_is_refused_and_hung_up_on(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let requests = [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\x16\x03\x01\0\u{5}\x01\0\0\x01\x03\r\n\r\n".to_owned(),
    ];
    expect_refused(&app, Witness::of("P17", on), &requests).await;
}

#[rstest]
#[actix_web::test]
async fn a_path_written_otherwise_needs_the_same_rights(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let (mut closed, mut nothing) = (0, 0);
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
        match reply.status {
            401 => closed += 1,
            404 => nothing += 1,
            _ => panic!("{path}: {reply:?}"),
        }
        assert!(!reply.problem(reply.status).is_empty());
    }
    let mut seen = Witness::of("P16", on);
    seen.saw(format!("401: {closed}; 404: {nothing}"));
    seen.report();
}
