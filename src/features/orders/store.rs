//! Queries on orders.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::domain::{IssuerLevel, OrderKind, OrderStatus};
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{municipalities, orders};
use crate::db::{AnyConnection, Backend, keyset, lock};
use crate::kit::id::{MunicipalityId, OrderId};
use crate::kit::text;

/// An order as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = orders, treat_none_as_null = true)]
pub struct OrderRow {
    /// Its id.
    pub id: OrderId,
    /// The municipality's id or the region's code.
    pub owner: String,
    /// The owning municipality; `None`: the region owns it.
    pub municipality_id: Option<MunicipalityId>,
    /// The region.
    pub region_code: String,
    /// Who issued it.
    pub issuer: String,
    /// On which level.
    pub issuer_level: IssuerLevel,
    /// Number, a free string.
    pub number: String,
    /// Date of the act.
    pub date: NaiveDate,
    /// Title.
    pub title: String,
    /// Folded issuer, number and title.
    pub search_text: String,
    /// What it is about.
    pub kind: OrderKind,
    /// Where its text is.
    pub file_url: Option<String>,
    /// The order that it repeals.
    pub repeals_id: Option<OrderId>,
    /// State.
    pub status: OrderStatus,
    /// When it was registered, UTC.
    pub registered_at: Option<NaiveDateTime>,
    /// When it was repealed, UTC.
    pub repealed_at: Option<NaiveDateTime>,
    /// Why it was repealed.
    pub repeal_reason: Option<String>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl Keyed for OrderRow {
    fn key(&self, name: &str) -> String {
        match name {
            "date" => self.date.to_string(),
            "number" => self.number.clone(),
            _ => self.id.to_string(),
        }
    }
}

/// What a list of orders is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct Narrowed {
    /// Any of these states.
    pub status: Option<Vec<OrderStatus>>,
    /// Any of these kinds.
    pub kind: Option<Vec<OrderKind>>,
    /// Exactly this number.
    pub number: Option<String>,
    /// Dated on this day or later.
    pub date_from: Option<NaiveDate>,
    /// Dated before this day.
    pub date_before: Option<NaiveDate>,
    /// Text to find in issuer, number and title.
    pub q: Option<String>,
}

/// Orders that `scope` reads: its municipality's and its region's; regional readers
/// see those in force or repealed.
fn scoped<'a>(scope: &'a Scope) -> orders::BoxedQuery<'a, Backend> {
    let mut query = orders::table.into_boxed();
    if let Some(id) = scope.municipality() {
        let region = municipalities::table.find(id).select(municipalities::region_code);
        let regional = orders::municipality_id.is_null().and(orders::region_code.eq_any(region));
        query = query.filter(orders::municipality_id.eq(id).or(regional));
    }
    if let Some(code) = scope.region() {
        query = query.filter(orders::region_code.eq(code));
    }
    if !scope.sees_work() {
        query = query.filter(orders::status.ne(OrderStatus::Draft));
    }
    query
}

/// Orders within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<OrderRow>> {
    let matching = || {
        let mut query = scoped(scope);
        if let Some(statuses) = &narrowed.status {
            query = query.filter(orders::status.eq_any(statuses));
        }
        if let Some(kinds) = &narrowed.kind {
            query = query.filter(orders::kind.eq_any(kinds));
        }
        if let Some(number) = &narrowed.number {
            query = query.filter(orders::number.eq(number));
        }
        if let Some(day) = narrowed.date_from {
            query = query.filter(orders::date.ge(day));
        }
        if let Some(day) = narrowed.date_before {
            query = query.filter(orders::date.lt(day));
        }
        if let Some(q) = &narrowed.q {
            query = query.filter(orders::search_text.like(text::like_anywhere(q)).escape('\\'));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(orders::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(OrderRow::as_select());
    keyset!(query, page, orders::table, {
        "id" => orders::id => String,
        "date" => orders::date => NaiveDate,
        "number" => orders::number => String,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// One order within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find(conn: &mut AnyConnection, scope: &Scope, id: &OrderId) -> QueryResult<Option<OrderRow>> {
    scoped(scope).filter(orders::id.eq(id)).select(OrderRow::as_select()).first(conn).optional()
}

/// One order of `scope` that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find_for_change(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &OrderId,
) -> QueryResult<Option<OrderRow>> {
    lock!(conn, orders::table.find(id))?;
    find(conn, scope, id)
}

/// Which of these orders are in force, for documents that name them.
///
/// Takes no scope: the caller holds such a document.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn registered_among(conn: &mut AnyConnection, ids: &[&OrderId]) -> QueryResult<HashSet<OrderId>> {
    let ids: Vec<OrderId> = orders::table
        .filter(orders::id.eq_any(ids))
        .filter(orders::status.eq(OrderStatus::Registered))
        .select(orders::id)
        .load(conn)?;
    Ok(ids.into_iter().collect())
}

/// Stores a new order.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when it exists already.
pub(super) fn insert(conn: &mut AnyConnection, row: &OrderRow) -> QueryResult<()> {
    diesel::insert_into(orders::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed order.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when it exists already.
pub(super) fn update(conn: &mut AnyConnection, row: &OrderRow) -> QueryResult<()> {
    diesel::update(orders::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}

/// Deletes a draft.
///
/// # Errors
///
/// Diesel's own error, unchanged; a foreign key violation when something refers to it.
pub(super) fn delete(conn: &mut AnyConnection, id: &OrderId) -> QueryResult<()> {
    diesel::delete(orders::table.find(id)).execute(conn).map(|_| ())
}

/// The region of a municipality.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn region_of(conn: &mut AnyConnection, id: &MunicipalityId) -> QueryResult<String> {
    municipalities::table.find(id).select(municipalities::region_code).first(conn)
}
