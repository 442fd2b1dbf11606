//! The features, in dependency order: a feature imports only those above it.

pub mod health;

pub mod orders;

pub mod conclusion_templates;

pub mod road_maps;

pub mod reports;

pub mod conclusions;

pub mod notes;

use utoipa_actix_web::service_config::ServiceConfig;

use crate::db::AnyConnection;
use crate::kit::clock::Clock;

/// Registers every operation under `/api/v1`.
pub fn configure(config: &mut ServiceConfig) {
    config.configure(orders::configure);
    config.configure(conclusion_templates::configure);
    config.configure(road_maps::configure);
}

/// Brings what the program ships into the database, once per version.
///
/// # Errors
///
/// The database's own error.
pub fn prepare(conn: &mut AnyConnection, clock: &Clock) -> anyhow::Result<()> {
    conclusion_templates::ensure_shipped(conn, clock.now().naive_utc())?;
    Ok(())
}
