//! Items of a report: their states and the rules of a change.

use chrono::NaiveDate;

use crate::features::indicators::Numbers;
use crate::features::road_maps::Measure;
use crate::kit::code::codes;
use crate::kit::id::MeasureId;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

/// Longest result or reason, in characters.
pub const TEXT_MAX: usize = 4000;

codes! {
    /// How far a measure is carried out.
    ItemStatus {
        /// Nothing yet.
        NotStarted = "not_started", "не начато", "not started";
        /// Going on.
        InProgress = "in_progress", "исполняется", "in progress";
        /// Carried out.
        Done = "done", "исполнено", "done";
        /// Carried out in part, for a reason.
        Partly = "partly", "исполнено частично", "partly done";
        /// Not carried out, for a reason.
        NotDone = "not_done", "не исполнено", "not done";
        /// Does not concern this subject, for a reason.
        NotApplicable = "not_applicable", "не требуется", "not applicable";
    }
}

codes! {
    /// State of a report.
    ReportStatus {
        /// Being filled.
        Draft = "draft", "черновик", "draft";
        /// Sent for review.
        Submitted = "submitted", "представлен", "submitted";
        /// Sent back for correction.
        Returned = "returned", "возвращен на доработку", "returned";
        /// Accepted; conclusions rest on it.
        Accepted = "accepted", "принят", "accepted";
        /// The school was released, or the monitoring given up.
        Cancelled = "cancelled", "отменен", "cancelled";
    }
}

codes! {
    /// What kind of document proves an item.
    EvidenceKind {
        /// An order.
        Order = "order", "приказ", "order";
        /// A plan.
        Plan = "plan", "план", "plan";
        /// Minutes of a meeting.
        Minutes = "minutes", "протокол", "minutes";
        /// An analytical note.
        Analysis = "analysis", "аналитическая справка", "analysis";
        /// A schedule.
        Schedule = "schedule", "расписание, график", "schedule";
        /// A register of certificates.
        CertificateList = "certificate_list", "реестр удостоверений", "list of certificates";
        /// A page of a site.
        WebPage = "web_page", "страница сайта", "web page";
        /// A photo.
        Photo = "photo", "фотография", "photo";
        /// Anything else.
        Other = "other", "другой документ", "other";
    }
}

impl ItemStatus {
    /// Whether nothing more is expected: `done`, `partly`, `not_done`, `not_applicable`.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::NotStarted | Self::InProgress)
    }

    /// Whether the status needs a reason: `partly`, `not_done`, `not_applicable`.
    #[must_use]
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Partly | Self::NotDone | Self::NotApplicable)
    }

    /// Whether an actual date may stand beside the status: `done`, `partly`.
    #[must_use]
    pub fn takes_actual_date(self) -> bool {
        matches!(self, Self::Done | Self::Partly)
    }

    /// What it says of this period: what was carried over from an earlier one says nothing yet.
    #[must_use]
    pub fn of_this_period(self, carried_over: bool) -> Self {
        if carried_over { Self::NotStarted } else { self }
    }
}

/// State of one measure in one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The measure.
    pub measure_id: MeasureId,
    /// How far it is.
    pub status: ItemStatus,
    /// The day it was done.
    pub actual_date: Option<NaiveDate>,
    /// What came of it.
    pub result: Option<String>,
    /// Why not, or not wholly.
    pub reason: Option<String>,
    /// How many pieces of evidence it has.
    pub evidence_count: i64,
    /// It says what an earlier report said, and nobody has looked at it since.
    pub carried_over: bool,
}

impl Item {
    /// How far the measure is by what is said of this period: an item that was carried over says
    /// nothing of it yet.
    #[must_use]
    pub fn said(&self) -> ItemStatus {
        self.status.of_this_period(self.carried_over)
    }
}

/// What a person writes into an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemChange {
    /// How far it is.
    pub status: ItemStatus,
    /// The day it was done.
    pub actual_date: Option<NaiveDate>,
    /// What came of it.
    pub result: Option<String>,
    /// Why not, or not wholly.
    pub reason: Option<String>,
    /// Numbers of the indicators that the measure declares.
    pub numbers: Numbers,
}

/// Every broken rule of writing `change` into the item of `measure` on the day `today`.
#[must_use]
pub fn item_rules(change: &ItemChange, measure: &Measure, today: NaiveDate) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut broken = |pointer: &str, code, detail| found.push(Violation::new(pointer, code, detail));
    if change.actual_date.is_some_and(|actual| actual > today) {
        let detail = Bi::fixed(
            "Дата исполнения не может быть позже сегодняшнего дня.",
            "The actual date cannot be after today.",
        );
        broken("/actual_date", "range", detail);
    }
    if change.actual_date.is_some() && !change.status.takes_actual_date() {
        let detail = Bi::fixed(
            "Дату исполнения указывают только для исполненного полностью или частично.",
            "An actual date goes with done and partly only.",
        );
        broken("/actual_date", "not-allowed", detail);
    }
    if change.status.needs_reason() && is_blank(change.reason.as_deref()) {
        broken("/reason", "reason-required", reason_detail(measure));
    }
    for (pointer, text) in [("/result", &change.result), ("/reason", &change.reason)] {
        let length = text.as_deref().map_or(0, |text| text.chars().count());
        if length > TEXT_MAX {
            let detail = Bi::fixed(
                "Текст не должен быть длиннее 4000 знаков.",
                "The text may have 4000 characters at most.",
            );
            broken(pointer, "length", detail);
        }
    }
    found
}

/// What to tell about a missing reason.
pub(super) fn reason_detail(measure: &Measure) -> Bi {
    let code = &measure.code;
    Bi::of(
        format!("Укажите причину по мероприятию {code}: оно не исполнено полностью или не требуется."),
        format!("Give the reason why measure {code} is not wholly done or not applicable."),
    )
}

/// Whether a text says nothing.
pub(super) fn is_blank(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

/// Whether the item was done after the measure's due day; one carried over was not done yet.
#[must_use]
pub fn is_late(measure: &Measure, item: &Item) -> bool {
    let late = |actual| measure.deadline.is_late(actual);
    !item.carried_over && item.actual_date.is_some_and(late)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::features::road_maps::{AppliesTo, Deadline, MeasureLevel};
    use crate::kit::id::LineageId;

    pub fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The deadline of the reports in these tests.
    pub fn cut() -> NaiveDate {
        day("2023-12-22")
    }

    pub fn measure(deadline: &str) -> Measure {
        let deadline: Deadline = serde_json::from_str(deadline).unwrap();
        Measure {
            id: MeasureId("m".into()),
            lineage_id: LineageId("l".into()),
            code: "S1.1".into(),
            level: MeasureLevel::School,
            title: "Мероприятие".into(),
            position: 1,
            deadline,
            applies_to: AppliesTo::all(),
            criteria: vec!["c".into()],
            indicators: vec!["I-15".into()],
            evidence_required: false,
            counts_in_compliance: true,
        }
    }

    pub fn item(status: ItemStatus) -> Item {
        Item {
            measure_id: MeasureId("m".into()),
            status,
            actual_date: None,
            result: None,
            reason: None,
            evidence_count: 0,
            carried_over: false,
        }
    }

    pub fn by(date: &str) -> Measure {
        measure(&format!(r#"{{"kind":"date","text":"x","due_date":"{date}"}}"#))
    }

    pub fn between(start: &str, end: &str) -> Measure {
        measure(&format!(r#"{{"kind":"period","text":"x","start_date":"{start}","end_date":"{end}"}}"#))
    }

    pub fn all_year(start: &str) -> Measure {
        measure(&format!(
            r#"{{"kind":"all_year","text":"x","start_date":"{start}","end_date":"2024-12-31"}}"#
        ))
    }

    fn change(status: ItemStatus) -> ItemChange {
        ItemChange {
            status,
            actual_date: None,
            result: None,
            reason: Some("Причина.".into()),
            numbers: Numbers::new(),
        }
    }

    fn broken(change: &ItemChange) -> Vec<String> {
        let list = item_rules(change, &by("2023-04-14"), day("2023-12-20"));
        let show = |v: Violation| format!("{} {}", v.pointer, v.code);
        list.into_iter().map(show).collect()
    }

    #[test]
    fn an_actual_date_is_past_and_goes_with_done_or_partly() {
        let mut done = change(ItemStatus::Done);
        done.actual_date = Some(day("2023-12-20"));
        assert!(broken(&done).is_empty());
        done.actual_date = Some(day("2023-12-21"));
        assert_eq!(broken(&done), ["/actual_date range"]);
        done.status = ItemStatus::InProgress;
        assert_eq!(broken(&done), ["/actual_date range", "/actual_date not-allowed"]);
        done.status = ItemStatus::Partly;
        done.actual_date = Some(day("2023-12-19"));
        assert!(broken(&done).is_empty());
    }

    #[test]
    fn a_reason_is_needed_and_texts_are_limited() {
        for status in [ItemStatus::Partly, ItemStatus::NotDone, ItemStatus::NotApplicable] {
            let mut without = change(status);
            assert!(broken(&without).is_empty());
            without.reason = Some("  ".into());
            assert_eq!(broken(&without), ["/reason reason-required"]);
        }
        let mut long = change(ItemStatus::InProgress);
        long.reason = None;
        long.result = Some("я".repeat(4000));
        assert!(broken(&long).is_empty());
        long.result = Some("я".repeat(4001));
        assert_eq!(broken(&long), ["/result length"]);
    }

    #[test]
    fn an_item_is_late_after_the_due_day_only() {
        let mut done = item(ItemStatus::Done);
        assert!(!is_late(&by("2023-04-14"), &done));
        done.actual_date = Some(day("2023-04-14"));
        assert!(!is_late(&by("2023-04-14"), &done));
        done.actual_date = Some(day("2023-04-15"));
        assert!(is_late(&by("2023-04-14"), &done));
        assert!(!is_late(&all_year("2023-01-01"), &done));
        done.carried_over = true;
        assert!(!is_late(&by("2023-04-14"), &done));
    }
}
