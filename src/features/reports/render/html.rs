//! The report as one HTML page that needs nothing else: for the screen, a phone and print.

use askama::Template;

use super::RenderError;
use super::document::ReportDocument;

/// The page; askama escapes every text.
#[derive(Template)]
#[template(path = "reports/render/report.html")]
struct Page<'a> {
    document: &'a ReportDocument,
    texts: Vec<(&'static str, Vec<String>)>,
}

/// The report as an HTML page.
///
/// # Errors
///
/// [`RenderError::Template`] when the template fails, which no input is known to cause.
pub(super) fn html(document: &ReportDocument) -> Result<String, RenderError> {
    Ok(Page { document, texts: document.texts() }.render()?)
}
