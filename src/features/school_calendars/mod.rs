//! School calendars: the terms of an academic year in the schools of a municipality.
//!
//! What is due «один раз в учебную четверть» is due by them. A municipality that has given
//! none for a year has the usual quarters.

mod domain;
mod export;
mod flow;
mod http;
mod policy;
mod shape;
mod store;

pub use self::domain::{SchoolYears, Term, TermKind};
pub use self::export::export;
pub use self::http::configure;
pub use self::policy::{CATALOGUE, ReadSchoolCalendars};
pub use self::store::years_of;
