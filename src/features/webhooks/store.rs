//! Queries on webhooks and the record of their deliveries. Whose they are is asked by the owner,
//! a client's id; `None` stands for administrators.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::domain::{DisabledBy, FailureKind, Outcome, WebhookStatus};
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{webhook_deliveries as deliveries, webhooks};
use crate::db::{AnyConnection, Backend, keyset, lock};
use crate::kit::id::{ClientId, DeliveryId, WebhookId};

/// A webhook as stored. Not `Debug`: it holds sealed secrets.
#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = webhooks, treat_none_as_null = true)]
pub struct WebhookRow {
    /// Its id.
    pub id: WebhookId,
    /// Whose it is.
    pub client_id: ClientId,
    /// Where deliveries go.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Resources it is told of, separated by commas; empty: all that the client reads.
    pub resources: String,
    /// State.
    pub status: WebhookStatus,
    /// By what it was disabled.
    pub disabled_by: Option<DisabledBy>,
    /// The secret in force, sealed.
    pub secret: String,
    /// The one before, sealed.
    pub previous_secret: Option<String>,
    /// Until when the one before signs as well, UTC.
    pub previous_until: Option<NaiveDateTime>,
    /// Epoch of the feed in which the cursor was given.
    pub epoch: String,
    /// The cursor: delivered through this number.
    pub after_seq: i64,
    /// A range to be delivered again: after this number,
    pub replay_after: Option<i64>,
    /// through this one.
    pub replay_until: Option<i64>,
    /// When a test was asked for that is still to be delivered, UTC.
    pub test_requested_at: Option<NaiveDateTime>,
    /// When a test was delivered last, UTC.
    pub tested_at: Option<NaiveDateTime>,
    /// Failed attempts of the event that is next.
    pub attempts: i32,
    /// Since when it fails, UTC.
    pub failing_since: Option<NaiveDateTime>,
    /// No attempt before this, UTC.
    pub next_at: NaiveDateTime,
    /// The event before was given up, and none delivered since.
    pub parked: bool,
    /// The process that delivers now.
    pub lease_owner: Option<String>,
    /// Until when it may, UTC.
    pub lease_until: Option<NaiveDateTime>,
    /// Optimistic lock; deliveries do not raise it.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl WebhookRow {
    /// The resources it is told of; empty: all that the client reads.
    #[must_use]
    pub fn resources(&self) -> Vec<String> {
        self.resources.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }
}

impl Keyed for WebhookRow {
    fn key(&self, _: &str) -> String {
        self.id.to_string()
    }
}

/// An attempt as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
pub struct DeliveryRow {
    /// Its id, rising with time.
    pub id: DeliveryId,
    /// Of which webhook.
    pub webhook_id: WebhookId,
    /// Id of the event.
    pub event_id: String,
    /// Type of the event.
    pub event_type: String,
    /// Number of the change.
    pub seq: Option<i64>,
    /// Which attempt, from 1.
    pub attempt: i32,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it failed.
    pub failure: Option<FailureKind>,
    /// Status of the answer.
    pub http_status: Option<i32>,
    /// How long it took.
    pub duration_ms: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
}

impl Keyed for DeliveryRow {
    fn key(&self, _: &str) -> String {
        self.id.to_string()
    }
}

fn owned<'a>(owner: Option<&'a ClientId>) -> webhooks::BoxedQuery<'a, Backend> {
    let query = webhooks::table.into_boxed();
    match owner {
        Some(client) => query.filter(webhooks::client_id.eq(client)),
        None => query,
    }
}

/// Webhooks of an owner, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn page(
    conn: &mut AnyConnection,
    owner: Option<&ClientId>,
    status: Option<&Vec<WebhookStatus>>,
    page: &Page,
) -> QueryResult<Listed<WebhookRow>> {
    let matching = || {
        let mut query = owned(owner);
        if let Some(statuses) = status {
            query = query.filter(webhooks::status.eq_any(statuses));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(webhooks::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(WebhookRow::as_select());
    keyset!(query, page, webhooks::table, { "id" => webhooks::id => String });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// One webhook of an owner.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn one(
    conn: &mut AnyConnection,
    owner: Option<&ClientId>,
    id: &WebhookId,
) -> QueryResult<Option<WebhookRow>> {
    owned(owner).filter(webhooks::id.eq(id)).select(WebhookRow::as_select()).first(conn).optional()
}

/// One webhook of an owner that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn one_for_change(
    conn: &mut AnyConnection,
    owner: Option<&ClientId>,
    id: &WebhookId,
) -> QueryResult<Option<WebhookRow>> {
    lock!(conn, webhooks::table.find(id))?;
    one(conn, owner, id)
}

/// The newest webhook of a client to this address.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn by_url(
    conn: &mut AnyConnection,
    client: &ClientId,
    url: &str,
) -> QueryResult<Option<WebhookRow>> {
    owned(Some(client))
        .filter(webhooks::url.eq(url))
        .order(webhooks::id.desc())
        .select(WebhookRow::as_select())
        .first(conn)
        .optional()
}

/// How many webhooks a client has.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn count_of(conn: &mut AnyConnection, client: &ClientId) -> QueryResult<i64> {
    webhooks::table.filter(webhooks::client_id.eq(client)).count().get_result(conn)
}

/// Stores a new webhook.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert(conn: &mut AnyConnection, row: &WebhookRow) -> QueryResult<()> {
    diesel::insert_into(webhooks::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed webhook.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &WebhookRow) -> QueryResult<()> {
    diesel::update(webhooks::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}

/// Removes a webhook with the record of its deliveries.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn delete(conn: &mut AnyConnection, id: &WebhookId) -> QueryResult<()> {
    diesel::delete(webhooks::table.find(id)).execute(conn).map(|_| ())
}

/// What a list of deliveries is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct DeliveriesNarrowed {
    /// Any of these outcomes.
    pub outcome: Option<Vec<Outcome>>,
    /// Of any of these events.
    pub event_id: Option<Vec<String>>,
}

/// The attempts of a webhook that was found, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn deliveries_of(
    conn: &mut AnyConnection,
    webhook: &WebhookId,
    narrowed: &DeliveriesNarrowed,
    page: &Page,
) -> QueryResult<Listed<DeliveryRow>> {
    let matching = || {
        let mut query = deliveries::table.filter(deliveries::webhook_id.eq(webhook)).into_boxed::<Backend>();
        if let Some(outcomes) = &narrowed.outcome {
            query = query.filter(deliveries::outcome.eq_any(outcomes));
        }
        if let Some(ids) = &narrowed.event_id {
            query = query.filter(deliveries::event_id.eq_any(ids));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(deliveries::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(DeliveryRow::as_select());
    keyset!(query, page, deliveries::table, { "id" => deliveries::id => String });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// How many active webhooks have a receiver that did not take the last delivery. Takes no scope: it tells
/// of no row.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn failing(conn: &mut AnyConnection) -> QueryResult<i64> {
    webhooks::table
        .filter(webhooks::status.eq(WebhookStatus::Active))
        .filter(webhooks::attempts.gt(0).or(webhooks::parked))
        .count()
        .get_result(conn)
}
