//! Runs jobs, one at a time: takes the next one from the database, reads its file, stores its rows.
//!
//! A job is held by a lease, so that of several instances one runs it, and another takes it over when
//! its process is gone. An atomic import and its state are stored by the same transaction: cut off, it
//! leaves nothing, and is done again. One by row is stored in batches, each with the counters of the
//! job: cut off, it goes on after the last one. How far an atomic one has come is known to the process
//! that runs it alone, for the database sees nothing of it before its end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::NaiveDateTime;
use diesel::QueryResult;
use tokio::sync::Notify;

use super::domain::{ImportMode, JobStatus};
use super::flow_run::{Found, Halt, next_batch, store_all};
use super::kinds::{self, Goal, Units, columns_of};
use super::store::{self, FOLDER, JobRow};
use super::table::Table;
use super::{domain, flow, store_errors};
use crate::auth::rights::SERVICE;
use crate::auth::{Rights, Scope};
use crate::db::{Actor, AnyConnection, Db, Mode, Tx};
use crate::error::Error;
use crate::features::clients;
use crate::files::{FileFailure, FileKind, Files, NamedFile};
use crate::kit::clock::Clock;
use crate::kit::code::Code;
use crate::kit::id::{ClientId, JobId, new_uuid};
use crate::kit::lang::Bi;

/// How often it looks for jobs that another process has left.
const LOOK: Duration = Duration::from_secs(30);
/// How often it removes old files.
const SWEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// The part of the process that runs jobs. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Runner {
    name: String,
    woken: Arc<Notify>,
    progress: Arc<Mutex<HashMap<JobId, usize>>>,
}

impl Default for Runner {
    fn default() -> Self {
        Self { name: new_uuid(), woken: Arc::default(), progress: Arc::default() }
    }
}

impl Runner {
    /// Its name, by which it holds jobs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Says that there is a new job.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    /// How many rows of a job this process has looked at; `None`: it does not run it.
    #[must_use]
    pub fn progress_of(&self, id: &JobId) -> Option<usize> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }

    fn tell(&self, id: &JobId, rows: usize) {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), rows);
    }

    /// Runs jobs as they come, until the service is going to stop.
    pub async fn work(self, db: Db, files: Files, clock: Clock) {
        let mut swept: Option<tokio::time::Instant> = None;
        while !db.is_stopping() {
            if swept.is_none_or(|at| at.elapsed() > SWEEP) {
                swept = Some(tokio::time::Instant::now());
                if let Err(cause) = sweep(&db, &files, &clock).await {
                    log::warn!("old files of imports could not be removed: {cause}");
                }
            }
            match self.run_next(&db, &files).await {
                Ok(Some(_)) => continue,
                Ok(None) => {}
                Err(cause) => log::warn!("a job could not be run: {cause}"),
            }
            let _woken_or_late = tokio::time::timeout(LOOK, self.woken.notified()).await;
        }
    }

    /// Runs the next job that nobody works at, to its end; answers with its id, or `None` when there is
    /// none.
    ///
    /// # Errors
    ///
    /// The database does not work: the job is left to its lease.
    pub async fn run_next(&self, db: &Db, files: &Files) -> Result<Option<JobId>, Error> {
        let name = self.name.clone();
        let nobody = service(new_uuid());
        let Some(row) = db.write(nobody, Mode::Keep, move |tx| flow::claim(tx, &name)).await? else {
            return Ok(None);
        };
        let id = row.id.clone();
        if row.status == JobStatus::Running {
            self.run(db, files, row).await?;
        }
        Ok(Some(id))
    }

    /// Runs a job that this process holds.
    ///
    /// # Errors
    ///
    /// As [`run_next`](Self::run_next).
    pub async fn run(&self, db: &Db, files: &Files, row: JobRow) -> Result<(), Error> {
        let id = row.id.clone();
        let outcome = self.attempt(db, files, row).await;
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        outcome
    }

    async fn attempt(&self, db: &Db, files: &Files, row: JobRow) -> Result<(), Error> {
        let actor = match actor_of(db, &row).await? {
            Some(actor) => actor,
            None => {
                let detail = Bi::fixed(
                    "Учётная запись заблокирована или её права изменились",
                    "The account is blocked, or its rights have changed",
                );
                let itself = service(row.request_id.clone());
                let change =
                    move |tx: &mut Tx, row: &mut JobRow| flow::failed(tx, row, "rights-lost", &detail);
                return self.end(db, itself, row, change).await;
            }
        };
        let table = match self.read(files, &row).await {
            Ok(table) => Arc::new(table),
            Err(halt) => return self.halt(db, actor, row, halt).await,
        };
        let goal = goal_of(&row);
        let in_one = row.mode == ImportMode::Atomic || row.dry_run || row.kind.replaces();
        let outcome = if in_one {
            self.whole(db, &actor, &row, goal, table).await
        } else {
            self.by_batches(db, &actor, &row, goal, table).await
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(halt) => self.halt(db, actor, row, halt).await,
        }
    }

    async fn read(&self, files: &Files, row: &JobRow) -> Result<Table, Halt> {
        let bytes = files.read_whole(&row.file_key()).await.map_err(|cause| match cause {
            FileFailure::Missing(_) => Halt::Refused(Error::not_found()),
            other => Halt::Refused(other.into()),
        })?;
        let format = format_of(row);
        let kind = row.kind;
        tokio::task::spawn_blocking(move || Table::read(bytes, format, domain::MOST_ROWS, columns_of(kind)))
            .await
            .map_err(|cause| Halt::Refused(Error::Internal(cause.into())))?
            .map_err(Halt::from)
    }

    /// All rows in one transaction, with the end of the job.
    async fn whole(
        &self,
        db: &Db,
        actor: &Actor,
        row: &JobRow,
        goal: Goal,
        table: Arc<Table>,
    ) -> Result<(), Halt> {
        let (id, runner, atomic, dry_run) =
            (row.id.clone(), self.clone(), row.mode == ImportMode::Atomic, row.dry_run);
        let mode = if dry_run { Mode::Rehearse } else { Mode::Keep };
        let found = db
            .write(actor.clone(), mode, move |tx| {
                let mut job = flow::hold_own(tx, &id, &runner.name)?;
                let found = store_all(tx, &goal, &table, &|rows| runner.tell(&id, rows))?;
                if atomic && found.tally.rejected > 0 {
                    return Err(Halt::Rejected(Box::new(found)));
                }
                if dry_run {
                    return Ok(found);
                }
                flow::go_on(tx, &mut job, found)?;
                flow::done(tx, &mut job)?;
                Ok(Found::default())
            })
            .await?;
        if dry_run {
            let found = Found { written: Vec::new(), ..found };
            self.end(db, actor.clone(), row.clone(), move |tx, job| {
                flow::go_on(tx, job, found)?;
                job.applied = false;
                flow::done(tx, job)
            })
            .await?;
        }
        Ok(())
    }

    /// Batch by batch, each in a transaction of its own, after those that are done already.
    async fn by_batches(
        &self,
        db: &Db,
        actor: &Actor,
        row: &JobRow,
        goal: Goal,
        table: Arc<Table>,
    ) -> Result<(), Halt> {
        let done_before = usize::try_from(row.rows_done()).unwrap_or_default();
        let mut units = Units::of(goal.kind, &table);
        let mut rows = 0;
        while rows < done_before {
            let Some(unit) = units.next() else { break };
            rows += unit?.rows.len();
        }
        loop {
            let batch = next_batch(&goal, &mut units)?;
            if batch.is_empty() {
                break;
            }
            rows += batch.iter().map(|unit| unit.rows.len()).sum::<usize>();
            let (id, name, goal, table) =
                (row.id.clone(), self.name.clone(), goal.clone(), Arc::clone(&table));
            db.write(actor.clone(), Mode::Keep, move |tx| {
                let mut job = flow::hold_own(tx, &id, &name)?;
                let stored = kinds::store(tx, &goal, &table.heads, batch)?;
                let mut found = Found::default();
                found.take(stored);
                Ok::<_, Halt>(flow::go_on(tx, &mut job, found)?)
            })
            .await?;
            self.tell(&row.id, rows);
        }
        self.end(db, actor.clone(), row.clone(), flow::done).await?;
        Ok(())
    }

    /// Ends a job that came to a halt.
    async fn halt(&self, db: &Db, actor: Actor, row: JobRow, halt: Halt) -> Result<(), Error> {
        match halt {
            Halt::Lost => {
                log::info!("the job {} was taken over", row.id);
                Ok(())
            }
            Halt::Rejected(found) => {
                self.end(db, actor, row, move |tx, job| flow::rejected(tx, job, *found)).await
            }
            Halt::Refused(cause) => match cause {
                Error::Refused(refusal) if refusal.problem.status < 500 => {
                    let words = flow::words_of(&refusal);
                    let code = refusal.problem.slug;
                    self.end(db, actor, row, move |tx, job| flow::failed(tx, job, code, &words)).await
                }
                cause => {
                    if let Error::Internal(inner) = &cause {
                        log::error!("the job {}: {inner:#}", row.id);
                    } else {
                        log::warn!("the job {}: {cause}", row.id);
                    }
                    self.end(db, actor, row, flow::give_back).await
                }
            },
        }
    }

    /// Changes the state of a job that this process still holds.
    async fn end(
        &self,
        db: &Db,
        actor: Actor,
        row: JobRow,
        change: impl FnOnce(&mut Tx, &mut JobRow) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let name = self.name.clone();
        let outcome = db
            .write(actor, Mode::Keep, move |tx| {
                let mut job = flow::hold_own(tx, &row.id, &name)?;
                Ok::<_, Halt>(change(tx, &mut job)?)
            })
            .await;
        match outcome {
            Ok(()) | Err(Halt::Lost) => Ok(()),
            Err(Halt::Refused(cause)) => Err(cause),
            Err(Halt::Rejected(_)) => Ok(()),
        }
    }
}

/// Who acts in a job, when he still may: the account is open, in the same place, of a role that may.
async fn actor_of(db: &Db, row: &JobRow) -> Result<Option<Actor>, Error> {
    if let Some(client) = row.client_id.clone() {
        return client_of(db, row, client).await;
    }
    let Some(account) = row.account_id.clone() else { return Ok(Some(operator(row))) };
    let standing = db.read(move |conn| Ok::<_, Error>(store::standing(conn, &account)?)).await?;
    let Some(standing) = standing else { return Ok(None) };
    let role = if row.acting { standing.role.acting_as() } else { standing.role };
    let same_place = match &row.region_code {
        Some(code) => standing.region_code.as_ref() == Some(code),
        None => standing.municipality_id == row.municipality_id,
    };
    let may = standing.status == "active"
        && !standing.is_read_only
        && same_place
        && row.kind.may(&Rights::Role(role));
    Ok(may.then(|| Actor {
        subject: row.account_id.as_ref().map(ToString::to_string),
        account_id: row.account_id.clone(),
        role: role.as_str(),
        acting: row.acting,
        request_id: row.request_id.clone(),
    }))
}

/// The client that acts in a job, when it still may: it is not blocked, reaches as far as before, and
/// has the scope.
async fn client_of(db: &Db, row: &JobRow, client: ClientId) -> Result<Option<Actor>, Error> {
    let asked = client.clone();
    let Some((scopes, scope)) = db.read(move |conn| clients::rights_of(conn, &asked)).await? else {
        return Ok(None);
    };
    let same_place = match &row.region_code {
        Some(code) => scope.region() == Some(code),
        None => scope.municipality() == row.municipality_id.as_ref(),
    };
    let may = same_place && row.kind.may(&Rights::Scopes(scopes));
    let subject = Some(client.to_string());
    Ok(may.then(|| Actor { subject, ..Actor::without_account(SERVICE, row.request_id.clone()) }))
}

/// The service itself.
fn service(request_id: String) -> Actor {
    Actor::without_account(SERVICE, request_id)
}

/// The operator, by the command line.
fn operator(row: &JobRow) -> Actor {
    Actor { request_id: row.request_id.clone(), ..Actor::operator() }
}

/// Where the rows of a job go.
fn goal_of(row: &JobRow) -> Goal {
    let scope = match (&row.municipality_id, &row.region_code) {
        (Some(id), _) => Scope::Municipality(id.clone()),
        (None, Some(code)) => Scope::Region(code.clone()),
        (None, None) => Scope::Service,
    };
    Goal {
        kind: row.kind,
        scope,
        municipality: row.municipality_id.clone(),
        parameters: row.parameters.clone().into_inner(),
    }
}

/// How the file of a job is read.
#[must_use]
pub(super) fn format_of(row: &JobRow) -> FileKind {
    FileKind::of_name(&format!("x.{}", row.file.format)).unwrap_or(FileKind::Csv)
}

/// Removes the files of jobs that are older than 30 days, and the errors that repeat what stood in
/// them; of a job, the state and the counters stay.
///
/// # Errors
///
/// The database or the store does not work; what was removed stays removed.
pub async fn sweep(db: &Db, files: &Files, clock: &Clock) -> Result<(), Error> {
    for key in files.settled(FOLDER).await? {
        files.remove(&key).await?;
    }
    let before = (clock.now() - chrono::Duration::days(domain::KEPT_DAYS)).naive_utc();
    db.write(service(new_uuid()), Mode::Keep, move |tx| Ok::<_, Error>(store_errors::forget(tx, before)?))
        .await?;
    Ok(())
}

/// The files that jobs name and the service keeps: those of the last days before they are swept.
///
/// # Errors
///
/// The database's own failures.
pub fn named_files(conn: &mut AnyConnection, now: NaiveDateTime) -> QueryResult<Vec<NamedFile>> {
    store::files_since(conn, now - chrono::Duration::days(domain::KEPT_DAYS - 1))
}
