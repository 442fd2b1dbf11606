//! Road maps and their measures: what is to be done, by when, by whom, feeding which criteria.

pub mod deadline;
pub mod domain;

pub use deadline::{Deadline, DeadlineKind, Recurrence};
pub use domain::{AppliesTo, AppliesToKind, Measure, MeasureLevel, RoadMapStatus};
