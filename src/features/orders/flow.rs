//! What happens to orders, each within one transaction.

use chrono::NaiveDate;

use super::domain::{IssuerLevel, OrderKind, OrderStatus, Step};
use super::store::{self, OrderRow};
use crate::auth::Scope;
use crate::db::{Change, Op, Tx};
use crate::error::Error;
use crate::kit::code::Code;
use crate::kit::id::OrderId;
use crate::kit::lang::Bi;
use crate::kit::text;
use crate::kit::violation::Violation;
use crate::problems;

/// The text of an order, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderText {
    /// Who issued it.
    pub issuer: String,
    /// On which level.
    pub issuer_level: IssuerLevel,
    /// Number.
    pub number: String,
    /// Date of the act.
    pub date: NaiveDate,
    /// Title.
    pub title: String,
    /// What it is about.
    pub kind: OrderKind,
    /// Where its text is.
    pub file_url: Option<String>,
    /// The order that it repeals.
    pub repeals_id: Option<OrderId>,
}

/// The order a request is about, locked.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open(tx: &mut Tx, scope: &Scope, id: &OrderId) -> Result<OrderRow, Error> {
    store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)
}

/// Refuses a step that the order's state does not allow.
///
/// # Errors
///
/// 409 with what stands in the way; 403 for an order of the region, which is read only here.
pub fn require(row: &OrderRow, scope: &Scope, step: Step) -> Result<(), Error> {
    if row.municipality_id.as_ref() != scope.municipality() {
        return Err(Error::refuse(&problems::FORBIDDEN));
    }
    let blockers = step.blockers(row.status);
    match (blockers.is_empty(), step) {
        (true, _) => Ok(()),
        (false, Step::Repeal) => Err(Error::blocked(&problems::ORDER_NOT_REGISTERED, &blockers)),
        (false, _) => Err(Error::blocked(&problems::ORDER_NOT_DRAFT, &blockers)),
    }
}

/// Stores a draft of the municipality. An order of the region, which its client enters once it
/// is signed there, is in force at once and repeals what it repeals.
///
/// # Errors
///
/// 409 `order-exists`; 422 for a repealed order out of reach.
pub fn create(tx: &mut Tx, scope: &Scope, text: OrderText) -> Result<OrderRow, Error> {
    let municipality = scope.municipality().cloned();
    let (owner, region_code) = match (&municipality, scope.region()) {
        (Some(id), _) => (id.to_string(), store::region_of(tx, id)?),
        (None, Some(code)) => (code.to_owned(), code.to_owned()),
        (None, None) => return Err(Error::not_found()),
    };
    let now = tx.now();
    let mut row = OrderRow {
        id: OrderId::generate(),
        owner,
        region_code,
        municipality_id: municipality,
        issuer: text.issuer.clone(),
        issuer_level: text.issuer_level,
        number: text.number.clone(),
        date: text.date,
        title: text.title.clone(),
        search_text: String::new(),
        kind: text.kind,
        file_url: None,
        repeals_id: None,
        status: OrderStatus::Draft,
        registered_at: None,
        repealed_at: None,
        repeal_reason: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    write_text(tx, scope, &mut row, text)?;
    if row.municipality_id.is_none() {
        repeal_what_it_repeals(tx, scope, &row)?;
        row.status = OrderStatus::Registered;
        row.registered_at = Some(now);
    }
    store::insert(tx, &row).map_err(Error::on_duplicate(&problems::ORDER_EXISTS))?;
    tx.record(change(&row, Op::Created, "create", None));
    Ok(row)
}

/// Replaces the text of a draft; an unchanged one keeps its version.
///
/// # Errors
///
/// As [`create`].
pub fn update(tx: &mut Tx, scope: &Scope, mut row: OrderRow, text: OrderText) -> Result<OrderRow, Error> {
    if text_of(&row) == text {
        return Ok(row);
    }
    write_text(tx, scope, &mut row, text)?;
    touch(tx, &mut row);
    store::update(tx, &row).map_err(Error::on_duplicate(&problems::ORDER_EXISTS))?;
    tx.record(change(&row, Op::Updated, "update", Some(row.status)));
    Ok(row)
}

/// Deletes a draft.
///
/// # Errors
///
/// 409 `order-in-use`.
pub fn delete(tx: &mut Tx, row: &OrderRow) -> Result<(), Error> {
    store::delete(tx, &row.id).map_err(Error::on_reference(&problems::ORDER_IN_USE))?;
    tx.record(change(row, Op::Deleted, "delete", Some(row.status)));
    Ok(())
}

/// Puts a draft into force, and repeals what it repeals.
///
/// # Errors
///
/// Database failures only.
pub fn register(tx: &mut Tx, scope: &Scope, mut row: OrderRow) -> Result<OrderRow, Error> {
    repeal_what_it_repeals(tx, scope, &row)?;
    row.status = OrderStatus::Registered;
    row.registered_at = Some(tx.now());
    touch(tx, &mut row);
    store::update(tx, &row)?;
    tx.record(change(&row, Op::Updated, "register", Some(OrderStatus::Draft)));
    Ok(row)
}

fn repeal_what_it_repeals(tx: &mut Tx, scope: &Scope, row: &OrderRow) -> Result<(), Error> {
    let Some(id) = &row.repeals_id else { return Ok(()) };
    let repealed = store::find_for_change(tx, scope, id)?;
    let reason = format!("{} {} № {}", row.issuer, row.date, row.number);
    // Who reads an order of another owner does not repeal it.
    let own = |old: &OrderRow| old.owner == row.owner && old.status == OrderStatus::Registered;
    match repealed.filter(own) {
        Some(old) => repeal(tx, old, reason).map(|_old| ()),
        None => Ok(()),
    }
}

/// Ends a registered order.
///
/// # Errors
///
/// Database failures only.
pub fn repeal(tx: &mut Tx, mut row: OrderRow, reason: String) -> Result<OrderRow, Error> {
    row.status = OrderStatus::Repealed;
    row.repealed_at = Some(tx.now());
    row.repeal_reason = Some(reason.clone());
    touch(tx, &mut row);
    store::update(tx, &row)?;
    tx.record(change(&row, Op::Updated, "repeal", Some(OrderStatus::Registered)).reason(Some(&reason)));
    Ok(row)
}

fn write_text(tx: &mut Tx, scope: &Scope, row: &mut OrderRow, text: OrderText) -> Result<(), Error> {
    if let Some(id) = &text.repeals_id {
        let found = if *id == row.id { None } else { store::find(tx, scope, id)? };
        let fault = match found {
            Some(old) if old.owner == row.owner => None,
            Some(_) => Some((
                "foreign-reference",
                Bi::fixed("Этот приказ отменяет тот, кто его издал", "Who issued this order repeals it"),
            )),
            None => Some(("unknown-reference", Bi::fixed("Такого приказа нет", "There is no such order"))),
        };
        if let Some((code, detail)) = fault {
            return Err(Error::invalid(vec![Violation::new("/repeals_id", code, detail)]));
        }
    }
    row.search_text = text::folded(&format!("{} {} {}", text.issuer, text.number, text.title));
    row.issuer = text.issuer;
    row.issuer_level = text.issuer_level;
    row.number = text.number;
    row.date = text.date;
    row.title = text.title;
    row.kind = text.kind;
    row.file_url = text.file_url;
    row.repeals_id = text.repeals_id;
    Ok(())
}

/// The text of a stored order.
#[must_use]
pub fn text_of(row: &OrderRow) -> OrderText {
    OrderText {
        issuer: row.issuer.clone(),
        issuer_level: row.issuer_level,
        number: row.number.clone(),
        date: row.date,
        title: row.title.clone(),
        kind: row.kind,
        file_url: row.file_url.clone(),
        repeals_id: row.repeals_id.clone(),
    }
}

fn touch(tx: &Tx, row: &mut OrderRow) {
    row.version += 1;
    row.updated_at = tx.now();
}

impl OrderRow {
    /// The natural key: date, number and issuer.
    #[must_use]
    pub fn natural_key(&self) -> String {
        format!("{}/{}/{}", self.date, self.number, self.issuer)
    }
}

fn change(row: &OrderRow, op: Op, action: &'static str, from: Option<OrderStatus>) -> Change {
    let visible = |status: OrderStatus| status != OrderStatus::Draft;
    let mut change = Change::new(op, "orders", action, row.id.as_str(), row.version)
        .of_region(&row.region_code)
        .key(&row.natural_key())
        .by_order(&row.number)
        .visible(from.is_some_and(visible), op != Op::Deleted && visible(row.status))
        .status(from.map(Code::as_str), Some(row.status.as_str()));
    if let Some(id) = &row.municipality_id {
        change = change.of(id);
    }
    change
}
