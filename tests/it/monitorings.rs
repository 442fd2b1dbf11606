//! Monitorings: given up with their reports, extended by order.

use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::db::schema::changes;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::Campaign;
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
