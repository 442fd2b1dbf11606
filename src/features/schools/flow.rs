//! What happens to schools, each within one transaction.

use chrono::NaiveDate;

use super::domain::{self, ClosureKind, SchoolStatus};
use super::store::{self, SchoolRow};
use crate::auth::Scope;
use crate::db::{Change, Op, Tx};
use crate::error::Error;
use crate::kit::code::Code;
use crate::kit::id::{MunicipalityId, SchoolId};
use crate::kit::lang::Bi;
use crate::kit::violation::Violation;
use crate::problems;

/// The school a request is about, locked.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open(tx: &mut Tx, scope: &Scope, id: &SchoolId) -> Result<SchoolRow, Error> {
    store::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)
}

/// The school with this OGRN, locked; `None` when nobody has it.
///
/// # Errors
///
/// 409 `ogrn-registered-elsewhere`, without any other data, when it lies outside `scope`.
pub fn open_by_ogrn(tx: &mut Tx, scope: &Scope, ogrn: &str) -> Result<Option<SchoolRow>, Error> {
    let Some(anywhere) = store::by_ogrn_anywhere(tx, ogrn)? else { return Ok(None) };
    match store::find_for_change(tx, scope, &anywhere.id)? {
        Some(row) => Ok(Some(row)),
        None => Err(Error::refuse(&problems::OGRN_REGISTERED_ELSEWHERE)),
    }
}

/// Refuses to change a closed school.
///
/// # Errors
///
/// 409 `school-closed`.
pub fn require_active(row: &SchoolRow) -> Result<(), Error> {
    match domain::blockers(row.status) {
        [] => Ok(()),
        blockers => Err(Error::blocked(&problems::SCHOOL_CLOSED, blockers)),
    }
}

/// Stores a new school.
///
/// # Errors
///
/// 409 `ogrn-registered-elsewhere` or `school-exists`.
pub fn create(tx: &mut Tx, scope: &Scope, row: SchoolRow) -> Result<SchoolRow, Error> {
    if open_by_ogrn(tx, scope, &row.ogrn)?.is_some() {
        return Err(Error::refuse(&problems::SCHOOL_EXISTS));
    }
    store::insert(tx, &row).map_err(Error::on_duplicate(&problems::SCHOOL_EXISTS))?;
    record(tx, &row, Op::Created, "create", None)?;
    Ok(row)
}

/// Stores what `changed` says; an unchanged one keeps its version.
///
/// # Errors
///
/// 409 `school-exists`.
pub fn update(tx: &mut Tx, row: &SchoolRow, mut changed: SchoolRow) -> Result<SchoolRow, Error> {
    if changed == *row {
        return Ok(changed);
    }
    touch(tx, &mut changed);
    store::update(tx, &changed).map_err(Error::on_duplicate(&problems::SCHOOL_EXISTS))?;
    let op = if changed.ogrn == row.ogrn { Op::Updated } else { Op::KeyChanged };
    record(tx, &changed, op, "update", Some(row.status))?;
    Ok(changed)
}

/// Refuses to move a school with a report in work.
///
/// # Errors
///
/// 409 `school-busy`.
pub fn require_idle(tx: &mut Tx, row: &SchoolRow) -> Result<(), Error> {
    if store::has_open_reports(tx, &row.id)? {
        return Err(Error::blocked(&problems::SCHOOL_BUSY, &["report-open"]));
    }
    Ok(())
}

/// Moves a school to another municipality.
///
/// # Errors
///
/// 422 for an unknown municipality; 409 when it has an active school of this name.
pub fn transfer(tx: &mut Tx, mut row: SchoolRow, to: MunicipalityId) -> Result<SchoolRow, Error> {
    if store::region_of(tx, &to)?.is_none() {
        let detail = Bi::fixed("Такого муниципалитета нет", "There is no such municipality");
        return Err(Error::invalid(vec![Violation::new("/municipality_id", "unknown-reference", detail)]));
    }
    row.municipality_id = to;
    touch(tx, &mut row);
    store::update(tx, &row).map_err(Error::on_duplicate(&problems::SCHOOL_EXISTS))?;
    record(tx, &row, Op::Updated, "transfer", Some(row.status))?;
    Ok(row)
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
    record(tx, &row, Op::Updated, "close", Some(SchoolStatus::Active))?;
    Ok(row)
}

fn touch(tx: &Tx, row: &mut SchoolRow) {
    row.version += 1;
    row.updated_at = tx.now();
}

fn record(
    tx: &mut Tx,
    row: &SchoolRow,
    op: Op,
    action: &'static str,
    from: Option<SchoolStatus>,
) -> Result<(), Error> {
    let region = store::region_of(tx, &row.municipality_id)?.unwrap_or_default();
    tx.record(
        Change::new(op, "schools", action, row.id.as_str(), row.version)
            .of(&row.municipality_id)
            .of_region(&region)
            .key(&row.ogrn)
            .visible(op != Op::Created, true)
            .status(from.map(Code::as_str), Some(row.status.as_str())),
    );
    Ok(())
}
