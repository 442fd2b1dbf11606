//! What happens to jobs, each within one transaction.

use super::domain::{self, JobStatus, MOST_ATTEMPTS, MOST_ERRORS, Tally, again_at, lease};
use super::flow_run::{Found, Halt};
use super::kinds::{Fault, Written};
use super::store::{self, JobFailure, JobRow};
use super::store_errors::{self, ErrorRow};
use crate::db::{Event, Json, Tx};
use crate::error::{Error, Refusal};
use crate::kit::code::Code;
use crate::kit::id::JobId;
use crate::kit::lang::Bi;

/// Takes the next job that nobody works at, for `worker`; one that was begun too often comes back as
/// failed.
///
/// # Errors
///
/// Failures of the database.
pub fn claim(tx: &mut Tx, worker: &str) -> Result<Option<JobRow>, Error> {
    let now = tx.now();
    let Some(id) = store::next(tx, now)? else { return Ok(None) };
    let mut row = store::hold(tx, &id)?;
    // Whoever held it before may have taken it.
    let is_free = match row.status {
        JobStatus::Queued => row.lease_until.is_none_or(|until| until < now),
        JobStatus::Running => row.lease_until.is_some_and(|until| until < now),
        JobStatus::Done | JobStatus::Failed => false,
    };
    if !is_free {
        return Ok(None);
    }
    take(tx, &mut row, worker)?;
    if row.attempts > MOST_ATTEMPTS {
        service_failed(tx, &mut row)?;
    }
    Ok(Some(row))
}

/// Begins a job for `worker`.
///
/// # Errors
///
/// Failures of the database.
pub fn take(tx: &mut Tx, row: &mut JobRow, worker: &str) -> Result<(), Error> {
    row.status = JobStatus::Running;
    row.worker = Some(worker.to_owned());
    row.attempts += 1;
    row.lease_until = Some(lease(tx.now()));
    row.started_at = row.started_at.or(Some(tx.now()));
    keep(tx, row)
}

/// The job, held until the transaction ends, as long as it is `worker`'s.
///
/// # Errors
///
/// [`Halt::Lost`] when somebody else has it.
pub fn hold_own(tx: &mut Tx, id: &JobId, worker: &str) -> Result<JobRow, Halt> {
    let row = store::hold(tx, id)?;
    let is_own = row.status == JobStatus::Running && row.worker.as_deref() == Some(worker);
    if is_own { Ok(row) } else { Err(Halt::Lost) }
}

/// Notes what a batch of rows came to; the lease begins anew.
///
/// # Errors
///
/// Failures of the database.
pub fn go_on(tx: &mut Tx, row: &mut JobRow, found: Found) -> Result<(), Error> {
    count_in(row, found.tally);
    row.applied |= found.tally.rows() > found.tally.rejected;
    row.attempts = 1;
    row.lease_until = Some(lease(tx.now()));
    keep_errors(tx, row, found.errors, found.errors_count)?;
    add_results(row, found.written)?;
    keep(tx, row)
}

/// Ends a job whose rows have all been looked at.
///
/// # Errors
///
/// Failures of the database.
pub fn done(tx: &mut Tx, row: &mut JobRow) -> Result<(), Error> {
    end(tx, row, JobStatus::Done, None)
}

/// Ends a job of which nothing is stored because some rows are rejected.
///
/// # Errors
///
/// Failures of the database.
pub fn rejected(tx: &mut Tx, row: &mut JobRow, found: Found) -> Result<(), Error> {
    let rows = usize::try_from(row.rows_total).unwrap_or_default();
    count_in(row, Tally::all_rejected(rows));
    keep_errors(tx, row, found.errors, found.errors_count)?;
    let detail = Bi::fixed(
        "В файле есть строки с ошибками, поэтому не внесена ни одна",
        "Some rows have errors, so that none is stored",
    );
    failed(tx, row, "rows-rejected", &detail)
}

/// Ends a job that cannot be done.
///
/// # Errors
///
/// Failures of the database.
pub fn failed(tx: &mut Tx, row: &mut JobRow, code: &str, detail: &Bi) -> Result<(), Error> {
    // What was not looked at is not stored either: every row is accounted for.
    row.rows_rejected = row.rows_total - row.rows_created - row.rows_updated - row.rows_unchanged;
    let failure = JobFailure { code: code.to_owned(), ru: detail.ru.to_string(), en: detail.en.to_string() };
    end(tx, row, JobStatus::Failed, Some(failure))
}

/// Gives a job back for a while after the service itself has failed, or ends it when that has happened
/// too often.
///
/// # Errors
///
/// Failures of the database.
pub fn give_back(tx: &mut Tx, row: &mut JobRow) -> Result<(), Error> {
    if row.attempts >= MOST_ATTEMPTS {
        return service_failed(tx, row);
    }
    row.status = JobStatus::Queued;
    row.worker = None;
    row.lease_until = Some(again_at(tx.now()));
    keep(tx, row)
}

fn service_failed(tx: &mut Tx, row: &mut JobRow) -> Result<(), Error> {
    let detail = Bi::fixed(
        "Загрузка несколько раз прервана сбоем службы; сообщите оператору номер задания",
        "The service has failed several times; tell the operator the id of the job",
    );
    failed(tx, row, "service-failed", &detail)
}

/// A refusal in the words of a failure.
#[must_use]
pub fn words_of(refusal: &Refusal) -> Bi {
    let (mut ru, mut en) = (refusal.problem.title.ru.to_string(), refusal.problem.title.en.to_string());
    let details = refusal.detail.iter().chain(refusal.violations.iter().map(|violation| &violation.detail));
    for detail in details {
        ru.push_str(&format!(". {}", detail.ru));
        en.push_str(&format!(". {}", detail.en));
    }
    Bi::of(ru, en)
}

fn end(tx: &mut Tx, row: &mut JobRow, status: JobStatus, failure: Option<JobFailure>) -> Result<(), Error> {
    row.status = status;
    row.failure = failure.map(Json::of).transpose()?;
    row.worker = None;
    row.lease_until = None;
    row.finished_at = Some(tx.now());
    note(tx, row, if status == JobStatus::Done { "import-done" } else { "import-failed" });
    keep(tx, row)
}

fn keep(tx: &mut Tx, row: &mut JobRow) -> Result<(), Error> {
    row.version += 1;
    row.updated_at = tx.now();
    Ok(store::update(tx, row)?)
}

/// The audit names who imported what, and why; the rows have entries of their own.
pub(super) fn note(tx: &mut Tx, row: &JobRow, action: &'static str) {
    let asked = row.parameters.reason.clone();
    let reason = asked.or_else(|| Some(format!("{} {}", row.kind.as_str(), row.file.sha256)));
    let municipality_id = row.municipality_id.clone();
    tx.note_event(Event { action, resource: "jobs", id: row.id.to_string(), municipality_id, reason });
}

fn count_in(row: &mut JobRow, tally: Tally) {
    row.rows_created += count(tally.created);
    row.rows_updated += count(tally.updated);
    row.rows_unchanged += count(tally.unchanged);
    row.rows_rejected += count(tally.rejected);
    row.removed += count(tally.removed);
}

fn add_results(row: &mut JobRow, written: Vec<Written>) -> Result<(), Error> {
    if !written.is_empty() {
        let all = row.results.iter().cloned().chain(written).collect();
        row.results = Json::of(all)?;
    }
    Ok(())
}

/// Keeps the texts of errors while there is room; all are counted.
fn keep_errors(tx: &mut Tx, row: &mut JobRow, faults: Vec<Fault>, all: usize) -> Result<(), Error> {
    let kept = usize::try_from(row.errors_count).unwrap_or_default();
    let numbered = (row.errors_count.saturating_add(1)..).zip(faults);
    let rows: Vec<ErrorRow> = numbered
        .take(MOST_ERRORS.saturating_sub(kept))
        .map(|(number, fault)| ErrorRow {
            job_id: row.id.clone(),
            number,
            row_number: count(fault.row),
            column_title: fault.column.as_deref().map(domain::shown),
            code: fault.code.to_owned(),
            value: fault.value,
            message_ru: fault.detail.ru.into_owned(),
            message_en: fault.detail.en.into_owned(),
        })
        .collect();
    store_errors::insert(tx, &rows)?;
    row.errors_count = row.errors_count.saturating_add(count(all));
    Ok(())
}

pub(super) fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
