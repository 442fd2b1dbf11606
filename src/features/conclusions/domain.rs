//! What a conclusion is derived from and what it says: verdict, text, explanation.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::features::conclusion_templates::{ConclusionLevel, CriterionRule, TemplateContent};
use crate::features::reports::{Item, OutReason};
use crate::features::road_maps::Measure;
use crate::kit::code::codes;
use crate::kit::education::EducationLevel;
use crate::kit::id::{MeasureId, ReportId, SchoolId};

codes! {
    /// What the reports say about a criterion or a conclusion.
    Verdict {
        /// Everybody meets it.
        All = "all", "подтверждено полностью", "confirmed for all";
        /// Some do.
        Some = "some", "подтверждено частично", "confirmed for some";
        /// Nobody does.
        None = "none", "не подтверждено", "not confirmed";
        /// Nobody it concerns has an accepted report.
        NoData = "no_data", "нет сведений", "no data";
        /// It concerns nobody.
        NotApplicable = "not_applicable", "не требуется", "not applicable";
    }
}

codes! {
    /// How a verdict of a conclusion follows from its criteria, in words.
    DerivationRule {
        /// Municipal conclusions.
        OwnReport = "own_report",
            "Вывод делается по отчету органа управления образованием: «полностью», если выполнены все критерии, «частично», если хотя бы один, «не подтверждено», если ни одного.",
            "Drawn from the municipality's own report: all when every criterion is met, some when at least one is, none when none is.";
        /// Conclusions about schools.
        EachSchool = "each_school",
            "Школа учитывается как выполнившая, если по принятому отчету выполнены все относящиеся к ней критерии; школа без принятого отчета считается не выполнившей; освобожденные школы и школы, к которым вывод не относится, не учитываются.",
            "A school counts as meeting it when its accepted report meets every criterion that concerns it; a school without an accepted report does not meet it; released schools and those it does not concern are left out.";
    }
}

/// An accepted report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectReport {
    /// Its id.
    pub report_id: ReportId,
    /// The accepted version.
    pub version: i32,
    /// Its items by measure.
    pub items: HashMap<MeasureId, Item>,
}

/// A school of the monitoring's snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The school.
    pub school_id: SchoolId,
    /// Its name as sentences give it, verbatim.
    pub short_name: String,
    /// Its levels of education at opening.
    pub education_levels: Vec<EducationLevel>,
    /// Whether it was released from the monitoring.
    pub released: bool,
    /// Its report, if it is accepted.
    pub report: Option<SubjectReport>,
}

/// Everything conclusions are derived from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Criteria and sentences.
    pub content: &'a TemplateContent,
    /// All measures of the road map's edition.
    pub measures: &'a [Measure],
    /// The monitoring's deadline for reports.
    pub report_deadline: NaiveDate,
    /// Schools of the snapshot, in the order in which sentences name them.
    pub subjects: &'a [Subject],
    /// The municipality's own report, if it is accepted.
    pub municipality: Option<&'a SubjectReport>,
}

/// A derived conclusion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conclusion {
    /// Its number, e.g. `2.3`.
    #[schema(example = "2.3")]
    pub code: String,
    /// Whose work it is about.
    pub level: ConclusionLevel,
    /// What the reports say.
    pub verdict: Verdict,
    /// The same in words, by the template.
    pub generated_text: String,
    /// How it came about.
    pub explanation: Explanation,
}

/// How a conclusion came about. A municipal one has empty lists of schools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The rule of the verdict.
    pub rule: DerivationRule,
    /// Each criterion with its own verdict.
    pub criteria: Vec<CriterionResult>,
    /// How many subjects meet the conclusion.
    pub ok_count: usize,
    /// How many subjects it concerns (N).
    pub total: usize,
    /// Schools it concerns.
    pub schools_counted: Vec<SchoolId>,
    /// Those that meet it.
    pub schools_ok: Vec<SchoolId>,
    /// Those that do not, for whatever cause.
    pub schools_missing: Vec<SchoolId>,
    /// Those of the missing that have no accepted report.
    pub schools_without_report: Vec<SchoolId>,
    /// Those it does not concern, and why.
    pub schools_left_out: Vec<LeftOut>,
    /// The accepted reports it was drawn from.
    pub inputs: Vec<UsedReport>,
}

/// One criterion of a conclusion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CriterionResult {
    /// Its code.
    #[schema(example = "mentors_novice")]
    pub code: String,
    /// How many of its measures must be met.
    pub rule: CriterionRule,
    /// What the reports say about it.
    pub verdict: Verdict,
    /// Codes of the measures that feed it.
    pub measures: Vec<String>,
    /// How many subjects meet it.
    pub ok_count: usize,
    /// How many subjects it concerns.
    pub total: usize,
    /// Schools that meet it.
    pub schools_ok: Vec<SchoolId>,
    /// Schools that do not, for whatever cause.
    pub schools_missing: Vec<SchoolId>,
    /// Those of the missing that have no accepted report.
    pub schools_without_report: Vec<SchoolId>,
    /// Schools it does not concern, and why.
    pub schools_left_out: Vec<LeftOut>,
}

/// A subject that is not counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    /// The school; null for the municipality.
    pub school_id: Option<SchoolId>,
    /// Why it is not counted.
    pub why: OutReason,
}

/// An accepted report that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsedReport {
    /// The report.
    pub report_id: ReportId,
    /// Its accepted version.
    pub version: i32,
    /// Whose it is; null for the municipality.
    pub school_id: Option<SchoolId>,
}
