//! What can be done with a road map, and what stands in the way.

use std::collections::BTreeSet;

use super::domain::{MeasureLevel, RoadMapStatus};
use crate::features::conclusion_templates::{ConclusionLevel, TemplateContent};
use crate::problems::{self, ProblemType};

const NOT_DRAFT: &str = "road-map-not-draft";
const NOT_APPROVED: &str = "road-map-not-approved";
const AMENDMENT_EXISTS: &str = "amendment-exists";
const MONITORING_OPEN: &str = "monitoring-open";

/// What can be done with a road map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Change a draft or its measures.
    Update,
    /// Delete a draft.
    Delete,
    /// Put a draft into force.
    Approve,
    /// Start a new edition of an approved map.
    Amend,
    /// End an approved map.
    Close,
    /// Drop a draft, but keep it to be read.
    Cancel,
    /// Start the map of another year from this one.
    Copy,
}

/// What the steps depend on beside the state of the map itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What the map lacks to be approved.
    pub basis: Basis,
    /// How many measures it has.
    pub measures: usize,
    /// Codes of measures whose dates a copy has shifted and nobody has looked at.
    pub to_review: Vec<String>,
    /// Codes of criteria that measures name and the template does not have.
    pub unknown_criteria: Vec<String>,
    /// Criteria of the template that no measure feeds.
    pub silent_criteria: Vec<SilentCriterion>,
    /// A new edition of it is a draft.
    pub amendment_in_draft: bool,
    /// A monitoring of it is open, collected or analysed.
    pub monitoring_open: bool,
}

/// The document that a map rests on, and whether that document is in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Basis {
    /// A municipal map without a registered order.
    #[default]
    OrderMissing,
    /// A municipal map with a registered order.
    OrderRegistered,
    /// A school's own map whose municipal map is no longer, or not, in force.
    ParentNotApproved,
    /// A school's own map under an approved municipal map.
    ParentApproved,
}

impl Basis {
    fn blocker(self) -> Option<&'static str> {
        match self {
            Self::OrderMissing => Some("order-not-registered"),
            Self::ParentNotApproved => Some("parent-not-approved"),
            Self::OrderRegistered | Self::ParentApproved => None,
        }
    }
}

/// A criterion of the template that no measure of the map feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentCriterion {
    /// Its code.
    pub code: String,
    /// What it is about.
    pub title: String,
    /// The conclusion that rests on it.
    pub conclusion: String,
}

/// What the steps need to know of one measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureBrief {
    /// Its code.
    pub code: String,
    /// Who carries it out.
    pub level: MeasureLevel,
    /// Codes of the criteria it feeds.
    pub criteria: Vec<String>,
    /// Whether it counts at all; one that does not feeds nothing.
    pub counts_in_compliance: bool,
    /// Its dates were shifted and not yet looked at.
    pub needs_review: bool,
}

impl Facts {
    /// Adds what the measures say, measured against the template.
    #[must_use]
    pub fn with_measures(mut self, measures: &[MeasureBrief], template: &TemplateContent) -> Self {
        let known: BTreeSet<&str> = template.criterion_codes().collect();
        let named: BTreeSet<&str> =
            measures.iter().flat_map(|m| m.criteria.iter().map(String::as_str)).collect();
        self.measures = measures.len();
        self.to_review = measures.iter().filter(|m| m.needs_review).map(|m| m.code.clone()).collect();
        self.unknown_criteria = named.difference(&known).map(|code| (*code).to_owned()).collect();
        self.silent_criteria = silent_criteria(measures, template);
        self
    }

    fn unready(&self) -> Vec<&'static str> {
        let causes = [
            self.basis.blocker(),
            (self.measures == 0).then_some("no-measures"),
            (!self.to_review.is_empty()).then_some("measure-needs-review"),
            (!self.unknown_criteria.is_empty()).then_some("unknown-criterion"),
        ];
        causes.into_iter().flatten().collect()
    }
}

/// A criterion is fed by measures of its conclusion's level that count.
fn silent_criteria(measures: &[MeasureBrief], template: &TemplateContent) -> Vec<SilentCriterion> {
    let counting = measures.iter().filter(|m| m.counts_in_compliance);
    let feeds =
        |m: &'_ MeasureBrief| m.criteria.iter().map(|code| (m.level, code.clone())).collect::<Vec<_>>();
    let fed: BTreeSet<(MeasureLevel, String)> = counting.flat_map(feeds).collect();
    let mut silent = Vec::new();
    for conclusion in &template.conclusions {
        let level = match conclusion.level {
            ConclusionLevel::Municipal => MeasureLevel::Municipal,
            ConclusionLevel::School => MeasureLevel::School,
        };
        let unfed = conclusion.criteria.iter().filter(|c| !fed.contains(&(level, c.code.clone())));
        silent.extend(unfed.map(|criterion| SilentCriterion {
            code: criterion.code.clone(),
            title: criterion.title.clone(),
            conclusion: conclusion.code.clone(),
        }));
    }
    silent
}

impl Step {
    /// Codes of what stands in the way; empty when nothing does.
    #[must_use]
    pub fn blockers(self, status: RoadMapStatus, facts: &Facts) -> Vec<&'static str> {
        use RoadMapStatus::{Approved, Archived, Closed, Draft};
        let amendment = facts.amendment_in_draft.then_some(AMENDMENT_EXISTS);
        let monitoring = facts.monitoring_open.then_some(MONITORING_OPEN);
        match (self, status) {
            (Self::Update | Self::Delete | Self::Cancel, Draft)
            | (Self::Copy, Approved | Archived | Closed) => vec![],
            (Self::Approve, Draft) => facts.unready(),
            (Self::Amend, Approved) => amendment.into_iter().collect(),
            (Self::Close, Approved) => monitoring.into_iter().chain(amendment).collect(),
            (Self::Update | Self::Delete | Self::Cancel | Self::Approve, _) => vec![NOT_DRAFT],
            (Self::Amend | Self::Close | Self::Copy, _) => vec![NOT_APPROVED],
        }
    }
}

/// The problem that the first blocker makes.
#[must_use]
pub fn problem_of(blocker: &str) -> &'static ProblemType {
    match blocker {
        NOT_DRAFT | NOT_APPROVED => &problems::ROAD_MAP_STATE,
        AMENDMENT_EXISTS => &problems::AMENDMENT_EXISTS,
        MONITORING_OPEN => &problems::ROAD_MAP_IN_USE,
        _ => &problems::ROAD_MAP_NOT_READY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::code::Code;

    fn ready() -> Facts {
        Facts { basis: Basis::OrderRegistered, measures: 1, ..Facts::default() }
    }

    fn measure(level: MeasureLevel, criterion: &str) -> MeasureBrief {
        MeasureBrief {
            code: "S1".into(),
            level,
            criteria: vec![criterion.into()],
            counts_in_compliance: true,
            needs_review: false,
        }
    }

    #[test]
    fn every_pair_outside_the_diagram_is_blocked() {
        use RoadMapStatus::{Approved, Archived, Closed, Draft};
        use Step::{Amend, Approve, Cancel, Close, Copy, Delete, Update};
        for step in [Update, Delete, Approve, Amend, Close, Cancel, Copy] {
            for status in RoadMapStatus::ALL {
                let allowed = matches!(
                    (step, status),
                    (Update | Delete | Approve | Cancel, Draft)
                        | (Amend | Close, Approved)
                        | (Copy, Approved | Archived | Closed)
                );
                assert_eq!(step.blockers(*status, &ready()).is_empty(), allowed, "{step:?} {status:?}");
            }
        }
    }

    #[test]
    fn a_draft_that_lacks_all_names_all() {
        let mut facts =
            Facts { to_review: vec!["M1".into()], unknown_criteria: vec!["x".into()], ..Facts::default() };
        let blockers = |facts: &Facts| Step::Approve.blockers(RoadMapStatus::Draft, facts);
        assert_eq!(
            blockers(&facts),
            ["order-not-registered", "no-measures", "measure-needs-review", "unknown-criterion"]
        );
        facts = Facts { basis: Basis::ParentNotApproved, ..ready() };
        assert_eq!(blockers(&facts), ["parent-not-approved"]);
        facts.basis = Basis::ParentApproved;
        assert!(blockers(&facts).is_empty());
    }

    #[test]
    fn an_approved_map_waits_for_its_amendment_and_its_monitoring() {
        let facts = Facts { amendment_in_draft: true, monitoring_open: true, ..ready() };
        let approved = RoadMapStatus::Approved;
        assert_eq!(Step::Amend.blockers(approved, &facts), ["amendment-exists"]);
        assert_eq!(Step::Close.blockers(approved, &facts), ["monitoring-open", "amendment-exists"]);
        assert!(Step::Copy.blockers(approved, &facts).is_empty());
        assert_eq!(problem_of(MONITORING_OPEN).slug, "road-map-in-use");
        assert_eq!(problem_of("no-measures").slug, "road-map-not-ready");
    }

    #[test]
    fn a_criterion_is_fed_by_counting_measures_of_its_own_level() {
        let template = TemplateContent::shipped().unwrap();
        let all = template.criterion_codes().count();
        let silent = |measure: MeasureBrief| {
            Facts::default().with_measures(&[measure], &template).silent_criteria.len()
        };
        assert_eq!(silent(measure(MeasureLevel::School, "entry_test")), all - 1);
        assert_eq!(silent(measure(MeasureLevel::Municipal, "entry_test")), all);
        let idle =
            MeasureBrief { counts_in_compliance: false, ..measure(MeasureLevel::School, "entry_test") };
        assert_eq!(silent(idle), all);
        let facts = Facts::default().with_measures(&[measure(MeasureLevel::School, "magic")], &template);
        assert_eq!(facts.unknown_criteria, ["magic"]);
    }
}
