//! What happens to the items of a report and their evidence, each within one transaction.

use super::domain::{EvidenceKind, ItemChange, item_rules};
use super::evidence;
use super::flow;
use super::guard::{self, Guarded};
use super::store;
use super::store_items::{self, EvidenceRow};
use super::store_views;
use super::view::ItemView;
use crate::auth::Scope;
use crate::db::{AnyConnection, Tx};
use crate::error::Error;
use crate::kit::id::{AccountId, EvidenceId, MeasureId, ReportId};
use crate::kit::violation::Violation;

/// A new piece of evidence.
#[derive(Debug, Clone)]
pub struct NewEvidence {
    /// What kind of document.
    pub kind: EvidenceKind,
    /// Its title.
    pub title: String,
    /// Its number and date.
    pub requisites: Option<String>,
    /// Where it is.
    pub url: String,
    /// Whether only the school and its municipality's department read it.
    pub contains_personal_data: bool,
    /// What looks like personal data in its title belongs there.
    pub personal_data_confirmed: bool,
}

/// The item of a measure, its report locked.
///
/// # Errors
///
/// 404 outside `scope`, and when the measure does not stand in the report.
pub fn open_item(tx: &mut Tx, scope: &Scope, id: &ReportId, measure: &MeasureId) -> Result<ItemView, Error> {
    store::lock_one(tx, id)?;
    find_item(tx, scope, id, measure)
}

/// The item of a measure, to be read.
///
/// # Errors
///
/// As [`open_item`].
pub fn find_item(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &ReportId,
    measure: &MeasureId,
) -> Result<ItemView, Error> {
    store_views::item_view(conn, scope, id, measure)?.ok_or_else(Error::not_found)
}

/// Writes an item; an unchanged one keeps its version and the report's.
///
/// # Errors
///
/// 422 with every broken rule, personal data that nobody `confirmed` among them.
pub fn write_item(
    tx: &mut Tx,
    mut view: ItemView,
    change: ItemChange,
    confirmed: bool,
) -> Result<ItemView, Error> {
    let violations = item_rules(&change, &view.measure, tx.today());
    let new = [
        ("/result", change.result.as_deref(), view.item.result.as_deref()),
        ("/reason", change.reason.as_deref(), view.item.reason.as_deref()),
    ];
    guard::admit(tx, &view.row.id, &Guarded::changed(confirmed, &new), violations)?;
    let item = &mut view.item;
    let kept = ItemChange {
        status: item.status,
        actual_date: item.actual_date,
        result: item.result.clone(),
        reason: item.reason.clone(),
    };
    if kept == change {
        return Ok(view);
    }
    item.status = change.status;
    item.actual_date = change.actual_date;
    item.result = change.result;
    item.reason = change.reason;
    touch(tx, view, "update-item")
}

/// Attaches evidence to an item.
///
/// # Errors
///
/// 422 for an address that only the author's network can open, and for personal data in the
/// title that nobody confirmed.
pub fn attach(tx: &mut Tx, view: ItemView, new: NewEvidence, by: &AccountId) -> Result<EvidenceRow, Error> {
    let broken: Vec<Violation> = evidence::address_rule(&new.url).into_iter().collect();
    let texts =
        [("/title", Some(new.title.as_str()), None), ("/requisites", new.requisites.as_deref(), None)];
    guard::admit(tx, &view.row.id, &Guarded::changed(new.personal_data_confirmed, &texts), broken)?;
    let row = EvidenceRow {
        id: EvidenceId::generate(),
        report_id: view.item.report_id.clone(),
        measure_id: view.item.measure_id.clone(),
        kind: new.kind,
        title: new.title,
        requisites: new.requisites,
        url: new.url,
        contains_personal_data: new.contains_personal_data,
        created_by: by.clone(),
        created_at: tx.now(),
    };
    store_items::insert_evidence(tx, &row)?;
    touch(tx, view, "attach-evidence")?;
    Ok(row)
}

/// The item that a piece of evidence belongs to, its report locked.
///
/// # Errors
///
/// 404 for unknown evidence or outside `scope`.
pub fn open_evidence(tx: &mut Tx, scope: &Scope, id: &EvidenceId) -> Result<ItemView, Error> {
    let (report, measure) = store_items::place_of_evidence(tx, id)?.ok_or_else(Error::not_found)?;
    let view = open_item(tx, scope, &report, &measure)?;
    // Asked again under the lock: somebody else may have taken it away meanwhile.
    store_items::place_of_evidence(tx, id)?.ok_or_else(Error::not_found)?;
    Ok(view)
}

/// Takes evidence away from an item.
///
/// # Errors
///
/// Database failures only.
pub fn detach(tx: &mut Tx, view: ItemView, id: &EvidenceId) -> Result<(), Error> {
    store_items::delete_evidence(tx, id)?;
    touch(tx, view, "remove-evidence").map(|_| ())
}

/// Raises the versions of the item and of its report.
fn touch(tx: &mut Tx, mut view: ItemView, action: &'static str) -> Result<ItemView, Error> {
    view.item.version += 1;
    view.item.updated_at = tx.now();
    store_items::update_item(tx, &view.item)?;
    let from = view.row.status;
    view.row = flow::save(tx, view.row, action, from, None)?;
    Ok(view)
}

/// The item that a piece of evidence belongs to, to be read.
///
/// # Errors
///
/// 404 for unknown evidence or outside `scope`.
pub fn item_of_evidence(conn: &mut AnyConnection, scope: &Scope, id: &EvidenceId) -> Result<ItemView, Error> {
    let (report, measure) = store_items::place_of_evidence(conn, id)?.ok_or_else(Error::not_found)?;
    find_item(conn, scope, &report, &measure)
}
