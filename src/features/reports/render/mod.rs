//! The report on paper and as a table: HTML, DOCX, XLSX and CSV, all from one `document`.

mod document;
mod docx;
mod html;
mod number;
#[cfg(test)]
mod sample;
mod sheet;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::print::docx::DocumentError;
use crate::print::sheet::SheetError;
use crate::web::Format;

pub use self::document::{Documented, ReportDocument};

/// The forms in which a report is read; the first is the one without asking.
pub const FORMATS: [Format; 5] = [Format::Json, Format::Html, Format::Docx, Format::Xlsx, Format::Csv];

/// What everything carries that is not accepted.
const DRAFT_MARK: &str = "ПРОЕКТ";

/// Why a form could not be made; always a fault of the service, never of the request.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The data could not be written as JSON.
    #[error("the report could not be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A template failed.
    #[error("a template of the report failed")]
    Template(#[from] askama::Error),
    /// The DOCX form could not be made.
    #[error(transparent)]
    Docx(#[from] DocumentError),
    /// A table could not be made.
    #[error(transparent)]
    Sheet(#[from] SheetError),
}

/// The document in one of [`FORMATS`]; `made_at` is when what it shows was last changed. The same
/// input gives the same bytes.
///
/// # Errors
///
/// [`RenderError`], which no input is known to cause.
pub fn print(
    document: &ReportDocument,
    format: Format,
    made_at: DateTime<Utc>,
) -> Result<Vec<u8>, RenderError> {
    Ok(match format {
        Format::Html => html::html(document)?.into_bytes(),
        Format::Docx => docx::docx(document, made_at)?,
        Format::Xlsx => sheet::xlsx(document, made_at)?,
        Format::Csv => sheet::csv(document)?,
        Format::Json | Format::Markdown | Format::Svg => serde_json::to_vec(document)?,
    })
}
