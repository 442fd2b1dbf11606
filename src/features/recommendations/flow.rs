//! What happens to recommendations, each within one transaction.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::domain::{self, AddresseeStatus, RecommendationAddressee, RecommendationStatus, Step};
use super::flow_check::check;
use super::store::{self, RecommendationRow};
use super::store_addressees::{self as addressees, AddresseeRow};
use crate::auth::Scope;
use crate::db::{AnyConnection, Change, Json, Op, Tx};
use crate::error::Error;
use crate::features::monitorings::{self, MonitoringRow};
use crate::features::schools;
use crate::kit::code::Code;
use crate::kit::id::{MonitoringId, NoteId, RecommendationId, SchoolId};
use crate::kit::text;
use crate::problems;

/// The text of a recommendation, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct RecommendationText {
    /// The monitoring it comes from.
    pub monitoring_id: Option<MonitoringId>,
    /// Its number in the note.
    pub code: String,
    /// Its place among those of the monitoring.
    pub position: i32,
    /// What is recommended.
    pub text: String,
    /// To whom.
    pub addressee: RecommendationAddressee,
    /// The schools, when they are named.
    pub school_ids: Vec<SchoolId>,
    /// The last day for carrying it out.
    pub due_date: Option<NaiveDate>,
    /// The conclusions it comes from.
    pub conclusion_codes: Vec<String>,
}

/// The recommendation a request is about, locked.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open(tx: &mut Tx, scope: &Scope, id: &RecommendationId) -> Result<RecommendationRow, Error> {
    store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)
}

/// Refuses a step that the recommendation's state does not allow.
///
/// # Errors
///
/// 409 with what stands in the way.
pub fn require(row: &RecommendationRow, step: Step) -> Result<(), Error> {
    let blockers = step.blockers(row.status, row.monitoring_id.is_some());
    if blockers.is_empty() {
        return Ok(());
    }
    Err(Error::blocked(&problems::RECOMMENDATION_STATE, &blockers))
}

/// Stores a draft.
///
/// # Errors
///
/// 409 for a monitoring whose note is signed or that is over; 422 for an unknown monitoring,
/// school or conclusion, and for schools that do not fit the addressee.
pub fn create(tx: &mut Tx, scope: &Scope, text: RecommendationText) -> Result<RecommendationRow, Error> {
    let municipality_id = scope.municipality().cloned().ok_or_else(Error::not_found)?;
    check(tx, scope, &text)?;
    let now = tx.now();
    let row = RecommendationRow {
        id: RecommendationId::generate(),
        municipality_id,
        note_id: None,
        search_text: searched(&text),
        monitoring_id: text.monitoring_id,
        code: text.code,
        position: text.position,
        text: text.text,
        addressee: text.addressee,
        school_ids: Json::of(text.school_ids)?,
        due_date: text.due_date,
        conclusion_codes: Json::of(text.conclusion_codes)?,
        status: RecommendationStatus::Draft,
        department_status: None,
        issued_at: None,
        cancel_reason: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(tx, &row)?;
    tx.record(change(&row, Op::Created, "create", None));
    Ok(row)
}

/// Replaces the text of a draft; an unchanged one keeps its version.
///
/// # Errors
///
/// As [`create`].
pub fn update(
    tx: &mut Tx,
    scope: &Scope,
    mut row: RecommendationRow,
    text: RecommendationText,
) -> Result<RecommendationRow, Error> {
    if text_of(&row) == text {
        return Ok(row);
    }
    check(tx, scope, &text)?;
    row.search_text = searched(&text);
    row.monitoring_id = text.monitoring_id;
    row.code = text.code;
    row.position = text.position;
    row.text = text.text;
    row.addressee = text.addressee;
    row.school_ids = Json::of(text.school_ids)?;
    row.due_date = text.due_date;
    row.conclusion_codes = Json::of(text.conclusion_codes)?;
    save(tx, row, "update", RecommendationStatus::Draft)
}

/// Moves the department's own part; the same state changes nothing.
///
/// # Errors
///
/// 409 where the diagram has no such move, or the department is not the addressee.
pub fn track(
    tx: &mut Tx,
    mut row: RecommendationRow,
    to: AddresseeStatus,
) -> Result<RecommendationRow, Error> {
    let blocked = |by| Error::blocked(&problems::RECOMMENDATION_STATE, &[by]);
    let from = row.department_status.ok_or_else(|| blocked("addressee-not-department"))?;
    if from == to {
        return Ok(row);
    }
    domain::step_between(from, to).ok_or_else(|| blocked("no-such-move"))?;
    row.department_status = Some(to);
    save(tx, row, "track", RecommendationStatus::Issued)
}

/// Deletes a draft.
///
/// # Errors
///
/// Database failures only.
pub fn delete(tx: &mut Tx, row: &RecommendationRow) -> Result<(), Error> {
    store::delete(tx, &row.id)?;
    tx.record(change(row, Op::Deleted, "delete", Some(row.status)));
    Ok(())
}

/// Withdraws a recommendation; addressees that have not begun are cancelled with it.
///
/// # Errors
///
/// Database failures only.
pub fn cancel(tx: &mut Tx, mut row: RecommendationRow, reason: String) -> Result<RecommendationRow, Error> {
    let not_begun = [AddresseeStatus::Issued, AddresseeStatus::Acknowledged];
    for mut addressee in addressees::all_of(tx, &row.id)? {
        if not_begun.contains(&addressee.status) {
            addressee.status = AddresseeStatus::Cancelled;
            addressee.version += 1;
            addressee.updated_at = tx.now();
            addressees::save(tx, &addressee)?;
        }
    }
    if row.department_status.is_some_and(|status| not_begun.contains(&status)) {
        row.department_status = Some(AddresseeStatus::Cancelled);
    }
    row.status = RecommendationStatus::Cancelled;
    row.cancel_reason = Some(reason);
    save(tx, row, "cancel", RecommendationStatus::Issued)
}

/// Gives a draft that stands outside of a note to its addressees.
///
/// # Errors
///
/// Database failures only.
pub fn issue(tx: &mut Tx, row: RecommendationRow) -> Result<RecommendationRow, Error> {
    let active = active_schools(tx, &row)?;
    issue_to(tx, row, active, None)
}

/// Issues every draft of a monitoring whose note is being signed.
///
/// `list_schools` are the schools of the snapshot that were not released, `all_schools`
/// those of the municipality that are active today.
///
/// # Errors
///
/// Database failures only.
pub fn issue_of_monitoring(tx: &mut Tx, monitoring: &MonitoringRow, note_id: &NoteId) -> Result<(), Error> {
    let drafts: Vec<RecommendationRow> = store::of_monitoring(tx, &monitoring.id)?
        .into_iter()
        .filter(|row| row.status == RecommendationStatus::Draft)
        .collect();
    let taking_part = |school: &monitorings::SnapshotSchool| school.released_on.is_none();
    let listed: Vec<SchoolId> = monitorings::schools_of(tx, &monitoring.id)?
        .into_iter()
        .filter(taking_part)
        .map(|school| school.school_id)
        .collect();
    for row in drafts {
        let schools = match row.addressee {
            RecommendationAddressee::ListSchools => listed.clone(),
            _ => active_schools(tx, &row)?,
        };
        issue_to(tx, row, schools, Some(note_id))?;
    }
    Ok(())
}

/// The active schools of the municipality that the recommendation means.
fn active_schools(conn: &mut AnyConnection, row: &RecommendationRow) -> Result<Vec<SchoolId>, Error> {
    if row.addressee == RecommendationAddressee::Department {
        return Ok(Vec::new());
    }
    let active = schools::active_of(conn, &row.municipality_id)?.into_iter().map(|school| school.id);
    let named: HashSet<&SchoolId> = row.school_ids.iter().collect();
    let all = row.addressee == RecommendationAddressee::AllSchools;
    Ok(active.filter(|id| all || named.contains(id)).collect())
}

fn issue_to(
    tx: &mut Tx,
    mut row: RecommendationRow,
    schools: Vec<SchoolId>,
    note_id: Option<&NoteId>,
) -> Result<RecommendationRow, Error> {
    let now = tx.now();
    let addressed: Vec<AddresseeRow> = schools
        .into_iter()
        .map(|school_id| AddresseeRow {
            recommendation_id: row.id.clone(),
            school_id,
            municipality_id: row.municipality_id.clone(),
            status: AddresseeStatus::Issued,
            comment: None,
            version: 1,
            updated_at: now,
        })
        .collect();
    addressees::add(tx, &addressed)?;
    if row.addressee == RecommendationAddressee::Department {
        row.department_status = Some(AddresseeStatus::Issued);
    }
    row.note_id = note_id.cloned();
    row.status = RecommendationStatus::Issued;
    row.issued_at = Some(now);
    save(tx, row, "issue", RecommendationStatus::Draft)
}

/// The text of a stored recommendation.
#[must_use]
pub fn text_of(row: &RecommendationRow) -> RecommendationText {
    RecommendationText {
        monitoring_id: row.monitoring_id.clone(),
        code: row.code.clone(),
        position: row.position,
        text: row.text.clone(),
        addressee: row.addressee,
        school_ids: row.school_ids.to_vec(),
        due_date: row.due_date,
        conclusion_codes: row.conclusion_codes.to_vec(),
    }
}

fn searched(text: &RecommendationText) -> String {
    text::folded(&format!("{} {}", text.code, text.text))
}

/// Stores a changed recommendation under its next version.
///
/// # Errors
///
/// Database failures only.
pub(super) fn save(
    tx: &mut Tx,
    mut row: RecommendationRow,
    action: &'static str,
    from: RecommendationStatus,
) -> Result<RecommendationRow, Error> {
    row.version += 1;
    row.updated_at = tx.now();
    store::update(tx, &row)?;
    tx.record(change(&row, Op::Updated, action, Some(from)));
    Ok(row)
}

impl RecommendationRow {
    /// The natural key: its monitoring, or the municipality where it has none, and its code. Nothing
    /// forbids two of one key.
    #[must_use]
    pub fn natural_key(&self) -> String {
        let of = self.monitoring_id.as_ref().map_or(self.municipality_id.as_str(), MonitoringId::as_str);
        format!("{of}/{}", self.code)
    }
}

fn change(
    row: &RecommendationRow,
    op: Op,
    action: &'static str,
    from: Option<RecommendationStatus>,
) -> Change {
    let visible = |status: RecommendationStatus| status != RecommendationStatus::Draft;
    Change::new(op, "recommendations", action, row.id.as_str(), row.version)
        .of(&row.municipality_id)
        .key(&row.natural_key())
        .visible(from.is_some_and(visible), op != Op::Deleted && visible(row.status))
        .status(from.map(Code::as_str), Some(row.status.as_str()))
        .reason(row.cancel_reason.as_deref())
}
