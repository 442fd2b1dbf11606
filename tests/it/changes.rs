//! The change feed: complete, in one order, relative to its reader.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use rstest::rstest;
use school_roadmap::db::{self, Actor, Change, Mode, Op};
use school_roadmap::error::Error;
use school_roadmap::features::changes as feed;
use school_roadmap::kit::id::{MunicipalityId, new_uuid};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Resource};
use crate::copy::{Follower, changes};
use crate::witness::Witness;

const FEED: &str = "/api/v1/changes";
const ORDERS: &str = "/api/v1/orders";
/// What is promised to come at once is given so long on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);

fn order(number: &str) -> Value {
    json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": number,
        "date": "2023-02-01", "title": "О сопровождении школ", "kind": "list"
    })
}

/// A registered order, which a region reads; its path.
async fn given_order(head: &Client, number: &str) -> String {
    let path = format!("{ORDERS}/{}", head.post(ORDERS, &order(number)).await.expect(201).id());
    head.act(&format!("{path}/register"), 1).await.expect(200);
    path
}

/// The number that the feed has reached.
async fn newest(reader: &Client) -> i64 {
    changes(reader, 0).await.1
}

/// `op resource version code` of each.
fn told(changes: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |change: &Value| {
        format!(
            "{} {} {} {}",
            text(&change["op"]),
            text(&change["resource"]),
            change["version"],
            text(&change["cause"]["code"])
        )
    };
    changes.iter().map(line).collect()
}

#[rstest]
#[actix_web::test]
async fn each_reader_is_told_what_concerns_him(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let head = app.as_head(&municipality);
    let (region, other) = (app.as_region("57"), app.as_region("36"));
    let start = newest(&region).await;
    assert!(start > 0, "what the service ships is told of to all");
    assert_eq!(newest(&other).await, start);

    let path = format!("{ORDERS}/{}", head.post(ORDERS, &order("1")).await.expect(201).id());
    assert_eq!(changes(&region, start).await, (vec![], start + 1), "a draft is nobody's business");
    head.act(&format!("{path}/register"), 1).await.expect(200);
    head.act_with(&format!("{path}/repeal"), 2, &json!({"reason": "Утратил силу"})).await.expect(200);

    let (found, after) = changes(&region, start).await;
    assert_eq!(told(&found), ["created orders 2 register", "updated orders 3 repeal"]);
    let change = &found[1];
    assert_eq!(
        (&change["key"], &change["previous_key"]),
        (&json!("2023-02-01/1/Отдел образования"), &Value::Null)
    );
    assert_eq!(change["municipality_id"], municipality.as_str());
    assert_eq!(change["occurred_at"], "2023-03-01T09:00:00Z");
    let cause = &change["cause"];
    assert_eq!((&cause["actor_role"], &cause["reason"]), (&json!("municipal_head"), &json!("Утратил силу")));
    assert_eq!(cause["order_number"], "1");
    assert!(cause["request_id"].is_string());
    assert_eq!(changes(&other, start).await, (vec![], after), "a quiet region does not scan again");

    let one = region.get(&format!("{FEED}?after={start}&limit=1")).await.expect(200);
    assert_eq!(
        (&one["page"]["has_more"], &one["items"][0]["seq"]),
        (&json!(true), &one["page"]["next_after"])
    );
    let schools = region.get(&format!("{FEED}?after={start}&resource=schools,measures")).await.expect(200);
    assert_eq!((&schools["items"], &schools["page"]["next_after"]), (&json!([]), &json!(after)));
    for (client, status) in [(&head, 403), (&app.as_admin(), 403), (&app.anonymous(), 401)] {
        for path in [FEED, "/api/v1/export", "/api/v1/sync/digest?resource=schools"] {
            assert_eq!(client.get(path).await.status, status, "{path}");
        }
    }
}

#[actix_web::test]
async fn what_is_asked_wrongly_is_named() {
    let app = TestApp::start(Sqlite).await.unwrap();
    let region = app.as_region("57");
    for (query, place) in [
        ("after=-1", "?after"),
        ("after=x", "?after"),
        ("after[gte]=1", "?after"),
        ("limit=0", "?limit"),
        ("limit=1001", "?limit"),
        ("wait=31", "?wait"),
        ("resource=accounts", "?resource"),
        ("resource=schools,", "?resource"),
    ] {
        let reply = region.get(&format!("{FEED}?{query}")).await;
        assert_eq!(reply.violations(400), [format!("{place} invalid-parameter")], "{query}");
    }
    let reply = region.get(&format!("{FEED}?afterr=1")).await;
    assert_eq!(reply.violations(400), ["?afterr unknown-parameter"]);
    assert!(reply.text().contains("after"), "the nearest is named");
    for (path, places) in [
        ("/api/v1/export?bucket=1", vec!["?bucket invalid-parameter"]),
        ("/api/v1/export?bucket=4&buckets=4", vec!["?bucket invalid-parameter"]),
        ("/api/v1/export?resource=accounts", vec!["?resource invalid-parameter"]),
        ("/api/v1/sync/digest", vec!["?resource invalid-parameter"]),
        ("/api/v1/sync/digest?resource=schools,orders", vec!["?resource invalid-parameter"]),
        ("/api/v1/sync/digest?resource=schools&buckets=257", vec!["?buckets invalid-parameter"]),
    ] {
        assert_eq!(region.get(path).await.violations(400), places, "{path}");
    }
    let accept =
        |kind: &'static str| region.request(reqwest::Method::GET, "/api/v1/export").header("Accept", kind);
    for (kind, status) in
        [("application/x-ndjson", 200), ("*/*", 200), ("application/json", 200), ("text/html", 406)]
    {
        assert_eq!(crate::client::Reply::of(accept(kind)).await.status, status, "{kind}");
    }
}

#[rstest]
#[actix_web::test]
async fn old_changes_are_purged_and_younger_never(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let (region, day) = (app.as_region("57"), |text: &str| format!("{text}T09:00:00").parse().unwrap());
    given_order(&app.as_head(&municipality), "1").await;
    let old = newest(&region).await;
    app.set_date("2023-03-02");
    let (head, region) = (app.as_head(&municipality), app.as_region("57"));
    given_order(&head, "2").await;
    let all = newest(&region).await;

    assert_eq!(feed::purge(&app.db, day("2023-03-01")).await.unwrap(), 0, "none is older");
    assert_eq!(feed::purge(&app.db, day("2023-03-02")).await.unwrap(), old);
    let refused = region.get(FEED).await;
    assert_eq!(refused.problem(410), "feed-purged");
    assert_eq!(refused.json()["resync_from"], json!(all));
    region.get(&format!("{FEED}?after={}", old - 1)).await.problem(410);
    let page = region.get(&format!("{FEED}?after={old}")).await.expect(200);
    assert_eq!(told(page["items"].as_array().unwrap()), ["created orders 2 register"]);
    assert_eq!(page["page"]["oldest"], json!(old + 1));
    assert_eq!(refused.json()["epoch"], page["page"]["epoch"]);

    assert_eq!(feed::purge(&app.db, day("2023-03-03")).await.unwrap(), all - old);
    let end = region.get(&format!("{FEED}?after={all}")).await.expect(200);
    assert_eq!((&end["items"], &end["page"]["next_after"]), (&json!([]), &json!(all)), "numbers go on");
    given_order(&head, "3").await;
    assert_eq!(changes(&region, all).await.0.len(), 1);
}

#[rstest]
#[actix_web::test]
async fn a_reader_of_another_epoch_is_sent_to_the_export(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let region = app.as_region("57");
    let newest = newest(&region).await;
    let page = region.get(FEED).await.expect(200);
    let epoch = page["page"]["epoch"].as_str().unwrap();
    let known = format!("{FEED}?after={newest}&epoch={epoch}");
    region.get(&known).await.expect(200);
    let ahead = region.get(&format!("{FEED}?after={}", newest + 1)).await;
    assert_eq!(ahead.problem(410), "feed-restarted");
    assert_eq!((&ahead.json()["resync_from"], &ahead.json()["epoch"]), (&json!(newest), &json!(epoch)));

    let next = feed::new_epoch(&mut app.connection()).unwrap();
    let refused = region.get(&known).await;
    assert_eq!(refused.problem(410), "feed-restarted");
    assert_eq!(refused.json()["epoch"], json!(next));
    let export = region.get("/api/v1/export?resource=schools").await.text();
    assert!(export.contains(&next), "the export states the epoch in force");
}

/// Waits for a change in the background.
fn waiting(reader: &Client, after: i64, seconds: u32) -> actix_web::rt::task::JoinHandle<(Value, Duration)> {
    let (reader, asked) = (reader.clone(), Instant::now());
    actix_web::rt::spawn(async move {
        let page = reader.get(&format!("{FEED}?after={after}&wait={seconds}")).await.expect(200);
        (page, asked.elapsed())
    })
}

#[rstest]
#[actix_web::test]
async fn who_waits_is_answered_when_it_happens(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let (head, region, other) = (app.as_head(&municipality), app.as_region("57"), app.as_region("36"));
    let after = newest(&region).await;

    let (one, elsewhere) = (waiting(&region, after, 30), waiting(&other, after, 1));
    given_order(&head, "1").await;
    let (page, taken) = one.await.unwrap();
    assert_eq!(told(page["items"].as_array().unwrap()), ["created orders 2 register"]);
    assert!(taken < PATIENCE, "{taken:?}");
    let (page, taken) = elsewhere.await.unwrap();
    assert_eq!(page["items"], json!([]), "it was none of theirs");
    assert!(taken >= Duration::from_secs(1), "{taken:?}");

    // What another process commits is found too.
    let after = newest(&region).await;
    let one = waiting(&region, after, 30);
    let (mut conn, now) = (app.connection(), app.clock.now());
    let elsewhere = std::thread::spawn(move || {
        db::transact(&mut conn, &Actor::operator(), now, Mode::Keep, |tx| {
            tx.record(change(&municipality, "one", 1));
            Ok::<_, Error>(())
        })
    });
    elsewhere.join().unwrap().unwrap();
    let (page, taken) = one.await.unwrap();
    assert_eq!(page["items"][0]["id"], "one");
    assert!(taken < PATIENCE, "{taken:?}");
}

#[actix_web::test]
async fn who_waits_longer_than_he_may_read_is_not_answered() {
    let app = TestApp::start(Sqlite).await.unwrap();
    let municipality = app.given_municipality("Хотынецкий район");
    let (region, account) = app.account("regional_viewer", None, None, Some("57"));
    let after = newest(&region).await;
    let reader = region.clone();
    let waits =
        actix_web::rt::spawn(
            async move { reader.get(&format!("{FEED}?after={after}&wait=30")).await.status },
        );
    let block = format!("/api/v1/accounts/{account}/block");
    app.as_admin().act(&block, 1).await.expect(200);
    given_order(&app.as_head(&municipality), "1").await;
    assert_eq!(waits.await.unwrap(), 401);
}

/// A change of a school-like row of a municipality, which a region sees.
fn change(municipality: &MunicipalityId, id: &str, version: i32) -> Change {
    let op = if version == 1 { Op::Created } else { Op::Updated };
    Change::new(op, "schools", "test", id, version).of(municipality).visible(version > 1, true)
}

/// Writers of which the later may commit first, and a reader who takes a few at a time.
#[rstest]
#[actix_web::test]
async fn no_change_is_lost_or_doubled_among_sixteen_writers(#[values(Sqlite, Postgres)] on: Database) {
    const WRITERS: u64 = 16;
    const VERSIONS: i32 = 20;
    let Some(app) = TestApp::start_with(on, |config| config.pool_size = 18).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let region = app.as_region("57");
    let mut after = newest(&region).await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (db, municipality) = (app.db.clone(), municipality.clone());
            actix_web::rt::spawn(async move {
                let id = format!("writer-{writer}");
                for version in 1..=VERSIONS {
                    let (row, seed) = (
                        change(&municipality, &id, version),
                        writer * 31 + u64::from(version.unsigned_abs()) * 17,
                    );
                    loop {
                        let row = row.clone();
                        let written = db.write(Actor::operator(), Mode::Keep, move |tx| {
                            tx.record(row);
                            std::thread::sleep(Duration::from_micros(seed * 7919 % 4000));
                            Ok::<_, Error>(())
                        });
                        if written.await.is_ok() {
                            break;
                        }
                    }
                }
            })
        })
        .collect();

    let mut seen: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut count = 0;
    let start = Instant::now();
    let expected = WRITERS * u64::from(VERSIONS.unsigned_abs());
    while count < expected {
        assert!(start.elapsed() < Duration::from_secs(60), "{count} of {expected}");
        let page = region.get(&format!("{FEED}?after={after}&limit=7&wait=1")).await.expect(200);
        for item in page["items"].as_array().unwrap() {
            assert!(item["seq"].as_i64().unwrap() > after);
            seen.entry(item.id()).or_default().push(item.version());
            count += 1;
        }
        after = page["page"]["next_after"].as_i64().unwrap();
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let all: Vec<i64> = (1..=i64::from(VERSIONS)).collect();
    assert_eq!(seen.len(), usize::try_from(WRITERS).unwrap());
    for (id, versions) in seen {
        assert_eq!(versions, all, "{id}: each once, in order");
    }
    assert_eq!(changes(&region, after).await.0, Vec::<Value>::new(), "and nothing more");
    let mut witness = Witness::of("R19", on);
    witness.saw(format!("{count} of {expected} changes, each once, versions rising"));
    witness.report();
}

/// A transaction that stays open holds nobody up, and is told of when it commits.
#[rstest]
#[actix_web::test]
async fn a_long_transaction_is_told_of_after_those_that_commit_before(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let (head, region) = (app.as_head(&municipality), app.as_region("57"));
    let start = newest(&region).await;
    let (began, begun) = tokio::sync::oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let (db, row) = (app.db.clone(), change(&municipality, "long", 1));
    let long = actix_web::rt::spawn(async move {
        let written = db.write(Actor::operator(), Mode::Keep, move |tx| {
            tx.record(row);
            began.send(()).ok();
            released.recv().ok();
            Ok::<_, Error>(())
        });
        written.await
    });
    begun.await.unwrap();
    let (found, mut after) = changes(&region, start).await;
    assert_eq!((found, after), (vec![], start));
    if on == Postgres {
        given_order(&head, "1").await;
        let (found, next) = changes(&region, start).await;
        assert_eq!(told(&found), ["created orders 2 register"], "others are told of meanwhile");
        after = next;
    }
    release.send(()).unwrap();
    long.await.unwrap().unwrap();
    let (found, _) = changes(&region, after).await;
    assert_eq!(told(&found), ["created schools 1 test"], "it has a number after theirs");
    let mut seen = Witness::of("R20", on);
    if on == Postgres {
        seen.saw("others are told of meanwhile");
    }
    seen.saw("told of when it commits, nothing lost");
    seen.report();
}

/// A writer that is held up between its number and its end, and one that commits meanwhile: what
/// has a greater number is told after it, and at once where it fails.
#[rstest]
#[actix_web::test]
async fn nobody_reads_past_a_change_that_is_about_to_be_committed(#[values("held", "failing")] id: &str) {
    let Some(app) = TestApp::start(Postgres).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let (head, region) = (app.as_head(&municipality), app.as_region("57"));
    let after = newest(&region).await;
    // The gate of the test: a commit of such a row waits at it.
    let mut gate = app.connection();
    let key = u32::from_str_radix(&new_uuid()[28..], 16).unwrap();
    gate.batch_execute(&format!(
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF NEW.action = 'test' THEN PERFORM pg_advisory_xact_lock({key}); END IF; \
         IF NEW.resource_id = 'failing' THEN RAISE EXCEPTION 'fails'; END IF; RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON changes DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION hold(); SELECT pg_advisory_lock({key})"
    ))
    .unwrap();
    let (db, row) = (app.db.clone(), change(&municipality, id, 1));
    let held = actix_web::rt::spawn(async move {
        let written = db.write(Actor::operator(), Mode::Keep, move |tx| {
            tx.record(row);
            Ok::<_, Error>(())
        });
        written.await
    });
    let waits = format!("SELECT 1 / count(*) FROM pg_locks WHERE objid = {key} AND NOT granted");
    let start = Instant::now();
    while gate.batch_execute(&waits).is_err() {
        assert!(start.elapsed() < PATIENCE, "the writer does not come to its end");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    // The next one overtakes it, and so do readers of anything but the feed.
    given_order(&head, "1").await;
    assert_eq!(region.get(ORDERS).await.expect(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(changes(&region, after).await, (vec![], after), "not told yet");
    let (one, export) = (waiting(&region, after, 30), {
        let region = region.clone();
        actix_web::rt::spawn(async move {
            // Who waits for long is sent away to come again.
            while region.get("/api/v1/export?resource=orders").await.status == 503 {}
            crate::copy::Export::take(&region, "?resource=orders").await
        })
    });
    let waits = "SELECT 1 / count(*) FROM pg_locks WHERE NOT granted AND relation = 'changes'::regclass";
    while gate.batch_execute(waits).is_err() {
        assert!(start.elapsed() < PATIENCE, "the export does not wait");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!one.is_finished() && !export.is_finished(), "they wait for it");

    gate.batch_execute(&format!("SELECT pg_advisory_unlock({key})")).unwrap();
    assert_eq!(held.await.unwrap().is_ok(), id == "held");
    let (page, taken) = one.await.unwrap();
    assert!(taken < PATIENCE, "{taken:?}");
    let mut all = told(page["items"].as_array().unwrap());
    let (more, newest) = changes(&region, page["page"]["next_after"].as_i64().unwrap()).await;
    all.extend(told(&more));
    let order = "created orders 2 register";
    assert_eq!(all, if id == "held" { vec!["created schools 1 test", order] } else { vec![order] });
    assert_eq!(export.await.unwrap().seq(), newest, "it states what it shows");
}

/// A start without a race: what an export holds and what the feed tells from its number on.
#[rstest]
#[actix_web::test]
async fn an_export_among_writes_and_the_feed_after_it_make_a_whole(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let (head, region) = (app.as_head(&municipality), app.as_region("57"));
    let writer = actix_web::rt::spawn(async move {
        for number in 0..12 {
            given_order(&head, &number.to_string()).await;
        }
    });
    let mut taken = Vec::new();
    while !writer.is_finished() {
        taken.push(crate::copy::Export::take(&region, "?resource=orders").await);
    }
    writer.await.unwrap();
    let last = crate::copy::Export::take(&region, "?resource=orders").await.copy();
    assert_eq!(last.len(), 12);
    for export in taken {
        let (mut copy, (found, _)) = (export.copy(), changes(&region, export.seq()).await);
        crate::copy::fold(&mut copy, &found);
        assert_eq!(copy, last, "from {}", export.seq());
    }
}

/// A new start of the same program tells of nothing new, of another version it does.
#[rstest]
#[actix_web::test]
async fn a_start_changes_neither_epoch_nor_feed(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let mut follower = Follower::new(app.as_region("57"));
    let told = follower.is_in_step().await;
    assert!(told.iter().all(|change| change["cause"]["code"] == "ship" && change["op"] == "created"));
    let before = follower.client.get(FEED).await.expect(200);
    school_roadmap::features::prepare(&mut app.connection(), &app.clock).unwrap();
    let after = follower.client.get(FEED).await.expect(200);
    assert_eq!(before, after);
    assert_ne!(before["page"]["epoch"], new_uuid());
}
