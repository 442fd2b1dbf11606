//! What others do with support lists: monitorings take their schools, closings end entries.

use chrono::NaiveDate;
use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::db::schema::{changes, monitorings, road_maps};
use school_roadmap::db::{Actor, Mode, transact};
use school_roadmap::error::Error;
use school_roadmap::features::support_lists::{
    SchoolInLists, entries_for_monitoring, exclude_closed_school, lists_of,
};
use school_roadmap::kit::id::{MonitoringId, OrderId, RoadMapId, SupportListId};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::Resource;
use crate::support_lists::District;

const PATH: &str = "/api/v1/support-lists";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn id_of(list: &Value) -> SupportListId {
    SupportListId(list.id())
}

/// A monitoring in a state, on a list.
fn given_monitoring(
    app: &TestApp,
    district: &District,
    order: &str,
    list: &Value,
    status: &str,
) -> MonitoringId {
    let (map, id) = (RoadMapId::generate(), MonitoringId::generate());
    let now = app.clock.now().naive_utc();
    let mut conn = app.connection();
    diesel::insert_into(road_maps::table)
        .values((
            road_maps::id.eq(&map),
            road_maps::municipality_id.eq(&district.id),
            road_maps::level.eq("municipal"),
            road_maps::title.eq("Карта"),
            road_maps::search_text.eq("карта"),
            road_maps::tasks.eq("[]"),
            road_maps::period_start.eq(day("2023-01-01")),
            road_maps::period_end.eq(day("2023-12-31")),
            road_maps::edition.eq(1),
            road_maps::status.eq("approved"),
            road_maps::created_at.eq(now),
            road_maps::updated_at.eq(now),
        ))
        .execute(&mut conn)
        .unwrap();
    diesel::insert_into(monitorings::table)
        .values((
            monitorings::id.eq(&id),
            monitorings::municipality_id.eq(&district.id),
            monitorings::road_map_id.eq(&map),
            monitorings::order_id.eq(order),
            monitorings::support_list_ids.eq(json!([list.id()]).to_string()),
            monitorings::period_start.eq(day("2023-01-01")),
            monitorings::period_end.eq(day("2023-12-31")),
            monitorings::report_deadline.eq(day("2023-12-22")),
            monitorings::status.eq(status),
            monitorings::created_at.eq(now),
            monitorings::updated_at.eq(now),
        ))
        .execute(&mut conn)
        .unwrap();
    id
}

#[rstest]
#[actix_web::test]
async fn a_list_is_not_cancelled_under_a_running_monitoring(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let district = District::of(&app);
    let order = district.registered_order("513").await;
    let list = district.approved(&order, &[0]).await;
    let cancel = format!("{PATH}/{}/cancel", list.id());
    assert_eq!(district.head.act_with(&cancel, 2, &json!({})).await.violations(422), ["/reason required"]);
    let body = json!({"reason": "Отменён приказом № 560"});
    let monitoring = given_monitoring(&app, &district, &order, &list, "open");

    for status in ["open", "collected", "analysed"] {
        diesel::update(monitorings::table.find(&monitoring))
            .set(monitorings::status.eq(status))
            .execute(&mut app.connection())
            .unwrap();
        let refused = district.head.act_with(&cancel, 2, &body).await;
        assert_eq!(refused.problem(409), "support-list-in-use", "{status}");
        assert_eq!(refused.json()["blocked_by"], json!(["support-list-in-use"]));
    }
    diesel::update(monitorings::table.find(&monitoring))
        .set(monitorings::status.eq("completed"))
        .execute(&mut app.connection())
        .unwrap();
    assert_eq!(district.officer.act_with(&cancel, 2, &body).await.problem(403), "forbidden");
    let cancelled = district.head.act_with(&cancel, 2, &body).await.expect(200);
    assert_eq!((&cancelled["status"], &cancelled["cancel_reason"]), (&json!("cancelled"), &body["reason"]));

    let draft = district.draft(&order, &[1]).await;
    given_monitoring(&app, &district, &order, &draft, "planned");
    let refused = district.officer.delete(&format!("{PATH}/{}", draft.id()), 1).await;
    assert_eq!(refused.problem(409), "support-list-in-use", "a planned monitoring names it");
}

#[rstest]
#[actix_web::test]
async fn a_monitoring_takes_each_school_of_its_lists_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let district = District::of(&app);
    let order = district.registered_order("513").await;
    let first = district.approved(&order, &[1, 0, 2]).await;
    let second =
        json!({"level": "federal", "category": "low_results", "results_year": 2022, "order_id": order});
    let second = district.officer.post(PATH, &second).await.expect(201);
    let join = json!([{"school_id": district.schools[0]}]);
    district.officer.post(&format!("{PATH}/{}/entries", second.id()), &join).await.expect(201);
    let entries = format!("{PATH}/{}/entries", first.id());
    for (school, excluded_on) in [(0, "2023-05-01"), (1, "2023-06-01"), (2, "2023-07-01")] {
        let found = district.officer.get(&format!("{entries}?school_id={}", district.schools[school])).await;
        let path = format!("{entries}/{}/exclude", found.expect(200)["items"][0].id());
        let body = json!({"order_id": order, "excluded_on": excluded_on, "reason": "improved"});
        district.officer.act_with(&path, 1, &body).await.expect(200);
    }
    let taken = |on: &str, from: &str, to: &str| -> Vec<(String, Option<String>)> {
        let ids = [id_of(&second), id_of(&first)];
        let found = entries_for_monitoring(&mut app.connection(), &ids, day(on), day(from), day(to)).unwrap();
        let told = |school: SchoolInLists| {
            assert_eq!(school.education_levels, r#"["primary","basic","secondary"]"#);
            (school.short_name, school.left_list_on.map(|day| day.to_string()))
        };
        found.into_iter().map(told).collect()
    };
    let school = |n: usize, left: Option<&str>| (format!("Школа № {n}"), left.map(str::to_owned));

    let year = ("2023-01-01", "2023-12-31");
    let all = [school(1, Some("2023-05-01")), school(2, Some("2023-06-01")), school(3, None)];
    assert_eq!(taken("2023-06-30", year.0, year.1), all, "the second list is a draft yet");
    district.head.act(&format!("{PATH}/{}/approve", second.id()), 1).await.expect(200);
    let all = [school(1, None), school(2, Some("2023-06-01")), school(3, None)];
    assert_eq!(
        taken("2023-06-30", year.0, year.1),
        all,
        "one row: the first school stands in the second list"
    );
    let later = [school(1, None), school(3, Some("2023-07-01"))];
    assert_eq!(taken("2023-12-08", "2023-06-02", "2023-07-01"), later, "school 2 left before the period");
    assert_eq!(taken("2023-12-08", "2023-07-02", "2023-12-31"), [school(1, None)]);

    let mut listed = lists_of(&mut app.connection(), &[id_of(&first), id_of(&second)]).unwrap();
    listed.retain(|row| row.order_id == OrderId(order.clone()));
    assert_eq!(listed.iter().map(|row| row.level.to_string()).collect::<Vec<_>>(), ["federal", "regional"]);
}

#[rstest]
#[actix_web::test]
async fn the_closing_of_a_school_ends_its_open_entries(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let district = District::of(&app);
    let order = district.registered_order("513").await;
    let superseded = district.approved(&order, &[0]).await;
    let approved = district.approved(&order, &[0, 1]).await;
    let draft = district.draft(&order, &[0]).await;

    let actor = Actor::without_account("municipal_head", "closing".into());
    let (school, closing) = (district.schools[0].clone(), OrderId(order.clone()));
    transact::<_, Error, _>(&mut app.connection(), &actor, app.clock.now(), Mode::Keep, |tx| {
        exclude_closed_school(tx, &school, day("2023-03-01"), Some(&closing))
    })
    .unwrap();

    let entry = async |list: &Value| {
        let path = format!("{PATH}/{}/entries?school_id={school}", list.id());
        district.officer.get(&path).await.expect(200)["items"][0].clone()
    };
    for list in [&approved, &draft] {
        let entry = entry(list).await;
        assert_eq!((&entry["excluded_on"], entry.version()), (&json!("2023-03-01"), 2));
        assert_eq!(
            (&entry["exclusion_reason"], &entry["excluded_by_order_id"]),
            (&json!("reorganised"), &json!(order))
        );
    }
    assert_eq!(entry(&superseded).await["excluded_on"], Value::Null, "an ended list stays as it is");
    let read = district.officer.get(&format!("{PATH}/{}", draft.id())).await.expect(200);
    assert_eq!(read["schools_total"], 0, "the draft has nobody left");
    let told: Vec<(bool, bool)> = changes::table
        .filter(changes::request_id.eq("closing"))
        .order(changes::seq)
        .select((changes::visible_before, changes::visible_after))
        .load(&mut app.connection())
        .unwrap();
    assert_eq!(told, [(true, true), (false, false)], "a region hears only of the list in force");
}
