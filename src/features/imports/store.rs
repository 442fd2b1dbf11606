//! Queries on jobs.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::domain::{ImportKind, ImportMode, JobStatus, Parameters};
use super::kinds::Written;
use crate::auth::{Role, Scope};
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{accounts, clients, jobs};
use crate::db::{AnyConnection, Backend, Json, keyset, lock};
use crate::files::NamedFile;
use crate::kit::id::{AccountId, ClientId, JobId, MunicipalityId};

/// The file of a job, or the rows that came as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Its name, without a path.
    pub name: String,
    /// `csv`, `xlsx` or `json`.
    pub format: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFailure {
    /// Stable machine code.
    pub code: String,
    /// For a person, Russian.
    pub ru: String,
    /// For a person, English.
    pub en: String,
}

/// A job as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = jobs, treat_none_as_null = true)]
pub struct JobRow {
    /// Its id.
    pub id: JobId,
    /// What its rows are.
    pub kind: ImportKind,
    /// What a rejected row does to the others.
    pub mode: ImportMode,
    /// Whether it only rehearses.
    pub dry_run: bool,
    /// What else is asked.
    pub parameters: Json<Parameters>,
    /// The person who asked.
    pub account_id: Option<AccountId>,
    /// The service client that asked; with neither it was the command line.
    pub client_id: Option<ClientId>,
    /// With a head's rights by `acting_until`.
    pub acting: bool,
    /// The municipality of the rows; `None`: of a region.
    pub municipality_id: Option<MunicipalityId>,
    /// The region; `None`: of one municipality.
    pub region_code: Option<String>,
    /// The request that began it.
    pub request_id: String,
    /// What makes it the same as another one.
    pub fingerprint: String,
    /// Its file.
    pub file: Json<FileFacts>,
    /// State.
    pub status: JobStatus,
    /// Whether anything of it is stored.
    pub applied: bool,
    /// Why it failed.
    pub failure: Option<Json<JobFailure>>,
    /// Rows of the file.
    pub rows_total: i32,
    /// Rows that made something new.
    pub rows_created: i32,
    /// Rows that changed something.
    pub rows_updated: i32,
    /// Rows that said what was there.
    pub rows_unchanged: i32,
    /// Rows that were not stored.
    pub rows_rejected: i32,
    /// What was removed from lists and maps.
    pub removed: i32,
    /// What was wrong with rows.
    pub errors_count: i32,
    /// Lists and maps that it wrote.
    pub results: Json<Vec<Written>>,
    /// How often it was begun.
    pub attempts: i32,
    /// Who runs it.
    pub worker: Option<String>,
    /// After it, somebody else may.
    pub lease_until: Option<NaiveDateTime>,
    /// UTC.
    pub started_at: Option<NaiveDateTime>,
    /// UTC.
    pub finished_at: Option<NaiveDateTime>,
    /// Rises with every step.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl JobRow {
    /// Where its file is kept.
    #[must_use]
    pub fn file_key(&self) -> String {
        format!("{FOLDER}/{}", self.id)
    }

    /// Rows that have been looked at and accounted for.
    #[must_use]
    pub fn rows_done(&self) -> i32 {
        self.rows_created + self.rows_updated + self.rows_unchanged + self.rows_rejected
    }
}

/// Folder of the files within the store.
pub(super) const FOLDER: &str = "imports";

impl Keyed for JobRow {
    fn key(&self, _: &str) -> String {
        self.id.to_string()
    }
}

/// What a list of jobs is narrowed to; every member given must hold.
#[derive(Debug, Default)]
pub struct Narrowed {
    /// Any of these kinds.
    pub kind: Option<Vec<ImportKind>>,
    /// Any of these states.
    pub status: Option<Vec<JobStatus>>,
}

/// Jobs of the scope's own municipality, or those that were begun for its region; of these a client
/// reads its own, for the errors repeat what stood in the rows of others.
fn scoped<'a>(scope: &'a Scope, client: Option<&'a ClientId>) -> jobs::BoxedQuery<'a, Backend> {
    let mut query = jobs::table.into_boxed();
    if let Some(client) = client {
        query = query.filter(jobs::client_id.eq(client));
    }
    match (scope.municipality(), scope.region()) {
        (Some(id), _) => query.filter(jobs::municipality_id.eq(id)),
        (None, Some(code)) => query.filter(jobs::region_code.eq(code)),
        (None, None) => query,
    }
}

/// Jobs within `scope`, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn list(
    conn: &mut AnyConnection,
    (scope, client): (&Scope, Option<&ClientId>),
    narrowed: &Narrowed,
    page: &Page,
) -> QueryResult<Listed<JobRow>> {
    let matching = || {
        let mut query = scoped(scope, client);
        if let Some(kinds) = &narrowed.kind {
            query = query.filter(jobs::kind.eq_any(kinds));
        }
        if let Some(states) = &narrowed.status {
            query = query.filter(jobs::status.eq_any(states));
        }
        if let Some(ids) = &page.ids {
            query = query.filter(jobs::id.eq_any(ids));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(JobRow::as_select());
    keyset!(query, page, jobs::table, {
        "id" => jobs::id => String,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// One job within `scope`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn find(
    conn: &mut AnyConnection,
    (scope, client): (&Scope, Option<&ClientId>),
    id: &JobId,
) -> QueryResult<Option<JobRow>> {
    scoped(scope, client).filter(jobs::id.eq(id)).select(JobRow::as_select()).first(conn).optional()
}

/// The latest job with this fingerprint since `since` that has not failed.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn same(
    conn: &mut AnyConnection,
    fingerprint: &str,
    since: NaiveDateTime,
) -> QueryResult<Option<JobRow>> {
    jobs::table
        .filter(jobs::fingerprint.eq(fingerprint))
        .filter(jobs::created_at.ge(since))
        .filter(jobs::status.ne(JobStatus::Failed))
        .select(JobRow::as_select())
        .order((jobs::created_at.desc(), jobs::id.desc()))
        .first(conn)
        .optional()
}

/// The oldest job that waits, or whose process has not been heard of since its lease ended; one that was
/// given back waits until then.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn next(conn: &mut AnyConnection, now: NaiveDateTime) -> QueryResult<Option<JobId>> {
    let waits = jobs::status.eq(JobStatus::Queued).and(jobs::lease_until.is_null());
    let is_due = jobs::lease_until.is_not_null().and(jobs::lease_until.lt(now).assume_not_null());
    let left = jobs::status.eq_any([JobStatus::Queued, JobStatus::Running]).and(is_due);
    jobs::table
        .filter(waits.or(left))
        .select(jobs::id)
        .order((jobs::created_at, jobs::id))
        .first(conn)
        .optional()
}

/// One job, locked until the transaction ends; whoever runs it holds it so.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn hold(conn: &mut AnyConnection, id: &JobId) -> QueryResult<JobRow> {
    lock!(conn, jobs::table.find(id))?;
    jobs::table.find(id).select(JobRow::as_select()).first(conn)
}

/// Stores a new job.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert(conn: &mut AnyConnection, row: &JobRow) -> QueryResult<()> {
    diesel::insert_into(jobs::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed job.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &JobRow) -> QueryResult<()> {
    diesel::update(jobs::table.find(&row.id)).set(row).execute(conn).map(|_| ())
}

/// The account behind a job, as it is now.
#[derive(Debug, Queryable)]
pub(super) struct Standing {
    /// Its role.
    pub(super) role: Role,
    /// Whether it is open, in a word.
    pub(super) status: String,
    /// Its municipality.
    pub(super) municipality_id: Option<MunicipalityId>,
    /// Its region.
    pub(super) region_code: Option<String>,
    /// Whether it only reads any more.
    pub(super) is_read_only: bool,
}

/// How an account stands now.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn standing(conn: &mut AnyConnection, id: &AccountId) -> QueryResult<Option<Standing>> {
    accounts::table
        .find(id)
        .select((
            accounts::role,
            accounts::status,
            accounts::municipality_id,
            accounts::region_code,
            accounts::read_only_until.is_not_null(),
        ))
        .first(conn)
        .optional()
}

/// Holds an account or a client, so that two requests of it come one after the other.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn hold_owner(
    conn: &mut AnyConnection,
    account: Option<&AccountId>,
    client: Option<&ClientId>,
) -> QueryResult<()> {
    if let Some(id) = account {
        lock!(conn, accounts::table.find(id))?;
    }
    match client {
        Some(id) => lock!(conn, clients::table.find(id)),
        None => Ok(()),
    }
}

/// How many jobs of an account or a client wait or run; 0 for the command line.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn waiting(
    conn: &mut AnyConnection,
    account: Option<&AccountId>,
    client: Option<&ClientId>,
) -> QueryResult<i64> {
    let open = || jobs::table.filter(jobs::status.eq_any([JobStatus::Queued, JobStatus::Running])).count();
    match (account, client) {
        (Some(id), _) => open().filter(jobs::account_id.eq(id)).get_result(conn),
        (None, Some(id)) => open().filter(jobs::client_id.eq(id)).get_result(conn),
        (None, None) => Ok(0),
    }
}

/// The files of the jobs that were asked for since this instant, UTC. Takes no scope: it is the
/// operator's.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn files_since(conn: &mut AnyConnection, since: NaiveDateTime) -> QueryResult<Vec<NamedFile>> {
    let rows: Vec<JobRow> = jobs::table
        .filter(jobs::created_at.ge(since))
        .select(JobRow::as_select())
        .order(jobs::id)
        .load(conn)?;
    let named = |row: JobRow| NamedFile { key: row.file_key(), sha256: row.file.sha256.clone() };
    Ok(rows.into_iter().map(named).collect())
}

/// How many jobs wait or run. Takes no scope: it tells of no row.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn open_jobs(conn: &mut AnyConnection) -> QueryResult<i64> {
    jobs::table.filter(jobs::status.eq_any([JobStatus::Queued, JobStatus::Running])).count().get_result(conn)
}
