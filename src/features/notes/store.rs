//! Queries on notes.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::exists;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::domain::NoteStatus;
use super::snapshot::NoteSnapshot;
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{municipalities, notes};
use crate::db::{AnyConnection, Backend, Json, keyset, lock};
use crate::kit::id::{AccountId, MonitoringId, MunicipalityId, NoteId, ReportId};

/// A report that a note names as missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MissingReport {
    /// The report.
    pub report_id: ReportId,
    /// Why the note does without it.
    #[schema(min_length = 1, max_length = 1000, example = "Школа ликвидируется")]
    pub reason: String,
}

/// A note as stored, without the snapshot: that is read where it is shown.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = notes, treat_none_as_null = true)]
pub struct NoteRow {
    /// Its id.
    pub id: NoteId,
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// The monitoring that it sums up.
    pub monitoring_id: MonitoringId,
    /// Year of the monitoring's period.
    pub year: i32,
    /// State.
    pub status: NoteStatus,
    /// Title, without the kind of the document.
    pub title: String,
    /// Its date, typed by the author.
    pub date: Option<NaiveDate>,
    /// Where it is made.
    pub place: String,
    /// Opening text; `None`: the usual one.
    pub preamble: Option<String>,
    /// Reports that it does without.
    pub missing_reports: Json<Vec<MissingReport>>,
    /// Position of the signatory.
    pub signer_position: Option<String>,
    /// Initials and surname of the signatory.
    pub signer_name: Option<String>,
    /// Registration number.
    pub number: Option<String>,
    /// Day of registration.
    pub registered_on: Option<NaiveDate>,
    /// Why it was last given back.
    pub return_reason: Option<String>,
    /// The snapshot's hash.
    pub hash: Option<String>,
    /// Who signed.
    pub signed_by: Option<AccountId>,
    /// When, UTC.
    pub signed_at: Option<NaiveDateTime>,
    /// When it was published, UTC.
    pub published_at: Option<NaiveDateTime>,
    /// The note whose place it takes.
    pub replaces_id: Option<NoteId>,
    /// The note that took its place.
    pub replaced_by_id: Option<NoteId>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
    /// Name of its municipality, as signed.
    pub signed_municipality: Option<String>,
    /// Name of the authority that issued it, as signed.
    pub signed_authority: Option<String>,
}

impl Keyed for NoteRow {
    fn key(&self, name: &str) -> String {
        match name {
            "year" => self.year.to_string(),
            _ => self.id.to_string(),
        }
    }
}

/// What a list of notes is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub(super) struct Narrowed {
    /// Of any of these monitorings.
    pub(super) monitoring_id: Option<Vec<MonitoringId>>,
    /// Of any of these municipalities.
    pub(super) municipality_id: Option<Vec<MunicipalityId>>,
    /// Of any of these years.
    pub(super) year: Option<Vec<i32>>,
    /// In any of these states.
    pub(super) status: Option<Vec<NoteStatus>>,
}

/// Notes that `scope` reads: the department all of its own, schools and curators those that
/// are published, regional readers those that are signed.
fn scoped<'a>(scope: &'a Scope) -> notes::BoxedQuery<'a, Backend> {
    let mut query = notes::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(notes::municipality_id.eq(id));
    }
    if scope.schools().is_some() {
        query = query.filter(notes::published_at.is_not_null());
    }
    if let Some(code) = scope.region() {
        let regional =
            municipalities::table.filter(municipalities::region_code.eq(code)).select(municipalities::id);
        query = query.filter(notes::municipality_id.eq_any(regional));
    }
    if !scope.sees_work() {
        query = query.filter(notes::status.eq_any(NoteStatus::SIGNED));
    }
    query
}

/// Notes that everybody reads.
fn public<'a>() -> notes::BoxedQuery<'a, Backend> {
    notes::table.filter(notes::status.eq(NoteStatus::Published)).into_boxed()
}

/// Notes within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<NoteRow>> {
    listed(conn, || scoped(scope), narrowed, page)
}

/// Published notes, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list_public(
    conn: &mut AnyConnection,
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<NoteRow>> {
    let Listed { rows, count } = listed(conn, public, narrowed, page)?;
    Ok(Listed { rows: with_issuers(conn, rows)?, count })
}

fn listed<'a>(
    conn: &mut AnyConnection,
    readable: impl Fn() -> notes::BoxedQuery<'a, Backend>,
    narrowed: &'a Narrowed,
    page: &'a Page,
) -> QueryResult<Listed<NoteRow>> {
    let matching = || {
        let mut query = readable();
        if let Some(ids) = &narrowed.monitoring_id {
            query = query.filter(notes::monitoring_id.eq_any(ids));
        }
        if let Some(ids) = &narrowed.municipality_id {
            query = query.filter(notes::municipality_id.eq_any(ids));
        }
        if let Some(years) = &narrowed.year {
            query = query.filter(notes::year.eq_any(years));
        }
        if let Some(statuses) = &narrowed.status {
            query = query.filter(notes::status.eq_any(statuses));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(notes::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(NoteRow::as_select());
    keyset!(query, page, notes::table, {
        "id" => notes::id => String,
        "year" => notes::year => i32,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// One note within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find(conn: &mut AnyConnection, scope: &Scope, id: &NoteId) -> QueryResult<Option<NoteRow>> {
    scoped(scope).filter(notes::id.eq(id)).select(NoteRow::as_select()).first(conn).optional()
}

/// One published note.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find_public(conn: &mut AnyConnection, id: &NoteId) -> QueryResult<Option<NoteRow>> {
    let found = public().filter(notes::id.eq(id)).select(NoteRow::as_select()).first(conn).optional()?;
    with_issuers(conn, found)
}

/// The notes with the names of their issuers. A note that a program before these columns signed
/// while the schema was new already has them in its snapshot alone.
fn with_issuers<N>(conn: &mut AnyConnection, mut found: N) -> QueryResult<N>
where
    for<'a> &'a mut N: IntoIterator<Item = &'a mut NoteRow>,
{
    for row in &mut found {
        if row.hash.is_some() && row.signed_authority.is_none() {
            let snapshot = snapshot_of(conn, row)?;
            row.signed_municipality = snapshot.as_ref().map(|frozen| frozen.municipality_name.clone());
            row.signed_authority = snapshot.map(|frozen| frozen.authority_name);
        }
    }
    Ok(found)
}

/// The latest signed note with this hash, for everybody who holds a copy.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find_by_hash(conn: &mut AnyConnection, hash: &str) -> QueryResult<Option<NoteRow>> {
    let found = notes::table
        .filter(notes::hash.eq(hash))
        .filter(notes::status.eq_any(NoteStatus::SIGNED))
        .select(NoteRow::as_select())
        .order(notes::id.desc())
        .first(conn)
        .optional()?;
    with_issuers(conn, found)
}

/// What the signature under a note froze; `None` for an unsigned one.
///
/// Takes no scope: the caller holds the note.
///
/// # Errors
///
/// Diesel's own error, unchanged; a deserialization error when what is stored is no snapshot.
pub(super) fn snapshot_of(conn: &mut AnyConnection, row: &NoteRow) -> QueryResult<Option<NoteSnapshot>> {
    let frozen: Option<Json<NoteSnapshot>> =
        notes::table.find(&row.id).select(notes::snapshot).first(conn)?;
    Ok(frozen.map(Json::into_inner))
}

/// Keeps what the signature under a note froze.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn keep_snapshot(
    conn: &mut AnyConnection,
    id: &NoteId,
    snapshot: &Json<NoteSnapshot>,
) -> QueryResult<()> {
    diesel::update(notes::table.find(id)).set(notes::snapshot.eq(snapshot)).execute(conn).map(|_| ())
}

/// The note that took the place of another, which the caller holds.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn replacement_of(conn: &mut AnyConnection, row: &NoteRow) -> QueryResult<Option<NoteRow>> {
    match &row.replaced_by_id {
        None => Ok(None),
        Some(id) => notes::table.find(id).select(NoteRow::as_select()).first(conn).optional(),
    }
}

/// One note of `scope` that a decision is about, locked until the transaction ends.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find_for_change(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &NoteId,
) -> QueryResult<Option<NoteRow>> {
    lock!(conn, notes::table.find(id))?;
    find(conn, scope, id)
}

/// Whether the monitoring, which the caller has locked, has a note in work or in force.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn has_one(conn: &mut AnyConnection, monitoring: &MonitoringId) -> QueryResult<bool> {
    let present = notes::table
        .filter(notes::monitoring_id.eq(monitoring))
        .filter(notes::status.ne(NoteStatus::Replaced));
    diesel::select(exists(present)).get_result(conn)
}

/// Whether another note is to take the place of this one.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn has_successor(conn: &mut AnyConnection, id: &NoteId) -> QueryResult<bool> {
    diesel::select(exists(notes::table.filter(notes::replaces_id.eq(id)))).get_result(conn)
}

/// Stores a new note.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when the monitoring has one in work.
pub(super) fn insert(conn: &mut AnyConnection, row: &NoteRow) -> QueryResult<()> {
    diesel::insert_into(notes::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed note.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &NoteRow) -> QueryResult<()> {
    diesel::update(notes::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}
