//! The pack of a report, as it is answered.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::domain::{EvidenceKind, ItemStatus, ReportStatus, TEXT_MAX};
use super::super::remark::RemarkStatus;
use super::super::submission::needs_final;
use super::bodies::{REQUISITES_MAX, SUMMARY_MAX, TITLE_MAX};
use super::remark::RemarkOut;
use super::shape::{ReportItemOut, ReportOut};
use crate::features::conclusion_templates::TemplateContent;
use crate::features::indicators::{IndicatorRow, Unit};
use crate::features::monitorings::{MonitoringRow, MonitoringStatus};
use crate::features::road_maps::{Deadline, Measure, MeasureRow, RoadMapRow};
use crate::files::FileKind;
use crate::kit::code::Code;
use crate::kit::id::{MeasureId, MonitoringId, ReportId, RoadMapId, TemplateId};
use crate::kit::lang::Lang;
use crate::web::upload::UploadLimits;

/// Everything that a client needs to fill a report without the network.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportPackOut {
    pub(super) report_id: ReportId,
    /// The report's version when the pack was made.
    pub(super) version: i32,
    /// The report with its texts: `base` of what is merged later.
    pub(super) report: ReportOut,
    pub(super) template: PackTemplate,
    /// The measures that concern the report's subject, in the order of the road map.
    pub(super) measures: Vec<PackMeasure>,
    /// The items with their evidence; the `version` of each is `base_version` of what is merged later.
    pub(super) items: Vec<ReportItemOut>,
    /// The remarks that are open or answered, oldest first; null for readers who see none.
    pub(super) remarks: Option<Vec<RemarkOut>>,
    pub(super) codes: PackCodes,
    pub(super) limits: PackLimits,
    /// When the pack was made, by the service's clock; not part of the tag.
    pub(super) server_time: DateTime<Utc>,
}

impl ReportPackOut {
    /// The member that differs each time.
    pub(super) const PASSING: &'static str = "server_time";
}

/// What the report is about.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PackTemplate {
    monitoring_id: MonitoringId,
    monitoring_status: MonitoringStatus,
    monitoring_status_label: &'static str,
    period_start: NaiveDate,
    period_end: NaiveDate,
    /// Last day on which a report is in time; an extension stands in `deadline` of the report.
    report_deadline: NaiveDate,
    road_map_id: RoadMapId,
    road_map_title: String,
    conclusion_template_id: Option<TemplateId>,
    /// The criteria that the measures here feed, in the order of the note.
    criteria: Vec<PackCriterion>,
}

/// A criterion of a conclusion.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PackCriterion {
    code: String,
    /// Number of its conclusion in the note.
    conclusion_code: String,
    /// What it is about, in a few words.
    title: String,
}

/// A measure that the report tells of.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PackMeasure {
    id: MeasureId,
    code: String,
    section: String,
    title: String,
    deadline: Deadline,
    /// The due day; null: recurring or all year.
    due_date: Option<NaiveDate>,
    /// Positions and bodies.
    responsible: Vec<String>,
    expected_result: Option<String>,
    evidence_required: bool,
    /// False: it needs no entry.
    counts_in_compliance: bool,
    /// The report is not submitted before its item has a final status.
    needs_final_status: bool,
    /// Codes of the criteria it feeds.
    criteria: Vec<String>,
    /// The indicators whose numbers its item takes.
    indicators: Vec<PackIndicator>,
}

/// An indicator whose numbers an item takes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PackIndicator {
    code: String,
    name: String,
    unit: Unit,
    unit_label: &'static str,
    /// What the numerator counts.
    numerator: String,
    /// What the denominator counts; null: it is not divided.
    denominator: Option<String>,
    /// What it is for, and what not.
    purpose_note: Option<String>,
}

/// Code lists, in both languages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PackCodes {
    item_statuses: Vec<PackItemStatus>,
    evidence_kinds: Vec<PackCode>,
    report_statuses: Vec<PackCode>,
    remark_statuses: Vec<PackCode>,
}

/// A code with its labels.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PackCode {
    code: &'static str,
    label_ru: &'static str,
    label_en: &'static str,
}

/// A status of an item with its rules.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PackItemStatus {
    code: &'static str,
    label_ru: &'static str,
    label_en: &'static str,
    /// Nothing more is expected.
    is_final: bool,
    /// It needs a reason.
    needs_reason: bool,
    /// An actual date may stand beside it.
    takes_actual_date: bool,
}

/// Limits of what may be written: characters of texts, bytes of files.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PackLimits {
    result_characters: usize,
    reason_characters: usize,
    summary_characters: usize,
    problems_characters: usize,
    evidence_title_characters: usize,
    evidence_requisites_characters: usize,
    /// Bytes of one file.
    file_bytes: u64,
    /// Bytes of the files of the report together.
    report_files_bytes: u64,
    /// Kinds of files that are taken.
    file_media_types: Vec<&'static str>,
}

impl PackTemplate {
    pub(super) fn of(
        monitoring: &MonitoringRow,
        map: RoadMapRow,
        content: Option<&TemplateContent>,
        measures: &[PackMeasure],
        lang: Lang,
    ) -> Self {
        let mut criteria = Vec::new();
        for conclusion in content.into_iter().flat_map(|content| &content.conclusions) {
            for criterion in &conclusion.criteria {
                if measures.iter().any(|measure| measure.criteria.contains(&criterion.code)) {
                    criteria.push(PackCriterion {
                        code: criterion.code.clone(),
                        conclusion_code: conclusion.code.clone(),
                        title: criterion.title.clone(),
                    });
                }
            }
        }
        Self {
            criteria,
            monitoring_id: monitoring.id.clone(),
            monitoring_status: monitoring.status,
            monitoring_status_label: monitoring.status.label(lang),
            period_start: monitoring.period_start,
            period_end: monitoring.period_end,
            report_deadline: monitoring.report_deadline,
            road_map_id: map.id,
            road_map_title: map.title,
            conclusion_template_id: monitoring.conclusion_template_id.clone(),
        }
    }
}

impl PackMeasure {
    pub(super) fn of(
        row: MeasureRow,
        indicators: &[IndicatorRow],
        report_deadline: NaiveDate,
        lang: Lang,
    ) -> Self {
        let declared = indicators.iter().filter(|one| row.indicators.contains(&one.code));
        let needs_final_status = needs_final(&Measure::from(row.clone()), report_deadline);
        Self {
            indicators: declared.map(|one| PackIndicator::of(one, lang)).collect(),
            id: row.id,
            code: row.code,
            section: row.section,
            title: row.title,
            deadline: row.deadline.into_inner(),
            due_date: row.due_date,
            responsible: row.responsible.into_inner(),
            expected_result: row.expected_result,
            evidence_required: row.evidence_required,
            counts_in_compliance: row.counts_in_compliance,
            needs_final_status,
            criteria: row.criteria.into_inner(),
        }
    }
}

impl PackIndicator {
    fn of(row: &IndicatorRow, lang: Lang) -> Self {
        Self {
            code: row.code.clone(),
            name: row.name.clone(),
            unit: row.unit,
            unit_label: row.unit.label(lang),
            numerator: row.numerator.clone(),
            denominator: row.denominator.clone(),
            purpose_note: row.purpose_note.clone(),
        }
    }
}

impl PackCodes {
    pub(super) fn all() -> Self {
        let status = |status: &ItemStatus| PackItemStatus {
            code: status.as_str(),
            label_ru: status.label(Lang::Ru),
            label_en: status.label(Lang::En),
            is_final: status.is_final(),
            needs_reason: status.needs_reason(),
            takes_actual_date: status.takes_actual_date(),
        };
        Self {
            item_statuses: ItemStatus::ALL.iter().map(status).collect(),
            evidence_kinds: list::<EvidenceKind>(),
            report_statuses: list::<ReportStatus>(),
            remark_statuses: list::<RemarkStatus>(),
        }
    }
}

fn list<C: Code>() -> Vec<PackCode> {
    let code = |code: &C| PackCode {
        code: code.as_str(),
        label_ru: code.label(Lang::Ru),
        label_en: code.label(Lang::En),
    };
    C::ALL.iter().map(code).collect()
}

impl PackLimits {
    pub(super) fn of(files: UploadLimits) -> Self {
        Self {
            result_characters: TEXT_MAX,
            reason_characters: TEXT_MAX,
            summary_characters: SUMMARY_MAX,
            problems_characters: SUMMARY_MAX,
            evidence_title_characters: TITLE_MAX,
            evidence_requisites_characters: REQUISITES_MAX,
            file_bytes: files.file_bytes,
            report_files_bytes: files.report_bytes,
            file_media_types: FileKind::EVIDENCE.map(FileKind::media_type).to_vec(),
        }
    }
}
