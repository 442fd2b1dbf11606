//! A copy of what a reader sees, as an integrator would keep it: folded from the feed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::client::{Client, Resource};

/// Version of each row by resource and id.
pub type Copy = BTreeMap<(String, String), i64>;

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
}
