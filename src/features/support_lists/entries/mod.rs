//! The schools in a support list.

mod domain;
mod export;
mod flow;
mod flow_import;
mod http;
mod shape;
mod snapshot;
mod standing;
mod store;

pub use self::domain::{Assessment, ExclusionReason, SupportListReason};
pub use self::export::export as export_entries;
pub(super) use self::flow::delete;
pub use self::flow::exclude_closed_school;
pub(super) use self::flow::reveal;
pub(super) use self::flow_import::{add_body, change_body};
pub use self::http::configure;
pub use self::snapshot::{SchoolInLists, entries_for_monitoring, is_listed};
pub use self::standing::{Departure, Standing, departures_of, standing_of_year};
pub use self::store::EntryRow;
pub(super) use self::store::all_of;
