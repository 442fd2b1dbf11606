//! What a new report takes over from the same subject's report of an earlier period.

use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::domain::{ItemChange, ItemStatus, is_blank};
use crate::features::indicators::Numbers;
use crate::kit::personal_data::signs;

/// What is carried over of an item: how far it was, and what was told of it; `None` when it told
/// nothing.
///
/// Numbers stay behind: last year's count nothing of this year.
/// Of the day it was done only one within `period` is kept: last year's day proves nothing of this
/// year. Evidence is not carried over for the same reason. A text with signs of personal data stays
/// behind too: whoever confirmed it did so for that report.
#[must_use]
pub fn carried_over(earlier: ItemChange, period: &RangeInclusive<NaiveDate>) -> Option<ItemChange> {
    let text = |text: Option<String>| text.filter(|text| !is_blank(Some(text)) && signs(text).is_empty());
    let carried = ItemChange {
        status: earlier.status,
        actual_date: earlier.actual_date.filter(|day| period.contains(day)),
        result: text(earlier.result),
        reason: text(earlier.reason),
        numbers: Numbers::new(),
    };
    let told =
        carried.status != ItemStatus::NotStarted || carried.result.is_some() || carried.reason.is_some();
    told.then_some(carried)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::indicators::Number;
    use crate::features::reports::domain::tests::day;

    fn earlier(status: ItemStatus, actual_date: &str, result: Option<&str>) -> ItemChange {
        ItemChange {
            status,
            actual_date: Some(day(actual_date)),
            result: result.map(str::to_owned),
            reason: None,
            numbers: Numbers::from([("I-10".into(), Number { numerator: 7, denominator: Some(21) })]),
        }
    }

    fn year() -> RangeInclusive<NaiveDate> {
        day("2024-01-01")..=day("2024-12-31")
    }

    #[test]
    fn only_a_day_within_the_period_is_kept() {
        let kept = |text| {
            carried_over(earlier(ItemStatus::Done, text, None), &year()).and_then(|item| item.actual_date)
        };
        assert_eq!(kept("2023-12-31"), None);
        assert_eq!(kept("2024-01-01"), Some(day("2024-01-01")));
        assert_eq!(kept("2024-12-31"), Some(day("2024-12-31")));
        assert_eq!(kept("2025-01-01"), None);
    }

    #[test]
    fn what_told_nothing_leaves_nothing() {
        let nothing = |status, result| {
            let mut item = earlier(status, "2023-02-01", result);
            item.actual_date = None;
            carried_over(item, &year()).is_none()
        };
        assert!(nothing(ItemStatus::NotStarted, None));
        assert!(nothing(ItemStatus::NotStarted, Some("  ")));
        assert!(!nothing(ItemStatus::NotStarted, Some("Готовится приказ")));
        assert!(!nothing(ItemStatus::InProgress, None));
    }

    #[test]
    fn personal_data_stay_behind() {
        let named = earlier(ItemStatus::Done, "2023-02-01", Some("Наставник Ирина Петровна"));
        let carried = carried_over(named, &year()).unwrap();
        assert_eq!((carried.status, carried.result), (ItemStatus::Done, None));
        assert!(carried.numbers.is_empty(), "they count nothing of this year");
    }
}
