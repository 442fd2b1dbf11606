//! A copy of the file with a column that tells what is wrong with each row: corrected, it is imported
//! again, and the column is passed over.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::domain::ImportKind;
use super::kinds::{Column as KindColumn, columns_of, repeated_of};
use super::runner::format_of;
use super::store::JobRow;
use super::store_errors::ErrorRow;
use super::table::{Content, Row, Table};
use crate::error::Error;
use crate::kit::lang::Lang;
use crate::print::sheet::{self, Cell, Column};
use crate::web::Format;

/// How wide columns are, in characters.
const WIDTH: u8 = 24;
const ERRORS_WIDTH: u8 = 60;

/// The copy, as CSV or as a workbook.
///
/// # Errors
///
/// The file cannot be read again, or the copy not written: faults of the program.
pub fn copy(
    row: &JobRow,
    bytes: Vec<u8>,
    errors: Vec<ErrorRow>,
    format: Format,
    lang: Lang,
    made_at: DateTime<Utc>,
) -> Result<Vec<u8>, Error> {
    let table = Table::read(bytes, format_of(row), row.kind, columns_of(row.kind))?;
    let told = by_row(errors, lang);
    let mut columns: Vec<Column> = titles(&table, row.kind).map(|title| Column::new(&title, WIDTH)).collect();
    columns.push(Column::new(if lang == Lang::Ru { "Ошибки" } else { "errors" }, ERRORS_WIDTH));
    let mut broken = None;
    let lines = table.rows().map_while(|row| row.map_err(|cause| broken = Some(cause)).ok());
    let rows = lines.flat_map(|line| {
        let error = told.get(&line.number).map(|texts| texts.join("\n"));
        lines_of(&table, row.kind, line, &error.unwrap_or_default())
    });
    let written = match format {
        Format::Xlsx => sheet::xlsx("Ошибки", made_at, &columns, rows),
        _ => sheet::csv(&columns, rows),
    };
    if let Some(cause) = broken {
        return Err(cause.into());
    }
    written.map_err(|cause| Error::Internal(cause.into()))
}

fn by_row(errors: Vec<ErrorRow>, lang: Lang) -> BTreeMap<usize, Vec<String>> {
    let mut told: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for error in errors {
        let message = if lang == Lang::Ru { error.message_ru } else { error.message_en };
        let text = match error.column_title {
            Some(column) => format!("{column}: {message}"),
            None => message,
        };
        told.entry(usize::try_from(error.row_number).unwrap_or_default()).or_default().push(text);
    }
    told
}

/// The titles of the file, or of JSON the names of the kind's columns.
fn titles(table: &Table, kind: ImportKind) -> Box<dyn Iterator<Item = String> + '_> {
    if table.heads.is_empty() {
        return Box::new(columns_of(kind).iter().map(|column| column.name.to_owned()));
    }
    Box::new(table.heads.iter().filter(|head| !head.is_passed).map(|head| head.title.clone()))
}

fn lines_of(table: &Table, kind: ImportKind, row: Row, error: &str) -> Vec<Vec<Cell>> {
    let with_error = |mut cells: Vec<Cell>, error: &str| {
        cells.push(if error.is_empty() { Cell::Empty } else { Cell::Text(error.to_owned()) });
        cells
    };
    match row.content {
        Content::Cells { cells, .. } => {
            let mut cells = cells.into_iter();
            let kept = table.heads.iter().filter_map(|head| {
                let cell = cells.next().unwrap_or_default();
                let cell = if cell.is_empty() { Cell::Empty } else { Cell::Text(cell) };
                (!head.is_passed).then_some(cell)
            });
            vec![with_error(kept.collect(), error)]
        }
        Content::Object(value, _) => {
            let elements = repeated_of(kind).and_then(|member| value.get(member)?.as_array().cloned());
            let elements = elements.filter(|elements| !elements.is_empty()).unwrap_or(vec![Value::Null]);
            let line = |(place, element): (usize, &Value)| {
                let cell = |column: &KindColumn| match (column.repeats, place == 0 || column.is_key) {
                    (true, _) => cell_at(element, column.path),
                    (false, true) => cell_at(&value, column.path),
                    (false, false) => Cell::Empty,
                };
                with_error(columns_of(kind).iter().map(cell).collect(), if place == 0 { error } else { "" })
            };
            elements.iter().enumerate().map(line).collect()
        }
    }
}

/// What a member says, as a cell that the import reads back.
fn cell_at(value: &Value, path: &[&str]) -> Cell {
    let found = path.iter().try_fold(value, |value, name| value.get(name));
    match found {
        None | Some(Value::Null) => Cell::Empty,
        Some(Value::String(text)) => Cell::Text(text.clone()),
        Some(Value::Bool(flag)) => Cell::Text(if *flag { "да" } else { "нет" }.to_owned()),
        Some(Value::Array(parts)) => Cell::Text(joined(parts)),
        Some(Value::Object(members)) => Cell::Text(match members.get("kind").and_then(Value::as_str) {
            Some("all") => "все".to_owned(),
            _ => members.values().filter_map(Value::as_array).map(|parts| joined(parts)).collect(),
        }),
        Some(number) => Cell::Text(number.to_string()),
    }
}

fn joined(parts: &[Value]) -> String {
    let text = |part: &Value| part.as_str().map_or_else(|| part.to_string(), str::to_owned);
    parts.iter().map(text).collect::<Vec<_>>().join("; ")
}
