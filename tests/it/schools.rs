//! Schools: kept by their department, found by their OGRN, read by each within reach.

use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::db::schema::{changes, schools};
use school_roadmap::kit::id::SchoolId;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Reply, Resource};
use crate::witness::Witness;

const LIST: &str = "/api/v1/schools";
const OGRN: &str = "1025799000017";
const OTHER_OGRN: &str = "1025799000028";

/// A secondary school with the first pair of codes.
fn school(name: &str) -> Value {
    json!({
        "short_name": name, "legal_form": "mbou", "school_kind": "sosh",
        "education_levels": ["secondary", "primary", "basic"], "inn": "5799000019", "ogrn": OGRN
    })
}

/// A secondary school with the second pair of codes.
fn other_school(name: &str) -> Value {
    let mut body = school(name);
    body["inn"] = json!("5799000026");
    body["ogrn"] = json!(OTHER_OGRN);
    body
}

fn at(id: &str) -> String {
    format!("{LIST}/{id}")
}

fn by_ogrn(ogrn: &str) -> String {
    format!("{LIST}/by-ogrn/{ogrn}")
}

/// An upsert that expects no version.
async fn put(client: &Client, ogrn: &str, body: &Value) -> Reply {
    Reply::of(client.request(reqwest::Method::PUT, &by_ogrn(ogrn)).json(body)).await
}

async fn names(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("{LIST}?{query}")).await.expect(200);
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["short_name"].as_str().unwrap().to_owned()).collect()
}

/// Closes a school past the API: closing is served where reports are known.
fn given_closed(app: &TestApp, id: &SchoolId) {
    diesel::update(schools::table.find(id))
        .set((schools::status.eq("closed"), schools::closure_kind.eq("liquidated")))
        .execute(&mut app.connection())
        .unwrap();
}

#[rstest]
#[actix_web::test]
async fn a_department_keeps_its_schools(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let officer = app.as_officer(&municipality);
    let name = "МБОУ-Хотынецкая СОШ им. С. Г. Поматилова";

    let reply = officer.post(LIST, &school(name)).await;
    let created = reply.expect(201);
    let path = at(&created.id());
    assert_eq!(reply.header("location").as_ref(), Some(&path));
    assert_eq!(created["short_name"], name, "the official name is kept letter by letter");
    assert_eq!(created["municipality_id"], municipality.as_str());
    assert_eq!(created["education_levels"], json!(["primary", "basic", "secondary"]));
    assert_eq!((&created["status"], &created["legal_form_label"]), (&json!("active"), &json!("МБОУ")));
    assert_eq!(
        created["actions"],
        json!([
            {"name": "update", "allowed": true, "blocked_by": []},
            {"name": "close", "allowed": true, "blocked_by": []},
            {"name": "transfer", "allowed": false, "blocked_by": ["role"]}
        ])
    );
    assert_eq!(app.as_head(&municipality).get(&path).await.expect(200), created);

    let changed =
        officer.patch(&path, 1, &json!({"phone": "+7 48642 2-14-71", "vpr_login": "edu570001"})).await;
    assert_eq!(changed.expect(200).version(), 2);
    let cleared = officer.patch(&path, 2, &json!({"phone": null})).await.expect(200);
    assert_eq!((&cleared["phone"], &cleared["vpr_login"]), (&Value::Null, &json!("edu570001")));
    let same = officer.patch(&path, 3, &json!({"phone": null, "short_name": name})).await.expect(200);
    assert_eq!(same, cleared, "nothing changed, so the version stays");
    assert_eq!(officer.patch(&path, 2, &json!({"phone": "1"})).await.problem(412), "stale");

    let feed: Vec<(String, i32, Option<String>)> = changes::table
        .filter(changes::resource.eq("schools"))
        .select((changes::op, changes::version, changes::key))
        .order(changes::seq)
        .load(&mut app.connection())
        .unwrap();
    let key = || Some(OGRN.to_owned());
    let told = [
        ("created".to_owned(), 1, key()),
        ("updated".to_owned(), 2, key()),
        ("updated".to_owned(), 3, key()),
    ];
    assert_eq!(feed, told, "the feed tells each change once and no other");
}

#[rstest]
#[actix_web::test]
async fn every_fault_of_a_body_is_named(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let officer = app.as_officer(&municipality);

    let mut body = school("С".repeat(201).as_str());
    let wrong = json!({
        "inn": "5799000018", "kpp": "5799010a1", "ogrn": "1025799000018", "okpo": "07953527", "oktmo": "546",
        "legal_form": "ooo", "school_kind": "academy", "education_levels": [], "site_url": "school",
        "vpr_login": "логин", "gia_code": "", "email": "school"
    });
    body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
    let found = officer.post(LIST, &body).await.violations(422);
    let pointers: Vec<&str> = found.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(
        pointers,
        [
            "/education_levels",
            "/email",
            "/gia_code",
            "/inn",
            "/kpp",
            "/legal_form",
            "/ogrn",
            "/okpo",
            "/oktmo",
            "/school_kind",
            "/short_name",
            "/site_url",
            "/vpr_login"
        ]
    );
    let mut person = school("МБОУ-Юрьевская СОШ");
    person["inn"] = json!("500100732259");
    assert_eq!(
        officer.post(LIST, &person).await.violations(422).len(),
        1,
        "an INN of 12 digits is a person's"
    );
    let mut elsewhere = school("МБОУ-Юрьевская СОШ");
    elsewhere["municipality_id"] = json!(app.given_municipality("Соседний район"));
    assert_eq!(officer.post(LIST, &elsewhere).await.violations(422), ["/municipality_id foreign-reference"]);
    elsewhere["status"] = json!("closed");
    assert_eq!(officer.post(LIST, &elsewhere).await.violations(400), ["/status unknown-member"]);
}

#[rstest]
#[actix_web::test]
async fn the_levels_fit_the_kind(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let mut basic = school("МБОУ-Аболмасовская ООШ");
    basic["school_kind"] = json!("oosh");

    assert_eq!(officer.post(LIST, &basic).await.violations(422), ["/education_levels inconsistent"]);
    basic["education_levels"] = json!(["primary", "basic"]);
    let created = officer.post(LIST, &basic).await.expect(201);
    let path = at(&created.id());
    let grown = officer.patch(&path, 1, &json!({"education_levels": ["basic", "secondary"]})).await;
    assert_eq!(grown.violations(422), ["/education_levels inconsistent"]);
    let shrunk = officer.patch(&path, 1, &json!({"school_kind": "nosh"})).await;
    assert_eq!(shrunk.violations(422), ["/education_levels inconsistent"]);
    let both = json!({"school_kind": "nosh", "education_levels": ["primary"]});
    assert_eq!(officer.patch(&path, 1, &both).await.expect(200).version(), 2);
}

#[rstest]
#[actix_web::test]
async fn a_school_is_put_by_its_ogrn(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let mut body = school("МБОУ-Богородицкая СОШ");
    body["address"] = json!("с. Богородицкое, д. 1");

    let rehearsed = officer.request(reqwest::Method::PUT, &format!("{}?dry_run=true", by_ogrn(OGRN)));
    let rehearsed = Reply::of(rehearsed.json(&body)).await.expect(200);
    assert_eq!((&rehearsed["dry_run"], rehearsed.get("id")), (&json!(true), None));
    assert_eq!(officer.get(&by_ogrn(OGRN)).await.problem(404), "not-found");

    let reply = put(&officer, OGRN, &body).await;
    let created = reply.expect(201);
    assert_eq!(reply.header("location"), Some(at(&created.id())));
    assert_eq!(officer.get(&by_ogrn(OGRN)).await.expect(200), created);

    let again = put(&officer, OGRN, &body).await;
    assert_eq!((again.expect(200), again.header("location")), (created.clone(), None));
    body.as_object_mut().unwrap().remove("address");
    let replaced = put(&officer, OGRN, &body).await.expect(200);
    assert_eq!((replaced.id(), replaced.version()), (created.id(), 2));
    assert_eq!(replaced["address"], Value::Null, "what a PUT leaves out is cleared");
    assert_eq!(officer.put(&by_ogrn(OGRN), 1, &body).await.problem(412), "stale");
    assert_eq!(officer.put(&by_ogrn(OGRN), 2, &body).await.expect(200).version(), 2);

    let mut other = other_school("МБОУ-Богородицкая НОШ");
    other["school_kind"] = json!("nosh");
    let both = ["/education_levels inconsistent", "/ogrn inconsistent"];
    assert_eq!(put(&officer, OGRN, &other).await.violations(422), both);
}

#[rstest]
#[actix_web::test]
async fn a_foreign_ogrn_is_refused_and_discloses_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (ours, theirs) = (app.given_municipality("Наш район"), app.given_municipality("Их район"));
    let officer = app.as_officer(&ours);
    let foreign = app.given_school(&theirs, "МБОУ Чужая СОШ", 0);

    let mut answers = Vec::new();
    for reply in [officer.post(LIST, &school("Школа")).await, put(&officer, OGRN, &school("Школа")).await]
    {
        assert_eq!(reply.problem(409), "ogrn-registered-elsewhere");
        assert!(
            !reply.text().contains(foreign.as_str()) && !reply.text().contains("Чужая"),
            "{}",
            reply.text()
        );
        answers.push(reply.problem_without_request_id());
    }
    assert_eq!(answers[0], answers[1]);
    let stale = officer.put(&by_ogrn(OGRN), 9, &school("Школа")).await;
    assert_eq!(stale.problem(409), "ogrn-registered-elsewhere", "not even a version");
    assert_eq!(officer.get(&by_ogrn(OGRN)).await.problem(404), "not-found");
    assert_eq!(officer.get(&at(foreign.as_str())).await.problem(404), "not-found");
    assert_eq!(
        officer.patch(&at(foreign.as_str()), 1, &json!({"phone": "1"})).await.problem(404),
        "not-found"
    );
}

#[rstest]
#[actix_web::test]
async fn a_name_is_taken_by_one_active_school(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (ours, theirs) = (app.given_municipality("Наш район"), app.given_municipality("Их район"));
    let officer = app.as_officer(&ours);
    let first = app.given_school(&ours, "МБОУ-Юрьевская СОШ", 0);

    assert_eq!(officer.post(LIST, &school("Другая")).await.problem(409), "school-exists", "our own OGRN");
    let taken = other_school("МБОУ-Юрьевская СОШ");
    assert_eq!(officer.post(LIST, &taken).await.problem(409), "school-exists");
    assert_eq!(put(&officer, OTHER_OGRN, &taken).await.problem(409), "school-exists");
    let mut same_inn = other_school("МБОУ-Другая СОШ");
    same_inn["inn"] = json!("5799000019");
    assert_eq!(officer.post(LIST, &same_inn).await.problem(409), "school-exists");

    given_closed(&app, &first);
    let successor = officer.post(LIST, &taken).await.expect(201);
    let mut neighbour = taken.clone();
    neighbour["inn"] = json!("5799000033");
    neighbour["ogrn"] = json!("1025799000039");
    app.as_officer(&theirs).post(LIST, &neighbour).await.expect(201);
    let third = app.given_school(&ours, "МБОУ-Третья СОШ", 3);
    let renamed = officer.patch(&at(third.as_str()), 1, &json!({"short_name": "МБОУ-Юрьевская СОШ"})).await;
    assert_eq!(renamed.problem(409), "school-exists");
    assert_eq!(successor["status"], "active");
}

#[rstest]
#[actix_web::test]
async fn an_inn_of_another_municipality_tells_nothing_of_its_school(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (ours, theirs) = (app.given_municipality("Наш район"), app.given_municipality("Их район"));
    let officer = app.as_officer(&ours);
    app.given_school(&theirs, "МБОУ-Чужая СОШ", 0);
    let own = app.given_school(&ours, "МБОУ-Своя СОШ", 2);
    let mut same_inn = other_school("МБОУ-Новая СОШ");
    same_inn["inn"] = json!("5799000019");

    let refused = officer.post(LIST, &same_inn).await;
    assert_eq!(refused.problem(409), "ogrn-registered-elsewhere");
    assert!(!refused.text().contains("Чужая") && refused.json().get("errors").is_none());
    assert_eq!(put(&officer, OTHER_OGRN, &same_inn).await.problem(409), "ogrn-registered-elsewhere");
    let changed = officer.patch(&at(own.as_str()), 1, &json!({"inn": "5799000019"})).await;
    assert_eq!(changed.problem_without_request_id(), refused.problem_without_request_id());
}

#[rstest]
#[actix_web::test]
async fn a_closed_school_is_read_and_no_longer_changed(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let officer = app.as_officer(&municipality);
    let id = app.given_school(&municipality, "МБОУ-Юрьевская СОШ", 0);
    given_closed(&app, &id);

    let closed = officer.get(&at(id.as_str())).await.expect(200);
    assert_eq!((&closed["status_label"], &closed["closure_kind"]), (&json!("закрыта"), &json!("liquidated")));
    for action in closed["actions"].as_array().unwrap() {
        assert!(action["blocked_by"].as_array().unwrap().contains(&json!("school-closed")), "{action}");
    }
    let refused = officer.patch(&at(id.as_str()), 1, &json!({"phone": ""})).await;
    assert_eq!(refused.problem(409), "school-closed", "the state is told before the rules");
    assert_eq!(refused.json()["blocked_by"], json!(["school-closed"]));
    assert_eq!(put(&officer, OGRN, &school("МБОУ-Юрьевская СОШ")).await.problem(409), "school-closed");
}

#[rstest]
#[actix_web::test]
async fn each_reads_the_schools_within_reach(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let ours = app.given_municipality_in("Наш район", "57");
    let theirs = app.given_municipality_in("Их район", "57");
    let far = app.given_municipality_in("Дальний район", "46");
    let first = app.given_school(&ours, "Первая", 0);
    let second = app.given_school(&ours, "Вторая", 1);
    app.given_school(&theirs, "Третья", 2);
    let fourth = app.given_school(&far, "Четвёртая", 3);

    let readers = [
        (app.as_head(&ours), vec!["Вторая", "Первая"]),
        (app.as_officer(&ours), vec!["Вторая", "Первая"]),
        (app.as_school_head(&ours, &first), vec!["Первая"]),
        (app.as_operator(&ours, &first), vec!["Первая"]),
        (app.as_curator(&ours, &[&first]), vec!["Первая"]),
        (app.as_curator(&ours, &[]), vec![]),
        (app.as_region("57"), vec!["Вторая", "Первая", "Третья"]),
        (app.as_admin(), vec!["Вторая", "Первая", "Третья", "Четвёртая"]),
    ];
    for (reader, expected) in &readers {
        assert_eq!(names(reader, "sort=short_name").await, *expected);
        for (id, ogrn, name) in [(&second, OTHER_OGRN, "Вторая"), (&fourth, "1025799000040", "Четвёртая")]
        {
            let status = if expected.contains(&name) { 200 } else { 404 };
            assert_eq!(reader.get(&at(id.as_str())).await.status, status, "{name} for {expected:?}");
            assert_eq!(reader.get(&by_ogrn(ogrn)).await.status, status, "{name} for {expected:?}");
        }
    }
    for (reader, _) in &readers[2..] {
        assert_eq!(reader.post(LIST, &school("Новая")).await.problem(403), "forbidden");
        assert_eq!(put(reader, OGRN, &school("Новая")).await.problem(403), "forbidden");
        assert_eq!(reader.patch(&at(first.as_str()), 1, &json!({"phone": "1"})).await.status, 403);
    }
}

#[rstest]
#[actix_web::test]
async fn access_codes_stay_with_the_school_and_its_department(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality_in("Наш район", "57");
    let officer = app.as_officer(&municipality);
    let mut body = school("МБОУ-Юрьевская СОШ");
    body["vpr_login"] = json!("edu570001");
    let id = SchoolId(officer.post(LIST, &body).await.expect(201).id());

    for own in [
        officer,
        app.as_head(&municipality),
        app.as_school_head(&municipality, &id),
        app.as_operator(&municipality, &id),
    ] {
        let read = own.get(&at(id.as_str())).await.expect(200);
        assert_eq!((&read["vpr_login"], read.get("gia_code")), (&json!("edu570001"), Some(&Value::Null)));
    }
    let mut seen = Witness::of("Z17", on);
    for (name, other) in [
        ("curator", app.as_curator(&municipality, &[&id])),
        ("region", app.as_region("57")),
        ("admin", app.as_admin()),
    ] {
        let listed = other.get(LIST).await.expect(200)["items"][0].clone();
        for read in [other.get(&at(id.as_str())).await.expect(200), listed] {
            assert_eq!((read.get("vpr_login"), read.get("gia_code")), (None, None));
        }
        let asked = other.get(&format!("{LIST}?fields=vpr_login")).await.expect(200);
        assert_eq!(asked["items"], json!([{}]));
        assert_eq!(names(&other, "q=edu570001").await, [""; 0], "nor does the search disclose them");
        seen.saw(format!("{name}: no access codes"));
    }
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn the_list_is_narrowed_searched_and_sorted(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let (ours, theirs) = (app.given_municipality("Наш район"), app.given_municipality("Их район"));
    let (officer, admin) = (app.as_officer(&ours), app.as_admin());
    let mut lyceum = school("МАОУ «Лицей № 1»");
    lyceum["legal_form"] = json!("maou");
    lyceum["school_kind"] = json!("lyceum");
    lyceum["address"] = json!("ул. Зелёная, 100% рядом");
    let lyceum = officer.post(LIST, &lyceum).await.expect(201);
    officer.post(LIST, &other_school("мбоу-Алёхинская СОШ")).await.expect(201);
    let closed = app.given_school(&ours, "МБОУ-Юрьевская СОШ", 2);
    given_closed(&app, &closed);
    app.given_school(&theirs, "МБОУ-Чужая СОШ", 3);

    let all = ["МАОУ «Лицей № 1»", "мбоу-Алёхинская СОШ", "МБОУ-Юрьевская СОШ"];
    assert_eq!(names(&officer, "sort=short_name").await, all, "letter case does not count");
    assert_eq!(names(&officer, "sort=-short_name&limit=1").await, ["МБОУ-Юрьевская СОШ"]);
    assert_eq!(names(&officer, "status=closed").await, ["МБОУ-Юрьевская СОШ"]);
    assert_eq!(names(&officer, "legal_form=maou,mkou").await, ["МАОУ «Лицей № 1»"]);
    assert_eq!(names(&officer, "school_kind=sosh&status=active").await, ["мбоу-Алёхинская СОШ"]);
    assert_eq!(names(&officer, "inn=5799000019").await, ["МАОУ «Лицей № 1»"]);
    assert_eq!(names(&officer, &format!("ogrn={OTHER_OGRN}")).await, ["мбоу-Алёхинская СОШ"]);
    assert_eq!(names(&officer, "q=АЛЕХИНСКАЯ").await, ["мбоу-Алёхинская СОШ"]);
    assert_eq!(names(&officer, "q=зеленая").await, ["МАОУ «Лицей № 1»"]);
    assert_eq!(names(&officer, "q=100%25").await, ["МАОУ «Лицей № 1»"]);
    assert_eq!(names(&officer, "q=_").await, [""; 0]);
    assert_eq!(names(&officer, &format!("id={},{closed}", lyceum.id())).await.len(), 2);
    assert_eq!(names(&admin, &format!("municipality_id={theirs}")).await, ["МБОУ-Чужая СОШ"]);
    assert_eq!(names(&officer, &format!("municipality_id={theirs}")).await, [""; 0]);
    let counted = admin.get(&format!("{LIST}?count=exact&limit=1")).await.expect(200);
    assert_eq!(counted["page"]["count"], 4);
}
