//! Queries on the entries of support lists.

use std::collections::{BTreeSet, HashMap};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::super::domain::ListStatus;
use super::super::store::SupportListRow;
use super::domain::{ExclusionReason, ListSpan, SupportListReason};
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{municipalities, schools, support_list_entries as entries, support_lists as lists};
use crate::db::{AnyConnection, Backend, Json, insert_all, keyset, lock};
use crate::kit::id::{EntryId, MunicipalityId, OrderId, SchoolId, SupportListId};

/// A school in a support list as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = entries, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct EntryRow {
    /// Its id.
    pub id: EntryId,
    /// The list.
    pub list_id: SupportListId,
    /// The list's municipality.
    pub municipality_id: MunicipalityId,
    /// The school.
    pub school_id: SchoolId,
    /// Results by which the school stands in the list.
    pub reasons: Json<Vec<SupportListReason>>,
    /// The order by which it joined; `None`: the list's own.
    pub included_by_order_id: Option<OrderId>,
    /// First day; `None`: the list's first.
    pub included_on: Option<NaiveDate>,
    /// The order by which it left.
    pub excluded_by_order_id: Option<OrderId>,
    /// The first day without it.
    pub excluded_on: Option<NaiveDate>,
    /// Why it left.
    pub exclusion_reason: Option<ExclusionReason>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

/// An entry and how its school is called.
#[derive(Debug, Clone)]
pub struct EntryView {
    /// The entry.
    pub row: EntryRow,
    /// The school's short name today.
    pub school_short_name: String,
}

impl Keyed for EntryView {
    fn key(&self, name: &str) -> String {
        match name {
            "school_id" => self.row.school_id.to_string(),
            _ => self.row.id.to_string(),
        }
    }
}

/// What a list of entries is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct EntriesNarrowed {
    /// Any of these schools.
    pub school_id: Option<Vec<SchoolId>>,
    /// In force today, or not.
    pub in_force: Option<bool>,
}

impl SupportListRow {
    /// The days on which the list counts.
    #[must_use]
    pub fn span(&self) -> ListSpan {
        ListSpan { status: self.status, valid_from: self.valid_from, valid_to: self.valid_to }
    }
}

/// Entries that `scope` reads: those of its municipality's lists; school people and curators
/// only of their schools; regional readers those of lists that have been approved.
fn scoped<'a>(scope: &'a Scope) -> entries::BoxedQuery<'a, Backend> {
    let mut query = entries::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(entries::municipality_id.eq(id));
    }
    if let Some(schools) = scope.schools() {
        query = query.filter(entries::school_id.eq_any(schools));
    }
    if let Some(code) = scope.region() {
        let within =
            municipalities::table.filter(municipalities::region_code.eq(code)).select(municipalities::id);
        query = query.filter(entries::municipality_id.eq_any(within));
    }
    if !scope.sees_work() {
        let approved = lists::table.filter(lists::approved_at.is_not_null()).select(lists::id);
        query = query.filter(entries::list_id.eq_any(approved));
    }
    query
}

/// Entries of a list within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    of: &SupportListRow,
    narrowed: &EntriesNarrowed,
    today: NaiveDate,
    page: &Page,
) -> QueryResult<Listed<EntryView>> {
    // The same rule as ListSpan::holds, in SQL.
    let joined = || entries::included_on.is_null().or(entries::included_on.le(today)).assume_not_null();
    let stays = || entries::excluded_on.is_null().or(entries::excluded_on.gt(today)).assume_not_null();
    let covered = of.span().covers(today);
    let matching = || {
        let mut query = scoped(scope).filter(entries::list_id.eq(&of.id));
        if let Some(ids) = &narrowed.school_id {
            query = query.filter(entries::school_id.eq_any(ids));
        }
        query = match (narrowed.in_force, covered) {
            (None, _) | (Some(false), false) => query,
            (Some(true), true) => query.filter(joined().and(stays())),
            (Some(false), true) => query.filter(diesel::dsl::not(joined().and(stays()))),
            (Some(true), false) => query.filter(entries::list_id.ne(&of.id)),
        };
        if let Some(ids) = &page.ids {
            query = query.filter(entries::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(EntryRow::as_select());
    keyset!(query, page, entries::table, {
        "id" => entries::id => String,
        "school_id" => entries::school_id => String,
    });
    let rows: Vec<EntryRow> = query.load(conn)?;
    Ok(Listed { rows: views(conn, rows)?, count })
}

/// Entries of all lists within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn of_all_lists(
    conn: &mut AnyConnection,
    scope: &Scope,
    page: &Page,
) -> QueryResult<Vec<EntryView>> {
    let mut query = scoped(scope).select(EntryRow::as_select());
    keyset!(query, page, entries::table, { "id" => entries::id => String });
    let rows: Vec<EntryRow> = query.load(conn)?;
    views(conn, rows)
}

/// The entries of a list. Takes no scope: the caller holds the list.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn all_of(conn: &mut AnyConnection, list: &SupportListId) -> QueryResult<Vec<EntryRow>> {
    let query = entries::table.filter(entries::list_id.eq(list)).order(entries::id);
    query.select(EntryRow::as_select()).load(conn)
}

/// One entry of a list within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find(
    conn: &mut AnyConnection,
    scope: &Scope,
    list: &SupportListId,
    id: &EntryId,
) -> QueryResult<Option<EntryRow>> {
    scoped(scope)
        .filter(entries::id.eq(id))
        .filter(entries::list_id.eq(list))
        .select(EntryRow::as_select())
        .first(conn)
        .optional()
}

/// One entry that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find_for_change(
    conn: &mut AnyConnection,
    scope: &Scope,
    list: &SupportListId,
    id: &EntryId,
) -> QueryResult<Option<EntryRow>> {
    lock(conn, id)?;
    find(conn, scope, list, id)
}

/// Locks an entry until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn lock(conn: &mut AnyConnection, id: &EntryId) -> QueryResult<()> {
    lock!(conn, entries::table.find(id))
}

/// Entries with the names of their schools, in the same order.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn views(conn: &mut AnyConnection, rows: Vec<EntryRow>) -> QueryResult<Vec<EntryView>> {
    let ids: Vec<&SchoolId> = rows.iter().map(|row| &row.school_id).collect();
    let names: HashMap<SchoolId, String> = schools::table
        .filter(schools::id.eq_any(ids))
        .select((schools::id, schools::short_name))
        .load(conn)?
        .into_iter()
        .collect();
    let view = |row: EntryRow| {
        let school_short_name = names.get(&row.school_id).cloned().ok_or(diesel::NotFound)?;
        Ok(EntryView { row, school_short_name })
    };
    rows.into_iter().map(view).collect()
}

/// One entry with the name of its school.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn view(conn: &mut AnyConnection, row: EntryRow) -> QueryResult<EntryView> {
    let found = views(conn, vec![row])?;
    found.into_iter().next().ok_or(diesel::NotFound)
}

/// Which of these schools the list has already, whether or not they have left it.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn has_any(
    conn: &mut AnyConnection,
    list: &SupportListId,
    ids: &BTreeSet<&SchoolId>,
) -> QueryResult<bool> {
    let found = entries::table
        .filter(entries::list_id.eq(list))
        .filter(entries::school_id.eq_any(ids))
        .count()
        .get_result::<i64>(conn)?;
    Ok(found > 0)
}

/// Stores new entries.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when the list has a school already.
pub(super) fn insert(conn: &mut AnyConnection, rows: &[EntryRow]) -> QueryResult<()> {
    insert_all!(conn, entries::table, rows)
}

/// Stores a changed entry.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &EntryRow) -> QueryResult<()> {
    diesel::update(entries::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}

/// Removes an entry from a draft.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn delete(conn: &mut AnyConnection, id: &EntryId) -> QueryResult<()> {
    diesel::delete(entries::table.find(id)).execute(conn).map(|_| ())
}

/// The entries of a closed school that still count, with when their lists were approved,
/// locked until the transaction ends: those of drafts and of lists in force that have not
/// ended by `on`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn lock_open_of_school(
    conn: &mut AnyConnection,
    school: &SchoolId,
    on: NaiveDate,
) -> QueryResult<Vec<(EntryRow, Option<NaiveDateTime>)>> {
    let open = || {
        entries::table
            .inner_join(lists::table)
            .filter(entries::school_id.eq(school))
            .filter(lists::status.eq_any([ListStatus::Draft, ListStatus::Approved]))
            .filter(entries::excluded_on.is_null().or(entries::excluded_on.gt(on)))
            .order(entries::id)
    };
    let ids: Vec<EntryId> = open().select(entries::id).load(conn)?;
    for id in &ids {
        lock(conn, id)?;
    }
    open().select((EntryRow::as_select(), lists::approved_at)).load(conn)
}
