//! What happens to the schools in a support list, each within one transaction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::super::domain::ListStatus;
use super::super::flow::unknown_order;
use super::super::store::SupportListRow;
use super::domain::{self, EntryStep, ExclusionReason, SupportListReason};
use super::store::{self, EntryRow};
use crate::auth::Scope;
use crate::db::{Change, Json, Op, Tx};
use crate::error::Error;
use crate::features::orders::{self, OrderRow, OrderStatus};
use crate::features::schools::{self, SchoolStatus};
use crate::kit::code::Code;
use crate::kit::id::{EntryId, OrderId, SchoolId, SupportListId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// A school to enter into a list.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The school.
    pub school_id: SchoolId,
    /// Results by which it stands in the list.
    pub reasons: Vec<SupportListReason>,
    /// The order by which it joins a list in force.
    pub order_id: Option<OrderId>,
    /// The day from which it is in a list in force.
    pub included_on: Option<NaiveDate>,
}

/// How a school leaves a list in force.
#[derive(Debug, Clone)]
pub struct Exclusion {
    /// By which order.
    pub order_id: OrderId,
    /// The first day without it.
    pub excluded_on: NaiveDate,
    /// Why.
    pub reason: ExclusionReason,
}

/// The entry a request is about, locked.
///
/// # Errors
///
/// 404 outside `scope` or in another list.
pub fn open(tx: &mut Tx, scope: &Scope, list: &SupportListId, id: &EntryId) -> Result<EntryRow, Error> {
    store::find_for_change(tx, scope, list, id)?.ok_or_else(Error::not_found)
}

/// Refuses a step that the state of the list or of the entry does not allow.
///
/// # Errors
///
/// 409 `entry-excluded` or `support-list-state`.
pub fn require(list: &SupportListRow, row: &EntryRow, step: EntryStep) -> Result<(), Error> {
    let blockers = step.blockers(list.status, row.excluded_on.is_some());
    match blockers.first() {
        None => Ok(()),
        Some(&"entry-excluded") => Err(Error::blocked(&problems::ENTRY_EXCLUDED, &blockers)),
        Some(_) => Err(Error::blocked(&problems::SUPPORT_LIST_STATE, &blockers)),
    }
}

/// Enters schools, all or none. `at` gives the pointer of the nth into the request.
///
/// # Errors
///
/// 409 `order-not-registered` and `entry-exists`; 422 with every broken rule.
pub fn add(
    tx: &mut Tx,
    scope: &Scope,
    list: &SupportListRow,
    new: Vec<NewEntry>,
    at: impl Fn(usize) -> String,
) -> Result<Vec<EntryRow>, Error> {
    let scope = &scope.within(&list.municipality_id);
    let orders = find_orders(tx, scope, new.iter().filter_map(|one| one.order_id.as_ref()))?;
    let school_ids: BTreeSet<&SchoolId> = new.iter().map(|one| &one.school_id).collect();
    if store::has_any(tx, &list.id, &school_ids)? {
        return Err(Error::refuse(&problems::ENTRY_EXISTS));
    }
    let candidates = lock_schools(tx, scope, &school_ids)?;
    let mut violations = Vec::new();
    let mut met = BTreeSet::new();
    for (n, one) in new.iter().enumerate() {
        let at = at(n);
        if !met.insert(&one.school_id) {
            let detail = Bi::fixed("Школа указана дважды", "The school stands twice");
            violations.push(Violation::new(format!("{at}/school_id"), "not-unique", detail));
        }
        violations.extend(check_school(&at, &candidates, &one.school_id));
        violations.extend(check_joining(&at, list, one, &orders));
        violations.extend(domain::broken_reasons(&at, &one.reasons));
    }
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let now = tx.now();
    let mut rows = Vec::with_capacity(new.len());
    for one in new {
        rows.push(EntryRow {
            id: EntryId::generate(),
            list_id: list.id.clone(),
            municipality_id: list.municipality_id.clone(),
            school_id: one.school_id,
            reasons: Json::of(one.reasons)?,
            included_by_order_id: one.order_id,
            included_on: one.included_on,
            excluded_by_order_id: None,
            excluded_on: None,
            exclusion_reason: None,
            version: 1,
            created_at: now,
            updated_at: now,
        });
    }
    store::insert(tx, &rows).map_err(Error::on_duplicate(&problems::ENTRY_EXISTS))?;
    let visible = list.approved_at.is_some();
    for row in &rows {
        let mut change = change(row, Op::Created, "create").visible(false, visible);
        if let Some(order) = row.included_by_order_id.as_ref().and_then(|id| orders.get(id)) {
            change = change.by_order(&order.number);
        }
        tx.record(change);
    }
    Ok(rows)
}

/// Replaces the reasons of an entry of a draft; unchanged ones keep its version.
///
/// # Errors
///
/// 422 with every broken reason.
pub fn update(
    tx: &mut Tx,
    mut row: EntryRow,
    reasons: Option<Vec<SupportListReason>>,
) -> Result<EntryRow, Error> {
    let Some(reasons) = reasons else {
        return Ok(row);
    };
    let violations = domain::broken_reasons("", &reasons);
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let reasons = Json::of(reasons)?;
    if reasons == row.reasons {
        return Ok(row);
    }
    row.reasons = reasons;
    touch(tx, &mut row);
    store::update(tx, &row)?;
    tx.record(change(&row, Op::Updated, "update"));
    Ok(row)
}

/// Removes an entry from a draft.
///
/// # Errors
///
/// Database failures only.
pub fn delete(tx: &mut Tx, row: &EntryRow) -> Result<(), Error> {
    store::delete(tx, &row.id)?;
    tx.record(change(row, Op::Deleted, "delete"));
    Ok(())
}

/// Ends an entry of a list in force by a registered order.
///
/// # Errors
///
/// 409 `order-not-registered`; 422 for an order out of reach and for a day that does not fit.
pub fn exclude(
    tx: &mut Tx,
    scope: &Scope,
    list: &SupportListRow,
    mut row: EntryRow,
    exclusion: Exclusion,
) -> Result<EntryRow, Error> {
    let scope = &scope.within(&list.municipality_id);
    let orders = find_orders(tx, scope, std::iter::once(&exclusion.order_id))?;
    let order = orders.get(&exclusion.order_id);
    let mut violations = Vec::new();
    if order.is_none() {
        violations.push(unknown_order("/order_id"));
    }
    let day = exclusion.excluded_on;
    if row.included_on.is_some_and(|first| day < first) {
        let detail = Bi::fixed("Школа исключается раньше, чем включена", "The school leaves before it joins");
        violations.push(Violation::new("/excluded_on", "before-inclusion", detail));
    }
    violations.extend(domain::outside_validity("/excluded_on".to_owned(), day, list.span()));
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    row.excluded_by_order_id = Some(exclusion.order_id.clone());
    row.excluded_on = Some(day);
    row.exclusion_reason = Some(exclusion.reason);
    touch(tx, &mut row);
    store::update(tx, &row)?;
    let mut change =
        change(&row, Op::Updated, "exclude").visible(true, true).reason(Some(exclusion.reason.as_str()));
    if let Some(order) = order {
        change = change.by_order(&order.number);
    }
    tx.record(change);
    Ok(row)
}

/// Ends the open entries of a school that closes, in drafts and in lists in force, on the day
/// `on` for the reason `reorganised`. Ended lists stay as they are.
///
/// Takes no scope: the caller holds the school, locked.
///
/// # Errors
///
/// Database failures only.
pub fn exclude_closed_school(
    tx: &mut Tx,
    school: &SchoolId,
    on: NaiveDate,
    order: Option<&OrderId>,
) -> Result<(), Error> {
    for (mut row, approved_at) in store::lock_open_of_school(tx, school, on)? {
        row.excluded_by_order_id = order.cloned();
        row.excluded_on = Some(on);
        row.exclusion_reason = Some(ExclusionReason::Reorganised);
        touch(tx, &mut row);
        store::update(tx, &row)?;
        let visible = approved_at.is_some();
        tx.record(
            change(&row, Op::Updated, "exclude")
                .visible(visible, visible)
                .reason(Some(ExclusionReason::Reorganised.as_str())),
        );
    }
    Ok(())
}

/// Tells regional readers of the entries of a list that has just been approved: they see them from
/// now on, though no entry changes.
///
/// # Errors
///
/// Database failures only.
pub fn reveal(tx: &mut Tx, list: &SupportListRow) -> Result<(), Error> {
    for row in store::all_of(tx, &list.id)? {
        tx.record(change(&row, Op::Updated, "approve").visible(false, true));
    }
    Ok(())
}

/// The orders with these ids that exist within reach, locked in one total order.
fn find_orders<'a>(
    tx: &mut Tx,
    scope: &Scope,
    ids: impl Iterator<Item = &'a OrderId>,
) -> Result<BTreeMap<OrderId, OrderRow>, Error> {
    let mut found = BTreeMap::new();
    for id in ids.collect::<BTreeSet<_>>() {
        let Some(order) = orders::find_for_change(tx, scope, id)? else {
            continue;
        };
        if order.status != OrderStatus::Registered {
            let problem = &problems::ORDER_NOT_REGISTERED;
            return Err(Error::blocked(problem, &["order-not-registered"]));
        }
        found.insert(id.clone(), order);
    }
    Ok(found)
}

/// The schools with these ids within reach and their states, locked in one total order, so
/// that none closes before its entry is there.
fn lock_schools<'a>(
    tx: &mut Tx,
    scope: &Scope,
    ids: &BTreeSet<&'a SchoolId>,
) -> Result<BTreeMap<&'a SchoolId, SchoolStatus>, Error> {
    let mut found = BTreeMap::new();
    for id in ids {
        if let Some(school) = schools::find_for_change(tx, scope, id)? {
            found.insert(*id, school.status);
        }
    }
    Ok(found)
}

fn check_school(
    at: &str,
    candidates: &BTreeMap<&SchoolId, SchoolStatus>,
    id: &SchoolId,
) -> Option<Violation> {
    let (code, detail) = match candidates.get(id) {
        Some(SchoolStatus::Active) => return None,
        Some(_) => ("school-closed", Bi::fixed("Школа закрыта", "The school is closed")),
        None => (
            "unknown-reference",
            Bi::fixed("Такой школы в муниципалитете нет", "There is no such school in the municipality"),
        ),
    };
    Some(Violation::new(format!("{at}/school_id"), code, detail))
}

/// A list in force is joined by an order from a day; a draft has only its own order.
fn check_joining(
    at: &str,
    list: &SupportListRow,
    one: &NewEntry,
    orders: &BTreeMap<OrderId, OrderRow>,
) -> Vec<Violation> {
    let (order_at, day_at) = (format!("{at}/order_id"), format!("{at}/included_on"));
    let mut found = Vec::new();
    if list.status == ListStatus::Draft {
        let detail = || {
            Bi::fixed(
                "В проект перечня школы вносятся без отдельного приказа",
                "Schools join a draft without an order of their own",
            )
        };
        if one.order_id.is_some() {
            found.push(Violation::new(order_at, "list-is-draft", detail()));
        }
        if one.included_on.is_some() {
            found.push(Violation::new(day_at, "list-is-draft", detail()));
        }
        return found;
    }
    let required = || {
        Bi::fixed("Поле обязательно: перечень уже утверждён", "The member is required: the list is in force")
    };
    match &one.order_id {
        None => found.push(Violation::new(order_at, "required", required())),
        Some(id) if !orders.contains_key(id) => found.push(unknown_order(order_at)),
        Some(_) => {}
    }
    match one.included_on {
        None => found.push(Violation::new(day_at, "required", required())),
        Some(day) => found.extend(domain::outside_validity(day_at, day, list.span())),
    }
    found
}

/// Raises the version of a changed entry.
fn touch(tx: &Tx, row: &mut EntryRow) {
    row.version += 1;
    row.updated_at = tx.now();
}

impl EntryRow {
    /// The natural key: list and school.
    #[must_use]
    pub fn natural_key(&self) -> String {
        format!("{}/{}", self.list_id, self.school_id)
    }
}

/// What the journal says of an entry; drafts are not visible to regional readers.
fn change(row: &EntryRow, op: Op, action: &'static str) -> Change {
    Change::new(op, "support-list-entries", action, row.id.as_str(), row.version)
        .of(&row.municipality_id)
        .key(&row.natural_key())
}
