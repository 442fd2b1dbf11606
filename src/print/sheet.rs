//! Tables for an office suite: CSV and XLSX from the same rows, which are taken one by one.

use chrono::{DateTime, NaiveDate, Utc};
use rust_xlsxwriter::{DocProperties, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::rows;

/// Characters that make an office suite take a text for a formula (CWE-1236).
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// Characters of a sheet's name at most, and those it may not have.
const NAME_MAX: usize = 31;
const NAME_FORBIDDEN: [char; 7] = ['[', ']', ':', '*', '?', '/', '\\'];
/// Characters of a cell at most.
const TEXT_MAX: usize = 32_767;
/// Width of a text about the whole table, in characters, where the columns are wide enough.
const WHOLE_WIDTH: usize = 100;
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

/// What stands around a table on its sheet.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// Short lines above it, which stay in sight with its heading.
    pub above: Vec<String>,
    /// Texts below it, each with its heading and a paragraph per line.
    pub below: Vec<(String, Vec<String>)>,
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
    xlsx_with(&Around::default(), name, made_at, columns, rows)
}

/// As [`xlsx`], with texts around the table.
///
/// # Errors
///
/// As [`xlsx`].
pub fn xlsx_with(
    around: &Around,
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
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    for (column, at) in columns.iter().zip(0_u16..) {
        sheet.set_column_width(at, column.width)?;
    }
    let mut line = 0;
    for text in &around.above {
        write_whole(sheet, line, columns, text, &formats.title)?;
        line += 1;
    }
    sheet.set_freeze_panes(line + 1, 0)?;
    sheet.set_repeat_rows(line, line)?;
    let titles = columns.iter().map(|column| (column.title.as_str(), usize::from(column.width)));
    let mut is_high = set_height(sheet, line, rows::height(titles))?;
    for (column, at) in columns.iter().zip(0_u16..) {
        sheet.write_string_with_format(line, at, fitting(&column.title), &formats.heading)?;
    }
    for row in rows {
        line += 1;
        let texts = row.iter().zip(columns).filter_map(|(cell, column)| match cell {
            Cell::Text(text) => Some((text.as_str(), usize::from(column.width))),
            Cell::Empty | Cell::Number(_) | Cell::Decimal(_) | Cell::Date(_) => None,
        });
        is_high = set_height(sheet, line, rows::height(texts))?;
        for (cell, at) in row.iter().zip(0_u16..) {
            write(sheet, line, at, cell, &formats)?;
        }
    }
    for (heading, paragraphs) in &around.below {
        line += 2;
        is_high = write_whole(sheet, line, columns, heading, &formats.title)?;
        for text in paragraphs {
            line += 1;
            let is_quoted = text.starts_with(FORMULA_STARTS);
            let format = if is_quoted { &formats.quoted } else { &formats.text };
            is_high = write_whole(sheet, line, columns, text, format)?;
        }
    }
    if is_high {
        // The crate writes a last row that has a height twice, and office suites refuse the file.
        sheet.write_blank(line + 1, 0, &formats.text)?;
    }
    Ok(workbook.save_to_buffer()?)
}

/// Gives a row a height of its own, where it needs one; whether it did.
fn set_height(sheet: &mut Worksheet, row: u32, pixels: Option<u32>) -> Result<bool, XlsxError> {
    if let Some(pixels) = pixels {
        sheet.set_row_height_pixels(row, pixels)?;
    }
    Ok(pixels.is_some())
}

/// A text about the whole table: over as many columns as it takes to read it in comfort. Whether
/// its row has a height of its own.
fn write_whole(
    sheet: &mut Worksheet,
    row: u32,
    columns: &[Column],
    text: &str,
    format: &Format,
) -> Result<bool, XlsxError> {
    let (mut last, mut width) = (0, 0);
    for (column, at) in columns.iter().zip(0_u16..) {
        if width >= WHOLE_WIDTH {
            break;
        }
        (last, width) = (at, width + usize::from(column.width));
    }
    let is_high = set_height(sheet, row, rows::height(std::iter::once((text, width))))?;
    match last {
        0 => sheet.write_string_with_format(row, 0, fitting(text), format)?,
        _ => sheet.merge_range(row, 0, row, last, fitting(text), format)?,
    };
    Ok(is_high)
}

/// How the cells of a workbook look.
struct Formats {
    title: Format,
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
            title: text().set_bold(),
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
    fn texts_stand_around_the_table_and_rows_are_as_high_as_their_texts() {
        let around = Around {
            above: vec!["ПРОЕКТ".into(), "Школа № 1".into()],
            below: vec![("Итоги".into(), vec!["=1".into(), "слово ".repeat(40)])],
        };
        let made_at = "2023-12-29T09:00:00Z".parse().unwrap();
        let rows = vec![vec![Cell::Text("слово ".repeat(20)), Cell::Number(1)]];
        let bytes = xlsx_with(&around, "Отчет", made_at, &columns(), rows).unwrap();
        let mut package = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let sheet = std::io::read_to_string(package.by_name("xl/worksheets/sheet1.xml").unwrap()).unwrap();
        let at = |text: &str| sheet.find(text).unwrap_or_else(|| panic!("{text} is not in {sheet}"));
        assert!(at("ПРОЕКТ") < at("Школа № 1") && at("Школа № 1") < at("Мероприятие"));
        assert!(at("<v>1</v>") < at("Итоги"));
        assert!(sheet.contains("ySplit=\"3\"") && sheet.contains("<mergeCell ref=\"A1:B1\"/>"), "{sheet}");
        assert!(sheet.contains("<row r=\"4\" ") && sheet.contains("ht=\"60\" customHeight=\"1\""), "{sheet}");
        assert_eq!(sheet.matches("customHeight").count(), 2, "the others hold one line: {sheet}");
        assert!(!sheet.contains("<f>"));
    }

    #[test]
    fn no_row_of_a_sheet_is_written_twice() {
        let long = || vec![vec![Cell::Text("слово ".repeat(20))]];
        let below = |text: &str| Around {
            below: vec![("Итоги".into(), vec![text.into()])],
            ..Around::default()
        };
        for around in [Around::default(), below("да"), below(&"слово ".repeat(40))] {
            let bytes = xlsx_with(&around, "Отчет", DateTime::UNIX_EPOCH, &columns(), long()).unwrap();
            let mut package = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
            let sheet =
                std::io::read_to_string(package.by_name("xl/worksheets/sheet1.xml").unwrap()).unwrap();
            for row in 1..=6 {
                assert!(sheet.matches(&format!("<row r=\"{row}\"")).count() <= 1, "{row} in {sheet}");
            }
        }
    }

    #[test]
    fn a_cell_takes_what_it_can_hold() {
        assert_eq!(fitting(&"я".repeat(TEXT_MAX + 1)).chars().count(), TEXT_MAX);
        assert_eq!(fitting("да"), "да");
        assert_eq!(tab("'[]'"), "1");
    }
}
