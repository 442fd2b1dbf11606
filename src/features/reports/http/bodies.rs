//! What is asked and written of reports, items and evidence, as JSON.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::super::content::FileContent;
use super::super::domain::{EvidenceKind, ItemChange, ItemStatus, ReportStatus};
use super::super::flow::ReportText;
use super::super::flow_evidence::{NewEvidence, Source};
use super::super::store::Narrowed;
use super::shape::ReportItemOut;
use crate::features::indicators::Number;
use crate::kit::id::{EvidenceId, MonitoringId, SchoolId};
use crate::web::body::present;
use crate::web::{AnyOf, Filter};

/// Longest text of a report, in characters; the schemas say the same.
pub(super) const SUMMARY_MAX: usize = 10_000;
/// Longest title of a piece of evidence.
pub(super) const TITLE_MAX: usize = 500;
/// Longest number and date of a piece of evidence.
pub(super) const REQUISITES_MAX: usize = 200;

/// Changes of a report's texts: absent members stay, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"summary": "Мероприятия дорожной карты исполнены.", "problems": null}))]
pub(super) struct ReportPatch {
    /// What was done, in a word.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 10000)]
    summary: Option<Option<String>>,
    /// What stood in the way.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 10000)]
    problems: Option<Option<String>>,
    /// What looks like personal data in the texts is needed there; the audit keeps who said so.
    #[serde(default)]
    #[schema(default = false)]
    pub(super) personal_data_confirmed: bool,
}

/// Why a report goes back; without a reason its open remarks say it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Приложите приказ о назначении ответственного"}))]
pub(super) struct ReportReturn {
    /// What is to be corrected.
    #[schema(min_length = 1, max_length = 4000)]
    pub(super) reason: Option<String>,
    /// What looks like personal data in the texts is needed there; the audit keeps who said so.
    #[serde(default)]
    #[schema(default = false)]
    pub(super) personal_data_confirmed: bool,
}

/// The state of one measure; members left out are cleared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "status": "done", "actual_date": "2023-04-14", "result": "План наставничества утверждён приказом № 31",
    "numbers": {"I-12": {"numerator": 3, "denominator": 3}}
}))]
pub(super) struct ReportItemIn {
    /// How far it is.
    status: ItemStatus,
    /// The day it was done, with `done` and `partly`; not after today.
    actual_date: Option<NaiveDate>,
    /// What came of it.
    #[schema(max_length = 4000)]
    result: Option<String>,
    /// Why not, or not wholly; required with `partly`, `not_done`, `not_applicable`.
    #[schema(max_length = 4000)]
    reason: Option<String>,
    /// Numbers of the indicators that the measure declares, by their codes.
    #[serde(default)]
    numbers: BTreeMap<String, Number>,
    /// What looks like personal data in the texts is needed there; the audit keeps who said so.
    #[serde(default)]
    #[schema(default = false)]
    pub(super) personal_data_confirmed: bool,
}

/// A link to a document that proves an item.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "order", "title": "О назначении наставников", "requisites": "от 10.04.2023 № 31",
    "url": "https://school.example.org/docs/order-31.pdf", "contains_personal_data": false
}))]
pub(super) struct EvidenceIn {
    /// What kind of document.
    kind: EvidenceKind,
    /// Its title.
    #[schema(min_length = 1, max_length = 500)]
    title: String,
    /// Its number and date.
    #[schema(max_length = 200)]
    requisites: Option<String>,
    /// Where it is.
    #[schema(format = "web-address")]
    url: String,
    /// Whether only the school and its municipality's department read it.
    #[serde(default = "private_unless_said")]
    #[schema(default = true)]
    contains_personal_data: bool,
    /// What looks like personal data in the title is needed there; the audit keeps who said so.
    #[serde(default)]
    #[schema(default = false)]
    personal_data_confirmed: bool,
}

/// The fields of a form beside its file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EvidenceForm {
    /// What kind of document.
    kind: EvidenceKind,
    /// Its title.
    #[schema(min_length = 1, max_length = 500)]
    title: String,
    /// Its number and date.
    #[schema(max_length = 200)]
    requisites: Option<String>,
    /// Whether only the school and its municipality's department read it.
    #[serde(default = "private_unless_said")]
    #[schema(default = true)]
    contains_personal_data: bool,
    /// What looks like personal data in the title is needed there; the audit keeps who said so.
    #[serde(default)]
    #[schema(default = false)]
    personal_data_confirmed: bool,
}

/// A file that proves an item, as a form.
#[derive(ToSchema)]
#[schema(example = json!({
    "file": "order-31.pdf", "kind": "order", "title": "О назначении наставников", "requisites": "от 10.04.2023 № 31"
}))]
#[expect(dead_code, reason = "it shows the form; its fields are read as `EvidenceForm`")]
pub(super) struct EvidenceFileIn {
    /// The document: PDF, DOCX, XLSX, ODT, JPEG or PNG.
    #[schema(value_type = String, format = Binary)]
    file: (),
    /// What kind of document.
    kind: EvidenceKind,
    /// Its title.
    #[schema(min_length = 1, max_length = 500)]
    title: String,
    /// Its number and date.
    #[schema(max_length = 200)]
    requisites: Option<String>,
    /// Whether only the school and its municipality's department read it.
    #[schema(default = true)]
    contains_personal_data: Option<bool>,
    /// What looks like personal data in the title is needed there; the audit keeps who said so.
    #[schema(default = false)]
    personal_data_confirmed: Option<bool>,
}

fn private_unless_said() -> bool {
    true
}

/// Filters of the list of reports.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportFilter {
    /// Of any of these monitorings.
    #[param(value_type = Option<String>)]
    monitoring_id: Option<AnyOf<MonitoringId>>,
    /// Of any of these schools.
    #[param(value_type = Option<String>)]
    school_id: Option<AnyOf<SchoolId>>,
    /// Any of these states, comma-separated.
    #[param(value_type = Option<String>, example = "submitted,returned")]
    status: Option<AnyOf<ReportStatus>>,
    /// Still to be submitted though the deadline has passed.
    #[param(value_type = Option<bool>)]
    overdue: Option<AnyOf<bool>>,
}

/// Filters of the list of a report's items.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportItemFilter {
    /// Any of these states, comma-separated; what is carried over has the one of the earlier report.
    #[param(value_type = Option<String>, example = "not_started,in_progress")]
    status: Option<AnyOf<ItemStatus>>,
    /// Repeating an earlier report and not looked at since.
    #[param(value_type = Option<bool>)]
    carried_over: Option<AnyOf<bool>>,
}

impl Filter for ReportItemFilter {
    const SORTS: &'static [&'static str] = &["position", "code"];
    const DEFAULT_SORT: &'static str = "position";
    const LAST_KEY: &'static str = "measure_id";
}

impl ReportItemFilter {
    /// Whether the item stays in the list.
    pub(super) fn takes(&self, item: &ReportItemOut) -> bool {
        self.status.as_ref().is_none_or(|any| any.0.contains(&item.status()))
            && self.carried_over.as_ref().is_none_or(|any| any.0.contains(&item.carried_over()))
    }
}

/// Filters of a report's life.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportHistoryFilter {
    /// Any of these actions, comma-separated.
    #[param(value_type = Option<String>, example = "submit,return")]
    action: Option<AnyOf<String>>,
}

impl Filter for ReportHistoryFilter {
    const SORTS: &'static [&'static str] = &[];
    const DEFAULT_SORT: &'static str = "seq";
    const LAST_KEY: &'static str = "seq";
}

impl ReportHistoryFilter {
    /// The actions to show to a reader; those outside see acceptances only.
    pub(super) fn actions(&self, sees_work: bool) -> Option<Vec<String>> {
        let asked = self.action.clone().map(|any| any.0);
        if sees_work {
            return asked;
        }
        let seen = "accept".to_owned();
        Some(if asked.is_none_or(|asked| asked.contains(&seen)) { vec![seen] } else { vec![] })
    }
}

impl Filter for ReportFilter {
    const SORTS: &'static [&'static str] = &[];
}

impl ReportFilter {
    pub(super) fn narrowed(&self, today: NaiveDate) -> Narrowed {
        let overdue = self.overdue.as_ref().map(|any| (any.0.contains(&true), any.0.contains(&false)));
        Narrowed {
            monitoring_id: self.monitoring_id.clone().map(|any| any.0),
            school_id: self.school_id.clone().map(|any| any.0),
            status: self.status.clone().map(|any| any.0),
            overdue: overdue.and_then(|(yes, no)| (yes != no).then_some(yes)),
            today,
        }
    }
}

impl ReportPatch {
    pub(super) fn over(self, text: ReportText) -> ReportText {
        ReportText {
            summary: self.summary.unwrap_or(text.summary),
            problems: self.problems.unwrap_or(text.problems),
        }
    }
}

impl From<ReportItemIn> for ItemChange {
    fn from(given: ReportItemIn) -> Self {
        Self {
            status: given.status,
            actual_date: given.actual_date,
            result: given.result,
            reason: given.reason,
            numbers: given.numbers,
        }
    }
}

impl From<EvidenceIn> for NewEvidence {
    fn from(given: EvidenceIn) -> Self {
        Self {
            id: EvidenceId::generate(),
            kind: given.kind,
            title: given.title,
            requisites: given.requisites,
            source: Source::Link(given.url),
            contains_personal_data: given.contains_personal_data,
            personal_data_confirmed: given.personal_data_confirmed,
        }
    }
}

impl EvidenceForm {
    /// The fields that are true or false.
    pub(super) const FLAGS: [&'static str; 2] = ["contains_personal_data", "personal_data_confirmed"];

    /// The evidence with its file.
    pub(super) fn with(self, id: EvidenceId, file: FileContent) -> NewEvidence {
        NewEvidence {
            id,
            kind: self.kind,
            title: self.title,
            requisites: self.requisites,
            source: Source::File(file),
            contains_personal_data: self.contains_personal_data,
            personal_data_confirmed: self.personal_data_confirmed,
        }
    }
}
