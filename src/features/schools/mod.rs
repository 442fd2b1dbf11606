//! Schools: legal entities with their own INN and OGRN.
//!
//! States: active -close-> closed (reorganised or liquidated, with a successor). Low
//! performance is no property of a school: it follows from support list entries.

mod bodies;
mod domain;
mod export;
mod flow;
mod flow_many;
mod http;
mod policy;
mod shape;
mod store;
mod store_many;
mod store_work;

pub use self::domain::{ClosureKind, LegalForm, SchoolKind, SchoolStatus};
pub use self::export::export;
pub use self::flow::close;
pub use self::flow_many::put_many;
pub use self::http::configure;
pub use self::policy::{CATALOGUE, CloseSchools, ReadSchools, WriteSchools};
pub use self::shape::SchoolOut;
pub use self::store::{
    NOT_LOW, SchoolRow, active_of, find, find_by_ogrn, find_for_change, find_many, names_of,
};
pub use self::store_work::School;
