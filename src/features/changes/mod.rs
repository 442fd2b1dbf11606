//! Staying in step: the change feed, the export, and the digest that compares two copies.
//!
//! # How a copy is kept
//!
//! 1. `GET /export` gives every row that the caller reads, as the lists show it, from one
//!    snapshot; its first line states `seq` and `epoch`, its last line how many rows there were. A
//!    stream without its last line was cut: take it again.
//! 2. `GET /changes?after=<seq>&epoch=<epoch>` gives what happened since, each after what it rests on;
//!    go on with `page.next_after`. `created`, `updated` and `key_changed`: the row is read now, in
//!    this version. `deleted`: it is read no more; `cause.code` is `hidden` where it still exists.
//! 3. Now and then `GET /sync/digest` tells whether the copy still has the same ids and versions,
//!    and which part of it to fetch again by `GET /export?buckets=&bucket=`.
//!
//! What is told is relative to the reader: a note that is signed is `created` for a region, a
//! report that goes back is `deleted` for it, and a school that moves to another municipality is
//! `deleted` for readers of the old one, `created` for those of the new one, `updated` for a region
//! that has both.
//!
//! # Digest
//!
//! The bucket of a row is the number made of the first four bytes, big endian, of the SHA-256 of its
//! id, modulo `buckets`. The digest of a bucket is the SHA-256, in lower-case hex, of the lines
//! `<id> <version>\n` of its rows in ascending bytewise order of id; that of the whole likewise over
//! all rows.
//!
//! # Natural keys
//!
//! | Resource | `key` | Unique |
//! |---|---|---|
//! | `municipalities` | `region_code/name` | yes; changes with the name: `key_changed`, `previous_key` |
//! | `school-calendars` | `municipality_id/academic_year`, also its id | yes |
//! | `schools` | `ogrn` | yes |
//! | `orders` | `date/number/issuer` | per owner, among those not repealed |
//! | `support-lists` | `level/category/results_year` | per municipality, among those in force |
//! | `support-list-entries` | `list_id/school_id` | yes |
//! | `indicators` | `code` | per owner |
//! | `indicator-values` | `indicator_id/subject/period_start/period_end`, subject: school or municipality | per municipality |
//! | `conclusion-templates` | `owner/number` | yes |
//! | `road-maps` | `subject/period_start/period_end/edition`, subject: school or municipality | no |
//! | `measures` | `road_map_id/code` | yes |
//! | `monitorings` | `road_map_id/order_id` | no |
//! | `reports` | `monitoring_id/school_id`, or `monitoring_id/municipality` | yes |
//! | `conclusions` | `monitoring_id/code`, also its id | yes |
//! | `recommendations` | `monitoring_id/code`, or `municipality_id/code` | no |
//! | `notes` | `hash` | among those in force |

mod domain;
mod flow;
mod flow_digest;
mod flow_export;
mod flow_upkeep;
mod http;
mod http_export;
mod parameters;
mod policy;
mod resources;
mod shape;
mod store;
#[cfg(test)]
mod tests;

pub use self::domain::{ChangeOp, bucket_of};
pub use self::flow::{FeedPage, Question, Told, page};
pub use self::flow_export::Exports;
pub use self::flow_upkeep::{keep_short, new_epoch, prepare, purge};
pub use self::policy::{CATALOGUE, ReadChanges};
pub use self::resources::readable_names;
pub use self::store::{ChangeRow, Standing, standing};

use crate::web::Operations;

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    http::configure(operations);
    http_export::configure(operations);
}
