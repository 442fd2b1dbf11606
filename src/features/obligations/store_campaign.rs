//! Queries on what the department leads: orders, lists, monitorings, notes, recommendations.
//! Each is one query, whatever it finds, on the rows of the caller's own municipality.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use crate::db::AnyConnection;
use crate::db::schema::{
    deadline_extensions as extensions, monitorings, notes, orders, recommendation_schools as addressees,
    recommendations, reports, road_maps, support_lists as lists,
};
use crate::features::monitorings::MonitoringStatus;
use crate::features::notes::NoteStatus;
use crate::features::orders::OrderStatus;
use crate::features::recommendations::{AddresseeStatus, RecommendationAddressee, RecommendationStatus};
use crate::features::reports::ReportStatus;
use crate::features::support_lists::{ListCategory, ListStatus};
use crate::kit::id::{MonitoringId, MunicipalityId, NoteId, OrderId, RecommendationId, SupportListId};

/// Number, date and title of an order.
pub(super) type OrderLine = (OrderId, String, NaiveDate, String);
/// Category and year of results of a list.
pub(super) type ListLine = (SupportListId, ListCategory, i32);
/// Number, text and last day of a recommendation.
pub(super) type DepartmentAdvice = (RecommendationId, String, String, Option<NaiveDate>);
/// Number and text of a recommendation, and how many schools say that they have carried it out.
pub(super) type DoneAdvice = (RecommendationId, String, String, i64);

/// Orders in draft.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn draft_orders(conn: &mut AnyConnection, of: &MunicipalityId) -> QueryResult<Vec<OrderLine>> {
    orders::table
        .filter(orders::municipality_id.eq(of))
        .filter(orders::status.eq(OrderStatus::Draft))
        .select((orders::id, orders::number, orders::date, orders::title))
        .order(orders::id)
        .load(conn)
}

/// Lists in draft whose order is registered.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn ready_lists(conn: &mut AnyConnection, of: &MunicipalityId) -> QueryResult<Vec<ListLine>> {
    lists::table
        .inner_join(orders::table)
        .filter(lists::municipality_id.eq(of))
        .filter(lists::status.eq(ListStatus::Draft))
        .filter(orders::status.eq(OrderStatus::Registered))
        .select((lists::id, lists::category, lists::results_year))
        .order(lists::id)
        .load(conn)
}

/// A monitoring that is neither completed nor cancelled.
#[derive(Debug, Clone, Queryable)]
pub struct MonitoringLine {
    /// Its id.
    pub id: MonitoringId,
    /// State.
    pub status: MonitoringStatus,
    /// Last day on which a report is in time.
    pub report_deadline: NaiveDate,
    /// Whether a signed note holds its reports.
    pub frozen: bool,
    /// Title of the road map.
    pub map_title: String,
}

/// Monitorings that go on, or are planned.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn open_monitorings(
    conn: &mut AnyConnection,
    of: &MunicipalityId,
) -> QueryResult<Vec<MonitoringLine>> {
    monitorings::table
        .inner_join(road_maps::table)
        .filter(monitorings::municipality_id.eq(of))
        .filter(monitorings::status.ne_all([MonitoringStatus::Completed, MonitoringStatus::Cancelled]))
        .select((
            monitorings::id,
            monitorings::status,
            monitorings::report_deadline,
            monitorings::frozen_at.is_not_null(),
            road_maps::title,
        ))
        .order(monitorings::id)
        .load(conn)
}

/// How many reports of each state these monitorings have.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn report_counts(
    conn: &mut AnyConnection,
    of: &[MonitoringLine],
) -> QueryResult<HashMap<(MonitoringId, ReportStatus), i64>> {
    let counted: Vec<(MonitoringId, ReportStatus, i64)> = reports::table
        .filter(reports::monitoring_id.eq_any(of.iter().map(|line| &line.id)))
        .group_by((reports::monitoring_id, reports::status))
        .select((reports::monitoring_id, reports::status, count_star()))
        .load(conn)?;
    Ok(counted.into_iter().map(|(id, status, count)| ((id, status), count)).collect())
}

/// The last day of any extension in these monitorings.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn last_extensions(
    conn: &mut AnyConnection,
    of: &[MonitoringLine],
) -> QueryResult<HashMap<MonitoringId, NaiveDate>> {
    let found: Vec<(MonitoringId, Option<NaiveDate>)> = extensions::table
        .filter(extensions::monitoring_id.eq_any(of.iter().map(|line| &line.id)))
        .group_by(extensions::monitoring_id)
        .select((extensions::monitoring_id, max(extensions::until)))
        .load(conn)?;
    Ok(found.into_iter().filter_map(|(id, until)| Some((id, until?))).collect())
}

/// A note that is not replaced.
#[derive(Debug, Clone, Queryable)]
pub struct NoteLine {
    /// Its id.
    pub id: NoteId,
    /// Its monitoring.
    pub monitoring_id: MonitoringId,
    /// State.
    pub status: NoteStatus,
    /// Title.
    pub title: String,
    /// The note whose place it takes.
    pub replaces_id: Option<NoteId>,
}

/// Notes in work, and those of these monitorings.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn notes_of(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    monitorings: &[MonitoringLine],
) -> QueryResult<Vec<NoteLine>> {
    let in_work = notes::status.ne(NoteStatus::Published);
    let theirs = notes::monitoring_id.eq_any(monitorings.iter().map(|line| &line.id));
    notes::table
        .filter(notes::municipality_id.eq(municipality))
        .filter(notes::status.ne(NoteStatus::Replaced))
        .filter(in_work.or(theirs))
        .select((notes::id, notes::monitoring_id, notes::status, notes::title, notes::replaces_id))
        .order(notes::id)
        .load(conn)
}

/// Recommendations that the department itself has not yet carried out.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn advice_to_department(
    conn: &mut AnyConnection,
    of: &MunicipalityId,
) -> QueryResult<Vec<DepartmentAdvice>> {
    let open = recommendations::department_status
        .is_not_null()
        .and(recommendations::department_status.assume_not_null().eq_any(AddresseeStatus::OPEN));
    recommendations::table
        .filter(recommendations::municipality_id.eq(of))
        .filter(recommendations::addressee.eq(RecommendationAddressee::Department))
        .filter(recommendations::status.eq(RecommendationStatus::Issued))
        .filter(open)
        .select((
            recommendations::id,
            recommendations::code,
            recommendations::text,
            recommendations::due_date,
        ))
        .order(recommendations::id)
        .load(conn)
}

/// Recommendations that schools say they have carried out, and nobody has confirmed.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn advice_done(conn: &mut AnyConnection, of: &MunicipalityId) -> QueryResult<Vec<DoneAdvice>> {
    addressees::table
        .inner_join(recommendations::table)
        .filter(addressees::municipality_id.eq(of))
        .filter(addressees::status.eq(AddresseeStatus::Done))
        .filter(recommendations::status.eq(RecommendationStatus::Issued))
        .group_by((recommendations::id, recommendations::code, recommendations::text))
        .select((recommendations::id, recommendations::code, recommendations::text, count_star()))
        .order(recommendations::id)
        .load(conn)
}
