//! Indicators of monitorings: what the service computes from its own data, and what was told.
//!
//! Computed from accepted reports, lists and recommendations: I-18 measures done in time, I-19 done
//! with evidence, I-20 reports in time, I-23 pages of sites up to date, I-24 schools that left the
//! list, I-25 recommendations of the year before that were verified. Nobody types them. What
//! everybody reads leaves out cells that would tell of single persons.

mod domain;
mod flow;
mod http;
mod http_public;
mod policy;
mod shape;
mod shape_public;
mod suppression;

pub use self::domain::Figure;
pub use self::flow::{Figures, read};
pub use self::policy::CATALOGUE;
pub use self::suppression::SmallCells;

use crate::web::Operations;

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    http::configure(operations);
    http_public::configure(operations);
}
