//! Rules of the entries of a support list.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::domain::{ListStatus, within};
use crate::kit::code::codes;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

codes! {
    /// Why a school leaves a list.
    ExclusionReason {
        /// Its results have improved.
        Improved = "improved", "результаты улучшились", "results improved";
        /// It was reorganised or liquidated.
        Reorganised = "reorganised", "школа реорганизована или ликвидирована", "school reorganised or liquidated";
        /// It was entered by mistake.
        Error = "error", "внесена ошибочно", "entered by mistake";
    }
}

codes! {
    /// An assessment whose results count.
    Assessment {
        /// ВПР.
        Vpr = "vpr", "всероссийская проверочная работа", "national test works (VPR)";
        /// ОГЭ.
        Oge = "oge", "основной государственный экзамен", "final exam of grade 9 (OGE)";
        /// ЕГЭ.
        Ege = "ege", "единый государственный экзамен", "final exam of grade 11 (EGE)";
        /// ГВЭ.
        Gve = "gve", "государственный выпускной экзамен", "state graduation exam (GVE)";
        /// A diagnostic work of the region or the municipality, and anything else.
        Other = "other", "иная оценочная процедура", "another assessment";
    }
}

/// A result by which a school stands in the list: counts, never pupils.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "assessment": "vpr", "subject": "математика", "grade": 5, "year": 2022,
    "participants": 12, "below_minimum": 5
}))]
pub struct SupportListReason {
    /// Which assessment.
    pub assessment: Assessment,
    /// Subject.
    #[schema(min_length = 1, max_length = 100)]
    pub subject: String,
    /// Grade.
    #[schema(minimum = 1, maximum = 11)]
    pub grade: i32,
    /// Calendar year.
    #[schema(minimum = 2000, maximum = 2100)]
    pub year: i32,
    /// Pupils who took part.
    #[schema(minimum = 0, maximum = 100_000)]
    pub participants: i32,
    /// Of these, pupils below the minimum.
    #[schema(minimum = 0, maximum = 100_000)]
    pub below_minimum: i32,
}

/// What can be done with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryStep {
    /// Change it in a draft.
    Update,
    /// Remove it from a draft.
    Delete,
    /// End it in a list in force.
    Exclude,
}

impl EntryStep {
    /// Codes of what stands in the way; empty when nothing does.
    #[must_use]
    pub fn blockers(self, list: ListStatus, excluded: bool) -> Vec<&'static str> {
        match (self, list) {
            (Self::Delete, ListStatus::Draft) => vec![],
            (Self::Update, ListStatus::Draft) | (Self::Exclude, ListStatus::Approved) => {
                if excluded {
                    vec!["entry-excluded"]
                } else {
                    vec![]
                }
            }
            (Self::Update | Self::Delete, _) => vec!["support-list-not-draft"],
            (Self::Exclude, ListStatus::Draft) => vec!["support-list-not-approved"],
            (Self::Exclude, _) => vec!["support-list-ended"],
        }
    }
}

/// The days on which a list counts.
#[derive(Debug, Clone, Copy)]
pub struct ListSpan {
    /// Its state.
    pub status: ListStatus,
    /// First day.
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

impl ListSpan {
    /// Whether the list is in force on this day.
    #[must_use]
    pub fn covers(self, day: NaiveDate) -> bool {
        self.status == ListStatus::Approved && within(day, self.valid_from, self.valid_to)
    }

    /// Whether an entry is in force on this day: its list is, the school has joined and not
    /// left. The day of exclusion is the first without it.
    #[must_use]
    pub fn holds(
        self,
        day: NaiveDate,
        included_on: Option<NaiveDate>,
        excluded_on: Option<NaiveDate>,
    ) -> bool {
        let joined = included_on.is_none_or(|first| first <= day);
        let left = excluded_on.is_some_and(|first_without| first_without <= day);
        self.covers(day) && joined && !left
    }
}

/// Reasons that count more pupils below the minimum than took part.
#[must_use]
pub fn broken_reasons(at: &str, reasons: &[SupportListReason]) -> Vec<Violation> {
    let too_many = |(n, reason): (usize, &SupportListReason)| {
        (reason.below_minimum > reason.participants).then(|| {
            let detail =
                Bi::fixed("Не может быть больше числа участников", "Cannot be more than the participants");
            Violation::new(format!("{at}/reasons/{n}/below_minimum"), "more-than-participants", detail)
        })
    };
    reasons.iter().enumerate().filter_map(too_many).collect()
}

/// A day outside the list's own days.
#[must_use]
pub fn outside_validity(pointer: String, day: NaiveDate, list: ListSpan) -> Option<Violation> {
    (!within(day, list.valid_from, list.valid_to)).then(|| {
        let detail =
            Bi::fixed("День лежит вне срока действия перечня", "The day lies outside the list's validity");
        Violation::new(pointer, "outside-validity", detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::code::Code;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn entries_change_in_drafts_and_leave_lists_in_force() {
        use ListStatus::{Approved, Draft};
        for step in [EntryStep::Update, EntryStep::Delete, EntryStep::Exclude] {
            for status in ListStatus::ALL {
                let allowed = matches!(
                    (step, status),
                    (EntryStep::Update | EntryStep::Delete, Draft) | (EntryStep::Exclude, Approved)
                );
                let blockers = step.blockers(*status, false);
                assert_eq!(blockers.is_empty(), allowed, "{step:?} {status:?}");
            }
        }
        let excluded = |step: EntryStep, status| step.blockers(status, true);
        assert_eq!(excluded(EntryStep::Exclude, Approved), ["entry-excluded"]);
        assert_eq!(excluded(EntryStep::Update, Draft), ["entry-excluded"]);
        assert!(excluded(EntryStep::Delete, Draft).is_empty());
    }

    #[test]
    fn an_entry_is_in_force_from_its_first_day_until_the_day_it_leaves() {
        let list = ListSpan {
            status: ListStatus::Approved,
            valid_from: Some(day("2023-03-30")),
            valid_to: Some(day("2023-12-31")),
        };
        let (joined, left) = (Some(day("2023-05-01")), Some(day("2023-09-01")));
        for (on, included, excluded, holds) in [
            ("2023-03-29", None, None, false),
            ("2023-03-30", None, None, true),
            ("2023-12-31", None, None, true),
            ("2024-01-01", None, None, false),
            ("2023-04-30", joined, None, false),
            ("2023-05-01", joined, None, true),
            ("2023-08-31", joined, left, true),
            ("2023-09-01", joined, left, false),
        ] {
            assert_eq!(list.holds(day(on), included, excluded), holds, "{on}");
        }
        for status in [ListStatus::Draft, ListStatus::Superseded, ListStatus::Cancelled] {
            let list = ListSpan { status, ..list };
            assert!(!list.holds(day("2023-06-01"), None, None), "{status}");
        }
    }

    #[test]
    fn all_participants_may_be_below_the_minimum_and_no_more() {
        let reason = |below_minimum| SupportListReason {
            assessment: Assessment::Vpr,
            subject: "математика".into(),
            grade: 5,
            year: 2022,
            participants: 8,
            below_minimum,
        };
        assert_eq!(broken_reasons("", &[reason(8)]), []);
        let broken = broken_reasons("/1", &[reason(8), reason(9)]);
        assert_eq!(broken.len(), 1);
        assert_eq!(broken[0].pointer, "/1/reasons/1/below_minimum");
    }

    #[test]
    fn a_day_belongs_to_the_lists_days() {
        let list =
            ListSpan { status: ListStatus::Approved, valid_from: Some(day("2023-03-30")), valid_to: None };
        let at = || "/included_on".to_owned();
        assert_eq!(outside_validity(at(), day("2023-03-30"), list), None);
        assert!(outside_validity(at(), day("2023-03-29"), list).is_some());
    }
}
