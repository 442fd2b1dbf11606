//! The note as a DOCX document, laid out by ГОСТ Р 7.0.97.

use std::io::Cursor;

use askama::Template;
use docx_rs::{
    AlignmentType, Docx, DocxError, Footer, Header, LineSpacing, LineSpacingType, PageMargin, PageNum,
    Paragraph, Run, RunFonts, SpecialIndentType, Style, StyleType, Tab, TabValueType, Table, TableCell,
    TableLayoutType, TableRow, VAlignType, WidthType, XMLDocx,
};

use super::blocks::{Block, Item};
use super::view::View;
use super::{RenderError, RenderInput};

// Lengths in twentieths of a point; 10 mm are 567.
const PAGE: (u32, u32) = (11_906, 16_838);
const TOP: i32 = 1_134;
const LEFT: i32 = 1_701;
const RIGHT: i32 = 567;
const FIRST_LINE: i32 = 709;
const TEXT_WIDTH: usize = 9_638;
const POSITION_WIDTH: usize = 5_638;
const HEADER_AT: i32 = 567;

// Sizes in half points.
const BODY: usize = 28;
const HEADER: usize = 24;
const SMALL: usize = 18;

/// Line spacing 1.15, in 240ths of a line.
const LINE: i32 = 276;
const FONT: &str = "Times New Roman";

/// The note as a DOCX document.
///
/// The same input gives the same bytes.
///
/// # Errors
///
/// [`RenderError`] when the package cannot be written, which no input is known to cause.
pub fn docx(input: &RenderInput<'_>) -> Result<Vec<u8>, RenderError> {
    let view = View::of(input);
    let mut package = document(&view).build();
    set_language(&mut package);
    let properties = CoreProperties {
        title: view.full_title(),
        creator: view.authority.join(", "),
        date: input.snapshot.date.to_string(),
    };
    package.doc_props.core = properties.render()?.into_bytes();
    let mut bytes = Cursor::new(Vec::new());
    package.pack(&mut bytes).map_err(DocxError::from)?;
    Ok(bytes.into_inner())
}

/// `docProps/core.xml`; the crate can set neither title nor language.
#[derive(Template)]
#[template(
    ext = "xml",
    source = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{{ title }}</dc:title><dc:creator>{{ creator }}</dc:creator><cp:lastModifiedBy>{{ creator }}</cp:lastModifiedBy><dc:language>ru-RU</dc:language><dcterms:created xsi:type="dcterms:W3CDTF">{{ date }}T00:00:00Z</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">{{ date }}T00:00:00Z</dcterms:modified></cp:coreProperties>"#
)]
struct CoreProperties {
    title: String,
    creator: String,
    date: String,
}

/// Marks all text as Russian, for spelling, hyphenation and screen readers.
fn set_language(package: &mut XMLDocx) {
    let styles = String::from_utf8_lossy(&package.styles);
    let language = r#"<w:lang w:val="ru-RU" w:eastAsia="ru-RU" w:bidi="ar-SA" /></w:rPr></w:rPrDefault>"#;
    package.styles = styles.replacen("</w:rPr></w:rPrDefault>", language, 1).into_bytes();
}

fn document(view: &View) -> Docx {
    let margins = PageMargin::new().top(TOP).bottom(TOP).left(LEFT).right(RIGHT);
    let fonts = RunFonts::new().ascii(FONT).hi_ansi(FONT).east_asia(FONT).cs(FONT);
    let mut docx = Docx::new()
        .page_size(PAGE.0, PAGE.1)
        .page_margin(margins.header(HEADER_AT).footer(HEADER_AT).gutter(0))
        .default_fonts(fonts)
        .default_size(BODY)
        .default_line_spacing(spacing(0, 0))
        .add_style(heading("Heading1", "heading 1", 0))
        .add_style(heading("Heading2", "heading 2", 1))
        .add_style(heading("Heading3", "heading 3", 2))
        .first_header(Header::new().add_paragraph(Paragraph::new()))
        .header(header(view))
        .title_pg();
    if !view.service.is_empty() {
        docx = docx.first_footer(footer(view)).footer(footer(view));
    }
    docx = opening(docx, view);
    for block in &view.blocks {
        docx = add_block(docx, block);
    }
    docx.add_table(signature(view)).add_paragraph(plain(""))
}

/// From the second page on: the number in the middle, on a draft its mark at the right.
fn header(view: &View) -> Header {
    let line = Paragraph::new()
        .size(HEADER)
        .add_tab(Tab::new().val(TabValueType::Center).pos(TEXT_WIDTH / 2))
        .add_tab(Tab::new().val(TabValueType::Right).pos(TEXT_WIDTH))
        .add_run(Run::new().add_tab())
        .add_page_num(PageNum::new());
    Header::new().add_paragraph(match view.draft_mark {
        Some(mark) => line.add_run(Run::new().add_tab().add_text(mark).size(HEADER)),
        None => line,
    })
}

fn footer(view: &View) -> Footer {
    view.service.iter().fold(Footer::new(), |footer, line| {
        let text = format!("{}: {}", line.label, line.value);
        footer.add_paragraph(plain("").add_run(Run::new().add_text(text).size(SMALL)))
    })
}

fn opening(mut docx: Docx, view: &View) -> Docx {
    if let Some(mark) = view.draft_mark {
        docx = docx.add_paragraph(bold(mark).align(AlignmentType::Right).line_spacing(spacing(0, 240)));
    }
    if let Some(notice) = &view.notice {
        docx = docx.add_paragraph(centred(bold(notice), 0, 240));
    }
    for (i, name) in view.authority.iter().enumerate() {
        let after = if i + 1 == view.authority.len() { 360 } else { 0 };
        docx = docx.add_paragraph(match i {
            0 => centred(bold(&name.to_uppercase()), 0, after),
            _ => centred(plain(name), 0, after),
        });
    }
    let title = Paragraph::new()
        .style("Heading1")
        .add_run(Run::new().add_text(view.kind.to_uppercase()))
        .add_run(Run::new().add_break(docx_rs::BreakType::TextWrapping))
        .add_run(Run::new().add_text(view.title.as_str()));
    let requisites = Paragraph::new()
        .add_tab(Tab::new().val(TabValueType::Right).pos(TEXT_WIDTH))
        .add_run(Run::new().add_text(view.date.as_str()).add_tab().add_text(view.number.as_str()));
    docx.add_paragraph(centred(title, 0, 240)).add_paragraph(requisites).add_paragraph(centred(
        plain(&view.place),
        0,
        240,
    ))
}

fn add_block(docx: Docx, block: &Block) -> Docx {
    match block {
        Block::Section(text) => docx.add_paragraph(centred(
            Paragraph::new().style("Heading2").keep_next(true).add_run(Run::new().add_text(text)),
            240,
            120,
        )),
        Block::Subsection(text) => docx.add_paragraph(
            Paragraph::new()
                .style("Heading3")
                .keep_next(true)
                .indent(None, Some(SpecialIndentType::FirstLine(FIRST_LINE)), None, None)
                .line_spacing(spacing(120, 60))
                .add_run(Run::new().add_text(text)),
        ),
        Block::Mark(text) => docx.add_paragraph(
            Paragraph::new()
                .style("Heading2")
                .keep_next(true)
                .indent(None, Some(SpecialIndentType::FirstLine(FIRST_LINE)), None, None)
                .line_spacing(spacing(240, 60))
                .add_run(Run::new().add_text(text).disable_bold()),
        ),
        Block::Paragraph(text) => docx.add_paragraph(body(text).line_spacing(spacing(60, 0))),
        Block::Lead(text) => docx.add_paragraph(body(text).keep_next(true).line_spacing(spacing(60, 0))),
        Block::Bullets(items) => {
            items.iter().fold(docx, |docx, text| docx.add_paragraph(body(&format!("– {text}"))))
        }
        Block::Numbered(items) => items.iter().fold(docx, add_item),
    }
}

fn add_item(docx: Docx, item: &Item) -> Docx {
    item.paragraphs.iter().enumerate().fold(docx, |docx, (i, text)| {
        docx.add_paragraph(match i {
            0 => body(&format!("{} {text}", item.mark)),
            _ => body(text),
        })
    })
}

/// Position at the left, name at the right, on one base line however long the position.
fn signature(view: &View) -> Table {
    let cell = |text: &str, width, align| {
        TableCell::new()
            .width(width, WidthType::Dxa)
            .vertical_align(VAlignType::Bottom)
            .add_paragraph(plain(text).align(align).line_spacing(spacing(600, 0)))
    };
    let name_width = TEXT_WIDTH - POSITION_WIDTH;
    let row = TableRow::new(vec![
        cell(&view.position, POSITION_WIDTH, AlignmentType::Left),
        cell(&view.name, name_width, AlignmentType::Right),
    ]);
    Table::without_borders(vec![row.cant_split()])
        .set_grid(vec![POSITION_WIDTH, name_width])
        .width(TEXT_WIDTH, WidthType::Dxa)
        .layout(TableLayoutType::Fixed)
        .margins(docx_rs::TableCellMargins::new().margin(0, 0, 0, 0))
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

fn body(text: &str) -> Paragraph {
    plain(text)
        .align(AlignmentType::Both)
        .indent(None, Some(SpecialIndentType::FirstLine(FIRST_LINE)), None, None)
        .widow_control(true)
}

fn centred(paragraph: Paragraph, before: u32, after: u32) -> Paragraph {
    paragraph.align(AlignmentType::Center).line_spacing(spacing(before, after))
}

fn plain(text: &str) -> Paragraph {
    if text.is_empty() {
        return Paragraph::new();
    }
    Paragraph::new().add_run(Run::new().add_text(text))
}

fn bold(text: &str) -> Paragraph {
    Paragraph::new().add_run(Run::new().add_text(text).bold())
}

fn spacing(before: u32, after: u32) -> LineSpacing {
    LineSpacing::new().line_rule(LineSpacingType::Auto).line(LINE).before(before).after(after)
}
