//! The resources of the service, one folder each, in dependency order.

pub mod notes;
