//! How a monitoring goes on where its reports have a say.

use super::domain::ReportStatus;
use super::flow;
use super::flow_opening::create_reports;
use super::store;
use super::store_views;
use crate::auth::Scope;
use crate::db::Tx;
use crate::error::Error;
use crate::features::monitorings::{self, MonitoringRow, MonitoringStatus, SnapshotSchool};
use crate::features::orders::{self, OrderStatus};
use crate::features::road_maps;
use crate::features::schools::{self, SchoolStatus};
use crate::kit::id::{OrderId, SchoolId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// Ends the review.
///
/// # Errors
///
/// 409 `monitoring-not-ready` while a report is submitted or returned.
pub fn analyse(tx: &mut Tx, row: MonitoringRow) -> Result<MonitoringRow, Error> {
    let reports = store::of_monitoring(tx, &row.id)?;
    let any = |status| reports.iter().any(|report| report.status == status);
    let mut missing = Vec::new();
    if any(ReportStatus::Submitted) {
        missing.push("report-submitted");
    }
    if any(ReportStatus::Returned) {
        missing.push("report-returned");
    }
    if !missing.is_empty() {
        return Err(Error::blocked(&problems::MONITORING_NOT_READY, &missing));
    }
    monitorings::advance(tx, row, MonitoringStatus::Analysed, "analyse", None)
}

/// Ends the campaign.
///
/// # Errors
///
/// 409 `monitoring-not-ready` without a registered note in force: while one that takes the
/// place of another is drafted, the monitoring is thawed.
pub fn complete(tx: &mut Tx, row: MonitoringRow) -> Result<MonitoringRow, Error> {
    if row.frozen_at.is_none() || !store_views::has_registered_note(tx, &row.id)? {
        return Err(Error::blocked(&problems::MONITORING_NOT_READY, &["note-not-registered"]));
    }
    monitorings::advance(tx, row, MonitoringStatus::Completed, "complete", None)
}

/// Gives the campaign up: every report that is not cancelled yet is cancelled with it.
///
/// # Errors
///
/// Database failures only.
pub fn cancel(tx: &mut Tx, row: MonitoringRow, reason: &str) -> Result<MonitoringRow, Error> {
    for report in store::lock_of_monitoring(tx, &row.id)? {
        if report.status != ReportStatus::Cancelled {
            flow::cancel(tx, report, reason)?;
        }
    }
    monitorings::advance(tx, row, MonitoringStatus::Cancelled, "cancel", Some(reason))
}

/// Adds a school by order; its report starts as a draft.
///
/// # Errors
///
/// 422 for an unknown school or order; 409 when the school takes part already or is closed,
/// or the order is not registered.
pub fn add_school(
    tx: &mut Tx,
    scope: &Scope,
    row: MonitoringRow,
    school_id: &SchoolId,
    order_id: &OrderId,
) -> Result<MonitoringRow, Error> {
    let school = schools::find(tx, scope, school_id)?;
    let order = orders::find_for_change(tx, scope, order_id)?;
    let (Some(school), Some(order)) = (&school, &order) else {
        let missing = [("/school_id", school.is_none()), ("/order_id", order.is_none())];
        let violations = missing.into_iter().filter(|(_, missing)| *missing).map(|(at, _)| unknown(at));
        return Err(Error::invalid(violations.collect()));
    };
    if let Some(known) = taking_part(tx, &row, school_id)? {
        let blockers: &[&str] = if known.released_on.is_some() { &["school-released"] } else { &[] };
        return Err(Error::blocked(&problems::SCHOOL_IN_MONITORING, blockers));
    }
    if school.status == SchoolStatus::Closed {
        return Err(Error::blocked(&problems::SCHOOL_CLOSED, &["school-closed"]));
    }
    if order.status != OrderStatus::Registered {
        return Err(Error::blocked(&problems::ORDER_NOT_REGISTERED, &["order-not-registered"]));
    }
    let added = SnapshotSchool {
        monitoring_id: row.id.clone(),
        school_id: school.id.clone(),
        municipality_id: row.municipality_id.clone(),
        short_name: school.short_name.clone(),
        education_levels: school.education_levels.clone(),
        left_list_on: None,
        added_by_order_id: Some(order.id.clone()),
        added_on: tx.today(),
        released_on: None,
        release_reason: None,
    };
    monitorings::add_schools(tx, std::slice::from_ref(&added))?;
    let measures = road_maps::measures_of(tx, &row.road_map_id)?;
    create_reports(tx, &row, &measures, &[Some(&added)])?;
    let status = row.status;
    monitorings::advance(tx, row, status, "add-school", Some(&order.number))
}

/// The school's place in the snapshot.
///
/// # Errors
///
/// Database failures only.
pub fn taking_part(
    tx: &mut Tx,
    row: &MonitoringRow,
    school: &SchoolId,
) -> Result<Option<SnapshotSchool>, Error> {
    Ok(monitorings::schools_of(tx, &row.id)?.into_iter().find(|known| known.school_id == *school))
}

/// Refuses to release a school again.
///
/// # Errors
///
/// 409 `monitoring-state`.
pub fn require_taking_part(school: &SnapshotSchool) -> Result<(), Error> {
    match school.released_on {
        None => Ok(()),
        Some(_) => Err(Error::blocked(&problems::MONITORING_STATE, &["school-released"])),
    }
}

/// Releases a school: its report is cancelled, conclusions leave it out.
///
/// # Errors
///
/// Database failures only.
pub fn release_school(
    tx: &mut Tx,
    row: MonitoringRow,
    school: &SnapshotSchool,
    reason: &str,
) -> Result<MonitoringRow, Error> {
    let today = tx.today();
    monitorings::release_school(tx, &row.id, &school.school_id, today, reason)?;
    if let Some(report) = store::lock_of_school(tx, &row.id, &school.school_id)?
        && report.status != ReportStatus::Cancelled
    {
        flow::cancel(tx, report, reason)?;
    }
    let status = row.status;
    monitorings::advance(tx, row, status, "release-school", Some(reason))
}

fn unknown(pointer: &str) -> Violation {
    let detail = Bi::fixed("Такой записи нет", "There is no such resource");
    Violation::new(pointer, "unknown-reference", detail)
}
