//! Queries on recommendations that are still to be followed up.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::domain::{AddresseeStatus, RecommendationStatus};
use super::store::{RecommendationRow, scoped};
use crate::auth::Scope;
use crate::db::AnyConnection;
use crate::db::schema::{monitorings, recommendation_schools as addressees, recommendations};
use crate::kit::clock::end_of_moscow_day;
use crate::kit::id::{MonitoringId, MunicipalityId, SchoolId};

/// The issued recommendations within `scope` that an addressee, school or department, has not had
/// verified; in the order in which they were written.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn unverified(conn: &mut AnyConnection, scope: &Scope) -> QueryResult<Vec<RecommendationRow>> {
    let of_school = addressees::table
        .filter(addressees::recommendation_id.eq(recommendations::id))
        .filter(addressees::status.ne_all(AddresseeStatus::SETTLED));
    let of_department = recommendations::department_status
        .is_not_null()
        .and(recommendations::department_status.assume_not_null().ne_all(AddresseeStatus::SETTLED));
    scoped(scope)
        .filter(recommendations::status.eq(RecommendationStatus::Issued))
        .filter(exists(of_school).or(of_department))
        .select(RecommendationRow::as_select())
        .order(recommendations::id)
        .load(conn)
}

/// The last days of the periods that these monitorings look at.
///
/// Takes no scope: the caller holds recommendations of them.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn ends_of(
    conn: &mut AnyConnection,
    ids: &[&MonitoringId],
) -> QueryResult<HashMap<MonitoringId, NaiveDate>> {
    let query = monitorings::table.filter(monitorings::id.eq_any(ids));
    Ok(query.select((monitorings::id, monitorings::period_end)).load(conn)?.into_iter().collect())
}

/// How far each school is with what was recommended to it by monitorings of periods that ended from
/// `first` to `last`, or outside any monitoring on one of these Moscow days; what was cancelled is
/// left out.
///
/// Takes no scope: the caller holds a document of the municipality.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn issued_within(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    first: NaiveDate,
    last: NaiveDate,
) -> QueryResult<Vec<(SchoolId, AddresseeStatus)>> {
    let ended = monitorings::table
        .filter(monitorings::period_end.between(first, last))
        .select(monitorings::id.nullable());
    let day_before = first.pred_opt().unwrap_or(first);
    let by_itself = recommendations::monitoring_id
        .is_null()
        .and(recommendations::issued_at.ge(end_of_moscow_day(day_before).naive_utc()))
        .and(recommendations::issued_at.lt(end_of_moscow_day(last).naive_utc()));
    addressees::table
        .inner_join(recommendations::table)
        .filter(addressees::municipality_id.eq(municipality))
        .filter(addressees::status.ne(AddresseeStatus::Cancelled))
        .filter(recommendations::status.eq(RecommendationStatus::Issued))
        .filter(by_itself.or(recommendations::monitoring_id.eq_any(ended)))
        .order((addressees::school_id, addressees::recommendation_id))
        .select((addressees::school_id, addressees::status))
        .load(conn)
}
