//! Statistics of schools by academic year: totals, and results in the national assessments.
//!
//! The academic year is named by its first calendar year (2023 is 2023/2024); each result also
//! says the calendar year it belongs to, for support lists speak of calendar years and neither
//! follows from the other. Counts only, never pupils. The department writes them, the school
//! and its curators read them; a region does not, for they are in no state that a region reads
//! and their cells are small.

mod bodies;
mod domain;
mod flow;
mod flow_import;
mod http;
mod policy;
mod shape;
mod store;

pub use self::domain::{AssessmentKind, PURPOSE, is_small_sample};
pub use self::flow_import::put_by_ogrn;
pub use self::http::configure;
pub use self::policy::{CATALOGUE, WriteStats};
pub use self::store::{AssessmentRow, results_within};
