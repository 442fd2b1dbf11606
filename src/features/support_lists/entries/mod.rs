//! The schools in a support list.

mod bodies;
mod domain;
mod flow;
mod http;
mod snapshot;
mod store;

pub use self::domain::{Assessment, ExclusionReason, SupportListReason};
pub use self::flow::exclude_closed_school;
pub use self::http::configure;
pub use self::snapshot::{SchoolInLists, entries_for_monitoring};
pub use self::store::EntryRow;
