//! Conclusions: how they came about, edited beside what was generated, frozen by a note.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::Campaign;
use crate::client::Resource;

/// Accepts the report of the first school, with S1 (entry test) done and S2 (mentors) not.
async fn accept_first_report(campaign: &Campaign) -> String {
    let report = campaign.report_of(Some(&campaign.schools[0])).await;
    campaign.fill(&report).await;
    campaign.act(&campaign.principal, &report, "submit").await.expect(200);
    campaign.act(&campaign.officer, &report, "accept").await.expect(200);
    report
}

async fn conclusion(campaign: &Campaign, code: &str) -> Value {
    campaign.officer.get(&format!("{}/conclusions/{code}", campaign.monitoring)).await.expect(200)
}

fn names(schools: &Value) -> Vec<&str> {
    schools.as_array().unwrap().iter().map(|school| school["short_name"].as_str().unwrap()).collect()
}

/// `school: why` of everybody who is not counted.
fn left_out(explained: &Value) -> Vec<String> {
    let line = |left: &Value| {
        format!("{}: {}", left["school"]["short_name"].as_str().unwrap(), left["why"].as_str().unwrap())
    };
    explained["schools_left_out"].as_array().unwrap().iter().map(line).collect()
}

#[rstest]
#[actix_web::test]
async fn there_are_no_conclusions_before_the_monitoring_is_opened(#[values(Sqlite, Postgres)] on: Database) {
    let Some(campaign) = Campaign::planned(on).await else {
        return;
    };
    let list = format!("{}/conclusions", campaign.monitoring);
    let one = format!("{list}/2.3");
    let early = campaign.officer.get(&list).await;
    assert_eq!(early.problem(409), "monitoring-state");
    assert_eq!(early.json()["blocked_by"], json!(["monitoring-not-opened"]));
    assert_eq!(campaign.officer.get(&one).await.problem(409), "monitoring-state");
    let edit = json!({"edited_text": "Наставники закреплены."});
    assert_eq!(campaign.officer.patch(&one, 1, &edit).await.problem(409), "monitoring-state");

    campaign.step("open").await;
    assert_eq!(campaign.officer.get(&list).await.expect(200)["items"].as_array().unwrap().len(), 10);
    campaign.officer.patch(&one, 1, &edit).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn a_conclusion_tells_its_rule_and_everything_it_was_drawn_from(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(campaign) = Campaign::opened(on).await else {
        return;
    };
    let report = accept_first_report(&campaign).await;
    let tests = conclusion(&campaign, "2.4").await;
    let why = &tests["explanation"];
    assert_eq!((&tests["verdict"], &why["rule"]), (&json!("some"), &json!("each_school")));
    assert!(why["rule_label"].as_str().unwrap().starts_with("Школа учитывается"));
    assert_eq!((&why["ok_count"], &why["total"]), (&json!(1), &json!(2)));
    assert_eq!(names(&why["schools_counted"]), ["Школа № 1", "Школа № 2"]);
    assert_eq!(names(&why["schools_ok"]), ["Школа № 1"]);
    assert_eq!(names(&why["schools_missing"]), ["Школа № 2"]);
    assert_eq!(names(&why["schools_without_report"]), ["Школа № 2"]);
    let school = json!({"id": campaign.schools[0], "short_name": "Школа № 1"});
    let id = report.rsplit('/').next().unwrap();
    assert_eq!(why["inputs"], json!([{"report_id": id, "version_counted": 1, "school": school}]));

    let criteria = why["criteria"].as_array().unwrap();
    let entry = criteria.iter().find(|criterion| criterion["code"] == "entry_test").unwrap();
    assert_eq!((&entry["verdict"], &entry["measures"]), (&json!("some"), &json!(["S1"])));
    assert_eq!(names(&entry["schools_ok"]), ["Школа № 1"]);
    let interim = criteria.iter().find(|criterion| criterion["code"] == "interim_test").unwrap();
    assert_eq!((&interim["verdict"], &interim["total"]), (&json!("not_applicable"), &json!(0)));
    assert_eq!(left_out(interim), ["Школа № 1: no_measures", "Школа № 2: no_measures"]);

    let mentors = conclusion(&campaign, "2.3").await;
    assert_eq!(mentors["verdict"], "none");
    assert_eq!(names(&mentors["explanation"]["schools_missing"]), ["Школа № 1", "Школа № 2"]);
    assert_eq!(names(&mentors["explanation"]["schools_without_report"]), ["Школа № 2"]);
    let municipal = conclusion(&campaign, "1.1").await;
    let own = &municipal["explanation"];
    assert_eq!((&municipal["verdict"], &own["rule"]), (&json!("no_data"), &json!("own_report")));
    assert_eq!((&own["schools_counted"], &own["inputs"]), (&json!([]), &json!([])));
}

#[rstest]
#[actix_web::test]
async fn a_conclusion_follows_its_reports_and_the_schools_that_take_part(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(campaign) = Campaign::opened(on).await else {
        return;
    };
    let report = accept_first_report(&campaign).await;
    campaign.act(&campaign.officer, &report, "return").await.expect(200);
    let none = conclusion(&campaign, "2.4").await;
    assert_eq!((&none["verdict"], &none["explanation"]["inputs"]), (&json!("no_data"), &json!([])));
    campaign.act(&campaign.principal, &report, "submit").await.expect(200);
    campaign.act(&campaign.officer, &report, "accept").await.expect(200);
    let again = conclusion(&campaign, "2.4").await;
    assert_eq!(again["explanation"]["inputs"][0]["version_counted"], 2);

    let version = campaign.officer.get(&campaign.monitoring).await.expect(200).version();
    let release = format!("{}/schools/{}/release", campaign.monitoring, campaign.schools[1]);
    campaign.officer.act_with(&release, version, &json!({"reason": "Ликвидация"})).await.expect(200);
    let alone = conclusion(&campaign, "2.4").await;
    let why = &alone["explanation"];
    assert_eq!((&alone["verdict"], &why["total"]), (&json!("all"), &json!(1)));
    assert_eq!(left_out(why), ["Школа № 2: released"]);
    assert_eq!(why["schools_left_out"][0]["why_label"], "школа освобождена от мониторинга");
}

#[rstest]
#[actix_web::test]
async fn an_edited_text_stands_beside_the_generated_one(#[values(Sqlite, Postgres)] on: Database) {
    let Some(campaign) = Campaign::opened(on).await else {
        return;
    };
    let path = format!("{}/conclusions/2.4", campaign.monitoring);
    let before = conclusion(&campaign, "2.4").await;
    assert_eq!(before["text"], before["generated_text"]);
    assert_eq!((&before["edited_text"], &before["edited_at"]), (&Value::Null, &Value::Null));
    let edit = json!({"edited_text": "Входной контроль проведён."});
    let edited = campaign.officer.patch(&path, 1, &edit).await.expect(200);
    assert_eq!((&edited["text"], edited.version()), (&edit["edited_text"], 2));
    assert_eq!(edited["generated_text"], before["generated_text"]);
    assert!(edited["edited_at"].is_string());

    accept_first_report(&campaign).await;
    let later = conclusion(&campaign, "2.4").await;
    assert_eq!((&later["text"], &later["verdict"]), (&edit["edited_text"], &json!("some")));
    assert_ne!(later["generated_text"], before["generated_text"]);
    assert_eq!(campaign.officer.patch(&path, 2, &edit).await.expect(200).version(), 2, "nothing changed");
    assert_eq!(campaign.officer.patch(&path, 1, &edit).await.status, 412);
    assert_eq!(campaign.officer.patch(&path, 2, &json!({"edited_text": ""})).await.violations(422).len(), 1);
    assert_eq!(campaign.officer.patch(&path, 2, &json!({"text": "Нет"})).await.status, 400);

    let back = campaign.head.patch(&path, 2, &json!({"edited_text": null})).await.expect(200);
    assert_eq!((&back["text"], &back["edited_at"]), (&later["generated_text"], &Value::Null));
}

#[rstest]
#[actix_web::test]
async fn only_the_department_edits_its_conclusions(#[values(Sqlite, Postgres)] on: Database) {
    let Some(campaign) = Campaign::opened(on).await else {
        return;
    };
    let app = &campaign.app;
    let path = format!("{}/conclusions/2.4", campaign.monitoring);
    let edit = json!({"edited_text": "Чужая правка."});
    let curator = app.as_curator(&campaign.municipality, &[&campaign.schools[0]]);
    for reader in [&campaign.principal, &curator, &app.as_region("57")] {
        assert_eq!(reader.patch(&path, 1, &edit).await.problem(403), "forbidden");
    }
    let neighbour = app.as_officer(&app.given_municipality("Урицкий район"));
    assert_eq!(neighbour.patch(&path, 1, &edit).await.problem(404), "not-found");
    assert_eq!(neighbour.get(&path).await.problem(404), "not-found");
    let unknown = format!("{}/conclusions/9.9", campaign.monitoring);
    assert_eq!(campaign.officer.patch(&unknown, 1, &edit).await.problem(404), "not-found");

    let offered = json!([{"name": "update", "allowed": true, "blocked_by": []}]);
    assert_eq!(conclusion(&campaign, "2.4").await["actions"], offered);
    assert_eq!(curator.get(&path).await.expect(200)["actions"][0]["allowed"], false);
}

#[rstest]
#[actix_web::test]
async fn a_signed_note_keeps_conclusions_as_they_stood(#[values(Sqlite, Postgres)] on: Database) {
    let Some(campaign) = Campaign::opened(on).await else {
        return;
    };
    let accepted = accept_first_report(&campaign).await;
    campaign.step("close-collection").await;
    campaign.step("analyse").await;
    let before = conclusion(&campaign, "2.4").await;
    let page = campaign.officer.get("/api/v1/reports").await.expect(200);
    let others = page["items"].as_array().unwrap().iter().filter(|report| !accepted.ends_with(&report.id()));
    let missing: Vec<Value> =
        others.map(|report| json!({"report_id": report.id(), "reason": "Не представлен"})).collect();
    let note = json!({
        "title": "об исполнении плана мероприятий", "date": "2023-03-01", "missing_reports": missing,
        "signer_position": "Начальник отдела образования", "signer_name": "И. И. Иванова"
    });
    let note = campaign.officer.post(&format!("{}/note", campaign.monitoring), &note).await.expect(201);
    let path = format!("/api/v1/notes/{}", note.id());
    campaign.officer.act(&format!("{path}/submit"), 1).await.expect(200);
    campaign.head.act(&format!("{path}/sign"), 2).await.expect(200);

    let signed = conclusion(&campaign, "2.4").await;
    assert_eq!((&signed["frozen"], &before["frozen"]), (&json!(true), &json!(false)));
    assert_eq!(signed["explanation"], before["explanation"]);
    let path = format!("{}/conclusions/2.4", campaign.monitoring);
    let edit = json!({"edited_text": "Поздняя правка."});
    let late = campaign.officer.patch(&path, signed.version(), &edit).await;
    assert_eq!(late.problem(409), "monitoring-frozen");
    assert_eq!(signed["actions"][0]["blocked_by"], json!(["monitoring-frozen"]));
    assert_eq!(conclusion(&campaign, "2.4").await, signed);
}
