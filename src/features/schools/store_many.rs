//! Queries on many schools at once, by their codes and names.

use diesel::prelude::*;

use super::domain::SchoolStatus;
use super::store::SchoolRow;
use crate::db::schema::schools;
use crate::db::{AnyConnection, insert_all, lock};
use crate::kit::id::{MunicipalityId, SchoolId};

/// Schools with these OGRNs, wherever they are, locked until the transaction ends: for telling
/// which are the municipality's own and which are taken.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn lock_by_ogrn(conn: &mut AnyConnection, ogrns: &[&str]) -> QueryResult<Vec<SchoolRow>> {
    lock!(conn, schools::table.filter(schools::ogrn.eq_any(ogrns)).order(schools::id))?;
    schools::table.filter(schools::ogrn.eq_any(ogrns)).select(SchoolRow::as_select()).load(conn)
}

/// Who has these INNs, wherever they are: for telling that they are taken.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn holders_of_inns(
    conn: &mut AnyConnection,
    inns: &[&str],
) -> QueryResult<Vec<(String, SchoolId, MunicipalityId)>> {
    schools::table
        .filter(schools::inn.eq_any(inns))
        .select((schools::inn, schools::id, schools::municipality_id))
        .load(conn)
}

/// Which active schools of a municipality have these names.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn holders_of_names(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    names: &[&str],
) -> QueryResult<Vec<(String, SchoolId)>> {
    schools::table
        .filter(schools::municipality_id.eq(municipality))
        .filter(schools::status.eq(SchoolStatus::Active))
        .filter(schools::short_name.eq_any(names))
        .select((schools::short_name, schools::id))
        .load(conn)
}

/// Stores new schools.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when a name, an INN or an OGRN is taken.
pub(super) fn insert_many(conn: &mut AnyConnection, rows: &[SchoolRow]) -> QueryResult<()> {
    insert_all!(conn, schools::table, rows)
}
