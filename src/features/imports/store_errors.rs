//! Queries on what was wrong with rows.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{job_errors as errors, jobs};
use crate::db::{AnyConnection, insert_all, keyset};
use crate::kit::id::JobId;

/// What was wrong with a row, as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = errors, treat_none_as_default_value = false)]
pub struct ErrorRow {
    /// The job.
    pub job_id: JobId,
    /// 1, 2, 3 … in the order of the rows.
    pub number: i32,
    /// The row.
    pub row_number: i32,
    /// The column; `None`: the row as a whole.
    pub column_title: Option<String>,
    /// Stable machine code.
    pub code: String,
    /// The cell, cut.
    pub value: Option<String>,
    /// What to do, Russian.
    pub message_ru: String,
    /// What to do, English.
    pub message_en: String,
}

impl Keyed for ErrorRow {
    fn key(&self, _: &str) -> String {
        self.number.to_string()
    }
}

/// The errors of a job that the caller has found within his scope, at most `page.limit + 1`.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn of_job(conn: &mut AnyConnection, job: &JobId, page: &Page) -> QueryResult<Listed<ErrorRow>> {
    let matching = || {
        let mut query = errors::table.filter(errors::job_id.eq(job)).into_boxed();
        if let Some(ids) = &page.ids {
            let numbers: Vec<i32> = ids.iter().flat_map(|id| id.parse()).collect();
            query = query.filter(errors::number.eq_any(numbers));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(ErrorRow::as_select());
    keyset!(query, page, errors::table, { "number" => errors::number => i32 });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// Every error of a job that is kept, in the order of the rows.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn all_of(conn: &mut AnyConnection, job: &JobId) -> QueryResult<Vec<ErrorRow>> {
    errors::table
        .filter(errors::job_id.eq(job))
        .select(ErrorRow::as_select())
        .order(errors::number)
        .load(conn)
}

/// Stores errors.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn insert(conn: &mut AnyConnection, rows: &[ErrorRow]) -> QueryResult<()> {
    insert_all!(conn, errors::table, rows)
}

/// Forgets the errors of jobs that were begun before `before`: they repeat what stood in files.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn forget(conn: &mut AnyConnection, before: NaiveDateTime) -> QueryResult<usize> {
    let old = jobs::table.filter(jobs::created_at.lt(before)).select(jobs::id);
    diesel::delete(errors::table.filter(errors::job_id.eq_any(old))).execute(conn)
}
