//! Hostile input: refused or taken literally, on both databases alike, and never a failure.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::RequestBuilder;
use rstest::rstest;
use school_roadmap::api::document::document;
use school_roadmap::auth::keys::Keys;
use school_roadmap::auth::token::Tokens;
use school_roadmap::features::changes as feed;
use school_roadmap::web::cursor;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};
use crate::sign_in::log_in;
use crate::witness::Witness;

pub const ORDERS: &str = "/api/v1/orders";
const SCHOOLS: &str = "/api/v1/schools";

/// What has broken other services.
const HOSTILE: [&str; 20] = [
    "' OR '1'='1",
    "'; DROP TABLE orders; --",
    "\" OR 1=1 --",
    "1) UNION SELECT password_hash FROM accounts --",
    "%",
    "_",
    "\\",
    "\\' OR 1=1 --",
    "%25",
    "$1",
    "?1",
    ":id",
    "{{7*7}}",
    "${jndi:ldap://127.0.0.1/a}",
    "../../../etc/passwd",
    "<script>alert(1)</script>",
    "null",
    "[]",
    "-1",
    "٣",
];

pub fn order(number: &str) -> Value {
    json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": number,
        "date": "2023-02-01", "title": "О сопровождении школ", "kind": "list"
    })
}

pub async fn post_bytes(client: &Client, path: &str, body: Vec<u8>) -> Reply {
    let request = client.request(reqwest::Method::POST, path);
    Reply::of(request.header("Content-Type", "application/json").body(body)).await
}

/// The paths of every operation of this method, with the names of its query parameters.
fn operations(method: &str) -> Vec<(String, Vec<String>)> {
    let document = serde_json::to_value(document()).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let of = |operation: &Value| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let query = parameters.filter(|parameter| parameter["in"] == "query");
        query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
    };
    let known = paths.iter().filter_map(|(path, item)| Some((path.clone(), of(item.get(method)?))));
    known.collect()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[rstest]
#[actix_web::test]
async fn what_is_not_json_is_refused_whatever_its_depth(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let nested = |depth: usize| {
        let inner = depth - 1;
        format!(r#"{{"title":{}{}}}"#, "[".repeat(inner), "]".repeat(inner)).into_bytes()
    };
    let mut seen = Witness::of("I02", on);
    let deepest = post_bytes(&officer, ORDERS, nested(127)).await;
    assert_eq!(deepest.violations(400), ["/title wrong-type"], "read, and not what is wanted");
    seen.saw(format!("127: read, {}", deepest.violations(400).concat()));
    for depth in [128, 100_000] {
        let refused = post_bytes(&officer, ORDERS, nested(depth)).await;
        assert_eq!(refused.violations(400), [" not-json"]);
        seen.saw(format!("{depth}: {} not-json", refused.status));
    }
    let unclosed = "[".repeat(500_000).into_bytes();
    let unclosed = post_bytes(&officer, ORDERS, unclosed).await;
    assert_eq!(unclosed.violations(400), [" not-json"]);
    seen.saw(format!("500000 unclosed: {} not-json", unclosed.status));
    seen.report();

    let titled = async |title: &[u8]| {
        let body = [br#"{"title":"#.as_slice(), title, b"}"].concat();
        let reply = post_bytes(&officer, ORDERS, body).await;
        assert_eq!(reply.violations(400), [" not-json"], "{}", String::from_utf8_lossy(title));
        reply
    };
    let mut seen = Witness::of("I09", on);
    for text in
        [&b"\"\xff\xfe\""[..], b"\"\xc0\xaf\"", b"\"\xed\xa0\x80\"", br#""\ud800""#, br#""\udc00\ud800""#]
    {
        seen.answer(&titled(text).await);
    }
    seen.report();
    let mut seen = Witness::of("I01", on);
    for text in [&br#""\x41""#[..], b"\"a\x01b\"", b"NaN", b"Infinity", b"'x'", b"1e400"] {
        seen.answer(&titled(text).await);
    }
    for body in [&b""[..], b"{", b"{} {}", b"{}x", b"\xef\xbb\xbf{}", b"\0", b"{\"title\":\"x\",}"] {
        let reply = post_bytes(&officer, ORDERS, body.to_vec()).await;
        assert_eq!(reply.violations(400), [" not-json"]);
        seen.answer(&reply);
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_number_out_of_range_is_the_clients_fault(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let order = officer.post(ORDERS, &order("1")).await.expect(201).id();
    let numbers = [
        "-1",
        "1.5",
        "1e3",
        "1e400",
        "2147483648",
        "9223372036854775808",
        "99999999999999999999",
        "-0.0",
        "\"2022\"",
        "true",
    ];
    let mut seen = Witness::of("I19", on);
    for number in numbers {
        let list = format!(
            r#"{{"level":"municipal","category":"low_results","order_id":"{order}","results_year":{number}}}"#
        );
        let reply = post_bytes(&officer, "/api/v1/support-lists", list.into_bytes()).await;
        assert!(matches!(reply.status, 400 | 422), "{number}: {}", reply.text());
        seen.saw(format!("{number}: {}", reply.status));
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn every_unicode_text_comes_back_byte_by_byte(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let mut seen = Witness::of("I24", on);
    let bytes_255 = format!("{}x", "я".repeat(127));
    for (number, title) in
        ["Школа 👩‍🏫🇷🇺 𝕏", "日本語 العربية ไทย", "' \" \\ / <b> & %s {} $1", "«Ёлка» № 1 — й", &bytes_255]
            .iter()
            .enumerate()
    {
        let mut body = order(&number.to_string());
        body["title"] = json!(title);
        let stored = officer.post(ORDERS, &body).await.expect(201);
        let read = officer.get(&format!("{ORDERS}/{}", stored.id())).await.expect(200);
        assert_eq!(read["title"].as_str().unwrap().as_bytes(), title.as_bytes());
        seen.saw("stored and read, byte by byte the same");
    }
    seen.report();
    let mut nul = order("9");
    nul["title"] = json!("a\0b");
    nul["issuer"] = json!("a\u{202e}b");
    let refused = officer.post(ORDERS, &nul).await.violations(422);
    assert_eq!(refused, ["/issuer forbidden-character", "/title forbidden-character"]);
    for (login, password) in
        [("a\0b", "x"), ("ivanova", "a\0b"), ("a\r\nSet-Cookie: x", "x"), ("\x1b[2J", "x")]
    {
        let reply = log_in(&app, login, password).await;
        assert!(matches!(reply.status, 401 | 422), "{login:?}: {}", reply.text());
    }
}

#[rstest]
#[actix_web::test]
async fn an_id_of_any_shape_in_a_path_names_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let callers = [app.as_head(&municipality), app.as_admin()];
    let long = "9".repeat(10_000);
    let ids = [
        "%00",
        "a%00b",
        "%ff",
        "%0d%0aX-A:%201",
        "abc",
        "99999999999999999999",
        "%27%20OR%201=1--",
        "-1",
        "%25",
        "0192F0C1-0000-7000-8000-000000000000",
        "%7B0192f0c1-0000-7000-8000-000000000000%7D",
        "..%2f..%2fetc",
        &long,
    ];
    let named = |path: &str, id: &str| -> String {
        path.split('/')
            .map(|part| if part.starts_with('{') { id } else { part })
            .collect::<Vec<_>>()
            .join("/")
    };
    let (mut asked, mut statuses) = (0, BTreeSet::new());
    for method in ["get", "post", "patch", "put", "delete"] {
        for (path, _) in operations(method).iter().filter(|(path, _)| path.contains('{')) {
            for id in &ids {
                for client in &callers {
                    let verb = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                    let request = client.request(verb, &named(path, id)).header("If-Match", "*");
                    let reply = Reply::of(request.json(&json!({}))).await;
                    let refused = matches!(reply.status, 400 | 403 | 404);
                    // An upsert by OGRN names no row yet: its rules are looked at.
                    let refused = refused || (reply.status == 422 && path.ends_with("/by-ogrn/{ogrn}"));
                    assert!(refused, "{method} {path} {id}: {}", reply.text());
                    assert_eq!(reply.header("content-type").as_deref(), Some("application/problem+json"));
                    statuses.insert(reply.status);
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 1_000);
    let mut seen = Witness::of("I20", on);
    statuses.iter().for_each(|status| seen.saw(status.to_string()));
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_query_is_refused_or_taken_literally(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    app.given_school(&municipality, "Школа № 1", 0);
    let head = app.as_head(&municipality);
    let long = "я".repeat(9_000);
    let mut lists = 0;
    let [mut hostile, mut sorts, mut limits, mut pages] = [const { BTreeSet::<u16>::new() }; 4];
    for (path, parameters) in operations("get").iter().filter(|(path, _)| !path.contains('{')) {
        if !parameters.iter().any(|name| name == "cursor") {
            continue;
        }
        lists += 1;
        for name in parameters {
            for text in HOSTILE.iter().chain([&&*long]) {
                let reply = head.get(&format!("{path}?{name}={}", encoded(text))).await;
                let allowed = matches!(reply.status, 200 | 400 | 403);
                assert!(allowed, "{path}?{name}={text}: {}", reply.text());
                hostile.insert(reply.status);
                if matches!(name.as_str(), "sort" | "cursor" | "limit" | "count") {
                    assert_ne!(reply.status, 200, "{path}?{name}={text}");
                }
                if reply.status == 200 && name == "q" {
                    for item in reply.json()["items"].as_array().unwrap() {
                        assert!(item.to_string().contains(text), "{path}?{name}={text}: {item}");
                    }
                }
            }
            for bytes in ["%00", "a%00b", "%ff", "%ed%a0%80", "%0d%0a"] {
                let reply = head.get(&format!("{path}?{name}={bytes}")).await;
                assert!(matches!(reply.status, 400 | 403), "{path}?{name}={bytes}: {}", reply.text());
            }
        }
        for limit in ["-1", "0", "1001", "1000000000", "abc", "1.5", "9223372036854775808", "", "1&limit=2"] {
            let reply = head.get(&format!("{path}?limit={limit}")).await;
            assert!(matches!(reply.status, 400 | 403), "{path}?limit={limit}: {}", reply.text());
            limits.insert(reply.status);
        }
        for query in [
            "page=9223372036854775808",
            "offset=9223372036854775808",
            "offset=1",
            "sort=password_hash",
            "sort=-no_such_column",
            "a%00b=1",
            "=1",
            "limit[]=5",
            "id[]=1",
            "count[eq]=exact",
        ] {
            let reply = head.get(&format!("{path}?{query}")).await;
            assert!(matches!(reply.status, 400 | 403), "{path}?{query}: {}", reply.text());
            match query.split('=').next().unwrap() {
                "sort" => sorts.insert(reply.status),
                "page" | "offset" => pages.insert(reply.status),
                _ => continue,
            };
        }
    }
    assert!(lists > 8, "{lists}");
    for (mut seen, statuses) in [
        (Witness::of("I14", on), hostile),
        (Witness::of("I15", on), sorts),
        (Witness::of("I16", on), limits),
        (Witness::of("I17", on), pages),
    ] {
        statuses.iter().for_each(|status| seen.saw(status.to_string()));
        seen.report();
    }
}

#[rstest]
#[actix_web::test]
async fn a_parameter_with_an_operator_it_does_not_take_is_refused(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let school = app.given_school(&municipality, "Школа № 1", 0);
    let head = app.as_head(&municipality);
    let order = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": "1", "date": "2023-02-20",
        "title": "О мониторинге", "kind": "other"
    });
    for form in ["dry_run[]=true", "dry_run[eq]=true"] {
        let reply = head.post(&format!("/api/v1/orders?{form}"), &order).await;
        assert_eq!(reply.violations(400), ["?dry_run invalid-parameter"]);
    }
    assert_eq!(head.get("/api/v1/orders").await.expect(200)["items"], json!([]), "nothing was stored");
    let one = head.get(&format!("/api/v1/schools/{school}?fields[]=id")).await;
    assert_eq!(one.violations(400), ["?fields invalid-parameter"]);
    head.post("/api/v1/orders?dry_run=true", &order).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_header_is_refused_or_taken_literally(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let stored = officer.post(ORDERS, &order("1")).await.expect(201);
    let path = format!("{ORDERS}/{}", stored.id());
    let hostile = HOSTILE.iter().filter(|text| text.is_ascii()).copied().chain(["\"\"", ",,,", "W/"]);
    for text in hostile {
        for name in ["If-None-Match", "Accept-Language", "X-Request-Id", "X-Forwarded-For", "Range", "Cookie"]
        {
            let reply = Reply::of(officer.request(reqwest::Method::GET, &path).header(name, text)).await;
            assert_eq!(reply.status, 200, "{name}: {text}");
        }
        let patch = officer.request(reqwest::Method::PATCH, &path).json(&json!({ "title": "Иной" }));
        assert_eq!(Reply::of(patch.header("If-Match", text)).await.problem(412), "stale", "{text}");
        let again = || officer.request(reqwest::Method::POST, ORDERS).header("Idempotency-Key", text);
        let first = Reply::of(again().json(&order(text))).await.expect(201);
        assert_eq!(Reply::of(again().json(&order(text))).await.expect(201), first, "{text}");
    }
    let bytes = reqwest::header::HeaderValue::from_bytes("ключ".as_bytes()).unwrap();
    let strange = officer.request(reqwest::Method::POST, ORDERS).header("Idempotency-Key", bytes);
    assert_eq!(Reply::of(strange.json(&order("2"))).await.problem(400), "malformed-request");
    assert_eq!(officer.get(&path).await.expect(200), stored, "nothing of it changed the order");
}

#[rstest]
#[actix_web::test]
async fn a_cursor_serves_the_query_that_made_it_and_no_other(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    for number in 0..3 {
        app.given_school(&municipality, &format!("Школа № {number}"), number);
    }
    let officer = app.as_officer(&municipality);
    for number in ["1", "2"] {
        officer.post(ORDERS, &order(number)).await.expect(201);
    }
    let page = officer.get(&format!("{SCHOOLS}?limit=1&sort=short_name&status=active")).await.expect(200);
    let next = page["page"]["next"].as_str().unwrap();
    let cursor = next.split("cursor=").nth(1).unwrap().split('&').next().unwrap();
    assert_eq!(officer.get(next).await.expect(200)["items"][0]["short_name"], "Школа № 1");

    let mut altered = cursor.to_owned();
    altered.replace_range(14..15, if &altered[14..15] == "A" { "B" } else { "A" });
    let own = |cursor: &str| format!("{SCHOOLS}?limit=1&sort=short_name&status=active&cursor={cursor}");
    let half = &cursor[..cursor.len() / 2];
    let mut seen = Witness::of("I18", on);
    for wrong in [
        own(&cursor[..cursor.len() - 1]),
        own(half),
        own(&altered),
        own(&format!("{cursor}AAAA")),
        own("9223372036854775808"),
        own(""),
        format!("{SCHOOLS}?limit=1&sort=-short_name&status=active&cursor={cursor}"),
        format!("{SCHOOLS}?limit=1&sort=short_name&cursor={cursor}"),
        format!("{SCHOOLS}?limit=1&sort=short_name&status=closed&cursor={cursor}"),
        format!("{ORDERS}?limit=1&cursor={cursor}"),
    ] {
        let refused = officer.get(&wrong).await;
        assert_eq!(refused.violations(400), ["?cursor invalid-parameter"], "{wrong}");
        seen.answer(&refused);
    }
    let stranger = app.as_officer(&app.given_municipality("Другой район"));
    let page = stranger.get(next).await;
    assert_eq!(page.expect(200)["items"], json!([]), "a cursor holds a place and no rights");
    seen.saw(format!("another department's: {}, no rows", page.status));

    let region = app.as_region("57");
    region.get("/api/v1/changes?after=0").await.expect(200);
    feed::purge(&app.db, "2023-03-02T09:00:00".parse().unwrap()).await.unwrap();
    let purged = region.get("/api/v1/changes?after=0").await;
    assert_eq!(purged.problem(410), "feed-purged");
    seen.answer(&purged);
    seen.report();
}

/// The seal is no secret: who knows the program can write a cursor, and gains nothing.
#[rstest]
#[actix_web::test]
async fn a_forged_cursor_is_the_clients_fault(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    officer.post(ORDERS, &order("1")).await.expect(201);
    for key in ["2023-02-01", "today", "", "a\0b", "99999-01-01", "' OR 1=1 --"] {
        let id = "0192f0c1-0000-7000-8000-000000000000";
        let forged = cursor::write(&format!("{ORDERS}?{{}}&sort=date&id=None"), &[key.into(), id.into()]);
        let reply = officer.get(&format!("{ORDERS}?sort=date&cursor={forged}")).await;
        match key {
            "2023-02-01" => assert_eq!(reply.status, 200, "the forgery itself is right"),
            _ => assert_eq!(reply.violations(400), ["?cursor invalid-parameter"], "{key:?}"),
        }
        let forged = cursor::write(&format!("{ORDERS}?{{}}&sort=id&id=None"), &[key.into()]);
        let reply = officer.get(&format!("{ORDERS}?cursor={forged}")).await;
        assert!(matches!(reply.status, 200 | 400), "{key:?}: {}", reply.text());
    }
}

#[rstest]
#[actix_web::test]
async fn while_keys_are_rotated_tokens_of_both_are_good(#[values(Sqlite, Postgres)] on: Database) {
    let mut older = None;
    let app = TestApp::start_with(on, |config| {
        let keys = Keys::load(&config.data_dir, None).unwrap();
        let newest = config.data_dir.join("signing-key.der");
        std::fs::rename(newest, config.data_dir.join("signing-key.previous.der")).unwrap();
        let (issuer, audience) = (config.token_issuer.clone(), config.token_audience.clone());
        older = Some(Tokens::new(keys, issuer, audience).unwrap());
    });
    let Some(mut app) = app.await else {
        return;
    };
    app.as_admin().get("/api/v1/me").await.expect(200);
    app.tokens = older.unwrap();
    app.as_admin().get("/api/v1/me").await.expect(200);
    let published = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(published["keys"].as_array().unwrap().len(), 2);

    // Where the older one is no longer kept, its tokens are no longer good.
    let Some(mut other) = TestApp::start(on).await else {
        return;
    };
    std::mem::swap(&mut app.tokens, &mut other.tokens);
    assert_eq!(other.as_admin().get("/api/v1/me").await.problem(401), "unauthenticated");
}

/// Sends a request until an answer arrives: on a busy machine a connection may break before it.
async fn insist(request: impl Fn() -> RequestBuilder) -> Reply {
    for _ in 0..100 {
        if let Ok(response) = request().send().await {
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            if let Ok(bytes) = response.bytes().await {
                return Reply { status, headers, bytes: bytes.to_vec() };
            }
        }
        actix_web::rt::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("no answer arrives");
}

#[rstest]
#[actix_web::test]
async fn a_flood_of_sign_ins_is_shed_and_does_not_stop_the_others(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let flood = join_all((0..80).map(|number| {
        let client = app.anonymous();
        let body = json!({"login": format!("person-{}", number % 40), "password": "any password"});
        insist(move || client.request(reqwest::Method::POST, "/api/v1/auth/login").json(&body))
    }));
    let others = async {
        for _ in 0..5 {
            let client = app.anonymous();
            insist(move || client.request(reqwest::Method::GET, "/health/live")).await.expect(200);
            actix_web::rt::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let (replies, ()) = futures_util::future::join(flood, others).await;
    let mut statuses = BTreeSet::new();
    for reply in &replies {
        statuses.insert(reply.status);
        assert!(matches!(reply.status, 401 | 429 | 503), "{}", reply.text());
        assert_eq!(reply.header("retry-after").is_some(), reply.status != 401);
    }
    assert!(statuses.contains(&401), "those whose turn came are answered: {statuses:?}");
    insist(|| officer.request(reqwest::Method::GET, ORDERS)).await.expect(200);
    let mut seen = Witness::of("A06", on);
    seen.saw("401, or 429 or 503 with Retry-After");
    seen.saw("others are served");
    seen.report();
}
