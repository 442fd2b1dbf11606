//! Access tokens: only ours, only while they are good, and only for the rights of the moment.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rstest::rstest;
use school_roadmap::api::document::document;
use school_roadmap::auth::keys;
use school_roadmap::kit::id::new_uuid;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};
use crate::sign_in::given_officer;

/// Makes tokens as an attacker, or as the service itself, would.
struct Forge {
    key: Ed25519KeyPair,
    header: Value,
    claims: Value,
}

impl Forge {
    /// From a good token, with the service's own key.
    fn of(app: &TestApp, token: &str) -> Self {
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

    fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        self.signed(&header.to_string(), &self.claims.to_string())
    }

    fn hmac(&self, algorithm: &str, key: &[u8]) -> String {
        let mut header = self.header.clone();
        header["alg"] = json!(algorithm);
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
    let stranger = Ed25519KeyPair::from_pkcs8(
        Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap().as_ref(),
    )
    .unwrap();
    let public = forge.key.public_key().as_ref().to_vec();
    let [head, body, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let unsigned = |alg: &str| {
        let mut header = forge.header.clone();
        header["alg"] = json!(alg);
        format!("{}.{body}.", BASE64.encode(header.to_string()))
    };
    let mut cases: Vec<(String, String)> = vec![
        ("HS256 by the public key".into(), forge.hmac("HS256", &public)),
        ("HS256 by the text of the key".into(), forge.hmac("HS256", BASE64.encode(&public).as_bytes())),
        ("HS512 named".into(), forge.hmac("HS512", &public)),
        ("signature cut".into(), format!("{head}.{body}.{}", &signature[..signature.len() - 1])),
        ("signature of another".into(), {
            let forge = Forge { key: stranger, header: forge.header.clone(), claims: forge.claims.clone() };
            forge.with_claim("role", json!("admin"))
        }),
        ("jwk in the header".into(), {
            let document = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
            let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
            let x = BASE64.encode(key.public_key().as_ref());
            let forge = Forge { key, header: forge.header.clone(), claims: forge.claims.clone() };
            forge.with_header("jwk", json!({"kty": "OKP", "crv": "Ed25519", "x": x}))
        }),
        ("crit".into(), forge.with_header("crit", json!(["urn:x"]))),
        (
            "role twice".into(),
            forge.signed(
                &forge.header.to_string(),
                &forge.claims.to_string().replacen('{', r#"{"role":"admin","#, 1),
            ),
        ),
        ("8 kB".into(), forge.with_claim("extra", json!("x".repeat(8_000)))),
        ("64 kB".into(), forge.with_claim("extra", json!("x".repeat(48_000)))),
        ("five parts".into(), format!("{good}.{body}.{body}")),
        ("padding".into(), format!("{good}=")),
    ];
    for alg in ["none", "None", "NONE", "nOnE", "ES256", "XX"] {
        cases.push((format!("alg {alg}"), unsigned(alg)));
        cases.push((format!("alg {alg}, signed"), forge.with_header("alg", json!(alg))));
    }
    for typ in [json!("JWT"), json!("rt+jwt"), json!("id+jwt"), Value::Null] {
        cases.push((format!("typ {typ}"), forge.with_header("typ", typ)));
    }
    for kid in ["unknown", "../../dev/null", "' OR 1=1--", ""] {
        cases.push((format!("kid {kid}"), forge.with_header("kid", json!(kid))));
    }
    for exp in
        [json!(now - 5), json!(now - 61), json!(now - 86_400), json!("9999999999"), json!(-1), json!(1e300)]
    {
        cases.push((format!("exp {exp}"), forge.with_claim("exp", exp)));
    }
    for value in [json!("https://elsewhere"), json!(5), Value::Null, json!(["school-roadmap"])] {
        cases.push((format!("iss {value}"), forge.with_claim("iss", value.clone())));
        cases.push((format!("aud {value}"), forge.with_claim("aud", value)));
    }
    for name in ["exp", "iss", "aud", "sub", "iat", "jti", "sid", "role"] {
        cases.push((format!("no {name}"), forge.without_claim(name)));
    }
    cases.push(("nbf in an hour".into(), forge.with_claim("nbf", json!(now + 3_600))));
    cases.push(("iat in an hour".into(), forge.with_claim("iat", json!(now + 3_600))));
    cases.push(("sub of another".into(), forge.with_claim("sub", json!(new_uuid()))));
    cases.push(("unknown session".into(), forge.with_claim("sid", json!(new_uuid()))));
    for place in [3, head.len() + 5, head.len() + body.len() + 10] {
        let mut bytes = good.as_bytes().to_vec();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        cases.push((format!("letter {place} changed"), String::from_utf8(bytes).unwrap()));
    }
    for text in ["x", "..", "a.b", "a.b.c", "a.b.c.d", "=.=.="] {
        cases.push((text.to_owned(), text.to_owned()));
    }
    for (fault, token) in cases {
        let reply = app.with_token(&token).get("/api/v1/me").await;
        assert_eq!(reply.status, 401, "{fault}");
        assert_eq!(reply.problem(401), "unauthenticated", "{fault}");
    }
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
    let bytes = reqwest::header::HeaderValue::from_bytes("Bearer токен".as_bytes()).unwrap();
    let strange = me().header("Authorization", bytes);
    let bare = me().header("Authorization", good);
    for request in [twice, basic, strange, bare] {
        assert_eq!(Reply::of(request).await.problem(401), "unauthenticated");
    }
    let in_query = app.anonymous().get(&format!("/api/v1/me?access_token={good}")).await;
    assert_eq!(in_query.problem(401), "unauthenticated");
    Reply::of(me().header("Authorization", format!("bearer {good}"))).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_token_is_good_for_fifteen_minutes_and_five_seconds(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (_, person) = given_officer(&app, "ivanova").await;
    let client = person.client(&app);
    app.set_time("2023-03-01T09:15:04Z");
    client.get("/api/v1/me").await.expect(200);
    app.set_time("2023-03-01T09:15:05Z");
    assert_eq!(client.get("/api/v1/me").await.problem(401), "unauthenticated");
}

#[rstest]
#[actix_web::test]
async fn rights_come_from_the_database_and_not_from_the_token(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (head, person) = given_officer(&app, "ivanova").await;
    let forge = Forge::of(&app, person.pair["access_token"].as_str().unwrap());
    for token in [
        forge.with_claim("role", json!("admin")),
        forge.with_claim("is_admin", json!(true)),
        forge.with_claim("roles", json!(["admin"])),
        forge.with_claim("municipality_id", json!(new_uuid())),
    ] {
        let client = app.with_token(&token);
        assert_eq!(client.get("/api/v1/accounts").await.problem(403), "forbidden");
        let me = client.get("/api/v1/me").await.expect(200);
        assert_eq!(me["municipality_id"], person.account["municipality_id"]);
    }

    let client = person.client(&app);
    let path = format!("/api/v1/accounts/{}", person.account.id());
    let admin = app.as_admin();
    let curator = json!({"role": "curator", "school_ids": [school_of(&app, &person.account)]});
    let moved = admin.patch(&path, person.account.version(), &curator).await.expect(200);
    let draft = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": "1", "date": "2023-03-01",
        "title": "О мониторинге", "kind": "monitoring"
    });
    assert_eq!(client.post("/api/v1/orders", &draft).await.problem(403), "forbidden");
    head.act(&format!("{path}/block"), moved.version()).await.expect(200);
    assert_eq!(client.get("/api/v1/me").await.problem(401), "unauthenticated");
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

#[actix_web::test]
async fn every_operation_but_the_public_ones_needs_a_token() {
    let app = TestApp::start(Sqlite).await.unwrap();
    let document = serde_json::to_value(document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let public = operation["security"] == json!([{}]) || operation["security"] == json!([]);
            let reply = call(&app.anonymous(), method, path).await;
            if !public {
                assert_eq!(reply.status, 401, "{method} {path}");
                assert_eq!(reply.header("www-authenticate").as_deref(), Some("Bearer"), "{method} {path}");
            } else {
                assert_ne!(reply.header("www-authenticate").as_deref(), Some("Bearer"), "{method} {path}");
            }
        }
    }
}

/// J17: tokens of the old key during the overlap and after it, and of the new key on a process
/// that runs since before the rotation.
#[actix_web::test]
async fn a_rotated_key_verifies_until_its_tokens_have_ended() {
    let app = TestApp::start(Sqlite).await.unwrap();
    let (_, person) = given_officer(&app, "ivanova").await;
    let old = person.client(&app);
    let forge = Forge::of(&app, person.pair["access_token"].as_str().unwrap());
    let (new_kid, old_kid) = keys::rotate(app.data_dir(), app.clock.now()).unwrap();
    assert_eq!(forge.header["kid"], json!(old_kid));

    let new = Forge {
        header: forge.header.clone(),
        ..Forge::of(&app, person.pair["access_token"].as_str().unwrap())
    };
    app.with_token(&new.with_header("kid", json!(new_kid))).get("/api/v1/me").await.expect(200);
    old.get("/api/v1/me").await.expect(200);
    let published = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    let kids: Vec<&Value> = published["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
    assert_eq!(kids, [&json!(new_kid), &json!(old_kid)]);
    let again = keys::rotate(app.data_dir(), app.clock.now()).unwrap_err();
    assert!(again.to_string().contains("still good until 2023-03-01T09:15:15"), "{again}");

    // A token that would live longer, signed by the old key: refused with the key itself.
    app.set_time("2023-03-01T09:15:16Z");
    let late = app.clock.now().timestamp();
    app.with_token(&forge.with_claim("exp", json!(late + 60))).get("/api/v1/me").await.problem(401);
    let fresh = new.with_claim("exp", json!(late + 60));
    assert_eq!(app.with_token(&fresh).get("/api/v1/me").await.status, 401, "the header names the old key");
    let mut header = new.header.clone();
    header["kid"] = json!(new_kid);
    let fresh = Forge { header, ..new }.with_claim("exp", json!(late + 60));
    app.with_token(&fresh).get("/api/v1/me").await.expect(200);
    let published = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(published["keys"].as_array().unwrap().len(), 1);
    keys::rotate(app.data_dir(), app.clock.now()).unwrap();
}
