//! The first visible sheet of a workbook, as records of text.

use std::io::{BufReader, Cursor};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::super::domain::MOST_COLUMNS;
use super::{Records, Unreadable};
use crate::files::unpacks_within;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// Bytes to which one file inside may unpack, and all together.
const EACH: u64 = 96 * 1024 * 1024;
const WHOLE: u64 = 192 * 1024 * 1024;
/// Bytes of the sheet's text at most.
const TEXT: usize = 64 * 1024 * 1024;
/// Different texts of a workbook at most.
const MOST_TEXTS: u128 = 2_000_000;
/// Elements of the styles of a workbook at most: Excel itself makes no more than 64 000 formats.
const MOST_STYLES: usize = 200_000;
/// Bytes of one of them.
const MOST_STYLE: usize = 2_048;
/// Cells without a value that are told of.
const MOST_TOLD: usize = 20;
/// Bytes that the number of a row takes.
const OF_A_ROW: usize = 8;

/// The cells of the sheet, each record with the number of its row first.
///
/// # Errors
///
/// The workbook is damaged, unpacks to too much, has no visible sheet, or too many rows.
pub(super) fn records(bytes: Vec<u8>, most: usize) -> Result<Records, Unreadable> {
    unpacks_within(Cursor::new(&bytes), EACH, WHOLE)
        .map_err(|fault| Unreadable::file(fault.code(), fault.detail(&[])))?;
    require_modest(&bytes)?;
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
    let (mut at, mut size, mut rows) = (None, 0_usize, 0_usize);
    let mut valueless = Vec::new();
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(|_damaged| damaged())? {
        let (row, column) = cell.pos;
        let is_empty = matches!(cell.value, DataRef::Empty);
        let fault = match &cell.value {
            DataRef::Error(error) => Some(error.to_string()),
            _ => (is_empty && cell.formula.is_some()).then(String::new),
        };
        if let Some(shown) = fault
            && valueless.len() < MOST_TOLD
        {
            valueless.push(without_value((row, column), &shown));
        }
        let text = text_of(&cell.value);
        if text.is_empty() {
            continue;
        }
        if at != Some(row) {
            if at.is_some_and(|before| before > row) {
                return Err(damaged());
            }
            size = size.saturating_add(record.len() + OF_A_ROW);
            write(&mut writer, at, &mut record)?;
            at = Some(row);
            rows += 1;
            // One of them is the heading.
            if rows > most + 1 {
                return Err(Unreadable::rows(most));
            }
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        size = size.saturating_add(text.len());
        if column >= MOST_COLUMNS {
            return Err(Unreadable::columns());
        }
        if size > TEXT {
            return Err(too_large());
        }
        if record.len() <= column {
            record.resize(column + 1, String::new());
        }
        if let Some(place) = record.get_mut(column) {
            *place = text;
        }
    }
    if !valueless.is_empty() {
        return Err(Unreadable::Because(valueless));
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

/// A formula that says nothing must not clear what is stored.
fn without_value((row, column): (u32, u32), shown: &str) -> Violation {
    let cell = format!("{}{}", letters(column), u64::from(row) + 1);
    let detail = Bi::of(
        format!("Формула в ячейке {cell} не имеет значения {shown}: исправьте её или замените значением"),
        format!("The formula in {cell} has no value {shown}: correct it, or put the value there"),
    );
    Violation::new("/file", "formula-without-value", detail)
}

/// The name of a column, as office suites show it.
fn letters(column: u32) -> String {
    let (mut left, mut name) = (u64::from(column) + 1, Vec::new());
    while left > 0 {
        let letter = u8::try_from((left - 1) % 26).unwrap_or_default();
        name.push(char::from(b'A' + letter));
        left = (left - 1) / 26;
    }
    name.into_iter().rev().collect()
}

/// Refuses what would take memory that no bound on bytes sees: room for texts is made as they are
/// announced, before they are read, and each format of a cell is kept with copies of what it names.
fn require_modest(bytes: &[u8]) -> Result<(), Unreadable> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_unreadable| damaged())?;
    for number in 0..archive.len() {
        let entry = archive.by_index(number).map_err(|_unreadable| damaged())?;
        let name = entry.name().map_err(|_unreadable| damaged())?.to_ascii_lowercase();
        let (is_texts, is_styles) = (name.ends_with("sharedstrings.xml"), name.ends_with("styles.xml"));
        if !is_texts && !is_styles {
            continue;
        }
        let mut xml = quick_xml::Reader::from_reader(BufReader::new(entry));
        xml.config_mut().check_end_names = false;
        let (mut buffer, mut styles) = (Vec::new(), 0_usize);
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer).map_err(|_broken| damaged())? {
                Event::Start(start) | Event::Empty(start) => {
                    styles += 1;
                    if is_styles && (styles > MOST_STYLES || start.len() > MOST_STYLE) {
                        return Err(too_large());
                    }
                    if is_texts && start.local_name().as_ref() == "sst" {
                        require_modest_count(&start)?;
                        break;
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
    }
    Ok(())
}

fn require_modest_count(start: &BytesStart<'_>) -> Result<(), Unreadable> {
    // To the reader of the workbook this is white space, to the one used here it is not.
    if start.attributes_raw().contains('\u{0C}') {
        return Err(damaged());
    }
    let mut attributes = start.attributes();
    for attribute in attributes.with_checks(false) {
        let attribute = attribute.map_err(|_broken| damaged())?;
        let announces_too_many = || {
            attribute.value.trim().trim_start_matches('+').parse().is_ok_and(|count: u128| count > MOST_TEXTS)
        };
        if attribute.key.as_ref() == "uniqueCount" && announces_too_many() {
            return Err(too_large());
        }
    }
    Ok(())
}

fn too_large() -> Unreadable {
    let detail = Bi::fixed(
        "Лист слишком велик: разделите файл или сохраните его как CSV",
        "The sheet is too large: split the file, or save it as CSV",
    );
    Unreadable::file("sheet-too-large", detail)
}

fn damaged() -> Unreadable {
    let detail = Bi::fixed(
        "Книга XLSX повреждена, или в ней нет видимого листа",
        "The XLSX workbook is damaged, or has no visible sheet",
    );
    Unreadable::file("file-content", detail)
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn columns_are_named_as_office_suites_name_them() {
        let named = [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")];
        for (column, name) in named {
            assert_eq!(letters(column), name);
        }
    }
}
