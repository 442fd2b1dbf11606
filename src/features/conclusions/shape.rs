//! Conclusions as JSON.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{Conclusion, CriterionResult, DerivationRule, LeftOut, UsedReport, Verdict};
use super::flow::{self, ConclusionInForce, Conclusions};
use super::policy;
use crate::auth::Caller;
use crate::db::page::Keyed;
use crate::features::conclusion_templates::{ConclusionLevel, CriterionRule};
use crate::features::monitorings::MonitoringRow;
use crate::features::reports::OutReason;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::{MonitoringId, ReportId, SchoolId};
use crate::kit::lang::Lang;
use crate::web::body::present;
use crate::web::query::PageOut;
use crate::web::{ActionOut, AnyOf, Filter};

/// The text of a conclusion: absent keeps it, null puts the generated one in force again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"edited_text": "Наставники закреплены за всеми молодыми педагогами."}))]
pub(super) struct ConclusionPatch {
    /// The text to be in force.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    pub(super) edited_text: Option<Option<String>>,
}

/// A page of the conclusions of a monitoring.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConclusionPage {
    items: Vec<ConclusionOut>,
    page: PageOut,
}

/// Filters of the list of conclusions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ConclusionFilter {
    /// Any of these verdicts, comma-separated.
    #[param(value_type = Option<String>, example = "some,none")]
    verdict: Option<AnyOf<Verdict>>,
}

impl Filter for ConclusionFilter {
    const SORTS: &'static [&'static str] = &["position"];
    const DEFAULT_SORT: &'static str = "position";
    const LAST_KEY: &'static str = "code";
}

impl ConclusionFilter {
    /// Whether the conclusion stays in the list.
    pub(super) fn takes(&self, item: &ConclusionOut) -> bool {
        self.verdict.as_ref().is_none_or(|any| any.0.contains(&item.verdict))
    }
}

/// A conclusion, with how it came about.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConclusionOut {
    /// Its place in the template.
    #[serde(skip)]
    position: usize,
    monitoring_id: MonitoringId,
    /// Its number in the note.
    #[schema(example = "2.3")]
    code: String,
    version: i32,
    level: ConclusionLevel,
    level_label: &'static str,
    verdict: Verdict,
    verdict_label: &'static str,
    /// The text in force: the edited one, else the generated one.
    text: String,
    /// The text that the template makes of the reports.
    generated_text: String,
    /// The text of a person; null: the generated one is in force.
    edited_text: Option<String>,
    edited_at: Option<DateTime<Utc>>,
    /// Whether a signed note holds it.
    frozen: bool,
    explanation: ConclusionExplanationOut,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// How a conclusion came about.
#[derive(Debug, Serialize, ToSchema)]
struct ConclusionExplanationOut {
    rule: DerivationRule,
    rule_label: &'static str,
    /// How many subjects meet it.
    ok_count: usize,
    /// How many subjects it concerns.
    total: usize,
    #[serde(flatten)]
    schools: ConclusionSchoolsOut,
    /// Schools it concerns.
    schools_counted: Vec<ConclusionSchoolOut>,
    criteria: Vec<ConclusionCriterionOut>,
    /// The accepted reports it was drawn from.
    inputs: Vec<ConclusionInputOut>,
}

/// One criterion of a conclusion.
#[derive(Debug, Serialize, ToSchema)]
struct ConclusionCriterionOut {
    #[schema(example = "mentors_novice")]
    code: String,
    rule: CriterionRule,
    rule_label: &'static str,
    verdict: Verdict,
    verdict_label: &'static str,
    /// Codes of the measures that feed it.
    measures: Vec<String>,
    /// How many subjects meet it.
    ok_count: usize,
    /// How many subjects it concerns.
    total: usize,
    #[serde(flatten)]
    schools: ConclusionSchoolsOut,
}

/// Schools by what is said of them.
#[derive(Debug, Serialize, ToSchema)]
struct ConclusionSchoolsOut {
    /// Schools that meet it.
    schools_ok: Vec<ConclusionSchoolOut>,
    /// Schools that do not, for whatever cause.
    schools_missing: Vec<ConclusionSchoolOut>,
    /// Those of the missing that have no accepted report.
    schools_without_report: Vec<ConclusionSchoolOut>,
    /// Schools it does not concern, and why.
    schools_left_out: Vec<ConclusionLeftOut>,
}

/// A school of the monitoring.
#[derive(Debug, Serialize, ToSchema)]
struct ConclusionSchoolOut {
    id: SchoolId,
    short_name: String,
}

/// A subject that is not counted.
#[derive(Debug, Serialize, ToSchema)]
struct ConclusionLeftOut {
    /// The school; null for the municipality.
    school: Option<ConclusionSchoolOut>,
    why: OutReason,
    why_label: &'static str,
}

/// An accepted report that was read.
#[derive(Debug, Serialize, ToSchema)]
struct ConclusionInputOut {
    report_id: ReportId,
    /// Number of the accepted version that was counted.
    version_counted: i32,
    /// Whose it is; null for the municipality.
    school: Option<ConclusionSchoolOut>,
}

/// The names of the monitoring's schools, by id.
struct Names<'a>(HashMap<&'a SchoolId, &'a str>);

impl Names<'_> {
    fn school(&self, id: SchoolId) -> ConclusionSchoolOut {
        let short_name = self.0.get(&id).map_or_else(String::new, |name| (*name).to_owned());
        ConclusionSchoolOut { id, short_name }
    }

    fn schools(&self, ids: Vec<SchoolId>) -> Vec<ConclusionSchoolOut> {
        ids.into_iter().map(|id| self.school(id)).collect()
    }

    fn left_out(&self, left_out: Vec<LeftOut>, lang: Lang) -> Vec<ConclusionLeftOut> {
        let out = |left: LeftOut| ConclusionLeftOut {
            school: left.school_id.map(|id| self.school(id)),
            why: left.why,
            why_label: left.why.label(lang),
        };
        left_out.into_iter().map(out).collect()
    }

    fn input(&self, report: UsedReport) -> ConclusionInputOut {
        ConclusionInputOut {
            report_id: report.report_id,
            version_counted: report.version,
            school: report.school_id.map(|id| self.school(id)),
        }
    }
}

impl Keyed for ConclusionOut {
    fn key(&self, name: &str) -> String {
        match name {
            "position" => format!("{:010}", self.position),
            _ => self.code.clone(),
        }
    }
}

impl<'a> Names<'a> {
    fn of(conclusions: &'a Conclusions) -> Self {
        let schools = conclusions.schools.iter();
        Self(schools.map(|school| (&school.school_id, school.short_name.as_str())).collect())
    }
}

impl ConclusionOut {
    pub(super) fn version(&self) -> i32 {
        self.version
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    /// All conclusions, in the order of the template.
    pub(super) fn all(
        conclusions: &Conclusions,
        monitoring: &MonitoringRow,
        lang: Lang,
        caller: &Caller,
    ) -> Vec<Self> {
        let names = Names::of(conclusions);
        let items = conclusions.items.iter().cloned().enumerate();
        let out = |(position, item)| Self { position, ..Self::new(item, &names, monitoring, lang, caller) };
        items.map(out).collect()
    }

    /// One of `conclusions`, as it stands now.
    pub(super) fn of(
        item: ConclusionInForce,
        conclusions: &Conclusions,
        monitoring: &MonitoringRow,
        lang: Lang,
        caller: &Caller,
    ) -> Self {
        Self::new(item, &Names::of(conclusions), monitoring, lang, caller)
    }

    fn new(
        item: ConclusionInForce,
        names: &Names<'_>,
        monitoring: &MonitoringRow,
        lang: Lang,
        caller: &Caller,
    ) -> Self {
        let edits = caller.may::<policy::EditConclusions>();
        let text = item.text().to_owned();
        let Conclusion { code, level, verdict, generated_text, explanation } = item.derived;
        Self {
            position: 0,
            actions: vec![ActionOut::new("update", edits, &flow::blockers(monitoring))],
            monitoring_id: monitoring.id.clone(),
            code,
            version: item.version,
            level,
            level_label: level.label(lang),
            verdict,
            verdict_label: verdict.label(lang),
            text,
            generated_text,
            edited_text: item.edited_text,
            edited_at: item.edited_at.map(utc),
            frozen: monitoring.frozen_at.is_some(),
            explanation: ConclusionExplanationOut {
                rule: explanation.rule,
                rule_label: explanation.rule.label(lang),
                ok_count: explanation.ok_count,
                total: explanation.total,
                schools: ConclusionSchoolsOut {
                    schools_ok: names.schools(explanation.schools_ok),
                    schools_missing: names.schools(explanation.schools_missing),
                    schools_without_report: names.schools(explanation.schools_without_report),
                    schools_left_out: names.left_out(explanation.schools_left_out, lang),
                },
                schools_counted: names.schools(explanation.schools_counted),
                criteria: explanation.criteria.into_iter().map(|c| criterion(c, names, lang)).collect(),
                inputs: explanation.inputs.into_iter().map(|report| names.input(report)).collect(),
            },
        }
    }
}

fn criterion(result: CriterionResult, names: &Names<'_>, lang: Lang) -> ConclusionCriterionOut {
    ConclusionCriterionOut {
        code: result.code,
        rule: result.rule,
        rule_label: result.rule.label(lang),
        verdict: result.verdict,
        verdict_label: result.verdict.label(lang),
        measures: result.measures,
        ok_count: result.ok_count,
        total: result.total,
        schools: ConclusionSchoolsOut {
            schools_ok: names.schools(result.schools_ok),
            schools_missing: names.schools(result.schools_missing),
            schools_without_report: names.schools(result.schools_without_report),
            schools_left_out: names.left_out(result.schools_left_out, lang),
        },
    }
}
