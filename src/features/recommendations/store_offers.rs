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
use crate::kit::id::MonitoringId;

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
