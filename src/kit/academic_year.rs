//! Academic years: from 1 September to 31 August, named by the calendar year in which they begin.

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

/// The month in which academic years begin.
const SEPTEMBER: u32 = 9;

/// An academic year by its first calendar year, 2000 to 2099; in a path four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct AcademicYear(i32);

impl TryFrom<String> for AcademicYear {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let four_digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(year @ 2000..=2099) if four_digits => Ok(Self(year)),
            _ => Err("no academic year"),
        }
    }
}

impl AcademicYear {
    /// The one that `day` lies in; `None` beyond the years that there are here.
    #[must_use]
    pub fn of(day: NaiveDate) -> Option<Self> {
        let start = if day.month() < SEPTEMBER { day.year() - 1 } else { day.year() };
        (2000..=2099).contains(&start).then_some(Self(start))
    }

    /// The calendar year in which it begins.
    #[must_use]
    pub fn start(self) -> i32 {
        self.0
    }

    /// Whether `day` lies in it.
    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        Self::of(day) == Some(self)
    }

    /// Whether it has begun on `today`.
    #[must_use]
    pub fn has_begun(self, today: NaiveDate) -> bool {
        self.day(SEPTEMBER, 1).is_some_and(|first| first <= today)
    }

    /// Whether a part of it lies in this calendar year.
    #[must_use]
    pub fn touches(self, year: i32) -> bool {
        year == self.0 || year == self.0 + 1
    }

    /// The day of this month in it: September to December lie in its first calendar year.
    #[must_use]
    pub fn day(self, month: u32, day: u32) -> Option<NaiveDate> {
        let year = if month < SEPTEMBER { self.0 + 1 } else { self.0 };
        NaiveDate::from_ymd_opt(year, month, day)
    }
}

/// How people write the academic year that begins in a calendar year: «2023/2024».
#[must_use]
pub fn label(start: i32) -> String {
    format!("{start}/{}", start + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_day_lies_in_one_academic_year(offset in 0..36_500_i64) {
            let day = day("2000-09-01") + chrono::TimeDelta::days(offset);
            let year = AcademicYear::of(day).unwrap();
            prop_assert!(year.contains(day) && year.touches(day.year()) && year.has_begun(day));
            let neighbours = [year.start() - 1, year.start() + 1].map(AcademicYear);
            prop_assert!(neighbours.iter().all(|other| !other.contains(day)));
            prop_assert_eq!(year.day(day.month(), day.day()), Some(day));
            let tomorrow = AcademicYear::of(day + chrono::TimeDelta::days(1));
            let is_last = (day.month(), day.day()) == (8, 31);
            prop_assert_eq!(tomorrow.is_some_and(|next| next != year), is_last && year.start() < 2099);
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_year_is_read_from_four_digits() {
        for text in ["2000", "2023", "2099"] {
            assert_eq!(AcademicYear::try_from(text.to_owned()).unwrap().start().to_string(), text);
        }
        for text in ["1999", "2100", "23", "02023", "+202", "2023/2024", ""] {
            assert!(AcademicYear::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_year_begins_on_1_september() {
        let year = AcademicYear(2023);
        assert_eq!(label(year.start()), "2023/2024");
        assert!(!year.contains(day("2023-08-31")) && year.contains(day("2023-09-01")));
        assert!(year.contains(day("2024-08-31")) && !year.contains(day("2024-09-01")));
        assert_eq!(year.day(2, 29), Some(day("2024-02-29")));
        assert_eq!(year.day(12, 31), Some(day("2023-12-31")));
        assert_eq!(AcademicYear::of(day("2000-08-31")), None);
    }

    #[test]
    fn a_year_has_begun_from_its_first_day_on_and_touches_two_calendar_years() {
        let year = AcademicYear(2023);
        assert!(!year.has_begun(day("2023-08-31")) && year.has_begun(day("2023-09-01")));
        assert!(year.has_begun(day("2030-01-01")) && !year.has_begun(day("2022-12-31")));
        assert_eq!([2022, 2023, 2024, 2025].map(|y| year.touches(y)), [false, true, true, false]);
    }
}
