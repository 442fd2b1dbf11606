//! Rules of the statistics of a school.

use std::collections::HashSet;
use std::hash::Hash;

use chrono::{Datelike, NaiveDate};

use crate::kit::academic_year::AcademicYear;
use crate::kit::code::codes;
use crate::kit::education::EducationLevel;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// Participants below whom a result is a small sample (domain rule; one child decides tens of percent).
const ENOUGH: i32 = 10;

/// What the results are for, and what not: said wherever they are shown.
pub const PURPOSE: Bi = Bi::fixed(
    "Результаты ВПР не используются для оценки деятельности учителей, школ, муниципальных и региональных \
     органов управления образованием. Сведения служат только выбору мер поддержки; рейтинги по ним не строятся.",
    "Results of national test works are not used to judge teachers, schools, municipalities or regions. \
     They serve the choice of support alone; no rankings are made of them.",
);

codes! {
    /// A national assessment whose results are counted.
    AssessmentKind {
        /// ВПР.
        Vpr = "vpr", "всероссийская проверочная работа", "national test works (VPR)";
        /// ОГЭ.
        Oge = "oge", "основной государственный экзамен", "final exam of grade 9 (OGE)";
        /// ЕГЭ.
        Ege = "ege", "единый государственный экзамен", "final exam of grade 11 (EGE)";
        /// ГВЭ.
        Gve = "gve", "государственный выпускной экзамен", "state graduation exam (GVE)";
    }
}

impl AssessmentKind {
    /// Whether pupils of this grade take it.
    #[must_use]
    pub fn is_taken_in(self, grade: i32) -> bool {
        match self {
            Self::Vpr => true,
            Self::Oge => grade == 9,
            Self::Ege => grade == 11,
            Self::Gve => matches!(grade, 9 | 11),
        }
    }
}

/// Whether so few took part that the share says little.
#[must_use]
pub fn is_small_sample(participants: i32) -> bool {
    participants < ENOUGH
}

/// The numbers of a school, without results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Pupils.
    pub pupils: i32,
    /// Who finished grade 9; `None`: not known, or there is no such grade.
    pub graduates_9: Option<i32>,
    /// Who finished grade 11; `None`: not known, or there is no such grade.
    pub graduates_11: Option<i32>,
    /// Teachers.
    pub teachers: i32,
}

/// A result in one procedure, without its counts' owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which assessment.
    pub assessment: AssessmentKind,
    /// Folded subject.
    pub subject: String,
    /// Grade.
    pub grade: i32,
    /// Calendar year.
    pub year: i32,
    /// Pupils who took part.
    pub participants: i32,
    /// Of these, below the minimum.
    pub below_minimum: i32,
}

/// What makes a result of a school the only one: assessment, folded subject, grade, year.
pub type OutcomeKey = (AssessmentKind, String, i32, i32);

impl Outcome {
    /// What makes it the only one.
    #[must_use]
    pub fn key(&self) -> OutcomeKey {
        (self.assessment, self.subject.clone(), self.grade, self.year)
    }
}

/// What totals and the school's levels of education say against each other.
#[must_use]
pub fn check_totals(totals: Totals, levels: &[EducationLevel]) -> Vec<Violation> {
    let mut found = Vec::new();
    let graduates = [
        ("/graduates_9", totals.graduates_9, EducationLevel::Basic),
        ("/graduates_11", totals.graduates_11, EducationLevel::Secondary),
    ];
    for (pointer, given, level) in graduates {
        let Some(number) = given else { continue };
        if !levels.contains(&level) {
            let detail = Bi::fixed(
                "У школы нет этого уровня образования: не указывайте выпускников",
                "The school does not give this level: leave its graduates out",
            );
            found.push(Violation::new(pointer, "not-applicable", detail));
        } else if number > totals.pupils {
            let detail =
                Bi::fixed("Не может быть больше числа обучающихся", "Cannot be more than the pupils");
            found.push(Violation::new(pointer, "more-than-pupils", detail));
        }
    }
    let together = i64::from(totals.graduates_9.unwrap_or(0)) + i64::from(totals.graduates_11.unwrap_or(0));
    if found.is_empty() && together > i64::from(totals.pupils) {
        let detail = Bi::fixed(
            "Обучающихся меньше, чем выпускников 9 и 11 классов вместе",
            "There are fewer pupils than graduates of grades 9 and 11 together",
        );
        found.push(Violation::new("/pupils_total", "fewer-than-graduates", detail));
    }
    found
}

/// What the results of an academic year say against each other, the year, the school's levels and
/// results that stand in other academic years already (`taken`).
#[must_use]
pub fn check_outcomes(
    outcomes: &[Outcome],
    academic: AcademicYear,
    levels: &[EducationLevel],
    taken: &HashSet<OutcomeKey>,
    today: NaiveDate,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for (n, outcome) in outcomes.iter().enumerate() {
        let at = |member: &str| format!("/assessments/{n}{member}");
        let mut broken = |member, code, detail| found.push(Violation::new(at(member), code, detail));
        if outcome.below_minimum > outcome.participants {
            let detail =
                Bi::fixed("Не может быть больше числа участников", "Cannot be more than the participants");
            broken("/below_minimum", "more-than-participants", detail);
        }
        if !outcome.assessment.is_taken_in(outcome.grade) {
            let detail =
                Bi::fixed("В этом классе такой процедуры нет", "This grade does not take that assessment");
            broken("/grade", "not-applicable", detail);
        } else if !levels.contains(&level_of(outcome.grade)) {
            let detail = Bi::fixed("В школе нет этого класса", "The school does not have this grade");
            broken("/grade", "not-applicable", detail);
        }
        if !academic.touches(outcome.year) {
            let detail = Bi::fixed(
                "Год результатов должен быть одним из двух календарных годов учебного года",
                "The year must be one of the two calendar years of the academic year",
            );
            broken("/year", "outside-academic-year", detail);
        } else if outcome.year > today.year() {
            let detail = Bi::fixed("Этот год ещё не наступил", "That year has not begun yet");
            broken("/year", "in-future", detail);
        }
        if taken.contains(&outcome.key()) {
            let detail = Bi::fixed(
                "Этот результат уже внесён в сведения другого учебного года",
                "This result stands in another academic year already",
            );
            broken("", "stands-elsewhere", detail);
        }
        if !seen.insert(outcome.key()) {
            let detail = Bi::fixed("Результат указан дважды", "The result stands twice");
            broken("", "duplicate", detail);
        }
    }
    found
}

fn level_of(grade: i32) -> EducationLevel {
    match grade {
        ..=4 => EducationLevel::Primary,
        5..=9 => EducationLevel::Basic,
        _ => EducationLevel::Secondary,
    }
}

#[cfg(test)]
mod tests;
