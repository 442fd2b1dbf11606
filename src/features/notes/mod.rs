//! The note: «Информация об исполнении плана мероприятий», the result of a monitoring.
//!
//! States: draft -submit-> on_approval -sign-> signed -register-> registered -publish->
//! published; on_approval -return-> draft; signed, registered, published -replace-> a new
//! draft, at whose registration the old note becomes replaced. [`snapshot`] is what a
//! signature freezes and what the hash is taken of; [`render`] prints it as HTML, Markdown
//! and DOCX. Both are pure: no clock, no database, no HTTP.

mod domain;
mod export;
mod figures;
mod flow;
mod flow_content;
mod flow_sign;
mod flow_snapshot;
mod http;
mod http_content;
mod http_public;
mod http_transitions;
mod policy;
pub mod render;
mod shape;
pub mod snapshot;
mod store;

pub use self::domain::NoteStatus;
pub use self::export::export;
pub use self::policy::{CATALOGUE, DraftNotes, ReadNotes, RegisterNotes, SignNotes};
pub use self::store::{MissingReport, NoteRow};

use crate::web::Operations;

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    http::configure(operations);
    http_transitions::configure(operations);
    http_content::configure(operations);
    http_public::configure(operations);
}
