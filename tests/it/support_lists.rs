//! Support lists: drafted, approved by an order, superseded; schools join and leave them.

use rstest::rstest;
use school_roadmap::kit::id::{MunicipalityId, SchoolId};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};

const PATH: &str = "/api/v1/support-lists";
const NOBODY: &str = "0192f0c1-0000-7000-8000-000000000000";

/// A municipality with four schools, its head and its officer.
pub struct District {
    pub id: MunicipalityId,
    pub schools: Vec<SchoolId>,
    pub head: Client,
    pub officer: Client,
}

impl District {
    pub fn of(app: &TestApp) -> Self {
        let id = app.given_municipality("Хотынецкий район");
        let schools = (0..4).map(|n| app.given_school(&id, &format!("Школа № {}", n + 1), n)).collect();
        Self { head: app.as_head(&id), officer: app.as_officer(&id), id, schools }
    }

    /// A draft of an order.
    pub async fn order(&self, number: &str) -> Value {
        let body = json!({
            "issuer": "Отдел образования", "issuer_level": "municipal", "number": number,
            "date": "2023-03-01", "title": "О перечне школ", "kind": "list"
        });
        self.officer.post("/api/v1/orders", &body).await.expect(201)
    }

    pub async fn registered_order(&self, number: &str) -> String {
        let id = self.order(number).await.id();
        self.head.act(&format!("/api/v1/orders/{id}/register"), 1).await.expect(200);
        id
    }

    /// A draft of a list with these schools.
    pub async fn draft(&self, order: &str, schools: &[usize]) -> Value {
        let list = self.officer.post(PATH, &list(order)).await.expect(201);
        let entries: Vec<Value> =
            schools.iter().map(|n| json!({"school_id": self.schools[*n], "reasons": [reason()]})).collect();
        if !entries.is_empty() {
            self.officer.post(&entries_of(&list), &json!(entries)).await.expect(201);
        }
        list
    }

    /// A list in force with these schools.
    pub async fn approved(&self, order: &str, schools: &[usize]) -> Value {
        let draft = self.draft(order, schools).await;
        self.head.act(&format!("{}/approve", path_of(&draft)), 1).await.expect(200)
    }
}

fn list(order: &str) -> Value {
    json!({"level": "regional", "category": "low_results", "results_year": 2022, "order_id": order})
}

fn reason() -> Value {
    json!({
        "assessment": "vpr", "subject": "математика", "grade": 5, "year": 2022,
        "participants": 12, "below_minimum": 5
    })
}

fn path_of(list: &Value) -> String {
    format!("{PATH}/{}", list.id())
}

fn entries_of(list: &Value) -> String {
    format!("{PATH}/{}/entries", list.id())
}

async fn entries(client: &Client, list: &Value, query: &str) -> Vec<Value> {
    let page = client.get(&format!("{}?{query}", entries_of(list))).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

fn names(entries: &[Value]) -> Vec<&str> {
    let mut names: Vec<&str> = entries.iter().map(|e| e["school_short_name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

fn blocked_by(reply: &Reply) -> Value {
    reply.json()["blocked_by"].clone()
}

#[rstest]
#[actix_web::test]
async fn a_list_is_approved_by_a_registered_order_once_schools_stand_in_it(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let district = District::of(&app);
    let order = district.order("513").await;
    let reply = district.officer.post(PATH, &list(&order.id())).await;
    let draft = reply.expect(201);
    let path = path_of(&draft);
    assert_eq!(reply.header("location"), Some(path.clone()));
    assert_eq!(draft["category_label"], "школы с низкими образовательными результатами");
    assert_eq!(draft["schools_total"], 0);

    let approve = format!("{path}/approve");
    assert_eq!(district.officer.act(&approve, 1).await.problem(403), "forbidden");
    let refused = district.head.act(&approve, 1).await;
    assert_eq!(refused.problem(409), "order-not-registered");
    let both = json!(["order-not-registered", "support-list-empty"]);
    assert_eq!(blocked_by(&refused), both);
    let seen = district.head.get(&path).await.expect(200);
    let action = seen["actions"].as_array().unwrap().iter().find(|a| a["name"] == "approve").unwrap();
    assert_eq!(action, &json!({"name": "approve", "allowed": false, "blocked_by": both}));

    district.head.act(&format!("/api/v1/orders/{}/register", order.id()), 1).await.expect(200);
    assert_eq!(district.head.act(&approve, 1).await.problem(409), "support-list-empty");
    let entry = json!({"school_id": district.schools[0]});
    let reply = district.officer.post(&entries_of(&draft), &entry).await;
    let entry = reply.expect(201);
    let entry_path = format!("{}/{}", entries_of(&draft), entry.id());
    assert_eq!(reply.header("location").as_ref(), Some(&entry_path));
    assert_eq!(district.officer.get(&entry_path).await.expect(200), entry);
    assert_eq!(entry["in_force"], false, "a draft is not in force");

    let approved = district.head.act(&approve, 1).await.expect(200);
    assert_eq!((&approved["status"], approved.version()), (&json!("approved"), 2));
    assert_eq!(approved["approved_at"], "2023-03-01T09:00:00Z");
    assert_eq!(approved["schools_total"], 1);
    assert_eq!(district.head.get(&entry_path).await.expect(200)["in_force"], true);

    let change = district.officer.patch(&path, 2, &json!({"results_year": 2023})).await;
    assert_eq!(change.problem(409), "support-list-state");
    assert_eq!(district.officer.delete(&path, 2).await.problem(409), "support-list-state");
    let remove = district.officer.delete(&entry_path, 1).await;
    assert_eq!(remove.problem(409), "support-list-state");
    assert_eq!(blocked_by(&remove), json!(["support-list-not-draft"]));
}

#[rstest]
#[actix_web::test]
async fn a_draft_is_changed_and_deleted_with_its_entries(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let district = District::of(&app);
    let order = district.order("513").await;
    let draft = district.draft(&order.id(), &[0, 1]).await;
    let (officer, path) = (&district.officer, path_of(&draft));

    let unknown = json!({"order_id": NOBODY, "valid_from": "2023-04-01", "valid_to": "2023-03-31"});
    let refused = officer.patch(&path, 1, &unknown).await;
    assert_eq!(refused.violations(422), ["/order_id unknown-reference", "/valid_to before-start"]);
    let refused = officer.patch(&path, 1, &json!({"results_year": 1999, "level": null})).await;
    assert_eq!(refused.violations(422), ["/level required", "/results_year too-small"]);
    let same = officer.patch(&path, 1, &json!({"results_year": 2022})).await.expect(200);
    assert_eq!(same.version(), 1, "what changes nothing keeps the version");
    let changed = officer.patch(&path, 1, &json!({"valid_from": "2023-03-30"})).await.expect(200);
    assert_eq!((&changed["valid_from"], changed.version()), (&json!("2023-03-30"), 2));
    let cleared = officer.patch(&path, 2, &json!({"valid_from": null})).await.expect(200);
    assert_eq!(cleared["valid_from"], Value::Null);

    assert_eq!(officer.delete(&path, 1).await.problem(412), "stale");
    officer.delete(&path, 3).await.expect(204);
    assert_eq!(officer.get(&path).await.problem(404), "not-found");
    assert_eq!(officer.get(&entries_of(&draft)).await.problem(404), "not-found");
}

#[rstest]
#[actix_web::test]
async fn approving_supersedes_the_earlier_list_of_the_same_kind_alone(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let district = District::of(&app);
    let order = district.registered_order("513").await;
    let old = district.approved(&order, &[0]).await;
    let mut federal = list(&order);
    federal["level"] = json!("federal");
    let federal = district.officer.post(PATH, &federal).await.expect(201);
    district
        .officer
        .post(&entries_of(&federal), &json!({"school_id": district.schools[0]}))
        .await
        .expect(201);
    district.head.act(&format!("{}/approve", path_of(&federal)), 1).await.expect(200);

    let new = district.approved(&order, &[1]).await;
    let read = async |list: &Value| {
        let list = district.officer.get(&path_of(list)).await.expect(200);
        (list["status"].as_str().unwrap().to_owned(), list.version())
    };
    assert_eq!(read(&old).await, ("superseded".to_owned(), 3));
    assert_eq!(read(&federal).await, ("approved".to_owned(), 2));
    assert_eq!(read(&new).await, ("approved".to_owned(), 2));
    assert!(entries(&district.officer, &old, "in_force=true").await.is_empty());
    let cancel = json!({"reason": "Ошибка"});
    let refused = district.head.act_with(&format!("{}/cancel", path_of(&old)), 3, &cancel).await;
    assert_eq!(blocked_by(&refused), json!(["support-list-ended"]));
}

/// Whichever of two approvals comes second, it replaces the first.
#[rstest]
#[actix_web::test]
async fn of_two_approvals_at_once_one_list_stays_in_force(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let district = District::of(&app);
    let order = district.registered_order("513").await;
    let mut approvals = Vec::new();
    for n in 0..4 {
        let draft = district.draft(&order, &[n]).await;
        let (head, path) = (district.head.clone(), format!("{}/approve", path_of(&draft)));
        approvals.push(actix_web::rt::spawn(async move { head.act(&path, 1).await.expect(200) }));
    }
    for approval in approvals {
        approval.await.unwrap();
    }
    let page = district.officer.get(&format!("{PATH}?status=approved&count=exact")).await.expect(200);
    assert_eq!(page["page"]["count"], 1);
}

#[rstest]
#[actix_web::test]
async fn an_array_of_schools_is_entered_all_or_none(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let district = District::of(&app);
    let order = district.order("513").await;
    let draft = district.draft(&order.id(), &[]).await;
    let (officer, path) = (&district.officer, entries_of(&draft));
    let neighbour = app.given_municipality("Соседний район");
    let levels = r#"["primary"]"#;
    let foreign = app.given_school_with(&neighbour, "Чужая школа", "7707083893", "1037739010891", levels);
    close(&app, &district.schools[2]);

    let mut broken = reason();
    broken["below_minimum"] = json!(13);
    let school = |id: &SchoolId| json!({"school_id": id, "reasons": []});
    let body = json!([
        school(&district.schools[0]),
        school(&foreign),
        school(&district.schools[2]),
        {"school_id": district.schools[0], "reasons": [reason(), broken], "included_on": "2023-04-01"},
    ]);
    assert_eq!(
        officer.post(&path, &body).await.violations(422),
        [
            "/1/school_id unknown-reference",
            "/2/school_id school-closed",
            "/3/included_on list-is-draft",
            "/3/reasons/1/below_minimum more-than-participants",
            "/3/school_id not-unique",
        ]
    );
    let body = json!([{"school_id": "x", "reasons": [{"grade": 12}]}, {}]);
    let violations = officer.post(&path, &body).await.violations(422);
    assert!(violations.contains(&"/0/reasons/0/grade too-big".to_owned()), "{violations:?}");
    assert!(violations.contains(&"/0/school_id not-an-id".to_owned()), "{violations:?}");
    assert!(violations.contains(&"/1/school_id required".to_owned()), "{violations:?}");
    assert_eq!(officer.post(&path, &json!([])).await.violations(422), [" too-few"]);
    let unknown = json!([{"school_id": district.schools[0], "status": 1}]);
    assert_eq!(officer.post(&path, &unknown).await.violations(400), ["/0/status unknown-member"]);
    assert_eq!(officer.post(&path, &json!(5)).await.status, 400);
    assert!(entries(officer, &draft, "").await.is_empty());

    let body = json!([school(&district.schools[0]), school(&district.schools[1])]);
    let rehearsed = officer.post(&format!("{path}?dry_run=true"), &body).await.expect(200);
    assert_eq!(rehearsed["items"][0].get("id"), None, "a rehearsal has no ids");
    let reply = officer.post(&path, &body).await;
    let made = reply.expect(201);
    assert_eq!(reply.header("location").as_ref(), Some(&path));
    assert_eq!(names(made["items"].as_array().unwrap()), ["Школа № 1", "Школа № 2"]);
    let body = json!([school(&district.schools[3]), school(&district.schools[1])]);
    assert_eq!(officer.post(&path, &body).await.problem(409), "entry-exists");
    assert_eq!(entries(officer, &draft, "").await.len(), 2);
    let list = officer.get(&path_of(&draft)).await.expect(200);
    assert_eq!((list.version(), &list["schools_total"]), (1, &json!(2)), "entries leave the list's version");
}

#[rstest]
#[actix_web::test]
async fn an_entry_of_a_draft_has_a_version_of_its_own(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let district = District::of(&app);
    let order = district.order("513").await;
    let draft = district.draft(&order.id(), &[0]).await;
    let other = district.draft(&order.id(), &[]).await;
    let officer = &district.officer;
    let entry = entries(officer, &draft, "").await.remove(0);
    let path = format!("{}/{}", entries_of(&draft), entry.id());

    let same = officer.patch(&path, 1, &json!({"reasons": [reason()]})).await.expect(200);
    assert_eq!(same.version(), 1);
    let mut better = reason();
    better["below_minimum"] = json!(4);
    let changed = officer.patch(&path, 1, &json!({"reasons": [better]})).await.expect(200);
    assert_eq!((changed.version(), &changed["reasons"][0]["below_minimum"]), (2, &json!(4)));
    assert_eq!(officer.patch(&path, 1, &json!({"reasons": []})).await.problem(412), "stale");
    let elsewhere = format!("{}/{}", entries_of(&other), entry.id());
    assert_eq!(officer.delete(&elsewhere, 2).await.problem(404), "not-found");
    let exclude = json!({"order_id": order.id(), "excluded_on": "2023-04-01", "reason": "error"});
    let refused = officer.act_with(&format!("{path}/exclude"), 2, &exclude).await;
    assert_eq!(blocked_by(&refused), json!(["support-list-not-approved"]));
    officer.delete(&path, 2).await.expect(204);
    assert!(entries(officer, &draft, "").await.is_empty());
}

#[rstest]
#[actix_web::test]
async fn schools_join_and_leave_a_list_in_force_by_a_registered_order(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let district = District::of(&app);
    let order = district.registered_order("513").await;
    let draft = district.draft(&order, &[0, 1]).await;
    let days = json!({"valid_from": "2023-03-01", "valid_to": "2023-12-31"});
    district.officer.patch(&path_of(&draft), 1, &days).await.expect(200);
    let list = district.head.act(&format!("{}/approve", path_of(&draft)), 2).await.expect(200);
    let (officer, path) = (&district.officer, entries_of(&list));
    let later = district.order("601").await;

    let join = |order: Value, day: Value| json!({"school_id": district.schools[2], "order_id": order, "included_on": day});
    let bare = json!({"school_id": district.schools[2]});
    let refused = officer.post(&path, &bare).await;
    assert_eq!(refused.violations(422), ["/included_on required", "/order_id required"]);
    let refused = officer.post(&path, &join(json!(NOBODY), json!("2024-01-01"))).await;
    assert_eq!(refused.violations(422), ["/included_on outside-validity", "/order_id unknown-reference"]);
    let joins = join(later["id"].clone(), json!("2023-09-01"));
    let refused = officer.post(&path, &joins).await;
    assert_eq!(refused.problem(409), "order-not-registered");
    assert_eq!(blocked_by(&refused), json!(["order-not-registered"]));
    let leaving = entries(officer, &list, &format!("school_id={}", district.schools[1])).await.remove(0);
    let leave_path = format!("{path}/{}/exclude", leaving.id());
    let leave = |day: &str| json!({"order_id": later["id"], "excluded_on": day, "reason": "improved"});
    let refused = officer.act_with(&leave_path, 1, &leave("2023-09-01")).await;
    assert_eq!(refused.problem(409), "order-not-registered");

    district.head.act(&format!("/api/v1/orders/{}/register", later.id()), 1).await.expect(200);
    let joined = officer.post(&path, &joins).await.expect(201);
    assert_eq!((&joined["included_by_order_id"], &joined["in_force"]), (&later["id"], &json!(false)));
    let refused = officer.act_with(&leave_path, 1, &leave("2024-01-01")).await;
    assert_eq!(refused.violations(422), ["/excluded_on outside-validity"]);
    let too_early = format!("{path}/{}/exclude", joined.id());
    let refused = officer.act_with(&too_early, 1, &leave("2023-08-31")).await;
    assert_eq!(refused.violations(422), ["/excluded_on before-inclusion"]);
    let left = officer.act_with(&leave_path, 1, &leave("2023-09-01")).await.expect(200);
    assert_eq!((left.version(), &left["exclusion_reason_label"]), (2, &json!("результаты улучшились")));
    let again = officer.act_with(&leave_path, 2, &leave("2023-09-01")).await;
    assert_eq!(again.problem(409), "entry-excluded");
    let back =
        json!({"school_id": district.schools[1], "order_id": later["id"], "included_on": "2023-10-01"});
    assert_eq!(officer.post(&path, &back).await.problem(409), "entry-exists");

    for (day, inside) in [
        ("2023-08-31", vec!["Школа № 1", "Школа № 2"]),
        ("2023-09-01", vec!["Школа № 1", "Школа № 3"]),
        ("2023-12-31", vec!["Школа № 1", "Школа № 3"]),
        ("2024-01-01", vec![]),
    ] {
        app.set_date(day);
        let officer = app.as_officer(&district.id);
        let all = entries(&officer, &list, "").await;
        let (holds, not): (Vec<Value>, Vec<Value>) = all.into_iter().partition(|e| e["in_force"] == true);
        assert_eq!(names(&holds), inside, "{day}");
        assert_eq!(entries(&officer, &list, "in_force=true").await, holds, "{day}");
        assert_eq!(entries(&officer, &list, "in_force=false").await, not, "{day}");
        assert_eq!(entries(&officer, &list, "in_force=true,false").await.len(), 3);
    }
}

#[rstest]
#[actix_web::test]
async fn each_reads_what_concerns_him(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let district = District::of(&app);
    let order = district.registered_order("513").await;
    let list = district.draft(&order, &[0, 1]).await;
    let path = path_of(&list);
    let neighbour = app.as_officer(&app.given_municipality("Соседний район"));
    let (region, far) = (app.as_region("57"), app.as_region("32"));
    let [first, _, third, _] = &district.schools[..] else { unreachable!() };

    assert_eq!(neighbour.get(&path).await.problem(404), "not-found");
    assert_eq!(region.get(&path).await.problem(404), "not-found", "a draft is work in progress");
    let cancel = json!({"reason": "Не понадобился"});
    let other = district.draft(&order, &[2]).await;
    district.head.act_with(&format!("{}/cancel", path_of(&other)), 1, &cancel).await.expect(200);
    assert_eq!(region.get(&path_of(&other)).await.status, 404, "it was never approved");

    district.head.act(&format!("{path}/approve"), 1).await.expect(200);
    for (client, sees) in [
        (&district.officer, 2),
        (&region, 2),
        (&app.as_school_head(&district.id, first), 1),
        (&app.as_operator(&district.id, first), 1),
        (&app.as_curator(&district.id, &[first, third]), 1),
    ] {
        assert_eq!(entries(client, &list, "").await.len(), sees);
        assert_eq!(client.get(&path).await.expect(200)["schools_total"], sees);
    }
    for client in [&app.as_school_head(&district.id, third), &far, &neighbour] {
        assert_eq!(client.get(&path).await.problem(404), "not-found");
        assert_eq!(client.get(&entries_of(&list)).await.problem(404), "not-found");
    }
    assert_eq!(app.as_admin().get(PATH).await.problem(403), "forbidden");
    let theirs = app.as_school_head(&district.id, first);
    assert_eq!(theirs.post(PATH, &json!({})).await.problem(403), "forbidden");
    assert_eq!(neighbour.post(&entries_of(&list), &json!({})).await.problem(404), "not-found");
}

#[rstest]
#[actix_web::test]
async fn lists_are_found_by_what_they_are(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let district = District::of(&app);
    let (one, two) = (district.order("1").await.id(), district.order("2").await.id());
    for (order, year, category) in
        [(&one, 2021, "low_results"), (&one, 2022, "risk_group"), (&two, 2023, "resilient")]
    {
        let mut body = list(order);
        body["results_year"] = json!(year);
        body["category"] = json!(category);
        district.officer.post(PATH, &body).await.expect(201);
    }
    let years = async |query: &str| -> Vec<i64> {
        let page = district.officer.get(&format!("{PATH}?sort=-results_year&{query}")).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|l| l["results_year"].as_i64().unwrap()).collect()
    };
    assert_eq!(years("").await, [2023, 2022, 2021]);
    assert_eq!(years("results_year=2021,2023").await, [2023, 2021]);
    assert_eq!(years("category=risk_group,resilient").await, [2023, 2022]);
    assert_eq!(years(&format!("order_id={one}&level=regional")).await, [2022, 2021]);
    assert_eq!(years("level=federal").await, [0; 0]);
    assert_eq!(years("status=draft&limit=1").await, [2023]);
    let wrong = district.officer.get(&format!("{PATH}?results_year=soon&categry=x")).await;
    assert_eq!(wrong.status, 400);
}

fn close(app: &TestApp, school: &SchoolId) {
    use diesel::prelude::*;
    use school_roadmap::db::schema::schools;
    diesel::update(schools::table.find(school))
        .set(schools::status.eq("closed"))
        .execute(&mut app.connection())
        .unwrap();
}
