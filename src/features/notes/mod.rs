//! The note: «Информация об исполнении плана мероприятий», the result of a monitoring.
//!
//! [`snapshot`] is what a signature freezes and what the hash is taken of; [`render`]
//! prints it as HTML, Markdown and DOCX. Both are pure: no clock, no database, no HTTP.

pub mod render;
pub mod snapshot;
