//! Rules of support lists.

use chrono::NaiveDate;

use crate::kit::code::codes;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

codes! {
    /// State of a support list.
    ListStatus {
        /// Can be changed and deleted.
        Draft = "draft", "проект", "draft";
        /// In force.
        Approved = "approved", "утверждён", "approved";
        /// Replaced by a later list of the same kind.
        Superseded = "superseded", "заменён", "superseded";
        /// Ended without a successor.
        Cancelled = "cancelled", "отменён", "cancelled";
    }
}

codes! {
    /// Level of the body that made the list.
    ListLevel {
        /// Federal.
        Federal = "federal", "федеральный", "federal";
        /// Regional.
        Regional = "regional", "региональный", "regional";
        /// Municipal.
        Municipal = "municipal", "муниципальный", "municipal";
    }
}

codes! {
    /// Why schools stand in the list.
    ListCategory {
        /// ШНОР.
        LowResults = "low_results", "школы с низкими образовательными результатами", "schools with low educational results";
        /// ШНРО, the older name of 2016-2021.
        LowLearningResults = "low_learning_results", "школы с низкими результатами обучения", "schools with low learning results";
        /// ШНСУ, the twin category of those years.
        AdverseSocialConditions = "adverse_social_conditions", "школы в неблагоприятных социальных условиях", "schools in adverse social conditions";
        /// Risk group.
        RiskGroup = "risk_group", "школы группы риска", "schools at risk";
        /// Good results under hard conditions.
        Resilient = "resilient", "резильентные школы", "resilient schools";
    }
}

/// What is around a list and decides what can be done with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its order is in force.
    pub order_registered: bool,
    /// Schools in it that have not left.
    pub schools: i64,
    /// A monitoring that runs uses it.
    pub monitored: bool,
    /// A monitoring in any state names it.
    pub named: bool,
}

/// What can be done with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change a draft.
    Update,
    /// Delete a draft.
    Delete,
    /// Put a draft into force.
    Approve,
    /// End a draft or a list in force.
    Cancel,
    /// Add schools.
    AddEntries,
}

impl Step {
    /// Codes of what stands in the way; empty when nothing does.
    #[must_use]
    pub fn blockers(self, status: ListStatus, facts: Facts) -> Vec<&'static str> {
        use ListStatus::{Approved, Draft};
        let mut found = Vec::new();
        match (self, status) {
            (Self::Update, Draft) | (Self::AddEntries, Draft | Approved) => {}
            (Self::Delete, Draft) if facts.named => found.push("support-list-in-use"),
            (Self::Cancel, Draft | Approved) if facts.monitored => {
                found.push("support-list-in-use");
            }
            (Self::Delete, Draft) | (Self::Cancel, Draft | Approved) => {}
            (Self::Approve, Draft) => {
                if !facts.order_registered {
                    found.push("order-not-registered");
                }
                if facts.schools == 0 {
                    found.push("support-list-empty");
                }
            }
            (Self::Cancel | Self::AddEntries, _) => found.push("support-list-ended"),
            (Self::Update | Self::Delete | Self::Approve, _) => {
                found.push("support-list-not-draft");
            }
        }
        found
    }
}

/// The last day of a list must not lie before its first.
#[must_use]
pub fn broken_validity(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Option<Violation> {
    let turned = matches!((from, to), (Some(from), Some(to)) if to < from);
    turned.then(|| {
        let detail =
            Bi::fixed("Окончание действия перечня раньше его начала", "The list ends before it begins");
        Violation::new("/valid_to", "before-start", detail)
    })
}

/// Whether a day lies within bounds that may be open.
#[must_use]
pub fn within(day: NaiveDate, from: Option<NaiveDate>, to: Option<NaiveDate>) -> bool {
    from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::code::Code;

    const READY: Facts = Facts { order_registered: true, schools: 1, monitored: false, named: false };

    #[test]
    fn every_pair_outside_the_diagram_is_blocked() {
        use ListStatus::{Approved, Draft};
        for step in [Step::Update, Step::Delete, Step::Approve, Step::Cancel, Step::AddEntries] {
            for status in ListStatus::ALL {
                let allowed =
                    matches!((step, status), (_, Draft) | (Step::Cancel | Step::AddEntries, Approved));
                let blockers = step.blockers(*status, READY);
                assert_eq!(blockers.is_empty(), allowed, "{step:?} {status:?}");
            }
        }
    }

    #[test]
    fn approval_needs_a_registered_order_and_a_school() {
        let blockers = |facts| Step::Approve.blockers(ListStatus::Draft, facts);
        assert_eq!(blockers(Facts::default()), ["order-not-registered", "support-list-empty"]);
        let without_order = Facts { order_registered: false, ..READY };
        assert_eq!(blockers(without_order), ["order-not-registered"]);
        assert_eq!(blockers(Facts { schools: 0, ..READY }), ["support-list-empty"]);
    }

    #[test]
    fn a_monitoring_holds_its_lists() {
        let planned = Facts { named: true, ..READY };
        let running = Facts { monitored: true, ..planned };
        let in_use = ["support-list-in-use"];
        assert_eq!(Step::Delete.blockers(ListStatus::Draft, planned), in_use);
        assert!(Step::Cancel.blockers(ListStatus::Approved, planned).is_empty());
        assert_eq!(Step::Cancel.blockers(ListStatus::Approved, running), in_use);
    }

    #[test]
    fn a_list_may_last_one_day_and_no_less() {
        let day = |text: &str| Some(text.parse().unwrap());
        assert_eq!(broken_validity(day("2023-03-30"), day("2023-03-30")), None);
        assert_eq!(broken_validity(None, day("2023-03-30")), None);
        let broken = broken_validity(day("2023-03-31"), day("2023-03-30")).unwrap();
        assert_eq!((&*broken.pointer, broken.code), ("/valid_to", "before-start"));
        let first = "2023-03-30".parse().unwrap();
        assert!(within(first, day("2023-03-30"), day("2023-03-30")));
        assert!(!within(first, day("2023-03-31"), None));
        assert!(!within(first, None, day("2023-03-29")));
    }
}
