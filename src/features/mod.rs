//! The features, in dependency order: a feature imports only those above it.

pub mod notes;
pub mod orders;

use utoipa_actix_web::service_config::ServiceConfig;

/// Registers every operation under `/api/v1`.
pub fn configure(config: &mut ServiceConfig) {
    config.configure(orders::configure);
}
