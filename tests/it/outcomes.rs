//! What becomes of a write that is cut off or refused in the middle, and of times that jump.

use diesel::connection::SimpleConnection;
use reqwest::Method;
use rstest::rstest;
use school_roadmap::db::DatabaseUrl;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::campaign::Campaign;
use crate::client::{Client, Reply, Resource};
use crate::contest::insist;
use crate::copy::changes;
use crate::faults::{ORDERS, order, rows};
use crate::proxy::Proxy;
use crate::witness::Witness;

/// The request that makes an order, under a key of its own.
fn keyed(client: &Client, number: &str) -> reqwest::RequestBuilder {
    client.request(Method::POST, ORDERS).header("Idempotency-Key", number).json(&order(number))
}

async fn count(client: &Client) -> usize {
    client.get(ORDERS).await.expect(200)["items"].as_array().unwrap().len()
}

/// R05: it was committed, and nobody was told.
#[rstest]
#[actix_web::test]
async fn an_unknown_outcome_is_settled_by_the_same_key(#[values(Sqlite, Postgres)] on: Database) {
    let mut before_database = None;
    let app = TestApp::start_with(on, |config| {
        if on == Postgres {
            let (proxy, url) = Proxy::before(&config.database_url);
            config.database_url = url;
            before_database = Some(proxy);
        }
    });
    let Some(app) = app.await else { return };
    let mut seen = Witness::of("R05", on);
    let head = app.as_head(&app.given_municipality("Хотынецкий район"));
    assert_eq!(count(&head).await, 0);

    let (proxy, url) = Proxy::before_service(&app.url);
    proxy.swallow_answer_to(&format!("POST {ORDERS}"));
    assert!(keyed(&head.at(&url), "1").send().await.is_err(), "the answer was lost");
    assert_eq!(count(&head).await, 1, "but it was done");
    let again = Reply::of(keyed(&head, "1")).await;
    again.expect(201);
    assert_eq!(again.header("idempotency-replayed").as_deref(), Some("true"));
    let stored = count(&head).await;
    assert_eq!(stored, 1);
    seen.saw(format!("the caller is cut off; again: {} as before, {stored} row", again.status));

    if let Some(proxy) = before_database {
        proxy.swallow_answer_to("COMMIT");
        let cut = Reply::of(keyed(&head, "2")).await;
        assert_eq!(cut.problem(503), "unavailable");
        let again = insist(keyed(&head, "2")).await;
        again.expect(201);
        assert_eq!(again.header("idempotency-replayed").as_deref(), Some("true"));
        let stored = count(&head).await - stored;
        assert_eq!(stored, 1);
        seen.saw(format!("the database is cut off: {}", cut.status));
        seen.saw(format!("again: {} as before, {stored} row", again.status));
    }
    seen.report();
}

/// From now on the table refuses every row; on PostgreSQL with this code and these words.
fn refuse(app: &TestApp, table: &str, (code, words): (&str, &str)) {
    let each = |event: &str| {
        format!(
            "CREATE TRIGGER fault_{event} BEFORE {event} ON \"{table}\" \
             BEGIN SELECT RAISE(ABORT, 'on purpose'); END;"
        )
    };
    let text = match &app.database_url {
        DatabaseUrl::Sqlite(_) => ["INSERT", "UPDATE", "DELETE"].map(each).concat(),
        DatabaseUrl::Postgres(_) => format!(
            "CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = '{code}'; END $$; \
             CREATE TRIGGER fault BEFORE INSERT OR UPDATE OR DELETE ON \"{table}\" \
             FOR EACH ROW EXECUTE FUNCTION fault()"
        ),
    };
    app.connection().batch_execute(&text).unwrap();
}

/// It takes rows again.
fn accept(app: &TestApp, table: &str) {
    let text = match &app.database_url {
        DatabaseUrl::Sqlite(_) => {
            ["INSERT", "UPDATE", "DELETE"].map(|event| format!("DROP TRIGGER fault_{event};")).concat()
        }
        DatabaseUrl::Postgres(_) => format!("DROP TRIGGER fault ON \"{table}\""),
    };
    app.connection().batch_execute(&text).unwrap();
}

/// A draft order, to be registered; its path.
async fn draft(story: &Campaign, number: &str) -> String {
    format!("{ORDERS}/{}", story.officer.post(ORDERS, &order(number)).await.expect(201).id())
}

/// A write of the story, ready to be sent.
async fn prepared(story: &Campaign, report: &str, write: &str, number: &str) -> reqwest::RequestBuilder {
    let tag = |resource: &Value| format!("\"{}\"", resource.version());
    match write {
        "an order made" => keyed(&story.officer, number),
        "an order registered" => {
            let path = draft(story, number).await;
            story.head.request(Method::POST, &format!("{path}/register")).header("If-Match", "\"1\"")
        }
        "a school changed" => {
            let path = format!("/api/v1/schools/{}", story.schools[0]);
            let school = story.officer.get(&path).await.expect(200);
            let body = json!({ "address": format!("ул. Школьная, {number}") });
            story.officer.request(Method::PATCH, &path).header("If-Match", tag(&school)).json(&body)
        }
        "a report sent" => {
            if story.principal.get(report).await.expect(200)["status"] == "submitted" {
                story.act(&story.principal, report, "withdraw").await.expect(200);
            }
            let current = story.principal.get(report).await.expect(200);
            story
                .principal
                .request(Method::POST, &format!("{report}/submit"))
                .header("If-Match", tag(&current))
                .header("Idempotency-Key", number)
        }
        other => panic!("{other}"),
    }
}

/// R28: every table in turn refuses its rows while writes of several kinds are tried: each is done
/// whole or leaves all tables as they were.
#[rstest]
#[actix_web::test]
async fn a_write_that_one_table_refuses_leaves_all_as_it_was(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    let app = &story.app;
    let tables: Vec<String> = rows(app).into_iter().map(|(name, _)| name).collect();
    let tables: Vec<&String> = tables.iter().filter(|name| !name.starts_with("__")).collect();
    let mut seen = Witness::of("R28", on);
    for write in ["an order made", "an order registered", "a school changed", "a report sent"] {
        let mut refused = 0;
        for (number, table) in tables.iter().enumerate() {
            let request = prepared(&story, &report, write, &format!("{}-{number}", write.len())).await;
            let before = rows(app);
            refuse(app, table, ("P0001", "on purpose"));
            let reply = Reply::of(request.try_clone().unwrap()).await;
            accept(app, table);
            if reply.status < 300 {
                continue;
            }
            assert_eq!(reply.problem(500), "internal", "{write}, {table}");
            assert!(
                !reply.text().contains("purpose") && !reply.text().contains("extend"),
                "{}",
                reply.text()
            );
            assert_eq!(rows(app), before, "{write}, {table}");
            let done = Reply::of(request).await;
            assert!(done.status < 300, "{write}, {table}: {}", done.text());
            refused += 1;
        }
        // Itself, the audit and the change feed at the least.
        assert!(refused >= 3, "{write}: {refused}");
        seen.saw(format!("{write}: {refused} tables needed, 500 and unchanged for each, then done"));
    }
    seen.report();
}

/// R08 on the server: what PostgreSQL answers when its disk is full.
#[actix_web::test]
async fn a_server_without_space_refuses_writes_and_reads_on() {
    let Some(app) = TestApp::start(Postgres).await else { return };
    let head = app.as_head(&app.given_municipality("Хотынецкий район"));
    Reply::of(keyed(&head, "1")).await.expect(201);
    let before = rows(&app);
    let mut seen = Witness::of("R08", Postgres);
    refuse(&app, "changes", ("53100", "could not extend file"));
    let refused = Reply::of(keyed(&head, "2")).await;
    assert_eq!(refused.problem(507), "storage-full");
    seen.answer(&refused);
    assert_eq!(rows(&app), before);
    assert_eq!(count(&head).await, 1);
    accept(&app, "changes");
    let done = Reply::of(keyed(&head, "2")).await;
    done.expect(201);
    seen.saw(format!("rows of all tables as before, read meanwhile; then {}", done.status));
    seen.report();
}

/// R09: an hour ahead, an hour behind, and in the year in which 32 bits of seconds end.
#[rstest]
#[actix_web::test]
async fn a_clock_that_jumps_upsets_neither_tokens_nor_the_feed(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else { return };
    let municipality = app.given_municipality("Хотынецкий район");
    let (mut region, first) = (app.as_region("57"), app.as_head(&municipality));
    let (_, start) = changes(&region, 0).await;
    let mut seen = Witness::of("R09", on);
    let times =
        ["2023-03-01T09:00:00Z", "2023-03-01T10:00:00Z", "2023-03-01T08:00:00Z", "2038-01-20T09:00:00Z"];
    for (number, time) in times.into_iter().enumerate() {
        app.set_time(time);
        let before = first.get("/api/v1/me").await;
        assert_eq!(before.status, if number == 0 { 200 } else { 401 }, "{time}");
        let head = app.as_head(&municipality);
        let made = head.post(ORDERS, &order(&number.to_string())).await.expect(201);
        let path = format!("{ORDERS}/{}", made.id());
        assert_eq!(head.act(&format!("{path}/register"), 1).await.expect(200).version(), 2);
        region = app.as_region("57");
        seen.saw(format!("{time}: token of 09:00 {}, signed in anew 201", before.status));
    }
    let (told, _) = changes(&region, start).await;
    let at: Vec<&str> = told.iter().map(|change| change["occurred_at"].as_str().unwrap()).collect();
    assert_eq!(at, times);
    assert!(told.windows(2).all(|pair| pair[0]["seq"].as_i64() < pair[1]["seq"].as_i64()));
    seen.saw(format!("feed: {} of {}, by number", told.len(), times.len()));
    seen.report();
}
