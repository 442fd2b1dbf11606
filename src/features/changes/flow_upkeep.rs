//! What keeps the feed: its epoch, and that it does not grow for ever.

use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};

use super::store;
use crate::db::{Actor, AnyConnection, Db, Mode};
use crate::error::Error;
use crate::kit::clock::Clock;
use crate::kit::id::new_uuid;

/// Changes that are purged in one transaction.
const BATCH: i64 = 500;
/// How often old changes are looked for.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Gives the feed its first epoch.
///
/// # Errors
///
/// The database's own failures.
pub fn prepare(conn: &mut AnyConnection) -> Result<(), Error> {
    Ok(store::set_first_epoch(conn, &new_uuid())?)
}

/// Gives the feed a new epoch and tells it: to be done after a backup was restored, whose numbers
/// are given anew to other changes. Readers are sent to the export.
///
/// # Errors
///
/// The database's own failures.
pub fn new_epoch(conn: &mut AnyConnection) -> Result<String, Error> {
    let epoch = new_uuid();
    store::set_epoch(conn, &epoch)?;
    Ok(epoch)
}

/// Purges changes older than so many days, now and once a day. Logs what it cannot do; the next day
/// tries again.
pub async fn keep_short(db: Db, clock: Clock, days: u32) {
    loop {
        let before = clock.now().naive_utc() - TimeDelta::days(i64::from(days));
        match purge(&db, before).await {
            Ok(0) => {}
            Ok(count) => log::info!("{count} changes older than {days} days were purged from the feed"),
            Err(cause) => log::warn!("old changes could not be purged from the feed: {cause}"),
        }
        tokio::time::sleep(DAY).await;
    }
}

/// Purges changes that were recorded before this instant, UTC; answers how many there were. One that
/// is younger keeps all after it.
///
/// # Errors
///
/// The database's own failures; what was purged stays purged.
pub async fn purge(db: &Db, before: NaiveDateTime) -> Result<i64, Error> {
    let mut purged = 0;
    loop {
        let batch = db
            .write(Actor::operator(), Mode::Keep, move |tx| {
                Ok::<_, Error>(store::purge_some(tx, before, BATCH)?)
            })
            .await?;
        purged += batch;
        if batch < BATCH {
            return Ok(purged);
        }
    }
}
