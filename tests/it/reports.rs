//! Reports: opened with their monitoring, filled by schools, reviewed by the department.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::{Campaign, done, evidence, registered_order};
use crate::client::Resource;
use crate::witness::Witness;

fn statuses(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect()
}

#[rstest]
#[actix_web::test]
async fn opening_creates_a_report_for_each_school_and_one_for_the_municipality(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::planned(on).await else {
        return;
    };

    let opened = story.step("open").await;
    assert_eq!((&opened["status"], opened["schools"].as_array().unwrap().len()), (&json!("open"), 2));
    assert!(opened["conclusion_template_id"].is_string());
    let page = story.officer.get("/api/v1/reports?count=exact").await.expect(200);
    assert_eq!((&page["page"]["count"], statuses(&page)), (&json!(3), vec!["draft"; 3]));

    let own = story.principal.get("/api/v1/reports").await.expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 1, "a school sees its own report only");
    let report = story.report_of(Some(&story.schools[0])).await;
    let items = story.principal.get(&format!("{report}/items")).await.expect(200);
    let codes: Vec<&Value> = items["items"].as_array().unwrap().iter().map(|i| &i["code"]).collect();
    assert_eq!(codes, ["S1", "S2"], "measures of schools, in the order of the road map");
    let own = story.report_of(None).await;
    let items = story.officer.get(&format!("{own}/items")).await.expect(200);
    assert_eq!(items["items"][0]["code"], "M1");
    assert_eq!(story.principal.get(&own).await.status, 404);

    let again = story.officer.act(&format!("{}/open", story.monitoring), opened.version()).await;
    assert_eq!(again.problem(409), "monitoring-state");
}

#[rstest]
#[actix_web::test]
async fn an_item_has_its_own_version_and_raises_the_reports(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S1").await;

    let written = story.principal.put(&item, 1, &done()).await.expect(200);
    assert_eq!((written.version(), &written["late"]), (2, &json!(true)), "due on 15 February");
    assert_eq!(story.principal.get(&report).await.expect(200).version(), 2);
    assert_eq!(story.principal.put(&item, 2, &done()).await.expect(200).version(), 2);
    assert_eq!(story.principal.get(&report).await.expect(200).version(), 2);
    assert_eq!(story.principal.put(&item, 1, &done()).await.problem(412), "stale");

    let tomorrow = json!({ "status": "partly", "actual_date": "2023-03-02" });
    assert_eq!(
        story.principal.put(&item, 2, &tomorrow).await.violations(422),
        ["/actual_date range", "/reason reason-required"]
    );
    let attached = story.principal.post(&format!("{item}/evidence"), &evidence()).await.expect(201);
    let after = story.principal.get(&item).await.expect(200);
    assert_eq!((after.version(), &after["evidence"][0]["id"]), (3, &attached["id"]));
    let path = format!("/api/v1/evidence/{}", attached.id());
    story.principal.delete(&path, 1).await.expect(204);
    assert_eq!(story.principal.get(&path).await.status, 404);
    assert_eq!(story.principal.get(&item).await.expect(200).version(), 4);
    assert_eq!(story.principal.get(&report).await.expect(200).version(), 4);
    assert_eq!(story.officer.put(&item, 4, &done()).await.problem(403), "forbidden");
}

#[rstest]
#[actix_web::test]
async fn a_report_is_submitted_once_complete_and_by_the_head(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    let operator = story.app.as_operator(&story.municipality, &story.schools[0]);

    let early = story.act(&story.principal, &report, "submit").await;
    assert_eq!(early.violations(422), ["/items/S1 status-not-final"]);
    let item = story.item(&operator, &report, "S1").await;
    operator.put(&item, 1, &done()).await.expect(200);
    let bare = story.act(&story.principal, &report, "submit").await;
    assert_eq!(bare.violations(422), ["/items/S1 evidence-missing"]);
    operator.post(&format!("{item}/evidence"), &evidence()).await.expect(201);
    assert_eq!(story.act(&operator, &report, "submit").await.problem(403), "forbidden");

    let sent = story.act(&story.principal, &report, "submit").await.expect(200);
    assert_eq!((&sent["status"], &sent["submission"]), (&json!("submitted"), &json!(1)));
    assert_eq!(story.principal.put(&item, 3, &done()).await.problem(409), "report-not-editable");
    let back = story.act(&story.principal, &report, "withdraw").await.expect(200);
    assert_eq!(back["status"], "draft");
    story.act(&story.principal, &report, "submit").await.expect(200);
    story.act(&story.officer, &report, "start-review").await.expect(200);
    let late = story.act(&story.principal, &report, "withdraw").await;
    assert_eq!(late.problem(409), "report-state");
    assert_eq!(late.json()["blocked_by"], json!(["review-started"]));
}

#[rstest]
#[actix_web::test]
async fn work_in_progress_is_seen_by_the_school_alone(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    let region = story.app.as_region("57");
    let text = json!({ "summary": "Первая редакция" });
    story.principal.patch(&report, 1, &text).await.expect(200);

    let seen = story.officer.get(&report).await.expect(200);
    assert_eq!((&seen["content"], &seen["summary"]), (&json!("hidden"), &json!(null)));
    assert_eq!(seen["completeness"], json!({ "filled": 0, "total": 2 }));
    assert_eq!(region.get(&report).await.status, 404);

    story.fill(&report).await;
    story.act(&story.principal, &report, "submit").await.expect(200);
    let sent = story.officer.get(&format!("{report}?embed=items")).await.expect(200);
    assert_eq!((&sent["summary"], &sent["items"][0]["status"]), (&json!("Первая редакция"), &json!("done")));
    story.act(&story.officer, &report, "return").await.expect(200);
    let version = story.principal.get(&report).await.expect(200).version();
    story.principal.patch(&report, version, &json!({ "summary": "Вторая редакция" })).await.expect(200);
    let last = story.officer.get(&report).await.expect(200);
    assert_eq!((&last["content"], &last["summary"]), (&json!("last_submitted"), &json!("Первая редакция")));

    story.act(&story.principal, &report, "submit").await.expect(200);
    story.act(&story.officer, &report, "accept").await.expect(200);
    assert_eq!(region.get(&report).await.expect(200)["summary"], "Вторая редакция");
    let life = story.principal.get(&format!("{report}/history")).await.expect(200);
    let steps: Vec<&str> =
        life["items"].as_array().unwrap().iter().map(|step| step["action"].as_str().unwrap()).collect();
    assert_eq!((steps[0], *steps.last().unwrap()), ("create", "accept"));
    assert_eq!(life["items"].as_array().unwrap().last().unwrap()["from"], "submitted");
}

#[rstest]
#[actix_web::test]
async fn evidence_with_personal_data_stays_with_school_and_department(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S1").await;
    story.principal.put(&item, 1, &done()).await.expect(200);
    let mut body = evidence();
    body.as_object_mut().unwrap().remove("contains_personal_data");
    let private = story.principal.post(&format!("{item}/evidence"), &body).await.expect(201);
    assert_eq!(private["contains_personal_data"], true, "private unless said otherwise");
    let path = format!("/api/v1/evidence/{}", private.id());
    let curator = story.app.as_curator(&story.municipality, &[&story.schools[0]]);

    assert_eq!(story.officer.get(&path).await.status, 404, "not yet submitted");
    story.act(&story.principal, &report, "submit").await.expect(200);
    story.officer.get(&path).await.expect(200);
    assert_eq!(curator.get(&path).await.status, 404);
    assert_eq!(curator.get(&item).await.expect(200)["evidence"], json!([]));
    body["url"] = json!("http://127.0.0.1/private");
    let other = story.principal.post(&format!("{item}/evidence"), &body).await;
    assert_eq!(other.problem(409), "report-not-editable");
}

#[rstest]
#[actix_web::test]
async fn who_submits_the_municipalitys_report_does_not_accept_it(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(None).await;
    let item = story.item(&story.officer, &report, "M1").await;
    story.officer.put(&item, 1, &done()).await.expect(200);
    story.act(&story.head, &report, "submit").await.expect(200);

    let mut seen = Witness::of("Z12", on);
    let lower = story.act(&story.officer, &report, "accept").await;
    assert_eq!(lower.problem(403), "forbidden");
    seen.saw(format!("an officer: {}", lower.status));
    let own = story.act(&story.head, &report, "accept").await;
    assert_eq!(own.problem(409), "own-report");
    seen.saw(format!("who sent it: {}", own.status));
    seen.report();
    let other = story.app.as_head(&story.municipality);
    assert_eq!(story.act(&other, &report, "accept").await.expect(200)["status"], "accepted");
    let back = story.act(&story.head, &report, "return").await.expect(200);
    assert_eq!(back["status"], "returned");
}

#[rstest]
#[actix_web::test]
async fn after_the_collection_a_draft_needs_an_extension(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    let closed = story.step("close-collection").await;

    assert_eq!(story.act(&story.principal, &report, "submit").await.problem(409), "collection-closed");
    let extension = json!({ "school_ids": [story.schools[0]], "until": "2023-12-22", "reason": "Карантин", "order_id": story.order });
    let path = format!("{}/deadline-extensions", story.monitoring);
    story.officer.act_with(&path, closed.version(), &extension).await.expect(200);
    story.act(&story.principal, &report, "submit").await.expect(200);

    let version = story.officer.get(&story.monitoring).await.expect(200).version();
    let early = story.officer.act(&format!("{}/analyse", story.monitoring), version).await;
    assert_eq!(early.problem(409), "monitoring-not-ready");
    assert_eq!(early.json()["blocked_by"], json!(["report-submitted"]));
    story.act(&story.officer, &report, "return").await.expect(200);
    story.act(&story.principal, &report, "submit").await.expect(200);
    story.act(&story.officer, &report, "accept").await.expect(200);
    let analysed = story.step("analyse").await;
    let end = story.officer.act(&format!("{}/complete", story.monitoring), analysed.version()).await;
    assert_eq!(end.problem(409), "monitoring-not-ready");
    assert_eq!(end.json()["blocked_by"], json!(["note-not-registered"]));
}

#[rstest]
#[actix_web::test]
async fn a_school_joins_by_order_and_is_released_with_a_reason(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let third = story.app.given_school(&story.municipality, "Школа № 3", 2);
    let order = registered_order(&story.officer, &story.head, "300").await;
    let path = format!("{}/schools", story.monitoring);
    let version = story.officer.get(&story.monitoring).await.expect(200).version();

    let unknown = json!({ "school_id": story.order, "order_id": third });
    assert_eq!(
        story.officer.act_with(&path, version, &unknown).await.violations(422),
        ["/order_id unknown-reference", "/school_id unknown-reference"]
    );
    let join = json!({ "school_id": third, "order_id": order });
    let joined = story.officer.act_with(&path, version, &join).await.expect(200);
    assert_eq!(joined["schools"].as_array().unwrap().len(), 3);
    let twice = story.officer.act_with(&path, joined.version(), &join).await;
    assert_eq!(twice.problem(409), "school-in-monitoring");

    let report = story.report_of(Some(&third)).await;
    let leave = json!({ "reason": "Исключена из перечня" });
    let release = format!("{path}/{third}/release");
    let released = story.officer.act_with(&release, joined.version(), &leave).await.expect(200);
    assert_eq!(story.officer.get(&report).await.expect(200)["status"], "cancelled");
    let again = story.officer.act_with(&release, released.version(), &leave).await;
    assert_eq!(again.problem(409), "monitoring-state");
}

#[rstest]
#[actix_web::test]
async fn a_deadline_makes_late_and_overdue_and_never_blocks(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    let overdue = "/api/v1/reports?overdue=true&count=exact";
    assert_eq!(story.officer.get(overdue).await.expect(200)["page"]["count"], 0);

    story.app.set_date("2023-12-23");
    let officer = story.app.as_officer(&story.municipality);
    let principal = story.app.as_school_head(&story.municipality, &story.schools[0]);
    assert_eq!(officer.get(overdue).await.expect(200)["page"]["count"], 3);
    let sent = story.act(&principal, &report, "submit").await.expect(200);
    assert_eq!((&sent["late"], &sent["overdue"]), (&json!(true), &json!(false)));
    assert_eq!(officer.get(overdue).await.expect(200)["page"]["count"], 2);
    let rest = officer.get("/api/v1/reports?overdue=false").await.expect(200);
    assert_eq!(statuses(&rest), ["submitted"]);

    let progress = officer.get(&format!("{}/progress", story.monitoring)).await.expect(200);
    assert_eq!(
        (&progress["due_in_days"], &progress["overdue"], &progress["late"]),
        (&json!(-1), &json!(2), &json!(1))
    );
    assert_eq!(progress["reports"][1]["completeness"], json!({ "filled": 1, "total": 2 }));
}

#[rstest]
#[actix_web::test]
async fn what_was_first_submitted_in_time_stays_in_time(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    story.app.set_date("2023-12-22");
    let principal = story.app.as_school_head(&story.municipality, &story.schools[0]);
    let sent = story.act(&principal, &report, "submit").await.expect(200);
    assert_eq!((&sent["late"], &sent["first_submitted_at"]), (&json!(false), &json!("2023-12-22T09:00:00Z")));
    let officer = story.app.as_officer(&story.municipality);
    story.act(&officer, &report, "return").await.expect(200);

    story.app.set_date("2023-12-25");
    let principal = story.app.as_school_head(&story.municipality, &story.schools[0]);
    let again = story.act(&principal, &report, "submit").await.expect(200);
    assert_eq!(
        (&again["late"], &again["submitted_at"], &again["first_submitted_at"]),
        (&json!(false), &json!("2023-12-25T09:00:00Z"), &sent["first_submitted_at"])
    );
    let back = story.act(&principal, &report, "withdraw").await.expect(200);
    assert_eq!(back["first_submitted_at"], sent["first_submitted_at"], "the first one was never taken back");
}

#[rstest]
#[actix_web::test]
async fn a_submission_taken_back_keeps_nothing_in_time(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    story.act(&story.principal, &report, "submit").await.expect(200);
    let back = story.act(&story.principal, &report, "withdraw").await.expect(200);
    assert_eq!((&back["late"], &back["first_submitted_at"]), (&json!(false), &Value::Null));

    story.app.set_date("2023-12-25");
    let principal = story.app.as_school_head(&story.municipality, &story.schools[0]);
    assert_eq!(story.act(&principal, &report, "submit").await.expect(200)["late"], true);
}

#[rstest]
#[actix_web::test]
async fn items_and_history_come_in_pages(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    let codes = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|i| i["code"].as_str().unwrap().to_owned()).collect()
    };
    let first = story.officer.get(&format!("{report}/items")).await.expect(200);
    assert_eq!((&first["items"], &first["content"]), (&json!([]), &json!("hidden")));

    let one = story.principal.get(&format!("{report}/items?limit=1&count=exact")).await;
    assert!(one.header("link").is_some_and(|link| link.ends_with("rel=\"next\"")));
    let one = one.expect(200);
    assert_eq!(codes(&one), ["S1"]);
    assert_eq!(
        (&one["content"], &one["page"]["count"], &one["page"]["has_more"]),
        (&json!("current"), &json!(2), &json!(true))
    );
    let two = story.principal.get(one["page"]["next"].as_str().unwrap()).await.expect(200);
    assert_eq!((codes(&two), &two["page"]["next"]), (vec!["S2".to_owned()], &Value::Null));
    let all = story.principal.get(&format!("{report}/items?sort=-position")).await.expect(200);
    assert_eq!(codes(&all), ["S2", "S1"]);
    assert_eq!(all["page"], json!({ "limit": 50, "next": null, "has_more": false }));
    let done = story.principal.get(&format!("{report}/items?status=done")).await.expect(200);
    assert_eq!(done["items"], json!([]));

    story.fill(&report).await;
    let actions = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|i| i["action"].as_str().unwrap().to_owned()).collect()
    };
    let life = story.principal.get(&format!("{report}/history?limit=2")).await.expect(200);
    let rest = story.principal.get(life["page"]["next"].as_str().unwrap()).await.expect(200);
    assert_eq!([actions(&life), actions(&rest)].concat()[0], "create");
    assert_eq!((actions(&life).len(), actions(&rest).len()), (2, 1));
    assert_eq!(rest["page"]["next"], Value::Null);
    let made = story.principal.get(&format!("{report}/history?action=create")).await.expect(200);
    assert_eq!(actions(&made), ["create"]);
    let back = story.principal.get(&format!("{report}/history?sort=-seq&limit=1")).await.expect(200);
    assert_eq!(back["items"][0], rest["items"][0]);
}

#[rstest]
#[actix_web::test]
async fn closing_a_school_ends_its_open_report(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    let path = format!("/api/v1/schools/{}/close", story.schools[0]);
    let tomorrow =
        json!({ "kind": "liquidated", "successor_id": story.schools[1], "closed_on": "2023-03-02" });
    assert_eq!(
        story.officer.act_with(&path, 1, &tomorrow).await.violations(422),
        ["/closed_on future-date", "/successor_id not-allowed"]
    );

    let body = json!({ "kind": "reorganised", "successor_id": story.schools[1], "closed_on": "2023-03-01" });
    let closed = story.officer.act_with(&path, 1, &body).await.expect(200);
    assert_eq!(closed["status"], "closed");
    assert_eq!(story.officer.get(&report).await.expect(200)["status"], "cancelled");
    let again = story.officer.act_with(&path, closed.version(), &body).await;
    assert_eq!(again.problem(409), "school-closed");

    let ended = story.principal.get(&report).await.expect(200);
    let change = json!({ "summary": "Итоги" });
    let refused = story.principal.patch(&report, ended.version(), &change).await;
    assert_eq!(refused.problem(403), "read-only-account", "its people still read, and only that");
    let accounts = format!("/api/v1/accounts?school_id={}", story.schools[0]);
    let accounts = story.head.get(&accounts).await.expect(200);
    let person =
        accounts["items"].as_array().unwrap().iter().find(|one| one["role"] == "school_head").unwrap();
    assert_eq!(person["read_only_until"], "2023-05-30");
    let path = format!("/api/v1/accounts/{}", person.id());
    let place = json!({ "school_id": story.schools[1] });
    let admin = story.app.as_admin();
    let moved = admin.patch(&path, person.version(), &place).await.expect(200);
    assert_eq!(moved["read_only_until"], Value::Null, "where he went he writes again");
    let next = story.report_of(Some(&story.schools[1])).await;
    let version = story.principal.get(&next).await.expect(200).version();
    story.principal.patch(&next, version, &change).await.expect(200);
}
