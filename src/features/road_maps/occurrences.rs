//! When a recurring measure comes round.

use chrono::{Datelike, Months, NaiveDate};

use super::deadline::{Deadline, DeadlineKind, Recurrence};
use crate::features::school_calendars::{SchoolYears, Term};

/// One time that a recurring measure is to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// The first day for it.
    pub start_date: NaiveDate,
    /// The last day for it.
    pub due_date: NaiveDate,
}

impl Deadline {
    /// The occurrences that have a day from `first` to `last`, in order; each lies within the
    /// deadline's own days. None for what does not recur, and for what is done on demand.
    ///
    /// An occurrence lasts as long as its month, quarter, half-year or term, so the days asked
    /// for choose among occurrences and cut none. `academic_quarter` follows the `terms` of the
    /// school calendars: holidays between terms have no occurrence.
    #[must_use]
    pub fn occurrences(&self, terms: &SchoolYears, first: NaiveDate, last: NaiveDate) -> Vec<Occurrence> {
        let (DeadlineKind::Recurring, Some(start), Some(end), Some(recurrence)) =
            (self.kind, self.start_date, self.end_date, self.recurrence)
        else {
            return Vec::new();
        };
        let (from, to) = (first.max(start), last.min(end));
        if from > to {
            return Vec::new();
        }
        let spans = match recurrence {
            Recurrence::OnDemand => Vec::new(),
            Recurrence::Monthly | Recurrence::Months => spans(from, to, 1),
            Recurrence::Quarterly => spans(from, to, 3),
            Recurrence::HalfYearly => spans(from, to, 6),
            Recurrence::AcademicQuarter => {
                let occurrence =
                    |term: Term| Occurrence { start_date: term.start_date, due_date: term.end_date };
                terms.terms_between(from, to).into_iter().map(occurrence).collect()
            }
        };
        let months = self.months.as_deref().filter(|_| recurrence == Recurrence::Months);
        let named = |span: &Occurrence| months.is_none_or(|months| months.contains(&span.start_date.month()));
        let own = |span: Occurrence| Occurrence {
            start_date: span.start_date.max(start),
            due_date: span.due_date.min(end),
        };
        spans.into_iter().filter(named).map(own).collect()
    }
}

/// The parts of calendar years, each of `length` months (a divisor of 12), from the one that
/// `first` lies in to the one that `last` lies in.
fn spans(first: NaiveDate, last: NaiveDate, length: u32) -> Vec<Occurrence> {
    let span = |start_date: NaiveDate| {
        let due_date = start_date.checked_add_months(Months::new(length))?.pred_opt()?;
        Some(Occurrence { start_date, due_date })
    };
    let month = first.month0() / length * length;
    let begin = first.with_day(1).and_then(|day| day.with_month0(month)).and_then(span);
    std::iter::successors(begin, |before| before.due_date.succ_opt().and_then(span))
        .take_while(|one| one.start_date <= last)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn recurring(recurrence: &str, start: &str, end: &str) -> Deadline {
        let months = if recurrence == "months" { r#","months":[4,8,12]"# } else { "" };
        serde_json::from_str(&format!(
            r#"{{"kind":"recurring","text":"x","start_date":"{start}","end_date":"{end}","recurrence":"{recurrence}"{months}}}"#
        ))
        .unwrap()
    }

    /// Each as `first..last`.
    fn shown(found: &[Occurrence]) -> Vec<String> {
        found.iter().map(|one| format!("{}..{}", one.start_date, one.due_date)).collect()
    }

    fn all(deadline: &Deadline) -> Vec<String> {
        let (start, end) = (deadline.start_date.unwrap(), deadline.end_date.unwrap());
        shown(&deadline.occurrences(&SchoolYears::default(), start, end))
    }

    #[test]
    fn each_recurrence_has_its_own_spans() {
        let year = |recurrence| all(&recurring(recurrence, "2023-01-01", "2023-12-31"));
        assert_eq!(year("monthly").len(), 12);
        assert_eq!(
            year("quarterly"),
            [
                "2023-01-01..2023-03-31",
                "2023-04-01..2023-06-30",
                "2023-07-01..2023-09-30",
                "2023-10-01..2023-12-31"
            ]
        );
        assert_eq!(year("half_yearly"), ["2023-01-01..2023-06-30", "2023-07-01..2023-12-31"]);
        assert_eq!(
            year("months"),
            ["2023-04-01..2023-04-30", "2023-08-01..2023-08-31", "2023-12-01..2023-12-31"]
        );
        assert_eq!(
            year("academic_quarter"),
            [
                "2023-01-09..2023-03-22",
                "2023-04-01..2023-05-24",
                "2023-09-01..2023-10-27",
                "2023-11-07..2023-12-29"
            ],
            "a calendar year has halves of two academic years"
        );
        assert!(year("on_demand").is_empty());
    }

    #[test]
    fn a_period_cuts_its_first_and_its_last_occurrence() {
        assert_eq!(
            all(&recurring("monthly", "2024-01-17", "2024-03-05")),
            ["2024-01-17..2024-01-31", "2024-02-01..2024-02-29", "2024-03-01..2024-03-05"],
            "29 February is the last day of its month"
        );
        assert_eq!(
            all(&recurring("monthly", "2023-12-31", "2024-01-01")),
            ["2023-12-31..2023-12-31", "2024-01-01..2024-01-01"],
            "over the end of a year"
        );
        assert_eq!(
            all(&recurring("quarterly", "2023-03-17", "2023-12-20")),
            [
                "2023-03-17..2023-03-31",
                "2023-04-01..2023-06-30",
                "2023-07-01..2023-09-30",
                "2023-10-01..2023-12-20"
            ]
        );
        assert_eq!(
            all(&recurring("academic_quarter", "2023-03-17", "2023-11-06")),
            ["2023-03-17..2023-03-22", "2023-04-01..2023-05-24", "2023-09-01..2023-10-27"],
            "a term that begins before the period counts from its first day"
        );
        assert!(all(&recurring("academic_quarter", "2023-10-28", "2023-11-06")).is_empty(), "holidays");
        assert!(all(&recurring("months", "2023-05-01", "2023-07-31")).is_empty());
        assert_eq!(all(&recurring("half_yearly", "2024-02-29", "2024-02-29")), ["2024-02-29..2024-02-29"]);
    }

    #[test]
    fn the_days_asked_for_choose_and_do_not_cut() {
        let monthly = recurring("monthly", "2023-03-17", "2023-12-31");
        let asked = |first: &str, last: &str| {
            shown(&monthly.occurrences(&SchoolYears::default(), day(first), day(last)))
        };
        assert_eq!(asked("2023-04-30", "2023-05-01"), ["2023-04-01..2023-04-30", "2023-05-01..2023-05-31"]);
        assert_eq!(asked("2023-03-01", "2023-03-17"), ["2023-03-17..2023-03-31"]);
        assert!(asked("2023-03-01", "2023-03-16").is_empty());
        assert!(asked("2024-01-01", "2024-12-31").is_empty());
        assert!(asked("2023-05-02", "2023-05-01").is_empty());
    }

    #[test]
    fn academic_quarters_follow_the_calendar_that_the_municipality_gave() {
        let term = |start: &str, end: &str| Term { start_date: day(start), end_date: day(end) };
        let years = SchoolYears::given([(
            2023,
            vec![
                term("2023-09-01", "2023-11-17"),
                term("2023-11-27", "2024-02-29"),
                term("2024-03-11", "2024-05-31"),
            ],
        )]);
        let deadline = recurring("academic_quarter", "2023-09-01", "2023-12-31");
        let found = deadline.occurrences(&years, day("2023-09-01"), day("2023-12-31"));
        assert_eq!(
            shown(&found),
            ["2023-09-01..2023-11-17", "2023-11-27..2023-12-31"],
            "a term that crosses the end of the period ends with it"
        );
    }

    #[test]
    fn what_does_not_recur_has_no_occurrences() {
        for json in [
            r#"{"kind":"date","text":"x","due_date":"2023-03-31"}"#,
            r#"{"kind":"period","text":"x","start_date":"2023-01-01","end_date":"2023-12-31"}"#,
            r#"{"kind":"all_year","text":"x","start_date":"2023-01-01","end_date":"2023-12-31"}"#,
        ] {
            let deadline: Deadline = serde_json::from_str(json).unwrap();
            let (first, last) = (day("2023-01-01"), day("2023-12-31"));
            assert!(deadline.occurrences(&SchoolYears::default(), first, last).is_empty(), "{json}");
        }
    }

    prop_compose! {
        fn days()(start in 0..3_000_i64, length in 0..800_i64) -> (NaiveDate, NaiveDate) {
            let first = day("2019-12-01") + chrono::Duration::days(start);
            (first, first + chrono::Duration::days(length))
        }
    }

    fn recurrences() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["monthly", "quarterly", "half_yearly", "months", "academic_quarter"])
    }

    proptest! {
        #[test]
        fn occurrences_follow_each_other_within_the_deadline(name in recurrences(), (start, end) in days()) {
            let deadline = recurring(name, &start.to_string(), &end.to_string());
            let found = deadline.occurrences(&SchoolYears::default(), start, end);
            for one in &found {
                prop_assert!(start <= one.start_date && one.start_date <= one.due_date && one.due_date <= end);
            }
            for pair in found.windows(2) {
                prop_assert!(pair[0].due_date < pair[1].start_date);
            }
            if name == "monthly" {
                let months = |day: NaiveDate| day.year() * 12 + i32::try_from(day.month()).unwrap();
                prop_assert_eq!(i32::try_from(found.len()).unwrap(), months(end) - months(start) + 1);
            }
        }

        #[test]
        fn asking_for_less_gives_a_part_of_the_same(
            name in recurrences(), (start, end) in days(), (first, last) in days(),
        ) {
            let deadline = recurring(name, &start.to_string(), &end.to_string());
            let years = SchoolYears::default();
            let whole = deadline.occurrences(&years, start, end);
            let touches = |one: &Occurrence| one.start_date <= last && one.due_date >= first;
            let wanted: Vec<Occurrence> = whole.into_iter().filter(touches).collect();
            prop_assert_eq!(deadline.occurrences(&years, first, last), wanted);
        }
    }
}
