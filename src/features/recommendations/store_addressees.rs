//! Queries on the schools that a recommendation was issued to.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::domain::AddresseeStatus;
use crate::auth::Scope;
use crate::db::schema::{recommendation_schools as addressees, schools};
use crate::db::{AnyConnection, insert_all};
use crate::kit::id::{MunicipalityId, RecommendationId, SchoolId};

/// A school that a recommendation was issued to.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = addressees, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct AddresseeRow {
    /// The recommendation.
    pub recommendation_id: RecommendationId,
    /// The school.
    pub school_id: SchoolId,
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// How far the school is.
    pub status: AddresseeStatus,
    /// What was last said about it: by the school when done, by the department when not.
    pub comment: Option<String>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

/// An addressee with the present name of the school.
pub(super) type NamedAddressee = (AddresseeRow, String);

/// The addressees of these recommendations, by name; schools and curators see their own.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn addressees_of(
    conn: &mut AnyConnection,
    scope: &Scope,
    ids: &[RecommendationId],
) -> QueryResult<Vec<NamedAddressee>> {
    let mut query = addressees::table
        .inner_join(schools::table)
        .filter(addressees::recommendation_id.eq_any(ids))
        .select((AddresseeRow::as_select(), schools::short_name))
        .order((schools::short_name_folded, addressees::school_id))
        .into_boxed();
    if let Some(own) = scope.schools() {
        query = query.filter(addressees::school_id.eq_any(own));
    }
    query.load(conn)
}

/// The addressees of a recommendation.
///
/// Takes no scope: the caller holds the recommendation.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn all_of(conn: &mut AnyConnection, id: &RecommendationId) -> QueryResult<Vec<AddresseeRow>> {
    addressees::table
        .filter(addressees::recommendation_id.eq(id))
        .select(AddresseeRow::as_select())
        .order(addressees::school_id)
        .load(conn)
}

/// Stores new addressees.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn add(conn: &mut AnyConnection, rows: &[AddresseeRow]) -> QueryResult<()> {
    insert_all!(conn, addressees::table, rows)
}

/// Stores a changed addressee.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn save(conn: &mut AnyConnection, row: &AddresseeRow) -> QueryResult<()> {
    diesel::update(addressees::table.find((&row.recommendation_id, &row.school_id)))
        .set(row)
        .execute(conn)
        .map(|_| ())
}
