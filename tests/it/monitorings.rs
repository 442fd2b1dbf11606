//! Monitorings: given up with their reports, extended by order.

use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::db::schema::changes;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::{Campaign, DEADLINE};
use crate::client::Resource;

fn statuses(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect()
}

#[rstest]
#[actix_web::test]
async fn a_cancelled_monitoring_cancels_its_reports(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    story.act(&story.principal, &report, "submit").await.expect(200);
    let version = story.officer.get(&story.monitoring).await.expect(200).version();
    let path = format!("{}/cancel", story.monitoring);
    let reason = json!({ "reason": "Приказ отменён" });
    story.officer.act_with(&format!("{path}?dry_run=true"), version, &reason).await.expect(200);
    let before = story.officer.get("/api/v1/reports").await.expect(200);
    assert!(!statuses(&before).contains(&"cancelled"), "a dry run leaves the reports");

    let cancelled = story.officer.act_with(&path, version, &reason).await.expect(200);
    assert_eq!(
        (&cancelled["status"], &cancelled["cancel_reason"]),
        (&json!("cancelled"), &json!("Приказ отменён"))
    );
    let page = story.officer.get("/api/v1/reports").await.expect(200);
    assert_eq!(statuses(&page), ["cancelled"; 3]);
    for row in page["items"].as_array().unwrap() {
        let history = story.officer.get(&format!("/api/v1/reports/{}/history", row.id())).await.expect(200);
        let last = history["items"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&last["action"], &last["to"], &last["reason"]),
            (&json!("cancel"), &json!("cancelled"), &json!("Приказ отменён"))
        );
        let version = i32::try_from(row.version()).unwrap();
        let told: i64 = changes::table
            .filter(changes::resource_id.eq(row.id()).and(changes::version.eq(version)))
            .count()
            .get_result(&mut story.app.connection())
            .unwrap();
        assert_eq!(told, 1, "the feed tells of every report");
    }
    assert_eq!(story.act(&story.principal, &report, "withdraw").await.problem(409), "report-state");
}

#[rstest]
#[actix_web::test]
async fn more_time_is_given_by_a_registered_order(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let draft = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": "301",
        "date": "2023-02-20", "title": "О продлении срока", "kind": "other"
    });
    let draft = story.officer.post("/api/v1/orders", &draft).await.expect(201);
    let path = format!("{}/deadline-extensions", story.monitoring);
    let version = story.officer.get(&story.monitoring).await.expect(200).version();
    let extension = |until: &str, order: &str| json!({ "school_ids": [story.schools[0]], "until": until, "reason": "Карантин", "order_id": order });

    let mut nameless = extension("2023-12-27", "");
    nameless.as_object_mut().unwrap().remove("order_id");
    let refused = story.officer.act_with(&path, version, &nameless).await;
    assert_eq!(refused.violations(422), ["/order_id required"]);
    let early = story.officer.act_with(&path, version, &extension("2023-12-27", &draft.id())).await;
    assert_eq!(early.problem(409), "order-not-registered");
    let short = story.officer.act_with(&path, version, &extension("2023-12-21", &story.order)).await;
    assert_eq!(short.violations(422), ["/until order"]);
    let past = story.officer.act_with(&path, version, &extension("2023-02-28", &story.order)).await;
    assert_eq!(past.violations(422), ["/until order", "/until past-date"]);

    let mut twice = extension(DEADLINE, &story.order);
    twice["school_ids"] = json!([story.schools[0], story.schools[0]]);
    let refused = story.officer.act_with(&path, version, &twice).await;
    assert_eq!(refused.violations(422), ["/school_ids/1 not-unique"]);

    let same = story.officer.act_with(&path, version, &extension(DEADLINE, &story.order)).await.expect(200);
    let more = extension("2023-12-27", &story.order);
    story.officer.act_with(&path, same.version(), &more).await.expect(200);
    let report = story.report_of(Some(&story.schools[0])).await;
    assert_eq!(story.officer.get(&report).await.expect(200)["deadline"], "2023-12-27");
}

#[rstest]
#[actix_web::test]
async fn a_plan_names_each_list_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::planned(on).await else {
        return;
    };
    let planned = story.officer.get(&story.monitoring).await.expect(200);
    let list = &planned["support_list_ids"][0];
    let twice = json!({ "support_list_ids": [list, list] });
    let refused = story.officer.patch(&story.monitoring, planned.version(), &twice).await;
    assert_eq!(refused.violations(422), ["/support_list_ids/1 not-unique"]);
    let once = json!({ "support_list_ids": [list] });
    story.officer.patch(&story.monitoring, planned.version(), &once).await.expect(200);
}
