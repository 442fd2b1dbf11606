//! One write transaction, and the end of a reading one.

use diesel::connection::SimpleConnection;

use super::{Actor, AnyConnection, Failure, Mode, Tx};

/// Ends the transaction after `work`: nothing was written, so that ends the snapshot.
pub(super) fn in_snapshot<T, E>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    let outcome = work(conn);
    roll_back(conn);
    outcome
}

/// The transaction itself, for callers that already are on a blocking thread.
///
/// # Errors
///
/// The error of `work`, or [`Failure`] in its clothes.
pub fn transact<T, E, F>(
    conn: &mut AnyConnection,
    actor: &Actor,
    now: chrono::DateTime<chrono::Utc>,
    mode: Mode,
    work: F,
) -> Result<T, E>
where
    F: FnOnce(&mut Tx) -> Result<T, E>,
    E: From<Failure>,
{
    commit(conn, actor, now, mode, work).map(|(value, _is_news)| value)
}

/// The transaction, and whether it left changes to tell.
pub(super) fn commit<T, E, F>(
    conn: &mut AnyConnection,
    actor: &Actor,
    now: chrono::DateTime<chrono::Utc>,
    mode: Mode,
    work: F,
) -> Result<(T, bool), E>
where
    F: FnOnce(&mut Tx) -> Result<T, E>,
    E: From<Failure>,
{
    let begin = match conn {
        AnyConnection::Postgres(_) => "BEGIN",
        AnyConnection::Sqlite(_) => "BEGIN IMMEDIATE",
    };
    conn.batch_execute(begin).map_err(Failure::Transaction)?;
    let mut tx = Tx::new(conn, actor, now);
    let outcome = work(&mut tx).and_then(|value| {
        if mode == Mode::Keep {
            tx.write_journal().map_err(Failure::Transaction)?;
        }
        Ok((value, mode == Mode::Keep && tx.has_changes()))
    });
    match outcome {
        Ok(told) if mode == Mode::Keep => {
            if let Err(cause) = conn.batch_execute("COMMIT") {
                roll_back(conn);
                return Err(Failure::Transaction(cause).into());
            }
            Ok(told)
        }
        other => {
            roll_back(conn);
            other
        }
    }
}

fn roll_back(conn: &mut AnyConnection) {
    if let Err(cause) = conn.batch_execute("ROLLBACK") {
        log::error!("rollback failed: {cause}");
    }
}
