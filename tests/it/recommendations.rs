//! Recommendations: what they refer to, issued outside a note, followed school by school.

use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::Campaign;
use crate::client::{Client, Reply, Resource};

const LIST: &str = "/api/v1/recommendations";

fn advice(addressee: &str) -> Value {
    json!({
        "code": "1", "position": 1, "addressee": addressee, "text": "Усилить контроль успеваемости.",
        "due_date": "2023-04-01"
    })
}

/// The version as the body and the tag show it.
async fn version(client: &Client, path: &str) -> i64 {
    let reply = client.get(path).await;
    let version = reply.expect(200).version();
    assert!(reply.header("etag").unwrap().starts_with(&format!("\"{version}.")));
    version
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

#[rstest]
#[actix_web::test]
async fn every_step_of_an_addressee_raises_the_recommendation(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::planned(on).await else {
        return;
    };
    let mut body = advice("schools");
    body["school_ids"] = json!(story.schools);
    let draft = story.officer.post(LIST, &body).await.expect(201);
    let path = format!("{LIST}/{}", draft.id());
    assert_eq!(story.principal.get(&path).await.status, 404, "a draft is the department's own");
    let issued = story.officer.act(&format!("{path}/issue"), 1).await.expect(200);
    assert_eq!((issued.version(), &issued["status"]), (2, &json!("issued")));
    assert_eq!(issued["addressees"].as_array().unwrap().len(), 2);

    let curator = story.app.as_curator(&story.municipality, &[&story.schools[1]]);
    let seen = curator.get(&path).await.expect(200);
    assert_eq!(seen["addressees"].as_array().unwrap().len(), 1, "a curator reads his schools");
    assert_eq!(seen["addressees"][0]["school_id"], json!(story.schools[1]));
    let stranger = story.app.as_curator(&story.municipality, &[]);
    assert_eq!(stranger.get(&path).await.status, 404);

    let first = format!("{path}/schools/{}", story.schools[0]);
    let second = format!("{path}/schools/{}", story.schools[1]);
    let (said, why) = (json!({ "comment": "Сделано" }), json!({ "reason": "Нет" }));
    let (principal, officer) = (&story.principal, &story.officer);
    let steps: [(&Client, &str, &str, i64, Option<&Value>); 7] = [
        (principal, &first, "acknowledge", 1, None),
        (principal, &first, "start", 2, None),
        (principal, &first, "complete", 3, Some(&said)),
        (officer, &first, "reopen", 4, Some(&why)),
        (principal, &first, "complete", 5, Some(&said)),
        (officer, &first, "verify", 6, None),
        (officer, &second, "cancel", 1, Some(&why)),
    ];
    for (n, (client, part, name, expected, body)) in (3..).zip(steps) {
        let target = format!("{part}/{name}");
        let reply: Reply = match body {
            Some(body) => client.act_with(&target, expected, body).await,
            None => client.act(&target, expected).await,
        };
        assert_eq!(reply.expect(200).version(), expected + 1, "{name}");
        assert_eq!(version(officer, &path).await, n, "{name}");
    }
    let refused = principal.act(&format!("{first}/start"), 7).await;
    assert_eq!(refused.problem(409), "recommendation-state");
    assert_eq!(version(officer, &path).await, 9, "a refusal raises nothing");
    let stale = officer.act_with(&format!("{path}/cancel"), 2, &why).await;
    assert_eq!(stale.problem(412), "stale");
}

#[rstest]
#[actix_web::test]
async fn the_departments_part_is_tracked_by_patch(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::planned(on).await else {
        return;
    };
    let draft = story.officer.post(LIST, &advice("department")).await.expect(201);
    let path = format!("{LIST}/{}", draft.id());
    let to = |status: &str| json!({ "department_status": status });
    let early = story.officer.patch(&path, 1, &to("acknowledged")).await;
    assert_eq!(early.problem(409), "recommendation-state");
    story.officer.act(&format!("{path}/issue"), 1).await.expect(200);

    let skipped = story.officer.patch(&path, 2, &to("done")).await;
    assert_eq!(skipped.json()["blocked_by"], json!(["no-such-move"]));
    for (version, status) in [(2, "acknowledged"), (3, "in_progress"), (4, "done"), (5, "verified")] {
        let moved = story.officer.patch(&path, version, &to(status)).await.expect(200);
        assert_eq!((moved.version(), &moved["department_status"]), (version + 1, &json!(status)));
    }
    let same = story.officer.patch(&path, 6, &to("verified")).await.expect(200);
    assert_eq!(same.version(), 6);
    let text = story.officer.patch(&path, 6, &json!({ "text": "Иное" })).await;
    assert_eq!(text.problem(409), "recommendation-state");
}
