//! What the steps of a campaign ask of the department, and recommendations of everybody.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::domain::{Duties, Obligation, ObligationKind, Subject, brief};
use super::store_campaign::{MonitoringLine, NoteLine};
use super::store_plans::AdviceLine;
use crate::features::monitorings::MonitoringStatus;
use crate::features::notes::NoteStatus;
use crate::features::recommendations::AddresseeStatus;
use crate::features::reports::{ReportStatus, deadline_of};
use crate::kit::id::MonitoringId;

/// What the steps of monitorings depend on.
#[derive(Debug)]
pub struct Campaigns<'a> {
    /// The monitorings.
    pub monitorings: &'a [MonitoringLine],
    /// How many reports of each state they have.
    pub counts: HashMap<(MonitoringId, ReportStatus), i64>,
    /// The last day of any extension in each.
    pub extensions: HashMap<MonitoringId, NaiveDate>,
    /// Notes that are not replaced.
    pub notes: &'a [NoteLine],
}

impl Campaigns<'_> {
    fn any(&self, of: &MonitoringLine, statuses: &[ReportStatus]) -> bool {
        let count = |status: &ReportStatus| self.counts.get(&(of.id.clone(), *status)).copied().unwrap_or(0);
        statuses.iter().any(|status| count(status) > 0)
    }

    /// The last day on which any of its reports is in time.
    fn last_day(&self, of: &MonitoringLine) -> NaiveDate {
        deadline_of(of.report_deadline, self.extensions.get(&of.id).copied())
    }

    /// What each monitoring waits for.
    #[must_use]
    pub fn steps(&self, duties: &Duties, today: NaiveDate) -> Vec<Obligation> {
        let step = |line: &MonitoringLine| {
            let (kind, may) = self.next(line, duties, today)?;
            let due = (kind == ObligationKind::OpenMonitoring).then_some(line.report_deadline);
            let subject = Subject::of("monitorings", line.id.as_str(), line.map_title.clone());
            may.then(|| Obligation::new(kind, subject).due(due))
        };
        self.monitorings.iter().filter_map(step).collect()
    }

    /// The step that is next, when nothing stands in its way, and whether it is the caller's.
    fn next(
        &self,
        line: &MonitoringLine,
        duties: &Duties,
        today: NaiveDate,
    ) -> Option<(ObligationKind, bool)> {
        use ReportStatus::{Draft, Returned, Submitted};
        let has_note = |test: &dyn Fn(NoteStatus) -> bool| {
            self.notes.iter().any(|note| note.monitoring_id == line.id && test(note.status))
        };
        let in_force = |status| matches!(status, NoteStatus::Registered | NoteStatus::Published);
        let over = today > self.last_day(line) || !self.any(line, &[Draft, Submitted, Returned]);
        match line.status {
            MonitoringStatus::Planned => Some((ObligationKind::OpenMonitoring, duties.leads)),
            MonitoringStatus::Open if over => Some((ObligationKind::CloseCollection, duties.leads)),
            MonitoringStatus::Collected if !self.any(line, &[Submitted, Returned]) => {
                Some((ObligationKind::AnalyseMonitoring, duties.leads))
            }
            MonitoringStatus::Analysed if !has_note(&|_| true) => {
                Some((ObligationKind::DraftNote, duties.drafts_notes))
            }
            MonitoringStatus::Analysed if line.frozen && has_note(&in_force) => {
                Some((ObligationKind::CompleteMonitoring, duties.leads))
            }
            _ => None,
        }
    }

    /// What each note waits for; one that is being replaced waits for nothing.
    #[must_use]
    pub fn note_steps(&self, duties: &Duties) -> Vec<Obligation> {
        let step = |note: &NoteLine| {
            let (kind, may) = match note.status {
                NoteStatus::Draft => (ObligationKind::SubmitNote, duties.drafts_notes),
                NoteStatus::OnApproval => (ObligationKind::SignNote, duties.signs),
                NoteStatus::Signed => (ObligationKind::RegisterNote, duties.registers_notes),
                NoteStatus::Registered => (ObligationKind::PublishNote, duties.registers_notes),
                NoteStatus::Published | NoteStatus::Replaced => return None,
            };
            let replaced = self.notes.iter().any(|other| other.replaces_id.as_ref() == Some(&note.id));
            let subject = Subject::of("notes", note.id.as_str(), brief(&note.title));
            (may && !replaced).then(|| Obligation::new(kind, subject))
        };
        self.notes.iter().filter_map(step).collect()
    }
}

/// A recommendation as a subject.
#[must_use]
pub fn advice(id: &str, code: &str, text: &str) -> Subject {
    Subject::of("recommendations", id, format!("{code}. {}", brief(text)))
}

/// What recommendations ask of the own school: to take note, then to carry out.
#[must_use]
pub fn of_advice(lines: &[AdviceLine], duties: &Duties) -> Vec<Obligation> {
    let obligation = |line: &AdviceLine| {
        let kind = match line.status {
            AddresseeStatus::Issued => ObligationKind::AcknowledgeRecommendation,
            _ => ObligationKind::CompleteRecommendation,
        };
        Obligation::new(kind, advice(line.id.as_str(), &line.code, &line.text)).due(line.due_date)
    };
    if duties.follows { lines.iter().map(obligation).collect() } else { Vec::new() }
}
