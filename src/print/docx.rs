//! Documents of an office suite, laid out by ГОСТ Р 7.0.97: paper, font, headings, tables.

use std::io::Cursor;

use askama::Template;
use chrono::NaiveDate;
use docx_rs::{
    AlignmentType, Docx, DocxError, Header, HeightRule, LineSpacing, LineSpacingType, PageMargin, PageNum,
    PageOrientationType, Paragraph, Run, RunFonts, SpecialIndentType, Style, StyleType, Tab, TabValueType,
    Table, TableCell, TableCellMargins, TableLayoutType, TableRow, VAlignType, WidthType, XMLDocx,
};

// Lengths in twentieths of a point; 10 mm are 567.
const A4: (u32, u32) = (11_906, 16_838);
const TOP: i32 = 1_134;
const LEFT: i32 = 1_701;
const RIGHT: i32 = 567;
const FIRST_LINE: i32 = 709;
const HEADER_AT: i32 = 567;
/// Text between the margins of an upright sheet.
const UPRIGHT_WIDTH: usize = 9_638;
/// Text between the margins of a sheet on its side.
const ASIDE_WIDTH: usize = 14_570;
/// Of a signature's line, for the position.
const POSITION_WIDTH: usize = 5_638;
/// Height of a table's heading at least; no other row has one.
const HEADING_HEIGHT: f32 = 567.0;

// Sizes in half points.
const BODY: usize = 28;
const HEADER: usize = 24;
const CELL: usize = 22;

/// Line spacing 1.15, in 240ths of a line.
const LINE: i32 = 276;
const FONT: &str = "Times New Roman";

/// How the sheet lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// The short side above.
    Upright,
    /// The long side above: for wide tables.
    Aside,
}

impl Paper {
    /// Width of the text, in twentieths of a point.
    #[must_use]
    pub fn text_width(self) -> usize {
        match self {
            Self::Upright => UPRIGHT_WIDTH,
            Self::Aside => ASIDE_WIDTH,
        }
    }
}

/// What an office suite shows as the properties of a document.
#[derive(Debug, Clone)]
pub struct Properties {
    /// Its title.
    pub title: String,
    /// Who issues it.
    pub creator: String,
    /// Its date.
    pub date: NaiveDate,
}

/// `docProps/core.xml`; the crate can set neither title nor language.
#[derive(Template)]
#[template(
    ext = "xml",
    source = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{{ of.title }}</dc:title><dc:creator>{{ of.creator }}</dc:creator><cp:lastModifiedBy>{{ of.creator }}</cp:lastModifiedBy><dc:language>ru-RU</dc:language><dcterms:created xsi:type="dcterms:W3CDTF">{{ of.date }}T00:00:00Z</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">{{ of.date }}T00:00:00Z</dcterms:modified></cp:coreProperties>"#
)]
struct CoreProperties<'a> {
    of: &'a Properties,
}

/// Why a document could not be made; always a fault of the service, never of the request.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// A template failed.
    #[error("a template of the document failed")]
    Template(#[from] askama::Error),
    /// The DOCX package could not be written.
    #[error("the DOCX form could not be made")]
    Docx(#[from] DocxError),
}

/// An empty document: margins, font, headings; from the second page on the page's number in
/// the middle above, and `mark` («ПРОЕКТ») at the right.
#[must_use]
pub fn paper(paper: Paper, mark: Option<&str>) -> Docx {
    let margins = PageMargin::new().top(TOP).bottom(TOP).left(LEFT).right(RIGHT);
    let fonts = RunFonts::new().ascii(FONT).hi_ansi(FONT).east_asia(FONT).cs(FONT);
    let docx = Docx::new()
        .page_margin(margins.header(HEADER_AT).footer(HEADER_AT).gutter(0))
        .default_fonts(fonts)
        .default_size(BODY)
        .default_line_spacing(spacing(0, 0))
        .add_style(heading("Heading1", "heading 1", 0))
        .add_style(heading("Heading2", "heading 2", 1))
        .add_style(heading("Heading3", "heading 3", 2))
        .first_header(Header::new().add_paragraph(Paragraph::new()))
        .header(header(paper.text_width(), mark))
        .title_pg();
    match paper {
        Paper::Upright => docx.page_size(A4.0, A4.1),
        Paper::Aside => docx.page_size(A4.1, A4.0).page_orient(PageOrientationType::Landscape),
    }
}

/// The document as a package. The same document gives the same bytes.
///
/// # Errors
///
/// [`DocumentError`] when the package cannot be written, which no input is known to cause.
pub fn packed(docx: Docx, properties: &Properties) -> Result<Vec<u8>, DocumentError> {
    let mut package = docx.build();
    set_language(&mut package);
    repeat_headings(&mut package);
    package.doc_props.core = CoreProperties { of: properties }.render()?.into_bytes();
    let mut bytes = Cursor::new(Vec::new());
    package.pack(&mut bytes).map_err(DocxError::from)?;
    Ok(bytes.into_inner())
}

/// Marks all text as Russian, for spelling, hyphenation and screen readers.
fn set_language(package: &mut XMLDocx) {
    let styles = String::from_utf8_lossy(&package.styles);
    let language = r#"<w:lang w:val="ru-RU" w:eastAsia="ru-RU" w:bidi="ar-SA" /></w:rPr></w:rPrDefault>"#;
    package.styles = styles.replacen("</w:rPr></w:rPrDefault>", language, 1).into_bytes();
}

/// Repeats the heading of a table on each of its pages; the crate cannot say so.
fn repeat_headings(package: &mut XMLDocx) {
    let height = format!(r#"<w:trHeight w:val="{HEADING_HEIGHT}" w:hRule="atLeast" />"#);
    let repeated = format!("{height}<w:tblHeader />");
    let document = String::from_utf8_lossy(&package.document);
    package.document = document.replace(&height, &repeated).into_bytes();
}

fn header(text_width: usize, mark: Option<&str>) -> Header {
    let line = Paragraph::new()
        .size(HEADER)
        .add_tab(Tab::new().val(TabValueType::Center).pos(text_width / 2))
        .add_tab(Tab::new().val(TabValueType::Right).pos(text_width))
        .add_run(Run::new().add_tab())
        .add_page_num(PageNum::new());
    Header::new().add_paragraph(match mark {
        Some(mark) => line.add_run(Run::new().add_tab().add_text(mark).size(HEADER)),
        None => line,
    })
}

fn heading(id: &str, name: &str, level: usize) -> Style {
    Style::new(id, StyleType::Paragraph)
        .name(name)
        .based_on("Normal")
        .next("Normal")
        .outline_lvl(level)
        .size(BODY)
        .bold()
}

/// A paragraph of running text: justified, its first line indented.
#[must_use]
pub fn body(text: &str) -> Paragraph {
    indented(plain(text)).align(AlignmentType::Both).widow_control(true)
}

/// A paragraph whose first line is indented.
#[must_use]
pub fn indented(paragraph: Paragraph) -> Paragraph {
    paragraph.indent(None, Some(SpecialIndentType::FirstLine(FIRST_LINE)), None, None)
}

/// A paragraph in the middle, with room before and after it in twentieths of a point.
#[must_use]
pub fn centred(paragraph: Paragraph, before: u32, after: u32) -> Paragraph {
    paragraph.align(AlignmentType::Center).line_spacing(spacing(before, after))
}

/// A paragraph.
#[must_use]
pub fn plain(text: &str) -> Paragraph {
    if text.is_empty() {
        return Paragraph::new();
    }
    Paragraph::new().add_run(Run::new().add_text(text))
}

/// A bold paragraph.
#[must_use]
pub fn bold(text: &str) -> Paragraph {
    Paragraph::new().add_run(Run::new().add_text(text).bold())
}

/// The usual distance of lines, with room before and after the paragraph in twentieths of a point.
#[must_use]
pub fn spacing(before: u32, after: u32) -> LineSpacing {
    LineSpacing::new().line_rule(LineSpacingType::Auto).line(LINE).before(before).after(after)
}

/// Position at the left, name at the right, on one base line however long the position.
#[must_use]
pub fn signature(position: &str, name: &str) -> Table {
    let cell = |text: &str, width, align| {
        TableCell::new()
            .width(width, WidthType::Dxa)
            .vertical_align(VAlignType::Bottom)
            .add_paragraph(plain(text).align(align).line_spacing(spacing(600, 0)))
    };
    let name_width = UPRIGHT_WIDTH - POSITION_WIDTH;
    let row = TableRow::new(vec![
        cell(position, POSITION_WIDTH, AlignmentType::Left),
        cell(name, name_width, AlignmentType::Right),
    ]);
    Table::without_borders(vec![row.cant_split()])
        .set_grid(vec![POSITION_WIDTH, name_width])
        .width(UPRIGHT_WIDTH, WidthType::Dxa)
        .layout(TableLayoutType::Fixed)
        .margins(TableCellMargins::new().margin(0, 0, 0, 0))
}

/// A column of a ruled table.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Its heading.
    pub title: &'a str,
    /// Its part of the table's width; the parts of all columns share it.
    pub part: usize,
}

/// A ruled table over the whole width of the text; a cell holds a paragraph per line of its
/// text, and the heading stands on each page.
#[must_use]
pub fn table(paper: Paper, columns: &[Column<'_>], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let parts = columns.iter().map(|column| column.part).sum::<usize>().max(1);
    let widths: Vec<usize> = columns.iter().map(|column| paper.text_width() * column.part / parts).collect();
    let small = |text: &str| Run::new().add_text(text).size(CELL);
    let heading = columns.iter().zip(&widths).map(|(column, width)| {
        let title = Paragraph::new().add_run(small(column.title).bold()).align(AlignmentType::Center);
        let cell = TableCell::new().width(*width, WidthType::Dxa).vertical_align(VAlignType::Center);
        cell.add_paragraph(title.keep_next(true))
    });
    let heading =
        TableRow::new(heading.collect()).row_height(HEADING_HEIGHT).height_rule(HeightRule::AtLeast);
    let body = rows.into_iter().map(|row| {
        let cells = row.into_iter().zip(&widths).map(|(text, width)| {
            let cell = TableCell::new().width(*width, WidthType::Dxa);
            if text.is_empty() {
                return cell.add_paragraph(Paragraph::new());
            }
            text.lines().fold(cell, |cell, line| cell.add_paragraph(Paragraph::new().add_run(small(line))))
        });
        TableRow::new(cells.collect()).cant_split()
    });
    Table::new(std::iter::once(heading).chain(body).collect())
        .set_grid(widths.clone())
        .width(widths.iter().sum(), WidthType::Dxa)
        .layout(TableLayoutType::Fixed)
        .margins(TableCellMargins::new().margin(28, 57, 28, 57))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heading_of_a_table_is_repeated_and_the_document_is_the_same_each_time() {
        let columns = [Column { title: "№", part: 1 }, Column { title: "Мероприятие", part: 9 }];
        let document = || {
            let rows = [vec!["1".to_owned(), "Входной контроль\nи анализ".to_owned()]];
            let docx = paper(Paper::Aside, None).add_table(table(Paper::Aside, &columns, rows));
            let properties = Properties {
                title: "Отчет <1>".into(),
                creator: "Школа".into(),
                date: "2023-12-29".parse().unwrap(),
            };
            packed(docx.add_table(signature("Директор", "И. И. Иванова")), &properties).unwrap()
        };
        let bytes = document();
        assert_eq!(bytes, document());
        let mut package = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut part = |name: &str| std::io::read_to_string(package.by_name(name).unwrap()).unwrap();
        let text = part("word/document.xml");
        assert_eq!(text.matches("<w:tblHeader />").count(), 1, "{text}");
        assert!(text.contains("Входной контроль") && text.contains("и анализ"));
        assert!(part("docProps/core.xml").contains("Отчет &#60;1&#62;"));
        assert!(part("word/styles.xml").contains("ru-RU"));
    }
}
