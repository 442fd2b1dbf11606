//! Looks whether everything is there and whole.

use futures_util::StreamExt;
use sha2::{Digest, Sha256};

use super::hex;
use crate::db::{Db, migrate, rows};
use crate::features::{self, audit};
use crate::files::{FileFailure, Files, NamedFile};
use crate::kit::clock::Clock;

/// What was looked at, and every fault found, a line each.
#[derive(Debug, Default)]
pub struct Checked {
    /// Rows that could be read.
    pub rows: u64,
    /// Files that are what their rows say.
    pub files: u64,
    /// What is wrong.
    pub faults: Vec<String>,
}

/// Reads every row and every file that a row names. The service may work meanwhile.
///
/// # Errors
///
/// The database or the store does not work; what is damaged in them is a fault, not an error.
pub async fn check(db: &Db, files: &Files, clock: &Clock) -> anyhow::Result<Checked> {
    let now = clock.now().naive_utc();
    let looked = db.snapshot(move |conn| {
        let mut found = Checked::default();
        if !migrate::is_current(conn)? {
            found.faults.push("the schema is of another version than the program".to_owned());
        }
        found.faults.extend(rows::faults(conn)?);
        for table in rows::tables(conn)? {
            match table.read(conn, |_line| anyhow::Ok(())) {
                Ok(rows) => found.rows += rows,
                Err(cause) => found.faults.push(format!("{}: {cause}", table.name)),
            }
        }
        found.faults.extend(audit::verify(conn, None)?.faults);
        let named = features::named_files(conn, now)?;
        anyhow::Ok((found, named))
    });
    let (mut found, named) = looked.await?;
    for file in named {
        match fault_of(files, &file).await? {
            None => found.files += 1,
            Some(fault) => found.faults.push(format!("{}: {fault}", file.key)),
        }
    }
    Ok(found)
}

async fn fault_of(files: &Files, file: &NamedFile) -> anyhow::Result<Option<&'static str>> {
    let mut stored = match files.read(&file.key, None).await {
        Ok(stored) => stored,
        Err(FileFailure::Missing(_)) => return Ok(Some("the file is missing")),
        Err(cause) => return Err(cause.into()),
    };
    let mut hash = Sha256::new();
    while let Some(piece) = stored.bytes.next().await {
        hash.update(&piece?);
    }
    Ok((hex(hash) != file.sha256).then_some("the file is not what was stored"))
}
