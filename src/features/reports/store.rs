//! Queries on reports: one per school of a monitoring, and the municipality's own.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::domain::ReportStatus;
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{deadline_extensions, monitorings, municipalities, reports};
use crate::db::{AnyConnection, Backend, Prepared, insert_all, keyset, lock};
use crate::features::monitorings::MonitoringStatus;
use crate::kit::id::{AccountId, MonitoringId, MunicipalityId, ReportId, SchoolId};

/// A report as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = reports, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct ReportRow {
    /// Its id.
    pub id: ReportId,
    /// The monitoring.
    pub monitoring_id: MonitoringId,
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// The school; `None`: the municipality's own report.
    pub school_id: Option<SchoolId>,
    /// State.
    pub status: ReportStatus,
    /// What was done, in a word.
    pub summary: Option<String>,
    /// What stood in the way.
    pub problems: Option<String>,
    /// How often it was submitted.
    pub submission: i32,
    /// When it was submitted first, UTC; a submission taken back does not count.
    pub first_submitted_at: Option<NaiveDateTime>,
    /// When it was submitted last, UTC.
    pub submitted_at: Option<NaiveDateTime>,
    /// By whom.
    pub submitted_by: Option<AccountId>,
    /// When the review of this submission started, UTC.
    pub review_started_at: Option<NaiveDateTime>,
    /// When it was accepted, UTC.
    pub accepted_at: Option<NaiveDateTime>,
    /// By whom.
    pub accepted_by: Option<AccountId>,
    /// When it was returned last, UTC.
    pub returned_at: Option<NaiveDateTime>,
    /// Why.
    pub return_reason: Option<String>,
    /// Optimistic lock; rises with every change of an item or its evidence too.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl Keyed for ReportRow {
    fn key(&self, _: &str) -> String {
        self.id.to_string()
    }
}

/// What a list of reports is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct Narrowed {
    /// Of any of these monitorings.
    pub monitoring_id: Option<Vec<MonitoringId>>,
    /// Of any of these schools.
    pub school_id: Option<Vec<SchoolId>>,
    /// Any of these states.
    pub status: Option<Vec<ReportStatus>>,
    /// Only those overdue, or only those not overdue.
    pub overdue: Option<bool>,
    /// The day on which that is asked.
    pub today: NaiveDate,
}

/// Reports that `scope` reads: a school's its own, a region's the accepted ones.
pub(super) fn scoped<'a>(scope: &'a Scope) -> reports::BoxedQuery<'a, Backend> {
    let mut query = reports::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(reports::municipality_id.eq(id));
    }
    match (scope.own_school(), scope.schools()) {
        // A set has a text per size and is planned anew each time; one school is prepared once.
        (Some(id), _) => query = query.filter(reports::school_id.eq(id)),
        (None, Some(ids)) => query = query.filter(reports::school_id.eq_any(ids)),
        (None, None) => {}
    }
    if let Some(code) = scope.region() {
        let regional =
            municipalities::table.filter(municipalities::region_code.eq(code)).select(municipalities::id);
        query = query.filter(reports::municipality_id.eq_any(regional));
    }
    if !scope.sees_work() {
        query = query.filter(reports::status.eq(ReportStatus::Accepted));
    }
    query
}

/// Reports within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<ReportRow>> {
    let matching = || {
        let mut query = scoped(scope);
        if let Some(ids) = &narrowed.monitoring_id {
            query = query.filter(reports::monitoring_id.eq_any(ids));
        }
        if let Some(ids) = &narrowed.school_id {
            query = query.filter(reports::school_id.eq_any(ids));
        }
        if let Some(statuses) = &narrowed.status {
            query = query.filter(reports::status.eq_any(statuses));
        }
        if let Some(overdue) = narrowed.overdue {
            let today = narrowed.today;
            let past = monitorings::table
                .filter(monitorings::report_deadline.lt(today))
                .filter(monitorings::status.ne(MonitoringStatus::Cancelled))
                .select(monitorings::id);
            let covered = deadline_extensions::table
                .filter(deadline_extensions::monitoring_id.eq(reports::monitoring_id))
                .filter(deadline_extensions::school_id.nullable().eq(reports::school_id))
                .filter(deadline_extensions::until.ge(today));
            // The same rule as `ReportView::is_overdue`.
            let rule = reports::status
                .eq_any([ReportStatus::Draft, ReportStatus::Returned])
                .and(reports::monitoring_id.eq_any(past))
                .and(not(exists(covered)));
            query = if overdue { query.filter(rule) } else { query.filter(not(rule)) };
        }
        if let Some(ids) = &page.ids {
            query = query.filter(reports::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(ReportRow::as_select());
    keyset!(query, page, reports::table, {
        "id" => reports::id => String,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// One report within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find(conn: &mut AnyConnection, scope: &Scope, id: &ReportId) -> QueryResult<Option<ReportRow>> {
    scoped(scope).filter(reports::id.eq(id)).select(ReportRow::as_select()).first(conn).optional()
}

/// One report of `scope` that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find_for_change(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &ReportId,
) -> QueryResult<Option<ReportRow>> {
    lock_one(conn, id)?;
    find(conn, scope, id)
}

/// Locks a report until the transaction ends. Takes no scope: the caller goes on to find it
/// within his.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn lock_one(conn: &mut AnyConnection, id: &ReportId) -> QueryResult<()> {
    lock!(conn, reports::table.find(id))
}

/// All reports of a monitoring. Takes no scope: the caller holds the monitoring.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn of_monitoring(conn: &mut AnyConnection, id: &MonitoringId) -> QueryResult<Vec<ReportRow>> {
    reports::table
        .filter(reports::monitoring_id.eq(id))
        .select(ReportRow::as_select())
        .order(reports::id)
        .load(conn)
}

/// All reports of a monitoring, locked until the transaction ends. Takes no scope: the
/// caller holds the monitoring, locked.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn lock_of_monitoring(conn: &mut AnyConnection, id: &MonitoringId) -> QueryResult<Vec<ReportRow>> {
    lock!(conn, reports::table.filter(reports::monitoring_id.eq(id)))?;
    of_monitoring(conn, id)
}

/// The report of a school in a monitoring, locked until the transaction ends. Takes no
/// scope: the caller holds the monitoring.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn lock_of_school(
    conn: &mut AnyConnection,
    monitoring: &MonitoringId,
    school: &SchoolId,
) -> QueryResult<Option<ReportRow>> {
    let own =
        || reports::table.filter(reports::monitoring_id.eq(monitoring)).filter(reports::school_id.eq(school));
    lock!(conn, own())?;
    own().select(ReportRow::as_select()).first(conn).optional()
}

/// Reports of a school that are neither accepted nor cancelled, in monitorings that go on.
/// Takes no scope: the caller holds the school.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn open_of_school(conn: &mut AnyConnection, id: &SchoolId) -> QueryResult<Vec<ReportRow>> {
    let going_on = monitorings::table
        .filter(monitorings::status.eq_any([MonitoringStatus::Open, MonitoringStatus::Collected]))
        .select(monitorings::id);
    reports::table
        .filter(reports::school_id.eq(id))
        .filter(reports::status.eq_any([
            ReportStatus::Draft,
            ReportStatus::Submitted,
            ReportStatus::Returned,
        ]))
        .filter(reports::monitoring_id.eq_any(going_on))
        .select(ReportRow::as_select())
        .order((reports::monitoring_id, reports::id))
        .load(conn)
}

/// Stores new reports.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when the subject has one already.
pub(super) fn insert(conn: &mut AnyConnection, rows: &[ReportRow]) -> QueryResult<()> {
    insert_all!(conn, reports::table, rows)
}

/// Stores a changed report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &ReportRow) -> QueryResult<()> {
    Prepared(diesel::update(reports::table.find(&row.id)).set(row)).execute(conn).map(|_| ())
}
