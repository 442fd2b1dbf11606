//! Accounts: who makes, changes, blocks and erases whose.

use rstest::rstest;
use school_roadmap::auth::Role;
use school_roadmap::features::accounts::{NewAccount, Placement, create_by_operator};
use school_roadmap::kit::id::SchoolId;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};
use crate::sign_in::{given_officer, log_in, officer};

const ACCOUNTS: &str = "/api/v1/accounts";

fn close(app: &TestApp, school: &SchoolId) {
    use diesel::prelude::*;
    use school_roadmap::db::schema::schools;
    diesel::update(schools::table.find(school))
        .set(schools::status.eq("closed"))
        .execute(&mut app.connection())
        .unwrap();
}

fn path_of(account: &Value) -> String {
    format!("{ACCOUNTS}/{}", account.id())
}

fn logins(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|account| account["login"].as_str().unwrap().to_owned()).collect()
}

async fn act(client: &Client, account: &Value, step: &str) -> Reply {
    client.act(&format!("{}/{step}", path_of(account)), account.version()).await
}

#[rstest]
#[actix_web::test]
async fn a_head_makes_the_accounts_of_his_municipality(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let ours = app.given_municipality("Хотынецкий район");
    let theirs = app.given_municipality("Шаблыкинский район");
    let (school, foreign) =
        (app.given_school(&ours, "Хотынецкая СОШ", 0), app.given_school(&theirs, "Шаблыкинская СОШ", 1));
    let head = app.as_head(&ours);

    let body = json!({
        "login": "Директор.1", "full_name": "Пётр Ильич", "position": "директор", "role": "school_head",
        "school_id": school
    });
    let created = head.post(ACCOUNTS, &body).await;
    let account = created.expect(201);
    assert_eq!(created.header("location"), Some(path_of(&account)));
    assert_eq!((&account["login"], &account["municipality_id"]), (&json!("директор.1"), &json!(ours)));
    assert_eq!(account["one_time_password_expires_at"], "2023-03-08T09:00:00Z");
    assert_eq!(account["one_time_password"].as_str().unwrap().len(), 19);
    let read = head.get(&path_of(&account)).await.expect(200);
    assert_eq!(read.get("one_time_password"), None, "it is shown once");
    assert_eq!(head.post(ACCOUNTS, &body).await.problem(409), "login-taken");
    let closed = app.given_school(&ours, "Закрытая СОШ", 2);
    close(&app, &closed);
    let late = json!({"login": "late", "full_name": "П", "role": "school_head", "school_id": closed});
    assert_eq!(head.post(ACCOUNTS, &late).await.problem(409), "school-closed");

    let refused = |member: Value, role: &str| {
        let mut body = json!({"login": "curator.1", "full_name": "К", "role": role});
        body.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
        let head = head.clone();
        async move { head.post(ACCOUNTS, &body).await.violations(422) }
    };
    assert_eq!(
        refused(json!({"school_id": foreign, "municipality_id": theirs}), "school_operator").await,
        ["/municipality_id unknown-reference", "/school_id unknown-reference"]
    );
    assert_eq!(
        refused(json!({"school_ids": [school, foreign, school], "acting_until": "2023-12-31"}), "curator")
            .await,
        ["/acting_until not-of-role", "/school_ids/1 unknown-reference", "/school_ids/2 not-unique"]
    );
    assert_eq!(
        refused(json!({"region_code": "57"}), "school_operator").await,
        ["/region_code not-of-role", "/school_id required"]
    );
    assert_eq!(
        refused(json!({"region_code": "5", "login": "a b", "full_name": ""}), "curator").await,
        ["/full_name empty", "/login pattern", "/region_code pattern"]
    );
    assert_eq!(
        head.post(ACCOUNTS, &json!({"login": "abc", "version": 3, "password": "x"})).await.violations(400),
        ["/password unknown-member", "/version unknown-member"]
    );
}

#[rstest]
#[actix_web::test]
async fn a_head_manages_nobody_of_his_rank_or_of_another_municipality(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (ours, theirs) = (app.given_municipality("Хотынецкий"), app.given_municipality("Шаблыкинский"));
    let (head, me) = app.account("municipal_head", Some(&ours), None, None);
    let (_, colleague) = app.account("municipal_head", Some(&ours), None, None);
    let (_, stranger) = app.account("municipal_officer", Some(&theirs), None, None);
    let (admin, admin_id) = app.account("admin", None, None, None);
    app.account("regional_viewer", None, None, Some("57"));

    for role in ["admin", "municipal_head", "regional_viewer"] {
        let body = json!({"login": "upstart", "full_name": "В", "role": role});
        assert_eq!(head.post(ACCOUNTS, &body).await.problem(403), "forbidden", "{role}");
    }
    let own_roles = head.get(ACCOUNTS).await.expect(200);
    let roles: Vec<&str> =
        own_roles["items"].as_array().unwrap().iter().map(|a| a["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["municipal_head", "municipal_head"], "others are not seen");
    let path = format!("{ACCOUNTS}/{colleague}");
    let seen = head.get(&path).await.expect(200);
    assert!(seen["actions"].as_array().unwrap().iter().all(|action| action["blocked_by"][0] == "role"));
    assert_eq!(head.patch(&path, 1, &json!({"full_name": "Другой"})).await.problem(403), "forbidden");
    for step in ["block", "unblock", "reset-password", "anonymise"] {
        assert_eq!(head.act(&format!("{path}/{step}"), 1).await.problem(403), "forbidden", "{step}");
    }
    for hidden in [&stranger, &admin_id] {
        let path = format!("{ACCOUNTS}/{hidden}");
        assert_eq!(head.get(&path).await.problem(404), "not-found");
        assert_eq!(head.act(&format!("{path}/block"), 1).await.problem(404), "not-found");
    }
    let all = admin.get("/api/v1/accounts?count=exact&limit=1").await.expect(200);
    assert_eq!(all["page"]["count"], 5);
    let narrow = format!("{ACCOUNTS}?municipality_id={ours}&role=municipal_head&sort=-login");
    assert_eq!(admin.get(&narrow).await.expect(200)["items"].as_array().unwrap().len(), 2);
    for client in [app.as_officer(&ours), app.as_region("57")] {
        assert_eq!(client.get(ACCOUNTS).await.problem(403), "forbidden");
        assert_eq!(client.post(ACCOUNTS, &officer("x")).await.problem(403), "forbidden");
    }
    assert_eq!(head.get(&format!("{ACCOUNTS}/{me}")).await.expect(200)["id"], json!(me));
}

#[rstest]
#[actix_web::test]
async fn nobody_raises_blocks_or_resets_himself(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let (admin, me) = app.account("admin", None, None, None);
    let path = format!("{ACCOUNTS}/{me}");
    for step in ["block", "reset-password", "anonymise"] {
        let refused = admin.act(&format!("{path}/{step}"), 1).await;
        assert_eq!(refused.problem(409), "account-state", "{step}");
        assert_eq!(refused.json()["blocked_by"], json!(["own-account"]), "{step}");
    }
    let lowered = admin.patch(&path, 1, &json!({"role": "municipal_officer"})).await;
    assert_eq!(lowered.json()["blocked_by"], json!(["own-account"]));
    assert_eq!(admin.patch(&path, 1, &json!({"full_name": "Администратор"})).await.expect(200).version(), 2);

    // An officer who acts as head lends himself nothing and nobody else either.
    let head = app.as_head(&municipality);
    let (acting, id) = app.account("municipal_officer", Some(&municipality), None, None);
    let (_, other) = app.account("municipal_officer", Some(&municipality), None, None);
    let lend = json!({"acting_until": "2023-03-31"});
    head.patch(&format!("{ACCOUNTS}/{id}"), 1, &lend).await.expect(200);
    let own = acting.patch(&format!("{ACCOUNTS}/{id}"), 2, &json!({"acting_until": null})).await;
    assert_eq!(own.problem(409), "account-state");
    let further = acting.patch(&format!("{ACCOUNTS}/{other}"), 1, &lend).await;
    assert_eq!(further.problem(403), "forbidden");
    acting.act(&format!("{ACCOUNTS}/{other}/block"), 1).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn an_account_is_changed_as_every_resource_is(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let (first, second) =
        (app.given_school(&municipality, "СОШ 1", 0), app.given_school(&municipality, "СОШ 2", 1));
    let (head, admin) = (app.as_head(&municipality), app.as_admin());
    let curator = json!({
        "login": "curator", "full_name": "Кураторова", "role": "curator", "school_ids": [second, first]
    });
    let created = head.post(ACCOUNTS, &curator).await.expect(201);
    assert_eq!(created["school_ids"], json!([first, second]));
    let path = path_of(&created);

    let same = head.patch(&path, 1, &json!({"school_ids": [second, first]})).await.expect(200);
    assert_eq!(same.version(), 1);
    let changed = head.patch(&path, 1, &json!({"school_ids": [second], "position": "методист"})).await;
    let changed = changed.expect(200);
    assert_eq!((changed.version(), &changed["school_ids"]), (2, &json!([second])));
    assert_eq!(head.patch(&path, 1, &json!({"position": null})).await.problem(412), "stale");
    assert_eq!(
        head.patch(&path, 2, &json!({"login": "другой"})).await.violations(400),
        ["/login unknown-member"]
    );
    assert_eq!(
        head.patch(&path, 2, &json!({"school_ids": []})).await.violations(422),
        ["/school_ids required"]
    );
    let raise = json!({"role": "municipal_officer", "school_ids": []});
    assert_eq!(head.patch(&path, 2, &raise).await.problem(403), "forbidden");
    assert_eq!(
        admin.patch(&path, 2, &json!({"role": "school_head"})).await.violations(422),
        ["/school_id required", "/school_ids not-of-role"]
    );
    assert_eq!(
        admin.patch(&path, 2, &json!({"role": "admin", "school_ids": []})).await.violations(422),
        ["/municipality_id not-of-role"]
    );
    let moved = json!({"role": "school_operator", "school_ids": [], "school_id": first});
    assert_eq!(admin.patch(&path, 2, &moved).await.expect(200)["role"], "school_operator");

    assert_eq!(logins(&head.get("/api/v1/accounts?q=КУРАТОРОВА").await.expect(200)), ["curator"]);
    let of_school = format!("{ACCOUNTS}?school_id={first}&status=active");
    assert_eq!(logins(&head.get(&of_school).await.expect(200)), ["curator"]);
    assert_eq!(
        head.get("/api/v1/accounts?sort=password_hash").await.violations(400),
        ["?sort invalid-parameter"]
    );
}

#[rstest]
#[actix_web::test]
async fn a_blocked_account_is_out_with_the_next_request(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (head, person) = given_officer(&app, "ivanova").await;
    let client = person.client(&app);
    client.get("/api/v1/me").await.expect(200);

    let blocked = act(&head, &person.account, "block").await.expect(200);
    assert_eq!(client.get("/api/v1/me").await.problem(401), "unauthenticated");
    let token = json!({"refresh_token": person.pair["refresh_token"]});
    assert_eq!(app.anonymous().post("/api/v1/auth/refresh", &token).await.problem(401), "unauthenticated");
    assert_eq!(log_in(&app, &person.login, &person.password).await.problem(401), "login-failed");
    for step in ["block", "reset-password"] {
        let refused = act(&head, &blocked, step).await;
        assert_eq!(refused.problem(409), "account-state");
        assert_eq!(refused.json()["blocked_by"], json!(["account-blocked"]));
    }

    let unblocked = act(&head, &blocked, "unblock").await.expect(200);
    assert_eq!(client.get("/api/v1/me").await.problem(401), "unauthenticated", "sessions stay ended");
    log_in(&app, &person.login, &person.password).await.expect(200);
    assert_eq!(act(&head, &unblocked, "unblock").await.json()["blocked_by"], json!(["account-not-blocked"]));
}

#[rstest]
#[actix_web::test]
async fn a_reset_shows_a_new_one_time_password_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (head, person) = given_officer(&app, "ivanova").await;
    let path = format!("{}/reset-password", path_of(&person.account));
    let send = || {
        let request = head.request(reqwest::Method::POST, &path).header("Idempotency-Key", "k-1");
        Reply::of(request.header("If-Match", format!("\"{}\"", person.account.version())))
    };

    let rehearsed = head.act(&format!("{path}?dry_run=true"), person.account.version()).await.expect(200);
    assert_eq!(rehearsed.get("one_time_password"), None, "it would open nothing");
    person.client(&app).get("/api/v1/me").await.expect(200);
    let reset = send().await.expect(200);
    assert_eq!(reset["must_change_password"], true);
    assert_eq!(send().await.problem(409), "secret-shown-once");
    assert_eq!(person.client(&app).get("/api/v1/me").await.problem(401), "unauthenticated");
    assert_eq!(log_in(&app, &person.login, &person.password).await.problem(401), "login-failed");
    log_in(&app, &person.login, reset["one_time_password"].as_str().unwrap()).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn anonymising_erases_the_person_and_keeps_the_id(#[values(Sqlite, Postgres)] on: Database) {
    use diesel::prelude::*;
    use school_roadmap::db::schema::{accounts, changes};
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (head, person) = given_officer(&app, "ivanova").await;
    assert_eq!(act(&head, &person.account, "anonymise").await.problem(403), "forbidden");
    let erased = act(&app.as_admin(), &person.account, "anonymise").await.expect(200);
    assert_eq!(erased.id(), person.account.id());
    assert_eq!((&erased["full_name"], &erased["status"]), (&Value::Null, &json!("anonymised")));
    assert_ne!(erased["login"], "ivanova");
    assert_eq!(person.client(&app).get("/api/v1/me").await.problem(401), "unauthenticated");
    assert_eq!(log_in(&app, &person.login, &person.password).await.problem(401), "login-failed");
    assert_eq!(logins(&head.get("/api/v1/accounts?q=иванова").await.expect(200)), [""; 0]);
    let again = head.patch(&path_of(&erased), erased.version(), &json!({"full_name": "Иванова"})).await;
    assert_eq!(again.json()["blocked_by"], json!(["account-anonymised"]));

    let hash: Option<String> = accounts::table
        .find(person.account.id())
        .select(accounts::password_hash)
        .first(&mut app.connection())
        .unwrap();
    assert_eq!(hash, None);
    let shown: i64 = changes::table
        .filter(changes::resource.eq("accounts"))
        .filter(changes::visible_before.eq(true).or(changes::visible_after.eq(true)))
        .count()
        .get_result(&mut app.connection())
        .unwrap();
    assert_eq!(shown, 0, "accounts are no business of the region's feed");
    head.post(ACCOUNTS, &officer("ivanova")).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn the_operator_makes_the_first_administrator(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let new = |login: &str, role| NewAccount {
        login: login.to_owned(),
        full_name: None,
        position: None,
        placement: Placement::of(role),
    };
    let mut conn = app.connection();
    let (id, one_time) = create_by_operator(&mut conn, &app.clock, new("root", Role::Admin)).unwrap();
    log_in(&app, "root", &one_time).await.expect(200);
    let read = app.as_admin().get(&format!("{ACCOUNTS}/{id}")).await.expect(200);
    assert_eq!((&read["role"], &read["full_name"]), (&json!("admin"), &Value::Null));

    let failure = |login: &str, role| {
        create_by_operator(&mut app.connection(), &app.clock, new(login, role)).unwrap_err().to_string()
    };
    assert_eq!(failure("ROOT", Role::Admin), "The login is taken");
    assert!(failure("a b", Role::Admin).starts_with("a login has 3 to 100"));
    assert!(failure("head", Role::MunicipalHead).contains("/municipality_id: The role needs this member"));
}
