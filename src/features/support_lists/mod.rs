//! Support lists (перечни) and the schools in them.
//!
//! States: draft -approve-> approved -> superseded (by the next approved list of the same
//! municipality, level, category and year) or cancelled; a draft can be cancelled too. In a
//! draft, entries come and go freely; in an approved list they join and leave by a registered
//! order. An entry has its own version: a change of it leaves the list's version alone.

mod domain;
mod entries;
mod export;
mod flow;
mod flow_import;
mod http;
mod policy;
mod shape;
mod store;

pub use self::domain::{ListCategory, ListLevel, ListStatus};
pub use self::entries::{
    Assessment, Departure, EntryRow, ExclusionReason, SchoolInLists, Standing, SupportListReason,
    departures_of, entries_for_monitoring, exclude_closed_school, export_entries, is_listed,
    standing_of_year,
};
pub use self::export::export;
pub use self::flow::ListText;
pub use self::flow_import::{draft_of, open_draft, replace_entries};
pub use self::policy::{ApproveLists, CATALOGUE, DraftLists, ReadLists};

pub use self::store::{SupportListRow, find, lists_of};
use crate::web::Operations;

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    http::configure(operations);
    entries::configure(operations);
}
