//! The features, in dependency order: a feature imports only those above it.

pub mod exported;

pub mod health;

pub mod municipalities;

pub mod school_calendars;

pub mod schools;

pub mod school_stats;

pub mod accounts;

pub mod clients;

pub mod orders;

pub mod support_lists;

pub mod support_list_hints;

pub mod indicators;

pub mod conclusion_templates;

pub mod road_maps;

pub mod monitorings;

pub mod reports;

pub mod conclusions;

pub mod recommendations;

pub mod monitoring_indicators;

pub mod notes;

pub mod obligations;

pub mod imports;

pub mod changes;

pub mod webhooks;

pub mod audit;

use actix_web::web::Data;
use chrono::NaiveDateTime;
use diesel::QueryResult;

use crate::auth::catalogue::Catalogue;
use crate::db::{AnyConnection, Db};
use crate::files::{Files, NamedFile};
use crate::kit::clock::Clock;
use crate::web::Operations;
use crate::web::metrics::Standing;

/// Registers every operation under `/api/v1`.
pub fn configure(operations: &mut Operations) {
    operations
        .app_data(Data::new(catalogue()))
        .configure(municipalities::configure)
        .configure(school_calendars::configure)
        .configure(schools::configure)
        .configure(school_stats::configure)
        .configure(accounts::configure)
        .configure(clients::configure)
        .configure(orders::configure)
        .configure(support_lists::configure)
        .configure(support_list_hints::configure)
        .configure(indicators::configure)
        .configure(conclusion_templates::configure)
        .configure(road_maps::configure)
        .configure(monitorings::configure)
        .configure(reports::configure)
        .configure(conclusions::configure)
        .configure(recommendations::configure)
        .configure(monitoring_indicators::configure)
        .configure(notes::configure)
        .configure(obligations::configure)
        .configure(imports::configure)
        .configure(changes::configure)
        .configure(webhooks::configure)
        .configure(audit::configure);
}

/// What each resource allows whom, for `GET /me`.
fn catalogue() -> Catalogue {
    Catalogue::default()
        .with("municipalities", municipalities::CATALOGUE)
        .with("school_calendars", school_calendars::CATALOGUE)
        .with("schools", schools::CATALOGUE)
        .with("school_stats", school_stats::CATALOGUE)
        .with("accounts", accounts::CATALOGUE)
        .with("clients", clients::CATALOGUE)
        .with("orders", orders::CATALOGUE)
        .with("support_lists", support_lists::CATALOGUE)
        .with("support_list_hints", support_list_hints::CATALOGUE)
        .with("indicators", indicators::CATALOGUE)
        .with("conclusion_templates", conclusion_templates::CATALOGUE)
        .with("road_maps", road_maps::CATALOGUE)
        .with("monitorings", monitorings::CATALOGUE)
        .with("reports", reports::CATALOGUE)
        .with("conclusions", conclusions::CATALOGUE)
        .with("recommendations", recommendations::CATALOGUE)
        .with("monitoring_indicators", monitoring_indicators::CATALOGUE)
        .with("notes", notes::CATALOGUE)
        .with("obligations", obligations::CATALOGUE)
        .with("imports", imports::CATALOGUE)
        .with("changes", changes::CATALOGUE)
        .with("webhooks", webhooks::CATALOGUE)
        .with("audit_events", audit::CATALOGUE)
}

/// Removes files that no row names any more: a process ended between keeping and recording them,
/// or between deleting and removing. Logs what it cannot do; the next start tries again.
pub async fn sweep(db: Db, files: Files) {
    if let Err(cause) = reports::sweep_files(&db, &files).await {
        log::warn!("files that nothing names could not be removed: {cause}");
    }
}

/// Every file that a row names: what a backup takes along, and a check looks for.
///
/// # Errors
///
/// The database's own failures.
pub fn named_files(conn: &mut AnyConnection, now: NaiveDateTime) -> QueryResult<Vec<NamedFile>> {
    let mut named = reports::named_files(conn)?;
    named.extend(imports::named_files(conn, now)?);
    Ok(named)
}

/// How things stand, for whoever watches the service.
///
/// # Errors
///
/// The database's own failures.
pub fn standing(conn: &mut AnyConnection) -> QueryResult<Standing> {
    Ok(Standing {
        jobs: imports::open_jobs(conn)?,
        webhooks_failing: webhooks::failing(conn)?,
        unsealed: audit::unsealed(conn)?,
    })
}

/// Keeps the change feed short, as long as the service runs.
pub async fn tend(db: Db, clock: Clock, feed_days: u32) {
    changes::keep_short(db, clock, feed_days).await;
}

/// Brings what the program ships into the database, once per version.
///
/// # Errors
///
/// The database's own error.
pub fn prepare(conn: &mut AnyConnection, clock: &Clock) -> anyhow::Result<()> {
    conclusion_templates::ensure_shipped(conn, clock)?;
    indicators::ensure_shipped(conn, clock)?;
    changes::prepare(conn)?;
    Ok(())
}
