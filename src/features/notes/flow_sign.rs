//! What happens to notes from the signature on, each within one transaction.

use chrono::NaiveDate;

use super::domain::{self, NoteStatus};
use super::flow::{insert, save};
use super::flow_snapshot::{Sources, is_settled};
use super::store::{self, NoteRow};
use crate::auth::Scope;
use crate::db::{Json, Tx};
use crate::error::Error;
use crate::features::conclusions;
use crate::features::monitorings::{self, MonitoringRow, MonitoringStatus};
use crate::features::recommendations;
use crate::kit::id::{NoteId, ReportId};
use crate::problems;

/// Refuses to sign while the monitoring is not analysed, or a report is neither accepted,
/// nor released, nor named as missing.
///
/// # Errors
///
/// 409 `note-not-ready` with what stands in the way.
pub fn require_ready(row: &NoteRow, sources: &Sources) -> Result<(), Error> {
    let named = |id: &ReportId| row.missing_reports.iter().any(|missing| missing.report_id == *id);
    let mut blockers = Vec::new();
    if sources.monitoring.status != MonitoringStatus::Analysed {
        blockers.push("monitoring-not-analysed");
    }
    if sources.reports.iter().any(|report| !is_settled(report) && !named(&report.report_id)) {
        blockers.push("report-not-accepted");
    }
    if blockers.is_empty() { Ok(()) } else { Err(Error::blocked(&problems::NOTE_NOT_READY, &blockers)) }
}

/// Signs: freezes what the note says, its conclusions and the monitoring's reports, and
/// issues the monitoring's recommendations.
///
/// # Errors
///
/// 422 for a date out of bounds and a missing signatory.
pub fn sign(tx: &mut Tx, mut row: NoteRow, sources: &Sources) -> Result<NoteRow, Error> {
    let signer = (row.signer_position.as_deref(), row.signer_name.as_deref());
    let violations = domain::check_signable(row.date, signer, sources.order.date, tx.today());
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let snapshot = sources.snapshot(&row, tx.today());
    row.hash = Some(snapshot.hash()?);
    row.signed_municipality = Some(snapshot.municipality_name.clone());
    row.signed_authority = Some(snapshot.authority_name.clone());
    store::keep_snapshot(tx, &row.id, &Json::of(snapshot)?)?;
    row.status = NoteStatus::Signed;
    row.signed_by = tx.actor().account_id.clone();
    row.signed_at = Some(tx.now());
    let row = save(tx, row, "sign", NoteStatus::OnApproval)?;
    conclusions::freeze(tx, &sources.monitoring, &sources.conclusions)?;
    recommendations::issue_of_monitoring(tx, &sources.monitoring, &row.id)?;
    monitorings::freeze(tx, &sources.monitoring)?;
    Ok(row)
}

/// Enters number and day of registration; a note that this one replaces ends.
///
/// # Errors
///
/// 422 for a day before the note or after today.
pub fn register(
    tx: &mut Tx,
    scope: &Scope,
    mut row: NoteRow,
    number: Option<String>,
    day: NaiveDate,
) -> Result<NoteRow, Error> {
    let violations = domain::check_registered_on(day, row.date, tx.today());
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    row.status = NoteStatus::Registered;
    row.number = number;
    row.registered_on = Some(day);
    let row = save(tx, row, "register", NoteStatus::Signed)?;
    // A signed note may itself have been replaced before it was registered: the whole
    // chain behind this one ends.
    let mut earlier = row.replaces_id.clone();
    while let Some(id) = earlier {
        let mut old = store::find_for_change(tx, scope, &id)?.ok_or(diesel::NotFound)?;
        earlier = old.replaces_id.clone();
        let from = old.status;
        if from != NoteStatus::Replaced {
            old.status = NoteStatus::Replaced;
            old.replaced_by_id = Some(row.id.clone());
            save(tx, old, "supersede", from)?;
        }
    }
    Ok(row)
}

/// Opens a registered note to everybody.
///
/// # Errors
///
/// Database failures only.
pub fn publish(tx: &mut Tx, mut row: NoteRow) -> Result<NoteRow, Error> {
    row.status = NoteStatus::Published;
    row.published_at = Some(tx.now());
    save(tx, row, "publish", NoteStatus::Registered)
}

/// Begins a note in the place of a signed one: its draft, and a monitoring that thaws. The
/// signed note stands until the new one is registered.
///
/// # Errors
///
/// 409 `note-exists` while another note is to replace it.
pub fn replace(tx: &mut Tx, old: &NoteRow, monitoring: &MonitoringRow) -> Result<NoteRow, Error> {
    if store::has_successor(tx, &old.id)? {
        return Err(Error::refuse(&problems::NOTE_EXISTS));
    }
    let now = tx.now();
    let draft = NoteRow {
        id: NoteId::generate(),
        status: NoteStatus::Draft,
        date: None,
        missing_reports: Json::of(Vec::new())?,
        number: None,
        registered_on: None,
        return_reason: None,
        hash: None,
        signed_by: None,
        signed_at: None,
        published_at: None,
        replaces_id: Some(old.id.clone()),
        replaced_by_id: None,
        version: 1,
        created_at: now,
        updated_at: now,
        signed_municipality: None,
        signed_authority: None,
        ..old.clone()
    };
    insert(tx, &draft)?;
    conclusions::thaw(tx, monitoring)?;
    monitorings::thaw(tx, monitoring)?;
    Ok(draft)
}
