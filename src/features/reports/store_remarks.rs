//! Queries on remarks.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::remark::RemarkStatus;
use super::store::ReportRow;
use crate::auth::Role;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::remarks;
use crate::db::{AnyConnection, keyset};
use crate::kit::id::{AccountId, MeasureId, RemarkId, ReportId};

/// A remark as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = remarks, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct RemarkRow {
    /// Its id.
    pub id: RemarkId,
    /// Its report.
    pub report_id: ReportId,
    /// The measure it is about; `None`: the report as a whole.
    pub measure_id: Option<MeasureId>,
    /// JSON pointer of the place it is about; empty: the whole report.
    pub pointer: String,
    /// What is to be done.
    pub text: String,
    /// State.
    pub status: RemarkStatus,
    /// The version of the report it is about.
    pub submission: i32,
    /// Who wrote it.
    pub created_by: AccountId,
    /// The role whose rights he used.
    pub author_role: Role,
    /// What the school did about it.
    pub answer: Option<String>,
    /// Who answered.
    pub answered_by: Option<AccountId>,
    /// UTC.
    pub answered_at: Option<NaiveDateTime>,
    /// Who resolved it.
    pub resolved_by: Option<AccountId>,
    /// UTC.
    pub resolved_at: Option<NaiveDateTime>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl Keyed for RemarkRow {
    fn key(&self, _: &str) -> String {
        self.id.to_string()
    }
}

/// What a list of remarks is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct Narrowed {
    /// Any of these states.
    pub status: Option<Vec<RemarkStatus>>,
    /// About any of these measures.
    pub measure_id: Option<Vec<MeasureId>>,
}

/// Remarks on a report, at most `page.limit + 1`. Takes no scope: the caller holds the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    report: &ReportId,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<RemarkRow>> {
    let matching = || {
        let mut query = remarks::table.filter(remarks::report_id.eq(report)).into_boxed();
        if let Some(statuses) = &narrowed.status {
            query = query.filter(remarks::status.eq_any(statuses));
        }
        if let Some(ids) = &narrowed.measure_id {
            query = query.filter(remarks::measure_id.eq_any(ids));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(remarks::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(RemarkRow::as_select());
    keyset!(query, page, remarks::table, {
        "id" => remarks::id => String,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// One remark. Takes no scope: the caller goes on to find its report within his.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find(conn: &mut AnyConnection, id: &RemarkId) -> QueryResult<Option<RemarkRow>> {
    remarks::table.find(id).select(RemarkRow::as_select()).first(conn).optional()
}

/// The remarks on a report that wait for an answer, oldest first. Takes no scope: the caller
/// holds the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn open_of(conn: &mut AnyConnection, report: &ReportId) -> QueryResult<Vec<RemarkRow>> {
    in_states(conn, report, &[RemarkStatus::Open])
}

/// The remarks on a report in any of these states, oldest first. Takes no scope: the caller holds
/// the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn in_states(
    conn: &mut AnyConnection,
    report: &ReportId,
    states: &[RemarkStatus],
) -> QueryResult<Vec<RemarkRow>> {
    remarks::table
        .filter(remarks::report_id.eq(report))
        .filter(remarks::status.eq_any(states))
        .select(RemarkRow::as_select())
        .order(remarks::id)
        .load(conn)
}

/// How many remarks on each of these reports wait for an answer. Takes no scope: the caller
/// holds the reports.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn open_counts(
    conn: &mut AnyConnection,
    rows: &[ReportRow],
) -> QueryResult<HashMap<ReportId, i64>> {
    let counted: Vec<(ReportId, i64)> = remarks::table
        .filter(remarks::report_id.eq_any(rows.iter().map(|row| &row.id)))
        .filter(remarks::status.eq(RemarkStatus::Open))
        .group_by(remarks::report_id)
        .select((remarks::report_id, count_star()))
        .load(conn)?;
    Ok(counted.into_iter().collect())
}

/// Stores a new remark.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert(conn: &mut AnyConnection, row: &RemarkRow) -> QueryResult<()> {
    diesel::insert_into(remarks::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed remark.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &RemarkRow) -> QueryResult<()> {
    diesel::update(remarks::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}
