//! A copy of what a reader sees, as an integrator would keep it: folded from the feed, taken by an
//! export, compared by digests.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Client, Resource};

/// Version of each row by resource and id.
pub type Copy = BTreeMap<(String, String), i64>;

/// Lists that stand by themselves, by the name of their resource.
const LISTS: [&str; 13] = [
    "municipalities",
    "schools",
    "orders",
    "support-lists",
    "indicators",
    "indicator-values",
    "conclusion-templates",
    "road-maps",
    "measures",
    "monitorings",
    "reports",
    "recommendations",
    "notes",
];

/// An export, read to its end.
pub struct Export {
    pub start: Value,
    pub rows: Vec<Value>,
}

impl Export {
    pub async fn take(reader: &Client, query: &str) -> Self {
        let reply = reader.get(&format!("/api/v1/export{query}")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.header("content-type").as_deref(), Some("application/x-ndjson"));
        let text = reply.text();
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let start = lines.remove(0);
        let end = lines.pop().unwrap();
        assert_eq!((&start["type"], &end["type"]), (&json!("start"), &json!("end")));
        assert_eq!(end["rows"], json!(lines.len()));
        assert!(lines.iter().all(|line| line["type"] == "row"));
        Self { start, rows: lines }
    }

    pub fn seq(&self) -> i64 {
        self.start["seq"].as_i64().unwrap()
    }

    pub fn copy(&self) -> Copy {
        let copy: Copy = self.rows.iter().map(|row| (place(row), row.version())).collect();
        assert_eq!(copy.len(), self.rows.len(), "no row comes twice");
        copy
    }
}

fn place(row: &Value) -> (String, String) {
    (row["resource"].as_str().unwrap().to_owned(), row.id())
}

/// Everything the feed tells after a number, page by page, and the number to go on with.
pub async fn changes(reader: &Client, after: i64) -> (Vec<Value>, i64) {
    let (mut found, mut after) = (Vec::new(), after);
    loop {
        let page = reader.get(&format!("/api/v1/changes?after={after}&limit=100")).await.expect(200);
        found.extend(page["items"].as_array().unwrap().clone());
        let next = page["page"]["next_after"].as_i64().unwrap();
        assert!(next >= after, "the feed goes on");
        after = next;
        if page["page"]["has_more"] == false {
            return (found, after);
        }
    }
}

/// Brings a copy up to date; what does not fit it is a fault of the feed.
pub fn fold(copy: &mut Copy, changes: &[Value]) {
    let mut last = 0;
    for change in changes {
        let seq = change["seq"].as_i64().unwrap();
        assert!(seq > last, "numbers rise: {change}");
        last = seq;
        let place = place(change);
        let known = copy.get(&place).copied();
        match change["op"].as_str().unwrap() {
            "created" => assert_eq!(known, None, "it is there already: {change}"),
            "updated" | "key_changed" => {
                assert!(
                    known.is_some_and(|known| known < change.version()),
                    "{known:?} is not older: {change}"
                );
            }
            "deleted" => assert!(known.is_some(), "it is not there: {change}"),
            other => panic!("{other}"),
        }
        if change["op"] == "deleted" {
            copy.remove(&place);
        } else {
            copy.insert(place, change.version());
        }
    }
}

/// Every row by resource and id, as the lists show it.
async fn listed(reader: &Client) -> BTreeMap<(String, String), Value> {
    let mut rows = BTreeMap::new();
    let mut items = BTreeMap::new();
    for resource in LISTS {
        let page = reader.get(&format!("/api/v1/{resource}?limit=1000")).await.expect(200);
        assert_eq!(page["page"]["has_more"], false);
        items.insert(resource, page["items"].as_array().unwrap().clone());
    }
    for list in &items["support-lists"] {
        let path = format!("/api/v1/support-lists/{}/entries?limit=1000", list.id());
        for entry in reader.get(&path).await.expect(200)["items"].as_array().unwrap() {
            rows.insert(("support-list-entries".to_owned(), entry.id()), entry.clone());
        }
    }
    for monitoring in &items["monitorings"] {
        let reply = reader.get(&format!("/api/v1/monitorings/{}/conclusions", monitoring.id())).await;
        if monitoring["frozen_at"].is_null() {
            reply.problem(404);
            continue;
        }
        for conclusion in reply.expect(200)["items"].as_array().unwrap() {
            let id = format!("{}/{}", monitoring.id(), conclusion["code"].as_str().unwrap());
            rows.insert(("conclusions".to_owned(), id), conclusion.clone());
        }
    }
    for municipality in &items["municipalities"] {
        let path = format!("/api/v1/municipalities/{}/school-calendars", municipality.id());
        for calendar in reader.get(&path).await.expect(200)["items"].as_array().unwrap() {
            let id = format!("{}/{}", municipality.id(), calendar["academic_year"]);
            rows.insert(("school-calendars".to_owned(), id), calendar.clone());
        }
    }
    for (resource, items) in items {
        rows.extend(items.into_iter().map(|item| ((resource.to_owned(), item.id()), item)));
    }
    rows
}

/// The digest as the documents tell an integrator to compute it.
pub fn digest(copy: &Copy, resource: &str, buckets: u32) -> Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let lines = |rows: &[(&String, &i64)]| -> String {
        hex(&Sha256::digest(rows.iter().map(|(id, version)| format!("{id} {version}\n")).collect::<String>()))
    };
    let rows: Vec<(&String, &i64)> =
        copy.iter().filter(|((of, _), _)| of == resource).map(|((_, id), version)| (id, version)).collect();
    let bucket_of = |id: &str| {
        let hash = Sha256::digest(id);
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) % buckets
    };
    let parts = (0..buckets).map(|bucket| {
        let rows: Vec<(&String, &i64)> =
            rows.iter().filter(|(id, _)| bucket_of(id) == bucket).copied().collect();
        json!({"bucket": bucket, "rows": rows.len(), "digest": lines(&rows)})
    });
    let parts: Vec<Value> = parts.collect();
    json!({"rows": rows.len(), "digest": lines(&rows), "buckets": parts})
}

/// A reader that keeps a copy by the feed alone.
pub struct Follower {
    pub client: Client,
    pub copy: Copy,
    after: i64,
}

impl Follower {
    pub fn new(client: Client) -> Self {
        Self { client, copy: Copy::new(), after: 0 }
    }

    /// Reads on; answers what it was told.
    pub async fn follow(&mut self) -> Vec<Value> {
        let (changes, after) = changes(&self.client, self.after).await;
        self.after = after;
        fold(&mut self.copy, &changes);
        changes
    }

    /// Reads on; then feed, export, lists and digests tell of the same rows.
    pub async fn is_in_step(&mut self) -> Vec<Value> {
        let told = self.follow().await;
        let export = Export::take(&self.client, "").await;
        assert_eq!(export.seq(), self.after, "nothing happens meanwhile");
        assert_eq!(self.copy, export.copy(), "the feed and the export");
        let listed = listed(&self.client).await;
        assert_eq!(listed.keys().collect::<Vec<_>>(), self.copy.keys().collect::<Vec<_>>(), "the lists");
        for row in &export.rows {
            assert_eq!(row["data"], listed[&place(row)], "{} {}", row["resource"], row["id"]);
            assert_eq!(row["data"]["version"], row["version"]);
        }
        for resource in export.start["resources"].as_array().unwrap() {
            let resource = resource.as_str().unwrap();
            let path = format!("/api/v1/sync/digest?resource={resource}&buckets=4");
            let told = self.client.get(&path).await.expect(200);
            let computed = digest(&self.copy, resource, 4);
            for member in ["rows", "digest", "buckets"] {
                assert_eq!(told[member], computed[member], "{resource} {member}");
            }
            assert_eq!((&told["seq"], &told["epoch"]), (&export.start["seq"], &export.start["epoch"]));
        }
        told
    }
}
