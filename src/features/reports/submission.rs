//! When a report may be submitted, how full it is and how much was done in time.
//!
//! Every function takes the measures that concern the report's subject, see
//! `Measure::concerns_school` and `Measure::concerns_municipality`.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::domain::{Item, ItemStatus, is_blank, is_late, reason_detail};
use super::place::item_pointer;
use crate::features::road_maps::Measure;
use crate::kit::id::MeasureId;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// Whether the measure's item must have a final status at submission:
/// it counts, and its due day is not after `report_deadline`.
#[must_use]
pub fn needs_final(measure: &Measure, report_deadline: NaiveDate) -> bool {
    let due_by = |due| due <= report_deadline;
    measure.counts_in_compliance && measure.deadline.due_day().is_some_and(due_by)
}

/// Whether the item's status lets the report be submitted.
#[must_use]
pub fn is_final(measure: &Measure, item: Option<&Item>, report_deadline: NaiveDate) -> bool {
    let is_final = item.is_some_and(|item| item.said().is_final());
    is_final || !needs_final(measure, report_deadline)
}

/// Everything that keeps the report from being submitted, in the order of the measures.
///
/// Recurring and all-year measures, and those that end later, may still be going on
/// or not started. A measure that does not count is not looked at. An item carried over is as
/// good as not started.
#[must_use]
pub fn submit_violations(measures: &[Measure], items: &[Item], report_deadline: NaiveDate) -> Vec<Violation> {
    let items = by_measure(items);
    let mut found = Vec::new();
    for measure in measures.iter().filter(|m| m.counts_in_compliance) {
        let item = items.get(&measure.id).copied();
        let mut broken = |code, detail| {
            found.push(Violation::new(item_pointer(measure), code, detail));
        };
        let carried_over = item.is_some_and(|item| item.carried_over);
        match is_final(measure, item, report_deadline) {
            false if carried_over => broken("carried-over", carried_detail(measure)),
            false => broken("status-not-final", status_detail(measure)),
            true => {}
        }
        let Some(item) = item.filter(|_| !carried_over) else { continue };
        if item.status.needs_reason() && is_blank(item.reason.as_deref()) {
            broken("reason-required", reason_detail(measure));
        }
        if lacks_evidence(measure, item) {
            broken("evidence-missing", evidence_detail(measure));
        }
    }
    found
}

/// How many counted measures have a status already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Completeness {
    /// With any status but `not_started`.
    pub filled: usize,
    /// All that count and start before the reporting deadline ends.
    pub total: usize,
}

/// Whether something is to be said of the measure by now: it counts, and does not start later.
#[must_use]
pub fn is_expected(measure: &Measure, report_deadline: NaiveDate) -> bool {
    measure.counts_in_compliance && !measure.deadline.starts_after(report_deadline)
}

/// Counts the filled items among the measures that count and are not yet ahead.
#[must_use]
pub fn completeness(measures: &[Measure], items: &[Item], report_deadline: NaiveDate) -> Completeness {
    let items = by_measure(items);
    let expected = |m: &&Measure| is_expected(m, report_deadline);
    let is_filled = |m: &&Measure| {
        let item = items.get(&m.id);
        item.is_some_and(|item| item.said() != ItemStatus::NotStarted)
    };
    Completeness {
        filled: measures.iter().filter(expected).filter(is_filled).count(),
        total: measures.iter().filter(expected).count(),
    }
}

/// Indicator I-18 as counts: measures done in time among those due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Timeliness {
    /// Done, with an actual date not after the due day.
    pub done_in_time: usize,
    /// Counted measures due in the period and not after the reporting deadline.
    pub due: usize,
}

/// Counts what was due from `period_start` to `period_end`, not after `report_deadline`,
/// and how much of it was done in time; what is reported as not applicable is left out.
#[must_use]
pub fn timeliness<'a>(
    measures: impl IntoIterator<Item = &'a Measure>,
    items: &[Item],
    period_start: NaiveDate,
    period_end: NaiveDate,
    report_deadline: NaiveDate,
) -> Timeliness {
    let items = by_measure(items);
    let mut counts = Timeliness::default();
    for measure in measures {
        let item = items.get(&measure.id).copied();
        let timely = is_timely(measure, item, period_start, period_end, report_deadline);
        counts.due += usize::from(timely.is_some());
        counts.done_in_time += usize::from(timely == Some(true));
    }
    counts
}

/// Whether what was due from `period_start` to `period_end`, not after `report_deadline`, was
/// done in time; `None` for what was not due then, does not count, or is not applicable.
#[must_use]
pub fn is_timely(
    measure: &Measure,
    item: Option<&Item>,
    period_start: NaiveDate,
    period_end: NaiveDate,
    report_deadline: NaiveDate,
) -> Option<bool> {
    let period = period_start..=period_end.min(report_deadline);
    let due = measure.deadline.due_day().filter(|due| period.contains(due));
    let removed = item.is_some_and(|item| item.said() == ItemStatus::NotApplicable);
    (measure.counts_in_compliance && due.is_some() && !removed)
        .then(|| item.is_some_and(|item| done_in_time(measure, item)))
}

/// Done, and on a known day not after the due one.
fn done_in_time(measure: &Measure, item: &Item) -> bool {
    item.said() == ItemStatus::Done && item.actual_date.is_some() && !is_late(measure, item)
}

/// `done` without the evidence that the measure requires.
fn lacks_evidence(measure: &Measure, item: &Item) -> bool {
    measure.evidence_required && item.status == ItemStatus::Done && item.evidence_count == 0
}

fn by_measure(items: &[Item]) -> HashMap<&MeasureId, &Item> {
    items.iter().map(|item| (&item.measure_id, item)).collect()
}

fn status_detail(measure: &Measure) -> Bi {
    let code = &measure.code;
    Bi::of(
        format!("Укажите итоговую отметку по мероприятию {code}: срок его исполнения наступил."),
        format!("Give a final status for measure {code}: it has fallen due."),
    )
}

fn carried_detail(measure: &Measure) -> Bi {
    let code = &measure.code;
    Bi::of(
        format!(
            "Проверьте мероприятие {code}: его сведения перенесены из прошлого отчёта, сохраните их заново."
        ),
        format!("Look at measure {code}: it was carried over from an earlier report; write it anew."),
    )
}

fn evidence_detail(measure: &Measure) -> Bi {
    let code = &measure.code;
    Bi::of(
        format!("Приложите подтверждающий документ по мероприятию {code}."),
        format!("Attach evidence for measure {code}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::reports::domain::tests::{all_year, between, by, cut, day, item};

    fn broken(measure: &Measure, item: &Item) -> Vec<&'static str> {
        let list = submit_violations(std::slice::from_ref(measure), std::slice::from_ref(item), cut());
        list.iter().map(|v| v.code).collect()
    }

    #[test]
    fn what_fell_due_needs_a_final_status() {
        for status in [ItemStatus::NotStarted, ItemStatus::InProgress] {
            assert_eq!(broken(&by("2023-12-22"), &item(status)), ["status-not-final"]);
            assert!(broken(&by("2023-12-23"), &item(status)).is_empty());
            assert!(broken(&between("2023-10-01", "2023-12-31"), &item(status)).is_empty());
            assert!(broken(&between("2024-01-01", "2024-01-31"), &item(status)).is_empty());
            assert!(broken(&all_year("2023-01-01"), &item(status)).is_empty());
        }
        assert!(broken(&by("2023-12-22"), &item(ItemStatus::Done)).is_empty());
        let absent = submit_violations(&[by("2023-12-22")], &[], cut());
        assert_eq!(absent[0].pointer, "/items/S1.1");
    }

    #[test]
    fn what_does_not_count_needs_nothing() {
        let mut free = by("2023-04-14");
        free.counts_in_compliance = false;
        free.evidence_required = true;
        assert!(submit_violations(&[free], &[], cut()).is_empty());
    }

    #[test]
    fn reasons_and_evidence_are_asked_for_at_once() {
        let mut wanting = by("2023-04-14");
        wanting.evidence_required = true;
        wanting.code = "S1/1".into();
        assert_eq!(broken(&wanting, &item(ItemStatus::Done)), ["evidence-missing"]);
        assert_eq!(broken(&wanting, &item(ItemStatus::NotDone)), ["reason-required"]);
        let mut explained = item(ItemStatus::Partly);
        explained.reason = Some("Болезнь педагога.".into());
        assert!(broken(&wanting, &explained).is_empty());
        let list = submit_violations(&[wanting], &[], cut());
        assert_eq!(list[0].pointer, "/items/S1~11");
    }

    #[test]
    fn what_was_carried_over_says_nothing_of_this_period() {
        let mut wanting = by("2023-12-22");
        wanting.evidence_required = true;
        for status in [ItemStatus::Done, ItemStatus::Partly, ItemStatus::NotApplicable] {
            let mut old = item(status);
            old.carried_over = true;
            old.actual_date = Some(day("2023-12-20"));
            assert_eq!(broken(&wanting, &old), ["carried-over"], "{status:?}");
            assert!(broken(&all_year("2023-01-01"), &old).is_empty());
            let (measures, items) = ([wanting.clone()], [old]);
            assert_eq!(completeness(&measures, &items, cut()), Completeness { filled: 0, total: 1 });
            let counts = timeliness(&measures, &items, day("2023-01-01"), day("2023-12-31"), cut());
            assert_eq!(counts, Timeliness { done_in_time: 0, due: 1 });
        }
    }

    #[test]
    fn completeness_counts_what_is_expected_by_now() {
        let mut second = by("2023-04-14");
        second.id = MeasureId("n".into());
        let mut later = between("2024-01-01", "2024-01-31");
        later.id = MeasureId("o".into());
        let filled =
            completeness(&[all_year("2023-01-01"), second, later], &[item(ItemStatus::InProgress)], cut());
        assert_eq!(filled, Completeness { filled: 1, total: 2 });
    }

    #[test]
    fn timeliness_counts_measures_due_in_the_period() {
        let count = |measure: Measure, status, actual: Option<&str>| {
            let mut item = item(status);
            item.actual_date = actual.map(day);
            let (start, end) = (day("2023-01-01"), day("2023-12-31"));
            let counts = timeliness(&[measure], &[item], start, end, cut());
            (counts.done_in_time, counts.due)
        };
        let done = ItemStatus::Done;
        assert_eq!(count(by("2023-04-14"), done, Some("2023-04-14")), (1, 1));
        assert_eq!(count(by("2023-04-14"), done, Some("2023-04-15")), (0, 1));
        assert_eq!(count(by("2023-04-14"), done, None), (0, 1));
        assert_eq!(count(by("2023-01-01"), done, Some("2022-12-30")), (1, 1));
        assert_eq!(count(by("2022-12-31"), done, Some("2022-12-30")), (0, 0));
        assert_eq!(count(by("2023-12-22"), done, Some("2023-12-22")), (1, 1));
        assert_eq!(count(by("2023-12-23"), done, Some("2023-12-22")), (0, 0));
        let partly = ItemStatus::Partly;
        assert_eq!(count(by("2023-04-14"), partly, Some("2023-04-14")), (0, 1));
        assert_eq!(count(by("2023-04-14"), ItemStatus::NotApplicable, None), (0, 0));
        assert_eq!(count(all_year("2023-01-01"), done, Some("2023-04-14")), (0, 0));
    }
}
