//! The guard of free texts: people are counted, not named, unless somebody answers for it.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::{Campaign, done, evidence};
use crate::client::Resource;

const CODE: &str = "personal-data-suspected";

#[rstest]
#[actix_web::test]
async fn a_name_in_a_result_is_refused_until_its_author_confirms_it(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S1").await;
    let mut named = done();
    named["result"] = json!("Наставник Петрова И. И., тел. 8 920 123-45-67");

    let refused = story.principal.put(&item, 1, &named).await;
    assert_eq!(refused.problem(422), CODE);
    let problem = refused.json();
    assert_eq!(problem["errors"][0]["pointer"], "/result");
    let told = problem["errors"][0]["detail"].as_str().unwrap();
    assert!(told.contains("номер телефона, фамилия, имя, отчество"), "{told}");
    assert!(!told.contains("Петрова"), "the refusal does not repeat it");
    let life = |page: Value| -> Vec<Value> {
        page["items"].as_array().unwrap().iter().map(|one| one["action"].clone()).collect()
    };
    let history = format!("{report}/history");
    assert_eq!(life(story.principal.get(&history).await.expect(200)), ["create"], "nothing is left of it");

    named["actual_date"] = json!("2030-01-01");
    assert_eq!(
        story.principal.put(&item, 1, &named).await.violations(422),
        ["/actual_date range", "/result personal-data-suspected"],
        "every fault comes at once"
    );
    named["actual_date"] = json!("2023-02-20");
    named["personal_data_confirmed"] = json!(true);
    let kept = story.principal.put(&item, 1, &named).await.expect(200);
    assert_eq!((kept.version(), kept.get("personal_data_confirmed")), (2, None));
    let confirmed = story.principal.get(&format!("{history}?action=confirm-personal-data")).await.expect(200);
    assert_eq!(confirmed["items"][0]["reason"], "/result (phone, full_name)");

    named["personal_data_confirmed"] = json!(false);
    named["status"] = json!("partly");
    named["reason"] = json!("Болезнь");
    story.principal.put(&item, 2, &named).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn every_free_text_of_report_and_review_is_guarded(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let report = story.report_of(Some(&story.schools[0])).await;
    let item = story.item(&story.principal, &report, "S1").await;
    let name = "Ирина Петровна";
    let suspected = |pointer: &str| vec![format!("{pointer} {CODE}")];
    for member in ["summary", "problems"] {
        let refused = story.principal.patch(&report, 1, &json!({ member: name })).await;
        assert_eq!(refused.violations(422), suspected(&format!("/{member}")));
    }
    let excuse = json!({ "status": "not_done", "reason": name });
    assert_eq!(story.principal.put(&item, 1, &excuse).await.violations(422), suspected("/reason"));
    for member in ["title", "requisites"] {
        let mut paper = evidence();
        paper[member] = json!("Приказ о назначении: Петрова И. И.");
        let refused = story.principal.post(&format!("{item}/evidence"), &paper).await;
        assert_eq!(refused.violations(422), suspected(&format!("/{member}")));
    }
    let honoured = json!({ "summary": "В МБОУ-Красноярбинской СОШ им. П. И. Бровичева план исполнен" });
    story.principal.patch(&report, 1, &honoured).await.expect(200);

    story.fill(&report).await;
    story.act(&story.principal, &report, "submit").await.expect(200);
    let version = story.officer.get(&report).await.expect(200).version();
    let back = story.officer.act_with(&format!("{report}/return"), version, &json!({ "reason": name })).await;
    assert_eq!(back.violations(422), suspected("/reason"));
    let remarks = format!("{report}/remarks");
    let words = json!({ "pointer": "/nowhere", "text": name });
    assert_eq!(
        story.officer.post(&remarks, &words).await.violations(422),
        ["/pointer unknown-reference".to_owned(), suspected("/text").remove(0)]
    );
    let words = json!({ "pointer": "", "text": name, "personal_data_confirmed": true });
    let remark = story.officer.post(&remarks, &words).await.expect(201);
    let answer = format!("/api/v1/remarks/{}/answer", remark.id());
    let told = story.principal.act_with(&answer, 1, &json!({ "answer": name })).await;
    assert_eq!(told.violations(422), suspected("/answer"));
    let told = json!({ "answer": name, "personal_data_confirmed": true });
    story.principal.act_with(&answer, 1, &told).await.expect(200);
    let back = json!({ "reason": name, "personal_data_confirmed": true });
    let version = story.officer.get(&report).await.expect(200).version();
    story.officer.act_with(&format!("{report}/return"), version, &back).await.expect(200);
}
