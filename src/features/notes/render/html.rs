//! The note as one HTML page that needs nothing else: for the screen, a phone and print.

use askama::Template;

use super::blocks::Block;
use super::view::View;
use super::{RenderError, RenderInput};

/// The page; askama escapes every text.
#[derive(Template)]
#[template(path = "notes/render/note.html")]
struct Page<'a> {
    view: &'a View,
}

/// The note as an HTML page.
///
/// # Errors
///
/// [`RenderError::Template`] when the template fails, which no input is known to cause.
pub fn html(input: &RenderInput<'_>) -> Result<String, RenderError> {
    Ok(Page { view: &View::of(input) }.render()?)
}
