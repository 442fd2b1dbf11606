//! What reports and remarks ask of those who fill and those who review them.

use chrono::NaiveDate;

use super::domain::{Duties, Obligation, ObligationKind, Subject, brief};
use super::store::{ItemLine, RemarkLine, ReportLine};
use crate::features::reports::{
    ItemStatus, RemarkStatus, ReportStatus, ReportStep, Standing, deadline_of, needs_final, standing,
};
use crate::kit::id::AccountId;

/// Whose side of a report somebody stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A school: its own reports.
    School,
    /// The department: its own report and those of its schools.
    Department,
    /// A curator: the reports of his schools.
    Curator,
}

impl Side {
    /// Whether a report of a school (or the municipality's own) is his to fill.
    #[must_use]
    pub fn owns(self, of_school: bool) -> bool {
        match self {
            Self::School => of_school,
            Self::Department => !of_school,
            Self::Curator => false,
        }
    }
}

/// What the reports as wholes ask.
#[must_use]
pub fn of_reports(
    reports: &[ReportLine],
    side: Side,
    duties: &Duties,
    me: &AccountId,
    today: NaiveDate,
) -> Vec<Obligation> {
    reports.iter().filter_map(|report| of_report(report, side, duties, me, today)).collect()
}

fn of_report(
    report: &ReportLine,
    side: Side,
    duties: &Duties,
    me: &AccountId,
    today: NaiveDate,
) -> Option<Obligation> {
    let open = |step| report.circumstances(today).blockers(step).is_empty();
    let own = side.owns(report.school_id.is_some());
    let title = report.school_name.clone().filter(|_| !own).unwrap_or_else(|| report.map_title.clone());
    let obligation = |kind| Obligation::new(kind, Subject::of("reports", report.id.as_str(), title.clone()));
    if own && duties.submits && open(ReportStep::Submit) {
        return Some(obligation(ObligationKind::SubmitReport).due(Some(report.deadline())));
    }
    if side == Side::Curator {
        let looks = duties.remarks && report.status == ReportStatus::Submitted && open(ReportStep::Remark);
        return looks.then(|| obligation(ObligationKind::CommentReport));
    }
    let reviews = match &report.school_id {
        Some(_) => side == Side::Department && duties.reviews,
        // Who submitted a report does not accept it.
        None => duties.reviews_own && report.submitted_by.as_ref() != Some(me),
    };
    (reviews && open(ReportStep::Accept)).then(|| obligation(ObligationKind::ReviewReport))
}

/// By when the report asks what became of a measure: of what fell due and has no final status, by
/// its due day; of what would be missed because nothing is said of it yet, by the report's
/// deadline; `None` when it does not ask, or takes no answer.
#[must_use]
pub fn asked_by(line: &ItemLine, report: &ReportLine, today: NaiveDate) -> Option<NaiveDate> {
    if !report.circumstances(today).blockers(ReportStep::Submit).is_empty() {
        return None;
    }
    let (measure, deadline) = (&line.measure, report.report_deadline);
    if needs_final(measure, deadline) {
        return measure.deadline.due_day().filter(|_| !line.item.said().is_final());
    }
    let silent = line.item.said() == ItemStatus::NotStarted;
    let missed = standing(measure, Some(&line.item), deadline) == Standing::Missed;
    (silent && missed).then(|| report.deadline())
}

/// What is still to be said in the own reports, from the day on which the measure begins.
#[must_use]
pub fn of_items(
    reports: &[ReportLine],
    items: &[ItemLine],
    duties: &Duties,
    today: NaiveDate,
) -> Vec<Obligation> {
    let obligation = |line: &ItemLine| {
        let report = reports.iter().find(|report| report.id == line.report_id)?;
        let due = asked_by(line, report, today)?;
        let id = format!("{}/{}", line.report_id, line.measure.id);
        let href = format!("/api/v1/reports/{}/items/{}", line.report_id, line.measure.id);
        let title = format!("{} {}", line.measure.code, brief(&line.measure.title));
        let subject = Subject { resource: "report-items", id, title, href };
        let start = line.measure.deadline.start_date;
        Some(Obligation::new(ObligationKind::FillItem, subject).from(start).due(Some(due)))
    };
    if !duties.fills {
        return Vec::new();
    }
    items.iter().filter_map(obligation).collect()
}

/// What remarks ask: an answer of the own side by the report's deadline once the report is
/// sent back; a look of the reviewer at what was answered.
#[must_use]
pub fn of_remarks(remarks: &[RemarkLine], side: Side, duties: &Duties) -> Vec<Obligation> {
    let obligation = |remark: &RemarkLine| {
        let own = side.owns(remark.school_id.is_some());
        let reviews = match &remark.school_id {
            Some(_) => duties.reviews || side == Side::Curator && duties.remarks,
            None => duties.reviews_own,
        };
        let kind = match remark.status {
            RemarkStatus::Open if own && duties.fills => ObligationKind::AnswerRemark,
            RemarkStatus::Open if side == Side::Curator => ObligationKind::AwaitAnswer,
            RemarkStatus::Answered if reviews && side != Side::School => ObligationKind::ResolveRemark,
            RemarkStatus::Open | RemarkStatus::Answered | RemarkStatus::Resolved => return None,
        };
        let text = brief(&remark.text);
        let title = match &remark.school_name {
            Some(school) if !own => format!("{school}: {text}"),
            _ => text,
        };
        let deadline = deadline_of(remark.report_deadline, remark.extension_until);
        let due = (kind == ObligationKind::AnswerRemark && remark.report == ReportStatus::Returned)
            .then_some(deadline);
        Some(Obligation::new(kind, Subject::of("remarks", remark.id.as_str(), title)).due(due))
    };
    remarks.iter().filter_map(obligation).collect()
}
