//! What a delivery tells: a CloudEvents 1.0 event with ids and versions, and no texts.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::features::changes::Told;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MunicipalityId, new_uuid};

/// What the type of every event begins with.
const TYPE_PREFIX: &str = "school-roadmap";

/// An event ready to be sent.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id, the same at every attempt and replay: `webhook-id`.
    pub id: String,
    /// Its type.
    pub kind: String,
    /// The number of the change that it tells; `None`: a test, or a notice about the feed.
    pub seq: Option<i64>,
    /// CloudEvents JSON.
    pub body: Vec<u8>,
}

/// The envelope (CloudEvents 1.0, JSON event format).
#[derive(Serialize)]
struct Envelope<'a, D> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: String,
    datacontenttype: &'static str,
    data: D,
}

/// A change, as it concerns the client; the feed tells its cause.
#[derive(Serialize)]
struct ChangeData<'a> {
    seq: i64,
    epoch: &'a str,
    op: &'static str,
    resource: &'a str,
    id: &'a str,
    version: i32,
    key: Option<&'a str>,
    municipality_id: Option<&'a MunicipalityId>,
}

/// A notice that the copy has to be taken anew.
#[derive(Serialize)]
struct ResyncData<'a> {
    epoch: &'a str,
    resync_from: i64,
}

#[derive(Serialize)]
struct TestData {
    message: &'static str,
}

fn envelope<D: Serialize>(
    id: &str,
    source: &str,
    kind: &str,
    subject: Option<String>,
    at: DateTime<Utc>,
    data: D,
) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Envelope {
        specversion: "1.0",
        id,
        source,
        r#type: kind,
        subject,
        time: at.to_rfc3339_opts(SecondsFormat::Micros, true),
        datacontenttype: "application/json",
        data,
    })
}

/// The event of a change; `source` is the address of the API.
///
/// # Errors
///
/// It cannot be written as JSON: a fault of the program.
pub fn of_change(source: &str, epoch: &str, told: &Told) -> serde_json::Result<Event> {
    let row = &told.row;
    let op = told.seen.op.as_str();
    let (id, kind) = (format!("evt_{epoch}_{}", row.seq), format!("{TYPE_PREFIX}.{}.{op}", row.resource));
    let data = ChangeData {
        seq: row.seq,
        epoch,
        op,
        resource: &row.resource,
        id: &row.resource_id,
        version: row.version,
        key: row.key.as_deref(),
        municipality_id: row.municipality_id.as_ref(),
    };
    let subject = Some(format!("{}/{}", row.resource, row.resource_id));
    let body = envelope(&id, source, &kind, subject, utc(row.occurred_at), data)?;
    Ok(Event { id, kind, seq: Some(row.seq), body })
}

/// The notice that the cursor of the webhook leads nowhere any more: the feed began anew
/// (`restarted`), or what came next was purged (`purged`).
///
/// # Errors
///
/// As [`of_change`].
pub fn of_resync(
    source: &str,
    why: &str,
    epoch: &str,
    resync_from: i64,
    at: DateTime<Utc>,
) -> serde_json::Result<Event> {
    let (id, kind) = (format!("evt_{epoch}_{why}_{resync_from}"), format!("{TYPE_PREFIX}.feed.{why}"));
    let body = envelope(&id, source, &kind, None, at, ResyncData { epoch, resync_from })?;
    Ok(Event { id, kind, seq: None, body })
}

/// A test, which tells nothing.
///
/// # Errors
///
/// As [`of_change`].
pub fn of_test(source: &str, at: DateTime<Utc>) -> serde_json::Result<Event> {
    let (id, kind) = (format!("evt_test_{}", new_uuid()), format!("{TYPE_PREFIX}.test"));
    let body = envelope(&id, source, &kind, None, at, TestData { message: "A test of this webhook." })?;
    Ok(Event { id, kind, seq: None, body })
}
