//! Operations on reports, their items and evidence, and on monitorings where reports have a say.

mod bodies;
mod bodies_merge;
mod content;
mod evidence;
mod evidence_file;
mod export;
mod item;
mod monitoring;
mod pack;
mod progress;
mod reader;
mod remark;
mod report;
mod reuse;
mod rights;
mod school;
mod version;

pub use self::export::export;
use crate::web::Operations;
mod shape;
mod shape_evidence;
mod shape_merge;
mod shape_pack;
mod shape_progress;

/// Registers the operations.
pub fn configure(operations: &mut Operations) {
    report::configure(operations);
    version::configure(operations);
    content::configure(operations);
    item::configure(operations);
    evidence::configure(operations);
    pack::configure(operations);
    remark::configure(operations);
    monitoring::configure(operations);
    progress::configure(operations);
    school::configure(operations);
}
