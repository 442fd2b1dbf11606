//! Queries on what subjects reported of earlier periods.

use std::collections::HashMap;

use diesel::prelude::*;

use super::domain::{ItemChange, ReportStatus};
use crate::db::AnyConnection;
use crate::db::schema::{measures, monitorings, report_items, reports};
use crate::features::indicators::Numbers;
use crate::features::monitorings::MonitoringRow;
use crate::kit::id::{LineageId, ReportId, SchoolId};

/// What a subject told of each measure; `None` stands for the municipality.
pub type Told = HashMap<Option<SchoolId>, HashMap<LineageId, ItemChange>>;

/// What each of these subjects told in its latest accepted report of a period that ended before
/// the monitoring's, by two queries. What was itself only carried over was told of nothing.
///
/// Takes no scope: the caller opens the monitoring, and a subject's new report is its own.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn told_before(
    conn: &mut AnyConnection,
    monitoring: &MonitoringRow,
    subjects: &[Option<&SchoolId>],
) -> QueryResult<Told> {
    let of_schools = reports::school_id.eq_any(subjects.iter().flatten());
    let own = reports::school_id.is_null().and(reports::municipality_id.eq(&monitoring.municipality_id));
    let mut accepted = reports::table
        .inner_join(monitorings::table)
        .filter(reports::status.eq(ReportStatus::Accepted))
        .filter(monitorings::period_end.lt(monitoring.period_end))
        .select((reports::school_id, reports::id))
        .order((monitorings::period_end, monitorings::period_start, reports::id))
        .into_boxed();
    accepted = if subjects.contains(&None) {
        accepted.filter(of_schools.or(own))
    } else {
        accepted.filter(of_schools)
    };
    let earlier: Vec<(Option<SchoolId>, ReportId)> = accepted.load(conn)?;
    // The later of a subject's reports takes the place of the one before it.
    let latest: HashMap<Option<SchoolId>, ReportId> = earlier.into_iter().collect();
    let subject_of: HashMap<ReportId, Option<SchoolId>> =
        latest.into_iter().map(|(subject, report)| (report, subject)).collect();
    let stored = report_items::table
        .inner_join(measures::table)
        .filter(report_items::report_id.eq_any(subject_of.keys()))
        .filter(report_items::carried_over.eq(false))
        .select((
            report_items::report_id,
            measures::lineage_id,
            report_items::status,
            report_items::actual_date,
            report_items::result,
            report_items::reason,
        ));
    let mut told = Told::new();
    for (report, lineage, status, actual_date, result, reason) in
        stored.load::<(ReportId, LineageId, _, _, _, _)>(conn)?
    {
        let subject = subject_of.get(&report).cloned().ok_or(diesel::NotFound)?;
        let item = ItemChange { status, actual_date, result, reason, numbers: Numbers::new() };
        told.entry(subject).or_default().insert(lineage, item);
    }
    Ok(told)
}
