//! What was recommended and not verified is offered to the road map of the next year.

use diesel::prelude::*;
use rstest::rstest;
use school_roadmap::db::schema::{measures, recommendations};
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::Campaign;
use crate::client::{Client, Reply, Resource};

const MAPS: &str = "/api/v1/road-maps";

/// A recommendation, issued outside of a note.
async fn issued(story: &Campaign, body: &Value) -> String {
    let draft = story.officer.post("/api/v1/recommendations", body).await.expect(201);
    story.officer.act(&format!("/api/v1/recommendations/{}/issue", draft.id()), 1).await.expect(200);
    draft.id()
}

/// Moves the day of issue: tokens do not live as long as a year.
fn dated(story: &Campaign, recommendation: &str, day: &str) {
    let at = day.parse::<chrono::NaiveDate>().unwrap().and_hms_opt(9, 0, 0).unwrap();
    diesel::update(recommendations::table.find(recommendation))
        .set(recommendations::issued_at.eq(at))
        .execute(&mut story.app.connection())
        .unwrap();
}

fn advice(code: &str, addressee: &str, due: Value) -> Value {
    json!({"code": code, "addressee": addressee, "due_date": due, "text": format!("Рекомендация {code}")})
}

/// The school carries out its part, and the department confirms it.
async fn verify(story: &Campaign, client: &Client, recommendation: &str, school: usize) {
    let part = format!("/api/v1/recommendations/{recommendation}/schools/{}", story.schools[school]);
    for (version, name) in [(1, "acknowledge"), (2, "start")] {
        client.act(&format!("{part}/{name}"), version).await.expect(200);
    }
    client.act_with(&format!("{part}/complete"), 3, &json!({})).await.expect(200);
    story.officer.act(&format!("{part}/verify"), 4).await.expect(200);
}

/// The approved map of the campaign, copied to the next year.
async fn copied(story: &Campaign) -> Value {
    let maps = story.officer.get(MAPS).await.expect(200);
    let (id, version) = (maps["items"][0].id(), maps["items"][0].version());
    let body = json!({"year_shift": 1});
    story.officer.act_with(&format!("{MAPS}/{id}/copy"), version, &body).await.expect(201)
}

async fn offers(client: &Client, map: &str) -> Vec<Value> {
    let page = client.get(&format!("{MAPS}/{map}/offered-measures")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

fn texts(offers: &[Value]) -> Vec<&str> {
    offers.iter().map(|offer| offer["text"].as_str().unwrap()).collect()
}

async fn take(client: &Client, map: &str, version: i64, ids: &[&str]) -> Reply {
    let body = json!({ "recommendation_ids": ids });
    client.act_with(&format!("{MAPS}/{map}/offered-measures"), version, &body).await
}

#[rstest]
#[actix_web::test]
async fn unverified_recommendations_are_offered_and_become_measures(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::planned(on).await else {
        return;
    };
    let second = story.app.as_school_head(&story.municipality, &story.schools[1]);
    let all = issued(&story, &advice("4", "all_schools", json!("2023-12-20"))).await;
    let department = issued(&story, &advice("S2", "department", Value::Null)).await;
    let mut named = advice("5", "schools", json!("2024-03-01"));
    named["school_ids"] = json!([story.schools[0]]);
    let done = issued(&story, &named).await;
    verify(&story, &story.principal, &done, 0).await;
    verify(&story, &second, &all, 1).await;
    story.officer.post("/api/v1/recommendations", &advice("7", "all_schools", Value::Null)).await.expect(201);
    let new = issued(&story, &advice("8", "all_schools", Value::Null)).await;
    dated(&story, &new, "2024-01-01");

    let copy = copied(&story).await;
    let map = copy.id();
    let href = format!("{MAPS}/{map}/offered-measures");
    assert_eq!(copy["offered_measures"], json!({"count": 2, "href": href}));
    let seen = offers(&story.officer, &map).await;
    assert_eq!(
        texts(&seen),
        ["Рекомендация 4", "Рекомендация S2"],
        "no draft, no verified one, none of this year"
    );
    let first = &seen[0];
    assert_eq!(first["schools"].as_array().unwrap().len(), 1, "the other school's part is verified");
    let measure = &first["measure"];
    assert_eq!((&measure["code"], &measure["level"]), (&json!("R4"), &json!("school")));
    assert_eq!(measure["applies_to"], json!({"kind": "schools", "school_ids": [story.schools[0]]}));
    let by = json!({"kind": "date", "text": "до 20.12.2024", "due_date": "2024-12-20"});
    assert_eq!((&measure["deadline"], &measure["recommendations"]), (&by, &json!(["R4"])));
    assert_eq!(first["needs_review"], true);
    let own = &seen[1]["measure"];
    assert_eq!((&own["level"], &own["deadline"]["kind"]), (&json!("municipal"), &json!("all_year")));

    let taken = take(&story.officer, &map, 1, &[&all, &department]).await.expect(201);
    assert_eq!(taken["road_map_version"], 2);
    let made = taken["items"].as_array().unwrap();
    assert_eq!((&made[0]["code"], &made[0]["recommendation_id"]), (&json!("R4"), &json!(all)));
    assert_eq!((&made[0]["needs_review"], &made[1]["needs_review"]), (&json!(true), &json!(false)));
    assert_eq!(story.officer.get(&format!("{MAPS}/{map}")).await.expect(200).version(), 2);
    assert_eq!(offers(&story.officer, &map).await, Vec::<Value>::new(), "not a second time");
    let again = take(&story.officer, &map, 2, &[&all]).await;
    assert_eq!(again.violations(422), ["/recommendation_ids/0 not-offered"]);

    let measure = format!("/api/v1/measures/{}", made[0].id());
    let worded = json!({"title": "Разместить раздел на сайте", "responsible": ["заместитель директора"]});
    let changed = story.officer.patch(&measure, 1, &worded).await.expect(200);
    assert_eq!((&changed["recommendation_id"], &changed["needs_review"]), (&json!(all), &json!(false)));
    let recommendation = story.officer.get(&format!("/api/v1/recommendations/{all}")).await.expect(200);
    assert_eq!(
        recommendation["addressees"][0]["status"], "issued",
        "the recommendation itself stays as it is"
    );
    story.officer.delete(&measure, 2).await.expect(204);
    assert_eq!(texts(&offers(&story.officer, &map).await), ["Рекомендация 4"], "its measure is gone");
}

#[rstest]
#[actix_web::test]
async fn taking_offers_keeps_the_rules_of_measures(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::planned(on).await else {
        return;
    };
    let first = issued(&story, &advice("4", "all_schools", Value::Null)).await;
    let second = issued(&story, &advice("4", "all_schools", Value::Null)).await;
    let map = copied(&story).await.id();
    let path = format!("{MAPS}/{map}/offered-measures");
    let codes = |offers: &[Value]| -> Vec<Value> {
        offers.iter().map(|one| one["measure"]["code"].clone()).collect()
    };
    let seen = offers(&story.officer, &map).await;
    assert_eq!(codes(&seen), [json!("R4"), json!("R4-2")], "of two notes with one number");
    let page = story.officer.get(&format!("{path}?limit=1&count=exact")).await.expect(200);
    assert_eq!((&page["page"]["count"], &page["page"]["has_more"]), (&json!(2), &json!(true)));
    let next = story.officer.get(page["page"]["next"].as_str().unwrap()).await.expect(200);
    assert_eq!(codes(next["items"].as_array().unwrap()), [json!("R4-2")]);

    let body = json!({"recommendation_ids": [first]});
    assert_eq!(story.officer.post(&path, &body).await.problem(428), "precondition-required");
    assert_eq!(take(&story.officer, &map, 9, &[&first]).await.problem(412), "stale");
    let nobody = "0192f0c1-0000-7000-8000-000000000000";
    let refused = take(&story.officer, &map, 1, &[&first, nobody, &first]).await;
    assert_eq!(
        refused.violations(422),
        ["/recommendation_ids/1 not-offered", "/recommendation_ids/2 duplicate"]
    );
    assert_eq!(take(&story.officer, &map, 1, &[]).await.violations(422), ["/recommendation_ids too-few"]);
    assert_eq!(offers(&story.officer, &map).await.len(), 2, "all or none");

    let ready = &seen[1]["measure"];
    let made = story.officer.post(&format!("{MAPS}/{map}/measures"), ready).await.expect(201);
    assert_eq!(
        (&made["code"], &made["recommendation_id"]),
        (&json!("R4-2"), &Value::Null),
        "a measure like others"
    );
    let seen = offers(&story.officer, &map).await;
    assert_eq!(codes(&seen), [json!("R4"), json!("R4-3")], "which remembers no recommendation");
    take(&story.officer, &map, 2, &[&second, &first]).await.expect(201);

    let maps = story.officer.get(&format!("{MAPS}?status=approved")).await.expect(200);
    let (old, version) = (maps["items"][0].id(), maps["items"][0].version());
    assert_eq!(
        offers(&story.officer, &old).await,
        Vec::<Value>::new(),
        "nothing is offered to what is no draft"
    );
    assert_eq!(take(&story.officer, &old, version, &[&first]).await.problem(409), "road-map-state");
}

#[rstest]
#[actix_web::test]
async fn amendments_and_copies_remember_what_they_follow_up(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::planned(on).await else {
        return;
    };
    let earlier = issued(&story, &advice("1", "all_schools", json!("2023-05-01"))).await;
    dated(&story, &earlier, "2022-12-31");
    let of_this_year = issued(&story, &advice("2", "department", Value::Null)).await;

    let maps = story.officer.get(MAPS).await.expect(200);
    let (id, version) = (maps["items"][0].id(), maps["items"][0].version());
    let next = story.officer.act(&format!("{MAPS}/{id}/amend"), version).await.expect(201);
    assert_eq!(next.get("offered_measures"), None);
    let edition = next.id();
    let seen = offers(&story.officer, &edition).await;
    assert_eq!(texts(&seen), ["Рекомендация 1"], "an amendment may take over what the map left out");
    assert_eq!(
        (&seen[0]["measure"]["deadline"]["due_date"], &seen[0]["needs_review"]),
        (&json!("2023-05-01"), &json!(false))
    );
    take(&story.officer, &edition, 1, &[&earlier]).await.expect(201);
    story.officer.patch(&format!("{MAPS}/{edition}"), 2, &json!({"order_id": story.order})).await.expect(200);
    story.head.act_with(&format!("{MAPS}/{edition}/approve"), 3, &json!({})).await.expect(200);

    let third = story.officer.act(&format!("{MAPS}/{edition}/amend"), 4).await.expect(201);
    assert_eq!(offers(&story.officer, &third.id()).await, Vec::<Value>::new(), "kept by amend");
    let copy = story
        .officer
        .act_with(&format!("{MAPS}/{edition}/copy"), 4, &json!({"year_shift": 1}))
        .await
        .expect(201);
    assert_eq!(copy["offered_measures"]["count"], 1);
    let seen = offers(&story.officer, &copy.id()).await;
    assert_eq!(
        seen[0]["recommendation_id"],
        json!(of_this_year),
        "kept by copy: its measure is there already"
    );

    let again = diesel::update(measures::table.filter(measures::road_map_id.eq(copy.id())))
        .set(measures::recommendation_id.eq(&earlier))
        .execute(&mut story.app.connection());
    assert!(again.is_err(), "two measures of a map never follow up the same recommendation");
    let dry = story
        .officer
        .act_with(&format!("{MAPS}/{edition}/copy?dry_run=true"), 4, &json!({"year_shift": 1}))
        .await;
    assert_eq!(dry.expect(200)["offered_measures"], json!({"count": 1, "href": null}));
}

#[rstest]
#[actix_web::test]
async fn a_note_signed_in_the_new_year_is_of_the_year_it_looked_at(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::planned(on).await else {
        return;
    };
    let late = issued(&story, &advice("1", "all_schools", Value::Null)).await;
    dated(&story, &late, "2024-01-10");
    let map = copied(&story).await.id();
    assert_eq!(offers(&story.officer, &map).await, Vec::<Value>::new());
    let monitoring = story.monitoring.rsplit('/').next().unwrap();
    diesel::update(recommendations::table.find(&late))
        .set(recommendations::monitoring_id.eq(monitoring))
        .execute(&mut story.app.connection())
        .unwrap();
    assert_eq!(texts(&offers(&story.officer, &map).await), ["Рекомендация 1"]);

    let closure = json!({"kind": "liquidated", "closed_on": "2023-03-01"});
    for school in &story.schools {
        story.officer.act_with(&format!("/api/v1/schools/{school}/close"), 1, &closure).await.expect(200);
    }
    assert_eq!(offers(&story.officer, &map).await, Vec::<Value>::new(), "closed schools carry nothing out");
}

#[rstest]
#[actix_web::test]
async fn a_school_is_offered_its_own_recommendations_for_its_own_map(
    #[values(Sqlite, Postgres)] on: Database,
) {
    let Some(story) = Campaign::planned(on).await else {
        return;
    };
    let mut foreign = advice("1", "schools", Value::Null);
    foreign["school_ids"] = json!([story.schools[1]]);
    dated(&story, &issued(&story, &foreign).await, "2022-12-01");
    let both = issued(&story, &advice("2", "all_schools", Value::Null)).await;
    let own = issued(&story, &advice("3", "department", Value::Null)).await;
    for recommendation in [&both, &own] {
        dated(&story, recommendation, "2022-12-01");
    }

    let municipal = story.officer.get(MAPS).await.expect(200)["items"][0].clone();
    let body = json!({
        "title": "Карта школы", "period_start": "2023-01-01", "period_end": "2023-12-31", "parent_id": municipal["id"]
    });
    let own = story.principal.post(MAPS, &body).await.expect(201).id();
    let seen = offers(&story.principal, &own).await;
    assert_eq!(texts(&seen), ["Рекомендация 2"], "neither another school's nor the department's");
    assert_eq!(seen[0]["schools"].as_array().unwrap().len(), 1, "and nothing about the others");
    let operator = story.app.as_operator(&story.municipality, &story.schools[0]);
    let taken = take(&operator, &own, 1, &[&both]).await.expect(201);
    assert_eq!(taken["items"][0]["applies_to"], json!({"kind": "all"}));
    assert_eq!(taken["items"][0]["recommendation_id"], json!(both));

    let path = |map: &str| format!("{MAPS}/{map}/offered-measures");
    assert_eq!(story.principal.get(&path(&municipal.id())).await.problem(403), "forbidden");
    assert_eq!(
        story.officer.get(&path(&own)).await.problem(403),
        "forbidden",
        "a school's map is the school's"
    );
    let neighbour = story.app.as_school_head(&story.municipality, &story.schools[1]);
    assert_eq!(neighbour.get(&path(&own)).await.problem(404), "not-found");
    for reader in [story.app.as_curator(&story.municipality, &[&story.schools[0]]), story.app.as_region("57")]
    {
        assert_eq!(reader.get(&path(&own)).await.problem(403), "forbidden");
        assert_eq!(take(&reader, &own, 2, &["x"]).await.problem(403), "forbidden");
    }
}
