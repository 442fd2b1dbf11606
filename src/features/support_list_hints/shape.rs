//! Hints as JSON.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{Criterion, HintRule, Outcome, Procedure, Reached};
use crate::db::page::Keyed;
use crate::error::Error;
use crate::features::school_stats::{AssessmentKind, is_small_sample};
use crate::features::schools::SchoolRow;
use crate::features::support_lists::{ListCategory, ListLevel, Standing};
use crate::kit::code::Code;
use crate::kit::id::{SchoolId, SupportListId};
use crate::kit::lang::{Bi, Lang};
use crate::kit::violation::Violation;
use crate::web::Filter;
use crate::web::query::PageOut;

/// Least percentage below the minimum, where none is given (an inspection act of 2025 says 30).
const THRESHOLD: i32 = 30;
/// Least number of procedures, where none is given.
const PROCEDURES: i32 = 2;
/// Years looked at, where no number is given.
const YEARS: i32 = 2;

/// What a hint is worth.
pub(super) const DECIDED_BY_ORDER: Bi = Bi::fixed(
    "Это подсказка по внесённым результатам. Решение о включении школы в перечень принимается только приказом.",
    "This is a hint from the results entered. Whether a school stands in a list is decided by its order alone.",
);

/// A whole number of a query within bounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole<const LEAST: i32, const MOST: i32>(i32);

impl<'de, const LEAST: i32, const MOST: i32> Deserialize<'de> for Whole<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = String::deserialize(deserializer)?.parse().map_err(D::Error::custom)?;
        if (LEAST..=MOST).contains(&number) {
            Ok(Self(number))
        } else {
            Err(D::Error::custom("out of bounds"))
        }
    }
}

/// The criterion, as a query.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HintFilter {
    /// Calendar year of the results that the list speaks of.
    #[param(value_type = i32, required = true, minimum = 2000, maximum = 2100, example = 2023)]
    results_year: Option<Whole<2000, 2100>>,
    /// Least percentage of participants below the minimum.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 30)]
    threshold: Option<Whole<1, 100>>,
    /// Least number of procedures; another grade or subject is another procedure.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 50, default = 2)]
    procedures: Option<Whole<1, 50>>,
    /// Calendar years looked at; `results_year` is the last.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 5, default = 2)]
    years: Option<Whole<1, 5>>,
    /// `same_procedure`: the procedures reach the threshold in `results_year`, and one of them in every year;
    /// `year_or_each_year`: as many in `results_year`, or one or more in every year.
    #[param(value_type = Option<HintRule>, default = "same_procedure")]
    rule: Option<HintRule>,
}

impl Filter for HintFilter {
    const SORTS: &'static [&'static str] = &["short_name"];
    const DEFAULT_SORT: &'static str = "short_name";
    const LAST_KEY: &'static str = "school_id";
}

impl HintFilter {
    /// The criterion with its defaults.
    ///
    /// # Errors
    ///
    /// 400 without `results_year`.
    pub(super) fn criterion(&self) -> Result<Criterion, Error> {
        let Some(Whole(results_year)) = self.results_year else {
            let detail = Bi::fixed("Укажите год результатов", "Name the year of the results");
            return Err(Error::malformed(vec![Violation::new("?results_year", "required", detail)]));
        };
        let procedures = self.procedures.map_or(PROCEDURES, |number| number.0);
        Ok(Criterion {
            results_year,
            rule: self.rule.unwrap_or(HintRule::SameProcedure),
            threshold: self.threshold.map_or(THRESHOLD, |number| number.0),
            procedures: usize::try_from(procedures).unwrap_or(usize::MAX),
            years: self.years.map_or(YEARS, |number| number.0),
        })
    }
}

/// Hints, in the order of the schools' names.
#[derive(Serialize, ToSchema)]
pub(super) struct SupportListHintPage {
    items: Vec<SupportListHintOut>,
    page: PageOut,
    /// Always true: the order decides.
    is_hint: bool,
    /// What a hint is worth.
    note: String,
    /// What the results are for, and what not.
    purpose_note: String,
    criterion: HintCriterionOut,
    /// Active schools, of those asked for, without any result in some of the years: that they are
    /// not hinted at means little.
    schools_with_gaps: Vec<HintGapOut>,
}

/// The criterion that was applied.
#[derive(Serialize, ToSchema)]
pub(super) struct HintCriterionOut {
    results_year: i32,
    rule: HintRule,
    rule_label: &'static str,
    /// Least percentage of participants below the minimum.
    threshold: i32,
    /// Least number of procedures.
    procedures: usize,
    /// Calendar years looked at.
    years: i32,
}

/// A school of which too little is known.
#[derive(Serialize, ToSchema)]
pub(super) struct HintGapOut {
    school_id: SchoolId,
    short_name: String,
    /// The calendar years without any result of it.
    years: Vec<i32>,
}

/// A school that falls under the criterion.
#[derive(Serialize, ToSchema)]
pub(super) struct SupportListHintOut {
    school_id: SchoolId,
    short_name: String,
    #[serde(skip)]
    sort_name: String,
    /// Always true: the order decides.
    is_hint: bool,
    /// The procedures by which it does, by assessment, grade and subject.
    procedures: Vec<HintProcedureOut>,
    /// A result among them is a small sample (малая выборка).
    small_sample: bool,
    /// It stands in an approved list of this year already.
    listed: bool,
    /// Those lists; not counting the risk group and resilient schools.
    support_lists: Vec<HintListOut>,
}

/// A procedure that reaches the threshold.
#[derive(Serialize, ToSchema)]
struct HintProcedureOut {
    assessment: AssessmentKind,
    assessment_label: &'static str,
    subject: String,
    grade: i32,
    /// The results that reach it, by year.
    results: Vec<HintResultOut>,
}

/// A result that reaches the threshold.
#[derive(Serialize, ToSchema)]
struct HintResultOut {
    /// Calendar year.
    year: i32,
    participants: i32,
    below_minimum: i32,
    /// Fewer than 10 took part.
    small_sample: bool,
    /// «малая выборка» where fewer than 10 took part, else null.
    small_sample_label: Option<&'static str>,
}

/// An approved list in which the school stands.
#[derive(Serialize, ToSchema)]
struct HintListOut {
    support_list_id: SupportListId,
    level: ListLevel,
    level_label: &'static str,
    category: ListCategory,
    category_label: &'static str,
}

impl HintCriterionOut {
    pub(super) fn of(criterion: Criterion, lang: Lang) -> Self {
        Self {
            results_year: criterion.results_year,
            rule: criterion.rule,
            rule_label: criterion.rule.label(lang),
            threshold: criterion.threshold,
            procedures: criterion.procedures,
            years: criterion.years,
        }
    }
}

impl HintGapOut {
    /// The gaps of a school; `None` when every year has a result.
    pub(super) fn of(school: &SchoolRow, years: Vec<i32>) -> Option<Self> {
        let short_name = school.short_name.clone();
        (!years.is_empty()).then(|| Self { school_id: school.id.clone(), short_name, years })
    }
}

impl SupportListHintOut {
    pub(super) fn of(school: SchoolRow, reached: Reached, standing: Vec<Standing>, lang: Lang) -> Self {
        let procedures: Vec<HintProcedureOut> = reached
            .into_iter()
            .map(|(procedure, results)| HintProcedureOut::of(procedure, results, lang))
            .collect();
        Self {
            school_id: school.id,
            short_name: school.short_name,
            sort_name: school.short_name_folded,
            is_hint: true,
            small_sample: procedures.iter().flat_map(|one| &one.results).any(|result| result.small_sample),
            procedures,
            listed: !standing.is_empty(),
            support_lists: standing.into_iter().map(|list| HintListOut::of(list, lang)).collect(),
        }
    }
}

impl HintProcedureOut {
    fn of(procedure: Procedure, results: Vec<Outcome>, lang: Lang) -> Self {
        // As it was typed last: the folded subject only tells procedures apart.
        let subject = results.last().map_or(procedure.subject, |result| result.subject.clone());
        Self {
            assessment: procedure.assessment,
            assessment_label: procedure.assessment.label(lang),
            subject,
            grade: procedure.grade,
            results: results.into_iter().map(|result| HintResultOut::of(result, lang)).collect(),
        }
    }
}

impl HintResultOut {
    fn of(result: Outcome, lang: Lang) -> Self {
        let small_sample = is_small_sample(result.participants);
        let label = match lang {
            Lang::Ru => "малая выборка",
            Lang::En => "small sample",
        };
        Self {
            year: result.year,
            participants: result.participants,
            below_minimum: result.below_minimum,
            small_sample,
            small_sample_label: small_sample.then_some(label),
        }
    }
}

impl HintListOut {
    fn of(list: Standing, lang: Lang) -> Self {
        Self {
            support_list_id: list.list_id,
            level: list.level,
            level_label: list.level.label(lang),
            category: list.category,
            category_label: list.category.label(lang),
        }
    }
}

impl Keyed for SupportListHintOut {
    fn key(&self, name: &str) -> String {
        match name {
            "short_name" => self.sort_name.clone(),
            _ => self.school_id.to_string(),
        }
    }
}
