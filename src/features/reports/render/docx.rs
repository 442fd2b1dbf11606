//! The report as a DOCX document.

use chrono::{DateTime, Utc};
use docx_rs::{AlignmentType, BreakType, Docx, Footer, Paragraph, Run};

use super::RenderError;
use super::document::{DocumentRow, ReportDocument};
use crate::kit::clock::moscow_date;
use crate::print::docx::{
    Column, Paper, Properties, body, bold, centred, indented, packed, paper, plain, signature, spacing, table,
};
use crate::print::text::line;

/// Size of the small print, in half points.
const SMALL: usize = 18;
/// Where somebody signs and writes his name.
const SIGN_HERE: &str = "_________ / ______________ /";

const COLUMNS: [Column<'static>; 6] = [
    Column { title: "№", part: 6 },
    Column { title: "Мероприятие", part: 26 },
    Column { title: "Срок", part: 12 },
    Column { title: "Отметка об исполнении", part: 14 },
    Column { title: "Результат или причина неисполнения", part: 22 },
    Column { title: "Подтверждение", part: 20 },
];

/// The report as a DOCX document.
///
/// # Errors
///
/// [`RenderError`] when the package cannot be written, which no input is known to cause.
pub(super) fn docx(document: &ReportDocument, made_at: DateTime<Utc>) -> Result<Vec<u8>, RenderError> {
    let properties = Properties {
        title: format!("Отчет {}", document.title()),
        creator: line(&document.subject),
        date: moscow_date(made_at),
    };
    Ok(packed(laid_out(document), &properties)?)
}

fn laid_out(document: &ReportDocument) -> Docx {
    let mark = document.draft_mark();
    let mut docx = paper(Paper::Aside, mark).first_footer(footer(document)).footer(footer(document));
    if let Some(mark) = mark {
        docx = docx.add_paragraph(bold(mark).align(AlignmentType::Right).line_spacing(spacing(0, 240)));
    }
    let title = Paragraph::new()
        .style("Heading1")
        .add_run(Run::new().add_text("ОТЧЕТ"))
        .add_run(Run::new().add_break(BreakType::TextWrapping))
        .add_run(Run::new().add_text(document.title()));
    docx = docx
        .add_paragraph(centred(bold(&line(&document.subject)), 0, 240))
        .add_paragraph(centred(title, 0, 240));
    for section in &document.sections {
        let heading = Paragraph::new().style("Heading2").keep_next(true);
        docx = docx
            .add_paragraph(centred(heading.add_run(Run::new().add_text(line(&section.title))), 160, 80))
            .add_table(table(Paper::Aside, &COLUMNS, section.rows.iter().map(cells)));
    }
    let texts = document.texts();
    if texts.is_empty() {
        // An office suite takes two tables without a paragraph between them for one.
        docx = docx.add_paragraph(plain(""));
    }
    for (title, lines) in texts {
        let heading = indented(Paragraph::new().style("Heading2").keep_next(true));
        docx = docx.add_paragraph(heading.line_spacing(spacing(240, 60)).add_run(Run::new().add_text(title)));
        docx = lines.iter().fold(docx, |docx, text| docx.add_paragraph(body(text)));
    }
    docx.add_table(signature(&line(&document.position), SIGN_HERE)).add_paragraph(plain(""))
}

fn cells(row: &DocumentRow) -> Vec<String> {
    let evidence: Vec<String> = row.evidence.iter().map(|one| one.reference()).collect();
    vec![
        line(&row.code),
        line(&row.title),
        line(&row.deadline),
        row.state().join("\n"),
        row.told().join("\n"),
        evidence.join("\n"),
    ]
}

fn footer(document: &ReportDocument) -> Footer {
    Footer::new().add_paragraph(plain("").add_run(Run::new().add_text(document.state()).size(SMALL)))
}
