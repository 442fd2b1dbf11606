//! Queries of the process that delivers: which webhooks are due, and who has them.

use chrono::{Duration, NaiveDateTime};
use diesel::dsl::not;
use diesel::prelude::*;

use super::domain::{Outcome, WebhookStatus};
use super::store::{DeliveryRow, WebhookRow};
use crate::auth::ClientScope;
use crate::db::schema::{clients, webhook_deliveries as deliveries, webhooks};
use crate::db::{AnyConnection, insert_all};
use crate::kit::code::Code;
use crate::kit::id::{ClientId, WebhookId};

/// Webhooks looked at in one round, at most.
const ROUND: i64 = 20_000;
/// Seconds after which no lease of a clock that is right ends: a clock was set back since.
const LONGEST_LEASE: i64 = 60;
/// Hours after which no attempt is due by a clock that is right.
const LONGEST_WAIT: i64 = 27;

/// A webhook that an attempt may be made for now.
#[derive(Debug, Clone, Queryable)]
pub struct Due {
    /// Which.
    pub id: WebhookId,
    /// Whose.
    pub client_id: ClientId,
    /// Its cursor.
    pub after_seq: i64,
    /// The epoch of the cursor.
    pub epoch: String,
    /// Until where something is delivered again.
    pub replay_until: Option<i64>,
    /// When a test was asked for.
    pub test_requested_at: Option<NaiveDateTime>,
}

/// Those whose time has come and that no process has.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn due(conn: &mut AnyConnection, now: NaiveDateTime) -> QueryResult<Vec<Due>> {
    let (too_late, too_long) = (now + Duration::seconds(LONGEST_LEASE), now + Duration::hours(LONGEST_WAIT));
    let free = webhooks::lease_until
        .is_null()
        .or(webhooks::lease_until.le(now))
        .or(webhooks::lease_until.gt(too_late));
    let fails = webhooks::attempts.gt(0);
    let time_has_come = webhooks::next_at.le(now).or(webhooks::next_at.gt(too_long)).or(not(fails));
    let telling = webhooks::status.eq(WebhookStatus::Active).and(time_has_come);
    webhooks::table
        .inner_join(clients::table)
        .filter(clients::status.eq("active"))
        .filter(clients::scopes.like(format!("%{}%", ClientScope::WebhooksManage.as_str())))
        .filter(telling.or(webhooks::test_requested_at.is_not_null()))
        .filter(free)
        .order((webhooks::next_at, webhooks::id))
        .limit(ROUND)
        .select((
            webhooks::id,
            webhooks::client_id,
            webhooks::after_seq,
            webhooks::epoch,
            webhooks::replay_until,
            webhooks::test_requested_at,
        ))
        .load(conn)
}

/// Takes a webhook for `owner` until `until`, when no other process has it; whether it did.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn claim(
    conn: &mut AnyConnection,
    id: &WebhookId,
    owner: &str,
    now: NaiveDateTime,
    until: NaiveDateTime,
) -> QueryResult<bool> {
    let too_late = now + Duration::seconds(LONGEST_LEASE);
    let free = webhooks::lease_until
        .is_null()
        .or(webhooks::lease_until.le(now))
        .or(webhooks::lease_until.gt(too_late));
    diesel::update(webhooks::table.filter(webhooks::id.eq(id)).filter(free))
        .set((webhooks::lease_owner.eq(Some(owner)), webhooks::lease_until.eq(Some(until))))
        .execute(conn)
        .map(|rows| rows == 1)
}

/// The webhook, while `owner` has it; without an owner whoever has it.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn held(
    conn: &mut AnyConnection,
    id: &WebhookId,
    owner: Option<&str>,
) -> QueryResult<Option<WebhookRow>> {
    let row =
        webhooks::table.find(id).select(WebhookRow::as_select()).first::<WebhookRow>(conn).optional()?;
    Ok(row.filter(|row| owner.is_none_or(|owner| row.lease_owner.as_deref() == Some(owner))))
}

/// The same, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn held_for_change(
    conn: &mut AnyConnection,
    id: &WebhookId,
    owner: &str,
) -> QueryResult<Option<WebhookRow>> {
    crate::db::lock!(conn, webhooks::table.find(id))?;
    held(conn, id, Some(owner))
}

/// Moves the cursor of a webhook that nothing is told of meanwhile.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn advance(conn: &mut AnyConnection, id: &WebhookId, epoch: &str, seq: i64) -> QueryResult<()> {
    let quiet = webhooks::table
        .filter(webhooks::id.eq(id))
        .filter(webhooks::epoch.eq(epoch))
        .filter(webhooks::after_seq.lt(seq))
        .filter(webhooks::attempts.eq(0))
        .filter(webhooks::replay_after.is_null())
        .filter(webhooks::lease_owner.is_null());
    diesel::update(quiet).set(webhooks::after_seq.eq(seq)).execute(conn).map(|_| ())
}

/// Records attempts.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn record(conn: &mut AnyConnection, rows: &[DeliveryRow]) -> QueryResult<()> {
    insert_all!(conn, deliveries::table, rows)
}

/// Removes attempts before `before`, `most` at most, but not those of events given up; how many.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn forget_some(conn: &mut AnyConnection, before: NaiveDateTime, most: i64) -> QueryResult<usize> {
    let old: Vec<String> = deliveries::table
        .filter(deliveries::created_at.lt(before))
        .filter(deliveries::outcome.ne(Outcome::GivenUp))
        .order(deliveries::created_at)
        .limit(most)
        .select(deliveries::id)
        .load(conn)?;
    diesel::delete(deliveries::table.filter(deliveries::id.eq_any(&old))).execute(conn)
}
