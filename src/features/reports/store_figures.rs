//! Queries of what the reports of a monitoring are as figures.

use std::collections::{BTreeSet, HashMap};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::domain::{EvidenceKind, ItemStatus, ReportStatus};
use super::view::{deadline_of, was_late};
use crate::db::AnyConnection;
use crate::db::schema::{deadline_extensions, evidence, report_items, reports};
use crate::features::monitorings::MonitoringRow;
use crate::kit::clock::{moscow_date, utc};
use crate::kit::id::{MeasureId, ReportId, SchoolId};

/// The schools whose reports were first submitted not after their deadline, extensions included.
///
/// Takes no scope: the caller holds the monitoring.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn schools_in_time(
    conn: &mut AnyConnection,
    monitoring: &MonitoringRow,
) -> QueryResult<BTreeSet<SchoolId>> {
    let submitted: Vec<(Option<SchoolId>, Option<NaiveDateTime>)> = reports::table
        .filter(reports::monitoring_id.eq(&monitoring.id))
        .filter(reports::first_submitted_at.is_not_null())
        .select((reports::school_id, reports::first_submitted_at))
        .load(conn)?;
    let extended: HashMap<SchoolId, NaiveDate> = deadline_extensions::table
        .filter(deadline_extensions::monitoring_id.eq(&monitoring.id))
        .select((deadline_extensions::school_id, deadline_extensions::until))
        .load(conn)?
        .into_iter()
        .collect();
    let in_time = |(school, at): (Option<SchoolId>, Option<NaiveDateTime>)| {
        let school = school?;
        let deadline = deadline_of(monitoring.report_deadline, extended.get(&school).copied());
        (at.is_some() && !was_late(at, deadline)).then_some(school)
    };
    Ok(submitted.into_iter().filter_map(in_time).collect())
}

/// For each school whose accepted report shows a page of its site, the day on which the page was
/// brought up to date last: the day on which its measure was done, else, while the measure goes on,
/// the Moscow day on which the address was attached.
///
/// Takes no scope: the caller holds the monitoring.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn pages_of(
    conn: &mut AnyConnection,
    monitoring: &MonitoringRow,
) -> QueryResult<HashMap<SchoolId, NaiveDate>> {
    let accepted: Vec<(ReportId, Option<SchoolId>)> = reports::table
        .filter(reports::monitoring_id.eq(&monitoring.id))
        .filter(reports::status.eq(ReportStatus::Accepted))
        .filter(reports::school_id.is_not_null())
        .select((reports::id, reports::school_id))
        .load(conn)?;
    let school_of: HashMap<ReportId, SchoolId> =
        accepted.into_iter().filter_map(|(report, school)| Some((report, school?))).collect();
    let pages: Vec<(ReportId, MeasureId, NaiveDateTime)> = evidence::table
        .filter(evidence::report_id.eq_any(school_of.keys()))
        .filter(evidence::kind.eq(EvidenceKind::WebPage))
        .filter(evidence::removed_at.is_null())
        .select((evidence::report_id, evidence::measure_id, evidence::created_at))
        .load(conn)?;
    let told: HashMap<(ReportId, MeasureId), (ItemStatus, Option<NaiveDate>)> = report_items::table
        .filter(report_items::report_id.eq_any(pages.iter().map(|(report, ..)| report)))
        .filter(report_items::carried_over.eq(false))
        .select((
            report_items::report_id,
            report_items::measure_id,
            report_items::status,
            report_items::actual_date,
        ))
        .load(conn)?
        .into_iter()
        .map(|(report, measure, status, day)| ((report, measure), (status, day)))
        .collect();
    let mut latest: HashMap<SchoolId, NaiveDate> = HashMap::new();
    for (report, measure, attached_at) in pages {
        let Some(school) = school_of.get(&report).cloned() else { continue };
        let updated = match told.get(&(report, measure)) {
            Some((ItemStatus::Done | ItemStatus::Partly, day)) => *day,
            Some((ItemStatus::InProgress, _)) => Some(moscow_date(utc(attached_at))),
            _ => None,
        };
        if let Some(day) = updated {
            latest.entry(school).and_modify(|known| *known = day.max(*known)).or_insert(day);
        }
    }
    Ok(latest)
}
