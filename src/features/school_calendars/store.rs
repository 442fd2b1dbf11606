//! Queries on school calendars.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::domain::{SchoolYears, Term, TermKind};
use crate::auth::Scope;
use crate::db::page::{Keyed, Listed, Page};
use crate::db::schema::{municipalities, school_calendars as calendars};
use crate::db::{AnyConnection, Json, keyset};
use crate::kit::academic_year::AcademicYear;
use crate::kit::id::MunicipalityId;

/// A calendar as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = calendars, treat_none_as_null = true)]
pub struct CalendarRow {
    /// The municipality.
    pub municipality_id: MunicipalityId,
    /// The academic year by its first calendar year.
    pub academic_year: i32,
    /// Into what it is divided.
    pub term_kind: TermKind,
    /// Its terms, in order.
    pub terms: Json<Vec<Term>>,
    /// Optimistic lock.
    pub version: i32,
    /// UTC.
    pub created_at: NaiveDateTime,
    /// UTC.
    pub updated_at: NaiveDateTime,
}

impl Keyed for CalendarRow {
    fn key(&self, _: &str) -> String {
        self.academic_year.to_string()
    }
}

/// The calendars that a municipality has given, at most `page.limit + 1`; only these `years`.
/// Takes no scope: the caller holds the municipality.
///
/// # Errors
///
/// Diesel's own error, unchanged; a deserialization error when stored JSON is broken.
pub(super) fn calendars_of(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    years: Option<&[i32]>,
    page: &Page,
) -> QueryResult<Listed<CalendarRow>> {
    let matching = || {
        let mut query = calendars::table.filter(calendars::municipality_id.eq(municipality)).into_boxed();
        if let Some(years) = years {
            query = query.filter(calendars::academic_year.eq_any(years));
        }
        if let Some(ids) = &page.ids {
            let named: Vec<i32> = ids.iter().flat_map(|id| id.parse()).collect();
            query = query.filter(calendars::academic_year.eq_any(named));
        }
        query
    };
    let count = if page.count { Some(matching().count().get_result(conn)?) } else { None };
    let mut query = matching().select(CalendarRow::as_select());
    keyset!(query, page, calendars::table, { "academic_year" => calendars::academic_year => i32 });
    Ok(Listed { rows: query.load(conn)?, count })
}

/// The calendars within `scope` after this municipality and year, in this order, at most `limit`.
///
/// # Errors
///
/// As [`calendars_of`].
pub(super) fn within(
    conn: &mut AnyConnection,
    scope: &Scope,
    after: Option<(&str, i32)>,
    limit: i64,
) -> QueryResult<Vec<CalendarRow>> {
    let mut query = calendars::table.into_boxed();
    if let Some(id) = scope.municipality() {
        query = query.filter(calendars::municipality_id.eq(id));
    }
    if let Some(code) = scope.region() {
        let regional =
            municipalities::table.filter(municipalities::region_code.eq(code)).select(municipalities::id);
        query = query.filter(calendars::municipality_id.eq_any(regional));
    }
    if let Some((municipality, year)) = after {
        let later = calendars::municipality_id.eq(municipality).and(calendars::academic_year.gt(year));
        query = query.filter(calendars::municipality_id.gt(municipality).or(later));
    }
    let ordered = query.order((calendars::municipality_id, calendars::academic_year));
    ordered.limit(limit).select(CalendarRow::as_select()).load(conn)
}

/// The calendar that a municipality has given for a year. Takes no scope: the caller holds
/// the municipality.
///
/// # Errors
///
/// As [`calendars_of`].
pub(super) fn of_year(
    conn: &mut AnyConnection,
    municipality: &MunicipalityId,
    year: AcademicYear,
) -> QueryResult<Option<CalendarRow>> {
    calendars::table
        .find((municipality, year.start()))
        .select(CalendarRow::as_select())
        .first(conn)
        .optional()
}

/// The terms of a municipality's schools over all years, by one query. Takes no scope: the
/// caller's own municipality.
///
/// # Errors
///
/// As `calendars_of`.
pub fn years_of(conn: &mut AnyConnection, municipality: &MunicipalityId) -> QueryResult<SchoolYears> {
    let rows: Vec<(i32, Json<Vec<Term>>)> = calendars::table
        .filter(calendars::municipality_id.eq(municipality))
        .select((calendars::academic_year, calendars::terms))
        .load(conn)?;
    Ok(SchoolYears::given(rows.into_iter().map(|(year, terms)| (year, terms.into_inner()))))
}

/// Stores a new calendar.
///
/// # Errors
///
/// Diesel's own error, unchanged; a unique violation when the year has one.
pub(super) fn insert(conn: &mut AnyConnection, row: &CalendarRow) -> QueryResult<()> {
    diesel::insert_into(calendars::table).values(row).execute(conn).map(|_| ())
}

/// Stores a changed calendar.
///
/// # Errors
///
/// Diesel's own error, unchanged.
pub(super) fn update(conn: &mut AnyConnection, row: &CalendarRow) -> QueryResult<()> {
    let found = calendars::table.find((&row.municipality_id, row.academic_year));
    diesel::update(found).set(row).execute(conn).map(|_| ())
}
