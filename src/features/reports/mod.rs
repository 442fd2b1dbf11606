//! Reports of schools and of the municipality: one item per measure, submission, review.

pub mod domain;
pub mod standing;
pub mod submission;

pub use domain::{EvidenceKind, Item, ItemChange, ItemStatus, ReportStatus, is_late, item_rules};
pub use standing::{OutReason, Standing, is_met, standing};
pub use submission::{
    Completeness, Timeliness, completeness, is_final, needs_final, submit_violations, timeliness,
};
