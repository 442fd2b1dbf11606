//! What every answer carries and none gives away; addresses of webhooks; names of files; what the log holds.

use std::net::TcpListener;

use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::campaign::Campaign;
use crate::client::{Client, Reply, Resource};
use crate::evidence::{FIELDS, PDF};
use crate::program::{PASSWORD, Program};
use crate::receiver::Receiver;
use crate::webhooks::{WEBHOOKS, portal, started};
use crate::witness::Witness;

const ORDERS: &str = "/api/v1/orders";

/// Answers of many kinds: read, made, refused for every reason.
async fn answers(app: &TestApp) -> Vec<Reply> {
    let municipality = app.given_municipality("Хотынецкий район");
    let (officer, anyone) = (app.as_officer(&municipality), app.anonymous());
    let order = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": "1", "date": "2023-02-01",
        "title": "О сопровождении школ", "kind": "list"
    });
    let made = officer.post(ORDERS, &order).await;
    let path = format!("{ORDERS}/{}", made.json().id());
    let plain = officer.request(Method::POST, ORDERS).header("Content-Type", "text/plain").body("x");
    let patch = officer.request(Method::PATCH, &path).json(&json!({}));
    let accept = officer.request(Method::GET, ORDERS).header("Accept", "application/xml");
    let too_large = officer.request(Method::POST, ORDERS).header("Content-Type", "application/json");
    let mut replies = vec![
        officer.get(ORDERS).await,
        officer.post(ORDERS, &json!({"x": 1})).await,
        anyone.get(ORDERS).await,
        officer.get("/api/v1/clients").await,
        officer.get(&format!("{ORDERS}/x")).await,
        Reply::of(officer.request(Method::DELETE, ORDERS)).await,
        Reply::of(accept).await,
        officer.post(ORDERS, &order).await,
        officer.patch(&path, 7, &json!({})).await,
        Reply::of(too_large.body(vec![b' '; 1024 * 1024 + 1])).await,
        Reply::of(plain).await,
        officer.post(ORDERS, &json!({})).await,
        Reply::of(patch).await,
        anyone.get("/nowhere").await,
        anyone.get("/health/live").await,
        made,
    ];
    // The database refuses what nothing expects: a table is gone.
    app.connection().batch_execute("ALTER TABLE orders RENAME TO moved").unwrap();
    let failed = officer.get(ORDERS).await;
    app.connection().batch_execute("ALTER TABLE moved RENAME TO orders").unwrap();
    assert_eq!(failed.problem(500), "internal");
    replies.push(failed);
    replies
}

/// C02, C03.
#[rstest]
#[actix_web::test]
async fn every_answer_carries_its_headers_and_gives_nothing_away(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let (mut headers, mut texts) = (Witness::of("C02", on), Witness::of("C03", on));
    let replies = answers(&app).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    for reply in &replies {
        let told = reply.text();
        assert_eq!(reply.header("x-content-type-options").as_deref(), Some("nosniff"), "{told}");
        assert!(reply.header("cache-control").is_some_and(|value| value.contains("no-")), "{told}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(reply.header("x-request-id").is_some() && reply.header("server").is_none(), "{told}");
        if reply.status < 400 {
            continue;
        }
        assert_eq!(reply.header("content-type").as_deref(), Some("application/problem+json"));
        let lower = told.to_lowercase();
        let version = env!("CARGO_PKG_VERSION");
        for word in
            ["select ", "sqlite", "postgres", "diesel", "src/", ".rs", "panick", "/home", "/tmp", version]
        {
            assert!(!lower.contains(word), "{word}: {told}");
        }
    }
    let statuses = statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    headers.saw(format!("all of them on each of {} answers: {statuses}", replies.len()));
    texts.saw(format!("no SQL, path, version, library or stack in {} answers: {statuses}", replies.len()));
    headers.report();
    texts.report();
}

/// C01: no other site's script reads an answer.
#[rstest]
#[actix_web::test]
async fn no_other_origin_is_let_in(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let mut seen = Witness::of("C01", on);
    for origin in ["https://evil.example", "null"] {
        for method in [Method::GET, Method::OPTIONS] {
            let request = officer.request(method, ORDERS).header("Origin", origin);
            let reply = Reply::of(request.header("Access-Control-Request-Method", "DELETE")).await;
            let allowed = reply.headers.keys().filter(|name| name.as_str().starts_with("access-control"));
            assert_eq!(allowed.count(), 0, "{origin}");
            seen.saw(format!("{}, nothing allowed", reply.status));
        }
    }
    seen.report();
}

/// C09: two exports run at a time; the others are told to come again, and reading goes on.
#[rstest]
#[actix_web::test]
async fn many_exports_at_once_are_bounded(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let municipality = app.given_municipality("Хотынецкий район");
    let officer = app.as_officer(&municipality);
    let readers: Vec<Client> = (0..50).map(|_| app.as_region("57")).collect();
    let exports = join_all(readers.iter().map(|reader| reader.get("/api/v1/export")));
    let (exports, read) = futures_util::future::join(exports, officer.get(ORDERS)).await;
    assert_eq!(read.status, 200);
    let done = exports.iter().filter(|reply| reply.status == 200).count();
    let waits = |reply: &&Reply| reply.problem(503) == "unavailable" && reply.header("retry-after").is_some();
    let refused = exports.iter().filter(|reply| reply.status != 200).filter(waits).count();
    assert!(done >= 1 && done + refused == 50, "{done} and {refused}");
    let mut seen = Witness::of("C09", on);
    seen.saw("200, or 503 with Retry-After; reads meanwhile: 200");
    seen.report();
}

/// W01, W02, W03: only what the operator lists is told anything.
#[rstest]
#[actix_web::test]
async fn a_webhook_goes_where_the_operator_lets_it(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else { return };
    let portal = portal(&app).await.client;
    let allowed = receiver.target().replace("http://", "");
    let rows = [
        (
            "W01",
            vec![
                "http://127.0.0.1:1/".to_owned(),
                "http://[::1]/".to_owned(),
                "http://0.0.0.0/".to_owned(),
                "http://2130706433/".to_owned(),
                "http://0x7f.1/".to_owned(),
                "http://0177.0.0.1/".to_owned(),
                "http://[::ffff:127.0.0.1]/".to_owned(),
                "http://localhost./".to_owned(),
            ],
        ),
        (
            "W02",
            [
                "169.254.169.254",
                "[fe80::1]",
                "[fc00::1]",
                "10.0.0.1",
                "172.16.0.1",
                "192.168.0.1",
                "100.64.0.1",
            ]
            .map(|host| format!("https://{host}/"))
            .to_vec(),
        ),
        (
            "W03",
            vec![
                "file:///etc/passwd".to_owned(),
                "gopher://127.0.0.1/".to_owned(),
                "ftp://127.0.0.1/".to_owned(),
                format!("http://user:pass@{allowed}/"),
                "https://127.0.0.1:22/".to_owned(),
                "https://127.0.0.1:25/".to_owned(),
                "https://127.0.0.1:5432/".to_owned(),
                "https://evil.example/\r\nX-A: 1".to_owned(),
            ],
        ),
    ];
    for (id, urls) in rows {
        let mut seen = Witness::of(id, on);
        for url in urls {
            let refused = portal.post(WEBHOOKS, &json!({"url": url})).await;
            assert_eq!(refused.violations(422).len(), 1, "{url}: {}", refused.text());
            seen.saw(format!("422 {}", refused.json()["errors"][0]["code"].as_str().unwrap()));
        }
        seen.report();
    }
    assert_eq!(receiver.all().len(), 0);
}

/// F06, F09: names that other systems stumble over; a picture and a document that are bombs once opened.
#[rstest]
#[actix_web::test]
async fn a_name_is_a_name_and_nothing_is_opened(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    let path = format!("{}/evidence", story.item(&story.principal, &report, "S1").await);
    let mut seen = Witness::of("F06", on);
    let long = format!("{}.pdf", "п".repeat(300));
    for (shown, name) in [
        ("../../x.pdf", "../../x.pdf"),
        ("C:\\x.pdf", "C:\\x.pdf"),
        ("CON.pdf", "CON.pdf"),
        ("300 letters", &long),
        ("U+202E", "a\u{202e}fdp.pdf"),
    ] {
        let reply = story.principal.upload(&path, &FIELDS, name, PDF).await;
        match reply.status {
            201 => {
                let made = reply.json();
                let kept = made["file"]["name"].as_str().unwrap();
                assert!(!kept.contains(['/', '\\']) && kept.chars().count() <= 255, "{kept}");
                let file = story.principal.get(made["file"]["content"].as_str().unwrap()).await;
                let saved = file.header("content-disposition").unwrap();
                assert!(
                    saved.is_ascii() && saved.starts_with("attachment; filename=\"evidence.pdf\""),
                    "{saved}"
                );
                seen.saw(format!("{shown}: 201"));
            }
            _ => seen.saw(format!("{shown}: {}", reply.violations(422).join(", "))),
        }
    }
    for file in story.app.files() {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{name}");
    }
    seen.saw("names in the store are made by the service");
    seen.report();

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let outside = format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"http://{address}/\">]><w>&e;</w>");
    let document =
        crate::evidence::archive(&[("[Content_Types].xml", "<Types/>"), ("word/document.xml", &outside)]);
    let mut header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x06\0\0\0".to_vec();
    header.extend_from_slice(b"\0\0\0\0\0\0\0\0IEND\xaeB`\x82");
    let mut seen = Witness::of("F09", on);
    for (name, bytes) in [("план.docx", document), ("фото.png", header)] {
        let reply = story.principal.upload(&path, &FIELDS, name, &bytes).await;
        assert!(matches!(reply.status, 201 | 422), "{}", reply.text());
        seen.saw(format!("{}: {}", name.rsplit('.').next().unwrap(), reply.status));
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody called");
    seen.saw("nobody called");
    seen.report();
}

/// C05, C16: what is secret or personal stands neither in the log nor in tokens, nor in the feed.
#[rstest]
#[actix_web::test]
async fn neither_secrets_nor_names_get_out(#[values(Sqlite, Postgres)] on: Database) {
    let Some(program) = Program::start(on) else { return };
    let admin = program.admin().await;
    let officer = program.officer(&admin).await;
    let school = json!({
        "short_name": "МБОУ «Школа № 1»", "legal_form": "mbou", "school_kind": "sosh",
        "education_levels": ["primary"], "inn": "5799000019", "ogrn": "1025799000017",
        "email": "shkola@example.org"
    });
    officer.post("/api/v1/schools", &school).await.expect(201);
    let wrong = json!({"login": "officer", "password": "чужой пароль в журнале"});
    program.client(None).post("/api/v1/auth/login", &wrong).await.expect(401);
    let client = json!({"name": "Портал", "region_code": "57", "scopes": ["schools:read", "changes:read"]});
    let made = admin.post("/api/v1/clients", &client).await.expect(201);
    let given = json!({"login": "officer", "password": PASSWORD});
    let pair = program.client(None).post("/api/v1/auth/login", &given).await.expect(200);
    let token = pair["access_token"].as_str().unwrap();
    program.client(Some(token)).get("/api/v1/me").await.expect(200);
    program.client(None).get(&format!("/api/v1/schools?access_token={token}")).await;

    let secrets = ["чужой пароль в журнале", PASSWORD, token, pair["refresh_token"].as_str().unwrap()];
    let people = ["Иванова", "Анна", "example.org", "Петровна"];
    let shown = made["client_secret"].as_str().unwrap();
    let form = [("grant_type", "client_credentials"), ("client_id", &made.id()), ("client_secret", shown)];
    let asked = program.client(None).request(Method::POST, "/api/v1/oauth/token").form(&form);
    let granted = Reply::of(asked).await.expect(200);
    let secrets = secrets.iter().copied().chain([shown, granted["access_token"].as_str().unwrap()]);
    let log = program.log().join("\n");
    assert!(log.contains("/api/v1/auth/login"), "{log}");
    for word in secrets.chain(people) {
        assert!(!log.contains(word), "{word} in the log");
    }
    let mut seen = Witness::of("C05", on);
    seen.saw("passwords, tokens and secrets in the log: 0");
    seen.report();

    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
    let feed = program.region().await.get("/api/v1/changes?limit=1000").await.expect(200);
    assert!(!feed["items"].as_array().unwrap().is_empty());
    let audit = admin.get("/api/v1/audit-events?limit=1000").await.expect(200);
    for text in [String::from_utf8(claims).unwrap(), told(&feed), told(&audit)] {
        for word in people {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
    let mut seen = Witness::of("C16", on);
    seen.saw("names, logins and addresses of people in log, token, feed and audit: 0");
    seen.report();
}

fn told(value: &Value) -> String {
    value.to_string()
}
