//! Which step a report allows, by its own state and by its monitoring's.

use chrono::NaiveDate;

use super::domain::ReportStatus;
use crate::features::monitorings::MonitoringStatus;

/// What can be done with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportStep {
    /// Change its texts, items and evidence.
    Update,
    /// Send it for review.
    Submit,
    /// Take it back before the review starts.
    Withdraw,
    /// Note that the review started.
    StartReview,
    /// Send it back for correction.
    Return,
    /// Accept it.
    Accept,
    /// Write a remark on it.
    Remark,
    /// Answer or resolve a remark on it.
    Discuss,
}

/// What the steps of a report depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// State of the report.
    pub status: ReportStatus,
    /// Whether its review started.
    pub review_started: bool,
    /// State of the monitoring.
    pub monitoring: MonitoringStatus,
    /// Whether a signed note holds the reports.
    pub frozen: bool,
    /// Until when an extension covers the school.
    pub extension_until: Option<NaiveDate>,
    /// Today in Moscow.
    pub today: NaiveDate,
}

impl Circumstances {
    /// Codes of what stands in the way of `step`; empty when nothing does.
    ///
    /// The report's own state comes first, then the monitoring's: a report is worked on
    /// while the monitoring is open or collected; a draft is submitted after the collection
    /// only under an extension, so a submission is taken back only then; an accepted report goes back until a note is signed, and
    /// what went back after the analysis is corrected, submitted and accepted until then too.
    #[must_use]
    pub fn blockers(&self, step: ReportStep) -> Vec<&'static str> {
        use ReportStatus::{Accepted, Draft, Returned, Submitted};
        let fits = match step {
            ReportStep::Update | ReportStep::Submit => matches!(self.status, Draft | Returned),
            ReportStep::Withdraw | ReportStep::StartReview | ReportStep::Accept => self.status == Submitted,
            ReportStep::Return => matches!(self.status, Submitted | Accepted),
            ReportStep::Remark => matches!(self.status, Submitted | Returned | Accepted),
            ReportStep::Discuss => self.status != ReportStatus::Cancelled,
        };
        if !fits {
            return vec![self.state_code()];
        }
        let talk = matches!(step, ReportStep::Remark | ReportStep::Discuss);
        if talk || (step == ReportStep::Return && self.status == Accepted) {
            return self.held_by_note();
        }
        if step == ReportStep::Withdraw && self.review_started {
            return vec!["review-started"];
        }
        match self.monitoring {
            MonitoringStatus::Open => vec![],
            MonitoringStatus::Collected
                if matches!(step, ReportStep::Submit | ReportStep::Withdraw) && !self.may_still_submit() =>
            {
                vec!["collection-closed"]
            }
            MonitoringStatus::Collected => vec![],
            MonitoringStatus::Analysed if self.frozen => vec!["monitoring-frozen"],
            MonitoringStatus::Analysed if self.status != Draft && step != ReportStep::Withdraw => vec![],
            MonitoringStatus::Analysed => vec!["monitoring-analysed"],
            MonitoringStatus::Completed => vec!["monitoring-completed"],
            MonitoringStatus::Cancelled => vec!["monitoring-cancelled"],
            MonitoringStatus::Planned => vec!["monitoring-planned"],
        }
    }

    /// After the collection: what was returned, or what an extension covers today.
    fn may_still_submit(&self) -> bool {
        self.status == ReportStatus::Returned || self.extension_until.is_some_and(|until| until >= self.today)
    }

    fn held_by_note(&self) -> Vec<&'static str> {
        match self.monitoring {
            _ if self.frozen => vec!["monitoring-frozen"],
            MonitoringStatus::Cancelled => vec!["monitoring-cancelled"],
            _ => vec![],
        }
    }

    fn state_code(&self) -> &'static str {
        match self.status {
            ReportStatus::Draft => "report-draft",
            ReportStatus::Submitted => "report-submitted",
            ReportStatus::Returned => "report-returned",
            ReportStatus::Accepted => "report-accepted",
            ReportStatus::Cancelled => "report-cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::code::Code;

    fn at(status: ReportStatus, monitoring: MonitoringStatus) -> Circumstances {
        Circumstances {
            status,
            review_started: false,
            monitoring,
            frozen: false,
            extension_until: None,
            today: NaiveDate::from_ymd_opt(2023, 12, 22).unwrap(),
        }
    }

    #[test]
    fn every_pair_outside_the_diagram_is_blocked() {
        use ReportStatus::{Accepted, Draft, Returned, Submitted};
        let diagram: [(ReportStep, &[ReportStatus]); 8] = [
            (ReportStep::Update, &[Draft, Returned]),
            (ReportStep::Submit, &[Draft, Returned]),
            (ReportStep::Withdraw, &[Submitted]),
            (ReportStep::StartReview, &[Submitted]),
            (ReportStep::Return, &[Submitted, Accepted]),
            (ReportStep::Accept, &[Submitted]),
            (ReportStep::Remark, &[Submitted, Returned, Accepted]),
            (ReportStep::Discuss, &[Draft, Submitted, Returned, Accepted]),
        ];
        for (step, from) in diagram {
            for status in ReportStatus::ALL {
                let blockers = at(*status, MonitoringStatus::Open).blockers(step);
                assert_eq!(blockers.is_empty(), from.contains(status), "{step:?} {status:?}");
            }
        }
    }

    #[test]
    fn after_the_collection_a_draft_needs_an_extension_that_still_runs() {
        let mut draft = at(ReportStatus::Draft, MonitoringStatus::Collected);
        assert_eq!(draft.blockers(ReportStep::Submit), ["collection-closed"]);
        assert!(draft.blockers(ReportStep::Update).is_empty());
        draft.extension_until = draft.today.pred_opt();
        assert_eq!(draft.blockers(ReportStep::Submit), ["collection-closed"]);
        draft.extension_until = Some(draft.today);
        assert!(draft.blockers(ReportStep::Submit).is_empty());
        let returned = at(ReportStatus::Returned, MonitoringStatus::Collected);
        assert!(returned.blockers(ReportStep::Submit).is_empty());
        let draft = at(ReportStatus::Draft, MonitoringStatus::Analysed);
        assert_eq!(draft.blockers(ReportStep::Submit), ["monitoring-analysed"]);
    }

    #[test]
    fn what_went_back_after_the_analysis_is_corrected_until_a_note_is_signed() {
        let mut returned = at(ReportStatus::Returned, MonitoringStatus::Analysed);
        let submitted = at(ReportStatus::Submitted, MonitoringStatus::Analysed);
        assert!(returned.blockers(ReportStep::Update).is_empty());
        assert!(returned.blockers(ReportStep::Submit).is_empty());
        assert!(submitted.blockers(ReportStep::Accept).is_empty());
        returned.frozen = true;
        assert_eq!(returned.blockers(ReportStep::Submit), ["monitoring-frozen"]);
    }

    #[test]
    fn an_accepted_report_goes_back_until_a_note_is_signed() {
        let mut accepted = at(ReportStatus::Accepted, MonitoringStatus::Analysed);
        assert!(accepted.blockers(ReportStep::Return).is_empty());
        accepted.frozen = true;
        assert_eq!(accepted.blockers(ReportStep::Return), ["monitoring-frozen"]);
    }

    #[test]
    fn a_remark_is_written_and_answered_until_a_note_is_signed() {
        let mut accepted = at(ReportStatus::Accepted, MonitoringStatus::Analysed);
        for step in [ReportStep::Remark, ReportStep::Discuss] {
            accepted.frozen = false;
            assert!(accepted.blockers(step).is_empty());
            accepted.frozen = true;
            assert_eq!(accepted.blockers(step), ["monitoring-frozen"]);
        }
    }

    #[test]
    fn what_could_not_be_sent_again_is_not_taken_back() {
        let mut submitted = at(ReportStatus::Submitted, MonitoringStatus::Collected);
        assert_eq!(submitted.blockers(ReportStep::Withdraw), ["collection-closed"]);
        assert!(submitted.blockers(ReportStep::Accept).is_empty());
        submitted.extension_until = Some(submitted.today);
        assert!(submitted.blockers(ReportStep::Withdraw).is_empty());
        submitted.monitoring = MonitoringStatus::Analysed;
        assert_eq!(submitted.blockers(ReportStep::Withdraw), ["monitoring-analysed"]);
        assert!(submitted.blockers(ReportStep::Return).is_empty());
    }

    #[test]
    fn a_report_under_review_is_not_taken_back() {
        let mut submitted = at(ReportStatus::Submitted, MonitoringStatus::Open);
        assert!(submitted.blockers(ReportStep::Withdraw).is_empty());
        submitted.review_started = true;
        assert_eq!(submitted.blockers(ReportStep::Withdraw), ["review-started"]);
    }
}
