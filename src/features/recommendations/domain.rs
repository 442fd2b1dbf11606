//! Rules of recommendations.

use chrono::NaiveDate;

use crate::kit::code::codes;
use crate::kit::id::SchoolId;
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;

codes! {
    /// State of a recommendation.
    RecommendationStatus {
        /// Can be changed and deleted.
        Draft = "draft", "проект", "draft";
        /// Given to its addressees, text immutable.
        Issued = "issued", "направлена", "issued";
        /// Withdrawn.
        Cancelled = "cancelled", "отменена", "cancelled";
    }
}

codes! {
    /// To whom a recommendation is addressed.
    RecommendationAddressee {
        /// Schools of the municipality that are active on the day of issue.
        AllSchools = "all_schools", "всем школам", "all schools";
        /// Schools of the monitoring, less those released from it.
        ListSchools = "list_schools", "школам, включенным в перечень", "schools of the list";
        /// Named schools.
        Schools = "schools", "указанным школам", "named schools";
        /// The education department itself.
        Department = "department", "отделу образования", "the education department";
    }
}

codes! {
    /// How far an addressee is.
    AddresseeStatus {
        /// Received.
        Issued = "issued", "направлена", "issued";
        /// Read and taken note of.
        Acknowledged = "acknowledged", "принята к сведению", "acknowledged";
        /// Being carried out.
        InProgress = "in_progress", "исполняется", "in progress";
        /// Carried out, as the addressee says.
        Done = "done", "исполнена", "done";
        /// Carried out, as the department found.
        Verified = "verified", "исполнение подтверждено", "verified";
        /// Not expected any more.
        Cancelled = "cancelled", "отменена", "cancelled";
    }
}

impl AddresseeStatus {
    /// Whether the addressee still has to do something: what can be overdue.
    pub const OPEN: [Self; 3] = [Self::Issued, Self::Acknowledged, Self::InProgress];

    /// Whether the addressee still has to do something.
    #[must_use]
    pub fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }
}

/// Whether something with this due day is overdue on `today`.
#[must_use]
pub fn is_overdue(due_date: Option<NaiveDate>, status: AddresseeStatus, today: NaiveDate) -> bool {
    status.is_open() && due_date.is_some_and(|due| due < today)
}

/// What addressee, schools and monitoring say against each other.
#[must_use]
pub fn check_addressee(
    addressee: RecommendationAddressee,
    school_ids: &[SchoolId],
    of_monitoring: bool,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut broken = |pointer: &str, code, detail| violations.push(Violation::new(pointer, code, detail));
    let named = addressee == RecommendationAddressee::Schools;
    if named && school_ids.is_empty() {
        let detail = Bi::fixed("Укажите хотя бы одну школу", "Name at least one school");
        broken("/school_ids", "required", detail);
    }
    if !named && !school_ids.is_empty() {
        let detail = Bi::fixed(
            "Школы перечисляют, только если рекомендация адресована указанным школам",
            "Schools are listed only for named schools",
        );
        broken("/school_ids", "not-allowed", detail);
    }
    if (1..school_ids.len()).any(|n| school_ids.iter().take(n).any(|id| school_ids.get(n) == Some(id))) {
        let detail = Bi::fixed("Школа указана дважды", "A school stands twice");
        broken("/school_ids", "duplicate", detail);
    }
    if addressee == RecommendationAddressee::ListSchools && !of_monitoring {
        let detail = Bi::fixed(
            "Рекомендация школам перечня относится к мониторингу: укажите его",
            "A recommendation to list schools belongs to a monitoring: name it",
        );
        broken("/monitoring_id", "required", detail);
    }
    violations
}

/// What can be done with a recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change a draft.
    Update,
    /// Change how far the department is.
    Track,
    /// Delete a draft.
    Delete,
    /// Give a draft to its addressees.
    Issue,
    /// Withdraw what was issued.
    Cancel,
}

impl Step {
    /// Codes of what stands in the way; empty when nothing does. One `of_monitoring` is
    /// issued by the signature under the monitoring's note.
    #[must_use]
    pub fn blockers(self, status: RecommendationStatus, of_monitoring: bool) -> Vec<&'static str> {
        use RecommendationStatus::{Cancelled, Draft, Issued};
        match (self, status) {
            (Self::Issue, Draft) if of_monitoring => vec!["issued-by-note"],
            (Self::Update | Self::Delete | Self::Issue, Draft) | (Self::Cancel | Self::Track, Issued) => {
                vec![]
            }
            (_, Draft) => vec!["recommendation-draft"],
            (_, Issued) => vec!["recommendation-issued"],
            (_, Cancelled) => vec!["recommendation-cancelled"],
        }
    }
}

/// What can be done with the part of one addressee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddresseeStep {
    /// Take note of it.
    Acknowledge,
    /// Begin.
    Start,
    /// Say that it is carried out.
    Complete,
    /// Confirm that it is.
    Verify,
    /// Find that it is not.
    Reopen,
    /// Expect it no more.
    Cancel,
}

impl AddresseeStep {
    /// Every step, in the order of the work.
    pub const ALL: [Self; 6] =
        [Self::Acknowledge, Self::Start, Self::Complete, Self::Verify, Self::Reopen, Self::Cancel];

    /// Last part of the path of the transition.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Start => "start",
            Self::Complete => "complete",
            Self::Verify => "verify",
            Self::Reopen => "reopen",
            Self::Cancel => "cancel",
        }
    }

    /// The state that the step leads to.
    #[must_use]
    pub fn leads_to(self) -> AddresseeStatus {
        match self {
            Self::Acknowledge => AddresseeStatus::Acknowledged,
            Self::Start | Self::Reopen => AddresseeStatus::InProgress,
            Self::Complete => AddresseeStatus::Done,
            Self::Verify => AddresseeStatus::Verified,
            Self::Cancel => AddresseeStatus::Cancelled,
        }
    }

    /// Codes of what stands in the way; empty when nothing does.
    #[must_use]
    pub fn blockers(self, status: AddresseeStatus) -> Vec<&'static str> {
        use AddresseeStatus::{Acknowledged, Done, InProgress, Issued};
        let from: &[AddresseeStatus] = match self {
            Self::Acknowledge => &[Issued],
            Self::Start => &[Acknowledged],
            Self::Complete => &[InProgress],
            Self::Verify | Self::Reopen => &[Done],
            Self::Cancel => &[Issued, Acknowledged],
        };
        if from.contains(&status) { vec![] } else { vec![blocker(status)] }
    }
}

/// The step that leads from one state to the other, if there is one.
#[must_use]
pub fn step_between(from: AddresseeStatus, to: AddresseeStatus) -> Option<AddresseeStep> {
    AddresseeStep::ALL.into_iter().find(|step| step.leads_to() == to && step.blockers(from).is_empty())
}

fn blocker(status: AddresseeStatus) -> &'static str {
    match status {
        AddresseeStatus::Issued => "addressee-issued",
        AddresseeStatus::Acknowledged => "addressee-acknowledged",
        AddresseeStatus::InProgress => "addressee-in-progress",
        AddresseeStatus::Done => "addressee-done",
        AddresseeStatus::Verified => "addressee-verified",
        AddresseeStatus::Cancelled => "addressee-cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::code::Code;

    #[test]
    fn every_pair_outside_the_diagram_is_blocked() {
        use RecommendationStatus::{Draft, Issued};
        let diagram = [
            (Step::Update, Draft),
            (Step::Delete, Draft),
            (Step::Issue, Draft),
            (Step::Track, Issued),
            (Step::Cancel, Issued),
        ];
        for (step, from) in diagram {
            for status in RecommendationStatus::ALL {
                assert_eq!(step.blockers(*status, false).is_empty(), *status == from, "{step:?} {status:?}");
            }
        }
        assert_eq!(Step::Issue.blockers(Draft, true), ["issued-by-note"]);
        assert!(Step::Update.blockers(Draft, true).is_empty());
    }

    #[test]
    fn an_addressee_moves_along_the_diagram_only() {
        use AddresseeStatus::{Acknowledged, Cancelled, Done, InProgress, Issued, Verified};
        let moves = [
            (Issued, Acknowledged),
            (Acknowledged, InProgress),
            (InProgress, Done),
            (Done, Verified),
            (Done, InProgress),
            (Issued, Cancelled),
            (Acknowledged, Cancelled),
        ];
        for from in AddresseeStatus::ALL {
            for to in AddresseeStatus::ALL {
                let allowed = moves.contains(&(*from, *to));
                assert_eq!(step_between(*from, *to).is_some(), allowed, "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn schools_and_monitoring_fit_the_addressee() {
        use RecommendationAddressee::{AllSchools, Department, ListSchools, Schools};
        let school = |id: &str| SchoolId(id.to_owned());
        let broken = |addressee, ids: &[SchoolId], of_monitoring| -> Vec<String> {
            let found = check_addressee(addressee, ids, of_monitoring);
            found.into_iter().map(|v| format!("{} {}", v.pointer, v.code)).collect()
        };
        assert!(broken(AllSchools, &[], false).is_empty());
        assert!(broken(Schools, &[school("a"), school("b")], false).is_empty());
        assert!(broken(ListSchools, &[], true).is_empty());
        assert_eq!(broken(Schools, &[], false), ["/school_ids required"]);
        assert_eq!(broken(Schools, &[school("a"), school("a")], false), ["/school_ids duplicate"]);
        assert_eq!(broken(Department, &[school("a")], false), ["/school_ids not-allowed"]);
        assert_eq!(broken(ListSchools, &[], false), ["/monitoring_id required"]);
    }

    #[test]
    fn overdue_begins_after_the_due_day_and_ends_with_done() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let due = Some(day("2024-03-01"));
        assert!(!is_overdue(due, AddresseeStatus::Issued, day("2024-03-01")));
        assert!(is_overdue(due, AddresseeStatus::InProgress, day("2024-03-02")));
        assert!(!is_overdue(due, AddresseeStatus::Done, day("2024-03-02")));
        assert!(!is_overdue(None, AddresseeStatus::Issued, day("2024-03-02")));
    }
}
