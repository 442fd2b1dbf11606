//! The statistics of a school as the service shows and lists them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::domain::{AssessmentKind, PURPOSE, is_small_sample};
use super::policy;
use super::store::{AssessmentRow, Stat};
use crate::auth::Caller;
use crate::error::Error;
use crate::features::schools::{SchoolRow, SchoolStatus};
use crate::kit::academic_year::label;
use crate::kit::clock::utc;
use crate::kit::code::Code;
use crate::kit::id::SchoolId;
use crate::kit::lang::Lang;
use crate::problems;
use crate::web::query::PageOut;
use crate::web::{ActionOut, Answer, AnyOf, Filter, resource};

/// The statistics of a school in an academic year.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SchoolStatOut {
    school_id: SchoolId,
    /// By its first calendar year.
    academic_year: i32,
    #[schema(example = "2023/2024")]
    academic_year_label: String,
    version: i32,
    pupils_total: i32,
    /// Null: not known yet, or the school has no basic level.
    graduates_9: Option<i32>,
    /// Null: not known yet, or the school has no secondary level.
    graduates_11: Option<i32>,
    teachers_total: i32,
    /// Results, by assessment, grade, subject and year.
    assessments: Vec<AssessmentResultOut>,
    /// What the results are for, and what not.
    purpose_note: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the caller may do now.
    actions: Vec<ActionOut>,
}

/// A result in one procedure.
#[derive(Debug, Serialize, ToSchema)]
struct AssessmentResultOut {
    assessment: AssessmentKind,
    assessment_label: &'static str,
    subject: String,
    grade: i32,
    /// Calendar year of the results.
    year: i32,
    participants: i32,
    below_minimum: i32,
    /// Fewer than 10 took part (малая выборка): the share says little.
    small_sample: bool,
}

/// A page of years.
#[derive(Serialize, ToSchema)]
pub(super) struct SchoolStatPage {
    items: Vec<SchoolStatOut>,
    page: PageOut,
}

/// Filters of the list of a school's years.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SchoolStatFilter {
    /// Any of these academic years by their first calendar year, comma-separated.
    #[param(value_type = Option<String>, example = "2022,2023")]
    academic_year: Option<AnyOf<i32>>,
}

impl Filter for SchoolStatFilter {
    const SORTS: &'static [&'static str] = &[];
    const DEFAULT_SORT: &'static str = "-academic_year";
    const LAST_KEY: &'static str = "academic_year";
}

impl SchoolStatFilter {
    pub(super) fn years(&self) -> Option<Vec<i32>> {
        self.academic_year.clone().map(|any| any.0)
    }
}

impl SchoolStatOut {
    /// The statistics for the caller.
    pub(super) fn of(stat: Stat, school: &SchoolRow, lang: Lang, caller: &Caller) -> Self {
        let Stat { row, results } = stat;
        let closed = (school.status == SchoolStatus::Closed).then_some(problems::SCHOOL_CLOSED.slug);
        let causes: Vec<&'static str> = closed.into_iter().collect();
        Self {
            actions: vec![ActionOut::new("update", caller.may::<policy::WriteStats>(), &causes)],
            school_id: row.school_id,
            academic_year: row.academic_year,
            academic_year_label: label(row.academic_year),
            version: row.version,
            pupils_total: row.pupils_total,
            graduates_9: row.graduates_9,
            graduates_11: row.graduates_11,
            teachers_total: row.teachers_total,
            assessments: results.into_iter().map(|result| AssessmentResultOut::of(result, lang)).collect(),
            purpose_note: PURPOSE.get(lang).to_owned(),
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        }
    }

    /// The statistics as an answer.
    ///
    /// # Errors
    ///
    /// As [`resource`].
    pub(super) fn answer(
        stat: Stat,
        school: &SchoolRow,
        lang: Lang,
        caller: &Caller,
    ) -> Result<Answer, Error> {
        resource(stat.row.version, &Self::of(stat, school, lang, caller))
    }
}

impl AssessmentResultOut {
    fn of(row: AssessmentRow, lang: Lang) -> Self {
        Self {
            assessment: row.assessment,
            assessment_label: row.assessment.label(lang),
            subject: row.subject,
            grade: row.grade,
            year: row.year,
            participants: row.participants,
            below_minimum: row.below_minimum,
            small_sample: is_small_sample(row.participants),
        }
    }
}
