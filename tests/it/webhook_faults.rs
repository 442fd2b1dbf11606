//! Receivers that are away, slow or gone, and processes that die while they deliver.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::config::Config;
use school_roadmap::db::schema::{feed_state, webhooks};
use school_roadmap::features::webhooks::{FailureKind, Parcel, Sender};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Resource};
use crate::receiver::{Receiver, with_status};
use crate::webhooks::{Portal, WEBHOOKS, change_school, portal, started};
use crate::witness::Witness;

async fn register(portal: &Client, receiver: &Receiver) -> (String, Value) {
    let hook = portal.post(WEBHOOKS, &json!({"url": format!("{}/hook", receiver.url)})).await.expect(201);
    (format!("{WEBHOOKS}/{}", hook.id()), hook)
}

/// Moves the clock on to the next attempt, and has it made.
async fn next_attempt(app: &TestApp, path: &str) {
    let hook = app.as_admin().get(path).await.expect(200);
    let at = DateTime::parse_from_rfc3339(hook["next_attempt_at"].as_str().unwrap()).unwrap();
    app.clock.set(at.to_utc());
    app.dispatcher().drain().await.unwrap();
}

/// The client of a webhook, with a token of now.
async fn again(app: &TestApp, portal: &Portal) -> Client {
    app.signed_in_client(&portal.id, &portal.secret).await
}

/// Takes the webhook for a process that no longer is.
fn lease(app: &TestApp, path: &str, until: &str) {
    let id = path.rsplit('/').next().unwrap();
    let until = until.parse::<DateTime<Utc>>().unwrap().naive_utc();
    diesel::update(webhooks::table.find(id))
        .set((webhooks::lease_owner.eq(Some("gone")), webhooks::lease_until.eq(Some(until))))
        .execute(&mut app.connection())
        .unwrap();
}

/// W07, W09, R21: a receiver that is away is tried for three days, and misses nothing.
#[rstest]
#[actix_web::test]
async fn a_receiver_that_comes_back_gets_everything_in_order(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await;
    let (path, _) = register(&portal.client, &receiver).await;
    receiver.answers(|_| with_status(503, ""));
    change_school(&app, &place, 0, 20).await;
    app.dispatcher().drain().await.unwrap();
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.all().len(), 1, "it is not tried again before its time");
    let failing = portal.client.get(&path).await.expect(200);
    assert_eq!((&failing["status"], &failing["failed_attempts"]), (&json!("active"), &json!(1)));
    assert_eq!(failing["failing_since"], "2023-03-01T09:00:00Z");
    for attempt in 2..=6 {
        next_attempt(&app, &path).await;
        assert_eq!(receiver.all().len(), attempt);
    }
    let attempts = receiver.all();
    assert!(attempts.iter().all(|one| one.id == attempts[0].id), "the same event");
    assert!(attempts.windows(2).all(|pair| pair[0].timestamp < pair[1].timestamp), "at another time");
    assert!(app.clock.now().to_rfc3339().as_str() >= "2023-03-01T16:35", "hours later");
    let mut seen = Witness::of("W09", on);
    seen.saw(format!("{} attempts: one id, rising times", attempts.len()));
    seen.report();

    receiver.answers(|_| with_status(200, ""));
    next_attempt(&app, &path).await;
    let seqs = receiver.seqs();
    assert_eq!(seqs.len(), 21);
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
    let mut seen = Witness::of("R21", on);
    seen.saw(format!("{} events, each once, in order", seqs.len()));
    seen.report();
    let healed = app.as_admin().get(&path).await.expect(200);
    assert_eq!((&healed["failed_attempts"], &healed["failing_since"]), (&json!(0), &Value::Null));
}

/// Three days without an answer: the event is given up, and when the next fails too, the webhook
/// is disabled. It keeps its place, and what was given up can be replayed.
#[rstest]
#[actix_web::test]
async fn after_three_days_an_event_is_given_up_and_then_the_webhook(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await;
    let (path, _) = register(&portal.client, &receiver).await;
    receiver.answers(|_| with_status(500, ""));
    change_school(&app, &place, 0, 4).await;
    app.dispatcher().drain().await.unwrap();
    for _ in 2..=10 {
        next_attempt(&app, &path).await;
    }
    assert!(app.clock.now().to_rfc3339().as_str() >= "2023-03-04T12:35");
    let admin = app.as_admin();
    let dead = admin.get(&format!("{path}/deliveries?outcome=given_up")).await.expect(200)["items"].clone();
    assert_eq!((dead.as_array().unwrap().len(), &dead[0]["attempt"]), (1, &json!(10)));
    let hook = admin.get(&path).await.expect(200);
    assert_eq!((&hook["status"], &hook["disabled_by"]), (&json!("disabled"), &json!("failing")));
    assert_eq!(receiver.all().len(), 11, "the second event was tried once");

    receiver.answers(|_| with_status(204, ""));
    receiver.forget();
    change_school(&app, &place, 1, 0).await;
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.all().len(), 0);
    let portal = again(&app, &portal).await;
    let blocked = portal.act_with(&format!("{path}/replay"), 1, &json!({"after": 0})).await;
    assert_eq!(blocked.problem(409), "webhook-state");
    portal.act(&format!("{path}/enable"), 1).await.expect(200);
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.seqs().len(), 5, "four of the first school, one of the second");
    let lost = dead[0]["seq"].as_i64().unwrap();
    let range = json!({"after": lost - 1, "until": lost});
    portal.act_with(&format!("{path}/replay"), 2, &range).await.expect(200);
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.seqs().last(), Some(&lost));
}

/// One poisonous event must not hold up the rest for ever.
#[rstest]
#[actix_web::test]
async fn an_event_that_never_arrives_is_passed_over(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await;
    let (path, _) = register(&portal.client, &receiver).await;
    receiver.answers(|one| with_status(if one.body["data"]["version"] == 2 { 400 } else { 204 }, ""));
    change_school(&app, &place, 0, 3).await;
    app.dispatcher().drain().await.unwrap();
    for _ in 2..=10 {
        next_attempt(&app, &path).await;
    }
    let versions: Vec<i64> =
        receiver.accepted().iter().map(|one| one.body["data"]["version"].as_i64().unwrap()).collect();
    assert_eq!(versions, [1, 3, 4]);
    let hook = app.as_admin().get(&path).await.expect(200);
    assert_eq!((&hook["status"], &hook["failed_attempts"]), (&json!("active"), &json!(0)));
}

#[rstest]
#[actix_web::test]
async fn a_receiver_may_ask_for_time_move_away_or_be_gone(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await;
    let (path, _) = register(&portal.client, &receiver).await;
    receiver.answers(|_| with_status(429, "Retry-After: 3600\r\n"));
    change_school(&app, &place, 0, 0).await;
    app.dispatcher().drain().await.unwrap();
    let hook = portal.client.get(&path).await.expect(200);
    assert_eq!(hook["next_attempt_at"], "2023-03-01T10:00:00Z");
    let mut seen = Witness::of("W07", on);
    seen.saw("429 with Retry-After 3600: again after an hour");

    // W05: a redirect is a failure, wherever it leads.
    let trap = Receiver::start();
    let elsewhere = format!("Location: {}/hook\r\n", trap.url);
    receiver.answers(move |_| with_status(307, &elsewhere));
    next_attempt(&app, &path).await;
    assert_eq!(trap.all().len(), 0);
    let attempts = app.as_admin().get(&format!("{path}/deliveries?limit=1")).await.expect(200);
    assert_eq!(
        (&attempts["items"][0]["failure"], &attempts["items"][0]["http_status"]),
        (&json!("redirect"), &json!(307))
    );
    let mut redirected = Witness::of("W05", on);
    redirected.saw(format!("failed: redirect; {} requests at the other address", trap.all().len()));
    redirected.report();

    receiver.answers(|_| with_status(410, ""));
    next_attempt(&app, &path).await;
    let hook = app.as_admin().get(&path).await.expect(200);
    assert_eq!((&hook["status"], &hook["disabled_by"]), (&json!("disabled"), &json!("gone")));
    seen.saw("410: disabled, gone");
    seen.report();
    receiver.forget();
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.all().len(), 0);
    // Another address is another receiver: from there on it is told what this one was not.
    let portal = again(&app, &portal).await;
    let moved = json!({"url": format!("{}/new", receiver.url), "status": "active"});
    receiver.answers(|_| with_status(204, ""));
    portal.patch(&path, 1, &moved).await.expect(200);
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.seqs().len(), 1);
}

/// R22: the receiver fails every second time, and processes die while they deliver.
#[rstest]
#[actix_web::test]
async fn nothing_is_lost_when_receiver_and_process_fail(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await;
    let (path, _) = register(&portal.client, &receiver).await;
    change_school(&app, &place, 0, 40).await;
    change_school(&app, &place, 1, 40).await;
    // Every second attempt fails, and of the others some are heard of by nobody: the process dies
    // while the receiver has the delivery in its hands.
    let (times, held) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
    let holds = Arc::clone(&held);
    receiver.answers(move |_| {
        let number = times.fetch_add(1, Ordering::SeqCst);
        if number % 6 == 2 {
            holds.store(true, Ordering::SeqCst);
            while holds.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        with_status(if number.is_multiple_of(2) { 200 } else { 500 }, "")
    });
    let mut deaths = 0;
    let mut rounds = 0;
    loop {
        let hook = app.as_admin().get(&path).await.expect(200);
        let feed = app.as_region("57").get("/api/v1/changes?limit=1000&resource=schools").await.expect(200);
        let last = feed["items"].as_array().unwrap().last().unwrap()["seq"].as_i64().unwrap();
        if hook["delivered_through"].as_i64().unwrap() >= last {
            break;
        }
        rounds += 1;
        assert!(rounds < 400, "{hook}");
        // Longer than any lease and than the first waits.
        app.clock.set(app.clock.now() + chrono::Duration::seconds(400));
        let dispatcher = app.dispatcher();
        let working = actix_web::rt::spawn(async move { dispatcher.drain().await });
        while !working.is_finished() {
            if held.load(Ordering::SeqCst) {
                working.abort();
                held.store(false, Ordering::SeqCst);
                deaths += 1;
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(deaths > 10, "{deaths} deaths in the middle of a delivery");
    let mut witness = Witness::of("R22", on);
    witness.saw("more than 10 deaths in the middle of a delivery");
    let mut seqs = receiver.seqs();
    let first_times: Vec<i64> = {
        let mut seen = std::collections::BTreeSet::new();
        seqs.iter().copied().filter(|seq| seen.insert(*seq)).collect()
    };
    assert!(first_times.windows(2).all(|pair| pair[0] < pair[1]), "in order: {first_times:?}");
    seqs.sort_unstable();
    seqs.dedup();
    assert_eq!(seqs.len(), 82, "0 lost");
    witness.saw(format!("{} of 82 events delivered, in order, the same again with the same id", seqs.len()));
    witness.report();
    // What came twice came under the same id.
    let mut by_seq = std::collections::BTreeMap::new();
    for one in receiver.accepted() {
        let seq = one.body["data"]["seq"].as_i64().unwrap();
        assert_eq!(by_seq.entry(seq).or_insert_with(|| one.id.clone()), &one.id);
    }
}

/// Two processes on one database: each event is delivered by one of them.
#[rstest]
#[actix_web::test]
async fn two_processes_share_the_work(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await;
    for _ in 0..5 {
        register(&portal.client, &receiver).await;
    }
    change_school(&app, &place, 0, 10).await;
    change_school(&app, &place, 1, 10).await;
    let (one, other) = (app.dispatcher(), app.dispatcher());
    let (first, second) = tokio::join!(one.drain(), other.drain());
    first.unwrap();
    second.unwrap();
    one.drain().await.unwrap();
    assert_eq!(receiver.seqs().len(), 5 * 22, "each once");
}

/// A clock that was set back must not leave a webhook waiting for the future.
#[rstest]
#[actix_web::test]
async fn a_clock_that_jumps_back_stops_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    app.set_time("2030-01-01T00:00:00Z");
    let portal = portal(&app).await;
    let (path, _) = register(&portal.client, &receiver).await;
    receiver.answers(|_| with_status(500, ""));
    change_school(&app, &place, 0, 0).await;
    app.dispatcher().drain().await.unwrap();
    lease(&app, &path, "2030-01-01T00:00:30Z");
    receiver.answers(|_| with_status(204, ""));
    app.set_time("2023-03-01T09:00:00Z");
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.seqs().len(), 1);
}

/// After a restore the numbers belong to other changes: the receiver is told to begin anew.
#[rstest]
#[actix_web::test]
async fn a_restored_service_tells_its_receivers_to_begin_anew(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await;
    let (path, hook) = register(&portal.client, &receiver).await;
    change_school(&app, &place, 0, 0).await;
    app.dispatcher().drain().await.unwrap();
    let epoch = school_roadmap::features::changes::new_epoch(&mut app.connection()).unwrap();
    change_school(&app, &place, 1, 0).await;
    app.dispatcher().drain().await.unwrap();
    let notice = receiver.accepted()[1].body.clone();
    assert_eq!(
        (&notice["type"], &notice["data"]["epoch"]),
        (&json!("school-roadmap.feed.restarted"), &json!(epoch))
    );
    let seq = notice["data"]["resync_from"].as_i64().unwrap();
    let read = portal.client.get(&path).await.expect(200);
    assert_eq!((&read["epoch"], &read["delivered_through"]), (&json!(epoch), &json!(seq)));
    assert_ne!(read["epoch"], hook["epoch"]);
    change_school(&app, &place, 2, 0).await;
    app.dispatcher().drain().await.unwrap();
    assert!(receiver.seqs()[1] > seq);
}

/// W06: an answer that never ends is not read to its end; 2xx is 2xx.
#[rstest]
#[actix_web::test]
async fn an_endless_answer_is_not_read(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else { return };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await;
    let (path, _) = register(&portal.client, &receiver).await;
    receiver.answers(|_| {
        let flood = "x".repeat(3 * 1024 * 1024);
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{flood}", flood.len())
    });
    change_school(&app, &place, 0, 0).await;
    app.dispatcher().drain().await.unwrap();
    assert_eq!(portal.client.get(&path).await.expect(200)["failed_attempts"], 0);
    assert_eq!(receiver.seqs().len(), 1);
}

/// W06: a receiver that hangs costs the limit of an attempt, and is a failure; W04: so is a name of
/// the list that stands for this machine.
#[rstest]
#[actix_web::test]
async fn a_receiver_that_hangs_or_hides_is_a_failure(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    receiver.answers(|_| {
        std::thread::sleep(Duration::from_secs(2));
        with_status(204, "")
    });
    let sent = async |target: String, url: String| {
        let sender = Sender::within(target.parse().unwrap(), None, Duration::from_millis(500)).unwrap();
        let (id, signature) = ("evt_1".to_owned(), String::new());
        let attempt = sender.send(&Parcel { url, id, timestamp: 0, signature, body: Vec::new() }).await;
        let failure = attempt.result.unwrap_err();
        assert_eq!(failure.status, None);
        failure.kind
    };
    assert_eq!(sent(receiver.target(), format!("{}/hook", receiver.url)).await, FailureKind::Timeout);
    let mut seen = Witness::of("W06", on);
    seen.saw("failed: timeout");
    seen.report();
    let nobody = "http://127.0.0.1:1".to_owned();
    assert_eq!(sent(nobody.clone(), nobody).await, FailureKind::Connection);
    let name = "https://localhost/hook".to_owned();
    assert_eq!(sent("localhost:443".to_owned(), name).await, FailureKind::Target);
    let mut seen = Witness::of("W04", on);
    seen.saw("failed: target, before a connection");
    seen.report();
}

/// Receivers of one client that never answer hold up nobody else's.
#[rstest]
#[actix_web::test]
async fn a_client_with_dead_receivers_keeps_nobody_waiting(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("http://{}", silent.local_addr().unwrap());
    let targets = format!("{},{dead}", receiver.target());
    let config = move |config: &mut Config| config.webhook_targets = targets.parse().unwrap();
    let Some(app) = TestApp::start_with(on, config).await else {
        return;
    };
    let (slow, quick) = (portal(&app).await, portal(&app).await);
    for number in 0..20 {
        let body = json!({"url": format!("{dead}/{number}")});
        slow.client.post(WEBHOOKS, &body).await.expect(201);
    }
    register(&quick.client, &receiver).await;
    change_school(&app, &app.given_municipality("Хотынецкий район"), 0, 0).await;
    app.dispatcher().round().await.unwrap();
    silent.set_nonblocking(true).unwrap();
    let mut held = Vec::new();
    let told = async {
        while receiver.all().is_empty() || held.len() < 4 {
            held.extend(silent.accept());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(60), told).await;
    assert!(in_time.is_ok(), "told {}, held {}", receiver.all().len(), held.len());
}

/// A client may move its webhook at any time: what the old address answers then changes nothing.
#[rstest]
#[actix_web::test]
async fn a_webhook_that_is_moved_while_it_delivers_stays_in_force(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await;
    let (path, _) = register(&portal.client, &receiver).await;
    change_school(&app, &place, 0, 5).await;
    let (held, moved) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (holds, goes_on) = (Arc::clone(&held), Arc::clone(&moved));
    receiver.answers(move |_| {
        if goes_on.load(Ordering::SeqCst) {
            return with_status(204, "");
        }
        holds.store(true, Ordering::SeqCst);
        while !goes_on.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        with_status(410, "")
    });
    let dispatcher = app.dispatcher();
    let working = actix_web::rt::spawn(async move { dispatcher.drain().await });
    while !held.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let new = json!({"url": format!("{}/new", receiver.url)});
    portal.client.patch(&path, 1, &new).await.expect(200);
    moved.store(true, Ordering::SeqCst);
    working.await.unwrap().unwrap();
    let hook = portal.client.get(&path).await.expect(200);
    assert_eq!((&hook["status"], &hook["failed_attempts"]), (&json!("active"), &json!(0)));
    assert_eq!(receiver.seqs().len(), 6, "the new address is told of all");
}

/// What was to be told again and is no longer kept is passed over; what is new is told.
#[rstest]
#[actix_web::test]
async fn a_replay_that_was_purged_ends(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await;
    let (path, _) = register(&portal.client, &receiver).await;
    change_school(&app, &place, 0, 3).await;
    app.dispatcher().drain().await.unwrap();
    let seqs = receiver.seqs();
    let range = json!({"after": seqs[0], "until": seqs[2]});
    portal.client.act_with(&format!("{path}/replay"), 1, &range).await.expect(200);
    receiver.forget();
    diesel::update(feed_state::table)
        .set(feed_state::purged_through.eq(seqs[1]))
        .execute(&mut app.connection())
        .unwrap();
    change_school(&app, &place, 1, 0).await;
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.all().len(), 1, "only what is new");
    assert_eq!(portal.client.get(&path).await.expect(200)["replay"], Value::Null);
}

/// What was taken away since does not keep a client from disabling its webhook, and without the
/// scope nothing is told any more.
#[rstest]
#[actix_web::test]
async fn a_webhook_can_be_stopped_whatever_was_taken_away(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let Some(app) = started(on, &receiver).await else {
        return;
    };
    let place = app.given_municipality("Хотынецкий район");
    let portal = portal(&app).await;
    let (path, _) = register(&portal.client, &receiver).await;
    portal.client.patch(&path, 1, &json!({"resources": ["schools"]})).await.expect(200);
    let client = format!("/api/v1/clients/{}", portal.id);
    app.as_admin()
        .patch(&client, 1, &json!({"scopes": ["orders:read", "webhooks:manage"]}))
        .await
        .expect(200);
    portal.client.patch(&path, 2, &json!({"status": "disabled"})).await.expect(200);
    let narrow = portal.client.patch(&path, 3, &json!({"resources": ["schools", "orders"]})).await;
    assert_eq!(narrow.violations(422), ["/resources/0 unknown-code"]);
    portal.client.act(&format!("{path}/enable"), 3).await.expect(200);
    app.as_admin().patch(&client, 2, &json!({"scopes": ["schools:read"]})).await.expect(200);
    change_school(&app, &place, 0, 0).await;
    app.dispatcher().drain().await.unwrap();
    assert_eq!(receiver.all().len(), 0);
}
