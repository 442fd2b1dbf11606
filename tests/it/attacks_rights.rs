//! Attacks on rights and scopes: foreign ids, members that are not one's own to set, work that is done.

use diesel::prelude::*;
use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use school_roadmap::api::document::document;
use school_roadmap::db::schema::audit_events;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::campaign::{Campaign, done, evidence};
use crate::client::{Client, Reply, Resource};
use crate::contest::insist;
use crate::witness::Witness;

const ORDERS: &str = "/api/v1/orders";

fn order(number: &str) -> Value {
    json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": number,
        "date": "2023-02-01", "title": "О мониторинге", "kind": "monitoring"
    })
}

/// A draft list of the campaign's department.
async fn draft_list(story: &Campaign) -> String {
    let body = json!({
        "level": "municipal", "category": "risk_group", "results_year": 2022, "order_id": story.order
    });
    format!(
        "/api/v1/support-lists/{}",
        story.officer.post("/api/v1/support-lists", &body).await.expect(201).id()
    )
}

#[rstest]
#[actix_web::test]
async fn a_list_asked_for_a_foreign_school_is_empty_and_counts_nothing(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let foreign = &story.schools[1];
    let idle = story.app.as_curator(&story.municipality, &[&story.schools[0]]);
    let mut seen = Witness::of("Z02", on);
    for query in [
        format!("schools?id={foreign}"),
        "schools?q=Школа № 2".to_owned(),
        format!("reports?school_id={foreign}"),
    ] {
        let path = format!("/api/v1/{query}&count=exact");
        assert_eq!(story.officer.get(&path).await.expect(200)["page"]["count"], 1, "{query}");
        for client in [&story.principal, &idle] {
            let page = client.get(&path).await.expect(200);
            assert_eq!((&page["items"], &page["page"]["count"]), (&json!([]), &json!(0)), "{query}");
            seen.saw("200, no rows, count 0");
        }
    }
    let values = story.principal.get(&format!("/api/v1/indicator-values?school_id={foreign}")).await;
    assert!(!values.text().contains(foreign.as_str()), "{}", values.text());
    let export = story.principal.get("/api/v1/export?resource=schools").await;
    assert_eq!(export.problem(403), "forbidden");
    seen.saw(format!("export: {}", export.status));
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_foreign_id_in_a_body_or_a_batch_is_refused_and_writes_nothing(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let neighbour = story.app.given_municipality("Соседний район");
    let foreign = story.app.given_school(&neighbour, "Чужая школа", 2);
    let theirs = story.report_of(Some(&story.schools[1])).await;
    let before = story.officer.get(&theirs).await.expect(200);
    let list = draft_list(&story).await;
    let entries = format!("{list}/entries");

    let mut seen = Witness::of("Z03", on);
    let other = story.app.as_school_head(&story.municipality, &story.schools[1]);
    let item = story.item(&other, &theirs, "S1").await;
    let attached = story.principal.post(&format!("{item}/evidence"), &evidence()).await;
    assert_eq!(attached.problem(404), "not-found");
    seen.saw(format!("evidence for another school: {}", attached.status));
    let school = format!("/api/v1/schools/{}", story.schools[0]);
    let moved = story.officer.patch(&school, 1, &json!({ "municipality_id": neighbour })).await;
    assert!(matches!(moved.status, 400 | 422), "{}", moved.text());
    seen.saw(format!("a school's municipality: {}", moved.status));
    let own = story.report_of(Some(&story.schools[0])).await;
    let moved = story.principal.patch(&own, 1, &json!({ "school_id": story.schools[1] })).await;
    assert_eq!(moved.status, 400, "{}", moved.text());
    seen.saw(format!("a report's school: {}", moved.status));
    assert_eq!(story.officer.get(&theirs).await.expect(200), before);
    assert_eq!(story.officer.get(&school).await.expect(200)["municipality_id"], json!(story.municipality));
    seen.report();

    let mut seen = Witness::of("Z04", on);
    let alone = story.officer.post(&entries, &json!({ "school_id": foreign })).await;
    assert_eq!(alone.violations(422), ["/school_id unknown-reference"]);
    seen.saw(format!("{} unknown-reference", alone.status));
    seen.report();

    let mut seen = Witness::of("Z05", on);
    let batch = json!([{ "school_id": story.schools[0] }, { "school_id": foreign }]);
    let refused = story.officer.post(&entries, &batch).await;
    assert_eq!(refused.violations(422), ["/1/school_id unknown-reference"]);
    let stored = story.officer.get(&format!("{entries}?count=exact")).await.expect(200);
    assert_eq!(stored["page"]["count"], 0);
    seen.saw(format!("{}; {} rows", refused.status, stored["page"]["count"]));
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn what_the_service_decides_is_not_set_by_a_body(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let draft = officer.post(ORDERS, &order("1")).await.expect(201);
    let path = format!("{ORDERS}/{}", draft.id());
    let mut seen = Witness::of("Z06", on);
    for name in ["status", "approved_by", "score", "id", "version", "role", "municipality_id", "created_at"] {
        let mut body = order("2");
        body[name] = json!("1");
        for refused in
            [officer.post(ORDERS, &body).await, officer.patch(&path, 1, &json!({ name: "registered" })).await]
        {
            assert_eq!(refused.status, 400, "{name}: {}", refused.text());
            seen.answer(&refused);
        }
    }
    assert_eq!(officer.get(&path).await.expect(200), draft);
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn nobody_makes_himself_or_another_more_than_he_may(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (ours, theirs) = (app.given_municipality("Хотынецкий"), app.given_municipality("Шаблыкинский"));
    let (head, id) = app.account("municipal_head", Some(&ours), None, None);
    let (admin, admin_id) = app.account("admin", None, None, None);
    let school = app.given_school(&ours, "Хотынецкая СОШ", 0);
    let operator = app.as_operator(&ours, &school);
    let new = |role: &str| json!({"login": "upstart", "full_name": "В", "role": role});
    let mut elsewhere = new("municipal_officer");
    elsewhere["municipality_id"] = json!(theirs);
    let mut seen = Witness::of("Z07", on);
    let accounts = "/api/v1/accounts";
    for (name, reply, expected) in [
        ("an operator makes one", operator.post(accounts, &new("school_operator")).await, 403),
        ("a head makes an admin", head.post(accounts, &new("admin")).await, 403),
        ("in another municipality", head.post(accounts, &elsewhere).await, 422),
        (
            "a head raises himself",
            head.patch(&format!("{accounts}/{id}"), 1, &json!({"role": "admin"})).await,
            403,
        ),
        (
            "an admin changes his own role",
            admin.patch(&format!("{accounts}/{admin_id}"), 1, &json!({"role": "regional_viewer"})).await,
            409,
        ),
    ] {
        assert_eq!(reply.status, expected, "{name}: {}", reply.text());
        seen.saw(format!("{name}: {}", reply.status));
    }
    let all = admin.get(&format!("{accounts}?q=upstart&count=exact")).await.expect(200);
    assert_eq!(all["page"]["count"], 0);
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn what_was_sent_or_accepted_is_not_edited(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    let item = story.item(&story.principal, &report, "S1").await;
    let read = story.principal.get(&item).await.expect(200);
    let proof = format!("/api/v1/evidence/{}", read["evidence"][0].id());
    let mut seen = Witness::of("Z13", on);
    let mut old_tag = Witness::of("Z14", on);
    for (step, by) in [("submit", &story.principal), ("accept", &story.officer)] {
        let version = by.get(&report).await.expect(200).version();
        if step == "accept" {
            let stale = by.act(&format!("{report}/accept"), version - 1).await;
            assert_eq!(stale.problem(412), "stale");
            old_tag.answer(&stale);
            let bare = Reply::of(by.request(Method::POST, &format!("{report}/accept"))).await;
            assert_eq!(bare.problem(428), "precondition-required");
            old_tag.answer(&bare);
            old_tag.report();
        }
        by.act(&format!("{report}/{step}"), version).await.expect(200);
        let before = story.principal.get(&report).await.expect(200);
        let item_now = story.principal.get(&item).await.expect(200);
        let mut other = done();
        other["result"] = json!("Иначе");
        let summary = json!({ "summary": "Иначе" });
        for (name, refused) in [
            ("report", story.principal.patch(&report, before.version(), &summary).await),
            ("item", story.principal.put(&item, item_now.version(), &other).await),
            ("more evidence", story.principal.post(&format!("{item}/evidence"), &evidence()).await),
            ("less evidence", story.principal.delete(&proof, 1).await),
        ] {
            assert_eq!(refused.status, 409, "{step} {name}: {}", refused.text());
            seen.saw(format!("{name}: {}", refused.status));
        }
        assert_eq!(story.principal.get(&report).await.expect(200), before, "{step}");
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn of_eight_heads_one_registers_each_order(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let heads: Vec<Client> = (0..8).map(|_| app.as_head(&municipality)).collect();
    let mut seen = Witness::of("Z15", on);
    for number in 0..25 {
        let draft = heads[0].post(ORDERS, &order(&number.to_string())).await.expect(201);
        let path = format!("{ORDERS}/{}/register", draft.id());
        let answers = join_all(
            heads.iter().map(|head| insist(head.request(Method::POST, &path).header("If-Match", "\"1\""))),
        )
        .await;
        let won = answers.iter().filter(|reply| reply.status == 200).count();
        let lost = answers.iter().filter(|reply| matches!(reply.status, 409 | 412)).count();
        assert_eq!((won, lost), (1, 7), "order {number}");
        let told: i64 = audit_events::table
            .filter(audit_events::resource_id.eq(draft.id()))
            .filter(audit_events::to_status.eq("registered"))
            .count()
            .get_result(&mut app.connection())
            .unwrap();
        assert_eq!(told, 1, "order {number}");
        seen.saw(format!("{won} by 200, {lost} by 409 or 412, {told} row of history"));
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn who_is_blocked_in_the_middle_writes_whole_or_not_at_all(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let head = app.as_head(&municipality);
    let mut stored = 0;
    for round in 0..10 {
        let (officer, id) = app.account("municipal_officer", Some(&municipality), None, None);
        let write = insist(officer.request(Method::POST, ORDERS).json(&order(&format!("a{round}"))));
        let block = head.request(Method::POST, &format!("/api/v1/accounts/{id}/block"));
        let block = insist(block.header("If-Match", "\"1\""));
        let (written, blocked) = futures_util::future::join(write, block).await;
        blocked.expect(200);
        assert!(matches!(written.status, 201 | 401), "{}", written.text());
        stored += usize::from(written.status == 201);
        let after = officer.post(ORDERS, &order(&format!("b{round}"))).await;
        assert_eq!(after.problem(401), "unauthenticated");
    }
    let page = head.get(&format!("{ORDERS}?count=exact")).await.expect(200);
    assert_eq!(page["page"]["count"], json!(stored), "what was answered by 201, and nothing else");
    let mut seen = Witness::of("Z16", on);
    seen.saw("during: 201 or 401, and stored just where 201");
    seen.saw("after: 401");
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn every_path_serves_the_methods_of_the_document_and_no_other(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let document = serde_json::to_value(document()).unwrap();
    let mut wrong = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
        let target = parts.collect::<Vec<_>>().join("/");
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let documented = item.get(method.as_str().to_lowercase()).is_some();
            // Without a token, so that nothing is done: what is registered asks for one, or answers.
            let reply = Reply::of(app.anonymous().request(method.clone(), &target)).await;
            if documented == (reply.status == 405) {
                wrong.push(format!("{method} {path}: {}", reply.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mut seen = Witness::of("Z18", on);
    seen.saw("documented: answered; any other: 405");
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn what_was_deleted_is_there_for_nobody(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let (officer, head) = (app.as_officer(&municipality), app.as_head(&municipality));
    let draft = officer.post(ORDERS, &order("1")).await.expect(201);
    let path = format!("{ORDERS}/{}", draft.id());
    officer.delete(&path, 1).await.expect(204);
    let mut seen = Witness::of("Z20", on);
    for client in [&officer, &head] {
        for reply in [
            client.get(&path).await,
            client.patch(&path, 1, &json!({ "title": "Снова" })).await,
            client.act(&format!("{path}/register"), 1).await,
            client.delete(&path, 1).await,
        ] {
            let expected = if std::ptr::eq(client, &officer) && reply.status == 403 { 403 } else { 404 };
            assert_eq!(reply.status, expected, "{}", reply.text());
            seen.answer(&reply);
        }
        let page = client.get(&format!("{ORDERS}?id={}&count=exact", draft.id())).await.expect(200);
        assert_eq!(page["page"]["count"], 0);
        seen.saw("listed: no row");
    }
    seen.report();
}
