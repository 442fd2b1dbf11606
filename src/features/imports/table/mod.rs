//! The rows of a file: CSV, a workbook, or JSON, all read as one form.
//!
//! A file is at most as large as an upload may be, so its text lies in memory whole; its rows are taken
//! from it one by one.

mod decode;
mod heads;
mod workbook;

use std::collections::BTreeMap;

use serde_json::Value;

pub use self::heads::Head;
use super::domain::{MOST_CELL, MOST_COLUMNS};
use super::kinds::Column;
use crate::files::FileKind;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::web::json;

/// Delimiters of CSV that are told apart.
const DELIMITERS: [u8; 3] = [b';', b',', b'\t'];
/// Characters of a cell that is too long that are kept, to show what it began with.
const KEPT_OF_LONG: usize = 1_000;

/// Code of what has more columns than any table may have.
const TOO_MANY_COLUMNS: &str = "too-many-columns";

/// A file, ready for its rows to be read.
#[derive(Debug)]
pub struct Table {
    /// Its columns; none for JSON.
    pub heads: Vec<Head>,
    /// Rows that are not empty.
    pub rows: usize,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// Records of text, the heading first.
    Records(Records),
    /// A JSON value a line, and what was wrong with a row as JSON, by its number.
    Objects { lines: String, faults: BTreeMap<usize, Vec<Violation>> },
}

/// CSV in memory.
#[derive(Debug)]
pub(super) struct Records {
    /// The text.
    pub(super) text: String,
    /// What parts fields.
    pub(super) delimiter: u8,
    /// Whether the first field of each record is the number of its row.
    pub(super) numbered: bool,
}

/// A row of a file.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number: as office suites number it; of JSON its place in `rows`, from 1.
    pub number: usize,
    /// What it holds.
    pub content: Content,
}

/// What a row holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// The cells of a table, as they stand there; `long` ones are cut.
    Cells {
        /// Text by column.
        cells: Vec<String>,
        /// Columns whose cells are longer than any may be.
        long: Vec<usize>,
        /// Whether the cells that follow are empty; of a text, it may as well be cut off there.
        is_whole: bool,
    },
    /// A JSON value, and what is wrong with it as JSON.
    Object(Value, Vec<Violation>),
}

/// Why a file cannot be read at all.
#[derive(Debug)]
pub enum Unreadable {
    /// What is wrong with it, each at `/file` or `/rows`.
    Because(Vec<Violation>),
    /// Reading failed inside: a fault of the program.
    Broken(anyhow::Error),
}

impl Unreadable {
    fn file(code: &'static str, detail: Bi) -> Self {
        Self::Because(vec![Violation::new("/file", code, detail)])
    }

    fn rows(most: usize) -> Self {
        let detail = Bi::of(
            format!("Не больше {most} строк; разделите файл"),
            format!("At most {most} rows; split the file"),
        );
        Self::file("too-many-rows", detail)
    }

    fn columns() -> Self {
        let detail =
            Bi::of(format!("Не больше {MOST_COLUMNS} столбцов"), format!("At most {MOST_COLUMNS} columns"));
        Self::file(TOO_MANY_COLUMNS, detail)
    }
}

impl From<csv::Error> for Unreadable {
    fn from(cause: csv::Error) -> Self {
        Self::Broken(cause.into())
    }
}

impl Table {
    /// Reads a file with at most so many rows of these columns.
    ///
    /// # Errors
    ///
    /// An encoding that is not read, no heading, columns that are unknown, missing or too many, no or too
    /// many rows.
    pub fn read(
        bytes: Vec<u8>,
        format: FileKind,
        most: usize,
        columns: &[Column],
    ) -> Result<Self, Unreadable> {
        let mut table = match format {
            FileKind::Json => objects(bytes, most)?,
            FileKind::Xlsx => of_records(workbook::records(bytes, most)?, columns)?,
            _ => of_records(delimited(bytes, columns)?, columns)?,
        };
        let mut rows = 0;
        for row in table.rows() {
            row?;
            rows += 1;
            if rows > most {
                return Err(Unreadable::rows(most));
            }
        }
        table.rows = rows;
        if table.rows == 0 {
            return Err(Unreadable::file(
                "no-rows",
                Bi::fixed("В файле нет строк с данными", "The file has no rows"),
            ));
        }
        Ok(table)
    }

    /// The rows that are not empty, from the first one.
    pub fn rows(&self) -> Rows<'_> {
        match &self.body {
            Body::Records(records) => Rows::Records {
                records: reader(records.text.as_bytes(), records.delimiter).into_records(),
                numbers: Numbers::of(records),
                heading: true,
            },
            Body::Objects { lines, faults } => Rows::Objects { lines: lines.lines(), faults, number: 0 },
        }
    }
}

/// The rows of a file, one by one.
pub enum Rows<'t> {
    /// Of a table.
    Records {
        /// The records.
        records: csv::StringRecordsIntoIter<&'t [u8]>,
        /// Which rows they are.
        numbers: Numbers<'t>,
        /// Whether the heading is still to come.
        heading: bool,
    },
    /// Of JSON.
    Objects {
        /// A value a line.
        lines: std::str::Lines<'t>,
        /// What is wrong with some.
        faults: &'t BTreeMap<usize, Vec<Violation>>,
        /// Rows so far.
        number: usize,
    },
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Records { records, numbers, heading } => loop {
                let record = match records.next()? {
                    Ok(record) => record,
                    Err(cause) => return Some(Err(cause.into())),
                };
                if record.len() > MOST_COLUMNS + usize::from(numbers.given) {
                    return Some(Err(Unreadable::columns()));
                }
                let number = numbers.next(&record);
                let cells = record.iter().skip(usize::from(numbers.given));
                if cells.clone().all(|cell| cell.trim().is_empty()) || std::mem::take(heading) {
                    continue;
                }
                return Some(Ok(Row { number, content: bounded(cells, numbers.given) }));
            },
            Self::Objects { lines, faults, number } => {
                let line = lines.next()?;
                *number += 1;
                let faults = faults.get(number).cloned().unwrap_or_default();
                Some(match serde_json::from_str(line) {
                    Ok(value) => Ok(Row { number: *number, content: Content::Object(value, faults) }),
                    Err(cause) => Err(Unreadable::Broken(cause.into())),
                })
            }
        }
    }
}

/// The numbers of the rows: lines of the text, where those within a cell and those of nothing at all
/// are counted as office suites count them.
pub struct Numbers<'t> {
    text: &'t [u8],
    given: bool,
    line: usize,
    looked_at: usize,
    folded: usize,
}

impl<'t> Numbers<'t> {
    fn of(records: &'t Records) -> Self {
        Self { text: records.text.as_bytes(), given: records.numbered, line: 1, looked_at: 0, folded: 0 }
    }

    fn next(&mut self, record: &csv::StringRecord) -> usize {
        if self.given {
            return record.get(0).and_then(|number| number.parse().ok()).unwrap_or_default();
        }
        // The position is where the record before ended: empty lines still lie between.
        let at = record.position().map_or(0, csv::Position::byte);
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let rest = self.text.get(at..).unwrap_or_default();
        let begins = at + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.text.get(self.looked_at..begins).unwrap_or_default();
        let lines = passed.iter().filter(|byte| **byte == b'\n').count();
        self.line = (self.line + lines).saturating_sub(self.folded);
        self.looked_at = begins;
        self.folded = record.iter().map(|cell| cell.matches('\n').count()).sum();
        self.line
    }
}

fn bounded<'c>(cells: impl Iterator<Item = &'c str>, is_whole: bool) -> Content {
    let mut long = Vec::new();
    let cells = cells.enumerate().map(|(at, cell)| {
        if cell.len() <= MOST_CELL {
            return cell.to_owned();
        }
        long.push(at);
        cell.chars().take(KEPT_OF_LONG).collect()
    });
    Content::Cells { cells: cells.collect(), long, is_whole }
}

fn reader(text: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text)
}

/// The heading of a table: its first row that is not empty.
fn heading(records: &Records) -> Result<Vec<String>, Unreadable> {
    for record in reader(records.text.as_bytes(), records.delimiter).into_records() {
        let record = record?;
        if record.len() > MOST_COLUMNS + usize::from(records.numbered) {
            return Err(Unreadable::columns());
        }
        let cells: Vec<String> =
            record.iter().skip(usize::from(records.numbered)).map(|cell| cell.trim().to_owned()).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            return Ok(cells);
        }
    }
    Err(Unreadable::file("no-rows", Bi::fixed("Файл пуст", "The file is empty")))
}

fn of_records(records: Records, columns: &[Column]) -> Result<Table, Unreadable> {
    let heads = heads::heads(heading(&records)?, columns).map_err(Unreadable::Because)?;
    Ok(Table { heads, rows: 0, body: Body::Records(records) })
}

/// The delimiter is the one by which most columns of the heading are known.
fn delimited(bytes: Vec<u8>, columns: &[Column]) -> Result<Records, Unreadable> {
    let text = decode::decode(bytes).map_err(|_unknown| {
        Unreadable::file(
            "file-encoding",
            Bi::fixed(
                "Кодировка не распознана: сохраните файл как CSV в UTF-8 или Windows-1251",
                "The encoding is not known: save the file as CSV in UTF-8 or Windows-1251",
            ),
        )
    })?;
    let mut records = Records { text, delimiter: b';', numbered: false };
    let mut best = (0, 0);
    let (mut chosen, mut is_wide) = (None, false);
    for delimiter in DELIMITERS {
        // Such a line would take several times its size as fields, and be refused then.
        let fields = |line: &str| line.bytes().filter(|byte| *byte == delimiter).count();
        if records.text.split(['\n', '\r']).any(|line| fields(line) > MOST_CELL) {
            is_wide = true;
            continue;
        }
        records.delimiter = delimiter;
        let titles = match heading(&records) {
            Ok(titles) => titles,
            Err(Unreadable::Because(found)) if found.iter().any(|one| one.code == TOO_MANY_COLUMNS) => {
                is_wide = true;
                continue;
            }
            Err(other) => return Err(other),
        };
        let known = titles.iter().filter(|title| heads::is_known(title, columns)).count();
        if (known, titles.len()) > best {
            best = (known, titles.len());
            chosen = Some(delimiter);
        }
    }
    let chosen = chosen.filter(|_| best.0 > 0 || !is_wide).ok_or_else(Unreadable::columns)?;
    Ok(Records { delimiter: chosen, ..records })
}

/// Rows of JSON: an object with `rows`, or the array alone.
fn objects(bytes: Vec<u8>, most: usize) -> Result<Table, Unreadable> {
    let bytes = match bytes.strip_prefix(b"\xEF\xBB\xBF") {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
    let is_array = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let bytes = if is_array { [b"{\"rows\":", bytes.as_slice(), b"}"].concat() } else { bytes };
    let (mut lines, mut faults, mut number) = (String::new(), BTreeMap::new(), 0);
    let mut each = |row: json::Document| {
        number += 1;
        lines.push_str(&row.value.to_string());
        lines.push('\n');
        let found: Vec<Violation> = row.malformed.into_iter().chain(row.invalid).collect();
        if !found.is_empty() {
            faults.insert(number, found);
        }
    };
    match json::read_rows(&bytes, most, &mut each) {
        Ok((_, true)) => Ok(Table { heads: Vec::new(), rows: 0, body: Body::Objects { lines, faults } }),
        Ok((_, false)) => {
            let detail = Bi::fixed("Нужен массив rows", "An array rows is needed");
            Err(Unreadable::file("required", detail))
        }
        Err(violation) if violation.code == "too-many-rows" => Err(Unreadable::rows(most)),
        Err(violation) => {
            Err(Unreadable::Because(vec![Violation { pointer: "/file".to_owned(), ..violation }]))
        }
    }
}

#[cfg(test)]
mod tests;
