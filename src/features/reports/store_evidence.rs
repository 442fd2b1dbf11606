//! Queries on evidence: links and files.

use chrono::NaiveDateTime;
use diesel::dsl::{exists, sum};
use diesel::prelude::*;

use super::content::{EvidenceContent, FileContent};
use super::domain::EvidenceKind;
use super::store::ReportRow;
use crate::db::AnyConnection;
use crate::db::schema::{evidence, measures, report_versions, reports, schools};
use crate::kit::id::{AccountId, EvidenceId, MeasureId, ReportId, SchoolId};

/// A piece of evidence as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = evidence, treat_none_as_default_value = false)]
pub struct EvidenceRow {
    /// Its id.
    pub id: EvidenceId,
    /// Its report.
    pub report_id: ReportId,
    /// Its measure.
    pub measure_id: MeasureId,
    /// What kind of document.
    pub kind: EvidenceKind,
    /// Its title.
    pub title: String,
    /// Its number and date.
    pub requisites: Option<String>,
    /// Where it is; `None`: it is a file.
    pub url: Option<String>,
    /// Whether only the school and its municipality's department read it.
    pub contains_personal_data: bool,
    /// Who attached it.
    pub created_by: AccountId,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// Name of the file.
    pub file_name: Option<String>,
    /// Its media type.
    pub media_type: Option<String>,
    /// Bytes that are kept.
    pub size: Option<i32>,
    /// SHA-256 of what was sent, hex.
    pub original_sha256: Option<String>,
    /// SHA-256 of what is kept, hex.
    pub stored_sha256: Option<String>,
    /// When it was taken away though a kept version names it, UTC.
    pub removed_at: Option<NaiveDateTime>,
}

impl From<EvidenceRow> for EvidenceContent {
    fn from(row: EvidenceRow) -> Self {
        let file = match (row.file_name, row.media_type, row.size, row.original_sha256, row.stored_sha256) {
            (Some(name), Some(media_type), Some(size), Some(original_sha256), Some(stored_sha256)) => {
                Some(FileContent { name, media_type, size, original_sha256, stored_sha256 })
            }
            _ => None,
        };
        Self {
            id: row.id,
            kind: row.kind,
            title: row.title,
            requisites: row.requisites,
            url: row.url,
            file,
            contains_personal_data: row.contains_personal_data,
            created_at: row.created_at,
        }
    }
}

/// One piece of evidence, also one that was taken away. Takes no scope: the caller goes on to
/// find its report within his.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find(conn: &mut AnyConnection, id: &EvidenceId) -> QueryResult<Option<EvidenceRow>> {
    evidence::table.find(id).select(EvidenceRow::as_select()).first(conn).optional()
}

/// Which of these pieces of evidence exist. Takes no scope: it answers the sweeper of files.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn known(conn: &mut AnyConnection, ids: &[EvidenceId]) -> QueryResult<Vec<EvidenceId>> {
    evidence::table.filter(evidence::id.eq_any(ids)).select(evidence::id).load(conn)
}

/// Bytes of the files of a report together, those taken away included. Takes no scope: the
/// caller holds the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn bytes_of(conn: &mut AnyConnection, report: &ReportId) -> QueryResult<i64> {
    let found: Option<i64> =
        evidence::table.filter(evidence::report_id.eq(report)).select(sum(evidence::size)).first(conn)?;
    Ok(found.unwrap_or(0))
}

/// Stores new evidence.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert(conn: &mut AnyConnection, row: &EvidenceRow) -> QueryResult<()> {
    diesel::insert_into(evidence::table).values(row).execute(conn).map(|_| ())
}

/// Takes evidence away: what a kept version names stays for its readers, the rest is deleted.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn take_away(conn: &mut AnyConnection, row: &EvidenceRow, at: NaiveDateTime) -> QueryResult<()> {
    let since = report_versions::table
        .filter(report_versions::report_id.eq(&row.report_id))
        .filter(report_versions::submitted_at.ge(row.created_at));
    let own = evidence::table.find(&row.id);
    let submitted: bool = diesel::select(exists(since)).get_result(conn)?;
    if submitted {
        diesel::update(own).set(evidence::removed_at.eq(at)).execute(conn).map(|_| ())
    } else {
        diesel::delete(own).execute(conn).map(|_| ())
    }
}

/// All evidence with a file, and the SHA-256 of what is kept of it. Takes no scope: it is the operator's.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn files(conn: &mut AnyConnection) -> QueryResult<Vec<(EvidenceId, String)>> {
    evidence::table
        .filter(evidence::stored_sha256.is_not_null())
        .select((evidence::id, evidence::stored_sha256.assume_not_null()))
        .order(evidence::id)
        .load(conn)
}

/// Evidence that shares its link or its file with other evidence.
#[derive(Debug, Clone, Queryable)]
pub struct SharedRow {
    /// Its link.
    pub url: Option<String>,
    /// SHA-256 of its file as it was sent.
    pub original_sha256: Option<String>,
    /// Its report.
    pub report_id: ReportId,
    /// Its measure.
    pub measure_id: MeasureId,
    /// The measure's code.
    pub code: String,
    /// The school; `None`: the municipality's own report.
    pub school_id: Option<SchoolId>,
    /// The school's name.
    pub school_name: Option<String>,
}

/// Evidence that was submitted within the same municipality with one of these links or files,
/// oldest first; what a school is still working on tells nobody anything. Takes no scope: the caller reviews a report of the municipality.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn shared(
    conn: &mut AnyConnection,
    report: &ReportRow,
    urls: &[&str],
    hashes: &[&str],
) -> QueryResult<Vec<SharedRow>> {
    evidence::table
        .inner_join(reports::table.on(reports::id.eq(evidence::report_id)))
        .inner_join(measures::table.on(measures::id.eq(evidence::measure_id)))
        .left_join(schools::table.on(reports::school_id.eq(schools::id.nullable())))
        .filter(reports::municipality_id.eq(&report.municipality_id))
        .filter(evidence::created_at.nullable().le(reports::submitted_at))
        .filter(evidence::removed_at.is_null())
        .filter(evidence::url.eq_any(urls).or(evidence::original_sha256.eq_any(hashes)))
        .select((
            evidence::url,
            evidence::original_sha256,
            evidence::report_id,
            evidence::measure_id,
            measures::code,
            reports::school_id,
            schools::short_name.nullable(),
        ))
        .order(evidence::id)
        .load(conn)
}
