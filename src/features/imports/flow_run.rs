//! What an import does within a transaction: its rows are taken from the file and stored.

use super::domain::{MOST_ERRORS, Tally};
use super::kinds::{self, Fault, Goal, Stored, Unit, Units, Written};
use super::table::{Table, Unreadable};
use crate::db::{Failure, Tx};
use crate::error::Error;

/// Rows that are stored together.
pub const BATCH: usize = 500;

/// What became of the rows so far.
#[derive(Debug, Default)]
pub struct Found {
    /// How many became what.
    pub tally: Tally,
    /// What was wrong, with its texts: the first ones.
    pub errors: Vec<Fault>,
    /// All that was wrong, counted.
    pub errors_count: usize,
    /// Lists and maps that were written.
    pub written: Vec<Written>,
}

/// Why an import ends before its end.
#[derive(Debug)]
pub enum Halt {
    /// Some rows are rejected, so that none is stored.
    Rejected(Box<Found>),
    /// It is refused as a whole, or the service fails.
    Refused(Error),
    /// Another process has it.
    Lost,
}

impl From<Error> for Halt {
    fn from(cause: Error) -> Self {
        Self::Refused(cause)
    }
}

impl From<Failure> for Halt {
    fn from(cause: Failure) -> Self {
        Self::Refused(cause.into())
    }
}

impl From<diesel::result::Error> for Halt {
    fn from(cause: diesel::result::Error) -> Self {
        Self::Refused(cause.into())
    }
}

impl From<Unreadable> for Halt {
    fn from(cause: Unreadable) -> Self {
        Self::Refused(cause.into())
    }
}

impl From<Unreadable> for Error {
    fn from(cause: Unreadable) -> Self {
        match cause {
            Unreadable::Because(violations) => Self::invalid(violations),
            Unreadable::Broken(cause) => Self::Internal(cause),
        }
    }
}

impl Found {
    /// Counts what became of some units.
    pub fn take(&mut self, stored: Stored) {
        for (rows, verdict) in stored.verdicts {
            match verdict {
                Ok(outcome) => self.tally.stored(outcome, rows),
                Err(faults) => {
                    self.tally.rejected += rows;
                    self.errors_count += faults.len();
                    let room = MOST_ERRORS.saturating_sub(self.errors.len());
                    self.errors.extend(faults.into_iter().take(room));
                }
            }
        }
        self.errors.sort_by_key(|fault| fault.row);
        self.tally.removed += stored.removed;
        self.written.extend(stored.written);
    }
}

/// The next units of a table, about [`BATCH`] rows; all that are left where they replace a whole.
///
/// # Errors
///
/// The file cannot be read any further: a fault of the program.
pub fn next_batch(goal: &Goal, units: &mut Units<'_>) -> Result<Vec<Unit>, Unreadable> {
    let (mut batch, mut rows) = (Vec::new(), 0);
    while goal.kind.replaces() || rows < BATCH {
        let Some(unit) = units.next() else { break };
        let unit = unit?;
        rows += unit.rows.len();
        batch.push(unit);
    }
    Ok(batch)
}

/// Stores all rows of a file within one transaction; `told` hears how many have been looked at.
///
/// # Errors
///
/// What refuses the import as a whole, failures of the database. Rejected rows are no error.
pub fn store_all(tx: &mut Tx, goal: &Goal, table: &Table, told: &dyn Fn(usize)) -> Result<Found, Error> {
    let mut found = Found::default();
    let mut units = Units::of(goal.kind, table);
    loop {
        let batch = next_batch(goal, &mut units)?;
        if batch.is_empty() {
            return Ok(found);
        }
        let stored = kinds::store(tx, goal, &table.heads, batch)?;
        found.take(stored);
        told(found.tally.rows());
    }
}
