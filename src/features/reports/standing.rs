//! When a measure is met by what a report says of it, and when it is left out.

use chrono::NaiveDate;

use super::domain::{Item, ItemStatus};
use crate::features::road_maps::{DeadlineKind, Measure};
use crate::kit::code::codes;

codes! {
    /// Why a subject is left out of a measure, a criterion or a conclusion.
    OutReason {
        /// The criterion has no measures in this road map.
        NoMeasures = "no_measures", "в дорожной карте нет мероприятий", "the road map has no measures for it";
        /// Begins or falls due after the reporting deadline.
        NotYetDue = "not_yet_due", "срок мероприятия еще не наступил", "not yet due";
        /// The measure does not concern the school.
        OutsideScope = "outside_scope", "мероприятие не относится к школе", "the measure does not concern the school";
        /// The subject reported that it does not apply.
        NotApplicable = "not_applicable", "по отчету мероприятие не требуется", "reported as not applicable";
        /// The school was released from the monitoring.
        Released = "released", "школа освобождена от мониторинга", "released from the monitoring";
    }
}

/// What one measure says about one subject by its accepted report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is left out, and why.
    Out(OutReason),
    /// It is met.
    Met,
    /// It is not met.
    Missed,
}

/// Where the measure stands for a subject it concerns; no item, and one carried over, is as good
/// as `not_started`.
///
/// A measure that does not count is left out, as is one that starts after
/// `report_deadline`, one whose single day comes later and nothing is reported of,
/// and one reported as not applicable.
#[must_use]
pub fn standing(measure: &Measure, item: Option<&Item>, report_deadline: NaiveDate) -> Standing {
    let deadline = &measure.deadline;
    let status = item.map_or(ItemStatus::NotStarted, Item::said);
    let proven = !measure.evidence_required || item.is_some_and(|item| item.evidence_count > 0);
    let single_day_ahead = deadline.kind == DeadlineKind::Date && deadline.runs_past(report_deadline);
    match status {
        _ if !measure.counts_in_compliance => Standing::Out(OutReason::NoMeasures),
        _ if deadline.starts_after(report_deadline) => Standing::Out(OutReason::NotYetDue),
        ItemStatus::NotApplicable => Standing::Out(OutReason::NotApplicable),
        ItemStatus::NotStarted if single_day_ahead => Standing::Out(OutReason::NotYetDue),
        ItemStatus::Done if proven => Standing::Met,
        ItemStatus::InProgress if proven && deadline.runs_past(report_deadline) => Standing::Met,
        _ => Standing::Missed,
    }
}

/// Whether the measure is met by the item: done, or rightly still going on; with evidence where required.
#[must_use]
pub fn is_met(measure: &Measure, item: &Item, report_deadline: NaiveDate) -> bool {
    standing(measure, Some(item), report_deadline) == Standing::Met
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::reports::domain::tests::{all_year, between, by, cut, item};

    #[test]
    fn a_measure_is_met_when_done_or_rightly_going_on() {
        let met = |measure: &Measure, status| is_met(measure, &item(status), cut());
        assert!(met(&by("2023-04-14"), ItemStatus::Done));
        assert!(!met(&by("2023-04-14"), ItemStatus::InProgress));
        assert!(!met(&by("2023-12-22"), ItemStatus::InProgress));
        assert!(met(&by("2023-12-23"), ItemStatus::InProgress));
        assert!(!met(&between("2023-12-11", "2023-12-22"), ItemStatus::InProgress));
        assert!(met(&between("2023-10-01", "2023-12-31"), ItemStatus::InProgress));
        assert!(met(&all_year("2023-03-17"), ItemStatus::InProgress));
        assert!(!met(&all_year("2023-03-17"), ItemStatus::NotStarted));
        assert!(!met(&all_year("2023-03-17"), ItemStatus::Partly));
        assert!(!met(&all_year("2023-03-17"), ItemStatus::NotDone));
    }

    #[test]
    fn evidence_counts_where_it_is_required() {
        let mut wanting = all_year("2023-03-17");
        wanting.evidence_required = true;
        for status in [ItemStatus::Done, ItemStatus::InProgress] {
            let mut item = item(status);
            assert!(!is_met(&wanting, &item, cut()));
            item.evidence_count = 1;
            assert!(is_met(&wanting, &item, cut()));
        }
    }

    #[test]
    fn what_was_carried_over_is_neither_met_nor_left_out() {
        for status in [ItemStatus::Done, ItemStatus::InProgress, ItemStatus::NotApplicable] {
            let mut old = item(status);
            old.carried_over = true;
            assert_eq!(standing(&by("2023-04-14"), Some(&old), cut()), Standing::Missed);
            assert_eq!(standing(&all_year("2023-03-17"), Some(&old), cut()), Standing::Missed);
        }
    }

    #[test]
    fn what_is_not_due_or_not_applicable_is_left_out() {
        let stands = |measure: &Measure, status| standing(measure, Some(&item(status)), cut());
        let later = between("2023-12-23", "2024-01-31");
        let ahead = Standing::Out(OutReason::NotYetDue);
        assert_eq!(standing(&later, None, cut()), ahead);
        assert_eq!(stands(&later, ItemStatus::Done), ahead);
        assert_eq!(stands(&between("2023-12-22", "2024-01-31"), ItemStatus::NotStarted), Standing::Missed);
        assert_eq!(stands(&by("2024-01-20"), ItemStatus::NotStarted), ahead);
        assert_eq!(stands(&by("2024-01-20"), ItemStatus::NotDone), Standing::Missed);
        assert_eq!(
            stands(&by("2023-04-14"), ItemStatus::NotApplicable),
            Standing::Out(OutReason::NotApplicable)
        );
        assert_eq!(standing(&by("2023-04-14"), None, cut()), Standing::Missed);
        let mut free = by("2023-04-14");
        free.counts_in_compliance = false;
        assert_eq!(stands(&free, ItemStatus::NotDone), Standing::Out(OutReason::NoMeasures));
    }
}
