//! Road maps and their measures: what is to be done, by when, by whom, feeding which criteria.
//!
//! States: draft -approve-> approved -close-> closed; draft -cancel-> cancelled. Measures
//! change only in a draft. An approved map is changed by a new edition: amend makes the
//! draft, whose approval makes the old edition archived. A municipal map rests on a
//! registered order; a school's own map rests on an approved municipal one, is approved by
//! the school's head, and never carries a monitoring.

mod deadline;
mod domain;
mod export;
mod flow;
mod flow_lifecycle;
mod http;
mod http_transitions;
mod measures;
mod occurrences;
mod policy;
mod shape;
mod steps;
mod store;
mod store_facts;

pub use self::deadline::{Deadline, DeadlineKind, Recurrence};
pub use self::domain::{AppliesTo, AppliesToKind, Measure, MeasureLevel, RoadMapStatus};
pub use self::export::export;
pub use self::flow::{open, require, require_draft};
pub use self::flow_lifecycle::copy;
pub use self::measures::{
    MeasureIn, MeasureOut, MeasureRow, MeasureText, create_measures, export_measures, measure_codes_of,
    measure_rows_of, measure_views, measures_of, replace_measures,
};
pub use self::occurrences::Occurrence;
pub use self::policy::{ApproveRoadMaps, CATALOGUE, DraftRoadMaps, ReadRoadMaps};
pub use self::shape::{RoadMapCopy, RoadMapOut};
pub use self::steps::Step;
pub use self::store::{RoadMapRow, find, find_for_change};
pub use self::store_facts::RoadMapView;

use crate::web::Operations;

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    http::configure(operations);
    http_transitions::configure(operations);
    measures::configure(operations);
}
