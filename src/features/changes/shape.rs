//! The feed and the digest as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::domain::{ChangeOp, RowDigest};
use super::flow::{FeedPage, Told};
use super::flow_digest::ResourceDigest;
use crate::kit::clock::utc;
use crate::kit::id::MunicipalityId;

/// `cause.code` of a row that still exists and is read no more.
const HIDDEN: &str = "hidden";

/// A page of the change feed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangePage {
    items: Vec<ChangeOut>,
    page: ChangePageOut,
}

/// A change, as it concerns the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "seq": 1204, "op": "updated", "resource": "schools", "id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab",
    "version": 3, "key": "1025799000017", "previous_key": null,
    "municipality_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ac", "occurred_at": "2023-12-29T09:00:00Z",
    "cause": {
        "code": "update", "actor_role": "municipal_officer", "reason": null, "order_number": null,
        "request_id": "0192f0c1-2a3b-7c4d-8e5f-0123456789ad"
    }
}))]
pub(super) struct ChangeOut {
    /// Greater than those of the changes that it rests on; numbers may be missing.
    seq: i64,
    op: ChangeOp,
    /// Name of the resource, e.g. `support-list-entries`.
    resource: String,
    id: String,
    /// The version of the row since; of a deleted one the last.
    version: i32,
    /// Natural key, where the resource has one.
    key: Option<String>,
    /// With `key_changed`: the key before.
    previous_key: Option<String>,
    /// The municipality of the row; null: of a region, or shipped with the service.
    municipality_id: Option<MunicipalityId>,
    occurred_at: DateTime<Utc>,
    cause: ChangeCause,
}

/// By what a row changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangeCause {
    /// The action, e.g. `create`, `update`, `approve`; `hidden`: it still exists, and the caller reads
    /// it no more.
    code: String,
    /// The role whose rights were used.
    actor_role: String,
    /// Why, in the words of the person who did it; null also for what is read no more.
    reason: Option<String>,
    /// The order by which it happened.
    order_number: Option<String>,
    /// Key of the service's log.
    request_id: String,
}

/// Where the page stands in the feed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"next_after": 1204, "has_more": false, "oldest": 1, "epoch": "0192f0c1-2a3b-7c4d-8e5f-0123456789ab"}))]
pub(super) struct ChangePageOut {
    /// `after` of the next page; rises also where nothing concerned the caller.
    next_after: i64,
    /// Whether there is more to look at already; the next page may be empty all the same.
    has_more: bool,
    /// The least number that is still kept.
    oldest: i64,
    /// Another one than before: the numbers began anew, take an export.
    epoch: String,
}

/// What the caller reads of a resource, in short.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SyncDigest {
    /// The greatest number of the feed in the same snapshot.
    seq: i64,
    /// The epoch of that number.
    epoch: String,
    resource: &'static str,
    rows: u64,
    /// SHA-256, lower-case hex, of the lines `<id> <version>` of all rows in order of id, each ended by a
    /// line feed.
    digest: String,
    buckets: Vec<SyncBucket>,
}

/// What the caller reads of one bucket of a resource, in short.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SyncBucket {
    /// The first four bytes, big endian, of the SHA-256 of an id, modulo the number of buckets.
    bucket: usize,
    rows: u64,
    /// As that of the whole, over the rows of the bucket.
    digest: String,
}

impl From<Told> for ChangeOut {
    fn from(Told { row, seen }: Told) -> Self {
        let is_read = seen.op != ChangeOp::Deleted;
        Self {
            seq: row.seq,
            op: seen.op,
            resource: row.resource,
            id: row.resource_id,
            version: row.version,
            key: row.key,
            previous_key: row.previous_key.filter(|_| seen.op == ChangeOp::KeyChanged),
            municipality_id: row.municipality_id,
            occurred_at: utc(row.occurred_at),
            cause: ChangeCause {
                code: if seen.is_hidden { HIDDEN.to_owned() } else { row.action },
                actor_role: row.actor_role,
                // What is said of a row that goes back is for those who work on it.
                reason: row.reason.filter(|_| is_read),
                order_number: row.order_number.filter(|_| is_read),
                request_id: row.request_id,
            },
        }
    }
}

impl From<FeedPage> for ChangePage {
    fn from(page: FeedPage) -> Self {
        Self {
            items: page.items.into_iter().map(ChangeOut::from).collect(),
            page: ChangePageOut {
                next_after: page.next_after,
                has_more: page.has_more,
                oldest: page.standing.purged_through.saturating_add(1),
                epoch: page.standing.epoch,
            },
        }
    }
}

impl SyncDigest {
    pub(super) fn of(resource: &'static str, digest: ResourceDigest) -> Self {
        let bucket =
            |(bucket, part): (usize, RowDigest)| SyncBucket { bucket, rows: part.rows(), digest: part.hex() };
        Self {
            seq: digest.standing.complete,
            epoch: digest.standing.epoch,
            resource,
            rows: digest.whole.rows(),
            digest: digest.whole.hex(),
            buckets: digest.buckets.into_iter().enumerate().map(bucket).collect(),
        }
    }
}
