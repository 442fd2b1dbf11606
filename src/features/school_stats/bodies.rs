//! The statistics of a school as clients send them.

use serde::Deserialize;
use utoipa::ToSchema;

use super::domain::{AssessmentKind, Outcome, Totals};
use super::flow::StatText;

/// The statistics of an academic year, whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "pupils_total": 166, "graduates_9": 15, "graduates_11": 6, "teachers_total": 21,
    "assessments": [
        {"assessment": "vpr", "subject": "математика", "grade": 5, "year": 2023, "participants": 14, "below_minimum": 3},
        {"assessment": "oge", "subject": "русский язык", "grade": 9, "year": 2023, "participants": 15, "below_minimum": 1}
    ]
}))]
pub(super) struct SchoolStatIn {
    /// Pupils.
    #[schema(minimum = 0, maximum = 100_000)]
    pupils_total: i32,
    /// Who finished grade 9; null: not known yet, or the school has no basic level.
    #[schema(minimum = 0, maximum = 100_000)]
    graduates_9: Option<i32>,
    /// Who finished grade 11; null: not known yet, or the school has no secondary level.
    #[schema(minimum = 0, maximum = 100_000)]
    graduates_11: Option<i32>,
    /// Teachers.
    #[schema(minimum = 0, maximum = 100_000)]
    teachers_total: i32,
    /// Results in the national assessments; those left out are removed.
    #[serde(default)]
    #[schema(max_items = 300)]
    assessments: Vec<AssessmentResultIn>,
}

/// A result in one procedure: counts, never pupils.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssessmentResultIn {
    /// Which assessment.
    assessment: AssessmentKind,
    /// Subject; upper and lower case make no difference.
    #[schema(min_length = 1, max_length = 100)]
    subject: String,
    /// Grade.
    #[schema(minimum = 1, maximum = 11)]
    grade: i32,
    /// Calendar year of the results: one of the two that the academic year touches.
    #[schema(minimum = 2000, maximum = 2100)]
    year: i32,
    /// Pupils who took part.
    #[schema(minimum = 0, maximum = 100_000)]
    participants: i32,
    /// Of these, pupils below the minimum (ВПР, ОГЭ: mark «2»).
    #[schema(minimum = 0, maximum = 100_000)]
    below_minimum: i32,
}

impl From<SchoolStatIn> for StatText {
    fn from(given: SchoolStatIn) -> Self {
        Self {
            totals: Totals {
                pupils: given.pupils_total,
                graduates_9: given.graduates_9,
                graduates_11: given.graduates_11,
                teachers: given.teachers_total,
            },
            results: given.assessments.into_iter().map(Outcome::from).collect(),
        }
    }
}

impl From<AssessmentResultIn> for Outcome {
    fn from(given: AssessmentResultIn) -> Self {
        Self {
            assessment: given.assessment,
            subject: given.subject,
            grade: given.grade,
            year: given.year,
            participants: given.participants,
            below_minimum: given.below_minimum,
        }
    }
}
