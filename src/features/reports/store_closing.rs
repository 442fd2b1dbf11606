//! What a closing school leaves behind in accounts and recommendations.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::db::AnyConnection;
use crate::db::schema::{accounts, recommendation_schools, recommendations};
use crate::kit::id::{AccountId, MonitoringId, MunicipalityId, RecommendationId, SchoolId};

/// Leaves the accounts of a school reading only until a day; answers them with their new
/// versions. Takes no scope: the caller holds the school, locked.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn make_accounts_read_only(
    conn: &mut AnyConnection,
    school: &SchoolId,
    until: NaiveDate,
    now: NaiveDateTime,
) -> QueryResult<Vec<(AccountId, i32)>> {
    let of_school = || accounts::table.filter(accounts::school_id.eq(school));
    diesel::update(of_school())
        .set((
            accounts::read_only_until.eq(until),
            accounts::version.eq(accounts::version + 1),
            accounts::updated_at.eq(now),
        ))
        .execute(conn)?;
    of_school().select((accounts::id, accounts::version)).order(accounts::id).load(conn)
}

/// A recommendation of which the part of a closing school was cancelled.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = recommendations)]
pub(super) struct Touched {
    /// The recommendation.
    pub(super) id: RecommendationId,
    /// Its new version.
    pub(super) version: i32,
    /// Its municipality: not that of a school that moved since.
    pub(super) municipality_id: MunicipalityId,
    monitoring_id: Option<MonitoringId>,
    code: String,
}

impl Touched {
    /// The natural key of the recommendation: see `recommendations`.
    pub(super) fn natural_key(&self) -> String {
        let of = self.monitoring_id.as_ref().map_or(self.municipality_id.as_str(), MonitoringId::as_str);
        format!("{of}/{}", self.code)
    }
}

/// Cancels what a school still has to do by recommendations; answers these with their new
/// versions. Takes no scope: the caller holds the school, locked. Recommendations are a
/// later feature, so this asks their tables.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn cancel_recommendations(
    conn: &mut AnyConnection,
    school: &SchoolId,
    comment: &str,
    now: NaiveDateTime,
) -> QueryResult<Vec<Touched>> {
    use recommendation_schools as addressees;
    let open = || {
        addressees::table.filter(addressees::school_id.eq(school)).filter(addressees::status.eq_any([
            "issued",
            "acknowledged",
            "in_progress",
        ]))
    };
    let ids: Vec<RecommendationId> = open().select(addressees::recommendation_id).load(conn)?;
    diesel::update(open())
        .set((
            addressees::status.eq("cancelled"),
            addressees::comment.eq(comment),
            addressees::version.eq(addressees::version + 1),
            addressees::updated_at.eq(now),
        ))
        .execute(conn)?;
    let touched = || recommendations::table.filter(recommendations::id.eq_any(&ids));
    diesel::update(touched())
        .set((recommendations::version.eq(recommendations::version + 1), recommendations::updated_at.eq(now)))
        .execute(conn)?;
    touched().select(Touched::as_select()).order(recommendations::id).load(conn)
}
