//! A measure is asked for until it is accounted for, after its due day too, but not for ever.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::{Campaign, done};
use crate::client::Resource;
use crate::obligations::{approved_map, by, go_to, measure, obligations, told};

/// The measures that are to be carried out: number, days left, days over, status.
async fn to_carry_out(story: &Campaign) -> Vec<(String, Value, i64, String)> {
    let found = obligations(&story.principal, "kind=carry_out_measure").await;
    let show = |one: &Value| {
        let title = one["subject"]["title"].as_str().unwrap();
        let code = title.split(' ').next().unwrap().to_owned();
        let status = one["status"].as_str().unwrap().to_owned();
        (code, one["due_in_days"].clone(), one["overdue_days"].as_i64().unwrap(), status)
    };
    found.iter().map(show).collect()
}

/// The school's own map in force, with a measure due on this day.
async fn own_map(story: &Campaign, parent: &str, due: &str) -> String {
    let own = json!({
        "title": "Карта школы", "period_start": "2023-01-01", "period_end": "2023-12-31", "parent_id": parent
    });
    let own = story.principal.post("/api/v1/road-maps", &own).await.expect(201);
    let path = format!("/api/v1/road-maps/{}", own.id());
    let measures = json!([measure("O1", "school", &by(due))]);
    story.principal.post(&format!("{path}/measures"), &measures).await.expect(201);
    let version = story.principal.get(&path).await.expect(200).version();
    let approval = json!({"approval": {"number": "7", "date": "2023-03-01"}});
    story.principal.act_with(&format!("{path}/approve"), version, &approval).await.expect(200);
    path
}

#[rstest]
#[actix_web::test]
async fn a_measure_stays_after_its_due_day_until_it_is_accounted_for(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(mut story) = Campaign::planned(on).await else {
        return;
    };
    let mut free = measure("F1", "school", &by("2023-04-14"));
    free["counts_in_compliance"] = json!(false);
    let ahead =
        json!({"kind": "period", "text": "в мае", "start_date": "2023-05-10", "end_date": "2023-05-20"});
    let measures = json!([measure("S9", "school", &by("2023-04-14")), free, measure("P1", "school", &ahead)]);
    let map = approved_map(&story, &measures).await;
    let own = own_map(&story, &map, "2023-04-14").await;

    for (instant, left, over, status) in [
        ("2023-04-12T21:00:00Z", json!(1), 0, "current"),
        ("2023-04-14T20:59:59Z", json!(0), 0, "current"),
        ("2023-04-14T21:00:00Z", Value::Null, 1, "overdue"),
        ("2023-04-24T09:00:00Z", Value::Null, 10, "overdue"),
    ] {
        go_to(&mut story, instant);
        let mut expected: Vec<String> = ["F1", "O1", "P1", "S1", "S9"].map(str::to_owned).to_vec();
        if over > 0 {
            expected.retain(|code| code != "F1");
        }
        let found = to_carry_out(&story).await;
        let mut codes: Vec<String> = found.iter().map(|(code, ..)| code.clone()).collect();
        codes.sort();
        assert_eq!(codes, expected, "what does not count is not missed: {instant}");
        for (code, due_in, days, standing) in found.into_iter().filter(|one| one.0 != "P1" && one.0 != "S1") {
            assert_eq!(
                (due_in, days, standing),
                (left.clone(), over, status.to_owned()),
                "{code} at {instant}"
            );
        }
    }
    let upcoming = &obligations(&story.principal, "due_date=2023-05-20").await[0];
    assert_eq!((&upcoming["status"], &upcoming["start_date"]), (&json!("upcoming"), &json!("2023-05-10")));

    let lists = story.officer.get("/api/v1/support-lists").await.expect(200);
    let plan = json!({
        "road_map_id": map, "order_id": story.order, "support_list_ids": [lists["items"][0].id()],
        "period_start": "2023-01-01", "period_end": "2023-12-31", "report_deadline": "2023-12-20"
    });
    let planned = story.officer.post("/api/v1/monitorings", &plan).await.expect(201);
    story.monitoring = format!("/api/v1/monitorings/{}", planned.id());
    story.step("open").await;
    let (own_one, first) = ("carry_out_measure 2023-04-14", "carry_out_measure 2023-02-15");
    let rest = ["fill_item 2023-05-20", "submit_report 2023-12-20"];
    assert_eq!(
        told(&story.principal).await,
        [first, own_one, "fill_item 2023-04-14", rest[0], rest[1]],
        "the report asks for S9 in place of the road map, and for no measure of the own map"
    );
    let asked = &obligations(&story.principal, "due_date=2023-05-20").await[0];
    assert_eq!(
        (&asked["kind"], &asked["status"], &asked["start_date"]),
        (&json!("fill_item"), &json!("upcoming"), &json!("2023-05-10"))
    );
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S9").await;
    story.principal.put(&item, 1, &done()).await.expect(200);
    assert_eq!(told(&story.principal).await, [first, own_one, rest[0], rest[1]]);

    let version = story.principal.get(&own).await.expect(200).version();
    story.principal.act(&format!("{own}/close"), version).await.expect(200);
    assert_eq!(told(&story.principal).await, [first, rest[0], rest[1]], "a closed map asks for nothing");
}

/// Nobody can tell the service that a measure of a school's own map was done.
#[rstest]
#[actix_web::test]
async fn a_school_is_reminded_of_its_own_map_for_a_month(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Campaign::planned(on).await else { return };
    let map = approved_map(&story, &json!([measure("S9", "school", &by("2023-04-14"))])).await;
    own_map(&story, &map, "2023-04-14").await;
    for (day, reminded) in [("2023-05-14T09:00:00Z", true), ("2023-05-15T09:00:00Z", false)] {
        go_to(&mut story, day);
        let codes: Vec<String> = to_carry_out(&story).await.into_iter().map(|one| one.0).collect();
        assert!(codes.contains(&"S9".to_owned()), "a report will tell of it: {day}");
        assert_eq!(codes.contains(&"O1".to_owned()), reminded, "{day}");
    }
}

#[rstest]
#[actix_web::test]
async fn an_old_map_that_nobody_closed_asks_for_three_months_more(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Campaign::planned(on).await else {
        return;
    };
    for (instant, expected) in [
        ("2023-12-31T09:00:00Z", vec![("S1".to_owned(), Value::Null, 319, "overdue".to_owned())]),
        ("2024-03-31T20:59:59Z", vec![("S1".to_owned(), Value::Null, 410, "overdue".to_owned())]),
        ("2024-03-31T21:00:00Z", Vec::new()),
    ] {
        go_to(&mut story, instant);
        assert_eq!(to_carry_out(&story).await, expected, "{instant}");
    }
}
