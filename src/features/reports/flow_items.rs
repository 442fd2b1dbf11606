//! What happens to the items of a report and their evidence, each within one transaction.

use super::domain::{EvidenceKind, ItemChange, item_rules};
use super::evidence;
use super::flow;
use super::store::{self, ReportRow};
use super::store_items::{self, EvidenceRow, ItemRow};
use super::store_views;
use super::view::ReportView;
use crate::auth::Scope;
use crate::db::{AnyConnection, Tx};
use crate::error::Error;
use crate::features::road_maps::Measure;
use crate::kit::id::{AccountId, EvidenceId, MeasureId};

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
}

/// The item of a measure in a locked report.
///
/// # Errors
///
/// 404 when the measure does not stand in the report.
pub fn open_item(tx: &mut Tx, view: &ReportView, id: &MeasureId) -> Result<(ItemRow, Measure), Error> {
    let item = store_items::find_item(tx, &view.row.id, id)?.ok_or_else(Error::not_found)?;
    let measure = view.measure(id).cloned().ok_or_else(Error::not_found)?;
    Ok((item, measure))
}

/// Writes an item; an unchanged one keeps its version and the report's.
///
/// # Errors
///
/// 422 with every broken rule.
pub fn write_item(
    tx: &mut Tx,
    report: ReportRow,
    mut item: ItemRow,
    measure: &Measure,
    change: ItemChange,
) -> Result<(), Error> {
    let violations = item_rules(&change, measure, tx.today());
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let kept = ItemChange {
        status: item.status,
        actual_date: item.actual_date,
        result: item.result.clone(),
        reason: item.reason.clone(),
    };
    if kept == change {
        return Ok(());
    }
    item.status = change.status;
    item.actual_date = change.actual_date;
    item.result = change.result;
    item.reason = change.reason;
    touch(tx, report, item, "update-item")
}

/// Attaches evidence to an item.
///
/// # Errors
///
/// 422 for an address that only the author's network can open.
pub fn attach(
    tx: &mut Tx,
    report: ReportRow,
    item: ItemRow,
    new: NewEvidence,
    by: &AccountId,
) -> Result<EvidenceRow, Error> {
    if let Some(broken) = evidence::address_rule(&new.url) {
        return Err(Error::invalid(vec![broken]));
    }
    let row = EvidenceRow {
        id: EvidenceId::generate(),
        report_id: item.report_id.clone(),
        measure_id: item.measure_id.clone(),
        kind: new.kind,
        title: new.title,
        requisites: new.requisites,
        url: new.url,
        contains_personal_data: new.contains_personal_data,
        created_by: by.clone(),
        created_at: tx.now(),
    };
    store_items::insert_evidence(tx, &row)?;
    touch(tx, report, item, "attach-evidence")?;
    Ok(row)
}

/// The report, locked, and the item that a piece of evidence belongs to.
///
/// # Errors
///
/// 404 for unknown evidence or outside `scope`.
pub fn open_evidence(tx: &mut Tx, scope: &Scope, id: &EvidenceId) -> Result<(ReportView, ItemRow), Error> {
    let (report, measure) = store_items::place_of_evidence(tx, id)?.ok_or_else(Error::not_found)?;
    let view = flow::open(tx, scope, &report)?;
    let (item, _) = open_item(tx, &view, &measure)?;
    // Asked again under the lock: somebody else may have taken it away meanwhile.
    store_items::place_of_evidence(tx, id)?.ok_or_else(Error::not_found)?;
    Ok((view, item))
}

/// Takes evidence away from an item.
///
/// # Errors
///
/// Database failures only.
pub fn detach(tx: &mut Tx, report: ReportRow, item: ItemRow, id: &EvidenceId) -> Result<(), Error> {
    store_items::delete_evidence(tx, id)?;
    touch(tx, report, item, "remove-evidence")
}

/// Raises the versions of the item and of its report.
fn touch(tx: &mut Tx, report: ReportRow, mut item: ItemRow, action: &'static str) -> Result<(), Error> {
    item.version += 1;
    item.updated_at = tx.now();
    store_items::update_item(tx, &item)?;
    let from = report.status;
    flow::save(tx, report, action, from, None)?;
    Ok(())
}

/// The report that a piece of evidence belongs to.
///
/// # Errors
///
/// 404 for unknown evidence or outside `scope`.
pub fn report_of_evidence(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &EvidenceId,
) -> Result<ReportView, Error> {
    let (report, _) = store_items::place_of_evidence(conn, id)?.ok_or_else(Error::not_found)?;
    let row = store::find(conn, scope, &report)?.ok_or_else(Error::not_found)?;
    Ok(store_views::view(conn, row)?)
}
