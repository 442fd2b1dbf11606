//! Conclusion templates: shipped with the service, continued by municipalities, never changed.

use rstest::rstest;
use school_roadmap::features::conclusion_templates::{self as templates, TemplateContent};
use school_roadmap::kit::id::{MunicipalityId, TemplateId};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::client::{Client, Resource};

const PATH: &str = "/api/v1/conclusion-templates";

/// The shipped template, as a client reads it.
async fn shipped(client: &Client) -> Value {
    let page = client.get(&format!("{PATH}?owner=service")).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    page["items"][0].clone()
}

fn next(based_on: &Value, title: &str) -> Value {
    json!({"based_on": based_on["id"], "title": title, "content": based_on["content"]})
}

#[rstest]
#[actix_web::test]
async fn the_shipped_template_is_there_from_the_start_and_only_once(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let first = shipped(&app.as_admin()).await;
    assert_eq!((&first["number"], &first["owner"]), (&json!(1), &json!("service")));
    assert_eq!(first["owner_label"], "типовой");
    assert_eq!(first["content"]["conclusions"].as_array().unwrap().len(), 10);

    let again = templates::ensure_shipped(&mut app.connection(), &app.clock).unwrap();
    assert_eq!(again.as_str(), first.id());
    assert_eq!(shipped(&app.as_admin()).await, first);
    let content = templates::content_of(&mut app.connection(), &again).unwrap();
    assert_eq!(content, Some(TemplateContent::shipped().unwrap()));
    assert_eq!(templates::content_of(&mut app.connection(), &TemplateId::generate()), Ok(None));
}

/// Two instances that start together, on a database that knows an older shipped content.
#[rstest]
#[actix_web::test]
async fn a_new_shipped_content_is_the_next_version_even_for_two_instances(
    #[values(Sqlite, Postgres)] on: Database,
) {
    use diesel::prelude::*;
    use school_roadmap::db::schema::conclusion_templates as table;

    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let old = shipped(&app.as_admin()).await;
    let mut content: TemplateContent = serde_json::from_value(old["content"].clone()).unwrap();
    content.recommendations.pop();
    diesel::update(table::table)
        .set(table::content.eq(serde_json::to_string(&content).unwrap()))
        .execute(&mut app.connection())
        .unwrap();

    let instances: Vec<_> = (0..4)
        .map(|_| {
            let (mut conn, clock) = (app.connection(), app.clock.clone());
            std::thread::spawn(move || templates::ensure_shipped(&mut conn, &clock).unwrap())
        })
        .collect();
    let mut ids: Vec<TemplateId> = instances.into_iter().map(|one| one.join().unwrap()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "all instances agree on the version");
    let page = app.as_admin().get(&format!("{PATH}?sort=-number")).await.expect(200);
    let numbers: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|t| &t["number"]).collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
    assert_eq!(page["items"][0]["based_on"], old["id"]);
}

#[rstest]
#[actix_web::test]
async fn a_municipality_makes_its_own_versions_one_after_another(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let officer = app.as_officer(&municipality);
    let base = shipped(&officer).await;
    let latest = |id: &MunicipalityId| templates::latest_for(&mut app.connection(), id).unwrap().unwrap();
    assert_eq!(latest(&municipality).id.as_str(), base.id());

    let reply = officer.post(PATH, &next(&base, "Шаблон района")).await;
    let first = reply.expect(201);
    assert_eq!(reply.header("location"), Some(format!("{PATH}/{}", first.id())));
    assert_eq!((&first["number"], first.version()), (&json!(1), 1));
    assert_eq!((&first["owner"], &first["based_on"]), (&json!("municipality"), &base["id"]));

    let mut second = next(&first, "Шаблон района, исправленный");
    second["content"]["conclusions"][0]["title"] = json!("Анализ результатов");
    let second = app.as_head(&municipality).post(PATH, &second).await.expect(201);
    assert_eq!((&second["number"], &second["based_on"]), (&json!(2), &first["id"]));
    assert_eq!(latest(&municipality).id.as_str(), second.id());
    let kept = officer.get(&format!("{PATH}/{}", first.id())).await.expect(200);
    assert_eq!(kept["content"], base["content"], "an earlier version never changes");

    let other = app.given_municipality("Другой район");
    assert_eq!(latest(&other).id.as_str(), base.id());
    let theirs = app.as_officer(&other).post(PATH, &next(&base, "Наш шаблон")).await.expect(201);
    assert_eq!(theirs["number"], 1, "numbers count per owner");
}

#[rstest]
#[actix_web::test]
async fn every_mistake_in_a_template_is_told_at_its_place(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let base = shipped(&officer).await;

    let mut body = next(&base, "Шаблон");
    body["based_on"] = json!("0192f0c1-0000-7000-8000-000000000000");
    body["content"]["conclusions"][0]["sentences"]["all"] = json!("В {count} школах.");
    body["content"]["conclusions"][1]["code"] = json!("1.1");
    assert_eq!(
        officer.post(PATH, &body).await.violations(422),
        [
            "/based_on unknown-reference",
            "/content/conclusions/0/sentences/all unknown-placeholder",
            "/content/conclusions/1/code duplicate",
        ]
    );
    body["content"]["conclusions"] = json!([]);
    body["title"] = json!("");
    assert_eq!(
        officer.post(PATH, &body).await.violations(422),
        ["/content/conclusions too-few", "/title empty"]
    );
    body["number"] = json!(7);
    assert_eq!(officer.post(PATH, &body).await.violations(400), ["/number unknown-member"]);
    let all = officer.get(PATH).await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "nothing was stored");
}

#[rstest]
#[actix_web::test]
async fn everybody_reads_the_shipped_one_and_a_municipality_keeps_its_own(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let school = app.given_school(&municipality, "Школа № 1", 0);
    let neighbour = app.given_municipality("Соседний район");
    let base = shipped(&app.as_admin()).await;
    let body = next(&base, "Шаблон района");
    let own = app.as_officer(&municipality).post(PATH, &body).await.expect(201);
    let own_path = format!("{PATH}/{}", own.id());
    let base_path = format!("{PATH}/{}", base.id());

    let school_head = app.as_school_head(&municipality, &school);
    for (client, reads_own) in [
        (&app.as_head(&municipality), 200),
        (&school_head, 200),
        (&app.as_curator(&municipality, &[&school]), 200),
        (&app.as_region("57"), 200),
        (&app.as_region("32"), 404),
        (&app.as_officer(&neighbour), 404),
    ] {
        assert_eq!(client.get(&base_path).await.status, 200);
        assert_eq!(client.get(&own_path).await.status, reads_own);
    }
    assert_eq!(school_head.post(PATH, &body).await.problem(403), "forbidden");
    assert_eq!(app.as_admin().post(PATH, &body).await.problem(403), "forbidden");

    let head = app.as_head(&municipality);
    let filtered = head.get(&format!("{PATH}?municipality_id={municipality}&fields=id,number")).await;
    assert_eq!(filtered.expect(200)["items"], json!([{"id": own["id"], "number": 1}]));
    let foreign = next(&own, "Чужой");
    let refused = app.as_officer(&neighbour).post(PATH, &foreign).await;
    assert_eq!(refused.violations(422), ["/based_on unknown-reference"]);
}

/// SQLite has one writer at a time, so there the second finds the first's version and makes the next.
#[actix_web::test]
async fn of_two_who_make_the_same_version_at_once_one_is_refused() {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use school_roadmap::db::AnyConnection;
    use school_roadmap::db::schema::conclusion_templates as table;

    let Some(app) = TestApp::start(Postgres).await else {
        return;
    };
    let municipality = app.given_municipality("Хотынецкий район");
    let officer = app.as_officer(&municipality);
    let base = shipped(&officer).await;
    let AnyConnection::Postgres(mut other) = app.connection() else { panic!("asked for PostgreSQL") };
    other.batch_execute("BEGIN").unwrap();
    diesel::insert_into(table::table)
        .values((
            table::id.eq(TemplateId::generate()),
            table::municipality_id.eq(&municipality),
            table::owner.eq(municipality.as_str()),
            table::number.eq(1),
            table::based_on_id.eq(base.id()),
            table::title.eq("Редакция другого сотрудника"),
            table::content.eq(base["content"].to_string()),
            table::created_at.eq(app.clock.now().naive_utc()),
        ))
        .execute(&mut other)
        .unwrap();

    let body = next(&base, "Наша редакция");
    let request = actix_web::rt::spawn({
        let (officer, body) = (officer.clone(), body.clone());
        async move { officer.post(PATH, &body).await }
    });
    let held_up = diesel::dsl::sql::<diesel::sql_types::Bool>(
        "EXISTS (SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))",
    );
    let mut is_held_up = false;
    for _ in 0..3_000 {
        is_held_up = diesel::select(held_up.clone()).get_result::<bool>(&mut other).unwrap();
        if is_held_up {
            break;
        }
        assert!(!request.is_finished(), "it did not wait for the other one");
        actix_web::rt::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(is_held_up, "the request never came as far as the other one");
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(request.await.unwrap().problem(409), "template-exists");
    let made = officer.post(PATH, &body).await.expect(201);
    assert_eq!(made["number"], 2, "made again, it is the next version");
}
