//! Backups: everything the service keeps in one ZIP archive, taken while it works, and back again.
//!
//! ```text
//! manifest.json          what follows, with sizes and SHA-256: written last, so that half an archive has none
//! tables/<name>.ndjson   the rows of a table, a line each, all from one instant
//! files/<key>            the files that those rows name
//! ```
//!
//! Rows are written as either database reads them: a backup of the embedded database can be restored
//! to PostgreSQL and back. A file is kept before its row is and removed after it. Keys of DATA_DIR are not in it: whoever finds a backup must not be able to
//! sign tokens.

mod check;
mod restore;
mod save;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::check::{Checked, check};
pub use self::restore::restore;
pub use self::save::save;

/// The form of the archive, as this program writes it.
const FORMAT: u32 = 1;
/// The entry that describes the others.
const MANIFEST: &str = "manifest.json";

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the archive.
    pub format: u32,
    /// The version of the program that wrote it.
    pub program: String,
    /// The schema of its rows.
    pub schema: String,
    /// When its rows were read, RFC 3339, UTC.
    pub made_at: String,
    /// The epoch of the change feed, and the number up to which its rows tell of changes.
    pub feed: FeedPlace,
    /// The tables by name.
    pub tables: BTreeMap<String, TablePart>,
    /// The files.
    pub files: Vec<FilePart>,
    /// Files that rows name and the store did not have.
    pub missing: Vec<String>,
    /// Files that are not what their rows say.
    pub damaged: Vec<String>,
}

impl Manifest {
    /// Says in the log which files are missing or damaged.
    pub fn warn(&self) {
        for key in &self.missing {
            log::warn!("the store did not have the file {key}");
        }
        for key in &self.damaged {
            log::warn!("the file {key} was damaged already");
        }
    }
}

impl std::fmt::Display for Manifest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows: u64 = self.tables.values().map(|table| table.rows).sum();
        let (files, seq, at) = (self.files.len(), self.feed.seq, &self.made_at);
        write!(f, "{rows} rows, {files} files, the feed up to {seq}, as of {at}")
    }
}

/// Where the change feed stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPlace {
    /// Epoch.
    pub epoch: String,
    /// Number.
    pub seq: i64,
}

/// A table in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TablePart {
    /// Rows.
    pub rows: u64,
    /// SHA-256 of its lines, hex.
    pub sha256: String,
    /// The last number that it gave to a row, of tables that number theirs.
    pub last_number: Option<i64>,
}

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePart {
    /// Its key in the store.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

fn table_entry(name: &str) -> String {
    format!("tables/{name}.ndjson")
}

fn file_entry(key: &str) -> String {
    format!("files/{key}")
}

fn hex(hash: Sha256) -> String {
    format!("{:x}", hash.finalize())
}
