//! Tables for an office suite: CSV and XLSX from the same rows, which are taken one by one.

use chrono::{DateTime, NaiveDate, Utc};
use rust_xlsxwriter::{DocProperties, Format, FormatAlign, Workbook, Worksheet, XlsxError};

/// Characters that make an office suite take a text for a formula (CWE-1236).
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// Characters of a sheet's name at most, and those it may not have.
const NAME_MAX: usize = 31;
const NAME_FORBIDDEN: [char; 7] = ['[', ']', ':', '*', '?', '/', '\\'];
/// Characters of a cell at most.
const TEXT_MAX: usize = 32_767;
/// Marks a CSV file as UTF-8 for office suites.
const BOM: &str = "\u{FEFF}";

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its heading.
    pub title: String,
    /// How wide it is, in characters.
    pub width: u8,
}

impl Column {
    /// A column `width` characters wide.
    #[must_use]
    pub fn new(title: &str, width: u8) -> Self {
        Self { title: title.to_owned(), width }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text; never a formula, whatever it begins with.
    Text(String),
    /// A whole number.
    Number(i32),
    /// A decimal number.
    Decimal(f64),
    /// A civil date.
    Date(NaiveDate),
}

impl Cell {
    /// A text, or nothing.
    #[must_use]
    pub fn text(text: Option<&str>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.to_owned()))
    }

    /// A civil date, or nothing.
    #[must_use]
    pub fn date(date: Option<NaiveDate>) -> Self {
        date.map_or(Self::Empty, Self::Date)
    }
}

/// Why a table could not be written; always a fault of the service, never of the request.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The workbook could not be made, e.g. no room for temporary files.
    #[error("the XLSX table could not be made")]
    Xlsx(#[from] XlsxError),
    /// The text table could not be written.
    #[error("the CSV table could not be made")]
    Csv(#[from] csv::Error),
}

/// The table as CSV (RFC 4180) in UTF-8 with a byte order mark, fields parted by semicolons, as
/// office suites in Russian expect them. Dates as `2023-12-29`, decimals with a point. A text
/// that an office suite would take for a formula stands behind an apostrophe.
///
/// # Errors
///
/// [`SheetError::Csv`], which no input is known to cause.
pub fn csv(columns: &[Column], rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<Vec<u8>, SheetError> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .from_writer(BOM.as_bytes().to_vec());
    writer.write_record(columns.iter().map(|column| defused(&column.title)))?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| match cell {
            Cell::Empty => String::new(),
            Cell::Text(text) => defused(text),
            Cell::Number(number) => number.to_string(),
            Cell::Decimal(number) => number.to_string(),
            Cell::Date(date) => date.to_string(),
        }))?;
    }
    writer.into_inner().map_err(|cause| csv::Error::from(cause.into_error()).into())
}

fn defused(text: &str) -> String {
    if text.starts_with(FORMULA_STARTS) { format!("'{text}") } else { text.to_owned() }
}

/// The table as a workbook with one sheet, called `name`; the heading stays in sight, texts
/// wrap, dates are dates. Rows go to a temporary file as they come, so that a long table does
/// not lie in memory. The same rows and `made_at` give the same bytes.
///
/// # Errors
///
/// [`SheetError::Xlsx`]: no temporary file can be written, or there are more than 1 048 575 rows.
pub fn xlsx(
    name: &str,
    made_at: DateTime<Utc>,
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Result<Vec<u8>, SheetError> {
    let mut workbook = Workbook::new();
    let properties = DocProperties::new().set_title(name).set_creation_datetime(&made_at);
    workbook.set_properties(&properties);
    let formats = Formats::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(tab(name))?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    for (column, at) in columns.iter().zip(0_u16..) {
        sheet.set_column_width(at, column.width)?;
    }
    for (column, at) in columns.iter().zip(0_u16..) {
        sheet.write_string_with_format(0, at, fitting(&column.title), &formats.heading)?;
    }
    for (row, line) in rows.into_iter().zip(1_u32..) {
        for (cell, at) in row.iter().zip(0_u16..) {
            write(sheet, line, at, cell, &formats)?;
        }
    }
    Ok(workbook.save_to_buffer()?)
}

/// How the cells of a workbook look.
struct Formats {
    heading: Format,
    text: Format,
    quoted: Format,
    number: Format,
    date: Format,
}

impl Formats {
    fn new() -> Self {
        let top = || Format::new().set_align(FormatAlign::Top);
        let text = || top().set_text_wrap();
        Self {
            heading: text().set_bold().set_align(FormatAlign::Center),
            text: text(),
            quoted: text().set_quote_prefix(),
            number: top(),
            date: top().set_num_format("dd.mm.yyyy"),
        }
    }
}

fn write(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => return Ok(()),
        // A workbook knows texts from formulas; the prefix keeps it so when the cell is edited.
        Cell::Text(text) if text.starts_with(FORMULA_STARTS) => {
            sheet.write_string_with_format(row, column, fitting(text), &formats.quoted)?
        }
        Cell::Text(text) => sheet.write_string_with_format(row, column, fitting(text), &formats.text)?,
        Cell::Number(number) => sheet.write_number_with_format(row, column, *number, &formats.number)?,
        Cell::Decimal(number) => sheet.write_number_with_format(row, column, *number, &formats.number)?,
        Cell::Date(date) => sheet.write_datetime_with_format(row, column, *date, &formats.date)?,
    };
    Ok(())
}

/// As much of a text as a cell holds.
fn fitting(text: &str) -> &str {
    text.char_indices().nth(TEXT_MAX).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// A name that a sheet may have.
fn tab(name: &str) -> String {
    let allowed = |c: char| if NAME_FORBIDDEN.contains(&c) { ' ' } else { c };
    let name: String = name.chars().take(NAME_MAX).map(allowed).collect();
    let name = name.trim_matches(|c: char| c == '\'' || c.is_whitespace());
    if name.is_empty() { "1".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn columns() -> [Column; 2] {
        [Column::new("Мероприятие", 40), Column::new("=Дата", 12)]
    }

    fn rows() -> Vec<Vec<Cell>> {
        let day = |text: &str| Cell::Date(text.parse().unwrap());
        vec![
            vec![Cell::Text("Входной контроль; «да»".into()), day("2023-09-30")],
            vec![Cell::Text("=HYPERLINK(\"http://x\")".into()), Cell::Empty],
            vec![Cell::Text("-5".into()), Cell::Number(-5)],
            vec![Cell::Text("@a\nб".into()), Cell::Decimal(92.3)],
        ]
    }

    #[test]
    fn no_text_of_a_csv_is_a_formula() {
        let text = String::from_utf8(csv(&columns(), rows()).unwrap()).unwrap();
        let expected = "\u{FEFF}Мероприятие;'=Дата\r\n\
                        \"Входной контроль; «да»\";2023-09-30\r\n\
                        \"'=HYPERLINK(\"\"http://x\"\")\";\r\n\
                        '-5;-5\r\n\
                        \"'@a\nб\";92.3\r\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_workbook_holds_texts_and_no_formulas_and_is_the_same_each_time() {
        let made_at = "2023-12-29T09:00:00Z".parse().unwrap();
        let name = "Отчет: [МБОУ-Хотынецкая СОШ им. С. Г. Поматилова]";
        let bytes = xlsx(name, made_at, &columns(), rows()).unwrap();
        assert_eq!(bytes, xlsx(name, made_at, &columns(), rows()).unwrap());
        let mut package = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut sheet = String::new();
        package.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
        assert!(!sheet.contains("<f>"), "{sheet}");
        assert!(sheet.contains("=HYPERLINK") && sheet.contains("<v>-5</v>") && sheet.contains("<v>92.3</v>"));
        let mut book = String::new();
        package.by_name("xl/workbook.xml").unwrap().read_to_string(&mut book).unwrap();
        assert!(book.contains("name=\"Отчет   МБОУ-Хотынецкая СОШ им.\""), "{book}");
    }

    #[test]
    fn a_cell_takes_what_it_can_hold() {
        assert_eq!(fitting(&"я".repeat(TEXT_MAX + 1)).chars().count(), TEXT_MAX);
        assert_eq!(fitting("да"), "да");
        assert_eq!(tab("'[]'"), "1");
    }
}
