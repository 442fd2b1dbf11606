//! What happens to jobs, each within one transaction.

use sha2::{Digest, Sha256};

use super::domain::{
    self, ImportKind, ImportMode, JobStatus, MOST_ATTEMPTS, MOST_ERRORS, Parameters, Tally, again_at, lease,
    same_since,
};
use super::flow_run::{Found, Halt, store_all};
use super::kinds::{Fault, Goal, Written};
use super::store::{self, FileFacts, JobFailure, JobRow};
use super::store_errors::{self, ErrorRow};
use super::table::Table;
use crate::auth::Scope;
use crate::db::{Event, Json, Tx};
use crate::error::{Error, Refusal};
use crate::features::{municipalities, road_maps, support_lists};
use crate::kit::code::Code;
use crate::kit::id::{ClientId, JobId, MunicipalityId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// An import as it is asked for.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id, by which its file is kept.
    pub id: JobId,
    /// What its rows are.
    pub kind: ImportKind,
    /// What a rejected row does to the others.
    pub mode: ImportMode,
    /// Whether it only rehearses.
    pub dry_run: bool,
    /// What else is asked.
    pub parameters: Parameters,
    /// The municipality of the rows, where several are in reach.
    pub municipality: Option<MunicipalityId>,
    /// Its file.
    pub file: FileFacts,
    /// The service client that asks.
    pub client: Option<ClientId>,
}

/// Stores a job, unless the same one is there; whether it is a new one.
///
/// # Errors
///
/// 422 for a municipality, a list, a map or an order out of reach; 409 for a list or a map that is no
/// draft, and `import-shrinks`.
pub fn begin(tx: &mut Tx, scope: &Scope, new: NewJob, table: &Table) -> Result<(JobRow, bool), Error> {
    let actor = tx.actor();
    let municipality = municipality_of(tx, scope, &new)?;
    let goal = Goal {
        kind: new.kind,
        scope: municipality.clone().map_or_else(|| scope.clone(), Scope::Municipality),
        municipality: municipality.clone(),
        parameters: new.parameters.clone(),
    };
    if let Some(account) = &actor.account_id {
        store::hold_account(tx, account)?;
    }
    let owner = actor.subject.clone().unwrap_or_default();
    let fingerprint = fingerprint(&owner, &new, municipality.as_ref())?;
    let since = same_since(tx.now());
    if let Some(first) = store::same(tx, &fingerprint, since)? {
        return Ok((first, false));
    }
    require_target(tx, &goal, table)?;
    let row = JobRow {
        id: new.id,
        kind: new.kind,
        mode: new.mode,
        dry_run: new.dry_run,
        parameters: Json::of(new.parameters)?,
        account_id: actor.account_id.clone(),
        client_id: new.client,
        acting: actor.acting,
        municipality_id: municipality,
        region_code: scope.region().map(str::to_owned),
        request_id: actor.request_id.clone(),
        fingerprint,
        file: Json::of(new.file)?,
        status: JobStatus::Queued,
        applied: false,
        failure: None,
        rows_total: count(table.rows),
        rows_created: 0,
        rows_updated: 0,
        rows_unchanged: 0,
        rows_rejected: 0,
        removed: 0,
        errors_count: 0,
        results: Json::of(Vec::new())?,
        attempts: 0,
        worker: None,
        lease_until: None,
        started_at: None,
        finished_at: None,
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    store::insert(tx, &row)?;
    note(tx, &row, "import");
    Ok((row, true))
}

/// The one municipality of the rows; `None` for a list of a whole region.
fn municipality_of(tx: &mut Tx, scope: &Scope, new: &NewJob) -> Result<Option<MunicipalityId>, Error> {
    let (own, wanted) = (scope.municipality(), new.municipality.as_ref());
    let of_region = new.kind == ImportKind::SupportList && new.parameters.support_list_id.is_none();
    match (own, wanted) {
        (Some(own), None) => Ok(Some(own.clone())),
        (Some(own), Some(wanted)) if own == wanted => Ok(Some(own.clone())),
        (None, Some(wanted)) if municipalities::find(tx, scope, wanted)?.is_some() => {
            Ok(Some(wanted.clone()))
        }
        (None, None) if of_region && scope.region().is_some() => Ok(None),
        (None, None) => Err(Error::invalid(vec![Violation::new(
            "/municipality_id",
            "required",
            Bi::fixed("Обязательное поле", "The member is required"),
        )])),
        (_, Some(_)) => Err(Error::invalid(vec![Violation::new(
            "/municipality_id",
            "unknown-reference",
            Bi::fixed("Такого муниципалитета нет", "There is no such municipality"),
        )])),
    }
}

/// Refuses what the list or the map would refuse later, and a file that would empty it: such rows are
/// few, so that they are rehearsed at once. Nothing is changed.
fn require_target(tx: &mut Tx, goal: &Goal, table: &Table) -> Result<(), Error> {
    let unknown = |at: &str, cause: Error| match cause {
        Error::Refused(refusal) if refusal.problem.status == 404 => {
            let detail = Bi::fixed("Такой записи нет", "There is no such thing");
            Error::invalid(vec![Violation::new(at, "unknown-reference", detail)])
        }
        other => other,
    };
    if let Some(id) = &goal.parameters.support_list_id {
        support_lists::open_draft(tx, &goal.scope, id).map_err(|cause| unknown("/support_list_id", cause))?;
    }
    if let Some(id) = &goal.parameters.road_map_id {
        let map = road_maps::open(tx, &goal.scope, id).map_err(|cause| unknown("/road_map_id", cause))?;
        road_maps::require_draft(&map)?;
    }
    if !goal.kind.replaces() {
        return Ok(());
    }
    let rehearsed = tx.attempt(|tx| {
        store_all(tx, goal, table, &|_rows| ()).map_err(Rehearsed::Refused)?;
        Err::<(), _>(Rehearsed::Good)
    });
    match rehearsed {
        Err(Rehearsed::Refused(cause)) => Err(cause),
        Ok(()) | Err(Rehearsed::Good) => Ok(()),
    }
}

/// How a rehearsal ends: always by taking back what it did.
enum Rehearsed {
    Good,
    Refused(Error),
}

impl From<diesel::result::Error> for Rehearsed {
    fn from(cause: diesel::result::Error) -> Self {
        Self::Refused(cause.into())
    }
}

/// What makes two imports the same: who asks, for what, with which file.
fn fingerprint(
    owner: &str,
    new: &NewJob,
    municipality: Option<&MunicipalityId>,
) -> serde_json::Result<String> {
    let asked = serde_json::json!([
        owner,
        new.kind,
        new.mode,
        new.dry_run,
        new.parameters,
        municipality,
        new.file.sha256
    ]);
    Ok(format!("{:x}", Sha256::digest(serde_json::to_vec(&asked)?)))
}

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
fn note(tx: &mut Tx, row: &JobRow, action: &'static str) {
    let asked = row.parameters.reason.clone();
    let reason = asked.or_else(|| Some(format!("{} {}", row.kind.as_str(), row.file.sha256)));
    tx.note_event(Event { action, resource: "jobs", id: row.id.to_string(), reason });
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

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
