//! Hints for support lists: which schools fall under the criterion of the lists by their results.
//!
//! Only hints: a list is what its order says. Threshold, number of procedures, years and the form
//! of the rule are the caller's to set; the defaults are the rule found in inspection acts.

mod domain;
mod http;
mod policy;
mod shape;

pub use self::http::configure;
pub use self::policy::CATALOGUE;
