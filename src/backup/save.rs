//! Takes a backup.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chrono::{NaiveDateTime, SecondsFormat};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{FORMAT, FeedPlace, FilePart, MANIFEST, Manifest, TablePart, file_entry, hex, table_entry};
use crate::db::{AnyConnection, Db, Failure, Horizon, migrate, rows};
use crate::features::{self, changes};
use crate::files::{FileFailure, Files, NamedFile};
use crate::kit::clock::Clock;

type Archive = ZipWriter<BufWriter<File>>;

/// How often the rows are read at most: again where a file went with its row before it was taken, or the
/// database was busy.
const TRIES: usize = 20;
/// How long a busy database is left alone.
const AGAIN: Duration = Duration::from_secs(3);

/// Writes everything to a new file at `path` and tells what is in it. The service may work meanwhile:
/// the rows are those of one instant, at which every write before the call is among them.
///
/// # Errors
///
/// There is a file at `path`; the database, the store of files or the disk does not work. Nothing is
/// left at `path` then.
pub async fn save(db: &Db, files: &Files, clock: &Clock, path: &Path) -> anyhow::Result<Manifest> {
    ensure!(!path.exists(), "{} exists already", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // It holds personal data: readable by its owner only.
    let begun = tempfile::NamedTempFile::new_in(folder).with_context(|| folder.display().to_string())?;
    let mut archive = ZipWriter::new(BufWriter::new(begun.reopen()?));

    // Most files first, which may take long; after the rows only those that came meanwhile.
    let mut kept = BTreeMap::new();
    let now = clock.now().naive_utc();
    let early = db.read(move |conn| anyhow::Ok(features::named_files(conn, now)?)).await?;
    copy_files(files, early, &mut kept, &mut archive).await?;
    for _ in 0..TRIES {
        let now = clock.now();
        let spool = tempfile::tempfile_in(folder)?;
        let rows = move |conn: &mut AnyConnection, horizon| write_rows(conn, horizon, now.naive_utc(), spool);
        let taken = match db.exact_snapshot(rows).await {
            // What was copied so far may have taken an hour: a busy database is worth another try.
            Err(cause) if matches!(cause.downcast_ref(), Some(Failure::Busy)) => {
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            taken => taken?,
        };
        let Taken { schema, feed, tables, named, spool } = taken;
        let keys: BTreeMap<String, String> =
            named.iter().map(|file| (file.key.clone(), file.sha256.clone())).collect();
        let missing = copy_files(files, named, &mut kept, &mut archive).await?;
        let still = db.read(move |conn| anyhow::Ok(features::named_files(conn, now.naive_utc())?)).await?;
        let still: BTreeSet<String> = still.into_iter().map(|file| file.key).collect();
        if missing.iter().any(|key| !still.contains(key)) {
            continue;
        }
        let mut rows = ZipArchive::new(spool)?;
        for at in 0..rows.len() {
            archive.raw_copy_file(rows.by_index_raw(at)?)?;
        }
        let files: Vec<FilePart> =
            kept.into_values().filter(|part: &FilePart| keys.contains_key(&part.key)).collect();
        let is_other = |part: &&FilePart| keys.get(&part.key) != Some(&part.sha256);
        let damaged = files.iter().filter(is_other).map(|part| part.key.clone()).collect();
        let program = env!("CARGO_PKG_VERSION").to_owned();
        let made_at = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        let format = FORMAT;
        let manifest = Manifest { format, program, schema, made_at, feed, tables, files, missing, damaged };
        archive.start_file(MANIFEST, packed())?;
        serde_json::to_writer_pretty(&mut archive, &manifest)?;
        let mut written = archive.finish()?;
        written.flush()?;
        written.get_ref().sync_all()?;
        begun.persist_noclobber(path).with_context(|| path.display().to_string())?;
        File::open(folder)?.sync_all()?;
        return Ok(manifest);
    }
    bail!("the database was busy, or files went with their rows, each time: try again later")
}

struct Taken {
    schema: String,
    feed: FeedPlace,
    tables: BTreeMap<String, TablePart>,
    named: Vec<NamedFile>,
    /// The tables, packed.
    spool: File,
}

fn write_rows(
    conn: &mut AnyConnection,
    horizon: Horizon,
    now: NaiveDateTime,
    spool: File,
) -> anyhow::Result<Taken> {
    let standing = changes::standing(conn, horizon)?;
    let mut packing = ZipWriter::new(BufWriter::new(spool));
    let mut tables = BTreeMap::new();
    for table in rows::tables(conn)? {
        let last_number = table.last_number(conn)?;
        packing.start_file(table_entry(&table.name), packed())?;
        let mut hash = Sha256::new();
        let rows = table.read(conn, |line| {
            for part in [line.as_bytes(), b"\n"] {
                hash.update(part);
                packing.write_all(part)?;
            }
            anyhow::Ok(())
        })?;
        tables.insert(table.name, TablePart { rows, sha256: hex(hash), last_number });
    }
    Ok(Taken {
        schema: migrate::version(conn)?,
        feed: FeedPlace { epoch: standing.epoch, seq: standing.complete },
        tables,
        named: features::named_files(conn, now)?,
        spool: packing.finish()?.into_inner().map_err(|cause| cause.into_error())?,
    })
}

/// Copies the files that are not in the archive yet; answers with the keys that the store does not have.
async fn copy_files(
    files: &Files,
    named: Vec<NamedFile>,
    kept: &mut BTreeMap<String, FilePart>,
    archive: &mut Archive,
) -> anyhow::Result<Vec<String>> {
    let mut missing = Vec::new();
    for NamedFile { key, .. } in named {
        if kept.contains_key(&key) {
            continue;
        }
        match write_file(files, &key, archive).await? {
            Some(part) => drop(kept.insert(key, part)),
            None => missing.push(key),
        }
    }
    Ok(missing)
}

async fn write_file(files: &Files, key: &str, archive: &mut Archive) -> anyhow::Result<Option<FilePart>> {
    let mut stored = match files.read(key, None).await {
        Ok(stored) => stored,
        Err(FileFailure::Missing(_)) => return Ok(None),
        Err(cause) => return Err(cause.into()),
    };
    // Documents and photos are packed already.
    let as_it_is =
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    archive.start_file(file_entry(key), as_it_is)?;
    let (mut hash, mut size) = (Sha256::new(), 0_u64);
    while let Some(piece) = stored.bytes.next().await {
        let piece = piece?;
        hash.update(&piece);
        size += u64::try_from(piece.len())?;
        archive.write_all(&piece)?;
    }
    Ok(Some(FilePart { key: key.to_owned(), size, sha256: hex(hash) }))
}

fn packed() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true)
}
