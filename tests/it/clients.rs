//! Service clients: how they are registered, get tokens, and how little they see.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};

const CLIENTS: &str = "/api/v1/clients";
const TOKEN: &str = "/api/v1/oauth/token";

impl TestApp {
    /// A client of this reach, e.g. `{"region_code": "57"}`, with these scopes; and its secret.
    pub async fn given_client(&self, reach: &Value, scopes: &[&str]) -> (Value, String) {
        let mut body = reach.clone();
        body["name"] = json!(format!("Клиент {}", school_roadmap::kit::id::new_uuid()));
        body["scopes"] = json!(scopes);
        let created = self.as_admin().post(CLIENTS, &body).await.expect(201);
        let secret = created["client_secret"].as_str().unwrap().to_owned();
        (created, secret)
    }

    /// That client, signed in.
    pub async fn as_client(&self, reach: &Value, scopes: &[&str]) -> Client {
        let (client, secret) = self.given_client(reach, scopes).await;
        self.signed_in_client(&client.id(), &secret).await
    }

    /// A registered client, with a token of now.
    pub async fn signed_in_client(&self, id: &str, secret: &str) -> Client {
        self.with_token(&self.client_token(id, secret).await)
    }

    /// An access token of a registered client.
    pub async fn client_token(&self, id: &str, secret: &str) -> String {
        let token = ask(self, &[("client_id", id), ("client_secret", secret)]).await.expect(200);
        token["access_token"].as_str().unwrap().to_owned()
    }
}

/// Asks for a token with these fields.
async fn ask(app: &TestApp, fields: &[(&str, &str)]) -> Reply {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend_from_slice(fields);
    Reply::of(app.anonymous().request(Method::POST, TOKEN).form(&form)).await
}

async fn ask_basic(app: &TestApp, id: &str, secret: &str, fields: &[(&str, &str)]) -> Reply {
    let request = app.anonymous().request(Method::POST, TOKEN).basic_auth(id, Some(secret));
    Reply::of(request.form(fields)).await
}

fn region() -> Value {
    json!({"region_code": "57"})
}

#[rstest]
#[actix_web::test]
async fn an_administrator_registers_a_client_that_gets_tokens(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let admin = app.as_admin();
    let ours = app.given_municipality("Хотынецкий район");
    app.given_school(&ours, "Хотынецкая СОШ", 0);
    let body = json!({"name": "Портал", "region_code": "57", "scopes": ["schools:read", "notes:read"]});
    let rehearsed = admin.post(&format!("{CLIENTS}?dry_run=true"), &body).await.expect(200);
    assert_eq!((rehearsed.get("client_secret"), rehearsed.get("id")), (None, None));
    let reply = admin.post(CLIENTS, &body).await;
    let client = reply.expect(201);
    let (path, secret) = (reply.header("location").unwrap(), client["client_secret"].as_str().unwrap());
    assert!(secret.starts_with("srs_") && secret.len() == 53, "{secret}");
    assert_eq!(admin.post(CLIENTS, &body).await.problem(409), "client-exists");
    let read = admin.get(&path).await;
    assert!(!read.text().contains(&secret[8..]), "it is shown once");
    assert_eq!(read.expect(200)["secrets"][0]["hint"], json!(secret[..8]));

    let id = client.id();
    let token = ask_basic(&app, &id, secret, &[("grant_type", "client_credentials")]).await;
    assert_eq!(token.header("cache-control").as_deref(), Some("no-store"));
    let token = token.expect(200);
    assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(token["scope"], "schools:read notes:read");
    let portal = app.with_token(token["access_token"].as_str().unwrap());
    let me = portal.get("/api/v1/me").await.expect(200);
    assert_eq!(
        (&me["role"], &me["subject"], &me["region_code"]),
        (&json!("service"), &json!(id), &json!("57"))
    );
    assert_eq!(me["scopes"], json!(["schools:read", "notes:read"]));
    assert_eq!(me["allowed"]["schools"], json!(["read_schools"]));
    assert_eq!(portal.get("/api/v1/schools").await.expect(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(portal.get("/api/v1/orders").await.problem(403), "forbidden");
    assert_eq!(portal.get("/api/v1/accounts").await.problem(403), "forbidden");
    assert_eq!(portal.post("/api/v1/auth/logout", &json!({})).await.problem(403), "forbidden");

    let less = ask(&app, &[("client_id", &id), ("client_secret", secret), ("scope", "notes:read")]).await;
    let less = app.with_token(less.expect(200)["access_token"].as_str().unwrap());
    assert_eq!(less.get("/api/v1/schools").await.problem(403), "forbidden");
    less.get("/api/v1/notes").await.expect(200);
    assert!(admin.get(&path).await.expect(200)["secrets"][0]["last_used_at"].is_string());

    let listed = admin.get(&format!("{CLIENTS}?q=портал&status=active")).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    for (body, expected) in [
        (json!({"name": "Б", "scopes": ["notes:read"]}), "/region_code required"),
        (
            json!({"name": "Б", "region_code": "57", "municipality_id": ours, "scopes": ["notes:read"]}),
            "/municipality_id one-reach",
        ),
        (
            json!({"name": "Б", "region_code": "57", "scopes": ["notes:read", "notes:read"]}),
            "/scopes/1 not-unique",
        ),
        (json!({"name": "Б", "region_code": "57", "scopes": ["admin"]}), "/scopes/0 unknown-code"),
    ] {
        assert_eq!(admin.post(CLIENTS, &body).await.violations(422), [expected]);
    }
}

#[rstest]
#[actix_web::test]
async fn the_token_endpoint_refuses_as_oauth_libraries_expect(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (client, secret) = app.given_client(&region(), &["schools:read"]).await;
    let id = client.id();
    let own = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
    let (_, other) = app.given_client(&region(), &["schools:read"]).await;
    let refusal = |reply: Reply, status: u16| {
        let body = reply.expect(status);
        assert_eq!(reply.header("content-type").as_deref(), Some("application/json"));
        let basic = reply.header("www-authenticate").is_some_and(|scheme| scheme.starts_with("Basic"));
        assert_eq!(basic, status == 401);
        format!("{} {}", body["error"].as_str().unwrap(), body["code"].as_str().unwrap())
    };
    for secret in [&other, "", "srs_x", &secret.replace("srs_", "srr_"), &format!("{secret}x")] {
        let fields = [("client_id", id.as_str()), ("client_secret", secret)];
        assert_eq!(refusal(ask(&app, &fields).await, 401), "invalid_client invalid-client", "{secret}");
    }
    assert_eq!(refusal(ask(&app, &[]).await, 401), "invalid_client invalid-client");
    for unknown in ["0192f0c1-0000-7000-8000-000000000000", "портал", "a\0b", "a%00b"] {
        let fields = [("client_id", unknown), ("client_secret", secret.as_str())];
        assert_eq!(refusal(ask(&app, &fields).await, 401), "invalid_client invalid-client", "{unknown:?}");
        let shown = ask_basic(&app, unknown, &secret, &[("grant_type", "client_credentials")]).await;
        assert_eq!(refusal(shown, 401), "invalid_client invalid-client", "{unknown:?}");
    }
    for scope in ["notes:read", "schools:read notes:read", "nonsense", " "] {
        let fields = [own[0], own[1], ("scope", scope)];
        assert_eq!(refusal(ask(&app, &fields).await, 400), "invalid_scope invalid-scope", "{scope}");
    }
    let form = |pairs: &[(&str, &str)]| app.anonymous().request(Method::POST, TOKEN).form(pairs);
    let password = [("grant_type", "password"), own[0], own[1]];
    assert_eq!(
        refusal(Reply::of(form(&password)).await, 400),
        "unsupported_grant_type unsupported-grant-type"
    );
    let twice = [("grant_type", "client_credentials"), own[0], own[1], own[1]];
    assert_eq!(refusal(Reply::of(form(&twice)).await, 400), "invalid_request malformed-request");
    let both = form(&[("grant_type", "client_credentials"), own[0], own[1]]).basic_auth(&id, Some(&secret));
    assert_eq!(refusal(Reply::of(both).await, 400), "invalid_request malformed-request");
    let json = app.anonymous().post(TOKEN, &json!({"grant_type": "client_credentials"})).await;
    assert_eq!(json.problem(415), "unsupported-media-type");
    let long = [("grant_type", "client_credentials"), ("scope", &"x".repeat(20_000))];
    assert_eq!(Reply::of(form(&long)).await.problem(413), "too-large");
    let empty_scope = [own[0], own[1], ("scope", "")];
    ask(&app, &empty_scope).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_secret_is_replaced_without_a_pause_and_ends_at_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let admin = app.as_admin();
    let (client, first) = app.given_client(&region(), &["schools:read"]).await;
    let (id, path) = (client.id(), format!("{CLIENTS}/{}", client.id()));
    let sign_in = async |secret: &str| {
        let token = ask(&app, &[("client_id", &id), ("client_secret", secret)]).await;
        if token.status != 200 {
            return None;
        }
        Some(app.with_token(token.json()["access_token"].as_str().unwrap()))
    };
    let old = sign_in(&first).await.unwrap();
    let secrets = format!("{path}/secrets");
    let reply = admin.act_with(&secrets, 1, &json!({"expires_at": "2023-06-01T00:00:00Z"})).await;
    let added = reply.expect(201);
    let second = added["client_secret"].as_str().unwrap().to_owned();
    let new = sign_in(&second).await.unwrap();
    for portal in [&old, &new] {
        portal.get("/api/v1/schools").await.expect(200);
    }
    let first_path = format!("{path}/secrets/{}", client["secrets"][0].id());
    assert_eq!(admin.delete(&first_path, 1).await.problem(412), "stale");
    admin.delete(&first_path, 2).await.expect(204);
    assert_eq!(old.get("/api/v1/schools").await.problem(401), "unauthenticated");
    assert!(sign_in(&first).await.is_none());
    new.get("/api/v1/schools").await.expect(200);
    assert_eq!(admin.delete(&first_path, 3).await.problem(404), "not-found");

    for version in 3..7 {
        admin.act_with(&secrets, version, &json!({})).await.expect(201);
    }
    let sixth = admin.act_with(&secrets, 7, &json!({})).await;
    assert_eq!(sixth.problem(409), "client-secrets-full");
    app.set_time("2023-06-01T00:00:00Z");
    assert_eq!(new.get("/api/v1/schools").await.problem(401), "unauthenticated");
    assert!(sign_in(&second).await.is_none(), "it has expired");
    let admin = app.as_admin();
    let room = admin.act_with(&secrets, 7, &json!({})).await.expect(201);
    let hints: Vec<&Value> =
        room["secrets"].as_array().unwrap().iter().map(|secret| &secret["hint"]).collect();
    assert!(hints.len() == 5 && !hints.contains(&&json!(second[..8])), "the expired one made room");
    let past = json!({"expires_at": "2023-01-01T00:00:00Z"});
    let full = admin.act_with(&secrets, 8, &past).await;
    assert_eq!(full.problem(409), "client-secrets-full", "the state comes before the rules");
    admin.delete(&format!("{secrets}/{}", room["secrets"][0].id()), 8).await.expect(204);
    assert_eq!(admin.act_with(&secrets, 9, &past).await.violations(422), ["/expires_at in-the-past"]);
}

#[rstest]
#[actix_web::test]
async fn a_block_and_fewer_scopes_hold_from_the_next_request(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let admin = app.as_admin();
    let (client, secret) = app.given_client(&region(), &["schools:read", "notes:read"]).await;
    let (id, path) = (client.id(), format!("{CLIENTS}/{}", client.id()));
    let token = ask(&app, &[("client_id", &id), ("client_secret", &secret)]).await.expect(200);
    let portal = app.with_token(token["access_token"].as_str().unwrap());
    portal.get("/api/v1/schools").await.expect(200);

    let less = admin.patch(&path, 1, &json!({"scopes": ["notes:read"]})).await.expect(200);
    assert_eq!(less.version(), 2);
    assert_eq!(admin.patch(&path, 2, &json!({"scopes": ["notes:read"]})).await.expect(200).version(), 2);
    assert_eq!(portal.get("/api/v1/schools").await.problem(403), "forbidden");
    portal.get("/api/v1/notes").await.expect(200);
    admin.patch(&path, 2, &json!({"status": "blocked"})).await.expect(200);
    assert_eq!(portal.get("/api/v1/notes").await.problem(401), "unauthenticated");
    let refused = ask(&app, &[("client_id", &id), ("client_secret", &secret)]).await;
    assert_eq!(refused.expect(401)["error"], "invalid_client");
    admin.patch(&path, 3, &json!({"status": "active"})).await.expect(200);
    portal.get("/api/v1/notes").await.expect(200);
    admin.delete(&path, 4).await.expect(204);
    assert_eq!(portal.get("/api/v1/notes").await.problem(401), "unauthenticated");
    assert_eq!(admin.get(&path).await.problem(404), "not-found");
}

#[rstest]
#[actix_web::test]
async fn a_client_of_a_region_enters_schools_and_orders(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let ours = app.given_municipality("Хотынецкий район");
    let foreign = app.given_municipality_in("Другой район", "36");
    let scopes = ["schools:read", "schools:write", "orders:read", "orders:write", "lists:write"];
    let portal = app.as_client(&region(), &scopes).await;
    let mut school = json!({
        "short_name": "МБОУ Хотынецкая СОШ", "legal_form": "mbou", "school_kind": "sosh",
        "education_levels": ["primary", "basic"], "inn": "5799000019", "ogrn": "1025799000017"
    });
    assert_eq!(portal.post("/api/v1/schools", &school).await.violations(422), ["/municipality_id required"]);
    school["municipality_id"] = json!(foreign);
    let outside = portal.post("/api/v1/schools", &school).await;
    assert_eq!(outside.violations(422), ["/municipality_id unknown-reference"]);
    school["municipality_id"] = json!(ours);
    let created = portal.post("/api/v1/schools", &school).await.expect(201);

    // The department's codes are not the client's to see, nor to clear.
    let path = format!("/api/v1/schools/{}", created.id());
    app.as_officer(&ours).patch(&path, 1, &json!({"vpr_login": "sch5799"})).await.expect(200);
    school["short_name"] = json!("МБОУ «Хотынецкая СОШ»");
    let by_ogrn = "/api/v1/schools/by-ogrn/1025799000017";
    let replaced = portal.put(by_ogrn, 2, &school).await.expect(200);
    assert_eq!((replaced.version(), replaced.get("vpr_login")), (3, None));
    assert_eq!(app.as_officer(&ours).get(&path).await.expect(200)["vpr_login"], "sch5799");
    school["municipality_id"] = json!(foreign);
    assert_eq!(portal.put(by_ogrn, 3, &school).await.violations(422), ["/municipality_id foreign-reference"]);
    let close = json!({"closure_kind": "liquidated", "closed_on": "2023-03-01"});
    assert_eq!(portal.act_with(&format!("{path}/close"), 3, &close).await.problem(403), "forbidden");

    let order = json!({
        "issuer": "Департамент образования", "issuer_level": "regional", "number": "181-О", "date": "2023-02-01",
        "title": "О перечне школ", "kind": "list"
    });
    let order = portal.post("/api/v1/orders", &order).await.expect(201);
    assert_eq!((&order["status"], &order["municipality_id"]), (&json!("registered"), &Value::Null));
    let seen = app.as_officer(&ours).get(&format!("/api/v1/orders/{}", order.id())).await.expect(200);
    assert_eq!(seen["number"], "181-О");
    assert_eq!(app.as_officer(&foreign).get(&format!("/api/v1/orders/{}", order.id())).await.status, 404);
    let repeal = format!("/api/v1/orders/{}/repeal", order.id());
    let head = app.as_head(&ours).act_with(&repeal, 1, &json!({"reason": "Ошибка"})).await;
    assert_eq!(head.problem(403), "forbidden", "a region's order is not the municipality's to repeal");
    portal.act_with(&repeal, 1, &json!({"reason": "Утратил силу"})).await.expect(200);
    // Nobody repeals another owner's order by one of his own.
    let own = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": "12", "date": "2023-02-01",
        "title": "О мониторинге", "kind": "other"
    });
    let department = app.as_head(&ours);
    let municipal = department.post("/api/v1/orders", &own).await.expect(201);
    department.act(&format!("/api/v1/orders/{}/register", municipal.id()), 1).await.expect(200);
    let mut next = json!({
        "issuer": "Департамент образования", "issuer_level": "regional", "number": "182-О", "date": "2023-02-02",
        "title": "Об отмене", "kind": "other", "repeals_id": municipal.id()
    });
    assert_eq!(portal.post("/api/v1/orders", &next).await.violations(422), ["/repeals_id foreign-reference"]);
    next["repeals_id"] = Value::Null;
    let regional = portal.post("/api/v1/orders", &next).await.expect(201);
    let mut back = own.clone();
    back["number"] = json!("13");
    back["repeals_id"] = json!(regional.id());
    assert_eq!(
        department.post("/api/v1/orders", &back).await.violations(422),
        ["/repeals_id foreign-reference"]
    );
    let list =
        json!({"level": "regional", "category": "risk_group", "results_year": 2022, "order_id": order.id()});
    assert_eq!(portal.post("/api/v1/support-lists", &list).await.problem(403), "forbidden");
}

/// A client of one municipality sees there what its region sees: nothing that is still in work.
#[rstest]
#[actix_web::test]
async fn a_client_of_a_municipality_sees_what_the_region_sees(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    app.clock.set(school_roadmap::demo::play::beginning());
    let case = school_roadmap::demo::case::Case::reference().unwrap();
    let played = school_roadmap::demo::play::whole(&app.url, &app.clock, &app.database_url, &case, &|_| ())
        .await
        .unwrap();
    let neighbour = app.given_municipality("Шаблыкинский район");
    let officer = school_roadmap::kit::id::MunicipalityId(played.municipality_id.clone());
    let officer = app.as_officer(&officer);
    let order = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": "900", "date": "2023-02-01",
        "title": "Проект", "kind": "other"
    });
    officer.post("/api/v1/orders", &order).await.expect(201);
    let map = format!("/api/v1/road-maps/{}", played.road_map_id);
    let version = officer.get(&map).await.expect(200).version();
    officer.act_with(&format!("{map}/copy"), version, &json!({"year_shift": 1})).await.expect(201);

    let reads = [
        "schools:read",
        "orders:read",
        "lists:read",
        "plans:read",
        "reports:read",
        "indicators:read",
        "recommendations:read",
        "notes:read",
    ];
    let own = app.as_client(&json!({"municipality_id": played.municipality_id}), &reads).await;
    let other = app.as_client(&json!({"municipality_id": neighbour}), &reads).await;
    let region = app.as_region("57");
    for list in [
        "municipalities",
        "schools",
        "orders",
        "support-lists",
        "road-maps",
        "measures",
        "monitorings",
        "reports",
        "indicators",
        "indicator-values",
        "recommendations",
        "notes",
        "conclusion-templates",
    ] {
        let path = format!("/api/v1/{list}?limit=1000&fields=id,version");
        let all = region.get(&path).await.expect(200)["items"].clone();
        let seen = own.get(&path).await.expect(200)["items"].clone();
        let elsewhere = other.get(&path).await.expect(200)["items"].clone();
        assert!(!seen.as_array().unwrap().is_empty(), "{list}");
        match list {
            "municipalities" => assert_eq!(seen, json!([{"id": played.municipality_id, "version": 1}])),
            _ => assert_eq!(seen, all, "{list}"),
        }
        let shipped = ["municipalities", "indicators", "conclusion-templates"].contains(&list);
        assert!(shipped || elsewhere == json!([]), "{list}: {elsewhere}");
        let department = officer.get(&path).await.expect(200)["items"].as_array().unwrap().len();
        let works = ["orders", "road-maps", "measures"].contains(&list);
        assert!(!works || department > seen.as_array().unwrap().len(), "{list}: a draft is the department's");
    }
}

#[actix_web::test]
async fn libraries_find_the_token_endpoint() {
    let app = TestApp::start_with(Sqlite, |config| {
        config.public_url = Some("https://roadmap.example".to_owned());
        config.token_issuer = "https://roadmap.example".to_owned();
    })
    .await
    .unwrap();
    let found = app.anonymous().get("/.well-known/oauth-authorization-server").await.expect(200);
    assert_eq!(found["issuer"], "https://roadmap.example");
    assert_eq!(found["token_endpoint"], "https://roadmap.example/api/v1/oauth/token");
    assert_eq!(found["grant_types_supported"], json!(["client_credentials"]));
    assert_eq!(found["scopes_supported"].as_array().unwrap().len(), 13);
}
