//! Reports of schools and of the municipality: one item per measure, submission, review.
//!
//! States: draft -submit-> submitted -accept-> accepted; submitted -return-> returned
//! -submit-> submitted; submitted -withdraw-> draft until the review starts (`start-review`,
//! or its end: accept, return); accepted -return-> returned until a note is signed; a
//! released school's report is cancelled, and so is every report of a cancelled monitoring.
//! A deadline never blocks, it only makes late.
//!
//! Remarks: open -answer-> answered; open, answered -resolve-> resolved. While one is open, the
//! report is not submitted again. Each submission freezes a version.
//!
//! Opening a monitoring and everything else that needs its reports is served here, and so is
//! closing a school, which ends them.

mod content;
mod diff;
pub mod domain;
mod evidence;
mod flow;
mod flow_closing;
mod flow_evidence;
mod flow_items;
mod flow_merge;
mod flow_monitoring;
mod flow_numbers;
mod flow_opening;
mod flow_remarks;
mod guard;
mod http;
mod lifecycle;
mod merge;
mod numbers;
mod place;
mod policy;
mod prefill;
mod progress;
mod remark;
mod render;
pub mod standing;
mod store;
mod store_closing;
mod store_evidence;
mod store_figures;
mod store_items;
mod store_prefill;
mod store_remarks;
mod store_versions;
mod store_views;
pub mod submission;
mod sweep;
mod view;

pub use self::domain::{EvidenceKind, Item, ItemChange, ItemStatus, ReportStatus, is_late, item_rules};
pub use self::http::{configure, export};
pub use self::lifecycle::{Circumstances, ReportStep};
pub use self::policy::{
    CATALOGUE, FillReports, ReadReports, ReviewOwnReport, ReviewReports, SubmitReports, WriteRemarks,
};
pub use self::remark::RemarkStatus;
pub use self::standing::{OutReason, Standing, is_met, standing};
pub use self::store_figures::{pages_of, schools_in_time};
pub use self::store_views::subjects_of;
pub use self::submission::{
    Completeness, Timeliness, completeness, is_final, needs_final, submit_violations, timeliness,
};
pub use self::sweep::{named_files, sweep_files};
pub use self::view::{ReportSubject, deadline_of};
