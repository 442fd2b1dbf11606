//! The note on paper: HTML, Markdown and DOCX, all from one `view`.

mod blocks;
mod docx;
mod html;
mod markdown;
#[cfg(test)]
pub(super) mod sample;
#[cfg(test)]
mod tests;
mod view;

use chrono::NaiveDate;

use super::snapshot::NoteSnapshot;
use crate::print::docx::DocumentError;

pub use docx::docx;
pub use html::html;
pub use markdown::markdown;

/// What a printed form needs beside the snapshot: all that changes after signing.
#[derive(Debug, Clone, Copy)]
pub struct RenderInput<'a> {
    /// The frozen snapshot, or the present state of a draft.
    pub snapshot: &'a NoteSnapshot,
    /// Whether the note is signed, registered, published or replaced; anything else
    /// carries «ПРОЕКТ» and neither hash nor registration.
    pub is_signed: bool,
    /// The registration number; a note may be registered without one.
    pub number: Option<&'a str>,
    /// The day of registration; `None` until then.
    pub registered_on: Option<NaiveDate>,
    /// The snapshot's hash, for the footer.
    pub hash: Option<&'a str>,
    /// Address at which the hash can be verified, for the footer.
    pub verify_url: Option<&'a str>,
    /// The note that took this one's place.
    pub replaced_by: Option<Replacement<'a>>,
}

impl<'a> RenderInput<'a> {
    /// An unsigned note.
    #[must_use]
    pub fn draft(snapshot: &'a NoteSnapshot) -> Self {
        Self {
            snapshot,
            is_signed: false,
            number: None,
            registered_on: None,
            hash: None,
            verify_url: None,
            replaced_by: None,
        }
    }
}

/// The note that replaced another.
#[derive(Debug, Clone, Copy)]
pub struct Replacement<'a> {
    /// Its registration number, if it has one.
    pub number: Option<&'a str>,
    /// Its date.
    pub date: NaiveDate,
}

/// Why a form could not be made; always a fault of the service, never of the request.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template failed.
    #[error("a template of the note failed")]
    Template(#[from] askama::Error),
    /// The DOCX form could not be made.
    #[error(transparent)]
    Docx(#[from] DocumentError),
}
