//! Many rows by their ids, in one request, on every list there is.

use school_roadmap::api::document::document;
use school_roadmap::demo::case::Case;
use school_roadmap::demo::play;
use serde_json::Value;

use crate::access::{OF_ONE_PLACE, filled, ids, region, signed_in, started};
use crate::client::Client;

/// Lists whose rows are known by another member than `id`.
const KEYS: [(&str, &str); 10] = [
    ("/audit-events", "seq"),
    ("/indicators", "code"),
    ("/school-calendars", "academic_year"),
    ("/conclusions", "code"),
    ("/stats", "academic_year"),
    ("/versions", "number"),
    ("/items", "measure_id"),
    ("/history", "seq"),
    ("/offered-measures", "recommendation_id"),
    ("/support-list-hints", "school_id"),
];

/// The member by which a list knows its rows.
fn key_of(path: &str) -> &'static str {
    let own = |(end, _): &&(&str, &str)| path.ends_with(*end) && path != "/api/v1/indicators";
    KEYS.iter().find(own).map_or("id", |(_, key)| key)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn keys(page: &Value, key: &str) -> Vec<String> {
    let mut keys: Vec<String> =
        page["items"].as_array().unwrap().iter().map(|item| text(&item[key])).collect();
    keys.sort();
    keys
}

#[actix_web::test]
async fn every_list_is_read_by_ids() {
    let app = started().await;
    app.clock.set(play::beginning());
    let case = Case::reference().unwrap();
    let played = play::whole(&app.url, &app.clock, &app.database_url, &case, &|_| ()).await.unwrap();
    let officer = signed_in(&app, "officer").await;
    let mut ids = ids(&app, &played, &officer).await;
    let manager = app.as_client(&region(), &["webhooks:manage"]).await;
    ids.insert(0, ("/webhooks/{id}", crate::access::given_webhook(&manager).await));
    crate::access::given_webhook(&manager).await;
    let readers: [Client; 3] = [officer, signed_in(&app, "admin").await, manager];

    let document = serde_json::to_value(document()).unwrap();
    let mut looked_at = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        if parameters.iter().all(|parameter| parameter["name"] != "cursor") {
            continue;
        }
        let (target, key) = (filled(path, &ids), key_of(path));
        let join = if path == OF_ONE_PLACE {
            format!("?municipality_id={}&year=2023&", played.municipality_id)
        } else if path.ends_with("/support-list-hints") {
            "?results_year=2021&".to_owned()
        } else {
            "?".to_owned()
        };
        let mut page = Value::Null;
        let mut reader = &readers[0];
        for candidate in &readers {
            let reply = candidate.get(&format!("{target}{join}limit=1000")).await;
            if reply.status == 200 {
                (page, reader) = (reply.json(), candidate);
                break;
            }
        }
        let all = keys(&page, key);
        // Two where there are two; a list that the case leaves empty answers emptily.
        let wanted: Vec<String> = all.iter().rev().take(2).cloned().collect();
        let asked = format!("{target}{join}id={},0192f0c1-0000-7000-8000-000000000000", wanted.join(","));
        let found = reader.get(&asked).await.expect(200);
        let mut expected = wanted.clone();
        expected.sort();
        assert_eq!(keys(&found, key), expected, "{asked}");
        assert!(all.iter().all(|key| key != "null"), "{path} knows its rows by another member");
        looked_at += usize::from(!all.is_empty());
    }
    assert!(looked_at >= 24, "{looked_at} lists with rows");
}
