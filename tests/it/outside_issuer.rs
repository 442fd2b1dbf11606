//! Tokens of a region's single sign-on: accepted when it is configured, and for reading only.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use school_roadmap::auth::outside::{JwksPlace, OutsideIssuer};
use serde_json::{Value, json};

use crate::app::{Sqlite, TestApp};
use crate::peer::answering;

const ISSUER: &str = "https://sso.region.example/realms/education";

/// The single sign-on: its keys and what it signs.
struct SignOn {
    kid: String,
    key: Ed25519KeyPair,
}

impl SignOn {
    fn new(kid: &str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
        Self { kid: kid.to_owned(), key: Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap() }
    }

    fn jwk(&self) -> Value {
        let x = BASE64.encode(self.key.public_key().as_ref());
        json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid, "x": x})
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({"alg": "EdDSA", "typ": "JWT", "kid": self.kid}), claims)
    }

    fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        format!("{message}.{}", BASE64.encode(self.key.sign(message.as_bytes())))
    }
}

fn issuer(jwks: JwksPlace) -> OutsideIssuer {
    let roles = [("roadmap-region", "regional_viewer"), ("roadmap-portal", "service")];
    OutsideIssuer {
        issuer: ISSUER.to_owned(),
        audience: "school-roadmap".to_owned(),
        jwks,
        role_claim: "realm_access.roles".to_owned(),
        roles: BTreeMap::from(roles.map(|(role, meaning)| (role.to_owned(), meaning.to_owned()))),
        region_claim: "region_code".to_owned(),
        municipality_claim: "municipality_id".to_owned(),
    }
}

fn claims(app: &TestApp, role: &str) -> Value {
    let now = app.clock.now().timestamp();
    json!({
        "iss": ISSUER, "aud": ["account", "school-roadmap"], "sub": "f:1:petrova@region.example", "typ": "Bearer",
        "iat": now, "exp": now + 300, "realm_access": {"roles": ["offline_access", role]}, "region_code": "57",
        "scope": "openid schools:read"
    })
}

/// The app, with a key file that holds these keys.
async fn started(keys: &[&SignOn]) -> (TestApp, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    write(&file, keys);
    let app =
        TestApp::start_with(Sqlite, |config| config.outside_issuer = Some(issuer(JwksPlace::File(file))))
            .await;
    (app.unwrap(), folder)
}

fn write(file: &std::path::Path, keys: &[&SignOn]) {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    std::fs::write(file, json!({ "keys": keys }).to_string()).unwrap();
}

#[actix_web::test]
async fn a_regional_specialist_reads_with_the_token_of_his_single_sign_on() {
    let sign_on = SignOn::new("1");
    let (app, _folder) = started(&[&sign_on]).await;
    let ours = app.given_municipality("Хотынецкий район");
    app.given_municipality_in("Другой район", "36");
    app.given_school(&ours, "Хотынецкая СОШ", 0);
    let person = app.with_token(&sign_on.sign(&claims(&app, "roadmap-region")));
    let me = person.get("/api/v1/me").await.expect(200);
    assert_eq!(
        (&me["role"], &me["account_id"], &me["region_code"]),
        (&json!("regional_viewer"), &Value::Null, &json!("57"))
    );
    assert!(!me.to_string().contains("petrova"), "{me}");
    assert_eq!(person.get("/api/v1/municipalities").await.expect(200)["items"].as_array().unwrap().len(), 1);
    person.get("/api/v1/notes").await.expect(200);
    assert_eq!(person.get("/api/v1/accounts").await.problem(403), "forbidden");
    let password = json!({"current_password": "x", "new_password": "пять синих тракторов"});
    assert_eq!(person.post("/api/v1/me/password", &password).await.problem(403), "forbidden");

    let mut portal = claims(&app, "roadmap-portal");
    portal["scope"] = json!("openid schools:read schools:write orders:write webhooks:manage");
    let portal = app.with_token(&sign_on.sign(&portal));
    let me = portal.get("/api/v1/me").await.expect(200);
    assert_eq!((&me["role"], &me["scopes"]), (&json!("service"), &json!(["schools:read"])));
    portal.get("/api/v1/schools").await.expect(200);
    assert_eq!(portal.get("/api/v1/notes").await.problem(403), "forbidden");
    assert_eq!(portal.post("/api/v1/schools", &json!({})).await.problem(403), "forbidden", "it only reads");
    for odd in [json!("nonsense"), json!(5), json!([]), json!({}), json!(["57"]), json!(true)] {
        let mut narrow = claims(&app, "roadmap-portal");
        narrow["municipality_id"] = odd.clone();
        let narrow = app.with_token(&sign_on.sign(&narrow));
        assert_eq!(narrow.get("/api/v1/schools").await.problem(403), "forbidden", "{odd} widens nothing");
    }
}

#[actix_web::test]
async fn a_foreign_token_with_any_fault_is_no_token() {
    let (sign_on, stranger) = (SignOn::new("1"), SignOn::new("1"));
    let (app, _folder) = started(&[&sign_on]).await;
    let good = claims(&app, "roadmap-region");
    app.with_token(&sign_on.sign(&good)).get("/api/v1/me").await.expect(200);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        sign_on.sign(&claims)
    };
    let now = app.clock.now().timestamp();
    let header = |name: &str, value: Value| {
        let mut header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "1"});
        header[name] = value;
        sign_on.sign_with(&header, &good)
    };
    let cases = [
        ("another's signature", stranger.sign(&good)),
        ("unknown issuer", with("iss", json!("https://elsewhere.example"))),
        ("another audience", with("aud", json!("account"))),
        ("no audience", with("aud", Value::Null)),
        ("an audience that is a number", with("aud", json!(5))),
        ("expired", with("exp", json!(now - 6))),
        ("not yet", with("nbf", json!(now + 60))),
        ("made in an hour", with("iat", json!(now + 3600))),
        ("an ID token", with("typ", json!("ID"))),
        ("a refresh token", with("typ", json!("Refresh"))),
        ("no role of ours", with("realm_access", json!({"roles": ["admin"]}))),
        ("alg none", header("alg", json!("none"))),
        ("alg HS256", header("alg", json!("HS256"))),
        ("alg RS256", header("alg", json!("RS256"))),
        ("crit", header("crit", json!(["urn:x"]))),
        ("unknown kid", header("kid", json!("2"))),
        ("no kid", header("kid", Value::Null)),
        ("another type", header("typ", json!("rt+jwt"))),
    ];
    for (name, token) in cases {
        assert_eq!(app.with_token(&token).get("/api/v1/me").await.problem(401), "unauthenticated", "{name}");
    }
    // Where none is configured, the good one is foreign too.
    let closed = TestApp::start(Sqlite).await.unwrap();
    assert_eq!(closed.with_token(&sign_on.sign(&good)).get("/api/v1/me").await.status, 401);
}

#[actix_web::test]
async fn a_new_key_of_the_issuer_is_taken_up_and_an_old_one_dropped() {
    let (first, second) = (SignOn::new("1"), SignOn::new("2"));
    let (app, folder) = started(&[&first]).await;
    let ask = async |sign_on: &SignOn| {
        let token = sign_on.sign(&claims(&app, "roadmap-region"));
        app.with_token(&token).get("/api/v1/me").await.status
    };
    assert_eq!([ask(&first).await, ask(&second).await], [200, 401]);
    write(&folder.path().join("jwks.json"), &[&second]);
    assert_eq!(ask(&second).await, 401, "the set was read this very second");
    app.set_time("2023-03-01T09:00:30Z");
    assert_eq!([ask(&second).await, ask(&first).await], [200, 401]);
    // While the issuer is away, the keys read before still serve.
    std::fs::remove_file(folder.path().join("jwks.json")).unwrap();
    app.set_time("2023-03-01T10:00:00Z");
    assert_eq!(ask(&second).await, 200);
}

#[actix_web::test]
async fn keys_come_from_an_address_and_their_absence_is_no_401() {
    let sign_on = SignOn::new("1");
    let body = json!({"keys": [sign_on.jwk()]}).to_string();
    let served = answering(move |_request| {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    });
    let place = JwksPlace::Url(format!("{served}/certs"));
    let app =
        TestApp::start_with(Sqlite, |config| config.outside_issuer = Some(issuer(place))).await.unwrap();
    app.with_token(&sign_on.sign(&claims(&app, "roadmap-region"))).get("/api/v1/me").await.expect(200);

    let moved = answering(|_request| {
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
    });
    let place = JwksPlace::Url(format!("{moved}/certs"));
    let app =
        TestApp::start_with(Sqlite, |config| config.outside_issuer = Some(issuer(place))).await.unwrap();
    let reply = app.with_token(&sign_on.sign(&claims(&app, "roadmap-region"))).get("/api/v1/me").await;
    assert_eq!(reply.problem(503), "unavailable");
}
