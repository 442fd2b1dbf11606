//! The conventions of HTTP that every operation shares: strict bodies and queries,
//! versions and tags, repeats, dry runs, problems. The contract's section 1 in code.

pub mod access_log;
pub mod action;
pub mod answer;
pub mod body;
pub mod check;
pub mod conventions;
pub mod cursor;
pub mod download;
pub mod filter;
pub mod format;
pub mod json;
pub mod known;
pub mod metrics;
pub mod notebook;
pub mod operations;
pub mod peer;
pub mod precondition;
pub mod printed;
pub mod query;
pub mod rate;
pub mod reading;
pub mod rows_upload;
pub mod upload;
pub mod writing;

pub use self::action::ActionOut;
pub use self::answer::{Answer, Listing, resource};
pub use self::body::Body;
pub use self::conventions::RequestInfo;
pub use self::format::Format;
pub use self::known::Known;
pub use self::notebook::Notebook;
pub use self::operations::{Described, Operations};
pub use self::precondition::IfMatch;
pub use self::printed::Printed;
pub use self::query::{AnyOf, Between, Filter, ListQuery, Paging};
pub use self::reading::{Reading, ReadingPlace};
pub use self::writing::Writing;
