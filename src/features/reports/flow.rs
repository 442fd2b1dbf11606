//! What happens to a report as a whole, each within one transaction.

use super::content::{Content, ContentShown, ItemContent};
use super::domain::ReportStatus;
use super::flow_numbers;
use super::guard::{self, Guarded};
use super::lifecycle::{Circumstances, ReportStep};
use super::numbers::contradictions;
use super::store::{self, ReportRow};
use super::store_items;
use super::store_versions::{self, VersionRow};
use super::store_views;
use super::submission::submit_violations;
use super::view::{ItemView, ReportView};
use crate::auth::Scope;
use crate::db::{AnyConnection, Change, Op, Tx};
use crate::error::Error;
use crate::features::indicators;
use crate::features::monitorings;
use crate::kit::code::Code;
use crate::kit::id::{AccountId, ReportId, SchoolId};
use crate::problems;

/// The texts of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportText {
    /// What was done, in a word.
    pub summary: Option<String>,
    /// What stood in the way.
    pub problems: Option<String>,
}

/// The report a change of its texts, items or evidence is about, locked.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open(tx: &mut Tx, scope: &Scope, id: &ReportId) -> Result<ReportView, Error> {
    let row = store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)?;
    Ok(store_views::view(tx, row)?)
}

/// The report a transition is about, locked after its monitoring: whoever moves the
/// monitoring on counts its reports under the same lock.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open_for_step(tx: &mut Tx, scope: &Scope, id: &ReportId) -> Result<ReportView, Error> {
    let row = store::find(tx, scope, id)?.ok_or_else(Error::not_found)?;
    monitorings::lock(tx, scope, &row.monitoring_id)?;
    open(tx, scope, id)
}

/// Refuses a step that the report's or the monitoring's state does not allow.
///
/// # Errors
///
/// 409 with what stands in the way.
pub fn require(tx: &Tx, view: &ReportView, step: ReportStep) -> Result<(), Error> {
    require_in(view.circumstances(tx.today()), step)
}

/// As [`require`], where only the circumstances are known.
///
/// # Errors
///
/// As [`require`].
pub fn require_in(circumstances: Circumstances, step: ReportStep) -> Result<(), Error> {
    let blockers = circumstances.blockers(step);
    let problem = match (blockers.first().copied(), step) {
        (None, _) => return Ok(()),
        (Some("collection-closed"), _) => &problems::COLLECTION_CLOSED,
        (Some("monitoring-analysed"), ReportStep::Submit) => &problems::COLLECTION_CLOSED,
        (Some("monitoring-frozen"), _) => &problems::MONITORING_FROZEN,
        (Some(_), ReportStep::Update) => &problems::REPORT_NOT_EDITABLE,
        (Some(_), _) => &problems::REPORT_STATE,
    };
    Err(Error::blocked(problem, &blockers))
}

/// What a reader sees of a report's texts and items.
///
/// # Errors
///
/// The database's own, or a kept submission that cannot be read.
pub fn content(
    conn: &mut AnyConnection,
    row: &ReportRow,
    shown: ContentShown,
    personal_data: bool,
) -> Result<Content, Error> {
    let content = match shown {
        ContentShown::Current => store_items::current(conn, row)?,
        ContentShown::LastSubmitted => {
            let kept = store_versions::find(conn, &row.id, row.submission)?;
            serde_json::from_str(&kept.ok_or(diesel::NotFound)?.content)?
        }
        ContentShown::Hidden => Content::hidden(),
    };
    Ok(if personal_data { content } else { content.without_personal_data() })
}

/// What a reader sees of one item; `None` when he sees nothing of it.
///
/// # Errors
///
/// As [`content`].
pub fn item_content(
    conn: &mut AnyConnection,
    view: &ItemView,
    shown: ContentShown,
    personal_data: bool,
) -> Result<Option<ItemContent>, Error> {
    let item = match shown {
        ContentShown::Current => Some(store_items::with_evidence(conn, view)?),
        ContentShown::LastSubmitted | ContentShown::Hidden => {
            let content = content(conn, &view.row, shown, true)?;
            content.items.into_iter().find(|item| item.measure_id == view.measure.id)
        }
    };
    Ok(item.map(|item| if personal_data { item } else { item.without_personal_data() }))
}

/// Replaces the texts; unchanged ones keep the version.
///
/// # Errors
///
/// 422 for personal data that nobody `confirmed`.
pub fn update_text(
    tx: &mut Tx,
    mut row: ReportRow,
    text: ReportText,
    confirmed: bool,
) -> Result<ReportRow, Error> {
    if text_of(&row) == text {
        return Ok(row);
    }
    let new = [
        ("/summary", text.summary.as_deref(), row.summary.as_deref()),
        ("/problems", text.problems.as_deref(), row.problems.as_deref()),
    ];
    guard::admit(tx, &row, &Guarded::changed(confirmed, &new), Vec::new())?;
    row.summary = text.summary;
    row.problems = text.problems;
    let from = row.status;
    save(tx, row, "update", from, None)
}

/// The texts of a stored report.
#[must_use]
pub fn text_of(row: &ReportRow) -> ReportText {
    ReportText { summary: row.summary.clone(), problems: row.problems.clone() }
}

/// Notes that the review of this submission started; from then on it is not taken back.
///
/// # Errors
///
/// Database failures only.
pub fn start_review(tx: &mut Tx, mut row: ReportRow) -> Result<ReportRow, Error> {
    if row.review_started_at.is_some() {
        return Ok(row);
    }
    row.review_started_at = Some(tx.now());
    let from = row.status;
    save(tx, row, "start-review", from, None)
}

/// Sends the report for review and keeps what was sent.
///
/// # Errors
///
/// 422 with everything that is missing, pointers `/items/{code}`.
pub fn submit(tx: &mut Tx, view: ReportView, by: &AccountId) -> Result<ReportRow, Error> {
    let measures = view.measures();
    let content = store_items::current(tx, &view.row)?;
    let mut violations = submit_violations(&measures, &view.items, view.monitoring.report_deadline);
    violations.extend(contradictions(&measures, &content.items));
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let mut row = view.row;
    let from = row.status;
    row.status = ReportStatus::Submitted;
    row.submission += 1;
    row.submitted_at = Some(tx.now());
    row.first_submitted_at = row.first_submitted_at.or(row.submitted_at);
    row.submitted_by = Some(by.clone());
    row.review_started_at = None;
    let row = save(tx, row, "submit", from, None)?;
    let version = VersionRow {
        report_id: row.id.clone(),
        number: row.submission,
        content: serde_json::to_string(&content)?,
        submitted_by: by.clone(),
        submitted_at: tx.now(),
    };
    store_versions::insert(tx, &version)?;
    Ok(row)
}

/// Takes a submitted report back: unless an earlier one was returned, nothing was submitted yet.
///
/// # Errors
///
/// Database failures only.
pub fn withdraw(tx: &mut Tx, mut row: ReportRow) -> Result<ReportRow, Error> {
    let from = row.status;
    row.status = ReportStatus::Draft;
    if row.returned_at.is_none() {
        row.first_submitted_at = None;
    }
    row.submitted_at = None;
    row.submitted_by = None;
    save(tx, row, "withdraw", from, None)
}

/// Sends a submitted or accepted report back; its numbers are confirmed no more.
///
/// # Errors
///
/// 422 for personal data in the reason that nobody `confirmed`.
pub fn send_back(
    tx: &mut Tx,
    mut row: ReportRow,
    reason: Option<String>,
    confirmed: bool,
) -> Result<ReportRow, Error> {
    let new = [("/reason", reason.as_deref(), None)];
    guard::admit(tx, &row, &Guarded::changed(confirmed, &new), Vec::new())?;
    let from = row.status;
    row.status = ReportStatus::Returned;
    row.returned_at = Some(tx.now());
    row.return_reason.clone_from(&reason);
    row.accepted_at = None;
    row.accepted_by = None;
    indicators::reopen(tx, &row.municipality_id, &row.id)?;
    save(tx, row, "return", from, reason.as_deref())
}

/// Accepts a submitted report, and confirms the numbers that it tells.
///
/// # Errors
///
/// 409 `own-report` for the person who submitted it, `value-from-report` when an accepted report of
/// another monitoring told another number for the same period.
pub fn accept(tx: &mut Tx, view: ReportView, by: &AccountId) -> Result<ReportRow, Error> {
    let mut row = view.row.clone();
    if row.submitted_by.as_ref() == Some(by) {
        return Err(Error::refuse(&problems::OWN_REPORT));
    }
    let from = row.status;
    row.status = ReportStatus::Accepted;
    row.accepted_at = Some(tx.now());
    row.accepted_by = Some(by.clone());
    row.review_started_at = row.review_started_at.or(row.accepted_at);
    flow_numbers::confirm(tx, &view)?;
    save(tx, row, "accept", from, None)
}

/// Ends a report: the school takes part no more, or the monitoring is given up.
///
/// # Errors
///
/// Database failures only.
pub(super) fn cancel(tx: &mut Tx, mut row: ReportRow, reason: &str) -> Result<ReportRow, Error> {
    let from = row.status;
    row.status = ReportStatus::Cancelled;
    indicators::reopen(tx, &row.municipality_id, &row.id)?;
    save(tx, row, "cancel", from, Some(reason))
}

/// Stores a changed report under its next version.
///
/// # Errors
///
/// Database failures only.
pub(super) fn save(
    tx: &mut Tx,
    mut row: ReportRow,
    action: &'static str,
    from: ReportStatus,
    reason: Option<&str>,
) -> Result<ReportRow, Error> {
    row.version += 1;
    row.updated_at = tx.now();
    store::update(tx, &row)?;
    record(tx, &row, Op::Updated, action, Some(from), reason);
    Ok(row)
}

impl ReportRow {
    /// The natural key: its monitoring and its school, or `municipality`.
    #[must_use]
    pub fn natural_key(&self) -> String {
        let whose = self.school_id.as_ref().map_or("municipality", SchoolId::as_str);
        format!("{}/{whose}", self.monitoring_id)
    }
}

/// Notes a change of a report; regional readers see accepted ones.
pub(super) fn record(
    tx: &mut Tx,
    row: &ReportRow,
    op: Op,
    action: &'static str,
    from: Option<ReportStatus>,
    reason: Option<&str>,
) {
    let visible = |status: ReportStatus| status == ReportStatus::Accepted;
    tx.record(
        Change::new(op, "reports", action, row.id.as_str(), row.version)
            .of(&row.municipality_id)
            .key(&row.natural_key())
            .visible(from.is_some_and(visible), visible(row.status))
            .status(from.map(Code::as_str), Some(row.status.as_str()))
            .reason(reason),
    );
}
