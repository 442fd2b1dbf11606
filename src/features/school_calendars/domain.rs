//! Rules of school calendars: the terms of a year, and those that are usual.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::academic_year::AcademicYear;
use crate::kit::code::codes;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

codes! {
    /// Into what an academic year is divided.
    TermKind {
        /// Four.
        Quarter = "quarter", "учебная четверть", "quarter";
        /// Three.
        Trimester = "trimester", "триместр", "trimester";
    }
}

impl TermKind {
    /// How many of them a year has.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::Quarter => 4,
            Self::Trimester => 3,
        }
    }
}

/// A term: lessons are given from its first to its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"start_date": "2023-09-01", "end_date": "2023-10-27"}))]
pub struct Term {
    /// The first day.
    pub start_date: NaiveDate,
    /// The last day.
    pub end_date: NaiveDate,
}

/// First and last day of the usual quarters, as month and day (published calendars of
/// 2023/2024, domain.md section 2.3).
const USUAL: [((u32, u32), (u32, u32)); 4] =
    [((9, 1), (10, 27)), ((11, 7), (12, 29)), ((1, 9), (3, 22)), ((4, 1), (5, 24))];

/// The quarters of a year for which a municipality has given none.
#[must_use]
pub fn usual_terms(year: AcademicYear) -> Vec<Term> {
    let term = |(first, last): ((u32, u32), (u32, u32))| {
        Some(Term { start_date: year.day(first.0, first.1)?, end_date: year.day(last.0, last.1)? })
    };
    USUAL.into_iter().filter_map(term).collect()
}

/// Every broken rule of the terms of a year: as many as their kind says, each with its days
/// in order, one after the other, from 1 September to 31 August.
#[must_use]
pub fn check(year: AcademicYear, kind: TermKind, terms: &[Term]) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut broken = |pointer: String, code, detail| found.push(Violation::new(pointer, code, detail));
    if terms.len() != kind.count() {
        let detail = Bi::fixed(
            "В учебном году четыре четверти или три триместра.",
            "An academic year has four quarters or three trimesters.",
        );
        broken("/terms".to_owned(), "count", detail);
    }
    let mut before: Option<NaiveDate> = None;
    for (place, term) in terms.iter().enumerate() {
        for (member, day) in [("start_date", term.start_date), ("end_date", term.end_date)] {
            if !year.contains(day) {
                let detail = Bi::fixed(
                    "Учебный год длится с 1 сентября по 31 августа.",
                    "An academic year lasts from 1 September to 31 August.",
                );
                broken(format!("/terms/{place}/{member}"), "range", detail);
            }
        }
        if term.end_date < term.start_date {
            let detail = Bi::fixed("Последний день раньше первого.", "The last day is before the first one.");
            broken(format!("/terms/{place}/end_date"), "order", detail);
        }
        if before.is_some_and(|before| term.start_date <= before) {
            let detail = Bi::fixed(
                "Период начинается раньше, чем закончился предыдущий.",
                "The term begins before the end of the one before.",
            );
            broken(format!("/terms/{place}/start_date"), "order", detail);
        }
        before = Some(term.end_date);
    }
    found
}

/// The terms of the schools of one municipality over the years.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchoolYears {
    given: BTreeMap<i32, Vec<Term>>,
}

impl SchoolYears {
    /// Of the years that the municipality has given; the others are the usual ones.
    #[must_use]
    pub fn given(years: impl IntoIterator<Item = (i32, Vec<Term>)>) -> Self {
        Self { given: years.into_iter().collect() }
    }

    /// The terms that have a day from `first` to `last`, in order.
    #[must_use]
    pub fn terms_between(&self, first: NaiveDate, last: NaiveDate) -> Vec<Term> {
        let touches = |term: &Term| term.start_date <= last && term.end_date >= first;
        self.years_between(first, last).flat_map(|year| self.terms_of(year)).filter(touches).collect()
    }

    fn terms_of(&self, year: AcademicYear) -> Vec<Term> {
        self.given.get(&year.start()).cloned().unwrap_or_else(|| usual_terms(year))
    }

    fn years_between(&self, first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = AcademicYear> {
        let after = move |year: &AcademicYear| year.day(8, 31).is_some_and(|end| end < last);
        let next = |year: AcademicYear| AcademicYear::of(year.day(8, 31)?.succ_opt()?);
        std::iter::successors(AcademicYear::of(first), move |year| Some(*year).filter(after).and_then(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn term(start: &str, end: &str) -> Term {
        Term { start_date: day(start), end_date: day(end) }
    }

    fn year(start: i32) -> AcademicYear {
        AcademicYear::try_from(start.to_string()).unwrap()
    }

    fn broken(kind: TermKind, terms: &[Term]) -> Vec<String> {
        let show = |v: Violation| format!("{} {}", v.pointer, v.code);
        check(year(2023), kind, terms).into_iter().map(show).collect()
    }

    #[test]
    fn the_usual_quarters_keep_the_rules() {
        let usual = usual_terms(year(2023));
        assert!(broken(TermKind::Quarter, &usual).is_empty());
        assert_eq!(usual.first(), Some(&term("2023-09-01", "2023-10-27")));
        assert_eq!(usual.last(), Some(&term("2024-04-01", "2024-05-24")));
        assert_eq!(broken(TermKind::Trimester, &usual), ["/terms count"]);
    }

    #[test]
    fn terms_follow_each_other_within_their_year() {
        let whole = [
            term("2023-09-01", "2023-11-18"),
            term("2023-11-19", "2024-02-29"),
            term("2024-03-01", "2024-08-31"),
        ];
        assert!(broken(TermKind::Trimester, &whole).is_empty());
        let mut wrong = whole;
        wrong[1].start_date = day("2023-11-18");
        assert_eq!(broken(TermKind::Trimester, &wrong), ["/terms/1/start_date order"]);
        let mut wrong = whole;
        wrong[0].start_date = day("2023-08-31");
        wrong[2].end_date = day("2024-09-01");
        assert_eq!(
            broken(TermKind::Trimester, &wrong),
            ["/terms/0/start_date range", "/terms/2/end_date range"]
        );
        let mut wrong = whole;
        wrong[2].end_date = day("2024-02-29");
        assert_eq!(broken(TermKind::Trimester, &wrong), ["/terms/2/end_date order"]);
        let one_day = [term("2023-09-01", "2023-09-01"), whole[1], whole[2]];
        assert!(broken(TermKind::Trimester, &one_day).is_empty());
    }

    #[test]
    fn terms_are_found_by_their_days_in_given_and_usual_years() {
        let years = SchoolYears::given([(2023, vec![term("2023-09-04", "2023-12-29")])]);
        let found = |first: &str, last: &str| -> Vec<String> {
            let terms = years.terms_between(day(first), day(last));
            terms.iter().map(|term| term.start_date.to_string()).collect()
        };
        assert_eq!(
            found("2023-01-01", "2023-12-31"),
            ["2023-01-09", "2023-04-01", "2023-09-04"],
            "a calendar year has terms of two academic years"
        );
        assert_eq!(found("2023-12-29", "2024-09-01"), ["2023-09-04", "2024-09-01"]);
        assert!(found("2023-12-30", "2024-08-31").is_empty());
        assert!(found("2023-05-25", "2023-09-03").is_empty());
        assert!(found("2024-01-02", "2024-01-01").is_empty());
        assert_eq!(
            found("2022-12-29", "2023-01-09"),
            ["2022-11-07", "2023-01-09"],
            "first and last days count"
        );
    }
}
