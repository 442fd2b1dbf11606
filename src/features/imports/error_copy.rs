//! A copy of the file with a column that tells what is wrong with each row: corrected, it is imported
//! again, and the column is passed over.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::domain::{ImportKind, MOST_ROWS};
use super::kinds::{Column as KindColumn, columns_of, repeated_of};
use super::runner::format_of;
use super::store::JobRow;
use super::store_errors::ErrorRow;
use super::table::{Content, Head, Row, Table};
use crate::error::Error;
use crate::kit::lang::{Bi, Lang};
use crate::print::sheet::{self, Cell, Column};
use crate::problems;
use crate::web::Format;

/// How wide columns are, in characters.
const WIDTH: u8 = 24;
const ERRORS_WIDTH: u8 = 60;

/// The copy, as CSV or as a workbook.
///
/// # Errors
///
/// 406 where rows of JSON name different members: a table cannot tell a member that is not named, which
/// stays as it is, from one that is cleared. The file cannot be read again, or the copy not written:
/// faults of the program.
pub fn copy(
    row: &JobRow,
    bytes: Vec<u8>,
    errors: Vec<ErrorRow>,
    format: Format,
    lang: Lang,
    made_at: DateTime<Utc>,
) -> Result<Vec<u8>, Error> {
    let table = Table::read(bytes, format_of(row), MOST_ROWS, columns_of(row.kind))?;
    let told = by_row(errors, lang);
    let named = if table.heads.is_empty() { named_by(&table, row.kind)? } else { Vec::new() };
    let mut columns: Vec<Column> = titles(&table, &named).map(|title| Column::new(&title, WIDTH)).collect();
    columns.push(Column::new(if lang == Lang::Ru { "Ошибки" } else { "errors" }, ERRORS_WIDTH));
    let mut broken = None;
    let lines = table.rows().map_while(|row| row.map_err(|cause| broken = Some(cause)).ok());
    let rows = lines.flat_map(|line| {
        let error = told.get(&line.number).map(|texts| texts.join("\n"));
        lines_of(&table, (row.kind, &named), line, &error.unwrap_or_default())
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

/// The columns of the members that the rows of JSON name.
fn named_by(table: &Table, kind: ImportKind) -> Result<Vec<&'static KindColumn>, Error> {
    let mut named: Option<Vec<bool>> = None;
    for row in table.rows() {
        let Content::Object(value, _) = row?.content else { continue };
        let elements = repeated_of(kind).and_then(|member| value.get(member)?.as_array());
        let is_named = |column: &KindColumn| match column.repeats {
            // An element is replaced whole, so that what it does not name is cleared anyway.
            true => elements.is_some(),
            // A part that is not named is left out of the whole, as that of an empty cell is.
            false => column.is_key || at_path(&value, column.path.get(..1).unwrap_or_default()).is_some(),
        };
        let these: Vec<bool> = columns_of(kind).iter().map(is_named).collect();
        if *named.get_or_insert_with(|| these.clone()) != these || !value.is_object() || has_separator(&value)
        {
            let detail = Bi::fixed(
                "Таблица не передаёт этих записей (в них разные поля, точки с запятой внутри значений или \
                 не объекты): исправьте исходный JSON по списку ошибок",
                "No table can tell these rows (they name different members, hold semicolons within values, or \
                 are no objects): correct the JSON by the list of errors",
            );
            return Err(Error::because(&problems::NOT_ACCEPTABLE, detail));
        }
    }
    let named = named.unwrap_or_default();
    Ok(columns_of(kind)
        .iter()
        .zip(named)
        .filter(|(_, is_named)| *is_named)
        .map(|(column, _)| column)
        .collect())
}

/// Whether a text among several holds what parts them in a cell.
fn has_separator(value: &Value) -> bool {
    match value {
        Value::Array(parts) => parts
            .iter()
            .any(|part| part.as_str().is_some_and(|text| text.contains([';', ','])) || has_separator(part)),
        Value::Object(members) => members.values().any(has_separator),
        _ => false,
    }
}

/// The titles of the file, or of JSON the names of the columns.
fn titles<'t>(table: &'t Table, named: &'t [&'static KindColumn]) -> Box<dyn Iterator<Item = String> + 't> {
    if table.heads.is_empty() {
        return Box::new(named.iter().map(|column| column.name.to_owned()));
    }
    Box::new(table.heads.iter().filter(|head| !head.is_passed).map(|head| head.title.clone()))
}

fn lines_of(
    table: &Table,
    (kind, named): (ImportKind, &[&'static KindColumn]),
    row: Row,
    error: &str,
) -> Vec<Vec<Cell>> {
    let with_error = |mut cells: Vec<Cell>, error: &str| {
        cells.push(if error.is_empty() { Cell::Empty } else { Cell::Text(error.to_owned()) });
        cells
    };
    match row.content {
        Content::Cells { cells, long, is_whole } => {
            let is_misread = misread(table, &cells, &long, is_whole);
            let mut told = vec![error.to_owned()];
            let mut kept = Vec::new();
            for (at, head) in table.heads.iter().enumerate().filter(|(_, head)| !head.is_passed) {
                let cell = cells.get(at).map_or("", String::as_str);
                let is_key =
                    head.column.and_then(|at| columns_of(kind).get(at)).is_some_and(|one| one.is_key);
                let is_left = cell.is_empty() || is_key && is_misread;
                kept.push(if is_left { Cell::Empty } else { Cell::Text(cell.to_owned()) });
                if is_key && is_misread {
                    told.push(format!("{}: {cell}", head.title));
                }
            }
            vec![with_error(kept, &told.join("\n"))]
        }
        Content::Object(value, _) => {
            let elements = repeated_of(kind).and_then(|member| value.get(member)?.as_array().cloned());
            let elements = elements.filter(|elements| !elements.is_empty()).unwrap_or(vec![Value::Null]);
            let line = |(place, element): (usize, &Value)| {
                let cell = |column: &&KindColumn| match (column.repeats, place == 0 || column.is_key) {
                    (true, _) => cell_at(element, column.path),
                    (false, true) => cell_at(&value, column.path),
                    (false, false) => Cell::Empty,
                };
                with_error(named.iter().map(cell).collect(), if place == 0 { error } else { "" })
            };
            elements.iter().enumerate().map(line).collect()
        }
    }
}

/// Whether the copy shows less than the row has: without its key, nobody can import it unlooked at.
fn misread(table: &Table, cells: &[String], long: &[usize], is_whole: bool) -> bool {
    let is_known = |head: &Head| head.column.is_some();
    let is_short = !is_whole && table.heads.iter().skip(cells.len()).any(is_known);
    let is_stray = cells.iter().skip(table.heads.len()).any(|cell| !cell.trim().is_empty());
    is_short || is_stray || !long.is_empty()
}

fn at_path<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

/// What a member says, as a cell that the import reads back.
fn cell_at(value: &Value, path: &[&str]) -> Cell {
    match at_path(value, path) {
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
