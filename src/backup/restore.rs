//! Brings a backup back.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::{FORMAT, MANIFEST, Manifest, TablePart, file_entry, hex, table_entry};
use crate::db::rows::{self, Table};
use crate::db::{self, Actor, AnyConnection, DatabaseUrl, Event, Mode, Tx, migrate};
use crate::features::{accounts, changes};
use crate::files::Files;
use crate::kit::clock::Clock;

/// Rows that are stored at once.
const BATCH: usize = 500;
/// Bytes of them: a note or a version of a report may be long.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

type Archive = ZipArchive<BufReader<File>>;

/// Brings the rows and the files of an archive into an empty database and a store, and tells what was
/// in it. The change feed gets a new epoch: its readers take an export. Files are stored first, rows in
/// one transaction: cut off, it is done again from the beginning.
///
/// # Errors
///
/// The file is no whole archive, or its parts are not what the manifest says; the database holds
/// accounts, or a schema that is newer than the archive's; this program is older than it; the database
/// or the store does not work.
pub async fn restore(
    database: &DatabaseUrl,
    files: &Files,
    clock: &Clock,
    path: &Path,
) -> anyhow::Result<Manifest> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let mut archive = ZipArchive::new(BufReader::new(file)).context("this is no whole archive")?;
    let manifest: Manifest = {
        let entry = archive.by_name(MANIFEST).context("the archive has no manifest: it is not whole")?;
        serde_json::from_reader(entry).context(MANIFEST)?
    };
    ensure!(manifest.format == FORMAT, "the archive has the form {}, which is not known", manifest.format);
    migrate::up_to(database, &manifest.schema)?;
    let mut conn = database.connect()?;
    require_empty(&mut conn)?;
    for part in &manifest.files {
        let entry = archive.by_name(&file_entry(&part.key))?;
        let is_kept = files.put(&part.key, &part.sha256, entry).await.with_context(|| part.key.clone())?;
        ensure!(is_kept, "the archive is damaged: the file {} is another one", part.key);
    }
    let operator = Actor::operator();
    db::transact(&mut conn, &operator, clock.now(), Mode::Keep, |tx| load(tx, &mut archive, &manifest))?;
    drop(conn);
    migrate::up(database)?;
    Ok(manifest)
}

fn load(tx: &mut Tx, archive: &mut Archive, manifest: &Manifest) -> anyhow::Result<()> {
    let conn: &mut AnyConnection = tx;
    require_empty(conn)?;
    let tables = rows::tables(conn)?;
    if let Some(table) = tables.iter().find(|table| !manifest.tables.contains_key(&table.name)) {
        bail!("the archive lacks the table {}", table.name);
    }
    rows::defer_references(conn)?;
    // What migrations have put there is in the archive too.
    for table in &tables {
        table.clear(conn)?;
    }
    for (name, part) in &manifest.tables {
        let table = tables.iter().find(|table| table.name == *name);
        let table = table.ok_or_else(|| anyhow!("the schema has no table {name}"))?;
        load_table(conn, archive, table, part).with_context(|| name.clone())?;
    }
    rows::references_hold(conn)?;
    changes::new_epoch(conn)?;
    // The audit goes on from here: what was done since the backup is not in it.
    let reason = Some(format!("a backup of {}, the feed up to {}", manifest.made_at, manifest.feed.seq));
    tx.note_event(Event {
        action: "restore",
        resource: "backups",
        id: manifest.made_at.clone(),
        municipality_id: None,
        reason,
    });
    Ok(())
}

fn require_empty(conn: &mut AnyConnection) -> anyhow::Result<()> {
    ensure!(
        !accounts::is_any(conn)?,
        "the database has accounts: a backup is restored to an empty one, name it by DATABASE_URL"
    );
    Ok(())
}

fn load_table(
    conn: &mut AnyConnection,
    archive: &mut Archive,
    table: &Table,
    part: &TablePart,
) -> anyhow::Result<()> {
    let entry = archive.by_name(&table_entry(&table.name))?;
    let (mut hash, mut count, mut bytes) = (Sha256::new(), 0_u64, 0);
    let mut batch = Vec::with_capacity(BATCH);
    for line in BufReader::new(entry).lines() {
        let line = line?;
        hash.update(line.as_bytes());
        hash.update(b"\n");
        count += 1;
        bytes += line.len();
        batch.push(line);
        if batch.len() == BATCH || bytes > BATCH_BYTES {
            table.insert(conn, &batch)?;
            batch.clear();
            bytes = 0;
        }
    }
    if !batch.is_empty() {
        table.insert(conn, &batch)?;
    }
    if hex(hash) != part.sha256 || count != part.rows {
        bail!("the archive is damaged: the rows are others");
    }
    if let Some(number) = part.last_number {
        table.go_on_after(conn, number)?;
    }
    Ok(())
}
