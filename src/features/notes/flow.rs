//! What happens to notes until they are signed, each within one transaction.

use chrono::{Datelike, NaiveDate};

use super::domain::{NoteStatus, Step};
use super::store::{self, MissingReport, NoteRow};
use crate::auth::Scope;
use crate::db::{Change, Json, Op, Tx};
use crate::error::Error;
use crate::features::monitorings::{self, MonitoringRow, MonitoringStatus};
use crate::features::municipalities;
use crate::features::reports;
use crate::kit::code::Code;
use crate::kit::id::{MonitoringId, NoteId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// The text of a note that its author gives, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct NoteText {
    /// Title, without the kind of the document.
    pub title: String,
    /// Its date.
    pub date: Option<NaiveDate>,
    /// Where it is made; `None`: where the municipality makes its documents.
    pub place: Option<String>,
    /// Opening text; `None`: the usual one.
    pub preamble: Option<String>,
    /// Position of the signatory.
    pub signer_position: Option<String>,
    /// Initials and surname of the signatory.
    pub signer_name: Option<String>,
    /// Reports that it does without.
    pub missing_reports: Vec<MissingReport>,
}

/// The note a request is about, locked.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open(tx: &mut Tx, scope: &Scope, id: &NoteId) -> Result<NoteRow, Error> {
    store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)
}

/// Refuses a step that the note's state does not allow.
///
/// # Errors
///
/// 409 with what stands in the way.
pub fn require(row: &NoteRow, step: Step) -> Result<(), Error> {
    let blockers = step.blockers(row.status);
    if blockers.is_empty() { Ok(()) } else { Err(Error::blocked(&problems::NOTE_STATE, &blockers)) }
}

/// Refuses a note before the collection is closed, and a second one.
///
/// # Errors
///
/// 409 `monitoring-state` or `note-exists`.
pub fn require_noteless(tx: &mut Tx, monitoring: &MonitoringRow) -> Result<(), Error> {
    if store::has_one(tx, &monitoring.id)? {
        return Err(Error::refuse(&problems::NOTE_EXISTS));
    }
    let blocker = match monitoring.status {
        MonitoringStatus::Collected | MonitoringStatus::Analysed => return Ok(()),
        MonitoringStatus::Planned => "monitoring-planned",
        MonitoringStatus::Open => "monitoring-open",
        MonitoringStatus::Completed => "monitoring-completed",
        MonitoringStatus::Cancelled => "monitoring-cancelled",
    };
    Err(Error::blocked(&problems::MONITORING_STATE, &[blocker]))
}

/// Stores a draft.
///
/// # Errors
///
/// 409 `note-exists`; 422 for a report that is not of the monitoring.
pub fn create(
    tx: &mut Tx,
    scope: &Scope,
    monitoring: &MonitoringRow,
    text: NoteText,
) -> Result<NoteRow, Error> {
    check_missing(tx, &monitoring.id, &text.missing_reports)?;
    let place = place_of(tx, scope, monitoring, text.place)?;
    let now = tx.now();
    let row = NoteRow {
        id: NoteId::generate(),
        municipality_id: monitoring.municipality_id.clone(),
        monitoring_id: monitoring.id.clone(),
        year: monitoring.period_end.year(),
        status: NoteStatus::Draft,
        title: text.title,
        date: text.date,
        place,
        preamble: text.preamble,
        missing_reports: Json::of(text.missing_reports)?,
        signer_position: text.signer_position,
        signer_name: text.signer_name,
        number: None,
        registered_on: None,
        return_reason: None,
        hash: None,
        signed_by: None,
        signed_at: None,
        published_at: None,
        replaces_id: None,
        replaced_by_id: None,
        version: 1,
        created_at: now,
        updated_at: now,
        signed_municipality: None,
        signed_authority: None,
    };
    insert(tx, &row)?;
    Ok(row)
}

/// Stores a new note.
///
/// # Errors
///
/// 409 `note-exists` when the monitoring has one in work.
pub(super) fn insert(tx: &mut Tx, row: &NoteRow) -> Result<(), Error> {
    store::insert(tx, row).map_err(Error::on_duplicate(&problems::NOTE_EXISTS))?;
    tx.record(change(row, Op::Created, "create", None));
    Ok(())
}

/// Replaces the text of a draft; an unchanged one keeps its version.
///
/// # Errors
///
/// As [`create`].
pub fn update(tx: &mut Tx, scope: &Scope, mut row: NoteRow, text: NoteText) -> Result<NoteRow, Error> {
    if text_of(&row) == text {
        return Ok(row);
    }
    let monitoring = monitorings::lock(tx, scope, &row.monitoring_id)?;
    check_missing(tx, &row.monitoring_id, &text.missing_reports)?;
    row.place = place_of(tx, scope, &monitoring, text.place)?;
    row.title = text.title;
    row.date = text.date;
    row.preamble = text.preamble;
    row.signer_position = text.signer_position;
    row.signer_name = text.signer_name;
    row.missing_reports = Json::of(text.missing_reports)?;
    save(tx, row, "update", NoteStatus::Draft)
}

/// Gives a draft to the head.
///
/// # Errors
///
/// Database failures only.
pub fn submit(tx: &mut Tx, mut row: NoteRow) -> Result<NoteRow, Error> {
    row.status = NoteStatus::OnApproval;
    row.return_reason = None;
    save(tx, row, "submit", NoteStatus::Draft)
}

/// Gives a note back to its author.
///
/// # Errors
///
/// Database failures only.
pub fn give_back(tx: &mut Tx, mut row: NoteRow, reason: String) -> Result<NoteRow, Error> {
    row.status = NoteStatus::Draft;
    row.return_reason = Some(reason);
    save(tx, row, "return", NoteStatus::OnApproval)
}

/// The text of a stored note.
#[must_use]
pub fn text_of(row: &NoteRow) -> NoteText {
    NoteText {
        title: row.title.clone(),
        date: row.date,
        place: Some(row.place.clone()),
        preamble: row.preamble.clone(),
        signer_position: row.signer_position.clone(),
        signer_name: row.signer_name.clone(),
        missing_reports: row.missing_reports.to_vec(),
    }
}

fn place_of(
    tx: &mut Tx,
    scope: &Scope,
    monitoring: &MonitoringRow,
    given: Option<String>,
) -> Result<String, Error> {
    match given {
        Some(place) => Ok(place),
        None => {
            let municipality = municipalities::find(tx, scope, &monitoring.municipality_id)?;
            Ok(municipality.ok_or(diesel::NotFound)?.place)
        }
    }
}

/// Every named report is one of the monitoring, and named once.
fn check_missing(tx: &mut Tx, monitoring: &MonitoringId, missing: &[MissingReport]) -> Result<(), Error> {
    if missing.is_empty() {
        return Ok(());
    }
    let known = reports::subjects_of(tx, monitoring)?;
    let mut violations = Vec::new();
    for (place, named) in missing.iter().enumerate() {
        let pointer = format!("/missing_reports/{place}/report_id");
        if known.iter().all(|report| report.report_id != named.report_id) {
            let detail = Bi::fixed("В мониторинге нет такого отчёта", "The monitoring has no such report");
            violations.push(Violation::new(pointer, "unknown-reference", detail));
        } else if missing.iter().take(place).any(|earlier| earlier.report_id == named.report_id) {
            let detail = Bi::fixed("Отчёт указан дважды", "The report stands twice");
            violations.push(Violation::new(pointer, "duplicate", detail));
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid(violations)) }
}

/// Stores a changed note with a new version and its journal.
///
/// # Errors
///
/// Database failures only.
pub(super) fn save(
    tx: &mut Tx,
    mut row: NoteRow,
    action: &'static str,
    from: NoteStatus,
) -> Result<NoteRow, Error> {
    row.version += 1;
    row.updated_at = tx.now();
    store::update(tx, &row)?;
    let reason = (action == "return").then_some(row.return_reason.as_deref()).flatten();
    tx.record(change(&row, Op::Updated, action, Some(from)).reason(reason));
    Ok(row)
}

fn change(row: &NoteRow, op: Op, action: &'static str, from: Option<NoteStatus>) -> Change {
    let change = Change::new(op, "notes", action, row.id.as_str(), row.version)
        .of(&row.municipality_id)
        .visible(from.is_some_and(NoteStatus::is_signed), row.status.is_signed())
        .status(from.map(Code::as_str), Some(row.status.as_str()));
    match &row.hash {
        // The natural key: what its footer prints, once it is signed.
        Some(hash) => change.key(hash),
        None => change,
    }
}
