//! Reports with what belongs to them, each kind of row by one query for all of them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;

use super::domain::Item;
use super::store::{self, ReportRow};
use super::store_items::ItemRow;
use super::store_remarks;
use super::view::{ItemView, ReportSubject, ReportView};
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{
    audit_events, deadline_extensions, evidence, measures, monitoring_schools, monitorings, notes, remarks,
    report_items, reports,
};
use crate::db::{AnyConnection, keyset};
use crate::features::monitorings::MonitoringRow;
use crate::features::road_maps::{self, Measure, MeasureRow};
use crate::kit::id::{MeasureId, MonitoringId, ReportId, RoadMapId, SchoolId};

/// The reports of a monitoring with their items, ordered by id, by three queries.
///
/// Takes no scope: the caller holds the monitoring.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub fn subjects_of(conn: &mut AnyConnection, id: &MonitoringId) -> QueryResult<Vec<ReportSubject>> {
    let rows = store::of_monitoring(conn, id)?;
    let mut items = items_of(conn, &rows)?;
    let subject = |row: ReportRow| ReportSubject {
        items: items.remove(&row.id).into_iter().flatten().collect(),
        report_id: row.id,
        school_id: row.school_id,
        version: row.version,
        status: row.status,
        submission: row.submission,
        accepted_at: row.accepted_at,
    };
    Ok(rows.into_iter().map(subject).collect())
}

/// These reports with their monitorings, measures and items, in the given order.
///
/// Takes no scope: the caller holds the reports.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn views(conn: &mut AnyConnection, rows: Vec<ReportRow>) -> QueryResult<Vec<ReportView>> {
    let monitorings = monitorings_of(conn, &rows)?;
    let road_maps = road_maps_of(conn, monitorings.values())?;
    let mut items = items_of(conn, &rows)?;
    let names = names_of(conn, &rows)?;
    let extensions = extensions_of(conn, &rows)?;
    let remarks = store_remarks::open_counts(conn, &rows)?;
    rows.into_iter()
        .map(|row| {
            let monitoring = monitorings.get(&row.monitoring_id).cloned().ok_or(diesel::NotFound)?;
            let road_map = road_maps.get(&monitoring.road_map_id).cloned().ok_or(diesel::NotFound)?;
            let place = row.school_id.clone().map(|school| (row.monitoring_id.clone(), school));
            Ok(ReportView {
                monitoring,
                road_map,
                school_name: place.as_ref().and_then(|place| names.get(place).cloned()),
                extension_until: place.as_ref().and_then(|place| extensions.get(place).copied()),
                items: items.remove(&row.id).into_iter().flatten().collect(),
                open_remarks: remarks.get(&row.id).copied().unwrap_or(0),
                row,
            })
        })
        .collect()
}

/// One report, as [`views`].
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn view(conn: &mut AnyConnection, row: ReportRow) -> QueryResult<ReportView> {
    views(conn, vec![row])?.into_iter().next().ok_or(diesel::NotFound)
}

/// One item of a report within `scope` by one query, for what a school does most often.
/// `None` outside `scope`, and when the measure does not stand in the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn item_view(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &ReportId,
    measure: &MeasureId,
) -> QueryResult<Option<ItemView>> {
    let its_extension = deadline_extensions::monitoring_id
        .eq(reports::monitoring_id)
        .and(deadline_extensions::school_id.nullable().eq(reports::school_id));
    let its_evidence = evidence::table
        .filter(evidence::report_id.eq(report_items::report_id))
        .filter(evidence::measure_id.eq(report_items::measure_id))
        .filter(evidence::removed_at.is_null());
    let found = store::scoped(scope)
        .inner_join(monitorings::table)
        .inner_join(report_items::table.inner_join(measures::table))
        .left_join(deadline_extensions::table.on(its_extension))
        .filter(report_items::report_id.eq(id))
        .filter(report_items::measure_id.eq(measure))
        .select((
            ReportRow::as_select(),
            MonitoringRow::as_select(),
            MeasureRow::as_select(),
            ItemRow::as_select(),
            deadline_extensions::until.nullable(),
            exists(its_evidence),
        ))
        .first::<(ReportRow, MonitoringRow, MeasureRow, ItemRow, Option<NaiveDate>, bool)>(conn)
        .optional()?;
    Ok(found.map(|(row, monitoring, measure, item, extension_until, has_evidence)| ItemView {
        row,
        monitoring,
        extension_until,
        measure: Measure::from(measure),
        item,
        has_evidence,
    }))
}

/// A step in the life of a report.
#[derive(Debug, Queryable)]
pub struct HistoryRow {
    /// Its number in the journal.
    pub seq: i64,
    /// When, UTC.
    pub at: NaiveDateTime,
    /// What was done.
    pub action: String,
    /// By whom, in a word.
    pub actor_role: String,
    /// With a head's rights by `acting_until`.
    pub acting: bool,
    /// The state before.
    pub from_status: Option<String>,
    /// The state after.
    pub to_status: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// `reports` or `remarks`.
    pub resource: String,
    /// The id of the report or of the remark.
    pub resource_id: String,
}

impl Keyed for HistoryRow {
    fn key(&self, _: &str) -> String {
        self.seq.to_string()
    }
}

/// The journal of a report and of its remarks, at most `page.limit + 1` steps, of these actions only. Takes no
/// scope: the caller holds the report.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn history(
    conn: &mut AnyConnection,
    id: &ReportId,
    actions: Option<&[String]>,
    page: &Page,
) -> QueryResult<Listed<HistoryRow>> {
    let matching = || {
        let on_it = remarks::table.filter(remarks::report_id.eq(id)).select(remarks::id);
        let its_own = audit_events::resource.eq("reports").and(audit_events::resource_id.eq(id.as_str()));
        let of_remarks = audit_events::resource.eq("remarks").and(audit_events::resource_id.eq_any(on_it));
        let mut query = audit_events::table.filter(its_own.or(of_remarks)).into_boxed();
        if let Some(actions) = actions {
            query = query.filter(audit_events::action.eq_any(actions));
        }
        if let Some(ids) = &page.ids {
            let known = ids.iter().flat_map(|id| id.parse::<i64>());
            query = query.filter(audit_events::seq.eq_any(known));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select((
        audit_events::seq,
        audit_events::at,
        audit_events::action,
        audit_events::actor_role,
        audit_events::acting,
        audit_events::from_status,
        audit_events::to_status,
        audit_events::reason,
        audit_events::resource,
        audit_events::resource_id,
    ));
    keyset!(query, page, audit_events::table, {
        "seq" => audit_events::seq => i64,
    });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// Whether a note of the monitoring is registered. Takes no scope: the caller holds the
/// monitoring; notes are a later feature, so this asks their table.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn has_registered_note(conn: &mut AnyConnection, id: &MonitoringId) -> QueryResult<bool> {
    let registered = notes::table
        .filter(notes::monitoring_id.eq(id))
        .filter(notes::status.eq_any(["registered", "published"]));
    diesel::select(exists(registered)).get_result(conn)
}

fn monitorings_of(
    conn: &mut AnyConnection,
    rows: &[ReportRow],
) -> QueryResult<HashMap<MonitoringId, Arc<MonitoringRow>>> {
    let found: Vec<MonitoringRow> = monitorings::table
        .filter(monitorings::id.eq_any(monitoring_ids(rows)))
        .select(MonitoringRow::as_select())
        .load(conn)?;
    Ok(found.into_iter().map(|row| (row.id.clone(), Arc::new(row))).collect())
}

fn road_maps_of<'a>(
    conn: &mut AnyConnection,
    monitorings: impl Iterator<Item = &'a Arc<MonitoringRow>>,
) -> QueryResult<HashMap<RoadMapId, Arc<Vec<Measure>>>> {
    let mut found = HashMap::new();
    for monitoring in monitorings {
        let id = &monitoring.road_map_id;
        if !found.contains_key(id) {
            found.insert(id.clone(), Arc::new(road_maps::measures_of(conn, id)?));
        }
    }
    Ok(found)
}

fn items_of(conn: &mut AnyConnection, rows: &[ReportRow]) -> QueryResult<HashMap<ReportId, Vec<Item>>> {
    let ids: Vec<&ReportId> = rows.iter().map(|row| &row.id).collect();
    let counted: Vec<(ReportId, MeasureId, i64)> = evidence::table
        .filter(evidence::report_id.eq_any(&ids))
        .filter(evidence::removed_at.is_null())
        .group_by((evidence::report_id, evidence::measure_id))
        .select((evidence::report_id, evidence::measure_id, count_star()))
        .load(conn)?;
    let evidence: HashMap<(ReportId, MeasureId), i64> =
        counted.into_iter().map(|(report, measure, count)| ((report, measure), count)).collect();
    let stored: Vec<ItemRow> = report_items::table
        .filter(report_items::report_id.eq_any(&ids))
        .select(ItemRow::as_select())
        .order((report_items::report_id, report_items::position, report_items::measure_id))
        .load(conn)?;
    let mut found: HashMap<ReportId, Vec<Item>> = HashMap::new();
    for row in stored {
        let place = (row.report_id, row.measure_id);
        let evidence_count = evidence.get(&place).copied().unwrap_or(0);
        let (report_id, measure_id) = place;
        found.entry(report_id).or_default().push(Item {
            measure_id,
            status: row.status,
            actual_date: row.actual_date,
            result: row.result,
            reason: row.reason,
            evidence_count,
            carried_over: row.carried_over,
        });
    }
    Ok(found)
}

fn names_of(
    conn: &mut AnyConnection,
    rows: &[ReportRow],
) -> QueryResult<HashMap<(MonitoringId, SchoolId), String>> {
    use monitoring_schools::{monitoring_id, school_id, short_name};
    let found: Vec<(MonitoringId, SchoolId, String)> = monitoring_schools::table
        .filter(monitoring_id.eq_any(monitoring_ids(rows)))
        .filter(school_id.eq_any(rows.iter().filter_map(|row| row.school_id.as_ref())))
        .select((monitoring_id, school_id, short_name))
        .load(conn)?;
    Ok(found.into_iter().map(|(monitoring, school, name)| ((monitoring, school), name)).collect())
}

fn extensions_of(
    conn: &mut AnyConnection,
    rows: &[ReportRow],
) -> QueryResult<HashMap<(MonitoringId, SchoolId), NaiveDate>> {
    use deadline_extensions::{monitoring_id, school_id, until};
    let found: Vec<(MonitoringId, SchoolId, NaiveDate)> = deadline_extensions::table
        .filter(monitoring_id.eq_any(monitoring_ids(rows)))
        .filter(school_id.eq_any(rows.iter().filter_map(|row| row.school_id.as_ref())))
        .select((monitoring_id, school_id, until))
        .load(conn)?;
    Ok(found.into_iter().map(|(monitoring, school, day)| ((monitoring, school), day)).collect())
}

fn monitoring_ids(rows: &[ReportRow]) -> Vec<&MonitoringId> {
    let mut ids: Vec<&MonitoringId> = rows.iter().map(|row| &row.monitoring_id).collect();
    ids.sort();
    ids.dedup();
    ids
}
