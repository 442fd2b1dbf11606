//! Queries on the change feed.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;

use super::domain::ChangeOp;
use crate::auth::Scope;
use crate::db::schema::{changes, feed_state, municipalities};
use crate::db::{AnyConnection, Horizon};
use crate::kit::id::MunicipalityId;

/// A change as recorded.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = changes)]
pub struct ChangeRow {
    /// Its number; greater than those of the changes that it rests on.
    pub seq: i64,
    /// What happened.
    pub op: ChangeOp,
    /// To which kind of resource.
    pub resource: String,
    /// To which one.
    pub resource_id: String,
    /// Its version since.
    pub version: i32,
    /// Its natural key since.
    pub key: Option<String>,
    /// Its municipality since.
    pub municipality_id: Option<MunicipalityId>,
    /// Whether a regional reader saw it before.
    pub visible_before: bool,
    /// Whether a regional reader sees it since.
    pub visible_after: bool,
    /// The role whose rights were used.
    pub actor_role: String,
    /// Why.
    pub reason: Option<String>,
    /// By which order.
    pub order_number: Option<String>,
    /// By which request.
    pub request_id: String,
    /// When, UTC.
    pub occurred_at: NaiveDateTime,
    /// By which action.
    pub action: String,
    /// Its natural key before, where that changed.
    pub previous_key: Option<String>,
    /// Its municipality before, where it moved.
    pub from_municipality_id: Option<MunicipalityId>,
}

/// Whose changes a reader sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Those of a region's municipalities, of the region, and of nobody.
    Region(String),
    /// Those of a municipality, of its region, and of nobody.
    Municipality(MunicipalityId),
}

impl Reach {
    /// That of a regional reader, or of one who sees the same of one municipality; `None` for people
    /// who see work in progress: the feed does not tell of that.
    #[must_use]
    pub fn of(scope: &Scope) -> Option<Self> {
        match (scope.region(), scope.municipality()) {
            (Some(code), _) => Some(Self::Region(code.to_owned())),
            (None, Some(id)) if !scope.sees_work() => Some(Self::Municipality(id.clone())),
            _ => None,
        }
    }
}

/// Where the feed stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Another one: the numbers began anew.
    pub epoch: String,
    /// The greatest number that is no longer kept; 0: none was purged.
    pub purged_through: i64,
    /// The greatest number that is seen; some before it may not be yet.
    pub newest: i64,
    /// The greatest number up to which all are seen.
    pub complete: i64,
}

/// Where the feed stands, in a snapshot or statement begun after the horizon was taken. Public:
/// takes no scope, it tells of no row.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn standing(conn: &mut AnyConnection, horizon: Horizon) -> QueryResult<Standing> {
    let newest: Option<i64> = changes::table.select(max(changes::seq)).first(conn)?;
    let (epoch, purged_through) =
        feed_state::table.select((feed_state::epoch, feed_state::purged_through)).first(conn)?;
    let newest = newest.unwrap_or(0).max(purged_through);
    // What is beyond `newest` was given to nobody: after a crash it may be given anew.
    let complete = newest.min(horizon.complete()).max(purged_through);
    Ok(Standing { epoch, purged_through, newest, complete })
}

/// The part of the feed to look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// After this number.
    pub(super) after: i64,
    /// Up to this one.
    pub(super) upto: i64,
    /// Rows at most.
    pub(super) limit: i64,
}

/// Changes of these resources in a span, within reach before or after, in their order.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn within_reach(
    conn: &mut AnyConnection,
    reach: &Reach,
    resources: &[&str],
    span: Span,
) -> QueryResult<Vec<ChangeRow>> {
    let query = changes::table
        .filter(changes::seq.gt(span.after))
        .filter(changes::seq.le(span.upto))
        .filter(changes::resource.eq_any(resources))
        .filter(changes::visible_before.or(changes::visible_after))
        .order(changes::seq)
        .limit(span.limit)
        .select(ChangeRow::as_select())
        .into_boxed();
    let nobodys = changes::municipality_id.is_null().and(changes::region_code.is_null());
    match reach {
        Reach::Region(code) => {
            let within = || {
                let regional = municipalities::table.filter(municipalities::region_code.eq(code));
                regional.select(municipalities::id.nullable())
            };
            let regions = changes::municipality_id.is_null().and(changes::region_code.eq(code));
            let own = changes::municipality_id.eq_any(within());
            let moved = changes::from_municipality_id.eq_any(within());
            query.filter(own.or(moved).or(regions).or(nobodys)).load(conn)
        }
        Reach::Municipality(id) => {
            let region = municipalities::table
                .filter(municipalities::id.eq(id))
                .select(municipalities::region_code.nullable());
            let regions = changes::municipality_id.is_null().and(changes::region_code.eq_any(region));
            let own = changes::municipality_id.eq(id);
            let moved = changes::from_municipality_id.eq(id);
            query.filter(own.or(moved).or(regions).or(nobodys)).load(conn)
        }
    }
}

/// Which of these municipalities lie within reach.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn reached(
    conn: &mut AnyConnection,
    reach: &Reach,
    ids: &[&MunicipalityId],
) -> QueryResult<HashSet<MunicipalityId>> {
    let query = municipalities::table.filter(municipalities::id.eq_any(ids)).select(municipalities::id);
    let found: Vec<MunicipalityId> = match reach {
        Reach::Region(code) => query.filter(municipalities::region_code.eq(code)).load(conn)?,
        Reach::Municipality(id) => query.filter(municipalities::id.eq(id)).load(conn)?,
    };
    Ok(found.into_iter().collect())
}

/// Purges the oldest changes as far as they are older than `before`, `most` at most; answers how
/// many there were.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn purge_some(conn: &mut AnyConnection, before: NaiveDateTime, most: i64) -> QueryResult<i64> {
    let oldest: Vec<(i64, NaiveDateTime)> = changes::table
        .select((changes::seq, changes::occurred_at))
        .order(changes::seq)
        .limit(most)
        .load(conn)?;
    let old: Vec<i64> = oldest.into_iter().take_while(|(_, at)| *at < before).map(|(seq, _)| seq).collect();
    let Some(last) = old.last().copied() else { return Ok(0) };
    diesel::delete(changes::table.filter(changes::seq.le(last))).execute(conn)?;
    diesel::update(feed_state::table.filter(feed_state::purged_through.lt(last)))
        .set(feed_state::purged_through.eq(last))
        .execute(conn)?;
    Ok(i64::try_from(old.len()).unwrap_or(most))
}

/// Gives the feed this epoch.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn set_epoch(conn: &mut AnyConnection, epoch: &str) -> QueryResult<()> {
    diesel::update(feed_state::table).set(feed_state::epoch.eq(epoch)).execute(conn).map(|_| ())
}

/// Gives the feed this epoch if it has none yet.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn set_first_epoch(conn: &mut AnyConnection, epoch: &str) -> QueryResult<()> {
    let fresh = feed_state::table.filter(feed_state::epoch.eq(""));
    diesel::update(fresh).set(feed_state::epoch.eq(epoch)).execute(conn).map(|_| ())
}
