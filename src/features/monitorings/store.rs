//! Queries on monitorings, their snapshots of schools and their extensions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::domain::MonitoringStatus;
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{deadline_extensions, monitoring_schools, monitorings, municipalities};
use crate::db::{AnyConnection, Backend, insert_all, keyset, lock};
use crate::kit::id::{MonitoringId, MunicipalityId, OrderId, RoadMapId, SchoolId, SupportListId, TemplateId};

/// A monitoring as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = monitorings, treat_none_as_null = true)]
pub struct MonitoringRow {
    /// Its id.
    pub id: MonitoringId,
    /// Its municipality.
    pub municipality_id: MunicipalityId,
    /// The edition of the road map whose execution it watches.
    pub road_map_id: RoadMapId,
    /// The template of conclusions, kept from opening.
    pub conclusion_template_id: Option<TemplateId>,
    /// The order that opens it.
    pub order_id: OrderId,
    /// JSON array of the lists whose schools take part.
    pub support_list_ids: String,
    /// First day of the period.
    pub period_start: NaiveDate,
    /// Last day of the period.
    pub period_end: NaiveDate,
    /// Last day on which a report is in time.
    pub report_deadline: NaiveDate,
    /// State.
    pub status: MonitoringStatus,
    /// When it was opened, UTC.
    pub opened_at: Option<NaiveDateTime>,
    /// The Moscow day of opening.
    pub opened_on: Option<NaiveDate>,
    /// Since when a signed note holds its reports, UTC.
    pub frozen_at: Option<NaiveDateTime>,
    /// Why it was given up.
    pub cancel_reason: Option<String>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl MonitoringRow {
    /// The lists whose schools take part.
    ///
    /// # Errors
    ///
    /// The stored JSON is broken.
    pub fn list_ids(&self) -> QueryResult<Vec<SupportListId>> {
        serde_json::from_str(&self.support_list_ids)
            .map_err(|cause| diesel::result::Error::DeserializationError(cause.into()))
    }
}

impl Keyed for MonitoringRow {
    fn key(&self, name: &str) -> String {
        match name {
            "report_deadline" => self.report_deadline.to_string(),
            _ => self.id.to_string(),
        }
    }
}

/// A school of the snapshot: later changes of lists do not alter it.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = monitoring_schools, treat_none_as_default_value = false)]
pub struct SnapshotSchool {
    /// The monitoring.
    pub monitoring_id: MonitoringId,
    /// The school.
    pub school_id: SchoolId,
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// Its name on the day of the snapshot.
    pub short_name: String,
    /// JSON array of its education levels on that day.
    pub education_levels: String,
    /// When it left the list within the period.
    pub left_list_on: Option<NaiveDate>,
    /// The order that added it later.
    pub added_by_order_id: Option<OrderId>,
    /// Since when it takes part.
    pub added_on: NaiveDate,
    /// Since when it takes part no more.
    pub released_on: Option<NaiveDate>,
    /// Why it was released.
    pub release_reason: Option<String>,
}

/// More time for one school.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = deadline_extensions, treat_none_as_default_value = false)]
pub(super) struct ExtensionRow {
    pub(super) monitoring_id: MonitoringId,
    pub(super) school_id: SchoolId,
    pub(super) until: NaiveDate,
    pub(super) reason: String,
    pub(super) order_id: OrderId,
    pub(super) created_at: NaiveDateTime,
}

/// What a list of monitorings is narrowed to.
#[derive(Debug, Default)]
pub(super) struct Narrowed {
    /// Any of these states.
    pub(super) status: Option<Vec<MonitoringStatus>>,
    /// Of this road map.
    pub(super) road_map_id: Option<Vec<RoadMapId>>,
    /// Of these municipalities.
    pub(super) municipality_id: Option<Vec<MunicipalityId>>,
}

/// Monitorings that `scope` reads: a school those in which it takes part, a region those
/// that are opened.
fn scoped<'a>(scope: &'a Scope) -> monitorings::BoxedQuery<'a, Backend> {
    let mut query = monitorings::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(monitorings::municipality_id.eq(id));
    }
    if let Some(ids) = scope.schools() {
        let taking_part = monitoring_schools::table
            .filter(monitoring_schools::school_id.eq_any(ids))
            .select(monitoring_schools::monitoring_id);
        query = query.filter(monitorings::id.eq_any(taking_part));
    }
    if let Some(code) = scope.region() {
        let regional =
            municipalities::table.filter(municipalities::region_code.eq(code)).select(municipalities::id);
        query = query.filter(monitorings::municipality_id.eq_any(regional));
    }
    if !scope.sees_work() {
        query = query.filter(monitorings::opened_at.is_not_null());
    }
    query
}

/// Monitorings within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<MonitoringRow>> {
    let matching = || {
        let mut query = scoped(scope);
        if let Some(statuses) = &narrowed.status {
            query = query.filter(monitorings::status.eq_any(statuses));
        }
        if let Some(ids) = &narrowed.road_map_id {
            query = query.filter(monitorings::road_map_id.eq_any(ids));
        }
        if let Some(ids) = &narrowed.municipality_id {
            query = query.filter(monitorings::municipality_id.eq_any(ids));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(monitorings::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(MonitoringRow::as_select());
    keyset!(query, page, monitorings::table, {
        "id" => monitorings::id => String,
        "report_deadline" => monitorings::report_deadline => NaiveDate,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// One monitoring within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &MonitoringId,
) -> QueryResult<Option<MonitoringRow>> {
    scoped(scope).filter(monitorings::id.eq(id)).select(MonitoringRow::as_select()).first(conn).optional()
}

/// One monitoring of `scope` that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn find_for_change(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &MonitoringId,
) -> QueryResult<Option<MonitoringRow>> {
    lock!(conn, monitorings::table.find(id))?;
    find(conn, scope, id)
}

/// The monitoring of `scope` with the least id after this one whose reports a signed note holds.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn next_frozen(
    conn: &mut AnyConnection,
    scope: &Scope,
    after: Option<&str>,
) -> QueryResult<Option<MonitoringRow>> {
    let mut query = scoped(scope).filter(monitorings::frozen_at.is_not_null());
    if let Some(id) = after {
        query = query.filter(monitorings::id.gt(id));
    }
    query.order(monitorings::id).select(MonitoringRow::as_select()).first(conn).optional()
}

/// The snapshot of a monitoring, released schools included, by name.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn schools_of(conn: &mut AnyConnection, id: &MonitoringId) -> QueryResult<Vec<SnapshotSchool>> {
    monitoring_schools::table
        .filter(monitoring_schools::monitoring_id.eq(id))
        .select(SnapshotSchool::as_select())
        .order((monitoring_schools::short_name, monitoring_schools::school_id))
        .load(conn)
}

/// Adds schools to a snapshot.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when one takes part already.
pub fn add_schools(conn: &mut AnyConnection, schools: &[SnapshotSchool]) -> QueryResult<()> {
    insert_all!(conn, monitoring_schools::table, schools)
}

/// Notes that a school takes part no more.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn release_school(
    conn: &mut AnyConnection,
    id: &MonitoringId,
    school: &SchoolId,
    on: NaiveDate,
    reason: &str,
) -> QueryResult<()> {
    diesel::update(monitoring_schools::table.find((id, school)))
        .set((monitoring_schools::released_on.eq(on), monitoring_schools::release_reason.eq(reason)))
        .execute(conn)
        .map(|_| ())
}

/// Replaces the extensions of these schools, all of one monitoring.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn extend(conn: &mut AnyConnection, rows: &[ExtensionRow]) -> QueryResult<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let earlier = deadline_extensions::table
        .filter(deadline_extensions::monitoring_id.eq(&first.monitoring_id))
        .filter(deadline_extensions::school_id.eq_any(rows.iter().map(|row| &row.school_id)));
    diesel::delete(earlier).execute(conn)?;
    insert_all!(conn, deadline_extensions::table, rows)
}

/// Stores a new monitoring.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert(conn: &mut AnyConnection, row: &MonitoringRow) -> QueryResult<()> {
    diesel::insert_into(monitorings::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed monitoring.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &MonitoringRow) -> QueryResult<()> {
    diesel::update(monitorings::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}

/// Deletes a planned monitoring.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn delete(conn: &mut AnyConnection, id: &MonitoringId) -> QueryResult<()> {
    diesel::delete(monitorings::table.find(id)).execute(conn).map(|_| ())
}

/// A school whose numbers the signed note of a monitoring sums up.
#[derive(Debug, Clone, Queryable)]
pub struct NotedSchool {
    /// The monitoring.
    pub monitoring_id: MonitoringId,
    /// First day of its period.
    pub period_start: NaiveDate,
    /// Last day of its period.
    pub period_end: NaiveDate,
    /// The school.
    pub school_id: SchoolId,
}

/// The schools of a municipality's monitorings whose note is signed. Public: takes no scope, notes
/// name their schools.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn noted_schools(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
) -> QueryResult<Vec<NotedSchool>> {
    monitoring_schools::table
        .inner_join(monitorings::table)
        .filter(monitorings::municipality_id.eq(municipality))
        .filter(monitorings::frozen_at.is_not_null())
        .filter(monitoring_schools::released_on.is_null())
        .select((
            monitorings::id,
            monitorings::period_start,
            monitorings::period_end,
            monitoring_schools::school_id,
        ))
        .order((monitorings::id, monitoring_schools::school_id))
        .load(conn)
}
