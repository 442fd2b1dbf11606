//! Monitorings: one campaign each, with a road map, a period, schools and a deadline.
//!
//! States: planned -open-> open -close-collection-> collected -analyse-> analysed
//! -complete-> completed; planned, open -cancel-> cancelled. Opening, closing the
//! collection, analysing, completing, cancelling and everything that changes the schools of
//! an open monitoring are served where reports are known.

mod domain;
mod export;
mod flow;
mod http;
mod policy;
mod shape;
mod store;

pub use self::domain::{MonitoringStatus, Step};
pub use self::export::export;
pub use self::flow::{advance, freeze, lock, require, store_opened, thaw};
pub use self::http::configure;
pub use self::policy::{CATALOGUE, PlanMonitorings, ReadMonitorings};
pub use self::shape::MonitoringOut;
pub use self::store::{
    MonitoringRow, NotedSchool, SnapshotSchool, add_schools, find, find_for_change, next_frozen,
    noted_schools, release_school, schools_of,
};
