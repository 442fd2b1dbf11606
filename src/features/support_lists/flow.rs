//! What happens to support lists, each within one transaction.

use chrono::NaiveDate;

use super::domain::{self, ListCategory, ListLevel, ListStatus, Step};
use super::entries;
use super::store::{self, ListView, SupportListRow};
use crate::auth::Scope;
use crate::db::{Change, Op, Tx};
use crate::error::Error;
use crate::features::orders;
use crate::kit::code::Code;
use crate::kit::id::{OrderId, SupportListId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems::{self, ProblemType};

/// What a list says of itself, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct ListText {
    /// Level of the body that made it.
    pub level: ListLevel,
    /// Why schools stand in it.
    pub category: ListCategory,
    /// Calendar year of the results.
    pub results_year: i32,
    /// The order that approves it.
    pub order_id: OrderId,
    /// First day in force.
    pub valid_from: Option<NaiveDate>,
    /// Last day in force.
    pub valid_to: Option<NaiveDate>,
}

/// The list a request is about, locked.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open(tx: &mut Tx, scope: &Scope, id: &SupportListId) -> Result<SupportListRow, Error> {
    store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)
}

/// Refuses a step that the state of the list, of its order or of a monitoring does not allow.
///
/// # Errors
///
/// 409 with everything that stands in the way.
pub fn require(tx: &mut Tx, scope: &Scope, row: SupportListRow, step: Step) -> Result<SupportListRow, Error> {
    if step == Step::Approve {
        // Lists before orders, as everywhere: entries of the replaced list may wait for the same order.
        store::replaced_by(tx, &row)?;
        orders::find_for_change(tx, scope, &row.order_id)?;
    }
    let ListView { row, facts } = store::view(tx, scope, row)?;
    let blockers = step.blockers(row.status, facts);
    match blockers.first() {
        None => Ok(row),
        Some(first) => Err(Error::blocked(problem_of(first), &blockers)),
    }
}

fn problem_of(blocker: &str) -> &'static ProblemType {
    match blocker {
        "order-not-registered" => &problems::ORDER_NOT_REGISTERED,
        "support-list-empty" => &problems::SUPPORT_LIST_EMPTY,
        "support-list-in-use" => &problems::SUPPORT_LIST_IN_USE,
        _ => &problems::SUPPORT_LIST_STATE,
    }
}

/// Stores a draft.
///
/// # Errors
///
/// 422 for an order out of reach and for dates that do not fit.
pub fn create(tx: &mut Tx, scope: &Scope, text: ListText) -> Result<SupportListRow, Error> {
    let municipality = scope.municipality().cloned().ok_or_else(Error::not_found)?;
    check(tx, scope, &text)?;
    let now = tx.now();
    let row = SupportListRow {
        id: SupportListId::generate(),
        municipality_id: municipality,
        level: text.level,
        category: text.category,
        results_year: text.results_year,
        order_id: text.order_id,
        valid_from: text.valid_from,
        valid_to: text.valid_to,
        status: ListStatus::Draft,
        approved_at: None,
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
    row: SupportListRow,
    text: ListText,
) -> Result<SupportListRow, Error> {
    if text_of(&row) == text {
        return Ok(row);
    }
    check(tx, scope, &text)?;
    let row = SupportListRow {
        level: text.level,
        category: text.category,
        results_year: text.results_year,
        order_id: text.order_id,
        valid_from: text.valid_from,
        valid_to: text.valid_to,
        ..row
    };
    let from = row.status;
    store_change(tx, row, "update", from, None)
}

/// Deletes a draft with its entries.
///
/// # Errors
///
/// Database failures only.
pub fn delete(tx: &mut Tx, row: &SupportListRow) -> Result<(), Error> {
    store::delete(tx, &row.id)?;
    tx.record(change(row, Op::Deleted, "delete", Some(row.status)));
    Ok(())
}

/// Puts a draft into force; an earlier list of the same kind and year is superseded.
///
/// # Errors
///
/// Database failures only.
pub fn approve(tx: &mut Tx, mut row: SupportListRow) -> Result<SupportListRow, Error> {
    for mut old in store::replaced_by(tx, &row)? {
        old.status = ListStatus::Superseded;
        store_change(tx, old, "supersede", ListStatus::Approved, None)?;
    }
    row.status = ListStatus::Approved;
    row.approved_at = Some(tx.now());
    let row = store_change(tx, row, "approve", ListStatus::Draft, None)?;
    entries::reveal(tx, &row)?;
    Ok(row)
}

/// Ends a draft or a list in force.
///
/// # Errors
///
/// Database failures only.
pub fn cancel(tx: &mut Tx, mut row: SupportListRow, reason: String) -> Result<SupportListRow, Error> {
    let from = row.status;
    row.status = ListStatus::Cancelled;
    row.cancel_reason = Some(reason.clone());
    store_change(tx, row, "cancel", from, Some(&reason))
}

/// What a stored list says of itself.
#[must_use]
pub fn text_of(row: &SupportListRow) -> ListText {
    ListText {
        level: row.level,
        category: row.category,
        results_year: row.results_year,
        order_id: row.order_id.clone(),
        valid_from: row.valid_from,
        valid_to: row.valid_to,
    }
}

fn check(tx: &mut Tx, scope: &Scope, text: &ListText) -> Result<(), Error> {
    let mut violations = Vec::new();
    if orders::find(tx, scope, &text.order_id)?.is_none() {
        violations.push(unknown_order("/order_id"));
    }
    violations.extend(domain::broken_validity(text.valid_from, text.valid_to));
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid(violations)) }
}

/// The violation for an order that does not exist within reach.
#[must_use]
pub fn unknown_order(pointer: impl Into<String>) -> Violation {
    let detail = Bi::fixed("Такого приказа нет", "There is no such order");
    Violation::new(pointer, "unknown-reference", detail)
}

fn store_change(
    tx: &mut Tx,
    mut row: SupportListRow,
    action: &'static str,
    from: ListStatus,
    reason: Option<&str>,
) -> Result<SupportListRow, Error> {
    row.version += 1;
    row.updated_at = tx.now();
    store::update(tx, &row)?;
    tx.record(change(&row, Op::Updated, action, Some(from)).reason(reason));
    Ok(row)
}

impl SupportListRow {
    /// The natural key within a municipality: level, category and year of the results.
    #[must_use]
    pub fn natural_key(&self) -> String {
        format!("{}/{}/{}", self.level, self.category, self.results_year)
    }
}

fn change(row: &SupportListRow, op: Op, action: &'static str, from: Option<ListStatus>) -> Change {
    let visible = row.approved_at.is_some();
    Change::new(op, "support-lists", action, row.id.as_str(), row.version)
        .of(&row.municipality_id)
        .key(&row.natural_key())
        .visible(visible && from != Some(ListStatus::Draft), visible)
        .status(from.map(Code::as_str), Some(row.status.as_str()))
}
