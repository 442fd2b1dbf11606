//! Recommendations: what they refer to.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::Campaign;
use crate::client::Resource;

const LIST: &str = "/api/v1/recommendations";

fn advice(addressee: &str) -> Value {
    json!({
        "code": "1", "position": 1, "addressee": addressee, "text": "Усилить контроль успеваемости.",
        "due_date": "2023-04-01"
    })
}

#[rstest]
#[actix_web::test]
async fn a_recommendation_names_conclusions_of_its_monitorings_template(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::planned(on).await else {
        return;
    };
    let id = story.monitoring.rsplit('/').next().unwrap();
    let mut body = advice("list_schools");
    body["monitoring_id"] = json!(id);
    body["conclusion_codes"] = json!(["2.3", "9.9"]);
    let unknown = ["/conclusion_codes/1 unknown-reference"];
    assert_eq!(story.officer.post(LIST, &body).await.violations(422), unknown, "by the road map");
    story.step("open").await;
    assert_eq!(story.officer.post(LIST, &body).await.violations(422), unknown, "by what opening kept");

    body["conclusion_codes"] = json!(["2.3"]);
    let draft = story.officer.post(LIST, &body).await.expect(201);
    let path = format!("{LIST}/{}", draft.id());
    let change = json!({ "conclusion_codes": ["1.1", "2.99"] });
    assert_eq!(story.officer.patch(&path, 1, &change).await.violations(422), unknown);
    let mut alone = advice("all_schools");
    alone["conclusion_codes"] = json!(["2.3"]);
    assert_eq!(
        story.officer.post(LIST, &alone).await.violations(422),
        ["/conclusion_codes/0 unknown-reference"],
        "without a monitoring there are no conclusions"
    );
}
