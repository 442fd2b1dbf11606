//! Faults of what the service stands on: it says so within its time, loses nothing, and recovers.

use std::time::{Duration, Instant};

use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpResponse, HttpServer, get};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Integer, Text};
use rstest::rstest;
use school_roadmap::db::{Actor, AnyConnection, Db, Failure, Mode};
use school_roadmap::error::Error;
use school_roadmap::web::conventions;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::campaign::Campaign;
use crate::client::{Client, Reply, Resource};
use crate::proxy::Proxy;
use crate::witness::Witness;

pub const ORDERS: &str = "/api/v1/orders";
/// Within which a request without a connection is promised its answer.
const PROMISED: Duration = Duration::from_secs(1);

pub fn order(number: &str) -> serde_json::Value {
    json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": number,
        "date": "2023-02-01", "title": "О сопровождении школ", "kind": "list"
    })
}

/// Connections taken from a pool, each with what it was asked, until this is dropped.
struct Held<T> {
    answers: Vec<T>,
    _release: Vec<std::sync::mpsc::Sender<()>>,
}

/// Takes `count` connections at once and asks each.
async fn hold<T: Send + 'static>(db: &Db, count: usize, ask: fn(&mut AnyConnection) -> T) -> Held<T> {
    let (mut answers, mut release) = (Vec::new(), Vec::new());
    let (sender, mut answered) = mpsc::unbounded_channel();
    for _ in 0..count {
        let (keep, released) = std::sync::mpsc::channel::<()>();
        let (db, sender) = (db.clone(), sender.clone());
        actix_web::rt::spawn(async move {
            let work = move |conn: &mut AnyConnection| {
                sender.send(ask(conn)).ok();
                released.recv().ok();
                Ok::<_, Failure>(())
            };
            db.read(work).await.unwrap();
        });
        release.push(keep);
    }
    for _ in 0..count {
        answers.push(answered.recv().await.unwrap());
    }
    Held { answers, _release: release }
}

/// Asks until it is answered so; a recovery takes its time, but not for ever.
async fn until(client: &Client, path: &str, status: u16) -> Reply {
    let start = Instant::now();
    loop {
        let reply = client.get(path).await;
        if reply.status == status || start.elapsed() > Duration::from_secs(30) {
            assert_eq!(reply.status, status, "{}", reply.text());
            return reply;
        }
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
}

#[rstest]
#[actix_web::test]
async fn without_a_free_connection_a_request_is_put_off_within_a_second(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start_with(on, |config| config.pool_size = 2).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    officer.get(ORDERS).await.expect(200);

    let held = hold(&app.db, 2, |_| ()).await;
    let mut fastest = Duration::MAX;
    let mut seen = Witness::of("R07", on);
    for _ in 0..3 {
        let asked = Instant::now();
        let reply = officer.get(ORDERS).await;
        // The fastest of three: a machine that pauses is not the service that waits.
        fastest = fastest.min(asked.elapsed());
        assert_eq!(reply.problem(503), "unavailable");
        assert_eq!(reply.header("retry-after").as_deref(), Some("1"));
        seen.answer(&reply);
    }
    assert!(fastest <= PROMISED, "{fastest:?}");
    seen.saw("within 1 s");
    assert_eq!(officer.post(ORDERS, &order("1")).await.problem(503), "unavailable");
    assert_eq!(app.anonymous().get("/health/ready").await.problem(503), "unavailable");
    app.anonymous().get("/health/live").await.expect(200);

    drop(held);
    let orders = until(&officer, ORDERS, 200).await.json();
    assert_eq!(orders["items"], json!([]), "what was put off was not done");
    officer.post(ORDERS, &order("1")).await.expect(201);
    seen.saw("alive meanwhile; then 200");
    seen.report();
}

/// R03: what each connection of the pool promises.
#[rstest]
#[case::embedded(Sqlite, "synchronous 2, foreign_keys 1, journal_mode wal, busy_timeout set")]
#[case::server(Postgres, "fsync on, full_page_writes on, synchronous_commit on")]
#[actix_web::test]
async fn every_connection_is_durable_and_keeps_references(#[case] on: Database, #[case] promised: &str) {
    let Some(app) = TestApp::start(on).await else { return };
    let held = hold(&app.db, 4, |conn| match conn {
        AnyConnection::Sqlite(conn) => {
            let mut number =
                |name: &str| sql::<Integer>(&format!("PRAGMA {name}")).get_result::<i32>(conn).unwrap();
            let (synchronous, references) = (number("synchronous"), number("foreign_keys"));
            let patience = if number("busy_timeout") > 0 { "set" } else { "none" };
            let journal: String = sql::<Text>("PRAGMA journal_mode").get_result(conn).unwrap();
            format!(
                "synchronous {synchronous}, foreign_keys {references}, journal_mode {journal}, \
                 busy_timeout {patience}"
            )
        }
        AnyConnection::Postgres(conn) => {
            let mut setting = |name: &str| {
                let value = sql::<Text>(&format!("SELECT current_setting('{name}')"));
                format!("{name} {}", value.get_result::<String>(conn).unwrap())
            };
            ["fsync", "full_page_writes", "synchronous_commit"].map(&mut setting).join(", ")
        }
    });
    let mut seen = Witness::of("R03", on);
    for found in held.await.answers {
        assert_eq!(found, promised);
        seen.saw(found);
    }
    seen.report();
}

/// R08: the disk of the database is full, and is not any more.
#[actix_web::test]
async fn a_full_disk_refuses_writes_loses_nothing_and_reads_on() {
    let app = TestApp::start_with(Sqlite, |config| config.pool_size = 1).await.unwrap();
    let head = app.as_head(&app.given_municipality("Хотынецкий район"));
    // The one connection of the service gets no further page of the file.
    let limit = |most: u32| {
        let query = format!("PRAGMA max_page_count = {most}");
        app.db.read(move |conn| {
            conn.batch_execute(&query).unwrap();
            Ok::<_, Failure>(())
        })
    };
    limit(1).await.unwrap();
    let mut kept = 0;
    let refused = loop {
        let text = order(&kept.to_string());
        let reply = head.post(ORDERS, &text).await;
        if reply.status != 201 {
            break reply;
        }
        kept += 1;
        assert!(kept < 500, "the disk is not full");
    };
    assert_eq!(refused.problem(507), "storage-full");
    let listed = head.get(&format!("{ORDERS}?limit=1000")).await.expect(200);
    assert_eq!(
        listed["items"].as_array().unwrap().len(),
        kept,
        "what was acknowledged is there, and nothing more"
    );
    limit(1_000_000).await.unwrap();
    head.post(ORDERS, &order("после")).await.expect(201);
    let mut seen = Witness::of("R08", Sqlite);
    seen.answer(&refused);
    seen.saw("all that was acknowledged is read, nothing more; then 201");
    seen.report();
}

/// A database that may lose what it has acknowledged is not ready.
#[rstest]
#[case::embedded(Sqlite, "PRAGMA synchronous = 1", "PRAGMA synchronous = 2")]
#[case::server(Postgres, "SET synchronous_commit TO off", "SET synchronous_commit TO on")]
#[actix_web::test]
async fn a_database_that_may_forget_is_not_ready(
    #[case] on: Database,
    #[case] careless: &'static str,
    #[case] careful: &'static str,
) {
    let Some(app) = TestApp::start_with(on, |config| config.pool_size = 1).await else { return };
    let anyone = app.anonymous();
    anyone.get("/health/ready").await.expect(200);
    let set = |query: &'static str| {
        app.db.read(move |conn| {
            conn.batch_execute(query).unwrap();
            Ok::<_, Failure>(())
        })
    };
    set(careless).await.unwrap();
    assert_eq!(anyone.get("/health/ready").await.problem(503), "unavailable");
    anyone.get("/health/live").await.expect(200);
    set(careful).await.unwrap();
    anyone.get("/health/ready").await.expect(200);
}

/// Rows of every table, by its name.
pub fn rows(app: &TestApp) -> Vec<(String, i64)> {
    let conn = &mut app.connection();
    let mut names: Vec<String> = match conn {
        AnyConnection::Postgres(conn) => {
            sql::<Text>("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()")
                .load(conn)
        }
        AnyConnection::Sqlite(conn) => {
            sql::<Text>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
                .load(conn)
        }
    }
    .unwrap();
    names.sort();
    assert!(
        ["audit_events", "changes", "idempotency_keys", "orders"]
            .iter()
            .all(|name| names.contains(&(*name).to_owned()))
    );
    let mut count = |name: &str| {
        let text = format!("SELECT count(*) FROM \"{name}\"");
        match conn {
            AnyConnection::Postgres(conn) => sql::<BigInt>(&text).get_result::<i64>(conn),
            AnyConnection::Sqlite(conn) => sql::<BigInt>(&text).get_result::<i64>(conn),
        }
        .unwrap()
    };
    names.into_iter().map(|name| (name.clone(), count(&name))).collect()
}

#[rstest]
#[actix_web::test]
async fn a_refused_write_leaves_no_row_anywhere(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let (officer, principal) = (&story.officer, &story.principal);
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(principal, &report, "S1").await;
    let registered = format!("{ORDERS}/{}", story.order);
    let keyed = |path: &str, body: &serde_json::Value| {
        officer.request(reqwest::Method::POST, path).header("Idempotency-Key", "k-1").json(body)
    };
    let before = rows(&story.app);

    let mut duplicate = order("124");
    duplicate["kind"] = json!("road_map");
    let mut dateless = order("500");
    dateless["date"] = json!("2023-02-30");
    assert_eq!(Reply::of(keyed(ORDERS, &duplicate)).await.problem(409), "order-exists");
    assert_eq!(Reply::of(keyed(ORDERS, &dateless)).await.problem(422), "invalid");
    assert_eq!(
        officer.patch(&registered, 2, &json!({ "title": "Иной" })).await.problem(409),
        "order-not-draft"
    );
    assert_eq!(story.act(officer, &report, "accept").await.problem(409), "report-state");
    assert_eq!(officer.patch(&story.monitoring, 77, &json!({})).await.problem(412), "stale");
    assert_eq!(principal.put(&item, 77, &json!({ "status": "done" })).await.problem(412), "stale");
    let no_version = officer.post(&format!("{}/cancel", story.monitoring), &json!({})).await;
    assert_eq!(no_version.problem(428), "precondition-required");
    assert_eq!(principal.put(&item, 1, &json!({ "status": "partly" })).await.problem(422), "invalid");
    assert_eq!(story.act(principal, &report, "submit").await.problem(422), "invalid");
    let many = json!([{ "school_id": story.schools[0] }, { "school_id": story.order }]);
    let lists = officer.get("/api/v1/support-lists").await.expect(200);
    let entries = format!("/api/v1/support-lists/{}/entries", lists["items"][0].id());
    assert!(officer.post(&entries, &many).await.status >= 400);

    let rehearsed = Reply::of(keyed(&format!("{ORDERS}?dry_run=true"), &order("500"))).await.expect(200);
    assert_eq!(rehearsed["dry_run"], true);
    let rehearsal = format!("{}/cancel?dry_run=true", story.monitoring);
    let version = officer.get(&story.monitoring).await.expect(200).version();
    let cancelled = officer.act_with(&rehearsal, version, &json!({ "reason": "Проба" })).await;
    assert_eq!(cancelled.expect(200)["status"], "cancelled");
    principal.put(&format!("{item}?dry_run=true"), 1, &crate::campaign::done()).await.expect(200);

    assert_eq!(rows(&story.app), before);
    assert_eq!(officer.get(&story.monitoring).await.expect(200)["status"], "open");
    assert_eq!(principal.get(&item).await.expect(200)["status"], "not_started");
    Reply::of(keyed(ORDERS, &order("500"))).await.expect(201);
}

#[get("/panic")]
async fn panics() -> HttpResponse {
    panic!("on purpose")
}

#[get("/panics-in-the-database")]
async fn panics_in_the_database(db: Data<Db>) -> Result<HttpResponse, Error> {
    db.read(|_| -> Result<(), Error> { panic!("on purpose") }).await?;
    Ok(HttpResponse::Ok().finish())
}

#[get("/works")]
async fn works() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

#[rstest]
#[actix_web::test]
async fn a_handler_that_panics_answers_500_and_the_next_request_is_served(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start_with(on, |config| config.pool_size = 1).await else { return };
    let db = Data::new(app.db.clone());
    let service = move || {
        let app = App::new().app_data(db.clone()).wrap(from_fn(conventions::around));
        app.service(panics).service(panics_in_the_database).service(works)
    };
    let server = HttpServer::new(service).workers(1).bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let client = Client::new(&url, None);
    let mut seen = Witness::of("P18", on);
    for path in ["/panic", "/panics-in-the-database"].repeat(3) {
        let reply = client.get(path).await;
        assert_eq!(reply.problem(500), "internal");
        assert!(!reply.text().contains("purpose"), "{}", reply.text());
        assert!(reply.header("x-request-id").is_some());
        seen.answer(&reply);
        client.get("/works").await.expect(200);
        app.anonymous().get("/health/ready").await.expect(200);
    }
    seen.saw("the next request is served");
    seen.report();
    handle.stop(false).await;
}

#[rstest]
#[actix_web::test]
async fn work_that_panics_in_the_database_leaves_nothing_and_holds_no_connection(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start_with(on, |config| config.pool_size = 1).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let stored = officer.post(ORDERS, &order("1")).await.expect(201);
    let before = rows(&app);

    for _ in 0..2 {
        let read = app.db.read(|_| -> Result<(), Failure> { panic!("on purpose") }).await;
        assert!(matches!(read, Err(Failure::Panicked)));
        let nobody = Actor::without_account("", String::new());
        let write = app.db.write(nobody, Mode::Keep, |tx| -> Result<(), Failure> {
            tx.batch_execute("DELETE FROM orders").unwrap();
            panic!("on purpose")
        });
        assert!(matches!(write.await, Err(Failure::Panicked)));
    }
    assert_eq!(rows(&app), before);
    let changed = json!({ "title": "О перечне" });
    let path = format!("{ORDERS}/{}", stored.id());
    officer.patch(&path, stored.version(), &changed).await.expect(200);
}

#[actix_web::test]
async fn a_statement_whose_connection_dies_is_worth_repeating() {
    let Some(app) = TestApp::start(Postgres).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let create = || {
        let request = officer.request(reqwest::Method::POST, ORDERS);
        Reply::of(request.header("Idempotency-Key", "k-1").json(&order("1")))
    };
    let AnyConnection::Postgres(mut other) = app.connection() else { unreachable!() };
    let end_the_waiting = "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) AS ended FROM pg_locks \
                           WHERE NOT granted AND relation = 'orders'::regclass) AS waiting WHERE ended";
    for write in [false, true] {
        other.batch_execute("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE").unwrap();
        let (sender, answer) = oneshot::channel();
        let request: std::pin::Pin<Box<dyn Future<Output = Reply>>> =
            if write { Box::pin(create()) } else { Box::pin(officer.get(ORDERS)) };
        let cut = async {
            let start = Instant::now();
            while sql::<BigInt>(end_the_waiting).get_result::<i64>(&mut other).unwrap() == 0 {
                assert!(start.elapsed() < Duration::from_secs(30), "no statement waits");
                actix_web::rt::time::sleep(Duration::from_millis(20)).await;
            }
            sender.send(()).unwrap();
        };
        let (reply, ()) = futures_util::future::join(request, cut).await;
        answer.await.unwrap();
        other.batch_execute("ROLLBACK").unwrap();
        assert_eq!(reply.problem(503), "unavailable");
        assert_eq!(reply.header("retry-after").as_deref(), Some("1"));
        assert_eq!(officer.get(ORDERS).await.expect(200)["items"], json!([]));
    }
    create().await.expect(201);
}

#[actix_web::test]
async fn a_database_out_of_reach_is_never_an_empty_list_and_comes_back() {
    let mut proxy = None;
    let app = TestApp::start_with(Postgres, |config| {
        let (between, url) = Proxy::before(&config.database_url);
        config.database_url = url;
        proxy = Some(between);
    });
    let Some(app) = app.await else {
        return;
    };
    let proxy = proxy.unwrap();
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let stored = officer.post(ORDERS, &order("1")).await.expect(201);
    let path = format!("{ORDERS}/{}", stored.id());

    proxy.cut();
    for path in [ORDERS, &path, "/api/v1/me", "/health/ready"] {
        assert_eq!(officer.get(path).await.problem(503), "unavailable", "{path}");
    }
    assert_eq!(officer.post(ORDERS, &order("2")).await.problem(503), "unavailable");
    assert_eq!(crate::sign_in::log_in(&app, "ivanova", "x").await.problem(503), "unavailable");
    app.anonymous().get("/health/live").await.expect(200);

    proxy.mend();
    until(&app.anonymous(), "/health/ready", 200).await;
    let orders = officer.get(ORDERS).await.expect(200);
    assert_eq!(orders["items"].as_array().unwrap().len(), 1, "what was put off was not done");
    officer.post(ORDERS, &order("2")).await.expect(201);
}
