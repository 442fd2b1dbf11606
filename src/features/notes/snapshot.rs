//! What the signature of a note freezes, and the hash that proves it.
//!
//! Closed lists of other features stand here as their codes, and with the label of the
//! day where the label is printed: a signed note must read the same for ever. Absent
//! members are left out of the JSON, so a member added later changes no earlier hash.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::kit::code::codes;
use crate::kit::id::{MonitoringId, OrderId, ReportId, RoadMapId, SchoolId, SupportListId};

/// The version of the form below; a change of meaning raises it.
pub const SCHEMA_VERSION: u32 = 1;

codes! {
    /// Whose work a conclusion of a note is about.
    NoteLevel {
        /// The municipality's own measures: 1.1, 1.2, ..
        Municipal = "municipal", "муниципальный уровень", "municipal level";
        /// The schools' measures: 2.1, 2.2, ..
        School = "school", "уровень общеобразовательных организаций", "school level";
    }
}

/// A note as it is signed: all that is printed, except what registration adds later.
///
/// The registration number and its date are no part of it, so that the hash printed
/// in the footer stands from the signature on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteSnapshot {
    /// Version of this form.
    #[schema(example = 1)]
    pub schema_version: u32,
    /// Name of the authority that issues the note.
    #[schema(example = "Отдел образования")]
    pub authority_name: String,
    /// Name of its municipality.
    #[schema(example = "Хотынецкий район")]
    pub municipality_name: String,
    /// Kind of the document.
    #[schema(example = "Информация")]
    pub kind: String,
    /// Title, without the kind.
    #[schema(example = "об исполнении плана мероприятий («дорожной карты»)")]
    pub title: String,
    /// Date of the note, typed by the author.
    pub date: NaiveDate,
    /// Place where the note is made.
    #[schema(example = "пгт Хотынец")]
    pub place: String,
    /// The monitoring that the note sums up.
    pub monitoring: NoteMonitoring,
    /// The edition of the road map that was monitored.
    pub road_map: NoteRoadMap,
    /// Orders on which the note rests, in the order of printing.
    pub basis_orders: Vec<NoteOrder>,
    /// How many schools were monitored.
    #[schema(example = 4)]
    pub school_count: u32,
    /// The schools that were monitored, in the order of printing.
    pub schools: Vec<NoteSchool>,
    /// Support lists by which the schools were chosen.
    pub lists: Vec<NoteList>,
    /// Opening text; a line feed begins a paragraph.
    pub preamble: String,
    /// Conclusions, the municipal ones first.
    pub conclusions: Vec<NoteConclusion>,
    /// Indicators of the monitoring that belong to no single conclusion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<NoteFigure>,
    /// Short names of schools that have no accepted report.
    pub schools_without_report: Vec<String>,
    /// Subjects (schools or the municipality) named at signing as having no accepted report.
    pub missing_reports: Vec<String>,
    /// Recommendations, in the order of printing.
    pub recommendations: Vec<NoteRecommendation>,
    /// Accepted reports, attached to the note.
    pub attachments: Vec<NoteAttachment>,
    /// Who signs.
    pub signatory: NoteSignatory,
}

/// The monitoring that a note sums up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteMonitoring {
    /// Its id.
    pub id: MonitoringId,
    /// First day of the period.
    pub period_start: NaiveDate,
    /// Last day of the period.
    pub period_end: NaiveDate,
    /// Last day on which reports were due.
    pub report_deadline: NaiveDate,
}

/// The road map that was monitored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteRoadMap {
    /// Id of the edition.
    pub id: RoadMapId,
    /// Its title.
    pub title: String,
    /// First day of its period.
    pub period_start: NaiveDate,
    /// Last day of its period.
    pub period_end: NaiveDate,
}

/// An order on which the note rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteOrder {
    /// Its id.
    pub id: OrderId,
    /// Code of its kind: `list`, `road_map`, `monitoring`, ..
    #[schema(example = "monitoring")]
    pub kind: String,
    /// Who issued it.
    #[schema(example = "Отдел образования")]
    pub issuer: String,
    /// Its number, as written.
    #[schema(example = "515")]
    pub number: String,
    /// Its date.
    pub date: NaiveDate,
    /// Its title.
    pub title: String,
}

/// A school that was monitored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteSchool {
    /// Its id.
    pub id: SchoolId,
    /// Its short name, as written in its charter.
    pub short_name: String,
    /// The day on which it left the list, when within the period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_list_on: Option<NaiveDate>,
}

/// A support list by which schools were chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteList {
    /// Its id.
    pub id: SupportListId,
    /// Code of its level.
    #[schema(example = "federal")]
    pub level: String,
    /// The level as printed before «перечень».
    #[schema(example = "федеральный")]
    pub level_label: String,
    /// Code of its category.
    #[schema(example = "low_results")]
    pub category: String,
    /// The category as printed in brackets.
    #[schema(example = "школы с низкими образовательными результатами")]
    pub category_label: String,
    /// The year whose results it rests on.
    #[schema(example = 2022)]
    pub results_year: i32,
}

/// One conclusion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteConclusion {
    /// Its number in the note, 1.1 to 2.7.
    #[schema(example = "2.3")]
    pub code: String,
    /// Whose work it is about; it is printed under the heading of this level.
    pub level: NoteLevel,
    /// Code of the computed verdict: `all`, `some`, `none`, `no_data`, `not_applicable`.
    #[schema(example = "all")]
    pub verdict: String,
    /// The text that is printed.
    pub text: String,
    /// The generated text, when a person edited it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated_text: Option<String>,
    /// The reports it was drawn from: their numbers among `attachments`, which name the version
    /// that was counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!([2, 3, 4, 5]))]
    pub sources: Vec<u32>,
    /// The indicators that its measures declare.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<NoteFigure>,
}

/// An indicator with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteFigure {
    /// Its code.
    #[schema(example = "I-10")]
    pub code: String,
    /// Its name.
    pub name: String,
    /// Code of the unit of the value.
    #[schema(example = "percent")]
    pub unit: String,
    /// The value as printed.
    #[schema(example = "33,3 % (28 из 84)")]
    pub text: String,
    /// The upper number; absent when so few people are counted that it is not published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<i64>,
    /// The lower number; absent when there is none, or it is not published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<i64>,
    /// The value as a decimal number; absent when there was nobody to count, or it is not published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "33.3")]
    pub value: Option<String>,
    /// What the municipality aims at, as a decimal number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "40")]
    pub target: Option<String>,
    /// The target as printed, with its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "40 %")]
    pub target_text: Option<String>,
    /// What it is for, and what not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose_note: Option<String>,
    /// The department entered it: no report of the monitoring told it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub entered: bool,
    /// The reports it was counted from: their numbers among `attachments`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!([2, 3, 4, 5]))]
    pub sources: Vec<u32>,
}

/// One recommendation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteRecommendation {
    /// Its number in the note.
    #[schema(example = 1)]
    pub number: u32,
    /// Its text.
    pub text: String,
    /// To whom, as printed before the text; best in the dative.
    #[schema(example = "Руководителям школ")]
    pub addressee_label: String,
    /// Short names of the schools, when it is addressed to named ones.
    pub schools: Vec<String>,
    /// The last day for carrying it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<NaiveDate>,
}

/// An accepted report, attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteAttachment {
    /// What it is, as printed; masculine («отчет»).
    #[schema(example = "Отчет МБОУ-Юрьевская СОШ")]
    pub title: String,
    /// Id of the report.
    pub report_id: ReportId,
    /// Id of the school; absent for the municipality's own report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school_id: Option<SchoolId>,
    /// Number of the accepted version.
    #[schema(example = 1)]
    pub version: u32,
    /// The day of acceptance.
    pub accepted_on: NaiveDate,
}

/// Who signs a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteSignatory {
    /// Position.
    #[schema(example = "Начальник отдела образования")]
    pub position: String,
    /// Initials and surname.
    #[schema(example = "И. И. Иванова")]
    pub name: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(yes: &bool) -> bool {
    !yes
}

impl NoteSnapshot {
    /// SHA-256 of the RFC 8785 form of this snapshot, in lower-case hex.
    ///
    /// # Errors
    ///
    /// The serializer's own; no value of these types is known to cause one.
    pub fn hash(&self) -> Result<String, serde_json::Error> {
        let canonical = serde_json_canonicalizer::to_vec(self)?;
        Ok(Sha256::digest(&canonical).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests;
