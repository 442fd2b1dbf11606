//! Rows put together to what is stored at once: one row, or the rows of one school that follow each
//! other where each holds one of several results.

use std::collections::HashMap;
use std::iter::Peekable;

use serde_json::{Map, Value};

use super::super::domain::{ImportKind, shown};
use super::super::table::{Content, Head, Row, Rows, Table, Unreadable};
use super::cells;
use super::columns::{Column, columns_of, repeated_of};
use crate::error::Refusal;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// Faults that are told of a unit: the first ones lead to the others.
const MOST_FAULTS: usize = 20;

/// What is wrong with a row.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Its number.
    pub row: usize,
    /// The column as the file calls it, or the member of a JSON row; `None`: the row as a whole.
    pub column: Option<String>,
    /// Stable machine code.
    pub code: &'static str,
    /// The cell, cut.
    pub value: Option<String>,
    /// What to do about it.
    pub detail: Bi,
}

/// What is stored at once.
#[derive(Debug)]
pub struct Unit {
    /// Its rows.
    pub rows: Vec<Row>,
    /// The body that they make.
    pub body: Value,
    /// What was found wrong so far.
    pub faults: Vec<Fault>,
    /// Rows that hold an element of the repeated member, by its place.
    elements: Vec<usize>,
}

/// The units of a table, one by one.
pub struct Units<'t> {
    kind: ImportKind,
    heads: &'t [Head],
    rows: Peekable<Rows<'t>>,
    met: HashMap<String, usize>,
}

impl<'t> Units<'t> {
    /// All units of a table.
    #[must_use]
    pub fn of(kind: ImportKind, table: &'t Table) -> Self {
        Self { kind, heads: &table.heads, rows: table.rows().peekable(), met: HashMap::new() }
    }

    fn unit(&mut self) -> Option<Result<Unit, Unreadable>> {
        let first = match self.rows.next()? {
            Ok(row) => row,
            Err(cause) => return Some(Err(cause)),
        };
        let mut rows = vec![first];
        if repeated_of(self.kind).is_some() {
            while let Some(next) = rows.first().and_then(|first| self.next_of_same(first)) {
                match next {
                    Ok(row) => rows.push(row),
                    Err(cause) => return Some(Err(cause)),
                }
            }
        }
        let mut unit = match rows.as_slice() {
            [Row { number, content: Content::Object(value, found) }] => of_object(*number, value, found),
            _ => self.of_cells(&rows),
        };
        unit.rows = rows;
        self.refuse_second(&mut unit);
        Some(Ok(unit))
    }

    /// The next row, when it is about the same as `first`.
    fn next_of_same(&mut self, first: &Row) -> Option<Result<Row, Unreadable>> {
        let wanted = self.key_cells(first)?;
        let (kind, heads) = (self.kind, self.heads);
        self.rows.next_if(|next| match next {
            Ok(row) => key_cells(kind, heads, row).as_ref() == Some(&wanted),
            Err(_) => true,
        })
    }

    fn key_cells(&self, row: &Row) -> Option<Vec<String>> {
        key_cells(self.kind, self.heads, row)
    }

    /// A second unit of the same key is refused: which of the two is right, nobody can tell.
    fn refuse_second(&mut self, unit: &mut Unit) {
        let (Some(key), Some(row)) = (key_of(self.kind, &unit.body), unit.rows.first().map(|row| row.number))
        else {
            return;
        };
        if let Some(first) = self.met.get(&key) {
            let detail = Bi::of(
                format!("Повторяет строку {first}: укажите каждую запись один раз, её строки подряд"),
                format!("Repeats row {first}: give each entry once, its rows one after another"),
            );
            unit.faults.push(Fault { row, column: None, code: "duplicate-row", value: None, detail });
            return;
        }
        self.met.insert(key, row);
    }

    fn of_cells(&self, rows: &[Row]) -> Unit {
        let mut body = Map::new();
        let mut faults = Vec::new();
        let mut elements = Vec::new();
        let mut repeated: Vec<Value> = Vec::new();
        let mut has_repeats = false;
        for (place, row) in rows.iter().enumerate() {
            let Content::Cells { cells, long, is_whole } = &row.content else { continue };
            let missing = self.heads.iter().skip(cells.len()).find(|head| head.column.is_some());
            if let Some(head) = missing.filter(|_| !is_whole) {
                let (column, detail) = (
                    Some(head.title.clone()),
                    Bi::fixed(
                        "В строке меньше ячеек, чем в заголовке: пустая ячейка тоже отделяется",
                        "The row has fewer cells than the heading: an empty cell is delimited too",
                    ),
                );
                faults.push(Fault { row: row.number, column, code: "short-row", value: None, detail });
                continue;
            }
            let mut element = Map::new();
            let mut is_filled = false;
            // A row of a workbook ends with its last cell that is not empty.
            for at in 0..cells.len().max(self.heads.len()) {
                let cell = cells.get(at).map_or("", String::as_str);
                let head = self.heads.get(at);
                let Some(column) = head.and_then(|head| columns_of(self.kind).get(head.column?)) else {
                    faults.extend(stray(row, head, cell));
                    continue;
                };
                let fault = |code, detail| Fault {
                    row: row.number,
                    column: head.map(|head| head.title.clone()),
                    code,
                    value: Some(shown(cell)).filter(|cell| !cell.is_empty()),
                    detail,
                };
                if long.contains(&at) {
                    let detail = Bi::fixed("Ячейка длиннее 32 КиБ", "The cell is longer than 32 KiB");
                    faults.push(fault("cell-too-long", detail));
                    continue;
                }
                has_repeats |= column.repeats;
                is_filled |= column.repeats && !cell.trim().is_empty();
                let target = if column.repeats { &mut element } else { &mut body };
                // The later rows of a unit need not repeat what the first one says of it.
                if place > 0 && !column.repeats {
                    let said = rows.first().and_then(|first| cell_of(first, at)).unwrap_or_default();
                    if !cell.trim().is_empty() && cell.trim() != said.trim() {
                        let detail = Bi::fixed(
                            "Отличается от первой строки той же школы",
                            "Differs from the first row of the same school",
                        );
                        faults.push(fault("differs-from-first", detail));
                    }
                    continue;
                }
                if let Err(broken) = cells::write(target, column, cell) {
                    faults.push(fault(broken.code, broken.detail));
                }
            }
            if is_filled {
                elements.push(place);
                repeated.push(Value::Object(element));
            }
        }
        if let (Some(member), true) = (repeated_of(self.kind), has_repeats) {
            body.insert(member.to_owned(), Value::Array(repeated));
        }
        Unit { rows: Vec::new(), body: Value::Object(body), faults, elements }
    }
}

impl Iterator for Units<'_> {
    type Item = Result<Unit, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        self.unit()
    }
}

fn of_object(number: usize, value: &Value, found: &[Violation]) -> Unit {
    let fault = |column, code, detail| Fault { row: number, column, code, value: None, detail };
    let named = |violation: &Violation| {
        let column = Some(violation.pointer.trim_start_matches('/').to_owned());
        fault(column, violation.code, violation.detail.clone())
    };
    let mut faults: Vec<Fault> = found.iter().map(named).collect();
    let body = if value.is_object() {
        value.clone()
    } else {
        let detail = Bi::fixed("Строка должна быть объектом JSON", "A row must be a JSON object");
        faults.push(fault(None, "wrong-type", detail));
        Value::Object(Map::new())
    };
    Unit { rows: Vec::new(), body, faults, elements: Vec::new() }
}

/// A cell under no heading, or beyond the last one.
fn stray(row: &Row, head: Option<&Head>, cell: &str) -> Option<Fault> {
    let passed = head.is_some_and(|head| head.is_passed);
    (!passed && !cell.trim().is_empty()).then(|| Fault {
        row: row.number,
        column: None,
        code: "no-heading",
        value: Some(shown(cell)),
        detail: Bi::fixed("Ячейка не относится ни к одному столбцу", "The cell belongs to no column"),
    })
}

fn cell_of(row: &Row, at: usize) -> Option<&str> {
    match &row.content {
        Content::Cells { cells, .. } => cells.get(at).map(String::as_str),
        Content::Object(..) => None,
    }
}

/// The cells by which rows belong together; `None` for a row that has none.
fn key_cells(kind: ImportKind, heads: &[Head], row: &Row) -> Option<Vec<String>> {
    let names = key_members(kind);
    let at = |name: &&'static str| {
        heads.iter().position(|head| {
            head.column.and_then(|at| columns_of(kind).get(at)).is_some_and(|column| column.name == *name)
        })
    };
    let cells: Vec<String> = names
        .iter()
        .filter_map(at)
        .filter_map(|at| cell_of(row, at))
        .map(|cell| cell.trim().to_owned())
        .collect();
    cells.first().is_some_and(|first| !first.is_empty()).then_some(cells)
}

/// Members of a body by which it is the only one.
fn key_members(kind: ImportKind) -> &'static [&'static str] {
    match kind {
        ImportKind::Schools | ImportKind::SupportList => &["ogrn"],
        ImportKind::Stats => &["ogrn", "academic_year"],
        ImportKind::RoadMap => &["code"],
    }
}

/// By what a body is the only one; `None` when it does not say.
fn key_of(kind: ImportKind, body: &Value) -> Option<String> {
    let [first, rest @ ..] = key_members(kind) else { return None };
    let mut key = body.get(first)?.as_str()?.to_owned();
    for name in rest {
        key.push(' ');
        key.push_str(&body.get(name).map(Value::to_string).unwrap_or_default());
    }
    Some(key)
}

impl Unit {
    /// What a refusal says of its rows.
    #[must_use]
    pub fn faults_of(&self, kind: ImportKind, heads: &[Head], refusal: &Refusal) -> Vec<Fault> {
        if refusal.violations.is_empty() {
            let row = self.rows.first().map_or(0, |row| row.number);
            let detail = refusal.detail.clone().unwrap_or_else(|| refusal.problem.title.clone());
            return vec![Fault { row, column: None, code: refusal.problem.slug, value: None, detail }];
        }
        let first = refusal.violations.iter().take(MOST_FAULTS);
        first.map(|violation| self.fault_of(kind, heads, violation)).collect()
    }

    /// What a broken rule says of its rows: its pointer names the cell.
    fn fault_of(&self, kind: ImportKind, heads: &[Head], violation: &Violation) -> Fault {
        let path: Vec<&str> = violation.pointer.split('/').skip(1).collect();
        let first = self.rows.first();
        let (row, inner) = match (repeated_of(kind), path.as_slice()) {
            (Some(member), [name, place, inner @ ..]) if *name == member => {
                let place = place.parse().ok().and_then(|place: usize| self.elements.get(place));
                (place.and_then(|place| self.rows.get(*place)).or(first), inner)
            }
            (_, path) => (first, path),
        };
        let number = row.map_or(0, |row| row.number);
        let (code, detail) = (violation.code, violation.detail.clone());
        if heads.is_empty() {
            let pointer = &violation.pointer;
            let value =
                self.body.pointer(pointer).filter(|value| !value.is_null()).map(|value| match value {
                    Value::String(text) => shown(text),
                    other => shown(&other.to_string()),
                });
            let column = Some(pointer.trim_start_matches('/').to_owned()).filter(|name| !name.is_empty());
            return Fault { row: number, column, code, value, detail };
        }
        let repeats = inner.len() != path.len();
        let at = head_of(kind, heads, inner, repeats);
        let cell = row.and_then(|row| cell_of(row, at?));
        let value = cell.map(str::trim).filter(|cell| !cell.is_empty()).map(shown);
        let name = || missing_name(kind, inner, repeats);
        let column = at.and_then(|at| heads.get(at)).map(|head| head.title.clone()).or_else(name);
        Fault { row: number, column, code, value, detail }
    }
}

/// The column of the file that a path leads to: the one that fits furthest.
fn head_of(kind: ImportKind, heads: &[Head], path: &[&str], repeats: bool) -> Option<usize> {
    let fitting = |head: &Head| {
        let column = columns_of(kind).get(head.column?)?;
        let same = column.path.iter().zip(path).take_while(|(one, other)| one == other).count();
        (column.repeats == repeats && same > 0).then_some(same)
    };
    let fits = heads.iter().enumerate().filter_map(|(at, head)| Some((fitting(head)?, at)));
    fits.max_by_key(|(same, at)| (*same, std::cmp::Reverse(*at))).map(|(_, at)| at)
}

/// The title of a column that the file does not have.
fn missing_name(kind: ImportKind, path: &[&str], repeats: bool) -> Option<String> {
    let fits = |column: &&Column| column.repeats == repeats && column.path.first() == path.first();
    let column = columns_of(kind).iter().find(fits)?;
    Some((*column.titles.first().unwrap_or(&column.name)).to_owned())
}
