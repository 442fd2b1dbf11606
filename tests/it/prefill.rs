//! A new report starts with what the school told last year, and says that it does.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::{Campaign, done, evidence};
use crate::client::Resource;

/// The first school's report of 2023: S1 done with evidence, S2 as given; accepted.
async fn accepted(story: &Campaign, mentors: &Value) -> String {
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    let item = story.item(&story.principal, &report, "S2").await;
    story.principal.put(&item, 1, mentors).await.expect(200);
    story.act(&story.principal, &report, "submit").await.expect(200);
    story.act(&story.officer, &report, "accept").await.expect(200);
    report
}

fn going_on() -> Value {
    json!({ "status": "in_progress", "result": "Наставники закреплены за двумя педагогами" })
}

/// `code: status, day, result, carried over` of every item.
async fn told(story: &Campaign, report: &str) -> Vec<String> {
    let items = story.principal.get(&format!("{report}/items")).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |item: &Value| {
        let fields = ["code", "status", "actual_date", "result"].map(|name| text(&item[name]));
        format!("{} {}", fields.join(" "), item["carried_over"])
    };
    items["items"].as_array().unwrap().iter().map(line).collect()
}

#[rstest]
#[actix_web::test]
async fn a_new_report_repeats_the_accepted_one_and_counts_nothing_of_it(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else { return };
    accepted(&story, &going_on()).await;
    let story = story.next_year().await;
    story.step("open").await;

    let report = story.report_of(Some(&story.schools[0])).await;
    assert_eq!(
        told(&story, &report).await,
        ["S1 done - Проведено true", "S2 in_progress - Наставники закреплены за двумя педагогами true"],
        "the day of last year proves nothing of this one"
    );
    let items = story.principal.get(&format!("{report}/items?carried_over=true")).await.expect(200);
    assert_eq!(items["items"].as_array().unwrap().len(), 2);
    assert_eq!(items["items"][0]["evidence"], json!([]), "nor does its evidence");
    let counted = story.principal.get(&report).await.expect(200);
    assert_eq!(counted["completeness"], json!({ "filled": 0, "total": 2 }));
    assert_eq!((&counted["carried_over_items"], &counted["version"]), (&json!(2), &json!(1)));
    let other = story.report_of(Some(&story.schools[1])).await;
    let other = story.officer.get(&other).await.expect(200);
    assert_eq!(other["carried_over_items"], 0, "a school without an accepted report starts afresh");
    let own = story.report_of(None).await;
    assert_eq!(story.officer.get(&own).await.expect(200)["carried_over_items"], 0);
}

#[rstest]
#[actix_web::test]
async fn what_is_carried_over_is_no_answer_until_somebody_looks_at_it(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else { return };
    accepted(&story, &going_on()).await;
    let story = story.next_year().await;
    story.step("open").await;
    let report = story.report_of(Some(&story.schools[0])).await;

    let refused = story.act(&story.principal, &report, "submit").await;
    assert_eq!(refused.violations(422), ["/items/S1 carried-over"], "the all-year measure may wait");
    let item = story.item(&story.principal, &report, "S1").await;
    let mut same = done();
    same["actual_date"] = Value::Null;
    let looked_at = story.principal.put(&item, 1, &same).await.expect(200);
    assert_eq!((&looked_at["carried_over"], looked_at.version()), (&json!(false), 2));
    let again = story.principal.put(&item, 2, &same).await.expect(200);
    assert_eq!(again.version(), 2, "the second time nothing changes");
    let refused = story.act(&story.principal, &report, "submit").await;
    assert_eq!(refused.violations(422), ["/items/S1 evidence-missing"]);
    story.principal.post(&format!("{item}/evidence"), &evidence()).await.expect(201);
    let sent = story.act(&story.principal, &report, "submit").await.expect(200);
    assert_eq!(sent["completeness"], json!({ "filled": 1, "total": 2 }));
    let version = story.officer.get(&format!("{report}/versions/1")).await.expect(200);
    assert_eq!(version["items"][1]["carried_over"], true, "the reader sees the mark");

    story.act(&story.officer, &report, "accept").await.expect(200);
    let mentors = story.officer.get(&format!("{}/conclusions/2.3", story.monitoring)).await.expect(200);
    let missing = mentors["explanation"]["schools_missing"].as_array().unwrap();
    assert_eq!(missing.len(), 2, "a measure that only repeats last year is not met: {mentors}");

    story.act(&story.officer, &report, "return").await.expect(200);
    let item = story.item(&story.principal, &report, "S2").await;
    story.principal.post(&format!("{item}/evidence"), &evidence()).await.expect(201);
    let proven = story.principal.get(&item).await.expect(200);
    assert_eq!(proven["carried_over"], false, "new evidence says that somebody has looked");
    story.act(&story.principal, &report, "submit").await.expect(200);
    let diff = story.officer.get(&format!("{report}/diff")).await.expect(200);
    let pointers: Vec<&str> =
        diff["changes"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    assert_eq!((pointers[0], pointers.len()), ("/items/S2/carried_over", 2), "the mark, then the evidence");
}

#[rstest]
#[actix_web::test]
async fn only_what_somebody_answered_for_is_carried_over(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let mut named = going_on();
    named["result"] = json!("Наставник Ирина Петровна");
    named["personal_data_confirmed"] = json!(true);
    accepted(&story, &named).await;
    let other = story.report_of(Some(&story.schools[1])).await;
    let second = story.app.as_school_head(&story.municipality, &story.schools[1]);
    let item = story.item(&second, &other, "S1").await;
    second.put(&item, 1, &done()).await.expect(200);

    let story = story.next_year().await;
    story.step("open").await;
    let report = story.report_of(Some(&story.schools[0])).await;
    let lines = told(&story, &report).await;
    assert_eq!(lines[1], "S2 in_progress - - true", "a name confirmed for one report stays in it");
    let other = story.report_of(Some(&story.schools[1])).await;
    let other = story.officer.get(&other).await.expect(200);
    assert_eq!(other["carried_over_items"], 0, "what was never accepted is not repeated");
}

#[rstest]
#[actix_web::test]
async fn a_school_added_later_and_the_municipality_are_prefilled_too(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else { return };
    let own = story.report_of(None).await;
    let item = story.item(&story.officer, &own, "M1").await;
    story.officer.put(&item, 1, &done()).await.expect(200);
    story.act(&story.officer, &own, "submit").await.expect(200);
    story.act(&story.head, &own, "accept").await.expect(200);
    let third = story.app.given_school(&story.municipality, "Школа № 3", 2);
    let joined = json!({ "school_id": third, "order_id": story.order });
    let version = story.officer.get(&story.monitoring).await.expect(200).version();
    story.officer.act_with(&format!("{}/schools", story.monitoring), version, &joined).await.expect(200);
    let report = story.report_of(Some(&third)).await;
    let school = story.app.as_school_head(&story.municipality, &third);
    let item = story.item(&school, &report, "S1").await;
    school.put(&item, 1, &done()).await.expect(200);
    school.post(&format!("{item}/evidence"), &evidence()).await.expect(201);
    story.act(&school, &report, "submit").await.expect(200);
    story.act(&story.officer, &report, "accept").await.expect(200);

    let story = story.next_year().await;
    story.step("open").await;
    let own = story.report_of(None).await;
    assert_eq!(story.officer.get(&own).await.expect(200)["carried_over_items"], 1);
    let version = story.officer.get(&story.monitoring).await.expect(200).version();
    story.officer.act_with(&format!("{}/schools", story.monitoring), version, &joined).await.expect(200);
    let report = story.report_of(Some(&third)).await;
    assert_eq!(story.officer.get(&report).await.expect(200)["carried_over_items"], 1);
}
