//! Rules of monitorings.

use chrono::NaiveDate;

use crate::kit::code::codes;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

codes! {
    /// State of a monitoring.
    MonitoringStatus {
        /// Prepared, not yet announced.
        Planned = "planned", "запланирован", "planned";
        /// Schools report.
        Open = "open", "открыт", "open";
        /// No new reports are taken.
        Collected = "collected", "сбор завершён", "collected";
        /// Every report is reviewed.
        Analysed = "analysed", "проведён анализ", "analysed";
        /// The note is registered.
        Completed = "completed", "завершён", "completed";
        /// Given up.
        Cancelled = "cancelled", "отменён", "cancelled";
    }
}

/// What can be done with a monitoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change a planned one.
    Update,
    /// Delete a planned one.
    Delete,
    /// Give it up.
    Cancel,
    /// Take the snapshot, create the reports.
    Open,
    /// Take no new reports.
    CloseCollection,
    /// End the review.
    Analyse,
    /// End the campaign.
    Complete,
    /// Add or release a school.
    ChangeSchools,
    /// Give a school more time.
    Extend,
}

impl Step {
    /// Codes of what the state puts in the way; empty when nothing does.
    #[must_use]
    pub fn blockers(self, status: MonitoringStatus) -> Vec<&'static str> {
        use MonitoringStatus::{Analysed, Collected, Open, Planned};
        let allowed = match self {
            Self::Update | Self::Delete | Self::Open => status == Planned,
            Self::Cancel => matches!(status, Planned | Open),
            Self::CloseCollection => status == Open,
            Self::Analyse => status == Collected,
            Self::Complete => status == Analysed,
            Self::ChangeSchools | Self::Extend => matches!(status, Open | Collected),
        };
        match (allowed, status) {
            (true, _) => vec![],
            (false, Planned) => vec!["monitoring-planned"],
            (false, Open) => vec!["monitoring-open"],
            (false, Collected) => vec!["monitoring-collected"],
            (false, Analysed) => vec!["monitoring-analysed"],
            (false, MonitoringStatus::Completed) => vec!["monitoring-completed"],
            (false, MonitoringStatus::Cancelled) => vec!["monitoring-cancelled"],
        }
    }
}

/// Checks the dates of a monitoring against each other.
#[must_use]
pub fn check_dates(
    period_start: NaiveDate,
    period_end: NaiveDate,
    report_deadline: NaiveDate,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    if period_end < period_start {
        let detail =
            Bi::fixed("Период заканчивается раньше, чем начинается", "The period ends before it starts");
        violations.push(Violation::new("/period_end", "order", detail));
    }
    if report_deadline < period_start {
        let detail = Bi::fixed("Срок отчёта раньше начала периода", "The deadline lies before the period");
        violations.push(Violation::new("/report_deadline", "order", detail));
    }
    violations
}

/// Checks the last day of a deadline extension: it is not past and gives more time.
#[must_use]
pub fn check_extension(until: NaiveDate, report_deadline: NaiveDate, today: NaiveDate) -> Vec<Violation> {
    let mut violations = Vec::new();
    if until < today {
        let detail = Bi::fixed("Дата уже прошла", "The day is past");
        violations.push(Violation::new("/until", "past-date", detail));
    }
    if until < report_deadline {
        let detail = Bi::fixed(
            "Продлённый срок раньше срока отчёта",
            "The extension ends before the deadline of the reports",
        );
        violations.push(Violation::new("/until", "order", detail));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::code::Code;

    #[test]
    fn every_pair_outside_the_diagram_is_blocked() {
        use MonitoringStatus::{Analysed, Collected, Open, Planned};
        let diagram: [(Step, &[MonitoringStatus]); 9] = [
            (Step::Update, &[Planned]),
            (Step::Delete, &[Planned]),
            (Step::Open, &[Planned]),
            (Step::Cancel, &[Planned, Open]),
            (Step::CloseCollection, &[Open]),
            (Step::Analyse, &[Collected]),
            (Step::Complete, &[Analysed]),
            (Step::ChangeSchools, &[Open, Collected]),
            (Step::Extend, &[Open, Collected]),
        ];
        for (step, from) in diagram {
            for status in MonitoringStatus::ALL {
                assert_eq!(step.blockers(*status).is_empty(), from.contains(status), "{step:?} {status:?}");
            }
        }
    }

    #[test]
    fn a_period_of_one_day_is_a_period_and_the_deadline_may_lie_in_it() {
        let day = |d| NaiveDate::from_ymd_opt(2023, 12, d).unwrap();
        assert!(check_dates(day(1), day(1), day(1)).is_empty());
        assert_eq!(check_dates(day(2), day(1), day(1)).len(), 2);
    }

    #[test]
    fn an_extension_ends_neither_before_today_nor_before_the_deadline() {
        let day = |d| NaiveDate::from_ymd_opt(2023, 12, d).unwrap();
        let codes = |until, today| -> Vec<&str> {
            check_extension(day(until), day(22), day(today)).iter().map(|v| v.code).collect()
        };
        assert!(codes(22, 22).is_empty());
        assert_eq!(codes(21, 21), ["order"]);
        assert_eq!(codes(24, 25), ["past-date"]);
        assert_eq!(codes(20, 21), ["past-date", "order"]);
    }
}
