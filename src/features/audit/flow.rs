//! Sealing the audit, and looking whether the seals hold.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::result::DatabaseErrorKind::UniqueViolation;

use super::domain::{AuditLine, MOST_ROWS, seal_of};
use super::store::{self, SealRow};
use crate::db::{Actor, AnyConnection, Db, Failure, Mode, Tx, feed};
use crate::error::Error;
use crate::kit::clock::Clock;
use crate::web::Notebook;

/// How often rows are sealed.
const EVERY: Duration = Duration::from_secs(1);
/// How often the head goes into the log, from where nobody who reaches the database can take it back.
const TOLD: Duration = Duration::from_secs(24 * 60 * 60);
/// How long it waits after it could not have the table.
const LATER: Duration = Duration::from_secs(10);
/// Seals that are read at once.
const SEALS: i64 = 100;

/// Seals what comes, until the service is going to stop. Logs what it cannot do, and tries again.
pub async fn keep_sealed(db: Db) {
    let mut told: Option<Instant> = None;
    while !db.is_stopping() {
        match seal(&db).await {
            Ok(Some(head)) if told.is_none_or(|at| at.elapsed() > TOLD) => {
                told = Some(Instant::now());
                log::info!("the audit is sealed through {} by {}", head.through_seq, head.hash);
            }
            Ok(_) => {}
            Err(cause) => log::warn!("the audit could not be sealed: {cause}"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Writes down each second what was read and refused, until the service is going to stop. Logs what it
/// cannot do, and tries again.
pub async fn keep_noted(db: Db, notebook: Arc<Notebook>, clock: Clock) {
    while !db.is_stopping() {
        if let Err(cause) = write_noted(&db, &notebook, Some(clock.now())).await {
            log::warn!("what was read and refused could not be written into the audit: {cause}");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Writes into the audit what the notebook holds: readings, and the refusals of minutes that are over at
/// `now`; `None`: of all minutes. What could not be written stays in the notebook.
///
/// # Errors
///
/// The database's own failures.
pub async fn write_noted(db: &Db, notebook: &Notebook, now: Option<DateTime<Utc>>) -> Result<(), Error> {
    let noted = notebook.take(now);
    if noted.is_empty() {
        return Ok(());
    }
    let copy = noted.clone();
    let write = move |tx: &mut Tx| {
        copy.into_iter().for_each(|one| tx.note(one));
        Ok(())
    };
    let outcome = db.write(Actor::operator(), Mode::Keep, write).await;
    if outcome.is_err() {
        notebook.put_back(noted);
    }
    outcome
}

/// Puts every row that is there under a seal; answers with the last one.
///
/// # Errors
///
/// The database's own failures.
pub async fn seal(db: &Db) -> Result<Option<SealRow>, Error> {
    loop {
        let standing = db.read(|conn| {
            let last = store::last_seal(conn)?;
            let after = last.as_ref().map_or(0, |seal| seal.through_seq);
            let has_more = !store::rows_between(conn, (after, i64::MAX), 1)?.is_empty();
            Ok::<_, Error>((last, has_more))
        });
        let (last, has_more) = standing.await?;
        if !has_more {
            return Ok(last);
        }
        match db.write(Actor::operator(), Mode::Keep, seal_some).await {
            Ok(Some(0)) => return Ok(last),
            Ok(Some(_)) => {}
            // Somebody holds the table for long: whoever writes must not wait behind this each second.
            Ok(None) => {
                tokio::time::sleep(LATER).await;
                return Ok(last);
            }
            // Another process has sealed the same rows.
            Err(Taken::Twice) => return Ok(last),
            Err(Taken::Failed(cause)) => return Err(cause),
        }
    }
}

/// Why rows could not be sealed.
enum Taken {
    Twice,
    Failed(Error),
}

impl From<diesel::result::Error> for Taken {
    fn from(cause: diesel::result::Error) -> Self {
        match cause {
            diesel::result::Error::DatabaseError(UniqueViolation, _) => Self::Twice,
            cause => Self::Failed(cause.into()),
        }
    }
}

impl From<Failure> for Taken {
    fn from(cause: Failure) -> Self {
        Self::Failed(cause.into())
    }
}

/// Seals some rows and tells how many; `None`: somebody holds the table.
fn seal_some(tx: &mut Tx) -> Result<Option<i32>, Taken> {
    let Some(through) = feed::settled_audit(tx)? else { return Ok(None) };
    let last = store::last_seal(tx)?;
    let (number, after, before) =
        last.map_or((0, 0, String::new()), |seal| (seal.number, seal.through_seq, seal.hash));
    let rows = store::rows_between(tx, (after, through), MOST_ROWS)?;
    let Some(end) = rows.last().map(|row| row.seq) else { return Ok(Some(0)) };
    let lines: Vec<AuditLine> = rows.into_iter().map(AuditLine::from).collect();
    let hash = seal_of(&before, &lines).map_err(|cause| Taken::Failed(cause.into()))?;
    let rows_count = i32::try_from(lines.len()).unwrap_or(i32::MAX);
    let seal = SealRow { number: number + 1, through_seq: end, rows_count, hash, sealed_at: tx.now() };
    store::insert_seal(tx, &seal)?;
    Ok(Some(rows_count))
}

/// What a look at the seals found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Rows under seals that hold.
    pub rows: u64,
    /// Rows that came since the last seal.
    pub unsealed: u64,
    /// The last seal: its last row and its hash.
    pub head: Option<(i64, String)>,
    /// Whether the head that was noted before is among the seals.
    pub knows_head: bool,
    /// What is wrong.
    pub faults: Vec<String>,
}

/// Computes every seal anew and compares; call it within a snapshot. `noted`: a head that was noted
/// before, which must be among the seals.
///
/// # Errors
///
/// The database's own failures; a row that cannot be written as JSON.
pub fn verify(conn: &mut AnyConnection, noted: Option<&str>) -> Result<Verified, Error> {
    let mut found = Verified { knows_head: noted.is_none(), ..Verified::default() };
    let (mut number, mut after, mut before) = (0, 0, String::new());
    loop {
        let seals = store::seals_after(conn, number, SEALS)?;
        if seals.is_empty() {
            break;
        }
        for seal in seals {
            if seal.number != number + 1 {
                found.faults.push(format!("the seals {} to {} are missing", number + 1, seal.number - 1));
            }
            // One more than there may be, so that added rows show.
            let rows = store::rows_between(conn, (after, seal.through_seq), MOST_ROWS + 1)?;
            let count = rows.len();
            let lines: Vec<AuditLine> = rows.into_iter().map(AuditLine::from).collect();
            let is_whole = i32::try_from(count).is_ok_and(|count| count == seal.rows_count);
            if is_whole && seal_of(&before, &lines)? == seal.hash {
                found.rows += u64::try_from(count).unwrap_or(u64::MAX);
            } else {
                found.faults.push(format!(
                    "a row from {} to {} was altered, added or removed: the seal {} stood for {} rows, there are {count}",
                    after + 1,
                    seal.through_seq,
                    seal.number,
                    seal.rows_count
                ));
            }
            found.knows_head |= noted == Some(seal.hash.as_str());
            (number, after, before) = (seal.number, seal.through_seq, seal.hash);
        }
    }
    if number > 0 {
        found.head = Some((after, before));
    }
    if !found.knows_head {
        found.faults.push("the head that was noted is not among the seals: they were made anew".to_owned());
    }
    found.unsealed = u64::try_from(store::unsealed(conn)?).unwrap_or_default();
    Ok(found)
}
