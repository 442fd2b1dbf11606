//! What happens to schools, each within one transaction.

use chrono::NaiveDate;

use super::domain::{ClosureKind, SchoolStatus, Step};
use super::store::{self, SchoolRow};
use super::store_work::{self, School};
use crate::auth::Scope;
use crate::db::{Change, Op, Tx};
use crate::error::Error;
use crate::features::municipalities;
use crate::kit::code::Code;
use crate::kit::id::{AccountId, MunicipalityId, SchoolId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// The school a request is about, locked, with what it has not finished.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open(tx: &mut Tx, scope: &Scope, id: &SchoolId) -> Result<School, Error> {
    let row = store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)?;
    Ok(store_work::with_its_work(tx, row)?)
}

/// The school with this OGRN, locked; `None` when nobody has it.
///
/// # Errors
///
/// 409 `ogrn-registered-elsewhere`, without any other data, when it lies outside `scope`.
pub fn open_by_ogrn(tx: &mut Tx, scope: &Scope, ogrn: &str) -> Result<Option<School>, Error> {
    let Some(id) = store::id_by_ogrn_anywhere(tx, ogrn)? else { return Ok(None) };
    match store::find_for_change(tx, scope, &id)? {
        Some(row) => Ok(Some(store_work::with_its_work(tx, row)?)),
        None => Err(Error::refuse(&problems::OGRN_REGISTERED_ELSEWHERE)),
    }
}

/// The municipality of a school to be written: the own one; for a region's client the one it
/// names, or that of the `old` row, for a school moves by a transfer only.
///
/// # Errors
///
/// 422 when `named` is missing, unknown, or another one.
pub fn municipality_of(
    tx: &mut Tx,
    scope: &Scope,
    named: Option<MunicipalityId>,
    old: Option<&SchoolRow>,
) -> Result<MunicipalityId, Error> {
    let own = old.map(|row| &row.municipality_id).or(scope.municipality());
    let (code, detail) = match (named, own) {
        (None, Some(own)) => return Ok(own.clone()),
        (Some(named), Some(own)) if named == *own => return Ok(named),
        (Some(named), None) if municipalities::find(tx, scope, &named)?.is_some() => return Ok(named),
        (Some(_), None) => {
            ("unknown-reference", Bi::fixed("Такого муниципалитета нет", "There is no such municipality"))
        }
        (Some(_), Some(_)) => (
            "foreign-reference",
            Bi::fixed(
                "Школа относится к другому муниципалитету",
                "The school belongs to another municipality",
            ),
        ),
        (None, None) => ("required", Bi::fixed("Укажите муниципалитет", "Name the municipality")),
    };
    Err(Error::invalid(vec![Violation::new("/municipality_id", code, detail)]))
}

/// Refuses a step that the school's state or its unfinished work does not allow.
///
/// # Errors
///
/// 409 `school-closed` or `school-busy` with what stands in the way.
pub fn require(school: &School, step: Step) -> Result<(), Error> {
    let blockers = step.blockers(school.row.status, school.work);
    match (blockers.is_empty(), school.row.status) {
        (true, _) => Ok(()),
        (false, SchoolStatus::Closed) => Err(Error::blocked(&problems::SCHOOL_CLOSED, &blockers)),
        (false, SchoolStatus::Active) => Err(Error::blocked(&problems::SCHOOL_BUSY, &blockers)),
    }
}

/// Stores a new school.
///
/// # Errors
///
/// 409 `ogrn-registered-elsewhere` or `school-exists`.
pub fn create(tx: &mut Tx, scope: &Scope, row: SchoolRow) -> Result<School, Error> {
    if open_by_ogrn(tx, scope, &row.ogrn)?.is_some() {
        return Err(Error::refuse(&problems::SCHOOL_EXISTS));
    }
    refuse_foreign_inn(tx, scope, &row.inn)?;
    store::insert(tx, &row).map_err(Error::on_duplicate(&problems::SCHOOL_EXISTS))?;
    let created = change(tx, &row, Op::Created, "create", None)?;
    tx.record(created);
    Ok(School::idle(row))
}

/// An INN is unique everywhere: one that lies outside `scope` is refused as a foreign OGRN
/// is, without any other data.
fn refuse_foreign_inn(tx: &mut Tx, scope: &Scope, inn: &str) -> Result<(), Error> {
    let Some(id) = store::id_by_inn_anywhere(tx, inn)? else { return Ok(()) };
    match store::find(tx, scope, &id)? {
        Some(_) => Ok(()),
        None => Err(Error::refuse(&problems::OGRN_REGISTERED_ELSEWHERE)),
    }
}

/// Stores what `changed` says; an unchanged one keeps its version.
///
/// # Errors
///
/// 409 `ogrn-registered-elsewhere` for a foreign INN, `school-exists`.
pub fn update(tx: &mut Tx, scope: &Scope, school: School, mut changed: SchoolRow) -> Result<School, Error> {
    if changed == school.row {
        return Ok(school);
    }
    refuse_foreign_inn(tx, scope, &changed.inn)?;
    touch(tx, &mut changed);
    store::update(tx, &changed).map_err(Error::on_duplicate(&problems::SCHOOL_EXISTS))?;
    let updated = change(tx, &changed, Op::Updated, "update", Some(school.row.status))?;
    tx.record(updated);
    Ok(School { row: changed, ..school })
}

/// Moves a school to another municipality with the accounts of its people; its curators
/// stay where they are. A school that is there already keeps its version.
///
/// # Errors
///
/// 422 for an unknown municipality; 409 `school-exists` when that one has an active school
/// of this name.
pub fn transfer(tx: &mut Tx, mut school: School, to: MunicipalityId) -> Result<School, Error> {
    if !store::has_municipality(tx, &to)? {
        let detail = Bi::fixed("Такого муниципалитета нет", "There is no such municipality");
        return Err(Error::invalid(vec![Violation::new("/municipality_id", "unknown-reference", detail)]));
    }
    if school.row.municipality_id == to {
        return Ok(school);
    }
    let from = std::mem::replace(&mut school.row.municipality_id, to.clone());
    touch(tx, &mut school.row);
    store::update(tx, &school.row).map_err(Error::on_duplicate(&problems::SCHOOL_EXISTS))?;
    let moved = change(tx, &school.row, Op::Updated, "transfer", Some(school.row.status))?;
    tx.record(moved.moved_from(&from));
    let now = tx.now();
    for (id, version) in store_work::unassign_curators(tx, &school.row.id, now)? {
        tx.record(account_change(&id, version, &from));
    }
    for (id, version) in store_work::move_people(tx, &school.row.id, &to, now)? {
        tx.record(account_change(&id, version, &to));
    }
    Ok(school)
}

/// Ends a school. What it leaves open is ended by the later features that know it.
///
/// # Errors
///
/// Database failures only.
pub fn close(
    tx: &mut Tx,
    mut row: SchoolRow,
    kind: ClosureKind,
    successor: Option<SchoolId>,
    on: NaiveDate,
) -> Result<SchoolRow, Error> {
    row.status = SchoolStatus::Closed;
    row.closure_kind = Some(kind);
    row.closed_on = Some(on);
    row.successor_id = successor;
    touch(tx, &mut row);
    store::update(tx, &row)?;
    let closed = change(tx, &row, Op::Updated, "close", Some(SchoolStatus::Active))?;
    tx.record(closed);
    Ok(row)
}

/// Raises the version of a changed school.
pub(super) fn touch(tx: &Tx, row: &mut SchoolRow) {
    row.version += 1;
    row.updated_at = tx.now();
}

fn change(
    tx: &mut Tx,
    row: &SchoolRow,
    op: Op,
    action: &'static str,
    from: Option<SchoolStatus>,
) -> Result<Change, Error> {
    let region = store::region_of(tx, &row.municipality_id)?;
    Ok(change_within(row, &region, op, action, from))
}

/// What the journal says of a school of a region; its natural key is its OGRN.
pub(super) fn change_within(
    row: &SchoolRow,
    region: &str,
    op: Op,
    action: &'static str,
    from: Option<SchoolStatus>,
) -> Change {
    Change::new(op, "schools", action, row.id.as_str(), row.version)
        .of(&row.municipality_id)
        .of_region(region)
        .key(&row.ogrn)
        .visible(op != Op::Created, true)
        .status(from.map(Code::as_str), Some(row.status.as_str()))
}

fn account_change(id: &AccountId, version: i32, municipality: &MunicipalityId) -> Change {
    Change::new(Op::Updated, "accounts", "transfer", id.as_str(), version)
        .visible(false, false)
        .of(municipality)
}
