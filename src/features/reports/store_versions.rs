//! Queries on what was submitted, frozen.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::AnyConnection;
use crate::db::page::Keyed;
use crate::db::schema::report_versions;
use crate::kit::id::{AccountId, ReportId};

/// What was submitted once, frozen.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = report_versions)]
pub struct VersionRow {
    /// Its report.
    pub report_id: ReportId,
    /// 1 for the first submission.
    pub number: i32,
    /// JSON of `content::Content`.
    pub content: String,
    /// Who submitted it.
    pub submitted_by: AccountId,
    /// UTC.
    pub submitted_at: NaiveDateTime,
}

/// A version as a list shows it.
#[derive(Debug, Queryable)]
pub struct VersionEntry {
    /// 1 for the first submission.
    pub number: i32,
    /// UTC.
    pub submitted_at: NaiveDateTime,
}

impl Keyed for VersionEntry {
    fn key(&self, name: &str) -> String {
        match name {
            "number" => format!("{:010}", self.number),
            _ => self.number.to_string(),
        }
    }
}

/// Keeps what was submitted.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert(conn: &mut AnyConnection, row: &VersionRow) -> QueryResult<()> {
    diesel::insert_into(report_versions::table).values(row).execute(conn).map(|_| ())
}

/// Every version of a report, oldest first. Takes no scope: the caller holds the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(conn: &mut AnyConnection, id: &ReportId) -> QueryResult<Vec<VersionEntry>> {
    report_versions::table
        .filter(report_versions::report_id.eq(id))
        .select((report_versions::number, report_versions::submitted_at))
        .order(report_versions::number)
        .load(conn)
}

/// What was submitted each time, the last first, JSON. Takes no scope: the caller holds the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn contents(conn: &mut AnyConnection, id: &ReportId) -> QueryResult<Vec<String>> {
    report_versions::table
        .filter(report_versions::report_id.eq(id))
        .select(report_versions::content)
        .order(report_versions::number.desc())
        .load(conn)
}

/// What was submitted as the `number`th. Takes no scope: the caller holds the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find(conn: &mut AnyConnection, id: &ReportId, number: i32) -> QueryResult<Option<VersionRow>> {
    report_versions::table.find((id, number)).select(VersionRow::as_select()).first(conn).optional()
}
