//! What the tables of `docs/security.md` and `docs/reliability.md` say was observed.
//!
//! A row has an id, what is done, and what is expected; a test sees what happens, on each
//! database, prints the row, and compares its cell with the committed one. With
//! `UPDATE_TABLES=1` it writes the cell instead, as snapshots are written.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::app::Database;
use crate::client::Reply;

/// The rows of a table: a letter, and how many there are.
const SECURITY: &[(char, u32)] =
    &[('J', 28), ('A', 10), ('Z', 20), ('I', 26), ('P', 18), ('W', 14), ('F', 12), ('C', 17)];
const RELIABILITY: &[(char, u32)] = &[('R', 28)];
/// What a cell begins with where the row cannot run here; the reason follows.
const NOT_RUN: &str = "not run: ";

/// What one test sees of one row on one database.
pub struct Witness {
    id: &'static str,
    on: Database,
    seen: Vec<(String, u32)>,
}

impl Witness {
    /// Of the row with this id.
    pub fn of(id: &'static str, on: Database) -> Self {
        Self { id, on, seen: Vec::new() }
    }

    /// Something that was observed; the same again is counted.
    pub fn saw(&mut self, what: impl Into<String>) {
        let what = what.into();
        match self.seen.iter_mut().find(|(known, _)| *known == what) {
            Some((_, count)) => *count += 1,
            None => self.seen.push((what, 1)),
        }
    }

    /// An answer: its status and the code of its problem.
    pub fn answer(&mut self, reply: &Reply) {
        self.told(reply.status, &reply.bytes);
    }

    /// The same of an answer read by hand.
    pub fn told(&mut self, status: u16, body: &[u8]) {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let code = body["code"].as_str().filter(|_| status >= 400).unwrap_or_default();
        self.saw(format!("{status} {code}").trim_end());
    }

    /// What was observed so far, as the cell has it.
    fn cell(&self) -> String {
        let times = |(what, count): &(String, u32)| match count {
            1 => what.clone(),
            more => format!("{what} (× {more})"),
        };
        self.seen.iter().map(times).collect::<Vec<_>>().join("; ")
    }

    /// Prints the row and compares it with the table, or writes it there.
    #[track_caller]
    pub fn report(&self) {
        let (id, cell) = (self.id, self.cell());
        assert!(!cell.is_empty() && !cell.contains('|'), "{id}: observed {cell:?}");
        let path = document(if id.starts_with('R') { "reliability.md" } else { "security.md" });
        let update = std::env::var("UPDATE_TABLES").is_ok();
        let mut file = File::options().read(true).write(update).open(&path).unwrap();
        // Tests are processes of their own.
        file.lock().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let old = text.lines().find(|line| line.starts_with(&format!("| {id} |"))).unwrap();
        let mut cells = cells(old);
        println!("{id} on {:?}: {} -> {} -> {cell}", self.on, cells[1], cells[2]);
        cells[match self.on {
            Database::Sqlite => 3,
            Database::Postgres => 4,
        }] = &cell;
        let new = format!("| {} |", cells.join(" | "));
        if update {
            let text = text.replacen(old, &new, 1);
            file.rewind().unwrap();
            file.set_len(0).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        } else {
            assert_eq!(old, new, "{} is stale: UPDATE_TABLES=1 cargo nextest run", path.display());
        }
    }
}

fn cells(line: &str) -> [&str; 5] {
    let inner = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|')).unwrap();
    let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
    cells.try_into().unwrap_or_else(|_| panic!("not five cells: {line}"))
}

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

#[test]
fn the_table_of_attacks_has_every_row() {
    expect_every_row("security.md", SECURITY);
}

#[test]
fn the_table_of_faults_has_every_row() {
    expect_every_row("reliability.md", RELIABILITY);
}

/// Every row is in the table, in order; it was seen on both databases by a test, or says why
/// it cannot run.
fn expect_every_row(name: &str, letters: &[(char, u32)]) {
    let tests: String = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it"))
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok())
        .collect();
    let expected: Vec<String> = letters
        .iter()
        .flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number:02}")))
        .collect();
    let text = std::fs::read_to_string(document(name)).unwrap();
    let is_row = |line: &&str| expected.iter().any(|id| line.starts_with(&format!("| {id} |")));
    let rows: Vec<[&str; 5]> = text.lines().filter(is_row).map(cells).collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), expected);
    let mut faults = Vec::new();
    for row in rows {
        let id = row[0];
        let witnessed = tests.contains(&format!("\"{id}\","));
        // A fault of one database is seen on that one alone.
        let never_runs = row[3..].iter().all(|cell| cell.starts_with(NOT_RUN));
        for cell in &row[3..] {
            match cell.strip_prefix(NOT_RUN) {
                Some(reason) if reason.len() < 20 || (witnessed && never_runs) => {
                    faults.push(format!("{id}: {cell}"))
                }
                None if cell.is_empty() || !witnessed => faults.push(format!("{id}: nobody saw {cell:?}")),
                _ => {}
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
