//! Deadlines of measures: a day, a period, a recurrence or the whole year.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::code::codes;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// Longest verbatim text of a deadline, in characters.
pub const TEXT_MAX: usize = 200;

codes! {
    /// How a deadline is given.
    DeadlineKind {
        /// To be done by one day.
        Date = "date", "к дате", "by a date";
        /// To be done between two days.
        Period = "period", "в период", "within a period";
        /// To be done again and again.
        Recurring = "recurring", "регулярно", "recurring";
        /// Goes on all the time.
        AllYear = "all_year", "в течение года", "all year";
    }
}

codes! {
    /// How often a recurring measure comes round.
    Recurrence {
        /// Every month.
        Monthly = "monthly", "ежемесячно", "monthly";
        /// Every calendar quarter.
        Quarterly = "quarterly", "ежеквартально", "quarterly";
        /// Every quarter of the academic year.
        AcademicQuarter = "academic_quarter", "один раз в учебную четверть", "every academic quarter";
        /// Every half-year.
        HalfYearly = "half_yearly", "один раз в полугодие", "half-yearly";
        /// In the months that `months` names.
        Months = "months", "в указанные месяцы", "in named months";
        /// When there is a need; has no occurrences.
        OnDemand = "on_demand", "по мере необходимости", "on demand";
    }
}

/// When a measure is to be done: the verbatim text and the dates behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// Which of the members below are there.
    pub kind: DeadlineKind,
    /// The deadline as the order words it, e.g. «до 31.03»; kept verbatim.
    #[schema(max_length = 200)]
    pub text: String,
    /// `date`: the last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_date: Option<NaiveDate>,
    /// All but `date`: the first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<NaiveDate>,
    /// All but `date`: the last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<NaiveDate>,
    /// `recurring`: how often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    /// `recurring` in named months: 1-12, each once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 12)]
    pub months: Option<Vec<u32>>,
}

impl Deadline {
    /// Every broken rule, with pointers under `pointer_prefix` (e.g. `/deadline`).
    #[must_use]
    pub fn check(&self, pointer_prefix: &str) -> Vec<Violation> {
        let mut found = Found { prefix: pointer_prefix, list: Vec::new() };
        if self.text.trim().is_empty() || self.text.chars().count() > TEXT_MAX {
            let detail = Bi::fixed(
                "Укажите срок словами, не длиннее 200 знаков.",
                "Give the deadline in words, 200 characters at most.",
            );
            found.add("text", "length", detail);
        }
        let spans = self.kind != DeadlineKind::Date;
        found.presence("due_date", self.due_date.is_some(), !spans);
        found.presence("start_date", self.start_date.is_some(), spans);
        found.presence("end_date", self.end_date.is_some(), spans);
        let recurs = self.kind == DeadlineKind::Recurring;
        found.presence("recurrence", self.recurrence.is_some(), recurs);
        let in_months = recurs && self.recurrence == Some(Recurrence::Months);
        found.presence("months", self.months.is_some(), in_months);
        if spans && self.start_date > self.end_date && self.end_date.is_some() {
            let detail = Bi::fixed("Последний день раньше первого.", "The last day is before the first one.");
            found.add("end_date", "order", detail);
        }
        if in_months && self.months.as_deref().is_some_and(|m| !are_months(m)) {
            let detail = Bi::fixed(
                "Перечислите месяцы числами от 1 до 12, каждый один раз.",
                "List months as numbers from 1 to 12, each once.",
            );
            found.add("months", "range", detail);
        }
        found.list
    }

    /// The day after which the measure is late; `None` for what is never late.
    #[must_use]
    pub fn due_day(&self) -> Option<NaiveDate> {
        match self.kind {
            DeadlineKind::Date => self.due_date,
            DeadlineKind::Period => self.end_date,
            DeadlineKind::Recurring | DeadlineKind::AllYear => None,
        }
    }

    /// Whether what was done on `actual` was done after the due day.
    #[must_use]
    pub fn is_late(&self, actual: NaiveDate) -> bool {
        self.due_day().is_some_and(|due| actual > due)
    }

    /// Whether the measure begins after `date`; one with a single day begins on no day of its own.
    #[must_use]
    pub fn starts_after(&self, date: NaiveDate) -> bool {
        self.kind != DeadlineKind::Date && self.start_date.is_some_and(|start| start > date)
    }

    /// Whether the measure rightly goes on after `date`: recurring, all-year, or due later.
    #[must_use]
    pub fn runs_past(&self, date: NaiveDate) -> bool {
        self.due_day().is_none_or(|due| due > date)
    }

    /// The same deadline `years` later: 29 February becomes 28 where it must, the text stays.
    #[must_use]
    pub fn shifted_by_years(&self, years: i32) -> Self {
        let shift = |date: Option<NaiveDate>| date.map(|date| shifted(date, years));
        Self {
            due_date: shift(self.due_date),
            start_date: shift(self.start_date),
            end_date: shift(self.end_date),
            ..self.clone()
        }
    }
}

/// `date` in the year `years` later; a year beyond the calendar leaves it as it is.
pub(super) fn shifted(date: NaiveDate, years: i32) -> NaiveDate {
    let year = date.year().saturating_add(years);
    date.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, date.month(), 28)).unwrap_or(date)
}

/// Whether these are months of a year, at least one, none twice.
fn are_months(months: &[u32]) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    !months.is_empty() && months.iter().all(|m| (1..=12).contains(m) && seen.insert(m))
}

/// Violations found so far, under one prefix.
struct Found<'a> {
    prefix: &'a str,
    list: Vec<Violation>,
}

impl Found<'_> {
    fn add(&mut self, member: &str, code: &'static str, detail: Bi) {
        let pointer = format!("{}/{member}", self.prefix);
        self.list.push(Violation::new(pointer, code, detail));
    }

    /// A member must be there exactly when it is wanted.
    fn presence(&mut self, member: &str, present: bool, wanted: bool) {
        if wanted && !present {
            let detail = Bi::fixed(
                "Для срока этого вида это поле обязательно.",
                "A deadline of this kind needs this member.",
            );
            self.add(member, "required", detail);
        } else if present && !wanted {
            let detail = Bi::fixed(
                "Для срока этого вида это поле не указывают.",
                "A deadline of this kind does not take this member.",
            );
            self.add(member, "not-allowed", detail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline(json: &str) -> Deadline {
        serde_json::from_str(json).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn broken(json: &str) -> Vec<String> {
        let list = deadline(json).check("/deadline");
        let show = |v: Violation| format!("{} {}", v.pointer, v.code);
        list.into_iter().map(show).collect()
    }

    const DATE: &str = r#"{"kind":"date","text":"до 31.03","due_date":"2023-03-31"}"#;
    const PERIOD: &str =
        r#"{"kind":"period","text":"11-22.12","start_date":"2023-12-11","end_date":"2023-12-22"}"#;
    const MONTHS: &str = r#"{"kind":"recurring","text":"апрель","start_date":"2023-03-17","end_date":"2023-12-31","recurrence":"months","months":[4,8,12]}"#;
    const ALL_YEAR: &str =
        r#"{"kind":"all_year","text":"в течение года","start_date":"2023-03-17","end_date":"2023-12-31"}"#;

    #[test]
    fn a_right_deadline_passes_and_keeps_its_text_form() {
        for json in [DATE, PERIOD, MONTHS, ALL_YEAR] {
            assert_eq!(broken(json), Vec::<String>::new());
            assert_eq!(serde_json::to_string(&deadline(json)).unwrap(), json);
        }
        assert!(serde_json::from_str::<Deadline>(r#"{"kind":"date","text":"x","day":1}"#).is_err());
    }

    #[test]
    fn each_kind_takes_its_own_members_only() {
        assert_eq!(
            broken(r#"{"kind":"date","text":"","start_date":"2023-01-01","months":[1]}"#),
            [
                "/deadline/text length",
                "/deadline/due_date required",
                "/deadline/start_date not-allowed",
                "/deadline/months not-allowed"
            ]
        );
        assert_eq!(
            broken(r#"{"kind":"period","text":"x","start_date":"2023-02-02","end_date":"2023-02-01"}"#),
            ["/deadline/end_date order"]
        );
        assert_eq!(
            broken(r#"{"kind":"all_year","text":"x","recurrence":"monthly"}"#),
            [
                "/deadline/start_date required",
                "/deadline/end_date required",
                "/deadline/recurrence not-allowed"
            ]
        );
    }

    #[test]
    fn months_are_one_to_twelve_each_once() {
        for (months, count) in [("[]", 1), ("[0]", 1), ("[13]", 1), ("[4,4]", 1), ("[1,12]", 0)] {
            let json = MONTHS.replace("[4,8,12]", months);
            assert_eq!(broken(&json).len(), count, "{months}");
        }
        let monthly = MONTHS.replace("\"months\",", "\"monthly\",");
        assert_eq!(broken(&monthly), ["/deadline/months not-allowed"]);
        let long = DATE.replace("до 31.03", &"я".repeat(201));
        assert_eq!(broken(&long), ["/deadline/text length"]);
        let longest = DATE.replace("до 31.03", &"я".repeat(200));
        assert!(broken(&longest).is_empty());
    }

    #[test]
    fn late_is_after_the_due_day_and_never_without_one() {
        assert!(!deadline(DATE).is_late(day("2023-03-31")));
        assert!(deadline(DATE).is_late(day("2023-04-01")));
        assert!(deadline(PERIOD).is_late(day("2023-12-23")));
        assert!(!deadline(ALL_YEAR).is_late(day("2030-01-01")));
        assert!(!deadline(MONTHS).is_late(day("2030-01-01")));
    }

    #[test]
    fn a_measure_starts_and_ends_around_the_report_deadline() {
        assert!(!deadline(PERIOD).starts_after(day("2023-12-11")));
        assert!(deadline(PERIOD).starts_after(day("2023-12-10")));
        assert!(!deadline(DATE).starts_after(day("2020-01-01")));
        assert!(!deadline(PERIOD).runs_past(day("2023-12-22")));
        assert!(deadline(PERIOD).runs_past(day("2023-12-21")));
        assert!(deadline(ALL_YEAR).runs_past(day("2030-01-01")));
    }

    #[test]
    fn a_shift_keeps_the_text_and_turns_29_february_into_28() {
        let leap = deadline(r#"{"kind":"date","text":"29.02","due_date":"2024-02-29"}"#);
        let next = leap.shifted_by_years(1);
        assert_eq!(next.due_date, Some(day("2025-02-28")));
        assert_eq!(next.text, "29.02");
        assert_eq!(leap.shifted_by_years(4).due_date, Some(day("2028-02-29")));
        let months = deadline(MONTHS).shifted_by_years(1);
        assert_eq!(months.end_date, Some(day("2024-12-31")));
        assert_eq!(months.months, Some(vec![4, 8, 12]));
        assert_eq!(leap.shifted_by_years(i32::MAX).due_date, leap.due_date);
    }
}
