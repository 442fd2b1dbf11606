//! Checks a receiver of webhooks, as its developer would want it checked before the first real
//! delivery: does it take what is good, and refuse what somebody else could send?

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::event::{self, Event};
use super::sender::{Parcel, Sender};
use super::signature::{TOLERANCE_SECONDS, new_secret, sign};

/// Within which a receiver should answer: the service itself waits longer, but what takes long
/// belongs behind the answer.
const SHOULD_ANSWER: Duration = Duration::from_secs(5);

/// One check and what came of it.
#[derive(Debug, Clone)]
pub struct Check {
    /// What was sent.
    pub name: &'static str,
    /// Whether it should have been accepted.
    pub should_accept: bool,
    /// The status, or what kept the delivery from an answer.
    pub observed: String,
    /// How long it took.
    pub duration: Duration,
    /// Whether the receiver did right.
    pub passed: bool,
}

/// Sends good and bad deliveries to `url`, signed with `secret`, as of `now`.
///
/// The receiver is asked to ignore what they tell: they are tests. None is repeated.
///
/// # Errors
///
/// `secret` is no secret of a webhook; the system gives no randomness.
pub async fn check(
    sender: &Sender,
    url: &str,
    secret: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Check>> {
    let at = now.timestamp();
    let event = || event::of_test("conformance", now).map_err(anyhow::Error::from);
    let late = TOLERANCE_SECONDS * 2;
    let (first, foreign) = (event()?, new_secret()?);
    let signed = |event: &Event, timestamp: i64, secret: &str| -> anyhow::Result<Parcel> {
        let signature = sign(secret, &event.id, timestamp, &event.body)?;
        Ok(Parcel {
            url: url.to_owned(),
            id: event.id.clone(),
            timestamp,
            signature,
            body: event.body.clone(),
        })
    };
    let good = signed(&first, at, secret)?;
    let rotated = {
        let parcel = signed(&event()?, at, secret)?;
        let stranger = sign(&foreign, &parcel.id, at, &parcel.body)?;
        Parcel { signature: format!("{stranger} {}", parcel.signature), ..parcel }
    };
    let altered = {
        let parcel = signed(&event()?, at, secret)?;
        let body = String::from_utf8_lossy(&parcel.body).replace("A test", "Another");
        Parcel { body: body.into_bytes(), ..parcel }
    };
    let other_id = Parcel { id: "evt_test_other".to_owned(), ..signed(&event()?, at, secret)? };
    let unsigned = Parcel { signature: String::new(), ..signed(&event()?, at, secret)? };
    let mut checks = Vec::new();
    for (name, should_accept, parcel) in [
        ("a good delivery", true, good.clone()),
        ("the same delivery again", true, good),
        ("two signatures, as while a secret is replaced", true, rotated),
        ("a signature by another secret", false, signed(&event()?, at, &foreign)?),
        ("a body altered after signing", false, altered),
        ("an id altered after signing", false, other_id),
        ("no signature", false, unsigned),
        ("signed ten minutes ago", false, signed(&event()?, at - late, secret)?),
        ("signed ten minutes ahead", false, signed(&event()?, at + late, secret)?),
    ] {
        checks.push(made(sender, name, should_accept, &parcel).await);
    }
    Ok(checks)
}

async fn made(sender: &Sender, name: &'static str, should_accept: bool, parcel: &Parcel) -> Check {
    let attempt = sender.send(parcel).await;
    let (observed, accepted, refused) = match attempt.result {
        Ok(status) => (status.to_string(), true, false),
        Err(failure) => match failure.status {
            // A receiver that breaks has not refused.
            Some(status) => (status.to_string(), false, (400..500).contains(&status)),
            None => (failure.kind.to_string(), false, false),
        },
    };
    let in_time = attempt.duration <= SHOULD_ANSWER;
    let passed = in_time && if should_accept { accepted } else { refused };
    Check { name, should_accept, observed, duration: attempt.duration, passed }
}

/// The checks as a table for the terminal.
#[must_use]
pub fn table(checks: &[Check]) -> String {
    let mut text = format!("{:<48} {:<9} {:<12} {:>8}  {}\n", "delivery", "expected", "observed", "ms", "");
    for check in checks {
        let expected = if check.should_accept { "2xx" } else { "4xx" };
        let verdict = if check.passed { "ok" } else { "FAILED" };
        text.push_str(&format!(
            "{:<48} {expected:<9} {:<12} {:>8}  {verdict}\n",
            check.name,
            check.observed,
            check.duration.as_millis()
        ));
    }
    text
}
