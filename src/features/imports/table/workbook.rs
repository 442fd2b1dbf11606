//! The first visible sheet of a workbook, as records of text.

use std::io::Cursor;

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};

use super::{Records, Unreadable};
use crate::files::unpacks_within;
use crate::kit::lang::Bi;

/// Bytes to which one file inside may unpack, and all together.
const EACH: u64 = 96 * 1024 * 1024;
const WHOLE: u64 = 192 * 1024 * 1024;
/// Bytes of the sheet's text at most.
const TEXT: usize = 64 * 1024 * 1024;
/// Columns of a sheet at most.
const COLUMNS: usize = 200;

/// The cells of the sheet, each record with the number of its row first.
///
/// # Errors
///
/// The workbook is damaged, unpacks to too much, or has no visible sheet.
pub(super) fn records(bytes: Vec<u8>) -> Result<Records, Unreadable> {
    unpacks_within(Cursor::new(&bytes), EACH, WHOLE)
        .map_err(|fault| Unreadable::file(fault.code(), fault.detail(&[])))?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|_damaged| damaged())?;
    let is_shown = |sheet: &&calamine::Sheet| {
        sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
    };
    let name = book.sheets_metadata().iter().find(is_shown).map(|sheet| sheet.name.clone());
    let mut cells = name
        .ok_or_else(damaged)
        .and_then(|name| book.worksheet_cells_reader(&name).map_err(|_damaged| damaged()))?;
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let mut record: Vec<String> = Vec::new();
    let (mut at, mut size) = (None, 0_usize);
    while let Some(cell) = cells.next_cell().map_err(|_damaged| damaged())? {
        let (row, column) = cell.get_position();
        let text = text_of(cell.get_value());
        if text.is_empty() {
            continue;
        }
        if at != Some(row) {
            if at.is_some_and(|before| before > row) {
                return Err(damaged());
            }
            write(&mut writer, at, &mut record)?;
            at = Some(row);
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        size = size.saturating_add(text.len());
        if column >= COLUMNS || size > TEXT {
            let detail = Bi::fixed(
                "Лист слишком велик: разделите файл или сохраните его как CSV",
                "The sheet is too large: split the file, or save it as CSV",
            );
            return Err(Unreadable::file("sheet-too-large", detail));
        }
        if record.len() <= column {
            record.resize(column + 1, String::new());
        }
        if let Some(place) = record.get_mut(column) {
            *place = text;
        }
    }
    write(&mut writer, at, &mut record)?;
    let text = writer.into_inner().map_err(|cause| Unreadable::Broken(cause.into_error().into()))?;
    let text = String::from_utf8(text).map_err(|cause| Unreadable::Broken(cause.into()))?;
    Ok(Records { text, delimiter: b',', numbered: true })
}

fn write(writer: &mut csv::Writer<Vec<u8>>, at: Option<u32>, record: &mut Vec<String>) -> csv::Result<()> {
    let Some(row) = at else { return Ok(()) };
    let number = (u64::from(row) + 1).to_string();
    writer.write_record(std::iter::once(number.as_str()).chain(record.iter().map(String::as_str)))?;
    record.clear();
    Ok(())
}

/// A cell as a person would type it; a formula by its value.
fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(flag) => flag.to_string(),
        DataRef::DateTime(when) if when.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = when.to_ymd_hms_milli();
            let day = format!("{year:04}-{month:02}-{day:02}");
            if (hour, minute, second) == (0, 0, 0) { day } else { format!("{day} {hour:02}:{minute:02}") }
        }
        DataRef::DateTime(when) => when.as_f64().to_string(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    }
}

fn damaged() -> Unreadable {
    let detail = Bi::fixed(
        "Книга XLSX повреждена, или в ней нет видимого листа",
        "The XLSX workbook is damaged, or has no visible sheet",
    );
    Unreadable::file("file-content", detail)
}
