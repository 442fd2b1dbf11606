//! What happens to school calendars, each within one transaction that holds the municipality.

use super::domain::{self, Term, TermKind};
use super::store::{self, CalendarRow};
use crate::auth::Scope;
use crate::db::{AnyConnection, Change, Json, Op, Tx};
use crate::error::Error;
use crate::features::municipalities::{self, MunicipalityRow};
use crate::kit::academic_year::AcademicYear;
use crate::kit::id::MunicipalityId;

/// A calendar to be shown.
#[derive(Debug, Clone)]
pub enum Calendar {
    /// The municipality has given it.
    Given(CalendarRow),
    /// It has not: these are the usual quarters.
    Usual(MunicipalityId, AcademicYear),
}

/// The municipality whose calendars are asked for.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn municipality(
    conn: &mut AnyConnection,
    scope: &Scope,
    id: &MunicipalityId,
) -> Result<MunicipalityRow, Error> {
    municipalities::find(conn, scope, id)?.ok_or_else(Error::not_found)
}

/// The municipality whose calendar is to be written, locked, so that a year is not given twice.
///
/// # Errors
///
/// 404 outside `scope`.
pub fn open(tx: &mut Tx, scope: &Scope, id: &MunicipalityId) -> Result<MunicipalityRow, Error> {
    municipalities::find_for_change(tx, scope, id)?.ok_or_else(Error::not_found)
}

/// The calendar of a year.
///
/// # Errors
///
/// Database failures only.
pub fn of_year(
    conn: &mut AnyConnection,
    municipality: &MunicipalityRow,
    year: AcademicYear,
) -> Result<Calendar, Error> {
    Ok(match store::of_year(conn, &municipality.id, year)? {
        Some(row) => Calendar::Given(row),
        None => Calendar::Usual(municipality.id.clone(), year),
    })
}

/// Stores the terms of a year; the same terms keep their version.
///
/// # Errors
///
/// 422 with every broken rule.
pub fn put(
    tx: &mut Tx,
    municipality: &MunicipalityRow,
    year: AcademicYear,
    old: Option<CalendarRow>,
    (kind, terms): (TermKind, Vec<Term>),
) -> Result<CalendarRow, Error> {
    let violations = domain::check(year, kind, &terms);
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let (now, terms) = (tx.now(), Json::of(terms)?);
    let Some(old) = old else {
        let row = CalendarRow {
            municipality_id: municipality.id.clone(),
            academic_year: year.start(),
            term_kind: kind,
            terms,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        store::insert(tx, &row)?;
        record(tx, municipality, &row, Op::Created, "create");
        return Ok(row);
    };
    if (old.term_kind, &old.terms) == (kind, &terms) {
        return Ok(old);
    }
    let row = CalendarRow { term_kind: kind, terms, version: old.version + 1, updated_at: now, ..old };
    store::update(tx, &row)?;
    record(tx, municipality, &row, Op::Updated, "update");
    Ok(row)
}

impl CalendarRow {
    /// The natural key, which is also its id in the journal: municipality and academic year.
    #[must_use]
    pub fn natural_key(&self) -> String {
        format!("{}/{}", self.municipality_id, self.academic_year)
    }
}

fn record(tx: &mut Tx, municipality: &MunicipalityRow, row: &CalendarRow, op: Op, action: &'static str) {
    let id = row.natural_key();
    tx.record(
        Change::new(op, "school-calendars", action, &id, row.version)
            .of(&municipality.id)
            .of_region(&municipality.region_code)
            .key(&id)
            .visible(op != Op::Created, true),
    );
}
