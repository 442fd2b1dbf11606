//! Filling a report without the network: one download, and the way back that loses nothing.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::{Campaign, done, evidence};
use crate::client::{Client, Reply, Resource};

/// The measure's item in a pack.
fn item<'a>(pack: &'a Value, code: &str) -> &'a Value {
    pack["items"].as_array().unwrap().iter().find(|item| item["code"] == code).unwrap()
}

/// An item filled on the state that the pack holds.
fn filled(pack: &Value, code: &str, content: &Value) -> Value {
    let mut mine = content.clone();
    mine["measure_id"] = item(pack, code)["measure_id"].clone();
    mine["base_version"] = item(pack, code)["version"].clone();
    mine
}

fn mentors(result: &str) -> Value {
    json!({ "status": "in_progress", "result": result })
}

async fn pack_of(client: &Client, report: &str) -> Value {
    client.get(&format!("{report}/pack")).await.expect(200)
}

/// `code outcome version` of each item of a merge.
fn outcomes(merged: &Value) -> Vec<String> {
    let line = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        format!("{} {} {}", text("code"), text("outcome"), one["version"])
    };
    merged["items"].as_array().unwrap().iter().map(line).collect()
}

#[rstest]
#[actix_web::test]
async fn a_pack_holds_what_a_client_needs_without_the_network(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    story.act(&story.principal, &report, "submit").await.expect(200);
    let remark = json!({ "pointer": "/items/S1/result", "text": "Укажите номер приказа" });
    story.officer.post(&format!("{report}/remarks"), &remark).await.expect(201);
    let settled = json!({ "pointer": "", "text": "Добавьте вывод" });
    let settled = story.officer.post(&format!("{report}/remarks"), &settled).await.expect(201);
    story.officer.act(&format!("/api/v1/remarks/{}/resolve", settled.id()), 1).await.expect(200);
    story.act(&story.officer, &report, "return").await.expect(200);

    let got = story.principal.get(&format!("{report}/pack")).await;
    let pack = got.expect(200);
    let now = story.principal.get(&report).await.expect(200);
    assert_eq!((pack.version(), &pack["report"]["status"]), (now.version(), &json!("returned")));
    assert_eq!(pack["report"]["return_reason"], "Уточните сведения");
    assert_eq!(pack["server_time"], "2023-03-01T09:00:00Z");
    let codes: Vec<&Value> = pack["measures"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["S1", "S2"], "the municipality's own measure is none of the school's");
    assert_eq!(
        (&pack["measures"][0]["needs_final_status"], &pack["measures"][0]["responsible"]),
        (&json!(true), &json!(["директор"]))
    );
    assert_eq!(item(&pack, "S1")["evidence"][0]["title"], "О наставничестве");
    assert_eq!(pack["remarks"].as_array().unwrap().len(), 1, "what is settled needs nothing");
    assert_eq!(pack["remarks"][0]["pointer"], "/items/S1/result");
    let template = &pack["template"];
    assert_eq!(
        (&template["road_map_title"], &template["report_deadline"], &template["criteria"][0]["code"]),
        (&json!("Дорожная карта"), &json!("2023-12-22"), &json!("mentors_novice"))
    );
    let partly = &pack["codes"]["item_statuses"][3];
    assert_eq!(
        (&partly["code"], &partly["label_ru"], &partly["label_en"], &partly["needs_reason"]),
        (&json!("partly"), &json!("исполнено частично"), &json!("partly done"), &json!(true))
    );

    story.app.set_time("2023-03-01T09:05:00Z");
    let tag = got.header("etag").unwrap();
    let again = story.principal.request(Method::GET, &format!("{report}/pack")).header("If-None-Match", &tag);
    assert_eq!(Reply::of(again).await.status, 304, "the time alone is no change");
    let item = story.item(&story.principal, &report, "S2").await;
    story.principal.put(&item, 1, &mentors("Есть")).await.expect(200);
    let again = story.principal.request(Method::GET, &format!("{report}/pack")).header("If-None-Match", &tag);
    assert_eq!(Reply::of(again).await.status, 200);
}

#[actix_web::test]
async fn the_limits_of_a_pack_are_those_of_the_document() {
    let story = Campaign::opened(Sqlite).await.unwrap();
    let report = story.report_of(Some(&story.schools[0])).await;
    let limits = &pack_of(&story.principal, &report).await["limits"];
    let document = story.app.anonymous().get("/api/v1/openapi.json").await.expect(200);
    let longest = |body: &str, member: &str| {
        document["components"]["schemas"][body]["properties"][member]["maxLength"].clone()
    };
    for (limit, body, member) in [
        ("result_characters", "ReportItemIn", "result"),
        ("reason_characters", "ReportItemIn", "reason"),
        ("summary_characters", "ReportPatch", "summary"),
        ("problems_characters", "ReportPatch", "problems"),
        ("evidence_title_characters", "EvidenceIn", "title"),
        ("evidence_requisites_characters", "EvidenceIn", "requisites"),
        ("summary_characters", "MergeTextIn", "value"),
        ("result_characters", "MergeItemIn", "result"),
    ] {
        assert_eq!(limits[limit], longest(body, member), "{body}.{member}");
    }
    assert_eq!(limits["file_bytes"], json!(20 * 1024 * 1024));
    assert_eq!(limits["file_media_types"].as_array().unwrap().len(), 6);
}

#[rstest]
#[actix_web::test]
async fn others_see_of_a_pack_what_they_see_of_the_report(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    let draft = pack_of(&story.officer, &report).await;
    assert_eq!((&draft["items"], &draft["report"]["content"]), (&json!([]), &json!("hidden")));
    let item = story.item(&story.principal, &report, "S1").await;
    let mut private = evidence();
    private["url"] = json!("https://school.example.org/private.pdf");
    private["contains_personal_data"] = json!(true);
    story.principal.post(&format!("{item}/evidence"), &private).await.expect(201);
    story.act(&story.principal, &report, "submit").await.expect(200);
    let remark = json!({ "pointer": "", "text": "Добавьте вывод" });
    story.officer.post(&format!("{report}/remarks"), &remark).await.expect(201);
    let curator = story.app.as_curator(&story.municipality, &[&story.schools[0]]);
    let papers = |pack: &Value| self::item(pack, "S1")["evidence"].as_array().unwrap().len();
    assert_eq!(papers(&pack_of(&story.officer, &report).await), 2);
    assert_eq!(papers(&pack_of(&curator, &report).await), 1, "without what holds personal data");
    let other = story.app.as_school_head(&story.municipality, &story.schools[1]);
    assert_eq!(other.get(&format!("{report}/pack")).await.problem(404), "not-found");

    story.act(&story.officer, &report, "accept").await.expect(200);
    let region = pack_of(&story.app.as_region("57"), &report).await;
    assert_eq!((&region["remarks"], papers(&region)), (&Value::Null, 1), "a region reads no remarks");
}

#[rstest]
#[actix_web::test]
async fn two_people_fill_one_report_and_lose_nothing(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    let merge = format!("{report}/merge");
    let deputy = story.app.as_operator(&story.municipality, &story.schools[0]);
    let pack = pack_of(&deputy, &report).await;

    // The head writes S1 on the site while the deputy works on both without the network.
    let path = story.item(&story.principal, &report, "S1").await;
    story.principal.put(&path, 1, &done()).await.expect(200);
    let text = json!({ "summary": "Итог директора" });
    let version = story.principal.get(&report).await.expect(200).version();
    story.principal.patch(&report, version, &text).await.expect(200);
    let mut mine = done();
    mine["result"] = json!("Проведён входной контроль");
    let body = json!({
        "items": [filled(&pack, "S1", &mine), filled(&pack, "S2", &mentors("Закреплены"))],
        "texts": {
            "summary": { "base": null, "value": "Итог заместителя" },
            "problems": { "base": null, "value": "Не хватает педагогов" }
        }
    });
    let refused = deputy.post(&merge, &body).await;
    assert_eq!(refused.problem(409), "merge-conflict");
    assert_eq!(refused.violations(409), ["/items/0 changed-meanwhile", "/texts/summary changed-meanwhile"]);
    let conflict = &refused.json()["conflicts"][0];
    assert_eq!(
        (&conflict["code"], &conflict["base_version"], &conflict["current_version"]),
        (&json!("S1"), &json!(1), &json!(2))
    );
    assert_eq!(
        conflict["fields"],
        json!([{ "field": "result", "mine": "Проведён входной контроль", "theirs": "Проведено" }]),
        "what both say alike is not disputed"
    );
    let untouched = story.principal.get(&report).await.expect(200);
    assert_eq!(
        (untouched.version(), &untouched["problems"]),
        (version + 1, &Value::Null),
        "nothing is left of it"
    );

    let mut skipping = body.clone();
    skipping["on_conflict"] = json!("skip");
    let merged = deputy.post(&merge, &skipping).await.expect(200);
    assert_eq!(outcomes(&merged), ["S1 conflict 2", "S2 written 2"]);
    assert_eq!(merged.version(), version + 2, "one merge is one change of the report");
    assert_eq!(merged["conflicts"][1]["pointer"], "/texts/summary");
    assert_eq!(
        (&merged["texts"][0]["outcome"], &merged["texts"][1]["outcome"]),
        (&json!("conflict"), &json!("written"))
    );
    let both = story.principal.get(&format!("{report}?embed=items")).await.expect(200);
    assert_eq!((&both["summary"], &both["problems"]), (&text["summary"], &json!("Не хватает педагогов")));
    assert_eq!(item(&both, "S1")["result"], "Проведено");
    assert_eq!(item(&both, "S2")["result"], "Закреплены");

    // And the other way round: what the merge wrote is not overwritten by a stale PUT.
    let stale = story.item(&story.principal, &report, "S2").await;
    assert_eq!(story.principal.put(&stale, 1, &mentors("Иное")).await.problem(412), "stale");
    let resolved = json!({ "items": [{
        "measure_id": conflict["measure_id"], "base_version": conflict["current_version"],
        "status": "done", "actual_date": "2023-02-20", "result": "Проведён входной контроль"
    }] });
    assert_eq!(outcomes(&deputy.post(&merge, &resolved).await.expect(200)), ["S1 written 3"]);
}

#[rstest]
#[actix_web::test]
async fn a_conflict_comes_before_broken_rules_and_names_what_is_in_dispute(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    let merge = format!("{report}/merge");
    let pack = pack_of(&story.principal, &report).await;
    let path = story.item(&story.principal, &report, "S1").await;
    story.principal.put(&path, 1, &done()).await.expect(200);

    let mut unknown = filled(&pack, "S2", &mentors("Закреплены"));
    unknown["measure_id"] = json!("0192f0c1-0000-7000-8000-000000000000");
    let mut mine = filled(&pack, "S1", &json!({ "status": "in_progress", "result": "Идёт подготовка" }));
    mine["base"] = json!({ "status": "in_progress" });
    let mut body = json!({ "items": [unknown, mine] });
    let refused = story.principal.post(&merge, &body).await;
    assert_eq!(refused.violations(409), ["/items/1 changed-meanwhile"], "by its place in the request");
    let conflict = &refused.json()["conflicts"][0];
    assert_eq!(
        (&conflict["pointer"], &conflict["fields"]),
        (
            &json!("/items/1"),
            &json!([{
                "field": "result", "base": null, "mine": "Идёт подготовка", "theirs": "Проведено"
            }])
        ),
        "the status is theirs alone"
    );
    let current = json!({
        "status": "done", "actual_date": "2023-02-20", "result": "Проведено", "reason": null, "numbers": {}
    });
    assert_eq!(conflict["current"], current);

    body["on_conflict"] = json!("skip");
    let broken = story.principal.post(&merge, &body).await;
    assert_eq!(broken.violations(422), ["/items/0/measure_id unknown-reference"]);
    let unexplained = filled(&pack, "S2", &json!({ "status": "not_done" }));
    let both = json!({ "items": [body["items"][0], unexplained] });
    assert_eq!(
        story.principal.post(&merge, &both).await.violations(422),
        ["/items/0/measure_id unknown-reference", "/items/1/reason reason-required"],
        "all at once"
    );
}

#[rstest]
#[actix_web::test]
async fn what_is_the_same_or_only_gained_evidence_is_no_conflict(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    let merge = format!("{report}/merge");
    let pack = pack_of(&story.principal, &report).await;
    let path = story.item(&story.principal, &report, "S1").await;
    story.principal.put(&path, 1, &done()).await.expect(200);
    let same = json!({ "items": [filled(&pack, "S1", &done())] });
    let merged = story.principal.post(&merge, &same).await.expect(200);
    assert_eq!(outcomes(&merged), ["S1 unchanged 2"]);

    let path = story.item(&story.principal, &report, "S2").await;
    story.principal.post(&format!("{path}/evidence"), &evidence()).await.expect(201);
    let mut mine = filled(&pack, "S2", &mentors("Закреплены"));
    let refused = story.principal.post(&merge, &json!({ "items": [mine] })).await;
    assert_eq!(refused.problem(409), "merge-conflict");
    mine["base"] = json!({ "status": "not_started" });
    let merged = story.principal.post(&merge, &json!({ "items": [mine] })).await.expect(200);
    assert_eq!(outcomes(&merged), ["S2 written 3"]);
    let kept = story.principal.get(&path).await.expect(200);
    assert_eq!(kept["evidence"].as_array().unwrap().len(), 1);
}

#[rstest]
#[actix_web::test]
async fn a_merge_keeps_the_rules_of_writing(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    let merge = format!("{report}/merge");
    let pack = pack_of(&story.principal, &report).await;
    let post = async |body: Value| story.principal.post(&merge, &body).await;

    let unexplained = filled(&pack, "S1", &json!({ "status": "not_done" }));
    let future = filled(&pack, "S2", &json!({ "status": "done", "actual_date": "2023-03-02" }));
    let broken = post(json!({ "items": [unexplained, future], "on_conflict": "skip" })).await;
    assert_eq!(broken.violations(422), ["/items/0/reason reason-required", "/items/1/actual_date range"]);
    let twice = filled(&pack, "S1", &done());
    let mut unknown = twice.clone();
    unknown["measure_id"] = json!("0192f0c1-0000-7000-8000-000000000000");
    let twice = post(json!({ "items": [twice, twice, unknown] })).await;
    assert_eq!(
        twice.violations(422),
        ["/items/1/measure_id not-unique", "/items/2/measure_id unknown-reference"]
    );
    let half = post(json!({ "texts": { "summary": { "value": "Итог" } } })).await;
    assert_eq!(half.violations(422), ["/texts/summary/base required"]);
    let named = mentors("Наставник Ирина Петровна");
    let guarded = post(json!({ "items": [filled(&pack, "S2", &named)] })).await;
    assert_eq!(guarded.problem(422), "personal-data-suspected");
    assert_eq!(guarded.violations(422), ["/items/0/result personal-data-suspected"]);
    assert_eq!(story.principal.get(&report).await.expect(200).version(), 1, "nothing is left of all that");

    let body = json!({ "items": [filled(&pack, "S2", &named)], "personal_data_confirmed": true });
    let rehearsed = story.principal.post(&format!("{merge}?dry_run=true"), &body).await.expect(200);
    assert_eq!(
        (&rehearsed["dry_run"], outcomes(&rehearsed)),
        (&json!(true), vec!["S2 written 2".to_owned()])
    );
    let keyed = || {
        let request = story.principal.request(Method::POST, &merge).json(&body);
        Reply::of(request.header("Idempotency-Key", "merge-1"))
    };
    let first = keyed().await;
    let again = keyed().await;
    assert_eq!(
        (first.expect(200), again.header("idempotency-replayed")),
        (again.expect(200), Some("true".into()))
    );
    let nothing = post(json!({})).await.expect(200);
    assert_eq!((nothing.version(), &nothing["items"]), (2, &json!([])));

    let officer = story.officer.post(&merge, &body).await;
    assert_eq!(officer.problem(403), "forbidden");
    let other = story.app.as_school_head(&story.municipality, &story.schools[1]);
    assert_eq!(other.post(&merge, &body).await.problem(404), "not-found");
    story.fill(&report).await;
    story.act(&story.principal, &report, "submit").await.expect(200);
    assert_eq!(post(json!({})).await.problem(409), "report-not-editable");
}

#[rstest]
#[actix_web::test]
async fn what_comes_back_from_a_prefilled_pack_was_looked_at(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    let path = story.item(&story.principal, &report, "S2").await;
    story.principal.put(&path, 1, &mentors("Закреплены")).await.expect(200);
    story.act(&story.principal, &report, "submit").await.expect(200);
    story.act(&story.officer, &report, "accept").await.expect(200);
    let story = story.next_year().await;
    story.step("open").await;
    let report = story.report_of(Some(&story.schools[0])).await;
    let pack = pack_of(&story.principal, &report).await;
    assert_eq!(item(&pack, "S2")["carried_over"], true);
    let body = json!({ "items": [filled(&pack, "S2", &mentors("Закреплены"))] });
    let merged = story.principal.post(&format!("{report}/merge"), &body).await.expect(200);
    assert_eq!(outcomes(&merged), ["S2 written 2"]);
    let now = pack_of(&story.principal, &report).await;
    assert_eq!(
        (&item(&now, "S1")["carried_over"], &item(&now, "S2")["carried_over"]),
        (&json!(true), &json!(false))
    );
}
