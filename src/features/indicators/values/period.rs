//! The periods of values, and their states.

use chrono::{Datelike, NaiveDate};

use super::super::domain::PeriodType;
use crate::kit::academic_year::AcademicYear;
use crate::kit::code::codes;

codes! {
    /// State of a value.
    ValueState {
        /// Entered, not yet checked.
        Entered = "entered", "введено", "entered";
        /// Checked by the department, or told in a report that it accepted.
        Confirmed = "confirmed", "подтверждено", "confirmed";
    }
}

impl PeriodType {
    /// Whether a period from `start` to `end`, both included, is one of this type.
    ///
    /// Calendar periods and the academic year are whole ones. Quarters and halves of the academic
    /// year may be shifted by the school's calendar: they lie within one academic year.
    #[must_use]
    pub fn fits(self, start: NaiveDate, end: NaiveDate) -> bool {
        match self {
            Self::CalendarQuarter => whole_months(start, end, 3),
            Self::CalendarHalf => whole_months(start, end, 6),
            Self::CalendarYear => whole_months(start, end, 12),
            Self::AcademicQuarter | Self::AcademicHalf => {
                start < end && AcademicYear::of(start).is_some_and(|year| year.contains(end))
            }
            Self::AcademicYear => AcademicYear::of(start)
                .is_some_and(|year| year.day(9, 1) == Some(start) && year.day(8, 31) == Some(end)),
        }
    }
}

/// Whether it is so many whole months, the first of them a multiple after January.
fn whole_months(start: NaiveDate, end: NaiveDate, months: u32) -> bool {
    let last_month = start.month0() + months;
    let next = match last_month {
        12.. => NaiveDate::from_ymd_opt(start.year() + 1, last_month - 11, 1),
        _ => NaiveDate::from_ymd_opt(start.year(), last_month + 1, 1),
    };
    start.day() == 1 && start.month0().is_multiple_of(months) && next == end.succ_opt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(kind: PeriodType, start: &str, end: &str) -> bool {
        kind.fits(start.parse().unwrap(), end.parse().unwrap())
    }

    #[test]
    fn calendar_periods_are_whole() {
        use PeriodType::{CalendarHalf, CalendarQuarter, CalendarYear};
        assert!(fits(CalendarYear, "2023-01-01", "2023-12-31"));
        assert!(!fits(CalendarYear, "2023-01-01", "2023-12-30"));
        assert!(!fits(CalendarYear, "2023-02-01", "2024-01-31"));
        assert!(fits(CalendarHalf, "2023-01-01", "2023-06-30"));
        assert!(fits(CalendarHalf, "2023-07-01", "2023-12-31"));
        assert!(!fits(CalendarHalf, "2023-04-01", "2023-09-30"));
        assert!(fits(CalendarQuarter, "2024-01-01", "2024-03-31"));
        assert!(fits(CalendarQuarter, "2023-10-01", "2023-12-31"));
        assert!(!fits(CalendarQuarter, "2023-10-02", "2023-12-31"));
    }

    #[test]
    fn parts_of_the_academic_year_lie_within_one() {
        use PeriodType::{AcademicHalf, AcademicQuarter, AcademicYear};
        assert!(fits(AcademicYear, "2023-09-01", "2024-08-31"));
        assert!(!fits(AcademicYear, "2023-09-01", "2024-05-24"));
        assert!(fits(AcademicQuarter, "2023-09-01", "2023-10-27"));
        assert!(fits(AcademicHalf, "2023-09-01", "2023-12-29"));
        assert!(!fits(AcademicHalf, "2023-08-31", "2023-12-29"), "it begins in the year before");
        assert!(!fits(AcademicQuarter, "2023-09-01", "2023-09-01"), "a day");
    }
}
