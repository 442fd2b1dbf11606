//! Queries on what is kept of conclusions: edited texts, and what a signature froze.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::domain::Conclusion;
use crate::db::schema::conclusions;
use crate::db::{AnyConnection, Json, insert_all};
use crate::kit::id::{AccountId, MonitoringId, MunicipalityId};

/// What is kept of a conclusion; there is no row until somebody edits it or a note is signed.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = conclusions, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct ConclusionRow {
    /// The monitoring.
    pub(super) monitoring_id: MonitoringId,
    /// Its number.
    pub(super) code: String,
    /// The municipality.
    pub(super) municipality_id: MunicipalityId,
    /// The text of a person, in force instead of the generated one.
    pub(super) edited_text: Option<String>,
    /// Who wrote it.
    pub(super) edited_by: Option<AccountId>,
    /// When, UTC.
    pub(super) edited_at: Option<NaiveDateTime>,
    /// What was derived when the note was last signed.
    pub(super) frozen: Option<Json<Conclusion>>,
    /// Optimistic lock.
    pub(super) version: i32,
}

/// What is kept of a monitoring's conclusions.
///
/// Takes no scope: the caller holds the monitoring.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn rows_of(
    conn: &mut AnyConnection,
    monitoring: &MonitoringId,
) -> QueryResult<Vec<ConclusionRow>> {
    conclusions::table
        .filter(conclusions::monitoring_id.eq(monitoring))
        .select(ConclusionRow::as_select())
        .order(conclusions::code)
        .load(conn)
}

/// Replaces these rows of a monitoring that the caller has locked.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn put(
    conn: &mut AnyConnection,
    monitoring: &MonitoringId,
    rows: &[ConclusionRow],
) -> QueryResult<()> {
    let codes: Vec<&str> = rows.iter().map(|row| row.code.as_str()).collect();
    let old = conclusions::table
        .filter(conclusions::monitoring_id.eq(monitoring))
        .filter(conclusions::code.eq_any(codes));
    diesel::delete(old).execute(conn)?;
    insert_all!(conn, conclusions::table, rows)
}
