//! Imports: many rows at once, from tables or JSON, as jobs that run by themselves.
//!
//! States of a job: queued -> running -> done or failed. `table` reads files, `kinds` turns rows into
//! the bodies of the single operations and stores them through their features, `runner` runs jobs one
//! at a time under a lease in the database. A row is refused by the same rules as a single request.

mod bodies;
mod domain;
mod error_copy;
mod flow;
mod flow_begin;
mod flow_run;
mod http;
mod kinds;
mod operator;
mod policy;
mod runner;
mod shape;
mod store;
mod store_errors;
mod table;

pub use self::domain::{ImportKind, ImportMode, JobStatus};
pub use self::http::configure;
pub use self::operator::{OperatorImport, Report, import_by_operator};
pub use self::policy::CATALOGUE;
pub use self::runner::{Runner, named_files, sweep};
pub use self::store::open_jobs;
use crate::web::Reading;
use crate::web::upload::UploadLimits;

/// What the file of an import, or a body with rows, may take.
#[derive(Debug, Clone)]
pub struct ImportLimits {
    /// Size and time.
    pub upload: UploadLimits,
    /// How many are read at once.
    pub reading: Reading,
}
