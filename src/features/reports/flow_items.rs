//! What happens to the items of a report, each within one transaction.

use super::domain::{ItemChange, item_rules};
use super::flow;
use super::flow_numbers::units_of;
use super::guard::{self, Guarded};
use super::numbers::number_rules;
use super::store;
use super::store_items;
use super::store_views;
use super::view::ItemView;
use crate::auth::Scope;
use crate::db::{AnyConnection, Tx};
use crate::error::Error;
use crate::kit::id::{MeasureId, ReportId};

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

/// Writes an item; an unchanged one keeps its version and the report's, unless it was carried
/// over: then somebody has looked at it now.
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
    let mut violations = item_rules(&change, &view.measure, tx.today());
    let units = units_of(tx, &view.row.municipality_id, [&change.numbers])?;
    violations.extend(number_rules(&change.numbers, &view.measure, &units));
    let new = [
        ("/result", change.result.as_deref(), view.item.result.as_deref()),
        ("/reason", change.reason.as_deref(), view.item.reason.as_deref()),
    ];
    guard::admit(tx, &view.row, &Guarded::changed(confirmed, &new), violations)?;
    if view.item.content() == change && !view.item.carried_over {
        return Ok(view);
    }
    view.item.replace(change, tx.now())?;
    store(tx, view, "update-item")
}

/// Raises the versions of the item and of its report; somebody has looked at it now.
///
/// # Errors
///
/// Database failures only.
pub(super) fn touch(tx: &mut Tx, mut view: ItemView, action: &'static str) -> Result<ItemView, Error> {
    view.item.touch(tx.now());
    store(tx, view, action)
}

fn store(tx: &mut Tx, mut view: ItemView, action: &'static str) -> Result<ItemView, Error> {
    store_items::update_item(tx, &view.item)?;
    let from = view.row.status;
    view.row = flow::save(tx, view.row, action, from, None)?;
    Ok(view)
}
