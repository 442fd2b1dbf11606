//! The regional portal, as an integrator would write it: it takes an export while sixteen people
//! work, follows the feed, is told by webhooks, and ends with what the service has.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};
use crate::copy::{Copy, Export, digest, fold};
use crate::receiver::{Receiver, with_status};
use crate::webhooks::WEBHOOKS;

const WRITERS: usize = 16;
const ROUNDS: i64 = 4;
const SCOPES: [&str; 5] = ["schools:read", "orders:read", "lists:read", "changes:read", "webhooks:manage"];

/// Repeats a request for as long as the service is busy, as every client must.
async fn persistently(request: impl Fn() -> reqwest::RequestBuilder) -> Reply {
    for _ in 0..200 {
        let reply = Reply::of(request()).await;
        if reply.status != 503 {
            return reply;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("busy for ever");
}

/// One of sixteen: changes a school, and has an order drafted and registered.
async fn work(head: Client, school: String, writer: usize) {
    let path = format!("/api/v1/schools/{school}");
    for round in 1..=ROUNDS {
        let body = json!({"address": format!("ул. Школьная, {round}")});
        let change = || {
            let request = head.request(Method::PATCH, &path);
            request.header("If-Match", format!("\"{round}\"")).json(&body)
        };
        persistently(change).await.expect(200);
        let order = json!({
            "issuer": "Отдел образования", "issuer_level": "municipal", "number": format!("{writer}-{round}"),
            "date": "2023-02-01", "title": "О сопровождении школ", "kind": "other"
        });
        let key = format!("{writer}-{round}");
        let create =
            || head.request(Method::POST, "/api/v1/orders").header("Idempotency-Key", &key).json(&order);
        let created = persistently(create).await.expect(201);
        let register = format!("/api/v1/orders/{}/register", created.id());
        let step = || head.request(Method::POST, &register).header("If-Match", "\"1\"");
        persistently(step).await.expect(200);
    }
}

/// Begins to deliver, and dies after a while, in the middle of whatever it was at.
async fn deliver_and_die(app: &TestApp, after: Duration) {
    let dispatcher = app.dispatcher();
    let dying = actix_web::rt::spawn(async move { dispatcher.drain().await });
    tokio::time::sleep(after).await;
    dying.abort();
}

/// What the receiver made of what it was told: each event once, by its id.
fn told_by_webhook(mut copy: Copy, receiver: &Receiver) -> Copy {
    let mut known = BTreeSet::new();
    let mut last = 0;
    for one in receiver.accepted() {
        if !known.insert(one.id.clone()) {
            continue;
        }
        let data = &one.body["data"];
        let seq = data["seq"].as_i64().unwrap();
        assert!(seq > last, "in order: {seq} after {last}");
        last = seq;
        let place = (data["resource"].as_str().unwrap().to_owned(), data.id());
        if data["op"] == "deleted" {
            copy.remove(&place);
        } else {
            copy.insert(place, data.version());
        }
    }
    copy
}

#[rstest]
#[actix_web::test]
async fn the_portal_ends_with_what_the_service_has(#[values(Sqlite, Postgres)] on: Database) {
    let receiver = Receiver::start();
    let target = receiver.target();
    let set = move |config: &mut school_roadmap::config::Config| {
        config.webhook_targets = target.parse().unwrap();
        config.pool_size = 20;
    };
    let Some(app) = TestApp::start_with(on, set).await else {
        return;
    };
    let times = AtomicUsize::new(0);
    receiver.answers(move |_| with_status([204, 500][times.fetch_add(1, Ordering::SeqCst) % 2], ""));
    let (registered, secret) = app.given_client(&json!({"region_code": "57"}), &SCOPES).await;
    let portal = app.signed_in_client(&registered.id(), &secret).await;
    let mut writers = Vec::new();
    for place in 0..4 {
        let municipality = app.given_municipality(&format!("Район {place}"));
        for number in 0..WRITERS / 4 {
            let writer = place * 4 + number;
            let (inn, ogrn) = (format!("57990001{writer:02}"), format!("10257990001{writer:02}"));
            let school = app.given_school_with(
                &municipality,
                &format!("Школа {writer}"),
                &inn,
                &ogrn,
                "[\"primary\"]",
            );
            writers.push(actix_web::rt::spawn(work(app.as_head(&municipality), school.0, writer)));
        }
    }

    // Bootstrap: an export in the middle of the work, and a webhook from the number it states.
    let export = Export::take(&portal, "").await;
    let body = json!({"url": format!("{}/portal", receiver.url), "after": export.seq()});
    let hook = portal.post(WEBHOOKS, &body).await.expect(201);
    let (mut copy, mut after, mut deaths) = (export.copy(), export.seq(), 0);
    loop {
        let at_work = writers.iter().any(|writer| !writer.is_finished());
        let target = format!("/api/v1/changes?after={after}&limit=7&wait=1");
        let page = persistently(|| portal.request(Method::GET, &target)).await.expect(200);
        fold(&mut copy, page["items"].as_array().unwrap());
        after = page["page"]["next_after"].as_i64().unwrap();
        if deaths < 8 {
            deaths += 1;
            deliver_and_die(&app, Duration::from_millis(7 * deaths)).await;
            // Longer than the lease of whoever died, and than the first wait of what failed.
            app.clock.set(app.clock.now() + chrono::Duration::seconds(31));
        }
        if !at_work && page["items"] == json!([]) && page["page"]["has_more"] == false {
            break;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }

    // The webhook catches up, though its receiver fails every second time and processes go on dying.
    let path = format!("{WEBHOOKS}/{}", hook.id());
    let mut rounds: u64 = 0;
    while app.as_admin().get(&path).await.expect(200)["delivered_through"].as_i64().unwrap() < after {
        rounds += 1;
        assert!(rounds < 1000, "{rounds} rounds");
        app.clock.set(app.clock.now() + chrono::Duration::seconds(31));
        if rounds.is_multiple_of(5) {
            deliver_and_die(&app, Duration::from_millis(3)).await;
        } else {
            app.dispatcher().drain().await.unwrap();
        }
    }

    let portal = app.signed_in_client(&registered.id(), &secret).await;
    let last = Export::take(&portal, "").await.copy();
    let own_rows = WRITERS + WRITERS * usize::try_from(ROUNDS).unwrap();
    let of = |copy: &Copy| copy.keys().filter(|(resource, _)| resource != "municipalities").count();
    assert_eq!(of(&last), own_rows, "every school and every order");
    assert_eq!(copy, last, "the feed");
    let told = told_by_webhook(export.copy(), &receiver);
    assert_eq!(told, last, "the webhook");
    for resource in ["schools", "orders"] {
        let answer =
            portal.get(&format!("/api/v1/sync/digest?resource={resource}&buckets=8")).await.expect(200);
        for (name, copy) in [("feed", &copy), ("webhook", &told)] {
            let computed: Value = digest(copy, resource, 8);
            assert_eq!(answer["digest"], computed["digest"], "{resource} by the {name}");
            assert_eq!(answer["buckets"], computed["buckets"], "{resource} by the {name}");
        }
    }
}
