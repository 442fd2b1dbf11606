//! The order of the change feed: who reads up to a number misses nothing before it.
//!
//! SQLite has one writer at a time, so numbers are given in the order of commits. On PostgreSQL
//! writers take their numbers side by side and commit in any order; until one has committed, its
//! numbers are missing among those that readers see. So each shows, by an advisory lock that lives
//! until its end, which number was the last one before its own, and readers go no further than the
//! least of these. Nobody waits for anybody. An export and a digest state one number for all they
//! read: they wait, for a moment, until no writer is between its numbers and its end, by a lock of the
//! table that conflicts with the one which each INSERT holds.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::Failure;
use super::connection::AnyConnection;
use super::schema::{audit_events, changes};

/// Such a lock has room for the lower 31 bits of a number.
const ROUND: i64 = 1 << 31;
/// The last number that was given, 0 before the first; no snapshot hides it.
const LAST: &str = "coalesce(pg_sequence_last_value('changes_seq_seq'), 0)";
/// The numbers before those of the writers. The class of the locks is the sequence itself, brought
/// into the range of their first key, so that services in other schemas have their own.
const BEGUN: &str = "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 \
     AND classid::bigint = ('changes_seq_seq'::regclass::oid::bigint + 2147483648) % 4294967296 \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
/// What a writer says before its numbers are given.
pub const ENTER: &str = "SELECT pg_advisory_xact_lock_shared(\
     ('changes_seq_seq'::regclass::oid::bigint - 2147483648)::int, \
     (coalesce(pg_sequence_last_value('changes_seq_seq'), 0) % 2147483648)::int)";
/// Waits until nobody is writing to the feed, takes the snapshot, and lets others write again: a lock goes
/// with the savepoint that it was taken after, the snapshot stays.
const EXACT: &str = "SAVEPOINT exact; LOCK TABLE changes IN SHARE MODE; SELECT 1; \
     ROLLBACK TO SAVEPOINT exact; SET LOCAL lock_timeout = 0";
/// How long each try waits, milliseconds: whoever writes meanwhile waits behind it. Writers are done within
/// the first ones; the last is long enough for PostgreSQL to end its own cleaning of the table.
const TRIES: [u32; 7] = [50, 50, 50, 50, 50, 50, 2_000];
/// Between two tries others write.
const PAUSE: Duration = Duration::from_millis(100);

/// Up to which number the feed was complete at an instant: every change up to it was committed by
/// then, or never will be. Take it before the snapshot in which it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    complete: i64,
    is_behind: bool,
}

impl Horizon {
    /// The greatest number up to which a snapshot taken since shows everything.
    #[must_use]
    pub fn complete(self) -> i64 {
        self.complete
    }

    /// Whether somebody is about to commit numbers beyond it.
    pub(super) fn is_behind(self) -> bool {
        self.is_behind
    }

    /// That of a snapshot by [`begin_exact`]: nothing in it is beyond.
    pub(super) const EXACT: Self = Self { complete: i64::MAX, is_behind: false };
}

/// Shows that this transaction is about to take numbers; call it after all its other locks, just
/// before its rows go into the feed.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn enter(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Postgres(pg) => pg.batch_execute(ENTER),
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

/// How far the feed is complete now.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn horizon(conn: &mut AnyConnection) -> QueryResult<Horizon> {
    let AnyConnection::Postgres(pg) = conn else { return Ok(Horizon::EXACT) };
    // In this order: who is not among the writers then takes numbers beyond `last` only.
    let last: i64 = diesel::select(sql::<BigInt>(LAST)).get_result(pg)?;
    let begun: Vec<i64> = diesel::select(sql::<Array<BigInt>>(&format!("ARRAY({BEGUN})"))).get_result(pg)?;
    Ok(from_writers(last, &begun))
}

/// The horizon when `last` was given and these are the lower bits of the numbers before those of
/// the writers.
fn from_writers(last: i64, begun: &[i64]) -> Horizon {
    // Who began after `last` was read is ahead of it by little, and everybody else behind by little.
    let distances = begun.iter().map(|low| (last - low).rem_euclid(ROUND)).filter(|far| *far < ROUND / 2);
    let furthest = distances.max().unwrap_or(0);
    Horizon { complete: last - furthest, is_behind: furthest > 0 }
}

/// The greatest number in the feed up to which it is complete, 0 when it is empty; and whether
/// somebody is about to commit more.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn newest(conn: &mut AnyConnection) -> QueryResult<(i64, Horizon)> {
    let horizon = horizon(conn)?;
    let newest = changes::table.select(max(changes::seq)).first::<Option<i64>>(conn)?.unwrap_or(0);
    Ok((newest.min(horizon.complete), horizon))
}

/// Begins a read-only transaction in which all queries see the database as it was at the first.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn begin(conn: &mut AnyConnection) -> QueryResult<()> {
    conn.batch_execute(match conn {
        AnyConnection::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        AnyConnection::Sqlite(_) => "BEGIN DEFERRED",
    })
}

/// The greatest number of the audit up to which no row comes any more; `None` while a writer does not
/// come to its end soon. Call it within a transaction that has read nothing yet.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn settled_audit(conn: &mut AnyConnection) -> QueryResult<Option<i64>> {
    if let AnyConnection::Postgres(pg) = conn {
        // Whoever writes meanwhile waits behind this lock, so it is not waited for long either.
        pg.batch_execute("SAVEPOINT settled; SET LOCAL lock_timeout = '200ms'")?;
        if let Err(cause) = pg.batch_execute("LOCK TABLE audit_events IN SHARE MODE") {
            pg.batch_execute("ROLLBACK TO SAVEPOINT settled")?;
            return if is_lock_timeout(&cause) { Ok(None) } else { Err(cause) };
        }
    }
    let newest = audit_events::table.select(max(audit_events::seq)).first::<Option<i64>>(conn);
    if let AnyConnection::Postgres(pg) = conn {
        pg.batch_execute("ROLLBACK TO SAVEPOINT settled")?;
    }
    Ok(Some(newest?.unwrap_or(0)))
}

/// As [`begin`], at an instant at which the feed is complete up to its newest number.
///
/// # Errors
///
/// [`Failure::Busy`] while a writer does not come to its end, otherwise [`Failure::Transaction`]; the
/// transaction is over then.
pub(super) fn begin_exact(conn: &mut AnyConnection) -> Result<(), Failure> {
    for wait in TRIES {
        begin(conn).map_err(Failure::Transaction)?;
        let AnyConnection::Postgres(pg) = conn else { return Ok(()) };
        let query = format!("SET LOCAL lock_timeout = {wait}; {EXACT}");
        let Err(cause) = pg.batch_execute(&query) else { return Ok(()) };
        if let Err(broken) = pg.batch_execute("ROLLBACK") {
            log::warn!("a connection is broken: {broken}");
        }
        if !is_lock_timeout(&cause) {
            return Err(Failure::Transaction(cause));
        }
        std::thread::sleep(PAUSE);
    }
    Err(Failure::Busy)
}

/// Whether a lock was waited for in vain. PostgreSQL tells so in the language of its `lc_messages`.
fn is_lock_timeout(cause: &diesel::result::Error) -> bool {
    let text = cause.to_string();
    ["lock timeout", "блокировки"].iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feed_is_complete_up_to_the_least_of_its_writers() {
        let of = |last, begun: &[i64]| {
            let horizon = from_writers(last, begun);
            (horizon.complete(), horizon.is_behind())
        };
        assert_eq!(of(7, &[]), (7, false));
        assert_eq!(of(7, &[7]), (7, false), "its numbers come after the last one");
        assert_eq!(of(7, &[6, 4, 7]), (4, true));
        assert_eq!(of(7, &[8, 9]), (7, false), "they began after the last one was read");
        assert_eq!(of(1, &[0]), (0, true), "nothing was committed yet");
        let many = 3 * ROUND;
        assert_eq!(of(many + 2, &[ROUND - 1]), (many - 1, true), "the bits went round in between");
        assert_eq!(of(many - 1, &[0]), (many - 1, false));
    }
}
