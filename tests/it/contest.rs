//! Contests: many decide at once and one does; and nothing happens out of turn.

use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite, TestApp};
use crate::campaign::{Campaign, done, evidence};
use crate::client::{Client, Reply, Resource};
use crate::witness::Witness;

/// Sends a request until the service is not too busy for it: being busy decides nothing.
pub async fn insist(request: reqwest::RequestBuilder) -> Reply {
    loop {
        let reply = Reply::of(request.try_clone().unwrap()).await;
        if reply.status != 503 {
            return reply;
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[rstest]
#[actix_web::test]
async fn of_eight_reviewers_one_decides(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let mut submitted = Vec::new();
    for school in &story.schools {
        let report = story.report_of(Some(school)).await;
        let principal = story.app.as_school_head(&story.municipality, school);
        let item = story.item(&principal, &report, "S1").await;
        principal.put(&item, 1, &done()).await.expect(200);
        principal.post(&format!("{item}/evidence"), &evidence()).await.expect(201);
        let sent = story.act(&principal, &report, "submit").await.expect(200);
        submitted.push((report, sent.version()));
    }
    let reviewers: Vec<Client> = (0..8)
        .map(|number| match number % 2 {
            0 => story.app.as_officer(&story.municipality),
            _ => story.app.as_head(&story.municipality),
        })
        .collect();

    let decisions = reviewers.iter().enumerate().flat_map(|(number, reviewer)| {
        submitted.iter().map(move |(report, version)| async move {
            let step = if number < 4 { "accept" } else { "return" };
            let request = reviewer.request(Method::POST, &format!("{report}/{step}"));
            let request = request.header("If-Match", format!("\"{version}\""));
            let request =
                if number < 4 { request } else { request.json(&json!({ "reason": "Уточните" })) };
            (report, step, insist(request).await)
        })
    });
    let answers = join_all(decisions).await;
    for (report, version) in &submitted {
        let of_this = || answers.iter().filter(|(which, _, _)| which == &report);
        let won: Vec<_> = of_this().filter(|(_, _, reply)| reply.status == 200).collect();
        let lost = of_this().filter(|(_, _, reply)| matches!(reply.status, 409 | 412)).count();
        assert_eq!((won.len(), lost), (1, 7));
        let read = story.officer.get(report).await.expect(200);
        assert_eq!(read.version(), version + 1);
        let (_, step, reply) = won[0];
        assert_eq!(read["status"], reply.json()["status"]);
        let history = story.officer.get(&format!("{report}/history")).await.expect(200);
        let decided =
            history["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap());
        let decided: Vec<&str> = decided.filter(|action| matches!(*action, "accept" | "return")).collect();
        assert_eq!(decided, [*step]);
    }
}

#[rstest]
#[actix_web::test]
async fn a_create_sent_eight_times_at_once_is_done_once(#[values(Sqlite, Postgres)] on: Database) {
    let Some(app) = TestApp::start(on).await else {
        return;
    };
    let officer = app.as_officer(&app.given_municipality("Хотынецкий район"));
    let body = json!({
        "level": "municipal", "category": "low_results", "results_year": 2022, "valid_from": "2023-02-01",
        "order_id": officer.post("/api/v1/orders", &json!({
            "issuer": "Отдел образования", "issuer_level": "municipal", "number": "1",
            "date": "2023-02-01", "title": "О перечне", "kind": "list"
        })).await.expect(201).id()
    });
    let send = || {
        let request = officer.request(Method::POST, "/api/v1/support-lists");
        insist(request.header("Idempotency-Key", "the-same").json(&body))
    };
    let replies = join_all((0..8).map(|_| send())).await;
    let again = send().await;
    assert_eq!(again.header("idempotency-replayed").as_deref(), Some("true"));
    let stored = again.expect(201);
    let mut first = 0;
    for reply in &replies {
        match reply.status {
            201 => {
                assert_eq!(reply.json(), stored);
                first += usize::from(reply.header("idempotency-replayed").is_none());
            }
            _ => {
                assert_eq!(reply.problem(409), "idempotency-key-in-use");
                assert!(reply.header("retry-after").is_some());
            }
        }
    }
    assert_eq!(first, 1);
    let lists = officer.get("/api/v1/support-lists?count=exact").await.expect(200);
    assert_eq!(lists["page"]["count"], 1);
}

/// A state, and the steps that the diagram does not lead from it.
type Row<'a> = (&'a str, &'a [&'a str]);

/// Tries every step of a row: each is refused by 409 and changes nothing; how many there were.
async fn out_of_turn(client: &Client, path: &str, (state, steps): Row<'_>) -> usize {
    let before = client.get(path).await.expect(200);
    assert_eq!(before["status"], state, "{path}");
    for step in steps {
        let request = match *step {
            "PATCH" => client.request(Method::PATCH, path).json(&json!({})),
            "DELETE" => client.request(Method::DELETE, path),
            step => client.request(Method::POST, &format!("{path}/{step}")),
        };
        let request = request.header("If-Match", format!("\"{}\"", before.version()));
        let reply = Reply::of(request).await;
        assert_eq!(reply.status, 409, "{path} {state} {step}: {}", reply.text());
        assert!(!reply.problem(409).is_empty());
        assert_eq!(client.get(path).await.expect(200), before, "{path} {state} {step}");
    }
    steps.len()
}

/// Does a step of the diagram.
async fn step(client: &Client, path: &str, name: &str, body: &Value) -> Value {
    let version = client.get(path).await.expect(200).version();
    client.act_with(&format!("{path}/{name}"), version, body).await.expect(200)
}

fn no_body() -> Value {
    json!({})
}

fn reason() -> Value {
    json!({ "reason": "По решению отдела" })
}

#[rstest]
#[actix_web::test]
async fn a_report_keeps_to_its_diagram(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else {
        return;
    };
    let (officer, principal) = (&story.officer, &story.principal);
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    let school = ("submit", "withdraw", "PATCH");
    let department = ("start-review", "return", "accept");

    let mut refused = out_of_turn(principal, &report, ("draft", &[school.1])).await;
    refused += out_of_turn(officer, &report, ("draft", &[department.0, department.1, department.2])).await;
    story.act(principal, &report, "submit").await.expect(200);
    refused += out_of_turn(principal, &report, ("submitted", &[school.0, school.2])).await;
    story.act(officer, &report, "start-review").await.expect(200);
    refused += out_of_turn(principal, &report, ("submitted", &[school.0, school.1, school.2])).await;
    story.act(officer, &report, "return").await.expect(200);
    refused += out_of_turn(principal, &report, ("returned", &[school.1])).await;
    refused += out_of_turn(officer, &report, ("returned", &[department.0, department.1, department.2])).await;
    story.act(principal, &report, "submit").await.expect(200);
    story.act(officer, &report, "accept").await.expect(200);
    refused += out_of_turn(principal, &report, ("accepted", &[school.0, school.1, school.2])).await;
    refused += out_of_turn(officer, &report, ("accepted", &[department.0, department.2])).await;

    let released = story.report_of(Some(&story.schools[1])).await;
    let release = format!("schools/{}/release", story.schools[1]);
    step(officer, &story.monitoring, &release, &reason()).await;
    let other = story.app.as_school_head(&story.municipality, &story.schools[1]);
    refused += out_of_turn(&other, &released, ("cancelled", &[school.0, school.1, school.2])).await;
    refused +=
        out_of_turn(officer, &released, ("cancelled", &[department.0, department.1, department.2])).await;
    let mut seen = Witness::of("Z11", on);
    seen.saw(format!("report: 409 and unchanged for each of {refused} steps out of turn"));
    seen.report();
}

#[rstest]
#[actix_web::test]
async fn a_monitoring_and_its_note_keep_to_their_diagrams(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::planned(on).await else {
        return;
    };
    let (officer, head, path) = (&story.officer, &story.head, &story.monitoring);
    let schools = ["schools", "deadline-extensions"];
    out_of_turn(
        officer,
        path,
        ("planned", &["close-collection", "analyse", "complete", schools[0], schools[1]]),
    )
    .await;
    out_of_turn(officer, path, ("planned", &["note"])).await;
    story.step("open").await;
    out_of_turn(officer, path, ("open", &["PATCH", "DELETE", "open", "analyse", "complete", "note"])).await;
    story.step("close-collection").await;
    out_of_turn(officer, path, ("collected", &["PATCH", "DELETE", "open", "close-collection", "complete"]))
        .await;
    out_of_turn(officer, path, ("collected", &["cancel"])).await;
    story.step("analyse").await;
    let late: &[&str] =
        &["PATCH", "DELETE", "open", "close-collection", "analyse", "cancel", schools[0], schools[1]];
    out_of_turn(officer, path, ("analysed", late)).await;
    out_of_turn(officer, path, ("analysed", &["complete"])).await;

    let reports = officer.get("/api/v1/reports").await.expect(200);
    let missing = reports["items"].as_array().unwrap().iter();
    let missing: Vec<Value> =
        missing.map(|report| json!({ "report_id": report.id(), "reason": "Не представлен" })).collect();
    let body = json!({
        "title": "об исполнении", "date": "2023-03-01", "signer_position": "Начальник отдела",
        "signer_name": "И. И. Иванова", "missing_reports": missing
    });
    let note = officer.post(&format!("{path}/note"), &body).await.expect(201);
    let note = format!("/api/v1/notes/{}", note.id());
    out_of_turn(officer, path, ("analysed", &["complete", "note"])).await;
    let ends = ["return", "sign", "register", "publish", "replace"];
    out_of_turn(head, &note, ("draft", &ends)).await;
    step(officer, &note, "submit", &no_body()).await;
    out_of_turn(head, &note, ("on_approval", &["PATCH", "submit", "register", "publish", "replace"])).await;
    step(head, &note, "sign", &no_body()).await;
    out_of_turn(head, &note, ("signed", &["PATCH", "submit", "return", "sign", "publish"])).await;
    step(head, &note, "register", &json!({ "number": "1", "date": "2023-03-01" })).await;
    let before = ["PATCH", "submit", "return", "sign", "register"];
    out_of_turn(head, &note, ("registered", &before)).await;
    step(head, &note, "publish", &no_body()).await;
    out_of_turn(head, &note, ("published", &before)).await;
    out_of_turn(head, &note, ("published", &["publish"])).await;
    story.step("complete").await;
    out_of_turn(officer, path, ("completed", late)).await;
    out_of_turn(officer, path, ("completed", &["complete", "note"])).await;
}

#[rstest]
#[actix_web::test]
async fn plans_lists_and_orders_keep_to_their_diagrams(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::planned(on).await else {
        return;
    };
    let (officer, head) = (&story.officer, &story.head);
    let monitoring = officer.get(&story.monitoring).await.expect(200);
    let map = format!("/api/v1/road-maps/{}", monitoring["road_map_id"].as_str().unwrap());
    let list = format!("/api/v1/support-lists/{}", monitoring["support_list_ids"][0].as_str().unwrap());
    let order = format!("/api/v1/orders/{}", story.order);

    out_of_turn(head, &map, ("approved", &["PATCH", "DELETE", "approve", "cancel"])).await;
    out_of_turn(head, &list, ("approved", &["PATCH", "DELETE", "approve"])).await;
    out_of_turn(head, &order, ("registered", &["PATCH", "DELETE", "register"])).await;

    step(officer, &story.monitoring, "cancel", &reason()).await;
    let all = ["PATCH", "DELETE", "open", "close-collection", "analyse", "complete", "cancel", "schools"];
    out_of_turn(officer, &story.monitoring, ("cancelled", &all)).await;
    out_of_turn(officer, &story.monitoring, ("cancelled", &["deadline-extensions", "note"])).await;

    let version = officer.get(&map).await.expect(200).version();
    let edition = officer.act(&format!("{map}/amend"), version).await;
    assert_eq!(edition.status, 201, "{}", edition.text());
    let draft = format!("/api/v1/road-maps/{}", edition.json().id());
    out_of_turn(head, &draft, ("draft", &["amend", "close", "copy"])).await;
    step(officer, &draft, "cancel", &reason()).await;
    let ended = ["PATCH", "DELETE", "approve", "amend", "close", "cancel"];
    out_of_turn(head, &draft, ("cancelled", &ended)).await;
    out_of_turn(head, &draft, ("cancelled", &["copy"])).await;
    step(head, &map, "close", &no_body()).await;
    out_of_turn(head, &map, ("closed", &ended)).await;

    step(head, &list, "cancel", &reason()).await;
    out_of_turn(head, &list, ("cancelled", &["PATCH", "DELETE", "approve", "cancel", "entries"])).await;
    let body = json!({
        "issuer": "Отдел образования", "issuer_level": "municipal", "number": "77",
        "date": "2023-02-01", "title": "Об отмене", "kind": "list"
    });
    let draft = officer.post("/api/v1/orders", &body).await.expect(201);
    let draft = format!("/api/v1/orders/{}", draft.id());
    out_of_turn(head, &draft, ("draft", &["repeal"])).await;
    step(head, &draft, "register", &no_body()).await;
    let version = officer.get(&draft).await.expect(200).version();
    head.act_with(&format!("{draft}/repeal"), version, &reason()).await.expect(200);
    out_of_turn(head, &draft, ("repealed", &["PATCH", "DELETE", "register", "repeal"])).await;
}
