//! Review of a report: remarks that must be answered, versions, differences, history.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::{Campaign, done};
use crate::client::Resource;

fn members<'a>(page: &'a Value, name: &str) -> Vec<&'a str> {
    page["items"].as_array().unwrap().iter().map(|one| one[name].as_str().unwrap()).collect()
}

/// The first school's report, submitted.
async fn submitted(story: &Campaign) -> String {
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    story.act(&story.principal, &report, "submit").await.expect(200);
    report
}

#[rstest]
#[actix_web::test]
async fn a_report_comes_back_with_remarks_and_is_not_sent_again_before_each_is_answered(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = submitted(&story).await;
    let remarks = format!("{report}/remarks");
    let measure =
        story.officer.get(&format!("{report}/items")).await.expect(200)["items"][0]["measure_id"].clone();
    let bare = story.officer.act_with(&format!("{report}/return"), 4, &json!({})).await;
    assert_eq!(bare.violations(422), ["/reason required"], "a return needs a reason or a remark");

    let first = json!({ "measure_id": measure, "text": "Укажите номер приказа" });
    let first = story.officer.post(&remarks, &first).await.expect(201);
    assert_eq!(
        (&first["pointer"], &first["code"], &first["status"], &first["author_role"]),
        (&json!("/items/S1"), &json!("S1"), &json!("open"), &json!("municipal_officer"))
    );
    assert_eq!((&first["submission"], &first["status_label"]), (&json!(1), &json!("открыто")));
    let whole = json!({ "pointer": "", "text": "Добавьте вывод" });
    let second = story.officer.post(&remarks, &whole).await.expect(201);
    let began = story.principal.get(&report).await.expect(200);
    assert!(began["review_started_at"].is_string(), "a remark of the department starts the review");
    assert_eq!(story.act(&story.principal, &report, "withdraw").await.problem(409), "report-state");

    let version = story.officer.get(&report).await.expect(200).version();
    let returned = story.officer.act_with(&format!("{report}/return"), version, &json!({})).await.expect(200);
    assert_eq!((&returned["status"], &returned["return_reason"]), (&json!("returned"), &Value::Null));
    let mine = story.principal.get(&report).await.expect(200);
    assert_eq!(mine["open_remarks"], 2);
    let submit = mine["actions"].as_array().unwrap().iter().find(|one| one["name"] == "submit").unwrap();
    assert_eq!(submit["blocked_by"], json!(["open-remark"]));
    let refused = story.act(&story.principal, &report, "submit").await;
    assert_eq!(refused.problem(409), "remarks-open");
    let problem = refused.json();
    assert_eq!(problem["blocked_by"], json!(["open-remark"]));
    assert_eq!(
        problem["errors"],
        json!([
            { "pointer": format!("/remarks/{}", first.id()), "code": "remark-open", "detail": "Укажите номер приказа" },
            { "pointer": format!("/remarks/{}", second.id()), "code": "remark-open", "detail": "Добавьте вывод" }
        ])
    );

    let path = |remark: &Value| format!("/api/v1/remarks/{}", remark.id());
    let answer = json!({ "answer": "Номер указан" });
    let told = story.principal.act_with(&format!("{}/answer", path(&first)), 1, &answer).await.expect(200);
    assert_eq!((&told["status"], told.version()), (&json!("answered"), 2));
    let again = story.principal.act_with(&format!("{}/answer", path(&first)), 2, &answer).await.expect(200);
    assert_eq!(again.version(), 2, "the same answer changes nothing");
    assert_eq!(story.act(&story.principal, &report, "submit").await.problem(409), "remarks-open");
    let resolved = story.officer.act(&format!("{}/resolve", path(&second)), 1).await.expect(200);
    assert_eq!(resolved["status"], "resolved");
    let late = story.principal.act_with(&format!("{}/answer", path(&second)), 2, &answer).await;
    assert_eq!(
        (late.problem(409), &late.json()["blocked_by"]),
        ("remark-state".into(), &json!(["remark-resolved"]))
    );
    let sent = story.act(&story.principal, &report, "submit").await.expect(200);
    assert_eq!((&sent["submission"], &sent["open_remarks"]), (&json!(2), &json!(0)));

    let open = story.officer.get(&format!("{remarks}?status=open&count=exact")).await.expect(200);
    assert_eq!(open["page"]["count"], 0);
    let one =
        story.officer.get(&format!("{remarks}?measure_id={}", measure.as_str().unwrap())).await.expect(200);
    assert_eq!(members(&one, "answer"), ["Номер указан"]);
    let life = story
        .principal
        .get(&format!("{report}/history?action=write-remark,answer-remark,resolve-remark"))
        .await
        .expect(200);
    let done = ["write-remark", "write-remark", "answer-remark", "resolve-remark"];
    assert_eq!(members(&life, "action"), done);
    let about = [first.id(), second.id(), first.id(), second.id()];
    assert_eq!(members(&life, "remark_id"), about);
    let sent = story.principal.get(&format!("{report}/history?action=submit")).await.expect(200);
    assert_eq!(sent["items"][0]["remark_id"], Value::Null);
}

#[rstest]
#[actix_web::test]
async fn a_remark_names_one_place_that_the_report_has(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let draft = story.report_of(Some(&story.schools[0])).await;
    let words = json!({ "pointer": "/summary", "text": "Кратко" });
    let early = story.officer.post(&format!("{draft}/remarks"), &words).await;
    assert_eq!(
        (early.problem(409), &early.json()["blocked_by"]),
        ("report-state".into(), &json!(["report-draft"]))
    );

    let remarks = format!("{}/remarks", submitted(&story).await);
    let own = story.report_of(None).await;
    let municipal =
        story.officer.get(&format!("{own}/items")).await.expect(200)["items"][0]["measure_id"].clone();
    for (body, broken) in [
        (json!({ "text": "Где?" }), "/pointer required"),
        (json!({ "pointer": "/summary", "measure_id": municipal, "text": "Два места" }), "/pointer required"),
        (json!({ "pointer": "/items/M1", "text": "Не в этом отчёте" }), "/pointer unknown-reference"),
        (json!({ "pointer": "/status", "text": "Нет такого поля" }), "/pointer unknown-reference"),
        (json!({ "measure_id": municipal, "text": "Чужое" }), "/measure_id unknown-reference"),
        (json!({ "pointer": "/summary", "text": "" }), "/text empty"),
    ] {
        assert_eq!(story.officer.post(&remarks, &body).await.violations(422), [broken], "{body}");
    }
    let field = json!({ "pointer": "/items/S1/result", "text": "Уточните" });
    assert_eq!(story.officer.post(&remarks, &field).await.expect(201)["code"], "S1");
    assert_eq!(story.officer.get(&remarks).await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[rstest]
#[actix_web::test]
async fn remarks_belong_to_those_who_review_and_to_the_school(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = submitted(&story).await;
    let remarks = format!("{report}/remarks");
    let words = json!({ "pointer": "/summary", "text": "Кратко" });
    let curator = story.app.as_curator(&story.municipality, &[&story.schools[0]]);
    let idle = story.app.as_curator(&story.municipality, &[&story.schools[1]]);
    let other = story.app.as_school_head(&story.municipality, &story.schools[1]);
    let region = story.app.as_region("57");

    assert_eq!(story.principal.post(&remarks, &words).await.problem(403), "forbidden");
    assert_eq!(idle.post(&remarks, &words).await.status, 404);
    let his = curator.post(&remarks, &words).await.expect(201);
    assert_eq!(his["author_role_label"], "куратор");
    let before = story.principal.get(&report).await.expect(200);
    assert_eq!(before["review_started_at"], Value::Null, "the department has not begun its review");
    let theirs = story.officer.post(&remarks, &words).await.expect(201);
    let (his, theirs) = (format!("/api/v1/remarks/{}", his.id()), format!("/api/v1/remarks/{}", theirs.id()));

    for outsider in [&idle, &other] {
        assert_eq!(outsider.get(&his).await.status, 404);
        assert_eq!(outsider.get(&remarks).await.status, 404);
    }
    assert_eq!(region.get(&his).await.problem(403), "forbidden");
    let answer = json!({ "answer": "Дополнено" });
    assert_eq!(other.act_with(&format!("{his}/answer"), 1, &answer).await.status, 404);
    assert_eq!(curator.act_with(&format!("{his}/answer"), 1, &answer).await.problem(403), "forbidden");
    assert_eq!(curator.act(&format!("{theirs}/resolve"), 1).await.problem(403), "forbidden");
    assert_eq!(curator.act(&format!("{his}/resolve"), 7).await.problem(412), "stale");
    curator.act(&format!("{his}/resolve"), 1).await.expect(200);
    let operator = story.app.as_operator(&story.municipality, &story.schools[0]);
    operator.act_with(&format!("{theirs}/answer"), 1, &answer).await.expect(200);
    story.head.act(&format!("{theirs}/resolve"), 2).await.expect(200);
    story.act(&story.officer, &report, "accept").await.expect(200);
    assert_eq!(region.get(&report).await.expect(200)["open_remarks"], Value::Null);
}

#[rstest]
#[actix_web::test]
async fn each_submission_is_kept_and_compared(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = submitted(&story).await;
    let first = story.officer.get(&format!("{report}/versions/1")).await.expect(200);
    assert_eq!((&first["items"][0]["result"], first.version()), (&json!("Проведено"), 1));
    assert_eq!(
        first["items"][0]["evidence"][0]["actions"][0]["blocked_by"],
        json!(["role", "version-frozen"])
    );
    let lone = story.officer.get(&format!("{report}/diff")).await;
    assert_eq!(lone.problem(404), "not-found", "there is nothing to compare the first one with");

    story.act(&story.officer, &report, "return").await.expect(200);
    let item = story.item(&story.principal, &report, "S1").await;
    let mut better = done();
    better["result"] = json!("Проведено, приказ № 31");
    let now = story.principal.get(&item).await.expect(200);
    story.principal.put(&item, now.version(), &better).await.expect(200);
    let paper = format!("/api/v1/evidence/{}", now["evidence"][0].id());
    story.principal.delete(&paper, 1).await.expect(204);
    let link = json!({ "kind": "plan", "title": "План", "url": "https://school.example.org/plan", "contains_personal_data": true });
    let added = story.principal.post(&format!("{item}/evidence"), &link).await.expect(201);
    story.act(&story.principal, &report, "submit").await.expect(200);

    let diff = story.officer.get(&format!("{report}/diff")).await.expect(200);
    assert_eq!((&diff["from"], &diff["to"]), (&json!(1), &json!(2)));
    let changes: Vec<(&str, &Value, &Value)> = diff["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["pointer"].as_str().unwrap(), &one["old"], &one["new"]))
        .collect();
    let (gone, come) = (now["evidence"][0].id(), added.id());
    let (gone, come) = (format!("/items/S1/evidence/{gone}"), format!("/items/S1/evidence/{come}"));
    assert_eq!(changes[0], ("/items/S1/result", &json!("Проведено"), &json!("Проведено, приказ № 31")));
    assert_eq!((changes[1].0, changes[1].2), (gone.as_str(), &Value::Null));
    assert_eq!((changes[2].0, &changes[2].2["title"]), (come.as_str(), &json!("План")));
    assert_eq!((changes.len(), &diff["changes"][0]["field_label"]), (3, &json!("результат")));
    let none = story.officer.get(&format!("{report}/diff?from=2&to=2")).await.expect(200);
    assert_eq!(none["changes"], json!([]));
    let first_again = story.officer.get(&format!("{report}/versions/1")).await.expect(200);
    assert_eq!(first_again["items"][0]["result"], "Проведено", "what was submitted stays as it was");

    let curator = story.app.as_curator(&story.municipality, &[&story.schools[0]]);
    let seen = curator.get(&format!("{report}/diff")).await.expect(200);
    assert_eq!(seen["changes"].as_array().unwrap().len(), 2, "without the evidence that holds personal data");
    assert_eq!(
        curator.get(&format!("{report}/versions/2")).await.expect(200)["items"][0]["evidence"],
        json!([])
    );
    for unknown in ["versions/3", "versions/0", "versions/x", "diff?from=9"] {
        assert_eq!(
            story.officer.get(&format!("{report}/{unknown}")).await.problem(404),
            "not-found",
            "{unknown}"
        );
    }
    for bad in ["diff?from=x", "diff?to=0", "diff?since=1"] {
        assert_eq!(
            story.officer.get(&format!("{report}/{bad}")).await.problem(400),
            "malformed-request",
            "{bad}"
        );
    }
}

#[rstest]
#[actix_web::test]
async fn a_region_sees_the_accepted_version_alone(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = submitted(&story).await;
    let region = story.app.as_region("57");
    assert_eq!(region.get(&format!("{report}/versions")).await.status, 404);
    story.act(&story.officer, &report, "return").await.expect(200);
    story.act(&story.principal, &report, "submit").await.expect(200);
    story.act(&story.officer, &report, "accept").await.expect(200);

    let numbers = |page: &Value| -> Vec<(i64, bool)> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|one| (one["number"].as_i64().unwrap(), one["accepted"].as_bool().unwrap())).collect()
    };
    let all = story.principal.get(&format!("{report}/versions?count=exact")).await.expect(200);
    assert_eq!((numbers(&all), &all["page"]["count"]), (vec![(1, false), (2, true)], &json!(2)));
    let last = story.principal.get(&format!("{report}/versions?sort=-number&limit=1")).await.expect(200);
    assert_eq!(numbers(&last), [(2, true)]);
    let one = story.principal.get(&format!("{report}/versions?id=1")).await.expect(200);
    assert_eq!(numbers(&one), [(1, false)]);
    let seen = region.get(&format!("{report}/versions")).await.expect(200);
    assert_eq!(numbers(&seen), [(2, true)]);
    region.get(&format!("{report}/versions/2")).await.expect(200);
    assert_eq!(region.get(&format!("{report}/versions/1")).await.problem(404), "not-found");
    assert_eq!(region.get(&format!("{report}/diff")).await.problem(404), "not-found");
}
