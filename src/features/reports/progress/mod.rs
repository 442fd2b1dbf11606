//! How far a monitoring is: its reports, and schools by measures as a table.
//!
//! `store` reads it by a fixed number of queries and without texts, `grid` counts, `print`
//! draws: SVG and HTML for people, CSV and XLSX for office suites. What a reader sees of a
//! report here is what he sees of the report itself.

mod grid;
mod mark;
mod print;
mod store;

pub(super) use self::grid::{Grid, Line, read};
pub(super) use self::print::printed;
pub(super) use self::store::ReportBrief;

#[cfg(test)]
mod tests;
