//! Random walks: whatever is tried in whatever order, a report does what its diagram says.

use proptest::collection::vec;
use proptest::sample::select;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{Database, Postgres, Sqlite};
use crate::campaign::Campaign;
use crate::client::Resource;

/// Steps that are tried, one after the other.
const LENGTH: usize = 120;
/// What school and department do with a report.
const STEPS: [&str; 5] = ["submit", "withdraw", "start-review", "return", "accept"];

/// Where a report stands by its diagram, and whether its review began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place(&'static str, bool);

impl Place {
    /// Where a step leads; `None`: nowhere.
    fn after(self, step: &str) -> Option<Self> {
        Some(match (self, step) {
            (Self("draft" | "returned", _), "submit") => Self("submitted", false),
            (Self("submitted", false), "withdraw") => Self("draft", false),
            (Self("submitted", _), "start-review") => Self("submitted", true),
            (Self("submitted" | "accepted", _), "return") => Self("returned", false),
            (Self("submitted", _), "accept") => Self("accepted", false),
            _ => return None,
        })
    }
}

#[rstest]
#[actix_web::test]
async fn a_report_follows_its_diagram_wherever_it_is_driven(#[values(Sqlite, Postgres)] on: Database) {
    let Some(story) = Campaign::opened(on).await else { return };
    let report = story.report_of(Some(&story.schools[0])).await;
    story.fill(&report).await;
    // The same steps each time: a failure can be looked at again.
    let walk = vec(select(&STEPS[..]), LENGTH).new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let mut place = Place("draft", false);
    let (mut done, mut visited) = (Vec::new(), vec![place]);
    for step in walk {
        let by = if matches!(step, "submit" | "withdraw") { &story.principal } else { &story.officer };
        let before = by.get(&report).await.expect(200);
        let body = if step == "return" { json!({"reason": "Уточните"}) } else { json!({}) };
        let reply = by.act_with(&format!("{report}/{step}"), before.version(), &body).await;
        let after = by.get(&report).await.expect(200);
        let trail = format!("{step} at {place:?} after {done:?}: {}", reply.text());
        match place.after(step) {
            Some(next) => {
                assert_eq!(reply.status, 200, "{trail}");
                assert_eq!(after["status"], next.0, "{trail}");
                visited.push(next);
                // A review that has begun is not begun again, and nobody is told so.
                if next != place {
                    done.push(step);
                }
                place = next;
            }
            None => {
                assert_eq!(reply.status, 409, "{trail}");
                assert_eq!(after, before, "{trail}");
            }
        }
    }
    for status in ["draft", "submitted", "returned", "accepted"] {
        assert!(visited.iter().any(|place| place.0 == status), "{status} was never reached");
    }
    let history = story.officer.get(&format!("{report}/history?sort=seq&limit=1000")).await.expect(200);
    let told: Vec<&str> = items(&history).filter(|action| STEPS.contains(action)).collect();
    assert_eq!(told, done, "the history tells what was done and nothing else");
}

fn items(history: &Value) -> impl Iterator<Item = &str> {
    history["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap())
}
