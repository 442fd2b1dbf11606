//! The audit: who reads what of it, and what its seals show.

use diesel::connection::SimpleConnection;
use rstest::rstest;
use school_roadmap::features::audit::{self, Verified};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::campaign::Campaign;
use crate::client::{Client, Resource};
use crate::copy::Export;
use crate::evidence::{FIELDS, PDF};
use crate::sign_in::{log_in, officer};
use crate::witness::Witness;

const AUDIT: &str = "/api/v1/audit-events";

fn order(number: &str) -> Value {
    json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": number,
        "date": "2023-02-01", "title": "О сопровождении школ", "kind": "list"
    })
}

/// `action resource` of each row that this query gives.
async fn told(by: &Client, query: &str) -> Vec<String> {
    let page = by.get(&format!("{AUDIT}{query}")).await.expect(200);
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let line = |row: &Value| format!("{} {}", text(row, "action"), text(row, "resource"));
    page["items"].as_array().unwrap().iter().map(line).collect()
}

#[rstest]
#[actix_web::test]
async fn a_head_reads_the_own_municipality_and_an_administrator_all(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else { return };
    let (one, two) = (app.given_municipality("Первый район"), app.given_municipality("Второй район"));
    let (head, other) = (app.as_head(&one), app.as_head(&two));
    let reply = head.post("/api/v1/orders", &order("12")).await;
    let made = reply.expect(201);
    head.act(&format!("/api/v1/orders/{}/register", made.id()), 1).await.expect(200);
    other.post("/api/v1/orders", &order("13")).await.expect(201);
    app.set_date("2023-03-05");
    let (head, other, admin) = (app.as_head(&one), app.as_head(&two), app.as_admin());
    head.post("/api/v1/orders", &order("14")).await.expect(201);

    let of_orders = "?resource=orders";
    assert_eq!(told(&head, of_orders).await, ["create orders", "register orders", "create orders"]);
    assert_eq!(told(&other, of_orders).await, ["create orders"]);
    assert_eq!(told(&admin, of_orders).await.len(), 4);
    assert_eq!(told(&admin, "?resource=orders&action=register,repeal").await, ["register orders"]);
    let id = made.id();
    assert_eq!(told(&head, &format!("?resource_id={id}")).await, ["register orders", "create orders"]);
    assert_eq!(told(&other, &format!("?resource_id={id}")).await, Vec::<String>::new());
    let request = reply.header("x-request-id").unwrap();
    assert_eq!(told(&head, &format!("?request_id={request}")).await, ["create orders"]);
    assert_eq!(told(&head, &format!("{of_orders}&at[gte]=2023-03-05T00:00:00Z")).await, ["create orders"]);
    assert_eq!(told(&head, &format!("{of_orders}&at[lt]=2023-03-05T00:00:00Z&sort=seq")).await.len(), 2);
    let register = head.get(&format!("{AUDIT}?action=register")).await.expect(200)["items"][0].clone();
    assert_eq!(
        (&register["from_status"], &register["to_status"], &register["actor_role"]),
        (&json!("draft"), &json!("registered"), &json!("municipal_head"))
    );
    assert_eq!(
        told(&admin, &format!("?actor_id={}&resource=orders", register["actor_id"].as_str().unwrap()))
            .await
            .len(),
        2
    );
    let seq = register["seq"].as_i64().unwrap();
    assert_eq!(told(&head, &format!("?id={seq}")).await, ["register orders"]);
    assert_eq!(told(&other, &format!("?id={seq}")).await, Vec::<String>::new());

    // Page by page, each row once.
    let (mut path, mut seen) = (format!("{AUDIT}?limit=2&sort=seq"), Vec::new());
    loop {
        let page = admin.get(&path).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["seq"].as_i64().unwrap()));
        let Some(next) = page["page"]["next"].as_str() else { break };
        path = next.to_owned();
    }
    assert!(seen.len() > 4 && seen.is_sorted());
    let mut lines = Vec::new();
    audit::write_lines(&mut app.connection(), 0, &mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    let exported: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(exported.iter().map(|row| row["seq"].as_i64().unwrap()).collect::<Vec<_>>(), seen);
    assert!(exported.contains(&register));
}

/// What the owner of the database can do, and nobody else: he lifts what guards the audit.
fn owning(on: Database) -> &'static str {
    match on {
        Sqlite => {
            "DROP TRIGGER audit_events_refuse_update; DROP TRIGGER audit_events_refuse_delete; \
             DROP TRIGGER audit_seals_refuse_update; DROP TRIGGER audit_seals_refuse_delete;"
        }
        Postgres => {
            "ALTER TABLE audit_events DISABLE TRIGGER USER; ALTER TABLE audit_seals DISABLE TRIGGER USER;"
        }
    }
}

/// What a look at the seals finds, as the operator's command does.
fn look(app: &TestApp, head: Option<&str>) -> Verified {
    audit::verify(&mut app.connection(), head).unwrap()
}

#[rstest]
#[case::altered("UPDATE audit_events SET reason = 'другая' WHERE seq = 4", "from 3 to 5")]
#[case::another_time("UPDATE audit_events SET at = '2020-01-01 00:00:00' WHERE seq = 4", "from 3 to 5")]
#[case::removed("DELETE FROM audit_events WHERE seq = 4", "from 3 to 5")]
#[case::cut_off("DELETE FROM audit_events WHERE seq > 4", "from 3 to 5")]
#[case::seal_removed("DELETE FROM audit_seals WHERE number = 1", "the seals 1 to 1 are missing")]
#[case::seals_removed("DELETE FROM audit_seals", "the head that was noted")]
#[actix_web::test]
async fn what_was_sealed_cannot_be_changed_unseen(
    #[values(Sqlite, Postgres)] on: Database,
    #[case] change: &str,
    #[case] fault: &str,
) {
    let Some(app) = TestApp::start(on).await else { return };
    let mut conn = app.connection();
    conn.batch_execute(owning(on)).unwrap();
    // The beginning of the audit of this test: what the start has written is of no matter here.
    conn.batch_execute("DELETE FROM audit_events").unwrap();
    let row = |seq: i64| {
        let given = if on == Postgres { "OVERRIDING SYSTEM VALUE" } else { "" };
        format!(
            "INSERT INTO audit_events (seq, at, actor_role, action, resource, resource_id, request_id) {given} \
             VALUES ({seq}, '2023-03-01 09:00:00', 'admin', 'block', 'accounts', 'a', 'r');"
        )
    };
    conn.batch_execute(&[row(1), row(2)].concat()).unwrap();
    audit::seal(&app.db).await.unwrap();
    // A number that was given to a write which failed stays free.
    conn.batch_execute(&[row(3), row(4), row(5)].concat()).unwrap();
    let head = audit::seal(&app.db).await.unwrap().unwrap();
    assert_eq!((head.number, head.through_seq), (2, 5));
    conn.batch_execute(&row(7)).unwrap();
    let good = look(&app, Some(&head.hash));
    assert_eq!((good.rows, good.unsealed, good.faults.clone()), (5, 1, vec![]));
    assert_eq!(good.head, Some((5, head.hash.clone())));
    assert_eq!(audit::seal(&app.db).await.unwrap().unwrap().number, 3);

    conn.batch_execute(change).unwrap();
    let found = look(&app, Some(&head.hash));
    assert!(found.faults.iter().any(|found| found.contains(fault)), "{:?}", found.faults);
    let checked = school_roadmap::backup::check(&app.db, &app.store, &app.clock).await.unwrap();
    assert_eq!(checked.faults.is_empty(), fault.contains("noted"), "{:?}", checked.faults);
}

/// Every write is sealed, in batches, also while others write.
#[rstest]
#[actix_web::test]
async fn all_that_is_written_comes_under_a_seal(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let head = app.as_head(&app.given_municipality("Хотынецкий район"));
    let writer = actix_web::rt::spawn(async move {
        for number in 0..30 {
            head.post("/api/v1/orders", &order(&number.to_string())).await.expect(201);
        }
    });
    while !writer.is_finished() {
        audit::seal(&app.db).await.unwrap();
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
    audit::seal(&app.db).await.unwrap();
    let found = look(&app, None);
    assert_eq!((found.unsealed, found.faults), (0, vec![]));
    assert!(found.rows >= 30);
}

/// C07: the database refuses to change the audit, and who lifts that guard is found out.
#[rstest]
#[actix_web::test]
async fn the_audit_is_written_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let head = app.as_head(&app.given_municipality("Хотынецкий район"));
    head.post("/api/v1/orders", &order("12")).await.expect(201);
    audit::seal(&app.db).await.unwrap();
    let mut seen = Witness::of("C07", on);
    let mut conn = app.connection();
    for table in ["audit_events", "audit_seals"] {
        let changes = [
            format!("DELETE FROM {table}"),
            format!(
                "UPDATE {table} SET {}",
                match table {
                    "audit_events" => "action = 'approve'",
                    _ => "hash = 'another'",
                }
            ),
        ];
        for change in changes {
            let refused = conn.batch_execute(&change).unwrap_err().to_string();
            assert!(refused.contains(&format!("{table} is append-only")), "{change}: {refused}");
            seen.saw("refused by the database");
        }
    }
    assert_eq!(look(&app, None).faults, Vec::<String>::new());
    conn.batch_execute(owning(on)).unwrap();
    conn.batch_execute("UPDATE audit_events SET action = 'approve' WHERE action = 'create'").unwrap();
    let faults = look(&app, None).faults;
    assert!(faults.len() == 1 && faults[0].contains("was altered, added or removed"), "{faults:?}");
    seen.saw("past the guard: found by the seal");
    seen.report();
}

/// C06: who, what, when and with which outcome, for reading and refusals too.
#[rstest]
#[actix_web::test]
async fn who_read_and_who_was_refused_is_told(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let app = &story.app;
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S1").await;
    let sent = story.principal.upload(&format!("{item}/evidence"), &FIELDS, "a.pdf", PDF).await.expect(201);
    app.write_noted().await;
    let admin = app.as_admin();
    let before = admin.get(&format!("{AUDIT}?limit=1")).await.expect(200)["items"][0]["seq"].clone();

    let head = app.as_head(&story.municipality);
    let made = head.post("/api/v1/accounts", &officer("petrova")).await.expect(201);
    let (id, password) = (made.id(), made["one_time_password"].as_str().unwrap());
    let content = format!("/api/v1/evidence/{}/content", sent.id());
    for _ in 0..3 {
        assert_eq!(story.principal.get(&content).await.status, 200);
    }
    head.get("/api/v1/accounts").await.expect(200);
    head.get(&format!("/api/v1/accounts/{id}")).await.expect(200);
    Export::take(&app.as_region("57"), "?resource=schools").await;
    assert_eq!(log_in(app, "petrova", "неверный пароль").await.status, 401);
    log_in(app, "petrova", password).await.expect(200);
    assert_eq!(app.with_token("none").get("/api/v1/me").await.status, 401);
    assert_eq!(story.principal.get("/api/v1/accounts").await.status, 403);
    let raised = json!({"role": "municipal_head"});
    admin.patch(&format!("/api/v1/accounts/{id}"), made.version(), &raised).await.expect(200);
    app.set_time("2023-03-01T09:01:00Z");
    app.write_noted().await;

    let page = admin.get(&format!("{AUDIT}?sort=seq&limit=200")).await.expect(200);
    let line = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        let id = text("resource_id").replace(&id, "petrova").replace(&sent.id(), "evidence");
        let reason = row["reason"].as_str().map(|reason| format!(" {reason}")).unwrap_or_default();
        format!("{} {} {} {id}{reason}", text("actor_role"), text("action"), text("resource"))
    };
    let is_new = |row: &&Value| row["seq"].as_i64() > before.as_i64();
    let rows: Vec<&Value> = page["items"].as_array().unwrap().iter().filter(is_new).collect();
    let mut told: Vec<String> = rows.iter().map(|row| line(row)).collect();
    told.sort();
    let expected = [
        "admin update accounts petrova",
        "anonymous login-failed accounts petrova",
        "anonymous refuse requests 127.0.0.1 401 × 2",
        "municipal_head create accounts petrova",
        "municipal_head read accounts *",
        "municipal_head read accounts petrova",
        "municipal_officer login accounts petrova",
        "regional_viewer read export schools",
        "school_head read evidence evidence",
        "school_head refuse requests 127.0.0.1 403 × 1",
    ];
    assert_eq!(told, expected);
    let instant = |row: &&Value| row["at"].as_str().is_some_and(|at| at.starts_with("2023-03-01T09:00:00"));
    assert!(rows.iter().all(instant), "{rows:?}");
    let own = told_of(&head, "?action=read,login,login-failed").await;
    let within =
        ["login accounts", "login-failed accounts", "read accounts", "read accounts", "read evidence"];
    assert_eq!(own, within, "what concerns the municipality, and no more");
    let mut seen = Witness::of("C06", on);
    told.iter().for_each(|line| seen.saw(line.as_str()));
    seen.report();
}

async fn told_of(by: &Client, query: &str) -> Vec<String> {
    let mut lines = told(by, query).await;
    lines.sort();
    lines
}
