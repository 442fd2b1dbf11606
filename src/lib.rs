//! Yearly road map of support for schools with low educational results, as a JSON API.

pub mod features;
pub mod kit;
