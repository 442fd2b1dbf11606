//! The audit: who did what and when, readable, and sealed so that a change of it shows.
//!
//! Rows are written by every transaction ([`crate::db::Tx`]), and each second for what was read and
//! refused ([`crate::web::Notebook`]); the database refuses to change or remove them. Every second the rows
//! that came since are put under a seal: the SHA-256 of the seal before and of these rows. Whoever
//! alters, adds or removes a row breaks a seal; whoever makes all later seals anew gives the audit
//! another head, so that a head noted elsewhere, as the log does once a day, shows that too.

mod domain;
mod flow;
mod http;
mod operator;
mod policy;
mod shape;
mod store;

pub use self::flow::{Verified, keep_noted, keep_sealed, seal, verify, write_noted};
pub use self::http::configure;
pub use self::operator::write_lines;
pub use self::policy::CATALOGUE;
pub use self::store::unsealed;
