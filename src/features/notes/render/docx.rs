//! The note as a DOCX document.

use docx_rs::{AlignmentType, Docx, Footer, Paragraph, Run, Tab, TabValueType};

use super::blocks::{Block, Item};
use super::view::View;
use super::{RenderError, RenderInput};
use crate::print::docx::{
    Paper, Properties, body, bold, centred, indented, packed, paper, plain, signature, spacing,
};

/// Size of the small print, in half points.
const SMALL: usize = 18;

/// The note as a DOCX document.
///
/// The same input gives the same bytes.
///
/// # Errors
///
/// [`RenderError`] when the package cannot be written, which no input is known to cause.
pub fn docx(input: &RenderInput<'_>) -> Result<Vec<u8>, RenderError> {
    let view = View::of(input);
    let properties = Properties {
        title: view.full_title(),
        creator: view.authority.join(", "),
        date: input.snapshot.date,
    };
    Ok(packed(document(&view), &properties)?)
}

fn document(view: &View) -> Docx {
    let mut docx = paper(Paper::Upright, view.draft_mark);
    if !view.service.is_empty() {
        docx = docx.first_footer(footer(view)).footer(footer(view));
    }
    docx = opening(docx, view);
    for block in &view.blocks {
        docx = add_block(docx, block);
    }
    docx.add_table(signature(&view.position, &view.name)).add_paragraph(plain(""))
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
        .add_tab(Tab::new().val(TabValueType::Right).pos(Paper::Upright.text_width()))
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
            indented(Paragraph::new().style("Heading3").keep_next(true))
                .line_spacing(spacing(120, 60))
                .add_run(Run::new().add_text(text)),
        ),
        Block::Mark(text) => docx.add_paragraph(
            indented(Paragraph::new().style("Heading2").keep_next(true))
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
    let docx = item.paragraphs.iter().enumerate().fold(docx, |docx, (i, text)| {
        docx.add_paragraph(match i {
            0 => body(&format!("{} {text}", item.mark)),
            _ => body(text),
        })
    });
    match &item.source {
        Some(source) => {
            docx.add_paragraph(indented(plain("")).add_run(Run::new().add_text(source).size(SMALL)))
        }
        None => docx,
    }
}
