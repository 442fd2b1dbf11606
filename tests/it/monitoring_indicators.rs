//! Indicators of a monitoring: computed by the service or told, each for its reader, and in public.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::campaign::{Campaign, done};
use crate::client::{Client, Reply, Resource};

async fn indicators(client: &Client, story: &Campaign) -> Value {
    client.get(&format!("{}/indicators?limit=1000", story.monitoring)).await.expect(200)
}

/// `numerator/denominator = value` of an indicator, or `none`.
fn value_of(page: &Value, code: &str) -> String {
    let all = page["items"].as_array().unwrap();
    let one = all.iter().find(|one| one["code"] == code).unwrap_or_else(|| panic!("{code} is missing"));
    match one["numerator"].is_null() {
        true => "none".to_owned(),
        false => format!("{}/{} = {}", one["numerator"], one["denominator"], one["value"]),
    }
}

/// The report of a school with these numbers of S1 is filled, submitted and accepted.
async fn report(story: &Campaign, at: usize, numbers: Value) {
    let path = story.report_of(Some(&story.schools[at])).await;
    let head = story.app.as_school_head(&story.municipality, &story.schools[at]);
    let item = story.item(&head, &path, "S1").await;
    let mut content = done();
    content["numbers"] = numbers;
    head.put(&item, 1, &content).await.expect(200);
    let page = json!({
        "kind": "web_page", "title": "Методическая работа", "url": "https://school.example.org/work",
        "contains_personal_data": false
    });
    head.post(&format!("{item}/evidence"), &page).await.expect(201);
    story.act(&head, &path, "submit").await.expect(200);
    story.act(&story.officer, &path, "accept").await.expect(200);
}

fn number(numerator: i32, denominator: i32) -> Value {
    json!({ "numerator": numerator, "denominator": denominator })
}

/// Signs the note of the monitoring; the second school may be missing.
async fn signed(story: &Campaign, missing: Value) -> String {
    let own = story.report_of(None).await;
    let item = story.item(&story.officer, &own, "M1").await;
    let mut content = done();
    content["numbers"] = json!({ "I-17": number(1, 2) });
    story.officer.put(&item, 1, &content).await.expect(200);
    story.act(&story.officer, &own, "submit").await.expect(200);
    story.act(&story.head, &own, "accept").await.expect(200);
    story.step("close-collection").await;
    story.step("analyse").await;
    let body = json!({
        "title": "об исполнении дорожной карты", "date": "2023-03-01", "place": "пгт Хотынец",
        "signer_position": "Начальник отдела", "signer_name": "И. И. Иванова", "missing_reports": missing
    });
    let note = story.officer.post(&format!("{}/note", story.monitoring), &body).await.expect(201);
    let path = format!("/api/v1/notes/{}", note.id());
    let submitted = story.officer.act(&format!("{path}/submit"), note.version()).await.expect(200);
    story.head.act(&format!("{path}/sign"), submitted.version()).await.expect(200);
    path
}

async fn put(client: &Client, body: &Value) -> Reply {
    Reply::of(client.request(Method::PUT, "/api/v1/indicator-values").json(body)).await
}

async fn id_of(client: &Client, code: &str) -> Value {
    json!(client.get(&format!("/api/v1/indicators?code={code}")).await.expect(200)["items"][0].id())
}

#[rstest]
#[actix_web::test]
async fn what_the_service_knows_is_computed_as_the_reports_come(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::planned(on).await else { return };
    let early = story.officer.get(&format!("{}/indicators", story.monitoring)).await;
    assert_eq!(early.problem(409), "monitoring-state", "there is nothing to count before it is opened");
    story.step("open").await;
    let page = indicators(&story.officer, &story).await;
    let codes: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(
        codes,
        ["I-10", "I-12", "I-15", "I-17", "I-18", "I-19", "I-20", "I-23", "I-24", "I-25"],
        "what measures declare and what is computed, in the order of the catalogue"
    );
    assert_eq!(value_of(&page, "I-10"), "none");
    assert_eq!(value_of(&page, "I-18"), "0/2 = 0", "S1 was due in two schools");
    assert_eq!(value_of(&page, "I-19"), "none", "nothing was reported as done");
    assert_eq!(value_of(&page, "I-20"), "0/2 = 0");
    assert_eq!(value_of(&page, "I-24"), "0/2 = 0");
    assert_eq!(value_of(&page, "I-25"), "none", "nothing was recommended before");

    report(&story, 0, json!({ "I-10": number(7, 21) })).await;
    let page = indicators(&story.officer, &story).await;
    assert_eq!(value_of(&page, "I-10"), "7/21 = 33.3");
    assert_eq!(value_of(&page, "I-18"), "0/2 = 0", "done on the 20th, due on the 15th");
    assert_eq!(value_of(&page, "I-19"), "1/1 = 100");
    assert_eq!(value_of(&page, "I-20"), "1/2 = 50");
    assert_eq!(value_of(&page, "I-23"), "0/2 = 0", "the page of February is old in December");
    let first = &page["items"][0];
    assert_eq!(
        (&first["conclusions"], &first["schools"][0]["value"]),
        (&json!(["2.3", "2.4"]), &json!(33.3))
    );
    assert_eq!(
        (&first["computed"], &first["schools"][0]["school_name"]),
        (&json!(false), &json!("Школа № 1"))
    );
}

#[rstest]
#[actix_web::test]
async fn a_page_and_a_departure_count_when_they_are_in_time(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let list = story.officer.get("/api/v1/support-lists").await.expect(200)["items"][0].id();
    let entries = story.officer.get(&format!("/api/v1/support-lists/{list}/entries")).await.expect(200);
    let entry = &entries["items"][0];
    let exclude = format!("/api/v1/support-lists/{list}/entries/{}/exclude", entry.id());
    let body = json!({ "order_id": story.order, "excluded_on": "2023-03-01", "reason": "improved" });
    story.head.act_with(&exclude, entry.version(), &body).await.expect(200);
    assert_eq!(value_of(&indicators(&story.officer, &story).await, "I-24"), "1/2 = 50");

    story.app.set_date("2023-07-01");
    let story = Campaign {
        officer: story.app.as_officer(&story.municipality),
        principal: story.app.as_school_head(&story.municipality, &story.schools[0]),
        head: story.app.as_head(&story.municipality),
        ..story
    };
    let path = story.report_of(Some(&story.schools[0])).await;
    story.fill(&path).await;
    let item = story.item(&story.principal, &path, "S2").await;
    story.principal.put(&item, 1, &json!({ "status": "in_progress" })).await.expect(200);
    let page = json!({
        "kind": "web_page", "title": "Методическая работа", "url": "https://school.example.org/work",
        "contains_personal_data": false
    });
    story.principal.post(&format!("{item}/evidence"), &page).await.expect(201);
    story.act(&story.principal, &path, "submit").await.expect(200);
    assert_eq!(value_of(&indicators(&story.officer, &story).await, "I-23"), "0/2 = 0", "not yet accepted");
    story.act(&story.officer, &path, "accept").await.expect(200);
    assert_eq!(value_of(&indicators(&story.officer, &story).await, "I-23"), "1/2 = 50", "shown in July");
}

#[rstest]
#[actix_web::test]
async fn each_reads_what_concerns_him(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    report(&story, 0, json!({ "I-10": number(7, 21) })).await;
    report(&story, 1, json!({ "I-10": number(1, 9) })).await;
    assert_eq!(value_of(&indicators(&story.officer, &story).await, "I-10"), "8/30 = 26.7");
    let curator = story.app.as_curator(&story.municipality, &[&story.schools[1]]);
    for (client, own) in [(&story.principal, 0), (&curator, 1)] {
        let page = indicators(client, &story).await;
        let first = &page["items"][0];
        assert_eq!(value_of(&page, "I-10"), "none", "the sum would tell of the other school");
        let schools = first["schools"].as_array().unwrap();
        assert_eq!(schools.len(), 1);
        assert_eq!(schools[0]["school_id"], json!(story.schools[own]));
        assert_eq!(schools[0]["small_sample"], json!(own == 1));
    }
    let region = story.app.as_region("57");
    let path = format!("{}/indicators", story.monitoring);
    assert_eq!(region.get(&path).await.problem(404), "not-found", "work in progress");
    let other = story.app.given_municipality("Другой район");
    assert_eq!(story.app.as_officer(&other).get(&path).await.problem(404), "not-found");
    signed(&story, json!([])).await;
    assert_eq!(value_of(&indicators(&region, &story).await, "I-10"), "8/30 = 26.7");
    let sorted = story.officer.get(&format!("{path}?sort=-value")).await;
    assert_eq!(sorted.status, 400, "nobody is ranked");
    let some =
        story.officer.get(&format!("{path}?computed=true&level=municipal&fields=code")).await.expect(200);
    assert_eq!(some["items"], json!([{ "code": "I-20" }, { "code": "I-23" }, { "code": "I-24" }]));
}

#[rstest]
#[actix_web::test]
async fn the_note_prints_shares_with_their_numbers_and_hides_few_people(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else { return };
    let target = json!({
        "indicator_id": id_of(&story.officer, "I-10").await, "period_start": "2023-01-01",
        "period_end": "2023-12-31", "target": 40
    });
    put(&story.officer, &target).await.expect(201);
    report(&story, 0, json!({ "I-10": number(7, 21), "I-15": number(1, 4) })).await;
    report(&story, 1, json!({ "I-10": number(1, 9), "I-15": number(1, 5) })).await;
    let note = signed(&story, json!([])).await;
    let text = story.officer.get(&format!("{note}/content?format=md")).await.text();
    let text = text.replace('\u{a0}', " ").replace('\\', "");
    for part in [
        "Доля педагогов школы, прошедших повышение квалификации за год: 26,7 % (8 из 30), целевое значение – 40 %.",
        "Динамика результатов от входного контроля к промежуточному: не приводится (малая выборка).",
        "Доля школ, представивших отчет в срок: 100 % (2 из 2).",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let json = story.officer.get(&format!("{note}/content?format=json")).await.text();
    let json: Value = serde_json::from_str(&json).unwrap();
    let conclusions = json["conclusions"].as_array().unwrap().iter();
    let figures = conclusions.flat_map(|one| one["figures"].as_array().into_iter().flatten());
    let hidden: Vec<&Value> = figures.filter(|one| one["code"] == "I-15").collect();
    assert!(!hidden.is_empty());
    for one in hidden {
        for member in ["numerator", "denominator", "value"] {
            assert_eq!(one.get(member), None, "nine pupils are told nowhere");
        }
    }
    let version = story.officer.get(&note).await.expect(200).version();
    let changed = json!({
        "indicator_id": id_of(&story.officer, "I-10").await, "period_start": "2023-01-01",
        "period_end": "2023-12-31", "target": 90
    });
    put(&story.officer, &changed).await.expect(200);
    let later = story.officer.get(&format!("{note}/content?format=md")).await.text();
    assert!(later.replace('\u{a0}', " ").contains("40 %"), "what is signed stands");
    assert_eq!(story.officer.get(&note).await.expect(200).version(), version);
}

/// Whoever compares the note with the table learns nothing of a single school.
#[rstest]
#[actix_web::test]
async fn note_and_table_together_give_nobody_away(#[values(Sqlite, Postgres)] on: Database) {
    let Some(mut story) = Campaign::opened(on).await else { return };
    let table = format!("/api/v1/public/indicator-values?municipality_id={}", story.municipality);
    let anyone = story.app.anonymous();
    let outside = story.app.given_school(&story.municipality, "Школа № 3", 2);
    report(&story, 0, json!({ "I-10": number(10, 20) })).await;
    report(&story, 1, json!({ "I-10": number(15, 30) })).await;
    assert_eq!(
        anyone.get(&table).await.expect(200)["items"],
        json!([]),
        "a table that fills up tells of each"
    );
    let typed = json!({
        "indicator_id": id_of(&story.officer, "I-10").await, "school_id": outside, "period_start": "2023-01-01",
        "period_end": "2023-12-31", "numerator": 3, "denominator": 9, "state": "confirmed"
    });
    put(&story.officer, &typed).await.expect(201);
    let note = signed(&story, json!([])).await;
    let text = story.officer.get(&format!("{note}/content?format=md")).await.text().replace('\u{a0}', " ");
    assert!(text.contains("50 % (25 из 50)"), "{text}");
    let item = anyone.get(&table).await.expect(200)["items"][0].clone();
    assert_eq!((&item["total"]["hidden"], &item["total"]["denominator"]), (&json!(false), &json!(50)));

    story.app.set_date("2024-01-01");
    story.officer = story.app.as_officer(&story.municipality);
    let later = anyone.get(&table).await.expect(200)["items"][0].clone();
    assert_eq!(later, item, "59 less the 50 of the note would be the nine of one school");
}

/// What is not for everybody stands in no published note either.
#[rstest]
#[actix_web::test]
async fn a_note_leaves_out_what_is_not_public_and_names_what_was_entered(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else { return };
    report(&story, 0, json!({ "I-10": number(7, 21) })).await;
    let own = json!({
        "code": "K-2", "name": "Школы с горячим питанием", "unit": "percent", "direction": "up",
        "level": "municipal", "period_type": "calendar_year", "numerator": "Школы с горячим питанием",
        "denominator": "Школы", "source": "Сведения отдела", "counts_people": false, "public": true
    });
    let own = story.officer.post("/api/v1/indicators", &own).await.expect(201);
    let mut typed = json!({
        "indicator_id": own.id(), "period_start": "2023-01-01", "period_end": "2023-12-31", "numerator": 3,
        "denominator": 4, "state": "confirmed"
    });
    put(&story.officer, &typed).await.expect(201);
    typed["indicator_id"] = id_of(&story.officer, "I-12").await;
    typed["school_id"] = json!(story.schools[0]);
    put(&story.officer, &typed).await.expect(201);
    let second = story.report_of(Some(&story.schools[1])).await;
    let missing = json!([{ "report_id": second.rsplit('/').next(), "reason": "Не представлен" }]);
    let note = signed(&story, missing).await;
    let page = indicators(&story.officer, &story).await;
    assert_eq!(value_of(&page, "I-17"), "1/2 = 50", "the department reads it");
    assert_eq!(
        (&page["items"][0]["schools_counted"], &page["items"][0]["schools_total"]),
        (&json!(1), &json!(2))
    );
    let text = story.officer.get(&format!("{note}/content?format=md")).await.text();
    let text = text.replace('\u{a0}', " ").replace('\\', "");
    assert!(!text.contains("внутренней системой оценки качества"), "{text}");
    assert!(!text.contains("нуждающихся в наставнике"), "no report told it: {text}");
    for part in [
        "33,3 % (7 из 21), по данным 1 из 2 школ.",
        "Школы с горячим питанием: 75 % (3 из 4).\n\n   *Источник: данные органа управления образованием.*",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[rstest]
#[actix_web::test]
async fn everybody_reads_confirmed_values_without_small_cells(#[values(Sqlite, Postgres)] on: Database) {
    let app = TestApp::start_with(on, |config| config.small_cells_below = 5).await;
    let Some(app) = app else { return };
    let mut story = Campaign::planned_in(app).await;
    let third = story.app.given_school(&story.municipality, "А. Школа № 3", 2);
    let anyone = story.app.anonymous();
    let table = format!("/api/v1/public/indicator-values?municipality_id={}", story.municipality);
    let id = id_of(&story.officer, "I-12").await;
    let enter = async |officer: &Client, school: &str, numerator: i32, denominator: i32, state: &str| {
        let body = json!({
            "indicator_id": id, "school_id": school, "period_start": "2023-01-01",
            "period_end": "2023-12-31", "numerator": numerator, "denominator": denominator, "state": state
        });
        let status = put(officer, &body).await.status;
        assert!(matches!(status, 200 | 201), "{status}");
    };
    let [one, two] = story.schools.each_ref().map(|id| id.as_str());
    enter(&story.officer, one, 3, 4, "entered").await;
    assert_eq!(anyone.get(&table).await.expect(200)["items"], json!([]), "not confirmed");
    enter(&story.officer, one, 3, 4, "confirmed").await;
    assert_eq!(anyone.get(&table).await.expect(200)["items"], json!([]), "the year has not ended");
    story.app.set_date("2024-01-01");
    story.officer = story.app.as_officer(&story.municipality);
    let alone = anyone.get(&table).await.expect(200);
    let total = &alone["items"][0]["total"];
    assert_eq!((&total["hidden"], &total["value"]), (&json!(true), &Value::Null), "four teachers in all");
    assert_eq!(alone["small_cells_below"], 5);
    enter(&story.officer, two, 6, 6, "confirmed").await;
    enter(&story.officer, third.as_str(), 1, 10, "confirmed").await;
    let page = anyone.get(&table).await.expect(200);
    let item = &page["items"][0];
    let schools: Vec<(&str, bool)> = item["schools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["school"].as_str().unwrap(), one["hidden"] == true))
        .collect();
    assert_eq!(
        schools,
        [("А. Школа № 3", false), ("Школа № 1", true), ("Школа № 2", true)],
        "by name; the six would give the four away"
    );
    assert_eq!((&item["total"]["numerator"], &item["total"]["value"]), (&json!(10), &json!(50)));
    let hidden = &item["schools"][1];
    assert_eq!((&hidden["numerator"], &hidden["denominator"]), (&Value::Null, &Value::Null));

    let tests = json!({
        "indicator_id": id_of(&story.officer, "I-1").await, "school_id": two, "period_start": "2022-09-01",
        "period_end": "2023-08-31", "numerator": 10, "denominator": 40, "state": "confirmed"
    });
    put(&story.officer, &tests).await.expect(201);
    let page = anyone.get(&table).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "results of national tests are not published");
    assert_eq!(anyone.get(&format!("{table}&year=2022")).await.expect(200)["items"], json!([]));
    assert_eq!(anyone.get(&format!("{table}&sort=total")).await.status, 400, "nobody is ranked");
    let nobody = "/api/v1/public/indicator-values?municipality_id=0192f0c1-0000-7000-8000-000000000000";
    assert_eq!(anyone.get(nobody).await.expect(200)["items"], json!([]));
    assert_eq!(anyone.get("/api/v1/public/indicator-values").await.status, 400, "of which municipality?");
}
