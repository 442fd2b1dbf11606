//! Operations on reports, their items and evidence, and on monitorings where reports have a say.

mod bodies;
mod evidence;
mod item;
mod monitoring;
mod progress;
mod reader;
mod report;
mod rights;
mod school;
mod shape;

use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the operations.
pub fn configure(config: &mut ServiceConfig) {
    report::configure(config);
    item::configure(config);
    evidence::configure(config);
    monitoring::configure(config);
    progress::configure(config);
    school::configure(config);
}
