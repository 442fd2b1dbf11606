//! Access tokens: only ours, only while they are good, and only for the rights of the moment.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderValue;
use rstest::rstest;
use school_roadmap::api::document::document;
use school_roadmap::auth::keys;
use school_roadmap::kit::id::new_uuid;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};
use crate::raw::Raw;
use crate::sign_in::given_officer;
use crate::witness::Witness;

/// Makes tokens as an attacker, or as the service itself, would.
pub struct Forge {
    key: Ed25519KeyPair,
    header: Value,
    claims: Value,
}

impl Forge {
    /// From a good token, with the service's own key.
    pub fn of(app: &TestApp, token: &str) -> Self {
        let part = |place: usize| -> Value {
            serde_json::from_slice(&BASE64.decode(token.split('.').nth(place).unwrap()).unwrap()).unwrap()
        };
        let key = Ed25519KeyPair::from_pkcs8(&app.signing_key()).unwrap();
        Self { key, header: part(0), claims: part(1) }
    }

    fn signed(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = BASE64.encode(self.key.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.signed(&self.header.to_string(), &claims.to_string())
    }

    fn without_claim(&self, name: &str) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        self.signed(&self.header.to_string(), &claims.to_string())
    }

    pub fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        self.signed(&header.to_string(), &self.claims.to_string())
    }

    /// The same by somebody who has no key of the service.
    fn by_another_key(&self) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        Self { key, header: self.header.clone(), claims: self.claims.clone() }
    }

    /// Names one algorithm and signs by HS256.
    fn hmac(&self, named: &str, key: &[u8]) -> String {
        let mut header = self.header.clone();
        header["alg"] = json!(named);
        let message =
            format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(self.claims.to_string()));
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        format!("{message}.{}", BASE64.encode(hmac::sign(&key, message.as_bytes())))
    }
}

#[rstest]
#[actix_web::test]
async fn a_token_with_any_fault_is_no_token(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova").await;
    let good = person.pair["access_token"].as_str().unwrap();
    let forge = Forge::of(&app, good);
    let again = forge.signed(&forge.header.to_string(), &forge.claims.to_string());
    app.with_token(&again).get("/api/v1/me").await.expect(200);

    let now = app.clock.now().timestamp();
    let public = forge.key.public_key().as_ref().to_vec();
    let [head, body, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let stranger = forge.by_another_key();
    // Whoever follows an address in a header would come here.
    let bait = TcpListener::bind("127.0.0.1:0").unwrap();
    bait.set_nonblocking(true).unwrap();
    let address = format!("http://{}/keys", bait.local_addr().unwrap());
    let of_stranger = BASE64.encode(stranger.key.public_key().as_ref());
    let changed = |place: usize| {
        let mut bytes = good.as_bytes().to_vec();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let with_each = |name: &str, values: &[Value]| {
        values.iter().map(|value| forge.with_claim(name, value.clone())).collect()
    };
    let foreign = [json!("https://elsewhere"), json!(5), Value::Null, json!(["school-roadmap"])];
    let or_none = |name: &str, values: &[Value]| {
        let mut tokens: Vec<String> = with_each(name, values);
        tokens.push(forge.without_claim(name));
        tokens
    };
    let none = |alg: &str| {
        let mut header = forge.header.clone();
        header["alg"] = json!(alg);
        let head = BASE64.encode(header.to_string());
        [format!("{head}.{body}."), format!("{head}.{body}"), forge.with_header("alg", json!(alg))]
    };
    let public_keys = [public.clone(), BASE64.encode(&public).into_bytes(), pem(&public).into_bytes()];
    let twice = forge.claims.to_string().replacen('{', r#"{"role":"admin","#, 1);

    let attacks: [(Option<Witness>, Vec<String>); 17] = [
        (Some(Witness::of("J03", on)), {
            let mut tokens: Vec<String> = ["none", "None", "NONE", "nOnE"].map(none).concat();
            tokens.push(format!("{head}.{body}."));
            tokens
        }),
        (Some(Witness::of("J04", on)), public_keys.iter().map(|key| forge.hmac("HS256", key)).collect()),
        (Some(Witness::of("J05", on)), {
            let mut tokens: Vec<String> = ["HS512", "RS256", "EdDSA"]
                .iter()
                .flat_map(|alg| public_keys.iter().map(|key| forge.hmac(alg, key)))
                .collect();
            tokens.extend(["ES256", "PS256", "XX", ""].map(|alg| forge.with_header("alg", json!(alg))));
            tokens
        }),
        (Some(Witness::of("J06", on)), {
            let places = [3, head.len() + 5, head.len() + body.len() + 10];
            let mut tokens: Vec<String> = places.map(changed).into();
            tokens.push(format!("{head}.{body}.{}", &signature[..signature.len() - 1]));
            tokens.push(format!("{head}.{body}.{}", &signature[..signature.len() / 2]));
            tokens
        }),
        (
            Some(Witness::of("J08", on)),
            or_none("exp", &[json!("9999999999"), json!(-1), json!(1e300), Value::Null]),
        ),
        (Some(Witness::of("J09", on)), with_each("nbf", &[json!(now + 3_600)])),
        (Some(Witness::of("J10", on)), with_each("iat", &[json!(now + 3_600)])),
        (Some(Witness::of("J11", on)), or_none("iss", &foreign)),
        (Some(Witness::of("J12", on)), or_none("aud", &foreign)),
        (Some(Witness::of("J13", on)), {
            let types = [json!("JWT"), json!("rt+jwt"), json!("id+jwt"), Value::Null];
            let mut tokens: Vec<String> = types.map(|typ| forge.with_header("typ", typ)).into();
            tokens.push(person.pair["refresh_token"].as_str().unwrap().to_owned());
            tokens
        }),
        (Some(Witness::of("J14", on)), vec![forge.with_header("crit", json!(["urn:x"]))]),
        (
            Some(Witness::of("J15", on)),
            vec![
                stranger.with_header("jwk", json!({"kty": "OKP", "crv": "Ed25519", "x": of_stranger})),
                stranger.with_header("jku", json!(address)),
                stranger.with_header("x5u", json!(address)),
                stranger.with_header("x5c", json!([of_stranger])),
            ],
        ),
        (
            Some(Witness::of("J16", on)),
            ["unknown", "../../dev/null", "signing-key.der", "' OR 1=1--", "", &"k".repeat(10_000)]
                .map(|kid| forge.with_header("kid", json!(kid)))
                .into(),
        ),
        (Some(Witness::of("J18", on)), vec![stranger.with_claim("role", json!("admin"))]),
        (Some(Witness::of("J20", on)), vec![forge.signed(&forge.header.to_string(), &twice)]),
        (
            Some(Witness::of("J26", on)),
            ["", "x", "..", "a.b", "a.b.c", "a.b.c.d", "=.=.="]
                .map(str::to_owned)
                .into_iter()
                .chain([
                    format!("{good}="),
                    format!("{good}.{body}"),
                    format!("{good}\u{43a}"),
                    format!("\u{43a}{good}"),
                ])
                .collect(),
        ),
        (None, {
            let mut tokens: Vec<String> =
                ["sub", "iat", "jti", "sid", "role"].map(|name| forge.without_claim(name)).into();
            tokens.extend(["sub", "sid"].map(|name| forge.with_claim(name, json!(new_uuid()))));
            tokens
        }),
    ];
    for (mut seen, tokens) in attacks {
        for token in tokens {
            let bytes = HeaderValue::from_bytes(format!("Bearer {token}").as_bytes()).unwrap();
            let request = app.anonymous().request(reqwest::Method::GET, "/api/v1/me");
            let reply = Reply::of(request.header("Authorization", bytes)).await;
            assert_eq!(reply.problem(401), "unauthenticated", "{token}");
            seen.iter_mut().for_each(|seen| seen.answer(&reply));
        }
        let followed = bait.accept().is_ok();
        assert!(!followed, "an address in a header was called");
        if let Some(seen) = &mut seen {
            seen.report();
        }
    }
}

/// The public key as a file of it would read.
fn pem(public: &[u8]) -> String {
    let mut der = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".to_vec();
    der.extend_from_slice(public);
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
}

#[rstest]
#[actix_web::test]
async fn a_token_without_measure_is_refused_at_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova").await;
    let forge = Forge::of(&app, person.pair["access_token"].as_str().unwrap());
    let mut seen = Witness::of("J25", on);
    for kib in [8, 64, 4_096] {
        let token = forge.with_claim("extra", json!("x".repeat(kib * 1_024 * 3 / 4)));
        let started = Instant::now();
        let mut raw = Raw::connect(&app.url);
        raw.send(format!("GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"));
        // Hung up on in the middle of so much, a client may lose the answer.
        let status = raw.reply_or_end().map(|reply| reply.status);
        let taken = started.elapsed();
        // Milliseconds where nobody else works; the machine is shared.
        assert!(taken < Duration::from_secs(2), "{kib} KiB: {taken:?}");
        match kib {
            4_096 => assert!(matches!(status, None | Some(431)), "{kib} KiB: {status:?}"),
            64 => assert_eq!(status, Some(431), "{kib} KiB"),
            _ => assert_eq!(status, Some(401), "{kib} KiB"),
        }
        let told = status.filter(|_| kib < 4_096).map(|status| status.to_string());
        seen.saw(format!("{kib} KiB: {}", told.unwrap_or_else(|| "431 or hung up on".to_owned())));
    }
    person.client(&app).get("/api/v1/me").await.expect(200);
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_token_comes_in_one_bearer_header_only(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova").await;
    let good = person.pair["access_token"].as_str().unwrap();
    let me = || app.anonymous().request(reqwest::Method::GET, "/api/v1/me");

    let twice = me()
        .header("Authorization", format!("Bearer {good}"))
        .header("Authorization", format!("Bearer {good}"));
    let basic = me().basic_auth("ivanova", Some(&person.password));
    let bytes = HeaderValue::from_bytes("Bearer токен".as_bytes()).unwrap();
    let strange = me().header("Authorization", bytes);
    let bare = me().header("Authorization", good);
    let mut seen = Witness::of("J02", on);
    let in_query = app.anonymous().get(&format!("/api/v1/me?access_token={good}")).await;
    assert_eq!(in_query.problem(401), "unauthenticated");
    seen.answer(&in_query);
    for request in [twice, basic, strange, bare] {
        let reply = Reply::of(request).await;
        assert_eq!(reply.problem(401), "unauthenticated");
        seen.answer(&reply);
    }
    Reply::of(me().header("Authorization", format!("bearer {good}"))).await.expect(200);
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_token_is_good_for_fifteen_minutes_and_five_seconds(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova").await;
    let client = person.client(&app);
    let ended = "2023-03-01T09:15:00Z".parse::<DateTime<Utc>>().unwrap();
    let mut seen = Witness::of("J07", on);
    for (seconds, expected) in [(1, 200), (4, 200), (5, 401), (30, 401), (61, 401), (86_400, 401)] {
        app.clock.set(ended + TimeDelta::seconds(seconds));
        let reply = client.get("/api/v1/me").await;
        assert_eq!(reply.status, expected, "{seconds} s after its end");
        seen.saw(format!("{seconds} s: {}", reply.status));
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn rights_come_from_the_database_and_not_from_the_token(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (head, person) = given_officer(&app, "ivanova").await;
    let forge = Forge::of(&app, person.pair["access_token"].as_str().unwrap());
    let mut extra = Witness::of("J19", on);
    for token in [
        forge.with_claim("role", json!("admin")),
        forge.with_claim("is_admin", json!(true)),
        forge.with_claim("roles", json!(["admin"])),
        forge.with_claim("municipality_id", json!(new_uuid())),
    ] {
        let client = app.with_token(&token);
        let refused = client.get("/api/v1/accounts").await;
        assert_eq!(refused.problem(403), "forbidden");
        extra.answer(&refused);
        let me = client.get("/api/v1/me").await.expect(200);
        assert_eq!(me["municipality_id"], person.account["municipality_id"]);
        assert_eq!(me["role"], "municipal_officer");
    }
    extra.saw("role and municipality of the account");
    extra.report();

    let client = person.client(&app);
    let path = format!("/api/v1/accounts/{}", person.account.id());
    let admin = app.as_admin();
    let curator = json!({"role": "curator", "school_ids": [school_of(&app, &person.account)]});
    let moved = admin.patch(&path, person.account.version(), &curator).await.expect(200);
    let draft = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": "1", "date": "2023-03-01",
        "title": "О мониторинге", "kind": "monitoring"
    });
    let mut seen = Witness::of("J21", on);
    let lowered = client.post("/api/v1/orders", &draft).await;
    assert_eq!(lowered.problem(403), "forbidden");
    seen.saw(format!("role lowered: {}", lowered.status));
    head.act(&format!("{path}/block"), moved.version()).await.expect(200);
    let blocked = client.get("/api/v1/me").await;
    assert_eq!(blocked.problem(401), "unauthenticated");
    seen.saw(format!("blocked: {}", blocked.status));
    let (gone, id) = app.account("municipal_head", Some(&app.given_municipality("Другой район")), None, None);
    gone.get("/api/v1/me").await.expect(200);
    admin.act(&format!("/api/v1/accounts/{id}/anonymise"), 1).await.expect(200);
    let erased = gone.get("/api/v1/me").await;
    assert_eq!(erased.problem(401), "unauthenticated");
    seen.saw(format!("erased: {}", erased.status));
    seen.report();
}

fn school_of(app: &TestApp, account: &Value) -> String {
    let municipality = serde_json::from_value(account["municipality_id"].clone()).unwrap();
    app.given_school(&municipality, "Хотынецкая СОШ", 0).to_string()
}

/// Calls an operation of the document with nothing but an identity.
async fn call(client: &Client, method: &str, path: &str) -> Reply {
    let path = path.split('/').map(|part| if part.starts_with('{') { new_uuid() } else { part.to_owned() });
    let path = path.collect::<Vec<_>>().join("/");
    let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    Reply::of(client.request(method, &path)).await
}

#[rstest]
#[actix_web::test]
async fn every_operation_but_the_public_ones_needs_a_token(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let mut statuses = BTreeSet::new();
    let document = serde_json::to_value(document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let public = operation["security"] == json!([{}]) || operation["security"] == json!([]);
            let reply = call(&app.anonymous(), method, path).await;
            if !public {
                assert_eq!(reply.status, 401, "{method} {path}");
                statuses.insert(reply.status);
                assert_eq!(reply.header("www-authenticate").as_deref(), Some("Bearer"), "{method} {path}");
            } else {
                assert_ne!(reply.header("www-authenticate").as_deref(), Some("Bearer"), "{method} {path}");
            }
        }
    }
    let mut seen = Witness::of("J01", on);
    statuses.iter().for_each(|status| seen.saw(format!("{status} on each that is not public")));
    seen.saw("no public one asks for a token");
    seen.report();
}

/// Tokens of the old key during the overlap and after it, and of the new key on a process
/// that runs since before the rotation.
#[rstest]
#[actix_web::test]
async fn a_rotated_key_verifies_until_its_tokens_have_ended(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let mut seen = Witness::of("J17", on);
    let (_, person) = given_officer(&app, "ivanova").await;
    let old = person.client(&app);
    let forge = Forge::of(&app, person.pair["access_token"].as_str().unwrap());
    let (new_kid, old_kid) = keys::rotate(app.data_dir(), app.clock.now()).unwrap();
    assert_eq!(forge.header["kid"], json!(old_kid));

    let new = Forge {
        header: forge.header.clone(),
        ..Forge::of(&app, person.pair["access_token"].as_str().unwrap())
    };
    let reply = old.get("/api/v1/me").await;
    reply.expect(200);
    seen.saw(format!("old key in the overlap: {}", reply.status));
    let reply = app.with_token(&new.with_header("kid", json!(new_kid))).get("/api/v1/me").await;
    reply.expect(200);
    seen.saw(format!("new key: {}", reply.status));
    let published = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    let kids: Vec<&Value> = published["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
    assert_eq!(kids, [&json!(new_kid), &json!(old_kid)]);
    let again = keys::rotate(app.data_dir(), app.clock.now()).unwrap_err();
    assert!(again.to_string().contains("still good until 2023-03-01T09:15:15"), "{again}");

    // A token that would live longer, signed by the old key: refused with the key itself.
    app.set_time("2023-03-01T09:15:16Z");
    let late = app.clock.now().timestamp();
    let reply = app.with_token(&forge.with_claim("exp", json!(late + 60))).get("/api/v1/me").await;
    reply.problem(401);
    seen.saw(format!("old key after it: {}", reply.status));
    let fresh = new.with_claim("exp", json!(late + 60));
    assert_eq!(app.with_token(&fresh).get("/api/v1/me").await.status, 401, "the header names the old key");
    let mut header = new.header.clone();
    header["kid"] = json!(new_kid);
    let fresh = Forge { header, ..new }.with_claim("exp", json!(late + 60));
    let reply = app.with_token(&fresh).get("/api/v1/me").await;
    reply.expect(200);
    seen.saw(format!("new key: {}", reply.status));
    seen.report();
    let published = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(published["keys"].as_array().unwrap().len(), 1);
    keys::rotate(app.data_dir(), app.clock.now()).unwrap();
}
