//! Queries on support lists.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::domain::{Facts, ListCategory, ListLevel, ListStatus};
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{
    monitorings, municipalities, support_list_entries as entries, support_lists as lists,
};
use crate::db::{AnyConnection, Backend, Json, keyset, lock};
use crate::features::orders;
use crate::kit::id::{MunicipalityId, OrderId, SupportListId};

/// States of a monitoring that runs.
const RUNNING: [&str; 3] = ["open", "collected", "analysed"];

/// A support list as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = lists, treat_none_as_null = true)]
pub struct SupportListRow {
    /// Its id.
    pub id: SupportListId,
    /// The municipality of its schools.
    pub municipality_id: MunicipalityId,
    /// Level of the body that made it.
    pub level: ListLevel,
    /// Why schools stand in it.
    pub category: ListCategory,
    /// Calendar year of the results.
    pub results_year: i32,
    /// The order that approves it.
    pub order_id: OrderId,
    /// First day in force; `None`: since it was approved.
    pub valid_from: Option<NaiveDate>,
    /// Last day in force; `None`: until it is replaced or cancelled.
    pub valid_to: Option<NaiveDate>,
    /// State.
    pub status: ListStatus,
    /// When it was approved, UTC.
    pub approved_at: Option<NaiveDateTime>,
    /// Why it was cancelled.
    pub cancel_reason: Option<String>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

/// A list and what is around it.
#[derive(Debug, Clone)]
pub struct ListView {
    /// The list.
    pub row: SupportListRow,
    /// What decides about its actions.
    pub facts: Facts,
}

impl Keyed for ListView {
    fn key(&self, name: &str) -> String {
        match name {
            "results_year" => self.row.results_year.to_string(),
            _ => self.row.id.to_string(),
        }
    }
}

/// What a list of support lists is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct Narrowed {
    /// Any of these levels.
    pub level: Option<Vec<ListLevel>>,
    /// Any of these categories.
    pub category: Option<Vec<ListCategory>>,
    /// Any of these years.
    pub results_year: Option<Vec<i32>>,
    /// Any of these states.
    pub status: Option<Vec<ListStatus>>,
    /// By any of these orders.
    pub order_id: Option<Vec<OrderId>>,
}

/// Lists that `scope` reads: its municipality's; of these, school people and curators those
/// in which their schools stand; regional readers those that have been approved.
fn scoped<'a>(scope: &'a Scope) -> lists::BoxedQuery<'a, Backend> {
    let mut query = lists::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(lists::municipality_id.eq(id));
    }
    if let Some(schools) = scope.schools() {
        let theirs = entries::table.filter(entries::school_id.eq_any(schools)).select(entries::list_id);
        query = query.filter(lists::id.eq_any(theirs));
    }
    if let Some(code) = scope.region() {
        let within =
            municipalities::table.filter(municipalities::region_code.eq(code)).select(municipalities::id);
        query = query.filter(lists::municipality_id.eq_any(within));
    }
    if !scope.sees_work() {
        query = query.filter(lists::approved_at.is_not_null());
    }
    query
}

/// Lists within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<ListView>> {
    let matching = || {
        let mut query = scoped(scope);
        if let Some(levels) = &narrowed.level {
            query = query.filter(lists::level.eq_any(levels));
        }
        if let Some(categories) = &narrowed.category {
            query = query.filter(lists::category.eq_any(categories));
        }
        if let Some(years) = &narrowed.results_year {
            query = query.filter(lists::results_year.eq_any(years));
        }
        if let Some(statuses) = &narrowed.status {
            query = query.filter(lists::status.eq_any(statuses));
        }
        if let Some(orders) = &narrowed.order_id {
            query = query.filter(lists::order_id.eq_any(orders));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(lists::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(SupportListRow::as_select());
    keyset!(query, page, lists::table, {
        "id" => lists::id => String,
        "results_year" => lists::results_year => i32,
    });
    let rows: Vec<SupportListRow> = query.load(conn)?;
    Ok(Listed { rows: views(conn, scope, rows)?, count })
}

/// One list within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &SupportListId,
) -> QueryResult<Option<SupportListRow>> {
    scoped(scope).filter(lists::id.eq(id)).select(SupportListRow::as_select()).first(conn).optional()
}

/// One list of `scope` that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find_for_change(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &SupportListId,
) -> QueryResult<Option<SupportListRow>> {
    lock(conn, id)?;
    find(conn, scope, id)
}

/// Locks a list until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn lock(conn: &mut AnyConnection, id: &SupportListId) -> QueryResult<()> {
    lock!(conn, lists::table.find(id))
}

/// The lists with these ids, ordered by year, level and id, for documents that name them.
///
/// Takes no scope: the caller holds such a document.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn lists_of(conn: &mut AnyConnection, ids: &[SupportListId]) -> QueryResult<Vec<SupportListRow>> {
    lists::table
        .filter(lists::id.eq_any(ids))
        .order((lists::results_year, lists::level, lists::id))
        .select(SupportListRow::as_select())
        .load(conn)
}

/// A list with what is around it, as `scope` sees it.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn view(conn: &mut AnyConnection, scope: &Scope, row: SupportListRow) -> QueryResult<ListView> {
    let found = views(conn, scope, vec![row])?;
    found.into_iter().next().ok_or(diesel::NotFound)
}

fn views(conn: &mut AnyConnection, scope: &Scope, rows: Vec<SupportListRow>) -> QueryResult<Vec<ListView>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let order_ids: Vec<&OrderId> = rows.iter().map(|row| &row.order_id).collect();
    let registered = orders::registered_among(conn, &order_ids)?;
    let schools = schools_in(conn, scope, rows.iter().map(|row| &row.id).collect())?;
    let uses = monitoring_uses(conn, &rows)?;
    let view = |row: SupportListRow| ListView {
        facts: Facts {
            order_registered: registered.contains(&row.order_id),
            schools: schools.get(&row.id).copied().unwrap_or(0),
            monitored: uses.running.contains(&row.id),
            named: uses.any.contains(&row.id),
        },
        row,
    };
    Ok(rows.into_iter().map(view).collect())
}

fn schools_in(
    conn: &mut AnyConnection,
    scope: &Scope,
    ids: Vec<&SupportListId>,
) -> QueryResult<HashMap<SupportListId, i64>> {
    let mut query = entries::table
        .filter(entries::list_id.eq_any(ids))
        .filter(entries::excluded_on.is_null())
        .group_by(entries::list_id)
        .select((entries::list_id, count_star()))
        .into_boxed();
    if let Some(schools) = scope.schools() {
        query = query.filter(entries::school_id.eq_any(schools));
    }
    Ok(query.load(conn)?.into_iter().collect())
}

/// Lists that monitorings name.
#[derive(Default)]
struct Uses {
    any: HashSet<SupportListId>,
    running: HashSet<SupportListId>,
}

fn monitoring_uses(conn: &mut AnyConnection, rows: &[SupportListRow]) -> QueryResult<Uses> {
    let owners: BTreeSet<&MunicipalityId> = rows.iter().map(|row| &row.municipality_id).collect();
    let named: Vec<(String, Json<Vec<SupportListId>>)> = monitorings::table
        .filter(monitorings::municipality_id.eq_any(owners))
        .select((monitorings::status, monitorings::support_list_ids))
        .load(conn)?;
    let mut uses = Uses::default();
    for (status, ids) in named {
        let ids = ids.into_inner();
        if RUNNING.contains(&status.as_str()) {
            uses.running.extend(ids.iter().cloned());
        }
        uses.any.extend(ids);
    }
    Ok(uses)
}

/// Lists in force that `row`, once approved, replaces. Holds back other approvals of the
/// municipality until the transaction ends, so that two never replace nothing side by side.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn replaced_by(
    conn: &mut AnyConnection,
    row: &SupportListRow,
) -> QueryResult<Vec<SupportListRow>> {
    lock!(conn, municipalities::table.find(&row.municipality_id))?;
    let same = lists::table
        .filter(lists::municipality_id.eq(&row.municipality_id))
        .filter(lists::level.eq(row.level))
        .filter(lists::category.eq(row.category))
        .filter(lists::results_year.eq(row.results_year))
        .filter(lists::status.eq(ListStatus::Approved))
        .filter(lists::id.ne(&row.id));
    let ids: Vec<SupportListId> = same.select(lists::id).order(lists::id).load(conn)?;
    for id in &ids {
        lock(conn, id)?;
    }
    same.select(SupportListRow::as_select()).load(conn)
}

/// Stores a new list.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert(conn: &mut AnyConnection, row: &SupportListRow) -> QueryResult<()> {
    diesel::insert_into(lists::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed list.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &SupportListRow) -> QueryResult<()> {
    diesel::update(lists::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}

/// Deletes a draft with its entries.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn delete(conn: &mut AnyConnection, id: &SupportListId) -> QueryResult<()> {
    diesel::delete(entries::table.filter(entries::list_id.eq(id))).execute(conn)?;
    diesel::delete(lists::table.find(id)).execute(conn).map(|_| ())
}

/// The latest draft of the municipality that has this level, category, year and order.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn draft_like(
    conn: &mut AnyConnection,
    scope: &Scope,
    level: ListLevel,
    category: ListCategory,
    results_year: i32,
    order: &OrderId,
) -> QueryResult<Option<SupportListId>> {
    scoped(scope)
        .filter(lists::status.eq(ListStatus::Draft))
        .filter(lists::level.eq(level))
        .filter(lists::category.eq(category))
        .filter(lists::results_year.eq(results_year))
        .filter(lists::order_id.eq(order))
        .select(lists::id)
        .order(lists::id.desc())
        .first(conn)
        .optional()
}
