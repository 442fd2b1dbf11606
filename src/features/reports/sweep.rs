//! Files of evidence that no row names any more.

use std::collections::HashSet;

use diesel::QueryResult;

use super::content::{FOLDER, key_of};
use super::store_evidence;
use crate::db::{AnyConnection, Db};
use crate::error::Error;
use crate::files::{Files, NamedFile};
use crate::kit::id::EvidenceId;

/// Files that are asked for at once.
const BATCH: usize = 500;

/// Files that no evidence names are few. Where they are more than these, and than a fifth of all, the
/// store belongs to another database: that of a service whose backup is tried out, say.
const MOST_STRAY: usize = 20;

/// Removes files older than 30 days that no evidence names: a process ended between keeping a file
/// and recording it, or between deleting evidence and removing its file. Where most are such, none is.
///
/// # Errors
///
/// The database or the store does not work; what was removed stays removed.
pub async fn sweep_files(db: &Db, files: &Files) -> Result<(), Error> {
    let keys = files.settled(FOLDER).await?;
    let mut stray = Vec::new();
    for batch in keys.chunks(BATCH) {
        let named: Vec<(EvidenceId, String)> = batch.iter().filter_map(|key| named(key)).collect();
        let ids: Vec<EvidenceId> = named.iter().map(|(id, _)| id.clone()).collect();
        let known = db.read(move |conn| Ok::<_, Error>(store_evidence::known(conn, &ids)?)).await?;
        let known: HashSet<EvidenceId> = known.into_iter().collect();
        stray.extend(named.into_iter().filter(|(id, _)| !known.contains(id)).map(|(_, key)| key));
    }
    if stray.len() > MOST_STRAY && stray.len() * 5 > keys.len() {
        log::error!(
            "no evidence names {} of {} files: the store is of another database",
            stray.len(),
            keys.len()
        );
        return Ok(());
    }
    for key in stray {
        log::info!("no evidence names the file {key}: removed");
        files.remove(&key).await?;
    }
    Ok(())
}

/// The files that evidence names, also what was taken away from reports since: versions show it.
///
/// # Errors
///
/// The database's own failures.
pub fn named_files(conn: &mut AnyConnection) -> QueryResult<Vec<NamedFile>> {
    let rows = store_evidence::files(conn)?;
    let key = |(id, sha256): (EvidenceId, String)| NamedFile { key: key_of(&sha256, &id), sha256 };
    Ok(rows.into_iter().map(key).collect())
}

/// The evidence that a file belongs to: its key ends with a hyphen and the id.
fn named(key: &str) -> Option<(EvidenceId, String)> {
    let (_, id) = key.rsplit('/').next()?.split_once('-')?;
    Some((EvidenceId(id.to_owned()), key.to_owned()))
}
