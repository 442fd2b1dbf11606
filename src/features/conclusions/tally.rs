//! Subjects of a conclusion, what is said of each, and the verdict over all.

use super::compose;
use super::domain::{LeftOut, Subject, SubjectReport, UsedReport, Verdict};
use crate::features::reports::OutReason;
use crate::kit::id::SchoolId;

/// Who answers: a school of the snapshot, or the municipality.
pub(super) struct Respondent<'a> {
    pub(super) school: Option<&'a Subject>,
    pub(super) report: Option<&'a SubjectReport>,
}

impl<'a> Respondent<'a> {
    pub(super) fn school(school: &'a Subject) -> Self {
        Self { school: Some(school), report: school.report.as_ref() }
    }

    pub(super) fn is_released(&self) -> bool {
        self.school.is_some_and(|school| school.released)
    }

    pub(super) fn used(&self) -> Option<UsedReport> {
        let report = self.report.filter(|_| !self.is_released())?;
        Some(UsedReport {
            report_id: report.report_id.clone(),
            version: report.version,
            school_id: self.school.map(|school| school.school_id.clone()),
        })
    }
}

/// What one criterion, or a whole conclusion, says of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Not counted.
    Out(OutReason),
    /// Counted, without an accepted report: not met.
    NoReport,
    /// Reported, not met.
    Missed,
    /// Reported and met.
    Met,
}

/// The outcome of a conclusion from those of its criteria, for one subject.
pub(super) fn together(criteria: impl Iterator<Item = Outcome>) -> Outcome {
    let add = |sum: Outcome, next: Outcome| match (sum, next) {
        (Outcome::Out(a), Outcome::Out(b)) => Outcome::Out(a.max(b)),
        (Outcome::Out(_), counted) | (counted, Outcome::Out(_)) => counted,
        (Outcome::NoReport, _) | (_, Outcome::NoReport) => Outcome::NoReport,
        (Outcome::Met, Outcome::Met) => Outcome::Met,
        _ => Outcome::Missed,
    };
    criteria.fold(Outcome::Out(OutReason::NoMeasures), add)
}

/// Subjects sorted by their outcome.
#[derive(Default)]
pub(super) struct Tally<'a> {
    /// How many meet it.
    pub(super) ok: usize,
    /// How many are counted (N).
    pub(super) total: usize,
    /// How many of the counted have an accepted report.
    reported: usize,
    /// The counted schools; the lists below divide them.
    counted: Vec<&'a Subject>,
    pub(super) schools_ok: Vec<&'a Subject>,
    /// Missed or without a report.
    schools_not_ok: Vec<&'a Subject>,
    /// Reported and missed: those that sentences name.
    schools_missed: Vec<&'a Subject>,
    pub(super) schools_without_report: Vec<&'a Subject>,
    pub(super) left_out: Vec<LeftOut>,
}

impl<'a> Tally<'a> {
    pub(super) fn of(outcomes: impl Iterator<Item = Outcome>, respondents: &[Respondent<'a>]) -> Self {
        let mut tally = Self::default();
        for (outcome, respondent) in outcomes.zip(respondents) {
            tally.add(outcome, respondent.school);
        }
        tally
    }

    fn add(&mut self, outcome: Outcome, school: Option<&'a Subject>) {
        if let Outcome::Out(why) = outcome {
            let school_id = school.map(|school| school.school_id.clone());
            self.left_out.push(LeftOut { school_id, why });
            return;
        }
        self.total += 1;
        self.ok += usize::from(outcome == Outcome::Met);
        self.reported += usize::from(outcome != Outcome::NoReport);
        self.counted.extend(school);
        match outcome {
            Outcome::Met => self.schools_ok.extend(school),
            Outcome::NoReport => self.schools_without_report.extend(school),
            Outcome::Missed | Outcome::Out(_) => self.schools_missed.extend(school),
        }
        if outcome != Outcome::Met {
            self.schools_not_ok.extend(school);
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        match (self.ok, self.total, self.reported) {
            (_, 0, _) => Verdict::NotApplicable,
            (_, _, 0) => Verdict::NoData,
            (ok, total, _) if ok == total => Verdict::All,
            (0, _, _) => Verdict::None,
            _ => Verdict::Some,
        }
    }

    pub(super) fn schools_counted(&self) -> Vec<SchoolId> {
        ids(&self.counted)
    }

    pub(super) fn schools_missing(&self) -> Vec<SchoolId> {
        ids(&self.schools_not_ok)
    }

    pub(super) fn counts(&self) -> compose::Counts<'_> {
        compose::Counts {
            ok: self.ok,
            total: self.total,
            missed: &self.schools_missed,
            without_report: &self.schools_without_report,
        }
    }
}

/// Their ids, in the same order.
pub(super) fn ids(schools: &[&Subject]) -> Vec<SchoolId> {
    schools.iter().map(|s| s.school_id.clone()).collect()
}
