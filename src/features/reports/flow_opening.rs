//! How a monitoring opens: the snapshot of its schools and one report for each.

use super::domain::{ItemChange, ItemStatus, ReportStatus};
use super::flow;
use super::prefill::carried_over;
use super::store::{self, ReportRow};
use super::store_items::{self, ItemRow};
use super::store_prefill;
use crate::auth::Scope;
use crate::db::{Json, Op, Tx};
use crate::error::Error;
use crate::features::indicators::Numbers;
use crate::features::monitorings::{self, MonitoringRow, SnapshotSchool};
use crate::features::orders::{self, OrderStatus};
use crate::features::road_maps::{self, Measure, RoadMapStatus};
use crate::features::support_lists::{self, ListStatus, SchoolInLists};
use crate::kit::education::EducationLevel;
use crate::kit::id::{ReportId, SchoolId, TemplateId};
use crate::problems;

/// Reports made at once: a region's worth of items need not lie in memory together.
const SUBJECTS_AT_ONCE: usize = 100;

/// Opens a planned monitoring: keeps the edition and the template, takes the snapshot,
/// creates a report per school and one for the municipality, with an item for every
/// measure that concerns its subject.
///
/// Locks the order, the road map and the lists, so that none of them changes state meanwhile.
///
/// # Errors
///
/// 409 `monitoring-not-ready` with everything that is missing.
pub fn open(tx: &mut Tx, scope: &Scope, row: MonitoringRow) -> Result<MonitoringRow, Error> {
    let (template, found) = prepare(tx, scope, &row)?;
    let schools: Vec<SnapshotSchool> =
        found.into_iter().map(|school| in_snapshot(&row, school, tx.today())).collect();
    monitorings::add_schools(tx, &schools)?;
    let measures = road_maps::measures_of(tx, &row.road_map_id)?;
    let subjects: Vec<Option<&SnapshotSchool>> = schools.iter().map(Some).chain([None]).collect();
    create_reports(tx, &row, &measures, &subjects)?;
    monitorings::store_opened(tx, row, template)
}

/// Checks what opening needs; answers the template and the schools of the lists.
fn prepare(
    tx: &mut Tx,
    scope: &Scope,
    row: &MonitoringRow,
) -> Result<(TemplateId, Vec<SchoolInLists>), Error> {
    let mut missing = Vec::new();
    let order = orders::find_for_change(tx, scope, &row.order_id)?;
    if order.is_none_or(|order| order.status != OrderStatus::Registered) {
        missing.push("order-not-registered");
    }
    let road_map = road_maps::find_for_change(tx, scope, &row.road_map_id)?
        .filter(|map| map.status == RoadMapStatus::Approved && map.school_id.is_none());
    let template = road_map.as_ref().and_then(|map| map.conclusion_template_id.clone());
    match (&road_map, &template) {
        (None, _) => missing.push("road-map-not-approved"),
        (Some(_), None) => missing.push("template-missing"),
        _ => {}
    }
    let ids = row.list_ids()?;
    let today = tx.today();
    let schools = support_lists::entries_for_monitoring(tx, &ids, today, row.period_start, row.period_end)?;
    let lists = support_lists::lists_of(tx, &ids)?;
    if lists.len() < ids.len() || lists.iter().any(|list| list.status != ListStatus::Approved) {
        missing.push("support-list-not-approved");
    }
    match template {
        Some(template) if missing.is_empty() => Ok((template, schools)),
        _ => Err(Error::blocked(&problems::MONITORING_NOT_READY, &missing)),
    }
}

fn in_snapshot(row: &MonitoringRow, school: SchoolInLists, today: chrono::NaiveDate) -> SnapshotSchool {
    SnapshotSchool {
        monitoring_id: row.id.clone(),
        school_id: school.school_id,
        municipality_id: row.municipality_id.clone(),
        short_name: school.short_name,
        education_levels: school.education_levels,
        left_list_on: school.left_list_on,
        added_by_order_id: None,
        added_on: today,
        released_on: None,
        release_reason: None,
    }
}

/// Creates the reports of these subjects (`None`: the municipality) with their items, each filled
/// with what the subject told of the same measure, by its lineage, in its latest accepted report of
/// an earlier period.
///
/// # Errors
///
/// Database failures, a snapshot whose levels cannot be read.
pub(super) fn create_reports(
    tx: &mut Tx,
    monitoring: &MonitoringRow,
    measures: &[Measure],
    subjects: &[Option<&SnapshotSchool>],
) -> Result<(), Error> {
    for some in subjects.chunks(SUBJECTS_AT_ONCE) {
        let mut reports = Vec::with_capacity(some.len());
        let mut items = Vec::new();
        let ids: Vec<Option<&SchoolId>> =
            some.iter().map(|subject| subject.map(|school| &school.school_id)).collect();
        let mut told = store_prefill::told_before(tx, monitoring, &ids)?;
        let period = monitoring.period_start..=monitoring.period_end;
        for subject in some {
            let report = draft(tx, monitoring, *subject);
            let mut before = told.remove(&report.school_id).unwrap_or_default();
            for measure in concerning(measures, *subject)? {
                let earlier = before.remove(&measure.lineage_id);
                let carried = earlier.and_then(|earlier| carried_over(earlier, &period));
                items.push(new_item(tx, &report, measure, carried)?);
            }
            reports.push(report);
        }
        store::insert(tx, &reports)?;
        store_items::insert_items(tx, &items)?;
        for report in &reports {
            flow::record(tx, report, Op::Created, "create", None, None);
        }
    }
    Ok(())
}

/// The measures that stand in the subject's report, also those that do not count: a
/// subject may tell of them.
fn concerning<'a>(
    measures: &'a [Measure],
    subject: Option<&SnapshotSchool>,
) -> Result<Vec<&'a Measure>, Error> {
    let Some(school) = subject else {
        return Ok(measures.iter().filter(|measure| measure.concerns_municipality()).collect());
    };
    let levels: Vec<EducationLevel> = serde_json::from_str(&school.education_levels)?;
    let concerned = |measure: &&Measure| measure.concerns_school(&school.school_id, &levels);
    Ok(measures.iter().filter(concerned).collect())
}

fn draft(tx: &Tx, monitoring: &MonitoringRow, subject: Option<&SnapshotSchool>) -> ReportRow {
    ReportRow {
        id: ReportId::generate(),
        monitoring_id: monitoring.id.clone(),
        municipality_id: monitoring.municipality_id.clone(),
        school_id: subject.map(|school| school.school_id.clone()),
        status: ReportStatus::Draft,
        summary: None,
        problems: None,
        submission: 0,
        first_submitted_at: None,
        submitted_at: None,
        submitted_by: None,
        review_started_at: None,
        accepted_at: None,
        accepted_by: None,
        returned_at: None,
        return_reason: None,
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
    }
}

/// The item of a measure: not started, or as it was `carried` over.
fn new_item(
    tx: &Tx,
    report: &ReportRow,
    measure: &Measure,
    carried: Option<ItemChange>,
) -> Result<ItemRow, Error> {
    let carried_over = carried.is_some();
    let content = carried.unwrap_or(ItemChange {
        status: ItemStatus::NotStarted,
        actual_date: None,
        result: None,
        reason: None,
        numbers: Numbers::new(),
    });
    Ok(ItemRow {
        report_id: report.id.clone(),
        measure_id: measure.id.clone(),
        position: measure.position,
        status: content.status,
        actual_date: content.actual_date,
        result: content.result,
        reason: content.reason,
        version: 1,
        updated_at: tx.now(),
        carried_over,
        numbers: Json::of(content.numbers)?,
    })
}
