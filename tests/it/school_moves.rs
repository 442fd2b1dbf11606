//! Schools in support lists, and on their way to another municipality.

use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::db::schema::{
    account_schools, audit_events, monitoring_schools, monitorings, reports, road_maps, schools,
};
use school_roadmap::kit::id::{MonitoringId, MunicipalityId, ReportId, RoadMapId, SchoolId};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Resource};

const LIST: &str = "/api/v1/schools";

fn at(id: &SchoolId) -> String {
    format!("{LIST}/{id}")
}

fn transfer(id: &SchoolId) -> String {
    format!("{LIST}/{id}/transfer")
}

fn to(municipality: &MunicipalityId) -> Value {
    json!({ "municipality_id": municipality })
}

async fn names(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("{LIST}?sort=short_name&{query}")).await.expect(200);
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["short_name"].as_str().unwrap().to_owned()).collect()
}

/// A registered order of the municipality.
async fn given_order(head: &Client, number: &str, kind: &str) -> String {
    let order = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": number,
        "date": "2023-02-01", "title": "Приказ", "kind": kind
    });
    let order = head.post("/api/v1/orders", &order).await.expect(201);
    head.act(&format!("/api/v1/orders/{}/register", order.id()), 1).await.expect(200).id()
}

/// An approved list of one school; answers with the list's path and the entry's.
async fn given_list(head: &Client, number: &str, category: &str, school: &SchoolId) -> (String, String) {
    let order = given_order(head, number, "list").await;
    let list = json!({
        "level": "municipal", "category": category, "results_year": 2022, "order_id": order,
        "valid_from": "2023-02-10", "valid_to": "2023-12-31"
    });
    let list = head.post("/api/v1/support-lists", &list).await.expect(201);
    let path = format!("/api/v1/support-lists/{}", list.id());
    let entry = head.post(&format!("{path}/entries"), &json!({ "school_id": school })).await.expect(201);
    let version = head.get(&path).await.expect(200).version();
    head.act(&format!("{path}/approve"), version).await.expect(200);
    let entry = format!("{path}/entries/{}", entry.id());
    (path, entry)
}

/// A monitoring in this state that counts the school, past the API.
async fn given_monitoring(
    app: &TestApp,
    head: &Client,
    municipality: &MunicipalityId,
    school: &SchoolId,
) -> MonitoringId {
    let order = given_order(head, "515", "monitoring").await;
    let (map, id, now) = (RoadMapId::generate(), MonitoringId::generate(), app.clock.now().naive_utc());
    let day = app.clock.today();
    let conn = &mut app.connection();
    diesel::insert_into(road_maps::table)
        .values((
            road_maps::id.eq(&map),
            road_maps::municipality_id.eq(municipality),
            road_maps::level.eq("municipal"),
            road_maps::title.eq("Дорожная карта"),
            road_maps::search_text.eq("дорожная карта"),
            road_maps::tasks.eq("[]"),
            road_maps::period_start.eq(day),
            road_maps::period_end.eq(day),
            road_maps::edition.eq(1),
            road_maps::status.eq("approved"),
            road_maps::created_at.eq(now),
            road_maps::updated_at.eq(now),
        ))
        .execute(conn)
        .unwrap();
    diesel::insert_into(monitorings::table)
        .values((
            monitorings::id.eq(&id),
            monitorings::municipality_id.eq(municipality),
            monitorings::road_map_id.eq(&map),
            monitorings::order_id.eq(&order),
            monitorings::support_list_ids.eq("[]"),
            monitorings::period_start.eq(day),
            monitorings::period_end.eq(day),
            monitorings::report_deadline.eq(day),
            monitorings::status.eq("open"),
            monitorings::created_at.eq(now),
            monitorings::updated_at.eq(now),
        ))
        .execute(conn)
        .unwrap();
    diesel::insert_into(monitoring_schools::table)
        .values((
            monitoring_schools::monitoring_id.eq(&id),
            monitoring_schools::school_id.eq(school),
            monitoring_schools::municipality_id.eq(municipality),
            monitoring_schools::short_name.eq("Школа"),
            monitoring_schools::education_levels.eq("[]"),
            monitoring_schools::added_on.eq(day),
        ))
        .execute(conn)
        .unwrap();
    diesel::insert_into(reports::table)
        .values((
            reports::id.eq(ReportId::generate()),
            reports::monitoring_id.eq(&id),
            reports::municipality_id.eq(municipality),
            reports::school_id.eq(school),
            reports::status.eq("draft"),
            reports::created_at.eq(now),
            reports::updated_at.eq(now),
        ))
        .execute(conn)
        .unwrap();
    id
}

fn set_report(app: &TestApp, monitoring: &MonitoringId, status: &str) {
    diesel::update(reports::table.filter(reports::monitoring_id.eq(monitoring)))
        .set(reports::status.eq(status))
        .execute(&mut app.connection())
        .unwrap();
}

fn set_monitoring(app: &TestApp, monitoring: &MonitoringId, status: &str) {
    diesel::update(monitorings::table.find(monitoring))
        .set(monitorings::status.eq(status))
        .execute(&mut app.connection())
        .unwrap();
}

#[rstest]
#[actix_web::test]
async fn low_performance_follows_from_a_list_in_force(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let head = app.as_head(&municipality);
    let weak = app.given_school(&municipality, "МБОУ-Богородицкая СОШ", 0);
    let resilient = app.given_school(&municipality, "МБОУ-Юрьевская СОШ", 1);
    assert_eq!(names(&head, "low_performing=true").await, [""; 0]);

    let (list, entry) = given_list(&head, "123", "low_results", &weak).await;
    given_list(&head, "124", "resilient", &resilient).await;
    assert_eq!(names(&head, "low_performing=true").await, ["МБОУ-Богородицкая СОШ"]);
    assert_eq!(names(&head, "low_performing=false").await, ["МБОУ-Юрьевская СОШ"]);
    assert_eq!(names(&head, "low_performing=true,false").await.len(), 2);
    let wrong = head.get(&format!("{LIST}?low_performing=yes")).await;
    assert_eq!(wrong.violations(400), ["?low_performing invalid-parameter"]);

    let count = async |day: &str| {
        app.set_date(day);
        names(&app.as_head(&municipality), "low_performing=true").await.len()
    };
    assert_eq!([count("2023-02-09").await, count("2023-02-10").await], [0, 1]);
    assert_eq!([count("2023-12-31").await, count("2024-01-01").await], [1, 0]);
    app.set_date("2023-03-01");
    let leaving = json!({
        "order_id": given_order(&head, "300", "list").await, "excluded_on": "2023-02-20", "reason": "improved"
    });
    let version = head.get(&format!("{list}/entries")).await.expect(200)["items"][0].version();
    let left = head.act_with(&format!("{entry}/exclude"), version, &leaving).await;
    assert_eq!(left.status, 200, "{}", left.text());
    assert_eq!([count("2023-02-19").await, count("2023-02-20").await], [1, 0]);
}

#[rstest]
#[actix_web::test]
async fn a_school_moves_with_its_people(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (old, new) = (app.given_municipality("Старый район"), app.given_municipality("Новый район"));
    let id = app.given_school(&old, "МБОУ-Юрьевская СОШ", 0);
    let director = app.as_school_head(&old, &id);
    let (admin, curator) = (app.as_admin(), app.as_curator(&old, &[&id]));
    assert_eq!(director.get(&at(&id)).await.status, 200);
    assert_eq!(curator.get(&at(&id)).await.status, 200);

    let moved = admin.act_with(&transfer(&id), 1, &to(&new)).await.expect(200);
    assert_eq!((moved.version(), &moved["municipality_id"]), (2, &json!(new)));
    assert_eq!(app.as_officer(&old).get(&at(&id)).await.problem(404), "not-found");
    assert_eq!(app.as_officer(&new).get(&at(&id)).await.expect(200)["short_name"], "МБОУ-Юрьевская СОШ");
    assert_eq!(director.get(&at(&id)).await.status, 200, "the people see their school at once");
    assert_eq!(curator.get(&at(&id)).await.problem(404), "not-found");
    let people = app.as_head(&new).get("/api/v1/accounts?role=school_head").await.expect(200);
    assert_eq!((people["items"].as_array().unwrap().len(), people["items"][0].version()), (1, 2));
    let assigned = account_schools::table.filter(account_schools::school_id.eq(&id)).count();
    assert_eq!(assigned.get_result::<i64>(&mut app.connection()).unwrap(), 0);
    let told: Vec<(String, Option<String>)> = audit_events::table
        .filter(audit_events::action.eq("transfer"))
        .select((audit_events::resource, audit_events::municipality_id))
        .order(audit_events::seq)
        .load(&mut app.connection())
        .unwrap();
    let line = |resource: &str, at: &MunicipalityId| (resource.to_owned(), Some(at.to_string()));
    assert_eq!(told, [line("schools", &new), line("accounts", &old), line("accounts", &new)]);

    let same = admin.act_with(&transfer(&id), 2, &to(&new)).await.expect(200);
    assert_eq!(same, moved, "it is there already, so the version stays");
}

#[rstest]
#[actix_web::test]
async fn a_school_with_unfinished_work_stays(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (old, new) = (app.given_municipality("Старый район"), app.given_municipality("Новый район"));
    let id = app.given_school(&old, "МБОУ-Юрьевская СОШ", 0);
    let idle = app.given_school(&old, "МБОУ-Богородицкая СОШ", 1);
    let (admin, head) = (app.as_admin(), app.as_head(&old));
    let monitoring = given_monitoring(&app, &head, &old, &id).await;
    let blocked = async |causes: Value| {
        let refused = admin.act_with(&transfer(&id), 1, &to(&new)).await;
        assert_eq!((refused.problem(409).as_str(), &refused.json()["blocked_by"]), ("school-busy", &causes));
        let transfer = json!({"name": "transfer", "allowed": false, "blocked_by": causes});
        assert_eq!(admin.get(&at(&id)).await.expect(200)["actions"][2], transfer);
        let listed = admin.get(&format!("{LIST}?id={id}")).await.expect(200);
        assert_eq!(listed["items"][0]["actions"][2], transfer);
    };

    blocked(json!(["report-open", "monitoring-open"])).await;
    set_report(&app, &monitoring, "returned");
    blocked(json!(["report-open", "monitoring-open"])).await;
    set_report(&app, &monitoring, "accepted");
    set_monitoring(&app, &monitoring, "analysed");
    blocked(json!(["monitoring-open"])).await;
    let free = admin.get(&at(&idle)).await.expect(200);
    assert_eq!(free["actions"][2]["allowed"], true, "another school's work holds nobody");
    assert_eq!(head.patch(&at(&id), 1, &json!({"phone": "+7 48642 2-14-71"})).await.expect(200).version(), 2);
    set_monitoring(&app, &monitoring, "completed");
    admin.act_with(&transfer(&id), 2, &to(&new)).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_school_released_from_a_monitoring_may_go(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (old, new) = (app.given_municipality("Старый район"), app.given_municipality("Новый район"));
    let id = app.given_school(&old, "МБОУ-Юрьевская СОШ", 0);
    let monitoring = given_monitoring(&app, &app.as_head(&old), &old, &id).await;

    set_report(&app, &monitoring, "cancelled");
    diesel::update(monitoring_schools::table)
        .set(monitoring_schools::released_on.eq(app.clock.today()))
        .execute(&mut app.connection())
        .unwrap();
    app.as_admin().act_with(&transfer(&id), 1, &to(&new)).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_transfer_is_refused_in_the_order_of_the_contract(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (old, new) = (app.given_municipality("Старый район"), app.given_municipality("Новый район"));
    let id = app.given_school(&old, "МБОУ-Юрьевская СОШ", 0);
    app.given_school(&new, "МБОУ-Юрьевская СОШ", 1);
    let (admin, head) = (app.as_admin(), app.as_head(&old));

    assert_eq!(head.act_with(&transfer(&id), 1, &to(&new)).await.problem(403), "forbidden");
    let missing = admin.act_with(&transfer(&SchoolId::generate()), 1, &to(&new)).await;
    assert_eq!(missing.problem(404), "not-found");
    let unknown_member = json!({"municipality": new});
    assert_eq!(
        admin.act_with(&transfer(&id), 9, &unknown_member).await.violations(400),
        ["/municipality unknown-member"]
    );
    assert_eq!(admin.post(&transfer(&id), &to(&new)).await.problem(428), "precondition-required");
    assert_eq!(admin.act_with(&transfer(&id), 9, &to(&new)).await.problem(412), "stale");
    let nowhere = admin.act_with(&transfer(&id), 1, &to(&MunicipalityId::generate())).await;
    assert_eq!(nowhere.violations(422), ["/municipality_id unknown-reference"]);
    assert_eq!(admin.act_with(&transfer(&id), 1, &to(&new)).await.problem(409), "school-exists");
    diesel::update(schools::table.find(&id))
        .set(schools::status.eq("closed"))
        .execute(&mut app.connection())
        .unwrap();
    assert_eq!(admin.act_with(&transfer(&id), 1, &json!({})).await.problem(409), "school-closed");
    assert_eq!(
        app.as_officer(&old).get(&at(&id)).await.expect(200).version(),
        1,
        "a refusal changes nothing"
    );
}
