//! Reports, items and evidence, as they are answered.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::content::{Content, ContentShown, ItemContent};
use super::super::domain::{ItemStatus, ReportStatus, is_late};
use super::super::lifecycle::ReportStep;
use super::super::store::ReportRow;
use super::super::submission::Completeness;
use super::super::view::ReportView;
use super::reader::Reader;
use super::rights::Rights;
pub(super) use super::shape_evidence::EvidenceOut;
use crate::db::page::Keyed;
use crate::features::indicators::Number;
use crate::features::road_maps::{Deadline, Measure};
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MeasureId, MonitoringId, MunicipalityId, ReportId, SchoolId};
use crate::web::ActionOut;
use crate::web::query::PageOut;

/// A report of a school, or the municipality's own.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportOut {
    id: ReportId,
    version: i32,
    status: ReportStatus,
    status_label: &'static str,
    monitoring_id: MonitoringId,
    municipality_id: MunicipalityId,
    /// Null: the municipality's own report.
    school_id: Option<SchoolId>,
    /// The school's name in the snapshot.
    school_name: Option<String>,
    /// Last day on which it is in time, extensions included.
    deadline: NaiveDate,
    /// It is still to be submitted though its deadline has passed.
    overdue: bool,
    /// It was first submitted after its deadline; a return for correction changes nothing.
    late: bool,
    completeness: Completeness,
    /// Measures done after their due day.
    late_items: usize,
    /// Counted measures past their due day without a final status.
    overdue_items: usize,
    /// Items that repeat an earlier report and wait to be looked at.
    carried_over_items: usize,
    /// Remarks that wait for an answer: while there are any, it is not submitted again. Null for
    /// regional readers.
    open_remarks: Option<i64>,
    /// How often it was submitted.
    submission: i32,
    /// When it was submitted first; a submission taken back does not count.
    first_submitted_at: Option<DateTime<Utc>>,
    /// When it was submitted last.
    submitted_at: Option<DateTime<Utc>>,
    review_started_at: Option<DateTime<Utc>>,
    accepted_at: Option<DateTime<Utc>>,
    returned_at: Option<DateTime<Utc>>,
    return_reason: Option<String>,
    /// Which texts and items the caller is shown.
    content: ContentShown,
    content_label: &'static str,
    /// What was done, in a word; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    summary: Option<Option<String>>,
    /// What stood in the way; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    problems: Option<Option<String>>,
    /// With `embed=items`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    items: Option<Vec<ReportItemOut>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A page of reports.
#[derive(Serialize, ToSchema)]
pub(super) struct ReportPage {
    items: Vec<ReportOut>,
    page: PageOut,
}

/// One measure in a report.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportItemOut {
    #[serde(skip)]
    position: i32,
    measure_id: MeasureId,
    version: i32,
    /// The measure's code.
    code: String,
    title: String,
    deadline: Deadline,
    evidence_required: bool,
    /// False: it needs no entry.
    counts_in_compliance: bool,
    status: ItemStatus,
    status_label: &'static str,
    actual_date: Option<NaiveDate>,
    /// It was done after its due day.
    late: bool,
    result: Option<String>,
    reason: Option<String>,
    /// Codes of the indicators whose numbers it takes.
    indicators: Vec<String>,
    /// Their numbers, as far as they are told.
    numbers: BTreeMap<String, Number>,
    /// It repeats an earlier report and waits to be looked at: until it is written or gets
    /// evidence it counts as not started.
    carried_over: bool,
    evidence: Vec<EvidenceOut>,
    updated_at: DateTime<Utc>,
}

/// A page of the items of a report.
#[derive(Serialize, ToSchema)]
pub(super) struct ReportItemPage {
    items: Vec<ReportItemOut>,
    page: PageOut,
    /// Which state of them this is.
    content: ContentShown,
}

impl Keyed for ReportItemOut {
    fn key(&self, name: &str) -> String {
        match name {
            "position" => format!("{:010}", self.position),
            "code" => self.code.clone(),
            _ => self.measure_id.to_string(),
        }
    }
}

impl ReportOut {
    /// The report as a list shows it: without texts and items.
    pub(super) fn of(view: &ReportView, reader: &Reader) -> Self {
        let row = &view.row;
        let rights = reader.rights(row);
        let content = reader.shown(row);
        Self {
            id: row.id.clone(),
            version: row.version,
            status: row.status,
            status_label: row.status.label(reader.lang),
            monitoring_id: row.monitoring_id.clone(),
            municipality_id: row.municipality_id.clone(),
            school_id: row.school_id.clone(),
            school_name: view.school_name.clone(),
            deadline: view.deadline(),
            overdue: view.is_overdue(reader.today),
            late: view.is_late(),
            completeness: view.completeness(),
            late_items: view.late_items(),
            overdue_items: view.overdue_items(reader.today),
            carried_over_items: view.carried_over_items(),
            open_remarks: reader.scope.sees_work().then_some(view.open_remarks),
            submission: row.submission,
            first_submitted_at: row.first_submitted_at.map(utc),
            submitted_at: row.submitted_at.map(utc),
            review_started_at: row.review_started_at.map(utc),
            accepted_at: row.accepted_at.map(utc),
            returned_at: row.returned_at.filter(|_| reader.scope.sees_work()).map(utc),
            return_reason: row.return_reason.clone().filter(|_| reader.scope.sees_work()),
            content,
            content_label: content.label(reader.lang),
            summary: None,
            problems: None,
            items: None,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
            actions: actions(view, rights, reader),
        }
    }

    /// The report alone, with its texts and, when asked, its items.
    pub(super) fn with_content(
        view: &ReportView,
        content: Content,
        embeds_items: bool,
        reader: &Reader,
    ) -> Self {
        let items = embeds_items.then(|| items(view, content.items, reader));
        Self {
            summary: Some(content.summary),
            problems: Some(content.problems),
            items,
            ..Self::of(view, reader)
        }
    }
}

impl ReportOut {
    /// The evidence of its items, as far as they are embedded.
    pub(super) fn evidence_mut(&mut self) -> impl Iterator<Item = &mut EvidenceOut> {
        self.items.iter_mut().flatten().flat_map(ReportItemOut::evidence_mut)
    }
}

fn actions(view: &ReportView, rights: Rights, reader: &Reader) -> Vec<ActionOut> {
    let circumstances = view.circumstances(reader.today);
    let action = |name, may, step| ActionOut::new(name, may, &circumstances.blockers(step));
    let mut accept = circumstances.blockers(ReportStep::Accept);
    if view.row.submitted_by.as_ref().is_some_and(|account| reader.caller.is(account)) {
        accept.push("own-report");
    }
    let mut submit = circumstances.blockers(ReportStep::Submit);
    if view.open_remarks > 0 {
        submit.push("open-remark");
    }
    vec![
        action("update", rights.fills, ReportStep::Update),
        ActionOut::new("submit", rights.submits, &submit),
        action("withdraw", rights.submits, ReportStep::Withdraw),
        action("start-review", rights.reviews, ReportStep::StartReview),
        action("return", rights.reviews, ReportStep::Return),
        ActionOut::new("accept", rights.reviews, &accept),
        action("remark", rights.remarks, ReportStep::Remark),
    ]
}

/// The items with their measures, in the order of the road map.
pub(super) fn items(view: &ReportView, items: Vec<ItemContent>, reader: &Reader) -> Vec<ReportItemOut> {
    let blockers = view.circumstances(reader.today).blockers(ReportStep::Update);
    items_blocked(view, items, &blockers, reader)
}

/// As [`items`], where `blockers` stand in the way of changing them.
pub(super) fn items_blocked(
    view: &ReportView,
    items: Vec<ItemContent>,
    blockers: &[&'static str],
    reader: &Reader,
) -> Vec<ReportItemOut> {
    let with_measure = |item: ItemContent| {
        let measure = view.measure(&item.measure_id)?;
        Some(ReportItemOut::of(&view.row, blockers, measure, item, reader))
    };
    items.into_iter().filter_map(with_measure).collect()
}

impl ReportItemOut {
    /// Its evidence.
    pub(super) fn evidence_mut(&mut self) -> &mut [EvidenceOut] {
        &mut self.evidence
    }

    /// Whether it repeats an earlier report and waits to be looked at.
    pub(super) fn carried_over(&self) -> bool {
        self.carried_over
    }

    /// How far it is.
    pub(super) fn status(&self) -> ItemStatus {
        self.status
    }

    /// One item with its measure; `blockers` stand in the way of changing its report.
    pub(super) fn of(
        report: &ReportRow,
        blockers: &[&'static str],
        measure: &Measure,
        item: ItemContent,
        reader: &Reader,
    ) -> Self {
        let late = is_late(measure, &item.as_item());
        let evidence = item.evidence.into_iter();
        Self {
            position: measure.position,
            evidence: evidence
                .map(|e| EvidenceOut::of(report, blockers, &item.measure_id, e, reader))
                .collect(),
            measure_id: item.measure_id.clone(),
            version: item.version,
            code: measure.code.clone(),
            title: measure.title.clone(),
            deadline: measure.deadline.clone(),
            evidence_required: measure.evidence_required,
            counts_in_compliance: measure.counts_in_compliance,
            status: item.status,
            status_label: item.status.label(reader.lang),
            actual_date: item.actual_date,
            late,
            result: item.result,
            reason: item.reason,
            indicators: measure.indicators.clone(),
            numbers: item.numbers,
            carried_over: item.carried_over,
            updated_at: utc(item.updated_at),
        }
    }
}
